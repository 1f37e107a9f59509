// What the reader says of a case: six decisions, and a label, a difficulty and a comment with them.

import { LAYER, css } from "../../canvas/colours.js";
import { button, h } from "./dom.js";
import { KEYS, shown, named } from "./review-keys.js";
import { DECISIONS, DIFFICULTIES, REASONS, nextLabel } from "./review-words.js";

/** @typedef {import("./review-api.js").Decision} Decision */
/** What can be pressed: "noLesion" is a correction for which nothing has to be drawn. @typedef {Decision | "noLesion"} Pressed */
/** @typedef {{label: string | null, difficulty: number | null, comment: string}} Form */
/** @typedef {object} Page
 * @property {(decision: Pressed, reason: string | null) => void} decide
 * @property {() => void} reject ask for the reason, where that can be decided now
 * @property {() => void} draw take the pen, or put it down
 * @property {() => void} undo the last verdict
 * @property {() => void} changed what is filled in
 */

/** The mask that a decision takes, in the colour in which the viewer draws it. @type {Partial<Record<Pressed, string>>} */
const SWATCHES = { accept: css(LAYER.prediction), truth: css(LAYER.truth), corrected: css(LAYER.mine) };

const LONGEST_COMMENT = 2000; // as in reviews.py
const LONGEST_LABEL = 200;
/** The choice that asks for a label: none has an end of a line. */
const OTHER = "\n";

/** @type {Record<Pressed, string>} */
const TITLES = {
  accept: "The prediction is right: it becomes the mask of this case",
  truth: "The truth is right: it stays the mask of this case",
  corrected: "Neither is right: what you drew becomes the mask of this case",
  noLesion: "There is nothing to outline: an empty mask becomes the mask of this case, and its label is normal where you chose none",
  reject: "This case belongs in no data set: say why",
  unsure: "You cannot tell; somebody else should look",
};

/** What a press does, once: the second click of two quick ones would meet the next case, or another button in this place.
 * @param {() => void} act @returns {(event: Event) => void} */
const once = (act) => (event) => {
  if (/** @type {UIEvent} */ (event).detail < 2) act();
};

/** The innermost element that has the keys. */
function focused() {
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  return /** @type {HTMLElement | null} */ (one);
}

export class DecisionForm {
  /** @type {Record<string, HTMLButtonElement>} */ #buttons = {};
  /** The label that is chosen, "" for that of the data set. */ #label = "";
  /** What the data set says. @type {string | null} */ #listed = null;
  /** The difficulty before the last press or key among its choices. @type {number | null} */ #before = null;
  /** What had the keys when it was asked why a case is rejected. @type {HTMLElement | null} */ #asker = null;

