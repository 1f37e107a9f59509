// <bc-viewer base="/bc">: shows one scan with what was predicted and what is true.
//
//   viewer.show(info)      a ScanInfo as the server describes it, or null; fetches what it names
//   viewer.threshold       0..1; setting it redraws without asking the server
//   viewer.scores          at the threshold; null before a prediction is there
//   viewer.stats           {frames, drawn}: how many frames were drawn, and when the last (performance.now)
//   events                 bc-ready, bc-error {message}, bc-threshold {threshold}, bc-scores {dice, iou,
//                          precision, recall, hit, miss, falseAlarm, painted_px, threshold, gated}
//   slot "empty"           what to say while there is no scan
//   --bc-bg --bc-fg --bc-muted --bc-line --bc-accent      colours around the picture

import { LAYER, OUTCOME, css, heat } from "./colours.js";
import { Display } from "./display.js";
import { boxAt } from "./extents.js";
import { listen } from "./gestures.js";
import { Painter } from "./gl.js";
import { actionOf } from "./keys.js";
import { prepareMaps, prepareScan } from "./prepare.js";
import { Reading } from "./reading.js";
import { LAYERS } from "./shaders.js";
import { fetchMap, fetchPixels } from "./source.js";
import { TEMPLATE } from "./template.js";
import { arrange, fit, panBy, scaleBar, toImage, toPane, zoomAt } from "./view.js";
import * as windowing from "./windowing.js";

/** @typedef {import("./source.js").ScanInfo} ScanInfo */
/** @typedef {import("./view.js").Point} Point */
/** @typedef {import("./view.js").Rect} Rect */
/** @typedef {{id: string, rect: Rect, layers: number}} Pane rect in device pixels, without its strip */

const STRIP = 22;
const GAP = 4;
const NARROW = 620;
/** @type {[number, number, number]} */
const BACKDROP = [8, 9, 11];

/** @param {number} value @param {number} low @param {number} high */
const between = (value, low, high) => Math.min(Math.max(value, low), high);

/** @param {number} n */
const grouped = (n) => Math.round(n).toLocaleString("en").replaceAll(",", "\u202f");

export class Viewer extends HTMLElement {
  #reading = new Reading();
  #display = new Display(() => this.clientWidth < NARROW);
  #loading = new AbortController();

  // Where it is shown.
  /** @type {import("./view.js").View} */ #view = { x: 0.5, y: 0.5, scale: 1 };
  #fitted = true;
  /** @type {Painter | null} */ #painter = null;
  /** @type {Pane[]} */ #panes = [];
  /** In CSS pixels of the canvas. @type {Point | null} */ #pointer = null;
  /** Device pixels per CSS pixel. */ #dot = 0;
  #frame = 0;
  #stats = { frames: 0, drawn: 0 };
  /** @type {ResizeObserver | null} */ #resizing = null;

