// Window and level. A window is [low, high] in the scan's stored values: low is black, high is white.

/** @typedef {[number, number]} Window */

/** @param {Window} window */
export function widthOf(window) {
  return window[1] - window[0];
}

/** @param {Window} window */
export function levelOf(window) {
  return (window[0] + window[1]) / 2;
}

/** @param {number} level @param {number} width at least 1 @returns {Window} */
export function windowFrom(level, width) {
  const half = Math.max(width, 1) / 2;
  return [level - half, level + half];
}

/** Drag right for a wider window (less contrast), up for a brighter picture: 400 screen pixels are the
 * width of the window that the scan came with.
 * @param {Window} window @param {Window} given the scan's own @param {number} dx @param {number} dy
 * @returns {Window} */
export function dragWindow(window, given, dx, dy) {
  const step = Math.max(widthOf(given), 1) / 400;
  return windowFrom(levelOf(window) + dy * step, widthOf(window) + dx * step);
}
