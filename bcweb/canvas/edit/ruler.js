// The ruler: how far apart two points are, in millimetres where the scan says how large its pixels are.

/** @typedef {import("./stamp.js").Point} Point */

/** @param {Point} a @param {Point} b in pixels of the scan
 * @param {[number, number] | null} spacing millimetres per row and column
 * @returns {{length: number, unit: "mm" | "px"}} */
export function distance(a, b, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return { length: Math.hypot((b.x - a.x) * column, (b.y - a.y) * row), unit: spacing ? "mm" : "px" };
}

/** With as many digits as a hand can mean. @param {{length: number, unit: string}} measured */
export function inWords({ length, unit }) {
  return `${length.toFixed(unit === "mm" ? 1 : 0)} ${unit}`;
}
