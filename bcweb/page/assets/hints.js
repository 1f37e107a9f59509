// Three things to try first, until the reader has put them away; the browser remembers that.

import { button, h } from "./dom.js";
import { remember, remembered } from "./remembering.js";

const isTouch = matchMedia("(pointer: coarse)").matches;
const HINTS = [
  isTouch ? "Open scans takes pictures and DICOM files, one or many." : "Drop scans anywhere on the page: pictures, DICOM, a whole folder.",
  "Give the truth of NAME.png as NAME_mask.png, in the same way: Dice, HD95 and the difference appear.",
  isTouch ? "Pinch to zoom, move with two fingers. Touch a number's name to read what it means." : "Wheel zooms, drag moves, ? shows the keys. A number's name says what it means.",
];

export class Hints {
  /** @param {HTMLElement} root shown, or hidden where they were put away, before the first frame */
  constructor(root) {
    root.hidden = remembered("bc-hints") !== "";
    const close = button("Got it", null, () => {
      root.hidden = true;
      remember("bc-hints", "put away");
    });
    root.replaceChildren(h("h2", { class: "unseen" }, "First steps"), h("ol", {}, ...HINTS.map((text) => h("li", {}, text))), close);
  }
}
