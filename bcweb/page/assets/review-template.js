// The Review tab's shadow tree.

import { EDIT_KEYS } from "../../canvas/edit/keys.js";
import { KEYS as VIEWER } from "../../canvas/keys.js";
import { KEYS, named, shown } from "./review-keys.js";
import { ORDERS } from "./review-words.js";
import { fillStyled } from "./styled.js";
import { VIEWER_WORDS } from "./template.js";

/** What the keys of the viewer's editor do. @type {Record<string, string>} */
export const EDIT_WORDS = {
  toolBrush: "Brush",
  toolEraser: "Eraser",
  toolPolygon: "Polygon; Enter closes it",
  toolFill: "Fill",
  toolGrow: "Grow a region from a click",
  toolRuler: "Ruler",
  toolPan: "Move the picture; or hold Space",
  smaller: "Smaller brush; or Shift and the wheel",
  larger: "Larger brush",
  beginMenu: "Begin from another mask, or add one",
  smooth: "Smooth the border",
  fillHoles: "Fill holes",
  keepLargest: "Keep the largest part",
  lesion: "Zoom to the lesion",
  actual: "One to one",
};

/** @param {string[]} keys @param {string} words */
const row = (keys, words) => `<div><dt>${keys.map(named).join(", ")}</dt><dd>${words}</dd></div>`;

/** Which keys there are: those of this tab, of the editor, and of the viewer where neither has taken them. */
const helpSheet = () => {
  const own = new Set(Object.values(KEYS).flatMap(({ keys }) => keys));
  const read = Object.values(KEYS).map(({ keys, words }) => row(keys, words));
  const draw = Object.entries(EDIT_KEYS).map(([action, key]) => row([key], EDIT_WORDS[action] ?? action));
  draw.push(row(["Control+z"], "Undo a stroke; with Shift, redo it"));
  const look = Object.entries(VIEWER_WORDS).filter(([action]) => VIEWER[action] && !own.has(VIEWER[action][0]));
  const part = (/** @type {string} */ title, /** @type {string[]} */ rows) => `<h3>${title}</h3><dl>${rows.join("")}</dl>`;
  return part("Read", read) + part("Draw, with the pen in the hand", draw) + part("Look", look.map(([action, words]) => row(VIEWER[action].slice(0, 1), words)));
};

/** @param {import("./review-keys.js").Action} action */
const key = (action) => `<kbd aria-hidden="true">${shown(KEYS[action].keys[0])}</kbd>`;

/** @param {import("./review-keys.js").Action} action @param {string} words */
const hint = (action, words) => `title="${words} (${named(KEYS[action].keys[0])})" aria-keyshortcuts="${KEYS[action].keys.join(" ")}"`;

const options = Object.entries(ORDERS).map(([order, words]) => `<option value="${order}">${words}</option>`).join("");

const STYLES = ["./controls.css", "./review.css", "./review-standing.css"];

/** @param {ShadowRoot} root */
export function fill(root) {
  fillStyled(
    root,
    STYLES,
    `<div class="page">
  <div class="standing small" hidden></div>
  <p class="problem error" role="alert" hidden></p>
  <div class="home" hidden></div>
  <div class="room" hidden>
    <h1 class="unseen">Review</h1>
    <nav class="side" aria-label="Queue">
      <div class="top">
        <button type="button" class="project" title="All projects"><span class="name" dir="auto"></span><span aria-hidden="true">▾</span></button>
        <button type="button" class="export" title="Take the masks and verdicts out">Export</button>
        <button type="button" class="toggle-queue" ${hint("queue", "The queue")} aria-expanded="false">Queue ${key("queue")}</button>
      </div>
      <div class="progress" role="status"><div class="bar" aria-hidden="true"><i></i></div><p class="quiet small"></p></div>
      <div class="importing-place"></div>
      <div class="drawer">
        <form class="filters" aria-label="Order and filters">
          <select name="order" aria-label="Order">${options}</select>
          <select name="decision" aria-label="Decision"></select>
          <select name="label" aria-label="Label"></select>
          <input type="text" name="text" placeholder="Name, group, findings" aria-label="Text in name, group, label or findings" autocomplete="off" spellcheck="false">
          <div class="range"><span>Dice</span><input type="number" name="low" min="0" max="1" step="0.05" placeholder="0" aria-label="Least Dice"><span>to</span><input type="number" name="high" min="0" max="1" step="0.05" placeholder="1" aria-label="Most Dice"></div>
          <p class="told"><span class="small quiet" role="status"></span><button type="button" class="clear" hidden>All cases</button><button type="button" class="close-queue">Close</button></p>
        </form>
        <div class="queue" aria-label="Cases"></div>
        <div class="reads small quiet" hidden>
          <p><span class="name"></span><button type="button">Change</button></p>
          <label title="What other readers decided is hidden, so that your reading is independent of theirs"><input type="checkbox" name="blinded">Blinded to other readers</label>
        </div>
      </div>
      <div class="steps">
        <button type="button" class="previous" ${hint("previous", "Previous case")} aria-label="Previous case">‹ ${key("previous")}</button>
        <span class="count"></span>
        <button type="button" class="next" ${hint("next", "Next case")} aria-label="Next case">${key("next")} ›</button>
        <button type="button" class="help" title="Keys (?)" aria-label="Keys" aria-keyshortcuts="?">?</button>
      </div>
    </nav>
    <section class="picture-place" aria-label="Picture"><slot name="viewer"></slot></section>
    <aside class="panel" aria-label="Case">
      <div class="case"></div>
      <div class="verdict">
        <form class="decision" aria-label="Decision"></form>
        <div class="status" role="status"></div>
      </div>
    </aside>
  </div>
</div>
<dialog class="help-sheet" aria-label="Keys"><form method="dialog"><h2>Keys</h2>${helpSheet()}<button>Close</button></form></dialog>
<dialog class="who" aria-label="Your name"><form method="dialog"><h2>Who reads?</h2><p class="quiet">Each verdict says whose it is. The name stays in this browser.</p>
  <input type="text" aria-label="Your name" maxlength="80" autocomplete="name" placeholder="Your name" required><p class="buttons"><button class="primary" value="begin">Begin</button><button formnovalidate>Cancel</button></p></form></dialog>
<dialog class="exporting" aria-label="Export"></dialog>`,
  );
}
