// From sound to an answer: what genrelib.classify does, in the same order, with the same
// numbers. Nothing in here knows of a browser. The network between `patchAt` and `judge` is
// worker.js's business.

/** What `genrelib.classify.export_model` writes; `layer` is the last of the ear, its bias the last row.
 * @typedef {{card: any, arrays: Record<string, any>, layer: number[][], tags: string[], rules: Rules,
 *   colours: Record<string, string>}} Model
 * @typedef {{lengths: number[], alarm: number, context: number, neighbours: number, alike: number,
 *   reasons: Record<string, string>, window: number, rate: number, hop: number, frames: number,
 *   step: number, silent: number, gate: number}} Rules
 *
 * Loudness in dB (-Infinity for silence), the largest magnitude in each step, the length in seconds.
 * @typedef {{level: number, peak: number[], duration: number}} Survey
 *
 * The fields of genrelib.classify.Prediction, most probable genre first.
 * @typedef {{genre: string|null, reason: string|null, probabilities: Record<string, number>,
 *   course: Segment[], nearest: Neighbour[], familiarity: number, music: number, duration: number,
 *   note: string|null}} Answer
 * @typedef {{start: number, end: number, genre: string|null, reason: string|null,
 *   probability: number}} Segment
 * @typedef {{track_id: string, genre: string, artist: string|null, title: string|null,
 *   similarity: number}} Neighbour */

const EDGE = 256; // half a window of the ear: what its outermost frames see beyond the signal

/** Say how loud a recording is, leaving out pauses, and where it is silent.
 * @param {Float32Array} samples mono
 * @param {number} rate
 * @param {Rules} rules
 * @returns {Survey} */
export function survey(samples, rate, rules) {
  const size = Math.max(Math.round(rules.step * rate), 1);
  /** @type {number[]} */
  const peak = [];
  const power = [];
  for (let first = 0; first < samples.length; first += size) {
    const last = Math.min(first + size, samples.length);
    let sum = 0;
    let most = 0;
    for (let i = first; i < last; i++) {
      sum += samples[i] * samples[i];
      most = Math.max(most, Math.abs(samples[i]));
    }
    power.push(sum / (last - first));
    peak.push(most);
  }
  const heard = power.filter((_, i) => peak[i] >= rules.silent);
  return { level: gated(heard, rules.gate), peak, duration: samples.length / rate };
}

/** @type {(power: number[], gate: number) => number} */
const gated = (power, gate) => {
  if (!power.some((p) => p > 0)) return -Infinity;
  const limit = gate * mean(power);
  return 10 * Math.log10(mean(power.filter((p) => p >= limit)));
};

/** Count the patches of a recording, and give any of them: `rules.frames` hops and an edge.
 * One shorter than a patch is repeated; both ends are mirrored, as the frames are centred.
 * @param {import("./resample.js").Sound} sound at the rate of the ear
 * @param {number} gain
 * @param {Rules} rules
 * @returns {{ count: number, size: number, at: (k: number) => Float32Array }} */
export function patches(sound, gain, rules) {
  const step = rules.frames * rules.hop;
  const size = step + EDGE;
  const shortest = size - 2 * EDGE;
  const length = Math.max(sound.length, shortest);
  const factor = Math.fround(gain);
  return {
    size,
    count: Math.floor((length + 2 * EDGE - size) / step) + 1,
    at(k) {
      const patch = new Float32Array(size);
      const first = Math.max(k * step - EDGE, 0);
      const part = sound.read(first, Math.min(k * step - EDGE + size, sound.length));
      for (let i = 0; i < size; i++) {
        let j = Math.abs(k * step + i - EDGE);
        if (j >= length) j = 2 * (length - 1) - j;
        patch[i] = factor * part[(j % sound.length) - first];
      }
      return patch;
    },
  };
}

/** By how much to multiply, to bring a recording to the loudness of a model.
 * @type {(model: Model, found: Survey) => number} */
export const gainFor = (model, found) => 10 ** ((model.card.level - found.level) / 20);

/** Judge what the ear has heard so far.
 * @param {Model} model
 * @param {Survey} found
 * @param {Float32Array[]} embeddings of each patch, 200 numbers
 * @param {boolean} [finished] whether that is all; else the answer is about what was heard
 * @returns {Answer} */
