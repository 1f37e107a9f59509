"""The Review tab in Chromium: what a reader does with keys and the mouse, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bcweb.review.records import NewVerdict, Project
from bcweb.review.store import Store
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import fill

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

BAR = [(0.3, 0.4), (0.6, 0.4)]  # a stroke, in parts of a pane


@pytest.fixture(scope="module")
def context(chromium) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm; see `browse` for what it forgets."""
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    yield made
    made.close()


@pytest.fixture
def browse(context, place: str) -> Iterator[Callable[[], ReviewPage]]:
    """Open tabs of a browser that remembers nothing of earlier tests."""
    made: list[ReviewPage] = []

    def new() -> ReviewPage:
        made.append(ReviewPage(context.new_page(), place))
        if len(made) == 1:
            made[0].forget()
        return made[-1]

    yield new
    for page in made:
        page.page.close(run_before_unload=False)
        assert page.complaints == []


@pytest.fixture
def page(browse, project) -> ReviewPage:
    """The project's worst case is in view, and is read by ANNA."""
    return browse().open().shows("case 1")


def ids(store: Store, project: Project) -> dict[str, int]:
    return {row.case: row.id for row in store.queue("local", project.id, "listed")}


def stands(store: Store, project: Project, name: str):
    """The verdict that stands on a case."""
    row = store.case("local", ids(store, project)[name])
    history = store.history("local", row.id)
    return next((verdict for verdict in history if verdict.id == row.verdict_id), None)


# --- projects


def test_without_a_project_it_says_what_to_do_first(browse):
    page = browse().open()
    expect(page.find(".home")).to_contain_text("No project yet.")
    expect(page.find(".home code")).to_contain_text("python -m bcweb.review import")
    expect(page.find(".new")).to_be_visible()


def test_a_project_opens_with_its_worst_case_and_the_address_leads_back_to_it(page, project, store):
    assert re.search(r"[?]case=\d+$", page.page.url)
    expect(page.find(".row.current .name")).to_have_text("case 1")
    page.press("j")
    page.shows("case 2")
    assert page.page.url.endswith(f"?case={ids(store, project)['case 2']}")
    page.page.reload()
    page.shows("case 2")
    expect(page.find(".row.current .name")).to_have_text("case 2")
    page.page.get_by_role("tab", name="Scan").click()
    page.page.wait_for_function("!location.search.includes('case')")
    page.page.get_by_role("tab", name="Review").click()
    page.page.wait_for_function("location.search.includes('case')")


def test_a_link_to_a_case_opens_the_review_tab_with_it(browse, project, store):
    browse().open(ids(store, project)["case 4"]).shows("case 4")
    lost = browse().open(999_999)
    expect(lost.find(".problem")).to_contain_text("cannot be shown")
    assert "case=999999" not in lost.page.url


def test_a_reader_without_a_name_is_asked_for_it_once(browse, project, store):
    page = browse().open(reader="")
    page.find(".who input").fill("Dr. Ünal")
    page.press("Enter")
    page.shows("case 1").press("2")
    page.says("Saved")
    assert stands(store, project, "case 1").reader == "Dr. Ünal"
    page.page.reload()
    page.ready()
    expect(page.find(".who")).not_to_be_visible()


def test_a_project_is_removed_when_asked_twice(browse, store, tmp_path):
    made = fill(store, tmp_path, 2, "going")
    store.save("local", "BERTA", store.queue("local", made.id)[0].id, NewVerdict("unsure", "k"))
    page = browse().open()
    page.find(".project").click()
    going = page.find(".projects > li").filter(has_text="going")
    going.get_by_text("Remove …").click()
    expect(page.find(".danger")).to_be_focused()
    expect(page.find(".danger")).to_have_accessible_description(
        "All that was drawn or predicted is removed for good; what was decided on 1 case stays in the database, "
        "and the scans stay where they lie."
    )
    page.find(".danger").click()
    expect(going).to_have_count(0)
    assert made.id not in [project.id for project in store.projects("local")]


# --- keys


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
        "Reject the case": lambda: _decides(page, "4", "case 5", "rejected: duplicate", "4"),
        "Unsure": lambda: _decides(page, "5", "case 3", "unsure"),
        "Undo the last verdict": lambda: _undoes(page, "case 3"),
        "Next case of the queue": lambda: (page.press("j"), page.shows("case 6")),
        "Previous case": lambda: (page.press("k"), page.shows("case 3")),
        "Next case that nobody has read": lambda: (page.press("n"), page.shows("case 6")),
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


