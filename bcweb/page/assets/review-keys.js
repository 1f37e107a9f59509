// Which key does what in the Review tab. The buttons, the help sheet and the page all read this table.

/** @typedef {"accept" | "truth" | "corrected" | "reject" | "unsure" | "undo" | "draw" | "label" | "difficulty" | "comment"
 *  | "next" | "previous" | "unread" | "queue" | "help"} Action */

/** keys: as `KeyboardEvent.key` names them, letters small. @type {Record<Action, {keys: string[], words: string}>} */
export const KEYS = {
  accept: { keys: ["a"], words: "Accept the prediction, and go on" },
  truth: { keys: ["g"], words: "Keep the truth (the ground truth), and go on" },
  corrected: { keys: ["c"], words: "Save what is drawn as the correction, and go on" },
  reject: { keys: ["x"], words: "Reject the case: then a reason, 1 to 5" },
  unsure: { keys: ["u"], words: "Unsure, and go on" },
  undo: { keys: ["Backspace"], words: "Undo the last verdict, back to its case" },
  draw: { keys: ["e"], words: "Draw, or put the pen down" },
  label: { keys: ["n"], words: "The next label" },
  difficulty: { keys: ["v"], words: "Easy, medium, hard" },
  comment: { keys: ["i"], words: "Comment; Escape leaves it" },
  next: { keys: ["j", "PageDown"], words: "Next case of the queue" },
  previous: { keys: ["k", "PageUp"], words: "Previous case" },
  unread: { keys: ["."], words: "Next case that nobody has read" },
  queue: { keys: ["q"], words: "The queue, its order and filters" },
  help: { keys: ["?"], words: "These keys" },
};

const ACTIONS = new Map(Object.entries(KEYS).flatMap(([action, { keys }]) => keys.map((key) => [key, /** @type {Action} */ (action)])));

/** @param {{key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, defaultPrevented: boolean}} event
 * @returns {Action | null} */
export function actionOf({ key, ctrlKey, altKey, metaKey, defaultPrevented }) {
  if (defaultPrevented || ctrlKey || altKey || metaKey) return null;
  return ACTIONS.get(key.length === 1 ? key.toLowerCase() : key) ?? null;
}

const SHOWN = new Map([["Backspace", "⌫"], ["PageDown", "Page Down"], ["PageUp", "Page Up"]]);

/** As it stands on a button. @param {string} key */
export const shown = (key) => SHOWN.get(key) ?? key.toUpperCase();
