"""The list of scans in Chromium: what comes onto it, going through it, and what is taken off it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.page.drawn import LESION, OTHER
from tests.page.files import png, speckle
from tests.page.reader import REMOVE_ALL, Page, close, payload

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# --- onto it


def test_a_bad_file_gets_its_sentence_in_its_row_and_the_others_are_done(page):
    page.give(
        ("good 1.png", png(OTHER.scan.pixels)),
        ("text.png", b"not a picture at all, only some words\n" * 9),
        ("good 2.png", png(LESION.scan.pixels)),
    )
    expect(page.find(".failed .name")).to_have_text("text.png")
    expect(page.find(".failed .state")).to_contain_text("text file, not an image")
    expect(page.rows().filter(has_text="good")).to_have_count(2)
    expect(page.rows().filter(has_text="lesion")).to_have_count(3)
    page.find(".failed .dismiss").click()
    expect(page.find(".failed")).to_have_count(0)


def test_a_folder_that_is_listed_can_be_reviewed(page, tmp_path):
    folder = tmp_path / "Ward 7; left"  # several are separated so
    folder.mkdir()
    (folder / "a.png").write_bytes(png(OTHER.scan.pixels))
    review = page.find(".folder .review")
    expect(review).to_be_hidden()
    page.find(".folder input").fill(f"{folder}/")
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("a.png")
    review.click()
    form = page.page.locator("bc-review form.new")
    expect(form.get_by_label("Name")).to_have_value("Ward 7; left")
    expect(form.get_by_label("Data")).to_have_value(f"folder:{folder}/")
    form.get_by_role("button", name="Begin").click()
    project = page.page.locator("bc-review .projects li").filter(has_text="Ward 7")
    project.get_by_role("button", name="Remove …").click(timeout=30_000)  # it is imported by then
    expect(project.locator(".open")).to_contain_text("0 of 1")
    project.get_by_role("button", name="Remove it").click()
    expect(project).to_have_count(0)
    page.page.get_by_role("tab", name="Scan").click()
    page.find(".folder input").fill(f"{tmp_path}/other")
    expect(review).to_be_hidden()  # it is of what was listed


def test_from_a_scan_the_way_leads_to_where_it_can_be_corrected(page, tmp_path):
    correct = page.find(".findings").get_by_role("button", name="Correct in Review")
    expect(correct).to_have_count(0)  # what is generated needs none
    (tmp_path / "a.png").write_bytes(png(OTHER.scan.pixels))
    page.give(("given.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("given.png")
    correct.click()
    expect(page.find(".toast")).to_contain_text("name their folder here")
    expect(page.find(".folder input")).to_be_focused()
    page.page.keyboard.type(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("a.png")
    correct.click()
    data = page.page.locator("bc-review form.new").get_by_label("Data")
    expect(data).to_have_value(f"folder:{tmp_path}")


def test_what_cannot_be_opened_of_a_drop_has_its_row_beside_the_rest(page, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(OTHER.scan.pixels))
    with open(os.fsencode(folder) + b"/M\xfcller.png", "wb") as file:  # no text: browsers refuse it
        file.write(png(LESION.scan.pixels))
    page.drop(folder)
    expect(page.title()).to_have_text("a.png")
    page.ready()
    expect(page.find(".failed .name")).to_have_text("set/")
    expect(page.find(".failed .state")).to_have_text("cannot be opened.")
    expect(page.rows()).to_have_count(3)
    page.find(".failed .dismiss").click()
    expect(page.rows()).to_have_count(2)


def test_a_folder_is_dropped_whole_whatever_it_is_called_and_one_without_scans_says_so(
    page, tmp_path
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "cases.csv").write_text("file\n")
    page.drop(tmp_path / "empty")
    expect(page.find(".toast")).to_contain_text("empty holds no scans.")
    page.drop(tmp_path / "tables", tmp_path / "empty")
    expect(page.find(".toast")).to_contain_text("tables, empty hold no scans.")
    expect(page.rows()).to_have_count(1)
    for name, pixels in (("images/p1.png", OTHER.scan.pixels), ("masks/p1.png", OTHER.truth)):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(png(pixels))
    page.drop(tmp_path / "set")
    expect(page.title()).to_have_text("p1.png")
    expect(page.find(".findings .file")).to_have_text("p1.png")
    expect(page.rows()).to_have_count(2)
    # What is dropped may be called as what is left out of it.
    (tmp_path / ".ward" / ".git").mkdir(parents=True)
    for name in ("a.png", ".git/b.png"):
        (tmp_path / ".ward" / name).write_bytes(png(OTHER.scan.pixels))
    page.drop(tmp_path / ".ward")
    expect(page.title()).to_have_text("a.png")
    expect(page.find(".left")).to_have_text("")
    expect(page.rows()).to_have_count(3)


def test_a_file_that_is_another_by_the_time_it_is_sent_is_told_from_a_silent_server(page, tmp_path):
    held = []
    for becomes in ("another", "gone"):
        file = tmp_path / f"{becomes}.png"
        file.write_bytes(png(OTHER.scan.pixels))
        page.page.route("**/bc/pair", lambda route: held.append(route), times=1)
        with page.page.expect_request("**/bc/pair"):
            page.drop(file)
        if becomes == "gone":
            file.unlink()
        else:
            file.write_bytes(png(LESION.scan.pixels))
            os.utime(file, (1, 1))  # a browser may look at whole seconds
        held.pop().continue_()
        expect(page.find(".failed .state")).to_have_text(
            f"{becomes}.png cannot be read any more: it has changed or is gone. Drop it again."
        )
        expect(page.find(".left")).to_have_text("")
        page.find(".failed .dismiss").click()
        expect(page.find(".failed")).to_have_count(0)


def test_what_is_dropped_on_another_tab_is_shown_on_the_scan_tab(page, tmp_path):
    (tmp_path / "dropped.png").write_bytes(png(OTHER.scan.pixels))
    page.page.get_by_role("tab", name="Model").click()
    # What is under the pointer stays there from here on: a drop on what has just come is nobody's.
    page.page.locator("bc-models .scores table").wait_for()
    page.drop(tmp_path / "dropped.png")
    expect(page.title()).to_have_text("dropped.png")
    expect(page.title()).to_be_visible()


def test_a_folder_of_this_machine_is_listed_and_opened_one_by_one(page, tmp_path):
    for place, sample in enumerate((OTHER, LESION)):
        (tmp_path / f"{place}.png").write_bytes(png(sample.scan.pixels))
    page.find(".folder input").fill(str(tmp_path / "nothing"))
    page.find(".folder input").press("Enter")
    expect(page.find(".folder .error")).to_contain_text("is not a folder on this machine")
    (tmp_path / "lost_mask.png").write_bytes(png(OTHER.truth))
    (tmp_path / "1_mask.png").write_bytes(png(LESION.truth))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("0.png")
    expect(page.rows()).to_have_count(4)
    expect(page.rows().first).to_contain_text("lost_mask.pnglooks like a truth mask")
    page.page.keyboard.press("j")
    expect(page.title()).to_have_text("1.png")


def test_what_was_removed_and_is_listed_again_a_moment_later_stays(page, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.png").write_bytes(png(speckle(90, 120, ord(name))))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("a.png")
    page.find(".all").click()
    expect(page.rows()).to_have_count(0)
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("a.png")
    expect(page.find(".toast").get_by_text("Removed")).to_be_hidden(timeout=10_000)
    page.page.keyboard.press("j")
    expect(page.title()).to_have_text("b.png")
    expect(page.find(".failed")).to_have_count(0)


def test_a_truth_that_is_dropped_for_a_scan_that_nobody_has_opened_hinders_no_mask(page, tmp_path):
    folder = tmp_path / "listed"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.png").write_bytes(png(LESION.scan.pixels))
    (tmp_path / "c_mask.png").write_bytes(png(LESION.truth))
    page.find(".folder input").fill(str(folder))
    page.find(".folder input").press("Enter")
    expect(page.rows().filter(has_text="b.png")).to_contain_text("1 lesion")  # opened ahead
    page.drop(tmp_path / "c_mask.png")
    last = page.rows().filter(has_text="c.png")
    expect(last).to_contain_text("Dice")
    last.click()
    expect(page.title()).to_have_text("c.png")
    expect(page.find(".findings")).not_to_contain_text("not segmented")


def test_a_folder_listed_again_shows_the_mask_or_the_scan_that_was_added(page, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    field, is_listed = page.find(".folder input"), page.find(".folder [type=submit]")
    (first / "a.png").write_bytes(png(LESION.scan.pixels))
    field.fill(str(first))
    field.press("Enter")
    expect(page.title()).to_have_text("a.png")
    expect(page.find(".row.current .state")).to_have_text("1 lesion")
    expect(is_listed).to_be_enabled()
    (first / "a_mask.png").write_bytes(png(LESION.truth))
    field.press("Enter")
    expect(page.find(".row.current .state")).to_contain_text("Dice")
    expect(page.find(".row .name").filter(has_text="a.png")).to_have_count(1)
    expect(is_listed).to_be_enabled()
    (second / "c.png").write_bytes(png(LESION.scan.pixels))
    (second / "b_mask.png").write_bytes(png(OTHER.truth))
    field.fill(str(second))
    field.press("Enter")
    expect(page.find(".failed")).to_contain_text("b_mask.pnglooks like a truth mask")
    expect(is_listed).to_be_enabled()
    (second / "b.png").write_bytes(png(OTHER.scan.pixels))
    field.fill(f"{second}/")
    field.press("Enter")
    expect(page.rows().filter(has_text="b.png")).to_have_count(1)
    expect(page.find(".failed")).to_have_count(0)


def test_of_a_folder_whose_first_file_is_bad_the_first_good_one_is_shown(page, tmp_path):
    (tmp_path / "a.png").write_bytes(png(OTHER.scan.pixels)[:900])
    (tmp_path / "b.png").write_bytes(png(OTHER.scan.pixels))
    page.find(".folder input").fill(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("b.png")
    page.ready()
    expect(page.find(".row.failed .name")).to_have_text("a.png")
    (tmp_path / "b.png").unlink()
    page.find(".folder input").press("Enter")
    expect(page.find(".findings")).to_contain_text("a.png")  # none is left that can be looked at


def test_samples_are_chosen_from_a_menu_once_each_and_again_once_the_server_answers(page):
    page.find(".samples").select_option("generated-mammogram-mass")
    expect(page.title()).to_have_text("generated-mammogram-mass")
    page.find(".samples").select_option("generated-ultrasound-lobed")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    expect(page.rows()).to_have_count(2)
    page.page.context.set_offline(True)
    page.find(".samples").select_option("generated-ultrasound-cyst")
    expect(page.find(".toast")).to_contain_text("The server does not answer.")
    page.page.context.set_offline(False)
    page.find(".samples").select_option("generated-ultrasound-cyst")
    expect(page.title()).to_have_text("generated-ultrasound-cyst")
    expect(page.find(".toast"), "the error goes with its reason").not_to_be_visible()


def test_an_error_is_said_until_the_reader_goes_on_whatever_comes_up_by_itself(page):
    sent = []
    page.page.route("**/bc/scans", lambda route: sent.append(route))
    with page.page.expect_request("**/bc/scans"):
        page.give(("late.png", png(OTHER.scan.pixels)))
    with page.page.expect_file_chooser() as chooser:
        page.page.keyboard.press("g")
    chooser.value.set_files([payload("bad.png", b"only some words\n" * 9)])
    expect(page.find(".toast")).to_contain_text("This is a text file")
    sent[0].continue_()
    page.page.unroute("**/bc/scans")
    expect(page.title()).to_have_text("late.png")
    page.ready()
    expect(page.find(".toast")).to_contain_text("This is a text file")
    page.page.keyboard.press("k")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    expect(page.find(".toast")).not_to_be_visible()


def test_a_page_with_files_that_wait_to_be_sent_asks_before_it_is_left(page):
    sent, asked = [], []

    def hold(route):
        sent.append(route) if route.request.method == "POST" else route.continue_()

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    # A busy server lets the question wait as well, which files are scans and which are truths.
    page.page.route("**/bc/pair", lambda route: sent.append(route))
    page.page.route("**/bc/scans", hold)
    page.page.route("**/bc/line", lambda route: route.fulfill(json={"before": 2}))
    page.page.on("dialog", stay)
    for address in ("**/bc/pair", "**/bc/scans"):
        with page.page.expect_request(address):
            sent.pop().continue_() if sent else page.give(("late.png", png(OTHER.scan.pixels)))
        expect(page.find(".left")).to_have_text("1 to do, after 2 of other visitors")
        with page.page.expect_event("dialog"):
            page.page.evaluate("setTimeout(() => location.reload())")
        expect(page.find(".left")).to_contain_text("1 to do")
    sent.pop().continue_()
    for address in ("**/bc/pair", "**/bc/scans"):
        page.page.unroute(address)
    expect(page.title()).to_have_text("late.png")
    expect(page.find(".left")).to_have_text("")
    page.page.reload()
    page.ready()
    assert asked == ["beforeunload"] * 2, "nothing waits, and nobody is asked"


# --- through it


def test_what_was_given_first_is_listed_first_however_late_its_answer(page):
    held = []
    page.page.route("**/bc/pair", lambda route: held.append(route), times=1)
    with page.page.expect_request("**/bc/pair"):
        page.give(("a.png", png(OTHER.scan.pixels)))
    page.give(("b.png", png(OTHER.scan.pixels)))
    # Another question is answered by now, and the one about b.png would be, had it been asked.
    page.page.evaluate("async () => (await fetch('bc/line')).json()")
    held[0].continue_()
    expect(page.find(".list .name")).to_have_text(["generated-ultrasound-lobed", "a.png", "b.png"])


def list_folder(page, folder, count: int) -> None:
    """0.png and so on, of which the first is shown, and the second opened ahead."""
    for place in range(count):
        (folder / f"{place}.png").write_bytes(png(speckle(90, 80, place)))
    page.find(".folder input").fill(str(folder))
    page.find(".folder input").press("Enter")


@pytest.fixture
def unopened(context, address) -> Iterator[Page]:
    """A new visitor's tab, whose page is still to be opened."""
    context.clear_cookies()
    made = Page(context.new_page(), address)
    yield made
    close(made)


