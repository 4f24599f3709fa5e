// Figures that answer: each takes the place of its picture where the script runs, on the screen.

import { cells } from "./cells.js";
import { put } from "./figure.js";
import { sweep } from "./sweep.js";
import { threshold } from "./threshold.js";
import { tracks } from "./tracks.js";

/** @type {Record<string, (given: import("./figure.js").Given, changed: () => void) => import("./figure.js").Answering>} */
const ANSWERING = { cells, sweep, threshold, tracks };

for (const holder of document.querySelectorAll(".interactive")) {
  const { dataset } = /** @type {HTMLElement} */ (holder);
  const figure = document.getElementById(dataset.figure ?? "");
  const text = holder.querySelector("script")?.textContent;
  if (!figure || !text) continue;
  const given = JSON.parse(text);
  /** @type {() => void} */
  let draw = () => {};
  draw = put(/** @type {HTMLElement} */ (holder), figure, given, ANSWERING[given.kind](given, () => draw()));
}
