// WebGL2: one context, textures that all panes share, a scissored draw for each pane. What was drawn stays in the
// buffer: while nothing but the edited mask changes, only what a stroke has touched is drawn again, so that it
// costs as much on a large screen without graphics hardware as on a small one.

import { LAYER, OUTCOME, heatTexels } from "./colours.js";
import { union } from "./extents.js";
import { halve, shrink } from "./pyramid.js";
import { COPY, LAYERS, LINES, OVERLAY, SCAN, VERTEX } from "./shaders.js";
import { partOfPane, pyramidLevel } from "./view.js";

/** @typedef {import("./extents.js").Box} Box */
/** @typedef {import("./pyramid.js").Level} Level */
/** @typedef {import("./view.js").Rect} Rect */
/** @typedef {{view: import("./view.js").View, shape: import("./view.js").Shape, window: [number, number],
 *  level: number, boxes: {prediction: Box | null, truth: Box | null, mine: Box | null}, compared: [number, number],
 *  filled: boolean, opacity: number, dot: number}} Look
 *  level: see scores.js; boxes: around the masks, in pixels of the scan; compared: the two that a difference
 *  is of, as bits of LAYERS; dot: device pixels per CSS pixel. */
/** @typedef {{name: WebGLProgram, at: Map<string, WebGLUniformLocation | null>}} Program */

/** Texture units. */
const UNITS = { image: 0, opened: 1, truth: 2, probability: 3, ramp: 4, drawn: 5, mine: 6 };

const NONE = { data: new Uint8Array(1), width: 1, height: 1 };

/** @param {import("./colours.js").Colour} colour @returns {[number, number, number]} */
function unit(colour) {
  return [colour[0] / 255, colour[1] / 255, colour[2] / 255];
}

