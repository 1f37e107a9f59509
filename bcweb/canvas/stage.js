// Where it is shown: the room on the screen, the panes in it, and the part of the scan that they show.

import { arrange, fit, frame, panBy, toImage, zoomAt } from "./view.js";

/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").Rect} Rect */
/** @typedef {{id: string, rect: Rect, layers: number}} Pane rect in device pixels, without its strip */

/** Above a pane, for its name; CSS pixels, as is the gap between two panes. */
const STRIP = 22;
const GAP = 4;

export class Stage {
  /** Device pixels per CSS pixel; 0 before the room was measured. */
  dot = 0;
  /** @type {Pane[]} */ panes = [];
  /** @type {import("./view.js").View} */ view = { x: 0.5, y: 0.5, scale: 1 };
  /** In CSS pixels of the canvas; null where it is elsewhere. @type {Point | null} */ pointer = null;
  /** The whole scan is shown, whatever the room. */ fitted = true;
  /** @type {HTMLElement} */ #room;
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {HTMLElement[]} */ #elements;
  /** @type {import("./reading.js").Reading} */ #reading;
  /** @type {import("./display.js").Display} */ #display;

  /** @param {ShadowRoot} root @param {import("./reading.js").Reading} reading
   * @param {import("./display.js").Display} display */
  constructor(root, reading, display) {
    this.#room = /** @type {HTMLElement} */ (root.querySelector(".stage"));
    this.#canvas = /** @type {HTMLCanvasElement} */ (root.querySelector("canvas"));
    this.#elements = [...root.querySelectorAll(".pane")].map((pane) => /** @type {HTMLElement} */ (pane));
    this.#reading = reading;
    this.#display = display;
  }

  /** The height of what is above a pane, in whole device pixels. */
  get strip() {
    return Math.round(STRIP * this.dot);
  }

  /** Give the canvas a pixel for each of the screen's. @param {() => void} again called once if the
   * screen's density changes */
  measure(again) {
    if (this.dot !== window.devicePixelRatio) {
      this.dot = window.devicePixelRatio;
      // A window that is moved to another screen keeps its size in CSS pixels.
      matchMedia(`(resolution: ${this.dot}dppx)`).addEventListener("change", again, { once: true });
    }
    // Its edges lie on whole pixels of the screen, though its size may be none in CSS pixels.
    const { left, top, right, bottom } = this.#room.getBoundingClientRect();
    const apart = (/** @type {number} */ from, /** @type {number} */ to) => Math.round(to * this.dot) - Math.round(from * this.dot);
    const width = Math.max(apart(left, right), 1);
    const height = Math.max(apart(top, bottom), 1);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
  }

  /** Which panes there are, and where. */
  arrange() {
    const wanted = this.#display.panes(this.#reading);
    const { shape } = this.#reading;
    const rects = arrange(wanted.length, this.#canvas, shape, this.strip, Math.round(GAP * this.dot));
    this.panes = wanted.map((pane, i) => ({ ...pane, rect: rects[i] }));
    if (this.fitted && rects.length) this.view = fit(shape, rects[0]);
    for (const element of this.#elements) {
      const pane = this.panes.find(({ id }) => id === element.dataset.pane);
      element.hidden = !pane;
      if (pane) this.#place(element, pane.rect, this.strip);
    }
  }

  /** @param {HTMLElement} element @param {Rect} rect device pixels @param {number} above */
  #place(element, rect, above) {
    const px = (/** @type {number} */ length) => `${length / this.dot}px`;
    element.style.left = px(rect.x);
    element.style.top = px(rect.y - above);
    element.style.width = px(rect.width);
    element.style.height = px(rect.height + above);
  }

  /** CSS pixels from the picture's lower edge to a pane's. @param {Rect} rect */
  fromBottom(rect) {
    return (this.#canvas.height - rect.y - rect.height) / this.dot;
  }

  /** @param {Point} point CSS pixels of the canvas @returns {{pane: Rect, at: Point} | null} the pane
   * there, and the place in it, in device pixels */
  locate(point) {
    const x = point.x * this.dot;
    const y = point.y * this.dot;
    const found = this.panes.find(
      ({ rect }) => x >= rect.x && x < rect.x + rect.width && y >= rect.y - this.strip && y < rect.y + rect.height,
    );
    return found ? { pane: found.rect, at: { x: x - found.rect.x, y: y - found.rect.y } } : null;
  }

  /** Whether there still is a pane just there. @param {Rect} pane */
  has({ x, y, width, height }) {
    return this.panes.some(({ rect }) => rect.x === x && rect.y === y && rect.width === width && rect.height === height);
  }

  /** The scan's point under a point of the canvas, as the pane has it: outside of the pane, too.
   * @param {Rect} pane @param {Point} point CSS pixels of the canvas @returns {Point} */
  imagePoint(pane, point) {
    const at = { x: point.x * this.dot - pane.x, y: point.y * this.dot - pane.y };
    return toImage(this.view, this.#reading.shape, pane, at);
  }

  /** The part of the plane of the scan that a pane shows. @param {Rect} pane
   * @returns {import("./extents.js").Box} in pixels of the scan, with fractions */
  seen(pane) {
    const from = toImage(this.view, this.#reading.shape, pane, { x: 0, y: 0 });
    const to = toImage(this.view, this.#reading.shape, pane, { x: pane.width, y: pane.height });
    return [from.x, from.y, to.x, to.y];
  }

  /** The whole scan, in all panes. */
  fit() {
    this.fitted = true;
    if (this.panes.length) this.view = fit(this.#reading.shape, this.panes[0].rect);
  }

  /** A box of the scan and its surroundings. @param {import("./extents.js").Box} box */
  show(box) {
    const rect = this.panes[0]?.rect;
    if (rect) this.#move(frame(this.#reading.shape, rect, box));
  }

  /** @param {number} dx @param {number} dy CSS pixels */
  pan(dx, dy) {
    this.#move(panBy(this.view, this.#reading.shape, dx * this.dot, dy * this.dot));
  }

  /** Zoom at a point, which must be in a pane. @param {Point} point CSS pixels of the canvas
   * @param {number} factor */
  zoomAt(point, factor) {
    const place = this.locate(point);
    if (place) this.#move(zoomAt(this.view, this.#reading.shape, place.pane, place.at, factor));
  }

  /** Zoom at the pointer, or in the middle. @param {number} factor */
  zoom(factor) {
    const rect = this.panes[0]?.rect;
    if (!rect) return;
    const middle = { pane: rect, at: { x: rect.width / 2, y: rect.height / 2 } };
    const { pane, at } = (this.pointer && this.locate(this.pointer)) ?? middle;
    this.#move(zoomAt(this.view, this.#reading.shape, pane, at, factor));
  }

  /** @param {import("./view.js").View} view */
  #move(view) {
    this.view = view;
    this.fitted = false;
  }
}