def test_what_was_dropped_is_shown_whether_it_comes_before_a_sample_or_after(unopened):
    page = unopened
    held = {}
    page.page.route("**/bc/samples/*", lambda route: held.update(sample=route))
    page.page.route("**/bc/scans", lambda route: held.update(upload=route))
    with page.page.expect_request("**/bc/samples/*"):
        page.page.goto(page.address)
    with page.page.expect_request("**/bc/scans"):
        page.give(("after.png", png(OTHER.scan.pixels)))
    expect(page.rows()).to_have_count(1)
    held["sample"].continue_()
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    held["upload"].continue_()
    page.page.unroute("**/bc/scans")
    expect(page.title()).to_have_text("after.png")
    with page.page.expect_request("**/bc/samples/*"):
        page.find(".samples").select_option("generated-ultrasound-cyst")
    page.give(("before.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("before.png")
    held["sample"].continue_()
    expect(page.rows()).to_have_count(4)
    expect(page.find(".list .row.current .name")).to_have_text("before.png")
    page.ready()


def test_what_was_chosen_last_is_shown_however_late_the_answer_to_a_choice_before(page, tmp_path):
    current = page.find(".list .row.current .name")
    held = []
    page.page.route("**/bc/samples/*", lambda route: held.append(route), times=1)
    with page.page.expect_request("**/bc/samples/*"):
        page.find(".samples").select_option("generated-ultrasound-cyst")
    page.find(".samples").select_option("generated-mammogram-mass")
    expect(page.title()).to_have_text("generated-mammogram-mass")
    held.pop().continue_()
    expect(page.rows()).to_have_count(3)
    expect(current).to_have_text("generated-mammogram-mass")
    page.page.route("**/bc/scans/*", lambda route: held.append(route), times=1)
    with page.page.expect_request("**/bc/scans/*"):
        list_folder(page, tmp_path, 2)
    page.rows().filter(has_text="1.png").locator("button").click()
    expect(page.title()).to_have_text("1.png")
    held.pop().continue_()
    expect(page.find(".folder [type=submit]")).to_be_enabled()  # the listing is over
    expect(current).to_have_text("1.png")
    page.page.route("**/bc/scans", lambda route: held.append(route), times=1)
    with page.page.expect_request("**/bc/scans"):
        page.give(("late.png", png(OTHER.scan.pixels)))
    list_folder(page, tmp_path / "0.png", 0)
    expect(page.find(".folder .error")).to_contain_text("is not a folder")
    held.pop().continue_()
    expect(page.title(), "a folder that is none was no choice").to_have_text("late.png")


def test_a_scan_that_cannot_be_asked_for_leaves_what_is_shown_and_can_be_tried_again(
    page, tmp_path
):
    list_folder(page, tmp_path, 3)
    expect(page.title()).to_have_text("0.png")
    expect(page.find(".folder [type=submit]")).to_be_enabled()  # the listing is over
    page.ready()
    expect(page.rows().filter(has_text="1.png").locator(".state")).not_to_be_empty()
    page.page.route("**/bc/scans/*", lambda route: route.abort(), times=1)
    with page.page.expect_event("requestfailed"):
        page.rows().filter(has_text="2.png").locator("button").click()
    toast = page.find(".toast")
    expect(toast).to_contain_text("The server does not answer.")
    page.page.evaluate("async () => (await fetch('bc/line')).json()")  # time for what comes after
    expect(page.title()).to_have_text("0.png")
    expect(page.find(".list .row.current .name")).to_have_text("0.png")
    assert page.viewer("v => v.scores.painted_px") is not None
    toast.get_by_role("button", name="Try again").click()
    expect(page.title()).to_have_text("2.png")
    expect(toast).to_be_hidden()


def test_a_held_key_passes_scans_without_asking_for_them(page, tmp_path):
    list_folder(page, tmp_path, 12)
    expect(page.title()).to_have_text("0.png")
    expect(page.find(".folder [type=submit]")).to_be_enabled()  # the listing is over
    page.ready()
    asked = page.listen()
    page.page.evaluate(
        """() => {
            for (let place = 1; place < 12; place++)
                document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "j", repeat: place > 1, bubbles: true}));
        }"""
    )
    expect(page.title()).to_have_text("11.png")
    page.ready()
    opened = [url for url in asked if re.search(r"/bc/scans/[^/]+$", url)]
    assert len(opened) <= 4, "the one where the reader stops waits for none that was passed"


def test_keys_go_from_scan_to_scan(page):
    page.give(("one.png", png(OTHER.scan.pixels)), ("two.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("one.png")
    expect(page.find(".left")).to_have_text("")
    page.page.keyboard.press("j")
    expect(page.title()).to_have_text("two.png")
    expect(page.find(".count")).to_have_text("3 of 3")
    page.page.keyboard.press("PageUp")
    expect(page.title()).to_have_text("one.png")
    page.page.keyboard.press("k")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.page.keyboard.press("k")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")


def test_the_keyboard_stays_on_the_row_that_it_has_chosen(page, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(png(OTHER.scan.pixels))
    (tmp_path / "torn.png").write_bytes(png(OTHER.scan.pixels)[:900])
    page.find(".folder input").fill(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("a.png")
    expect(page.rows()).to_have_count(5)
    row = page.rows().filter(has_text="b.png").locator("button")
    row.press("Enter")
    expect(page.title()).to_have_text("b.png")
    page.ready()
    expect(row).to_have_attribute("aria-current", "true")
    expect(row).to_be_focused()
    # Not the next after one that was in view: that is opened ahead, and its row would be a failed one already.
    page.rows().filter(has_text="torn.png").locator("button").press("Enter")
    expect(page.find(".failures")).to_have_text("1 failed")
    expect(page.find(".failed .dismiss")).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(page.rows()).to_have_count(4)
    beside = page.rows().first.locator("button")  # failed rows come first, and this was one
    expect(beside, "the keyboard goes on beside the row that it dismissed").to_be_focused()


def test_a_scan_that_is_gone_on_the_server_says_so_when_it_is_shown_or_its_mask_is_saved(page):
    is_gone = "This scan is not here any more: open it again."
    page.give(("gone.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("gone.png")
    page.ready()
    page.page.keyboard.press("k")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.ready()
    page.page.evaluate(REMOVE_ALL)  # as another tab does
    page.page.keyboard.press("j")
    expect(page.find(".findings .error")).to_have_text(is_gone)
    expect(page.find(".findings .verdict")).to_have_count(0)
    expect(page.find(".failed .state")).to_contain_text("open it again")
    expect(page.find(".failures")).to_have_text("1 failed")
    page.find(".failed .dismiss").click()
    expect(page.find(".findings")).not_to_contain_text("gone.png")
    page.give(("lost.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("lost.png")
    expect(page.find(".findings .error")).to_have_count(0)
    page.ready()
    page.page.evaluate(REMOVE_ALL)
    page.page.keyboard.press("s")
    expect(page.find(".findings .error")).to_have_text(is_gone)
    expect(page.rows().filter(has_text="lost.png").locator(".state")).to_contain_text(
        "open it again"
    )


# --- off it


def test_a_held_key_removes_one_scan_and_undo_brings_all_back_that_went_just_now(page):
    page.give(*((f"{n}.png", png(speckle(120, 100, n))) for n in range(4)))
    expect(page.rows()).to_have_count(5)
    expect(page.title()).to_have_text("0.png")
    page.ready()
    expect(page.find(".left")).to_have_text("")
    page.page.keyboard.down("x")
    page.page.keyboard.down("x")  # the browser says that it repeats
    page.page.keyboard.up("x")
    expect(page.rows()).to_have_count(4)
    page.page.keyboard.press("x")
    expect(page.find(".toast")).to_contain_text("Removed 2 scans.")
    expect(page.rows()).to_have_count(3)
    page.find(".toast button").click()
    expect(page.rows()).to_have_count(5)


def test_an_error_leaves_the_removal_its_undo_and_outlives_it(page):
    page.give(("one.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("one.png")
    page.ready()

    def remove_and_fail():
        page.page.keyboard.press("x")
        expect(page.title()).to_have_text("generated-ultrasound-lobed")
        page.ready()
        with page.page.expect_file_chooser() as chooser:
            page.page.keyboard.press("g")
        with page.page.expect_response(
            "**/truth"
        ):  # what the one before it said stands there still
            chooser.value.set_files([payload("bad.png", b"nonsense")])
        expect(page.find(".toast")).to_contain_text("text file")
        expect(page.find(".toast")).to_contain_text("Removed one.png.")

    remove_and_fail()
    page.find(".toast").get_by_role("button", name="Undo").click()
    expect(page.title()).to_have_text("one.png")
    expect(page.find(".toast")).to_contain_text("text file")
    expect(page.find(".toast")).not_to_contain_text("Removed")
    remove_and_fail()
    page.page.evaluate("dispatchEvent(new Event('pagehide'))")  # the time to think is over
    expect(page.find(".toast")).not_to_contain_text("Removed")
    expect(page.find(".toast")).to_contain_text("text file")
    page.find(".toast").get_by_role("button", name="Dismiss").click()
    expect(page.find(".toast")).not_to_be_visible()


def test_a_removed_scan_can_be_had_back_in_its_place_and_is_gone_once_the_page_was_left(page):
    page.give(("one.png", png(OTHER.scan.pixels)), ("two.png", png(LESION.scan.pixels)))
    expect(page.find(".left")).to_have_text("")
    expect(page.title()).to_have_text("one.png")
    page.ready()
    page.page.keyboard.press("x")
    expect(page.title()).to_have_text("two.png")
    page.find(".toast button").click()
    expect(page.title()).to_have_text("one.png")
    expect(page.find(".list .name")).to_have_text(
        ["generated-ultrasound-lobed", "one.png", "two.png"]
    )
    expect(page.find(".count")).to_have_text("2 of 3")
    page.page.reload()
    page.ready()
    expect(page.title()).to_have_text("one.png")
    page.page.keyboard.press("x")
    expect(page.title()).to_have_text("two.png")
    page.page.keyboard.press("x")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.page.reload()  # leaving the page ends the time to think
    page.ready()
    expect(page.rows()).to_have_count(1)


def test_remove_all_ends_an_upload_and_leaves_nothing_on_the_server(page):
    files = [(f"{place}.png", png(speckle(200, 200, place))) for place in range(10)]
    page.give(*files)
    expect(page.rows()).to_have_count(11)
    page.find(".all").click()
    expect(page.rows()).to_have_count(0)
    expect(page.find(".left")).to_have_text("")
    page.find(".toast button").click()  # undone: the upload goes on
    expect(page.find(".list .select:enabled")).to_have_count(11, timeout=30_000)
    on_their_way = []
    page.page.on("request", lambda r: r.method == "POST" and on_their_way.append(r))
    page.page.on("requestfinished", lambda r: r in on_their_way and on_their_way.remove(r))
    page.give(*[(f"more {name}", file) for name, file in files])
    expect(page.rows()).to_have_count(21)
    page.find(".all").click()
    page.page.evaluate("dispatchEvent(new Event('pagehide'))")  # the time to think is over
    expect(page.find(".toast")).not_to_be_visible()
    while on_their_way:
        page.page.wait_for_event("requestfinished")
    page.page.wait_for_function(  # what was on its way is removed now that it has arrived
        "async () => (await (await fetch('bc/scans')).json()).length === 0"
    )


def test_what_could_not_be_removed_is_said_and_is_on_the_list_again(page):
    page.page.route("**/bc/scans", lambda route: route.fulfill(status=500, json={"error": "No."}))
    page.page.keyboard.press("x")
    expect(page.rows()).to_have_count(0)
    page.page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(page.find(".toast")).to_contain_text("Not removed from the server: No.")
    expect(page.rows()).to_have_count(1)
    page.page.unroute("**/bc/scans")
    page.rows().locator("button").click()
    expect(page.find(".toast")).not_to_be_visible()
