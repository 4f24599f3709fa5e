// The map of the slices, chapter 3: whoever points at a slice sees whose it is, and its siblings.

import { drawing, glyph, scale, sentenceOf } from "./figure.js";
import { make, shape } from "./make.js";

/** @typedef {[string, string|null, number, number, number]} Track name, artist, genre, slices, nearest is a sibling */
/** @typedef {{genres: [string, string][], points: number[], tracks: Track[]}} Chart */

const NEAR = 24; // pixels between the pointer and a slice
const EDGE = 12;

/** @param {Chart} chart
 * @param {number} which */
export function trackSaid({ genres, tracks: all }, which) {
  const [name, artist, genre, slices, near] = all[which];
  const many = slices === 1 ? "1 slice" : `${slices} slices`;
  return `${name}, ${artist ?? "artist not known"}, ${genres[genre][0]}: ${many}. For ${near} of ${slices} the nearest point on this map is a sibling.`;
}

/** The track of each point.
 * @param {Chart} chart */
export function tracksOf({ tracks: all }) {
  return all.flatMap(([, , , slices], which) => Array(slices).fill(which));
}

/** @param {import("./figure.js").Given} answer
 * @param {() => void} changed
 * @returns {import("./figure.js").Answering} */
export function tracks(answer, changed) {
  const chart = /** @type {Chart} */ (/** @type {unknown} */ (answer));
  const { genres, points, tracks: all } = chart;
  const of = tracksOf(chart);
  const xs = points.filter((_, i) => i % 2 === 0);
  const ys = points.filter((_, i) => i % 2 === 1);
  const tall = Math.max(...ys, 1);
  const said = sentenceOf();
  let chosen = 0;
  let lit = -1; // the genre in colour, if it is one
  const over = shape("g");
  /** @type {[number, number][]} */
  let places = [];

  const select = /** @type {HTMLSelectElement} */ (make("select", { change: () => choose(select.selectedIndex) },
    ...genres.map(([genre], g) => make("optgroup", { label: genre }, ...all.flatMap(([name, artist, own]) =>
      own === g ? [make("option", {}, `${name}, ${artist ?? "artist not known"}`)] : [])))));
  // The list has the tracks genre by genre.
  const order = genres.flatMap((_, g) => all.flatMap((track, which) => (track[2] === g ? [which] : [])));
  /** @param {number} step */
  const stepTo = (step) => choose((select.selectedIndex + step + order.length) % order.length);

  /** @param {number} row of the list */
  function choose(row) {
    select.selectedIndex = row;
    chosen = order[row];
    said.textContent = trackSaid(chart, chosen);
    mark();
  }

  /** Draw the slices of the chosen track, and the lines between them, over the map. */
  function mark() {
    const [, , genre] = all[chosen];
    const own = places.filter((_, i) => of[i] === chosen);
    over.replaceChildren(
      shape("path", { class: "figure-sibling", d: `M${own.map((at) => at.join(" ")).join("L")}` }),
      ...own.map(([x, y]) => glyph(genre, x, y, 6, { class: "figure-chosen", fill: genres[genre][1] })));
  }

  /** @param {number} width */
  function paint(width) {
    const side = Math.min(width, 620);
    const x = scale(0, 999, EDGE, side - EDGE);
    const height = Math.ceil(x(tall)) + EDGE;
    places = xs.map((v, i) => [x(v), Number((height - x(ys[i])).toFixed(2))]);
    const size = Math.max(2.5, Math.min(5, 110 / Math.sqrt(places.length)) * Math.min(1, 0.3 + side / 700));
    const dots = places.map(([px, py], i) => {
      const [, , genre] = all[of[i]];
      const quiet = lit >= 0 && lit !== genre;
      return glyph(genre, px, py, quiet ? size * 0.7 : size, { class: quiet ? "figure-quiet" : "figure-dot", fill: quiet ? null : genres[genre][1] });
    });
    mark();
    const svg = drawing(side, height, `${places.length} slices on a map. ${trackSaid(chart, chosen)}`, ...dots, over);
    svg.classList.add("figure-asked");
    return svg;
  }

  /** Choose the track of the slice that is pointed at.
   * @param {PointerEvent} event */
  function point(event) {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const far = places.map(([px, py]) => Math.hypot(px - x, py - y));
    const nearest = far.indexOf(Math.min(...far));
    if (far[nearest] < NEAR && of[nearest] !== chosen) choose(order.indexOf(of[nearest]));
  }

  const keys = genres.map(([genre, colour], g) => make("button", { type: "button", "aria-pressed": "false", click: () => {
    lit = lit === g ? -1 : g;
    keys.forEach((key, k) => key.setAttribute("aria-pressed", String(k === lit)));
    changed();
  } }, shape("svg", { width: 16, height: 16, "aria-hidden": "true" }, glyph(g, 8, 8, 6, { class: "figure-dot", fill: colour })), genre));
  choose(0);
  return {
    paint,
    point,
    title: "The same map, track by track: point at a slice, or choose a track.",
    controls: [
      said,
      make("div", { class: "figure-row" }, make("label", {}, "Track ", select),
        make("div", { class: "figure-step" },
          make("button", { type: "button", "aria-label": "Track before", click: () => stepTo(-1) }, "‹"),
          make("button", { type: "button", "aria-label": "Next track", click: () => stepTo(1) }, "›"))),
      make("div", { class: "figure-row figure-keys", role: "group", "aria-label": "One genre in colour" }, ...keys),
    ],
  };
}