/** @param {Rect} a @param {Rect} b @returns {Rect | null} */
function overlap(a, b) {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The part of the scan that a pane's layers change. @param {number} layers @param {Look} look
 * @returns {Box | null} */
function touched(layers, { shape, boxes, compared }) {
  if (layers & LAYERS.heat) return [0, 0, shape.width, shape.height];
  const masks = layers & LAYERS.difference ? layers | compared[0] | compared[1] : layers;
  return union(
    masks & LAYERS.mine ? boxes.mine : null,
    union(masks & LAYERS.prediction ? boxes.prediction : null, masks & LAYERS.truth ? boxes.truth : null),
  );
}

export class Painter {
  /** How many pixels of the scan one texel is wide: 1, or 2, 4 ... where the hardware takes no more. */
  reduction = 1;
  /** @type {WebGL2RenderingContext} */ #gl;
  /** @type {[number, number, number]} */ #around;
  /** @type {Map<string, WebGLTexture>} */ #textures = new Map();
  /** @type {number} */ #largest;
  #levels = 1;
  /** What the drawn scan shows; it is drawn again when this changes. */ #drawn = "";
  /** What the buffer shows, but for the pixels of the edited mask; empty: nothing that could stay. */ #shown = "";
  /** Where the edited mask is another than the buffer shows. @type {Box | null} */ #stale = null;
  /** @type {WebGLFramebuffer} */ #target;
  /** @type {Program} */ #scan;
  /** @type {Program} */ #copy;
  /** @type {Program} */ #overlay;

  /** @param {WebGL2RenderingContext} gl @param {[number, number, number]} around the colour where there is
   * no scan, sRGB 0..255 */
  constructor(gl, around) {
    this.#gl = gl;
    this.#around = unit(around);
    this.#largest = gl.getParameter(gl.MAX_TEXTURE_SIZE);
    this.#target = /** @type {WebGLFramebuffer} */ (gl.createFramebuffer());
    gl.enable(gl.SCISSOR_TEST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    this.#scan = this.#link(SCAN);
    gl.uniform3fv(this.#at(this.#scan, "around"), this.#around);
    this.#copy = this.#link(COPY);
    this.#overlay = this.#link(OVERLAY);
    for (const [name, colour] of Object.entries(OUTCOME)) {
      gl.uniform3fv(this.#at(this.#overlay, name), unit(colour));
    }
    for (const [name, colour] of Object.entries(LAYER)) {
      gl.uniform3fv(this.#at(this.#overlay, `${name}Colour`), unit(colour));
    }
    this.#upload("ramp", [{ data: heatTexels(), width: 256, height: 1 }], gl.RGBA8, gl.RGBA, gl.LINEAR);
    this.clear();
  }

  /** Forget the scan and all that was drawn on it. */
  clear() {
    this.setScan([NONE]);
    this.setMaps(null, null, null, 1, 1);
    this.setMine(null, 1, 1);
  }

  /** @param {Level[]} levels the scan and its halves (pyramid.js) */
  setScan(levels) {
    const gl = this.#gl;
    const first = levels.findIndex((level) => Math.max(level.width, level.height) <= this.#largest);
    const fitting = levels.slice(first);
    const internal = levels[0].data instanceof Uint16Array ? gl.R16UI : gl.R8UI;
    this.#upload("image", fitting, internal, gl.RED_INTEGER, gl.NEAREST);
    this.#levels = fitting.length;
    this.reduction = 2 ** first;
    this.#drawn = this.#shown = "";
  }

  /** @param {Uint8Array | null} probability @param {Uint8Array | null} opened both round(255 p)
   * @param {Uint8Array | null} truth 0 or 255 @param {number} width @param {number} height */
  setMaps(probability, opened, truth, width, height) {
    const gl = this.#gl;
    this.#shown = "";
    this.#upload("probability", this.#fitting(probability, width, height), gl.R8, gl.RED, gl.LINEAR);
    this.#upload("opened", this.#fitting(opened, width, height), gl.R8UI, gl.RED_INTEGER, gl.NEAREST);
    this.#upload("truth", this.#fitting(truth, width, height), gl.R8UI, gl.RED_INTEGER, gl.NEAREST);
  }

  /** The mask that is edited. @param {Uint8Array | null} mask 0 or 1 @param {number} width @param {number} height */
  setMine(mask, width, height) {
    const gl = this.#gl;
    /** @type {Level} */
    this.#shown = "";
    const level = mask ? shrink(mask, width, height, this.reduction, [0, 0, width, height]) : NONE;
    this.#upload("mine", [level], gl.R8UI, gl.RED_INTEGER, gl.NEAREST);
  }

  /** What has changed of it. @param {Uint8Array} mask @param {number} width @param {number} height
   * @param {Box} box the pixels that have */
  patchMine(mask, width, height, box) {
    const gl = this.#gl;
    this.#stale = union(this.#stale, box);
    gl.activeTexture(gl.TEXTURE0 + UNITS.mine);
    if (this.reduction > 1) {
      const { data, x, y, width: w, height: h } = shrink(mask, width, height, this.reduction, box);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, w, h, gl.RED_INTEGER, gl.UNSIGNED_BYTE, data);
      return;
    }
    const [left, top, right, bottom] = box;
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
    gl.texSubImage2D(
      gl.TEXTURE_2D, 0, left, top, right - left, bottom - top, gl.RED_INTEGER, gl.UNSIGNED_BYTE, mask, top * width + left,
    );
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  /** @param {{rect: Rect, layers: number}[]} panes all of one size; rects in device pixels from the upper
   * left corner @param {Look} look */
  draw(panes, look) {
    const gl = this.#gl;
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    const wanted = JSON.stringify([panes, { ...look, boxes: { ...look.boxes, mine: null } }, width, height]);
    const stale = this.#stale;
    const isShown = wanted === this.#shown;
    this.#shown = wanted;
    this.#stale = null;
    if (isShown && !stale) return;
    if (!isShown) {
      gl.scissor(0, 0, width, height);
      gl.clearColor(...this.#around, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    if (panes.length === 0) return;
    this.#drawScan(panes[0].rect, look);
    const parts = panes.map(({ rect, layers }) => {
      const ground = isShown && stale ? partOfPane(look.view, look.shape, rect, this.#reach(stale, look)) : rect;
      const box = ground && touched(layers, look);
      const part = box && partOfPane(look.view, look.shape, rect, box);
      return { rect, layers, ground, part: part && ground && overlap(part, ground) };
    });
    gl.useProgram(this.#copy.name);
    for (const { rect, ground } of parts) if (ground) this.#cover(this.#copy, rect, ground);
    gl.useProgram(this.#overlay.name);
    this.#place(this.#overlay, look);
    gl.uniform1f(this.#at(this.#overlay, "wide"), this.reduction);
    gl.uniform1f(this.#at(this.#overlay, "dot"), look.dot);
    gl.uniform1i(this.#at(this.#overlay, "level"), look.level);
    gl.uniform1i(this.#at(this.#overlay, "filled"), look.filled ? 1 : 0);
    gl.uniform1f(this.#at(this.#overlay, "opacity"), look.opacity);
    gl.uniform1i(this.#at(this.#overlay, "judged"), look.compared[0]);
    gl.uniform1i(this.#at(this.#overlay, "judge"), look.compared[1]);
    for (const { rect, layers, part } of parts) {
      if (!part) continue;
      gl.uniform1i(this.#at(this.#overlay, "layers"), layers);
      this.#cover(this.#overlay, rect, part);
    }
  }

  /** What changes on the screen with a box of the mask: its texels, of which the last are up to twice as wide, and the
   * lines that look that far.
   * @param {Box} box @param {Look} look @returns {Box} in pixels of the scan, with fractions */
  #reach([left, top, right, bottom], { view, shape, dot }) {
    const across = (LINES * dot + 1) / view.scale + 2 * this.reduction;
    const down = (LINES * dot + 1) / (view.scale * shape.stretch) + 2 * this.reduction;
    return [left - across, top - down, right + across, bottom + down];
  }

  /** In the first level that the hardware takes.
   * @param {Uint8Array | null} data @param {number} width @param {number} height @returns {Level[]} */
  #fitting(data, width, height) {
    /** @type {Level} */
    let level = data ? { data, width, height } : NONE;
    while (Math.max(level.width, level.height) > this.#largest) level = halve(level);
    return [level];
  }

  /** Into the texture that the panes copy, unless it is there already.
   * @param {Rect} rect @param {Look} look */
  #drawScan({ width, height }, look) {
    const gl = this.#gl;
    const wanted = JSON.stringify([look.view, look.shape, look.window, width, height]);
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const texture = this.#make("drawn");
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    this.#filter(gl.NEAREST, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.useProgram(this.#scan.name);
    this.#place(this.#scan, look);
    gl.uniform2f(this.#at(this.#scan, "window"), look.window[0], look.window[1]);
    const lod = pyramidLevel(look.view.scale * this.reduction, this.#levels);
    gl.uniform1i(this.#at(this.#scan, "lod"), lod);
    gl.uniform1f(this.#at(this.#scan, "wide"), this.reduction * 2 ** lod);
    const whole = { x: 0, y: 0, width, height };
    this.#cover(this.#scan, whole, whole, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  /** Where the scan lies. @param {Program} program @param {Look} look */
  #place(program, { view, shape }) {
    const gl = this.#gl;
    gl.uniform2f(this.#at(program, "size"), shape.width, shape.height);
    gl.uniform2f(this.#at(program, "centre"), view.x, view.y);
    gl.uniform2f(this.#at(program, "pace"), 1 / view.scale, 1 / (view.scale * shape.stretch));
  }

  /** Run the program in use over a part of a pane. @param {Program} program @param {Rect} pane
   * @param {Rect} part @param {number} [height] of what is drawn into */
  #cover(program, pane, part, height = this.#gl.drawingBufferHeight) {
    const gl = this.#gl;
    const bottom = height - pane.y - pane.height;
    gl.viewport(pane.x, bottom, pane.width, pane.height);
    gl.scissor(part.x, height - part.y - part.height, part.width, part.height);
    gl.uniform4f(this.#at(program, "pane"), pane.x, bottom, pane.width, pane.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** @param {string} fragment @returns {Program} in use, its samplers set */
  #link(fragment) {
    const gl = this.#gl;
    const name = /** @type {WebGLProgram} */ (gl.createProgram());
    for (const [kind, text] of /** @type {[number, string][]} */ ([
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, fragment],
    ])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(name, shader);
    }
    gl.linkProgram(name);
    if (!gl.getProgramParameter(name, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(name) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error(`The viewer's shader did not compile: ${logs.join(" ").trim()}`);
    }
    gl.useProgram(name);
    const program = { name, at: new Map() };
    for (const [sampler, number] of Object.entries(UNITS)) gl.uniform1i(this.#at(program, sampler), number);
    return program;
  }

  /** @param {Program} program @param {string} uniform */
  #at(program, uniform) {
    if (!program.at.has(uniform)) program.at.set(uniform, this.#gl.getUniformLocation(program.name, uniform));
    return program.at.get(uniform) ?? null;
  }

  /** A new texture in place of the old, bound to its unit. @param {keyof typeof UNITS} name */
  #make(name) {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + UNITS[name]);
    gl.deleteTexture(this.#textures.get(name) ?? null);
    const texture = gl.createTexture();
    this.#textures.set(name, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    return texture;
  }

  /** @param {keyof typeof UNITS} name @param {Level[]} levels @param {number} internal @param {number} format
   * @param {number} filter */
  #upload(name, levels, internal, format, filter) {
    const gl = this.#gl;
    this.#make(name);
    gl.texStorage2D(gl.TEXTURE_2D, levels.length, internal, levels[0].width, levels[0].height);
    levels.forEach(({ data, width, height }, i) => {
      const type = data instanceof Uint16Array ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
      gl.texSubImage2D(gl.TEXTURE_2D, i, 0, 0, width, height, format, type, data);
    });
    this.#filter(levels.length > 1 ? gl.NEAREST_MIPMAP_NEAREST : filter, filter);
  }

  /** @param {number} smaller @param {number} larger */
  #filter(smaller, larger) {
    const gl = this.#gl;
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, smaller);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, larger);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}
