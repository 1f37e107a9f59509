// WebGL2: one context, one program, textures that all panes share, one scissored draw a pane.

import { LAYER, OUTCOME, heatTexels } from "./colours.js";
import { halve } from "./pyramid.js";
import { FRAGMENT, VERTEX } from "./shaders.js";
import { pyramidLevel } from "./view.js";

/** @typedef {import("./pyramid.js").Level} Level */
/** @typedef {import("./view.js").Rect} Rect */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./view.js").Shape} Shape */
/** @typedef {{view: View, shape: Shape, window: [number, number], level: number, filled: boolean,
 *  opacity: number, dot: number}} Look
 *  level: see scores.js; dot: device pixels per CSS pixel. */

/** Texture units. */
const UNITS = { image: 0, opened: 1, truth: 2, probability: 3, ramp: 4 };

const UNIFORMS = [
  "pane", "size", "centre", "pace", "dot", "lod", "window", "level", "layers", "filled", "opacity",
];

/** @param {import("./colours.js").Colour} colour @returns {[number, number, number]} */
function unit(colour) {
  return [colour[0] / 255, colour[1] / 255, colour[2] / 255];
}

export class Painter {
  /** @param {WebGL2RenderingContext} gl @param {[number, number, number]} backdrop sRGB 0..255 */
  constructor(gl, backdrop) {
    this.gl = gl;
    this.backdrop = unit(backdrop);
    /** @type {Map<string, WebGLTexture>} */
    this.textures = new Map();
    this.largest = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    /** How many pixels of the scan one texel is wide: 1, or 2, 4 ... where the hardware takes no more. */
    this.reduction = 1;
    this.levels = 1;
    this.program = this.#link();
    /** @type {Record<string, WebGLUniformLocation | null>} */
    this.at = {};
    for (const name of UNIFORMS) this.at[name] = gl.getUniformLocation(this.program, name);
    this.#setOnce();
    this.clear();
  }

  #link() {
    const gl = this.gl;
    const program = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, text] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`The viewer's shader did not compile: ${logs.join(" ").trim()}`);
    }
    return program;
  }

  #setOnce() {
    const gl = this.gl;
    const set = (/** @type {string} */ name) => gl.getUniformLocation(this.program, name);
    gl.useProgram(this.program);
    gl.enable(gl.SCISSOR_TEST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    for (const [name, unitNumber] of Object.entries(UNITS)) gl.uniform1i(set(name), unitNumber);
    for (const [name, colour] of Object.entries(OUTCOME)) gl.uniform3fv(set(name), unit(colour));
    for (const [name, colour] of Object.entries(LAYER)) gl.uniform3fv(set(`${name}Colour`), unit(colour));
    gl.uniform3fv(set("backdrop"), this.backdrop);
    this.#upload("ramp", [{ data: heatTexels(), width: 256, height: 1 }], gl.RGBA8, gl.RGBA, gl.LINEAR);
  }

  /** Forget the scan and all that was drawn on it. */
  clear() {
    this.#image([{ data: new Uint8Array(1), width: 1, height: 1 }]);
    this.setPrediction(null, null, 1, 1);
    this.setTruth(null, 1, 1);
  }

  /** @param {string} name @param {Level[]} levels @param {number} internal @param {number} format
   * @param {number} filter */
  #upload(name, levels, internal, format, filter) {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE0 + UNITS[/** @type {keyof typeof UNITS} */ (name)]);
    const old = this.textures.get(name);
    if (old) gl.deleteTexture(old);
    const texture = gl.createTexture();
    this.textures.set(name, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, levels.length, internal, levels[0].width, levels[0].height);
    levels.forEach(({ data, width, height }, i) => {
      const type = data instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
      gl.texSubImage2D(gl.TEXTURE_2D, i, 0, 0, width, height, format, type, data);
    });
    const minify = levels.length > 1 ? gl.NEAREST_MIPMAP_NEAREST : filter;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, minify);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** @param {Level[]} levels */
  #image(levels) {
    const gl = this.gl;
    const internal = levels[0].data instanceof Uint16Array ? gl.R16UI : gl.R8UI;
    this.#upload("image", levels, internal, gl.RED_INTEGER, gl.NEAREST);
    this.levels = levels.length;
  }

  /** @param {Level[]} levels the scan and its halves (pyramid.js) */
  setScan(levels) {
    const first = levels.findIndex((level) => Math.max(level.width, level.height) <= this.largest);
    this.#image(levels.slice(first));
    this.reduction = 2 ** first;
  }

  /** @param {Uint8Array} data @param {number} width @param {number} height @returns {Level} */
  #fitting(data, width, height) {
    /** @type {Level} */
    let level = { data, width, height };
    while (Math.max(level.width, level.height) > this.largest) level = halve(level);
    return level;
  }

  /** @param {Uint8Array | null} probability @param {Uint8Array | null} opened both round(255 p)
   * @param {number} width @param {number} height */
  setPrediction(probability, opened, width, height) {
    const gl = this.gl;
    const none = { data: new Uint8Array(1), width: 1, height: 1 };
    const shown = probability ? this.#fitting(probability, width, height) : none;
    const mask = opened ? this.#fitting(opened, width, height) : none;
    this.#upload("probability", [shown], gl.R8, gl.RED, gl.LINEAR);
    this.#upload("opened", [mask], gl.R8UI, gl.RED_INTEGER, gl.NEAREST);
  }

  /** @param {Uint8Array | null} truth 0 or 255 @param {number} width @param {number} height */
  setTruth(truth, width, height) {
    const gl = this.gl;
    const shown = truth ? this.#fitting(truth, width, height) : { data: new Uint8Array(1), width: 1, height: 1 };
    this.#upload("truth", [shown], gl.R8UI, gl.RED_INTEGER, gl.NEAREST);
  }

  /** Fill the canvas with the backdrop. */
  blank() {
    const gl = this.gl;
    gl.scissor(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(...this.backdrop, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** @param {{rect: Rect, layers: number}[]} panes rects in device pixels from the upper left corner
   * @param {Look} look */
  draw(panes, look) {
    const gl = this.gl;
    const { view, shape } = look;
    this.blank();
    gl.useProgram(this.program);
    gl.uniform2f(this.at.size, shape.width, shape.height);
    gl.uniform2f(this.at.centre, view.x, view.y);
    gl.uniform2f(this.at.pace, 1 / view.scale, 1 / (view.scale * shape.stretch));
    gl.uniform1f(this.at.dot, look.dot);
    gl.uniform2f(this.at.window, look.window[0], look.window[1]);
    gl.uniform1i(this.at.level, look.level);
    gl.uniform1i(this.at.filled, look.filled ? 1 : 0);
    gl.uniform1f(this.at.opacity, look.opacity);
    gl.uniform1i(this.at.lod, pyramidLevel(view.scale * this.reduction, this.levels));
    for (const { rect, layers } of panes) {
      const bottom = gl.drawingBufferHeight - rect.y - rect.height;
      gl.viewport(rect.x, bottom, rect.width, rect.height);
      gl.scissor(rect.x, bottom, rect.width, rect.height);
      gl.uniform4f(this.at.pane, rect.x, bottom, rect.width, rect.height);
      gl.uniform1i(this.at.layers, layers);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
  }
}
