"""The case in view of the Review tab: what is seen of it, what is kept of it, and how long it was looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bcweb.review.records import NewVerdict, Project
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import case_of, fill, ids, scans, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# What is filled in is put down in the browser: a reload that comes before has not kept it.
HAS_DIFFICULTY = """async () => {
  const answered = (asking) => new Promise((done) => (asking.onsuccess = () => done(asking.result)));
  const database = await answered(indexedDB.open("bc-review"));
  const kept = await answered(database.transaction("kept").objectStore("kept").getAll());
  database.close();
  return kept.some(({ form }) => form.difficulty === 1);
}"""

# --- its picture

TURN = """(v, way) => new Promise((done) => {
  const canvas = v.shadowRoot.querySelector("canvas");
  v.loss ??= canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  canvas.addEventListener(`webglcontext${way}`, () => done(), { once: true });
  if (way === "lost") v.loss.loseContext();
  else v.loss.restoreContext();
})"""


def test_a_picture_that_nobody_can_see_is_not_accepted(page, project, store):
    accept = page.find(".decide.accept")
    page.viewer(f"v => ({TURN})(v, 'lost')")
    expect(accept).to_be_disabled()
    page.press("1")
    page.says("Its picture is not on the screen.")
    page.press("j")
    page.shows("case 2").press("1")
    page.says("Its picture is not on the screen.")
    assert [stands(store, project, f"case {n}") for n in (1, 2)] == [None, None]
    page.viewer(f"v => ({TURN})(v, 'restored')")
    expect(accept).to_be_enabled()
    page.press("1")
    page.says("case 2, prediction accepted")


# --- chosen again


def test_a_drawing_that_was_gone_on_with_is_saved_though_its_case_is_chosen_again(
    page, project, store
):
    page.press("e")
    page.stroke(*BAR)
    page.says("Drawing kept")
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(1)
    page.press("e")
    expect(page.find(".decide.corrected")).to_be_enabled()
    page.says("Drawing kept")
    page.find('.queue .row[aria-label^="case 1, "]').click()
    page.shows("case 1")
    expect(page.find(".decide.corrected")).to_be_enabled()
    expect(page.find(".offer")).to_have_count(0)
    drawn = page.edited()
    with page.page.expect_response("**/draft?*"):
        page.stroke((0.3, 0.7), (0.6, 0.7))
    with page.page.expect_response("**/draft*") as kept:
        page.press("Control+z")
    assert kept.value.request.method == "PUT", "the drawing of before was dropped with the stroke"
    assert store.draft("local", "ANNA", ids(store, project)["case 1"]).strokes == 1
    page.press("1")
    page.says("1 stroke is drawn here")
    page.press("3")
    page.says("case 1, corrected")
    verdict = stands(store, project, "case 1")
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)


def test_strokes_that_a_decision_left_out_are_gone_when_its_case_stays_in_view(page):
    """The last case of a queue is shown once more when it is decided."""
    page.find("input[name=text]").fill("case 1")
    page.press("Enter")
    expect(page.find(".row .name")).to_have_text(["case 1"])
    page.press("Escape")
    page.find("input[name=text]").blur()
    page.press("e")
    page.stroke(*BAR)
    page.press("Shift+E", "2")
    page.says("1 stroke is drawn here")
    page.press("2")
    page.says("All cases of this queue are read.")
    expect(page.find(".decide.truth")).to_be_enabled()  # it is there again
    expect(page.find(".decide.corrected")).to_be_disabled()
    assert page.viewer("v => v.beginning") is None


# --- filled in before it is seen


def test_what_is_filled_in_before_the_picture_comes_is_kept(page, project, store):
    comment = page.find("textarea")
    waiting, pixels = [], f"**/review/cases/{ids(store, project)['case 5']}/pixels"
    page.page.route(pixels, lambda route: waiting.append(route))
    row = page.find('.queue .row[aria-label^="case 5, "]')
    row.click()
    expect(page.title()).to_have_text("case 5")
    comment.fill("a spiculated margin")
    page.press("Escape", "Shift+D")
    page.press("k")  # away from it before it has come
    page.shows("case 4")
    assert comment.input_value() == ""
    page.press("j")
    expect(page.title()).to_have_text("case 5")
    expect(comment).to_have_value("a spiculated margin")
    comment.fill("a spiculated margin, seen twice")
    page.press("Escape")
    for route in waiting:
        route.continue_()
    page.page.unroute(pixels)
    page.ready()
    expect(comment).to_have_value("a spiculated margin, seen twice")
    page.page.reload()
    page.shows("case 5")
    expect(comment).to_have_value("a spiculated margin, seen twice")
    expect(page.find(".choices :checked")).to_have_attribute("value", "1")


def test_what_is_filled_in_before_the_picture_comes_stands_over_what_an_earlier_page_left(page):
    comment = page.find("textarea")
    comment.fill("of the earlier page")
    page.press("Escape", "Shift+D")
    page.page.wait_for_function(HAS_DIFFICULTY)
    waiting = []
    page.page.route("**/review/cases/*/pixels", lambda route: waiting.append(route))
    page.page.reload()
    expect(page.title()).to_have_text("case 1", timeout=30_000)
    expect(comment).to_have_value("")
    comment.fill("of this page")
    page.press("Escape")
    for route in waiting:
        route.continue_()
    page.page.unroute("**/review/cases/*/pixels")
    page.ready()
    expect(page.find(".choices :checked")).to_have_attribute("value", "1")
    expect(comment).to_have_value("of this page")


# --- what is said of it


@pytest.fixture
def told(browse, store, tmp_path) -> Iterator[tuple[Project, ReviewPage]]:
    """Four cases, of which the first three are one woman's, and her first is a slice. The first is in view."""
    made = store.create("local", "Ward of views")
    caution = "This is a tomosynthesis image, not an ordinary mammogram."
    cases = []
    for n, picture in enumerate(scans(4)):
        file = tmp_path / f"{n}.png"
        Image.fromarray(picture.scan.pixels).save(file)
        notes = (caution, "First of 31 frames.") if n == 0 else ()
        case = case_of(file, picture, f"view {n}", None, notes=notes)
        cases.append(replace(case, group=f"woman {n // 3}"))
    store.add_cases(made.id, cases)
    store.set_state(made.id, "ready")
    yield made, browse().open(ids(store, made)["view 0"]).shows("view 0")
    store.delete("local", made.id)