  /** @type {ShadowRoot} */ #root;
  /** @type {HTMLCanvasElement} */ #canvas;
  /** @type {Promise<void>} */ #styled;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    this.#root.innerHTML = TEMPLATE;
    this.#canvas = /** @type {HTMLCanvasElement} */ (this.#root.querySelector("canvas"));
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("./viewer.css", import.meta.url).href;
    this.#element(".viewer").style.visibility = "hidden";
    this.#styled = new Promise((resolve) => {
      link.onload = link.onerror = () => {
        this.#element(".viewer").style.visibility = "";
        resolve();
      };
    });
    this.#root.prepend(link);
    this.#colour();
    this.#listen();
    this.#say("", "empty");
  }

  connectedCallback() {
    this.#resizing = new ResizeObserver(() => this.#resize());
    this.#resizing.observe(this.#element(".stage"));
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("fullscreenchange", this.#onFullscreen);
    this.#refresh();
  }

  disconnectedCallback() {
    this.#resizing?.disconnect();
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("fullscreenchange", this.#onFullscreen);
  }

  // ---------------------------------------------------------------- public

  get threshold() {
    return this.#reading.threshold;
  }

  set threshold(value) {
    if (!this.#reading.moveThreshold(Number(value))) return;
    this.#emit("bc-threshold", { threshold: this.threshold });
    this.#invalidate();
  }

  get scores() {
    return this.#reading.scores;
  }

  get stats() {
    return { ...this.#stats };
  }

  /** Show a scan and fetch what its description names; null shows nothing. The pixels of a scan that
   * is already there are kept. What goes wrong is said in the picture and by `bc-error`.
   * @param {ScanInfo | null} info @returns {Promise<void>} when it is drawn, or has failed, or another
   * scan was asked for */
  async show(info) {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const before = this.#reading.info;
    const keep = this.#reading.begin(info);
    if (!keep) this.#forget();
    if (info === null) {
      this.#say("", "empty");
      return;
    }
    if (!keep) this.#say(`Loading ${info.name} …`, "late");
    const base = this.getAttribute("base") ?? "/bc";
    const maps = Promise.all([
      info.segmented ? fetchMap(base, info, "probability", signal) : null,
      info.has_truth ? fetchMap(base, info, "truth", signal) : null,
    ]);
    maps.catch(() => {}); // awaited below, after the pixels
    try {
      const pixels = keep ? null : fetchPixels(base, info, signal);
      await this.#styled;
      this.#start();
      if (pixels) await this.#takeScan(info, await pixels, signal);
      const [probability, truth] = await maps;
      if (signal.aborted) return;
      const { width, height } = info;
      const prepared = await prepareMaps(probability, truth, width, height, info.min_lesion_px ?? 0);
      if (signal.aborted) return;
      this.#takeMaps(info, before, prepared);
      this.#say("", "");
      this.#draw();
      this.#emit("bc-ready", {});
    } catch (error) {
      if (signal.aborted) return;
      if (this.#reading.scan) this.#takeMaps(info, before, { prediction: null, truth: null }); // not the mask of an older answer
      const message = error instanceof Error ? error.message : String(error);
      this.#say(message, this.#reading.scan ? "error over" : "error");
      this.#emit("bc-error", { message });
    }
  }

  // ---------------------------------------------------------------- what is shown

  #forget() {
    this.#painter?.clear();
    this.#arrange();
    this.#draw();
  }

  /** @param {ScanInfo} info @param {Uint8Array | Uint16Array} pixels @param {AbortSignal} signal */
  async #takeScan(info, pixels, signal) {
    const scan = await prepareScan(pixels, info.width, info.height);
    if (signal.aborted) return;
    this.#reading.scan = scan;
    this.#painter?.setScan(scan);
    this.#display.window = [info.window[0], info.window[1]];
    this.#fitted = true;
    this.#arrange();
    const waits = info.segmented || info.has_truth;
    this.#say(waits ? "Preparing the prediction …" : "", waits ? "late over" : "");
    this.#draw();
  }

  /** @param {ScanInfo} info @param {ScanInfo | null} before @param {import("./prepare.js").Maps} maps */
  #takeMaps(info, before, maps) {
    this.#reading.takeMaps(info, before, maps);
    this.#uploadMaps();
    this.#arrange();
  }

  #uploadMaps() {
    const { width, height } = this.#reading.shape;
    const { probability = null, opened = null } = this.#reading.prediction ?? {};
    this.#painter?.setMaps(probability, opened, this.#reading.truth?.mask ?? null, width, height);
  }

  /** The context, on first need. */
  #start() {
    if (this.#painter) return;
    const gl = this.#canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error("This browser cannot draw the scan: WebGL 2 is missing or switched off.");
    if (gl.isContextLost()) return; // `#restore` comes when it is back
    this.#painter = new Painter(gl, BACKDROP);
    this.#resize();
  }

  // ---------------------------------------------------------------- where it is shown

  /** Which panes there are, and where. */
  #arrange() {
    const wanted = this.#display.panes(this.#reading);
    const stage = { width: this.#canvas.width, height: this.#canvas.height };
    const strip = Math.round(STRIP * this.#dot);
    const rects = arrange(wanted.length, stage, this.#reading.shape, strip, Math.round(GAP * this.#dot));
    this.#panes = wanted.map((pane, i) => ({ ...pane, rect: rects[i] }));
    if (this.#fitted && rects.length) this.#view = fit(this.#reading.shape, rects[0]);
    for (const element of this.#all(".pane")) {
      const pane = this.#panes.find(({ id }) => id === element.dataset.pane);
      element.hidden = !pane;
      if (pane) this.#place(element, pane.rect, strip);
    }
    this.#invalidate();
  }

  /** @param {HTMLElement} element @param {Rect} rect device pixels @param {number} above */
  #place(element, rect, above) {
    const px = (/** @type {number} */ length) => `${length / this.#dot}px`;
    element.style.left = px(rect.x);
    element.style.top = px(rect.y - above);
    element.style.width = px(rect.width);
    element.style.height = px(rect.height + above);
  }

  #resize() {
    const stage = this.#element(".stage");
    if (this.#dot !== window.devicePixelRatio) {
      this.#dot = window.devicePixelRatio;
      // A window that is moved to another screen keeps its size in CSS pixels.
      const same = matchMedia(`(resolution: ${this.#dot}dppx)`);
      same.addEventListener("change", () => this.#resize(), { once: true });
    }
    const width = Math.max(Math.round(stage.clientWidth * this.#dot), 1);
    const height = Math.max(Math.round(stage.clientHeight * this.#dot), 1);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#arrange();
    this.#draw();
  }

  /** @param {Point} point CSS pixels of the canvas @returns {{pane: Rect, at: Point} | null} the pane
   * there, and the place in it, in device pixels */
  #locate(point) {
    const x = point.x * this.#dot;
    const y = point.y * this.#dot;
    const strip = STRIP * this.#dot;
    const found = this.#panes.find(
      ({ rect }) => x >= rect.x && x < rect.x + rect.width && y >= rect.y - strip && y < rect.y + rect.height,
    );
    return found ? { pane: found.rect, at: { x: x - found.rect.x, y: y - found.rect.y } } : null;
  }

  #underPointer() {
    return this.#pointer && this.#locate(this.#pointer);
  }

  // ---------------------------------------------------------------- what the reader does

  #listen() {
    listen(this.#canvas, {
      pan: (dx, dy, at) => {
        this.#move(panBy(this.#view, this.#reading.shape, dx * this.#dot, dy * this.#dot));
        this.#pointer = at;
      },
      zoom: (point, factor) => {
        const place = this.#locate(point);
        if (place) this.#move(zoomAt(this.#view, this.#reading.shape, place.pane, place.at, factor));
      },
      window: (dx, dy) => {
        if (this.#reading.info) this.#setWindow(windowing.dragWindow(this.#display.window, this.#reading.info.window, dx, dy));
      },
      hover: (point) => {
        this.#pointer = point;
        this.#invalidate();
      },
      reset: () => this.#act("fit"),
    });
    this.#root.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target).closest("[data-action]");
      if (target instanceof HTMLElement) this.#act(target.dataset.action ?? "");
    });
    this.#root.addEventListener("input", (event) => this.#onInput(/** @type {HTMLInputElement} */ (event.target)));
    this.#canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#painter = null;
      this.#say("The graphics hardware is busy elsewhere; the picture returns with it.", "late");
    });
    this.#canvas.addEventListener("webglcontextrestored", () => this.#restore());
  }

  #restore() {
    this.#start();
    if (this.#reading.scan) {
      this.#painter?.setScan(this.#reading.scan);
      this.#uploadMaps();
      this.#say("", "");
    }
    this.#draw();
  }

  /** @param {HTMLInputElement} input */
  #onInput(input) {
    const value = input.valueAsNumber;
    if (Number.isNaN(value)) return;
    if (input.id === "threshold") this.threshold = value;
    else if (input.className === "opacity-slider") this.#display.opacity = value;
    else if (input.className === "width") {
      this.#display.window = windowing.windowFrom(windowing.levelOf(this.#display.window), value);
    } else if (input.className === "level") {
      this.#display.window = windowing.windowFrom(value, windowing.widthOf(this.#display.window));
    }
    this.#invalidate();
  }

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const target = event.composedPath()[0];
    const inPicture = target === this.#canvas || target === document.body;
    const action = actionOf(event, target, inPicture);
    if (action === null || !this.#reading.scan || !this.checkVisibility()) return;
    event.preventDefault();
    this.#act(action);
  };

  #onFullscreen = () => this.#invalidate();

  /** @param {string} action as in keys.js, or a button's */
  #act(action) {
    const step = 40;
    switch (action) {
      case "zoomIn": return this.#zoomBy(1.25);
      case "zoomOut": return this.#zoomBy(0.8);
      case "fit":
        this.#fitted = true;
        if (this.#panes.length) this.#view = fit(this.#reading.shape, this.#panes[0].rect);
        break;
      case "actual": return this.#zoomBy(1 / this.#view.scale);
      case "left": return this.#pan(step, 0);
      case "right": return this.#pan(-step, 0);
      case "up": return this.#pan(0, step);
      case "down": return this.#pan(0, -step);
      case "thresholdDown": this.#nudge(-0.01); break;
      case "thresholdUp": this.#nudge(0.01); break;
      case "resetThreshold":
        this.threshold = this.#reading.info?.threshold ?? 0.5;
        this.#reading.leaveToGate();
        break;
      case "showAnyway": this.#reading.askForMask(); break;
      case "resetWindow":
        if (this.#reading.info) this.#setWindow([this.#reading.info.window[0], this.#reading.info.window[1]]);
        break;
      case "layout":
        this.#display.layout = this.#display.layout === "side" ? "single" : "side";
        this.#arrange();
        break;
      case "side": case "single":
        this.#display.layout = action;
        this.#arrange();
        break;
      case "prediction": case "truth": case "difference":
        this.#display.toggle(action);
        this.#arrange();
        break;
      case "outline": case "fill": this.#display.filled = action === "fill"; break;
      case "style": this.#display.filled = !this.#display.filled; break;
      case "heat": this.#display.heat = !this.#display.heat; break;
      case "hide": this.#display.hidden = !this.#display.hidden; break;
      case "more": this.#element(".extra").classList.toggle("open"); break;
      case "fullscreen":
        if (document.fullscreenElement) document.exitFullscreen();
        else this.requestFullscreen().catch(() => {}); // the browser may refuse; nothing is lost
        break;
    }
    this.#invalidate();
  }

  /** @param {number} by */
  #nudge(by) {
    if (this.#reading.prediction) this.threshold = Math.round((this.#reading.threshold + by) * 200) / 200;
  }

  /** Zoom at the pointer, or in the middle. @param {number} factor */
  #zoomBy(factor) {
    const rect = this.#panes[0]?.rect;
    if (!rect) return;
    const { pane, at } = this.#underPointer() ?? { pane: rect, at: { x: rect.width / 2, y: rect.height / 2 } };
    this.#move(zoomAt(this.#view, this.#reading.shape, pane, at, factor));
  }

  /** @param {number} dx @param {number} dy CSS pixels */
  #pan(dx, dy) {
    this.#move(panBy(this.#view, this.#reading.shape, dx * this.#dot, dy * this.#dot));
  }

  /** @param {import("./view.js").View} view */
  #move(view) {
    this.#view = view;
    this.#fitted = false;
    this.#invalidate();
  }

  /** @param {import("./windowing.js").Window} window */
  #setWindow(window) {
    this.#display.window = window;
    this.#invalidate();
  }

  // ---------------------------------------------------------------- drawing

  #invalidate() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#paint();
    this.#refresh();
    this.#announce();
    this.#stats = { frames: this.#stats.frames + 1, drawn: performance.now() };
  }

  #paint() {
    if (!this.#painter) return;
    const panes = this.#panes.map(({ rect, layers }) => ({ rect, layers: this.#display.drawn(layers) }));
    const level = this.#reading.level;
    this.#painter.draw(panes, {
      view: this.#view,
      shape: this.#reading.shape,
      window: this.#display.window,
      level,
      painted: this.#reading.prediction && boxAt(this.#reading.prediction.extents, level),
      lesion: this.#reading.truth && this.#reading.truth.box,
      filled: this.#display.filled && !this.#display.heat,
      opacity: this.#display.opacity,
      dot: this.#dot,
    });
  }

  #announced = "";

  #announce() {
    const scores = this.scores;
    if (!scores) return;
    const detail = { ...scores, threshold: this.#reading.threshold };
    const text = JSON.stringify(detail);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#emit("bc-scores", detail);
  }

  /** @param {string} name @param {object} detail */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  // ---------------------------------------------------------------- the controls around it

  /** @param {string} selector @returns {HTMLElement} */
  #element(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }

  /** @param {string} selector @returns {NodeListOf<HTMLElement>} */
  #all(selector) {
    return this.#root.querySelectorAll(selector);
  }

  /** @param {string} selector @param {string} text */
  #write(selector, text) {
    const element = this.#element(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  #colour() {
    const { style } = this.#element(".viewer");
    style.setProperty("--hit", css(OUTCOME.hit));
    style.setProperty("--miss", css(OUTCOME.miss));
    style.setProperty("--false-alarm", css(OUTCOME.falseAlarm));
    style.setProperty("--prediction", css(LAYER.prediction));
    style.setProperty("--truth", css(LAYER.truth));
    const stops = Array.from({ length: 17 }, (_, i) => css(heat(i / 16)));
    style.setProperty("--ramp", `linear-gradient(to right, ${stops.join(", ")})`);
  }

  /** @param {string} text @param {string} how classes: "empty", "late" (only after a while), "over" (at
   * the bottom of the picture), "error" */
  #say(text, how) {
    const message = this.#element(".message");
    message.className = `message ${how}`;
    message.hidden = text === "" && how !== "empty";
    this.#write(".said", text);
  }

  /** Bring every control in line with what is shown. */
  #refresh() {
    this.#refreshButtons();
    this.#refreshInputs();
    this.#refreshScores();
    this.#refreshPanes();
    this.#refreshPointer();
    const { name, width, height } = this.#reading.info ?? {};
    const label = name
      ? `${name}, ${width} by ${height} pixels. Arrow keys pan, plus and minus zoom, 0 shows the whole scan.`
      : "No scan";
    if (this.#canvas.getAttribute("aria-label") !== label) this.#canvas.setAttribute("aria-label", label);
  }

  #refreshButtons() {
    const single = this.#display.layout === "single";
    const pressed = {
      side: !single,
      single,
      prediction: this.#display.has("prediction"),
      truth: this.#display.has("truth"),
      difference: this.#display.has("difference"),
      outline: !this.#display.filled,
      fill: this.#display.filled,
      heat: this.#display.heat,
      hide: this.#display.hidden,
      fullscreen: document.fullscreenElement === this,
    };
    const able = {
      prediction: !!this.#reading.prediction,
      truth: !!this.#reading.truth,
      difference: !!(this.#reading.prediction && this.#reading.truth),
      heat: !!this.#reading.prediction,
      resetThreshold: !!this.#reading.prediction,
      fullscreen: document.fullscreenEnabled === true,
    };
    for (const [action, on] of Object.entries(pressed)) {
      this.#element(`[data-action="${action}"]`).setAttribute("aria-pressed", String(on));
    }
    for (const button of this.#all(".bar button")) {
      const can = /** @type {Record<string, boolean>} */ (able)[button.dataset.action ?? ""] ?? true;
      /** @type {HTMLButtonElement} */ (button).disabled = !this.#reading.scan || !can;
    }
    this.#element(".layers").hidden = !single;
    this.#element(".more").setAttribute("aria-expanded", String(this.#element(".extra").classList.contains("open")));
  }

  /** @param {string} selector @param {number} value @param {boolean} able */
  #set(selector, value, able) {
    const input = /** @type {HTMLInputElement} */ (this.#element(selector));
    input.disabled = !able;
    if (this.#root.activeElement === input && input.type === "number") return; // being typed in
    if (input.valueAsNumber !== value) input.valueAsNumber = value;
  }

  #refreshInputs() {
    const scan = this.#reading.scan !== null;
    const round = (/** @type {number} */ value) => Math.round(value * 10) / 10;
    this.#set("#threshold", this.#reading.threshold, this.#reading.prediction !== null);
    this.#set(".opacity-slider", this.#display.opacity, scan);
    this.#set("input.width", round(windowing.widthOf(this.#display.window)), scan);
    this.#set("input.level", round(windowing.levelOf(this.#display.window)), scan);
    this.#write(".value", this.#reading.prediction ? this.#reading.threshold.toFixed(3).replace(/0$/, "") : "–");
    const point = this.#reading.prediction ? (this.#reading.info?.threshold ?? null) : null;
    this.#element(".mark").hidden = point === null;
    this.#element(".track").style.setProperty("--at", String(point ?? 0));
    const words = point === this.#reading.threshold ? `${point}, the operating point` : String(this.#reading.threshold);
    this.#element("#threshold").setAttribute("aria-valuetext", words);
    this.#write(".percent", scan ? `${Math.round(this.#view.scale * 100)} %` : "–");
  }

  #refreshScores() {
    const scores = this.scores;
    this.#element(".scores").hidden = !scores || scores.dice === null;
    for (const element of this.#all("[data-score]")) {
      const value = scores?.[/** @type {"dice" | "iou" | "precision" | "recall"} */ (element.dataset.score)];
      const text = value == null ? "–" : value.toFixed(3);
      if (element.textContent !== text) element.textContent = text;
    }
  }

  /** @param {number} pixels */
  #area(pixels) {
    if (pixels === 0) return "nothing painted";
    const spacing = this.#reading.info?.spacing;
    if (!spacing) return `${grouped(pixels)} px`;
    const mm2 = pixels * spacing[0] * spacing[1];
    return `${mm2 < 100 ? mm2.toFixed(1) : grouped(mm2)} mm²`;
  }

  #refreshPanes() {
    const painted = this.scores?.painted_px;
    const hot = this.#display.heat && !this.#display.hidden;
    for (const area of this.#all(".area")) {
      const pixels = area.classList.contains("truth-area") ? this.#reading.truth?.pixels : painted;
      const text = pixels == null ? "" : this.#area(pixels);
      if (area.textContent !== text) area.textContent = text;
    }
    const bits = this.#display.layersOfSingle(this.#reading);
    for (const legend of this.#all(".heat")) {
      const single = legend.closest(".pane")?.getAttribute("data-pane") === "layers";
      legend.hidden = !hot || (single && (bits & LAYERS.prediction) === 0);
    }
    const inLayers = (/** @type {string} */ selector) => this.#element(`[data-pane="layers"] ${selector}`);
    inLayers(".outcomes").hidden = bits !== LAYERS.difference || this.#display.hidden;
    inLayers(".area").hidden = bits === 0 || bits === LAYERS.truth;
    const names = [
      bits & LAYERS.prediction ? '<i class="swatch prediction"></i>Prediction' : "",
      bits & LAYERS.truth ? '<i class="swatch truth"></i>Truth' : "",
      bits & LAYERS.difference ? "Difference" : "",
    ].filter(Boolean);
    const shown = inLayers(".shown");
    const html = names.join(" &nbsp; ") || "Scan";
    if (shown.innerHTML !== html) shown.innerHTML = html;
    this.#refreshScale();
    this.#refreshNotice();
  }

  #refreshScale() {
    const scale = this.#element(".scale");
    const pane = this.#panes[0]?.rect;
    scale.hidden = !pane;
    if (!pane) return;
    const spacing = this.#reading.info?.spacing;
    const cssPerPixel = this.#view.scale / this.#dot;
    const perUnit = spacing ? cssPerPixel / spacing[1] : cssPerPixel;
    const bar = scaleBar(perUnit, between(pane.width / this.#dot / 4, 30, 160));
    this.#element(".scale i").style.width = `${bar.pixels}px`;
    this.#write(".scale span", `${Number(bar.units.toPrecision(1))} ${spacing ? "mm" : "px"}`);
    scale.style.left = `${pane.x / this.#dot}px`;
    scale.style.bottom = `${this.#fromBottom(pane)}px`;
  }

  /** CSS pixels from the picture's lower edge to a pane's. @param {Rect} rect */
  #fromBottom(rect) {
    return (this.#canvas.height - rect.y - rect.height) / this.#dot;
  }

  #refreshNotice() {
    const notice = this.#element(".notice");
    const pane = this.#panes.find(({ id }) => id === "prediction") ?? this.#panes[0];
    const under = this.#reading.prediction && this.#reading.underGate;
    for (const caution of this.#all(".caution")) caution.hidden = !under || this.#reading.gated;
    notice.hidden = !under || !pane || !this.#reading.gated;
    if (!under || !pane) return;
    const { presence, gate } = under;
    for (const caution of this.#all(".caution")) {
      caution.textContent = `presence ${presence.toFixed(2)}, under the gate ${gate.toFixed(2)}`;
    }
    const words = `No lesion found: presence ${presence.toFixed(2)} is under the gate ${gate.toFixed(2)}`;
    this.#write(".notice span", words);
    const { rect } = pane;
    notice.style.left = `${(rect.x + rect.width / 2) / this.#dot}px`;
    // Above the scale bar, if both are in one pane.
    notice.style.bottom = `${this.#fromBottom(rect) + (pane === this.#panes[0] ? 38 : 10)}px`;
    notice.style.width = rect.width / this.#dot < 500 ? `${rect.width / this.#dot - 16}px` : "max-content";
  }

  #refreshPointer() {
    const place = this.#underPointer();
    const shape = this.#reading.shape;
    const at = place && this.#reading.scan && toImage(this.#view, shape, place.pane, place.at);
    const inside = at && at.x >= 0 && at.y >= 0 && at.x < shape.width && at.y < shape.height;
    for (const { id, rect } of this.#panes) {
      const cross = this.#element(`[data-pane="${id}"] .cross`);
      cross.classList.toggle("on", !!inside && rect !== place?.pane);
      if (!inside || !at) continue;
      const spot = toPane(this.#view, shape, rect, at);
      cross.style.transform = `translate(${spot.x / this.#dot}px, ${spot.y / this.#dot + STRIP}px)`;
    }
    this.#write(".readout", inside && at ? this.#under(Math.floor(at.x), Math.floor(at.y)) : this.#remark());
  }

  /** @param {number} x @param {number} y a pixel of the scan */
  #under(x, y) {
    const { width } = this.#reading.shape;
    const value = this.#reading.scan?.[0].data[y * width + x];
    const p = this.#reading.prediction?.probability[y * width + x];
    return `x ${x}  y ${y}   value ${value}` + (p === undefined ? "" : `   p ${(p / 255).toFixed(2)}`);
  }

  /** What to say where the pointer has nothing under it. */
  #remark() {
    const reduction = this.#painter?.reduction ?? 1;
    if (this.#reading.scan === null || reduction === 1) return "";
    return `Drawn at 1/${reduction} of its resolution, which is the most this device can; the numbers use all of it.`;
  }
}

if (!customElements.get("bc-viewer")) customElements.define("bc-viewer", Viewer);
