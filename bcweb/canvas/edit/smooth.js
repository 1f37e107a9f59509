// Smoothing of a mask: every pixel becomes what the greater part of its surroundings is.
//
// The surroundings are weighed by three running means of 2r + 1 pixels, one after the other, which come close
// to a Gaussian of variance ((2r + 1)^2 - 1) / 4 (Wells, "Efficient synthesis of Gaussian filters by cascaded
// uniform filters", IEEE PAMI 8, 1986): straight borders stay where they are, and corners, spikes and notches
// are rounded alike in all directions. Past the image's border it goes on as it is at it, so that a lesion
// which runs out of the image is not rounded there. All is counted in whole numbers.

import { clip } from "./tiles.js";

/** @typedef {import("../extents.js").Box} Box */

/** (2 * 19 + 1) ** 6 is the largest that 32 bits hold. */
export const LARGEST = 19;

/** How far a mask of so many pixels is smoothed: 3% of the side of a square as large.
 * @param {number} pixels @param {number} stretch how much taller than wide one is
 * @returns {{columns: number, rows: number}} 1 to 19 each */
export function radiiFor(pixels, stretch) {
  const fit = (/** @type {number} */ radius) => Math.min(Math.max(Math.round(radius), 1), LARGEST);
  const radius = 0.03 * Math.sqrt(pixels * stretch);
  return { columns: fit(radius), rows: fit(radius / stretch) };
}

/** The sums of 2r + 1 values around each of a line's, whose ends go on as they are.
 * @param {Uint32Array} values @param {Uint32Array} sums as long @param {number} start @param {number} step
 * @param {number} count of the line @param {number} r */
function slide(values, sums, start, step, count, r) {
  const at = (/** @type {number} */ i) => values[start + Math.min(Math.max(i, 0), count - 1) * step];
  let sum = 0;
  for (let i = -r; i <= r; i++) sum += at(i);
  for (let i = 0; i < count; i++) {
    sums[start + i * step] = sum;
    sum += at(i + r + 1) - at(i - r);
  }
}

/** @param {Uint8Array} mask 0 or 1, smoothed in place @param {number} width @param {number} height
 * @param {Box} box around all that is painted @param {number} r in columns, 0..19 @param {number} rows the same in rows */
export function smooth(mask, width, height, box, r, rows = r) {
  // What is not painted needs no more of a margin than what the means reach: nothing grows that far.
  const within = clip([box[0] - 3 * r, box[1] - 3 * rows, box[2] + 3 * r, box[3] + 3 * rows], width, height);
  if (!within) return;
  const [left, top, right, bottom] = within;
  const w = right - left;
  const h = bottom - top;
  let values = new Uint32Array(w * h);
  let sums = new Uint32Array(w * h);
  for (let y = 0; y < h; y++) values.set(mask.subarray((y + top) * width + left, (y + top) * width + right), y * w);
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < h; y++) slide(values, sums, y * w, 1, w, r);
    for (let x = 0; x < w; x++) slide(sums, values, x, w, h, rows);
  }
  const half = ((2 * r + 1) * (2 * rows + 1)) ** 3 / 2;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) mask[(y + top) * width + x + left] = values[y * w + x] > half ? 1 : 0;
  }
}
