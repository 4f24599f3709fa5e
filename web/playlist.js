// A playlist from a song, of the tracks that the model knows: what genrelib.playlists does, in the
// same order, with the same numbers; and the slider that asks for more variety.

import { trackName } from "./card.js";
import { make } from "./make.js";

/** What `genrelib.book.song` writes: local scale, artist and song of each track, and the settings.
 * @typedef {{scales: number[], artists: number[], songs: number[], near: number, pool: number,
 *   version: number, diversity: number}} Lists */

const LISTED = 12; // tracks
const POINTS = new WeakMap(); // of each model, the tracks as points of length 1

/** @type {(vector: ArrayLike<number>) => number[]} */
const pointOf = (vector) => {
  const size = Math.hypot(...Array.from(vector));
  return Array.from(vector, (v) => v / size);
};

/** @type {(a: number[], b: number[]) => number} */
const cosineOf = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Choose tracks by maximal marginal relevance, and put them in order: rows of the model's tracks.
 * @param {import("./verdict.js").Model & {lists: Lists}} model
 * @param {number[]} heard mean log-odds of the tags of a song
 * @param {number} length
 * @param {number} diversity from 0 to 1
 * @returns {{row: number, similarity: number}[]} */
export function listFor(model, heard, length, diversity) {
  const { scales, artists, songs, near, pool, version } = model.lists;
  if (!POINTS.has(model)) POINTS.set(model, model.arrays.tracks.map(pointOf));
  /** @type {number[][]} */
  const points = POINTS.get(model);
  const song = pointOf(heard);
  const cosines = points.map((point) => cosineOf(point, song));
  const around = cosines.map((c) => (1 - c < 1e-6 ? 2 : 1 - c)).sort((a, b) => a - b);
  const count = Math.min(Math.max(Math.round(near * points.length), 3), points.length - 1);
  const scale = Math.max(around.slice(0, count).reduce((sum, v) => sum + v, 0) / count, 1e-6);
  const distance = cosines.map((c, k) => (1 - c) / Math.sqrt(scale * scales[k]));
  const nearest = distance.map((_, k) => k).sort((a, b) => distance[a] - distance[b] || a - b);
  /** @type {(a: number, b: number) => number} */
  const between = (a, b) => (1 - cosineOf(points[a], points[b])) / Math.sqrt(scales[a] * scales[b]);
  /** @type {number[]} */
  const chosen = [];
  for (let size = pool * length; chosen.length < length; size *= 4) {
    let open = nearest.slice(0, size).filter((k) => cosines[k] < version && !chosen.includes(k));
    const apart = new Map(open.map((k) => [k, Math.min(Infinity, ...chosen.map((c) => between(c, k)))]));
    /** @param {number} row */
    const close = (row) => {
      open = open.filter((k) => k !== row && cosineOf(points[k], points[row]) < version
        && (artists[row] < 0 || artists[k] !== artists[row]) && (songs[row] < 0 || songs[k] !== songs[row]));
    };
    chosen.forEach(close);
    while (open.length && chosen.length < length) {
      /** @type {(k: number) => number} */
      const variety = (k) => (chosen.length ? /** @type {number} */ (apart.get(k)) : 0);
      const score = open.map((k) => (1 - diversity) * distance[k] - diversity * variety(k));
      const row = open[score.indexOf(Math.min(...score))];
      chosen.push(row);
      close(row);
      for (const k of open) apart.set(k, Math.min(/** @type {number} */ (apart.get(k)), between(row, k)));
    }
    if (size >= points.length) break;
  }
  return inOrder(chosen, distance, between).map((row) => ({ row, similarity: cosines[row] }));
}

/** From the song to the nearest, from each to what is near it; then stretches are turned round.
 * @param {number[]} rows
 * @param {number[]} distance from the song
 * @param {(a: number, b: number) => number} between */
function inOrder(rows, distance, between) {
  if (rows.length < 3) return rows;
  /** @type {(a: number, b: number) => number} */
  const way = (a, b) => (a < 0 ? distance[b] : between(a, b));
  let order = [-1];
  const left = [...rows];
  while (left.length) {
    const at = order[order.length - 1];
    const steps = left.map((k) => way(at, k));
    order.push(left.splice(steps.indexOf(Math.min(...steps)), 1)[0]);
  }
  for (let better = true; better; ) {
    better = false;
    for (let i = 2; i < order.length - 1; i++) {
      for (let j = i + 1; j < order.length; j++) {
        let gain = way(order[i - 1], order[i]) - way(order[i - 1], order[j]);
        if (j + 1 < order.length) gain += way(order[j], order[j + 1]) - way(order[i], order[j + 1]);
        if (gain > 1e-6) {
          order = [...order.slice(0, i), ...order.slice(i, j + 1).reverse(), ...order.slice(j + 1)];
          better = true;
        }
      }
    }
  }
  return order.slice(1);
}

/** Show a list that grows out of a song, with a slider for its variety.
 * @param {any} model
 * @param {number[]} heard */
export function playlistOf(model, heard) {
  const rows = make("ol", { class: "song-list" });
  const slider = /** @type {HTMLInputElement} */ (make("input", {
    type: "range", min: 0, max: 1, step: 0.1, value: model.lists.diversity, id: "song-diversity",
    input: () => fill(),
  }));
  const fill = () => rows.replaceChildren(...listFor(model, heard, LISTED, Number(slider.value)).map(({ row, similarity }) => {
    const [track_id, genre, artist, title] = model.card.tracks[row];
    return make("li", {}, trackName({ track_id, genre, artist, title, similarity }));
  }));
  fill();
  return make("section", { class: "song-playlist", "aria-label": "Playlist" },
    make("p", {}, "A playlist from this song, of the tracks that the book knows (it has no sound of them). Each artist comes once."),
    make("p", { class: "song-row" }, make("label", { for: "song-diversity" }, "Variety"), slider),
    rows);
}
