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

import { attend } from "./actions.js";
import { refreshBars } from "./bars.js";
import { Display } from "./display.js";
import { one } from "./dom.js";
import { Frames } from "./frames.js";
import { refreshOverlays, say } from "./overlays.js";
import { Picture } from "./picture.js";
import { prepareMaps, prepareScan } from "./prepare.js";
import { Reading } from "./reading.js";
import { refreshReadout } from "./readout.js";
import { fetchMap, fetchPixels } from "./source.js";
import { Stage } from "./stage.js";
import { build } from "./template.js";

/** @typedef {import("./source.js").ScanInfo} ScanInfo */

/** Below so many CSS pixels there is room for one pane; as in viewer.css. */
const NARROW = 620;

export class Viewer extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #styled = build(this.#root);
  #canvas = /** @type {HTMLCanvasElement} */ (one(this.#root, "canvas"));
  #reading = new Reading();
  #display = new Display(() => this.clientWidth < NARROW);
  #stage = new Stage(this.#root, this.#reading, this.#display);
  #picture = new Picture(this.#canvas, this.#reading);
  #frames = new Frames(() => this.#draw());
  #redraw = () => this.#frames.soon();
  #resizing = new ResizeObserver(() => this.#resize());
  #loading = new AbortController();
  /** The last bc-scores, as text. */ #announced = "";
  /** @type {(event: KeyboardEvent) => void} */ #onKey;

  constructor() {
    super();
    this.#onKey = attend(
      { viewer: this, root: this.#root, reading: this.#reading, display: this.#display, stage: this.#stage },
      this.#redraw,
    );
    this.#canvas.addEventListener("webglcontextlost", () => {
      say(this.#root, "The graphics hardware is busy elsewhere; the picture returns with it.", "late");
    });
    this.#canvas.addEventListener("webglcontextrestored", () => {
      this.#start();
      if (this.#reading.scan) say(this.#root, "", "");
    });
    say(this.#root, "", "empty");
  }

  connectedCallback() {
    this.#resizing.observe(one(this.#root, ".stage"));
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("fullscreenchange", this.#redraw);
    this.#refresh();
  }

  disconnectedCallback() {
    this.#resizing.disconnect();
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("fullscreenchange", this.#redraw);
  }

  // ---------------------------------------------------------------- public

  get threshold() {
    return this.#reading.threshold;
  }

  set threshold(value) {
    if (!this.#reading.moveThreshold(Number(value))) return;
    this.#emit("bc-threshold", { threshold: this.threshold });
    this.#redraw();
  }

  get scores() {
    return this.#reading.scores;
  }

  get stats() {
    return { ...this.#frames.stats };
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
      say(this.#root, "", "empty");
      return;
    }
    if (!keep) say(this.#root, `Loading ${info.name} …`, "late");
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
      this.#takeMaps(before, prepared);
      say(this.#root, "", "");
      this.#frames.now();
      this.#emit("bc-ready", {});
    } catch (error) {
      if (signal.aborted) return;
      if (this.#reading.scan) this.#takeMaps(before, { prediction: null, truth: null }); // not the mask of an older answer
      const message = error instanceof Error ? error.message : String(error);
      say(this.#root, message, this.#reading.scan ? "error over" : "error");
      this.#emit("bc-error", { message });
    }
  }

  // ---------------------------------------------------------------- what arrives

  #forget() {
    this.#picture.loadScan();
    this.#stage.arrange();
    this.#frames.now();
  }

  /** @param {ScanInfo} info @param {Uint8Array | Uint16Array} pixels @param {AbortSignal} signal */
  async #takeScan(info, pixels, signal) {
    const scan = await prepareScan(pixels, info.width, info.height);
    if (signal.aborted) return;
    this.#reading.scan = scan;
    this.#picture.loadScan();
    this.#display.window = [info.window[0], info.window[1]];
    this.#stage.arrange();
    this.#stage.fit();
    const waits = info.segmented || info.has_truth;
    say(this.#root, waits ? "Preparing the prediction …" : "", waits ? "late over" : "");
    this.#frames.now();
  }

  /** @param {ScanInfo | null} before @param {import("./prepare.js").Maps} maps */
  #takeMaps(before, maps) {
    this.#reading.takeMaps(before, maps);
    this.#picture.loadMaps();
    this.#stage.arrange();
    this.#redraw();
  }

  // ---------------------------------------------------------------- drawing

  #start() {
    if (this.#picture.start()) this.#resize();
  }

  #resize() {
    this.#stage.measure(() => this.#resize());
    this.#stage.arrange();
    this.#frames.now();
  }

  #draw() {
    this.#picture.draw(this.#display, this.#stage);
    this.#refresh();
    this.#announce();
  }

  /** Bring all that is written around the picture in line with it. */
  #refresh() {
    this.#canvas.classList.toggle("fitted", this.#stage.fitted);
    refreshBars(this.#root, this.#reading, this.#display, this.#stage.view.scale);
    refreshOverlays(this.#root, this.#reading, this.#display, this.#stage);
    refreshReadout(this.#root, this.#reading, this.#stage, this.#picture.reduction);
  }

  #announce() {
    const { scores, threshold } = this.#reading;
    if (!scores) return;
    const detail = { ...scores, threshold };
    const text = JSON.stringify(detail);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#emit("bc-scores", detail);
  }

  /** @param {string} name @param {object} detail */
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

if (!customElements.get("bc-viewer")) customElements.define("bc-viewer", Viewer);
