// The bars above and below the picture: every button, input and score in line with what is shown.

import { isThere } from "./display.js";
import { all, mark, one, write } from "./dom.js";
import * as windowing from "./windowing.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("./display.js").Display} Display */

/** @param {ShadowRoot} root @param {Reading} reading @param {Display} display
 * @param {number} scale device pixels per pixel of the scan */
export function refreshBars(root, reading, display, scale) {
  refreshButtons(root, reading, display);
  refreshInputs(root, reading, display, scale);
  refreshScores(root, reading);
}

/** @param {ShadowRoot} root @param {Reading} reading @param {Display} display */
function refreshButtons(root, reading, display) {
  const { scan, prediction, mine, coming } = reading;
  const single = display.layout === "single";
  const pressed = {
    side: !single,
    single,
    mine: display.has("mine", coming),
    prediction: display.has("prediction", coming),
    truth: display.has("truth", coming),
    difference: display.has("difference", coming),
    outline: !display.filled,
    fill: display.filled,
    heat: display.heat,
    hide: display.hidden,
    fullscreen: document.fullscreenElement === root.host,
  };
  /** @type {Record<string, boolean>} */
  const able = {
    mine: isThere("mine", reading),
    prediction: isThere("prediction", reading),
    truth: isThere("truth", reading),
    difference: isThere("difference", reading),
    heat: !!prediction,
    resetThreshold: !!prediction,
    fullscreen: document.fullscreenEnabled === true,
  };
  for (const [action, on] of Object.entries(pressed)) {
    mark(one(root, `[data-action="${action}"]`), "aria-pressed", on);
  }
  for (const button of all(root, ".bar button")) {
    const can = able[button.dataset.action ?? ""] ?? true;
    /** @type {HTMLButtonElement} */ (button).disabled = !scan || !can;
  }
  one(root, ".layers").hidden = !single;
  one(root, '[data-action="mine"]').hidden = !mine;
  mark(one(root, ".more"), "aria-expanded", one(root, ".extra").classList.contains("open"));
}

/** @param {ShadowRoot} root @param {Reading} reading @param {Display} display @param {number} scale */
function refreshInputs(root, { scan, prediction, threshold, info }, display, scale) {
  const round = (/** @type {number} */ value) => Math.round(value * 10) / 10;
  set(root, "#threshold", threshold, prediction !== null);
  set(root, ".opacity-slider", display.opacity, scan !== null);
  set(root, "input.width", round(windowing.widthOf(display.window)), scan !== null);
  set(root, "input.level", round(windowing.levelOf(display.window)), scan !== null);
  write(one(root, ".value"), prediction ? threshold.toFixed(3).replace(/0$/, "") : "–");
  const point = prediction ? (info?.threshold ?? null) : null;
  one(root, ".mark").hidden = point === null;
  one(root, ".track").style.setProperty("--at", String(point ?? 0));
  const words = point === threshold ? `${point}, the operating point` : String(threshold);
  mark(one(root, "#threshold"), "aria-valuetext", words);
  write(one(root, ".percent"), scan ? `${Math.round(scale * 100)} %` : "–");
}

/** @param {ShadowRoot} root @param {string} selector @param {number} value @param {boolean} able */
function set(root, selector, value, able) {
  const input = /** @type {HTMLInputElement} */ (one(root, selector));
  input.disabled = !able;
  if (root.activeElement === input && input.type === "number") return; // being typed in
  if (input.valueAsNumber !== value) input.valueAsNumber = value;
}

/** @param {ShadowRoot} root @param {Reading} reading */
function refreshScores(root, reading) {
  const scores = reading.mine?.count.scores ?? reading.scores;
  one(root, ".scores").hidden = !scores || scores.dice === null;
  one(root, ".whose").hidden = !reading.mine || scores?.dice == null;
  for (const element of all(root, "[data-score]")) {
    const value = scores?.[/** @type {"dice" | "iou" | "precision" | "recall"} */ (element.dataset.score)];
    write(element, value == null ? "–" : value.toFixed(3));
  }
}
