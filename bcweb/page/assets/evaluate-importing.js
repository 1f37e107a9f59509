// How far the import of the project in view is, on the Evaluate tab: a bar and a way to stop it, or why the last one
// stopped.

import { Gone } from "./api.js";
import { button, h } from "./dom.js";
import * as api from "./evaluate-api.js";
import { pause } from "./questions.js";
import { grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Known} Known */

export class Importing {
  /** Counts what is watched, so that what arrives late is not shown. */ #watched = 0;
  #project = 0;
  #said = h("p", { role: "status" });
  #bar = /** @type {HTMLProgressElement} */ (h("progress", { max: 1, "aria-label": "Import" }));
  #cancel = button("Cancel", null, () => api.cancel(this.#project).catch((error) => this.failed(error)));

  /** @param {() => void} over it is done or has stopped, or somebody has removed the project
   * @param {(error: unknown) => void} failed it cannot be stopped */
  constructor(over, failed) {
    this.over = over;
    this.failed = failed;
    this.element = h("div", { class: "importing", hidden: true }, this.#said, this.#bar, this.#cancel);
  }

  /** Show how far it is for as long as it goes on and the tab is in view. @param {number} project @param {Known} known */
  async watch(project, known) {
    const watched = ++this.#watched;
    const isWatched = () => watched === this.#watched && this.element.checkVisibility();
    this.#project = project;
    this.#show(known);
    if (!known.progress) return;
    for (;;) {
      await pause();
      if (!isWatched()) return;
      const now = await api.importing(project).catch((error) => (error instanceof Gone ? error : null));
      if (!isWatched()) return;
      if (now instanceof Gone || (now && !now.progress)) return this.over();
      if (now) this.#show(now); // else it is asked again
    }
  }

  /** Another project comes into view, or none. */
  leave() {
    this.#watched += 1;
    this.element.hidden = true;
  }

  /** @param {import("./evaluate-api.js").Imported} known */
  #show({ progress, problem, may_predict }) {
    const { done, total, of, doing } = progress ?? { done: 0, total: 0, of: "", doing: "" };
    const far = total ? `${doing}: ${grouped(done)} of ${grouped(total)} ${of}` : `${doing} …`;
    this.element.hidden = !progress && !problem;
    this.#said.textContent = progress ? far : problem;
    this.#bar.hidden = !progress;
    if (total) this.#bar.value = done / total;
    else this.#bar.removeAttribute("value");
    this.#cancel.hidden = !progress || !may_predict;
  }
}
