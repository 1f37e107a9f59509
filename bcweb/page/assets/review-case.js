// The panel beside the picture: what is known of a case, its twin, an unfinished drawing, who decided what.

import { button, h } from "./dom.js";
import { term } from "./meanings.js";
import * as api from "./review-api.js";
import { KEYS } from "./review-keys.js";
import { caseLink } from "./review-links.js";
import { outlined } from "./review-pictures.js";
import { kept } from "./review-standing.js";
import { DECIDED, HOW, MARKS, circumstances, decided, moment, scoreRows, standing } from "./review-words.js";
import { fixed, size, spacing } from "./words.js";

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {{changed: string, strokes: number, isHere: boolean}} Offer an unfinished drawing; isHere: in this browser */
/** @typedef {{name: string, says: string, picture: HTMLElement | null}} Side of a conflict: whose, what, and its mask */
/** @typedef {object} Actions
 * @property {(id: number) => void} open another case
 * @property {(revision: string) => void} choose whose prediction is seen
 * @property {(at: number) => void} goOn with the drawing that was offered at this place
 * @property {(at: number) => void} drop
 * @property {(verdict: Verdict) => void} drawFrom its mask
 * @property {(verdict: Verdict) => void} undo
 * @property {() => void} saveMine on top of what somebody decided in between
 * @property {() => void} keepTheirs
 */

/** Of a picture in the history: twice its side on the screen, as in review.css. */
const OUTLINE = 144;

export class CasePanel {
  /** @type {CaseInfo | null} */ #info = null;
  #isHistoryOpen = false;
  /** Where the masks of the case's verdicts are seen, by id: a verdict never changes. @type {Map<number, HTMLElement>} */ #outlines = new Map();
  /** One mask after the other. */ #outlining = Promise.resolve();

