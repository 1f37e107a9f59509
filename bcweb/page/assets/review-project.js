// A row of the projects. It is told anew each second while anything is imported, and stays under the hand all the
// while: only what has changed of it is written.

import { button, h, write } from "./dom.js";
import { Importing } from "./review-importing.js";
import { moment, newCases, progress } from "./review-words.js";
import { grouped } from "./words.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-home.js").Actions} Actions */

/** Notes that are listed. */
const NOTES = 200;

export class ProjectRow {
  /** Its removal is asked for once more. */ #isRemoving = false;
  /** How many cases there were when it was last looked for new ones, until that is over. @type {number | null} */ #before = null;
  /** Which buttons there are. */ #offered = "";
  /** Which notes are listed. */ #noted = "";

  /** @param {Project} project @param {Actions} actions */
  constructor(project, actions) {
    this.project = project;
    this.actions = actions;
    this.name = h("b");
    this.read = h("span", { class: "quiet" });
    this.open = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "open", onclick: () => actions.open(this.project) }, this.name, this.read));
    this.share = h("i");
    this.bar = h("div", { class: "bar", role: "img" }, this.share);
    this.told = h("span");
    this.came = h("span", { class: "came", role: "status" });
    this.place = h("div");
    this.importing = new Importing(this.place);
    this.problem = h("p", { class: "error" });
    this.summary = h("summary");
    this.notes = h("ul", { class: "notes" });
    this.details = h("details", {}, this.summary, this.notes);
    this.buttons = h("p", { class: "buttons" });
    this.element = h("li", {}, this.open, this.bar, h("p", { class: "quiet small" }, this.told, this.came), this.place, this.problem, this.details, this.buttons);
  }

  /** @param {Project} project as it is now @param {boolean} may change it */
  show(project, may) {
    const isOver = this.project.progress !== null && project.progress === null;
    this.project = project;
    const { name, cases, predicted, read, problem, sources, created } = project;
    write(this.name, name);
    write(this.read, cases ? progress({ cases, read }) : "no case yet");
    this.open.disabled = cases === 0;
    this.bar.setAttribute("aria-label", `${grouped(read)} of ${grouped(cases)} read`);
    this.share.style.width = `${cases ? (100 * read) / cases : 0}%`;
    write(this.told, `${sources.join(", ")} · begun ${moment(created)}${predicted < cases ? ` · ${grouped(predicted)} predicted` : ""}`);
    if (isOver) this.#tell();
    this.importing.show(project);
    this.place.hidden = project.progress === null;
    write(this.problem, problem ?? "");
    this.problem.hidden = !problem;
    this.#note(project);
    this.#offer(may);
  }

  /** @param {Project} project */
  #note({ notes }) {
    this.details.hidden = notes.length === 0;
    const noted = JSON.stringify(notes);
    if (noted === this.#noted) return;
    this.#noted = noted;
    this.summary.textContent = `${grouped(notes.length)} ${notes.length === 1 ? "note" : "notes"} on the import`;
    this.notes.replaceChildren(...notes.slice(0, NOTES).map((note) => h("li", {}, note)));
  }

  /** @param {boolean} may */
  #offer(may) {
    const { state, progress } = this.project;
    const offered = may ? JSON.stringify([state, progress !== null, this.#isRemoving]) : "";
    if (offered === this.#offered) return;
    this.#offered = offered;
    const hadFocus = this.buttons.matches(":focus-within");
    this.buttons.replaceChildren(...(may ? this.#offers() : []));
    this.buttons.hidden = !may;
    if (hadFocus) this.open.focus(); // not a button that has come where another was pressed
  }

  /** @returns {HTMLElement[]} */
  #offers() {
    const { state, progress } = this.project;
    if (progress !== null) return [button("Cancel", null, () => this.actions.cancel(this.project))];
    const resume = state === "ready"
      ? button("Look for new scans", null, () => this.#look())
      : button("Go on importing", null, () => this.actions.resume(this.project));
    return [resume, ...(this.#isRemoving ? this.#removal() : [button("Remove …", null, () => this.#ask())])];
  }

  #look() {
    this.#before = this.project.cases;
    write(this.came, "");
    this.actions.resume(this.project);
  }

  /** How many came. Of one that was cut off, once it has gone on to its end. */
  #tell() {
    const { cases, state } = this.project;
    if (this.#before === null || state !== "ready") return;
    write(this.came, newCases(cases - this.#before));
    this.#before = null;
  }

  #ask() {
    this.#isRemoving = true;
    this.#offer(true);
    const remove = /** @type {HTMLElement} */ (this.buttons.querySelector(".danger"));
    remove.focus();
    remove.addEventListener("blur", () => {
      if (!this.#isRemoving) return; // it is being removed
      this.#isRemoving = false;
      this.#offer(true);
    });
  }

  /** What removes it, and what goes and what stays then. @returns {HTMLElement[]} */
  #removal() {
    const { id, read } = this.project;
    const decided = read ? `what was decided on ${grouped(read)} ${read === 1 ? "case" : "cases"} stays in the database, and ` : "";
    return [
      // Safari takes the focus from a button that is pressed, and without it this one is gone.
      button("Remove it", null, () => this.#remove(), { class: "danger", "aria-describedby": `removal-${id}`, onmousedown: (/** @type {Event} */ event) => event.preventDefault() }),
      h("span", { class: "quiet small", id: `removal-${id}` }, `All that was drawn or predicted is removed for good; ${decided}the scans stay where they lie.`),
    ];
  }

  #remove() {
    this.#isRemoving = false;
    this.actions.remove(this.project);
  }
}
