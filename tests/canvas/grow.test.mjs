import assert from "node:assert/strict";
import { test } from "node:test";

import { boxInScan, fieldOf, grown, paintGrown, pixelOf } from "../../bcweb/canvas/edit/field.js";
import { ALIKE, EDGE, Growth, soften } from "../../bcweb/canvas/edit/grow.js";
import { pyramid } from "../../bcweb/canvas/pyramid.js";

/** Numbers that are the same in every run. */
function* numbers(seed) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state >>> 8) / 2 ** 24;
  }
}

const field = (width, height, image, probability = null, stretch = 1) => ({
  width, height, stretch, image: Float32Array.from(image), probability: probability && Float32Array.from(probability),
});
const near = (a, b) => Math.abs(a - b) < 1e-3 * Math.max(1, b);

test("on even ground the distance is the way along rows, columns and diagonals", () => {
  const growth = new Growth(field(9, 7, new Float32Array(63)), 4, 3);
  assert.equal(growth.growTo(Infinity), true);
  for (let y = 0; y < 7; y++) {
    for (let x = 0; x < 9; x++) {
      const [less, more] = [Math.abs(x - 4), Math.abs(y - 3)].sort((a, b) => a - b);
      assert.ok(near(growth.distance[y * 9 + x], more - less + less * Math.SQRT2));
    }
  }
});

test("a step over an edge costs its height, and what is unlike the clicked place costs on", () => {
  // From black to white: 1 + 100 (0 + 1) / 2 + 100; on white: 1 + 100.
  const row = [0, 0, 0, 0, 1, 1, 1];
  const growth = new Growth(field(7, 1, row), 0, 0);
  growth.growTo(Infinity);
  assert.deepEqual([ALIKE, EDGE], [100, 100]);
  assert.deepEqual([...growth.distance], [0, 1, 2, 3, 154, 255, 356]);
});

test("the probability counts as the image does, and both together", () => {
  const flat = [0, 0, 0, 0, 0, 0, 0];
  const row = [0, 0, 0, 0, 1, 1, 1];
  const byMap = new Growth(field(7, 1, flat, row), 0, 0);
  byMap.growTo(Infinity);
  assert.deepEqual([...byMap.distance], [0, 1, 2, 3, 154, 255, 356]);
  const both = new Growth(field(7, 1, row, row), 0, 0);
  both.growTo(Infinity);
  assert.deepEqual([...both.distance], [0, 1, 2, 3, 304, 505, 706]); // 1 + 50 + 50 + 100 + 100; 1 + 200
});

test("a pixel twice as tall as wide is as far as two", () => {
  const growth = new Growth(field(1, 4, [0, 0, 0, 0], null, 2), 0, 0);
  growth.growTo(Infinity);
  assert.deepEqual([...growth.distance], [0, 2, 4, 6]);
  const flat = new Growth(field(4, 1, [0, 0, 0, 0], null, 0.5), 0, 0);
  flat.growTo(Infinity);
  assert.deepEqual([...flat.distance], [0, 1, 2, 3]);
});

