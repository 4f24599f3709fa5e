// From the rate of a file to that of the ear, as closely as possible as soxr does it in the package
// ("HQ"): a browser's own resampling changes probabilities by up to 0.16, this one by 0.003.

/** A recording at another rate, of which any part can be read.
 * @typedef {object} Sound
 * @property {number} length samples
 * @property {(first: number, last: number) => Float32Array} read */

const ZEROS = 96; // of the sinc, to each side
const CUTOFF = 0.9573; // of the lower of the two highest frequencies: half of it passes
const BETA = 12.5; // Kaiser's window
const PAGE = 65536; // bytes
/** The inner loop, resample.wat: eight times as fast as here, where it would be half of all work. */
const MACHINE =
  "AGFzbQEAAAABDAFgCH9/f39/f39/AAIQAQRwYWdlBm1lbW9yeQIAAQMCAQAHCgEGZmlsdGVyAAAK5QEB4gECAnsDfwNA/QwA" +
  "AAAAAAAAAAAAAAAAAAAAIQj9DAAAAAAAAAAAAAAAAAAAAAAhCSAAIQogASAEIAdBAnRsaiELIAsgB0ECdGohDANAIAggCv0A" +
  "BAAgC/0ABAD95gH95AEhCCAJIAr9AAQQIAv9AAQQ/eYB/eQBIQkgCkEgaiEKIAtBIGohCyALIAxJDQALIAggCf3kASEIIAIg" +
  "CP0fACAI/R8BkiAI/R8CIAj9HwOSkjgCACACQQRqIQIgBCAGaiEEIAAgBCAFbkECdGohACAEIAVwIQQgA0EBayEDIAMNAAsL";

/** @param {Float32Array} samples
 * @param {number} rate
 * @param {number} to
 * @returns {Sound} */
export function resampled(samples, rate, to) {
  if (rate === to) return { length: samples.length, read: (first, last) => samples.slice(first, last) };
  const common = divisor(rate, to);
  const [up, down] = [to / common, rate / common];
  const cutoff = CUTOFF * Math.min(1, to / rate);
  const half = 4 * Math.ceil(ZEROS / cutoff / 4);
  const taps = 2 * half;
  // A row of weights for each place between two samples; behind them, what is filtered at a time.
  const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * up * taps) / PAGE) });
  const table = new Float32Array(memory.buffer);
  for (let k = 0; k < up * taps; k++) {
    const t = (k % taps) + 1 - half - Math.floor(k / taps) / up;
    const x = Math.PI * cutoff * t;
    table[k] = cutoff * (x ? Math.sin(x) / x : 1) * kaiser(t / half);
  }
  const bytes = Uint8Array.from(atob(MACHINE), (c) => c.charCodeAt(0));
  const machine = new WebAssembly.Instance(new WebAssembly.Module(bytes), { page: { memory } });
  const filter = /** @type {(...given: number[]) => void} */ (machine.exports.filter);
  return {
    length: Math.round((samples.length * to) / rate),
    read(first, last) {
      const offset = Math.floor((first * down) / up) + 1 - half;
      const end = Math.floor((last * down) / up) + 1 + half;
      const near = up * taps;
      const out = near + end - offset;
      const lacking = 4 * (out + last - first) - memory.buffer.byteLength;
      if (lacking > 0) memory.grow(Math.ceil(lacking / PAGE));
      const numbers = new Float32Array(memory.buffer);
      numbers.fill(0, near, out); // silence before and behind
      numbers.set(samples.subarray(Math.max(offset, 0), Math.min(end, samples.length)), near + Math.max(-offset, 0));
      filter(4 * near, 0, 4 * out, last - first, (first * down) % up, up, down, taps);
      return numbers.slice(out, out + last - first);
    },
  };
}

/** @type {(t: number) => number} from -1 to 1 */
const kaiser = (t) => (Math.abs(t) < 1 ? bessel(BETA * Math.sqrt(1 - t * t)) / MIDDLE : 0);

/** @type {(x: number) => number} */
const bessel = (x) => {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
};

const MIDDLE = bessel(BETA);

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
