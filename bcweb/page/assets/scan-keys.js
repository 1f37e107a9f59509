// The keys of the Scan tab, beside those of its viewer.

import { isTyping } from "../../canvas/keys.js";

/** What a key that is held down does again and again: it goes through the list, and removes nothing. */
const HELD = new Set(["j", "k", "PageDown", "PageUp"]);

/** @param {HTMLElement} tab @param {HTMLDialogElement} sheet that tells of the keys
 * @param {Record<string, () => void>} actions by key, a letter in lower case; "?" also puts the sheet away */
export function listenForKeys(tab, sheet, actions) {
  // Before anybody else hears of it: behind an open dialog no key does anything.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!sheet.open) return;
      event.stopPropagation(); // Tab, Enter and Escape are the browser's own, and still work
      if (event.key === "?") actions["?"]();
    },
    true,
  );
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isTyping(event.composedPath()[0]) || !tab.checkVisibility()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    if (!event.repeat || HELD.has(key)) actions[key]();
  });
}
