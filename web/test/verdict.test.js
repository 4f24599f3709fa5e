// Page and package say the same: cases and answers are written by tests/web/test_front.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { listFor } from "../playlist.js";
import { rateOf, resampled } from "../resample.js";
import { gainFor, judge, patches, place, predict, survey } from "../verdict.js";

const file = process.env.GENRELIB_WEB_CASES;
const RATE = 16000;
/** @type {any} */
const given = file ? JSON.parse(readFileSync(file, "utf8")) : null;
const options = { skip: given ? false : "run by tests/web/test_front.py, which writes the cases" };

/**
 * @param {any} found
 * @param {any} expected
 * @param {string} where
 */
function same(found, expected, where) {
  if (typeof expected === "number") {
    assert.ok(Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected)),
      `${where}: ${found}, not ${expected}`);
  } else if (expected && typeof expected === "object") {
    assert.deepEqual(Object.keys(found), Object.keys(expected), where);
    for (const key of Object.keys(expected)) same(found[key], expected[key], `${where}.${key}`);
  } else {
    assert.equal(found, expected, where);
  }
}

test("a model judges embeddings as in Python", options, () => {
  assert.ok(given.judged.length >= 20);
  for (const [k, { windows, loud, start, duration, answer, plane }] of given.judged.entries()) {
    same(predict(given.model, windows, loud, start, duration), answer, `case ${k}`);
    if (plane) same(place(given.model, plane.heard), plane.point, `case ${k}, plane`);
  }
});

test("a recording is measured and cut as in Python", options, () => {
  for (const { name, samples, level, peak, patchSums, first, last } of given.recordings) {
    const sound = Float32Array.from(samples);
    const found = survey(sound, RATE, given.model.rules);
    same(found.peak, peak, `${name}, peak`);
    if (level === null) {
      assert.equal(found.level, -Infinity, name);
      assert.equal(judge(given.model, found, []).reason, "silence");
      continue;
    }
    same(found.level, level, `${name}, level`);
    const cut = patches(resampled(sound, RATE, RATE), gainFor(given.model, found), given.model.rules);
    assert.equal(cut.count, patchSums.length, `${name}, patches`);
    const all = Array.from({ length: cut.count }, (_, k) => cut.at(k));
    same(all.map((p) => p.reduce((sum, v) => sum + Math.abs(v), 0) / p.length), patchSums, name);
    same(Array.from(all[0].slice(0, 300)), first, `${name}, beginning`);
    same(Array.from(all[all.length - 1].slice(-300)), last, `${name}, end`);
  }
});

test("what is heard so far has an answer of its own", options, () => {
  const { windows } = given.judged[0];
  const patch = windows.slice(0, 2).map((/** @type {number[]} */ w) => Float32Array.from(w));
  const found = { level: -17, peak: new Array(200).fill(0.5), duration: 74.8 };
  const answer = judge(given.model, found, patch, false);
  assert.ok(Math.abs(answer.duration - 2 * 2.992) < 1e-9);
  assert.equal(judge(given.model, found, patch).duration, 74.8);
});

test("a recording is brought to the rate of the ear as soxr does", options, () => {
  for (const { rate, samples, expected } of given.resampled) {
    const sound = resampled(Float32Array.from(samples), rate, RATE);
    assert.equal(sound.length, expected.length, `${rate} Hz`);
    const all = sound.read(0, sound.length);
    const off = Math.max(...all.map((v, i) => Math.abs(v - expected[i])));
    assert.ok(off < 1e-2, `${rate} Hz: ${off}`);
    assert.deepEqual(sound.read(1000, 1100), all.slice(1000, 1100), "a part is a part");
  }
});

test("the rate of a file is read from its first bytes", options, () => {
  for (const { name, head, rate } of given.heads) {
    assert.equal(rateOf(Uint8Array.from(Buffer.from(head, "base64"))), rate, name);
  }
  assert.equal(rateOf(new Uint8Array(9)), null);
  assert.equal(rateOf(Uint8Array.from(Buffer.from("This is no song.\n".repeat(99)))), null);
});

test("a playlist is that of the package", options, () => {
  for (const { heard, length, diversity, rows, similarity } of given.lists) {
    const found = listFor(given.model, heard, length, diversity);
    assert.deepEqual(found.map(({ row }) => row), rows, `variety ${diversity}`);
    found.forEach((track, k) => assert.ok(Math.abs(track.similarity - similarity[k]) < 1e-5));
  }
});
