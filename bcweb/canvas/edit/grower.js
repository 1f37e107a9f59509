// The tool that grows a region: a click takes the extent where it meets edges, a drag outwards grows it to the
// pointer, and the wheel (as the keys of the brush's size) changes it, also afterwards. Distances are found a
// part with each frame, so that a large region never holds the page up.

import { boxInScan, fieldOf, grown, paintGrown, pixelOf } from "./field.js";
import { Growth } from "./grow.js";

/** @typedef {import("../view.js").Point} Point */
/** @typedef {import("../extents.js").Box} Box */
/** @typedef {import("./edited.js").Edited} Edited */

/** Pixels whose distance is found in one frame. */
const PACE = 25_000;

/** A notch of the wheel makes the extent so many times larger. */
const NOTCH = 1.12;

export class Grower {
  /** @type {Edited} */ #edited;
  /** @type {NonNullable<ReturnType<typeof fieldOf>>} */ #field;
  /** @type {Growth} */ #growth;
  /** @type {0 | 1} */ #value;
  /** The pixel of the field that the region reaches; null: as far as a click goes. @type {number | null} */ #goal = null;
  #factor = 1;
  /** The extent that was painted last. */ #painted = -1;

  /** @param {Edited} edited @param {import("../reading.js").Reading} reading @param {Point} start in pixels of the scan
   * @param {Box} seen the part of the scan that is seen @param {number} scale device pixels per column
   * @param {0 | 1} value @returns {Grower | null} null where nothing was clicked */
  static from(edited, reading, start, seen, scale, value) {
    const { scan, info, prediction, shape } = reading;
    if (!scan || !info) return null;
    const field = fieldOf(scan, info.window, prediction?.probability ?? null, shape.stretch, seen, scale);
    const seed = field && pixelOf(field, start);
    return seed && new Grower(edited, field, new Growth(field, seed.x, seed.y), value);
  }

  /** @param {Edited} edited @param {NonNullable<ReturnType<typeof fieldOf>>} field @param {Growth} growth
   * @param {0 | 1} value */
  constructor(edited, field, growth, value) {
    this.#edited = edited;
    this.#field = field;
    this.#growth = growth;
    this.#value = value;
  }

  /** Grow as far as a point, which is moved into what is seen. @param {Point} point in pixels of the scan */
  reach({ x, y }) {
    const { box, wide, end } = this.#field;
    const inside = (/** @type {number} */ v, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(Math.max(v, low), high - 1e-6);
    const place = pixelOf(this.#field, {
      x: inside(x, box[0] * wide, end[0]), y: inside(y, box[1] * wide, end[1]),
    });
    this.#goal = place && place.y * this.#field.width + place.x;
  }

  /** @param {number} steps notches of a wheel; up is positive and larger */
  adjust(steps) {
    this.#factor *= NOTCH ** steps;
  }

  /** Paint the region into the mask, in place of what was painted of it since the last step.
   * @param {boolean} [all] however long it takes @returns {boolean} whether it is all there */
  settle(all = false) {
    const pace = all ? Infinity : PACE;
    const extent = this.#extent(pace);
    if (extent === null || !this.#growth.growTo(extent, pace)) return false;
    if (extent === this.#painted) return true;
    this.#painted = extent;
    const field = this.#field;
    const region = grown(this.#growth.distance, field.width, field.height, extent);
    this.#edited.drop();
    if (region) {
      this.#edited.write(boxInScan(field, region.box), (mask, box) => {
        paintGrown(mask, this.#edited.width, box, field, region, this.#value);
      });
    }
    return true;
  }

  /** Have it painted anew, after its step was undone. */
  again() {
    this.#painted = -1;
  }

  /** @param {number} pace @returns {number | null} null: not known yet */
  #extent(pace) {
    if (this.#goal === null) {
      const own = this.#growth.own(pace);
      return own === null ? null : own * this.#factor;
    }
    if (!this.#growth.growOver(this.#goal, pace)) return null;
    return this.#growth.distance[this.#goal] * this.#factor;
  }
}
