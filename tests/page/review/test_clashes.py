"""Somebody else has decided the case in the meantime: what the Review tab says and offers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bcweb.review.records import NewVerdict, Project
from bcweb.review.store import Store
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import ids, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

LOWER = [(0.3, 0.7), (0.6, 0.7)]


def test_of_two_tabs_on_a_case_the_second_is_told_and_may_save_on_top_with_what_is_added_since(
    page, project, store
):
    case = ids(store, project)["case 1"]
    store.save("local", "BERTA", case, NewVerdict("truth", "b", None, label="benign"))
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.says("NOT saved: BERTA decided case 1 meanwhile.")
    expect(page.find(".clash figcaption").first).to_contain_text("BERTA truth kept")
    expect(page.find(".clash figcaption").last).to_contain_text("You corrected")
    expect(page.find(".clash canvas")).to_have_count(2)
    expect(page.find(".stands")).to_contain_text("BERTA: truth kept")
    expect(page.find(".toggle")).to_have_text("1 verdict")
    expect(page.find('.row[aria-label^="case 1, "]')).to_have_attribute(
        "aria-label", re.compile("truth kept by BERTA$")
    )
    assert np.array_equal(page.edited(), drawn)
    assert stands(store, project, "case 1").reader == "BERTA"
    page.stroke(*LOWER)
    drawn = page.edited()
    page.find(".decision textarea").fill("not as BERTA has it")
    page.find(".clash .primary").click()
    page.says("case 1, corrected")
    page.shows("case 2")
    verdict = stands(store, project, "case 1")
    assert (verdict.reader, verdict.comment) == ("ANNA", "not as BERTA has it")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
    assert [one.reader for one in store.history("local", case)] == ["BERTA", "ANNA"]


def overtaken(page: ReviewPage, project: Project, store: Store) -> None:
    """Correct case 1, which BERTA has decided since it was opened."""
    case = ids(store, project)["case 1"]
    store.save("local", "BERTA", case, NewVerdict("truth", "b", None))
    page.press("e")
    page.stroke(*BAR)
    page.press("3")
    page.says("NOT saved: BERTA decided case 1 meanwhile.")
    expect(page.find(".clash .primary")).to_be_visible()


def test_what_another_page_said_is_saved_on_top_with_what_is_filled_in_since(page, project, store):
    page.find(".decision select").select_option("malignant")
    page.find(".decision textarea").fill("moved up")
    page.press("Escape")
    overtaken(page, project, store)
    drawn = page.edited()
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".clash .primary")).to_be_visible()
    page.find(".decision textarea").fill("not as BERTA has it")
    page.find(".clash .primary").click()
    page.says("case 1, corrected")
    verdict = stands(store, project, "case 1")
    assert (verdict.label, verdict.comment) == ("malignant", "not as BERTA has it")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)


def test_strokes_after_a_clash_that_are_not_in_hand_are_not_left_out_without_a_word(
    page, project, store
):
    overtaken(page, project, store)
    with page.page.expect_response("**/draft?*"):
        page.stroke(*LOWER)
    drawn = page.edited()
    page.press("Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(page.find(".offer")).to_contain_text("2 strokes")
    page.find(".clash .primary").click()
    page.says("“Save mine on top” again drops it.")
    assert stands(store, project, "case 1").reader == "BERTA"
    page.press("e")
    expect(page.find(".offer")).to_have_count(0)
    page.find(".clash .primary").click()
    page.says("case 1, corrected")
    verdict = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)


def test_the_second_of_two_tabs_may_leave_the_first_verdict_as_it_is(page, project, store):
    case = ids(store, project)["case 1"]
    store.save("local", "BERTA", case, NewVerdict("reject", "b", None, reason="duplicate"))
    page.press("2")
    expect(page.find(".clash .no-mask")).to_have_count(2)
    page.find(".clash").get_by_text("Keep theirs").click()
    expect(page.find(".stands")).to_contain_text("BERTA: rejected: duplicate")
    assert len(store.history("local", case)) == 1
    page.page.reload()
    page.shows("case 1")
    assert len(store.history("local", case)) == 1, "nor is it sent when the page is opened again"
