import assert from "node:assert/strict";
import { test } from "node:test";

import { fillHoles, isClosed, keepLargest, paintRegion, regionAt, tightBox } from "../../bcweb/canvas/edit/regions.js";

const read = (...rows) => Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
const rows = (mask, width) =>
  Array.from({ length: mask.length / width }, (_, y) => Array.from(mask.subarray(y * width, (y + 1) * width), (v) => ".#"[v]).join(""));

const RING = [
  ".......",
  ".####..",
  ".#..#..",
  ".#.##..",
  ".####..",
  ".......",
];

test("a click into a ring fills what it encloses, and no corner lets it out", () => {
  const mask = read(...RING);
  const region = regionAt(mask, 7, 6, 2, 2);
  assert.deepEqual([region.pixels, region.box, region.atEdge], [3, [2, 2, 4, 4], false]);
  paintRegion(region, mask, 7, 1);
  assert.deepEqual(rows(mask, 7), [".......", ".####..", ".####..", ".####..", ".####..", "......."]);
  const diagonal = read(".#.", "#.#", ".#.");
  assert.equal(regionAt(diagonal, 3, 3, 1, 1).pixels, 1);
});

test("parts of a mask hang together over corners", () => {
  const mask = read("##..", "..#.", "...#", "#...");
  const region = regionAt(mask, 4, 4, 0, 0);
  assert.deepEqual([region.pixels, region.box], [4, [0, 0, 4, 3]]);
});

test("a region is the same wherever in it one clicks", () => {
  const maze = read("########", "#......#", "#.####.#", "#.#..#.#", "#.##.#.#", "#....#.#", "########");
  for (let p = 0; p < maze.length; p++) {
    if (maze[p]) continue;
    assert.equal(regionAt(maze, 8, 7, p % 8, Math.floor(p / 8)).pixels, 20);
  }
});

test("what lies open to the image's border is closed only where it is at most half of the image", () => {
  const whole = regionAt(read(...RING), 7, 6, 0, 0);
  assert.equal(whole.atEdge, true);
  assert.equal(isClosed(whole, 42), false);
  // A lesion that runs out of the image on the left, drawn around.
  const cut = read("..........", "###.......", "..#.......", "..#.......", "###.......");
  const inside = regionAt(cut, 10, 5, 0, 2);
  assert.deepEqual([inside.pixels, inside.atEdge, isClosed(inside, 50)], [4, true, true]);
});

test("holes are filled in every part, notches are not", () => {
  const mask = read(
    "#####....",
    "#.#.#.###",
    "#####.#.#",
    "......###",
    "###......",
    "#.#......",
    "#.#......",
  );
  fillHoles(mask, 9, [0, 0, 9, 7]);
  assert.deepEqual(rows(mask, 9), [
    "#####....", "#####.###", "#####.###", "......###", "###......", "#.#......", "#.#......",
  ]);
});

test("an island in a hole is part of what is filled", () => {
  const mask = read(".....", ".###.", ".#.#.", ".###.", ".....");
  fillHoles(mask, 5, [1, 1, 4, 4]);
  assert.equal(mask.reduce((a, b) => a + b), 9);
});

test("the largest part stays, of equals the first", () => {
  const mask = read("##...#", "....#.", ".#....", "......");
  keepLargest(mask, 6, [0, 0, 6, 4]);
  assert.deepEqual(rows(mask, 6), ["##....", "......", "......", "......"]);
  const three = read("##...#", "....#.", "...#..", "......");
  keepLargest(three, 6, [0, 0, 6, 4]);
  assert.deepEqual(rows(three, 6), [".....#", "....#.", "...#..", "......"]);
});

test("the tight box has every painted pixel, and nothing more", () => {
  assert.deepEqual(tightBox(read(...RING), 7, [0, 0, 7, 6]), [1, 1, 5, 5]);
  assert.equal(tightBox(new Uint8Array(42), 7, [0, 0, 7, 6]), null);
  assert.equal(tightBox(new Uint8Array(42), 7, null), null);
});

test("a region of millions of pixels is found without deep recursion", () => {
  const mask = new Uint8Array(2560 * 3328);
  assert.equal(regionAt(mask, 2560, 3328, 1234, 2345).pixels, mask.length);
});
