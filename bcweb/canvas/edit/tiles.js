// A mask in tiles: what changed is found, kept and counted tile by tile, so that a stroke costs what it
// touches and not what the scan is large.

/** @typedef {import("../extents.js").Box} Box */

/** The side of a tile, in pixels. */
export const TILE = 64;

/** Where the tiles of an image lie; they are numbered row by row. */
export class Tiles {
  /** @param {number} width @param {number} height of the image, in pixels */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE);
    this.rows = Math.ceil(height / TILE);
    this.count = this.columns * this.rows;
  }

  /** The tiles that a box of the image touches. @param {Box} box @returns {number[]} */
  under([left, top, right, bottom]) {
    /** @type {number[]} */
    const tiles = [];
    if (right <= left) return tiles;
    for (let row = Math.floor(top / TILE); row * TILE < bottom; row++) {
      for (let column = Math.floor(left / TILE); column * TILE < right; column++) {
        tiles.push(row * this.columns + column);
      }
    }
    return tiles;
  }

  /** The pixels of a tile. @param {number} tile @returns {Box} */
  box(tile) {
    const left = (tile % this.columns) * TILE;
    const top = Math.floor(tile / this.columns) * TILE;
    return [left, top, Math.min(left + TILE, this.width), Math.min(top + TILE, this.height)];
  }
}

/** The part of a box that lies in the image; null where none does.
 * @param {Box} box @param {number} width @param {number} height @returns {Box | null} */
export function clip([left, top, right, bottom], width, height) {
  /** @type {Box} */
  const box = [Math.max(left, 0), Math.max(top, 0), Math.min(right, width), Math.min(bottom, height)];
  return box[2] > box[0] && box[3] > box[1] ? box : null;
}
