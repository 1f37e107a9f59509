// The pixels of a polygon: those whose middle it goes around, in whichever direction and however often, so
// that an outline that crosses itself has no holes.

/** @typedef {import("./stamp.js").Point} Point */
/** @typedef {import("../extents.js").Box} Box */

/** @param {Point[]} points @returns {Box} around them, not clipped to the image */
export function polygonBox(points) {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  return [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys)), Math.ceil(Math.max(...xs)), Math.ceil(Math.max(...ys))];
}

/** @param {Uint8Array} mask row-major @param {number} width @param {Box} box where it may write, within the image
 * @param {Point[]} points corners in pixels of the image; the last is joined to the first
 * @param {0 | 1} value */
export function paintPolygon(mask, width, [left, top, right, bottom], points, value) {
  for (let row = top; row < bottom; row++) {
    const y = row + 0.5;
    /** @type {{x: number, turn: number}[]} */
    const crossings = [];
    points.forEach((a, i) => {
      const b = points[(i + 1) % points.length];
      if (a.y <= y === b.y <= y) return;
      crossings.push({ x: a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x), turn: a.y <= y ? 1 : -1 });
    });
    crossings.sort((a, b) => a.x - b.x);
    let winding = 0;
    crossings.forEach(({ x, turn }, i) => {
      winding += turn;
      if (winding === 0) return;
      const from = Math.max(Math.ceil(x - 0.5), left);
      const to = Math.min(Math.ceil(crossings[i + 1].x - 0.5), right);
      if (to > from) mask.fill(value, row * width + from, row * width + to);
    });
  }
}
