// Finding and writing in the shadow tree. What is there is known from template.js.

/** @param {ParentNode} root @param {string} selector @returns {HTMLElement} */
export function one(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/** @param {ParentNode} root @param {string} selector @returns {NodeListOf<HTMLElement>} */
export function all(root, selector) {
  return root.querySelectorAll(selector);
}

/** As `write`, of an attribute. @param {Element} element @param {string} name @param {string | boolean} value */
export function mark(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Nothing happens where the text is there already: a frame is drawn often, and its words change seldom.
 * @param {HTMLElement} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
