// The list of open scans: thumbnails, names, and how far each is.

import * as api from "./api.js";
import { h, keepFocus, write } from "./dom.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").ScanInfo} ScanInfo */
/** @typedef {object} Case one row
 * @property {string} key stays while an upload becomes a scan
 * @property {string} name
 * @property {"waiting" | "sending" | "listed" | "failed" | "alone"} state listed: the server has it;
 *  alone: a truth whose scan is not here
 * @property {string} message why it failed
 * @property {null | "undo" | "gone"} away taken off the list, for the time being or for good
 * @property {number} wish the last that was said of its truth (see `newWish`)
 * @property {ScanInfo | null} info
 */

/** Whether its row says why it cannot be looked at. Such rows come first, or nobody would see them.
 * @param {Case} one */
export const isFailed = ({ state, info }) => state === "failed" || state === "alone" || info?.state === "error";

export class List {
  /** @type {Map<string, {row: HTMLElement, told: string}>} */ #rows = new Map();

  /** @param {HTMLElement} root an <ol> @param {{select: (key: string) => void, dismiss: (key: string) => void}} actions */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
  }

  /** Bring the rows in line with the cases; those that did not change are left alone.
   * @param {Case[]} cases @param {string | null} current */
  show(cases, current) {
    const root = /** @type {ShadowRoot} */ (this.root.getRootNode());
    const held = this.root.contains(root.activeElement) ? root.activeElement?.closest("li") : null;
    const beside = [held?.nextElementSibling, held?.previousElementSibling];
    // A row that becomes a failed one is another, in another place.
    keepFocus(this.root, () => this.#draw(cases, current), (one) => one.closest("li")?.dataset.key);
    if (!held || root.activeElement) return;
    // It has left the list, and the keyboard goes on with the row that was next to it.
    const next = beside.find((row) => row && this.root.contains(row));
    next?.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {Case[]} cases @param {string | null} current */
  #draw(cases, current) {
    cases = [...cases.filter(isFailed), ...cases.filter((one) => !isFailed(one))];
    const keys = new Set(cases.map(({ key }) => key));
    for (const [key, { row }] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    // A row that comes in front of the current one, such as a failed one, pushes it out of a strip.
    const wasInView = current !== null && this.#sticksOut(current).every((by) => by === 0);
    /** @type {Element | null} */
    let before = this.root.firstElementChild;
    for (const one of cases) {
      const told = JSON.stringify([one.state, one.message, one.info && [one.info.id, one.info.state, words.summary(one.info)], one.key === current]);
      let held = this.#rows.get(one.key);
      if (held?.told !== told) {
        const row = isFailed(one) ? this.#failed(one) : this.#row(one, one.key === current, held?.row);
        if (held && held.row !== row) {
          if (held.row === before) before = row;
          held.row.replaceWith(row);
        }
        held = { row, told };
        this.#rows.set(one.key, held);
      }
      if (held.row === before) before = before.nextElementSibling;
      else this.root.insertBefore(held.row, before);
    }
    if (wasInView) this.root.scrollBy(...this.#sticksOut(current)); // the list alone: the page stays where it is
  }

  /** How far a row lies outside of what is seen of the list, rightwards and down. @param {string} key @returns {[number, number]} */
  #sticksOut(key) {
    const row = this.#rows.get(key)?.row.getBoundingClientRect();
    if (!row) return [0, 0];
    const list = this.root.getBoundingClientRect();
    const out = (/** @type {number} */ from, /** @type {number} */ to) => Math.round(Math.max(0, to) + Math.min(0, from));
    return [out(row.left - list.left, row.right - list.right), out(row.top - list.top, row.bottom - list.bottom)];
  }

  /** @param {string} key */
  reveal(key) {
    this.#rows.get(key)?.row.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {Case} one */
  #failed({ key, name, message, info }) {
    return h(
      "li",
      { class: "row failed", title: name, "data-key": key },
      h("div", { class: "text", role: "alert" }, h("span", { class: "name", dir: "auto" }, name), h("span", { class: "state" }, message || info?.problem)),
      h("button", { type: "button", class: "dismiss", "aria-label": `Dismiss ${name}`, title: "Dismiss", onclick: () => this.actions.dismiss(key) }, "×"),
    );
  }

  /** @param {Case} one @param {boolean} isCurrent @param {HTMLElement} [before] as it was: what is the same stays, the focus too
   * @returns {HTMLElement} */
  #row({ key, name, state, info }, isCurrent, before) {
    const row = before && !before.matches(".failed") ? before : this.#empty(key, name);
    row.classList.toggle("current", isCurrent);
    const select = /** @type {HTMLButtonElement} */ (row.firstElementChild);
    select.disabled = !info;
    if (isCurrent) select.setAttribute("aria-current", "true");
    else select.removeAttribute("aria-current");
    const [picture, text] = select.children;
    if (info && !picture.firstChild) picture.append(h("img", { src: api.thumbnail(info.id), alt: "", loading: "lazy", decoding: "async" }));
    const told = { waiting: "waiting", sending: "segmenting …" }[/** @type {string} */ (state)] ?? (info ? words.summary(info) : "");
    write(/** @type {HTMLElement} */ (text.lastElementChild), told);
    return row;
  }

  /** @param {string} key @param {string} name */
  #empty(key, name) {
    return h(
      "li",
      { class: "row", "data-key": key },
      h(
        "button",
        { type: "button", class: "select", title: name, onclick: () => this.actions.select(key) },
        h("span", { class: "picture" }),
        h("span", { class: "text" }, h("span", { class: "name", dir: "auto" }, name), h("span", { class: "state" })),
      ),
    );
  }
}
