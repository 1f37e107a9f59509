// <bc-viewer base="/bc">: shows one scan with what was predicted and what is true.
//
//   viewer.show(info)      a ScanInfo as the server describes it, or null; fetches what it names. Another scan
//                          than before leaves editing; the same one again keeps pixels and edited mask
//   viewer.preload(info)   fetches and prepares a scan, so that show() of it draws without a request; two are kept
//   viewer.maskOf(which)   Uint8Array H*W of 0 and 1: "prediction" at its operating point (empty under the presence
//                          gate), "threshold" as it is drawn now, "truth", "last", "empty"; null where there is none
//   viewer.threshold       0..1; setting it redraws without asking the server
//   viewer.scores          at the threshold; null before a prediction is there
//   viewer.stats           {frames, drawn}: how many frames were drawn, and when the last (performance.now)
//   events                 bc-ready: it is on the screen; bc-error {message}: it is not, or not any more, until the
//                          next bc-ready; bc-threshold {threshold}; bc-scores {dice, iou, precision, recall, hit,
//                          miss, falseAlarm, painted_px, threshold, gated}
//   slot "empty"           what to say while there is no scan
//   attribute kind         "scans" (default) or "cases": what the server calls them, as in BASE/KIND/ID/pixels
//
// An editor of a mask, once a scan is shown:
//
//   viewer.edit(mask, beginning = "empty", of = {})   Uint8Array H*W, what is not 0 is painted (copied): the tools
//                          appear, and the layer "Mine"; may be called right after show(info), before its pixels are
//                          there. of: {threshold, revision} of the prediction that it began with. null leaves
//                          editing. Throws an Error of one sentence where the size is another
//   viewer.edited          Uint8Array H*W of 0 and 1 (a copy), or null; with what an outline goes around that is not
//                          closed yet
//   viewer.editedScores    as scores, of the edited mask against the truth; null while not editing
//   viewer.begin(which)    as maskOf, in place of the edited mask and as one step; false where there is none
//   viewer.last            {mask, beginning, threshold, revision}: what begin("last") takes, and what that began with;
//                          set it after show(); null with every other scan
//   viewer.beginning       what the edited mask began with (undo takes that back, too); null while not editing
//   viewer.beginningThreshold   where it began with "threshold": at which; else null
//   viewer.beginningRevision   where it began with a prediction: of which weights; else null
//   viewer.strokes         how many steps are done, and one for such an outline: undo counts down; 0 while not editing
//   viewer.isDrawing       whether something is drawn that is no step yet: under a press, or corners of an outline
//   viewer.settle()        paints such an outline, as a step; another tool does, too
//   viewer.tool            "pan", "brush", "eraser", "polygon", "fill", "grow", "ruler"
//   viewer.brush           radius in columns of the scan
//   viewer.undo() redo() smooth() fillHoles() keepLargest() zoomToLesion()
//   events                 bc-edit {strokes, painted_px, beginning, threshold} after every finished step, undo and
//                          redo, and every corner of an outline from its third on, which painted_px is without;
//                          bc-tool {tool, brush}
//   keys                   1 to 5, capital letters, and letters without an action (edit/keys.js) are left to whoever
//                          shows the viewer, while a mask is edited; others are preventDefault()ed at the document
//
//   --bc-bg --bc-fg --bc-muted --bc-line --bc-accent      colours around the picture

import { attend } from "./actions.js";
import { Ahead, load } from "./ahead.js";
import { refreshBars } from "./bars.js";
import { Display } from "./display.js";
import { one } from "./dom.js";
import { Editor } from "./edit/editor.js";
import { refreshMarks } from "./edit/marks.js";
import { leaveMenu } from "./edit/menu.js";
import { refreshToolbar } from "./edit/toolbar.js";
import { Frames } from "./frames.js";
import { refreshOverlays, say } from "./overlays.js";
import { Picture } from "./picture.js";
import { Reading } from "./reading.js";
import { refreshReadout } from "./readout.js";
import { Stage } from "./stage.js";
import { build } from "./template.js";

/** @typedef {import("./source.js").ScanInfo} ScanInfo */
/** @typedef {import("./edit/edited.js").Beginning} Beginning */

