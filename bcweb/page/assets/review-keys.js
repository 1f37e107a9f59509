// Which key does what in the Review tab. The buttons, the help sheet and the page all read this table. The
// letters that the viewer and its editor have are left to them.

import { keyOf } from "../../canvas/keys.js";

/** @typedef {"accept" | "truth" | "corrected" | "noLesion" | "reject" | "unsure" | "undo" | "draw" | "putDown" | "label"
 *  | "difficulty" | "comment" | "next" | "previous" | "unread" | "queue" | "help"} Action */

/** keys: as `KeyboardEvent.key` names them, a letter in lower case, or as Shift+A. @type {Record<Action, {keys: string[], words: string}>} */
export const KEYS = {
  accept: { keys: ["1"], words: "Accept the prediction, and go on" },
  truth: { keys: ["2"], words: "Keep the truth, and go on" },
  corrected: { keys: ["3"], words: "Save what is drawn, and go on" },
  noLesion: { keys: ["Shift+N"], words: "No lesion: save an empty mask, and go on" },
  reject: { keys: ["4"], words: "Reject the case: then a reason, 1 to 5" },
  unsure: { keys: ["5"], words: "Unsure, and go on" },
  undo: { keys: ["u"], words: "Undo the last verdict, back to its case" },
  next: { keys: ["j", "PageDown"], words: "Next case of the queue" },
  previous: { keys: ["k", "PageUp"], words: "Previous case" },
  unread: { keys: ["n"], words: "Next unread case" },
  draw: { keys: ["e"], words: "Draw a correction" },
  putDown: { keys: ["Shift+E"], words: "Put the pen down" },
  label: { keys: ["Shift+L"], words: "The next label" },
  difficulty: { keys: ["Shift+D"], words: "Easy, medium, hard" },
  comment: { keys: ["Shift+C"], words: "Comment; Escape leaves it" },
  queue: { keys: ["Shift+Q"], words: "The queue, its order and filters" },
  help: { keys: ["?"], words: "These keys" },
};

/** What a key that is held down does again and again: it goes through the queue, and decides nothing. @type {Set<Action>} */
export const HELD = new Set(["next", "previous"]);

const ACTIONS = new Map(Object.entries(KEYS).flatMap(([action, { keys }]) => keys.map((key) => [key, /** @type {Action} */ (action)])));

/** @param {{key: string, code?: string, shiftKey: boolean, ctrlKey: boolean, altKey: boolean, metaKey: boolean, defaultPrevented: boolean}} event
 * @returns {Action | null} */
export function actionOf(event) {
  const { shiftKey, ctrlKey, altKey, metaKey, defaultPrevented } = event;
  if (defaultPrevented || ctrlKey || altKey || metaKey) return null;
  const key = keyOf(event);
  const isLetter = /^\p{L}$/u.test(key);
  const pressed = isLetter && shiftKey ? `Shift+${key.toUpperCase()}` : isLetter ? key.toLowerCase() : key;
  return ACTIONS.get(pressed) ?? null;
}

const SHOWN = new Map([["PageDown", "Page Down"], ["PageUp", "Page Up"], [",", "comma"], [".", "full stop"], ["Control+z", "Ctrl Z"]]);

/** As it stands on a button. @param {string} key */
export const shown = (key) => SHOWN.get(key) ?? (key.startsWith("Shift+") ? `⇧${key.slice("Shift+".length)}` : key.toUpperCase());

/** As it stands in the sheet. @param {string} key */
export const named = (key) => SHOWN.get(key) ?? key.replace("Shift+", "Shift ").replace(/^\p{L}$/u, (letter) => letter.toUpperCase());
