// The keys of the editor. They lie under the left hand where that can be: the right one draws. Capital letters
// and 1 to 5 are left to whoever shows the viewer.

import { isTyping, keyOf } from "../keys.js";

/** @type {Record<string, string>} action -> key as `KeyboardEvent.key` names it, a letter in lower case */
export const EDIT_KEYS = {
  toolPan: "v",
  toolBrush: "b",
  toolEraser: "e",
  toolPolygon: "c",
  toolFill: "x",
  toolGrow: "g",
  toolRuler: "i",
  smaller: ",",
  larger: ".",
  beginMenu: "q",
  smooth: "6",
  fillHoles: "7",
  keepLargest: "8",
  lesion: "z",
  actual: "9",
};

/** What the begin menu's choices are called for while it is open: a key, as above, or a letter with Shift.
 * @type {Record<string, string>} */
export const MENU_KEYS = {
  beginPrediction: "p",
  beginThreshold: "h",
  beginTruth: "t",
  beginLast: "l",
  beginEmpty: "e",
  addPrediction: "Shift+P",
  addTruth: "Shift+T",
};

const ACTIONS = new Map(Object.entries(EDIT_KEYS).map(([action, key]) => [key, action]));

/** @typedef {{key: string, code?: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, shiftKey: boolean,
 *  defaultPrevented: boolean}} Press */

/** Whether a key belongs to whoever shows the viewer while a mask is edited. @param {Press} press */
export function isOutside(press) {
  const key = keyOf(press);
  return /^[1-5]$/.test(key) || (press.shiftKey && /^\p{L}$/u.test(key));
}

/** The editor's action of a key press; null where it has none, or the key is somebody else's.
 * @param {Press} press @param {any} target the innermost element that has the focus
 * @param {boolean} inPicture whether that is the picture, or nothing in particular @returns {string | null} */
export function editActionOf(press, target, inPicture) {
  if (press.defaultPrevented || isTyping(target)) return null;
  const named = keyOf(press);
  const key = named.length === 1 ? named.toLowerCase() : named;
  if ((press.ctrlKey || press.metaKey) && !press.altKey) {
    if (key === "z") return press.shiftKey ? "redo" : "undo";
    return key === "y" && !press.shiftKey ? "redo" : null;
  }
  if (press.altKey || press.ctrlKey || press.metaKey || isOutside(press)) return null;
  // On a button, these are the button's.
  if (inPicture && key === "Enter") return "closeOutline";
  if (inPicture && key === "Backspace") return "cornerBack";
  if (key === "Escape") return "cancel";
  return ACTIONS.get(key) ?? null;
}
