// The menu of masks to begin with or to add: opened by its button or key, left by choosing, Escape, or a press elsewhere.

import { all, one } from "../dom.js";
import { keyOf } from "../keys.js";
import { MENU_KEYS } from "./keys.js";

/** @param {ShadowRoot} root */
export function isMenuOpen(root) {
  return !one(root, ".menu").hidden;
}

/** @param {ShadowRoot} root @returns {HTMLButtonElement[]} */
function choices(root) {
  return /** @type {HTMLButtonElement[]} */ ([...all(root, ".menu button")]).filter((button) => !button.disabled && !button.hidden);
}

/** @param {ShadowRoot} root */
export function toggleMenu(root) {
  if (isMenuOpen(root)) {
    closeMenu(root);
    return;
  }
  const menu = one(root, ".menu");
  menu.hidden = false;
  menu.scrollIntoView({ block: "nearest" }); // on a low screen the tools scroll
  choices(root)[0]?.focus();
}

/** @param {ShadowRoot} root */
export function closeMenu(root) {
  if (!isMenuOpen(root)) return;
  const hadFocus = one(root, ".menu").contains(root.activeElement);
  one(root, ".menu").hidden = true;
  if (hadFocus) one(root, "canvas").focus({ preventScroll: true });
}

/** A press elsewhere closes it, also one around the viewer. @param {ShadowRoot} root
 * @param {PointerEvent} event anywhere in the document @returns {boolean} whether it did */
export function leaveMenu(root, event) {
  const own = [one(root, ".menu"), one(root, '[data-action="beginMenu"]')];
  if (!isMenuOpen(root) || own.some((element) => event.composedPath().includes(element))) return false;
  closeMenu(root);
  return true;
}

/** @param {ShadowRoot} root @param {(action: string) => void} act */
export function attendMenu(root, act) {
  const menu = one(root, ".menu");
  menu.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const open = choices(root);
    const at = open.findIndex((button) => button === root.activeElement);
    const key = keyOf(event);
    const pressed = event.shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();
    const [action] = Object.entries(MENU_KEYS).find(([, its]) => its === pressed) ?? [];
    if (event.key === "ArrowDown") open[(at + 1) % open.length].focus();
    else if (event.key === "ArrowUp") open[(at - 1 + open.length) % open.length].focus();
    else if (action && open.some((button) => button.dataset.action === action)) act(action);
    else return;
    event.preventDefault();
  });
  menu.addEventListener("focusout", (event) => {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (to && !menu.contains(to)) menu.hidden = true;
  });
}
