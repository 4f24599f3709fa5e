// The ear, in a thread of its own: ONNX Runtime on one thread, since static hosts do not set the
// headers that several would need. Patches are heard a few at a time, so that it can be stopped,
// and so that what was heard so far has an answer.

import { resampled } from "./resample.js";
import { column, gainFor, judge, patches, place, survey, tagLogits } from "./verdict.js";

/** What the chapter draws: how the answer came about.
 * @typedef {object} Steps
 * @property {number[]} wave largest magnitude in each of WAVE parts of the recording
 * @property {Float32Array} image log-mel of one window, frame by frame, `bands` numbers each
 * @property {number} bands
 * @property {number} imageStart seconds
 * @property {number[][]} tags probability of each tag in each window
 * @property {number[]} heard mean log-odds of the tags
 * @property {number[][]} points each window on the plane of the genres
 * @property {number[]} point the whole recording there */

const BATCH = 4;
const WAVE = 640;
const BANDS = 96;
const IMAGE = "n8"; // the output that book/song.py adds to the graph: log(1 + 10,000 power)
const scope = /** @type {any} */ (self);
/** @type {any} */
let ort;
/** @type {any} */
let session;
/** @type {import("./verdict.js").Model} */
let model;
let cancelled = -1;
let turn = Promise.resolve();

scope.onmessage = (/** @type {MessageEvent} */ { data }) => {
  if ("cancel" in data) cancelled = Math.max(cancelled, data.cancel);
  else turn = turn.then(() => answer(data));
};

/** @param {any} data */
async function answer(data) {
  try {
    if (data.load) await load(data.load).then(() => scope.postMessage({ id: -1, ready: true }));
    else await hear(data.hear, data.samples, data.rate);
  } catch (error) {
    scope.postMessage({ id: data.hear ?? -1, error: String(error) });
  }
}

/** @param {{runtime: Blob, glue: Blob, machine: Blob, ear: ArrayBuffer, model: any}} given */
async function load(given) {
  model = given.model;
  ort = await import(URL.createObjectURL(given.runtime));
  ort.env.wasm.numThreads = 1;
  const [mjs, wasm] = [given.glue, given.machine].map((part) => URL.createObjectURL(part));
  ort.env.wasm.wasmPaths = { mjs, wasm };
  session = await ort.InferenceSession.create(new Uint8Array(given.ear), { executionProviders: ["wasm"] });
  URL.revokeObjectURL(wasm);
}

/** @param {number} id
 * @param {Float32Array} samples mono
 * @param {number} rate */
async function hear(id, samples, rate) {
  const found = survey(samples, rate, model.rules);
  /** @type {Float32Array[]} */
  const heard = [];
  const sound = resampled(samples, rate, model.rules.rate);
  const cut = patches(sound, gainFor(model, found), model.rules);
  const count = found.level === -Infinity ? 0 : cut.count;
  for (let k = 0; k < count; k += BATCH) {
    await new Promise((resolve) => setTimeout(resolve)); // somebody may want it to stop
    if (cancelled >= id) return scope.postMessage({ id, cancelled: true });
    const { embedding } = await run(cut, k, Math.min(k + BATCH, count), ["embedding"]);
    const width = embedding.dims[1];
    for (let i = 0; i < embedding.dims[0]; i++) {
      heard.push(embedding.data.slice(i * width, (i + 1) * width));
    }
    const whole = heard.length === count;
    if (!whole) scope.postMessage({ id, done: heard.length / count, answer: judge(model, found, heard, false) });
  }
  if (!heard.flatMap((e) => Array.from(e)).every(isFinite)) {
    throw new Error("It is far beyond full scale.");
  }
  const steps = count ? await stepsOf(samples, found, heard, cut) : null;
  scope.postMessage({ id, done: 1, answer: judge(model, found, heard), steps });
}

/** @param {ReturnType<typeof patches>} cut
 * @param {number} first
 * @param {number} last
 * @param {string[]} outputs */
async function run(cut, first, last, outputs) {
  const input = new Float32Array((last - first) * cut.size);
  for (let k = first; k < last; k++) input.set(cut.at(k), (k - first) * cut.size);
  const samples = new ort.Tensor("float32", input, [last - first, cut.size]);
  return session.run({ samples }, outputs);
}

/** @param {Float32Array} samples
 * @param {import("./verdict.js").Survey} found
 * @param {Float32Array[]} heard
 * @param {ReturnType<typeof patches>} cut
 * @returns {Promise<Steps>} */
async function stepsOf(samples, found, heard, cut) {
  const { window, frames, hop, rate } = model.rules;
  const middle = Math.max(0, Math.floor((heard.length - window) / 2));
  const image = await run(cut, middle, Math.min(middle + window, heard.length), [IMAGE]);
  const logits = [];
  for (let k = 0; k < heard.length; k += window) {
    logits.push(tagLogits(model, column(heard.slice(k, k + window))));
  }
  const size = samples.length / WAVE;
  return {
    wave: Array.from({ length: WAVE }, (_, i) => {
      const part = samples.subarray(Math.floor(i * size), Math.floor((i + 1) * size) + 1);
      return part.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    }),
    image: image[IMAGE].data.slice(),
    bands: BANDS,
    imageStart: (middle * frames * hop) / rate,
    tags: logits.map((row) => row.map((l) => 1 / (1 + Math.exp(-l)))),
    points: logits.map((row) => place(model, row)),
    point: place(model, column(logits)),
    heard: column(logits),
  };
}
