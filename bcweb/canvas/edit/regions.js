// Connected regions of a mask: what a click fills, holes, the largest part. Parts of the mask hang together
// over corners (as the server counts lesions), what lies around them does not.

import { clip } from "./tiles.js";

/** @typedef {import("../extents.js").Box} Box */
/** @typedef {{runs: number[], box: Box, pixels: number, atEdge: boolean}} Region
 *  runs: row, first column, last column + 1, of each run; atEdge: whether it reaches the image's border */

/** The pixels that hang together with one and have its value.
 * @param {Uint8Array} mask 0 or 1 @param {number} width @param {number} height
 * @param {number} x @param {number} y @param {Uint8Array} [seen] as long as the mask; its marked pixels are left
 * out, and those of the region are marked @returns {Region} */
export function regionAt(mask, width, height, x, y, seen = new Uint8Array(mask.length)) {
  const value = mask[y * width + x];
  const corner = value; // 1: over corners, too
  /** @type {number[]} */
  const runs = [];
  const stack = [x, y];
  let [left, top, right, bottom] = [x, y, x, y];
  let pixels = 0;
  while (stack.length) {
    const row = /** @type {number} */ (stack.pop());
    const start = /** @type {number} */ (stack.pop());
    const offset = row * width;
    if (seen[offset + start]) continue;
    let from = start;
    let to = start + 1;
    while (from > 0 && mask[offset + from - 1] === value && !seen[offset + from - 1]) from--;
    while (to < width && mask[offset + to] === value && !seen[offset + to]) to++;
    seen.fill(1, offset + from, offset + to);
    runs.push(row, from, to);
    pixels += to - from;
    if (from < left) left = from;
    if (to > right) right = to;
    if (row < top) top = row;
    if (row > bottom) bottom = row;
    for (const next of [row - 1, row + 1]) {
      if (next < 0 || next >= height) continue;
      const end = Math.min(to + corner, width);
      let open = false;
      for (let column = Math.max(from - corner, 0); column < end; column++) {
        const p = next * width + column;
        const more = mask[p] === value && !seen[p];
        if (more && !open) stack.push(column, next);
        open = more;
      }
    }
  }
  right = Math.max(right, x + 1);
  const atEdge = left === 0 || top === 0 || right === width || bottom === height - 1;
  return { runs, box: [left, top, right, bottom + 1], pixels, atEdge };
}

/** @param {Region} region @param {Uint8Array} mask @param {number} width @param {0 | 1} value */
export function paintRegion({ runs }, mask, width, value) {
  for (let i = 0; i < runs.length; i += 3) mask.fill(value, runs[i] * width + runs[i + 1], runs[i] * width + runs[i + 2]);
}

/** Whether a region of what is not painted is closed: it does not reach the image's border, or, where a lesion
 * runs out of the image, is at most half of it. @param {Region} region @param {number} area of the image */
export function isClosed({ atEdge, pixels }, area) {
  return !atEdge || pixels <= area / 2;
}

/** A part of a mask as an array of its own, with a margin of one pixel that is not painted.
 * @param {Uint8Array} mask @param {number} width @param {Box} box */
function cut(mask, width, [left, top, right, bottom]) {
  const w = right - left + 2;
  const h = bottom - top + 2;
  const part = new Uint8Array(w * h);
  for (let y = top; y < bottom; y++) {
    part.set(mask.subarray(y * width + left, y * width + right), (y - top + 1) * w + 1);
  }
  return { part, w, h };
}

/** Paint whatever is enclosed by what is painted. @param {Uint8Array} mask 0 or 1 @param {number} width
 * @param {Box} box around all that is painted */
export function fillHoles(mask, width, [left, top, right, bottom]) {
  const { part, w, h } = cut(mask, width, [left, top, right, bottom]);
  const outside = new Uint8Array(part.length);
  regionAt(part, w, h, 0, 0, outside);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      if (!outside[(y - top + 1) * w + x - left + 1]) mask[y * width + x] = 1;
    }
  }
}

/** Leave only the largest part; of equals the first. @param {Uint8Array} mask 0 or 1 @param {number} width
 * @param {Box} box around all that is painted */
export function keepLargest(mask, width, [left, top, right, bottom]) {
  const { part, w, h } = cut(mask, width, [left, top, right, bottom]);
  const seen = new Uint8Array(part.length);
  /** @type {Region | null} */
  let largest = null;
  for (let p = 0; p < part.length; p++) {
    if (!part[p] || seen[p]) continue;
    const region = regionAt(part, w, h, p % w, Math.floor(p / w), seen);
    if (!largest || region.pixels > largest.pixels) largest = region;
  }
  for (let y = top; y < bottom; y++) mask.fill(0, y * width + left, y * width + right);
  const runs = largest?.runs ?? [];
  for (let i = 0; i < runs.length; i += 3) {
    const row = (runs[i] - 1 + top) * width + left - 1;
    mask.fill(1, row + runs[i + 1], row + runs[i + 2]);
  }
}

/** The smallest box around what is painted. @param {Uint8Array} mask @param {number} width
 * @param {Box | null} within a box around it @returns {Box | null} */
export function tightBox(mask, width, within) {
  if (!within) return null;
  let [left, top, right, bottom] = [within[2], within[3], -1, -1];
  for (let y = within[1]; y < within[3]; y++) {
    for (let x = within[0]; x < within[2]; x++) {
      if (!mask[y * width + x]) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return clip([left, top, right, bottom], width, mask.length / width);
}
