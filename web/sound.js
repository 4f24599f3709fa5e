// Files and the microphone, to mono samples at the rate that they have. What cannot be used is refused
// in a sentence that says what to do.

import { rateOf } from "./resample.js";

const LONGEST = 15 * 60; // seconds: the browser unpacks a song as a whole
const LARGEST = 60e6; // bytes of a file that does not say how long it is
const AUDIBLE = 1e-6; // mean square
const USUAL = 48000; // Hz: what else is decoded to, and long recordings of higher rates
const BLOCK = 1 << 15;
const INSTEAD = "the program genrelib classify reads more kinds of files, of any length.";

/** What is wrong with a file, and what to do. */
export class SoundError extends Error {}

/** Decode a file to mono samples. Its length is looked at first, since decoding takes all of it.
 * @param {Blob} file
 * @returns {Promise<{samples: Float32Array, rate: number}>} */
export async function decode(file) {
  if (!file.size) throw new SoundError("The file is empty. Choose another one.");
  const seconds = await secondsOf(file);
  if (seconds !== null && isFinite(seconds) ? seconds > LONGEST : file.size > LARGEST) {
    throw new SoundError(`This is longer than 15 minutes, more than a browser should unpack at once. Cut a part of it, or take the program genrelib classify, which hears any length.`);
  }
  const bytes = await file.arrayBuffer();
  const own = rateOf(new Uint8Array(bytes)) ?? USUAL;
  const head = new Uint8Array(bytes.slice(0, 1 << 20)); // since decoding takes the bytes away
  const rate = own < 8000 || (own > USUAL && (seconds ?? Infinity) > 300) ? USUAL : own;
  let buffer;
  try {
    buffer = await new OfflineAudioContext(1, 1, Math.min(rate, 192_000)).decodeAudioData(bytes);
  } catch {
    throw new SoundError(whatIsWrong(head, file.type));
  }
  if (!buffer.length) throw new SoundError("There is no sound in this file. Choose another one.");
  if (buffer.duration > LONGEST + 1) throw new SoundError("This is longer than 15 minutes. Cut a part of it.");
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
  const samples = mix(channels);
  if (!samples.every(isFinite)) {
    throw new SoundError("The file holds samples that are no numbers. Save it again from the program that made it.");
  }
  return { samples, rate: buffer.sampleRate };
}

/** Ask the browser how long a file plays; null where it cannot say.
 * @param {Blob} file
 * @returns {Promise<number|null>} */
export function secondsOf(file) {
  const audio = new Audio();
  const url = URL.createObjectURL(file);
  /** @type {Promise<number|null>} */
  const found = new Promise((resolve) => {
    audio.onloadedmetadata = () => resolve(audio.duration);
    audio.onerror = () => resolve(null);
    setTimeout(resolve, 5000, null);
  });
  audio.preload = "metadata";
  audio.src = url;
  return found.finally(() => {
    audio.removeAttribute("src");
    URL.revokeObjectURL(url);
  });
}

/** Say why a file could not be decoded.
 * @param {Uint8Array} head
 * @param {string} type */
export function whatIsWrong(head, type) {
  const text = new TextDecoder("latin1").decode(head);
  const mp4 = text.slice(4, 8) === "ftyp";
  if (mp4 && /drms|drmi|encv|enca|sinf/.test(text)) {
    return "This file is protected: only the shop's own program can play it. Choose one without protection.";
  }
  const sound = /^(RIFF|RF64|fLaC|OggS|ID3|FORM|\.snd|caff|MAC |wvpk|MPCK|\x1aE\xdf\xa3|\x30\x26\xb2\x75|\xff[\xe0-\xff])/;
  if (mp4 || sound.test(text)) {
    return `This browser cannot decode the file: its kind is unknown here, or it is damaged. Save it as MP3, WAV, FLAC or Ogg; ${INSTEAD}`;
  }
  const what = type && !type.startsWith("audio") ? ` (it looks like ${type})` : "";
  return `This is not audio that a browser knows${what}. Choose an MP3, WAV, FLAC, Ogg or M4A file; ${INSTEAD}`;
}

/** Average channels; where they cancel, take the first: genrelib.corpus.mix. The mean takes the place
 * of the first channel, since two copies of a long song are a lot.
 * @param {Float32Array[]} channels */
export function mix(channels) {
  const [whole] = channels;
  for (let start = 0; start < whole.length && channels.length > 1; start += BLOCK) {
    const first = whole.slice(start, start + BLOCK);
    const mean = new Float32Array(first.length);
    let [loud, left] = [0, 0];
    for (let i = 0; i < mean.length; i++) {
      for (const channel of channels) mean[i] += channel[start + i];
      mean[i] /= channels.length;
      loud += first[i] ** 2;
      left += mean[i] ** 2;
    }
    if (!(loud > AUDIBLE * mean.length && left < 1e-4 * loud)) whole.set(mean, start);
  }
  return whole;
}

/** Record from the microphone; the recording ends by itself, or when it is stopped.
 * @param {number} seconds
 * @param {(level: number, left: number) => void} show level from 0 to 1, and seconds left
 * @param {AbortSignal} signal
 * @returns {Promise<Blob>} */
export async function record(seconds, show, signal) {
  if (!("mediaDevices" in navigator && "MediaRecorder" in window)) throw new SoundError("There is no microphone that a page may use here. Open the book by `make serve`, or over https.");
  const processing = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: processing }).catch(() => {
    throw new SoundError("The microphone was not allowed, or there is none. Allow it in the address bar, or choose a file.");
  });
  const context = new AudioContext();
  try {
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const recorder = new MediaRecorder(stream);
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    const heard = new Float32Array(analyser.fftSize);
    const began = performance.now();
    for (let left = seconds; left > 0 && !signal.aborted; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      analyser.getFloatTimeDomainData(heard);
      left = seconds - (performance.now() - began) / 1000;
      show(Math.min(1, Math.max(...heard.map(Math.abs))), Math.max(left, 0));
    }
    recorder.stop();
    await ended;
    return new Blob(parts, { type: recorder.mimeType });
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    await context.close();
  }
}
