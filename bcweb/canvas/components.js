// Small parts of a mask, removed for every threshold at once.
//
// A pixel belongs to the mask at threshold t, with parts below `minArea` removed, when its connected
// part of {probability >= t} has at least `minArea` pixels. That part only grows as t falls, so there
// is one highest t for which the pixel is kept: the area opening of the probability map holds it. The
// filtered mask at *any* threshold is then {opening >= t}: no search for parts while a slider moves.
// Union-find after Meijster and Wilkinson, "A comparison of algorithms for connected set openings and
// closings", IEEE PAMI 24 (2002), saturated at `minArea`.

const UNSEEN = 0x7fffffff;

/** @param {Int32Array} parent @param {number} p */
function rootOf(parent, p) {
  let root = p;
  while (parent[root] >= 0) root = parent[root];
  while (p !== root) {
    const next = parent[p];
    parent[p] = root;
    p = next;
  }
  return root;
}

/** The pixels above 0, highest first. @param {Uint8Array} values */
function descending(values) {
  const counts = new Uint32Array(256);
  for (let i = 0; i < values.length; i++) counts[values[i]]++;
  const next = new Uint32Array(256);
  for (let v = 254; v >= 0; v--) next[v] = next[v + 1] + counts[v + 1];
  const order = new Uint32Array(values.length - counts[0]);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v > 0) order[next[v]++] = i;
  }
  return order;
}

/** Area opening of an 8-bit map with 8-connected parts (as the server counts them).
 * @param {Uint8Array} values row-major, width * height @param {number} width @param {number} height
 * @param {number} minArea pixels; 1 or less changes nothing
 * @returns {Uint8Array} a new array */
export function areaOpening(values, width, height, minArea) {
  if (minArea <= 1) return values.slice();
  const order = descending(values);
  // A negative entry is a root and holds minus its area, counted no further than minArea.
  const parent = new Int32Array(values.length).fill(UNSEEN);
  for (let i = 0; i < order.length; i++) {
    const p = order[i];
    const x = p % width;
    const y = (p - x) / width;
    parent[p] = -1;
    const left = x > 0 ? -1 : 0;
    const right = x < width - 1 ? 1 : 0;
    const top = y > 0 ? -1 : 0;
    const bottom = y < height - 1 ? 1 : 0;
    for (let dy = top; dy <= bottom; dy++) {
      for (let dx = left; dx <= right; dx++) {
        const q = p + dy * width + dx;
        if (q === p || parent[q] === UNSEEN) continue;
        const root = rootOf(parent, q);
        if (root === p) continue;
        if (values[root] === values[p] || -parent[root] < minArea) {
          parent[p] = Math.max(parent[p] + parent[root], -minArea);
          parent[root] = p;
        } else {
          parent[p] = -minArea;
        }
      }
    }
  }
  const opened = new Uint8Array(values.length);
  for (let i = order.length - 1; i >= 0; i--) {
    const p = order[i];
    if (parent[p] >= 0) opened[p] = opened[parent[p]];
    else if (-parent[p] >= minArea) opened[p] = values[p];
  }
  return opened;
}
