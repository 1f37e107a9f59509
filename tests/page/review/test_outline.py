"""An outline that is not closed, in the Review tab: what is on the screen counts as drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import ids, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

CORNERS = [(0.2, 0.6), (0.5, 0.6), (0.5, 0.8), (0.2, 0.8)]  # in parts of a pane


def outline(page: ReviewPage, *corners: tuple[float, float]) -> None:
    """Set corners of a polygon, and do not close it."""
    page.press("c")
    for corner in corners or CORNERS:
        page.stroke(corner)


def draw(page: ReviewPage) -> np.ndarray:
    """Draw a stroke and such a polygon. Gives the mask with both, as it is once the polygon is closed by hand."""
    page.press("e")
    page.stroke(*BAR)
    return draw_more(page, CORNERS)


def draw_more(page: ReviewPage, corners: list[tuple[float, float]]) -> np.ndarray:
    """Such a polygon, and the mask with it, as it is once it is closed by hand."""
    outline(page, *corners)
    page.press("Enter")
    whole = page.edited()
    page.press("Control+z")
    assert page.edited().sum() < whole.sum()
    outline(page, *corners)
    return whole


def test_it_is_saved_with_the_strokes(page, project, store):
    whole = draw(page)
    page.press("3")
    page.says("case 1, corrected")
    verdict = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), whole)


def test_alone_it_is_a_correction(page, project, store):
    page.press("e")
    before = page.edited()
    outline(page)
    expect(page.find(".decide.corrected")).to_be_enabled()
    page.press("3")
    page.says("case 1, corrected")
    saved = store.mask(project.id, stands(store, project, "case 1").mask_file)
    assert saved.sum() > before.sum() and saved[before].all()


def test_it_is_not_left_out_without_a_word(page, project, store):
    page.press("e")
    outline(page)
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it, pressing “Accept” again leaves it out.")
    page.shows("case 1")
    assert store.project("local", project.id).read == 0
    assert stands(store, project, "case 1") is None
    page.press("1")
    page.says("prediction accepted")
    assert store.draft("local", "ANNA", ids(store, project)["case 1"]) is None


def test_escape_drops_it_on_purpose(page, project, store):
    page.press("e")
    outline(page)
    page.says("Drawing kept")
    page.press("Escape")
    expect(page.find(".decide.corrected")).to_be_disabled()
    page.press("1")
    page.says("case 1, prediction accepted")
    assert store.draft("local", "ANNA", ids(store, project)["case 1"]) is None


def test_it_is_kept_when_its_case_is_left(page):
    page.press("e")
    page.stroke(*BAR)
    for to_right, *away in ((0, "j"), (0.2, "Shift+E", "j"), (0.4, "reload")):
        whole = draw_more(page, [(x + to_right, y) for x, y in CORNERS])
        page.says("Drawing kept")
        expect(page.find(".status")).not_to_contain_text("Keeping")
        if away == ["reload"]:
            page.page.reload()
            page.shows("case 1")
        else:
            page.press(*away)
            page.shows("case 2").press("k")
            page.shows("case 1")
        expect(page.find(".offer"), str(away)).to_have_count(1)
        page.press("e")
        expect(page.find(".offer"), str(away)).to_have_count(0)
        assert np.array_equal(page.edited(), whole), away


def test_another_tool_or_the_pen_put_down_paints_it_and_corners_that_enclose_nothing_are_nothing(
    page,
):
    page.press("e")
    before = page.edited()
    outline(page)
    page.press("b")
    assert page.viewer("v => v.strokes") == 1, "it is no stroke under another tool"
    assert page.edited().sum() > before.sum()
    page.press("Control+z")
    assert page.viewer("v => v.strokes") == 0
    assert np.array_equal(page.edited(), before)

    outline(page)
    page.press("Shift+E")
    assert page.viewer("v => [v.strokes, v.tool]") == [1, "pan"], "the pen was put down"
    assert page.edited().sum() > before.sum()
    page.press("e", "Control+z")
    assert np.array_equal(page.edited(), before)

    outline(page, *CORNERS[:2])
    page.press("3")
    page.says("Nothing is changed yet.")
    page.press("1")
    page.says("case 1, prediction accepted")


# --- what is said of it


def test_with_the_pen_in_the_hand_nobody_is_told_to_take_it_and_a_warning_goes_with_its_strokes(
    page,
):
    page.press("e", "3")
    page.says("Nothing is changed yet.")
    page.stroke(*BAR)
    expect(page.find(".status")).not_to_contain_text("Nothing is changed yet.")
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it, pressing “Accept” again leaves it out.")
    page.press("Control+z")
    expect(page.find(".status")).not_to_contain_text("drawn here")
    page.stroke(*BAR)
    page.stroke((0.3, 0.7), (0.6, 0.7))
    page.press("1")
    page.says("2 strokes are drawn here: 3 saves them, pressing “Accept” again leaves them out.")
