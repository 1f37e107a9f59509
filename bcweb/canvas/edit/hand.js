// The hand: what a press with a tool does while it goes on, and what it leaves that is not a step yet.

import { toPane } from "../view.js";
import { Grower } from "./grower.js";
import { Outline } from "./outline.js";
import { isClosed, paintRegion, regionAt } from "./regions.js";
import { draw } from "./stroke.js";

/** @typedef {import("./edited.js").Edited} Edited */
/** @typedef {import("../view.js").Point} Point */
/** @typedef {import("../view.js").Rect} Rect */
/** @typedef {import("../gestures.js").Stroke} Stroke */

/** A finger that has moved less, in CSS pixels, when a second one comes was the first of a pinch. */
const STILL = 12;

/** A click moves less; from here on a region that is grown follows the pointer. */
const DRAG = 4;

export class Hand {
  /** What the polygon tool has so far. */ outline = new Outline();
  /** What the ruler measures, in pixels of the scan. @type {[Point, Point] | null} */ ruler = null;
  /** What to tell the reader about the last press; empty: nothing. */ remark = "";
  /** Held keys: what is drawn takes away; a drag pans. */
  held = { erase: false, pan: false };
  /** A press goes on that can be taken back. */ #pressed = false;
  /** The region that is grown, or was with the last step; isStep: it is one. @type {{grower: Grower, isStep: boolean} | null} */
  #grown = null;
  /** @type {import("./editor.js").Editor} */ #editor;
  /** @type {import("../reading.js").Reading} */ #reading;
  /** @type {import("../stage.js").Stage} */ #stage;
  /** @type {() => void} */ #redraw;

  /** @param {import("./editor.js").Editor} editor @param {import("../reading.js").Reading} reading
   * @param {import("../stage.js").Stage} stage @param {() => void} redraw */
  constructor(editor, reading, stage, redraw) {
    this.#editor = editor;
    this.#reading = reading;
    this.#stage = stage;
    this.#redraw = redraw;
  }

  get isPressed() {
    return this.#pressed;
  }

  /** Something is drawn that is no step yet: a press goes on, or corners wait for more. */
  get isDrawing() {
    return this.#pressed || this.outline.points.length > 0;
  }

  /** A region follows the press that is going on. */
  get isGrowing() {
    return this.#pressed && this.#grown !== null;
  }

  /** Put down what is not a step yet, and what was said of it. */
  empty() {
    this.outline.drop();
    this.ruler = null;
    this.remark = "";
  }

  /** The mask is another one. */
  forget() {
    this.empty();
    this.#pressed = false;
    this.#grown = null;
  }

  /** The last step is another one than the region that was grown. */
  leaveGrown() {
    this.#grown = null;
  }

  /** Take back what is not a step yet: the press that is going on, the polygon, the ruler.
   * @returns {boolean} whether there was anything */
  cancel() {
    const had = this.#pressed || this.ruler !== null;
    if (this.#pressed) {
      this.#reading.mine?.drop();
      this.#grown = null;
    }
    this.#pressed = false;
    this.ruler = null;
    if (!this.outline.drop()) return had;
    this.#editor.outlined();
    return true;
  }

  /** Paint what the polygon goes around. @returns {boolean} whether there was one */
  closeOutline() {
    const { mine } = this.#reading;
    if (!mine || !this.outline.encloses) return false;
    this.outline.close(mine);
    this.#editor.finish();
    this.#editor.outlined(); // where it changed nothing it was no step
    return true;
  }

  /** Take the polygon's last corner back. @returns {boolean} whether there was one */
  cornerBack() {
    if (!this.outline.back()) return false;
    this.#editor.outlined();
    return true;
  }

  /** Make the region larger or smaller that is grown, or was with the last step.
   * @param {number} steps notches of a wheel */
  resizeGrown(steps) {
    const { mine } = this.#reading;
    const grown = this.#grown;
    if (!mine || !grown) return;
    grown.grower.adjust(steps);
    if (!this.#pressed) {
      if (grown.isStep) mine.undo();
      grown.grower.again();
      grown.grower.settle(true);
      grown.isStep = mine.close();
      this.#editor.tell();
    }
    this.#redraw();
  }

