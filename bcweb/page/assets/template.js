// The workbench's shadow tree.

import { KEYS } from "../../canvas/keys.js";
import { fillStyled } from "./styled.js";

const OWN = [
  ["J, Page Down", "Next scan"],
  ["K, Page Up", "Previous scan"],
  ["U", "Open scans"],
  ["G", "Give the truth of this scan"],
  ["A", "Segment again, with the weights in use now"],
  ["S", "Save the mask as it is shown"],
  ["X", "Remove this scan"],
  ["?", "These keys"],
];

/** @type {Record<string, string>} */
export const VIEWER_WORDS = {
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "The whole scan",
  actual: "One to one",
  thresholdDown: "Lower threshold",
  thresholdUp: "Higher threshold",
  resetThreshold: "Back to the operating point",
  resetWindow: "The scan's own window",
  layout: "Side by side, or one pane",
  prediction: "Prediction",
  truth: "Truth",
  difference: "Difference",
  style: "Outline or fill",
  heat: "Heat map",
  hide: "Hide what is drawn",
  fullscreen: "Full screen",
};

/** @param {string[]} pair keys, and what they do */
const row = ([keys, words]) => `<div><dt>${keys}</dt><dd>${words}</dd></div>`;

const keyTable = () => {
  const viewer = Object.entries(VIEWER_WORDS)
    .filter(([action]) => KEYS[action])
    .map(([action, words]) => row([KEYS[action][0].toUpperCase(), words]));
  return [...OWN.map(row), ...viewer].join("");
};

const STYLES = ["./controls.css", "./workbench.css"];

/** @param {ShadowRoot} root */
export function fill(root) {
  fillStyled(
    root,
    STYLES,
    `<div class="bench">
  <div class="banner caution" role="status" hidden></div>
  <h1 class="unseen">Scan</h1>
  <nav class="side" aria-label="Scans">
    <div class="tools">
      <button type="button" class="open primary" aria-keyshortcuts="u" title="Open scans, masks too; or drop them on the page">Open scans <kbd aria-hidden="true">U</kbd></button>
      <select class="samples" aria-label="Generated samples"><option value="" disabled selected>Samples …</option></select>
      <form class="folder" hidden>
        <input type="text" placeholder="Path of a folder" title="A folder on this machine" aria-label="Folder on this machine" autocomplete="off" spellcheck="false">
        <button type="submit">List</button>
        <button type="button" class="review" hidden title="Make a project of this folder: decide case by case, correct, keep what was decided">Review<span>&nbsp;this folder</span></button>
        <p class="error" role="alert"></p>
      </form>
    </div>
    <ol class="list"></ol>
    <div class="steps">
      <div class="work">
        <button type="button" class="failures" title="Show what failed: it is at the top of the list"></button>
        <span class="left" role="status"></span>
      </div>
      <button type="button" class="previous" title="Previous scan (K or Page Up)" aria-keyshortcuts="k PageUp" aria-label="Previous scan">‹ <kbd aria-hidden="true">K</kbd></button>
      <span class="count"></span>
      <button type="button" class="next" title="Next scan (J or Page Down)" aria-keyshortcuts="j PageDown" aria-label="Next scan"><kbd aria-hidden="true">J</kbd> ›</button>
      <button type="button" class="save-all" hidden title="All masks at the operating point and a table of the numbers, as one ZIP file">Save all</button>
      <button type="button" class="all" hidden title="Take all scans off the list and out of the server's memory">Remove all</button>
      <button type="button" class="help" title="Keys (?)" aria-label="Keys" aria-keyshortcuts="?">?</button>
    </div>
  </nav>
  <section class="picture-place" aria-label="Picture"><slot name="viewer"></slot></section>
  <aside class="findings" aria-label="Findings"></aside>
  <section class="hints" aria-label="First steps"></section>
</div>
<input type="file" id="files" multiple hidden>
<input type="file" id="truths" multiple hidden>
<div class="veil" hidden><p>Drop scans, masks or a folder</p></div>
<div class="toast" role="status" hidden></div>
<dialog aria-label="Keys"><form method="dialog"><h2>Keys</h2><dl>${keyTable()}</dl><button>Close</button></form></dialog>`,
  );
}
