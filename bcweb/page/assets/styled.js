// A shadow tree that is unseen until its styles are there (or cannot be had): bare buttons would flash.

/** @param {ShadowRoot} root @param {string[]} styles files beside this one
 * @param {string | Node} content the page, or HTML whose first element holds it */
export function fillStyled(root, styles, content) {
  const links = styles.map((name) => `<link rel="stylesheet" href="${new URL(name, import.meta.url).href}">`);
  root.innerHTML = `${links.join("\n")}\n${content instanceof Node ? "" : content}`;
  if (content instanceof Node) root.append(content);
  const page = /** @type {HTMLElement} */ (root.querySelector("link ~ :not(link)"));
  page.style.visibility = "hidden";
  const there = [...root.querySelectorAll("link")].map((link) => new Promise((resolve) => (link.onload = link.onerror = resolve)));
  Promise.all(there).then(() => (page.style.visibility = ""));
}
