// Which key does what, and when a key belongs to somebody else.

/** @type {Record<string, string[]>} action -> keys as `KeyboardEvent.key` names them */
export const KEYS = {
  zoomIn: ["+", "="],
  zoomOut: ["-", "_"],
  fit: ["0"],
  actual: ["1"],
  left: ["ArrowLeft"],
  right: ["ArrowRight"],
  up: ["ArrowUp"],
  down: ["ArrowDown"],
  thresholdDown: ["["],
  thresholdUp: ["]"],
  resetThreshold: ["r", "R"],
  resetWindow: ["w", "W"],
  layout: ["l", "L"],
  mine: ["y", "Y"],
  prediction: ["p", "P"],
  truth: ["t", "T"],
  difference: ["d", "D"],
  style: ["o", "O"],
  heat: ["m", "M"],
  hide: ["h", "H"],
  fullscreen: ["f", "F"],
};

const ACTIONS = new Map(Object.entries(KEYS).flatMap(([action, keys]) => keys.map((key) => [key, action])));

const TEXTLESS = new Set(["button", "checkbox", "radio", "range", "color", "file", "image", "submit", "reset"]);

/** Whether keys pressed in this element are text. @param {any} target an Element, or what looks like one */
export function isTyping(target) {
  const tag = target?.tagName;
  if (tag === "TEXTAREA" || tag === "SELECT" || target?.isContentEditable) return true;
  return tag === "INPUT" && !TEXTLESS.has(target.type);
}

/** The action of a key press, or null where the key is somebody else's: in a text field, with Ctrl, Alt
 * or Meta, already dealt with, or an arrow outside the picture (a slider's, a page's). AltGr is none of these, though
 * Windows says Ctrl and Alt for it: many keyboards have their brackets there.
 * @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, defaultPrevented: boolean,
 *  getModifierState?: (name: string) => boolean}} event
 * @param {any} target the innermost element that has the focus @param {boolean} inPicture whether that is the picture
 * @returns {string | null} */
export function actionOf(event, target, inPicture) {
  const isHeld = event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState?.("AltGraph"));
  if (event.defaultPrevented || isHeld || isTyping(target)) return null;
  if (event.key.startsWith("Arrow") && !inPicture) return null;
  return ACTIONS.get(event.key) ?? null;
}