def test_no_key_does_anything_in_a_comment_or_behind_the_sheet(page, project, store):
    page.press("Shift+C")
    page.page.keyboard.type("1 2 j u ?")
    expect(page.find("textarea")).to_have_value("1 2 j u ?")
    page.press("Escape", "?", "1", "2", "j")
    expect(page.find(".help-sheet")).to_be_visible()
    page.press("Escape")
    page.shows("case 1")
    assert store.project("local", project.id).read == 0


# --- deciding


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


def test_strokes_are_not_left_out_without_a_word(page, project, store):
    page.press("e")
    page.stroke(*BAR)
    page.press("1")
    page.says("1 stroke is drawn here")
    page.shows("case 1")
    assert store.project("local", project.id).read == 0
    page.press("1")
    page.says("prediction accepted")
    assert store.draft("local", "ANNA", ids(store, project)["case 1"]) is None


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


def test_what_is_filled_in_stays_when_the_strokes_are_undone(page):
    comment = page.find("textarea")
    comment.fill("nothing to correct")
    page.press("Escape", "e")
    page.stroke(*BAR)
    page.press("Control+z", "Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    assert comment.input_value() == "nothing to correct"
    page.page.reload()
    page.shows("case 1")
    assert comment.input_value() == "nothing to correct"
    expect(page.find(".offer")).to_have_count(0)


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
    page.page.reload()
    page.shows("case 1")
    assert comment.input_value() == "a spiculated margin"


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


def test_what_cannot_be_decided_is_said(page):
    page.press("3")
    page.says("Nothing is drawn: E begins.")
    expect(page.find(".decide.corrected")).to_be_disabled()


def test_a_case_cannot_be_decided_while_it_is_fetched(page, project, store):
    waiting = []
    page.page.route("**/review/cases/*/pixels", lambda route: waiting.append(route))
    page.find('.queue .row[aria-label^="case 5, "]').click()
    expect(page.title()).to_have_text("case 5")
    page.press("5")
    page.says("It is still being fetched.")
    for route in waiting:
        route.continue_()
    page.page.unroute("**/review/cases/*/pixels")
    page.ready()
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


def test_two_quick_clicks_decide_one_case(page, project, store):
    """The second of a double click comes when the next case may be there."""
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


def test_a_verdict_that_the_server_will_never_have_can_be_dropped(page, project, store):
    number = ids(store, project)["case 1"]
    page.page.route(
        f"**/review/cases/{number}/verdicts",
        lambda route: route.fulfill(status=404, json={"error": "This number is another case's now."}),
    )  # fmt: skip
    page.press("2")
    page.says("NOT saved, case 1: This number is another case's now.")
    page.page.reload()
    page.says("NOT saved, case 1")
    page.find(".status").get_by_role("button", name="Drop it").click()
    page.says("Dropped, and not decided: case 1.")
    page.complaints.clear()  # the browser tells of each 404
    page.page.reload()
    page.ready()
    assert "NOT" not in page.find(".status").inner_text()


def test_a_verdict_is_undone_from_anywhere_and_its_drawing_gone_on_with(page, project, store):
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.shows("case 2").press("5")
    page.shows("case 4").press("u")
    page.shows("case 2")
    page.says("Undone: unsure")
    page.press("u")
    page.shows("case 1")
    page.says("Drawing kept")
    assert np.array_equal(page.edited(), drawn)
    assert stands(store, project, "case 1") is None
    page.find(".toggle").click()
    expect(page.find(".verdicts li")).to_have_count(2)
    expect(page.find(".verdicts li").first).to_contain_text("ANNA undid a verdict")
    expect(page.find(".verdicts li").last).to_contain_text("drawn from the prediction")


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
    page.says("There is no verdict of yours to undo.")
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
    assert page.page.url.endswith(f"?case={ids(store, other)['case 1']}")
    expect(page.find(".progress p")).to_have_text("0 of 3 read")
    expect(page.find(".count")).to_have_text("1 of 3")


def test_after_the_last_case_it_says_that_all_are_read(page):
    for case in ("case 1", "case 2", "case 4", "case 5", "case 3", "case 6"):
        page.shows(case).press("2")
    page.says("All cases of this queue are read.")
    expect(page.find(".progress p")).to_contain_text("6 of 6 read")


# --- the queue


def test_the_queue_is_filtered_ordered_and_counted(page, project, store):
    page.find("select[name=label]").select_option(label="Normal (2)")
    expect(page.find(".told span")).to_have_text("2 of 6 cases")
    expect(page.find(".row .name")).to_have_text(["case 3", "case 6"])
    page.find(".clear").click()
    page.find("select[name=order]").select_option("listed")
    expect(page.find(".row .name")).to_have_text([f"case {n}" for n in range(1, 7)])
    page.find("input[name=text]").fill("case 5")
    page.press("Enter")
    expect(page.find(".row .name")).to_have_text(["case 5"])
    page.find("input[name=text]").fill("nothing of the kind")
    page.press("Enter")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    page.shows("case 1")
    page.find(".clear").click()
    page.find("select[name=order]").select_option("twins")
    expect(page.find(".told span")).to_have_text(
        "No two cases here show one picture with different masks."
    )


def test_the_queue_is_filtered_while_a_word_is_typed_and_each_question_is_asked_once(page):
    asked = []
    page.page.on("request", lambda r: "/queue?" in r.url and asked.append(r.url))
    expect(page.find(".count")).to_have_text("1 of 6")
    box = page.find("input[name=text]")
    box.focus()
    box.evaluate(
        """box => {
          for (const text of ["c", "case", "case 5"]) {
            box.value = text;
            box.dispatchEvent(new Event("input", { bubbles: true }));
          }
          box.setSelectionRange(2, 2);
        }"""
    )
    expect(page.find(".row .name")).to_have_text(["case 5"])
    expect(box).to_be_focused()
    assert box.evaluate("box => box.selectionStart") == 2, "the caret has moved"
    page.shows("case 1")
    expect(page.find(".count")).to_have_text("not in this list")
    box.fill("nothing of the kind")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    expect(page.find(".count")).to_have_text("not in this list")
    page.press("Enter")
    box.fill("case 1")
    expect(page.find(".count")).to_have_text("1 of 1")
    assert [url.partition("text=")[2].partition("&")[0] for url in asked] == [
        "case+5", "nothing+of+the+kind", "case+1",
    ], "a half word or the same word again is asked for"  # fmt: skip


def test_a_late_answer_to_an_older_question_does_not_take_the_queue_back(page):
    held = []

    page.page.route("**/queue?order=listed*", lambda route: held.append(route))
    page.find("select[name=order]").select_option("listed")
    page.find("select[name=order]").select_option("twins")
    told = page.find(".told span")
    expect(told).to_have_text("No two cases here show one picture with different masks.")
    with page.page.expect_response("**/queue?order=listed*") as late:
        held[0].continue_()
    late.value.finished()
    page.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    expect(told).to_have_text("No two cases here show one picture with different masks.")
    expect(page.find(".row .name")).to_have_count(0)


def test_of_ten_thousand_rows_only_those_in_sight_are_in_the_page(page, project):
    row = '[%d, %d, "busi", "exported_from_the_archive_case_%d", "benign", "ultrasound", null, null, null, 0.5, null, null, 0.9, "unseen", true, false, null, null, null]'
    columns = page.fetched(f"bc/review/projects/{project.id}/queue")["columns"]
    rows = ",".join(row % (n, n, n) for n in range(10_000))
    body = f'{{"columns": {str(columns).replace(chr(39), chr(34))}, "rows": [{rows}]}}'
    page.page.route("**/queue?*", lambda route: route.fulfill(body=body))
    page.find("select[name=order]").select_option("listed")
    expect(page.find(".count")).to_contain_text("of 10\u202f000")
    for place in (0, 0.5, 1):
        page.find(".queue").evaluate(f"e => e.scrollTop = {place} * e.scrollHeight")
        last = page.find(".row").last
        expect(last).to_be_attached()
        assert page.find(".row").count() < 60
    row = page.find('.row[aria-label^="exported_from_the_archive_case_9999, "]')
    expect(row).to_be_visible()
    assert row.get_attribute("aria-setsize") == "10000"
    begins, ends = (part.bounding_box() for part in row.locator(".name span").all())
    assert begins["x"] + begins["width"] <= ends["x"], "a long name overlaps its own end"
    assert ends["x"] + ends["width"] <= row.bounding_box()["x"] + row.bounding_box()["width"], (
        "the end of a long name, which tells it from the others, is out of sight"
    )


def test_the_next_case_is_there_before_it_is_asked_for(page):
    page.page.wait_for_function(
        r"performance.getEntriesByType('resource').filter(e => /\/review\/cases\/\d+\/pixels$/.test(e.name)).length > 1"
    )  # not those of the Scan tab's sample
    page.asked.clear()
    page.press("j")
    page.shows("case 2")
    pixels = [url for url in page.asked if "/pixels" in url or "/probability" in url]
    shown = page.page.url.rsplit("=", 1)[1]
    assert not any(f"/cases/{shown}/" in url for url in pixels), pixels


# --- somebody else


def test_of_two_tabs_on_a_case_the_second_is_told_and_may_save_on_top(page, browse, project, store):
    case = ids(store, project)["case 1"]
    store.save("local", "BERTA", case, NewVerdict("truth", "b", None, label="benign"))
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.says("NOT saved: BERTA decided case 1 in between.")
    expect(page.find(".clash figcaption").first).to_contain_text("BERTA truth kept")
    expect(page.find(".clash figcaption").last).to_contain_text("You corrected")
    expect(page.find(".clash canvas")).to_have_count(2)
    assert stands(store, project, "case 1").reader == "BERTA"
    page.find(".clash .primary").click()
    page.says("Saved")
    verdict = stands(store, project, "case 1")
    assert verdict.reader == "ANNA"
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
    assert [one.reader for one in store.history("local", case)] == ["BERTA", "ANNA"]


def test_the_second_of_two_tabs_may_leave_the_first_verdict_as_it_is(page, project, store):
    case = ids(store, project)["case 1"]
    store.save("local", "BERTA", case, NewVerdict("reject", "b", None, reason="duplicate"))
    page.press("2")
    expect(page.find(".clash .no-mask")).to_have_count(2)
    page.find(".clash").get_by_text("Leave theirs").click()
    expect(page.find(".stands")).to_contain_text("BERTA: rejected: duplicate")
    assert len(store.history("local", case)) == 1
    page.page.reload()
    page.shows("case 1")
    assert len(store.history("local", case)) == 1, "nor is it sent when the page is opened again"


def test_a_verdict_of_another_tab_is_seen_in_the_queue(page, project):
    second = ReviewPage(page.page.context.new_page(), page.address).open().shows("case 1")
    second.press("2")
    second.says("Saved")
    expect(page.find(".row.current")).to_have_attribute(
        "aria-label", re.compile("truth kept by ANNA$")
    )
    assert second.complaints == []


# --- how it looks


def test_nothing_is_cut_off_or_moves_and_the_decision_stays_where_it_is(browse, project):
    for scheme in ("light", "dark"):
        page = browse()
        page.page.emulate_media(color_scheme=scheme)
        page.open().shows("case 1")
        for width, height in ((1440, 900), (1280, 800), (1024, 768), (390, 844)):
            page.page.set_viewport_size({"width": width, "height": height})
            assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
            picture = page.find("bc-viewer canvas").bounding_box()
            assert picture["height"] > 320 and picture["width"] > 0.42 * width, (width, picture)
    page.page.set_viewport_size({"width": 1280, "height": 800})
    before = page.find(".decide.accept").bounding_box()
    page.page.evaluate(
        "window.moved = 0; new PerformanceObserver(list => { for (const e of list.getEntries())"
        " window.moved += e.hadRecentInput ? 0 : e.value }).observe({type: 'layout-shift'})"
    )
    for case in ("case 2", "case 4", "case 5"):
        page.press("5")
        page.shows(case)
        assert page.find(".decide.accept").bounding_box() == before, case
    assert page.page.evaluate("window.moved") < 0.1


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
        page.page.emulate_media(color_scheme=scheme)
        for value in (0.3, 0.9):
            bar.evaluate(f"e => e.value = {value}")
            seen = np.asarray(Image.open(BytesIO(bar.screenshot())).convert("RGB"))
            assert (seen == seen[2, 9]).all(axis=2).mean() == pytest.approx(value, abs=0.02), scheme


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


def test_all_of_it_is_reached_and_named_without_a_mouse(page):
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