export function judge(model, found, embeddings, finished = true) {
  const { rules } = model;
  const seconds = (rules.frames * rules.hop) / rules.rate;
  if (found.level === -Infinity || !embeddings.length) return silence(found.duration);
  const windows = [];
  for (let k = 0; k < embeddings.length; k += rules.window) {
    windows.push(column(embeddings.slice(k, k + rules.window)));
  }
  const start = windows.map((_, k) => k * rules.window * seconds);
  const at = start.map((s) => Math.min(Math.round(s / rules.step), found.peak.length - 1));
  const loud = at.map((first, k) => {
    const next = at[k + 1] ?? found.peak.length;
    return found.peak.slice(first, Math.max(next, first + 1)).some((p) => p >= rules.silent);
  });
  const heardUntil = embeddings.length * seconds;
  const duration = finished ? found.duration : Math.min(found.duration, heardUntil);
  return predict(model, windows, loud, start, duration);
}

/** @type {(duration: number) => Answer} */
const silence = (duration) => {
  const segment = { start: 0, end: duration, genre: null, reason: "silence", probability: 0 };
  const nothing = { probabilities: {}, nearest: [], familiarity: 0, music: 0, note: null };
  return { genre: null, reason: "silence", course: [segment], duration, ...nothing };
};

/** Name the genre of a recording that the ear has heard: Model.predict.
 * @param {Model} model
 * @param {ArrayLike<number>[]} windows embedding of each
 * @param {boolean[]} loud which windows are not silent
 * @param {number[]} start
 * @param {number} duration
 * @returns {Answer} */
export function predict(model, windows, loud, start, duration) {
  const length = (model.rules.window * model.rules.frames * model.rules.hop) / model.rules.rate;
  if (!loud.some(Boolean)) loud = loud.map(() => true);
  const heard = windows.map((window) => tagLogits(model, window));
  const kept = heard.filter((_, k) => loud[k]);
  const whole = column(kept);
  const found = verdict(model, whole, Math.min(duration, length * kept.length));
  const order = found.probabilities
    .map((p, k) => /** @type {[string, number]} */ ([model.card.genres[k], p]))
    .sort((a, b) => b[1] - a[1]);
  return {
    genre: found.reason ? null : order[0][0],
    reason: found.reason,
    probabilities: Object.fromEntries(order),
    course: course(model, heard, loud, [...start, duration], length),
    nearest: nearest(model, whole),
    familiarity: found.familiarity,
    music: found.music,
    duration,
    note: null,
  };
}

/** Give the log-odds of the tags from an embedding.
 * @param {Model} model
 * @param {ArrayLike<number>} embedding */
export function tagLogits(model, embedding) {
  const found = Array.from(model.layer[model.layer.length - 1]);
  for (let i = 0; i < embedding.length; i++) {
    for (let j = 0; j < found.length; j++) found[j] += embedding[i] * model.layer[i][j];
  }
  return found;
}

/** Judge a recording by the mean log-odds of its tags: Model.verdicts and Model.scores.
 * @param {Model} model
 * @param {number[]} heard
 * @param {number} seconds */
export function verdict(model, heard, seconds) {
  const { arrays: a, card, rules } = model;
  const which = lengthOf(rules, seconds);
  const z = standardised(model, heard);
  const white = times(z, a.whiten);
  const sounds = dots(a.sounds, z, a.sound_bias);
  const played = logSum(sounds.slice(0, 2));
  const squares = a.centres.map((/** @type {number[]} */ c) =>
    c.reduce((sum, value, i) => sum + (white[i] - value) ** 2, 0),
  );
  const distance = Math.sqrt(Math.min(...squares));
  const oddity = logSum(sounds.slice(1)) - sounds[0];
  /** @type {Record<string, number>} */
  const scores = { speech: sounds[2] - played, other: logSum(sounds.slice(3)) - played };
  const familiarity = Math.min(
    2 * Math.min(rarity(a.far[which], distance), rarity(a.odd[which], oddity)),
    1,
  );
  /** @type {string|null} */
  let reason = familiarity < rules.alarm ? "unfamiliar" : null;
  for (const [name, limit] of Object.entries(card.limits)) {
    if (scores[name] > limit) reason = "not music";
  }
  const logits = dots(a.weights, z, a.bias).map((l) => l / card.temperature[which]);
  const total = logSum(logits);
  return {
    probabilities: logits.map((l) => Math.exp(l - total)),
    familiarity,
    music: 1 / (1 + Math.exp(logSum([scores.speech, scores.other]))),
    reason,
  };
}

