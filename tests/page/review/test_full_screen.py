"""In full screen nothing but the picture is seen: what asks something beside it ends that."""

from __future__ import annotations

import re

import pytest

from tests.page.review_reader import ReviewPage
from tests.page.reviewing import stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

IS_FULL = "() => document.fullscreenElement !== null"


@pytest.fixture
def full(page: ReviewPage) -> ReviewPage:
    page.press("f")
    page.page.wait_for_function(IS_FULL)
    return page


def test_why_a_case_is_rejected_is_asked_where_it_is_seen_and_space_does_not_answer(
    full, project, store
):
    """Space pans in the picture, where the reader's hands are."""
    full.press("4", "Space")
    full.page.wait_for_function(f"() => !({IS_FULL})()")
    expect(full.find(".reasons")).to_be_visible()
    full.press("4")
    full.says("case 1, rejected: duplicate")
    assert stands(store, project, "case 1").reason == "duplicate"


def test_what_is_typed_as_a_comment_is_seen(full):
    full.press("Shift+C", "1")  # while full screen is left a key is no decision
    expect(full.find("textarea")).to_be_focused()
    full.page.keyboard.type("in the 2nd ring")
    expect(full.find("textarea")).to_have_value(re.compile("^1?in the 2nd ring$"))
    full.shows("case 1")


def test_the_queue_is_chosen_from_where_it_is_seen(full):
    full.press("Shift+Q")
    expect(full.find(".queue")).to_be_focused()
    assert not full.page.evaluate(IS_FULL)


def test_a_decision_leaves_full_screen_as_it_is(full):
    full.press("2")
    full.says("case 1, truth kept")
    assert full.page.evaluate(IS_FULL)


def test_a_scan_that_is_removed_can_be_had_back_where_that_is_seen(browse):
    page = browse()
    page.page.goto(page.address, wait_until="commit")
    row = page.page.locator("bc-workbench .list .row").first
    row.wait_for()
    name = page.page.locator("bc-workbench .findings h2").inner_text()
    page.press("f")
    page.page.wait_for_function(IS_FULL)
    page.press("x")
    page.page.locator("bc-workbench .toast").get_by_role("button", name="Undo").click()
    expect(page.page.locator("bc-workbench .findings h2")).to_have_text(name)
