// <bc-evaluate>: the Evaluate tab. A project's scores with their intervals, its cases in plots that open
// them, and two revisions of weights side by side. Asks /bc/evaluate only.

import * as api from "./evaluate-api.js";
import { byUncertainty, bySize, histogram } from "./evaluate-plots.js";
import { button, h } from "./dom.js";
import { explain, term } from "./meanings.js";
import { caseLink, openCase, showTab } from "./review-links.js";
import { MEANING, NONE, fixed, grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Project} Project */
/** @typedef {import("./evaluate-api.js").Known} Known */
/** @typedef {import("./evaluate-api.js").Scores} Scores */
/** @typedef {import("./evaluate-api.js").Case} Case */
/** @typedef {import("./evaluate-api.js").Cell} Cell */
/** @typedef {import("./evaluate-api.js").Line} Line */
/** @typedef {import("./evaluate-api.js").Comparison} Comparison */
/** @typedef {import("./evaluate-api.js").Difference} Difference */
/** @typedef {import("./evaluate-api.js").Pair} Pair */
/** @typedef {{dice: [number, number] | null, only: [string, string] | null}} Filter which cases are shown: of a bar, of a line of the table */

const AGAIN_MS = 700;
const STEP = 25; // rows that a list shows more of at once
/** @type {Record<string, string>} */
const HOW = { unseen: "unseen", "out-of-fold": "out of fold", seen: "seen" };
/** @type {Record<string, string>} */
const DECISIONS = { accept: "prediction accepted", truth: "truth kept", corrected: "corrected", reject: "rejected", unsure: "unsure" };

