// What is drawn: keeps a painter for the canvas through the loss of its graphics context, and hands it
// the arrays, and for each frame the panes and how they look.

import { Painter } from "./gl.js";

/** @type {import("./colours.js").Colour} */
const BACKDROP = [8, 9, 11];

export class Picture {
  /** Null before the first scan, and while the context is lost. @type {Painter | null} */ #painter = null;
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {import("./reading.js").Reading} */ #reading;

  /** @param {HTMLCanvasElement} canvas @param {import("./reading.js").Reading} reading */
  constructor(canvas, reading) {
    this.#canvas = canvas;
    this.#reading = reading;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // or it would not be restored
      this.#painter = null;
    });
  }

  /** The context, on first need, and again when it was lost and is back; what was there is loaded anew.
   * @returns {boolean} whether there is a new one @throws {Error} a sentence, where the browser has none */
  start() {
    if (this.#painter) return false;
    /** @type {WebGLContextAttributes} */
    const wanted = { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true };
    const gl = this.#canvas.getContext("webgl2", wanted);
    if (!gl) throw new Error("This browser cannot draw the scan: WebGL 2 is missing or switched off.");
    if (gl.isContextLost()) return false; // "webglcontextrestored" comes when it is back
    this.#painter = new Painter(gl, BACKDROP);
    this.loadScan();
    this.loadMaps();
    this.loadMine();
    return true;
  }

  /** Whether what is drawn is on the screen. */
  get isThere() {
    return this.#painter !== null;
  }

  /** How many pixels of the scan one texel is wide (gl.js). */
  get reduction() {
    return this.#painter?.reduction ?? 1;
  }

  loadScan() {
    if (this.#reading.scan) this.#painter?.setScan(this.#reading.scan);
    else this.#painter?.clear();
  }

  loadMaps() {
    const { prediction, truth, shape } = this.#reading;
    const { probability = null, opened = null } = prediction ?? {};
    this.#painter?.setMaps(probability, opened, truth?.mask ?? null, shape.width, shape.height);
  }

  /** The mask that is edited, all of it. */
  loadMine() {
    const { mine, shape } = this.#reading;
    mine?.drawn();
    this.#painter?.setMine(mine?.mask ?? null, shape.width, shape.height);
  }

  /** @param {import("./display.js").Display} display @param {import("./stage.js").Stage} stage */
  draw(display, stage) {
    const { painted, truth, mine, shape, level } = this.#reading;
    const dirty = this.#painter && mine?.drawn();
    if (mine && dirty) this.#painter?.patchMine(mine.mask, shape.width, shape.height, dirty);
    const panes = stage.panes.map(({ rect, layers }) => ({ rect, layers: display.drawn(layers) }));
    this.#painter?.draw(panes, {
      view: stage.view,
      shape,
      window: display.window,
      level,
      boxes: {
        prediction: painted,
        truth: truth && truth.box,
        mine: mine && mine.count.box,
      },
      compared: this.#reading.compared,
      filled: display.filled && !display.heat,
      opacity: display.opacity,
      dot: stage.dot,
    });
  }
}
