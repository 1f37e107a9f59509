// The polygon tool: a click sets a corner, and the press's drag moves it; a second click at the same place, a
// click on the first corner or `close` paints what it goes around.

import { paintPolygon, polygonBox } from "./polygon.js";
import { clip } from "./tiles.js";

/** @typedef {import("../view.js").Point} Point */
/** @typedef {import("../gestures.js").Stroke} Stroke */

/** Milliseconds between the presses of a double click. */
const TWICE = 400;

/** How near a press must be to what it is meant for, in CSS pixels: by mouse or pen, and by finger. */
const NEAR = { fine: 6, coarse: 18 };

export class Outline {
  /** In pixels of the scan. @type {Point[]} */ points = [];
  /** What it paints. @type {0 | 1} */ value = 1;
  /** Where and when the last press was. @type {{at: Point, time: number} | null} */ #last = null;

  /** It goes around something. */
  get encloses() {
    return this.points.length > 2;
  }

  /** @param {object} press
   * @param {Point} press.at CSS pixels of the canvas @param {number} press.time milliseconds
   * @param {boolean} press.coarse by a finger @param {0 | 1} press.value
   * @param {(at: Point) => Point} toScan @param {(point: Point) => Point} toCanvas its reverse
   * @returns {Stroke | "close"} */
  press({ at, time, coarse, value }, toScan, toCanvas) {
    const near = coarse ? NEAR.coarse : NEAR.fine;
    const isNear = (/** @type {Point} */ other) => Math.hypot(at.x - other.x, at.y - other.y) <= near;
    const twice = this.#last !== null && time - this.#last.time < TWICE && isNear(this.#last.at);
    this.#last = { at, time };
    if (this.points.length && (twice || (this.encloses && isNear(toCanvas(this.points[0]))))) return "close";
    if (this.points.length === 0) this.value = value;
    const corner = toScan(at);
    this.points.push(corner);
    return {
      move: (points) => Object.assign(corner, toScan(points[points.length - 1])),
      end() {},
      pinch: () => this.back(),
    };
  }

  /** Paint it, as a part of a step, and begin anew. @param {import("./edited.js").Edited} edited */
  close(edited) {
    const { points, value, encloses } = this;
    this.drop();
    if (!encloses) return;
    edited.write(polygonBox(points), (mask, box) => paintPolygon(mask, edited.width, box, points, value));
  }

  /** The mask with it painted, which stays as it is. @param {import("./edited.js").Edited} edited @returns {Uint8Array} a copy */
  on({ mask, width, height }) {
    const copy = mask.slice();
    const box = this.encloses && clip(polygonBox(this.points), width, height);
    if (box) paintPolygon(copy, width, box, this.points, this.value);
    return copy;
  }

  /** Take the last corner back. @returns {boolean} whether there was one */
  back() {
    this.#last = null;
    return this.points.pop() !== undefined;
  }

  /** Take all of it back. @returns {boolean} whether there was anything */
  drop() {
    const { length } = this.points;
    this.points = [];
    this.#last = null;
    return length > 0;
  }
}
