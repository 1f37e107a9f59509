// What stands over the foot of the Scan tab: what was wrong, or is done; and below it what can be had back. Neither
// takes the other's place.

import { Unreachable, server } from "./api.js";
import { button, h } from "./dom.js";

/** How long good news stands there, and something can be had back. */
export const WHILE_MS = 6000;

export class Toast {
  /** What makes the error that is said a thing of the past. @type {"" | "answer" | "choice"} */ #until = "";
  #said = h("p", { hidden: true });
  #offered = h("p", { hidden: true });
  #timer = 0;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    root.append(this.#said, this.#offered);
    server.addEventListener("answered", () => this.#until === "answer" && this.#say(""));
  }

  /** What is done, for a while. @param {string} text */
  tell(text) {
    this.#say(text);
    this.#timer = window.setTimeout(() => this.#say(""), WHILE_MS);
  }

  /** What is being done, until something else is said. @param {string} text */
  doing(text) {
    this.#say(text);
  }

  /** What is wrong, until the reader goes on; or until the server answers, where it did not.
   * @param {unknown} error @param {() => void} [again] what the reader can try again */
  fail(error, again) {
    this.#say(/** @type {Error} */ (error).message, error instanceof Unreachable && !again ? "answer" : "choice", again);
  }

  /** The reader goes on: what was wrong is over. What comes about by itself does not end it. */
  goOn() {
    if (this.#until) this.#say("");
  }

  /** What can be had back, until it is withdrawn. @param {string} text @param {() => void} undo */
  offer(text, undo) {
    this.#show(this.#offered, h("span", {}, text), button("Undo", null, undo));
  }

  withdraw() {
    this.#show(this.#offered);
  }

  /** @param {string} text @param {"" | "answer" | "choice"} [until] of an error @param {() => void} [again] */
  #say(text, until = "", again) {
    clearTimeout(this.#timer);
    this.#until = until;
    this.root.classList.toggle("error", until !== "");
    this.#said.classList.toggle("error", until !== "");
    const act = again ? button("Try again", null, again) : until && button("Dismiss", null, () => this.#say(""));
    this.#show(this.#said, ...(text ? [h("span", {}, text)] : []), ...(act ? [act] : []));
  }

  /** @param {HTMLElement} part @param {...Node} children none: it is gone */
  #show(part, ...children) {
    part.replaceChildren(...children);
    part.hidden = children.length === 0;
    this.root.hidden = this.#said.hidden && this.#offered.hidden;
  }
}
