"""Thumbnails of the Review tab where something goes wrong: they cannot be had, or a hand drags one along."""

from __future__ import annotations

import pytest

from bcweb.review.records import NewVerdict
from tests.page.review_reader import BAR
from tests.page.reviewing import ids

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_two_masks_are_compared_though_there_is_no_thumbnail_to_lie_under_them(
    browse, project, store
):
    case = ids(store, project)["case 1"]
    page = browse()
    page.page.route("**/thumbnail", lambda route: route.abort())
    page.open(case).shows("case 1").press("e")
    store.save("local", "BERTA", case, NewVerdict("truth", "b", None))
    page.stroke(*BAR)
    page.press("3")
    page.says("NOT saved: BERTA decided case 1 meanwhile.")
    page.page.wait_for_function(
        """() => {
          const all = [...document.querySelector("bc-review").shadowRoot.querySelectorAll(".clash canvas")];
          return all.length === 2 && all.every((one) =>
            one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some((value) => value > 0));
        }"""
    )


def test_a_thumbnail_that_a_hand_drags_along_is_no_file_that_is_dropped(page):
    """Safari gives it as one, and the Scan tab would take it."""
    page.page.evaluate(
        "() => { window.heard = []; for (const name of ['dragover', 'drop'])"
        " window.addEventListener(name, ({ dataTransfer }) => heard.push([name, ...dataTransfer.types]), true) }"
    )
    image = page.find(".queue .row img").nth(2)
    image.wait_for()
    box = image.bounding_box()
    mouse = page.page.mouse
    mouse.move(box["x"] + 5, box["y"] + 5)
    mouse.down()
    mouse.move(600, 400, steps=8)
    mouse.up()
    assert page.page.evaluate("heard") == []
    page.shows("case 1")
    expect(page.find(".room")).to_be_visible()
