// The element's shadow tree. Buttons carry `data-action`: the same names as the keys of keys.js.

import { LAYER, OUTCOME, css, heat } from "./colours.js";
import { MARKS } from "./edit/marks.js";
import { TOOLBAR } from "./edit/toolbar.js";
import { KEYS } from "./keys.js";

const GLYPHS = {
  side: '<rect x="2.5" y="2.5" width="4.6" height="4.6"/><rect x="8.9" y="2.5" width="4.6" height="4.6"/><rect x="2.5" y="8.9" width="4.6" height="4.6"/><rect x="8.9" y="8.9" width="4.6" height="4.6"/>',
  single: '<rect x="2.5" y="2.5" width="11" height="11"/>',
  minus: '<path d="M3.5 8h9"/>',
  plus: '<path d="M3.5 8h9M8 3.5v9"/>',
  undo: '<path d="M3 3.5v4h4"/><path d="M3.4 7.2A5.2 5.2 0 1 1 4 11.4"/>',
  eye: '<path d="M1.5 8S4 3.7 8 3.7 14.5 8 14.5 8 12 12.3 8 12.3 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="1.9"/>',
  full: '<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10"/>',
  adjust: '<path d="M2 5h5M11 5h3M2 11h3M9 11h5"/><circle cx="9" cy="5" r="1.8"/><circle cx="7" cy="11" r="1.8"/>',
};

/** @param {keyof typeof GLYPHS} name */
function glyph(name) {
  return `<svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">${GLYPHS[name]}</svg>`;
}

/** A tooltip with the action's key. @param {string} words @param {string} action */
function hint(words, action) {
  const key = KEYS[action]?.[0];
  if (!key) return `title="${words}"`;
  return `title="${words} (${key.toUpperCase()})" aria-keyshortcuts="${key}"`;
}

/** @param {string} action @param {string} face @param {string} words @param {string} [name] */
function button(action, face, words, name = "") {
  const label = name ? `aria-label="${name}"` : "";
  return `<button type="button" data-action="${action}" ${hint(words, action)} ${label}>${face}</button>`;
}

/** @param {string} action @param {string} face @param {string} words @param {string} key the action whose key does it
 * @param {string} [name] */
function choice(action, face, words, key, name = "") {
  const label = name ? `aria-label="${name}"` : "";
  return `<button type="button" data-action="${action}" aria-pressed="false" ${hint(words, key)} ${label}>${face}</button>`;
}

/** @param {string} id @param {string} name @param {string} extra */
function pane(id, name, extra) {
  return `<div class="pane" data-pane="${id}" hidden>
    <div class="strip"><span class="name">${name}</span>${extra}</div><i class="looked-at" hidden></i><i class="cross"></i>${MARKS}</div>`;
}

const CAUTION = '<span class="caution" hidden></span>';
const AREA = '<span class="area" title="Painted area"></span>';
const OUTCOMES = `<span class="outcomes"><span><i class="swatch hit"></i><span class="word">hit</span></span><span><i class="swatch miss"></i><span class="word">miss</span></span><span><i class="swatch false-alarm"></i><span class="word">false alarm</span></span></span>`;
const HEAT = '<span class="heat" title="Colours of the probability">0<i class="ramp"></i>1</span>';

