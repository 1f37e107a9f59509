"""How the Review tab looks: nothing is cut off or moves at any width, and what is pressed is seen to be."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.page.reviewing import fill, ids, prediction_of, scans

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


# What stands beside every case, and takes another's place or room only if something moves.
PARTS = (".queue", "bc-viewer canvas", ".decide.accept", ".history", ".progress")

CUT_OFF = """all => all.filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1)
  .map(e => e.textContent)"""


def test_nothing_is_cut_off_or_moves_from_case_to_case(page):
    for scheme in ("light", "dark"):
        page.look(scheme)
        for width, height in ((1440, 900), (1280, 800), (1024, 768), (390, 844)):
            page.page.set_viewport_size({"width": width, "height": height})
            assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            picture = page.find("bc-viewer canvas").bounding_box()
            assert picture["height"] > 320 and picture["width"] > 0.42 * width, (width, picture)
            assert page.find(".decisions button").evaluate_all(CUT_OFF) == [], width
    page.page.set_viewport_size({"width": 1280, "height": 800})
    below = page.find(".status").bounding_box()
    page.press("4")
    assert page.find(".status").bounding_box() == below, "the reasons take another room"
    page.press("Escape")
    before = {part: page.find(part).bounding_box() for part in PARTS}
    for case in ("case 2", "case 4", "case 5"):
        page.press("5")
        page.shows(case)
        assert {part: page.find(part).bounding_box() for part in PARTS} == before, case


SPREAD = """() => {
  const root = document.querySelector('bc-review bc-viewer').shadowRoot;
  const [stage, pane] = ['.stage', '[data-pane=difference]'].map(name => root.querySelector(name).clientWidth);
  return pane > 0 && Math.abs(stage - 2 * pane) < 8;
}"""
BESIDE = """strip => [strip, ...strip.querySelectorAll('*')].filter(e => e.clientWidth &&
  (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1)).map(e => e.textContent)"""


@pytest.mark.parametrize("has_truth", [True, False])
def test_while_a_mask_is_drawn_the_legend_is_beside_its_name_and_over_no_picture(
    browse, store, tmp_path, request, has_truth
):
    made = fill(store, tmp_path / "scans", 1, has_truth=has_truth)
    request.addfinalizer(lambda: store.delete("local", made.id))
    page = browse().open().shows("case 1")
    page.press("e")
    for width in (1280, 1024, 640):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.page.wait_for_function(SPREAD)
        strip = page.find("bc-viewer [data-pane=difference] .strip")
        expect(strip.locator(".word").last).to_have_text("false alarm" if has_truth else "mine")
        assert strip.evaluate(BESIDE) == [], width
        assert page.find("bc-viewer .tools").evaluate("e => e.scrollWidth <= e.clientWidth"), width


BEYOND = """rows => rows.filter(row => {
  const [name, line] = ['.name', '.line'].map(part => row.querySelector(part));
  const cut = [...line.children].some(part => part.scrollWidth > part.clientWidth);
  const [outer, first, last] = [row, name, line].map(e => e.getBoundingClientRect());
  return cut || line.scrollWidth > line.clientWidth || line.scrollHeight > line.clientHeight + 1
    || first.top < outer.top || last.bottom > outer.bottom || first.bottom > last.top + 1;
}).map(row => row.textContent)"""


def test_a_row_of_the_queue_says_all_that_it_has_to_and_no_figure_under_the_gate_is_cut_off(
    browse, project, store
):
    by = ids(store, project)
    truth = scans(1)[0].truth
    carried = replace(prediction_of(truth, 6, "seen"), revision="another", carried_dice=0.62)
    store.add_prediction(by["case 1"], carried)
    store.add_prediction(by["case 2"], replace(carried, carried_dice=None))
    store.set_twins(project.id, [(by["case 2"], by["case 4"], 0.25)])
    under_the_gate = replace(
        prediction_of(scans(3)[2].truth, 0, "seen"),
        revision="ultrasound-of-another-hospital-2026",
        carried_dice=1.0,
    )
    store.add_prediction(by["case 3"], under_the_gate)
    page = browse().open(by["case 1"]).shows("case 1")
    row = page.find('.queue .row[aria-label^="case 1, "] .line')
    expect(row).to_have_text("Dice 0.62 · benign · out of fold")
    words = {"uncertain": "uncertainty", "suspect": "suspicion", "twins": "masks agree"}
    for order, said in ({"worst": "Dice"} | words).items():
        page.find("select[name=order]").select_option(order)
        expect(page.find(".queue .line").first).to_contain_text(said)
        assert page.find(".queue .row").evaluate_all(BEYOND) == [], order

    page.find("select[name=order]").select_option("worst")
    page.find('.queue .row[aria-label^="case 3, "]').click()
    page.shows("case 3")
    expect(page.find("table.scores")).to_contain_text("under the gate")
    for width in (1440, 1280):
        page.page.set_viewport_size({"width": width, "height": 800})
        assert page.find(".case").evaluate("e => e.scrollWidth - e.clientWidth") <= 0, width


def test_a_long_name_that_is_read_from_the_right_begins_there(browse, store, tmp_path, request):
    made = fill(store, tmp_path / "scans", 1, prefix="مريضة الثدي الأيسر الثانية ")
    request.addfinalizer(lambda: store.delete("local", made.id))
    page = browse().open()
    parts = page.find(".queue .row .name span")
    expect(parts).to_have_count(2)
    first, last = parts.all()
    assert first.inner_text().startswith("مريضة") and last.inner_text().endswith("case 1")
    assert last.bounding_box()["x"] < first.bounding_box()["x"], "it is read from its end"


def test_that_another_case_shows_the_same_picture_is_in_sight(page, project, store):
    by = ids(store, project)
    more = {"revision": "another", "carried_dice": 0.6, "iou": 0.4, "hd95_px": 12.0}
    store.add_prediction(by["case 2"], replace(prediction_of(scans(2)[1].truth, 6, "seen"), **more))
    store.set_twins(project.id, [(by["case 2"], by["case 4"], 0.25)])
    page.press("j")
    page.shows("case 2")
    expect(page.find(".by select")).to_be_visible()
    twin, panel = (page.find(name).bounding_box() for name in (".twin", ".case"))
    assert twin["y"] + twin["height"] <= panel["y"] + panel["height"]


def test_on_a_phone_name_and_caution_come_before_the_picture(browse, store, tmp_path, request):
    made = fill(store, tmp_path / "scans", 2, how="seen")
    request.addfinalizer(lambda: store.delete("local", made.id))
    page = browse()
    page.page.set_viewport_size({"width": 390, "height": 844})
    page.open().shows("case 1")
    order = (".case h2", "header .caution", "bc-viewer", ".draw", ".decide.accept", ".known")
    top = {name: page.find(name).bounding_box()["y"] for name in order}
    assert list(top) == sorted(top, key=top.get)
    assert top[".draw"] < 800  # in the first screen, with the picture


def test_what_is_pressed_can_be_used_and_is_done_is_seen(page):
    """A button under the mouse, Undo beside its neighbours, a bar of progress."""
    colour = "e => getComputedStyle(e).backgroundColor"
    draw, undo, unsure = (page.find(name) for name in (".draw", ".undo", ".decide.unsure"))
    loose = draw.evaluate(colour)
    draw.click()
    expect(draw).to_have_attribute("aria-pressed", "true")
    under = draw.evaluate(colour)
    page.page.mouse.move(1, 1)
    assert loose != under == draw.evaluate(colour)
    assert undo.evaluate(colour) == unsure.evaluate(colour)
    page.find(".page").evaluate("e => e.append(document.createElement('progress'))")
    bar = page.find(".page > progress")
    for scheme in ("light", "dark"):
        page.look(scheme)
        for value in (0.3, 0.9):
            bar.evaluate(f"e => e.value = {value}")
            seen = np.asarray(Image.open(BytesIO(bar.screenshot())).convert("RGB"))
            filled = seen[len(seen) // 2, len(seen[0]) // 20]
            assert (seen == filled).all(axis=2).mean() == pytest.approx(value, abs=0.02), scheme


def test_in_a_narrow_window_the_queue_opens_over_the_picture_and_closes_again(page):
    page.page.set_viewport_size({"width": 390, "height": 844})
    expect(page.find(".queue")).not_to_be_visible()
    page.find(".toggle-queue").click()
    expect(page.find(".queue")).to_be_focused()
    page.find(".close-queue").click()
    expect(page.find(".queue")).not_to_be_visible()
    page.press("Shift+Q")
    page.find(".queue .row").nth(2).click()
    page.shows("case 4")
    expect(page.find(".queue")).not_to_be_visible()
    page.press("Shift+Q", "Escape")
    expect(page.find(".queue")).not_to_be_visible()
