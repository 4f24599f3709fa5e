// The page: fills every element with the id "song" with a drop zone, and shows what was heard.

import { card, clock, csv, headline, percent, save, strip, trackName } from "./card.js";
import { make } from "./make.js";
import { playlistOf } from "./playlist.js";
import { restored, showSteps } from "./chapter.js";
import { Ear, asset } from "./ear.js";
import { SoundError, decode, record, secondsOf } from "./sound.js";

/** @typedef {import("./card.js").Result} Result */

const MOST = 50; // files at a time
const LONG = 300; // seconds
const MICROPHONE = 10; // seconds
const TRUST = "08-pretrained-ear.html#naming-the-genre-of-a-file";

/** @param {HTMLElement} root */
function mount(root) {
  const ear = new Ear();
  /** @type {AbortController|null} */
  let running = null;
  const input = /** @type {HTMLInputElement} */ (make("input", {
    type: "file", multiple: true, accept: "audio/*,video/mp4,video/webm", hidden: true,
    change: () => hearAll([...(input.files ?? [])]),
  }));
  const status = make("p", { role: "status", "aria-live": "polite", class: "song-status" });
  const meter = /** @type {HTMLProgressElement} */ (make("progress", { max: 1, value: 0, "aria-label": "Progress", hidden: true }));
  const cancel = make("button", { type: "button", hidden: true, click: () => running?.abort(new SoundError("Stopped.")) }, "Cancel");
  const live = make("div", { class: "song-live", "aria-hidden": "true" });
  const results = make("div", { class: "song-results" });
  const zone = make("div", { class: "song-drop" },
    make("p", { class: "song-invitation" }, "Drop a song here, and hear what it is called."),
    make("p", {}, "It is heard in this page and never leaves your computer. Up to 50 files at a time."),
    make("p", { class: "song-row" },
      make("button", { type: "button", class: "song-main", click: () => input.click() }, "Choose files"),
      make("button", { type: "button", click: () => microphone() }, `Record ${MICROPHONE} seconds`)),
    make("p", { class: "song-row song-examples" }, "No song at hand? Try: ",
      ...SITE.examples.map((item) => make("button", { type: "button", click: () => example(item) }, item.title))));
  root.replaceChildren(zone, input, make("div", { class: "song-row" }, meter, cancel), status, live, results);
  root.classList.add("song");

  // A file that misses the zone must not make the browser leave the page.
  for (const kind of ["dragover", "drop", "dragleave"]) {
    document.addEventListener(kind, (event) => {
      const { dataTransfer } = /** @type {DragEvent} */ (event);
      if (!dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.toggle("song-over", kind === "dragover");
      if (kind === "drop") hearAll([...dataTransfer.files]);
    });
  }

  /** @param {string} text */
  const say = (text) => {
    status.classList.remove("song-unseen");
    status.textContent = text;
  };

  /** Do something that takes a while and can be cancelled, one such thing at a time.
   * @param {(signal: AbortSignal) => Promise<void>} work */
  async function busy(work) {
    if (running) return say("One moment: the last song is still being heard. You can cancel it.");
    running = new AbortController();
    results.replaceChildren();
    meter.hidden = cancel.hidden = false;
    root.setAttribute("aria-busy", "true");
    try {
      await work(running.signal);
    } catch (error) {
      say(sentence(error));
    } finally {
      running = null;
      meter.hidden = cancel.hidden = true;
      root.removeAttribute("aria-busy");
      live.replaceChildren();
    }
  }

  /** @param {{name: string, title: string, by: string, source: string, licence: string}} item */
  const example = (item) => busy(async (signal) => {
    const file = new File([await asset(item.name)], `${item.title}.mp3`, { type: "audio/mpeg" });
    await hearFiles([file], signal);
    results.prepend(make("p", { class: "song-source" }, `${item.title}, by ${item.by}, an excerpt. `,
      make("a", { href: item.source }, "Source"), `, ${item.licence}.`));
  });

  const microphone = () => busy(async (signal) => {
    say("Listening to the microphone.");
    const blob = await record(MICROPHONE, (level, left) => {
      meter.value = level;
      live.textContent = `${Math.ceil(left)} s left`;
    }, signal);
    live.textContent = "";
    signal.throwIfAborted();
    await hearFiles([new File([blob], "microphone", { type: blob.type })], signal);
  });

  /** @param {File[]} files */
  const hearAll = (files) => busy(async (signal) => {
    input.value = "";
    if (files.length > MOST) throw new SoundError(`These are ${files.length} files. Drop at most ${MOST} at a time.`);
    if (files.length) await hearFiles(files, signal);
  });

  /** @param {File[]} files
   * @param {AbortSignal} signal */
  async function hearFiles(files, signal) {
    meter.value = 0;
    say("Loading the ear.");
    // While the ear is on its way, the first file is unpacked; a long one before, to spare memory.
    const load = () => ear.load((share) => (meter.value = share));
    if (!(Number(await secondsOf(files[0])) > LONG)) load().catch(() => {}); // awaited below
    /** @type {Result[]} */
    const found = [];
    for (const file of files) {
      const result = await hearOne(file, files.length === 1, signal);
      found.push(result);
      if (files.length > 1) {
        meter.value = found.length / files.length;
        say(`${found.length} of ${files.length} files heard.`);
      }
    }
    if (!ear.model) await load(); // all files had faults
    finish(found);
  }

  /** @param {File} file
   * @param {boolean} alone
   * @param {AbortSignal} signal
   * @returns {Promise<Result>} */
  async function hearOne(file, alone, signal) {
    try {
      const { samples, rate } = await decode(file);
      const duration = samples.length / rate;
      await ear.load();
      const model = /** @type {import("./verdict.js").Model} */ (ear.model);
      if (alone) say("Listening.");
      const heard = await ear.hear(samples, rate, (done, answer) => {
        if (!alone) return;
        meter.value = done;
        live.replaceChildren(make("p", { class: "song-genre" }, headline(model, answer)), strip(model, answer, duration));
      }, signal);
      return { file: file.name, error: null, ...heard };
    } catch (error) {
      if (signal.aborted) throw error;
      return { file: file.name, error: sentence(error), answer: null };
    }
  }

  /** @param {Result[]} found */
  function finish(found) {
    const model = ear.model;
    const [first] = found;
    if (found.length > 1) {
      say(`${found.length} files heard; ${found.filter((r) => r.answer?.genre).length} have a genre, ${found.filter((r) => r.error).length} cannot be used.`);
      results.replaceChildren(table(/** @type {any} */ (model), found, (result) => display(result)));
    } else if (first.answer && model) {
      say(`${first.file}: ${headline(model, first.answer)}.`);
      status.classList.add("song-unseen"); // the card says it, too
      results.replaceChildren(card(model, first, link(TRUST)));
      if (first.steps) results.append(playlistOf(model, first.steps.heard));
      showSteps(model, first);
    } else say(`${first.file}: ${first.error}`);
  }

  /** @param {Result} result one of several */
  function display(result) {
    const model = /** @type {any} */ (ear.model);
    results.querySelector(".song-card")?.remove();
    const shown = card(model, result, link(TRUST));
    results.append(shown);
    shown.tabIndex = -1;
    shown.focus();
    showSteps(model, result);
  }
}

/** Lay several results out as a table that can be sorted and saved.
 * @param {import("./verdict.js").Model} model
 * @param {Result[]} found
 * @param {(result: Result) => void} open */
function table(model, found, open) {
  /** @type {[string, (r: Result) => string|number, (r: Result) => string|Node][]} */
  const columns = [
    ["file", (r) => r.file.toLowerCase(), (r) => r.answer ? make("button", { type: "button", class: "song-name", click: () => open(r) }, r.file) : r.file],
    ["genre", (r) => r.answer?.genre ?? `~${r.answer?.reason ?? "error"}`, (r) => r.error ?? r.answer?.genre ?? `none of these: ${r.answer?.reason}`],
    ["probability", (r) => r.answer?.genre ? -r.answer.probabilities[r.answer.genre] : 1, (r) => r.answer?.genre ? percent(r.answer.probabilities[r.answer.genre]) : ""],
    ["length", (r) => r.answer?.duration ?? 0, (r) => r.answer ? clock(r.answer.duration) : ""],
    ["most like", (r) => r.answer?.nearest[0] ? trackName(r.answer.nearest[0]) : "~", (r) => r.answer?.nearest[0] ? trackName(r.answer.nearest[0]) : ""],
  ];
  const body = make("tbody");
  const heads = columns.map(([name, key], k) => {
    const head = make("th", { scope: "col" }, make("button", { type: "button", click: () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sorted = [...found].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (up ? 1 : -1));
      fill(sorted);
    } }, name));
    return head;
  });
  /** @param {Result[]} results */
  const fill = (results) => body.replaceChildren(...results.map((r) =>
    make("tr", {}, ...columns.map(([, , show], k) => make(k ? "td" : "th", k ? {} : { scope: "row" }, show(r))))));
  fill(found);
  const download = () => save("genres.csv", new Blob([csv(found, model.card.genres)], { type: "text/csv" }));
  return make("div", {},
    make("div", { class: "song-table", tabindex: 0, role: "region", "aria-label": "What was heard" },
      make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body)),
    make("p", { class: "song-row" }, make("button", { type: "button", click: download }, "Save as CSV")));
}

/** @param {unknown} error */
function sentence(error) {
  if (error instanceof SoundError) return error.message;
  return `This did not work: ${error instanceof Error ? error.message : error}. Load the page again, or take the program genrelib classify.`;
}

/** @param {string} page */
function link(page) {
  return new URL(page, location.href).href;
}

const root = document.getElementById("song");
if (root) mount(root);
restored();
