// How far an import is, in a bar and a line: told each second, and read aloud only where it does something else.

import { h, write } from "./dom.js";
import { grouped } from "./words.js";

export class Importing {
  /** @param {HTMLElement} place empty while nothing is imported */
  constructor(place) {
    this.place = place;
    this.bar = /** @type {HTMLProgressElement} */ (h("progress", { "aria-label": "Import" }));
    this.doing = h("span", { role: "status" });
    this.count = h("span");
    this.element = h("div", { class: "importing" }, this.bar, h("span", { class: "quiet small" }, this.doing, this.count));
  }

  /** @param {import("./review-api.js").Project} project */
  show({ progress }) {
    if (progress === null) return this.element.remove();
    const { done, total, of, doing } = progress;
    if (!this.place.firstChild) this.place.append(this.element);
    this.bar.max = Math.max(total, 1);
    if (total) this.bar.value = done;
    else this.bar.removeAttribute("value"); // it says only that something goes on
    write(this.doing, doing);
    write(this.count, total ? `: ${grouped(done)} of ${grouped(total)} ${of}` : "");
  }
}
