// One line under the decisions: what is saved, what is not and why, and when it is tried again.

import { button, h } from "./dom.js";
import { loginLink, wantsLogin } from "./login.js";
import { followed } from "./review-standing.js";

/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {{verdicts: number, drafts: number, error: Error | null, until: number, isLoggedOut: boolean, isHere: boolean}} Sending
 * see review-outbox.js; isHere: what is drawn is kept in this browser */

export class Status {
  /** @type {{text: string, kind: "" | "error" | "good", verdict: Verdict | null, act: HTMLElement | null}} */ #said = { text: "", kind: "", verdict: null, act: null };
  /** @type {Sending} */ #sending = { verdicts: 0, drafts: 0, error: null, until: 0, isLoggedOut: false, isHere: true };
  #ticks = 0;
  #told = "";

  /** @param {HTMLElement} root @param {() => void} tryNow */
  constructor(root, tryNow) {
    this.root = root;
    this.tryNow = tryNow;
  }

  /** @param {string} text @param {"" | "error" | "good"} [kind] @param {Verdict | null} [verdict] that was saved
   * @param {HTMLElement | null} [act] a button that helps */
  say(text, kind = "", verdict = null, act = null) {
    this.#said = { text, kind, verdict, act };
    this.#show();
  }

  /** Say this, unless something is wrong. @param {string} text */
  hint(text) {
    if (this.#said.kind !== "error") this.say(text);
  }

  /** Another case: what was wrong with this one is over, but for what was not saved. */
  leave() {
    if (this.#said.kind === "error" && !this.#said.text.startsWith("NOT ")) this.say("");
  }

  /** @param {Sending} sending */
  show(sending) {
    this.#sending = sending;
    clearInterval(this.#ticks);
    if (sending.error) this.#ticks = window.setInterval(() => this.#show(), 1000);
    this.#show();
  }

  #show() {
    const { verdicts, drafts, error, until, isLoggedOut, isHere } = this.#sending;
    if (error) {
      const drawing = `Your drawing is NOT saved on the server${isHere ? ", but kept in this browser" : ""}`;
      const what = verdicts === 0 ? drawing : verdicts === 1 ? "NOT saved" : `${verdicts} verdicts NOT saved`;
      const seconds = Math.max(Math.ceil((until - performance.now()) / 1000), 0);
      const when = isLoggedOut ? "" : ` Tries again ${seconds ? `in ${seconds} s` : "now"}.`;
      const act = isLoggedOut
        ? wantsLogin(error) && loginLink(true)
        : button("Try now", null, this.tryNow);
      // What does not change is left alone, or it would be read aloud each second.
      if (this.#told !== `${what}${error.message}`) {
        this.#told = `${what}${error.message}`;
        this.root.replaceChildren(h("p", { class: "error" }, h("b", {}, `${what}: `), error.message, h("span", { class: "when", "aria-hidden": "true" }, when)), act || "");
      } else {
        /** @type {HTMLElement} */ (this.root.querySelector(".when")).textContent = when;
      }
      return;
    }
    this.#told = "";
    const { text, kind, verdict, act } = verdicts ? { text: "Saving …", kind: "", verdict: null, act: null } : this.#said;
    const drawing = drafts && !verdicts ? "Keeping the drawing …" : "";
    this.root.replaceChildren(h("p", { class: kind || null }, drawing || text, !drawing && verdict && followed(verdict)), (!drawing && act) || "");
  }
}
