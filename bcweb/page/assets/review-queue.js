// The queue as a list: of ten thousand rows only those in sight are in the page.

import { h } from "./dom.js";
import * as api from "./review-api.js";
import { DECIDED, MARKS, letters, rowWords } from "./review-words.js";

/** @typedef {import("./review-api.js").Row} Row */

/** The height of a row in CSS pixels; as in review.css. */
export const ROW = 50;
/** Rows above and below those in sight. */
const BEYOND = 6;
/** Thumbnails that are kept for rows out of sight. */
const THUMBNAILS = 400;
/** Letters at the end of a long name that stay in sight: there the names of a series differ. */
const ENDING = 9;
/** While rows fly past, none is asked for. */
const STILL_MS = 90;

export class QueueList {
  /** @type {Row[]} */ #rows = [];
  /** @type {Map<number, number>} id -> place */ #places = new Map();
  #order = "worst";
  /** @type {number | null} */ #current = null;
  /** @type {Map<number, {element: HTMLElement, told: string}>} id -> what is in the page */ #shown = new Map();
  /** @type {Map<number, HTMLImageElement>} the longest unused first */ #thumbnails = new Map();
  #frame = 0;
  #still = 0;

  /** @param {HTMLElement} root what scrolls @param {(id: number, isPressed: boolean) => void} select isPressed: not by a key */
  constructor(root, select) {
    this.root = root;
    this.select = select;
    this.space = h("div", { class: "space", role: "presentation" });
    root.append(this.space);
    root.setAttribute("role", "listbox");
    root.tabIndex = 0;
    root.addEventListener("scroll", () => this.#soon(), { passive: true });
    root.addEventListener("keydown", (event) => this.#onKey(event));
    root.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-id]");
      if (row instanceof HTMLElement) select(Number(row.dataset.id), true);
    });
    new ResizeObserver(() => this.#soon()).observe(root);
  }

