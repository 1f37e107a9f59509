// Under the decisions: what is said of them, and below it what is not saved yet, why, and when it is tried again.

import { button, h } from "./dom.js";
import { loginLink, wantsLogin } from "./login.js";
import { FETCHED } from "./review-refusals.js";
import { followed } from "./review-standing.js";
import { letters } from "./review-words.js";

/** @typedef {import("./api.js").Refused} Refused @typedef {import("./api.js").Unreachable} Unreachable */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {{verdicts: number, drafts: number, names: string[], areShelved: boolean, error: Unreachable | Refused | null, until: number,
 *  isLoggedOut: boolean, isHere: boolean}} Sending see review-outbox.js; isHere: what is drawn is kept in this browser */

/** passing: over once the case is left, or decided. @typedef {"" | "error" | "good" | "passing"} Kind */

/** Cases that are named; of more their number is told. What is said has to fit where it is said, see review.css. */
const MOST_NAMES = 3;
const LONGEST_NAME = 20;

export class Status {
  /** @type {{text: string, kind: Kind, verdict: Verdict | null, act: HTMLElement | null, about: string[]}} */ #said = { text: "", kind: "", verdict: null, act: null, about: [] };
  /** @type {Sending} */ #sending = { verdicts: 0, drafts: 0, names: [], areShelved: true, error: null, until: 0, isLoggedOut: false, isHere: true };
  #ticks = 0;
  /** What of it is on the page: what does not change is left alone, or it would be read aloud again. */ #told = { said: /** @type {unknown} */ (null), sending: "" };

  /** @param {HTMLElement} root @param {() => void} tryNow */
  constructor(root, tryNow) {
    this.root = root;
    this.tryNow = tryNow;
    this.said = h("div");
    this.sending = h("div", { class: "sending" });
    root.replaceChildren(this.said, this.sending);
    document.addEventListener("fullscreenchange", () => this.#rise());
  }

  /** @param {string} text @param {Kind} [kind] @param {Verdict | null} [verdict] that was saved
   * @param {HTMLElement | null} [act] a button that helps @param {string[]} [about] the cases of which it is said that they
   * are not saved */
  say(text, kind = "", verdict = null, act = null, about = []) {
    this.#said = { text, kind, verdict, act, about };
    this.#show();
  }

  /** Whether this case is said not to be saved. @param {string} id */
  isAbout(id) {
    return this.#said.about.includes(id);
  }

  /** Whether this is what stands there. @param {string} text */
  isSaying(text) {
    return this.#said.text === text;
  }

  /** Whether it is said of something that it is wrong. */
  get isWrong() {
    return this.#said.kind === "error";
  }

  /** Say this, unless something is wrong. @param {string} text */
  hint(text) {
    if (!this.isWrong) this.say(text);
  }

  /** Another case, or this one decided: what was wrong with it is over, but for what was not saved. */
  leave() {
    const { kind } = this.#said;
    if (kind === "passing" || (kind === "error" && !this.#isNotSaved)) this.say("");
  }

  /** Another project: all that was said is over, but for what was not saved. */
  forget() {
    if (!this.#isNotSaved) this.say("");
  }

  get #isNotSaved() {
    return this.#said.kind === "error" && this.#said.text.startsWith("NOT ");
  }

  /** The case in view is fetched: a key that came before wants another press. @param {boolean} isSeen its picture is there */
  came(isSeen) {
    if (this.#said.text === FETCHED) this.say(isSeen ? "The picture was not there yet: press again." : "", "passing");
  }

  /** @param {Sending} sending */
  show(sending) {
    this.#sending = sending;
    clearInterval(this.#ticks);
    if (sending.error) this.#ticks = window.setInterval(() => this.#show(), 1000);
    this.#show();
  }

  #show() {
    this.#showSaid();
    if (this.#sending.error) this.#showError(this.#sending.error);
    else this.#showSending();
    this.#rise();
  }

  /** What is wrong stays in sight whatever is sent: a warning that nobody has seen is none. All else was said of what
   * was sent before. */
  #showSaid() {
    const { verdicts, drafts, error } = this.#sending;
    const isSending = error !== null || verdicts > 0 || drafts > 0;
    const said = this.#said.kind === "error" || !isSending ? this.#said : null;
    if (this.#told.said === said) return;
    this.#told.said = said;
    this.said.replaceChildren();
    if (!said?.text) return;
    const { text, kind, verdict, act } = said;
    this.said.append(h("p", { class: kind || null }, text, verdict && followed(verdict)), act ?? "");
    this.root.scrollTop = 0;
  }

  #showSending() {
    const { verdicts, drafts } = this.#sending;
    const text = verdicts ? "Saving …" : drafts ? "Keeping the drawing …" : "";
    if (this.#told.sending === text) return;
    this.#told.sending = text;
    this.sending.replaceChildren(text && h("p", {}, text));
  }

  /** Of an answer only why: the screen may show another case by now, and it is tried again without the reader.
   * @param {Unreachable | Refused} error */
  #showError(error) {
    const { until, isLoggedOut } = this.#sending;
    const [what, whose] = this.#notSaved();
    const seconds = Math.max(Math.ceil((until - performance.now()) / 1000), 0);
    const when = isLoggedOut ? "" : ` Tries again ${seconds ? `in ${seconds} s` : "now"}.`;
    const told = `${what}${whose} ${error.why}`;
    if (this.#told.sending === told) {
      /** @type {HTMLElement} */ (this.sending.querySelector(".when")).textContent = when;
      return;
    }
    this.#told.sending = told;
    const act = isLoggedOut
      ? wantsLogin(error) && loginLink(true)
      : button("Try now", null, this.tryNow);
    this.sending.replaceChildren(act || "", h("p", { class: "error" }, h("b", {}, what), told.slice(what.length), h("span", { class: "when", "aria-hidden": "true" }, when)));
  }

  /** Which cases: by now the reader may be at another one. @returns {[string, string]} what is not saved, and its cases */
  #notSaved() {
    const { verdicts, names, areShelved, isHere } = this.#sending;
    const whose = named(names);
    if (verdicts > 0) return [`NOT saved yet${areShelved ? ", but kept in this browser" : ""}:`, ` ${whose}.`];
    if (names.length === 0) return ["Dropped here, but NOT on the server yet.", ""];
    const drawn = names.length === 1 ? `Your drawing of ${whose} is` : `Your drawings of ${whose} are`;
    return [`${drawn} NOT saved on the server${isHere ? ", but kept in this browser" : ""}.`, ""];
  }

  /** In full screen nothing but the picture is seen: what is wrong comes over it. Leaving full screen for it could
   * come in the middle of a stroke. */
  #rise() {
    const isWrong = this.#sending.error !== null || this.#said.kind === "error";
    const rises = isWrong && document.fullscreenElement !== null;
    if (rises === (this.root.popover !== null)) return;
    this.root.popover = rises ? "manual" : null;
    if (rises) this.root.showPopover();
  }
}

/** @param {string[]} names of cases */
function named(names) {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).map(clipped).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** With both its ends: names of one data set often begin alike. @param {string} name */
function clipped(name) {
  const all = letters(name);
  if (all.length <= LONGEST_NAME) return name;
  const half = LONGEST_NAME / 2;
  return [...all.slice(0, half - 1), "…", ...all.slice(-half)].join("");
}
