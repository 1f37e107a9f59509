import assert from "node:assert/strict";
import { test } from "node:test";

import { radiiFor, smooth } from "../../bcweb/canvas/edit/smooth.js";

const read = (...rows) => Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
const rows = (mask, width) =>
  Array.from({ length: mask.length / width }, (_, y) => Array.from(mask.subarray(y * width, (y + 1) * width), (v) => ".#"[v]).join(""));

test("a straight border stays where it is, to the image's border", () => {
  const mask = read("#####.....", "#####.....", "#####.....", "#####.....", "#####.....");
  const before = mask.slice();
  smooth(mask, 10, 5, [0, 0, 5, 5], 1);
  assert.deepEqual(mask, before);
});

test("spikes go, notches are filled, a corner is rounded", () => {
  // The means of three, three times, weigh a line's neighbours 1 3 6 7 6 3 1 (of 27). A pixel of the spike has a
  // column of 7 in the rows beside it at most; a corner pixel has (7 + 6 + 3 + 1)^2 = 289 of 729: less than half.
  const mask = read(
    "...........",
    ".....#.....",
    ".....#.....",
    "..#######..",
    "..#######..",
    "..###.###..",
    "..#######..",
    "..#######..",
    "..#######..",
    "...........",
    "...........",
  );
  smooth(mask, 11, 11, [2, 1, 9, 9], 1);
  assert.deepEqual(rows(mask, 11), [
    "...........",
    "...........",
    "...........",
    "...#####...",
    "..#######..",
    "..#######..",
    "..#######..",
    "..#######..",
    "...#####...",
    "...........",
    "...........",
  ]);
});

test("a disc keeps its size and place", () => {
  const [width, height, radius] = [120, 120, 40];
  const mask = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.hypot((i % width) + 0.5 - 60, Math.floor(i / width) + 0.5 - 60) <= radius ? 1 : 0);
  const before = mask.slice();
  smooth(mask, width, height, [20, 20, 100, 100], 2);
  const changed = mask.reduce((count, value, i) => count + (value !== before[i] ? 1 : 0), 0);
  assert.ok(changed < 0.02 * before.reduce((a, b) => a + b), `${changed} pixels changed`);
});

test("how far follows the size of the lesion, and is as far on the screen in rows as in columns", () => {
  assert.deepEqual(radiiFor(100, 1), { columns: 1, rows: 1 });
  assert.deepEqual(radiiFor(10_000, 1), { columns: 3, rows: 3 });
  assert.deepEqual(radiiFor(40_000, 1), { columns: 6, rows: 6 });
  assert.deepEqual(radiiFor(20_000, 2), { columns: 6, rows: 3 });
  assert.deepEqual(radiiFor(9e6, 1), { columns: 19, rows: 19 });
});

test("the widest smoothing stays within 32 bits: a filled image stays filled", () => {
  const mask = new Uint8Array(60 * 60).fill(1);
  smooth(mask, 60, 60, [0, 0, 60, 60], 19);
  assert.deepEqual(mask, new Uint8Array(60 * 60).fill(1));
});
