// What the editor draws over the panes: the brush's circle in its true size, the polygon that is being drawn, the
// ruler. All panes have all of it, at the same place of the scan.

import { mark, one, write } from "../dom.js";
import { toPane } from "../view.js";
import { distance, inWords } from "./ruler.js";

/** @typedef {import("../reading.js").Reading} Reading */
/** @typedef {import("../stage.js").Stage} Stage */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("../view.js").Point} Point */

/** Of a pane; under and over are one line, dark around light. */
export const MARKS = `<svg class="marks" aria-hidden="true" hidden><path class="under"/><path class="over"/></svg>
  <span class="measure" hidden></span><i class="ring" hidden></i>`;

/** @param {ShadowRoot} root @param {Reading} reading @param {Editor} editor @param {Stage} stage */
export function refreshMarks(root, reading, editor, stage) {
  const { mine, shape, info } = reading;
  const place = mine && stage.pointer && stage.locate(stage.pointer);
  const pointer = place && stage.pointer && stage.imagePoint(place.pane, stage.pointer);
  const hasRing = !!pointer && (editor.tool === "brush" || editor.tool === "eraser") && !editor.hand.held.pan;
  const takesAway = editor.tool === "eraser" || editor.hand.held.erase;
  const { points } = editor.hand.outline;
  const remark = one(root, ".remark");
  remark.hidden = !mine || editor.hand.remark === "";
  write(remark, editor.hand.remark);
  for (const { id, rect } of stage.panes) {
    const pane = one(root, `[data-pane="${id}"]`);
    /** CSS pixels from the pane's upper left corner. @param {Point} at @returns {Point} */
    const here = (at) => {
      const { x, y } = toPane(stage.view, shape, rect, at);
      return { x: x / stage.dot, y: (y + stage.strip) / stage.dot };
    };
    const ring = one(pane, ".ring");
    ring.hidden = !hasRing;
    if (hasRing && pointer) {
      const { x, y } = here(pointer);
      const size = `${Math.max((2 * editor.radius * stage.view.scale) / stage.dot, 2)}px`;
      ring.classList.toggle("erase", takesAway);
      if (ring.style.width !== size) ring.style.width = ring.style.height = size;
      ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    }
    const corners = points.length && pointer ? [...points, pointer] : points;
    const line = editor.hand.ruler ?? corners;
    const svg = /** @type {HTMLElement} */ (one(pane, ".marks"));
    svg.toggleAttribute("hidden", line.length === 0);
    if (line.length) {
      const path = pathOf(line.map(here), editor.hand.ruler ? 2 : 3);
      for (const half of svg.children) mark(half, "d", path);
    }
    const measure = one(pane, ".measure");
    measure.hidden = !editor.hand.ruler;
    if (editor.hand.ruler) {
      const [a, b] = editor.hand.ruler.map(here);
      write(measure, inWords(distance(...editor.hand.ruler, info?.spacing ?? null)));
      measure.style.transform = `translate(${b.x + (b.x < a.x ? -10 : 10)}px, ${b.y}px) translate(${b.x < a.x ? "-100%" : "0"}, -50%)`;
    }
  }
}

/** A line with a dot at each corner. @param {Point[]} points @param {number} size of a dot, half its width */
function pathOf(points, size) {
  /** @param {Point} point @param {number} [by] */
  const to = ({ x, y }, by = 0) => `${(x + by).toFixed(1)} ${(y + by).toFixed(1)}`;
  const dots = points.map((p) => `M${to(p, -size)}h${2 * size}v${2 * size}h${-2 * size}z`);
  return `M${points.map((p) => to(p)).join("L")}${dots.join("")}`;
}
