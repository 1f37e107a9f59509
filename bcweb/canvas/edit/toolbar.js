// The editor's tools beside the picture: their buttons, and how these follow the editor.

import { all, mark, one, write } from "../dom.js";
import { KEYS } from "../keys.js";
import { NOTHING } from "../scores.js";
import { addAction, beginAction, toolAction } from "./actions.js";
import { TOOLS } from "./editor.js";
import { EDIT_KEYS, MENU_KEYS } from "./keys.js";
import { closeMenu } from "./menu.js";

/** @typedef {import("../reading.js").Reading} Reading */
/** @typedef {import("./editor.js").Editor} Editor */

const GLYPHS = {
  pan: '<path d="M8 2v12M2 8h12"/><path d="M6.3 3.7 8 2l1.7 1.7M6.3 12.3 8 14l1.7-1.7M3.7 6.3 2 8l1.7 1.7M12.3 6.3 14 8l-1.7 1.7"/>',
  brush: '<path d="M13.5 2.5 7.6 8.4"/><path d="M7.9 8.1c1 1 1.1 2.6.1 3.6-1.3 1.4-3.6 1.9-5.8 1.6 1.1-.7.9-2.6 2.1-3.9 1-1 2.6-2.2 3.6-1.3z"/>',
  eraser: '<path d="m9.4 2.8 4 4-6 6.2H5L2.6 10.6z"/><path d="m6 6.3 4 4M7.5 13h6"/>',
  polygon: '<path d="M3 12.5 4.5 4l7-1.5 2 6.5-5 4.5z"/><path d="M3 12.5h.01M4.5 4h.01M11.5 2.5h.01M13.5 9h.01M8.5 13.5h.01" stroke-width="3"/>',
  fill: '<path d="m7.5 2.5 5.5 5.5-5 5-5.5-5.5z"/><path d="M3 8h9.5"/><path d="M13.9 10.5c.8 1.2.9 2.5 0 2.5s-.8-1.3 0-2.5z"/>',
  grow: '<circle cx="8" cy="8" r="1.6"/><circle cx="8" cy="8" r="5.7" stroke-dasharray="2.2 1.8"/><path d="M8 5V3.7M8 11v1.3M5 8H3.7M11 8h1.3"/>',
  ruler: '<path d="m2 11 9-9 3 3-9 9z"/><path d="m4.5 8.5 1.3 1.3M6.5 6.5l1.8 1.8M8.5 4.5l1.3 1.3"/>',
  lesion: '<circle cx="7" cy="7" r="4.5"/><path d="m10.3 10.3 3.7 3.7"/><circle cx="7" cy="7" r="1.2"/>',
  undo: '<path d="M3 3.5v4h4"/><path d="M3.3 7.3A5 5 0 1 1 5 12"/>',
  redo: '<path d="M13 3.5v4H9"/><path d="M12.7 7.3A5 5 0 1 0 11 12"/>',
  more: '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.5"/>',
};

/** @param {string} action @param {string} words what it does @param {string} face @param {string} [key] shown on it
 * @param {string} [more] attributes */
function button(action, words, face, key = EDIT_KEYS[action], more = "") {
  const name = key ? key.toUpperCase().replace("CONTROL+", "Ctrl ").replace("SHIFT+", "Shift ") : "";
  const cap = name ? `<kbd aria-hidden="true">${name.replace("Ctrl ", "^").replace("Shift ", "")}</kbd>` : "";
  const keys = key ? `aria-keyshortcuts="${key}"` : "";
  return `<button type="button" data-action="${action}" title="${words}${name ? ` (${name})` : ""}" ${keys} ${more}>${face}${cap}</button>`;
}

/** @param {keyof typeof GLYPHS} name */
function glyph(name) {
  return `<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">${GLYPHS[name]}</svg>`;
}

/** @param {import("./editor.js").Tool} tool @param {string} name @param {string} words */
function toolButton(tool, name, words) {
  return button(toolAction(tool), `${name}: ${words}`, glyph(tool), undefined, `aria-label="${name}" aria-pressed="false"`);
}

/** @param {import("./edited.js").Beginning} beginning @param {string} name @param {string} words */
function choice(beginning, name, words) {
  const action = beginAction(beginning);
  return button(action, words, `<span>${name}</span>`, MENU_KEYS[action], 'role="menuitem"');
}

/** It stands under the heading that says Shift. @param {"prediction" | "truth"} which @param {string} name @param {string} words */
function addition(which, name, words) {
  const action = addAction(which);
  return button(action, words, `<span>${name}</span>`, MENU_KEYS[action], `role="menuitem" aria-label="Add ${which}"`);
}

