// <bc-evaluate>: the Evaluate tab. A project's scores with their intervals, its cases in plots that open
// them, and two revisions of weights side by side. Asks /bc/evaluate, and /bc/review to cancel an import.

import { Gone, Unreachable } from "./api.js";
import * as api from "./evaluate-api.js";
import { button, h } from "./dom.js";
import { Cases } from "./evaluate-cases.js";
import { beside, byGroup, headline } from "./evaluate-figures.js";
import { explain } from "./meanings.js";
import { remembered } from "./remembering.js";
import { showTab } from "./review-links.js";
import { grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Project} Project */
/** @typedef {import("./evaluate-api.js").Known} Known */
/** @typedef {import("./evaluate-api.js").Scores} Scores */

const AGAIN_MS = 700;

/** A server that is away may be back for the next question; what it refuses it refuses again.
 * @param {unknown} error @returns {Unreachable} @throws {unknown} */
function unanswered(error) {
  if (error instanceof Unreachable) return error;
  throw error;
}

class Evaluate extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  #isStarted = false;
  /** Counts what is asked for, so that what arrives late is not shown. */ #asked = 0;
  /** The same of imports that are watched. */ #watched = 0;
  #isShown = false;
  /** The link to a case that was last followed. @type {HTMLElement | null} */ #opened = null;
  /** @type {Project[]} */ #projects = [];
  /** @type {Known | null} */ #known = null;
  /** @type {import("./evaluate-api.js").Asked} */ #wanted = { project: 0, revision: "", against: "", truth: "imported", folds: false };
  /** @type {Scores | null} */ #scores = null;
  /** Projects whose next weights the server looks into. @type {Set<number>} */ #looking = new Set();
  /** @type {Cases} */ #cases;
  /** Pairs that are listed, also when they are drawn anew. */ #pairs = { better: 10, worse: 10 };
  /** How far down the window is, while the tab is in front. */ #top = 0;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    const sheet = (/** @type {string} */ name) => h("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href });
    this.#root.append(sheet("./controls.css"), sheet("./evaluate.css"), this.#skeleton());
    explain(this.#root);
    this.#cases = new Cases(this.#root, this.#element(".plots"), this.#element(".cases"), () => this.#showGroups());
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    // Each time the tab is opened: something may have been imported, predicted or decided.
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#isShown = isIntersecting;
      if (isIntersecting) {
        window.scrollTo(0, this.#top);
        if (document.activeElement === document.body) this.#opened?.focus({ preventScroll: true }); // the browser's Back
        this.#load();
      } else this.#asked += 1;
    }).observe(this);
    this.#root.addEventListener("click", ({ target }) => {
      this.#opened = /** @type {Element} */ (target).closest("a[data-case]") ?? this.#opened;
    });
    // All tabs scroll the one window, and whoever comes back goes on where they were.
    window.addEventListener("scroll", () => this.checkVisibility() && (this.#top = window.scrollY), { passive: true });
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
        "form",
        { class: "asked", "aria-label": "What is evaluated", hidden: true, onsubmit: (/** @type {Event} */ event) => this.#predict(event) },
        select("project", "Project", (value) => this.#choose(Number(value))),
        select("revision", "Weights", (value) => this.#want({ revision: value, against: this.#wanted.against === value ? "" : this.#wanted.against })),
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
        h(
          "details",
          { class: "predict", hidden: true },
          h("summary", {}, "Predict with other weights"),
          h(
            "div",
            {},
            h("p", { class: "quiet" }, "They segment every case of their modality in this project once more, beside what there is, and can then be compared. Review shows theirs from then on; the earlier ones stay, and can be chosen there, “Prediction by”. It goes on in the background."),
            h("div", { class: "named" }, h("input", { type: "text", "aria-label": "Weights", placeholder: "Folder of this machine, or hf://user/repo@revision", autocomplete: "off", spellcheck: false }), h("button", { type: "submit" }, "Begin")),
            h("p", { class: "quiet", role: "status" }),
          ),
        ),
        h("div", { class: "files" }, h("a", { class: "button report", download: "" }, "Report, HTML"), h("a", { class: "button table", download: "" }, "Cases, CSV")),
      ),
      h("div", { class: "importing", hidden: true }, h("p", { role: "status" }), h("progress", { max: 1, "aria-label": "Import" }), button("Cancel", null, () => this.#cancel())),
      h("div", { class: "empty", hidden: true }),
      h("div", { class: "progress", hidden: true }, h("p", { role: "status" }), h("progress", { max: 1, "aria-label": "Scoring" })),
      h("p", { class: "problem error", role: "alert", hidden: true }),
      h(
        "div",
        { class: "told", hidden: true },
        h("section", { class: "headline", "aria-label": "Headline" }),
        h("section", { class: "about", "aria-label": "What the figures are over" }),
        h("section", { class: "beside", "aria-label": "Two revisions" }),
        h("section", { class: "plots", "aria-label": "Plots" }),
        h("section", { class: "groups", "aria-label": "By group of cases" }),
        h("section", { class: "cases", "aria-label": "Cases" }),
      ),
    );
  }

  // ---------------------------------------------------------------- asking

  async #load() {
    const asked = ++this.#asked;
    try {
      const projects = await api.projects();
      if (asked !== this.#asked) return;
      this.#projects = projects;
      const wanted = projects.find(({ id }) => id === this.#wanted.project) ?? projects.find(({ id }) => String(id) === remembered("bc-project")) ?? projects.find(({ predicted }) => predicted > 0) ?? projects[0];
      this.#element(".asked").hidden = !wanted;
      if (!wanted) {
        this.#showEmpty(
          "Nothing is under review yet.",
          "Import a data set on the Review tab, or with python -m bcweb.review import NAME --data busi:PATH; its scores stand here as soon as its cases are predicted.",
        );
        return;
      }
      await this.#choose(wanted.id);
    } catch (error) {
      if (asked === this.#asked) this.#fail(error);
    }
  }

  /** @param {number} id of a project */
  async #choose(id) {
    const asked = ++this.#asked;
    const isOther = id !== this.#wanted.project;
    if (isOther) {
      this.#wanted = { ...this.#wanted, project: id, revision: "", against: "" };
      this.#cases.reset();
      this.#known = null; // what is asked of the one before is not asked of this one
      this.#scores = null;
      this.#element(".told").hidden = true;
      this.#showAsked();
    }
    try {
      const known = await api.project(id);
      if (asked !== this.#asked) return;
      if (this.#known && !isOther) this.#besideNew(this.#known, known);
      this.#known = known;
      const names = known.revisions.map(({ name }) => name);
      if (!names.includes(this.#wanted.revision)) this.#wanted.revision = names[0] ?? "";
      if (!names.includes(this.#wanted.against)) this.#wanted.against = "";
      this.#showAsked();
      this.#watch(id);
      if (names.length) this.#want({});
      else this.#showUnpredicted();
    } catch (error) {
      if (asked === this.#asked) this.#fail(error);
    }
  }

  /** While an import is under way: how far it is, and anew what it came to. @param {number} id of the project */
  async #watch(id) {
    const watched = ++this.#watched;
    while (watched === this.#watched && this.#known?.progress) {
      this.#showImporting();
      await new Promise((done) => setTimeout(done, AGAIN_MS));
      if (watched !== this.#watched || !this.#isShown) return;
      const known = await api.project(id).catch((error) => (error instanceof Gone ? error : null));
      if (watched !== this.#watched) return;
      if (known instanceof Gone) return this.#load(); // somebody has removed it
      if (known?.progress) this.#known = { ...this.#known, progress: known.progress };
      else if (known) return this.#choose(id); // else it is asked again
    }
    this.#showImporting();
  }

  /** Weights that have come since are compared with those in view. @param {Known} before @param {Known} now */
  #besideNew(before, now) {
    const known = before.revisions.map(({ name }) => name);
    const modality = before.revisions.find(({ name }) => name === this.#wanted.revision)?.modality;
    const came = now.revisions.find((one) => !known.includes(one.name) && one.modality === modality);
    if (came && !now.progress && !this.#wanted.against) this.#wanted.against = came.name;
  }

  /** @param {Event} event */
  async #predict(event) {
    event.preventDefault();
    const input = /** @type {HTMLInputElement} */ (this.#element(".predict input"));
    const id = this.#wanted.project;
    if (!input.value.trim()) return;
    this.#looking.add(id);
    this.#showLooking();
    try {
      const known = await api.predict(id, input.value.trim());
      if (id !== this.#wanted.project) return; // whoever comes back to it is told how far it is
      this.#known = known;
    } catch (error) {
      if (id === this.#wanted.project) this.#fail(error);
      return;
    } finally {
      this.#looking.delete(id);
      this.#showLooking();
    }
    input.value = "";
    this.#element(".problem").hidden = true;
    /** @type {HTMLDetailsElement} */ (this.#element(".predict")).open = false;
    this.#showAsked();
    this.#watch(id);
  }

  async #cancel() {
    await api.cancel(this.#wanted.project).catch((error) => this.#fail(error));
  }

  /** Ask for the scores, again and again until they are there. @param {Partial<import("./evaluate-api.js").Asked>} change */
  async #want(change) {
    const asked = ++this.#asked;
    const isCurrent = () => asked === this.#asked;
    this.#wanted = { ...this.#wanted, ...change };
    this.#showAsked();
    this.#element(".problem").hidden = true;
    // What is still on the screen is of what was asked before.
    this.#element(".told").classList.add("stale");
    if (!this.#scores) this.#showProgress(0, 0);
    try {
      for (;;) {
        const answer = await api.scores(this.#wanted).catch(unanswered);
        if (!isCurrent()) return;
        if (answer instanceof Unreachable) this.#showProgress(0, 0, `${answer.why} It is asked again.`);
        else if ("done" in answer) this.#showProgress(answer.done, answer.total);
        else {
          this.#scores = answer;
          this.#show();
          return;
        }
        await new Promise((done) => setTimeout(done, AGAIN_MS));
        if (!isCurrent()) return;
      }
    } catch (error) {
      if (isCurrent()) this.#fail(error);
    }
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
    const modality = known.find(({ name }) => name === revision)?.modality;
    const others = known.filter((one) => one.name !== revision && one.modality === modality);
    options("revision", known.map(({ name, cases, modality }) => [name, `${name} · ${grouped(cases)} ${modality}${cases === 1 ? "" : "s"}`]), revision);
    options("against", [["", others.length ? "nothing" : "no other weights yet"], .../** @type {[string, string][]} */ (others.map(({ name, cases }) => [name, `${name} · ${grouped(cases)}`]))], against);
    const beside = /** @type {HTMLSelectElement} */ (this.#element(".against select"));
    beside.disabled = others.length === 0;
    /** @type {HTMLInputElement} */ (this.#element(`.truth [value="${truth}"]`)).checked = true;
    for (const name of ["revision", "against", "truth", "files"]) this.#element(`.asked .${name}`).hidden = known.length === 0;
    this.#element(".predict").hidden = known.length === 0 || !this.#known?.may_predict || this.#known.progress !== null;
    this.#showLooking();
    /** @type {HTMLAnchorElement} */ (this.#element(".report")).href = api.reportAt(this.#wanted);
    /** @type {HTMLAnchorElement} */ (this.#element(".table")).href = api.tableAt(this.#wanted);
  }

  /** Whether the weights that were asked for are being looked into: they may have to come from the Hub first. */
  #showLooking() {
    const isLooking = this.#looking.has(this.#wanted.project);
    /** @type {HTMLButtonElement} */ (this.#element(".predict button")).disabled = isLooking;
    this.#element(".predict [role=status]").textContent = isLooking ? "Looking into the weights …" : "";
  }

  /** How far an import is, or why the last one stopped. */
  #showImporting() {
    const { progress = null, problem = null, may_predict = false } = this.#known ?? {};
    const place = this.#element(".importing");
    const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
    const { done, total, of, doing } = progress ?? { done: 0, total: 0, of: "", doing: "" };
    const far = total ? `${doing}: ${grouped(done)} of ${grouped(total)} ${of}` : `${doing} …`;
    place.hidden = !progress && !problem;
    /** @type {HTMLElement} */ (place.querySelector("p")).textContent = progress ? far : problem;
    bar.hidden = !progress;
    if (total) bar.value = done / total;
    else bar.removeAttribute("value");
    /** @type {HTMLElement} */ (place.querySelector("button")).hidden = !progress || !may_predict;
  }

  /** @param {string} what @param {string} next what to do about it */
  #showEmpty(what, next) {
    for (const part of [".told", ".progress", ".problem"]) this.#element(part).hidden = true;
    const empty = this.#element(".empty");
    empty.hidden = false;
    empty.replaceChildren(h("h2", {}, what), h("p", { class: "quiet" }, next), button("Go to the Review tab", null, () => showTab("Review")));
  }

  #showUnpredicted() {
    const project = this.#projects.find(({ id }) => id === this.#wanted.project);
    const isComing = project?.state === "importing";
    this.#showEmpty(
      "Nothing of this project is predicted yet.",
      isComing ? "It is being imported: come back in a while." : `Its import stopped${project?.state === "failed" ? " at an error" : ""}: go on with it on the Review tab.`,
    );
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

  #show() {
    const scores = this.#scores;
    if (!scores) return;
    for (const part of [".progress", ".problem", ".empty"]) this.#element(part).hidden = true;
    if (scores.cases.length === 0) {
      this.#showEmpty("No case of this project has a score.", `${scores.about.join(" ")} Correct cases on the Review tab, and take the truth as readers left it.`);
      return;
    }
    this.#element(".told").hidden = false;
    this.#element(".told").classList.remove("stale");
    this.#element(".headline").replaceChildren(...headline(scores));
    this.#element(".about").replaceChildren(...scores.about.map((said) => h("p", {}, said)));
    this.#element(".beside").replaceChildren(...(scores.comparison ? beside(scores.comparison, this.#pairs, (folds) => this.#want({ folds })) : []));
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
