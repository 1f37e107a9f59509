// The projects: how far each is, a new one, and what to do while there is none.

import { button, h } from "./dom.js";
import { moment, progress } from "./review-words.js";
import { grouped } from "./words.js";

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
  /** The project whose removal is asked for once more. @type {number | null} */ #removing = null;

  /** @param {HTMLElement} root @param {Actions} actions */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.why = h("p", { class: "quiet" });
    this.list = h("ol", { class: "projects" });
    this.name = this.#field("Name", "Ward 7, November", "Under this name it is found again");
    this.data = this.#field("Data, as KIND:PATH", "busi:/data/Dataset_BUSI_with_GT", "A data set of this machine as KIND:PATH; several are set apart by a semicolon");
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

  /** @param {string} label @param {string} placeholder @param {string} title */
  #field(label, placeholder, title) {
    return h("label", { title }, h("span", {}, label), h("input", { type: "text", placeholder, autocomplete: "off", spellcheck: false }));
  }

  /** @param {Session} session */
  show({ projects, may, why, kinds }) {
    this.form.hidden = !may;
    this.kinds.textContent = `KIND is ${kinds.join(", ")}; a folder holds images/ and masks/, or NAME and NAME_mask. Nothing is copied or changed: the scans are read where they lie.`;
    this.why.replaceChildren(...(projects.length ? [] : this.#empty(may, why)));
    this.list.replaceChildren(...projects.map((project) => this.#project(project, may)));
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

  /** @param {Project} project @param {boolean} may */
  #project(project, may) {
    const { id, name, cases, predicted, read, state, problem, notes, sources, created } = project;
    const isImporting = project.progress !== null;
    const share = cases ? read / cases : 0;
    const stopped = !isImporting && state !== "ready";
    return h(
      "li",
      {},
      h("button", { type: "button", class: "open", disabled: cases === 0, onclick: () => this.actions.open(project) }, h("b", {}, name), h("span", { class: "quiet" }, cases ? progress({ cases, read }) : "no case yet")),
      h("div", { class: "bar", role: "img", "aria-label": `${grouped(read)} of ${grouped(cases)} read` }, h("i", { style: `width: ${100 * share}%` })),
      h("p", { class: "quiet small" }, `${sources.join(", ")} · begun ${moment(created)}${predicted < cases ? ` · ${grouped(predicted)} predicted` : ""}`),
      importing(project),
      problem ? h("p", { class: "error" }, problem) : "",
      notes.length ? h("details", {}, h("summary", {}, `${grouped(notes.length)} ${notes.length === 1 ? "note" : "notes"} on the import`), h("ul", { class: "notes" }, ...notes.slice(0, 200).map((note) => h("li", {}, note)))) : "",
      may && h(
        "p",
        { class: "buttons" },
        isImporting && button("Cancel", null, () => this.actions.cancel(project)),
        stopped && button("Go on importing", null, () => this.actions.resume(project)),
        ...(isImporting ? [] : this.#removing === id
          ? this.#removal(project)
          : [button("Remove …", null, (event) => this.#ask(event, project))]),
      ),
    );
  }

  /** @param {Event} event @param {Project} project */
  #ask(event, project) {
    this.#removing = project.id;
    const [asked, told] = this.#removal(project);
    /** @type {HTMLElement} */ (event.currentTarget).replaceWith(asked, told);
    asked.focus();
    asked.addEventListener("blur", () => (this.#removing = null));
  }

  /** What removes it, and what goes and what stays then. @param {Project} project @returns {HTMLElement[]} */
  #removal(project) {
    const { id, read } = project;
    const decided = read ? `what was decided on ${grouped(read)} ${read === 1 ? "case" : "cases"} stays in the database, and ` : "";
    return [
      button("Remove it", null, () => this.#remove(project), { class: "danger", "aria-describedby": `removal-${id}` }),
      h("span", { class: "quiet small", id: `removal-${id}` }, `All that was drawn or predicted is removed for good; ${decided}the scans stay where they lie.`),
    ];
  }

  /** @param {Project} project */
  #remove(project) {
    this.#removing = null;
    this.actions.remove(project);
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const [name, data, weights] = [this.name, this.data, this.weights].map((field) => /** @type {HTMLInputElement} */ (field.querySelector("input")).value.trim());
    this.said.textContent = "";
    this.begin.disabled = true;
    this.begin.textContent = "Reading the data …"; // it is looked into before there is a project
    try {
      await this.actions.create(name, data.split(";").map((one) => one.trim()).filter(Boolean), weights);
    } catch (error) {
      this.said.textContent = /** @type {Error} */ (error).message;
    } finally {
      this.begin.textContent = "Begin";
      this.begin.disabled = false;
    }
  }
}

/** How far an import is, in a bar and a line. @param {Project} project @returns {Node | string} */
export function importing({ progress }) {
  if (progress === null) return "";
  const { done, total, doing } = progress;
  const bar = /** @type {HTMLProgressElement} */ (h("progress", { "aria-label": "Import", max: Math.max(total, 1) }));
  if (total) bar.value = done; // else it says only that something goes on
  return h("div", { class: "importing", role: "status" }, bar, h("span", { class: "quiet small" }, total ? `${doing}: ${grouped(done)} of ${grouped(total)}` : doing));
}
