"""One reader in two browsers: what is decided in one is seen in the other, and what becomes of a drawing that is offered in
one and ends in the other. One that has forgotten all is another one, and what is done elsewhere is done in the store."""

from __future__ import annotations

import re

import numpy as np
import pytest

from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import REVISION, ids

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

LOWER = [(0.3, 0.7), (0.6, 0.7)]


def offered(page: ReviewPage) -> np.ndarray:
    """Draw, and open the case in a browser that knows nothing of it: its offer is there. What is drawn."""
    page.press("e")
    page.stroke(*BAR)
    page.says("Drawing kept")
    drawn = page.edited()
    anew(page)
    expect(page.find(".offer")).to_contain_text("1 stroke")
    expect(page.find(".offer")).not_to_contain_text("kept in this browser")
    return drawn


def anew(page: ReviewPage) -> None:
    """As in another browser."""
    page.forget()
    page.page.reload()
    page.shows("case 1")


def corrected(store: Store, case: int, mask: np.ndarray) -> NewVerdict:
    prediction = store.prediction("local", case).id
    return NewVerdict(
        "corrected", "elsewhere", mask=mask, prediction_id=prediction, beginning="prediction"
    )


def test_a_drawing_that_was_decided_elsewhere_is_said_to_be_and_the_case_is_drawn_on_as_it_is_now(
    page, project, store
):
    drawn = offered(page)
    case = ids(store, project)["case 1"]
    store.save("local", "ANNA", case, corrected(store, case, drawn))
    page.press("e")
    page.says("Your unfinished drawing is gone: this case was decided elsewhere meanwhile.")
    expect(page.find(".offer")).to_have_count(0)
    expect(page.find(".stands")).to_contain_text("ANNA: corrected")
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert page.viewer("v => v.tool") == "brush"
    assert np.array_equal(page.edited(), drawn), "another mask than stands is drawn on"
    page.stroke(*LOWER)
    page.press("3")
    page.says("case 1, corrected")


def test_a_drawing_that_was_dropped_elsewhere_is_said_to_be_and_the_pen_begins_without_it(
    page, project, store
):
    drawn = offered(page)
    case = ids(store, project)["case 1"]
    before = store.mask(project.id, store.prediction("local", case).mask_file)
    store.drop_draft("local", "ANNA", case)
    page.find(".offer").get_by_text("Go on").click()
    page.says("Your unfinished drawing is gone: it was dropped elsewhere meanwhile.")
    expect(page.find(".offer")).to_have_count(0)
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert page.viewer("v => v.tool") == "brush"
    assert np.array_equal(page.edited(), before) and not np.array_equal(before, drawn)
    assert page.state("case 1") == "not read"


def test_the_pen_is_not_in_the_hand_as_long_as_the_drawing_it_goes_on_with_cannot_be_had(page):
    drawn = offered(page)
    page.page.route("**/mask?of=draft", lambda route: route.abort())
    page.press("e")
    page.says("The server did not answer when asked for a mask of this case; try again.")
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "false")
    expect(page.find(".offer")).to_have_count(1)
    page.page.unroute_all()
    page.press("e")
    expect(page.find(".offer")).to_have_count(0)
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(page.edited(), drawn)


def test_of_two_drawings_it_is_said_which_one_is_of_this_browser(page, project, store):
    """Another browser went on with it: the server has that, and no more what this one drew."""
    page.press("e")
    page.stroke(*BAR)
    page.says("Drawing kept")
    drawn = page.edited()
    case, more = ids(store, project)["case 1"], drawn.copy()
    more[200:210, 100:200] = True
    store.save_draft("local", "ANNA", case, more, "prediction", strokes=2, revision=REVISION)
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


def test_a_drawing_that_cannot_be_had_is_not_drawn_over_with_the_mask_of_a_verdict(
    page, project, store
):
    page.press("e")
    page.stroke(*BAR)
    decided = page.edited()
    page.press("3")
    page.shows("case 2").press("k")
    page.shows("case 1")
    page.stroke(*LOWER)
    page.says("Drawing kept")
    drawn = page.edited()
    page.addressed(f"?case={ids(store, project)['case 1']}")
    anew(page)
    offers = page.find(".offer")
    expect(offers).to_have_count(1)
    page.page.route("**/mask?of=draft", lambda route: route.abort())
    page.find(".toggle").click()
    from_it = page.find(".verdicts").get_by_text("Draw from its mask")
    from_it.click()
    page.says("Your unfinished drawing, which lies under it, cannot be loaded. The server did")
    expect(offers).to_have_count(1)
    assert page.viewer("v => v.beginning ?? null") is None
    page.page.unroute_all()
    from_it.click()
    expect(offers).to_have_count(0)
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert np.array_equal(page.edited(), decided)
    page.press("Control+z")
    assert np.array_equal(page.edited(), drawn)


# --- the queue


def test_a_case_that_was_decided_elsewhere_is_read_in_the_queue_once_it_is_opened(
    page, project, store
):
    read = page.find(".progress p")
    # One that is fetched ahead, and one that is not.
    page.page.wait_for_function(
        """id => performance.getEntriesByType('resource')
          .some(({ name }) => name.includes(`/review/cases/${id}/probability`))""",
        arg=ids(store, project)["case 2"],
    )
    for count, name in enumerate(("case 2", "case 5"), 1):
        store.save("local", "ANNA", ids(store, project)[name], NewVerdict("unsure", name))
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
