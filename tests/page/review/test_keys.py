"""Keys of the Review tab: each does what the sheet says, and all of it is reached and named without a mouse."""

from __future__ import annotations

import re

import pytest

from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_the_keys_do_what_the_sheet_of_keys_says(page, project, store):
    """The sheet is generated from the table of keys; each of its first rows is played here."""
    page.press("?")
    sheet = page.find(".help-sheet dl").first.locator("dd").all_inner_texts()
    page.press("?")
    expect(page.find(".help-sheet")).not_to_be_visible()
    told = {re.sub(r"[,;:(].*", "", words) for words in sheet}
    played = {
        "Accept the prediction": lambda: _decides(page, "1", "case 1", "prediction accepted"),
        "Keep the truth": lambda: _decides(page, "2", "case 2", "truth kept"),
        "Save what is drawn": lambda: _draws(page, "case 4"),
        "No lesion": lambda: _has_none(page, "case 5"),
        "Reject the case": lambda: _decides(page, "4", "case 5", "rejected: duplicate", "4"),
        "Unsure": lambda: _decides(page, "5", "case 3", "unsure"),
        "Undo the last verdict": lambda: _undoes(page, "case 3"),
        "Next case of the queue": lambda: (page.press("j"), page.shows("case 6")),
        "Previous case": lambda: (page.press("k"), page.shows("case 3")),
        "Next unread case": lambda: (page.press("n"), page.shows("case 6")),
        "Draw a correction": lambda: _pressed(page, "e", ".draw", "true"),
        "Put the pen down": lambda: _pressed(page, "Shift+E", ".draw", "false"),
        "The next label": lambda: _labels(page),
        "Easy": lambda: _difficulty(page),
        "Comment": lambda: _comments(page),
        "The queue": lambda: _queue(page),
        "These keys": lambda: None,
    }
    assert told == set(played), "a row of the sheet is not played"
    for play in played.values():
        play()
    assert stands(store, project, "case 5").reason == "duplicate"
    assert stands(store, project, "case 3") is None


def _decides(page: ReviewPage, key: str, case: str, says: str, *more: str) -> None:
    page.shows(case).press(key, *more)
    page.says(f"{case}, {says}")


def _draws(page: ReviewPage, case: str) -> None:
    page.shows(case).press("e")
    page.stroke(*BAR)
    page.press("3")
    page.says(f"{case}, corrected")
    page.press("Shift+E")


def _has_none(page: ReviewPage, case: str) -> None:
    _decides(page, "Shift+N", case, "corrected: no lesion")
    page.press("u")
    page.says("Undone: corrected: no lesion")
    page.shows(case)


def _undoes(page: ReviewPage, case: str) -> None:
    page.press("u")
    page.says("Undone: unsure")
    page.shows(case)


def _pressed(page: ReviewPage, key: str, what: str, state: str) -> None:
    page.press(key)
    expect(page.find(what)).to_have_attribute("aria-pressed", state)


def _labels(page: ReviewPage) -> None:
    page.press("Shift+L")
    expect(page.find(".decision select")).to_have_value("benign")


def _difficulty(page: ReviewPage) -> None:
    page.press("Shift+D", "Shift+D")
    expect(page.find(".choices :checked")).to_have_attribute("value", "2")


def _comments(page: ReviewPage) -> None:
    page.press("Shift+C")
    page.page.keyboard.type("calipers 1 2")
    page.press("Escape", "k")
    page.shows("case 3")


def _queue(page: ReviewPage) -> None:
    page.press("Shift+Q", "End")
    page.shows("case 6")


