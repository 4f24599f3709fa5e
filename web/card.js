// An answer for people: a card, the same as a picture, and for programs as JSON and CSV.

import { make } from "./make.js";
import { lengthOf } from "./verdict.js";

/** What is known of one file: an answer, or what is wrong with it.
 * @typedef {{file: string, error: string|null, answer: Answer|null,
 *   steps?: import("./worker.js").Steps|null}} Result
 * @typedef {import("./verdict.js").Model} Model
 * @typedef {import("./verdict.js").Answer} Answer */

const FIELDS = ["file", "error", "genre", "reason", "probability", "duration", "familiarity", "music",
  "note", "probabilities", "course", "nearest"];
const SHOWN = 5; // genres
const FEW = 30; // recordings, below which a share is not quoted

/** @type {(share: number) => string} */
export const percent = (share) => (share > 0 && share < 0.01 ? "under 1\u00a0%" : `${Math.round(100 * share)}\u00a0%`);

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** @param {Model} model
 * @param {Answer} answer */
export function headline(model, answer) {
  if (answer.genre) return `${answer.genre}, ${percent(answer.probabilities[answer.genre])}`;
  return `none of these: ${model.rules.reasons[String(answer.reason)]}`;
}

/** @param {import("./verdict.js").Neighbour} track */
export function trackName(track) {
  const known = [track.artist, track.title].filter(Boolean).join(": ");
  return `${known || track.track_id} (${track.genre})`;
}

/** Say how far such answers are to be trusted, from the card of the model.
 * @param {Model} model
 * @param {Answer} answer */
export function honest(model, answer) {
  const length = model.rules.lengths[lengthOf(model.rules, answer.duration)];
  const found = model.card.scores.artist?.[`${length} s`];
  const opinion = "A genre is an opinion: others file the same song elsewhere, and may be right.";
  if (!found) return opinion;
  const { value, low, high } = found.accuracy;
  const all = `Of recordings of ${length} seconds by artists that it did not know, it gave ${percent(value)} the genre that they are filed under (95 % interval: ${percent(low)} to ${percent(high)}).`;
  if (!answer.genre) return `${all} What is none of its ten genres it can only refuse. ${opinion}`;
  const sure = answer.probabilities[answer.genre];
  const bin = found.reliability.find((/** @type {any} */ b) => sure >= b.from && sure < b.to);
  const such = bin && bin.n >= FEW
    ? ` Of those about which it was as sure as here, ${percent(bin.accuracy)} (${percent(bin.low)} to ${percent(bin.high)}).` : "";
  return `${all}${such} ${opinion}`;
}

/** Lay an answer out as \`genrelib classify --json\` does.
 * @param {Result} result */
export function fields(result) {
  const { answer } = result;
  /** @type {any} */
  const values = {
    ...(answer ?? { probabilities: {}, course: [], nearest: [] }),
    ...{ file: result.file, error: result.error },
    probability: answer && (answer.genre ? answer.probabilities[answer.genre] : 0),
  };
  return Object.fromEntries(
    FIELDS.map((name) => [name, rounded(values[name] ?? null, name === "duration" ? 3 : 4)]),
  );
}

/** @param {any} value
 * @param {number} digits
 * @returns {any} */
function rounded(value, digits) {
  if (typeof value === "number") return Number(value.toFixed(digits));
  if (Array.isArray(value)) return value.map((item) => rounded(item, digits));
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, v]) =>
    [name, rounded(v, name === "start" || name === "end" ? 3 : digits)]));
}

/** Lay answers out as \`genrelib classify --csv\` does.
 * @param {Result[]} results
 * @param {string[]} genres */
export function csv(results, genres) {
  const columns = [...genres].sort();
  const rows = results.map((result) => {
    const found = fields(result);
    const near = [0, 1, 2].map((k) => found.nearest[k] && trackName(found.nearest[k]));
    return [...FIELDS.slice(0, 9).map((name) => found[name]), ...near, ...columns.map((g) => found.probabilities[g])];
  });
  const head = [...FIELDS.slice(0, 9), "nearest_1", "nearest_2", "nearest_3", ...columns.map((g) => `p_${g}`)];
  const quoted = (/** @type {any} */ value) => {
    const text = String(value ?? "");
    // A name that begins like a formula is text for a spreadsheet, too.
    const safe = typeof value === "string" && /^[=+\-@]/.test(text) ? `'${text}` : text;
    return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => row.map(quoted).join(",") + "\n").join("");
}

/** Offer something to be saved.
 * @param {string} name
 * @param {Blob} content */