/** Below so many CSS pixels there is room for one pane; as in viewer.css. */
const NARROW = 620;

const BUSY = "The graphics hardware is busy elsewhere; the picture returns with it.";

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
  #editor = new Editor(this.#reading, this.#stage, (name, detail) => this.#emit(name, detail), this.#redraw);
  #resizing = new ResizeObserver(() => this.#resize());
  #loading = new AbortController();
  /** All that show() fetches is there; whether it is seen is another matter (Picture.isThere). */ #isFetched = false;
  #ahead = new Ahead();
  /** The last bc-scores, as text. */ #announced = "";
  /** @type {(event: KeyboardEvent) => void} */ #onKey;
  /** A key that is held when the window is left comes up elsewhere. */
  #onBlur = () => (this.#editor.hand.held = { erase: false, pan: false });
  /** @param {PointerEvent} event */
  #onPress = (event) => leaveMenu(this.#root, event) && this.#redraw();

  constructor() {
    super();
    this.#onKey = attend(
      {
        viewer: this, root: this.#root, reading: this.#reading, display: this.#display, stage: this.#stage,
        editor: this.#editor,
      },
      this.#redraw,
    );
    this.#canvas.addEventListener("webglcontextlost", () => this.#isFetched && this.#tell());
    this.#canvas.addEventListener("webglcontextrestored", () => {
      this.#start();
      if (this.#isFetched) this.#tell();
    });
    say(this.#root, "", "empty");
  }

  connectedCallback() {
    this.#resizing.observe(one(this.#root, ".stage"));
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("keyup", this.#onKey);
    document.addEventListener("pointerdown", this.#onPress);
    window.addEventListener("blur", this.#onBlur);
    document.addEventListener("fullscreenchange", this.#redraw);
    this.#refresh();
  }

  disconnectedCallback() {
    this.#resizing.disconnect();
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("keyup", this.#onKey);
    document.removeEventListener("pointerdown", this.#onPress);
    window.removeEventListener("blur", this.#onBlur);
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
    const keep = this.#reading.begin(info);
    this.#isFetched = false;
    if (!keep) {
      this.#editor.hand.forget();
      this.#editor.last = null;
      this.#forget();
    }
    if (info === null) {
      say(this.#root, "", "empty");
      return;
    }
    if (!keep) say(this.#root, `Loading ${info.name} …`, "late");
    const place = this.#place;
    const { scan, maps } = (keep ? null : this.#ahead.take(place, info)) ?? load(place, info, signal, keep);
    try {
      await this.#styled;
      this.#start();
      if (scan) this.#takeScan(info, await scan, signal);
      const prepared = await maps;
      if (signal.aborted) return;
      this.#takeMaps(prepared);
      this.#frames.now();
      this.#isFetched = true;
      this.#tell();
    } catch (error) {
      if (signal.aborted) return;
      if (this.#reading.scan) this.#takeMaps({ prediction: null, truth: null }); // not the mask of an older answer
      const message = error instanceof Error ? error.message : String(error);
      say(this.#root, message, this.#reading.scan ? "error over" : "error");
      this.#emit("bc-error", { message });
    }
  }

  /** Fetch and prepare a scan, so that show() of it draws at once; two are kept.
   * @param {ScanInfo} info @returns {Promise<void>} when it is there, or has failed: show() tries again */
  preload(info) {
    return this.#ahead.keep(this.#place, info);
  }

  // ---------------------------------------------------------------- editing

  /** @param {Uint8Array | null} mask what is not 0 is painted; copied @param {Beginning} [beginning]
   * @param {import("./edit/edited.js").Predicted} [of]
   * @throws {Error} a sentence, where there is no scan or the mask is of another size */
  edit(mask, beginning = "empty", of = {}) {
    this.#editor.edit(mask, beginning, of);
    this.#picture.loadMine();
    this.#stage.arrange();
    this.#redraw();
  }

  get edited() {
    return this.#editor.edited;
  }

  get editedScores() {
    return this.#reading.mine?.count.scores ?? null;
  }

  /** @param {Beginning} which @returns {Uint8Array | null} 0 or 1, row-major */
  maskOf(which) {
    return this.#editor.maskOf(which)?.slice() ?? null;
  }

  /** @param {Beginning} which @returns {boolean} whether there is such a mask */
  begin(which) {
    return this.#editor.begin(which);
  }

  get last() {
    return this.#editor.last;
  }

  set last(last) {
    this.#editor.last = last;
    this.#redraw();
  }

  get beginning() {
    return this.#reading.mine?.beginning ?? null;
  }

  get beginningThreshold() {
    return this.#reading.mine?.threshold ?? null;
  }

  get beginningRevision() {
    return this.#reading.mine?.revision ?? null;
  }

  get strokes() {
    return this.#editor.strokes;
  }

  get isDrawing() {
    return this.#editor.hand.isDrawing;
  }

  get tool() {
    return this.#editor.tool;
  }

  set tool(tool) {
    this.#editor.tool = tool;
  }

  get brush() {
    return this.#editor.radius;
  }

  set brush(radius) {
    this.#editor.radius = radius;
  }

  /** Paint an outline that is not closed yet, as a step. */
  settle() {
    this.#editor.settle();
  }

  /** Take back the press that is going on, the polygon's last corner, or the last step. */
  undo() {
    this.#editor.undo();
  }

  redo() {
    this.#editor.redo();
  }

  /** Round the border (edit/smooth.js), as a step. */
  smooth() {
    this.#editor.smooth();
  }

  /** Paint what is enclosed, as a step. */
  fillHoles() {
    this.#editor.fillHoles();
  }

  /** Leave the largest part, as a step. */
  keepLargest() {
    this.#editor.keepLargest();
  }

  /** Show the edited mask, else the prediction as it is drawn, else the truth, half as large as a pane. */
  zoomToLesion() {
    const { lesion } = this.#editor;
    if (lesion) this.#stage.show(lesion);
    this.#redraw();
  }

  // ---------------------------------------------------------------- what arrives

  /** Where the server has the scans. */
  get #place() {
    return `${this.getAttribute("base") ?? "/bc"}/${this.getAttribute("kind") ?? "scans"}`;
  }

  #forget() {
    this.#picture.loadScan();
    this.#stage.arrange();
    this.#frames.now();
  }

  /** @param {ScanInfo} info @param {import("./pyramid.js").Level[]} scan @param {AbortSignal} signal */
  #takeScan(info, scan, signal) {
    if (signal.aborted) return;
    this.#reading.scan = scan;
    this.#picture.loadScan();
    this.#picture.loadMine();
    this.#display.window = [info.window[0], info.window[1]];
    this.#stage.arrange();
    this.#stage.fit();
    const waits = info.segmented || info.has_truth;
    say(this.#root, waits ? "Preparing the prediction …" : "", waits ? "late over" : "");
    this.#frames.now();
  }

  /** Say whether what was fetched is on the screen. */
  #tell() {
    if (this.#picture.isThere) {
      say(this.#root, "", "");
      this.#emit("bc-ready", {});
    } else {
      say(this.#root, BUSY, "late");
      this.#emit("bc-error", { message: BUSY });
    }
  }

  /** @param {import("./prepare.js").Maps} maps */
  #takeMaps(maps) {
    this.#reading.takeMaps(maps);
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
    this.#editor.hand.settle();
    this.#picture.draw(this.#display, this.#stage);
    this.#refresh();
    this.#announce();
  }

  /** Bring all that is written around the picture in line with it. */
  #refresh() {
    const { tool, hand } = this.#editor;
    const drags = tool === "pan" || hand.held.pan;
    this.#canvas.classList.toggle("fitted", this.#stage.fitted);
    this.#canvas.classList.toggle("drawing", this.#reading.mine !== null && tool !== "pan");
    this.#canvas.classList.toggle("dragging", this.#reading.mine !== null && drags);
    refreshBars(this.#root, this.#reading, this.#display, this.#stage.view.scale);
    refreshOverlays(this.#root, this.#reading, this.#display, this.#stage);
    refreshReadout(this.#root, this.#reading, this.#stage, this.#picture.reduction);
    refreshToolbar(this.#root, this.#reading, this.#editor, this.#display);
    refreshMarks(this.#root, this.#reading, this.#editor, this.#stage);
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
