// How much is painted and how much of that is true, kept up to date tile by tile: only tiles that were
// written to are counted again, so that the scores follow a stroke over 8.5 million pixels.

import { TILE, Tiles } from "./tiles.js";
import { scoresOf } from "../scores.js";

/** @typedef {import("../extents.js").Box} Box */

export class Count {
  /** @type {Uint8Array} */ #mask;
  /** @type {Tiles} */ #tiles;
  /** 0 or 255. @type {Uint8Array | null} */ #truth = null;
  /** Pixels of the truth. */ #lesion = 0;
  /** @type {Uint16Array} */ #painted;
  /** @type {Uint16Array} */ #hit;
  #sums = { painted: 0, hit: 0 };
  /** @type {Set<number>} */ #stale = new Set();

  /** @param {Uint8Array} mask 0 or 1 @param {Tiles} tiles of the mask */
  constructor(mask, tiles) {
    this.#mask = mask;
    this.#tiles = tiles;
    this.#painted = new Uint16Array(tiles.count);
    this.#hit = new Uint16Array(tiles.count);
    this.changed([0, 0, tiles.width, tiles.height]);
  }

  /** Count against another truth. @param {{mask: Uint8Array, pixels: number} | null} truth mask: 0 or 255 */
  against(truth) {
    if (this.#truth === (truth?.mask ?? null)) return;
    this.#truth = truth?.mask ?? null;
    this.#lesion = truth?.pixels ?? 0;
    this.changed([0, 0, this.#tiles.width, this.#tiles.height]);
  }

  /** The mask was written to within a box. @param {Box} box */
  changed(box) {
    for (const tile of this.#tiles.under(box)) this.#stale.add(tile);
  }

  get painted() {
    this.#settle();
    return this.#sums.painted;
  }

  /** As scores.js has them; of the truth's numbers all are null where none is known.
   * @returns {import("../scores.js").Scores} */
  get scores() {
    this.#settle();
    const { painted, hit } = this.#sums;
    return scoresOf(painted, this.#truth && { hit, pixels: this.#lesion });
  }

  /** A box around all that is painted, in whole tiles. @returns {Box | null} */
  get box() {
    this.#settle();
    const { columns, rows, width, height } = this.#tiles;
    let [left, top, right, bottom] = [columns, rows, -1, -1];
    for (let row = 0, tile = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, tile++) {
        if (this.#painted[tile] === 0) continue;
        if (column < left) left = column;
        if (column > right) right = column;
        if (row < top) top = row;
        bottom = row;
      }
    }
    if (right < 0) return null;
    return [left * TILE, top * TILE, Math.min((right + 1) * TILE, width), Math.min((bottom + 1) * TILE, height)];
  }

  #settle() {
    const mask = this.#mask;
    const truth = this.#truth;
    const { width } = this.#tiles;
    for (const tile of this.#stale) {
      const [left, top, right, bottom] = this.#tiles.box(tile);
      let painted = 0;
      let hit = 0;
      for (let y = top; y < bottom; y++) {
        for (let p = y * width + left; p < y * width + right; p++) {
          painted += mask[p];
          if (truth !== null) hit += mask[p] & (truth[p] >> 7);
        }
      }
      this.#sums.painted += painted - this.#painted[tile];
      this.#sums.hit += hit - this.#hit[tile];
      this.#painted[tile] = painted;
      this.#hit[tile] = hit;
    }
    this.#stale.clear();
  }
}
