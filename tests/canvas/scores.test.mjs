import assert from "node:assert/strict";
import { test } from "node:test";

import { NOTHING, levelOf, scoresAt, tally } from "../../bcweb/canvas/scores.js";

const VALUES = Uint8Array.of(10, 200, 130, 90, 255, 0);
const TRUTH = Uint8Array.of(0, 255, 0, 255, 255, 0);

test("scores by hand: at level 100 two of three are hit and one pixel is painted in vain", () => {
  assert.deepEqual(scoresAt(tally(VALUES, TRUTH), 100), {
    painted_px: 3, hit: 2, miss: 1, falseAlarm: 1,
    dice: 4 / 6, iou: 2 / 4, precision: 2 / 3, recall: 2 / 3,
  });
});

test("at every level the counts are those of counting", () => {
  const counts = tally(VALUES, TRUTH);
  for (let level = 0; level <= 256; level++) {
    const scores = scoresAt(counts, level);
    const painted = [...VALUES.keys()].filter((i) => VALUES[i] >= level);
    assert.equal(scores.painted_px, painted.length);
    assert.equal(scores.hit, painted.filter((i) => TRUTH[i]).length);
    assert.equal(scores.miss, 3 - scores.hit);
  }
});

test("two empty masks agree; a share of nothing is null", () => {
  const nothing = scoresAt(tally(VALUES, new Uint8Array(6)), NOTHING);
  assert.deepEqual([nothing.dice, nothing.iou, nothing.precision, nothing.recall], [1, 1, null, null]);
  const missed = scoresAt(tally(VALUES, TRUTH), NOTHING);
  assert.deepEqual([missed.dice, missed.iou, missed.precision, missed.recall], [0, 0, null, 0]);
  const invented = scoresAt(tally(VALUES, new Uint8Array(6)), 100);
  assert.deepEqual([invented.dice, invented.iou, invented.precision, invented.recall], [0, 0, 0, null]);
});

test("without a truth the painted area is known and nothing else", () => {
  const scores = scoresAt(tally(VALUES, null), 100);
  assert.equal(scores.painted_px, 3);
  assert.deepEqual([scores.dice, scores.hit, scores.recall], [null, null, null]);
});

test("a threshold asks for the stored values at or above it", () => {
  assert.equal(levelOf(0), 0);
  assert.equal(levelOf(1), 255);
  assert.equal(levelOf(0.5), 128); // 127.5 is stored as 128, 127.49 as 127
  for (let stored = 0; stored <= 255; stored++) assert.equal(levelOf(stored / 255), stored);
});