def test_without_a_mouse_all_is_reached_and_named_and_no_key_acts_in_a_comment_or_behind_the_sheet(
    page, project, store
):
    chosen = page.find(".choices :checked")
    page.find(".choices input").first.focus()
    for key, value in (("Space", "1"), ("ArrowRight", "2"), ("ArrowLeft", "1")):
        page.press(key)
        expect(chosen, f"after {key}").to_have_attribute("value", value)

    page.press("Shift+C")
    page.page.keyboard.type("1 2 j u ?")
    expect(page.find("textarea")).to_have_value("1 2 j u ?")
    page.press("Escape", "?", "1", "2", "j")
    expect(page.find(".help-sheet")).to_be_visible()
    page.press("Escape")
    page.shows("case 1")
    assert store.project("local", project.id).read == 0, "a key has decided"

    page.find(".queue").focus()
    page.press("ArrowDown")
    page.shows("case 2")
    current = page.find('.queue [role=option][aria-selected="true"]')
    expect(page.find(".queue")).to_have_attribute(
        "aria-activedescendant", current.get_attribute("id")
    )
    page.find(".decide.reject").focus()
    page.press("Enter")
    expect(page.find(".reasons button").first).to_be_focused()
    page.press("Escape")
    expect(page.find(".decide.reject")).to_be_focused()
    nameless = page.page.evaluate(
        """() => [...document.querySelector('bc-review').shadowRoot.querySelectorAll(
            'button, select, input, textarea, [role=listbox], [role=group]')]
            .filter(e => e.checkVisibility())
            .filter(e => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"""
    )
    assert nameless == []


def test_where_the_case_in_view_alone_is_unread_no_key_says_that_all_are_read(page):
    page.find("input[name=text]").fill("case 1")
    expect(page.find(".told span")).to_have_text("1 of 6 cases")
    page.find(".queue").focus()
    page.press("n")
    page.says("This is the only unread case of this queue.")
    page.press("2")
    page.says("All cases of this queue are read.")


def test_what_was_pressed_with_the_mouse_is_not_pressed_again_by_a_space_that_pans(
    page, project, store
):
    page.find(".draw").click()
    page.page.keyboard.down("Space")
    page.stroke(*BAR)
    page.page.keyboard.up("Space")
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    assert page.viewer("v => v.strokes") == 0, "what was to pan has painted"
    page.find(".choices label").first.click()
    chosen = page.find(".choices :checked")
    expect(chosen).to_have_attribute("value", "1")
    page.press("Space")
    expect(chosen).to_have_attribute("value", "1")
    page.find(".decide.truth").click()
    page.shows("case 2").press("Space")
    page.find(".decide.reject").click()
    page.press("Space", "4")
    page.says("case 2, rejected: duplicate")
    page.shows("case 4").press("Space")
    expect(page.find(".reasons")).to_be_hidden()
    assert stands(store, project, "case 4") is None


def test_who_thinks_better_of_rejecting_has_the_keys_back_where_they_were(page, project, store):
    page.press("4", "Escape", "e")
    expect(page.find(".draw")).to_have_attribute("aria-pressed", "true")
    page.page.keyboard.down("Space")
    page.stroke(*BAR)
    page.page.keyboard.up("Space")
    expect(page.find(".reasons"), "Space, which pans, has rejected").to_be_hidden()
    assert page.viewer("v => v.strokes") == 0
    page.press("Shift+E", "Shift+Q", "4", "Escape", "ArrowDown")
    page.shows("case 2")
    expect(page.find(".queue")).to_be_focused()
    page.find("bc-viewer canvas").focus()
    page.press("4", "Escape")
    expect(page.find("bc-viewer canvas"), "arrows move the picture there").to_be_focused()
    assert stands(store, project, "case 1") is None


def test_escape_that_ends_what_an_input_method_composes_does_not_end_the_comment(page):
    """What follows would be commands: "u" takes a verdict back."""
    page.press("Shift+C")
    composing = {"key": "Escape", "isComposing": True, "bubbles": True, "cancelable": True}
    page.find("textarea").dispatch_event("keydown", composing)
    page.page.keyboard.type("u1")
    expect(page.find("textarea")).to_have_value("u1")
