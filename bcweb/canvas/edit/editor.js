// The editor: which tool is in the reader's hand, how large the brush is, and the steps that are made of the mask.

import { NOTHING, levelOf } from "../scores.js";
import { Edited, beginningWith } from "./edited.js";
import { Hand } from "./hand.js";
import { fillHoles, keepLargest, tightBox } from "./regions.js";
import { LARGEST, radiiFor, smooth } from "./smooth.js";

/** @typedef {import("./edited.js").Beginning} Beginning */
/** @typedef {import("./edited.js").Predicted} Predicted */
/** @typedef {{mask: Uint8Array, beginning: Beginning} & Predicted} Last a mask of the reader's, and what that began with */
/** @typedef {import("../extents.js").Box} Box */
/** @typedef {"pan" | "brush" | "eraser" | "polygon" | "fill" | "grow" | "ruler"} Tool */

/** @type {Tool[]} */
export const TOOLS = ["pan", "brush", "eraser", "polygon", "fill", "grow", "ruler"];

export class Editor {
  /** The mask that was saved last on this scan, if there is one. @type {Last | null} */ last = null;
  /** @type {Tool} */ #tool = "brush";
  /** An outline counted when the mask was told last. */ #isOutlined = false;
  #radius = 0;
  /** What the reader chose, and the smaller side of the scan that it was on. @type {{radius: number, side: number} | null} */
  #chosen = null;
  /** @type {import("../reading.js").Reading} */ #reading;
  /** @type {(name: string, detail: object) => void} */ #emit;
  /** @type {() => void} */ #redraw;
  /** @type {Hand} */ hand;

  /** @param {import("../reading.js").Reading} reading @param {import("../stage.js").Stage} stage
   * @param {(name: string, detail: object) => void} emit @param {() => void} redraw */
  constructor(reading, stage, emit, redraw) {
    this.#reading = reading;
    this.#emit = emit;
    this.#redraw = redraw;
    this.hand = new Hand(this, reading, stage, redraw);
  }

  /** Begin to edit, or leave it. @param {Uint8Array | null} mask @param {Beginning} beginning @param {Predicted} of
   * @throws {Error} a sentence, where there is no scan or the mask is of another size */
  edit(mask, beginning, of) {
    const { info, shape } = this.#reading;
    if (mask && !info) throw new Error("There is no scan to edit a mask of.");
    if (mask && mask.length !== shape.width * shape.height) {
      throw new Error(`A mask of ${info?.name} has ${shape.width * shape.height} pixels, not ${mask.length}.`);
    }
    this.hand.forget();
    this.#isOutlined = false;
    this.#reading.mine = mask && new Edited(mask, shape.width, shape.height, beginning, of);
    this.#reading.mine?.count.against(this.#reading.truth);
    if (mask) this.#resize();
  }

  // ---------------------------------------------------------------- tool and brush

  get tool() {
    return this.#tool;
  }

  set tool(tool) {
    if (tool === this.#tool || !TOOLS.includes(tool)) return;
    this.settle();
    this.#tool = tool;
    this.hand.empty();
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
    if (this.#take(radius)) this.#chosen = { radius: this.#radius, side: this.#side };
  }

  /** As near to it as this scan allows. @param {number} radius @returns {boolean} whether it is another than before */
  #take(radius) {
    const [least, most] = this.radii;
    const next = Math.min(Math.max(radius, least), most);
    if (Number.isNaN(next) || next === this.#radius) return false;
    this.#radius = next;
    this.#tellTool();
    return true;
  }

  get #side() {
    const { width, height } = this.#reading.shape;
    return Math.min(width, height);
  }

  /** The least radius, which always holds a pixel's middle, and the largest. @returns {[number, number]} */
  get radii() {
    const { width, height, stretch } = this.#reading.shape;
    const least = 0.75 * Math.max(1, stretch);
    return [least, Math.max(Math.max(width, height) / 4, least)];
  }

  /** The chosen brush on a scan of another size; until one is chosen, a fiftieth of it. */
  #resize() {
    const side = this.#side;
    this.#take(this.#chosen ? (this.#chosen.radius * side) / this.#chosen.side : Math.max(Math.round(side / 50), 3));
  }

