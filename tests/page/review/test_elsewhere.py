"""One reader in two browsers: what is decided in one is seen in the other, and what becomes of a drawing that is offered in
one and ends in the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bcweb.review.records import NewVerdict
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import ids

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

LOWER = [(0.3, 0.7), (0.6, 0.7)]


@pytest.fixture
def elsewhere(chromium, place: str) -> Iterator[ReviewPage]:
    """Another browser, with nothing open yet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    made = ReviewPage(context.new_page(), place)
    yield made
    context.close()
    assert made.complaints == []


def offered(page: ReviewPage, elsewhere: ReviewPage) -> np.ndarray:
    """Draw here, and open the case elsewhere: its offer is there. What is drawn."""
    page.press("e")
    page.stroke(*BAR)
    page.says("Drawing kept")
    elsewhere.open().shows("case 1")
    expect(elsewhere.find(".offer")).to_contain_text("1 stroke")
    return page.edited()


def by_key(page: ReviewPage) -> None:
    page.press("e")


def by_button(page: ReviewPage) -> None:
    page.find(".offer").get_by_text("Go on").click()


@pytest.mark.parametrize("goes_on", [by_key, by_button])
def test_a_drawing_that_was_decided_elsewhere_is_said_to_be_and_the_case_is_drawn_on_as_it_is_now(
    page, elsewhere, goes_on: Callable[[ReviewPage], None]
):
    drawn = offered(page, elsewhere)
    page.press("3")
    page.says("case 1, corrected")
    goes_on(elsewhere)
    elsewhere.says("Your unfinished drawing is gone: this case was decided elsewhere meanwhile.")
    expect(elsewhere.find(".offer")).to_have_count(0)
    expect(elsewhere.find(".stands")).to_contain_text("ANNA: corrected")
    expect(elsewhere.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert elsewhere.viewer("v => v.tool") == "brush"
    assert np.array_equal(elsewhere.edited(), drawn), "another mask than stands is drawn on"
    elsewhere.stroke(*LOWER)
    elsewhere.press("3")
    elsewhere.says("case 1, corrected")


def test_a_drawing_that_was_dropped_elsewhere_is_said_to_be_and_the_pen_begins_without_it(
    page, elsewhere
):
    drawn = offered(page, elsewhere)
    with page.page.expect_response("**/draft"):
        page.press("Control+z")
    before = page.edited()
    elsewhere.press("e")
    elsewhere.says("Your unfinished drawing is gone: it was dropped elsewhere meanwhile.")
    expect(elsewhere.find(".offer")).to_have_count(0)
    expect(elsewhere.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert elsewhere.viewer("v => v.tool") == "brush"
    assert np.array_equal(elsewhere.edited(), before) and not np.array_equal(before, drawn)
    assert elsewhere.state("case 1") == "not read"


def test_the_pen_is_not_in_the_hand_as_long_as_the_drawing_it_goes_on_with_cannot_be_had(
    page, elsewhere
):
    drawn = offered(page, elsewhere)
    elsewhere.page.route("**/mask?of=draft", lambda route: route.abort())
    elsewhere.press("e")
    elsewhere.says("The server did not answer when asked for a mask of this case; try again.")
    expect(elsewhere.find(".draw")).to_have_attribute("aria-pressed", "false")
    expect(elsewhere.find(".offer")).to_have_count(1)
    elsewhere.page.unroute_all()
    elsewhere.press("e")
    expect(elsewhere.find(".offer")).to_have_count(0)
    expect(elsewhere.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(elsewhere.edited(), drawn)


def test_of_two_drawings_it_is_said_which_one_is_of_this_browser(page, elsewhere):
    """Another browser went on with it: the server has that, and no more what this one drew."""
    drawn = offered(page, elsewhere)
    elsewhere.press("e")
    expect(elsewhere.find(".offer")).to_have_count(0)
    elsewhere.stroke(*LOWER)
    elsewhere.says("Drawing kept")
    page.page.reload()
    page.shows("case 1")
    offers = page.find(".offer")
    expect(offers).to_have_count(2)
    expect(offers.nth(0)).to_contain_text("2 strokes")
    expect(offers.nth(0)).not_to_contain_text("kept in this browser")
    expect(offers.nth(1)).to_contain_text("1 stroke, kept in this browser")
    offers.nth(1).get_by_text("Go on").click()
    expect(offers).to_have_count(1)
    assert np.array_equal(page.edited(), drawn)


def test_a_drawing_that_cannot_be_had_is_not_drawn_over_with_the_mask_of_a_verdict(page, elsewhere):
    page.press("e")
    page.stroke(*BAR)
    decided = page.edited()
    page.press("3")
    page.shows("case 2").press("k")
    page.shows("case 1")
    page.stroke(*LOWER)
    page.says("Drawing kept")
    drawn = page.edited()
    elsewhere.open().shows("case 2").press("k")
    elsewhere.shows("case 1")
    offers = elsewhere.find(".offer")
    expect(offers).to_have_count(1)
    elsewhere.page.route("**/mask?of=draft", lambda route: route.abort())
    elsewhere.find(".toggle").click()
    from_it = elsewhere.find(".verdicts").get_by_text("Draw from its mask")
    from_it.click()
    elsewhere.says("Your unfinished drawing, which lies under it, is not to be had. The server did")
    expect(offers).to_have_count(1)
    assert elsewhere.viewer("v => v.beginning ?? null") is None
    elsewhere.page.unroute_all()
    from_it.click()
    expect(offers).to_have_count(0)
    expect(elsewhere.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(elsewhere.edited(), decided)
    elsewhere.press("Control+z")
    assert np.array_equal(elsewhere.edited(), drawn)


# --- the queue


def decide_elsewhere(elsewhere: ReviewPage, name: str) -> None:
    elsewhere.find(f'.queue .row[aria-label^="{name}, "]').click()
    elsewhere.shows(name).press("5")
    elsewhere.says(f"{name}, unsure")


def test_a_case_that_was_decided_elsewhere_is_read_in_the_queue_once_it_is_opened(
    page, elsewhere, project
):
    elsewhere.open().shows("case 1")
    read = page.find(".progress p")
    # One that was fetched ahead, and one that was not.
    for count, name in enumerate(("case 2", "case 5"), 1):
        decide_elsewhere(elsewhere, name)
        # Who comes back to the tab is told how many are read.
        page.page.get_by_role("tab", name="Scan").click()
        with page.page.expect_response("**/review/session"):
            page.page.get_by_role("tab", name="Review").click()
        expect(read).to_have_text(f"{count} of 6 read")
        assert page.state(name) == "not read"
        row = page.find(f'.queue .row[aria-label^="{name}, "]')
        with page.page.expect_response(f"**/review/projects/{project.id}"):
            row.click()
        page.shows(name)
        expect(row).to_have_attribute("aria-label", re.compile(", unsure by ANNA$"))
        expect(read).to_have_text(f"{count} of 6 read")
        expect(page.find('option[value="unsure"]')).to_have_text(f"Unsure ({count})")


def test_the_list_of_a_label_that_was_given_up_elsewhere_becomes_that_of_all_cases(
    page, project, store
):
    page.find("select[name=label]").select_option(label="Normal (2)")
    expect(page.find(".row .name")).to_have_text(["case 3", "case 6"])
    numbers = ids(store, project)
    for name in ("case 3", "case 6"):
        store.save("local", "BERTA", numbers[name], NewVerdict("unsure", name, label="benign"))
    page.press("j")
    page.shows("case 3")
    expect(page.find("select[name=label] option:checked")).to_have_text("Any label")
    expect(page.find(".told span")).to_have_text("6 cases")
    expect(page.find(".row .name")).to_have_count(6)
    expect(page.find(".progress p")).to_have_text("2 of 6 read")
