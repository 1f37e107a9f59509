// <bc-evaluate>: the Evaluate tab. A project's scores with their intervals, its cases in plots that open
// them, and two revisions of weights side by side. Asks /bc/evaluate, and /bc/review to cancel an import.

import * as api from "./evaluate-api.js";
import { button, h, keepFocus } from "./dom.js";
import { called } from "./evaluate-bits.js";
import { Cases } from "./evaluate-cases.js";
import { beside, byGroup, headline, readers } from "./evaluate-figures.js";
import { Importing } from "./evaluate-importing.js";
import { Predicting } from "./evaluate-predicting.js";
import { Questions } from "./questions.js";
import { explain } from "./meanings.js";
import { remembered } from "./remembering.js";
import { showTab } from "./review-links.js";
import { fillStyled } from "./styled.js";
import { grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Project} Project */
/** @typedef {import("./evaluate-api.js").Known} Known */
/** @typedef {import("./evaluate-api.js").Scores} Scores */

class Evaluate extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  #isStarted = false;
  #projectAsked = new Questions((why) => this.#showAway(why));
  #scoresAsked = new Questions((why) => this.#showAway(why));
  /** What the link to a case is `called` that was last followed. */ #opened = "";
  /** @type {Project[]} */ #projects = [];
  /** @type {Known | null} */ #known = null;
  /** @type {import("./evaluate-api.js").Asked} */ #wanted = { project: 0, revision: "", against: "", truth: "imported", folds: false };
  /** @type {Scores | null} */ #scores = null;
  /** The weights of each project, as it was last seen with no import under way. @type {Map<number, string[]>} */ #settled = new Map();
  #importing = new Importing(() => this.#load(), (error) => this.#fail(error));
  #predicting = new Predicting((known) => (known.progress ? this.#follow(known) : this.#load())); // a few cases are done at once
  /** @type {Cases} */ #cases;
  /** Pairs that are listed, also when they are drawn anew. */ #pairs = { better: 10, worse: 10, changed: 10 };
  /** Cases in the lists of what readers differ on. @type {Map<string, number>} */ #differing = new Map();
  /** How far down the window is, while the tab is in front. */ #top = 0;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fillStyled(this.#root, ["./controls.css", "./evaluate.css"], this.#skeleton());
    explain(this.#root);
    this.#cases = new Cases(this.#root, this.#element(".plots"), this.#element(".cases"), () => this.#showGroups());
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    // Each time the tab is opened: something may have been imported, predicted or decided.
    new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) {
        window.scrollTo(0, this.#top);
        if (document.activeElement === document.body) this.#toOpened(); // the browser's Back
        this.#load();
      } else {
        this.#projectAsked.drop();
        this.#scoresAsked.drop();
      }
    }).observe(this);
    this.#root.addEventListener("click", ({ target }) => {
      const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("a[data-case]"));
      if (link) this.#opened = called(link);
    });
    // All tabs scroll the one window, and whoever comes back goes on where they were.
    window.addEventListener("scroll", () => this.checkVisibility() && (this.#top = window.scrollY), { passive: true });
  }

  /** The keyboard goes on at the case that was opened. */
  #toOpened() {
    const links = /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll("a[data-case]"));
    [...links].find((one) => called(one) === this.#opened)?.focus({ preventScroll: true });
  }

  #skeleton() {
    const select = (/** @type {string} */ name, /** @type {string} */ label, /** @type {(value: string) => void} */ choose) =>
      h("label", { class: name }, h("span", {}, label), h("select", { onchange: (/** @type {Event} */ event) => choose(/** @type {HTMLSelectElement} */ (event.target).value) }));
    const truth = (/** @type {import("./evaluate-api.js").Truth} */ value, /** @type {string} */ text, /** @type {string} */ why) =>
      h("label", { "data-why": why }, h("input", { type: "radio", name: "truth", value, checked: value === this.#wanted.truth, onchange: () => this.#want({ truth: value }) }), h("span", {}, text));
    return h(
      "div",
      { class: "evaluate" },
      h("h1", { class: "unseen" }, "Evaluate"),
      h(
        "div",
        { class: "asked", role: "group", "aria-label": "What is evaluated", hidden: true },
        select("project", "Project", (value) => this.#choose(Number(value))),
        select("revision", "Weights", (value) => this.#want({ revision: value })),
        select("against", "Compared with", (value) => this.#want({ against: value })),
        h(
          "div",
          { class: "truth" },
          h("span", { id: "truth" }, "Truth"),
          h(
            "fieldset",
            { class: "choices", "aria-labelledby": "truth" },
            truth("imported", "As imported", "Every mask is scored against the truth that came with the data set."),
            truth("reader", "As readers left it", "Where a reader corrected the truth or kept it, that mask is the truth; elsewhere the imported one. Cases that a reader rejected are left out. An accepted prediction is no truth."),
          ),
        ),
        this.#predicting.element,
        h("div", { class: "files" }, h("a", { class: "button report", download: "" }, "Report, HTML"), h("a", { class: "button table", download: "" }, "Cases, CSV")),
      ),
      this.#importing.element,
      h("div", { class: "empty", hidden: true }),
      h("div", { class: "progress", hidden: true }, h("p", { role: "status" }), h("progress", { max: 1, "aria-label": "Scoring" })),
      h("p", { class: "problem error", role: "alert", hidden: true }),
      h(
        "div",
        { class: "told", hidden: true },
        h("section", { class: "headline", "aria-label": "Headline" }),
        h("section", { class: "about", "aria-label": "What the figures are over" }),
        h("section", { class: "beside", "aria-label": "Two revisions" }),
        h("section", { class: "readers", "aria-label": "Readers" }),
        h("section", { class: "plots", "aria-label": "Plots" }),
        h("section", { class: "groups", "aria-label": "By group of cases" }),
        h("section", { class: "cases", "aria-label": "Cases" }),
      ),
    );
  }

  // ---------------------------------------------------------------- asking

  async #load() {
    this.#scoresAsked.drop();
    try {
      const projects = await this.#projectAsked.answer(api.projects);
      if (!projects) return;
      this.#projects = projects;
      const wanted = projects.find(({ id }) => id === this.#wanted.project) ?? projects.find(({ id }) => String(id) === remembered("bc-project")) ?? projects.find(({ predicted }) => predicted > 0) ?? projects[0];
      this.#element(".asked").hidden = !wanted;
      if (wanted) return await this.#choose(wanted.id);
      this.#turnTo(0);
      this.#showEmpty(
        "Nothing is under review yet.",
        "Import a data set on the Review tab, or with python -m bcweb.review import NAME --data busi:PATH; its scores appear here as soon as its cases are predicted.",
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {number} id of a project */
  async #choose(id) {
    this.#scoresAsked.drop();
    if (id !== this.#wanted.project) this.#turnTo(id);
    try {
      const known = await this.#projectAsked.answer(() => api.project(id));
      if (!known) return;
      this.#choosePredicted(known);
      this.#follow(known);
      if (known.revisions.length) this.#want({});
      else this.#showUnpredicted(known);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing that is asked, shown or known of the project before is of this one. @param {number} id 0: there is none */
  #turnTo(id) {
    this.#wanted = { ...this.#wanted, project: id, revision: "", against: "" };
    this.#known = this.#scores = null;
    this.#cases.reset();
    this.#differing.clear();
    this.#importing.leave();
    for (const part of [".told", ".problem"]) this.#element(part).hidden = true;
    this.#showProgress(0, 0);
    this.#showAsked();
  }

  /** @param {Known} known of the project in view */
  #follow(known) {
    this.#known = known;
    this.#showAsked();
    this.#importing.watch(this.#wanted.project, known);
  }

  /** The weights in view stay there, and those that have come since are compared with them, once they have predicted all
   * that they will. @param {Known} now */
  #choosePredicted({ revisions, progress }) {
    const { project, revision, against } = this.#wanted;
    const names = revisions.map(({ name }) => name);
    const before = this.#settled.get(project) ?? names;
    const shown = revisions.find(({ name }) => name === revision) ?? revisions.find(({ name }) => before.includes(name)) ?? revisions[0];
    const came = revisions.find((one) => !before.includes(one.name) && one !== shown && one.modality === shown.modality);
    this.#wanted = { ...this.#wanted, revision: shown?.name ?? "", against: against || (!progress && came?.name) || "" };
    if (!progress || !this.#settled.has(project)) this.#settled.set(project, names);
  }

  /** Ask for the scores, again and again until they are there. @param {Partial<import("./evaluate-api.js").Asked>} change */
  async #want(change) {
    this.#wanted = { ...this.#wanted, ...change };
    if (!this.#others().some(({ name }) => name === this.#wanted.against)) this.#wanted.against = "";
    this.#showAsked();
    this.#element(".problem").hidden = true;
    // What is still on the screen is of what was asked before.
    this.#element(".told").classList.add("stale");
    if (!this.#scores || !this.#element(".progress").hidden) this.#showProgress(0, 0);
    try {
      for await (const answer of this.#scoresAsked.answers(() => api.scores(this.#wanted))) {
        if ("done" in answer) this.#showProgress(answer.done, answer.total);
        else {
          this.#scores = answer;
          return this.#show();
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Weights that those in view can be compared with. */
  #others() {
    const known = this.#known?.revisions ?? [];
    const shown = known.find(({ name }) => name === this.#wanted.revision);
    return known.filter((one) => one !== shown && one.modality === shown?.modality);
  }

  // ---------------------------------------------------------------- showing

  /** @param {unknown} error */
  #fail(error) {
    this.#element(".progress").hidden = true;
    this.#element(".problem").hidden = false;
    this.#element(".problem").textContent = /** @type {Error} */ (error).message;
  }

  #showAsked() {
    const { project, revision, against, truth } = this.#wanted;
    const options = (/** @type {string} */ name, /** @type {[string | number, string][]} */ choices, /** @type {string | number} */ chosen) =>
      this.#element(`.${name} select`).replaceChildren(...choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
    options("project", this.#projects.map(({ id, name }) => [id, name]), project);
    const known = this.#known?.revisions ?? [];
    const others = this.#others();
    options("revision", known.map(({ name, cases, modality }) => [name, `${name} · ${grouped(cases)} ${modality}${cases === 1 ? "" : "s"}`]), revision);
    options("against", [["", others.length ? "nothing" : "no other weights yet"], .../** @type {[string, string][]} */ (others.map(({ name, cases }) => [name, `${name} · ${grouped(cases)}`]))], against);
    const beside = /** @type {HTMLSelectElement} */ (this.#element(".against select"));
    beside.disabled = others.length === 0;
    /** @type {HTMLInputElement} */ (this.#element(`.truth [value="${truth}"]`)).checked = true;
    for (const name of ["revision", "against", "truth", "files"]) this.#element(`.asked .${name}`).hidden = known.length === 0;
    this.#predicting.show(project, known.length > 0 && this.#known?.may_predict === true && this.#known.progress === null);
    /** @type {HTMLAnchorElement} */ (this.#element(".report")).href = api.reportAt(this.#wanted);
    /** @type {HTMLAnchorElement} */ (this.#element(".table")).href = api.tableAt(this.#wanted);
  }

  /** @param {string} what @param {string} next what to do about it */
  #showEmpty(what, next) {
    for (const part of [".told", ".progress", ".problem"]) this.#element(part).hidden = true;
    const empty = this.#element(".empty");
    empty.hidden = false;
    empty.replaceChildren(h("h2", {}, what), h("p", { class: "quiet" }, next), button("Go to the Review tab", null, () => showTab("Review")));
  }

  /** @param {Known} known */
  #showUnpredicted({ progress, state }) {
    const stopped = `Its import stopped${state === "failed" ? " at an error" : ""}: go on with it on the Review tab.`;
    const ended = state === "ready" ? "None of its cases could be segmented: its notes on the Review tab say why." : stopped;
    this.#showEmpty("Nothing of this project is predicted yet.", progress ? "It is being imported: come back in a while." : ended);
  }

  /** @param {number} done @param {number} total @param {string} [doing] else than scoring */
  #showProgress(done, total, doing = total ? "Working out intervals …" : "Reading the project …") {
    this.#element(".empty").hidden = true;
    const place = this.#element(".progress");
    place.hidden = false;
    const isScoring = done < total;
    const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
    if (isScoring) bar.value = done / total;
    else bar.removeAttribute("value");
    /** @type {HTMLElement} */ (place.querySelector("p")).textContent = isScoring ? `Scoring masks: ${grouped(done)} of ${grouped(total)}` : doing;
  }

  /** @param {string} why */
  #showAway(why) {
    this.#showProgress(0, 0, `${why} It is asked again.`);
  }

  #show() {
    const scores = this.#scores;
    if (!scores) return;
    for (const part of [".progress", ".problem", ".empty"]) this.#element(part).hidden = true;
    const told = this.#element(".told");
    const isScored = scores.cases.length > 0;
    if (!isScored) this.#showEmpty("No case of this project has a score.", `${scores.about.join(" ")} Correct cases on the Review tab, then choose the truth “As readers left it”.`);
    told.classList.toggle("unscored", !isScored); // readers agree or not, also where no truth is known
    told.hidden = !isScored && !scores.against_truth && !scores.comparison && scores.readers.length === 0;
    told.classList.remove("stale");
    keepFocus(told, () => this.#draw(scores), called);
  }

  /** @param {Scores} scores */
  #draw(scores) {
    this.#element(".headline").replaceChildren(...headline(scores));
    this.#element(".about").replaceChildren(...scores.about.map((said) => h("p", {}, said)));
    this.#element(".beside").replaceChildren(...(scores.comparison ? beside(scores.comparison, this.#pairs, (folds) => this.#want({ folds })) : []));
    this.#element(".readers").replaceChildren(...readers(scores, this.#differing));
    this.#showGroups();
    this.#cases.show(scores);
  }

  #showGroups() {
    if (!this.#scores) return;
    this.#element(".groups").replaceChildren(...byGroup(this.#scores, this.#cases.only, (only) => this.#cases.choose(only)));
  }

  /** @param {string} selector @returns {HTMLElement} */
  #element(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

customElements.define("bc-evaluate", Evaluate);