class Evaluate extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  #isStarted = false;
  /** Counts what is asked for, so that what arrives late is not shown. */ #asked = 0;
  /** The same of imports that are watched. */ #watched = 0;
  #isShown = false;
  /** @type {Project[]} */ #projects = [];
  /** @type {Known | null} */ #known = null;
  /** @type {import("./evaluate-api.js").Asked} */ #wanted = { project: 0, revision: "", against: "", truth: "imported", folds: false };
  /** @type {Scores | null} */ #scores = null;
  /** @type {Filter} */ #filter = { dice: null, only: null };
  #listed = STEP;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    const sheet = (/** @type {string} */ name) => h("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href });
    this.#root.append(sheet("./controls.css"), sheet("./evaluate.css"), this.#skeleton());
    explain(this.#root);
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    // Each time the tab is opened: something may have been imported, predicted or decided.
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#isShown = isIntersecting;
      if (isIntersecting) this.#load();
      else this.#asked += 1;
    }).observe(this);
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
            h("p", { class: "quiet" }, "They segment every case of this project once more, beside what there is, and can then be compared. It goes on in the background."),
            h("div", { class: "named" }, h("input", { type: "text", "aria-label": "Weights", placeholder: "Folder of this machine, or hf://user/repo@revision", autocomplete: "off", spellcheck: false }), h("button", { type: "submit" }, "Begin")),
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
      const wanted = projects.find(({ id }) => id === this.#wanted.project) ?? projects.find(({ id }) => id === underReview()) ?? projects.find(({ predicted }) => predicted > 0) ?? projects[0];
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
      this.#filter = { dice: null, only: null };
      this.#scores = null;
      this.#element(".told").hidden = true;
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
      const known = await api.project(id).catch(() => null);
      if (watched !== this.#watched || !known) return;
      if (known.progress) this.#known = { ...this.#known, progress: known.progress };
      else return this.#choose(id);
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
    try {
      this.#known = await api.predict(id, input.value.trim());
    } catch (error) {
      this.#fail(error);
      return;
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
        const answer = await api.scores(this.#wanted);
        if (!isCurrent()) return;
        if (!("done" in answer)) {
          this.#scores = answer;
          this.#show();
          return;
        }
        this.#showProgress(answer.done, answer.total);
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
    /** @type {HTMLAnchorElement} */ (this.#element(".report")).href = api.reportAt(this.#wanted);
    /** @type {HTMLAnchorElement} */ (this.#element(".table")).href = api.tableAt(this.#wanted);
  }

  /** How far an import is, or why the last one stopped. */
  #showImporting() {
    const { progress = null, problem = null, may_predict = false } = this.#known ?? {};
    const place = this.#element(".importing");
    const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
    const { done, total, doing } = progress ?? { done: 0, total: 0, doing: "" };
    const far = total ? `${doing}: ${grouped(done)} of ${grouped(total)}` : `${doing} …`;
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

  /** @param {number} done @param {number} total */
  #showProgress(done, total) {
    this.#element(".empty").hidden = true;
    const place = this.#element(".progress");
    place.hidden = false;
    const isScoring = done < total;
    const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
    if (isScoring) bar.value = done / total;
    else bar.removeAttribute("value");
    const doing = total ? "Working out intervals …" : "Reading the project …";
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
    this.#element(".headline").replaceChildren(...this.#headline(scores));
    this.#element(".about").replaceChildren(...scores.about.map((said) => h("p", {}, said)));
    this.#element(".beside").replaceChildren(...(scores.comparison ? this.#beside(scores.comparison).filter((part) => part !== false) : []));
    this.#element(".groups").replaceChildren(...this.#groups(scores));
    this.#showCases();
  }

  /** @param {Scores} scores */
  #headline(scores) {
    if (!scores.has_headline) {
      return [h("h2", {}, "Headline"), h("p", { class: "caution" }, "These weights were trained on every case that has a score, and carry none out of fold: there is no result to show.")];
    }
    const cell = (/** @type {Cell} */ one) => {
      const why = this.#meaning(one);
      return h("li", {}, term(scores.metrics[one.key].name, why), h("b", { "data-why": why, "data-figure": one.key }, one.value), h("small", {}, one.interval || (one.value === NONE ? "" : "no interval")));
    };
    return [h("h2", { class: "unseen" }, "Headline"), h("ul", {}, ...scores.headline.map(cell))];
  }

  /** What a figure means, of how many it is, and how its interval was made. @param {Cell} cell */
  #meaning({ key, interval, over, why }) {
    const { metrics, interval: made } = /** @type {Scores} */ (this.#scores);
    return [metrics[key].meaning, over, why || (interval && made)].filter(Boolean).join(" ");
  }

  /** @param {Scores} scores */
  #groups({ metrics, sections }) {
    const heads = Object.entries(metrics).filter(([, { in_table }]) => in_table);
    const row = (/** @type {Line} */ line) => {
      const { only } = line;
      const canFilter = only && ["dataset", "label", "size", "how"].includes(only[0]);
      const isChosen = canFilter && String(this.#filter.only) === String(only);
      const name = canFilter
        ? h("button", { type: "button", class: "name", "aria-pressed": String(isChosen), "data-why": "Shows these cases alone in the plots and the list below.", onclick: () => this.#chooseOnly(isChosen ? null : only) }, line.name)
        : line.name;
      const cells = line.cells.map((cell) =>
        h("td", {}, h("span", { "data-why": this.#meaning(cell), tabIndex: cell.why ? 0 : null, "data-figure": `${only ? only.join(".") : "all"}.${cell.key}` }, cell.value), cell.interval && h("small", {}, cell.interval)),
      );
      return h("tr", { class: isChosen ? "chosen" : "" }, h("th", { scope: "row" }, name), h("td", {}, h("span", { "data-why": line.groups }, line.images)), ...cells);
    };
    const bodies = sections.map(({ title, lines }) =>
      h("tbody", {}, title && h("tr", { class: lines[0].only?.[0] === "how" ? "title caution" : "title" }, h("th", { colSpan: heads.length + 2 }, title)), ...lines.map(row)),
    );
    return [
      h("h2", {}, "By group of cases"),
      h(
        "div",
        { class: "wide", role: "region", "aria-label": "Table of figures", tabIndex: 0 },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Images"), ...heads.map(([, { name, meaning }]) => h("th", { scope: "col" }, term(name, meaning))))),
          ...bodies,
        ),
      ),
    ];
  }

  /** @param {Comparison} comparison */
  #beside({ first, second, said, left_out, out_of_fold, with_folds, meaning, rows, better, worse }) {
    const row = (/** @type {Difference} */ one) => {
      const why = [one.meaning, one.over, one.why].filter(Boolean).join(" ");
      const figure = (/** @type {string} */ of, /** @type {string} */ value) => h("span", { "data-why": why, "data-figure": `${of}.${one.key}` }, value);
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, term(one.name, why)),
        h("td", {}, figure("first", one.first)),
        h("td", {}, figure("second", one.second)),
        h("td", {}, figure("difference", one.difference), one.verdict && " ", one.verdict && h("span", { class: `verdict ${one.verdict}` }, one.verdict), one.interval && h("small", {}, one.interval)),
      );
    };
    return [
      h("h2", {}, `${first} beside ${second}`),
      h("p", {}, said, left_out && ` Left out: ${left_out}.`),
      out_of_fold > 0 &&
        h(
          "label",
          { class: "folds", "data-why": "Out of fold: scored by other weights of the same training, made without the case. Such scores compare two ways to train rather than these two weights." },
          h("input", { type: "checkbox", checked: with_folds, onchange: () => this.#want({ folds: !with_folds }) }),
          `Compare on scores out of fold too (${grouped(out_of_fold)})`,
        ),
      h(
        "div",
        { class: "sides" },
        h(
          "div",
          { class: "wide", role: "region", "aria-label": "Table of differences", tabIndex: 0 },
          h(
            "table",
            { class: "differences" },
            h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, first), h("th", { scope: "col" }, second), h("th", { scope: "col" }, term("Difference", meaning)))),
            h("tbody", {}, ...rows.map(row)),
          ),
        ),
        this.#pairs("better", "Better with the first", better),
        this.#pairs("worse", "Worse with the first", worse),
      ),
    ];
  }

  /** @param {string} name @param {string} title @param {Pair[]} pairs */
  #pairs(name, title, pairs) {
    const rows = (/** @type {number} */ from, /** @type {number} */ to) =>
      pairs.slice(from, to).map((pair) =>
        h("tr", {}, h("th", { scope: "row" }, linkTo(pair)), h("td", {}, fixed(pair.first, 3)), h("td", {}, fixed(pair.second, 3)), h("td", {}, pair.difference)),
      );
    const body = h("tbody", {}, ...rows(0, 10));
    return h(
      "div",
      { class: name },
      h("h3", {}, `${title}: ${grouped(pairs.length)}`),
      pairs.length > 0 && h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Case"), h("th", { scope: "col" }, "First"), h("th", { scope: "col" }, "Second"), h("th", { scope: "col" }, "Difference"))), body),
      pairs.length > 10 && more(pairs.length, 10, (from, to) => body.append(...rows(from, to))),
    );
  }

  // ---------------------------------------------------------------- cases

  /** @param {[string, string] | null} only */
  #chooseOnly(only) {
    this.#filter = { dice: null, only };
    const scores = /** @type {Scores} */ (this.#scores);
    this.#keepFocus(() => {
      this.#element(".groups").replaceChildren(...this.#groups(scores));
      this.#showCases();
    });
  }

  /** @param {import("./evaluate-plots.js").Bar} bar */
  #chooseBar({ low, high }) {
    const isChosen = this.#filter.dice?.[0] === low;
    this.#filter = { ...this.#filter, dice: isChosen ? null : [low, high] };
    this.#keepFocus(() => this.#showCases());
  }

  /** What had the focus has it again after it was drawn anew. @param {() => void} draw */
  #keepFocus(draw) {
    const focused = /** @type {HTMLElement | null} */ (this.#root.activeElement);
    const name = focused?.dataset.low ? `[data-low="${focused.dataset.low}"]` : null;
    const text = focused?.textContent;
    draw();
    const again = name ? this.#root.querySelector(name) : [...this.#root.querySelectorAll("button.name")].find((one) => one.textContent === text);
    /** @type {HTMLElement | undefined} */ (again)?.focus();
  }

  #showCases() {
    const { cases, correlation } = /** @type {Scores} */ (this.#scores);
    const { dice, only } = this.#filter;
    const isOnly = (/** @type {Case} */ one) => !only || String(/** @type {any} */ (one)[only[0]]) === only[1];
    const isIn = (/** @type {Case} */ one) => !dice || (one.dice >= dice[0] - 1e-9 && (one.dice < dice[1] || dice[1] === 1));
    const lesions = cases.filter(({ is_lesion }) => is_lesion);
    const points = (/** @type {(one: Case) => number | null} */ x) =>
      lesions.flatMap((one) => {
        const at = x(one);
        return at === null ? [] : [{ id: one.id, x: at, y: one.dice, isResult: one.is_result, isChosen: isOnly(one) && isIn(one), text: said(one) }];
      });
    const open = (/** @type {number} */ id) => openCase(id);
    const figure = (/** @type {string} */ title, /** @type {Node} */ plot, /** @type {string} */ caption) => h("figure", {}, h("h3", {}, title), plot, h("figcaption", { class: "quiet small" }, caption));
    const results = lesions.filter((one) => one.is_result && isOnly(one));
    const uncertain = points(({ uncertainty }) => uncertainty);
    const rings = lesions.some(({ is_result }) => !is_result) ? " Rings: seen in training, not a result." : "";
    this.#element(".plots").replaceChildren(
      ...(lesions.length
        ? [
            figure("How many have which Dice", histogram(results.map((one) => one.dice), dice, (bar) => this.#chooseBar(bar)), "Lesion images. A bar shows its cases in the list; once more shows all."),
            figure("Size of the lesion", bySize(points(({ share }) => share), open), `A click opens the case.${rings}`),
            ...(uncertain.length ? [figure("Uncertainty", byUncertainty(uncertain, open), `${correlation}${rings}`)] : []),
          ]
        : []),
    );
    this.#listed = STEP;
    this.#list(cases.filter((one) => isOnly(one) && (!dice || (one.is_lesion && one.is_result)) && isIn(one)));
  }

  /** The lowest Dice first; what is no result comes last. @param {Case[]} cases */
  #list(cases) {
    const { dice, only } = this.#filter;
    const sorted = [...cases].sort((a, b) => Number(b.is_result) - Number(a.is_result) || a.dice - b.dice);
    const row = (/** @type {Case} */ one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, linkTo(one)),
        h("td", { class: "text" }, one.label || NONE),
        h("td", {}, diceOf(one)),
        h("td", {}, one.share === null ? h("span", { "data-why": "The truth holds no lesion." }, NONE) : `${Number((100 * one.share).toPrecision(2))}%`),
        h("td", {}, one.uncertainty === null ? h("span", { "data-why": "It is not known of the mask that the Dice is of." }, NONE) : fixed(one.uncertainty, 2)),
        h("td", { class: "text" }, training(one)),
        h("td", { class: "text" }, one.decision ? (DECISIONS[one.decision] ?? one.decision) : ""),
      );
    const body = h("tbody", {}, ...sorted.slice(0, this.#listed).map(row));
    const chips = [
      dice && button(`Dice ${dice[0].toFixed(2)} to ${dice[1].toFixed(2)} ×`, null, () => this.#unfilter({ dice: null }), { "aria-label": "Show every Dice" }),
      only && button(`${only[1]} ×`, null, () => this.#unfilter({ only: null }), { "aria-label": "Show all groups" }),
    ].filter(Boolean);
    const head = (/** @type {string} */ text, /** @type {string} */ why) => h("th", { scope: "col" }, term(text, why));
    this.#element(".cases").replaceChildren(
      h("div", { class: "over" }, h("h2", {}, `${grouped(cases.length)} ${cases.length === 1 ? "case" : "cases"}, the lowest Dice first`), ...chips),
      h(
        "div",
        { class: "wide", role: "region", "aria-label": "Cases", tabIndex: 0 },
        h(
          "table",
          { class: "list" },
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "col" }, "Case"),
              h("th", { scope: "col", class: "text" }, "Label"),
              head("Dice", `${MEANING.dice} In brackets: seen in training, not a result.`),
              head("Share of the image", "How much of the image the truth covers."),
              head("Uncertainty", "The error that the map expects of its own mask, 0 to 1: 1 − presence × how well the mask agrees with those of other thresholds."),
              h("th", { scope: "col", class: "text" }, term("Training", "unseen: the weights were not trained on it. out of fold: scored by other weights of the same training, made without it. seen: trained on it.")),
              h("th", { scope: "col", class: "text" }, "Decision"),
            ),
          ),
          body,
        ),
      ),
      sorted.length > STEP ? more(sorted.length, STEP, (from, to) => body.append(...sorted.slice(from, to).map(row))) : "",
    );
  }

  /** @param {Partial<Filter>} change */
  #unfilter(change) {
    this.#filter = { ...this.#filter, ...change };
    this.#element(".groups").replaceChildren(...this.#groups(/** @type {Scores} */ (this.#scores)));
    this.#showCases();
  }

  /** @param {string} selector @returns {HTMLElement} */
  #element(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

