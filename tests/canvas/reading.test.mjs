import assert from "node:assert/strict";
import { test } from "node:test";

import { Reading } from "../../bcweb/canvas/reading.js";
import { tally } from "../../bcweb/canvas/scores.js";

const INFO = {
  id: "a", name: "a", width: 4, height: 1, depth: 8, window: [0, 255], spacing: null, has_truth: true,
  segmented: true, presence: 0.9, gate: 0.35, threshold: 0.5, min_lesion_px: 1, revision: "r1",
};
const OPENED = Uint8Array.of(51, 102, 153, 204); // 0.2, 0.4, 0.6, 0.8
const MASK = Uint8Array.of(0, 0, 255, 255);

function maps() {
  return {
    prediction: { probability: OPENED, opened: OPENED, extents: new Int32Array(257 * 4), tally: tally(OPENED, MASK) },
    truth: { mask: MASK, pixels: 2, box: [2, 0, 4, 1] },
  };
}

function read(reading, info) {
  if (!reading.begin(info)) reading.scan = [{ data: OPENED, width: 4, height: 1 }];
  reading.takeMaps(maps());
}

test("the mask and its scores follow the threshold", () => {
  const reading = new Reading();
  assert.equal(reading.scores, null);
  read(reading, INFO);
  assert.equal(reading.scores.dice, 1);
  assert.equal(reading.moveThreshold(0.3), true);
  assert.equal(reading.scores.painted_px, 3);
  assert.equal(reading.scores.dice, 0.8); // 2 * 2 / (3 + 2)
});

test("a threshold stays within 0 and 1, and no number or the same one moves nothing", () => {
  const reading = new Reading();
  read(reading, INFO);
  for (const value of [0.5, Number.NaN]) assert.equal(reading.moveThreshold(value), false);
  reading.moveThreshold(7);
  assert.equal(reading.threshold, 1);
});

test("under the gate the mask is empty until it is asked for or the threshold moves", () => {
  const reading = new Reading();
  read(reading, { ...INFO, presence: 0.1 });
  assert.deepEqual([reading.gated, reading.scores.painted_px], [true, 0]);
  reading.askForMask();
  assert.deepEqual([reading.gated, reading.scores.painted_px], [false, 2]);
  assert.deepEqual(reading.underGate, { presence: 0.1, gate: 0.35 });
  reading.leaveToGate();
  assert.equal(reading.gated, true);
  reading.moveThreshold(0.7);
  assert.deepEqual([reading.gated, reading.scores.painted_px], [false, 1]);
});

test("a presence on the gate, or no gate, holds nothing back", () => {
  const reading = new Reading();
  for (const found of [{ presence: 0.35 }, { presence: 0.1, gate: null }, { presence: null }]) {
    read(reading, { ...INFO, ...found });
    assert.equal(reading.gated, false);
  }
});

test("a truth that comes later leaves threshold and scan; another answer starts at its own operating point", () => {
  const reading = new Reading();
  read(reading, { ...INFO, has_truth: false });
  const { scan } = reading;
  reading.moveThreshold(0.7);
  read(reading, INFO);
  assert.equal(reading.threshold, 0.7);
  assert.equal(reading.scan, scan);
  read(reading, { ...INFO, revision: "r2", threshold: 0.4 });
  assert.equal(reading.threshold, 0.4);
});

test("what is shown again before the maps of other weights came starts at their operating point, too", () => {
  const reading = new Reading();
  read(reading, { ...INFO, has_truth: false });
  const other = { ...INFO, revision: "r2", threshold: 0.3 };
  reading.begin({ ...other, has_truth: false });
  assert.equal(reading.revision, "r1", "those of the other weights are still on their way");
  read(reading, other);
  assert.deepEqual([reading.threshold, reading.operatingPoint, reading.revision], [0.3, 0.3, "r2"]);
});

test("another scan, or none, forgets what was there", () => {
  const reading = new Reading();
  read(reading, INFO);
  assert.equal(reading.begin({ ...INFO, id: "b" }), false);
  assert.deepEqual([reading.scan, reading.prediction, reading.revision, reading.truth], [null, null, null, null]);
  read(reading, INFO);
  reading.begin(null);
  assert.deepEqual([reading.scan, reading.scores], [null, null]);
});

test("a pixel twice as tall as wide is drawn so", () => {
  const reading = new Reading();
  read(reading, { ...INFO, spacing: [0.2, 0.1] });
  assert.deepEqual(reading.shape, { width: 4, height: 1, stretch: 2 });
});

test("what was looked at is told of the prediction that is there, not of one on its way", () => {
  const reading = new Reading();
  const box = [0, 0, 2, 1];
  read(reading, { ...INFO, looked_at: box });
  assert.deepEqual(reading.lookedAt, box);
  reading.begin({ ...INFO, revision: "r2", looked_at: [1, 0, 3, 1] });
  assert.deepEqual(reading.lookedAt, box);
  reading.takeMaps(maps());
  assert.deepEqual(reading.lookedAt, [1, 0, 3, 1]);
  reading.begin({ ...INFO, id: "b" });
  assert.equal(reading.lookedAt, null);
});

test("the layers of a scan are what they will be before its maps are there", () => {
  const reading = new Reading();
  reading.begin(INFO);
  assert.deepEqual(reading.coming, { prediction: true, truth: true, mine: null });
  reading.begin({ ...INFO, id: "b", has_truth: false });
  assert.equal(Boolean(reading.coming.truth), false);
});