  /** @param {HTMLElement} root @param {Page} page */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    const changed = () => page.changed();
    this.label = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": "Label", "aria-keyshortcuts": KEYS.label.keys[0], title: `What this case is (${named(KEYS.label.keys[0])}: the next)` }));
    this.label.addEventListener("change", () => {
      if (this.label.value === OTHER) return this.#askLabel();
      this.#label = this.label.value;
      this.leave();
      changed();
    });
    this.other = /** @type {HTMLInputElement} */ (h("input", { type: "text", maxLength: LONGEST_LABEL, placeholder: "Another label", "aria-label": "Another label", hidden: true, autocomplete: "off", onblur: () => document.hasFocus() && this.#takeLabel() })); // another window takes nothing
    this.other.addEventListener("keydown", (event) => {
      if (event.isComposing || !["Escape", "Enter"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") this.other.value = "";
      this.other.blur();
    });
    this.comment = /** @type {HTMLTextAreaElement} */ (
      h("textarea", { rows: 2, maxLength: LONGEST_COMMENT, placeholder: `Comment (${shown(KEYS.comment.keys[0])})`, "aria-label": "Comment", "aria-keyshortcuts": KEYS.comment.keys[0], oninput: changed })
    );
    this.comment.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
      event.preventDefault();
      event.stopPropagation();
      this.leave();
    });
    const before = () => (this.#before = this.form.difficulty);
    this.difficulty = h("fieldset", { class: "choices", title: `How hard this case is to read (${named(KEYS.difficulty.keys[0])})`, "aria-keyshortcuts": KEYS.difficulty.keys[0], onpointerdown: before, onkeydown: before }, h("legend", { class: "unseen" }, "Difficulty"), ...DIFFICULTIES.map((word, at) => this.#choice(word, at + 1)));
    for (const decision of /** @type {Pressed[]} */ (Object.keys(DECISIONS))) {
      const key = KEYS[decision].keys[0];
      const act = once(() => (decision === "reject" ? page.reject() : page.decide(decision, null)));
      this.#buttons[decision] = /** @type {HTMLButtonElement} */ (button(DECISIONS[decision], shown(key), act, { class: `decide ${decision}`, title: TITLES[decision], "aria-pressed": "false", "aria-keyshortcuts": key }));
      const colour = SWATCHES[decision];
      if (colour) this.#buttons[decision].prepend(h("i", { class: "swatch", style: `border-color: ${colour}`, "aria-hidden": "true" }));
    }
    this.draw = /** @type {HTMLButtonElement} */ (button("Draw", shown(KEYS.draw.keys[0]), page.draw, { class: "draw", title: `Draw a correction (${named(KEYS.draw.keys[0])}); ${named(KEYS.putDown.keys[0])} puts the pen down`, "aria-pressed": "false", "aria-keyshortcuts": KEYS.draw.keys[0] }));
    const undo = button("Undo", shown(KEYS.undo.keys[0]), once(page.undo), { class: "decide undo", title: `${KEYS.undo.words} (${named(KEYS.undo.keys[0])})`, "aria-keyshortcuts": KEYS.undo.keys[0] });
    this.decisions = h("div", { class: "decisions", role: "group", "aria-label": "Decision" }, ...Object.values(this.#buttons), undo);
    this.reasons = h(
      "div",
      { class: "decisions reasons", role: "group", "aria-label": "Why it is rejected", hidden: true },
      ...REASONS.map((reason, at) => button(reason, String(at + 1), once(() => this.#reject(reason)), { class: "decide" })),
      button("Back", "Esc", once(() => this.closeReasons()), { class: "decide" }),
    );
    root.replaceChildren(h("div", { class: "facts" }, this.draw, this.difficulty), this.label, this.other, this.comment, this.decisions, this.reasons);
    root.addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {string} word @param {number} value */
  #choice(word, value) {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "radio", name: "difficulty", value: String(value), onchange: () => this.page.changed() }));
    // A choice that is pressed again is none; an arrow key presses that to which it goes.
    input.addEventListener("click", () => {
      if (value !== this.#before) return;
      input.checked = false;
      this.page.changed();
    });
    return h("label", {}, input, h("span", {}, word));
  }

  /** @returns {Form} */
  get form() {
    const chosen = /** @type {HTMLInputElement | null} */ (this.difficulty.querySelector(":checked"));
    return { label: this.#label || null, difficulty: chosen ? Number(chosen.value) : null, comment: this.comment.value.trim() };
  }

  /** @param {Form} form */
  set form({ label, difficulty, comment }) {
    this.#showLabel(label ?? "");
    for (const input of this.difficulty.querySelectorAll("input")) input.checked = input.value === String(difficulty);
    if (comment !== this.comment.value.trim()) this.comment.value = comment; // nothing jumps under who is typing
  }

  /** The next key is a command again. */
  leave() {
    for (const field of [this.comment, this.label, this.other]) field.blur();
  }

  /** The reader is in the midst of it: the next key is meant for it. */
  get isInHand() {
    return this.isAsking || [this.comment, this.label, this.other].some((field) => field.matches(":focus"));
  }

  /** @param {string[]} labels to choose from @param {string | null} listed what the data set says */
  offer(labels, listed) {
    const own = h("option", { value: "" }, listed ? `${listed} (as listed)` : "No label");
    const options = labels.filter((label) => label !== listed).map((label) => h("option", { value: label }, label));
    this.label.replaceChildren(own, ...options, h("option", { value: OTHER }, "Other …"));
    this.#listed = listed;
  }

  /** @param {string} label that is chosen: an option from now on */
  #showLabel(label) {
    this.#label = label;
    if (!this.#labels.includes(label)) this.label.lastElementChild?.before(h("option", { value: label }, label));
    this.label.value = label;
  }

  get #labels() {
    return Array.from(this.label.options, ({ value }) => value).filter((value) => value !== OTHER);
  }

  /** A label that is none of the choices is typed where they are. */
  #askLabel() {
    this.label.hidden = true;
    this.other.hidden = false;
    this.other.focus();
  }

  /** What was typed, whatever ends that; where it is nothing, the label is what it was. */
  #takeLabel() {
    const typed = this.other.value.trim();
    this.other.value = "";
    this.other.hidden = true;
    this.label.hidden = false;
    this.#showLabel(typed === this.#listed ? "" : typed || this.#label);
    if (typed) this.page.changed();
  }

  /** @param {import("./review-refusals.js").Refusals} refused @param {Pressed | null} stands */
  show(refused, stands) {
    for (const [decision, element] of Object.entries(this.#buttons)) {
      const why = refused[/** @type {Pressed} */ (decision)];
      element.disabled = why !== undefined;
      element.title = why ?? TITLES[/** @type {Pressed} */ (decision)];
      element.setAttribute("aria-pressed", String(decision === stands));
    }
  }

  nextLabel() {
    this.#showLabel(nextLabel(this.#labels.filter(Boolean), this.#label || null) ?? "");
    this.page.changed();
  }

  nextDifficulty() {
    const next = (this.form.difficulty ?? 0) + 1;
    this.form = { ...this.form, difficulty: next > DIFFICULTIES.length ? null : next };
    this.page.changed();
  }

  // ---------------------------------------------------------------- why it is rejected

  get isAsking() {
    return !this.reasons.hidden;
  }

  askReason() {
    this.#asker = focused();
    this.reasons.hidden = false;
    this.decisions.hidden = true;
    this.reasons.querySelector("button")?.focus();
  }

  /** Whoever asked has the keys back where they were: on "Reject" a Space that is to pan would press it. */
  closeReasons() {
    if (!this.isAsking) return;
    const held = focused();
    const isHere = this.reasons.contains(held);
    this.reasons.hidden = true;
    this.decisions.hidden = false;
    if (!isHere) return;
    held?.blur();
    this.#asker?.focus({ preventScroll: true });
  }

  /** A key while a reason is asked for. @param {string} key @returns {boolean} whether it was one of these */
  onReasonKey(key) {
    const reason = REASONS[Number(key) - 1];
    if (reason) this.#reject(reason);
    else if (key === "Escape") this.closeReasons();
    return Boolean(reason) || key === "Escape";
  }

  /** @param {string} reason */
  #reject(reason) {
    this.closeReasons();
    this.page.decide("reject", reason);
  }
}
