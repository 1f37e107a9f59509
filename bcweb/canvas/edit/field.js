// The part of a scan that a pane shows, at about the resolution at which it shows it: what a region grows in, and
// how such a region becomes pixels of the mask. So its precision follows the zoom, a click on a large mammogram is
// as quick as on a small ultrasound, and nothing grows where nobody looks.

import { pyramidLevel } from "../view.js";
import { soften } from "./grow.js";
import { regionAt } from "./regions.js";

/** @typedef {import("../extents.js").Box} Box */
/** @typedef {import("../pyramid.js").Level} Level */
/** @typedef {import("./grow.js").Field} Field */

/** Pixels of a field: a coarser level is taken where more are seen. */
const MOST = 300_000;

/** Distances are taken as even over one step of plain ground; a sharp edge is midway between its pixels. */
const STEP = 1.5;

/** @typedef {object} Place where a field lies in the scan
 * @property {Box} box in pixels of the field's level
 * @property {number} wide columns, and rows, of the scan per pixel of the field; a level's last ones take what is left over
 * @property {[number, number]} end of the field, in pixels of the scan
 */

/** @param {Level[]} levels the scan and its halves @param {[number, number]} window the scan's own
 * @param {Uint8Array | null} probability of the whole scan, round(255 p) @param {number} stretch of the scan
 * @param {Box} seen in pixels of the scan @param {number} scale device pixels per column
 * @returns {(Field & Place) | null} null where nothing of the scan is seen */
export function fieldOf(levels, [low, high], probability, stretch, seen, scale) {
  const whole = levels[0];
  for (let i = pyramidLevel(scale, levels.length); i < levels.length; i++) {
    const level = levels[i];
    const wide = 2 ** i;
    const left = Math.max(Math.floor(seen[0] / wide), 0);
    const top = Math.max(Math.floor(seen[1] / wide), 0);
    const right = Math.min(Math.ceil(seen[2] / wide), level.width);
    const bottom = Math.min(Math.ceil(seen[3] / wide), level.height);
    const width = right - left;
    const height = bottom - top;
    if (width <= 0 || height <= 0) return null;
    if (width * height > MOST && i < levels.length - 1) continue;
    const image = new Float32Array(width * height);
    const p = probability && new Float32Array(width * height);
    for (let y = 0, at = 0; y < height; y++) {
      const row = Math.floor((y + top + 0.5) * wide) * whole.width;
      for (let x = 0; x < width; x++, at++) {
        const value = (level.data[(y + top) * level.width + x + left] - low) / (high - low);
        image[at] = Math.min(Math.max(value, 0), 1);
        if (p && probability) p[at] = probability[row + Math.floor((x + left + 0.5) * wide)] / 255;
      }
    }
    return {
      image: soften(image, width, height), probability: p, width, height, stretch, box: [left, top, right, bottom], wide,
      end: [right === level.width ? whole.width : right * wide, bottom === level.height ? whole.height : bottom * wide],
    };
  }
  return null;
}

/** The pixel of a field under a point of the scan; null outside. @param {Field & Place} field
 * @param {import("./stamp.js").Point} point @returns {{x: number, y: number} | null} */
export function pixelOf({ box, wide, end, width, height }, point) {
  const x = Math.floor(point.x / wide) - box[0];
  const y = Math.floor(point.y / wide) - box[1];
  if (x < 0 || y < 0 || point.x >= end[0] || point.y >= end[1]) return null;
  return { x: Math.min(x, width - 1), y: Math.min(y, height - 1) };
}

/** @typedef {{depth: Float32Array, box: Box}} Grown a part of a field (box, in its pixels, right and bottom beyond), and
 *  how far inside of the region each pixel is: 0..1 inside, 1 in its holes, negative outside; all of its border is */

/** The region {distance <= extent} with its holes filled. @param {Float32Array} distance of a field, finite beside
 * the region @param {number} width @param {number} height @param {number} extent @returns {Grown | null} null: empty */
export function grown(distance, width, height, extent) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (distance[y * width + x] > extent) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  if (right < 0) return null;
  // With a margin, so that what lies around is one region.
  const w = right - left + 3;
  const h = bottom - top + 3;
  const depth = new Float32Array(w * h).fill(-1);
  const inside = new Uint8Array(w * h);
  for (let y = top - 1; y <= bottom + 1; y++) {
    for (let x = left - 1; x <= right + 1; x++) {
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = (y - top + 1) * w + x - left + 1;
      depth[at] = Math.min(Math.max((extent - distance[y * width + x]) / STEP, -1), 1);
      inside[at] = depth[at] >= 0 ? 1 : 0;
    }
  }
  const around = new Uint8Array(w * h);
  regionAt(inside, w, h, 0, 0, around);
  for (let i = 0; i < depth.length; i++) if (!inside[i] && !around[i]) depth[i] = 1;
  return { depth, box: [left - 1, top - 1, right + 2, bottom + 2] };
}

/** The pixels of the scan that a part of a field touches. @param {Place} place @param {Box} part in the field's pixels;
 * what is beyond the field is left out @returns {Box} */
export function boxInScan({ box, wide, end }, [left, top, right, bottom]) {
  return [
    (box[0] + Math.max(left, 0)) * wide, (box[1] + Math.max(top, 0)) * wide,
    box[0] + right < box[2] ? (box[0] + right) * wide : end[0],
    box[1] + bottom < box[3] ? (box[1] + bottom) * wide : end[1],
  ];
}

/** Paint a region: the pixels of the scan whose middle has a depth of 0 or more, taken as even between the middles of
 * the field's pixels. Past the field's border it goes on as it is at it.
 * @param {Uint8Array} mask @param {number} columns of the scan @param {Box} within where it may write
 * @param {Field & Place} field @param {Grown} region @param {0 | 1} value */
export function paintGrown(mask, columns, [left, top, right, bottom], field, { depth, box }, value) {
  const { wide, width, height } = field;
  const w = box[2] - box[0];
  // Of a row and a column of the field, the nearest there are, in the part.
  const rowOf = (/** @type {number} */ j) => (Math.min(Math.max(j, 0), height - 1) - box[1]) * w;
  const columnOf = (/** @type {number} */ i) => Math.min(Math.max(i, 0), width - 1) - box[0];
  // The scan's first column whose middle is not left of that of a field's pixel.
  const starts = (/** @type {number} */ i) => Math.ceil((field.box[0] + i + 0.5) * wide - 0.5);
  for (let y = top; y < bottom; y++) {
    const v = (y + 0.5) / wide - 0.5 - field.box[1];
    const upper = rowOf(Math.max(Math.floor(v), box[1]));
    const lower = rowOf(Math.min(Math.floor(v) + 1, box[3] - 1));
    const low = v - Math.floor(v);
    const at = (/** @type {number} */ i) => depth[upper + i] + low * (depth[lower + i] - depth[upper + i]);
    for (let i = box[0]; i < box[2] - 1; i++) {
      const a = at(columnOf(i));
      const b = at(columnOf(i + 1));
      if (a < 0 && b < 0) continue;
      const from = Math.max(starts(i), left);
      const to = i + 1 < width ? Math.min(starts(i + 1), right) : right;
      if (a >= 0 && b >= 0) {
        if (to > from) mask.fill(value, y * columns + from, y * columns + to);
        continue;
      }
      for (let x = from; x < to; x++) {
        const u = (x + 0.5) / wide - 0.5 - field.box[0] - i;
        if (a + u * (b - a) >= 0) mask[y * columns + x] = value;
      }
    }
  }
}