  /** Before a frame is drawn: whatever is done a part with each. */
  settle() {
    if (this.isGrowing && !this.#grown?.grower.settle()) this.#redraw();
  }

  /** What a press on the picture begins. @param {PointerEvent} event @param {Point} at CSS pixels of the canvas
   * @returns {"pan" | "window" | Stroke | null} */
  press(event, at) {
    const { button } = event;
    const { tool } = this.#editor;
    this.remark = "";
    if (button === 1) return "pan";
    if (button === 3 || button === 4) return null; // a mouse's back and forward
    if (this.held.pan) return button === 0 ? "pan" : null;
    if (event.shiftKey) return "window";
    if (tool === "pan") return button === 0 ? "pan" : button === 2 ? "window" : null;
    const place = this.#stage.locate(at);
    const { mine } = this.#reading;
    if (!place || !mine) return null;
    const { pane } = place;
    // The other end of a pen is button 5.
    const takesAway = button !== 0 || event.ctrlKey || event.metaKey || event.altKey;
    const value = tool === "eraser" || takesAway ? 0 : 1;
    const start = this.#stage.imagePoint(pane, at);
    if (tool === "ruler") return button === 2 ? "window" : this.#measure(pane, start);
    if (tool === "polygon") return this.#corner(event, pane, at, value);
    if (tool === "fill" && place.at.y < 0) return null; // what lies under a pane's name is not seen
    // With the release: a finger may be the first of a pinch.
    if (tool === "fill") return this.#stroke({ move() {}, end: () => this.#fill(mine, start, value), pinch() {} });
    if (tool === "grow") return this.#grow(mine, pane, at, value);
    return this.#brush(mine, pane, at, value);
  }

  /** Where a press goes on: in the pane that it began in, and once there is no such pane any more (another layout, a
   * window of another size) in the one under the hand. @param {Rect} pane @returns {(point: Point) => Rect | null} by
   * a place of the hand in CSS pixels; null: there is none */
  #follow(pane) {
    return (point) => {
      if (this.#stage.has(pane)) return pane;
      const place = this.#stage.locate(point);
      if (place) pane = place.pane;
      return place && pane;
    };
  }

  /** @param {Edited} mine @param {Rect} begun @param {Point} start CSS pixels @param {0 | 1} value @returns {Stroke} */
  #brush(mine, begun, start, value) {
    const { stretch } = this.#reading.shape;
    const paneAt = this.#follow(begun);
    // Where the hand was last, on the screen: in the scan that is another place once the picture has moved under it.
    let last = { pane: /** @type {Rect | null} */ (begun), point: start };
    let moved = 0;
    const to = (/** @type {Point} */ point) => {
      const pane = paneAt(point);
      if (pane) {
        const [a, b] = [pane === last.pane ? last.point : point, point].map((at) => this.#stage.imagePoint(pane, at));
        draw(mine, a, b, this.#stage.seen(pane), { radius: this.#editor.radius, stretch, value });
      }
      last = { pane, point };
      this.#redraw();
    };
    to(start);
    return this.#stroke({
      move(points) {
        for (const point of points) {
          moved = Math.max(moved, Math.hypot(point.x - start.x, point.y - start.y));
          to(point);
        }
      },
      end: () => this.#editor.finish(),
      pinch: () => {
        if (moved < STILL) mine.drop();
        this.#editor.finish();
      },
    });
  }

  /** A stroke that can be taken back while it goes on, and does nothing from then.
   * @param {Stroke} stroke @param {Grower | null} [grower] of the region that follows it @returns {Stroke} */
  #stroke({ move, end, pinch }, grower = null) {
    this.#pressed = true;
    this.#grown = grower && { grower, isStep: false };
    const done = (/** @type {() => void} */ how) => {
      if (!this.#pressed) return;
      this.#pressed = false;
      how();
    };
    return {
      move: (points) => {
        if (this.#pressed) move(points);
      },
      end: () => done(end),
      pinch: () => done(pinch),
    };
  }

  /** @param {Rect} pane @param {Point} start in pixels of the scan @returns {Stroke} */
  #measure(pane, start) {
    const line = /** @type {[Point, Point]} */ ([start, start]);
    const paneAt = this.#follow(pane);
    this.ruler = line;
    this.#redraw();
    return {
      move: (points) => {
        const point = points[points.length - 1];
        const now = paneAt(point);
        if (now) line[1] = this.#stage.imagePoint(now, point);
        this.#redraw();
      },
      end() {},
      pinch: () => {
        this.ruler = null;
      },
    };
  }

