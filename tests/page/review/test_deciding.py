"""Deciding in the Review tab: what is kept, and what is said of what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.review.records import NewVerdict
from tests.page.review_reader import BAR
from tests.page.reviewing import ids, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_a_correction_goes_on_to_the_next_case_and_is_kept_to_the_pixel(page, project, store):
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.find(".decision select").select_option("malignant")
    page.find(".decision textarea").fill("moved up")
    page.press("Escape", "3")
    page.shows("case 2")
    page.says("Saved")
    verdict = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
    assert (verdict.reader, verdict.beginning, verdict.comment) == (
        "ANNA",
        "prediction",
        "moved up",
    )
    assert verdict.label == "malignant" and 0 < verdict.seconds < 600
    expect(page.find(".progress p")).to_contain_text("1 of 6 read")
    assert page.state("case 1") == "corrected by ANNA"
    page.press("k")
    page.shows("case 1")
    assert np.array_equal(page.edited(), drawn), "it is seen again"
    expect(page.find(".stands")).to_contain_text("ANNA: corrected")
    assert page.viewer("v => v.beginning") == "prediction", "saved again it began where it did"


def test_one_key_says_that_there_is_no_lesion_goes_on_and_is_taken_back(page, project, store):
    page.press("Shift+N")
    page.says("case 1, corrected: no lesion.")
    page.shows("case 2")
    verdict = stands(store, project, "case 1")
    said = verdict.decision, verdict.beginning, verdict.painted_px, verdict.label
    assert said == ("corrected", "empty", 0, "normal")
    assert not store.mask(project.id, verdict.mask_file).any()
    assert page.state("case 1") == "corrected by ANNA"
    page.press("u")
    page.shows("case 1")
    page.says("Undone: corrected: no lesion. Decide again.")
    assert stands(store, project, "case 1") is None
    label = page.find(".decision select")
    assert label.input_value() == "", "the next decision would say normal, too"
    expect(page.find(".decide.corrected"), "nothing is in the hand").to_be_disabled()
    label.select_option("malignant")
    page.find(".decide.noLesion").click()
    page.shows("case 2")
    page.says("case 1, corrected: no lesion.")
    assert stands(store, project, "case 1").label == "malignant"


def test_a_warning_is_seen_while_the_server_is_away(page, project, store):
    for path in ("**/draft?*", "**/verdicts"):
        page.page.route(path, lambda route: route.abort())
    page.press("e")
    page.stroke(*BAR)
    page.says("NOT saved on the server, but kept in this browser")
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it")
    page.says("NOT saved on the server, but kept in this browser")
    page.press("3")
    page.says("NOT saved yet, but kept in this browser: case 1. The server does not answer.")
    expect(page.find(".status")).not_to_contain_text("1 stroke is drawn here")
    page.page.unroute_all()
    page.try_now()
    page.says("case 1, corrected")


def test_a_warning_is_seen_while_something_is_saved(page, project, store):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("j")
    page.shows("case 2").press("e")
    page.page.route("**/draft?*", lambda route: held.append(route))
    page.stroke(*BAR)
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it")
    page.says("Saving")
    held.pop(0).continue_()
    page.says("Keeping the drawing")
    page.says("1 stroke is drawn here: 3 saves it")
    assert stands(store, project, "case 1").decision == "unsure"
    assert stands(store, project, "case 2") is None
    held.pop(0).continue_()
    expect(page.find(".status")).not_to_contain_text("Keeping")
    page.says("1 stroke is drawn here: 3 saves it")


def test_a_warning_that_something_else_was_said_over_is_given_once_more(page, project, store):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("j")
    page.shows("case 2").press("e")
    page.stroke(*BAR)
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it")
    held[0].fulfill(status=404, json={"error": "It is gone."})
    page.page.unroute_all()
    page.says("NOT saved, case 1: It is gone.")
    page.press("1")
    page.says("1 stroke is drawn here: 3 saves it")
    assert stands(store, project, "case 2") is None, "strokes were left out without a word"
    page.press("1")
    page.says("case 2, prediction accepted")


def test_what_is_wrong_is_seen_in_full_screen(page):
    over = page.find(".status:popover-open")
    page.press("f")
    page.page.wait_for_function("() => document.fullscreenElement !== null")
    expect(over).to_have_count(0)
    page.press("3")
    expect(over).to_contain_text("Nothing is drawn: E begins.")
    expect(page.find(".decide.corrected")).to_be_disabled()
    page.press("e")
    page.page.route("**/draft?*", lambda route: route.abort())
    page.stroke(*BAR)
    expect(over).to_contain_text("NOT saved on the server, but kept in this browser")
    page.press("1")
    expect(over).to_contain_text("1 stroke is drawn here")
    expect(over).to_be_visible()
    page.page.evaluate("() => document.exitFullscreen()")
    expect(over).to_have_count(0)
    page.says("1 stroke is drawn here")
    below = page.find(".decisions").first.bounding_box()
    assert page.find(".status").bounding_box()["y"] >= below["y"] + below["height"]


def test_any_other_label_is_typed_and_is_a_choice_from_then_on(page, project, store):
    label, other = page.find(".decision select"), page.find(".decision input[type=text]")
    label.select_option("malignant")
    label.select_option("Other …")
    expect(other).to_be_focused()
    page.page.keyboard.type("5 u")
    page.press("Escape")
    expect(other).to_be_hidden()
    expect(label).to_have_value("malignant")
    label.select_option("Other …")
    page.page.keyboard.type(" BI-RADS 3 ")
    page.press("Enter", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(label, "it is kept with its case").to_have_value("BI-RADS 3")
    page.press("2")
    page.says("case 1, truth kept")
    page.shows("case 2")
    assert stands(store, project, "case 1").label == "BI-RADS 3"
    page.press(*["Shift+L"] * 3)
    expect(label).to_have_value("BI-RADS 3")
    page.press("Shift+L")
    expect(label, "the keys open no field").to_have_value("")
    label.select_option("Other …")
    page.page.keyboard.type("cyst")
    page.find(".decide.unsure").click()
    page.says("case 2, unsure")
    assert stands(store, project, "case 2").label == "cyst"


def test_what_is_filled_in_comes_back_with_its_case(page, project, store):
    comment, label = page.find("textarea"), page.find(".decision select")
    comment.fill("a spiculated margin")
    page.press("Escape", "Shift+D", "Shift+L")
    chosen = label.input_value()
    page.press("j")
    page.shows("case 2")
    assert (comment.input_value(), label.input_value()) == ("", "")
    expect(page.find(".choices :checked")).to_have_count(0)
    page.press("k")
    page.shows("case 1")
    assert (comment.input_value(), label.input_value()) == ("a spiculated margin", chosen)
    expect(page.find(".choices :checked")).to_have_attribute("value", "1")
    page.press("2")
    page.says("Saved")
    verdict = stands(store, project, "case 1")
    told = (verdict.comment, verdict.label, verdict.difficulty)
    assert told == ("a spiculated margin", chosen, 1)
    store.save("local", "BERTA", verdict.case_id, NewVerdict("unsure", "b", verdict.id))
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(page.find(".stands")).to_contain_text("BERTA")
    assert comment.input_value() == "", "it was decided: nothing is left of it"

    # As in a browser that gives a button no focus when it is pressed.
    comment.fill("a spiculated margin")
    page.find(".decide.unsure").evaluate("unsure => unsure.click()")
    page.shows("case 2")
    expect(comment, "a decision leaves the comment").not_to_be_focused()


def test_what_is_filled_in_beside_a_drawing_comes_back_with_its_case(page, project, store):
    comment = page.find("textarea")
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    comment.fill("half way")
    page.press("Escape", "Shift+E")
    page.says("Drawing kept")
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(1)
    assert comment.input_value() == "half way"
    page.press("e")
    expect(page.find(".offer")).to_have_count(0)
    assert np.array_equal(page.edited(), drawn)
    assert comment.input_value() == "half way"
    page.press("3")
    page.says("Saved")
    assert stands(store, project, "case 1").comment == "half way"


def test_a_drawing_that_reaches_the_server_while_its_case_is_shown_again_is_offered(
    page, project, store
):
    held, answers = [], []
    page.page.route("**/draft?*", lambda route: held.append(route))
    page.press("e")
    with page.page.expect_request("**/draft?*"):
        page.stroke(*BAR)
    drawn = page.edited()
    page.press("Shift+E", "j")
    page.shows("case 2")
    number = ids(store, project)["case 1"]
    page.page.route(f"**/review/cases/{number}", lambda route: answers.append(route))  # asked anew
    page.page.evaluate(
        """() => {
            const { query } = LockManager.prototype;
            const going = new Promise((done) => (window.goOn = done));
            LockManager.prototype.query = async function () { return (await going, query.call(this)); };
        }"""
    )
    page.press("k")
    expect(page.title()).to_have_text("case 1")
    expect(page.find("bc-viewer")).to_have_attribute("data-state", "loading")
    held[0].continue_()
    expect(page.find(".status")).not_to_contain_text("Keeping")
    page.page.evaluate("() => window.goOn()")
    page.ready()
    expect(page.find(".offer")).to_have_count(1)
    page.press("e")
    expect(page.find(".offer")).to_have_count(0)
    assert np.array_equal(page.edited(), drawn)
    page.page.unroute_all()


def test_what_is_filled_in_stays_when_the_strokes_are_undone(page):
    comment = page.find("textarea")
    comment.fill("nothing to correct")
    page.press("Escape", "e")
    page.stroke(*BAR)
    page.press("Control+z", "Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    assert comment.input_value() == "nothing to correct"
    page.reload()
    page.shows("case 1")
    assert comment.input_value() == "nothing to correct"
    expect(page.find(".offer")).to_have_count(0)


def test_a_prediction_is_accepted_only_as_it_was_made(page, project, store):
    """At a threshold that the reader has moved, another mask is seen than would be accepted."""
    page.press(*"]]]]]]]]]]")
    page.press("1")
    page.says("not shown as it was made")
    assert store.project("local", project.id).read == 0
    page.press("r", "1")
    page.says("case 1, prediction accepted")
    page.shows("case 2").press(*"]]]]]]]]]]")
    page.press("e", "3")
    page.says("case 2, corrected")
    verdict = stands(store, project, "case 2")
    assert (verdict.beginning, verdict.threshold) == ("threshold", 0.6)
    prediction = store.prediction("local", verdict.case_id)
    seen = store.map(prediction) >= 0.6 * 255
    assert np.array_equal(store.mask(project.id, verdict.mask_file), seen)


def test_a_case_cannot_be_decided_while_it_is_fetched(page, project, store):
    waiting = []
    page.page.route("**/review/cases/*/pixels", lambda route: waiting.append(route))
    page.find('.queue .row[aria-label^="case 5, "]').click()
    expect(page.title()).to_have_text("case 5")
    page.press("5")
    page.says("Its picture is still being fetched.")
    for route in waiting:
        route.continue_()
    page.page.unroute("**/review/cases/*/pixels")
    page.ready()
    page.says("The picture was not there yet: press again.")
    expect(page.find(".status .error")).to_have_count(0)
    assert [stands(store, project, f"case {n}") for n in (1, 5)] == [None, None]
    page.press("5")
    page.says("Saved")
    assert stands(store, project, "case 5").decision == "unsure"


def test_a_key_that_is_held_decides_one_case_and_goes_through_many(page, project, store):
    def hold(key: str, times: int) -> None:
        for _ in range(times):  # from the second on the browser says that it repeats
            page.page.keyboard.down(key)
            page.ready()
        page.page.keyboard.up(key)

    page.page.keyboard.down("2")
    page.says("Saved")
    page.shows("case 2")
    hold("2", 3)
    assert stands(store, project, "case 2") is None, (
        "a held key decided a case that nobody looked at"
    )
    hold("j", 3)
    page.shows("case 3")  # the fourth by its Dice


def test_two_quick_clicks_decide_one_case_and_on_back_undo_nothing(page, project, store):
    """The second of a double click comes when the next case may be there, or where "Back" was is "Undo"."""
    place = page.find(".decide.unsure").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.page.mouse.click(x, y)
    page.shows("case 2")
    page.ready()
    page.page.mouse.down(click_count=2)
    page.page.mouse.up(click_count=2)
    page.says("Saved")
    assert stands(store, project, "case 1").decision == "unsure"
    page.page.mouse.click(x, y)
    page.shows("case 4")  # the third by its Dice
    page.ready()
    page.press("2")
    page.shows("case 5")
    page.says("Saved")
    decided = [stands(store, project, f"case {n}").decision for n in (1, 2, 4)]
    assert decided == ["unsure", "unsure", "truth"], "the second click decided a case of its own"

    page.press("4")
    page.find(".reasons").get_by_text("Back").dblclick()
    expect(page.find(".reasons")).to_be_hidden()
    page.press("2")
    page.says("case 5, truth kept")
    before = stands(store, project, "case 4")
    assert before is not None, "the second click undid the verdict on the case before"


def test_what_was_refused_is_not_said_to_be_unsaved_once_another_try_is_saved(page, project, store):
    page.page.route(
        "**/verdicts", lambda route: route.fulfill(status=404, json={"error": "It is gone."})
    )
    for name in ("case 1", "case 2"):
        page.shows(name).press("5")
        page.says(f"{name}: It is gone.")
        page.press("j")
    page.press("k", "k")
    page.shows("case 1")
    page.page.unroute_all()
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("j")
    page.shows("case 2")
    held[0].continue_()
    expect(page.find(".progress p")).to_contain_text("1 of 6 read")
    page.says("NOT saved, case 2: It is gone.")
    assert "NOT saved, case 1" not in page.find(".status").inner_text()
    assert stands(store, project, "case 1").decision == "unsure"


def test_a_verdict_that_the_server_will_never_have_can_be_dropped(page, project, store):
    number = ids(store, project)["case 1"]
    page.refuse(f"/review/cases/{number}/verdicts", "This number is another case's now.")
    page.press("2")
    page.says("NOT saved, case 1: This number is another case's now.")
    page.page.reload()
    page.says("NOT saved, case 1")
    page.find(".status").get_by_role("button", name="Drop it").click()
    page.says("Dropped, and not decided: case 1.")
    page.page.reload()
    page.ready()
    assert "NOT" not in page.find(".status").inner_text()


def test_what_was_refused_is_dropped_no_more_once_its_case_is_decided_anew(page, project, store):
    """What this browser keeps of the new verdict lies where that of the first one lay."""
    page.page.route(
        "**/verdicts", lambda route: route.fulfill(status=404, json={"error": "It is gone."})
    )
    page.press("5")
    page.says("NOT saved, case 1: It is gone.")
    drop = page.find(".status").get_by_role("button", name="Drop it")
    expect(drop).to_be_visible()
    page.page.unroute_all()
    page.page.route("**/verdicts", lambda route: route.abort())
    page.press("2")
    page.says("NOT saved yet, but kept in this browser: case 1.")
    expect(drop, "it would drop the verdict that is on its way").to_have_count(0)
    expect(page.find(".status")).not_to_contain_text("It is gone.")
    page.page.unroute_all()
    page.try_now()
    page.says("case 1, truth kept")
    expect(page.find(".status")).not_to_contain_text("NOT")
    assert stands(store, project, "case 1").decision == "truth"


def test_what_was_refused_is_not_sent_again_once_a_later_page_has_decided_its_case(
    page, project, store
):
    page.refuse("/verdicts", "It is gone.")
    page.press("2")
    page.says("NOT saved, case 1: It is gone.")
    page.reload()
    page.shows("case 1")
    page.says("NOT saved, case 1: It is gone.")
    page.answer()
    page.press("5")
    page.says("case 1, unsure")
    page.shows("case 2")
    sent = []
    page.page.on("request", lambda asked: sent.append(asked.url))
    page.reload()
    page.shows("case 2").press("5")
    page.says("case 2, unsure")  # verdicts are sent one at a time, and this one last
    cases = [url.split("/")[-2] for url in sent if url.endswith("/verdicts")]
    assert cases == [str(ids(store, project)["case 2"])]
    assert stands(store, project, "case 1").decision == "unsure"


def test_another_decision_on_a_case_that_is_being_saved_is_not_dropped_without_a_word(
    page, project, store
):
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("Shift+N")
    page.press("Shift+N")
    page.says("Saving")
    expect(page.find(".status p"), "the same one again is one").to_have_text(["Saving …"])
    page.press("2")
    page.says("This case is being saved: U takes that back.")
    held[0].continue_()
    page.says("case 1, corrected: no lesion")
    page.shows("case 2")
    assert stands(store, project, "case 1").decision == "corrected"


def test_no_reason_is_asked_for_while_a_verdict_on_the_case_is_saved(page, project, store):
    """The answer goes on to the next case, and the digit of the reason would decide that one."""
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    said = "This case is being saved: U takes that back."
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("4")
    page.says(said)
    expect(page.find(".reasons")).to_be_hidden()
    page.press("j", "k")
    page.shows("case 1")
    expect(page.find(".status")).not_to_contain_text(said)
    page.find(".decide.reject").click()
    page.says(said)
    expect(page.find(".reasons")).to_be_hidden()
    held[0].continue_()
    page.says("case 1, unsure")
    page.shows("case 2").press("4")
    expect(page.find(".reasons")).to_be_visible()
    assert stands(store, project, "case 1").decision == "unsure"