export function save(name, content) {
  const url = URL.createObjectURL(content);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Draw the course: a strip of colours, and the same in words.
 * @param {Model} model
 * @param {Answer} answer
 * @param {number} duration of the whole, of which less may have been heard */
export function strip(model, answer, duration) {
  const words = answer.course.map((s) => `${clock(s.start)} ${s.genre ?? s.reason}`);
  const parts = answer.course.map((s) => make("span", {
    style: `flex: ${s.end - s.start}; background: ${s.genre ? model.colours[s.genre] : "var(--song-none)"}`,
    title: `${clock(s.start)} to ${clock(s.end)}: ${s.genre ? `${s.genre}, ${percent(s.probability)}` : s.reason}`,
  }));
  const rest = Math.max(duration - answer.duration, 0);
  return make("div", { class: "song-course" },
    make("div", { class: "song-strip", "aria-hidden": "true" }, ...parts,
      rest > 0 && make("span", { class: "song-rest", style: `flex: ${rest}` })),
    make("p", {}, `Over time: ${words.slice(0, 12).join(", ")}${words.length > 12 ? ` and ${words.length - 12} more` : ""}.`));
}

/** @param {Model} model
 * @param {Result} result with an answer
 * @param {string} chapter address of the chapter that explains it */
export function card(model, result, chapter) {
  const answer = /** @type {Answer} */ (result.answer);
  const shares = Object.entries(answer.probabilities).slice(0, SHOWN);
  const named = result.file.replace(/\.[^.]+$/, "");
  const png = async () => save(`${named}.png`, await picture(model, result));
  const json = () => save(`${named}.json`, new Blob([JSON.stringify(fields(result)) + "\n"], { type: "application/json" }));
  const twin = answer.nearest[0]?.similarity >= model.rules.alike;
  return make("div", { class: "song-card" },
    make("p", { class: "song-file" }, `${result.file}, ${clock(answer.duration)}`),
    make("p", { class: "song-genre" }, headline(model, answer)),
    shares.length > 0 && make("table", { class: "song-bars" },
      make("caption", {}, answer.genre ? "Probability of each genre" : "Probabilities, if it were one of them all the same"),
      make("tbody", {}, ...shares.map(([genre, p]) => make("tr", {},
        make("th", { scope: "row" }, genre),
        make("td", { class: "song-bar" }, make("span", { style: `width: ${100 * p}%; background: ${model.colours[genre]}` })),
        make("td", {}, percent(p)))))),
    answer.course.length > 1 && strip(model, answer, answer.duration),
    answer.nearest.length > 0 && make("p", {}, `Most like, of the ${model.card.tracks.length} tracks that it knows: ${answer.nearest.map(trackName).join("; ")}.${twin ? " The first is so similar that it may be this very recording." : ""}`),
    answer.nearest.length > 0 && make("p", {}, `As strange as this, or stranger: ${percent(answer.familiarity)} of recordings by artists that it did not know.`),
    make("p", { class: "song-honest" }, honest(model, answer), " ", make("a", { href: chapter }, "How far to trust it"), "."),
    make("p", { class: "song-row" },
      make("button", { type: "button", click: png }, "Save as picture"),
      make("button", { type: "button", click: json }, "Save as JSON")));
}

/** Draw the card as a picture.
 * @param {Model} model
 * @param {Result} result
 * @returns {Promise<Blob>} */
export function picture(model, result) {
  const answer = /** @type {Answer} */ (result.answer);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1200, 800];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = (/** @type {number} */ size, weight = 400) => (pen.font = `${weight} ${size}px system-ui, sans-serif`);
  let y = 80;
  const write = (/** @type {string} */ text, /** @type {number} */ size, weight = 400) => {
    font(size, weight);
    let line = "";
    for (const word of `${text} \n`.split(" ")) {
      if (word === "\n" || pen.measureText(`${line} ${word}`).width > 1080) {
        pen.fillText(line, 60, y, 1080);
        y += 1.4 * size;
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
  };
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 1200, 800);
  pen.fillStyle = "#222";
  write(`${result.file}, ${clock(answer.duration)}`, 26);
  y += 30;
  write(headline(model, answer), 54, 700);
  for (const [genre, p] of Object.entries(answer.probabilities).slice(0, SHOWN)) {
    font(26);
    pen.fillText(genre, 60, y);
    pen.fillText(percent(p), 1000, y);
    pen.fillStyle = model.colours[genre];
    pen.fillRect(230, y - 20, Math.max(740 * p, 2), 22);
    pen.fillStyle = "#222";
    y += 42;
  }
  for (const s of answer.course) {
    pen.fillStyle = s.genre ? model.colours[s.genre] : "#ccc";
    pen.fillRect(60 + (1080 * s.start) / answer.duration, y, (1080 * (s.end - s.start)) / answer.duration, 20);
  }
  pen.fillStyle = "#222";
  y += 64;
  if (answer.nearest.length) write(`Most like: ${answer.nearest.map(trackName).join("; ")}`, 22);
  y += 10;
  write(honest(model, answer), 20);
  pen.fillText("Genre, Measured", 60, 775);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob))));
}
