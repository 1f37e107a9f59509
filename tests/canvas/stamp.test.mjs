import assert from "node:assert/strict";
import { test } from "node:test";

import { clipLine } from "../../bcweb/canvas/edit/stroke.js";
import { stamp, stampBox } from "../../bcweb/canvas/edit/stamp.js";
import { clip } from "../../bcweb/canvas/edit/tiles.js";

/** Draw a line on an empty image and give it back as rows of "." and "#". */
function drawn(width, height, a, b, radius, stretch = 1, value = 1, mask = new Uint8Array(width * height)) {
  const box = clip(stampBox(a, b, radius, stretch), width, height);
  if (box) stamp(mask, width, box, a, b, radius, stretch, value);
  return rows(mask, width);
}

const rows = (mask, width) =>
  Array.from({ length: mask.length / width }, (_, y) => Array.from(mask.subarray(y * width, (y + 1) * width), (v) => ".#"[v]).join(""));

test("a click paints the pixels whose middle lies within the radius", () => {
  // Middles at 0.5, 1.5 ...; from (2.5, 2.5) the pixels at (1, 1) are 1.414 away, those at (2, 0) 2.
  const at = { x: 2.5, y: 2.5 };
  assert.deepEqual(drawn(5, 5, at, at, 1.5), [".....", ".###.", ".###.", ".###.", "....."]);
  assert.deepEqual(drawn(5, 5, at, at, 1), [".....", "..#..", ".###.", "..#..", "....."]);
  assert.deepEqual(drawn(5, 5, at, at, 2), ["..#..", ".###.", "#####", ".###.", "..#.."]);
});

test("a line is as wide everywhere, with round ends and no gaps however long it is", () => {
  assert.deepEqual(drawn(9, 3, { x: 1.5, y: 1.5 }, { x: 7.5, y: 1.5 }, 1), [".#######.", "#########", ".#######."]);
  const far = drawn(400, 7, { x: 3.5, y: 3.5 }, { x: 396.5, y: 3.5 }, 1)[3];
  assert.equal(far, ".." + "#".repeat(396) + "..");
});

test("every pixel within the radius of a slanted line is painted, and no other", () => {
  const [width, height, radius] = [40, 30, 3.3];
  const a = { x: 5.2, y: 4.1 };
  const b = { x: 33.7, y: 24.9 };
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const expected = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => {
    const t = Math.min(Math.max(((x + 0.5 - a.x) * dx + (y + 0.5 - a.y) * dy) / (dx * dx + dy * dy), 0), 1);
    return Math.hypot(x + 0.5 - a.x - t * dx, y + 0.5 - a.y - t * dy) <= radius ? "#" : ".";
  }).join(""));
  assert.deepEqual(drawn(width, height, a, b, radius), expected);
});

test("on pixels twice as tall as wide the brush is round on the screen: half as many rows as columns", () => {
  const at = { x: 4.5, y: 2.5 };
  assert.deepEqual(drawn(9, 5, at, at, 4, 2), ["....#....", ".#######.", "#########", ".#######.", "....#...."]);
});

test("a stroke is cut at the image's border", () => {
  assert.deepEqual(drawn(3, 3, { x: -5, y: 1.5 }, { x: 1.5, y: 1.5 }, 1), ["##.", "###", "##."]);
  assert.deepEqual(drawn(3, 3, { x: -9, y: -9 }, { x: -5, y: -5 }, 1), ["...", "...", "..."]);
});

test("the eraser takes away", () => {
  const at = { x: 2.5, y: 1.5 };
  assert.deepEqual(drawn(5, 3, at, at, 1, 1, 0, new Uint8Array(15).fill(1)), ["##.##", "#...#", "##.##"]);
});

test("a line is cut where it leaves what is seen", () => {
  assert.deepEqual(clipLine({ x: 5, y: 5 }, { x: 15, y: 5 }, [0, 0, 10, 10]), [{ x: 5, y: 5 }, { x: 10, y: 5 }]);
  assert.deepEqual(clipLine({ x: -10, y: 0 }, { x: 10, y: 20 }, [0, 0, 10, 10]), [{ x: 0, y: 10 }, { x: 0, y: 10 }]);
  assert.equal(clipLine({ x: -1, y: 0 }, { x: -1, y: 9 }, [0, 0, 10, 10]), null);
  assert.equal(clipLine({ x: 12, y: 0 }, { x: 20, y: 9 }, [0, 0, 10, 10]), null);
  assert.deepEqual(clipLine({ x: 3, y: 3 }, { x: 3, y: 3 }, [0, 0, 10, 10]), [{ x: 3, y: 3 }, { x: 3, y: 3 }]);
});
