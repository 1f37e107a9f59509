// The keys of the Scan tab, beside those of its viewer.

import { isTyping, keyOf } from "../../canvas/keys.js";

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
    const named = keyOf(event);
    const key = named.length === 1 ? named.toLowerCase() : named;
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    if (event.repeat && !HELD.has(key)) return;
    actions[key]();
    // What was removed can be had back for a while, beside the picture.
    if (key === "x" && document.fullscreenElement) document.exitFullscreen();
  });
}
