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

/** Of a script that is not Latin, as its keyboards write it. */
const OTHER = /^(?:(?![\p{Script=Latin}\p{Script=Common}])[\p{L}\p{M}]|(?!\d)\p{Nd})+$/u;

/** Keys beside the letters and digits, where a keyboard of another script may have letters. @type {Record<string, string>} */
const PLACES = { Comma: ",", Period: ".", BracketLeft: "[", BracketRight: "]" };

/** What a key is called. On a keyboard that writes in another script (Cyrillic, Greek, Arabic ...) no key has its Latin
 * name: there it is the one at the same place, in lower case. @param {{key: string, code?: string}} event */
export function keyOf({ key, code = "" }) {
  if (!OTHER.test(key)) return key;
  const [, letter] = /^(?:Key|Digit)(.)$/.exec(code) ?? [];
  return letter?.toLowerCase() ?? PLACES[code] ?? key;
}

const TEXTLESS = new Set(["button", "checkbox", "radio", "range", "color", "file", "image", "submit", "reset"]);

/** Whether keys pressed in this element are text. @param {any} target an Element, or what looks like one */
export function isTyping(target) {
  const tag = target?.tagName;
  if (tag === "TEXTAREA" || tag === "SELECT" || target?.isContentEditable) return true;
  return tag === "INPUT" && !TEXTLESS.has(target.type);
}

/** Whether Space presses this element, or is text in it. @param {any} target as above */
export function takesSpace(target) {
  const tag = target?.tagName;
  return isTyping(target) || tag === "BUTTON" || tag === "SUMMARY" || (tag === "INPUT" && target.type !== "range");
}

/** What was pressed with a pointer keeps no keys: Space would press it again, where it is to pan. What was reached with
 * the keyboard does. @param {HTMLElement} part that has it */
export function leavePressed(part) {
  const held = /** @type {ShadowRoot} */ (part.getRootNode()).activeElement;
  if (!(held instanceof HTMLElement) || !part.contains(held)) return;
  if (held.matches("button, [type=radio]") && !held.matches(":focus-visible")) held.blur();
}

const isMac = () => /^(Mac|iP)/.test(navigator.platform);

/** The action of a key press, or null where the key is somebody else's: in a text field, with Ctrl, Alt
 * or Meta, already dealt with, or an arrow outside the picture (a slider's, a page's). AltGr is none of these, though
 * Windows says Ctrl and Alt for it: many keyboards have their brackets there, and a Mac's on Option, which is its Alt.
 * @param {{key: string, code?: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, defaultPrevented: boolean,
 *  getModifierState?: (name: string) => boolean}} event
 * @param {any} target the innermost element that has the focus @param {boolean} inPicture whether that is the picture
 * @returns {string | null} */
export function actionOf(event, target, inPicture) {
  const isOption = event.altKey && !event.ctrlKey && /^[[\]]$/.test(event.key) && isMac();
  const isHeld = event.metaKey || ((event.ctrlKey || event.altKey) && !isOption && !event.getModifierState?.("AltGraph"));
  if (event.defaultPrevented || isHeld || isTyping(target)) return null;
  if (event.key.startsWith("Arrow") && !inPicture) return null;
  return ACTIONS.get(keyOf(event)) ?? null;
}
