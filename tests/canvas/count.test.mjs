import assert from "node:assert/strict";
import { test } from "node:test";

import { Count } from "../../bcweb/canvas/edit/count.js";
import { Tiles } from "../../bcweb/canvas/edit/tiles.js";

test("painted pixels, scores and box follow what is written, and only changed boxes are counted again", () => {
  const [width, height] = [200, 130];
  const mask = new Uint8Array(width * height);
  const truth = new Uint8Array(width * height);
  for (let y = 10; y < 30; y++) truth.fill(255, y * width + 100, y * width + 140); // 800 pixels
  const count = new Count(mask, new Tiles(width, height));
  assert.equal(count.painted, 0);
  assert.equal(count.box, null);
  assert.equal(count.scores.dice, null);
  count.against({ mask: truth, pixels: 800 });
  for (let y = 10; y < 20; y++) mask.fill(1, y * width + 90, y * width + 120); // 300, 200 of them true
  count.changed([90, 10, 120, 20]);
  const { painted_px, hit, miss, falseAlarm, dice, iou, precision, recall } = count.scores;
  assert.deepEqual([painted_px, hit, miss, falseAlarm], [300, 200, 600, 100]);
  assert.deepEqual([dice, iou, precision, recall], [400 / 1100, 200 / 900, 200 / 300, 200 / 800]);
  assert.deepEqual(count.box, [64, 0, 128, 64]); // in whole tiles
  mask[129 * width + 199] = 1;
  count.changed([199, 129, 200, 130]);
  assert.equal(count.painted, 301);
  assert.deepEqual(count.box, [64, 0, 200, 130]);
  mask[5] = 1; // nobody said so
  assert.equal(count.painted, 301);
});

test("a truth that is there later, or is gone, counts from then on", () => {
  const mask = Uint8Array.of(1, 1, 0, 0);
  const count = new Count(mask, new Tiles(2, 2));
  assert.deepEqual([count.painted, count.scores.recall], [2, null]);
  count.against({ mask: Uint8Array.of(255, 0, 255, 0), pixels: 2 });
  assert.equal(count.scores.recall, 0.5);
  count.against(null);
  assert.deepEqual([count.painted, count.scores.recall], [2, null]);
});
