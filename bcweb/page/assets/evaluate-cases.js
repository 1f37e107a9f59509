// The cases behind the figures of the Evaluate tab: plots that open them, and their list; all of them, or those of a bar
// or of a line of the table.

import { button, h, keepFocus } from "./dom.js";
import { STEP, called, linkTo, more } from "./evaluate-bits.js";
import { byUncertainty, bySize, histogram } from "./evaluate-plots.js";
import { term } from "./meanings.js";
import { openCase } from "./review-links.js";
import { DECIDED } from "./review-words.js";
import { MEANING, NONE, fixed, grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Scores} Scores */
/** @typedef {import("./evaluate-api.js").Case} Case */
/** @typedef {[string, string] | null} Only the line of the table whose cases alone are shown: what it groups by, and its value */

/** @type {Record<string, string>} */
const HOW = { unseen: "unseen", "out-of-fold": "out of fold", seen: "seen" };

export class Cases {
  /** Of a bar. @type {[number, number] | null} */ #dice = null;
  /** @type {Only} */ only = null;
  /** Rows of the list, also when it is drawn anew. */ #rows = STEP;
  /** @type {Scores} */ #scores = /** @type {any} */ (null);

  /** @param {ShadowRoot} root @param {HTMLElement} plots @param {HTMLElement} list
   * @param {() => void} changed which line of the table is chosen */
  constructor(root, plots, list, changed) {
    this.root = root;
    this.plots = plots;
    this.list = list;
    this.changed = changed;
  }

  /** @param {Scores} scores */
  show(scores) {
    this.#scores = scores;
    this.#draw();
  }

  /** All of them, as of another project's. */
  reset() {
    this.#dice = null;
    this.only = null;
  }

  /** @param {Only} only */
  choose(only) {
    this.#dice = null;
    this.only = only;
    this.#keepFocus(() => {
      this.changed();
      this.#draw();
    });
  }

  /** @param {import("./evaluate-plots.js").Bar} bar */
  #chooseBar({ low, high }) {
    const isChosen = this.#dice?.[0] === low;
    this.#dice = isChosen ? null : [low, high];
    this.#keepFocus(() => this.#draw());
  }

  /** @param {() => void} draw */
  #keepFocus(draw) {
    keepFocus(this.root, draw, called);
  }

  #draw() {
    const { cases, correlation } = this.#scores;
    const dice = this.#dice;
    const { isOnly, isApart } = chosenBy(cases, this.only);
    const isResult = (/** @type {Case} */ one) => one.is_result && !isApart(one);
    const isIn = (/** @type {Case} */ one) => !dice || (one.dice >= dice[0] - 1e-9 && (one.dice < dice[1] || dice[1] === 1));
    const lesions = cases.filter((one) => one.is_lesion && !isApart(one));
    const points = (/** @type {(one: Case) => number | null} */ x) =>
      lesions.flatMap((one) => {
        const at = x(one);
        return at === null ? [] : [{ id: one.id, revision: one.revision, x: at, y: one.dice, isResult: one.is_result, isChosen: isOnly(one) && isIn(one), text: said(one) }];
      });
    const open = (/** @type {import("./evaluate-plots.js").Point} */ { id, revision }) => openCase(id, revision);
    const figure = (/** @type {string} */ title, /** @type {Node} */ plot, /** @type {string} */ caption) => h("figure", {}, h("h3", {}, title), plot, h("figcaption", { class: "quiet small" }, caption));
    const results = lesions.filter((one) => isResult(one) && isOnly(one));
    const uncertain = points(({ uncertainty }) => uncertainty);
    const rings = lesions.some(({ is_result }) => !is_result) ? " Rings: seen in training, not a result." : "";
    this.plots.replaceChildren(
      ...(lesions.length
        ? [
            figure("Number of images by Dice", histogram(results.map((one) => one.dice), dice, (bar) => this.#chooseBar(bar)), "Lesion images. Click a bar to list its cases, again to list all."),
            figure("Size of the lesion", bySize(points(({ share }) => share), open), `A click opens the case.${rings}`),
            ...(uncertain.length ? [figure("Uncertainty", byUncertainty(uncertain, open), `${correlation}${rings}`)] : []),
          ]
        : []),
    );
    this.#list(cases.filter((one) => isOnly(one) && (!dice || (one.is_lesion && isResult(one))) && isIn(one)), isResult);
  }

  /** The lowest Dice first; what is no result comes last. @param {Case[]} cases @param {(one: Case) => boolean} isResult */
  #list(cases, isResult) {
    const { only } = this;
    const { clear } = this.#scores;
    const dice = this.#dice;
    const sorted = [...cases].sort((a, b) => Number(isResult(b)) - Number(isResult(a)) || a.dice - b.dice);
    const row = (/** @type {Case} */ one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, linkTo(one)),
        h("td", { class: "text" }, one.label || NONE),
        h("td", {}, diceOf(one, clear)),
        h("td", {}, one.share === null ? h("span", { "data-why": "The truth holds no lesion." }, NONE) : `${Number((100 * one.share).toPrecision(2))}%`),
        h("td", {}, one.uncertainty === null ? h("span", { "data-why": "It is not known for the mask that has this Dice." }, NONE) : fixed(one.uncertainty, 2)),
        h("td", { class: "text" }, training(one)),
        h("td", { class: "text" }, one.decision ? (DECIDED[one.decision] ?? one.decision) : ""),
      );
    const body = h("tbody", {}, ...sorted.slice(0, this.#rows).map(row));
    const add = (/** @type {number} */ from, /** @type {number} */ to) => {
      this.#rows = to;
      body.append(...sorted.slice(from, to).map(row));
    };
    const chips = [
      dice && button(`Dice ${dice[0].toFixed(2)} to ${dice[1].toFixed(2)} ×`, null, () => this.#unfilter(true), { "aria-label": "Show every Dice" }),
      only && button(`${only[1]}${only[0] === "boxes" ? " (boxes)" : ""} ×`, null, () => this.#unfilter(false), { "aria-label": "Show all groups" }),
    ].filter(Boolean);
    const head = (/** @type {string} */ text, /** @type {string} */ why) => h("th", { scope: "col" }, term(text, why));
    this.list.replaceChildren(
      h("div", { class: "over" }, h("h2", { tabIndex: -1 }, `${grouped(cases.length)} ${cases.length === 1 ? "case" : "cases"}, the lowest Dice first`), ...chips),
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
              head("Dice", `${MEANING.dice} In brackets: seen in training, not a result.${cases.some(({ is_apart }) => is_apart) ? " (box): scored against the ellipse in a box, which is no score against an outline." : ""}`),
              head("Share of the image", "How much of the image the truth covers."),
              head("Uncertainty", "The error that the map expects of its own mask, 0 to 1: 1 − presence × how well the mask agrees with those of other thresholds."),
              h("th", { scope: "col", class: "text" }, term("Training", "unseen: the weights were not trained on it. out of fold: scored by other weights of the same training, made without it. seen: trained on it.")),
              h("th", { scope: "col", class: "text" }, "Decision"),
            ),
          ),
          body,
        ),
      ),
      sorted.length > this.#rows ? more(sorted.length, this.#rows, add) : "",
    );
  }

  /** @param {boolean} isDice the bar's choice is over; else that of the table's line */
  #unfilter(isDice) {
    if (isDice) this.#dice = null;
    else this.only = null;
    this.changed();
    this.#draw();
    // The button that had the focus is gone; the heading stands before those that are left, and says what is shown now.
    this.list.querySelector("h2")?.focus();
  }
}

