// <bc-models>: the Model tab. By modality the weights in use, what their folder says of them, and others
// to use instead. Asks /bc only; the server asks the Hub, and only for weights that come from there.

import * as api from "./api.js";
import { buildAll } from "./card.js";
import { button, h, keepFocus, write } from "./dom.js";
import { Questions } from "./questions.js";
import { explain, term } from "./meanings.js";
import { fillStyled } from "./styled.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Modality} Modality */
/** @typedef {import("./api.js").Facts} Facts */
/** @typedef {import("./api.js").Described} Described */
/** @typedef {import("./api.js").Revision} Revision */

class Models extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  /** @type {Modality} */ #modality = "ultrasound";
  /** @type {{may_switch: boolean, why: string | null, models: Record<Modality, Facts>} | null} */ #all = null;
  #isStarted = false;
  #asked = new Questions((why) => this.#show(`${why} It is asked again.`));
  #scoresAsked = new Questions((why) => this.#sayOfScores(`${why} It is asked again.`));
  /** Weights that are being fetched, by modality. @type {Partial<Record<Modality, string>>} */ #fetching = {};
  /** What the last switch came to, by modality. @type {Partial<Record<Modality, {text: string, isError: boolean}>>} */ #said = {};
  #channel = new BroadcastChannel(api.EXCHANGED);

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fillStyled(this.#root, ["./controls.css", "./models.css"], this.#skeleton());
    explain(this.#root);
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#channel.onmessage = () => this.#load();
    // Each time the tab is opened: somebody may have exchanged the weights elsewhere.
    new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) this.#load();
      else this.#drop();
    }).observe(this);
  }

  #skeleton() {
    const form = h(
      "form",
      { class: "named", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("input", { type: "text", "aria-label": "Folder on this machine, or hf://user/repo@revision", placeholder: "Folder, or hf://user/repo@revision", autocomplete: "off", spellcheck: false }),
      h("button", { type: "submit" }, "Use"),
    );
    return h(
      "div",
      { class: "models" },
      h("h1", { class: "unseen" }, "Model"),
      h(
        "aside",
        { "aria-label": "Weights" },
        h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, "Modality")),
        h("section", { class: "facts" }, h("p", { class: "quiet", role: "status" }, "Reading the weights …")),
        h(
          "section",
          { class: "others", hidden: true },
          h("h3", { tabIndex: -1 }, "Use other weights"),
          h("p", { class: "why quiet", hidden: true }),
          h("ul", { class: "names" }),
          form,
          h("p", { class: "said", role: "status" }),
          h("div", { class: "revisions" }),
          h("p", { class: "lasting quiet small" }),
        ),
      ),
      h(
        "div",
        { class: "texts" },
        h("div", { class: "notice caution", role: "status", hidden: true }, h("p")),
        h("section", { class: "scores", "aria-label": "Scores" }),
        h("section", { class: "study card", "aria-label": "Study" }),
        h("section", { class: "described card", "aria-label": "Card" }),
      ),
    );
  }

  // ---------------------------------------------------------------- asking

  /** @param {typeof api.models} [question] what is in use */
  async #load(question = api.models) {
    this.#drop();
    try {
      const all = await this.#asked.answer(question);
      if (!all) return;
      this.#all = all;
      this.#show();
      const modality = this.#modality;
      if (all.models[modality].problem) return;
      this.#askForScores(modality);
      const described = await this.#asked.answer(() => api.described(modality));
      if (!described) return;
      this.#redraw(() => this.#showDescribed(described));
      if (described.source !== "hub" || !all.may_switch) return;
      const told = await this.#asked.answer(() => api.revisions(modality));
      if (told) this.#redraw(() => this.#showRevisions(described, told.revisions, told.problem));
    } catch (error) {
      if (!this.#all) this.#element(".facts").replaceChildren();
      this.#show(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Modality} modality */
  async #askForScores(modality) {
    this.#sayOfScores("Working out the scores and their intervals …");
    const scored = await this.#scoresAsked.answer(() => api.scored(modality)).catch(({ message }) => ({ problem: message }));
    if (scored) this.#showScores(scored);
  }

  /** Nobody waits any more for what was asked before. */
  #drop() {
    this.#asked.drop();
    this.#scoresAsked.drop();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const name = this.#input.value.trim();
    if (name) this.#switch(name);
  }

  /** @param {string} name */
  async #switch(name) {
    const modality = this.#modality;
    if (this.#fetching[modality]) return;
    this.#fetching[modality] = name;
    delete this.#said[modality];
    this.#show();
    try {
      const { name: called, revision } = await api.switchTo(modality, name);
      this.#said[modality] = {
        text: `${called} is in use (${revision}). Scans that are open keep their masks and say so; each is segmented again when it is next selected.`,
        isError: false,
      };
      if (modality === this.#modality && this.#input.value.trim() === name) this.#input.value = "";
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      // Where it did not answer, it may be at it all the same.
      this.#said[modality] = { text: error instanceof api.Refused ? `${message} Nothing has changed.` : message, isError: true };
    }
    delete this.#fetching[modality];
    const telling = () => this.#tell();
    if (this.checkVisibility()) this.#load(telling);
    else telling().catch(() => {}); // who opens the tab again has it asked
  }

  /** What is in use, which all tabs of the page hear, too. */
  async #tell() {
    const all = await api.models();
    const told = Object.entries(all.models).map(([modality, { revision, notice }]) => [modality, { revision: revision ?? null, notice: notice ?? null }]);
    this.#channel.postMessage(Object.fromEntries(told));
    return all;
  }

  // ---------------------------------------------------------------- showing

  /** @param {string} [problem] with what was asked last */
  #show(problem = "") {
    this.#redraw(() => this.#draw(problem));
  }

  /** @param {string} problem */
  #draw(problem) {
    if (!this.#all) return this.#notify(problem, null);
    const { models, may_switch, why } = this.#all;
    const facts = models[this.#modality];
    this.#showChoices(models);
    this.#element(".others").hidden = false;
    this.#notify(problem || facts.problem || facts.notice || "", may_switch && !problem ? facts : null);
    this.#element(".facts").replaceChildren(...(facts.problem ? [] : this.#facts(facts)));
    for (const part of [".names", ".named", ".lasting"]) this.#element(part).hidden = !may_switch;
    this.#element(".why").hidden = may_switch;
    this.#element(".why").textContent = why;
    const fetching = this.#fetching[this.#modality];
    const said = this.#said[this.#modality];
    const line = this.#element(".said");
    line.className = said?.isError ? "said error" : "said";
    line.textContent = fetching ? `Fetching, checking and trying ${fetching} … Until that is done, scans are segmented as before.` : (said?.text ?? "");
    // Not disabled: whoever has pressed one by a key would lose the keyboard.
    for (const one of this.#root.querySelectorAll("aside button, .notice button")) one.setAttribute("aria-disabled", String(Boolean(fetching)));
  }

  /** The keyboard stays where it is; where that is gone, at the heading of what else can be used. @param {() => void} draw */
  #redraw(draw) {
    keepFocus(this.#root, draw, (one) => one.ariaLabel ?? one.textContent);
  }

  /** @param {Record<Modality, Facts>} models */
  #showChoices(models) {
    const choices = this.#element(".choices");
    for (const modality of /** @type {Modality[]} */ (Object.keys(models))) {
      let label = choices.querySelector(`[data-modality="${modality}"]`);
      if (!label) {
        const input = h("input", { type: "radio", name: "modality", value: modality, checked: modality === this.#modality, onchange: () => this.#choose(modality) });
        label = h("label", { "data-modality": modality }, input, h("span", {}, h("b", {}, words.MODALITY[modality]), " ", h("i", {})));
        choices.append(label);
      }
      const { name, notice, problem } = models[modality];
      const called = /** @type {HTMLElement} */ (label.querySelector("i"));
      called.textContent = problem ? "no weights" : name;
      called.className = problem || notice ? "caution" : "";
    }
  }

  /** @param {Modality} modality */
  #choose(modality) {
    this.#modality = modality;
    for (const part of [".names", ".revisions", ".scores", ".study", ".described", ".lasting"]) this.#element(part).replaceChildren();
    this.#input.value = "";
    this.#show();
    this.#load();
  }

  /** @param {string} text @param {Facts | null} facts what may be tried again, or left as it is */
  #notify(text, facts) {
    const notice = this.#element(".notice");
    const said = /** @type {HTMLElement} */ (notice.querySelector("p"));
    notice.hidden = text === "";
    write(said, text);
    const { wanted, weights } = facts ?? {};
    const choices = wanted && weights
      ? [
          button(`Try ${wanted} again`, null, () => this.#switch(wanted)),
          button(weights === "embedded" ? "Keep the embedded weights" : `Keep ${weights}`, null, () => this.#switch(weights)),
        ]
      : [];
    for (const one of notice.querySelectorAll("button")) one.remove();
    notice.append(...choices);
  }

  /** @param {Facts} facts */
  #facts(facts) {
    const { name, revision, commit, trained_on, seen, licence } = facts;
    const rows = [
      ["Weights", words.source(facts)],
      ["Revision", revision],
      ["Commit", commit?.slice(0, 12)],
      ["Network", words.network(facts)],
      ["Trained on", `${trained_on.join(", ")}${seen ? `: ${words.grouped(seen)} cases` : ""}`],
      ["Reading", words.reading(facts)],
      ["Operating point", words.operatingPoint(facts)],
      ["Licence", licence],
    ];
    return [
      h("h2", {}, name),
      h("dl", {}, ...rows.flatMap(([term, value]) => (value ? [h("dt", {}, term), h("dd", {}, value)] : []))),
    ];
  }

  /** @param {Described} described */
  #showDescribed(described) {
    const { card, study, names, weights, modality, revision, source } = described;
    const pictureAt = (/** @type {string} */ path) => api.picture(modality, revision, path);
    const tree = (/** @type {any[]} */ nodes) => buildAll(nodes, [described.name.toLowerCase(), "study"], pictureAt);
    this.#element(".study").replaceChildren(...(study ? [h("h2", {}, "Study"), ...tree(study)] : []));
    this.#element(".described").replaceChildren(h("h2", {}, "Card"), ...(card ? tree(card) : [h("p", { class: "quiet" }, "These weights come without a card.")]));
    this.#element(".names").replaceChildren(...names.map((name) => this.#name(name, name === weights)));
    if (source !== "hub") this.#element(".revisions").replaceChildren();
    const line = `python app.py --weights-${modality} ${/\s/.test(weights) ? `"${weights}"` : weights}`;
    this.#element(".lasting").replaceChildren(
      ...(described.started_with || described.wanted
        ? ["A change lasts until the app stops."]
        : ["This lasts until the app stops. To start with these weights: ", h("code", {}, line)]),
    );
    this.#show();
  }

  /** @param {string} name @param {boolean} isInUse @param {Node[]} marks */
  #name(name, isInUse, ...marks) {
    const called = name === "embedded" ? "Embedded in the app" : name;
    return h(
      "li",
      { class: isInUse ? "current" : null },
      h("span", { class: "called" }, called, ...marks),
      isInUse ? h("span", { class: "quiet" }, "in use") : button("Use", null, () => this.#switch(name), { "aria-label": `Use ${called}` }),
    );
  }

  /** @param {Described} described @param {Revision[]} revisions @param {string | null} problem */
  #showRevisions({ weights }, revisions, problem) {
    const repo = weights.split("@")[0];
    const newest = revisions.find(({ newer }) => newer);
    const isKnown = revisions.every(({ newer }) => newer !== null);
    const said = problem ?? (revisions.length === 0 ? "It has no tags v1, v2 …" : newest ? `${newest.tag} is newer.` : isKnown ? "There is no newer one." : "");
    const rows = revisions.map(({ tag, in_use, newer, latest }) => {
      const mark = [newer && "newer", latest && "latest"].filter(Boolean).join(", ");
      return h(
        "li",
        { class: in_use ? "current" : null },
        h("span", { class: "called" }, tag, mark && h("span", { class: newer ? "badge" : "quiet" }, ` ${mark}`)),
        in_use ? h("span", { class: "quiet" }, "in use") : button("Use", null, () => this.#switch(`${repo}@${tag}`), { "aria-label": `Use ${tag}` }),
      );
    });
    const behind = newest && !newest.latest && revisions.some(({ latest }) => latest);
    this.#element(".revisions").replaceChildren(
      h("h3", {}, "Revisions on the Hub"),
      said && h("p", { class: problem ? "caution" : newest ? "newer" : "quiet" }, said),
      h("ul", {}, ...rows),
      behind ? h("p", { class: "quiet small" }, "The tag latest does not move to a later push that scores worse, or cannot be compared.") : "",
    );
    this.#show();
  }

  /** In the place of the table. @param {string} text */
  #sayOfScores(text) {
    this.#element(".scores").replaceChildren(h("h2", {}, "Scores"), h("p", { class: "quiet", role: "status" }, text));
  }

  /** @param {import("./api.js").Scored} scored */
  #showScores({ problem, cases, datasets }) {
    const names = Object.keys(datasets ?? {});
    if (problem || names.length === 0) {
      return this.#sayOfScores(problem ?? "These weights come without scores.");
    }
    const rows = words.figureRows(Object.values(datasets ?? {})).map(({ name, meaning, cells }) =>
      h("tr", {}, h("th", { scope: "row" }, term(name, meaning)), ...cells.map(({ value, interval }) => h("td", {}, value, interval && h("small", {}, interval)))),
    );
    this.#element(".scores").replaceChildren(
      h("h2", {}, "Scores"),
      h("p", { class: "quiet" }, `${words.grouped(cases ?? 0)} cases that the network which scored them had not seen; under each figure its 95% interval over groups (of a share where all cases agree: Clopper and Pearson's).`),
      h(
        "div",
        { class: "wide", role: "region", "aria-label": "Table of scores", tabIndex: 0 },
        h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), ...names.map((name) => h("th", { scope: "col" }, datasets?.[name].weak ? term(`${name} (boxes)`, words.MEANING.boxes) : name)))), h("tbody", {}, ...rows)),
      ),
    );
  }

  get #input() {
    return /** @type {HTMLInputElement} */ (this.#element(".named input"));
  }

  /** @param {string} selector @returns {HTMLElement} */
  #element(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

customElements.define("bc-models", Models);