/** Put a recording on the plane in which the genres lie furthest apart: on_plane.
 * @param {Model} model
 * @param {ArrayLike<number>} heard mean log-odds of its tags */
export function place(model, heard) {
  const point = times(standardised(model, heard), model.arrays.plane);
  return point.map((p, i) => p - model.arrays.origin[i]);
}

/** @param {Model} model
 * @param {number[][]} heard
 * @param {boolean[]} loud
 * @param {number[]} edges
 * @param {number} length */
function course(model, heard, loud, edges, length) {
  const half = Math.floor(model.rules.context / 2);
  /** @type {(Segment & {all: number[]})[]} */
  const rows = [];
  loud.forEach((isLoud, k) => {
    const first = Math.max(k - half, 0);
    const around = heard.slice(first, k + half + 1).filter((_, i) => loud[first + i]);
    /** @type {string|null} */
    let genre = null;
    /** @type {string|null} */
    let reason = "silence";
    let probability = 0;
    if (isLoud) {
      const found = verdict(model, column(around), length * around.length);
      reason = found.reason;
      const most = Math.max(...found.probabilities);
      genre = reason ? null : model.card.genres[found.probabilities.indexOf(most)];
      probability = genre ? most : 0;
    }
    const last = rows[rows.length - 1];
    if (last && last.genre === genre && last.reason === reason) {
      last.end = edges[k + 1];
      last.all.push(probability);
    } else {
      const [start, end] = [edges[k], edges[k + 1]];
      rows.push({ start, end, genre, reason, probability: 0, all: [probability] });
    }
  });
  return rows.map(({ all, ...row }) => ({ ...row, probability: mean(all) }));
}

/** @param {Model} model
 * @param {number[]} heard
 * @returns {Neighbour[]} */
function nearest(model, heard) {
  const z = standardised(model, heard);
  const size = Math.hypot(...z);
  const found = model.arrays.tracks.map((/** @type {number[]} */ track, /** @type {number} */ k) => {
    const known = standardised(model, track);
    const [track_id, genre, artist, title] = model.card.tracks[k];
    const similarity = dot(known, z) / (Math.hypot(...known) * size + 1e-12);
    return { track_id, genre, artist, title, similarity };
  });
  found.sort((/** @type {Neighbour} */ a, /** @type {Neighbour} */ b) => b.similarity - a.similarity);
  return found.slice(0, model.rules.neighbours);
}

/** Which of the lengths stands for a recording: the longest that is not longer.
 * @type {(rules: Rules, seconds: number) => number} */
export const lengthOf = (rules, seconds) =>
  Math.max(rules.lengths.filter((length) => seconds >= 0.98 * length).length - 1, 0);

/** The share of held-out recordings that are as strange, or stranger.
 * @type {(quantiles: number[], value: number) => number} */
const rarity = (quantiles, value) => (1 + quantiles.filter((q) => q >= value).length) / (1 + quantiles.length);

/** @type {(model: Model, heard: ArrayLike<number>) => number[]} */
const standardised = ({ arrays: a }, heard) => Array.from(heard, (v, i) => (v - a.mean[i]) / a.scale[i]);

/** @type {(values: number[]) => number} */
const logSum = (values) => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0));
};

/** @type {(a: number[], b: number[]) => number} */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** @type {(rows: number[][], vector: number[], bias: number[]) => number[]} */
const dots = (rows, vector, bias) => rows.map((row, k) => dot(row, vector) + bias[k]);

/** @type {(vector: number[], matrix: number[][]) => number[]} */
const times = (vector, matrix) => matrix[0].map((_, j) => vector.reduce((sum, v, i) => sum + v * matrix[i][j], 0));

/** @type {(values: number[]) => number} */
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Average vectors, number by number.
 * @type {(vectors: ArrayLike<number>[]) => number[]} */
export const column = (vectors) =>
  Array.from(vectors[0], (_, i) => vectors.reduce((sum, v) => sum + v[i], 0) / vectors.length);
