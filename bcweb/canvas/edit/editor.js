// The editor: which tool is in the reader's hand, and what a press with it does to the mask.

import { NOTHING, levelOf } from "../scores.js";
import { toPane } from "../view.js";
import { Edited } from "./edited.js";
import { Grower } from "./grower.js";
import { Outline } from "./outline.js";
import { fillHoles, isClosed, keepLargest, paintRegion, regionAt, tightBox } from "./regions.js";
import { LARGEST, radiiFor, smooth } from "./smooth.js";
import { draw } from "./stroke.js";

/** @typedef {import("./edited.js").Beginning} Beginning */
/** @typedef {import("../view.js").Point} Point */
/** @typedef {import("../view.js").Rect} Rect */
/** @typedef {import("../extents.js").Box} Box */
/** @typedef {import("../gestures.js").Stroke} Stroke */
/** @typedef {"pan" | "brush" | "eraser" | "polygon" | "fill" | "grow" | "ruler"} Tool */

/** @type {Tool[]} */
export const TOOLS = ["pan", "brush", "eraser", "polygon", "fill", "grow", "ruler"];

/** A finger that has moved less, in CSS pixels, when a second one comes was the first of a pinch. A region that is
 * grown follows the pointer from here on. */
const STILL = 12;

export class Editor {
  /** The reader's last mask of this scan, if there is one. @type {Uint8Array | null} */ last = null;
  /** Held keys: what is drawn takes away; a drag pans. */
  held = { erase: false, pan: false };
  /** What the polygon tool has so far. */ outline = new Outline();
  /** What the ruler measures, in pixels of the scan. @type {[Point, Point] | null} */ ruler = null;
  /** What to tell the reader about the last press; empty: nothing. */ remark = "";
  /** @type {Tool} */ #tool = "brush";
  #radius = 0;
  /** The smaller side of the scan that the radius was chosen on. */ #chosenOn = 0;
  /** The region that is grown, or was with the last step; isStep: it is one. @type {{grower: Grower, isStep: boolean} | null} */
  #grown = null;
  /** The press that is going on can be taken back. */ #pressed = false;
  /** @type {import("../reading.js").Reading} */ #reading;
  /** @type {import("../stage.js").Stage} */ #stage;
  /** @type {(name: string, detail: object) => void} */ #emit;
  /** @type {() => void} */ #redraw;

  /** @param {import("../reading.js").Reading} reading @param {import("../stage.js").Stage} stage
   * @param {(name: string, detail: object) => void} emit @param {() => void} redraw */
  constructor(reading, stage, emit, redraw) {
    this.#reading = reading;
    this.#stage = stage;
    this.#emit = emit;
    this.#redraw = redraw;
  }

  /** Begin to edit, or leave it. @param {Uint8Array | null} mask @param {Beginning} beginning
   * @param {number | null} threshold of that beginning
   * @throws {Error} a sentence, where there is no scan or the mask is of another size */
  edit(mask, beginning, threshold) {
    const { info, shape } = this.#reading;
    if (mask && !info) throw new Error("There is no scan to edit a mask of.");
    if (mask && mask.length !== shape.width * shape.height) {
      throw new Error(`A mask of ${info?.name} has ${shape.width * shape.height} pixels, not ${mask.length}.`);
    }
    this.forget();
    this.#reading.mine = mask && new Edited(mask, shape.width, shape.height, beginning, threshold);
    this.#reading.mine?.count.against(this.#reading.truth);
    if (mask) this.#resize();
  }

  /** What belongs to a scan that is not shown any more. */
  forget() {
    this.outline.drop();
    this.ruler = null;
    this.remark = "";
    this.#grown = null;
    this.#pressed = false;
  }

  // ---------------------------------------------------------------- tool and brush

  get tool() {
    return this.#tool;
  }