export const TEMPLATE = `
<div class="viewer">
  <div class="bar top" role="toolbar" aria-label="Display">
    <div class="group joined" role="group" aria-label="Layout">
      ${choice("side", glyph("side"), "Panes side by side", "layout", "Side by side")}
      ${choice("single", glyph("single"), "One pane with layers", "layout", "One pane")}
    </div>
    <div class="group joined layers" role="group" aria-label="Layers">
      ${choice("mine", "Mine", "The mask that is edited", "mine")}
      ${choice("prediction", "Prediction", "Prediction", "prediction")}
      ${choice("truth", "Truth", "Truth", "truth")}
      ${choice("difference", "Difference", "Difference of prediction and truth", "difference")}
    </div>
    <button type="button" class="more" data-action="more" aria-expanded="false" aria-controls="extra"
      title="Outline, heat map, window and zoom" aria-label="Display settings">${glyph("adjust")}</button>
    <div class="extra" id="extra">
      <div class="group joined" role="group" aria-label="Style">
        ${choice("outline", "Outline", "Draw the border", "style")}
        ${choice("fill", "Fill", "Draw the area", "style")}
      </div>
      <div class="group">${choice("heat", 'Heat<span class="long">&nbsp;map</span>', "Heat map of the probability", "heat", "Heat map")}</div>
      <label class="group opacity" title="Opacity of what is drawn on the scan"><span>Opacity</span>
        <input type="range" class="opacity-slider" min="0.1" max="1" step="0.05" aria-label="Opacity"></label>
      <div class="group windowing" role="group" aria-label="Window and level">
        <label title="Window: how many values lie between black and white. Drag on the scan with the right button, or with Shift: left and right"><span>W<span class="long">indow</span></span>
          <input type="number" class="width" aria-label="Window" step="1" min="1" inputmode="decimal"></label>
        <label title="Level: the value in the middle of the window. Drag on the scan with the right button, or with Shift: up and down"><span>L<span class="long">evel</span></span>
          <input type="number" class="level" aria-label="Level" step="1" inputmode="decimal"></label>
        ${button("resetWindow", glyph("undo"), "The scan's own window", "Reset window")}
      </div>
      <div class="group zoom" role="group" aria-label="Zoom">
        ${button("zoomOut", glyph("minus"), "Zoom out", "Zoom out")}
        <output aria-live="off" class="percent" title="Screen pixels for each pixel of the scan"></output>
        ${button("zoomIn", glyph("plus"), "Zoom in", "Zoom in")}
        ${button("fit", "Fit", "The whole scan", "Fit the whole scan")}
        ${button("actual", "1:1", "One screen pixel for each pixel of the scan")}
        ${choice("fullscreen", glyph("full"), "Full screen", "fullscreen", "Full screen")}
      </div>
    </div>
    <div class="group last">
      ${choice("hide", glyph("eye"), "Hide what is drawn on the scan", "hide", "Hide overlays")}
    </div>
  </div>
  <div class="middle">
  ${TOOLBAR}
  <div class="stage">
    <canvas tabindex="0" role="application" aria-label="No scan"></canvas>
    <div class="overlays">
      ${pane("scan", "Scan", "")}
      ${pane("mine", '<i class="swatch mine"></i>Mine', '<span class="area mine-area" title="Painted area"></span>')}
      ${pane("prediction", '<i class="swatch prediction"></i>Prediction', CAUTION + HEAT + AREA)}
      ${pane("truth", '<i class="swatch truth"></i>Truth', '<span class="area truth-area"></span>')}
      ${pane("difference", "Difference", OUTCOMES)}
      ${pane("layers", '<span class="shown"></span>', `${CAUTION}${HEAT}${OUTCOMES}<span class="area single-area" title="Painted area"></span>`)}
      <div class="scale" hidden><i></i><span></span></div>
      <div class="remark" role="status" hidden></div>
      <div class="notice" role="status" hidden><span></span><button type="button" data-action="showAnyway">Show it anyway</button></div>
    </div>
    <div class="message" role="status"><p class="said"></p><slot name="empty">No scan yet.</slot></div>
  </div>
  </div>
  <div class="bar bottom">
    <div class="group threshold" role="group" aria-label="Threshold">
      <label for="threshold">Threshold</label>
      <span class="track">
        <input type="range" id="threshold" min="0" max="1" step="0.005"
          title="Paint where the probability is at least this (${KEYS.thresholdDown[0]} and ${KEYS.thresholdUp[0]})"
          aria-keyshortcuts="${KEYS.thresholdDown[0]} ${KEYS.thresholdUp[0]}">
        <i class="mark" title="Operating point"></i>
      </span>
      <output aria-live="off" class="value" for="threshold"></output>
      ${button("resetThreshold", glyph("undo"), "Back to the operating point", "Reset threshold")}
    </div>
    <span class="whose" title="The scores are those of the mask that is edited" hidden><i class="swatch mine"></i>Mine</span>
    <dl class="scores">
      <div><dt>Dice</dt><dd data-score="dice"></dd></div>
      <div><dt title="Intersection over union">IoU</dt><dd data-score="iou"></dd></div>
      <div><dt title="Share of the painted area that is truth">Precision</dt><dd data-score="precision"></dd></div>
      <div><dt title="Share of the truth that is painted">Recall</dt><dd data-score="recall"></dd></div>
    </dl>
    <output aria-live="off" class="readout" aria-label="Under the pointer"></output>
  </div>
</div>`;

/** Fill the shadow tree, unseen until its style is there.
 * @param {ShadowRoot} root @returns {Promise<void>} when it is, or cannot be had */
export function build(root) {
  root.innerHTML = TEMPLATE;
  const { style } = /** @type {HTMLElement} */ (root.querySelector(".viewer"));
  style.setProperty("--hit", css(OUTCOME.hit));
  style.setProperty("--miss", css(OUTCOME.miss));
  style.setProperty("--false-alarm", css(OUTCOME.falseAlarm));
  style.setProperty("--prediction", css(LAYER.prediction));
  style.setProperty("--truth", css(LAYER.truth));
  style.setProperty("--mine", css(LAYER.mine));
  const stops = Array.from({ length: 17 }, (_, i) => css(heat(i / 16)));
  style.setProperty("--ramp", `linear-gradient(to right, ${stops.join(", ")})`);
  style.visibility = "hidden";
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("./viewer.css", import.meta.url).href;
  return new Promise((resolve) => {
    link.onload = link.onerror = () => {
      style.visibility = "";
      resolve();
    };
    root.prepend(link);
  });
}
