// The editor: which tool is in the reader's hand, and what a press with it does to the mask.

import { levelOf } from "../scores.js";
import { Edited } from "./edited.js";
import { draw } from "./stroke.js";

/** @typedef {import("./edited.js").Beginning} Beginning */
/** @typedef {import("../view.js").Point} Point */
/** @typedef {import("../gestures.js").Stroke} Stroke */
/** @typedef {"pan" | "brush" | "eraser" | "polygon" | "fill" | "grow" | "ruler"} Tool */

/** @type {Tool[]} */
export const TOOLS = ["pan", "brush", "eraser", "polygon", "fill", "grow", "ruler"];

/** A finger that has moved less, in CSS pixels, when a second one comes was the first of a pinch. */
const PINCH = 12;

export class Editor {
  /** The reader's last mask of this scan, if there is one. @type {Uint8Array | null} */ last = null;
  /** Held keys: what is drawn takes away; a drag pans. */
  held = { erase: false, pan: false };
  /** @type {Tool} */ #tool = "brush";
  #radius = 0;
  /** The smaller side of the scan that the radius was chosen on. */ #chosenOn = 0;
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
   * @throws {Error} a sentence, where there is no scan or the mask is of another size */
  edit(mask, beginning) {
    const { info, shape } = this.#reading;
    if (mask && !info) throw new Error("There is no scan to edit a mask of.");
    if (mask && mask.length !== shape.width * shape.height) {
      throw new Error(`A mask of ${info?.name} has ${shape.width * shape.height} pixels, not ${mask.length}.`);
    }
    this.#reading.mine = mask && new Edited(mask, shape.width, shape.height, beginning);
    this.#reading.mine?.count.against(this.#reading.truth);
    if (mask) this.#resize();
  }

  // ---------------------------------------------------------------- tool and brush

  get tool() {
    return this.#tool;
  }

  set tool(tool) {
    if (tool === this.#tool || !TOOLS.includes(tool)) return;
    this.#tool = tool;
    this.#tellTool();
  }

  /** In columns of the scan. */
  get radius() {
    return this.#radius;
  }

  set radius(radius) {
    const { width, height } = this.#reading.shape;
    const next = Math.min(Math.max(radius, this.#smallest), Math.max(width, height) / 4);
    if (Number.isNaN(next) || next === this.#radius) return;
    this.#radius = next;
    this.#chosenOn = Math.min(width, height);
    this.#tellTool();
  }

  /** The least radius that always holds a pixel's middle. */
  get #smallest() {
    return 0.75 * Math.max(1, this.#reading.shape.stretch);
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

  // ---------------------------------------------------------------- steps

  /** What was drawn since the last step is one. @param {Beginning} [beginning] */
  finish(beginning) {
    if (this.#reading.mine?.close(beginning)) this.#tellEdit();
    this.#redraw();
  }

  undo() {
    if (this.#reading.mine?.undo()) this.#tellEdit();
    this.#redraw();
  }

  redo() {
    if (this.#reading.mine?.redo()) this.#tellEdit();
    this.#redraw();
  }

  /** The mask that a correction can begin with. @param {Beginning} beginning @returns {Uint8Array | null} 0 or 1;
   * null where there is none */
  maskOf(beginning) {
    const { prediction, truth, shape, level, info } = this.#reading;
    if (beginning === "empty") return new Uint8Array(shape.width * shape.height);
    if (beginning === "truth") return truth && truth.mask.map((value) => value >> 7);
    if (beginning === "last") return this.last;
    if (!prediction) return null;
    const from = beginning === "threshold" ? level : this.#reading.underGate ? 256 : levelOf(info?.threshold ?? 0.5);
    return prediction.opened.map((value) => (value >= from ? 1 : 0));
  }

  /** Begin anew, as one step. @param {Beginning} beginning @param {Uint8Array | null} mask
   * @returns {boolean} whether there is such a mask */
  begin(beginning, mask = this.maskOf(beginning)) {
    const { mine } = this.#reading;
    if (!mine || !mask || mask.length !== mine.mask.length) return false;
    mine.replace(mask);
    this.finish(beginning);
    return true;
  }

  #tellEdit() {
    const { mine } = this.#reading;
    if (!mine) return;
    this.#emit("bc-edit", { strokes: mine.strokes, painted_px: mine.count.painted, beginning: mine.beginning });
  }

  // ---------------------------------------------------------------- presses

  /** What a press on the picture begins. @param {PointerEvent} event @param {Point} at CSS pixels
   * @returns {"pan" | "window" | Stroke | null} */
  press(event, at) {
    const { button } = event;
    if (button === 1) return "pan";
    if (this.held.pan) return button === 0 ? "pan" : null;
    if (event.shiftKey) return "window";
    if (this.#tool === "pan") return button === 0 ? "pan" : button === 2 ? "window" : null;
    const place = this.#stage.locate(at);
    if (!place) return null;
    const takesAway = button !== 0 || event.ctrlKey || event.metaKey || event.altKey;
    return this.#brush(place.pane, at, this.#tool === "eraser" || takesAway ? 0 : 1);
  }

  /** @param {import("../view.js").Rect} pane @param {Point} start CSS pixels @param {0 | 1} value
   * @returns {Stroke} */
  #brush(pane, start, value) {
    const edited = /** @type {Edited} */ (this.#reading.mine);
    const { stretch } = this.#reading.shape;
    const brush = { radius: this.#radius, stretch, value };
    let last = this.#stage.imagePoint(pane, start);
    let moved = 0;
    const to = (/** @type {Point} */ point) => {
      const next = this.#stage.imagePoint(pane, point);
      draw(edited, last, next, this.#stage.seen(pane), brush);
      last = next;
      this.#redraw();
    };
    to(start);
    return {
      move(points) {
        for (const point of points) {
          moved = Math.max(moved, Math.hypot(point.x - start.x, point.y - start.y));
          to(point);
        }
      },
      end: () => this.finish(),
      pinch: () => {
        if (moved < PINCH) edited.drop();
        this.finish();
      },
    };
  }
}
