// Where a scan lies in its panes: fit, zoom, pan, the grid of panes, the scale bar. Pure arithmetic.
// Lengths are device pixels unless they are said to be pixels of the image.

/** @typedef {{x: number, y: number, scale: number}} View
 *  x, y: the point of the image (in its pixels) in the middle of every pane;
 *  scale: device pixels per column of the image. */
/** @typedef {{width: number, height: number, stretch: number}} Shape
 *  An image's size in pixels; stretch: how much taller than wide one of its pixels is in millimetres. */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{x: number, y: number}} Point */

const LARGEST_PIXEL = 64;

/** The scale at which the whole image is seen. @param {Shape} shape @param {Rect} pane */
export function fitScale(shape, pane) {
  return Math.min(pane.width / shape.width, pane.height / (shape.height * shape.stretch));
}

/** The whole image, in the middle. @param {Shape} shape @param {Rect} pane @returns {View} */
export function fit(shape, pane) {
  return { x: shape.width / 2, y: shape.height / 2, scale: fitScale(shape, pane) };
}

/** The point of the image under a point of the pane (counted from its upper left corner).
 * @param {View} view @param {Shape} shape @param {Rect} pane @param {Point} point @returns {Point} */
export function toImage(view, shape, pane, point) {
  return {
    x: view.x + (point.x - pane.width / 2) / view.scale,
    y: view.y + (point.y - pane.height / 2) / (view.scale * shape.stretch),
  };
}

/** The reverse of `toImage`.
 * @param {View} view @param {Shape} shape @param {Rect} pane @param {Point} at @returns {Point} */
export function toPane(view, shape, pane, at) {
  return {
    x: (at.x - view.x) * view.scale + pane.width / 2,
    y: (at.y - view.y) * view.scale * shape.stretch + pane.height / 2,
  };
}

/** The whole device pixels of a pane that a box of the image touches; null where it lies outside.
 * @param {View} view @param {Shape} shape @param {Rect} pane
 * @param {[number, number, number, number]} box left, top, right, bottom in pixels of the image
 * @returns {Rect | null} counted from where the pane is counted from */
export function partOfPane(view, shape, pane, box) {
  const from = toPane(view, shape, pane, { x: box[0], y: box[1] });
  const to = toPane(view, shape, pane, { x: box[2], y: box[3] });
  const left = Math.max(Math.floor(from.x), 0);
  const top = Math.max(Math.floor(from.y), 0);
  const width = Math.min(Math.ceil(to.x), pane.width) - left;
  const height = Math.min(Math.ceil(to.y), pane.height) - top;
  return width > 0 && height > 0 ? { x: pane.x + left, y: pane.y + top, width, height } : null;
}

/** A box of the image in the middle, half as large as the pane, but no smaller than the whole image is seen.
 * @param {Shape} shape @param {Rect} pane @param {[number, number, number, number]} box left, top, right, bottom
 * @returns {View} */
export function frame(shape, pane, [left, top, right, bottom]) {
  const size = { width: right - left, height: bottom - top, stretch: shape.stretch };
  const scale = Math.min(Math.max(fitScale(size, pane) / 2, fitScale(shape, pane)), LARGEST_PIXEL);
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale };
}

/** Zoom by a factor; what lies under `point` of the pane stays there.
 * @param {View} view @param {Shape} shape @param {Rect} pane @param {Point} point @param {number} factor
 * @returns {View} */
export function zoomAt(view, shape, pane, point, factor) {
  const smallest = Math.min(fitScale(shape, pane) / 2, 1);
  const scale = Math.min(Math.max(view.scale * factor, smallest), LARGEST_PIXEL);
  const at = toImage(view, shape, pane, point);
  return clamp(
    {
      x: at.x - (point.x - pane.width / 2) / scale,
      y: at.y - (point.y - pane.height / 2) / (scale * shape.stretch),
      scale,
    },
    shape,
  );
}

/** Move the image by device pixels. @param {View} view @param {Shape} shape @param {number} dx @param {number} dy */
export function panBy(view, shape, dx, dy) {
  const moved = {
    x: view.x - dx / view.scale,
    y: view.y - dy / (view.scale * shape.stretch),
    scale: view.scale,
  };
  return clamp(moved, shape);
}

/** Never lose the image: the middle of a pane always shows a part of it.
 * @param {View} view @param {Shape} shape @returns {View} */
export function clamp(view, shape) {
  return {
    x: Math.min(Math.max(view.x, 0), shape.width),
    y: Math.min(Math.max(view.y, 0), shape.height),
    scale: view.scale,
  };
}

/** The grid for `count` panes that shows the image largest. Each pane has a strip of `strip` above it.
 * @param {number} count @param {{width: number, height: number}} stage @param {Shape} shape
 * @param {number} strip @param {number} gap @returns {Rect[]} without their strips */
export function arrange(count, stage, shape, strip, gap) {
  /** @type {Rect[]} */
  let best = [];
  let largest = -Infinity; // in a room that is hidden, less than nothing is left beside the strips
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const width = Math.floor((stage.width - gap * (columns - 1)) / columns);
    const height = Math.floor((stage.height - gap * (rows - 1)) / rows) - strip;
    const scale = fitScale(shape, { x: 0, y: 0, width, height });
    if (scale <= largest) continue;
    largest = scale;
    best = Array.from({ length: count }, (_, i) => ({
      x: (i % columns) * (width + gap),
      y: Math.floor(i / columns) * (height + strip + gap) + strip,
      width: Math.max(width, 1),
      height: Math.max(height, 1),
    }));
  }
  return best;
}

/** The longest round length (1, 2 or 5 times a power of ten) that fits.
 * @param {number} perUnit screen pixels per unit @param {number} room screen pixels
 * @returns {{units: number, pixels: number}} */
export function scaleBar(perUnit, room) {
  const most = room / perUnit;
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [5, 2, 1].find((d) => d * power <= most * (1 + 1e-9)) ?? 1;
  return { units: digit * power, pixels: digit * power * perUnit };
}

/** The level of the image pyramid whose pixels come closest to the screen's.
 * @param {number} scale device pixels per image pixel @param {number} levels how many there are */
export function pyramidLevel(scale, levels) {
  return Math.min(Math.max(Math.round(-Math.log2(scale)), 0), levels - 1);
}
