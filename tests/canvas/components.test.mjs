import assert from "node:assert/strict";
import { test } from "node:test";

import { areaOpening } from "../../bcweb/canvas/components.js";

/** {values >= level} without 8-connected parts below minArea, the plain way. */
function filtered(values, width, height, level, minArea) {
  const mask = Array.from(values, (v) => v >= level);
  const seen = new Set();
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen.has(start)) continue;
    const part = [start];
    seen.add(start);
    for (let i = 0; i < part.length; i++) {
      const x = part[i] % width;
      const y = Math.floor(part[i] / width);
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [u, v] = [x + dx, y + dy];
          const q = v * width + u;
          if (u < 0 || v < 0 || u >= width || v >= height || !mask[q] || seen.has(q)) continue;
          seen.add(q);
          part.push(q);
        }
      }
    }
    if (part.length < minArea) for (const p of part) mask[p] = false;
  }
  return mask;
}

/** Small whole numbers without Math.random, so that a failure can be seen again. */
function* numbers(seed) {
  for (let state = seed; ; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    yield state >> 8;
  }
}

test("a single bright pixel goes, a part of three stays at the level at which it is three", () => {
  // 9 stands alone; 7 6 5 hang together: as one, two and three pixels at levels 7, 6 and 5.
  const values = Uint8Array.of(9, 0, 0, 7, 0, 0, 0, 6, 0, 0, 0, 5);
  assert.deepEqual([...areaOpening(values, 4, 3, 3)], [0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5]);
});

test("pixels that touch at a corner are one part, those at opposite edges are not", () => {
  assert.deepEqual([...areaOpening(Uint8Array.of(8, 0, 0, 8), 2, 2, 2)], [8, 0, 0, 8]);
  assert.deepEqual([...areaOpening(Uint8Array.of(8, 0, 8, 0, 0, 0), 3, 2, 2)], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...areaOpening(Uint8Array.of(0, 0, 8, 8, 0, 0), 3, 2, 2)], [0, 0, 0, 0, 0, 0]);
});

test("a smallest lesion of one pixel, or none, changes nothing", () => {
  const values = Uint8Array.of(1, 0, 255, 0);
  assert.deepEqual(areaOpening(values, 2, 2, 1), values);
  assert.deepEqual(areaOpening(values, 2, 2, 0), values);
});

for (const [width, height, top, minArea, seed] of [
  [13, 11, 6, 4, 1], [13, 11, 256, 7, 2], [30, 7, 3, 25, 3], [1, 40, 5, 3, 4], [17, 17, 2, 60, 5], [9, 9, 4, 1000, 6],
]) {
  test(`at every threshold of a ${width}x${height} map (${seed}) the parts under ${minArea} are gone and no others`, () => {
    const source = numbers(seed);
    const values = Uint8Array.from({ length: width * height }, () => source.next().value % top);
    const opened = areaOpening(values, width, height, minArea);
    for (let level = 1; level <= Math.min(top, 255); level++) {
      assert.deepEqual(Array.from(opened, (v) => v >= level), filtered(values, width, height, level, minArea));
    }
  });
}
