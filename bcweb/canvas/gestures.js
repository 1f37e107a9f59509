// Mouse, pen, touch and wheel over the picture, as zoom, pan, window and hover.

/** @typedef {import("./view.js").Point} Point */
/** @typedef {object} Handlers lengths in CSS pixels from the picture's upper left corner
 * @property {(dx: number, dy: number, at: Point, alone: boolean) => void} pan alone: by one finger
 * @property {(at: Point, factor: number) => void} zoom
 * @property {(dx: number, dy: number) => void} window right button, or Shift
 * @property {(at: Point | null) => void} hover
 * @property {() => void} reset double click
 */

/** @param {HTMLElement} picture @param {Handlers} handlers */
export function listen(picture, handlers) {
  /** @type {Map<number, Point>} */
  const down = new Map();
  let windowing = false;

  /** @param {MouseEvent} event @returns {Point} */
  const pointOf = (event) => {
    const box = picture.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  picture.addEventListener("pointerdown", (event) => {
    const isRight = event.button === 2;
    if (event.pointerType === "mouse" && event.button !== 0 && !isRight) return;
    picture.focus({ preventScroll: true });
    picture.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointOf(event));
    windowing = isRight || event.shiftKey;
    picture.classList.add(windowing ? "windowing" : "panning");
    event.preventDefault();
  });

  picture.addEventListener("pointermove", (event) => {
    const to = pointOf(event);
    handlers.hover(to);
    const from = down.get(event.pointerId);
    if (!from) return;
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, to);
    if (other) {
      const before = Math.hypot(from.x - other.x, from.y - other.y);
      const after = Math.hypot(to.x - other.x, to.y - other.y);
      handlers.pan((to.x - from.x) / 2, (to.y - from.y) / 2, to, false);
      if (before > 0 && after > 0) {
        handlers.zoom({ x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 }, after / before);
      }
    } else if (windowing) {
      handlers.window(to.x - from.x, to.y - from.y);
    } else {
      handlers.pan(to.x - from.x, to.y - from.y, to, event.pointerType === "touch");
    }
  });

  /** @param {PointerEvent} event */
  const up = (event) => {
    down.delete(event.pointerId);
    if (down.size === 0) picture.classList.remove("windowing", "panning");
    if (event.pointerType !== "mouse" && down.size === 0) handlers.hover(null);
  };
  picture.addEventListener("pointerup", up);
  picture.addEventListener("pointercancel", up);
  picture.addEventListener("pointerleave", () => handlers.hover(null));
  picture.addEventListener("contextmenu", (event) => event.preventDefault());
  picture.addEventListener("dblclick", () => handlers.reset());
  picture.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
      // A pinch on a trackpad arrives as a wheel with Ctrl and small steps.
      handlers.zoom(pointOf(event), Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)));
    },
    { passive: false },
  );
}
