// Undo and redo: of every tile that a step writes to, what was there before.
//
// A tile is kept as one bit a pixel (512 bytes), or as one number where all of it is the same, so that a
// step over a whole mammogram of 3328x2560 takes at most 1.1 MB. Undoing swaps what is kept with what is
// there; the same step then serves redo. What is oldest is forgotten beyond a limit.

import { Tiles } from "./tiles.js";
import { union } from "../extents.js";

/** @typedef {import("../extents.js").Box} Box */
/** @typedef {Uint8Array | 0 | 1} Kept the bits of a tile, or what all of it is */
/** @typedef {{tiles: Map<number, Kept>, note: string, bytes: number}} Step
 *  note: what was noted before the step (after it, once undone) */

/** Bytes of kept tiles: over thirty steps that change all of a large mammogram. */
const LIMIT = 32 * 2 ** 20;

/** @param {Uint8Array} mask 0 or 1 @param {number} width @param {Box} box @returns {Kept} */
function pack(mask, width, [left, top, right, bottom]) {
  const first = mask[top * width + left];
  const bits = new Uint8Array(((right - left) * (bottom - top) + 7) >> 3);
  let at = 0;
  let same = true;
  for (let y = top; y < bottom; y++) {
    for (let p = y * width + left; p < y * width + right; p++, at++) {
      if (mask[p] !== first) same = false;
      if (mask[p]) bits[at >> 3] |= 1 << (at & 7);
    }
  }
  return same ? /** @type {0 | 1} */ (first) : bits;
}

/** @param {Kept} kept @param {Uint8Array} mask @param {number} width @param {Box} box */
function unpack(kept, mask, width, [left, top, right, bottom]) {
  let at = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * width;
    if (typeof kept === "number") {
      mask.fill(kept, row + left, row + right);
      continue;
    }
    for (let p = row + left; p < row + right; p++, at++) mask[p] = (kept[at >> 3] >> (at & 7)) & 1;
  }
}

/** @param {Kept} a @param {Kept} b */
function same(a, b) {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.every((byte, i) => byte === b[i]);
}

/** @param {Kept} kept */
const bytesOf = (kept) => (typeof kept === "number" ? 0 : kept.byteLength) + 32;

export class History {
  /** How many steps are done: every one counts up, undo counts down. */
  done = 0;
  /** What is noted of the mask as it is. */
  note;
  /** @type {Uint8Array} */ #mask;
  /** @type {Tiles} */ #tiles;
  /** @type {number} */ #limit;
  /** The tiles of the step that is being made. @type {Map<number, Kept>} */ #open = new Map();
  /** @type {Step[]} */ #past = [];
  /** @type {Step[]} */ #future = [];

  /** @param {Uint8Array} mask 0 or 1, row-major; whoever writes to it calls `keep` first
   * @param {Tiles} tiles of the mask @param {string} [note] @param {number} [limit] bytes */
  constructor(mask, tiles, note = "", limit = LIMIT) {
    this.#mask = mask;
    this.#tiles = tiles;
    this.#limit = limit;
    this.note = note;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Bytes that the steps take. */
  get bytes() {
    return [...this.#past, ...this.#future].reduce((sum, step) => sum + step.bytes, 0);
  }

  /** Before anything within a box is written, as a part of the step that is being made. @param {Box} box */
  keep(box) {
    for (const tile of this.#tiles.under(box)) {
      if (!this.#open.has(tile)) this.#open.set(tile, this.#pack(tile));
    }
  }

  /** The step is made. One that changed neither mask nor note is none.
   * @param {string} [note] of the mask as it is now @returns {boolean} whether it is one */
  close(note = this.note) {
    const tiles = this.#open;
    this.#open = new Map();
    let bytes = 0;
    for (const [tile, kept] of tiles) {
      if (same(kept, this.#pack(tile))) tiles.delete(tile);
      else bytes += bytesOf(kept);
    }
    if (tiles.size === 0 && note === this.note) return false;
    this.#past.push({ tiles, note: this.note, bytes });
    this.#future = [];
    this.note = note;
    this.done++;
    this.#forget();
    return true;
  }

  /** Take back the step that is being made. @returns {Box | null} what was written */
  drop() {
    const tiles = this.#open;
    this.#open = new Map();
    return this.#write(tiles);
  }

  /** @returns {Box | null} what was written; null where there is nothing to undo, or nothing was written */
  undo() {
    const step = this.#past.pop();
    if (!step) return null;
    this.done--;
    this.#future.push(step);
    return this.#swap(step);
  }

  /** @returns {Box | null} as undo */
  redo() {
    const step = this.#future.pop();
    if (!step) return null;
    this.done++;
    this.#past.push(step);
    return this.#swap(step);
  }

  /** @param {number} tile */
  #pack(tile) {
    return pack(this.#mask, this.#tiles.width, this.#tiles.box(tile));
  }

  /** @param {Step} step */
  #swap(step) {
    const now = new Map([...step.tiles.keys()].map((tile) => [tile, this.#pack(tile)]));
    const box = this.#write(step.tiles);
    [step.tiles, step.note, this.note] = [now, this.note, step.note];
    step.bytes = [...now.values()].reduce((/** @type {number} */ sum, kept) => sum + bytesOf(kept), 0);
    return box;
  }

  /** @param {Map<number, Kept>} tiles @returns {Box | null} */
  #write(tiles) {
    /** @type {Box | null} */
    let written = null;
    for (const [tile, kept] of tiles) {
      const box = this.#tiles.box(tile);
      unpack(kept, this.#mask, this.#tiles.width, box);
      written = union(written, box);
    }
    return written;
  }

  #forget() {
    let bytes = this.bytes;
    while (bytes > this.#limit && this.#past.length > 1) bytes -= this.#past.shift()?.bytes ?? 0;
  }
}