test("distances are the least over all paths, whether they are found at once or a few pixels at a time", () => {
  const source = numbers(5);
  const [width, height] = [23, 19];
  const image = Array.from({ length: width * height }, () => source.next().value);
  const ground = field(width, height, image, Array.from(image, () => source.next().value), 1.3);
  const growth = new Growth(ground, 11, 9);
  growth.growTo(Infinity);
  // Bellman and Ford: until nothing gets nearer.
  let mean = [0, 0];
  for (let y = 7; y <= 11; y++) {
    for (let x = 9; x <= 13; x++) mean = mean.map((sum, i) => sum + [ground.image, ground.probability][i][y * width + x] / 25);
  }
  const unlike = (p) => (ground.image[p] - mean[0]) ** 2 + (ground.probability[p] - mean[1]) ** 2;
  const least = new Float64Array(width * height).fill(Infinity);
  least[9 * width + 11] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let p = 0; p < least.length; p++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [x, y] = [(p % width) + dx, Math.floor(p / width) + dy];
          if (x < 0 || y < 0 || x >= width || y >= height || (dx === 0 && dy === 0)) continue;
          const q = y * width + x;
          const edge = Math.abs(ground.image[p] - ground.image[q]) + Math.abs(ground.probability[p] - ground.probability[q]);
          const next = least[p] + Math.hypot(dx, 1.3 * dy) * (1 + 50 * (unlike(p) + unlike(q))) + 100 * edge;
          if (next < least[q] - 1e-9) [least[q], changed] = [next, true];
        }
      }
    }
  }
  assert.ok(growth.distance.every((d, p) => near(d, least[p])));
  const slow = new Growth(ground, 11, 9);
  let calls = 1;
  while (!slow.growTo(Infinity, 10)) calls++;
  assert.ok(calls > 10);
  assert.deepEqual(slow.distance, growth.distance);
  const some = new Growth(ground, 11, 9);
  some.growOver(3);
  assert.equal(some.distance[3], growth.distance[3]);
});

test("a click alone finds a dark disc in speckle", () => {
  const source = numbers(3);
  const [width, height, radius] = [160, 140, 30];
  const inside = (p) => Math.hypot((p % width) - 70, Math.floor(p / width) - 75) <= radius;
  const image = Float32Array.from({ length: width * height }, (_, p) => (inside(p) ? 0.2 : 0.5) + (source.next().value - 0.5) * 0.3);
  const growth = new Growth(field(width, height, soften(image, width, height)), 62, 80);
  const { depth, box } = grown(growth.distance, width, height, growth.own());
  let [hit, painted] = [0, 0];
  depth.forEach((value, i) => {
    if (value < 0) return;
    const w = box[2] - box[0];
    painted++;
    if (inside((Math.floor(i / w) + box[1]) * width + (i % w) + box[0])) hit++;
  });
  const disc = image.reduce((count, _, p) => count + (inside(p) ? 1 : 0), 0);
  assert.ok((2 * hit) / (painted + disc) > 0.9, `Dice ${(2 * hit) / (painted + disc)}`);
});

test("a softened image keeps its mean, and its border", () => {
  assert.deepEqual([...soften(Float32Array.of(3, 3, 3, 3, 3, 3), 3, 2)], [3, 3, 3, 3, 3, 3]);
  const spot = new Float32Array(121);
  spot[60] = 256;
  const soft = soften(spot, 11, 11);
  assert.ok(near(soft.reduce((a, b) => a + b), 256));
  // Twice 1 4 6 4 1: its middle is 1 + 16 + 36 + 16 + 1 = 70 of 256, on each axis.
  assert.ok(near(soft[60], (256 * 70 * 70) / 256 ** 2));
});

const level = (width, height, data) => ({ data: Uint8Array.from(data), width, height });

test("the field is the part of the scan that is seen, through the scan's own window", () => {
  const scan = level(6, 4, Array.from({ length: 24 }, () => 60));
  const at = fieldOf([scan], [20, 100], Uint8Array.from({ length: 24 }, (_, p) => p), 1, [1.5, -3, 5.2, 2.9], 1);
  assert.deepEqual([at.box, at.width, at.height], [[1, 0, 6, 3], 5, 3]);
  assert.ok(at.image.every((value) => value === 0.5));
  assert.ok(near(at.probability[0], 1 / 255) && near(at.probability[5], 7 / 255));
  assert.deepEqual(pixelOf(at, { x: 1.2, y: 2.9 }), { x: 0, y: 2 });
  assert.equal(pixelOf(at, { x: 0.9, y: 1 }), null);
  assert.equal(fieldOf([scan], [20, 100], null, 1, [7, 0, 9, 9], 1), null);
});

