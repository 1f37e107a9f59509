"""Small pictures of the Review tab: masks over the scan, what cannot be had, and one that a hand drags along."""

from __future__ import annotations

import numpy as np
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


# What is of the outline's colour in a canvas: left, top, right, bottom in parts of it.
OUTLINED = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const at = [...Array(width * height).keys()].filter((n) => data[4 * n] === 255 && data[4 * n + 1] === 176 && data[4 * n + 2] === 0);
  const [x, y] = [at.map((n) => (n % width) / width), at.map((n) => Math.floor(n / width) / height)];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}"""


def test_the_mask_of_each_verdict_is_seen_in_the_history_and_fetched_once_and_only_while_it_is_open(
    browse, project, store
):
    case = ids(store, project)["case 1"]
    first, second = np.zeros((2, 240, 320), bool)
    first[40:100, 60:200] = True
    second[120:180, 30:90] = True
    store.save("local", "BERTA", case, NewVerdict("corrected", "b", None, mask=first))
    after = store.case("local", case).latest_id
    store.save("local", "CARL", case, NewVerdict("corrected", "c", after, mask=second))
    store.save(
        "local", "ANNA", case, NewVerdict("unsure", "a", store.case("local", case).latest_id)
    )
    page = browse()
    asked = page.listen()
    page.open(case).shows("case 1")
    outlines = page.find(".verdicts .outline canvas")

    def masks() -> int:
        return sum("/mask?of=" in address for address in asked)

    assert masks() == 0, "nobody looks at them"
    page.find(".toggle").click()
    expect(outlines).to_have_count(2)
    for name, mask in (("CARL", second), ("BERTA", first)):
        canvas = page.find(".verdicts li").filter(has_text=name).locator(".outline canvas")
        page.page.wait_for_function(
            f"canvas => Number.isFinite(({OUTLINED})(canvas)[0])", arg=canvas.element_handle()
        )
        rows, columns = np.nonzero(mask)
        box = columns.min() / 320, rows.min() / 240, columns.max() / 320, rows.max() / 240
        assert canvas.evaluate(OUTLINED) == pytest.approx(box, abs=0.03), name
    expect(page.find(".verdicts li").filter(has_text="ANNA").locator(".outline")).to_have_count(0)
    for _ in range(2):
        page.find(".toggle").click()
    expect(outlines).to_have_count(2)
    assert masks() == 2
    page.page.set_viewport_size({"width": 390, "height": 844})
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.press("j")
    page.shows("case 2")
    expect(outlines).to_have_count(0)


def test_a_thumbnail_that_could_not_be_had_is_asked_for_again_as_one_moves_on(page):
    images = (
        "[...document.querySelector('bc-review')?.shadowRoot?.querySelectorAll('.queue img') ?? []]"
    )
    page.page.route("**/thumbnail", lambda route: route.abort())
    page.page.reload()
    page.page.wait_for_function(
        f"() => {images}.length === 6 && {images}.every((one) => one.complete && !one.naturalWidth)"
    )
    page.page.unroute_all()
    page.shows("case 1").press("j")
    page.page.wait_for_function(
        f"() => {images}.length === 6 && {images}.every((one) => one.naturalWidth > 0)",
        timeout=10_000,
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
