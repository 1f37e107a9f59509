import assert from "node:assert/strict";
import { test } from "node:test";

import { Edited, beginningWith } from "../../bcweb/canvas/edit/edited.js";
import { History } from "../../bcweb/canvas/edit/history.js";
import { Tiles, clip } from "../../bcweb/canvas/edit/tiles.js";

/** Numbers that are the same in every run. */
function* numbers(seed) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 8;
  }
}

test("tiles of 64 pixels cover an image, the last ones what is left", () => {
  const tiles = new Tiles(130, 70);
  assert.deepEqual([tiles.columns, tiles.rows, tiles.count], [3, 2, 6]);
  assert.deepEqual(tiles.box(0), [0, 0, 64, 64]);
  assert.deepEqual(tiles.box(5), [128, 64, 130, 70]);
  assert.deepEqual(tiles.under([60, 10, 65, 65]), [0, 1, 3, 4]);
  assert.deepEqual(tiles.under([64, 64, 65, 65]), [4]);
  assert.deepEqual(tiles.under([5, 5, 5, 9]), []);
  assert.deepEqual(clip([-3, 2, 7, 99], 5, 50), [0, 2, 5, 50]);
  assert.equal(clip([5, 0, 9, 9], 5, 50), null);
});

test("every step is undone and redone to the pixel, one after the other", () => {
  const [width, height] = [150, 100];
  const mask = new Uint8Array(width * height);
  const history = new History(mask, new Tiles(width, height));
  const source = numbers(1);
  const next = (n) => source.next().value % n;
  const states = [mask.slice()];
  while (states.length < 12) {
    const [left, top] = [next(width), next(height)];
    const box = clip([left, top, left + 1 + next(80), top + 1 + next(60)], width, height);
    history.keep(box);
    for (let y = box[1]; y < box[3]; y++) for (let x = box[0]; x < box[2]; x++) mask[y * width + x] = next(2);
    if (history.close()) states.push(mask.slice());
  }
  for (let i = states.length - 2; i >= 0; i--) {
    history.undo();
    assert.deepEqual(mask, states[i]);
    assert.equal(history.done, i);
  }
  assert.equal(history.canUndo, false);
  assert.equal(history.undo(), null);
  for (let i = 1; i < states.length; i++) {
    history.redo();
    assert.deepEqual(mask, states[i]);
  }
  assert.equal(history.canRedo, false);
});

test("a new step ends what could be redone; one that changes nothing is none", () => {
  const mask = new Uint8Array(64);
  const history = new History(mask, new Tiles(8, 8));
  const paint = (p, value) => {
    history.keep([p % 8, p >> 3, (p % 8) + 1, (p >> 3) + 1]);
    mask[p] = value;
    return history.close();
  };
  assert.equal(paint(3, 1), true);
  history.undo();
  assert.equal(paint(3, 0), false);
  assert.equal(history.canRedo, true);
  assert.equal(paint(9, 1), true);
  assert.equal(history.canRedo, false);
  assert.equal(history.done, 1);
});

test("what was written since the last step can be dropped", () => {
  const mask = new Uint8Array(100);
  const history = new History(mask, new Tiles(10, 10));
  history.keep([0, 0, 10, 10]);
  mask.fill(1);
  assert.deepEqual(history.drop(), [0, 0, 10, 10]);
  assert.deepEqual(mask, new Uint8Array(100));
  assert.equal(history.close(), false);
});

test("memory is bounded: the oldest steps are forgotten, the count of steps is not", () => {
  const [width, height] = [256, 256]; // 16 tiles of 512 bytes and 32 of their own
  const mask = new Uint8Array(width * height);
  const step = 16 * (512 + 32);
  const history = new History(mask, new Tiles(width, height), "", 3 * step);
  const source = numbers(2);
  for (let i = 0; i < 10; i++) {
    history.keep([0, 0, width, height]);
    for (let p = 0; p < mask.length; p++) mask[p] = (source.next().value >>> 12) & 1;
    history.close();
    assert.ok(history.bytes <= 3 * step);
  }
  assert.equal(history.done, 10);
  for (let i = 0; i < 3; i++) assert.notEqual(history.undo(), null);
  assert.equal(history.canUndo, false);
  assert.equal(history.done, 7);
});

