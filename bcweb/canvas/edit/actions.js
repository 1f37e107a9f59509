// What the editor's buttons and keys do.

import { one } from "../dom.js";
import { takesSpace } from "../keys.js";
import { TOOLS } from "./editor.js";
import { editActionOf } from "./keys.js";
import { closeMenu, isMenuOpen, toggleMenu } from "./menu.js";

/** @typedef {import("../actions.js").Parts} Parts */
/** @typedef {import("./edited.js").Beginning} Beginning */
/** @typedef {import("./editor.js").Editor} Editor */

/** @type {Beginning[]} */
const BEGINNINGS = ["prediction", "threshold", "truth", "last", "empty"];

/** What can be added to what is drawn. @type {("prediction" | "truth")[]} */
const ADDED = ["prediction", "truth"];

/** @param {string} word */
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** The tool's action. @param {string} tool */
export const toolAction = (tool) => `tool${capital(tool)}`;

/** The beginning's action. @param {string} beginning */
export const beginAction = (beginning) => `begin${capital(beginning)}`;

/** The action that adds its mask. @param {string} beginning */
export const addAction = (beginning) => `add${capital(beginning)}`;

/** @param {Parts} parts @returns {Record<string, () => void>} by the names that edit/keys.js and the buttons use */
export function editActionsOf({ viewer, root, stage, editor }) {
  return {
    ...Object.fromEntries(TOOLS.map((tool) => [toolAction(tool), () => (editor.tool = tool)])),
    ...Object.fromEntries(BEGINNINGS.map((beginning) => [beginAction(beginning), () => {
      closeMenu(root);
      viewer.begin(beginning);
    }])),
    ...Object.fromEntries(ADDED.map((which) => [addAction(which), () => {
      closeMenu(root);
      editor.add(which);
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

/** Keys that make the pointer take away, as long as they are held. */
const ERASING = ["Control", "Alt", "Meta"];

/** A key that comes up is held no more, also where the viewer is hidden by then, or has no mask to draw on.
 * @param {Editor} editor @param {KeyboardEvent} event down or up */
export function letGo(editor, event) {
  if (event.type !== "keyup") return;
  if (ERASING.includes(event.key)) editor.hand.held.erase = false;
  if (event.key === " ") editor.hand.held.pan = false; // whatever else is held by now
}

/** Keys that are held, and those that end what is not a step yet.
 * @param {Parts} parts @param {KeyboardEvent} event down or up @param {any} target the innermost element that has
 * the focus @param {boolean} inPicture whether that is the picture, or nothing in particular
 * @returns {string | null | undefined} an action; null: dealt with; undefined: not the editor's */
export function editKey({ root, editor }, event, target, inPicture) {
  const isDown = event.type === "keydown";
  const { held } = editor.hand;
  const wasPan = held.pan;
  letGo(editor, event);
  if (ERASING.includes(event.key)) {
    held.erase = isDown;
    return undefined;
  }
  if (event.key === " " && (wasPan || !takesSpace(target))) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return undefined;
    held.pan = isDown;
    return null;
  }
  if (!isDown) return undefined;
  const action = editActionOf(event, target, inPicture);
  if (action === "closeOutline") return editor.hand.closeOutline() ? null : undefined;
  if (action === "cornerBack") return editor.hand.cornerBack() ? null : undefined;
  if (action === "cancel") {
    if (isMenuOpen(root)) {
      closeMenu(root);
      return null;
    }
    return editor.hand.cancel() ? null : undefined;
  }
  return action ?? undefined;
}
