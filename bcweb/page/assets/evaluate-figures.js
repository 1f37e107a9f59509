// The figures of the Evaluate tab: the headline, the table by group of cases, two revisions side by side.

import { h } from "./dom.js";
import { linkTo, more } from "./evaluate-bits.js";
import { term } from "./meanings.js";
import { NONE, grouped } from "./words.js";

/** @typedef {import("./evaluate-api.js").Scores} Scores */
/** @typedef {import("./evaluate-api.js").Cell} Cell */
/** @typedef {import("./evaluate-api.js").Line} Line */
/** @typedef {import("./evaluate-api.js").Comparison} Comparison */
/** @typedef {import("./evaluate-api.js").Difference} Difference */
/** @typedef {import("./evaluate-api.js").Pair} Pair */
/** @typedef {import("./evaluate-api.js").Told} Told */
/** @typedef {import("./evaluate-cases.js").Only} Only */
/** @typedef {{better: number, worse: number, changed: number}} Shown cases in each list */

/** Cases in a list before more are asked for. */
const LISTED = 10;

/** @param {Scores} scores */
export function headline(scores) {
  if (!scores.has_headline) {
    return [h("h2", {}, "Headline"), h("p", { class: "caution" }, "These weights were trained on every case that has a score, and carry none out of fold: there is no result to show.")];
  }
  const cell = (/** @type {Cell} */ one) => {
    const why = meaningOf(scores, one);
    return h("li", {}, term(scores.metrics[one.key].name, why), h("b", { "data-why": why, "data-figure": one.key }, one.value), h("small", {}, one.interval || (one.value === NONE ? "" : "no interval")));
  };
  const title = scores.of_boxes ? h("h2", {}, "Headline (boxes)") : h("h2", { class: "unseen" }, "Headline");
  return [title, h("ul", {}, ...scores.headline.map(cell))];
}