/** The cases of a line of the table, or all; and those that are in no figure of it: what only boxes are known of is
 * in none but its data set's, in a line of its own where that has outlines too. @param {Case[]} cases @param {Only} only */
function chosenBy(cases, only) {
  const isOfBoxes = only?.[0] === "boxes";
  const isNamed = (/** @type {Case} */ one) => !only || (isOfBoxes ? one.dataset === only[1] && one.is_apart : String(/** @type {any} */ (one)[only[0]]) === only[1]);
  const areBoxes = isOfBoxes || (only?.[0] === "dataset" && cases.filter((one) => one.is_result && one.is_lesion && isNamed(one)).every(({ is_apart }) => is_apart));
  const isApart = (/** @type {Case} */ one) => one.is_apart && !(areBoxes && isNamed(one));
  return { isApart, isOnly: (/** @type {Case} */ one) => isNamed(one) && !(only && isApart(one)) };
}

/** @param {Case} one @param {string} clear what that means */
function diceOf({ dice_told, is_result, is_lesion, is_apart }, clear) {
  const seen = "Scored by weights that were trained on the case: not a result.";
  if (!is_result) return h("span", { class: "quiet", "data-why": seen }, `(${dice_told})`);
  if (is_apart) return h("span", { "data-why": MEANING.boxes }, `${dice_told} (box)`);
  return is_lesion ? dice_told : h("span", { "data-why": clear }, dice_told);
}

/** What the weights that made the Dice knew of the case. @param {Case} one */
function training({ how, is_result }) {
  if (how !== "seen" || !is_result) return HOW[how] ?? how;
  return h("span", { "data-why": "This Dice, which the weights carry, is of a fold that had not seen the case. The mask that the case shows is of the weights themselves, which had seen it." }, HOW["out-of-fold"]);
}

/** One line of a point. @param {Case} one */
function said({ case: name, label, dice, is_result, is_apart, share, uncertainty }) {
  return [
    name,
    label,
    `Dice ${fixed(dice, 3)}${is_result ? "" : " (seen in training)"}${is_apart ? " (box)" : ""}`,
    share !== null && `${Number((100 * share).toPrecision(2))}% of the image`,
    uncertainty !== null && `uncertainty ${fixed(uncertainty, 2)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
