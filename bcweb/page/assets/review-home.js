// The projects: how far each is, a new one, and what to do while there is none.

import { h } from "./dom.js";
import { ProjectRow } from "./review-project.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-api.js").Session} Session */
/** @typedef {object} Actions
 * @property {(project: Project) => void} open
 * @property {(name: string, data: string[], weights: string) => Promise<void>} create it throws what is wrong
 * @property {(project: Project) => void} cancel
 * @property {(project: Project) => void} resume
 * @property {(project: Project) => void} remove
 */

const EXAMPLE = `python -m bcweb.review import "My first" --data folder:PATH`;

export class Home {
  /** @type {Map<number, ProjectRow>} by id of the project */ #rows = new Map();
  /** One data set, whatever its path has in it. */ #offered = "";

  /** @param {HTMLElement} root @param {Actions} actions */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.why = h("p", { class: "quiet" });
    this.list = h("ol", { class: "projects" });
    this.name = this.#field("Name", "Ward 7, November", "The name that you find it by later");
    this.data = this.#field("Data, as KIND:PATH", "busi:/data/Dataset_BUSI_with_GT", "A data set on this machine as KIND:PATH; separate several with semicolons");
    this.weights = this.#field("Weights", "those in use", "embedded, a folder, or hf://user/repo@revision; empty: those of the Model tab");
    this.said = h("p", { class: "error", role: "alert" });
    this.begin = /** @type {HTMLButtonElement} */ (h("button", { type: "submit", class: "primary" }, "Begin"));
    this.kinds = h("p", { class: "quiet small" });
    this.form = h(
      "form",
      { class: "new", hidden: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("h2", {}, "A new project"),
      this.name, this.data, this.weights, this.begin, this.said,
      this.kinds,
    );
    root.replaceChildren(h("div", { class: "home-text" }, h("h1", {}, "Review"), this.why, this.list), this.form);
  }

  /** Fill in a new project of this folder; the reader may call it otherwise, and begins it. @param {string} path */
  offer(path) {
    const [name, data] = [this.name, this.data].map((field) => /** @type {HTMLInputElement} */ (field.querySelector("input")));
    name.value = path.split(/[\\/]/).findLast((part) => part.trim()) ?? "";
    data.value = this.#offered = `folder:${path}`;
    this.said.textContent = "";
    name.select();
  }

  /** @param {string} label @param {string} placeholder @param {string} title */
  #field(label, placeholder, title) {
    return h("label", { title }, h("span", {}, label), h("input", { type: "text", placeholder, autocomplete: "off", spellcheck: false }));
  }

  /** @param {Session} session */
  show({ projects, may, why, kinds }) {
    this.form.hidden = !may;
    this.kinds.textContent = `KIND is ${kinds.join(", ")}; a folder holds images/ and masks/, or NAME and NAME_mask. Nothing is copied or changed: the scans are read where they lie.`;
    this.why.replaceChildren(...(projects.length ? [] : this.#empty(may, why)));
    const ids = new Set(projects.map(({ id }) => id));
    for (const [id, { element }] of this.#rows) {
      if (ids.has(id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
    projects.forEach((project, at) => {
      const row = this.#rows.get(project.id) ?? new ProjectRow(project, this.actions);
      this.#rows.set(project.id, row);
      row.show(project, may);
      const there = this.list.children.item(at);
      if (there !== row.element) this.list.insertBefore(row.element, there);
    });
  }

  /** @param {boolean} may @param {string | null} why */
  #empty(may, why) {
    return [
      h("span", { class: "lead" }, "No project yet."),
      " A project is a data set with what the weights drew on it: go through it worst first, decide each case with one key, correct with the brush.",
      may ? " Begin one here, or in a terminal: " : ` ${why ?? ""} `,
      may ? h("code", {}, EXAMPLE) : "",
    ];
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const [name, data, weights] = [this.name, this.data, this.weights].map((field) => /** @type {HTMLInputElement} */ (field.querySelector("input")).value.trim());
    this.said.textContent = "";
    this.begin.disabled = true;
    this.begin.textContent = "Reading the data …"; // it is looked into before there is a project
    try {
      const sets = data === this.#offered ? [data] : data.split(";").map((one) => one.trim()).filter(Boolean);
      await this.actions.create(name, sets, weights);
    } catch (error) {
      this.said.textContent = /** @type {Error} */ (error).message;
    } finally {
      this.begin.textContent = "Begin";
      this.begin.disabled = false;
    }
  }
}
