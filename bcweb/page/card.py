"""A card or a study, Markdown from whoever made the weights, as a tree that can hold nothing but text.

A node is a text, or [tag, attributes, *nodes]. Tags and attributes are those of `_TAGS` and of this
module and no others; the page makes elements of them one by one (`assets/card.js`), never from HTML.
HTML in the Markdown is text. Pictures are those that lie beside the text; nothing of another host is
loaded, and links to one are followed only by a click.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bcweb.hub import FRONT_MATTER

Node = str | list

LIMIT = 64 * 1024  # characters; ours have 4,000
_TAGS = {
    "p", "ul", "ol", "li", "blockquote", "table", "thead", "tbody", "tr", "th", "td",
    "em", "strong", "s", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_LICENCE = re.compile(r"^license: *[\"']?([\w.+-]{1,40})[\"']? *$", re.MULTILINE)
_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
_markdown.enable(["table", "strikethrough"])


def licence(text: str) -> str | None:
    """What the front matter says, in the Hub's short form."""
    front = FRONT_MATTER.match(text)
    found = front and _LICENCE.search(front[1])
    return found[1] if found else None


def render(text: str, has_picture: Callable[[str], bool]) -> list[Node]:
    """The tree of a Markdown text without its front matter, headings one level down.

    has_picture: whether a picture lies under this path, relative to the text.
    """
    cut = len(text) > LIMIT
    text = FRONT_MATTER.sub("", text[:LIMIT], count=1)
    nodes = _nodes(_markdown.parse(text), has_picture)
    if cut:
        nodes.append(["p", {}, ["em", {}, f"Cut here, after {LIMIT:,} characters."]])
    return nodes


def _nodes(tokens: list[Token], has_picture: Callable[[str], bool]) -> list[Node]:
    root: list[Node] = ["root", {}]
    stack = [root]
    for token in tokens:
        if token.hidden:  # the paragraphs of a tight list
            continue
        if token.nesting > 0:
            stack.append(_opened(token))
        elif token.nesting < 0:
            closed = stack.pop()
            # What has no tag of ours leaves its children where it was.
            stack[-1].extend([closed] if closed[0] else closed[2:])
        elif token.type == "inline":
            stack[-1].extend(_nodes(token.children or [], has_picture))
        elif leaf := _leaf(token, has_picture):
            stack[-1].append(leaf)
    return root[2:]


def _opened(token: Token) -> list[Node]:
    if token.tag == "a":
        href = str(token.attrs.get("href", ""))
        return ["a", {"href": href}] if _is_elsewhere(href) else ["", {}]
    if token.tag not in _TAGS:
        return ["", {}]
    tag = token.tag
    if token.type == "heading_open":
        tag = f"h{min(int(tag[1]) + 1, 6)}"
    attributes = {}
    if token.attrs.get("style") in ("text-align:right", "text-align:center"):
        attributes["align"] = str(token.attrs["style"]).removeprefix("text-align:")
    if tag == "ol" and isinstance(token.attrs.get("start"), int):
        attributes["start"] = token.attrs["start"]
    return [tag, attributes]


def _leaf(token: Token, has_picture: Callable[[str], bool]) -> Node:
    match token.type:
        case "text" | "html_inline" | "html_block":
            return token.content
        case "softbreak":
            return " "
        case "hardbreak":
            return ["br", {}]
        case "hr":
            return ["hr", {}]
        case "code_inline":
            return ["code", {}, token.content]
        case "fence" | "code_block":
            return ["pre", {}, ["code", {}, token.content]]
        case "image":
            return _picture(str(token.attrs.get("src", "")), token.content, has_picture)
    return ""


def _picture(src: str, alt: str, has_picture: Callable[[str], bool]) -> Node:
    path = unquote(src)
    if not _scheme(src) and has_picture(path):
        return ["img", {"path": path, "alt": alt}]
    where = "another host" if _is_elsewhere(src) or src.startswith("//") else "no file beside it"
    return ["em", {}, f"[Picture not shown, {where}: {alt or 'without a title'}]"]


def _is_elsewhere(href: str) -> bool:
    return _scheme(href) in ("http", "https")


def _scheme(address: str) -> str:
    try:
        return urlsplit(address).scheme
    except ValueError:
        return "none that is known"