  set tool(tool) {
    if (tool === this.#tool || !TOOLS.includes(tool)) return;
    this.#tool = tool;
    this.outline.drop();
    this.ruler = null;
    this.remark = "";
    this.#tellTool();
  }

  /** Whether the tool changes the mask. */
  get draws() {
    return this.#tool !== "pan" && this.#tool !== "ruler";
  }

  /** In columns of the scan. */
  get radius() {
    return this.#radius;
  }

  set radius(radius) {
    const [least, most] = this.radii;
    const next = Math.min(Math.max(radius, least), most);
    if (Number.isNaN(next) || next === this.#radius) return;
    this.#radius = next;
    const { width, height } = this.#reading.shape;
    this.#chosenOn = Math.min(width, height);
    this.#tellTool();
  }

  /** The least radius, which always holds a pixel's middle, and the largest. @returns {[number, number]} */
  get radii() {
    const { width, height, stretch } = this.#reading.shape;
    const least = 0.75 * Math.max(1, stretch);
    return [least, Math.max(Math.max(width, height) / 4, least)];
  }

  /** The same brush on a scan of another size; at first a fiftieth of it. */
  #resize() {
    const { width, height } = this.#reading.shape;
    const side = Math.min(width, height);
    if (side === this.#chosenOn) return;
    this.radius = this.#chosenOn ? (this.#radius * side) / this.#chosenOn : Math.max(Math.round(side / 50), 3);
  }

  #tellTool() {
    this.#emit("bc-tool", { tool: this.#tool, brush: this.#radius });
    this.#redraw();
  }

  /** Larger or smaller: the region that was just grown, else the brush. @param {number} steps notches of a wheel */
  size(steps) {
    if (this.#tool !== "grow") {
      this.radius *= 1.15 ** steps;
      return;
    }
    const { mine } = this.#reading;
    const grown = this.#grown;
    if (!mine || !grown) return;
    grown.grower.adjust(steps);
    if (!this.#pressed) {
      if (grown.isStep) mine.undo();
      grown.grower.again();
      grown.grower.settle(true);
      grown.isStep = mine.close();
      this.#tellEdit();
    }
    this.#redraw();
  }

  // ---------------------------------------------------------------- steps

  /** What was drawn since the last step is one. @param {Beginning} [beginning] */
  finish(beginning) {
    this.#grown = null;
    if (this.#reading.mine?.close(beginning, this.#reading.threshold)) this.#tellEdit();
    this.#redraw();
  }

  /** The press that is going on, the polygon's last corner, or the last step. */
  undo() {
    if (this.#pressed) this.cancel();
    else if (!this.outline.back() && this.#reading.mine?.undo()) this.#changed();
    this.#redraw();
  }

  redo() {
    if (!this.#pressed && this.#reading.mine?.redo()) this.#changed();
    this.#redraw();
  }

  #changed() {
    this.#grown = null;
    this.#tellEdit();
  }

  /** Take back what is not a step yet: the press that is going on, the polygon, the ruler.
   * @returns {boolean} whether there was anything */
  cancel() {
    const { mine } = this.#reading;
    const had = this.#pressed || this.ruler !== null;
    if (this.#pressed) mine?.drop();
    this.#pressed = false;
    this.ruler = null;
    return this.outline.drop() || had;
  }

  /** Paint what the polygon goes around. @returns {boolean} whether there was one */
  closeOutline() {
    const { mine } = this.#reading;
    if (!mine || this.outline.points.length < 3) return false;
    this.outline.close(mine);
    this.finish();
    return true;
  }

  /** The mask that a correction can begin with. @param {Beginning} beginning @returns {Uint8Array | null} not 0 is
   * painted; null where there is none */
  maskOf(beginning) {
    const { prediction, truth, shape, level, underGate, operatingPoint } = this.#reading;
    if (beginning === "empty") return new Uint8Array(shape.width * shape.height);
    if (beginning === "truth") return truth && truth.mask.map((value) => value >> 7);
    if (beginning === "last") return this.last;
    if (!prediction) return null;
    const least = beginning === "threshold" ? level : underGate ? NOTHING : levelOf(operatingPoint);
    return prediction.opened.map((value) => (value >= least ? 1 : 0));
  }

  /** Begin anew, as one step. @param {Beginning} beginning @param {Uint8Array | null} mask
   * @returns {boolean} whether there is such a mask */
  begin(beginning, mask = this.maskOf(beginning)) {
    const { mine } = this.#reading;
    if (!mine || !mask || mask.length !== mine.mask.length) return false;
    this.cancel();
    mine.replace(mask);
    this.finish(beginning);
    return true;
  }

  smooth() {
    const { shape } = this.#reading;
    this.#tidy((mask, box, pixels) => {
      const { columns, rows } = radiiFor(pixels, shape.stretch);
      smooth(mask, shape.width, shape.height, box, columns, rows);
    }, 3 * LARGEST);
  }

  fillHoles() {
    this.#tidy((mask, box) => fillHoles(mask, this.#reading.shape.width, box));
  }

  keepLargest() {
    this.#tidy((mask, box) => keepLargest(mask, this.#reading.shape.width, box));
  }

  /** A step over all that is painted. @param {(mask: Uint8Array, box: Box, pixels: number) => void} change
   * @param {number} [margin] how far beyond it may write */
  #tidy(change, margin = 0) {
    const { mine } = this.#reading;
    const box = mine?.count.box;
    if (!mine || !box || this.#pressed) return;
    const { painted } = mine.count;
    mine.write([box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin], (mask) => change(mask, box, painted));
    this.finish();
  }

  /** The lesion: the edited mask, else the prediction as it is drawn, else the truth. @returns {Box | null} */
  get lesion() {
    const { mine, shape, painted, truth } = this.#reading;
    return (mine && tightBox(mine.mask, shape.width, mine.count.box)) ?? painted ?? truth?.box ?? null;
  }

  /** Whether there is one. */
  get lesionIsKnown() {
    const { mine, painted, truth } = this.#reading;
    return !!(mine?.count.painted || painted || truth?.box);
  }

  #tellEdit() {
    const { mine } = this.#reading;
    if (!mine) return;
    const { strokes, beginning, threshold } = mine;
    this.#emit("bc-edit", { strokes, painted_px: mine.count.painted, beginning, threshold });
  }

  /** A region follows the press that is going on. */
  get isGrowing() {
    return this.#pressed && this.#grown !== null;
  }

  // ---------------------------------------------------------------- presses

  /** Before a frame is drawn: whatever is done a part with each. */
  settle() {
    if (this.isGrowing && !this.#grown?.grower.settle()) this.#redraw();
  }

  /** What a press on the picture begins. @param {PointerEvent} event @param {Point} at CSS pixels of the canvas
   * @returns {"pan" | "window" | Stroke | null} */
  press(event, at) {
    const { button } = event;
    this.remark = "";
    if (button === 1) return "pan";
    if (this.held.pan) return button === 0 ? "pan" : null;
    if (event.shiftKey) return "window";
    if (this.#tool === "pan") return button === 0 ? "pan" : button === 2 ? "window" : null;
    const place = this.#stage.locate(at);
    const { mine } = this.#reading;
    if (!place || !mine) return null;
    const { pane } = place;
    // The other end of a pen is button 5.
    const takesAway = button !== 0 || event.ctrlKey || event.metaKey || event.altKey;
    const value = this.#tool === "eraser" || takesAway ? 0 : 1;
    const start = this.#stage.imagePoint(pane, at);
    if (this.#tool === "ruler") return button === 2 ? "window" : this.#measure(pane, start);
    if (this.#tool === "polygon") return this.#corner(event, pane, at, value);
    if (this.#tool === "fill") return this.#fill(mine, start, value);
    if (this.#tool === "grow") return this.#grow(mine, pane, at, value);
    return this.#brush(mine, pane, at, value);
  }

  /** @param {Edited} mine @param {Rect} pane @param {Point} start CSS pixels @param {0 | 1} value @returns {Stroke} */
  #brush(mine, pane, start, value) {
    const { stretch } = this.#reading.shape;
    let last = this.#stage.imagePoint(pane, start);
    let moved = 0;
    const to = (/** @type {Point} */ point) => {
      const next = this.#stage.imagePoint(pane, point);
      draw(mine, last, next, this.#stage.seen(pane), { radius: this.#radius, stretch, value });
      last = next;
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
      end: () => this.finish(),
      pinch: () => {
        if (moved < STILL) mine.drop();
        this.finish();
      },
    });
  }

  /** A stroke that can be taken back while it goes on, and does nothing from then.
   * @param {Stroke} stroke @returns {Stroke} */
  #stroke({ move, end, pinch }) {
    this.#pressed = true;
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
    this.ruler = line;
    this.#redraw();
    return {
      move: (points) => {
        line[1] = this.#stage.imagePoint(pane, points[points.length - 1]);
        this.#redraw();
      },
      end() {},
      pinch: () => {
        this.ruler = null;
      },
    };
  }

  /** @param {PointerEvent} event @param {Rect} pane @param {Point} at CSS pixels @param {0 | 1} value
   * @returns {Stroke | null} */
  #corner(event, pane, at, value) {
    const { shape } = this.#reading;
    const { dot } = this.#stage;
    const press = { at, time: event.timeStamp, coarse: event.pointerType === "touch", value };
    const stroke = this.outline.press(
      press,
      (point) => this.#stage.imagePoint(pane, point),
      (point) => {
        const { x, y } = toPane(this.#stage.view, shape, pane, point);
        return { x: (x + pane.x) / dot, y: (y + pane.y) / dot };
      },
    );
    this.#redraw();
    if (stroke !== "close") return stroke;
    if (!this.closeOutline()) this.outline.drop();
    return null;
  }

  /** @param {Edited} mine @param {Point} start in pixels of the scan @param {0 | 1} value @returns {null} */
  #fill(mine, start, value) {
    const { width, height } = this.#reading.shape;
    const x = Math.floor(start.x);
    const y = Math.floor(start.y);
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    if (mine.mask[y * width + x] === value) {
      this.remark = value ? "This is painted already." : "There is nothing painted here to take away.";
    } else {
      const region = regionAt(mine.mask, width, height, x, y);
      if (value && !isClosed(region, width * height)) {
        this.remark = "This region is not closed: draw around it first.";
      } else {
        mine.write(region.box, (mask) => paintRegion(region, mask, width, value));
        this.finish();
      }
    }
    this.#redraw();
    return null;
  }

  /** @param {Edited} mine @param {Rect} pane @param {Point} start CSS pixels @param {0 | 1} value
   * @returns {Stroke | null} */
  #grow(mine, pane, start, value) {
    const from = this.#stage.imagePoint(pane, start);
    const grower = Grower.from(mine, this.#reading, from, this.#stage.seen(pane), this.#stage.view.scale, value);
    if (!grower) return null;
    this.#grown = { grower, isStep: false };
    let moved = 0;
    this.#redraw();
    const finish = () => {
      grower.settle(true);
      const { strokes } = mine;
      this.finish();
      this.#grown = { grower, isStep: mine.strokes > strokes };
    };
    return this.#stroke({
      move: (points) => {
        const point = points[points.length - 1];
        moved = Math.max(moved, Math.hypot(point.x - start.x, point.y - start.y));
        if (moved < STILL / 3) return;
        grower.reach(this.#stage.imagePoint(pane, point));
        this.#redraw();
      },
      end: finish,
      pinch: () => {
        if (moved < STILL) {
          mine.drop();
          this.#grown = null;
        } else finish();
      },
    });
  }
}
