// Mouse, pen, touch and wheel over the picture, as zoom, pan, window, hover and strokes.

/** @typedef {import("./view.js").Point} Point */
/** @typedef {object} Stroke what a press with a drawing tool goes on with
 * @property {(points: Point[]) => void} move
 * @property {() => void} end
 * @property {() => void} pinch a second finger came, or the system took the press back: it was none, or ends here
 */
/** @typedef {object} Handlers lengths in CSS pixels from the picture's upper left corner
 * @property {(event: PointerEvent, at: Point) => "pan" | "window" | Stroke | null} press what it begins; null: nothing
 * @property {(dx: number, dy: number, at: Point, alone: boolean) => void} pan alone: by one finger
 * @property {(at: Point, factor: number) => void} zoom
 * @property {(dx: number, dy: number) => void} window
 * @property {(at: Point | null) => void} hover
 * @property {() => void} reset double click
 * @property {(event: WheelEvent, steps: number) => boolean} wheel whether it is dealt with; steps: notches, up is positive
 */

/** @param {HTMLElement} picture @param {Handlers} handlers */
export function listen(picture, handlers) {
  /** @type {Map<number, Point>} */
  const down = new Map();
  let windowing = false;
  /** @type {{stroke: Stroke, id: number, pen: boolean} | null} */
  let drawing = null;

  /** @param {MouseEvent} event @returns {Point} */
  const pointOf = (event) => {
    const box = picture.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  picture.addEventListener("pointerdown", (event) => {
    const isPen = event.pointerType === "pen";
    if (drawing?.pen && event.pointerType === "touch") return; // the hand that holds the pen
    const at = pointOf(event);
    if (drawing && drawing.id !== event.pointerId) {
      drawing.stroke.pinch();
      drawing = null;
    }
    if (isPen) down.clear(); // of that hand, too
    const begun = down.size === 0 ? handlers.press(event, at) : "pan";
    if (begun === null) return;
    picture.focus({ preventScroll: true });
    picture.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at);
    windowing = begun === "window";
    if (typeof begun === "string") picture.classList.add(windowing ? "windowing" : "panning");
    else drawing = { stroke: begun, id: event.pointerId, pen: isPen };
    event.preventDefault();
  });

  picture.addEventListener("pointermove", (event) => {
    if (drawing?.pen && event.pointerType === "touch") return;
    const to = pointOf(event);
    // Its release was not heard: a dialog of the browser was before the page, for one.
    if (event.buttons === 0 && event.pointerType !== "touch" && down.has(event.pointerId)) up(event, "end");
    handlers.hover(to);
    const from = down.get(event.pointerId);
    if (!from) return;
    if (drawing) {
      down.set(event.pointerId, to);
      const all = event.getCoalescedEvents?.() ?? [];
      drawing.stroke.move(all.length ? all.map(pointOf) : [to]);
      return;
    }
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

  /** @param {PointerEvent} event @param {"end" | "pinch"} how what it drew comes to its end */
  const up = (event, how) => {
    down.delete(event.pointerId);
    if (drawing?.id === event.pointerId) {
      drawing.stroke[how]();
      drawing = null;
    }
    if (down.size === 0) picture.classList.remove("windowing", "panning");
    if (event.pointerType !== "mouse" && down.size === 0) handlers.hover(null);
  };
  picture.addEventListener("pointerup", (event) => up(event, "end"));
  picture.addEventListener("lostpointercapture", (event) => up(event, "end"));
  picture.addEventListener("pointercancel", (event) => up(event, "pinch")); // it may have been a palm
  picture.addEventListener("pointerleave", () => handlers.hover(null));
  picture.addEventListener("contextmenu", (event) => event.preventDefault());
  picture.addEventListener("dblclick", () => handlers.reset());
  picture.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      // With Shift, some browsers turn the wheel sideways.
      if (handlers.wheel(event, (-(event.deltaY || event.deltaX) * unit) / 100)) return;
      const pixels = event.deltaY * unit;
      if (pixels === 0) return;
      // A pinch on a trackpad arrives as a wheel with Ctrl and small steps.
      handlers.zoom(pointOf(event), Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)));
    },
    { passive: false },
  );
}
