import assert from "node:assert/strict";
import { test } from "node:test";

import { boxAt, extents, union } from "../../bcweb/canvas/extents.js";

// 0 9 0 0
// 0 0 5 0
const BOXES = extents(Uint8Array.of(0, 9, 0, 0, 0, 0, 5, 0), 4);

test("the box grows as the level falls, and holds all at level 0", () => {
  assert.equal(boxAt(BOXES, 256), null);
  assert.equal(boxAt(BOXES, 10), null);
  assert.deepEqual(boxAt(BOXES, 9), [1, 0, 2, 1]);
  assert.deepEqual(boxAt(BOXES, 6), [1, 0, 2, 1]);
  assert.deepEqual(boxAt(BOXES, 5), [1, 0, 3, 2]);
  assert.deepEqual(boxAt(BOXES, 1), [1, 0, 3, 2]);
  assert.deepEqual(boxAt(BOXES, 0), [0, 0, 4, 2]);
});

test("a value of 255 counts at level 255", () => {
  assert.deepEqual(boxAt(extents(Uint8Array.of(0, 255), 2), 255), [1, 0, 2, 1]);
});

test("the box around nothing and something is the something's", () => {
  assert.equal(union(null, null), null);
  assert.deepEqual(union([1, 2, 3, 4], null), [1, 2, 3, 4]);
  assert.deepEqual(union([1, 2, 3, 4], [0, 3, 2, 9]), [0, 2, 3, 9]);
});
