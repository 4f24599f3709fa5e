// What figures say, outside a page.
import assert from "node:assert/strict";
import test from "node:test";
import { cellSaid, cellsOf, nextTo } from "../cells.js";
import { decimals, scale } from "../figure.js";
import { sweepSaid } from "../sweep.js";
import { rowAt, rowsAt, thresholdSaid } from "../threshold.js";
import { trackSaid, tracksOf } from "../tracks.js";

test("decimals are those of Python", () => {
  /** @type {[number, string][]} */
  const cases = [[0.125, "0.12"], [0.375, "0.38"], [0.625, "0.62"], [0.875, "0.88"], [0.745, "0.74"], [0.755, "0.76"], [1, "1.00"], [0, "0.00"]];
  for (const [value, text] of cases) assert.equal(decimals(value), text);
});

test("a scale of one value has a place", () => {
  assert.equal(scale(0, 10, 100, 200)(5), 150);
  assert.equal(scale(3, 3, 100, 200)(3), 100);
});

test("a row is named by more than its threshold", () => {
  assert.equal(rowAt([50, 30, 20], true, 50), "zerosRight");
  assert.equal(rowAt([51, 30, 19], true, 50), "right");
  assert.equal(rowAt([30, 51, 19], false, 50), "wrong");
  assert.equal(rowAt([30, 40, 30], false, 50), "zerosWrong");
  assert.equal(rowAt([45, 40, 15], true, 39), "several");
  assert.equal(rowAt([45, 40, 15], true, 40), "right");
});

test("rows are counted by the share of their leading genre", () => {
  const given = { right: [50, 30, 20, 51, 40, 9], wrong: [0, 100, 0] };
  const bins = rowsAt(given, 50);
  assert.deepEqual([bins[9], bins[10], bins[19]], [{ zerosRight: 1 }, { right: 1 }, { wrong: 1 }]);
  assert.match(thresholdSaid(bins, 50), /Of 3 rows, all zeros: 1; right: 1; a wrong genre: 1; several genres: 0\. Accuracy: 0\.33\.$/);
});

test("a cell says its slices and its tracks, and arrows lead to the next", () => {
  /** @type {import("../cells.js").Matrix} */
  const matrix = {
    rows: ["blues", "jazz"], columns: ["blues", "jazz", "rock"],
    tracks: [["a", 5, null, null], ["b", 5, "B", null]], cells: [[0, 0, 0, 4], [0, 2, 0, 1], [1, 0, 1, 2, 0, 3]],
  };
  const all = cellsOf(matrix);
  assert.deepEqual(all.map((cell) => cellSaid(matrix, cell)), [
    "blues named rightly: 4 slices of 1 track.", "blues taken for rock: 1 slice of 1 track.", "jazz taken for blues: 5 slices of 2 tracks."]);
  assert.equal(nextTo(all, all[0], "ArrowRight"), all[1]);
  assert.equal(nextTo(all, all[1], "ArrowRight"), all[1]);
  assert.equal(nextTo(all, all[1], "ArrowDown"), all[2]);
  assert.equal(nextTo(all, all[2], "ArrowUp"), all[0]);
  assert.equal(nextTo(all, all[0], "ArrowLeft"), all[0]);
});

test("one k is said with its intervals", () => {
  const lines = [{ name: "track", colour: "#000", best: 5, value: [0.5, 0.625], low: [0.4, 0.6], high: [0.6, 0.7] }];
  assert.equal(sweepSaid({ k: [1, 5], lines }, 1), "k = 5: track 0.62 (95 % interval 0.60 to 0.70).");
});

test("points belong to tracks in turn", () => {
  /** @type {import("../tracks.js").Chart} */
  const chart = { genres: [["jazz", "#000"]], points: [0, 0, 1, 1, 2, 2], tracks: [["a", null, 0, 2, 1], ["b", "B", 0, 1, 0]] };
  assert.deepEqual(tracksOf(chart), [0, 0, 1]);
  assert.equal(trackSaid(chart, 0), "a, artist not known, jazz: 2 slices. For 1 of 2 the nearest point on this map is a sibling.");
  assert.equal(trackSaid(chart, 1), "b, B, jazz: 1 slice. For 0 of 1 the nearest point on this map is a sibling.");
});
