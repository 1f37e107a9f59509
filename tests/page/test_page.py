"""The real page in Chromium: what a reader does, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from bcweb import metrics
from bcweb.samples import SAMPLES
from tests.page.files import png, speckle
from tests.page.reader import REMOVE_ALL, Page, close, payload
from tests.test_scans import dicom, written

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

LESION, OTHER = SAMPLES[0].phantom(), SAMPLES[1].phantom()


@pytest.fixture(scope="package")
def context(chromium) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm: a cookie of its own makes each test a new visitor."""
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    yield made
    made.close()


@pytest.fixture
def page(context, address) -> Iterator[Page]:
    context.clear_cookies()
    opened = Page(context.new_page(), address).open()
    yield opened
    close(opened)


@pytest.fixture
def browse(chromium, address) -> Iterator[Callable[..., Page]]:
    """Open the page in a browser of its own."""
    made: list[Page] = []

    def new(**options) -> Page:
        made.append(Page(chromium.new_context(**options).new_page(), address))
        return made[-1].open()

    yield new
    for opened in made:
        close(opened)
        opened.page.context.close()


def test_it_opens_with_a_sample_segmented_and_labelled_as_generated(page):
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    expect(page.find(".findings .badge")).to_have_text("generated")
    assert page.viewer("v => v.scores.painted_px") > 0
    expect(page.rows()).to_have_count(1)


def test_three_hints_stand_there_until_they_are_put_away(browse):
    page = browse()
    expect(page.find(".hints li")).to_have_count(3)
    page.find(".hints button").click()
    expect(page.find(".hints")).to_be_hidden()
    page.page.reload()
    page.ready()
    expect(page.find(".hints")).to_be_hidden()


def test_the_keyboard_and_the_mouse_ask_what_a_number_means(page):
    tip = page.find("[role=tooltip]")
    name = page.find(".findings .term").filter(has_text="HD95, mm")
    expect(tip).to_be_hidden()
    name.focus()
    expect(tip).to_contain_text("how far the two borders are apart")
    expect(name).to_have_attribute("aria-describedby", tip.get_attribute("id"))
    page.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.find(".findings .term").filter(has_text="Presence").hover()
    expect(tip).to_contain_text("How sure the network is")


def test_the_browser_asks_no_other_host(page):
    hosts = {urlsplit(url).netloc for url in page.asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(page.address).netloc}


