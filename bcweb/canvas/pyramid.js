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