export const TOOLBAR = `
<div class="tools" role="toolbar" aria-label="Edit" hidden>
  <div class="set" role="group" aria-label="Tools">
    ${toolButton("brush", "Brush", "paint; the right button or Ctrl takes away")}
    ${toolButton("eraser", "Eraser", "take away")}
    ${toolButton("polygon", "Polygon", "click its corners; Enter or a double click closes it, Backspace takes a corner back, Escape all; begun with the right button or Ctrl it takes away")}
    ${toolButton("fill", "Fill", "click into what is drawn around; the right button or Ctrl takes a painted part away")}
    ${toolButton("grow", "Grow", "click for a region up to its edges, or drag outwards; comma and full stop, or Shift and the wheel, make it smaller and larger; the right button or Ctrl takes away")}
    ${toolButton("ruler", "Ruler", "drag to measure")}
    ${toolButton("pan", "Pan", "drag the picture; with any tool, hold Space or drag with the middle button")}
    ${button("lesion", "Zoom to the lesion", glyph("lesion"), undefined, 'aria-label="Zoom to the lesion"')}
  </div>
  <div class="set size" role="group" aria-label="Brush size">
    ${button("smaller", "Smaller brush, or Shift and the wheel", "−", undefined, 'aria-label="Smaller brush"')}
    <output class="diameter" aria-live="off" title="How wide the brush is"></output>
    ${button("larger", "Larger brush, or Shift and the wheel", "+", undefined, 'aria-label="Larger brush"')}
    <input type="range" class="radius" min="0" max="1" step="0.01" aria-label="Brush size" title="Brush size (, and . or Shift and the wheel)">
  </div>
  <div class="set" role="group" aria-label="Steps">
    ${button("undo", "Undo", glyph("undo"), "Control+Z", 'aria-label="Undo"')}
    ${button("redo", "Redo", glyph("redo"), "Control+Y", 'aria-label="Redo"')}
  </div>
  <button type="button" class="more-tools" data-action="moreTools" aria-expanded="false" title="Begin from another mask or add one, smooth, fill holes, keep the largest" aria-label="More tools">${glyph("more")}</button>
  <div class="set words" role="group" aria-label="The whole mask">
    ${button("beginMenu", "Begin from another mask, or add one", "<span>Begin from</span>", undefined, 'aria-haspopup="menu" aria-expanded="false"')}
    ${button("smooth", "Round the border", "<span>Smooth</span>")}
    ${button("fillHoles", "Fill what is enclosed", "<span>Fill holes</span>")}
    ${button("keepLargest", "Keep only the largest part", "<span>Keep largest</span>")}
  <div class="menu" role="menu" aria-label="Begin from, or add" hidden>
    ${choice("prediction", "Prediction", "The prediction at its operating point")}
    ${choice("threshold", "Threshold", "The prediction at the threshold of this moment")}
    ${choice("truth", "Truth", "The truth")}
    ${choice("last", "Last", "The mask that was saved last on this scan")}
    ${choice("empty", "Empty", "Nothing painted")}
    <span class="additions" aria-hidden="true">Add <kbd>⇧</kbd></span>
    ${addition("prediction", "Prediction", "Add the prediction, as it is seen, to what is drawn")}
    ${addition("truth", "Truth", "Add the truth to what is drawn")}
  </div>
  </div>
</div>`;

/** @param {ShadowRoot} root @param {Reading} reading @param {Editor} editor
 * @param {import("../display.js").Display} display */
export function refreshToolbar(root, reading, editor, display) {
  const { mine, scan, prediction, truth, info } = reading;
  const tools = one(root, ".tools");
  if (!mine) closeMenu(root); // it was of the mask before
  tools.hidden = !mine;
  // The viewer's key for it is somebody else's here.
  const actual = one(root, '[data-action="actual"]');
  const [here, there] = mine ? [EDIT_KEYS.actual, KEYS.actual[0]] : [KEYS.actual[0], EDIT_KEYS.actual];
  mark(actual, "aria-keyshortcuts", here);
  mark(actual, "title", actual.title.replace(`(${there})`, `(${here})`));
  one(root, ".viewer").classList.toggle("editing", mine !== null);
  if (!mine) return;
  for (const tool of TOOLS) {
    mark(one(root, `[data-action="${toolAction(tool)}"]`), "aria-pressed", tool === editor.tool);
  }
  /** @type {Record<string, boolean>} */
  const able = {
    undo: mine.canUndo || editor.hand.outline.points.length > 0,
    redo: mine.canRedo,
    lesion: editor.lesionIsKnown,
    smooth: mine.count.painted > 0,
    fillHoles: mine.count.painted > 0,
    keepLargest: mine.count.painted > 0,
    beginPrediction: !!prediction,
    beginThreshold: !!prediction,
    beginTruth: !!truth,
    beginLast: !!editor.last,
  };
  for (const each of all(tools, "button")) {
    /** @type {HTMLButtonElement} */ (each).disabled = !scan || able[each.dataset.action ?? ""] === false;
  }
  // Nobody adds what they do not see.
  const canAdd = {
    prediction: !!prediction && reading.level !== NOTHING && display.shows("prediction", reading),
    truth: !!truth?.pixels && display.shows("truth", reading),
  };
  one(root, ".additions").hidden = !canAdd.prediction && !canAdd.truth;
  one(root, '[data-action="addPrediction"]').hidden = !canAdd.prediction;
  one(root, '[data-action="addTruth"]').hidden = !canAdd.truth;
  const isOpen = !one(root, ".menu").hidden;
  mark(one(root, '[data-action="beginMenu"]'), "aria-expanded", isOpen);
  mark(one(root, ".more-tools"), "aria-expanded", tools.classList.contains("open"));
  const slider = /** @type {HTMLInputElement} */ (one(root, "input.radius"));
  const place = Math.round(placeOf(editor.radius, editor.radii) * 100) / 100;
  if (slider.valueAsNumber !== place) slider.valueAsNumber = place;
  const words = diameter(editor.radius, info?.spacing ?? null);
  write(one(root, ".diameter"), words);
  mark(slider, "aria-valuetext", words);
}

/** @param {number} radius in columns @param {[number, number] | null} spacing millimetres per row and column */
function diameter(radius, spacing) {
  if (!spacing) return `${2 * radius < 10 ? (2 * radius).toFixed(1) : Math.round(2 * radius)} px`;
  return `${(2 * radius * spacing[1]).toFixed(1)} mm`;
}

/** Where a radius lies on the slider, whose steps are factors. @param {number} radius @param {[number, number]} radii
 * @returns {number} 0..1 */
export function placeOf(radius, [least, most]) {
  return most > least ? Math.log(radius / least) / Math.log(most / least) : 0;
}

/** The reverse. @param {number} place 0..1 @param {[number, number]} radii @returns {number} */
export function radiusAt(place, [least, most]) {
  return least * (most / least) ** place;
}