  /** @param {Row[]} rows @param {string} order by which they are */
  show(rows, order) {
    this.#rows = rows;
    this.#order = order;
    this.#places = new Map(rows.map(({ id }, place) => [id, place]));
    this.space.style.height = `${rows.length * ROW}px`;
    for (const { element } of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.#draw();
  }

  get rows() {
    return /** @type {readonly Row[]} */ (this.#rows);
  }

  /** @param {number} id @returns {Row | undefined} */
  row(id) {
    return this.#rows[this.#places.get(id) ?? -1];
  }

  /** What is said of a case has changed. @param {number} id @param {Partial<Row>} changed */
  change(id, changed) {
    const row = this.row(id);
    if (!row) return;
    Object.assign(row, changed);
    this.#soon();
  }

  /** Of the case in view, from 0; -1 where it is not in this queue. */
  get place() {
    return this.#current === null ? -1 : (this.#places.get(this.#current) ?? -1);
  }

  /** @param {1 | -1} step @returns {number | undefined} the id of the case beside the one in view */
  neighbour(step) {
    return this.#rows[this.place + step]?.id;
  }

  /** The next case that nobody has read, and from the end on the first. @param {(id: number) => boolean} isDeciding
   * @returns {number | undefined} its id */
  nextUnread(isDeciding) {
    const isUnread = (/** @type {Row} */ { id, decision }) => decision === null && !isDeciding(id);
    return (this.#rows.slice(this.place + 1).find(isUnread) ?? this.#rows.slice(0, Math.max(this.place, 0)).find(isUnread))?.id;
  }

  /** @param {number | null} id the case in view: its row is brought into sight */
  mark(id) {
    this.#current = id;
    const place = id === null ? undefined : this.#places.get(id);
    if (place !== undefined) {
      const { scrollTop, clientHeight } = this.root;
      const top = place * ROW;
      if (top < scrollTop) this.root.scrollTop = top;
      else if (top + ROW > scrollTop + clientHeight) this.root.scrollTop = top + ROW - clientHeight;
    }
    this.root.setAttribute("aria-activedescendant", place === undefined ? "" : `row-${id}`);
    this.#draw();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { scrollTop, clientHeight } = this.root;
    const first = Math.max(Math.floor(scrollTop / ROW) - BEYOND, 0);
    const wanted = this.#rows.slice(first, Math.ceil((scrollTop + clientHeight) / ROW) + BEYOND);
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { element }] of this.#shown) {
      if (ids.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    wanted.forEach((row, at) => this.#place(row, first + at));
    clearTimeout(this.#still);
    this.#still = window.setTimeout(() => this.#fetchThumbnails(), STILL_MS);
  }

  /** @param {Row} row @param {number} place */
  #place(row, place) {
    const isCurrent = row.id === this.#current;
    const told = JSON.stringify([row.decision, row.label, row.has_draft, row.reader, isCurrent, place]);
    const held = this.#shown.get(row.id);
    if (held?.told === told) return;
    const element = this.#element(row, place, isCurrent);
    if (held) held.element.replaceWith(element);
    else this.space.append(element);
    this.#shown.set(row.id, { element, told });
  }

  /** @param {Row} row @param {number} place @param {boolean} isCurrent */
  #element(row, place, isCurrent) {
    const { decision, reader, has_draft } = row;
    const said = decision ? `${DECIDED[decision]}${reader ? ` by ${reader}` : ""}` : has_draft ? "unfinished drawing" : "not read";
    const line = rowWords(row, this.#order);
    const whole = [row.case, line, said].join(", ");
    return h(
      "div",
      {
        class: ["row", isCurrent && "current", row.problem && "broken"].filter(Boolean).join(" "),
        id: `row-${row.id}`,
        role: "option",
        "data-id": String(row.id),
        "aria-selected": String(isCurrent),
        "aria-posinset": String(place + 1),
        "aria-setsize": String(this.#rows.length),
        style: `top: ${place * ROW}px`,
        title: whole,
        "aria-label": whole,
      },
      h("span", { class: "picture" }, this.#thumbnails.get(row.id) ?? null),
      h("span", { class: "text" }, h("span", { class: "name", dir: "auto" }, ...cut(row.case)), h("span", { class: "line" }, ...apart(line))),
      h("span", { class: `mark ${decision ?? ""}` }, decision ? MARKS[decision] : has_draft ? "…" : ""),
    );
  }

  /** One that could not be had is asked for again: the server may be back. */
  #fetchThumbnails() {
    for (const [id, { element }] of this.#shown) {
      const picture = /** @type {HTMLElement} */ (element.querySelector(".picture"));
      const known = this.#thumbnails.get(id);
      const isBroken = known?.complete && known.naturalWidth === 0;
      const image = (isBroken ? null : known) ?? /** @type {HTMLImageElement} */ (h("img", { src: api.thumbnail(id), alt: "", decoding: "async", fetchPriority: "low" }));
      this.#thumbnails.delete(id);
      this.#thumbnails.set(id, image);
      if (image.parentElement !== picture) picture.replaceChildren(image);
    }
    for (const id of this.#thumbnails.keys()) {
      if (this.#thumbnails.size <= THUMBNAILS) break;
      this.#thumbnails.delete(id);
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const last = this.#rows.length - 1;
    const at = this.place;
    /** @type {Record<string, number>} */
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last };
    const place = to[event.key];
    if (place === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (place >= 0 && place <= last) this.select(this.#rows[place].id, false);
  }
}

/** What a line says, so that it breaks in between. @param {string} line @returns {HTMLElement[]} */
const apart = (line) => line.split(/(?<= · )/).map((part) => h("span", {}, part));

/** A name in two parts, of which the first gives way. @param {string} name @returns {HTMLElement[]} */
function cut(name) {
  const all = letters(name);
  const at = all.length > 2 * ENDING ? all.length - ENDING : all.length;
  return [all.slice(0, at), all.slice(at)].filter((part) => part.length > 0).map((part) => h("span", {}, part.join("")));
}