/** @param {Scores} scores @param {Only} chosen the line whose cases alone are shown @param {(only: Only) => void} choose */
export function byGroup(scores, chosen, choose) {
  const { metrics, sections } = scores;
  const heads = Object.entries(metrics).filter(([, { in_table }]) => in_table);
  const row = (/** @type {Line} */ line) => {
    const { only } = line;
    const canFilter = only && ["dataset", "boxes", "label", "size"].includes(only[0]);
    const isChosen = canFilter && String(chosen) === String(only);
    const name = canFilter
      ? h("button", { type: "button", class: "name", "aria-pressed": String(isChosen), "data-why": "Shows these cases alone in the plots and the list below.", onclick: () => choose(isChosen ? null : only) }, line.name)
      : line.name;
    const cells = line.cells.map((cell) =>
      h("td", {}, h("span", { "data-why": meaningOf(scores, cell), tabIndex: cell.why ? 0 : null, "data-figure": `${only ? only.join(".") : "all"}.${cell.key}` }, cell.value), cell.interval && h("small", {}, cell.interval)),
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

/** @param {Comparison} comparison @param {Shown} shown is kept up to date @param {(folds: boolean) => void} want scores out of fold too */
export function beside(comparison, shown, want) {
  const { first, second, said, left_out, out_of_fold, with_folds, meaning, rows, better, worse } = comparison;
  const row = (/** @type {Difference} */ one) => h("tr", {}, h("th", { scope: "row" }, term(one.name, whyOf(one))), ...both(one));
  return [
    h("h2", {}, `${first} beside ${second}`),
    h("p", {}, said, left_out && ` Left out: ${left_out}.`),
    comparison.changed && h("p", {}, comparison.changed),
    out_of_fold > 0
      ? h(
          "label",
          { class: "folds", "data-why": "Out of fold: scored by other weights of the same training, made without the case. Such scores compare two ways to train rather than these two weights." },
          h("input", { type: "checkbox", checked: with_folds, onchange: () => want(!with_folds) }),
          `Compare on scores out of fold too (${grouped(out_of_fold)})`,
        )
      : "",
    rows.length > 0
      ? h(
          "div",
          { class: "sides" },
          h(
            "div",
            { class: "wide", role: "region", "aria-label": "Table of differences", tabIndex: 0 },
            h(
              "table",
              { class: "differences" },
              h("thead", {}, h("tr", {}, h("td", {}), ...headsOf(first, second, meaning))),
              h("tbody", {}, ...rows.map(row)),
            ),
          ),
          pairsOf("better", "Better with the first", better, shown),
          pairsOf("worse", "Worse with the first", worse, shown),
        )
      : "",
    ...(comparison.parts.length > 0 ? partsOf(comparison) : []),
    ...(comparison.differing.length > 0 ? changedOf(comparison, shown) : []),
  ];
}

/** The cases on which the two drew another thing, whatever the truth. @param {Comparison} comparison @param {Shown} shown */
function changedOf({ first, second, differ, differing: cases }, shown) {
  const by = ([one, other] = [true, true]) => (one === other ? "by both" : `by ${one ? first : second} alone`);
  const row = (/** @type {typeof cases[0]} */ one) => h("tr", {}, h("th", { scope: "row" }, linkTo({ ...one, revision: first })), h("td", {}, one.dice), h("td", {}, by(one.outlined)));
  const list = listOf(["Case", "Dice of the two", "Outlined"], cases, row, shown.changed, (to) => (shown.changed = to));
  return [h("div", { class: "changed" }, h("h3", {}, `Where their masks differ: ${grouped(differ)}`), firstOf(differ, cases), ...list)];
}

/** The differences by group of cases. @param {Comparison} comparison */
function partsOf({ first, second, meaning, many, parts }) {
  const row = (/** @type {string} */ kind, /** @type {string} */ name, /** @type {Difference} */ one) =>
    h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "text" }, one.name), h("td", {}, h("span", { "data-why": one.over }, one.images)), ...both(one, `${kind}.${name}.`));
  const bodies = parts.map(({ title, kind, lines }) => h("tbody", {}, h("tr", { class: "title" }, h("th", { colSpan: 6 }, title)), ...lines.map(([name, one]) => row(kind, name, one))));
  return [
    h("h3", {}, "By group of cases"),
    h("p", {}, many),
    h(
      "div",
      { class: "wide", role: "region", "aria-label": "Table of differences by group of cases", tabIndex: 0 },
      h(
        "table",
        { class: "differences parts" },
        h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col", class: "text" }, "Figure"), h("th", { scope: "col" }, "Images"), ...headsOf(first, second, meaning))),
        ...bodies,
      ),
    ),
  ];
}

/** @param {string} first @param {string} second @param {string} meaning of their difference */
const headsOf = (first, second, meaning) => [h("th", { scope: "col" }, first), h("th", { scope: "col" }, second), h("th", { scope: "col" }, term("Difference", meaning))];

/** The cells of both figures and their difference. @param {Difference} one @param {string} [place] */
function both(one, place = "") {
  const figure = (/** @type {string} */ of, /** @type {string} */ value) => h("span", { "data-why": whyOf(one), "data-figure": `${place}${of}.${one.key}` }, value);
  return [
    h("td", {}, figure("first", one.first)),
    h("td", {}, figure("second", one.second)),
    h("td", {}, figure("difference", one.difference), one.verdict && " ", one.verdict && h("span", { class: `verdict ${one.verdict}` }, one.verdict), one.interval && h("small", {}, one.interval)),
  ];
}

/** @param {Difference} one */
const whyOf = ({ meaning, over, why }) => [meaning, over, why].filter(Boolean).join(" ");

/** How far readers agree with the imported truth, each two with each other and the weights with either of them; and
 * where they do not. @param {Scores} scores @param {Map<string, number>} shown cases in each list, by its readers; is kept up to date */