def test_the_server_asks_no_other_host(page, trap):
    page.give(("quiet.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("quiet.png")
    page.page.get_by_role("tab", name="Model").click()  # embedded weights, and a folder's
    for modality, name in (("Ultrasound", "ultrasound-"), ("Mammogram", "random")):
        page.model("label").filter(has_text=modality).click()
        expect(page.model(".facts h2")).to_contain_text(name)
        expect(page.model(".names .current")).to_have_count(1)
        expect(page.model(".revisions")).to_be_empty()
    with pytest.raises(BlockingIOError):  # nobody has knocked
        trap.accept()


def test_an_upload_is_drawn_with_its_mask_and_findings(page):
    page.give(("ward.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("ward.png")
    page.ready()
    expect(page.rows()).to_have_count(2)
    expect(page.find(".findings .modality p")).to_contain_text("guessed from the picture")
    painted = page.viewer("v => v.scores.painted_px")
    areas = page.find(".findings .lesions td:nth-child(2)").all_inner_texts()
    assert painted == pytest.approx(
        sum(int(area.replace("\u202f", "")) for area in areas), rel=0.01
    )
    assert page.saved_mask().shape == OTHER.scan.pixels.shape


def test_the_threshold_moves_the_mask_and_its_numbers_without_asking_the_server(page):
    before = page.viewer("v => v.scores.painted_px")
    page.asked.clear()
    page.page.locator("bc-viewer #threshold").fill("0.9")
    page.page.wait_for_function(
        "before => document.querySelector('bc-viewer').scores.painted_px < before", arg=before
    )
    expect(page.find(".findings thead .now")).to_have_text("at 0.9")
    painted = page.viewer("v => v.scores.painted_px")
    expect(page.find(".findings tbody tr:first-child .now")).to_have_text(
        f"{painted:,}".replace(",", "\u202f")
    )
    assert page.asked == []
    assert page.saved_mask().sum() == painted, "what is saved is what is seen"
    with page.page.expect_download() as download:
        page.page.keyboard.press("]")
        page.page.keyboard.press("s")
    assert download.value.suggested_filename == "generated-ultrasound-lobed_mask_t0.91.png"


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


def test_a_truth_that_comes_before_its_scan_waits_for_it(page):
    page.give(("late_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    page.give(("late.png", png(OTHER.scan.pixels)))
    expect(page.find(".findings .file")).to_have_text("late_mask.png")
    expect(page.find(".failed")).to_have_count(0)


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
    assert len([url for url in given if url.endswith("/truth")]) == 2, "each is given once"


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


def give_truth(page, name: str, data: bytes) -> None:
    """To the scan in view, with the file chooser."""
    page.ready()
    with page.page.expect_file_chooser() as chooser:
        page.page.keyboard.press("g")
    chooser.value.set_files([payload(name, data)])


def test_any_file_can_be_given_as_the_truth_of_the_scan_in_view(page):
    page.give(("b.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("b.png")
    give_truth(page, "drawn by hand.png", png(OTHER.truth))
    expect(page.find(".findings .file")).to_have_text("drawn by hand.png")
    expect(page.find('.findings td[data-score="dice"]')).not_to_be_empty()


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
        while not self.held:
            self._turn()
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
    expect(page.find(".folder button")).to_be_enabled()
    page.ready()
    script = "async () => Object.fromEntries((await (await fetch('bc/scans')).json()).map(s => [s.name, s.id]))"
    return page.page.evaluate(script)


@pytest.mark.parametrize("late", ["GET", "PUT"], ids=["opening", "truth"])
def test_a_scan_has_its_truth_whichever_is_answered_last_its_opening_or_its_truth(
    page, tmp_path, late
):
    id = list_folder(page, tmp_path)["2.png"]
    # 2.png is opened ahead as soon as 1.png is shown.
    address = f"**/bc/scans/{id}" + ("/truth" if late == "PUT" else "")
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
    first = Late(page, "PUT", "**/truth", answered=False)
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
    second = Late(page, "PUT", "**/truth", answered=True)
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


def test_a_truth_of_another_shape_is_refused_in_a_sentence_and_the_scan_stays(page):
    page.give(("c.png", png(speckle(100, 100))), ("c_mask.png", png(np.ones((50, 80), bool))))
    expect(page.find(".failed")).to_contain_text("another shape")
    expect(page.title()).to_have_text("c.png")
    expect(page.find(".findings .scores")).to_have_count(0)


def test_a_folder_is_dropped_whole(page, tmp_path):
    for name, pixels in (("images/p1.png", OTHER.scan.pixels), ("masks/p1.png", OTHER.truth)):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(png(pixels))
    page.drop(tmp_path / "set")
    expect(page.title()).to_have_text("p1.png")
    expect(page.find(".findings .file")).to_have_text("p1.png")
    expect(page.rows()).to_have_count(2)


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


def test_a_folder_listed_again_shows_the_mask_that_was_added(page, tmp_path):
    (tmp_path / "a.png").write_bytes(png(LESION.scan.pixels))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.title()).to_have_text("a.png")
    expect(page.find(".row.current .state")).to_have_text("1 lesion")
    expect(page.find(".folder button")).to_be_enabled()  # the listing is over
    (tmp_path / "a_mask.png").write_bytes(png(LESION.truth))
    page.find(".folder input").press("Enter")
    expect(page.find(".row.current .state")).to_contain_text("Dice")
    expect(page.find(".row .name").filter(has_text="a.png")).to_have_count(1)


def test_a_folder_listed_again_shows_the_scan_that_was_added_to_a_mask(page, tmp_path):
    (tmp_path / "a.png").write_bytes(png(LESION.scan.pixels))
    (tmp_path / "b_mask.png").write_bytes(png(OTHER.truth))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.find(".failed")).to_contain_text("b_mask.pnglooks like a truth mask")
    expect(page.find(".folder button")).to_be_enabled()  # the listing is over
    (tmp_path / "b.png").write_bytes(png(OTHER.scan.pixels))
    page.find(".folder input").fill(f"{tmp_path}/")
    page.find(".folder input").press("Enter")
    expect(page.rows().filter(has_text="b.png")).to_have_count(1)
    expect(page.find(".failed")).to_have_count(0)


def test_a_truth_that_waits_finds_its_scan_in_a_folder_that_is_listed_later(page, tmp_path):
    page.give(("b_mask.png", png(OTHER.truth)))
    expect(page.find(".failed")).to_contain_text("its scan is not here")
    (tmp_path / "b.png").write_bytes(png(OTHER.scan.pixels))
    page.find(".folder input").fill(str(tmp_path))
    page.find(".folder input").press("Enter")
    expect(page.find(".row.current .state")).to_contain_text("Dice")
    expect(page.find(".failed")).to_have_count(0)


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


def test_samples_are_chosen_from_a_menu_once_each(page):
    page.find(".samples").select_option("generated-mammogram-mass")
    expect(page.title()).to_have_text("generated-mammogram-mass")
    page.find(".samples").select_option("generated-ultrasound-lobed")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    expect(page.rows()).to_have_count(2)


def test_another_modality_segments_anew_with_its_own_weights(page):
    page.give(("m.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("m.png")
    ultrasound = page.find(".findings footer .quiet").inner_text()
    page.find(
        ".findings .choices label",
    ).filter(has_text="Mammogram").click()
    expect(page.find(".findings .modality p")).to_have_text("as you said")
    expect(page.find(".findings footer .quiet")).not_to_have_text(ultrasound)
    page.ready()


def test_a_removed_scan_can_be_had_back_and_is_gone_after_that(page):
    page.give(("gone.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("gone.png")
    page.page.keyboard.press("x")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.find(".toast button").click()
    expect(page.title()).to_have_text("gone.png")
    page.page.keyboard.press("x")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.page.reload()  # leaving the page ends the time to think
    page.ready()
    expect(page.rows()).to_have_count(1)


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


def test_what_is_dropped_on_another_tab_is_shown_on_the_scan_tab(page, tmp_path):
    (tmp_path / "dropped.png").write_bytes(png(OTHER.scan.pixels))
    page.page.get_by_role("tab", name="Model").click()
    # What is under the pointer stays there from here on: a drop on what has just come is nobody's.
    page.page.locator("bc-models .scores table").wait_for()
    page.drop(tmp_path / "dropped.png")
    expect(page.title()).to_have_text("dropped.png")
    expect(page.title()).to_be_visible()


def test_a_scan_is_refused_as_a_truth(page):
    page.give(("d.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("d.png")
    give_truth(page, "again.png", png(OTHER.scan.pixels))
    expect(page.find(".toast")).to_contain_text("This is a picture and no mask")


def test_an_undone_removal_puts_a_scan_back_in_its_place_and_a_reload_comes_back_to_it(page):
    page.give(("one.png", png(OTHER.scan.pixels)), ("two.png", png(LESION.scan.pixels)))
    expect(page.find(".left")).to_have_text("")
    expect(page.title()).to_have_text("one.png")
    page.ready()
    page.page.keyboard.press("x")
    page.find(".toast button").click()
    expect(page.find(".list .name")).to_have_text(
        ["generated-ultrasound-lobed", "one.png", "two.png"]
    )
    expect(page.find(".count")).to_have_text("2 of 3")
    page.page.reload()
    page.ready()
    expect(page.title()).to_have_text("one.png")


def test_remove_all_ends_an_upload_and_leaves_nothing_on_the_server(page):
    files = [(f"{place}.png", png(speckle(200, 200, place))) for place in range(24)]
    page.give(*files)
    expect(page.rows()).to_have_count(25)
    page.find(".all").click()
    expect(page.rows()).to_have_count(0)
    expect(page.find(".left")).to_have_text("")
    page.find(".toast button").click()  # undone: the upload goes on
    expect(page.find(".list .select:enabled")).to_have_count(25, timeout=30_000)
    on_their_way = []
    page.page.on("request", lambda r: r.method == "POST" and on_their_way.append(r))
    page.page.on("requestfinished", lambda r: r in on_their_way and on_their_way.remove(r))
    page.give(*[(f"more {name}", file) for name, file in files])
    expect(page.rows()).to_have_count(49)
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


def test_an_error_that_the_server_does_not_answer_goes_when_it_does_again(page):
    page.page.context.set_offline(True)
    page.find(".samples").select_option("generated-ultrasound-cyst")
    expect(page.find(".toast")).to_contain_text("The server does not answer.")
    page.page.context.set_offline(False)
    page.find(".samples").select_option("generated-ultrasound-cyst")
    expect(page.title()).to_have_text("generated-ultrasound-cyst")
    expect(page.find(".toast")).not_to_be_visible()


def test_a_scan_that_is_gone_on_the_server_says_so_and_shows_no_findings(page):
    page.give(("gone.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("gone.png")
    page.ready()
    page.page.keyboard.press("k")
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.ready()
    page.page.evaluate(REMOVE_ALL)
    page.page.keyboard.press("j")
    expect(page.find(".findings .error")).to_have_text(
        "This scan is not here any more: open it again."
    )
    expect(page.find(".findings .verdict")).to_have_count(0)
    expect(page.find(".failed .state")).to_contain_text("open it again")
    expect(page.find(".failures")).to_have_text("1 failed")
    page.find(".failed .dismiss").click()
    expect(page.find(".findings")).not_to_contain_text("gone.png")


def test_no_key_does_anything_behind_the_open_help(page):
    before = page.viewer("v => v.threshold")
    page.page.keyboard.press("?")
    for key in ("x", "]", "m", "u"):
        page.page.keyboard.press(key)
    expect(page.find("dialog")).to_be_visible()
    page.page.keyboard.press("?")
    expect(page.find("dialog")).not_to_be_visible()
    expect(page.rows()).to_have_count(1)
    assert page.viewer("v => v.threshold") == before
    page.page.keyboard.press("x")
    expect(page.rows()).to_have_count(0)


def test_the_modality_in_a_file_leaves_no_other_choice_and_says_why(page):
    other = page.find(".findings .choices label").filter(has_text="Mammogram")
    expect(other).to_have_attribute("title", "It was generated as an ultrasound.")
    expect(other.locator("input")).to_be_disabled()


def test_a_mammogram_that_is_no_ordinary_view_is_warned_of_above_what_was_found(page):
    file = dicom(speckle(90, 80), Modality="MG", ImageType=r"DERIVED\PRIMARY\\SUBTRACTION")
    page.give(("contrast.dcm", written(file)))
    expect(page.title()).to_have_text("contrast.dcm")
    warning = "This is a subtracted contrast view, not an ordinary mammogram."
    expect(page.find(".findings > .caution")).to_have_text(warning)
    expect(page.find(".findings .notes")).not_to_contain_text(warning)
    expect(page.find(".findings .presence")).to_contain_text("It was trained on made up.")


def test_a_file_of_another_modality_is_warned_of_in_the_list_and_above_what_was_found(page):
    page.give(("thorax.dcm", written(dicom(speckle(90, 80), Modality="CT"))))
    expect(page.title()).to_have_text("thorax.dcm")
    warning = "The file gives its modality as CT, not as ultrasound (US) or mammography (MG)."
    expect(page.find(".findings > .caution")).to_have_text(warning)
    expect(page.find(".list .row.current")).to_contain_text("unusual scan")


def test_nothing_moves_while_the_page_loads(chromium, address):
    tab = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => {"
        " for (const e of list.getEntries()) window.moved += e.value"
        "}).observe({type: 'layout-shift', buffered: true})"
    )
    opened = Page(tab, address).open()
    moved = tab.evaluate("window.moved")
    close(opened)
    tab.context.close()
    assert moved < 0.1


def test_a_reload_and_a_second_tab_show_the_same_scans(page):
    page.give(("kept.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("kept.png")
    page.page.reload()
    page.ready()
    expect(page.rows().filter(has_text="kept.png")).to_have_count(1)
    second = Page(page.page.context.new_page(), page.address).open()
    expect(second.rows().filter(has_text="kept.png")).to_have_count(1)
    assert second.complaints == []


def test_a_scan_that_another_tab_had_segmented_anew_is_shown_as_it_is_now(page):
    page.give(("shared.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("shared.png")
    page.ready()
    second = Page(page.page.context.new_page(), page.address).open()
    second.rows().filter(has_text="shared.png").locator("button").click()
    expect(second.title()).to_have_text("shared.png")
    second.find(".findings .choices label").filter(has_text="Mammogram").click()
    expect(second.find(".findings footer")).to_contain_text("random-")
    page.page.keyboard.press("k")
    expect(page.title()).not_to_have_text("shared.png")
    page.page.keyboard.press("j")
    expect(page.find(".findings footer")).to_contain_text("random-")
    page.ready()
    second.page.close()


def test_two_browsers_at_once_see_nothing_of_each_other(browse):
    anna, berta = browse(), browse()
    anna.give(("anna.png", png(OTHER.scan.pixels)))
    berta.give(("berta.png", png(LESION.scan.pixels)))
    expect(anna.title()).to_have_text("anna.png")
    expect(berta.title()).to_have_text("berta.png")
    id = anna.viewer(
        "async () => (await (await fetch('bc/scans')).json()).find(s => s.name === 'anna.png').id"
    )
    for what in ("", "/pixels", "/probability", "/thumbnail", "/mask.png"):
        status = berta.viewer(f"async () => (await fetch('bc/scans/{id}{what}')).status")
        assert status == 404, what
    berta.page.reload()
    berta.ready()
    expect(berta.rows().filter(has_text="anna")).to_have_count(0)


def test_another_site_can_neither_read_nor_send(page):
    """A page of another origin in the same browser, which would send the visitor's cookie along."""
    stranger = page.page.context.new_page()
    stranger.route("http://localhost:1/", lambda route: route.fulfill(body="elsewhere"))
    stranger.goto("http://localhost:1/")  # another port: another origin, but the same site
    ask = "([url, options]) => fetch(url, options).then(r => r.type + r.status, () => 'failed')"
    place = page.address.replace("127.0.0.1", "localhost")
    for path, options in (
        ("/bc/session", {"credentials": "include"}),
        ("/bc/scans", {"method": "POST", "body": "x", "credentials": "include", "mode": "no-cors"}),
        ("/gradio_api/upload", {"method": "POST", "body": "x", "mode": "no-cors"}),
    ):
        answers = []
        stranger.on("response", lambda response, answers=answers: answers.append(response.status))
        assert stranger.evaluate(ask, [place + path, options]) in ("failed", "opaque0"), path
        assert set(answers) <= {403}, path
    stranger.close()
    expect(page.rows()).to_have_count(1)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_is_cut_off_sideways_at_any_width(browse, scheme):
    page = browse(color_scheme=scheme)
    dark = page.viewer("() => document.body.classList.contains('dark')")
    assert dark == (scheme == "dark")
    for width in (390, 768, 1024, 1440):
        page.page.set_viewport_size({"width": width, "height": 844})
        assert page.viewer("() => document.documentElement.scrollWidth <= innerWidth"), width
        box = page.page.locator("bc-viewer canvas").bounding_box()
        assert box["height"] > 380 and box["width"] > 0.4 * width, width


CUT = """(v) => [...v.shadowRoot.querySelectorAll('.pane:not([hidden]) .strip *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth).map(e => e.textContent)"""


def test_on_a_phone_nothing_is_without_its_name(browse):
    page = browse(viewport={"width": 390, "height": 844}, color_scheme="dark")
    normal = next(sample for sample in SAMPLES if sample.name == "generated-ultrasound-normal")
    scan = normal.phantom().scan.pixels
    page.give(
        ("first.png", png(scan)), ("first_mask.png", png(scan > 90)), ("empty.png", b""),
    )  # fmt: skip
    expect(page.find(".failures")).to_have_text("1 failed")
    expect(page.find(".findings .file")).to_have_text("first_mask.png")
    page.page.get_by_role("button", name="Side by side").click()
    viewer = page.page.locator("bc-workbench bc-viewer")
    expect(viewer.locator("[data-pane=prediction] .area")).to_have_text("nothing painted")
    expect(viewer.locator("[data-pane=difference] .name")).to_be_visible()
    page.page.get_by_role("button", name="Display settings").click()
    for heat in (False, True):
        assert page.viewer(CUT) == [], heat
        if not heat:
            page.page.get_by_role("button", name="Heat map").click()
            expect(viewer.locator("[data-pane=prediction] .heat")).to_be_visible()
    name = page.rows().filter(has_text="first.png").locator(".name")
    expect(name).to_be_visible()
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight")
    expect(page.find(".all")).to_be_visible()
    assert page.find(".samples").bounding_box()["width"] > 120


def test_a_file_that_fails_leaves_the_current_scan_in_the_strip_of_a_phone(browse):
    page = browse(viewport={"width": 390, "height": 844})
    page.give(("first.png", png(OTHER.scan.pixels)), ("second.png", png(LESION.scan.pixels)))
    expect(page.find(".left")).to_have_text("")
    expect(page.title()).to_have_text("first.png")
    current = page.find(".list .row.current")
    expect(current).to_be_in_viewport(ratio=0.99)
    page.give(("broken.png", b"no picture"))
    expect(page.find(".list .failed")).to_have_count(1)
    expect(current).to_contain_text("first.png")
    expect(current).to_be_in_viewport(ratio=0.99)


def test_scores_that_are_not_there_yet_or_cannot_be_had_say_so(page):
    late = []
    page.page.route("**/bc/models/*/scores", lambda route: late.append(route))
    with page.page.expect_request("**/bc/models/*/scores"):
        page.page.get_by_role("tab", name="Model").click()
    expect(page.model(".scores")).to_contain_text("Working out the scores")
    late[0].fulfill(status=500, json={"error": "The disk is gone."})
    expect(page.model(".scores")).to_contain_text("The disk is gone.")


def test_a_level_of_sixteen_bits_is_not_cut(page):
    for width in (1280, 1700):
        page.page.set_viewport_size({"width": width, "height": 844})
        level = page.page.locator("bc-workbench bc-viewer input.level")
        level.evaluate("e => e.value = '32767.5'")
        assert level.evaluate("e => e.scrollWidth <= e.clientWidth"), width


def test_every_key_is_listed_where_the_question_mark_leads(page):
    page.page.keyboard.press("?")
    expect(page.find("dialog")).to_be_visible()
    expect(page.find("dialog dl > div")).to_have_count(24)
    page.page.keyboard.press("Escape")
    expect(page.find("dialog")).not_to_be_visible()