  /** The scan's point under a point of the canvas, or the nearest that the pane shows: a corner is where it is seen.
   * @param {Rect} pane @param {Point} at CSS pixels @returns {Point} */
  #seenPoint(pane, at) {
    const { x, y } = this.#stage.imagePoint(pane, at);
    const [left, top, right, bottom] = this.#stage.seen(pane);
    return { x: Math.min(Math.max(x, left), right), y: Math.min(Math.max(y, top), bottom) };
  }

  /** @param {PointerEvent} event @param {Rect} pane @param {Point} at CSS pixels @param {0 | 1} value
   * @returns {Stroke} */
  #corner(event, pane, at, value) {
    const { shape } = this.#reading;
    const { dot } = this.#stage;
    const press = { at, time: event.timeStamp, coarse: event.pointerType === "touch", value };
    const paneAt = this.#follow(pane);
    const stroke = this.outline.press(
      press,
      (point) => this.#seenPoint(paneAt(point) ?? pane, point),
      (point) => {
        const { x, y } = toPane(this.#stage.view, shape, pane, point);
        return { x: (x + pane.x) / dot, y: (y + pane.y) / dot };
      },
    );
    this.#redraw();
    if (stroke === "close") {
      const close = () => {
        if (!this.closeOutline()) this.outline.drop();
        this.#redraw();
      };
      return { move() {}, end: close, pinch() {} }; // with the release, as a fill
    }
    return {
      move: stroke.move,
      end: () => this.#editor.outlined(), // its corner stays where it is now
      pinch: () => {
        stroke.pinch();
        this.#editor.outlined();
      },
    };
  }

  /** @param {Edited} mine @param {Point} start in pixels of the scan @param {0 | 1} value */
  #fill(mine, start, value) {
    const { width, height } = this.#reading.shape;
    const x = Math.floor(start.x);
    const y = Math.floor(start.y);
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    if (mine.mask[y * width + x] === value) {
      this.remark = value ? "This is painted already." : "There is nothing painted here to take away.";
    } else {
      const region = regionAt(mine.mask, width, height, x, y);
      if (value && !isClosed(region, width * height)) {
        this.remark = "This region is not closed: draw around it first.";
      } else {
        mine.write(region.box, (mask) => paintRegion(region, mask, width, value));
        this.#editor.finish();
      }
    }
    this.#redraw();
  }

  /** @param {Edited} mine @param {Rect} pane @param {Point} start CSS pixels @param {0 | 1} value
   * @returns {Stroke | null} */
  #grow(mine, pane, start, value) {
    const from = this.#stage.imagePoint(pane, start);
    const grower = Grower.from(mine, this.#reading, from, this.#stage.seen(pane), this.#stage.view.scale, value);
    if (!grower) return null;
    const paneAt = this.#follow(pane);
    let moved = 0;
    this.#redraw();
    const finish = () => {
      grower.settle(true);
      const { strokes } = mine;
      this.#editor.finish();
      this.#grown = { grower, isStep: mine.strokes > strokes };
    };
    return this.#stroke({
      move: (points) => {
        const point = points[points.length - 1];
        moved = Math.max(moved, Math.hypot(point.x - start.x, point.y - start.y));
        const now = paneAt(point);
        if (moved < DRAG || !now) return;
        grower.reach(this.#stage.imagePoint(now, point));
        this.#redraw();
      },
      end: finish,
      pinch: () => {
        if (moved < STILL) {
          mine.drop();
          this.#grown = null;
        } else finish();
      },
    }, grower);
  }
}
