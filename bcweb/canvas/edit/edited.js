// The mask that is being edited: its pixels, its steps, its count, and what of it has not been drawn.

import { union } from "../extents.js";
import { Count } from "./count.js";
import { History } from "./history.js";
import { Tiles, clip } from "./tiles.js";

/** @typedef {import("../extents.js").Box} Box */
/** @typedef {"prediction" | "threshold" | "truth" | "last" | "empty"} Beginning the mask that it began with */
/** @typedef {{threshold?: number | null, revision?: string | null}} Predicted which prediction a mask began with: drawn at
 *  which threshold, of which weights */

/** A beginning as a step notes it. @param {Beginning} beginning @param {Predicted} of */
function noteOf(beginning, { threshold = null, revision = null }) {
  const isPredicted = beginning === "prediction" || beginning === "threshold";
  return JSON.stringify([beginning, beginning === "threshold" ? threshold : null, isPredicted ? revision : null]);
}

/** What is least a hand's own work comes first; the last mask may have begun with any. @type {Beginning[]} */
const LEAST_DRAWN = ["threshold", "prediction", "last", "truth", "empty"];

/** What a mask began with, once another was added to it: whatever a network drew in it is never told as drawn by
 * hand. @param {Beginning} beginning @param {Beginning} added @returns {Beginning} one of the two */
export function beginningWith(beginning, added) {
  return LEAST_DRAWN.indexOf(added) < LEAST_DRAWN.indexOf(beginning) ? added : beginning;
}

export class Edited {
  /** 0 or 1, row-major. Only `write` may change it. @type {Uint8Array} */ mask;
  /** What was written since the last `drawn`. @type {Box | null} */ dirty = null;
  /** @type {number} */ width;
  /** @type {number} */ height;
  /** @type {Count} */ count;
  /** @type {History} */ #history;

  /** @param {Uint8Array} mask what is not 0 is painted; copied @param {number} width @param {number} height
   * @param {Beginning} beginning @param {Predicted} [of] */
  constructor(mask, width, height, beginning, of = {}) {
    this.width = width;
    this.height = height;
    this.mask = mask.map((value) => (value ? 1 : 0));
    const tiles = new Tiles(width, height);
    this.#history = new History(this.mask, tiles, noteOf(beginning, of));
    this.count = new Count(this.mask, tiles);
  }

  /** How many steps are done. */
  get strokes() {
    return this.#history.done;
  }

  /** @returns {Beginning} */
  get beginning() {
    return JSON.parse(this.#history.note)[0];
  }

  /** The threshold at which the prediction was taken to begin with; null for every other beginning.
   * @returns {number | null} */
  get threshold() {
    return JSON.parse(this.#history.note)[1];
  }

  /** Of the weights whose prediction it began with; null for every other beginning, and where nobody knows.
   * @returns {string | null} */
  get revision() {
    return JSON.parse(this.#history.note)[2];
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /** A part of a step: `paint` writes to the mask within the part of the box that is in the image.
   * @param {Box} box @param {(mask: Uint8Array, box: Box) => void} paint @returns {boolean} whether any is */
  write(box, paint) {
    const within = clip(box, this.width, this.height);
    if (!within) return false;
    this.#history.keep(within);
    paint(this.mask, within);
    this.#changed(within);
    return true;
  }

  /** Put a whole mask in place of what is there. @param {Uint8Array} mask what is not 0 is painted */
  replace(mask) {
    this.write([0, 0, this.width, this.height], (mine) => {
      for (let i = 0; i < mine.length; i++) mine[i] = mask[i] ? 1 : 0;
    });
  }

  /** Paint a whole mask besides what is there. @param {Uint8Array} mask what is not 0 is painted
   * @returns {boolean} whether any of it was not painted yet */
  add(mask) {
    if (!mask.some((value, i) => value && !this.mask[i])) return false;
    return this.write([0, 0, this.width, this.height], (mine) => {
      for (let i = 0; i < mine.length; i++) if (mask[i]) mine[i] = 1;
    });
  }

  /** What was written since the last step is one. @param {Beginning} [beginning] where it began anew
   * @param {Predicted} [of] @returns {boolean} whether there is one */
  close(beginning, of = {}) {
    return this.#history.close(beginning && noteOf(beginning, of));
  }

  /** Take back what was written since the last step. */
  drop() {
    this.#changed(this.#history.drop());
  }

  /** @returns {boolean} whether there was a step to undo */
  undo() {
    if (!this.canUndo) return false;
    this.#changed(this.#history.undo());
    return true;
  }

  /** @returns {boolean} whether there was a step to redo */
  redo() {
    if (!this.canRedo) return false;
    this.#changed(this.#history.redo());
    return true;
  }

  /** What must be drawn anew; from now on it counts as drawn. @returns {Box | null} */
  drawn() {
    const { dirty } = this;
    this.dirty = null;
    return dirty;
  }

  /** @param {Box | null} box */
  #changed(box) {
    if (!box) return;
    this.dirty = union(this.dirty, box);
    this.count.changed(box);
  }
}
