// A scan at full, half, quarter ... size, averaged, so that a large mammogram seen small does not shimmer.

/** @typedef {Uint8Array | Uint16Array} Pixels */
/** @typedef {{data: Pixels, width: number, height: number}} Level */

const SMALLEST = 128;

/** Half the size, each pixel the mean of four (of six or nine at an odd edge).
 * @param {Level} level @returns {Level} */
export function halve({ data, width, height }) {
  const w = Math.max(width >> 1, 1);
  const h = Math.max(height >> 1, 1);
  const half = data instanceof Uint8Array ? new Uint8Array(w * h) : new Uint16Array(w * h);
  for (let y = 0; y < h; y++) {
    const top = 2 * y;
    const bottom = y === h - 1 ? height : top + 2;
    for (let x = 0; x < w; x++) {
      const left = 2 * x;
      const right = x === w - 1 ? width : left + 2;
      let sum = 0;
      for (let j = top; j < bottom; j++) {
        for (let i = left; i < right; i++) sum += data[j * width + i];
      }
      half[y * w + x] = Math.round(sum / ((bottom - top) * (right - left)));
    }
  }
  return { data: half, width: w, height: h };
}

/** The scan itself and its halves down to about 128 pixels. @param {Level} full @returns {Level[]} */
export function pyramid(full) {
  const levels = [full];
  let last = full;
  while (Math.max(last.width, last.height) > SMALLEST && Math.min(last.width, last.height) > 1) {
    last = halve(last);
    levels.push(last);
  }
  return levels;
}

/** A part of a mask at 1/factor of its size: painted where any of the pixels under it is. The last column and
 * row take what is left over, as `halve` has it.
 * @param {Uint8Array} mask @param {number} width @param {number} height @param {number} factor 1, 2, 4 ...
 * @param {import("./extents.js").Box} box the pixels that are wanted
 * @returns {{data: Uint8Array, x: number, y: number, width: number, height: number}} place and size at that size */
export function shrink(mask, width, height, factor, [left, top, right, bottom]) {
  if (factor === 1 && right - left === width) {
    return { data: mask.subarray(top * width, bottom * width), x: 0, y: top, width, height: bottom - top };
  }
  const columns = Math.max(Math.floor(width / factor), 1);
  const rows = Math.max(Math.floor(height / factor), 1);
  const x = Math.min(Math.floor(left / factor), columns - 1);
  const y = Math.min(Math.floor(top / factor), rows - 1);
  const w = Math.min(Math.ceil(right / factor), columns) - x;
  const h = Math.min(Math.ceil(bottom / factor), rows) - y;
  const data = new Uint8Array(w * h);
  const lastOf = (/** @type {number} */ at, /** @type {number} */ count, /** @type {number} */ size) =>
    at === count - 1 ? size : (at + 1) * factor;
  for (let j = 0; j < h; j++) {
    for (let q = (y + j) * factor; q < lastOf(y + j, rows, height); q++) {
      for (let i = 0; i < w; i++) {
        const from = q * width + (x + i) * factor;
        const to = q * width + lastOf(x + i, columns, width);
        for (let p = from; p < to; p++) if (mask[p]) data[j * w + i] = 1;
      }
    }
  }
  return { data, x, y, width: w, height: h };
}
