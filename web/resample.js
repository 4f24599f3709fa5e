// From the rate of a file to that of the ear, as closely as possible as soxr does it in the package
// ("HQ"): a browser's own resampling changes probabilities by up to 0.16, this one by 0.005.

/** A recording at another rate, of which any part can be read.
 * @typedef {object} Sound
 * @property {number} length samples
 * @property {(first: number, last: number) => Float32Array} read */

const ZEROS = 64; // of the sinc, to each side
const CUTOFF = 0.9575; // of the lower of the two highest frequencies: half of it passes
const BETA = 8.6; // Kaiser's window

/** @param {Float32Array} samples
 * @param {number} rate
 * @param {number} to
 * @returns {Sound} */
export function resampled(samples, rate, to) {
  if (rate === to) return { length: samples.length, read: (first, last) => samples.slice(first, last) };
  const common = divisor(rate, to);
  const [up, down] = [to / common, rate / common];
  const cutoff = CUTOFF * Math.min(1, to / rate);
  const half = 2 * Math.ceil(ZEROS / cutoff / 2);
  /** @type {Float64Array[]} */
  const filters = []; // one for each place between two samples, made when it is needed
  const filter = (/** @type {number} */ phase) =>
    (filters[phase] ??= Float64Array.from({ length: 2 * half }, (_, i) => {
      const t = i + 1 - half - phase / up;
      const x = Math.PI * cutoff * t;
      return cutoff * (x ? Math.sin(x) / x : 1) * kaiser(t / half);
    }));
  return {
    length: Math.round((samples.length * to) / rate),
    read(first, last) {
      const out = new Float32Array(last - first);
      // The samples that are needed, with silence where there are none.
      const offset = Math.floor((first * down) / up) + 1 - half;
      const near = new Float64Array(Math.floor((last * down) / up) + 1 + half - offset);
      near.set(samples.subarray(Math.max(offset, 0), Math.min(offset + near.length, samples.length)), Math.max(-offset, 0));
      for (let n = first; n < last; n++) {
        const weights = filter((n * down) % up);
        let at = Math.floor((n * down) / up) + 1 - half - offset;
        let a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        for (let i = 0; i < weights.length; i += 4, at += 4) { // four sums, none of which waits for another
          a += weights[i] * near[at];
          b += weights[i + 1] * near[at + 1];
          c += weights[i + 2] * near[at + 2];
          d += weights[i + 3] * near[at + 3];
        }
        out[n - first] = a + b + c + d;
      }
      return out;
    },
  };
}

/** @type {(t: number) => number} from -1 to 1 */
const kaiser = (t) => (Math.abs(t) < 1 ? bessel(BETA * Math.sqrt(1 - t * t)) / bessel(BETA) : 0);

/** @type {(x: number) => number} */
const bessel = (x) => {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
};

/** @type {(a: number, b: number) => number} */
const divisor = (a, b) => (b ? divisor(b, a % b) : a);

/** Read from a file what rate it was recorded at, since the browser does not tell.
 * @param {Uint8Array} bytes
 * @returns {number|null} */
export function rateOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (from = 0, size = 4096) => new TextDecoder("latin1").decode(bytes.subarray(from, from + size));
  const head = text();
  try {
    if (head.startsWith("RIFF")) return view.getUint32(head.indexOf("fmt ") + 12, true);
    if (head.startsWith("OggS")) {
      const at = head.indexOf("\x01vorbis");
      return at < 0 ? 48000 : view.getUint32(at + 12, true);
    }
    let at = 0;
    if (head.slice(4, 8) === "ftyp") {
      while (text(at + 4, 4) !== "moov") at += view.getUint32(at) || bytes.length;
      return view.getUint16(at + text(at, view.getUint32(at)).indexOf("mp4a") + 28) || null;
    }
    if (head.startsWith("ID3")) at = 10 + [6, 7, 8, 9].reduce((size, i) => size * 128 + bytes[i], 0);
    if (text(at, 4) === "fLaC") return view.getUint32(at + 18) >>> 12;
    while ((view.getUint16(at) & 0xffe6) !== 0xffe2) at++; // MPEG, layer III
    const version = (bytes[at + 1] >> 3) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    return [44100, 48000, 32000][(bytes[at + 2] >> 2) & 3] / [4, 1, 2, 1][version] || null;
  } catch {
    return null; // it ends before it has said so
  }
}