test("a large scan seen small is grown at the resolution at which it is seen", () => {
  const levels = pyramid(level(1024, 512, new Uint8Array(1024 * 512)));
  const at = fieldOf(levels, [0, 255], null, 1, [0, 0, 1024, 512], 0.25);
  assert.deepEqual([at.width, at.height, at.wide], [256, 128, 4]);
  // Where more is seen than can be grown in time, coarser than that.
  assert.equal(fieldOf(levels, [0, 255], null, 1, [0, 0, 1024, 512], 1).width, 512);
});

/** The mask of a region of distances, as rows. */
function painted(width, height, at, distance, extent) {
  const mask = new Uint8Array(width * height);
  const region = grown(Float32Array.from(distance), at.width, at.height, extent);
  const [left, top, right, bottom] = boxInScan(at, region.box);
  const box = [Math.max(left, 0), Math.max(top, 0), Math.min(right, width), Math.min(bottom, height)];
  paintGrown(mask, width, box, at, region, 1);
  return Array.from({ length: height }, (_, y) => Array.from(mask.subarray(y * width, (y + 1) * width), (v) => ".#"[v]).join(""));
}

test("at full resolution the region is the pixels within the extent, and its holes", () => {
  const at = { width: 5, height: 5, wide: 1, end: [5, 5], box: [0, 0, 5, 5] };
  const distance = [
    9, 2, 2, 2, 9,
    2, 1, 9, 1, 9,
    2, 9, 0, 9, 9,
    2, 1, 1, 1, 2,
    9, 9, 9, 9, 9,
  ];
  assert.deepEqual(painted(5, 5, at, distance, 2), [".###.", "####.", "###..", "#####", "....."]);
  assert.deepEqual(painted(5, 5, at, distance, 0), [".....", ".....", "..#..", ".....", "....."]);
});

test("at half resolution the border lies between the middles of the field's pixels", () => {
  // Two pixels of the scan for each: middles at 1, 3, 5, 7. From depth 1 at 3 to -1 at 5: the border is at 4.
  const at = { width: 4, height: 2, wide: 2, end: [8, 4], box: [0, 0, 4, 2] };
  assert.deepEqual(painted(8, 4, at, [0, 0, 99, 99, 0, 0, 99, 99], 50), ["####....", "####....", "####....", "####...."]);
  // From 1 at 3 to -0.5 at 5: at 3 + 2 * (1 / 1.5) = 4.33; the middle of the fifth pixel, 4.5, is beyond.
  assert.deepEqual(painted(8, 4, at, [0, 0, 50.75, 99, 0, 0, 50.75, 99], 50)[0], "####....");
  // From 1 at 3 to -0.25 at 5: at 4.6.
  assert.deepEqual(painted(8, 4, at, [0, 0, 50.375, 99, 0, 0, 50.375, 99], 50)[0], "#####...");
});

test("a region of a part of the scan is painted where that part lies", () => {
  const at = { width: 2, height: 2, wide: 1, end: [5, 3], box: [3, 1, 5, 3] };
  assert.deepEqual(painted(6, 4, at, [0, 9, 1, 9], 1), ["......", "...#..", "...#..", "......"]);
});

test("seen small, a region grows to the same border on a scan of any width, and into its last columns", () => {
  const [height, from, scale] = [512, 1600, 1 / 16];
  const spans = [2048, 2047, 2033].map((width) => [1904, width].map((to) => {
    const data = new Uint8Array(width * height).fill(40);
    for (let y = 100; y < 400; y++) data.fill(200, y * width + from, y * width + to);
    const at = fieldOf(pyramid({ data, width, height }), [0, 255], null, 1, [0, 0, width, height], scale);
    const { x, y } = pixelOf(at, { x: (from + to) / 2, y: 250 });
    const growth = new Growth(at, x, y);
    growth.growTo(Infinity);
    const middle = painted(width, height, at, growth.distance, 40)[250];
    return [middle.indexOf("#") - from, middle.lastIndexOf("#") + 1 - to];
  }));
  for (const [within, last] of spans) {
    assert.ok(within.every((off, side) => Math.abs(off - spans[0][0][side]) <= 1), JSON.stringify(spans));
    assert.equal(last[1], 0, JSON.stringify(spans));
  }
});