def test_what_its_file_warns_of_stands_above_all_that_is_known_of_it(told):
    _, page = told
    caution = page.find(".case [role=alert].caution")
    expect(caution).to_have_text("This is a tomosynthesis image, not an ordinary mammogram.")
    assert caution.bounding_box()["y"] < page.find(".case .history").bounding_box()["y"]
    expect(page.find(".notes li")).to_have_text(["First of 31 frames."])
    page.press("j")
    page.shows("view 1")
    expect(caution).to_have_count(0)


def test_the_other_pictures_of_its_group_are_one_press_away(told, store):
    made, page = told
    by = ids(store, made)
    store.save("local", "BERTA", by["view 2"], NewVerdict("truth", "k"))
    page.reload()
    page.shows("view 0")
    line = page.find(".case .group")
    expect(line).to_have_text("Same patient or picture: view 1, view 2 T")
    expect(line.locator(".mark")).to_have_attribute("aria-label", "truth kept")
    assert line.locator("a").last.get_attribute("href") == f"?case={by['view 2']}"
    line.locator("a").first.click()
    page.shows("view 1")
    expect(line).to_have_text("Same patient or picture: view 0, view 2 T")
    page.find('.queue .row[aria-label^="view 3, "]').click()
    page.shows("view 3")
    expect(line).to_be_empty()


def test_what_was_decided_of_its_group_is_marked_though_it_was_fetched_before(told):
    _, page = told
    page.press("5")
    page.shows("view 1")
    mark = page.find(".case .group .mark")
    expect(mark).to_have_attribute("aria-label", "unsure")
    page.press("u")
    page.shows("view 0")
    page.press("j")
    page.shows("view 1")
    expect(mark).to_have_count(0)


# --- how long it was looked at


def pass_minutes(page: ReviewPage) -> None:
    """150 seconds, in which the reader moves the mouse now and then."""
    for x in (400, 500, 600):
        page.page.clock.fast_forward(50_000)
        page.page.mouse.move(x, 400)


def test_a_case_that_was_not_shown_yet_has_not_the_time_of_another(timed, project, store):
    page, numbers = timed, ids(store, project)
    row = '.queue .row[aria-label^="case %d, "]'
    waiting = []
    pass_minutes(page)
    page.page.route(f"**/review/cases/{numbers['case 6']}", lambda route: waiting.append(route))
    with page.page.expect_request(f"**/review/cases/{numbers['case 6']}"):
        page.find(row % 6).click()
    page.find(row % 5).click()  # away from it before it has come
    page.shows("case 5")
    waiting[0].continue_()
    page.page.unroute_all()
    page.find(row % 6).click()
    page.shows("case 6").press("5")
    page.says("case 6, unsure")
    assert stands(store, project, "case 6").seconds < 100
    page.find(row % 1).click()
    page.shows("case 1").press("5")
    page.says("case 1, unsure")
    assert stands(store, project, "case 1").seconds >= 150


def test_a_verdict_after_an_undone_one_has_its_own_time(timed, project, store):
    page = timed
    pass_minutes(page)
    page.press("5")
    page.shows("case 2")
    assert stands(store, project, "case 1").seconds >= 150
    page.press("u")
    page.shows("case 1")
    page.says("Undone: unsure")
    page.press("5")
    page.says("case 1, unsure")
    assert stands(store, project, "case 1").seconds < 100, "the first verdict's time counts twice"


def test_time_in_which_another_tab_of_the_page_is_in_front_is_not_of_the_case(
    timed, project, store
):
    page, ours = timed, timed.page.url
    page.page.get_by_role("tab", name="Scan").click()
    page.page.wait_for_function("ours => location.href !== ours", arg=ours)
    pass_minutes(page)
    page.page.get_by_role("tab", name="Review").click()
    page.shows("case 1").press("5")
    page.says("case 1, unsure")
    assert stands(store, project, "case 1").seconds < 60


# --- out of view


def test_in_another_project_no_case_of_this_one_is_in_view(page, project, store, tmp_path):
    other = fill(store, tmp_path / "other", 3, name="Another ward")
    page.page.reload()
    page.shows("case 1").find("textarea").fill("of this project")
    page.press("Escape")
    page.page.route(f"**/projects/{other.id}/queue*", lambda route: None)
    page.find(".project").click()
    page.find(".projects .open").filter(has_text=other.name).click()
    expect(page.find(".project .name")).to_have_text(other.name)
    expect(page.title()).to_have_count(0)
    expect(page.find("textarea")).to_have_value("")
    expect(page.find(".draw")).to_be_disabled()
    expect(page.find(".decide.unsure")).to_be_disabled()
    page.press("e", "5")  # and nothing comes of it
    assert page.viewer("v => v.beginning") is None
    assert stands(store, project, "case 1") is None
    store.delete("local", other.id)
