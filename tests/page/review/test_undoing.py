"""Undoing in the Review tab: which verdict it is, and what comes back with its case."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from bcweb.review.records import NewVerdict, Project
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import fill, ids, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_a_verdict_is_undone_from_anywhere_and_its_drawing_gone_on_with(page, project, store):
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.shows("case 2").press("5")
    page.shows("case 4").press("u")
    page.shows("case 2")
    page.says("Undone: unsure")
    with page.page.expect_response("**/draft?*"):
        page.press("u")
    page.shows("case 1")
    page.says("Undone: corrected. Decide again.")
    assert np.array_equal(page.edited(), drawn)
    assert stands(store, project, "case 1") is None
    page.find(".toggle").click()
    expect(page.find(".verdicts li")).to_have_count(2)
    expect(page.find(".verdicts li").first).to_contain_text("ANNA undid a verdict")
    expect(page.find(".verdicts li").last).to_contain_text("drawn from the prediction")
    page.stroke((0.3, 0.7), (0.6, 0.7))
    page.says("Drawing kept, not decided yet.")


def test_an_undone_correction_whose_mask_is_not_to_be_had_says_so_at_its_case_and_is_brought_back_later(
    page,
):
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.shows("case 2")
    page.page.route("**/mask?*", lambda route: route.abort())
    page.press("u")
    page.shows("case 1")
    page.says("Undone: corrected. Its drawing could not be brought back.")
    page.page.unroute("**/mask?*")
    page.find(".status button").click()
    page.says("Undone: corrected. Decide again.")
    assert np.array_equal(page.edited(), drawn)

    # At another case, what would be tried again would bring its drawing to that one.
    page.press("3")
    page.shows("case 2")
    held = []
    page.page.route("**/mask?*", lambda route: held.append(route))
    with page.page.expect_request("**/mask?*"):
        page.press("u")
    page.press("PageDown")
    page.shows("case 2")
    with page.page.expect_event("requestfailed"):
        held[0].abort()
    page.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    expect(page.find(".status")).not_to_contain_text("Undone")
    expect(page.find(".status button")).to_have_count(0)


def test_an_undone_correction_can_be_saved_again_where_its_case_stayed_in_view(page):
    """The last case of a queue does."""
    page.find("input[name=text]").fill("case 1")
    page.press("Enter")
    expect(page.find(".row .name")).to_have_text(["case 1"])
    page.find("input[name=text]").blur()
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.says("All cases of this queue are read.")
    expect(page.find(".decide.truth")).to_be_enabled()  # it is there again
    page.press("u")
    page.says("Undone: corrected")
    assert np.array_equal(page.edited(), drawn)
    page.press("3")
    page.says("case 1, corrected")


def test_a_verdict_that_is_still_on_its_way_is_that_which_is_undone(page, project, store):
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("u")
    page.says("NOT undone yet: case 2.")
    page.press("u")  # nothing seems to happen
    held[0].continue_()
    page.says("Undone: unsure")
    page.shows("case 2")
    assert stands(store, project, "case 2") is None
    assert stands(store, project, "case 1").decision == "unsure", "another case's verdict is undone"
    expect(page.find(".progress p")).to_contain_text("1 of 6 read")


def test_an_undo_before_the_page_has_told_of_a_saved_verdict_is_of_that_one(page, project, store):
    """The server has answered, and the browser drops what it kept."""
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    page.page.evaluate(
        """() => {
            const { delete: remove } = IDBObjectStore.prototype;
            IDBObjectStore.prototype.delete = function (key) {
              if (key.startsWith("verdict")) document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "u", bubbles: true }));
              return remove.call(this, key);
            };
        }"""
    )
    page.press("5")
    page.says("Undone: unsure")
    page.shows("case 2")
    assert stands(store, project, "case 1").decision == "unsure"
    assert stands(store, project, "case 2") is None


def test_a_verdict_that_is_refused_after_all_is_not_undone_later(page, project, store):
    page.page.route(
        "**/verdicts", lambda route: route.fulfill(status=404, json={"error": "It is gone."})
    )
    with page.page.expect_request("**/verdicts"):
        page.press("5", "u")
    page.says("NOT saved, case 1: It is gone.")
    page.press("u")
    page.says("NOT saved, case 1: It is gone.")
    page.page.unroute_all()
    page.press("5")
    page.says("case 1, unsure")
    page.shows("case 2")
    assert stands(store, project, "case 1").decision == "unsure"


def test_a_case_whose_late_undo_fails_can_be_decided_as_it_stands(page, project, store):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    page.page.route("**/undo", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("u")
    page.says("NOT undone yet: case 1.")
    with page.page.expect_request("**/undo"):
        held[0].continue_()
    page.press("2")
    page.says("The verdict on this case is being undone: decide again after that.")
    held[1].abort()
    page.says("NOT undone: The server does not answer.")
    page.page.unroute_all()
    expect(page.find(".stands")).to_contain_text("ANNA: unsure")
    page.shows("case 1")
    page.says("NOT undone: The server does not answer.")
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.says("case 1, corrected")
    verdict = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)


def test_what_an_undone_verdict_said_comes_back_with_its_case(page):
    comment = page.find("textarea")
    comment.fill("a spiculated margin")
    page.press("Escape", "Shift+D", "5")
    page.shows("case 2").press("u")
    page.shows("case 1")
    page.says("Undone: unsure")
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"
    expect(page.find(".choices :checked")).to_have_attribute("value", "1")
    page.reload()
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"


def test_what_is_filled_in_since_a_verdict_is_there_when_that_is_undone(page):
    comment = page.find("textarea")
    comment.fill("a margin")
    page.press("Escape", "Shift+D", "5")
    page.shows("case 2").press("k")
    page.shows("case 1")
    comment.fill("a spiculated margin")
    page.press("Escape", "u")
    page.says("Undone: unsure")
    assert comment.input_value() == "a spiculated margin", "the undone verdict's took its place"
    expect(page.find(".choices :checked")).to_have_attribute("value", "1")
    page.page.reload()
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"


def test_what_another_reader_said_is_not_filled_in_as_ones_own_when_it_is_undone(
    page, project, store
):
    said = NewVerdict("unsure", "b", None, label="malignant", difficulty=3, comment="of BERTA")
    store.save("local", "BERTA", ids(store, project)["case 1"], said)
    page.page.reload()
    page.shows("case 1").find(".toggle").click()
    page.find(".verdicts li").get_by_role("button", name="Undo").click()
    page.says("Undone: unsure")
    assert page.find("textarea").input_value() == "", "BERTA's comment would be saved as ANNA's"
    assert page.find(".decision select").input_value() == ""
    expect(page.find(".choices :checked")).to_have_count(0)


def test_who_undoes_in_place_of_giving_a_reason_is_taken_back_and_a_second_quick_click_undoes_no_more(
    page, project, store
):
    page.press("5")
    page.shows("case 2").press("4", "u")
    page.says("Undone: unsure. Decide again.")
    page.shows("case 1")
    expect(page.find(".reasons")).to_be_hidden()

    page.press("5")
    page.shows("case 2").press("5")
    page.shows("case 4")
    page.says("case 2, unsure")
    place = page.find(".undo").bounding_box()
    page.page.mouse.click(place["x"] + 20, place["y"] + 10)
    page.shows("case 2")
    page.says("Undone: unsure")
    page.page.mouse.down(click_count=2)
    page.page.mouse.up(click_count=2)
    page.press("2")
    page.says("case 2, truth kept")
    first = stands(store, project, "case 1")
    assert first is not None, "the second click undid the verdict on the case before"


def test_a_late_undo_leaves_the_reader_at_the_case_they_went_on_to(page, project, store):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("u", "j")
    page.shows("case 2").press("4")
    held[0].continue_()
    page.says("Undone: ")
    expect(page.find(".reasons"), "the digit of a reason decides case 1").to_be_visible()
    page.says("Undone: case 1, unsure.")
    page.shows("case 2")
    assert stands(store, project, "case 1") is None
    assert page.state("case 1") == "not read"


def test_an_undo_that_is_answered_late_leaves_the_reader_at_what_they_began(page, project, store):
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    held = []
    page.page.route("**/undo", lambda route: held.append(route))
    with page.page.expect_request("**/undo"):
        page.press("u")
    page.press("4")  # at the same case still
    held[0].continue_()
    page.says("Undone: ")
    expect(page.find(".reasons"), "the digit of a reason decides case 1").to_be_visible()
    page.says("Undone: case 1, unsure.")
    page.shows("case 2")


def test_no_reason_is_asked_for_while_a_verdict_on_the_case_is_undone(page, project, store):
    page.press("5")
    page.shows("case 2").press("k")
    held = []
    page.page.route("**/undo", lambda route: held.append(route))
    with page.page.expect_request("**/undo"):
        page.shows("case 1").press("u")
    for key in ("4", "2"):
        page.press(key)
        page.says("The verdict on this case is being undone: decide again after that.")
    expect(page.find(".reasons")).to_be_hidden()
    held[0].continue_()
    page.says("Undone: unsure. Decide again.")
    page.press("2")
    page.says("case 1, truth kept")


def test_a_case_can_be_decided_again_though_no_answer_comes_to_the_undoing_of_its_verdict(
    timed, project, store
):
    """Nor to what is asked of the case after it."""
    page = timed
    for silent in ("/undo$", r"/review/cases/\d+$"):
        page.shows("case 1").press("5")
        page.shows("case 2").press("k")
        page.shows("case 1")
        page.page.route(re.compile(silent), lambda route: None)
        with page.page.expect_request(re.compile(silent)):
            page.press("u")
        page.press("2")
        page.says("The verdict on this case is being undone: decide again after that.")
        if silent == "/undo$":
            page.page.clock.fast_forward(60_000)
            page.says("NOT undone: The server does not answer.")
        else:
            with page.page.expect_request(re.compile(silent)):  # once more, to be shown
                page.page.clock.fast_forward(60_000)
        page.page.unroute_all()
        page.page.clock.fast_forward(60_000)  # and so long for the case itself
        page.press("j")
        page.shows("case 2").press("k")
        page.shows("case 1").press("2")
        page.says("case 1, truth kept", 60)
        assert stands(store, project, "case 1").decision == "truth", silent
        page.shows("case 2").press("k")


@pytest.mark.parametrize("away", [(), ("j",)])
def test_what_is_drawn_since_a_correction_is_there_when_that_is_undone(page, project, store, away):
    page.press("e")
    page.stroke(*BAR)
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("3")
    page.stroke((0.3, 0.7), (0.6, 0.7))
    drawn = page.edited()
    page.press(*away)
    with page.page.expect_response("**/draft?*"):
        held[0].continue_()
    expect(page.find(".progress p")).to_contain_text("1 of 6 read")
    page.shows("case 2" if away else "case 1").press("u")
    page.says("Undone: corrected. Decide again.")
    page.shows("case 1")
    if away:
        page.find(".offer").get_by_text("Go on").click()
        expect(page.find(".offer")).to_have_count(0)
    assert np.array_equal(page.edited(), drawn), "the stroke after the verdict is gone"
    page.page.unroute_all()
    page.press("3")
    page.shows("case 2")
    page.says("case 1, corrected")
    first = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, first.mask_file), drawn)


def go_to(page: ReviewPage, project: Project) -> None:
    page.find(".project").click()
    page.find(".projects .open").filter(has_text=project.name).click()
    expect(page.find(".project .name")).to_have_text(project.name)


@pytest.fixture
def other(store, tmp_path) -> Iterator[Project]:
    made = fill(store, tmp_path / "other", 3, name="Another ward")
    yield made
    store.delete("local", made.id)


def test_in_another_project_no_verdict_of_this_one_is_undone(page, project, other, store):
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    go_to(page, other)
    page.shows("case 1")
    held[0].continue_()
    page.says("Saved")  # while the other project is in view
    page.press("u")
    page.says("No verdict of yours in this project since this page was opened.")
    assert [stands(store, project, f"case {n}").decision for n in (1, 2)] == ["unsure", "unsure"]
    expect(page.find(".progress p")).to_have_text("0 of 3 read")
    expect(page.find(".count")).to_have_text("1 of 3")
    go_to(page, project)
    page.shows("case 4").press("u")
    page.shows("case 2")
    page.says("Undone: unsure")
    page.press("u")
    page.shows("case 1")
    expect(page.find(".progress p")).to_have_text("0 of 6 read")


def test_a_verdict_from_before_the_page_was_opened_is_undone_at_its_case(page, project, store):
    page.press("5")
    page.shows("case 2")
    page.says("case 1, unsure")
    page.reload()
    page.shows("case 2").press("u")
    page.says("At a case that you decided before, U takes that back.")
    assert stands(store, project, "case 1").decision == "unsure"
    page.press("k")
    page.shows("case 1").press("u")
    page.says("Undone: unsure. Decide again.")
    assert stands(store, project, "case 1") is None


def test_an_undo_that_is_answered_late_does_not_follow_into_another_project(
    page, project, other, store
):
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    held = []
    page.page.route("**/undo", lambda route: held.append(route))
    with page.page.expect_request("**/undo"):
        page.press("u")
    go_to(page, other)
    page.shows("case 1")
    with page.page.expect_response(f"**/cases/{ids(store, project)['case 1']}") as asked:
        held[0].continue_()
    asked.value.finished()
    page.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert stands(store, project, "case 1") is None
    page.addressed(f"?case={ids(store, other)['case 1']}")
    expect(page.find(".progress p")).to_have_text("0 of 3 read")
    expect(page.find(".count")).to_have_text("1 of 3")


def test_a_verdict_that_is_undone_while_another_project_is_in_view_is_not_said_to_stand(
    page, project, other, store
):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("u")
    page.says("NOT undone yet: case 1.")
    go_to(page, other)
    page.shows("case 1")
    held[0].continue_()
    page.says("Undone: case 1, unsure.")
    expect(page.find(".status")).not_to_contain_text("NOT")
    assert stands(store, project, "case 1") is None
