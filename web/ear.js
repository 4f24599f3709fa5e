// What is loaded with the first song: the runtime, the ear and the model, from the site itself.
// Opened from a disk, a page may not fetch; then the same bytes come as scripts.

/** @typedef {{answer: import("./verdict.js").Answer, steps: import("./worker.js").Steps|null}} Heard */

const IDLE = 60_000; // milliseconds after which the memory of the ear is given back
const BASE = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);
/** @type {Map<string, (bytes: string) => void>} */
const waiting = new Map();
/** @type {any} */ (window).genreSong = (/** @type {string} */ name, /** @type {string} */ bytes) =>
  waiting.get(name)?.(bytes);

/** Get a file of the site, unpacked.
 * @param {string} name
 * @param {(bytes: number) => void} [arrived] told how many bytes have come
 * @returns {Promise<ArrayBuffer>} */
export async function asset(name, arrived = () => {}) {
  /** @type {BlobPart[]} */
  const parts = [];
  if (location.protocol === "file:") {
    parts.push(Uint8Array.from(atob(await fromScript(name)), (c) => c.charCodeAt(0)));
    arrived(/** @type {Uint8Array} */ (parts[0]).length);
  } else {
    const answer = await fetch(new URL(`${name}.bin`, BASE));
    if (!answer.ok || !answer.body) throw new Error(`${name}.bin is missing from the site`);
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      arrived(part.value.length);
    }
  }
  const packed = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(packed).arrayBuffer();
}

/** @param {string} name
 * @returns {Promise<string>} */
function fromScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    waiting.set(name, resolve);
    script.src = new URL(`${name}.js`, BASE).href;
    script.onerror = () => reject(new Error(`${name}.js is missing from the site`));
    script.onload = () => script.remove();
    document.head.append(script);
  });
}

/** The ear: loads itself when it is first asked, and hears one recording after the other. */
export class Ear {
  /** @type {import("./verdict.js").Model|null} */
  model = null;
  /** @type {Promise<Worker>|null} */
  ready = null;
  /** @type {Map<number, (message: any) => void>} */
  listeners = new Map();
  next = 0;
  idle = 0;

  /** Load what is needed, once.
   * @param {(share: number) => void} [show] */
  load(show = () => {}) {
    clearTimeout(this.idle);
    this.ready ??= this.start(show).catch((error) => {
      this.ready = null;
      throw error;
    });
    return this.ready;
  }

  /** @param {(share: number) => void} show */
  async start(show) {
    let bytes = 0;
    const total = SITE.assets.reduce((sum, [, size]) => sum + size, 0);
    const loaded = await Promise.all(
      SITE.assets.map(([name]) => asset(name, (more) => show((bytes += more) / total))),
    );
    const [script, runtime, glue, machine, ear, text] = loaded;
    const model = JSON.parse(new TextDecoder().decode(text));
    this.model = model;
    const code = (/** @type {ArrayBuffer} */ bytes, type = "text/javascript") => new Blob([bytes], { type });
    const worker = new Worker(URL.createObjectURL(code(script)));
    worker.onmessage = ({ data }) => this.listeners.get(data.id)?.(data);
    worker.onerror = (event) => this.listeners.forEach((tell) => tell({ error: event.message }));
    const given = { runtime: code(runtime), glue: code(glue), machine: code(machine, "application/wasm"), ear, model };
    await new Promise((resolve, reject) => {
      this.listeners.set(-1, (message) => (message.error ? reject(new Error(message.error)) : resolve(null)));
      worker.postMessage({ load: given }, [ear]);
    });
    return worker;
  }

  /** Hear a recording; its samples are gone afterwards.
   * @param {Float32Array} samples
   * @param {number} rate
   * @param {(done: number, answer: import("./verdict.js").Answer) => void} show
   * @param {AbortSignal} signal
   * @returns {Promise<Heard>} */
  async hear(samples, rate, show, signal) {
    const worker = await this.load();
    const id = this.next++;
    const stop = () => worker.postMessage({ cancel: id });
    try {
      return await new Promise((resolve, reject) => {
        this.listeners.set(id, (message) => {
          if (message.error) reject(new Error(message.error));
          else if (message.cancelled) reject(signal.reason);
          else if (message.done === 1) resolve(message);
          else show(message.done, message.answer);
        });
        signal.throwIfAborted();
        signal.addEventListener("abort", stop);
        worker.postMessage({ hear: id, samples, rate }, [samples.buffer]);
      });
    } finally {
      this.listeners.delete(id);
      signal.removeEventListener("abort", stop);
      this.idle = window.setTimeout(() => this.rest(), IDLE);
    }
  }

  /** Give the memory back; the next song loads what the browser has kept. */
  async rest() {
    const worker = await this.ready;
    this.ready = null;
    worker?.terminate();
  }
}
