// What the editor's buttons and keys do.

import { one } from "../dom.js";
import { TOOLS } from "./editor.js";
import { editActionOf } from "./keys.js";
import { closeMenu, isMenuOpen, toggleMenu } from "./menu.js";

/** @typedef {import("../actions.js").Parts} Parts */
/** @typedef {import("./edited.js").Beginning} Beginning */

/** @type {Beginning[]} */
const BEGINNINGS = ["prediction", "threshold", "truth", "last", "empty"];

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** The tool's action. @param {string} tool */
export const toolAction = (tool) => `tool${capital(tool)}`;

/** The beginning's action. @param {string} beginning */
export const beginAction = (beginning) => `begin${capital(beginning)}`;

/** @param {Parts} parts @returns {Record<string, () => void>} by the names that edit/keys.js and the buttons use */
export function editActionsOf({ viewer, root, stage, editor }) {
  return {
    ...Object.fromEntries(TOOLS.map((tool) => [toolAction(tool), () => (editor.tool = tool)])),
    ...Object.fromEntries(BEGINNINGS.map((beginning) => [beginAction(beginning), () => {
      closeMenu(root);
      viewer.begin(beginning);
    }])),
    smaller: () => editor.size(-1),
    larger: () => editor.size(1),
    undo: () => editor.undo(),
    redo: () => editor.redo(),
    smooth: () => editor.smooth(),
    fillHoles: () => editor.fillHoles(),
    keepLargest: () => editor.keepLargest(),
    beginMenu: () => toggleMenu(root),
    lesion() {
      const { lesion } = editor;
      if (lesion) stage.show(lesion);
    },
    moreTools() {
      one(root, ".tools").classList.toggle("open");
    },
  };
}

/** Keys that are held, and those that end what is not a step yet.
 * @param {Parts} parts @param {KeyboardEvent} event down or up @param {any} target the innermost element that has
 * the focus @param {boolean} inPicture whether that is the picture, or nothing in particular
 * @returns {string | null | undefined} an action; null: dealt with; undefined: not the editor's */
export function editKey({ root, editor }, event, target, inPicture) {
  const isDown = event.type === "keydown";
  if (["Control", "Alt", "Meta"].includes(event.key)) {
    editor.hand.held.erase = isDown;
    return undefined;
  }
  if (event.key === " " && (inPicture || editor.hand.held.pan)) {
    if (!isDown) editor.hand.held.pan = false; // whatever else is held by now
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return undefined;
    editor.hand.held.pan = isDown;
    return null;
  }
  if (!isDown) return undefined;
  const action = editActionOf(event, target, inPicture);
  if (action === "closeOutline") return editor.hand.closeOutline() ? null : undefined;
  if (action === "cornerBack") return editor.hand.outline.back() ? null : undefined;
  if (action === "cancel") {
    if (isMenuOpen(root)) {
      closeMenu(root);
      return null;
    }
    return editor.hand.cancel() ? null : undefined;
  }
  return action ?? undefined;
}
