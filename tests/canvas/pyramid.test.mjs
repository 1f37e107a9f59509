import assert from "node:assert/strict";
import { test } from "node:test";

import { halve, pyramid } from "../../bcweb/canvas/pyramid.js";

test("a pixel of the half is the mean of four", () => {
  const half = halve({ data: Uint8Array.of(0, 10, 20, 40, 30, 40, 60, 80), width: 4, height: 2 });
  assert.deepEqual(half, { data: Uint8Array.of(20, 50), width: 2, height: 1 });
});

test("an odd edge is shared by the last row and column", () => {
  const half = halve({ data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), width: 3, height: 3 });
  assert.deepEqual(half, { data: Uint8Array.of(5), width: 1, height: 1 });
});

test("sixteen bits stay sixteen bits, up to the brightest", () => {
  const half = halve({ data: new Uint16Array(4).fill(65535), width: 2, height: 2 });
  assert.deepEqual(half.data, Uint16Array.of(65535));
});

test("each level has the size that graphics hardware wants: halves, rounded down", () => {
  const levels = pyramid({ data: new Uint8Array(601 * 333), width: 601, height: 333 });
  assert.deepEqual(levels.map(({ width, height }) => [width, height]), [[601, 333], [300, 166], [150, 83], [75, 41]]);
});

test("a scan of one row has no halves", () => {
  assert.equal(pyramid({ data: new Uint8Array(1000), width: 1000, height: 1 }).length, 1);
});
