// The chapter "Your own song": how the answer came about, drawn where the page has an element with
// `data-song`. The figure of the book beside it makes room, but not in print.

import { headline, percent } from "./card.js";
import { make } from "./make.js";
import { place } from "./verdict.js";

/** What is drawn, small enough to be taken along to the next page of the book; `window` in seconds.
 * @typedef {{file: string, said: string, duration: number, window: number, tags: string[],
 *   colours: Record<string, string>, corpus: [number, number, string][],
 *   steps: Omit<import("./worker.js").Steps, "image"> & {image: number[]}}} Scene */

const KEY = "genre-measured-song";
const TAGS = 15; // the most probable of the fifty
const WIDTH = window.innerWidth < 600 ? 800 : 1280; // pixels of the drawing; letters keep their size
const [LEFT, TOP, BOTTOM] = [230, 24, 84];
const SHADES = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis

/** Draw how a song was heard, on this page and on those opened after it.
 * @param {import("./verdict.js").Model} model
 * @param {import("./card.js").Result} result */
export function showSteps(model, result) {
  if (!result.steps || !result.answer) return;
  const { arrays, card, rules } = model;
  const few = (/** @type {number} */ v) => Number(v.toFixed(3));
  /** @type {Scene} */
  const scene = {
    file: result.file,
    said: headline(model, result.answer),
    duration: result.answer.duration,
    window: (rules.window * rules.frames * rules.hop) / rules.rate,
    tags: model.tags,
    colours: model.colours,
    corpus: arrays.tracks.map((/** @type {number[]} */ track, /** @type {number} */ k) =>
      [...place(model, track).map(few), card.tracks[k][1]]),
    steps: { ...result.steps, image: Array.from(result.steps.image, few), tags: result.steps.tags.map((row) => row.map(few)) },
  };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(scene));
  } catch {
    // The store is full or not allowed; then the other pages show the figures of the book.
  }
  draw(scene);
}

/** Draw the song that was heard on an earlier page, if there was one. */
export function restored() {
  try {
    const kept = sessionStorage.getItem(KEY);
    if (kept) draw(JSON.parse(kept));
  } catch {
    // As above.
  }
}

/** @param {Scene} scene */
function draw(scene) {
  /** @type {Record<string, (scene: Scene) => HTMLElement>} */
  const kinds = { wave, image, tags, plane };
  for (const holder of document.querySelectorAll("[data-song]")) {
    holder.replaceChildren(kinds[/** @type {HTMLElement} */ (holder).dataset.song ?? ""](scene));
    holder.closest("section")?.querySelectorAll(".cell_output").forEach((figure) => figure.classList.add("song-static"));
  }
}

/** @param {number} height
 * @param {string} caption
 * @param {string} words the drawing for those who cannot see it
 * @param {(pen: CanvasRenderingContext2D, width: number, height: number) => void} paint within the axes */
function figure(height, caption, words, paint) {
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { width: WIDTH, height, role: "img", "aria-label": words }));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDTH, height);
  pen.translate(LEFT, TOP);
  pen.font = "26px system-ui, sans-serif";
  pen.fillStyle = pen.strokeStyle = "#222";
  paint(pen, WIDTH - LEFT - 30, height - TOP - BOTTOM);
  return make("figure", { class: "song-figure" }, canvas, make("figcaption", {}, caption));
}

/** @param {CanvasRenderingContext2D} pen
 * @param {number} width
 * @param {number} height
 * @param {number} from
 * @param {number} to */
function seconds(pen, width, height, from, to) {
  const step = [0.5, 1, 2, 5, 10, 30, 60, 120].find((s) => (to - from) / s <= 8) ?? 300;
  pen.fillStyle = "#222";
  pen.textAlign = "center";
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    pen.fillText(String(t), (width * (t - from)) / (to - from), height + 34);
  }
  pen.fillText("time (s)", width / 2, height + 70);
  pen.textAlign = "right";
}

/** @param {Scene} scene */
function wave({ file, duration, steps }) {
  const most = Math.max(...steps.wave, 1e-9);
  return figure(360, `The waveform of ${file}: the largest magnitude in each moment, drawn to both sides.`,
    `A waveform of ${duration.toFixed(0)} seconds; its largest magnitude is ${most.toFixed(2)}.`,
    (pen, width, height) => {
      pen.fillStyle = "#0072b2";
      steps.wave.forEach((v, i) => {
        const size = Math.max((height * v) / most, 1);
        pen.fillRect((width * i) / steps.wave.length, (height - size) / 2, width / steps.wave.length + 0.5, size);
      });
      seconds(pen, width, height, 0, duration);
      pen.fillText(`± ${most.toFixed(2)}`, -16, 26);
      pen.fillText("0", -16, height / 2 + 9);
    });
}

