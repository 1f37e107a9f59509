// A stroke of brush or eraser, from press to release. Its middle stays in the pane that it began in: what
// the hand draws past a pane's edge is neither painted unseen nor in the pane beside it.

import { stamp, stampBox } from "./stamp.js";

/** @typedef {import("./stamp.js").Point} Point */
/** @typedef {import("../extents.js").Box} Box */
/** @typedef {{radius: number, stretch: number, value: 0 | 1}} Brush radius in columns of the image; value: 1 paints */

/** The part of the line from a to b that lies in a box (Liang and Barsky, ACM Trans. Graph. 3, 1984).
 * @param {Point} a @param {Point} b @param {Box} box edges included @returns {[Point, Point] | null} */
export function clipLine(a, b, [left, top, right, bottom]) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  let enters = 0;
  let leaves = 1;
  for (const [speed, room] of [[-dx, a.x - left], [dx, right - a.x], [-dy, a.y - top], [dy, bottom - a.y]]) {
    if (speed === 0) {
      if (room < 0) return null;
    } else if (speed < 0) enters = Math.max(enters, room / speed);
    else leaves = Math.min(leaves, room / speed);
  }
  if (enters > leaves) return null;
  const at = (/** @type {number} */ t) => ({ x: a.x + t * dx, y: a.y + t * dy });
  return [enters === 0 ? a : at(enters), leaves === 1 ? b : at(leaves)];
}

/** Paint a line into the mask, as a part of a step. @param {import("./edited.js").Edited} edited
 * @param {Point} a @param {Point} b @param {Box} seen where the middle of the brush may be @param {Brush} brush
 * @returns {boolean} whether any of it lies in the image */
export function draw(edited, a, b, seen, { radius, stretch, value }) {
  const line = clipLine(a, b, seen);
  if (!line) return false;
  const [from, to] = line;
  return edited.write(stampBox(from, to, radius, stretch), (mask, box) => {
    stamp(mask, edited.width, box, from, to, radius, stretch, value);
  });
}
