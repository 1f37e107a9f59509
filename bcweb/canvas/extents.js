// The box around {values >= level}, for all levels at once: a layer is drawn only where it has anything.

/** @typedef {[number, number, number, number]} Box left, top, right, bottom; right and bottom are beyond */

/** @param {Uint8Array} values row-major @param {number} width
 * @returns {Int32Array} 257 boxes of four; an empty one has right < left */
export function extents(values, width) {
  const height = values.length / width;
  const boxes = new Int32Array(257 * 4);
  for (let level = 0; level <= 256; level++) boxes.set([width, height, 0, 0], level * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (values[i] === 0) continue;
      const at = values[i] * 4;
      if (x < boxes[at]) boxes[at] = x;
      if (y < boxes[at + 1]) boxes[at + 1] = y;
      if (x >= boxes[at + 2]) boxes[at + 2] = x + 1;
      if (y >= boxes[at + 3]) boxes[at + 3] = y + 1;
    }
  }
  for (let at = 254 * 4; at > 0; at -= 4) {
    boxes[at] = Math.min(boxes[at], boxes[at + 4]);
    boxes[at + 1] = Math.min(boxes[at + 1], boxes[at + 5]);
    boxes[at + 2] = Math.max(boxes[at + 2], boxes[at + 6]);
    boxes[at + 3] = Math.max(boxes[at + 3], boxes[at + 7]);
  }
  boxes.set([0, 0, width, height]); // every pixel is at least 0
  return boxes;
}

/** @param {Int32Array} boxes of `extents` @param {number} level 0..256 @returns {Box | null} null: nothing there */
export function boxAt(boxes, level) {
  const [left, top, right, bottom] = boxes.subarray(level * 4, level * 4 + 4);
  return right > left ? [left, top, right, bottom] : null;
}

/** The box around both. @param {Box | null} a @param {Box | null} b @returns {Box | null} */
export function union(a, b) {
  if (!a || !b) return a ?? b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