export function readers(scores, shown) {
  const part = (/** @type {Told} */ told, /** @type {HTMLElement | ""} */ list = "") => [
    h("h2", {}, `Readers: ${told.title}`),
    ...told.said.map((one) => h("p", {}, one)),
    told.lines.length > 0 || list ? h("div", { class: "sides" }, told.lines.length > 0 && linesOf(told, scores.interval), list) : "",
  ];
  return [
    ...(scores.against_truth ? part(scores.against_truth) : []),
    ...scores.readers.flatMap((pair) => part(pair, pair.lines.length > 0 || pair.differ > 0 ? differingOf(pair, scores.revision, shown) : "")),
  ];
}

/** @param {Told} told @param {string} made how an interval is */
function linesOf({ title, lines, columns }, made) {
  const meanings = new Map(columns.map(({ key, meaning }) => [key, meaning]));
  const why = (/** @type {Cell} */ { key, over, why, interval }) => [meanings.get(key), over, why || (interval && made)].filter(Boolean).join(" ");
  const heads = columns.map(({ name, meaning }) => h("th", { scope: "col" }, term(name, meaning)));
  const row = (/** @type {Line} */ line) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, line.name),
      h("td", {}, h("span", { "data-why": line.groups }, line.images)),
      ...line.cells.map((cell) => h("td", {}, h("span", { "data-why": why(cell), tabIndex: cell.why ? 0 : null }, cell.value), cell.interval && h("small", {}, cell.interval))),
    );
  const table = h("table", {}, h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Cases"), ...heads)), h("tbody", {}, ...lines.map(row)));
  return h("div", { class: "wide", role: "region", "aria-label": `Agreement: ${title}`, tabIndex: 0 }, table);
}

/** @param {import("./evaluate-api.js").Readers} pair @param {string} revision @param {Map<string, number>} shown */
function differingOf({ title, names, differ, differing: cases }, revision, shown) {
  const row = (/** @type {typeof cases[0]} */ one) => h("tr", {}, h("th", { scope: "row" }, linkTo({ ...one, revision })), h("td", {}, one.dice), h("td", {}, one.words));
  const list = listOf(["Case", "Dice", names.join(" / ")], cases, row, shown.get(title) ?? LISTED, (to) => shown.set(title, to));
  return h("div", { class: "differing" }, h("h3", {}, `Where they differ: ${grouped(differ)}`), firstOf(differ, cases), ...list);
}

/** @param {number} all @param {unknown[]} listed */
const firstOf = (all, listed) => all > listed.length && h("p", {}, `The first ${grouped(listed.length)} are listed.`);

/** @param {"better" | "worse"} name @param {string} title @param {Pair[]} pairs @param {Shown} shown */
function pairsOf(name, title, pairs, shown) {
  const row = (/** @type {Pair} */ pair) => h("tr", {}, h("th", { scope: "row" }, linkTo(pair)), h("td", {}, pair.first), h("td", {}, pair.second), h("td", {}, pair.difference));
  const list = listOf(["Case", "First", "Second", "Difference"], pairs, row, shown[name], (to) => (shown[name] = to));
  return h("div", { class: name }, h("h3", {}, `${title}: ${grouped(pairs.length)}`), ...list);
}

/** A table of cases, of which a button shows more. @template T @param {string[]} heads @param {T[]} cases @param {(one: T) => HTMLElement} row
 * @param {number} now so many @param {(to: number) => void} keep how many there are from now on */
function listOf(heads, cases, row, now, keep) {
  const body = h("tbody", {}, ...cases.slice(0, now).map(row));
  const add = (/** @type {number} */ from, /** @type {number} */ to) => {
    keep(to);
    body.append(...cases.slice(from, to).map(row));
  };
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), body);
  return [cases.length > 0 && table, cases.length > now && more(cases.length, now, add)];
}

/** What a figure means, of how many it is, and how its interval was made. @param {Scores} scores @param {Cell} cell */
function meaningOf({ metrics, interval: made }, { key, interval, over, why }) {
  return [metrics[key].meaning, over, why || (interval && made)].filter(Boolean).join(" ");
}