  /** @param {HTMLElement} root @param {Actions} actions */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.head = h("header");
    this.group = h("p", { class: "group" });
    this.offers = h("div", { class: "offers", role: "status" });
    this.clash = h("div", { class: "clash", role: "alert" });
    this.facts = h("div", { class: "known" });
    this.history = h("section", { class: "history" });
    root.replaceChildren(this.head, this.group, this.clash, this.offers, this.history, this.facts);
  }

  /** @param {CaseInfo | null} info */
  show(info) {
    const isOther = info?.id !== this.#info?.id;
    this.#info = info;
    if (isOther) {
      this.#outlines.clear();
      this.root.scrollTop = 0;
      this.showClash(null, null);
    }
    if (!info) {
      for (const part of [this.head, this.group, this.offers, this.facts, this.history]) part.replaceChildren();
      return;
    }
    this.head.replaceChildren(...this.#head(info));
    this.group.replaceChildren(...this.#group(info));
    this.facts.replaceChildren(...this.#known(info));
    this.#showHistory(info);
  }

  /** What was decided of its group since it was fetched. @param {CaseInfo} now */
  showGroup({ id, same_group }) {
    if (this.#info?.id !== id || JSON.stringify(same_group) === JSON.stringify(this.#info.same_group)) return;
    this.#info.same_group = same_group;
    this.group.replaceChildren(...this.#group(this.#info));
  }

  /** @param {string} text why there is nothing to see */
  fail(text) {
    this.facts.replaceChildren(h("p", { class: "error", role: "alert" }, text));
  }

  /** @param {CaseInfo} info */
  #head(info) {
    const { name, dataset, path, label, how, findings, cautions } = info;
    const about = how && HOW[how];
    return [
      h("h2", { title: path, dir: "auto" }, name),
      ...cautions.map((caution) => h("p", { class: "caution warning", role: "alert" }, caution)),
      h("p", { class: "quiet" }, [dataset, label].filter(Boolean).join(" · ")),
      h("p", { class: "quiet small" }, info.width ? `${size(info)}; ${spacing(info)}` : ""),
      about ? h("p", { class: about.isTest ? "small quiet" : "small caution" }, about.words) : "",
      findings ? h("p", { class: "findings-text" }, findings) : "",
    ];
  }

  /** The other pictures of a patient, one press away. @param {CaseInfo} info @returns {(Node | string)[]} none: it is alone */
  #group({ group, same_group: beside, same_group_count: count }) {
    if (!beside.length) return [];
    const meaning = `Group ${group}: the cases of one patient or, where no patient is known, pictures that show the same.`;
    const links = beside.flatMap(({ id, name, decision }, at) => [
      at ? ", " : " ",
      this.#link(id, name),
      ...(decision ? ["\u00a0", h("span", { class: `mark ${decision}`, role: "img", title: DECIDED[decision], "aria-label": DECIDED[decision] }, MARKS[decision])] : []),
    ]);
    return [h("span", { class: "quiet" }, term("Same patient or picture", meaning), ":"), ...links, count > beside.length ? ` (+${count - beside.length})` : ""];
  }

  /** @param {CaseInfo} info */
  #known(info) {
    const notes = info.notes.filter((note) => !info.cautions.includes(note));
    const rows = scoreRows(info).map(({ name, meaning, value }) => h("tr", {}, h("th", { scope: "row" }, term(name, meaning)), h("td", {}, value)));
    const test = info.how === "seen" ? "What the weights drew, and no test of them" : "What the weights drew";
    return [
      info.problem ? h("p", { class: "error" }, info.problem) : "",
      info.twin === null ? "" : this.#twin(info),
      info.revisions.length > 1 ? this.#choice(info) : "",
      info.segmented ? h("table", { class: "scores" }, h("caption", {}, test), h("tbody", {}, ...rows)) : h("p", { class: "quiet" }, info.problem ? "" : "No prediction yet."),
      notes.length ? h("ul", { class: "notes" }, ...notes.map((note) => h("li", {}, note))) : "",
      h("p", { class: "quiet small" }, info.revision ? `Weights ${info.revision}. ` : "", "Research software, not for diagnosis."),
    ];
  }

  /** Whose prediction is seen, of several. @param {CaseInfo} info */
  #choice({ revisions, revision }) {
    const options = revisions.map((name, at) => h("option", { value: name, selected: name === revision }, at === 0 ? `${name} (newest)` : name));
    const select = /** @type {HTMLSelectElement} */ (h("select", { title: "Its mask and figures are shown, and it is what “Accept” accepts" }, ...options));
    select.addEventListener("change", () => {
      select.blur(); // so that the next key is a command again
      this.actions.choose(select.value);
    });
    return h("label", { class: "by" }, h("span", { class: "quiet small" }, "Prediction by"), select);
  }

  /** Another case of the same picture. @param {CaseInfo} info */
  #twin({ twin, twin_dice }) {
    const id = /** @type {number} */ (twin);
    const agree = twin_dice === null ? "" : ` Their truths agree with a Dice of ${fixed(twin_dice, 2)}.`;
    return h(
      "p",
      { class: "twin" },
      h("img", { src: api.thumbnail(id), alt: "" }),
      h("span", {}, this.#link(id, "Another case"), " shows the same picture.", agree),
    );
  }

  /** To another case. @param {number} id @param {string} text */
  #link(id, text) {
    const go = (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
      event.preventDefault();
      this.actions.open(id);
    };
    return h("a", { href: caseLink(id), onclick: go }, text);
  }

  // ---------------------------------------------------------------- unfinished drawings

  /** @param {Offer[]} offers */
  showOffers(offers) {
    this.offers.replaceChildren(
      ...offers.map(({ changed, strokes, isHere }, at) =>
        h(
          "div",
          { class: "offer" },
          h("p", {}, `Your unfinished drawing of ${moment(changed)}`, h("span", { class: "quiet" }, ` ${strokes} ${strokes === 1 ? "stroke" : "strokes"}${isHere ? ", kept in this browser" : ""}`)),
          h("p", { class: "buttons" }, button("Go on", at === 0 ? KEYS.draw.keys[0] : null, () => this.actions.goOn(at)), button("Drop", null, () => this.actions.drop(at))),
        ),
      ),
    );
  }

  // ---------------------------------------------------------------- somebody decided in between

  /** @param {Side | null} theirs @param {Side | null} mine null: there is no conflict @param {string} [why] it is one */
  showClash(theirs, mine, why = "") {
    if (!theirs || !mine) {
      this.clash.replaceChildren();
      return;
    }
    const side = (/** @type {Side} */ { name, says, picture }) => h("figure", {}, picture ?? h("span", { class: "no-mask" }, "no mask"), h("figcaption", {}, h("b", {}, name), " ", says));
    this.clash.replaceChildren(
      h("p", { class: "error" }, `Not saved: ${why}`),
      h("div", { class: "sides" }, side(theirs), side(mine)),
      h("p", { class: "buttons" }, button("Save mine on top", null, this.actions.saveMine, { class: "primary" }), button("Keep theirs", null, this.actions.keepTheirs)),
    );
    this.root.scrollTop = 0;
  }

  // ---------------------------------------------------------------- history

  /** @param {CaseInfo} info */
  #showHistory(info) {
    const { history } = info;
    const stands = standing(info);
    const toggle = history > 0 && h(
      "button",
      { type: "button", class: "toggle", "aria-expanded": String(this.#isHistoryOpen), onclick: () => this.#toggleHistory() },
      `${history} ${history === 1 ? "verdict" : "verdicts"}`,
    );
    this.history.replaceChildren(h("p", {}, stands ? h("span", { class: "stands" }, stands) : h("span", { class: "quiet" }, history ? "No verdict stands." : "Not read yet."), toggle || ""), h("ol", { class: "verdicts" }));
    if (this.#isHistoryOpen && history > 0) this.#loadHistory();
  }

  #toggleHistory() {
    this.#isHistoryOpen = !this.#isHistoryOpen;
    if (this.#info) this.#showHistory(this.#info);
    if (this.#isHistoryOpen) /** @type {HTMLElement | null} */ (this.history.querySelector(".toggle"))?.focus();
  }

  async #loadHistory() {
    const info = this.#info;
    if (!info) return;
    const list = /** @type {HTMLElement} */ (this.history.querySelector(".verdicts"));
    try {
      const verdicts = await api.history(info.id);
      if (this.#info?.id !== info.id) return;
      const undone = new Set(verdicts.map(({ undoes }) => undoes));
      list.replaceChildren(...verdicts.reverse().map((verdict) => this.#verdict(info, verdict, undone.has(verdict.id))));
    } catch (error) {
      list.replaceChildren(h("li", { class: "error" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {CaseInfo} info @param {Verdict} verdict @param {boolean} isUndone */
  #verdict(info, verdict, isUndone) {
    return h(
      "li",
      { class: isUndone ? "undone" : null },
      verdict.has_mask && info.width > 0 && this.#outline(info, verdict.id), // 0: the scan is not here, nor its size known
      h(
        "div",
        {},
        h("p", {}, h("b", {}, verdict.reader), ` ${decided(verdict)}, `, kept(verdict), isUndone ? " (undone)" : ""),
        h("p", { class: "quiet small" }, circumstances(verdict).join("; ")),
        h(
          "p",
          { class: "buttons" },
          verdict.has_mask && button("Draw from its mask", null, () => this.actions.drawFrom(verdict)),
          verdict.id === info.verdict?.id && button("Undo", null, () => this.actions.undo(verdict)),
        ),
      ),
    );
  }

  /** Where a verdict's mask is seen over the scan, once it is there. @param {CaseInfo} info @param {number} id of the verdict */
  #outline(info, id) {
    const place = this.#outlines.get(id) ?? h("span", { class: "outline" });
    if (this.#outlines.has(id)) return place;
    this.#outlines.set(id, place);
    this.#outlining = this.#outlining.then(async () => {
      const isWanted = () => this.#outlines.get(id) === place;
      if (!isWanted()) return; // the reader has gone on
      const mask = this.#isHistoryOpen ? await api.mask(info.id, id).catch(() => null) : null;
      if (!isWanted()) return;
      if (mask) place.append(outlined(api.thumbnail(Number(info.id)), mask, info.width, info.height, OUTLINE));
      else this.#outlines.delete(id); // it is asked for again when the history is opened again
    });
    return place;
  }
}
