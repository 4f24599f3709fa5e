// The forest of chapter 4: how many rows are all zeros depends on the share of votes it asks for.

import { decimals, drawing, scale, sentenceOf, stepper, words } from "./figure.js";
import { make, shape } from "./make.js";

const HALF = 50; // per cent: what scikit-learn asks for
const BINS = 20;
/** What becomes of a row, and how it is drawn: its colour, and whether the box is hatched or empty.
 * @type {[string, string, number, string][]} */
const ROWS = [
  ["right", "right: the true genre alone", 0, "full"],
  ["wrong", "wrong: another genre alone", 1, "hatched"],
  ["several", "several genres", 2, "dotted"],
  ["zerosRight", "all zeros, leading genre right", 0, "empty"],
  ["zerosWrong", "all zeros, leading genre wrong", 1, "crossed"],
];

/** @typedef {Record<string, number>} Counts */

/** Say what becomes of one row.
 * @param {number[]} votes per cent: of its own genre, and of the two leading others
 * @param {boolean} leads whether the leading genre is the true one
 * @param {number} least a genre is named that has more than this */
export function rowAt(votes, leads, least) {
  const named = votes.filter((share) => share > least).length;
  if (named === 0) return leads ? "zerosRight" : "zerosWrong";
  if (named > 1) return "several";
  return votes[0] > least ? "right" : "wrong";
}

/** Count the rows of each kind, in bins by the share of the leading genre.
 * @param {{right: number[], wrong: number[]}} given
 * @param {number} least
 * @returns {Counts[]} */
export function rowsAt(given, least) {
  /** @type {Counts[]} */
  const bins = Array.from({ length: BINS }, () => ({}));
  for (const [list, leads] of /** @type {[number[], boolean][]} */ ([[given.right, true], [given.wrong, false]])) {
    for (let i = 0; i < list.length; i += 3) {
      const votes = list.slice(i, i + 3);
      const kind = rowAt(votes, leads, least);
      // What has exactly one half lies to the left of it, as in the picture.
      const bin = bins[Math.max(0, Math.ceil((Math.max(...votes) * BINS) / 100) - 1)];
      bin[kind] = (bin[kind] ?? 0) + 1;
    }
  }
  return bins;
}

/** @param {Counts[]} bins
 * @param {number} least */
export function thresholdSaid(bins, least) {
  const sum = (/** @type {string} */ kind) => bins.reduce((all, bin) => all + (bin[kind] ?? 0), 0);
  const [right, wrong, several, ...zeros] = ROWS.map(([kind]) => sum(kind));
  const silent = zeros[0] + zeros[1];
  const all = right + wrong + several + silent;
  return `A genre is named that has more than ${least} % of the votes. Of ${all} rows, all zeros: ${silent}; right: ${right}; a wrong genre: ${wrong}; several genres: ${several}. Accuracy: ${decimals(right / Math.max(all, 1))}.`;
}

/** @param {import("./figure.js").Given} given
 * @param {() => void} changed
 * @returns {import("./figure.js").Answering} */
export function threshold(given, changed) {
  const colours = [...given.colours, "currentColor"];
  const said = sentenceOf();
  let least = HALF;
  let bins = rowsAt(/** @type {any} */ (given), least);
  const tallest = Math.max(...bins.map((bin) => Object.values(bin).reduce((a, b) => a + b, 0)));
  said.textContent = thresholdSaid(bins, least);
  const { row, set } = stepper("Share of votes asked for", { min: 0, max: 99, value: HALF }, (value) => `${value} %`, (value) => {
    least = value;
    bins = rowsAt(/** @type {any} */ (given), least);
    said.textContent = thresholdSaid(bins, least);
    changed();
  });
  row.append(make("button", { type: "button", click: () => set(HALF) }, "One half again"));

  /** @param {string} style
   * @param {number} colour */
  const paintOf = (style, colour) => ({
    fill: style === "full" ? colours[colour] : style === "empty" ? "none" : `url(#threshold-${style})`,
    stroke: colours[colour],
    "stroke-width": 2,
  });
  const patterns = shape("defs", {}, ...[["hatched", "M0 6L6 0", 1, 3], ["crossed", "M0 6L6 0M0 0L6 6", 1, 1], ["dotted", "M2 3h2", 2, 2]].map(
    ([style, path, colour, width]) => shape("pattern", { id: `threshold-${style}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      shape("path", { d: path, stroke: colours[Number(colour)], "stroke-width": width }))));

  /** @param {number} width */
  function paint(width) {
    const [left, right, top, bottom, height] = [44, 12, 14, 46, 300];
    const x = scale(0, 100, left, width - right);
    const y = scale(0, tallest, height - bottom, top);
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((s) => tallest / s <= 6) ?? 1000;
    const boxes = bins.flatMap((bin, k) => {
      let under = 0;
      return ROWS.filter(([kind]) => bin[kind]).map(([kind, , colour, style]) => {
        const count = bin[kind];
        const [low, high] = [y(under), y(under + count)];
        under += count;
        return shape("rect", { class: `row-${kind}`, x: x((100 * k) / BINS) + 1.5, y: high + 1, width: x(100 / BINS) - x(0) - 3, height: low - high - 2, ...paintOf(style, colour) });
      });
    });
    const ticks = [0, 25, 50, 75, 100].map((v) => words(x(v), height - bottom + 18, `${v / 100}`, { "text-anchor": "middle" }));
    const grid = Array.from({ length: Math.floor(tallest / step) + 1 }, (_, k) => k * step).flatMap((v) => [
      shape("line", { class: "figure-grid", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
      words(left - 6, y(v) + 4, String(v), { "text-anchor": "end" })]);
    return drawing(width, height, `${given.alt} The threshold stands at ${least} %.`, patterns, ...grid, ...boxes, ...ticks,
      words((left + width - right) / 2, height - 8, "share of votes for the leading genre", { "text-anchor": "middle" }),
      words(14, (height - bottom + top) / 2, "test slices", { "text-anchor": "middle", transform: `rotate(-90 14 ${(height - bottom + top) / 2})` }),
      shape("line", { class: "figure-half", x1: x(HALF), x2: x(HALF), y1: top, y2: height - bottom }),
      least !== HALF && shape("line", { class: "figure-mark", x1: x(least), x2: x(least), y1: top, y2: height - bottom }),
      shape("path", { class: "figure-handle", d: `M${x(least) - 7} 0h14l-7 11z` }));
  }

  const legend = make("ul", { class: "figure-legend" }, ...ROWS.map(([, name, colour, style]) =>
    make("li", {}, shape("svg", { width: 16, height: 16, "aria-hidden": "true" }, shape("rect", { x: 1, y: 1, width: 14, height: 14, ...paintOf(style, colour) })), name)));
  return { paint, controls: [legend, row, said] };
}