  #tellTool() {
    this.#emit("bc-tool", { tool: this.#tool, brush: this.#radius });
    this.#redraw();
  }

  /** Larger or smaller: the region that was just grown, else the brush. @param {number} steps notches of a wheel */
  size(steps) {
    if (this.#tool === "grow") this.hand.resizeGrown(steps);
    else this.radius *= 1.15 ** steps;
  }

  // ---------------------------------------------------------------- steps

  /** What was drawn since the last step is one. @param {Beginning} [beginning] where it began anew
   * @param {Predicted} [of] else the prediction that is there */
  finish(beginning, of = this.#reading) {
    this.hand.leaveGrown();
    if (this.#reading.mine?.close(beginning, of)) this.tell();
    this.#redraw();
  }

  /** Paint what an outline goes around that is not closed yet, as a step: it is on the screen, and counts. One of
   * fewer than three corners goes around nothing, and stays as it is. */
  settle() {
    this.hand.closeOutline();
  }

  /** How many steps are done. An outline that goes around something is one already. */
  get strokes() {
    const { mine } = this.#reading;
    return mine ? mine.strokes + Number(this.hand.outline.encloses) : 0;
  }

  /** A copy of the mask, with what such an outline goes around. @returns {Uint8Array | null} */
  get edited() {
    const { mine } = this.#reading;
    return mine && this.hand.outline.on(mine);
  }

  /** The press that is going on, the polygon's last corner, or the last step. */
  undo() {
    if (this.hand.isPressed) this.hand.cancel();
    else if (!this.hand.cornerBack() && this.#reading.mine?.undo()) this.#changed();
    this.#redraw();
  }

  redo() {
    if (!this.hand.isPressed && this.#reading.mine?.redo()) this.#changed();
    this.#redraw();
  }

  #changed() {
    this.hand.leaveGrown();
    this.tell();
  }

  /** The mask that a correction can begin with. @param {Beginning} beginning @returns {Uint8Array | null} not 0 is
   * painted; null where there is none */
  maskOf(beginning) {
    const { prediction, truth, shape, level } = this.#reading;
    if (beginning === "empty") return new Uint8Array(shape.width * shape.height);
    if (beginning === "truth") return truth && truth.mask.map((value) => value >> 7);
    if (beginning === "last") return this.last?.mask ?? null;
    if (!prediction) return null;
    const least = beginning === "threshold" ? level : this.#levelAsMade;
    return prediction.opened.map((value) => (value >= least ? 1 : 0));
  }

  /** The prediction as it was made is {opened >= this}. */
  get #levelAsMade() {
    const { underGate, operatingPoint } = this.#reading;
    return underGate ? NOTHING : levelOf(operatingPoint);
  }

  /** Begin anew, as one step. The last mask still began with what it began with: a network that drew in it did.
   * @param {Beginning} beginning @returns {boolean} whether there is such a mask */
  begin(beginning) {
    const { mine } = this.#reading;
    const mask = this.maskOf(beginning);
    if (!mine || !mask || mask.length !== mine.mask.length) return false;
    this.settle(); // a step of its own, which undo brings back
    this.hand.cancel();
    mine.replace(mask);
    const last = beginning === "last" ? this.last : null;
    this.finish(last?.beginning ?? beginning, last ?? this.#reading);
    return true;
  }

  /** Add another mask to what is drawn, as one step: the truth, or the prediction as it is seen.
   * @param {"prediction" | "truth"} which @returns {boolean} whether any of it was not painted yet */
  add(which) {
    const { mine, level } = this.#reading;
    const added = which === "prediction" && level !== this.#levelAsMade ? "threshold" : which;
    const mask = this.maskOf(added);
    if (!mine || !mask || this.hand.isPressed) return false;
    const isNew = mine.add(mask);
    this.hand.remark = isNew ? "" : "All of it is painted already.";
    // One that stays keeps its threshold, too.
    const isOther = isNew && beginningWith(mine.beginning, added) !== mine.beginning;
    this.finish(isOther ? added : undefined);
    return isNew;
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
    if (!mine || !box || this.hand.isPressed) return;
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

  /** The outline has another corner than before, or one less. */
  outlined() {
    if (this.#isOutlined || this.hand.outline.encloses) this.tell();
  }

  /** The mask is another than was told last. */
  tell() {
    const { mine } = this.#reading;
    if (!mine) return;
    this.#isOutlined = this.hand.outline.encloses;
    const { strokes } = this;
    const { beginning, threshold } = mine;
    this.#emit("bc-edit", { strokes, painted_px: mine.count.painted, beginning, threshold });
  }
}
