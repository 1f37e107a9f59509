// In what order the cases come, and which of them.

import { h, write } from "./dom.js";
import * as words from "./review-words.js";
import { grouped } from "./words.js";

/** @typedef {import("./review-api.js").Asked} Asked */
/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-api.js").Row} Row */

/** Before each label that is a choice: any of them is "". */
const LABEL = "=";
/** The order until the reader chooses one, */
const FIRST = "worst";
/** and where no case has a Dice. */
const WITHOUT_DICE = "uncertain";
/** After the last letter so long: while a word is typed its beginnings are not asked for. */
const TYPED_MS = 200;

export class Filters {
  #typing = 0;
  /** What was asked for last. */ #known = "";
  /** The order is the reader's choice. */ #isChosen = false;
  /** The same random order as long as the page is open. */ #seed = Math.floor(Math.random() * 2 ** 31);

  /** @param {HTMLFormElement} root @param {() => void} changed */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.clear = /** @type {HTMLElement} */ (root.querySelector(".clear"));
    this.told = /** @type {HTMLElement} */ (root.querySelector(".told span"));
    root.addEventListener("submit", (event) => event.preventDefault());
    this.#known = JSON.stringify(this.asked);
    root.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => this.#ask(), TYPED_MS);
    });
    root.addEventListener("change", (event) => {
      if (event.target === this.#select("order")) this.#isChosen = true;
      if (event.target instanceof HTMLSelectElement) event.target.blur(); // so that the next key is a command again
      this.#ask();
    });
    this.clear.addEventListener("click", () => {
      const { order } = this.asked;
      root.reset();
      this.#select("order").value = order;
      this.#ask();
    });
  }

  /** @returns {Asked} */
  get asked() {
    const form = new FormData(this.root);
    const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const label = text("label");
    return {
      order: text("order") || FIRST,
      decision: text("decision"),
      label: label ? label.slice(LABEL.length) : null,
      text: text("text"),
      low: text("low"),
      high: text("high"),
      seed: this.#seed,
    };
  }

  /** Another project: what was typed is not meant for it, nor is the worst Dice, which it may not have. */
  forget() {
    clearTimeout(this.#typing);
    if (this.asked.order === FIRST) this.#isChosen = false;
    if (!this.#isChosen) this.#select("order").value = FIRST;
    for (const input of this.root.querySelectorAll("input")) input.value = "";
    this.#known = JSON.stringify(this.asked);
  }

  #ask() {
    clearTimeout(this.#typing);
    const asked = JSON.stringify(this.asked);
    if (asked === this.#known) return; // Enter after the last letter, for one
    this.#known = asked;
    this.changed();
  }

  /** What there is to choose from. What was chosen before may be none of it, in another project for one: then it is
   * any. @param {Project} project @returns {boolean} whether what was asked for is still asked for */
  offer({ cases, read, counts }) {
    const { decisions = {}, labels = {} } = counts ?? {};
    const many = (/** @type {string} */ text, /** @type {number} */ n) => `${text[0].toUpperCase()}${text.slice(1)} (${grouped(n)})`;
    this.#offer("decision", [
      ["", "Read or not"], ["unread", many("not read", cases - read)], ["read", many("read", read)],
      ...Object.entries(words.DECIDED).map(([decision, text]) => [decision, many(text, decisions[decision] ?? 0)]),
    ]);
    const hasLabel = this.#offer("label", [["", "Any label"], ...Object.entries(labels).map(([label, n]) => [LABEL + label, many(label || "no label", n)])]);
    if (!hasLabel) this.#known = JSON.stringify(this.asked);
    return hasLabel;
  }

  /** Where no case has a Dice, the most uncertain one comes first, unless the reader has chosen an order. Rows that pass
   * a filter tell nothing of the others. @param {Row[]} rows of the queue @returns {boolean} whether another order is asked for */
  reorder(rows) {
    const has = (/** @type {"dice" | "uncertainty"} */ score) => rows.some((row) => row[score] !== null);
    if (this.#isChosen || this.#isFiltered || this.asked.order !== FIRST || has("dice") || !has("uncertainty")) return false;
    this.#select("order").value = WITHOUT_DICE;
    this.#known = JSON.stringify(this.asked);
    return true;
  }

  get #isFiltered() {
    const { decision, label, text, low, high } = this.asked;
    return Boolean(decision || label !== null || text || low || high);
  }

  /** How many pass. @param {number} rows @param {number} all */
  tell(rows, all) {
    const isFiltered = this.#isFiltered;
    const none = isFiltered ? "No case passes these filters." : (words.NO_ROWS[this.asked.order] ?? "");
    const some = rows === all ? grouped(all) : `${grouped(rows)} of ${grouped(all)}`;
    this.told.textContent = rows === 0 && all > 0 ? none : `${some} ${all === 1 ? "case" : "cases"}`;
    this.clear.hidden = !isFiltered;
  }

  /** @param {string} name @param {string[][]} options @returns {boolean} whether the chosen one is among them */
  #offer(name, options) {
    const select = this.#select(name);
    const { value } = select;
    const known = Array.from(select.options);
    if (known.length === options.length && options.every(([value], at) => value === known[at].value)) {
      options.forEach(([, text], at) => write(known[at], text)); // it may be open
      return true;
    }
    select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
    select.value = value;
    const isThere = select.selectedIndex >= 0;
    if (!isThere) select.selectedIndex = 0;
    return isThere;
  }

  /** @param {string} name */
  #select(name) {
    return /** @type {HTMLSelectElement} */ (this.root.querySelector(`select[name="${name}"]`));
  }
}
