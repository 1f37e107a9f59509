// Three things to try first, until the reader has put them away; the browser remembers that.

import { button, h } from "./dom.js";

const PUT_AWAY = "bc-hints";
const isTouch = matchMedia("(pointer: coarse)").matches;
const HINTS = [
  isTouch ? "Open scans takes pictures and DICOM files, one or many." : "Drop scans anywhere on the page: pictures, DICOM, a whole folder.",
  "Give the truth of NAME.png as NAME_mask.png, in the same way: Dice, HD95 and the difference appear.",
  isTouch ? "Pinch to zoom, move with two fingers. Touch a number's name to read what it means." : "Wheel zooms, drag moves, ? shows the keys. A number's name says what it means.",
];

export class Hints {
  /** @param {HTMLElement} root shown, or hidden where they were put away, before the first frame */
  constructor(root) {
    root.hidden = isPutAway();
    const close = button("Got it", null, () => {
      root.hidden = true;
      putAway();
    });
    root.replaceChildren(h("h2", { class: "unseen" }, "First steps"), h("ol", {}, ...HINTS.map((text) => h("li", {}, text))), close);
  }
}

function isPutAway() {
  try {
    return localStorage.getItem(PUT_AWAY) !== null;
  } catch {
    return false; // a browser that keeps nothing
  }
}

function putAway() {
  try {
    localStorage.setItem(PUT_AWAY, "put away");
  } catch {
    // Then they are there again the next time.
  }
}
