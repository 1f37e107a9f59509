"""A card is a stranger's text: what becomes of it is text, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bcweb.page import card
from bcweb.weights import load_weights

ASSETS = Path(card.__file__).parent / "assets"


def tree(text: str, *pictures: str) -> list[card.Node]:
    return card.render(text, lambda path: path in pictures)


def elements(nodes: list[card.Node]) -> list[list]:
    found = []
    for node in nodes:
        if isinstance(node, list):
            found += [node, *elements(node[2:])]
    return found


def words(nodes: list[card.Node]) -> str:
    return "".join(node if isinstance(node, str) else words(node[2:]) for node in nodes)


HOSTILE = """\
# Card <script>alert(1)</script>

<script>alert(2)</script>

<img src=x onerror=alert(3)> <a href="javascript:alert(4)">there</a>

[a](javascript:alert(5)) [b](data:text/html,x) [c](vbscript:x) [d](file:///etc/passwd) [e](//evil.example)
[f](https://ok.example "title")

![x](https://evil.example/t.png) ![y](//evil.example/t.png) ![z](data:image/png;base64,AAAA)
![up](../secret.png) ![bad](http://[)
<iframe src="https://evil.example"></iframe>
"""


def test_html_is_text_and_links_lead_to_web_pages_only():
    nodes = tree(HOSTILE)
    assert {name for _, attributes, *_ in elements(nodes) for name in attributes} == {"href"}
    assert [e[1]["href"] for e in elements(nodes) if e[0] == "a"] == ["https://ok.example"]
    assert "<script>alert(1)</script>" in words(nodes), "shown as it was written"


def test_no_picture_of_another_host_is_shown_and_it_is_said():
    nodes = tree(HOSTILE)
    assert not [e for e in elements(nodes) if e[0] == "img"]
    assert "[Picture not shown, another host: x]" in words(nodes)
    assert "[Picture not shown, no file beside it: up]" in words(nodes)


def test_a_picture_beside_the_card_is_shown():
    nodes = tree("![Some scans](pictures/a%20b.png)", "pictures/a b.png")
    assert nodes == [["p", {}, ["img", {"path": "pictures/a b.png", "alt": "Some scans"}]]]


def test_what_cards_are_made_of_keeps_its_form():
    nodes = tree("## Use\n\n- one `x`\n- two\n\n3. c\n\n| a | b |\n| - | -: |\n| 1 | **2** |\n")
    assert nodes == [
        ["h3", {}, "Use"],
        ["ul", {}, ["li", {}, "one ", ["code", {}, "x"]], ["li", {}, "two"]],
        ["ol", {"start": 3}, ["li", {}, "c"]],
        [
            "table", {},
            ["thead", {}, ["tr", {}, ["th", {}, "a"], ["th", {"align": "right"}, "b"]]],
            ["tbody", {}, ["tr", {}, ["td", {}, "1"],
                           ["td", {"align": "right"}, ["strong", {}, "2"]]]],
        ],
    ]  # fmt: skip


def test_the_page_builds_every_tag_that_a_card_can_have():
    known = re.search(r"TAGS = new Set\(\[(.*?)\]\)", (ASSETS / "card.js").read_text(), re.DOTALL)
    built = set(re.findall(r'"(\w+)"', known[1])) | {"a", "img"}
    everything = (
        "# a\n\n## a\n\n### a\n\n#### a\n\n##### a\n\n###### a\n\n*a* **b** ~~c~~ `d`\\\n"
        "[e](https://e.example) ![f](f.png)\n\n- a\n\n1. b\n\n> c\n\n---\n\n```sh\nd\n```\n\n"
        "| a |\n| - |\n| b |\n"
    )
    made = {element[0] for element in elements(tree(everything, "f.png"))}
    assert {"p", "br", "hr", "pre", "td", "s", "img", "a"} <= made <= built


def test_front_matter_is_not_shown_but_its_licence_is_known():
    text = "---\nlicense: apache-2.0\ntags: [x]\n---\n\n# Name\n"
    assert tree(text) == [["h2", {}, "Name"]]
    assert card.licence(text) == "apache-2.0"
    assert card.licence("license: mit\n") is None, "only front matter says it"


@pytest.mark.parametrize("text", ["[" * 300_000, "> " * 100_000 + "x", "*a " * 100_000])
def test_a_text_without_end_is_cut_and_said_to_be(text):
    assert "Cut here" in words(tree(text))


def test_our_own_cards_are_read_whole():
    for file in (ASSETS.parents[1] / "pretrained").glob("*/README.md"):
        text = file.read_text()
        nodes = tree(text)
        assert words(nodes[:1]) == load_weights("embedded", file.parent.name).config.name
        assert sum(e[0] == "tr" for e in elements(nodes)) == text.count("\n|") - 1
