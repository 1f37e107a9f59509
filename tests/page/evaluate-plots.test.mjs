import assert from "node:assert/strict";
import { test } from "node:test";

import { BINS, bars, nearest, tick } from "../../bcweb/page/assets/evaluate-plots.js";

test("a Dice lies in the bar that begins with it, and 1 in the last", () => {
  const made = bars([0, 0.049, 0.05, 0.3, 0.6, 0.95, 1]);
  assert.equal(made.length, BINS);
  const filled = Object.fromEntries(made.filter(({ count }) => count).map(({ low, count }) => [low, count]));
  assert.deepEqual(filled, { 0: 2, 0.05: 1, 0.3: 1, 0.6: 1, 0.95: 2 });
});

test("the marks of an axis are at round numbers, five at most", () => {
  assert.deepEqual([1, 5, 6, 64, 640, 10000].map((most) => tick(most)), [0.2, 1, 2, 20, 200, 2000]);
  assert.equal(Number(tick(0.68).toPrecision(6)), 0.2);
});

test("the nearest point is meant, if one is near at all", () => {
  const places = [{ left: 0, top: 0 }, { left: 10, top: 0 }, { left: 10, top: 8 }];
  assert.equal(nearest(places, 9, 5), 2);
  assert.equal(nearest(places, 30, 30), -1);
  assert.equal(nearest([], 0, 0), -1);
});
