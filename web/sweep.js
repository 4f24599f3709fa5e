// Accuracy over the number of neighbours, chapter 5: what each protocol says of one k.

import { decimals, drawing, glyph, scale, sentenceOf, stepper, words } from "./figure.js";
import { make, shape } from "./make.js";

/** @typedef {{name: string, colour: string, best: number, value: number[], low: number[], high: number[]}} Line */

const DASHES = ["none", "8 5", "8 4 2 4"];

/** @param {{k: number[], lines: Line[]}} given
 * @param {number} at a place in `k` */
export function sweepSaid({ k, lines }, at) {
  const said = lines.map(({ name, value, low, high }) => `${name} ${decimals(value[at])} (95 % interval ${decimals(low[at])} to ${decimals(high[at])})`);
  return `k = ${k[at]}: ${said.join("; ")}.`;
}

/** @param {import("./figure.js").Given} answer
 * @param {() => void} changed
 * @returns {import("./figure.js").Answering} */
export function sweep(answer, changed) {
  const given = /** @type {import("./figure.js").Given & {k: number[], lines: Line[]}} */ (answer);
  const { k, lines } = given;
  const said = sentenceOf();
  let at = 0;
  said.textContent = sweepSaid(given, at);
  const last = k[k.length - 1];
  const { row, set } = stepper("Neighbours asked, k", { min: k[0], max: last, value: k[0] }, String, (value) => {
    at = k.indexOf(value);
    said.textContent = sweepSaid(given, at);
    changed();
  });

  /** @param {number} width */
  function paint(width) {
    const [left, right, top, bottom, height] = [52, 14, 10, 46, 340];
    const x = scale(k[0], last, left, width - right);
    const y = scale(0, 1, height - bottom, top);
    const points = (/** @type {number[]} */ values) => values.map((v, i) => `${x(k[i])} ${y(v)}`);
    const grid = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((v) => [
      shape("line", { class: "figure-grid", x1: left, x2: width - right, y1: y(v), y2: y(v) }),
      words(left - 6, y(v) + 4, v.toFixed(1), { "text-anchor": "end" })]);
    const ticks = [1, 20, 40, 60, 80, 99].filter((v) => v >= k[0] && v <= last).map((v) => words(x(v), height - bottom + 18, String(v), { "text-anchor": "middle" }));
    const curves = lines.flatMap(({ colour, value, low, high, best }, i) => [
      shape("path", { d: `M${[...points(low), ...points(high).reverse()].join("L")}z`, fill: colour, opacity: 0.18 }),
      shape("path", { d: `M${points(value).join("L")}`, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[i % 3] }),
      shape("circle", { cx: x(best), cy: y(value[k.indexOf(best)]), r: 4, fill: colour })]);
    const marks = lines.flatMap(({ colour, value, low, high }, i) => [
      shape("line", { x1: x(k[at]), x2: x(k[at]), y1: y(low[at]), y2: y(high[at]), stroke: colour, "stroke-width": 3 }),
      glyph(i + 1, x(k[at]), y(value[at]), 7, { class: "figure-ring", fill: colour })]);
    const middle = (height - bottom + top) / 2;
    const svg = drawing(width, height, `${given.alt} ${sweepSaid(given, at)}`, ...grid, ...ticks, ...curves,
      shape("line", { class: "figure-half", x1: x(k[at]), x2: x(k[at]), y1: top, y2: height - bottom }), ...marks,
      words((left + width - right) / 2, height - 8, "neighbours asked, k", { "text-anchor": "middle" }),
      words(14, middle, "accuracy per slice", { "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }));
    svg.classList.add("figure-asked");
    return svg;
  }

  /** Take the k that is pointed at; the listener stays while the drawing is made anew.
   * @param {PointerEvent} event */
  function point(event) {
    if (event.type === "pointermove" && !event.buttons) return;
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    const wanted = Math.round(scale(52, box.width - 14, k[0], last)(event.clientX - box.left));
    set(Math.min(Math.max(wanted, k[0]), last));
  }

  const legend = make("ul", { class: "figure-legend" }, ...lines.map(({ name, colour, best }, i) =>
    make("li", {}, shape("svg", { width: 40, height: 16, "aria-hidden": "true" },
      shape("line", { x1: 0, x2: 40, y1: 8, y2: 8, stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[i % 3] }),
      glyph(i + 1, 20, 8, 6, { fill: colour })), `${name}, best k = ${best}`)));
  return { paint, controls: [legend, row, said], point };
}