test("a step over a whole mammogram takes at most 1.2 MB, one that empties it next to nothing", () => {
  const [width, height] = [2560, 3328];
  const mask = Uint8Array.from({ length: width * height }, (_, i) => (i * 7919) % 3 & 1);
  const history = new History(mask, new Tiles(width, height));
  history.keep([0, 0, width, height]);
  mask.fill(0);
  history.close();
  assert.ok(history.bytes < 1.2e6 && history.bytes > 1e6);
  history.keep([0, 0, width, height]);
  mask.fill(1);
  const before = history.bytes;
  history.close();
  assert.equal(history.bytes - before, 40 * 52 * 32);
});

test("an edited mask: what is not 0 is painted, and the given one stays as it is", () => {
  const given = Uint8Array.of(0, 255, 1, 0);
  const edited = new Edited(given, 2, 2, "truth");
  assert.deepEqual([...edited.mask], [0, 1, 1, 0]);
  edited.write([0, 0, 1, 1], (mask) => (mask[0] = 1));
  assert.equal(edited.close(), true);
  assert.deepEqual([...given], [0, 255, 1, 0]);
  assert.equal(edited.strokes, 1);
});

test("to begin anew is one step; undoing it brings back what it began with, too", () => {
  const edited = new Edited(Uint8Array.of(0, 0, 1, 1), 2, 2, "prediction");
  edited.replace(Uint8Array.of(255, 0, 0, 0));
  assert.equal(edited.close("truth"), true);
  assert.deepEqual([[...edited.mask], edited.beginning, edited.strokes], [[1, 0, 0, 0], "truth", 1]);
  edited.undo();
  assert.deepEqual([[...edited.mask], edited.beginning, edited.strokes], [[0, 0, 1, 1], "prediction", 0]);
  edited.redo();
  assert.deepEqual([[...edited.mask], edited.beginning], [[1, 0, 0, 0], "truth"]);
  edited.replace(Uint8Array.of(1, 0, 0, 0));
  const told = () => [edited.beginning, edited.threshold, edited.revision];
  const of = { threshold: 0.4, revision: "r" };
  assert.equal(edited.close("last", of), true); // the same mask, by another name
  assert.deepEqual(told(), ["last", null, null]);
  assert.equal(edited.close("threshold", of), true);
  assert.deepEqual(told(), ["threshold", 0.4, "r"]);
  edited.write([0, 0, 1, 1], (mask) => (mask[0] = 0));
  edited.close();
  assert.deepEqual(told(), ["threshold", 0.4, "r"]);
  assert.equal(edited.close("prediction", of), true);
  assert.deepEqual(told(), ["prediction", null, "r"]);
});

test("a mask that is added is painted besides, and told where it is less of a hand's own work", () => {
  const edited = new Edited(Uint8Array.of(0, 0, 1, 1), 2, 2, "empty");
  assert.equal(edited.add(Uint8Array.of(0, 255, 1, 0)), true);
  assert.equal(edited.close("truth"), true);
  assert.deepEqual([[...edited.mask], edited.beginning, edited.count.painted], [[0, 1, 1, 1], "truth", 3]);
  assert.equal(edited.add(Uint8Array.of(0, 1, 0, 0)), false);
  assert.equal(edited.close(), false);
  edited.undo();
  assert.deepEqual([[...edited.mask], edited.beginning], [[0, 0, 1, 1], "empty"]);
  const told = ["empty", "last", "prediction"].map((had) => ["truth", "prediction"].map((added) => beginningWith(had, added)));
  assert.deepEqual(told, [["truth", "prediction"], ["last", "prediction"], ["prediction", "prediction"]]);
});

test("what must be drawn anew is the box of what was written, until it was drawn", () => {
  const edited = new Edited(new Uint8Array(100), 10, 10, "empty");
  edited.write([2, 3, 4, 5], () => {});
  edited.write([7, 1, 20, 2], () => {});
  assert.deepEqual(edited.drawn(), [2, 1, 10, 5]);
  assert.equal(edited.drawn(), null);
  assert.equal(edited.write([20, 20, 30, 30], () => assert.fail("written outside")), false);
  assert.equal(edited.drawn(), null);
});
