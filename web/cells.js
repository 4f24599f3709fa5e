// A confusion matrix, chapter 5: each cell lists the tracks whose slices stand in it.

import { sentenceOf } from "./figure.js";
import { make } from "./make.js";

/** @typedef {{rows: string[], columns: string[], tracks: [string, number, string|null, string|null][], cells: number[][]}} Matrix */
/** @typedef {{row: number, column: number, slices: number, tracks: [number, number][]}} Cell */

/** @param {Matrix} matrix
 * @returns {Cell[]} */
export function cellsOf({ cells }) {
  return cells.map(([row, column, ...flat]) => {
    const tracks = flat.flatMap((track, i) => (i % 2 ? [] : [/** @type {[number, number]} */ ([track, flat[i + 1]])]));
    return { row, column, tracks, slices: tracks.reduce((sum, [, n]) => sum + n, 0) };
  });
}

/** @param {Matrix} matrix
 * @param {Cell} cell */
export function cellSaid({ rows, columns }, { row, column, slices, tracks }) {
  const [genre, taken] = [rows[row], columns[column]];
  const many = (/** @type {number} */ n, /** @type {string} */ what) => `${n} ${what}${n === 1 ? "" : "s"}`;
  return `${genre} ${genre === taken ? "named rightly" : `taken for ${taken}`}: ${many(slices, "slice")} of ${many(tracks.length, "track")}.`;
}

/** The next cell that is not empty, in one direction.
 * @param {Cell[]} all
 * @param {Cell} from
 * @param {string} key an arrow key */
export function nextTo(all, from, key) {
  const along = key === "ArrowLeft" || key === "ArrowRight" ? "column" : "row";
  const across = along === "row" ? "column" : "row";
  const way = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const ahead = all.filter((cell) => way * (cell[along] - from[along]) > 0);
  /** @type {(cell: Cell) => number} */
  const far = (cell) => Math.abs(cell[along] - from[along]) * all.length + Math.abs(cell[across] - from[across]);
  // To the side only cells of the same row; up and down the nearest of the next row, so that every
  // cell can be reached.
  const found = along === "column" ? ahead.filter((cell) => cell.row === from.row) : ahead;
  return found.sort((a, b) => far(a) - far(b))[0] ?? from;
}

/** @param {import("./figure.js").Given} answer
 * @returns {import("./figure.js").Answering} */
export function cells(answer) {
  const matrix = /** @type {Matrix} */ (/** @type {unknown} */ (answer));
  const all = cellsOf(matrix);
  const said = sentenceOf();
  const list = make("ul", { class: "cells-tracks" });
  const sums = matrix.rows.map((_, row) => all.reduce((sum, cell) => sum + (cell.row === row ? cell.slices : 0), 0));
  const buttons = new Map(all.map((cell) => [cell, make("button", {
    type: "button",
    tabindex: -1,
    "aria-label": cellSaid(matrix, cell),
    "aria-pressed": "false",
    style: `--share: ${(cell.slices / sums[cell.row]).toFixed(3)}`,
    click: () => choose(cell),
    focus: () => choose(cell),
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      buttons.get(nextTo(all, cell, event.key))?.focus();
    },
  }, String(cell.slices))]));

  /** @param {Cell} chosen */
  function choose(chosen) {
    for (const [cell, button] of buttons) {
      button.tabIndex = cell === chosen ? 0 : -1;
      button.setAttribute("aria-pressed", String(cell === chosen));
    }
    said.textContent = cellSaid(matrix, chosen);
    list.replaceChildren(...chosen.tracks.map(([track, slices]) => {
      const [name, of, artist, title] = matrix.tracks[track];
      const known = [artist, title].filter(Boolean).join(", ") || "artist not known";
      return make("li", {}, make("b", {}, name), ` ${known}: ${slices} of ${of} slices`);
    }));
  }

  // At first the most frequent exchange, which the text names.
  const off = all.filter(({ row, column }) => matrix.rows[row] !== matrix.columns[column]);
  const first = [...(off.length ? off : all)].sort((a, b) => b.slices - a.slices)[0];
  if (first) choose(first);
  const at = (/** @type {number} */ row, /** @type {number} */ column) => all.find((cell) => cell.row === row && cell.column === column);
  const table = make("table", { class: "cells-matrix" },
    make("caption", {}, "Down: true genre. Across: predicted genre. Numbers: slices; choose one, also with the arrow keys, to see its tracks."),
    make("thead", {}, make("tr", {}, make("td"), ...matrix.columns.map((name) => make("th", { scope: "col" }, make("span", {}, name))))),
    make("tbody", {}, ...matrix.rows.map((name, row) => make("tr", {}, make("th", { scope: "row" }, name),
      ...matrix.columns.map((_, column) => {
        const cell = at(row, column);
        return make("td", {}, cell ? /** @type {HTMLElement} */ (buttons.get(cell)) : null);
      })))));
  return { paint: () => table, controls: [said, list] };
}
