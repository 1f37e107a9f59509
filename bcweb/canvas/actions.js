// What the reader does: pointer, wheel and fingers on the picture, buttons, inputs and keys, and what each
// of them changes.

import { one } from "./dom.js";
import { editActionsOf, editKey, letGo } from "./edit/actions.js";
import { isOutside } from "./edit/keys.js";
import { attendMenu } from "./edit/menu.js";
import { radiusAt } from "./edit/toolbar.js";
import { listen } from "./gestures.js";
import { actionOf, leavePressed } from "./keys.js";
import { dragWindow, levelOf, widthOf, windowFrom } from "./windowing.js";

/** @typedef {object} Parts
 * @property {import("./viewer.js").Viewer} viewer
 * @property {ShadowRoot} root the viewer's
 * @property {import("./reading.js").Reading} reading
 * @property {import("./display.js").Display} display
 * @property {import("./stage.js").Stage} stage
 * @property {import("./edit/editor.js").Editor} editor
 */

/** CSS pixels that an arrow moves the picture by. */
const STEP = 40;

/** @param {Parts} parts @returns {Record<string, () => void>} by the names that keys.js and the buttons
 * of template.js use */
export function actionsOf(parts) {
  const { viewer, root, reading, display, stage } = parts;
  /** @param {number} by */
  const nudge = (by) => {
    if (reading.prediction) viewer.threshold = Math.round((reading.threshold + by) * 200) / 200;
  };
  return {
    zoomIn: () => stage.zoom(1.25),
    zoomOut: () => stage.zoom(0.8),
    fit: () => stage.fit(),
    actual: () => stage.zoom(1 / stage.view.scale),
    left: () => stage.pan(STEP, 0),
    right: () => stage.pan(-STEP, 0),
    up: () => stage.pan(0, STEP),
    down: () => stage.pan(0, -STEP),
    thresholdDown: () => nudge(-0.01),
    thresholdUp: () => nudge(0.01),
    resetThreshold() {
      viewer.threshold = reading.operatingPoint;
      reading.leaveToGate();
    },
    showAnyway: () => reading.askForMask(),
    resetWindow() {
      if (reading.info) display.window = [reading.info.window[0], reading.info.window[1]];
    },
    layout() {
      display.layout = display.layout === "side" ? "single" : "side";
    },
    side() {
      display.layout = "side";
    },
    single() {
      display.layout = "single";
    },
    mine: () => display.toggle("mine", reading.coming),
    prediction: () => display.toggle("prediction", reading.coming),
    truth: () => display.toggle("truth", reading.coming),
    difference: () => display.toggle("difference", reading.coming),
    outline() {
      display.filled = false;
    },
    fill() {
      display.filled = true;
    },
    style() {
      display.filled = !display.filled;
    },
    heat() {
      if (reading.coming.prediction) display.heat = !display.heat;
    },
    hide() {
      display.hidden = !display.hidden;
    },
    more() {
      one(root, ".extra").classList.toggle("open");
    },
    fullscreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else viewer.requestFullscreen().catch(() => {}); // the browser may refuse; nothing is lost
    },
    ...editActionsOf(parts),
  };
}

/** Let the reader act on the viewer. @param {Parts} parts @param {() => void} redraw
 * @returns {(event: KeyboardEvent) => void} what to do with a key that goes down or up anywhere in the document */
export function attend(parts, redraw) {
  const { viewer, root, reading, display, stage, editor } = parts;
  const canvas = one(root, "canvas");
  const actions = actionsOf(parts);
  const act = (/** @type {string} */ action) => {
    actions[action]?.(); // a button in the slot, or around the viewer, may have actions of its own
    stage.arrange();
    redraw();
  };

  listen(canvas, {
    press(event, at) {
      if (reading.mine) {
        const begun = editor.hand.press(event, at);
        if (begun && typeof begun !== "string" && editor.draws) {
          display.reveal();
          stage.arrange();
        }
        return begun;
      }
      if (event.pointerType === "mouse" && event.button !== 0 && event.button !== 2) return null;
      return event.button === 2 || event.shiftKey ? "window" : "pan";
    },
    wheel(event, steps) {
      // Shift for the size; without it, too, while a region is grown.
      if (!reading.mine || !(event.shiftKey || editor.hand.isGrowing)) return false;
      editor.size(steps);
      return true;
    },
    pan(dx, dy, at, alone) {
      if (!alone || !stage.fitted) stage.pan(dx, dy);
      stage.pointer = at;
      redraw();
    },
    zoom(point, factor) {
      stage.zoomAt(point, factor);
      redraw();
    },
    window(dx, dy) {
      if (reading.info) display.window = dragWindow(display.window, reading.info.window, dx, dy);
      redraw();
    },
    hover(point) {
      stage.pointer = point;
      redraw();
    },
    reset() {
      if (!reading.mine || editor.tool === "pan") act("fit");
    },
  });

  attendMenu(root, act);
  // A tool that is chosen with the mouse leaves the keys with the picture: Space would press it again.
  one(root, ".tools").addEventListener("mousedown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("button")) event.preventDefault();
  });

  root.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-action]");
    if (!(button instanceof HTMLElement)) return;
    act(button.dataset.action ?? "");
    if (reading.mine) leavePressed(button);
  });

  root.addEventListener("input", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const value = input.valueAsNumber;
    if (Number.isNaN(value) || input.validity.rangeUnderflow) return;
    if (input.id === "threshold") viewer.threshold = value;
    else if (input.className === "radius") editor.radius = radiusAt(value, editor.radii);
    else if (input.className === "opacity-slider") display.opacity = value;
    else if (input.className === "width") display.window = windowFrom(levelOf(display.window), value);
    else if (input.className === "level") display.window = windowFrom(value, widthOf(display.window));
    redraw();
  });

  // Numbers apply as they are typed. Leaving the field puts back what is no number.
  /** @type {import("./windowing.js").Window} */
  let before = display.window;
  root.addEventListener("focusin", () => (before = display.window));
  root.addEventListener("focusout", redraw);
  root.addEventListener("keydown", (event) => {
    const { key, target } = /** @type {KeyboardEvent} */ (event);
    if (!(target instanceof HTMLInputElement) || target.type !== "number") return;
    if (key === "Escape") display.window = before;
    if (key === "Escape" || key === "Enter") target.blur(); // so that the next key is a command again
  });

  return (event) => {
    if (!reading.mine || !viewer.checkVisibility()) letGo(editor, event);
    if (!reading.scan || !viewer.checkVisibility()) return;
    const target = event.composedPath()[0];
    const inPicture = target === canvas || target === document.body;
    /** @type {string | null | undefined} */
    let action;
    if (reading.mine) {
      action = editKey(parts, event, target, inPicture);
      redraw();
      if (action === undefined && isOutside(event)) return;
    }
    if (action === undefined) {
      if (event.type !== "keydown") return;
      action = actionOf(event, target, inPicture);
      if (action === null) return;
    }
    event.preventDefault();
    if (action) act(action);
  };
}
