// What figures that answer have in common: a drawing as wide as its place, a sentence that is read
// aloud, and a row of controls.

import { make, shape } from "./make.js";

/** What `genrelib.book.interactive` writes behind a figure; the rest depends on its kind.
 * @typedef {{kind: string, alt: string, [name: string]: any}} Given */
/** What an interactive figure gives: its drawing, made anew for each width, and what is around it.
 * @typedef {{paint: (width: number) => Node, controls: Node[],
 *   title?: string, point?: (event: PointerEvent) => void}} Answering */

/** The sentence that says what is shown, which screen readers read when it changes. */
export function sentenceOf() {
  return make("p", { class: "figure-said", role: "status" });
}

/** @param {number} width
 * @param {number} height
 * @param {string} words the drawing for those who cannot see it
 * @param {...(Node|false)} children */
export function drawing(width, height, words, ...children) {
  return shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words }, ...children);
}

/** From values to places, along one axis.
 * @param {number} from
 * @param {number} to
 * @param {number} first
 * @param {number} last
 * @returns {(value: number) => number} */
export function scale(from, to, first, last) {
  return (value) => Number((first + ((value - from) / (to - from || 1)) * (last - first)).toFixed(2));
}

/** @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {Record<string, any>} [given] */
export function words(x, y, text, given = {}) {
  return shape("text", { x, y, ...given }, text);
}

/** Two decimals as Python writes them: what lies just between two goes to the even one.
 * @param {number} value */
export function decimals(value) {
  return (value * 8) % 4 === 1 ? (value - 0.005).toFixed(2) : value.toFixed(2);
}

/** A mark of a form of its own, one of ten, so that colours need not be told apart.
 * @param {number} which
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {Record<string, any>} given */
export function glyph(which, x, y, r, given) {
  const [s, t] = [0.85 * r, 0.4 * r];
  const star = Array.from({ length: 10 }, (_, k) => {
    const [angle, far] = [(Math.PI * k) / 5, k % 2 ? 0.5 * r : 1.25 * r];
    return `${(far * Math.sin(angle)).toFixed(1)} ${(-far * Math.cos(angle)).toFixed(1)}`;
  });
  const plus = `M${-t} ${-r}h${2 * t}v${r - t}h${r - t}v${2 * t}h${t - r}v${r - t}h${-2 * t}v${t - r}h${t - r}v${-2 * t}h${r - t}z`;
  const path = [
    `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`, `M${-s} ${-s}h${2 * s}v${2 * s}h${-2 * s}z`,
    `M0 ${-1.2 * r}L${r} 0L0 ${1.2 * r}L${-r} 0z`, `M0 ${-r}L${r} ${s}H${-r}z`, `M0 ${r}L${r} ${-s}H${-r}z`,
    plus, `M${star.join("L")}z`, plus, `M${-r} 0L${s} ${-r}V${r}z`, `M${r} 0L${-s} ${-r}V${r}z`,
  ][which % 10];
  return shape("path", { d: path, transform: `translate(${x} ${y})${which % 10 === 7 ? " rotate(45)" : ""}`, ...given });
}

/** A slider with its name, and a button to either side for steps.
 * @param {string} name
 * @param {{min: number, max: number, value: number}} range
 * @param {(value: number) => string} spoken
 * @param {(value: number) => void} moved */
export function stepper(name, { min, max, value }, spoken, moved) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "range", min, max, value, step: 1, input: () => set(Number(input.value)) }));
  const shown = make("span", { class: "figure-value", "aria-hidden": true }, spoken(value)); // the slider says it, too
  const less = make("button", { type: "button", "aria-label": `${name}: one less`, click: () => set(Number(input.value) - 1) }, "−");
  const more = make("button", { type: "button", "aria-label": `${name}: one more`, click: () => set(Number(input.value) + 1) }, "+");
  /** @param {number} wanted */
  function set(wanted) {
    input.value = String(wanted); // which keeps it within its range
    input.setAttribute("aria-valuetext", spoken(Number(input.value)));
    shown.textContent = spoken(Number(input.value));
    moved(Number(input.value));
  }
  input.setAttribute("aria-valuetext", spoken(value));
  const row = make("div", { class: "figure-row" }, make("label", {}, `${name} `, input), make("div", { class: "figure-step" }, less, shown, more));
  return { row, set };
}

/** Put an interactive figure in the place of its picture, or, if it has a title of its own, below it.
 * @param {HTMLElement} holder what stands behind the picture
 * @param {HTMLElement} figure the picture
 * @param {Given} given
 * @param {Answering} answering */
export function put(holder, figure, given, { paint, controls, title, point }) {
  const place = make("div", { class: "figure-drawn", pointerdown: point ?? null, pointermove: point ?? null });
  const live = make("div", { class: "figure-live" },
    title ? make("p", { class: "figure-title" }, title) : null, place, ...controls);
  const picture = figure.querySelector("img");
  if (title || !picture) holder.prepend(live);
  else {
    let whole = /** @type {Element} */ (picture);
    while (whole.parentElement && whole.parentElement !== figure) whole = whole.parentElement;
    whole.classList.add("figure-static");
    whole.after(live);
  }
  let drawn = 0;
  const draw = () => {
    const width = Math.floor(place.clientWidth);
    if (!width) return; // not on the screen, as in print
    drawn = width;
    place.replaceChildren(paint(Math.max(width, 240)));
  };
  new ResizeObserver(() => Math.floor(place.clientWidth) !== drawn && draw()).observe(place);
  draw();
  return draw;
}
