// What a number means, beside it: on hover, focus and touch; Escape hides it. An element has its meaning
// in `data-why`, and the tab one tip that shows it.

import { h } from "./dom.js";

/** A name whose meaning everybody can ask for, by keyboard too. @param {string} name @param {string} meaning
 * @returns {Node | string} the bare name where there is no meaning */
export const term = (name, meaning) => (meaning ? h("span", { class: "term", tabIndex: 0, "data-why": meaning }, name) : name);

/** Show the meanings within a shadow tree. @param {ShadowRoot} root */
export function explain(root) {
  const tip = h("div", { class: "meaning", role: "tooltip", id: "meaning", hidden: true });
  root.append(tip);
  /** @type {HTMLElement | null} */ let explained = null;
  const hide = () => {
    tip.hidden = true;
    explained?.removeAttribute("aria-describedby");
    explained = null;
  };
  const show = (/** @type {Event} */ event) => {
    const about = /** @type {HTMLElement | null} */ (event.composedPath().find((part) => part instanceof HTMLElement && part.dataset.why));
    hide();
    if (!about) return;
    explained = about;
    about.setAttribute("aria-describedby", tip.id);
    tip.textContent = about.dataset.why ?? "";
    tip.hidden = false;
    const { left, top, bottom } = about.getBoundingClientRect();
    const { width, height } = tip.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    tip.style.left = `${Math.max(8, Math.min(left, clientWidth - width - 8))}px`;
    tip.style.top = `${bottom + 6 + height < clientHeight ? bottom + 6 : Math.max(8, top - height - 6)}px`;
  };
  root.addEventListener("pointerover", show);
  root.addEventListener("focusin", show);
  root.host.addEventListener("pointerleave", hide); // which does not bubble up to a root
  root.addEventListener("focusout", hide);
  root.addEventListener("keydown", (event) => /** @type {KeyboardEvent} */ (event).key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true, capture: true });
}
