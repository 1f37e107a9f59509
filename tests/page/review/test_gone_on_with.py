"""A case that is gone on with in the Review tab while the verdict on it is still being saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import ids, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# A drawing of one stroke is kept in this browser, with this comment.
IS_KEPT = """async (comment) => {
  const asked = indexedDB.open("bc-review");
  await new Promise((done) => (asked.onsuccess = done));
  const all = asked.result.transaction("kept").objectStore("kept").getAll();
  await new Promise((done) => (all.onsuccess = done));
  asked.result.close();
  return all.result.some(({ kind, bits, form }) => kind === "draft" && bits && form.comment === comment);
}"""
MORE = "What you add now is saved when you decide again."


@pytest.fixture
def answer(page: ReviewPage) -> Iterator[Callable[[], None]]:
    """Case 1 is decided, as unsure, and is being saved until this is called."""
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")

    def go_on() -> None:
        held.pop().continue_()
        page.page.unroute("**/verdicts")

    yield go_on


def test_a_comment_stays_with_the_case_it_was_begun_on(page, project, store, answer):
    comment = page.find("textarea")
    page.press("Shift+C")
    page.page.keyboard.type("a spiculated ")
    answer()
    page.says(MORE)
    page.page.keyboard.type("margin")
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"
    expect(page.find(".decide.truth")).to_be_enabled()  # it is there again
    page.press("Escape", "2")
    page.says("case 1, truth kept")
    page.shows("case 2")
    assert comment.input_value() == "", "the rest was written on the next case"
    first = stands(store, project, "case 1")
    assert (first.decision, first.comment) == ("truth", "a spiculated margin")


def test_a_comment_without_a_letter_yet_stays_with_its_case(page, answer):
    page.press("Shift+C")
    answer()
    page.says(MORE)
    page.page.keyboard.type("a margin")
    page.shows("case 1")
    page.press("Escape", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    assert page.find("textarea").input_value() == "a margin"


def test_what_is_filled_in_is_there_however_its_case_was_left(page, answer):
    comment = page.find("textarea")
    comment.fill("a spiculated margin")
    page.press("Escape", "j")
    page.shows("case 2")
    answer()
    page.says("case 1, unsure")
    page.press("k")
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"
    page.reload()
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"


def test_what_is_filled_in_is_there_after_an_undo(page, project, store, answer):
    page.press("u")
    page.says("NOT undone yet: case 1.")
    page.press("Shift+C")
    page.page.keyboard.type("a spiculated margin")
    answer()
    page.says("Undone: unsure. Decide again.")
    page.shows("case 1")
    assert page.find("textarea").input_value() == "a spiculated margin"
    assert stands(store, project, "case 1") is None


def test_a_stroke_stays_in_hand(page, project, store, answer):
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    with page.page.expect_response("**/draft?*"):
        answer()
    page.shows("case 1")
    expect(page.find(".decide.corrected")).to_be_enabled()
    assert np.array_equal(page.edited(), drawn), "the stroke is gone"
    assert store.draft("local", "ANNA", ids(store, project)["case 1"]).strokes == 1
    page.press("3")
    page.says("case 1, corrected")
    page.shows("case 2")
    first = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, first.mask_file), drawn)


def test_what_is_added_to_a_verdict_that_is_not_saved_yet_outlives_its_page(
    page, browse, project, store
):
    """The next page sends the verdict first, which does not end what came after it."""
    page.refuse("/verdicts")
    page.press("5")
    page.says("NOT saved yet, but kept in this browser: case 1.")
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.find("textarea").fill("a spiculated margin")
    page.page.wait_for_function(IS_KEPT, arg="a spiculated margin")
    page.page.close(run_before_unload=False)
    page = browse().open(ids(store, project)["case 1"])
    page.says("case 1, unsure")
    page.shows("case 1").find(".offer").get_by_text("Go on").click()
    expect(page.find(".offer")).to_have_count(0)
    assert np.array_equal(page.edited(), drawn), "another drawing is gone on with"
    expect(page.find("textarea")).to_have_value("a spiculated margin")
    page.press("3")
    page.says("case 1, corrected")
    first = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, first.mask_file), drawn)
    assert [one.decision for one in store.history("local", first.case_id)] == [
        "unsure",
        "corrected",
    ]