/** @param {number} share */
function shade(share) {
  const at = Math.min(Math.max(share, 0), 0.9999) * (SHADES.length - 1);
  const k = Math.floor(at);
  return SHADES[k].map((c, i) => Math.round(c + (at - k) * (SHADES[k + 1][i] - c)));
}

/** @param {Scene} scene */
function image({ file, window, steps }) {
  const { bands } = steps;
  const frames = steps.image.length / bands;
  const most = steps.image.reduce((a, b) => Math.max(a, b), 1e-9);
  const small = document.createElement("canvas");
  [small.width, small.height] = [frames, bands];
  const dots = new ImageData(frames, bands);
  steps.image.forEach((v, i) => {
    const at = 4 * ((bands - 1 - (i % bands)) * frames + Math.floor(i / bands));
    dots.data.set([...shade(v / most), 255], at);
  });
  /** @type {CanvasRenderingContext2D} */ (small.getContext("2d")).putImageData(dots, 0, 0);
  const length = Math.min(window, (frames * window) / 374);
  return figure(520, `What the ear is shown of ${file}: one window from its middle, as log-mel; bright is loud.`,
    `A spectrogram of ${bands} mel bands, ${length.toFixed(1)} seconds from ${steps.imageStart.toFixed(0)} seconds on.`,
    (pen, width, height) => {
      pen.drawImage(small, 0, 0, width, height);
      seconds(pen, width, height, steps.imageStart, steps.imageStart + length);
      pen.fillText("mel band 96", -16, 24);
      pen.fillText("1", -16, height);
    });
}

/** @param {Scene} scene */
function tags({ file, duration, tags: names, steps }) {
  const means = names.map((_, j) => steps.tags.reduce((sum, row) => sum + row[j], 0) / steps.tags.length);
  const top = names.map((_, j) => j).sort((a, b) => means[b] - means[a]).slice(0, TAGS);
  const most = Math.max(...steps.tags.flatMap((row) => top.map((j) => row[j])));
  return figure(680, `The ${TAGS} most probable of the ${names.length} tags of ${file} over time, window by window; bright is probable, at most ${percent(most)}.`,
    `Tags by mean probability: ${top.map((j) => `${names[j]} ${percent(means[j])}`).join(", ")}.`,
    (pen, width, height) => {
      const tall = height / TAGS;
      top.forEach((j, k) => {
        steps.tags.forEach((row, i) => {
          pen.fillStyle = `rgb(${shade(row[j] / most)})`;
          pen.fillRect((width * i) / steps.tags.length, k * tall, width / steps.tags.length + 0.5, tall - 2);
        });
        pen.fillStyle = "#222";
        pen.textAlign = "right";
        pen.fillText(names[j], -16, (k + 0.72) * tall, LEFT - 24);
      });
      seconds(pen, width, height, 0, duration);
    });
}

/** @param {Scene} scene */
function plane({ file, said, colours, corpus, steps }) {
  const all = [...corpus, ...steps.points, steps.point];
  const range = [0, 1].map((i) => {
    const values = all.map((p) => Number(p[i]));
    return [Math.min(...values), Math.max(...values)];
  });
  return figure(760, `${file} among the tracks that the model knows, on the plane in which the genres lie furthest apart: black dots are its windows, the ring is the whole.`,
    `The song is called ${said}. It lies at ${steps.point.map((v) => v.toFixed(1)).join(", ")}.`,
    (pen, width, height) => {
      const at = (/** @type {any[]} */ p) => /** @type {[number, number]} */ ([
        (width * (p[0] - range[0][0])) / (range[0][1] - range[0][0] || 1),
        height - (height * (p[1] - range[1][0])) / (range[1][1] - range[1][0] || 1)]);
      const dot = (/** @type {any[]} */ p, /** @type {number} */ size, /** @type {string} */ colour) => {
        pen.beginPath();
        pen.arc(...at(p), size, 0, 7);
        pen.fillStyle = colour;
        pen.fill();
      };
      corpus.forEach((p) => dot(p, 7, `${colours[p[2]]}a0`));
      steps.points.forEach((p) => dot(p, 5, "#000"));
      pen.lineWidth = 6;
      pen.beginPath();
      pen.arc(...at(steps.point), 22, 0, 7);
      pen.stroke();
      Object.entries(colours).forEach(([genre, colour], k) => {
        pen.fillStyle = colour;
        pen.fillRect(-LEFT + 10, k * 40 + 4, 24, 24);
        pen.fillStyle = "#222";
        pen.textAlign = "left";
        pen.fillText(genre, -LEFT + 46, k * 40 + 26);
      });
    });
}
