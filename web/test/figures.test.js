// What figures say, outside a page.
import assert from "node:assert/strict";
import test from "node:test";
import { decimals, scale } from "../figure.js";
import { rowAt, rowsAt, thresholdSaid } from "../threshold.js";

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
