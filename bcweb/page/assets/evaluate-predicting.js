// "Predict with other weights" of the Evaluate tab: asks for weights, and says what became of them.

import { h, write } from "./dom.js";
import * as api from "./evaluate-api.js";

/** @typedef {import("./evaluate-api.js").Known} Known */

/** They may have to come from the Hub first. */
const LOOKING = "Looking into the weights …";

export class Predicting {
  /** By project, that its weights are looked into, or why they were refused. @type {Map<number, string>} */ #said = new Map();
  #project = 0;
  #input = /** @type {HTMLInputElement} */ (
    h("input", { type: "text", "aria-label": "Weights", placeholder: "Folder on this machine, or hf://user/repo@revision", autocomplete: "off", spellcheck: false })
  );
  #begin = h("button", { type: "submit" }, "Begin");
  #line = h("p", { class: "quiet", role: "status" });

  /** @param {(known: Known) => void} begun the project in view as it is now that its cases are being segmented */
  constructor(begun) {
    this.begun = begun;
    this.element = /** @type {HTMLDetailsElement} */ (
      h(
        "details",
        { class: "predict", hidden: true },
        h("summary", {}, "Predict with other weights"),
        h(
          "form",
          { onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
          h("p", { class: "quiet" }, "They segment every case of their modality in this project once more, beside the predictions that are there, and can then be compared. From then on Review shows theirs; the earlier ones stay, and can be chosen there under “Prediction by”. This runs in the background."),
          h("div", { class: "named" }, this.#input, this.#begin),
          this.#line,
        ),
      )
    );
  }

  /** @param {number} project that is in view @param {boolean} may whether other weights can be asked for now */
  show(project, may) {
    this.#project = project;
    this.element.hidden = !may;
    this.#show();
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const project = this.#project;
    const name = this.#input.value.trim();
    if (!name || this.#said.get(project) === LOOKING) return;
    this.#said.set(project, LOOKING);
    this.#show();
    try {
      const known = await api.predict(project, name);
      this.#said.delete(project);
      if (project === this.#project) this.#close(known); // whoever comes back to it is told how far it is
    } catch (error) {
      this.#said.set(project, /** @type {Error} */ (error).message);
    }
    this.#show();
  }

  /** @param {Known} known */
  #close(known) {
    this.#input.value = "";
    this.element.open = false;
    this.begun(known);
  }

  #show() {
    const said = this.#said.get(this.#project) ?? "";
    const isLooking = said === LOOKING;
    this.#begin.setAttribute("aria-disabled", String(isLooking)); // one that is disabled would lose the focus
    this.#line.className = isLooking ? "quiet" : "error";
    write(this.#line, said);
  }
}
