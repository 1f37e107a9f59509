// Elements from the tree of a card (see `bcweb.page.card`): a stranger's words, so only these tags and
// attributes, each set by its own name. Nothing is read as HTML.

import { h } from "./dom.js";

const TAGS = new Set([
  "p", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s",
  "h2", "h3", "h4", "h5", "h6", "br", "hr", "code", "pre",
]);

/** A range such as 0.58-0.77 stays on one line. @param {string} words */
function text(words) {
  const parts = words.split(/(\S*\d-\d\S*)/).filter(Boolean);
  if (parts.length < 2 && !/\d-\d/.test(words)) return document.createTextNode(words);
  return h("span", {}, ...parts.map((part) => (/\d-\d/.test(part) && part.length < 24 ? h("span", { class: "whole" }, part) : part)));
}

/** The tree as elements, without a first heading that only repeats what stands above it.
 * @param {any[]} nodes @param {string[]} said @param {(path: string) => string} pictureAt */
export function buildAll(nodes, said, pictureAt) {
  const repeats = Array.isArray(nodes[0]) && nodes[0][0] === "h2" && said.includes(nodes[0].slice(2).join("").toLowerCase());
  return nodes.slice(repeats ? 1 : 0).map((node) => build(node, pictureAt));
}

/** @param {any} node @param {(path: string) => string} pictureAt the address of a picture beside the card @returns {Node} */
function build(node, pictureAt) {
  if (!Array.isArray(node)) return text(String(node));
  const [tag, attributes, ...inner] = node;
  const children = inner.map((child) => build(child, pictureAt));
  if (tag === "img") return h("img", { src: pictureAt(String(attributes.path)), alt: String(attributes.alt), loading: "lazy", decoding: "async" });
  if (tag === "a" && /^https?:\/\//i.test(attributes.href)) {
    return h("a", { href: attributes.href, title: attributes.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
  }
  if (!TAGS.has(tag)) return h("span", {}, ...children);
  const element = h(tag, { class: /^(right|center)$/.test(attributes.align) ? attributes.align : null, start: Number.isInteger(attributes.start) ? attributes.start : null }, ...children);
  // A wide table scrolls by itself, and by keys too.
  return tag === "table" ? h("div", { class: "wide", role: "region", "aria-label": "Table", tabIndex: 0 }, element) : element;
}
