// Numbers as they are written, in the viewer and around it. Pure.

/** @param {number} n */
export const grouped = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** @param {number} mm2 */
export const squareMillimetres = (mm2) => (mm2 < 100 ? mm2.toFixed(1) : grouped(mm2));

/** Two numbers that differ, with as many digits, two to four, as it takes to see it.
 * @param {number} a @param {number} b @returns {[string, string]} */
export function apart(a, b) {
  const digits = [2, 3].find((n) => a.toFixed(n) !== b.toFixed(n)) ?? 4;
  return [a.toFixed(digits), b.toFixed(digits)];
}
