// What the parts of the Evaluate tab share.

import { button, h } from "./dom.js";
import { caseLink, openCase } from "./review-links.js";
import { grouped } from "./words.js";

/** Rows that a list shows more of at once. */
export const STEP = 25;

/** A link to a case, with the mask that is scored. @param {{id: number, dataset: string, case: string, revision: string}} one */
export function linkTo({ id, dataset, case: name, revision }) {
  const go = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // a tab of its own
    event.preventDefault();
    openCase(id, revision);
  };
  return h("a", { href: caseLink(id, revision), "data-case": String(id), onclick: go }, name, " ", h("span", { class: "quiet dataset" }, dataset));
}

/** A button that lets a list show more. @param {number} total @param {number} shown @param {(from: number, to: number) => void} add */
export function more(total, shown, add) {
  const text = () => `Show ${grouped(Math.min(STEP, total - shown))} more of ${grouped(total)}`;
  const made = button(text(), null, () => {
    add(shown, shown + STEP);
    shown = Math.min(total, shown + STEP);
    if (shown === total) made.remove();
    else made.textContent = text();
  });
  return made;
}

/** By what an element that can have the focus is found again once its part of the tab is drawn anew.
 * @param {HTMLElement} one */
export function called(one) {
  const { case: id, low, figure } = one.dataset;
  const name = id ?? low ?? figure ?? one.ariaLabel ?? one.closest("label")?.textContent ?? one.textContent;
  return `${one.closest("section")?.className}: ${name}`;
}