/** The project that was last open on the Review tab, as that one remembers it. */
function underReview() {
  try {
    return Number(localStorage.getItem("bc-project"));
  } catch {
    return 0; // a browser that keeps nothing
  }
}

/** @param {{id: number, dataset: string, case: string}} one */
function linkTo({ id, dataset, case: name }) {
  const go = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a tab of its own
    event.preventDefault();
    openCase(id);
  };
  return h("a", { href: caseLink(id), "data-case": String(id), onclick: go }, name, " ", h("span", { class: "quiet dataset" }, dataset));
}

/** The Dice, or of an image without a lesion whether anything is painted on it. @param {Case} one */
function diceOf({ dice, is_result, is_lesion }) {
  const value = is_lesion ? fixed(dice, 3) : dice < 1 ? "painted" : "clear";
  const clear = "The truth holds no lesion: the Dice is 1 where nothing is painted (clear), else 0.";
  const seen = "Scored by weights that were trained on the case: not a result.";
  if (!is_result) return h("span", { class: "quiet", "data-why": seen }, `(${value})`);
  return is_lesion ? value : h("span", { "data-why": clear }, value);
}

/** What the weights that made the Dice knew of the case. @param {Case} one */
function training({ how, is_result }) {
  if (how !== "seen" || !is_result) return HOW[how] ?? how;
  return h("span", { "data-why": "The weights carry this Dice of a fold that had not seen the case. The mask that the case shows is of the weights themselves, which had." }, HOW["out-of-fold"]);
}

/** A button that lets a list show more. @param {number} total @param {number} shown @param {(from: number, to: number) => void} add */
function more(total, shown, add) {
  const text = () => `Show ${grouped(Math.min(STEP, total - shown))} more of ${grouped(total)}`;
  const made = button(text(), null, () => {
    add(shown, shown + STEP);
    shown = Math.min(total, shown + STEP);
    if (shown === total) made.remove();
    else made.textContent = text();
  });
  return made;
}

/** One line of a point. @param {Case} one */
function said({ case: name, label, dice, is_result, share, uncertainty }) {
  return [
    name,
    label,
    `Dice ${fixed(dice, 3)}${is_result ? "" : " (seen in training)"}`,
    share !== null && `${Number((100 * share).toPrecision(2))}% of the image`,
    uncertainty !== null && `uncertainty ${fixed(uncertainty, 2)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

customElements.define("bc-evaluate", Evaluate);
