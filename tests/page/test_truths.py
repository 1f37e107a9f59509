"""Truths in Chromium: each finds its scan, whichever comes first, and what is shown is scored against it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bcweb import metrics
from tests.page.drawn import LESION, OTHER
from tests.page.files import png, speckle
from tests.page.reader import Page, payload
from tests.until import until

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# --- it finds its scan


def test_a_truth_dropped_with_its_scan_gives_numbers(page, tmp_path):
    (tmp_path / "a.png").write_bytes(png(OTHER.scan.pixels))
    (tmp_path / "a_mask.png").write_bytes(png(OTHER.truth))
    page.drop(tmp_path / "a_mask.png", tmp_path / "a.png")
    expect(page.find(".findings .file")).to_have_text("a_mask.png")
    page.ready()
    expected = metrics.score_case(page.saved_mask(), OTHER.truth)
    assert page.score("dice") == f"{expected.dice:.3f}"
    assert page.score("iou") == f"{expected.iou:.3f}"
    assert page.score("hd95_px") == f"{expected.hd95_px:.1f}"
    assert page.score("hd95_mm") == "–"
    expect(page.find(".findings .scores")).to_contain_text("pixel spacing unknown")
    assert page.viewer("v => v.scores.dice") == pytest.approx(expected.dice, abs=0.005)


def test_a_truth_dropped_later_finds_its_scan_by_name_while_another_is_looked_at(page, tmp_path):
    page.give(("first.png", png(OTHER.scan.pixels)), ("second.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("first.png")
    expect(page.rows()).to_have_count(3)
    expect(page.find(".left")).to_have_text("")
    (tmp_path / "second_mask.png").write_bytes(png(LESION.truth))
    page.drop(tmp_path / "second_mask.png")
    expect(page.rows().nth(2)).to_contain_text("Dice")
    expect(page.title()).to_have_text("first.png")
    expect(page.find(".findings .scores")).to_have_count(0)


def test_a_truth_finds_its_scan_whatever_space_or_unseen_letter_is_in_its_name(page):
    named = [  # a Mac's screenshot, a full-width space, a no-break space, a joiner
        "Screenshot 2024-05-01 at 3.00.00\u202fPM",
        "患者\u30001",
        "a\u00a0b",
        "c\u200dd",
    ]
    page.give(*((f"{name}.png", png(speckle(90, 80, seed))) for seed, name in enumerate(named)))
    expect(page.find(".list .select:enabled")).to_have_count(5)  # with the sample
    expect(page.find(".left")).to_have_text("")
    page.give(*((f"{name}_mask.png", png(np.ones((90, 80), bool))) for name in named))
    expect(page.find(".row").filter(has_text="Dice")).to_have_count(5)
    expect(page.find(".failed")).to_have_count(0)
    shown = page.find(".list .name").all_text_contents()
    assert {f"{name}.png" for name in named[:3]} < set(shown)


def test_a_truth_that_comes_before_its_scan_waits_for_it(page):
    page.give(("late_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    page.give(("late.png", png(OTHER.scan.pixels)))
    expect(page.find(".findings .file")).to_have_text("late_mask.png")
    expect(page.find(".failed")).to_have_count(0)


def test_of_a_truth_in_several_parts_any_that_comes_again_takes_its_own_place(page, tmp_path):
    halves = np.zeros((2, *OTHER.truth.shape), bool)
    halves[0, 5:25, 5:25] = halves[1, 40:60, 40:60] = True
    (tmp_path / "a.png").write_bytes(png(OTHER.scan.pixels))
    for name, half in zip(("a_mask.png", "a_mask_1.png"), halves, strict=True):
        (tmp_path / name).write_bytes(png(half))
    page.drop(*sorted(tmp_path.iterdir()))
    file = page.find(".findings .file")
    expect(file).to_have_text("2 masks, a_mask.png first")
    (tmp_path / "a_mask.png").write_bytes(png(np.roll(halves[0], 8, axis=0)))
    page.drop(tmp_path / "a_mask.png")
    expect(file).to_have_text("2 masks, a_mask_1.png first")


def test_a_folder_called_as_those_of_masks_is_one_of_scans_once_a_truth_tells_it(page, tmp_path):
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "x.png").write_bytes(png(LESION.scan.pixels))
    page.drop(tmp_path / "gt")
    expect(page.find(".list .failed")).to_contain_text("its scan is not here")
    (tmp_path / "gt" / "x_mask.png").write_bytes(png(LESION.truth))
    page.drop(tmp_path / "gt")
    expect(page.rows()).to_have_count(2)  # with the sample
    expect(page.rows().nth(1)).to_contain_text("Dice")
    expect(page.find(".list .failed")).to_have_count(0)


def test_a_truth_that_may_be_of_two_scans_is_of_none_and_says_so(page, tmp_path):
    """Of two channels of nnU-Net: a data set leaves it out as well."""
    for name in ("imagesTr/a_0000.png", "imagesTr/a_0001.png", "labelsTr/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        mask = png(OTHER.truth)
        (tmp_path / name).write_bytes(mask if "labels" in name else png(OTHER.scan.pixels))
    page.drop(tmp_path / "imagesTr", tmp_path / "labelsTr")
    expect(page.find(".failed")).to_have_text(
        "a.pngmay be the truth of any of these: a_0000.png, a_0001.png. Open the scan that it belongs to, and use Add truth.×"
    )
    expect(page.find(".left")).to_have_text("")
    expect(page.rows()).to_have_count(4)
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.find(".failed")).to_have_count(2)
    expect(page.find(".failed").last).to_contain_text(
        "labelsTr/a.pngmay be the truth of several scans in the folder. Open the scan, and use Add truth."
    )
    expect(page.find(".row").filter(has_text="Dice")).to_have_count(1)  # the sample


SCAN, MASK = ("p1.jpg", png(OTHER.scan.pixels)), ("p1.png", png(OTHER.truth))


@pytest.mark.parametrize(
    "drops",
    [[[SCAN], [MASK]], [[MASK], [SCAN]], [[SCAN, MASK]], [[("p1.bmp", MASK[1]), SCAN]]],
    ids=["scan first", "mask first", "together", "together and the mask first"],
)
def test_a_black_and_white_picture_of_a_scans_name_is_its_truth(page, drops):
    for files in drops:
        page.give(*files)
        expect(page.find(".list")).to_contain_text("p1")
        expect(page.find(".left")).to_have_text("")
    (truth,) = {name for files in drops for name, _ in files} - {"p1.jpg"}
    expect(page.find(".list .name")).to_have_text(["generated-ultrasound-lobed", "p1.jpg"])
    expect(page.title()).to_have_text("p1.jpg")
    expect(page.find(".findings .file")).to_have_text(truth)
    page.ready()
    expected = metrics.score_case(page.saved_mask(), OTHER.truth)
    assert page.score("dice") == f"{expected.dice:.3f}"


def test_a_black_and_white_picture_in_a_folder_is_the_truth_of_the_scan_beside_it(page, tmp_path):
    for name, file in (SCAN, MASK, ("p2.jpg", png(LESION.scan.pixels))):
        (tmp_path / name).write_bytes(file)
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("p1.jpg")
    expect(page.find(".findings .file")).to_have_text("p1.png")
    names = ["generated-ultrasound-lobed", "p1.jpg", "p2.jpg"]
    expect(page.find(".list .name")).to_have_text(names)


def test_a_black_and_white_picture_that_was_given_finds_its_scan_in_a_folder(page, tmp_path):
    page.give(MASK)
    expect(page.title()).to_have_text("p1.png")
    (tmp_path / SCAN[0]).write_bytes(SCAN[1])
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("p1.jpg")
    expect(page.find(".findings .file")).to_have_text("p1.png")
    expect(page.rows()).to_have_count(2)


def test_a_black_and_white_picture_without_a_scan_is_one_and_says_what_it_looks_like(page):
    page.give(("p2.jpg", png(LESION.scan.pixels)), MASK)
    page.find(".list .select").filter(has_text="p1.png").click()
    expect(page.title()).to_have_text("p1.png")
    expect(page.find(".findings .notes")).to_contain_text("looks like a truth mask")
    expect(page.find(".left")).to_have_text("")
    expect(page.rows()).to_have_count(3)


def test_a_black_and_white_picture_that_was_taken_off_the_list_is_no_truth_until_it_is_had_back(
    page,
):
    page.give(MASK)
    expect(page.title()).to_have_text("p1.png")
    page.ready()
    page.page.keyboard.press("x")
    page.give(SCAN)
    expect(page.title()).to_have_text("p1.jpg")
    expect(page.find(".left")).to_have_text("")
    expect(page.find(".findings .scores")).to_have_count(0)
    page.find(".toast button").click()
    expect(page.find(".findings .file")).to_have_text("p1.png")
    expect(page.title()).to_have_text("p1.jpg")
    expect(page.rows()).to_have_count(2)


def test_truths_that_come_while_their_scans_are_on_their_way_are_paired_when_these_are_there(page):
    held, given = [], []
    page.page.route("**/bc/scans", lambda route: held.append(route))
    page.page.on("request", lambda r: r.method in ("PUT", "POST") and given.append(r.url))
    page.give(("1.png", png(OTHER.scan.pixels)), ("2.png", png(LESION.scan.pixels)))
    page.give(("1_mask.png", png(OTHER.truth)), ("2_mask.png", png(LESION.truth)))
    expect(page.find(".failed")).to_have_count(2)
    for route in held:
        route.continue_()
    page.page.unroute("**/bc/scans")
    scored = page.find(".list .row").filter(has_text="Dice")
    expect(scored).to_have_count(3, timeout=30_000)  # with the sample
    expect(page.find(".failed")).to_have_count(0)
    expect(page.find(".left")).to_have_text("")
    assert len([url for url in given if "/truth" in url]) == 2, "each is given once"


def test_a_truth_is_paired_with_a_scan_that_arrives_while_it_is_asked_for(page):
    """The server is asked before it has the scan, and its answer comes when the scan is listed."""
    sent, asked = [], []
    page.page.route("**/bc/scans", lambda route: sent.append(route))
    with page.page.expect_request("**/bc/scans"):
        page.give(("late.png", png(OTHER.scan.pixels)))
    page.page.route("**/bc/pair", lambda route: route.continue_() if asked else asked.append(route))
    with page.page.expect_request("**/bc/pair"):
        page.give(("late_mask.png", png(OTHER.truth)))
    expect(page.find(".list .select:enabled")).to_have_count(1)  # the sample's
    answer = asked[0].fetch()
    sent[0].continue_()
    page.page.unroute("**/bc/scans")
    expect(page.find(".list .select:enabled")).to_have_count(2)
    asked[0].fulfill(response=answer)
    scored = page.find(".list .row").filter(has_text="Dice")
    expect(scored).to_have_count(2, timeout=30_000)  # with the sample
    expect(page.find(".failed")).to_have_count(0)


def test_a_truth_that_was_taken_off_the_list_waits_for_no_scan(page):
    page.give(("late_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    page.find(".all").click()
    expect(page.rows()).to_have_count(0)
    page.page.evaluate("dispatchEvent(new Event('pagehide'))")  # the time to think is over
    page.give(("late.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("late.png")
    expect(page.find(".left")).to_have_text("")
    expect(page.rows()).to_have_count(1)
    expect(page.find(".findings .file")).to_have_count(0)


def test_a_truth_that_was_taken_off_the_list_and_is_had_back_finds_its_scan(page):
    page.give(("late_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    page.find(".all").click()
    expect(page.rows()).to_have_count(0)
    page.give(("late.png", png(OTHER.scan.pixels)))
    page.find(".toast button").click()
    scored = page.find(".list .row").filter(has_text="Dice")
    expect(scored).to_have_count(2, timeout=30_000)  # with the sample
    expect(page.find(".failed")).to_have_count(0)


def test_a_truth_that_waits_finds_its_scan_in_a_folder_that_is_listed_later(page, tmp_path):
    page.give(("b_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    (tmp_path / "b.png").write_bytes(png(OTHER.scan.pixels))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.find(".row.current .state")).to_contain_text("Dice")
    expect(page.find(".failed")).to_have_count(0)


def test_a_truth_of_another_shape_is_refused_in_a_sentence_and_the_scan_stays(page):
    page.give(("c.png", png(speckle(100, 100))), ("c_mask.png", png(np.ones((50, 80), bool))))
    expect(page.find(".failed")).to_contain_text("another shape")
    expect(page.title()).to_have_text("c.png")
    expect(page.find(".findings .scores")).to_have_count(0)


# --- it is given to the scan in view


def give_truth(page, name: str, data: bytes) -> None:
    give_truths(page, (name, data))


def give_truths(page, *files: tuple[str, bytes]) -> None:
    """To the scan in view, with the file chooser."""
    page.ready()
    with page.page.expect_file_chooser() as chooser:
        page.page.keyboard.press("g")
    chooser.value.set_files([payload(name, data) for name, data in files])


def test_any_file_can_be_given_as_the_truth_of_the_scan_in_view(page):
    page.give(("b.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("b.png")
    give_truth(page, "drawn by hand.png", png(OTHER.truth))
    expect(page.find(".findings .file")).to_have_text("drawn by hand.png")
    expect(page.find('.findings td[data-score="dice"]')).not_to_be_empty()


def test_of_several_masks_of_which_one_is_refused_those_before_it_are_the_truth_that_is_shown(page):
    page.give(("b.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("b.png")
    give_truths(page, ("1.png", png(OTHER.truth)), ("2.png", png(np.ones((50, 400), bool))))
    expect(page.find(".toast")).to_contain_text("another shape")
    expect(page.find(".findings .file")).to_have_text("1.png")
    expect(page.find(".row.current .state")).to_contain_text("Dice")
    page.ready()
    assert page.viewer("v => v.maskOf('truth').reduce((n, x) => n + x)") == OTHER.truth.sum()


def test_a_scan_is_refused_as_a_truth_and_the_mask_to_save_is_still_the_one_in_view(page):
    page.give(("d.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("d.png")
    page.ready()
    for _ in range(3):
        page.page.keyboard.press("[")
    seen = page.viewer("v => v.threshold")
    link = page.find(".findings footer a")
    expect(link).to_have_attribute("href", re.compile(re.escape(f"threshold={seen}&")))
    before = link.get_attribute("href")
    give_truth(page, "again.png", png(OTHER.scan.pixels))
    expect(page.find(".toast")).to_contain_text("This is a picture and no mask")
    expect(link).to_have_attribute("href", before)


# --- answers come late


class Late:
    """Holds back the first request of a method to an address: before the server has it, or its answer."""

    def __init__(self, page: Page, method: str, address: str, answered: bool):
        self.page, self.method, self.address, self.answered = page, method, address, answered
        self.held: list[tuple[sync_api.Route, sync_api.APIResponse | None]] = []
        self.asked: list[sync_api.Request] = []
        page.page.on(
            "request", lambda request: "/bc/scans/" in request.url and self.asked.append(request)
        )
        page.page.route(address, self._hold)

    def _hold(self, route: sync_api.Route) -> None:
        if self.held or route.request.method != self.method:
            route.fallback()
        else:
            self.held.append((route, route.fetch() if self.answered else None))

    def wait(self) -> None:
        """Until it is held back, and all else is answered that the page has asked for meanwhile."""

        def held() -> list:
            self._turn()
            return self.held

        until(held)
        self._turn()
        for request in list(self.asked):
            if request != self.held[0][0].request:
                request.response()

    def go(self) -> None:
        ((route, answer),) = self.held
        route.fulfill(response=answer) if answer else route.continue_()

    def _turn(self) -> None:
        self.page.page.evaluate("async () => (await fetch('bc/line')).json()")


def list_folder(page: Page, folder: Path) -> dict[str, str]:
    """0.png, 1.png and 2.png on the disk, opened one by one; their ids by name."""
    for place, sample in enumerate((OTHER, OTHER, LESION)):
        (folder / f"{place}.png").write_bytes(png(sample.scan.pixels))
    page.find(".folder input").fill(str(folder))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("0.png")
    expect(page.find(".folder [type=submit]")).to_be_enabled()
    page.ready()
    script = "async () => Object.fromEntries((await (await fetch('bc/scans')).json()).map(s => [s.name, s.id]))"
    return page.page.evaluate(script)


@pytest.mark.parametrize("late", ["GET", "PUT"], ids=["opening", "truth"])
def test_a_scan_has_its_truth_whichever_is_answered_last_its_opening_or_its_truth(
    page, tmp_path, late
):
    id = list_folder(page, tmp_path)["2.png"]
    # 2.png is opened ahead as soon as 1.png is shown.
    address = f"**/bc/scans/{id}" + ("/truth*" if late == "PUT" else "")
    answer = Late(page, late, address, answered=True)
    (tmp_path / "2_mask.png").write_bytes(png(LESION.truth))

    def opened():
        page.page.keyboard.press("j")
        expect(page.title()).to_have_text("1.png")
        page.ready()

    def given():
        with page.page.expect_response("**/bc/pair"):
            page.drop(tmp_path / "2_mask.png")

    first, second = (opened, given) if late == "GET" else (given, opened)
    first()
    answer.wait()
    second()
    answer.wait()
    answer.go()
    expect(page.find(".row .state").last).to_contain_text("Dice")
    page.page.keyboard.press("j")
    expect(page.title()).to_have_text("2.png")
    expect(page.find(".findings .file")).to_have_text("2_mask.png")
    page.ready()
    expected = metrics.score_case(page.saved_mask(), LESION.truth)
    assert page.score("dice") == f"{expected.dice:.3f}"


def test_of_two_truths_the_last_that_was_given_is_the_scans(page, tmp_path):
    page.give(("a.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("a.png")
    first = Late(page, "PUT", "**/truth*", answered=False)
    for name in ("a_mask.png", "a_mask_1.png"):
        (tmp_path / name).write_bytes(png(LESION.truth))
    page.drop(*tmp_path.iterdir())
    first.wait()
    give_truth(page, "last.png", png(OTHER.truth))
    first.wait()
    first.go()
    expect(page.find(".left")).to_have_text("")
    expect(page.find(".findings .file")).to_have_text("last.png")
    page.ready()
    names = page.page.evaluate(
        "async () => (await (await fetch('bc/scans')).json()).at(-1).truth_names"
    )
    assert names == ["last.png"]
    assert page.viewer("v => v.maskOf('truth').reduce((n, x) => n + x)") == OTHER.truth.sum()


def test_no_truth_is_in_view_but_the_one_that_the_score_is_of(page):
    page.give(("a.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("a.png")
    give_truth(page, "first.png", png(OTHER.truth))
    expect(page.find(".findings .file")).to_have_text("first.png")
    upper = OTHER.truth & (np.arange(OTHER.truth.shape[0]) < OTHER.truth.shape[0] // 2)[:, None]
    second = Late(page, "PUT", "**/truth*", answered=True)
    give_truth(page, "second.png", png(upper))
    second.wait()
    for key, name in (("k", "generated-ultrasound-lobed"), ("j", "a.png")):
        page.page.keyboard.press(key)
        expect(page.title()).to_have_text(name)
        page.ready()
    expect(page.find(".findings .file")).to_have_text("first.png")
    assert page.viewer("v => v.maskOf('truth')") is None, "it is the second by now"
    second.go()
    expect(page.find(".findings .file")).to_have_text("second.png")
    page.ready()
    assert page.viewer("v => v.maskOf('truth').reduce((n, x) => n + x)") == upper.sum() > 0


def test_what_the_panel_offers_is_done_to_the_scan_that_it_shows(page, tmp_path):
    for name, sample in (("0", OTHER), ("2", LESION)):
        (tmp_path / f"{name}_mask.png").write_bytes(png(sample.truth))
    id = list_folder(page, tmp_path)["2.png"]
    opening = Late(page, "GET", f"**/bc/scans/{id}", answered=False)
    rows = {name: page.rows().filter(has_text=name) for name in ("0.png", "2.png")}
    rows["2.png"].locator("button").click()
    opening.wait()
    expect(page.title()).to_have_text("0.png")  # the other is not there yet
    page.find(".findings").get_by_role("button", name="Remove truth").click()
    expect(rows["0.png"].locator(".state")).not_to_contain_text("Dice")
    expect(page.find(".findings")).to_contain_text("None yet.")
    page.page.keyboard.press("x")
    expect(rows["0.png"]).to_have_count(0)
    expect(rows["2.png"]).to_have_count(1)
    opening.go()
    expect(page.title()).to_have_text("2.png")
    expect(page.find(".findings .file")).to_have_text("2_mask.png")


def test_a_truth_is_given_to_the_scan_for_which_it_was_asked(page):
    page.give(("a.png", png(OTHER.scan.pixels)), ("b.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("a.png")
    states = page.find(".row .state")
    expect(states.nth(2)).to_contain_text("lesion")
    page.ready()
    with page.page.expect_file_chooser() as chooser:
        page.page.keyboard.press("g")
    page.page.keyboard.press("j")
    expect(page.title()).to_have_text("b.png")
    page.ready()
    chooser.value.set_files([payload("drawn by hand.png", png(OTHER.truth))])
    expect(states.nth(1)).to_contain_text("Dice")
    expect(states.nth(2)).not_to_contain_text("Dice")
