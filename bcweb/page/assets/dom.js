// Elements from values: what comes from a file's name or a server's answer is text, never HTML.

/** @param {string} tag @param {Record<string, any>} [props] properties, or attributes where they have a dash;
 * `class` and `on...` listeners too @param {...(Node | string | null | undefined | false)} children */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else /** @type {any} */ (element)[name] = value;
  }
  for (const child of children) if (child || child === "") element.append(child);
  return element;
}

/** Text that stays the same is left alone: it may be selected, and would be read aloud again.
 * @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that shows its key. @param {string} text @param {string | null} key @param {(event: Event) => void} act
 * @param {Record<string, any>} [props] */
export function button(text, key, act, props = {}) {
  const shown = key && h("kbd", { "aria-hidden": "true" }, key.toUpperCase());
  const shortcut = key ? { "aria-keyshortcuts": key } : {};
  return h("button", { type: "button", onclick: act, ...shortcut, ...props }, text, shown);
}

/** Draw anew what is within a part of a shadow tree, or all of it: what had the focus there has it again. Where that is
 * gone, a heading has it that scripts alone can focus, and from which Tab leads to what is left.
 * @param {HTMLElement | ShadowRoot} part @param {() => void} draw
 * @param {(one: HTMLElement) => string | null | undefined} name the same before and after */
export function keepFocus(part, draw, name) {
  const root = /** @type {ShadowRoot} */ (part.getRootNode());
  const focused = /** @type {HTMLElement | null} */ (root.activeElement);
  const wanted = part.contains(focused) && focused ? name(focused) : null;
  draw();
  if (!wanted || root.activeElement) return;
  const all = [.../** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("a, button, input, [tabindex]"))];
  const again = all.find((one) => name(one) === wanted) ?? all.find(({ tabIndex }) => tabIndex < 0);
  again?.focus({ preventScroll: true });
}

/** Open a dialog that is read from its beginning: focus goes to its button, which may stand below. @param {HTMLDialogElement} dialog */
export function openSheet(dialog) {
  dialog.showModal();
  dialog.scrollTop = 0;
}
