// The brush: what lies within its radius of the line that its middle has gone. Every row of that is one
// run of pixels, so a stroke has no gaps at any speed and costs as many fills as it is high.

/** @typedef {import("../extents.js").Box} Box */
/** @typedef {{x: number, y: number}} Point in pixels of the image; (0, 0) is the outer corner of the first */

/** The columns of one row that lie within `radius` of the line, as [from, to].
 * @param {number} y the row's height @param {Point} a @param {Point} b all in one unit on both axes
 * @param {number} radius @returns {[number, number] | null} */
function reach(y, a, b, radius) {
  let from = Infinity;
  let to = -Infinity;
  const take = (/** @type {number} */ x) => {
    if (x < from) from = x;
    if (x > to) to = x;
  };
  for (const end of [a, b]) {
    const half2 = radius * radius - (y - end.y) ** 2;
    if (half2 < 0) continue;
    take(end.x - Math.sqrt(half2));
    take(end.x + Math.sqrt(half2));
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0) {
    // The band beside the line: its two long edges are the line, moved by the radius to either side.
    const nx = (-(b.y - a.y) / length) * radius;
    const ny = ((b.x - a.x) / length) * radius;
    for (const side of [1, -1]) {
      const ay = a.y + side * ny;
      const by = b.y + side * ny;
      if (ay === by || (y - ay) * (y - by) > 0) continue;
      take(a.x + side * nx + ((y - ay) / (by - ay)) * (b.x - a.x));
    }
  }
  return to >= from ? [from, to] : null;
}

/** The pixels that a brush may touch between two points.
 * @param {Point} a @param {Point} b @param {number} radius in columns
 * @param {number} stretch how much taller than wide a pixel is @returns {Box} not clipped to the image */
export function stampBox(a, b, radius, stretch) {
  const high = radius / stretch;
  return [
    Math.floor(Math.min(a.x, b.x) - radius), Math.floor(Math.min(a.y, b.y) - high),
    Math.ceil(Math.max(a.x, b.x) + radius), Math.ceil(Math.max(a.y, b.y) + high),
  ];
}

/** Paint every pixel whose middle lies within `radius` of the line from a to b. Distances are those that are
 * seen: a row is `stretch` columns high.
 * @param {Uint8Array} mask row-major @param {number} width @param {Box} box where it may write, within the image
 * @param {Point} a @param {Point} b @param {number} radius in columns @param {number} stretch
 * @param {0 | 1} value */
export function stamp(mask, width, [left, top, right, bottom], a, b, radius, stretch, value) {
  const from = { x: a.x, y: a.y * stretch };
  const to = { x: b.x, y: b.y * stretch };
  for (let y = top; y < bottom; y++) {
    const run = reach((y + 0.5) * stretch, from, to, radius);
    if (!run) continue;
    const first = Math.max(Math.ceil(run[0] - 0.5), left);
    const last = Math.min(Math.floor(run[1] - 0.5), right - 1);
    if (last >= first) mask.fill(value, y * width + first, y * width + last + 1);
  }
}
