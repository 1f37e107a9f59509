"""The real page in Chromium: how it opens, whom it asks, and what it says of the scan in view."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.page.drawn import OTHER
from tests.page.files import png, speckle
from tests.page.reader import Page, close
from tests.scans.made import dicom, written

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# --- it opens


def test_it_opens_with_a_sample_segmented_and_labelled_as_generated(page):
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    expect(page.find(".findings .badge")).to_have_text("generated")
    assert page.viewer("v => v.scores.painted_px") > 0
    expect(page.rows()).to_have_count(1)


def test_three_hints_stand_there_until_they_are_put_away(page, request):
    request.addfinalizer(lambda: page.viewer("() => localStorage.removeItem('bc-hints')"))
    expect(page.find(".hints li")).to_have_count(3)
    page.find(".hints button").click()
    expect(page.find(".hints")).to_be_hidden()
    page.page.reload()
    page.ready()
    expect(page.find(".hints")).to_be_hidden()


@pytest.mark.parametrize(
    ("tab", "part"), [("Model", "bc-models .models"), ("Evaluate", "bc-evaluate .evaluate")]
)
def test_a_tab_is_unseen_until_its_styles_are_there(page, tab, part):
    held = []
    page.page.route("**/controls.css", lambda route: held.append(route))
    with page.page.expect_request("**/controls.css"):
        page.page.get_by_role("tab", name=tab).click()
    expect(page.page.locator(part)).to_be_attached()
    expect(page.page.locator(part), "bare buttons flash").to_be_hidden()
    held[0].continue_()
    expect(page.page.locator(part)).to_be_visible()


@pytest.fixture
def unanswered(context, address) -> Iterator[Page]:
    """The page that was opened while its first question has no answer."""
    context.clear_cookies()
    opened = Page(context.new_page(), address)
    opened.page.route("**/bc/session", lambda route: route.abort())
    opened.page.goto(address)
    expect(opened.find(".toast")).to_contain_text("The server does not answer.", timeout=30_000)
    yield opened
    close(opened)


@pytest.mark.parametrize("does", ["presses", "comes back"])
def test_a_page_that_could_not_begin_does_when_the_reader_wants_it(unanswered, does):
    page = unanswered
    again = page.find(".toast").get_by_role("button", name="Try again")
    with page.page.expect_request("**/bc/session"):
        again.click()
    expect(page.find(".toast")).to_contain_text("The server does not answer.")
    page.page.unroute("**/bc/session")
    if does == "presses":
        again.click()
    else:
        page.page.evaluate("dispatchEvent(new Event('focus'))")
    page.ready()
    expect(page.find(".toast")).to_be_hidden()
    expect(page.rows()).to_have_count(1)


def test_files_given_to_a_page_that_could_not_begin_are_taken_once_it_has(unanswered):
    page = unanswered
    for name in ("a.png", "b.png"):
        # The sentence of the try before stands there until these are taken, which asks once more.
        with page.page.expect_request("**/bc/session"):
            page.give((name, png(OTHER.scan.pixels)))
        expect(page.find(".toast")).to_contain_text("The server does not answer.")
    page.page.unroute("**/bc/session")
    page.find(".toast").get_by_role("button", name="Try again").click()
    expect(page.title()).to_have_text("a.png")
    page.ready()
    expect(page.find(".list .name")).to_have_text(["a.png", "b.png"])


def test_the_browser_asks_no_other_host(page):
    asked = page.listen()
    page.page.reload()
    page.ready()
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
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


# --- what it says of a scan


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
    asked = page.listen()
    page.page.locator("bc-viewer #threshold").fill("0.9")
    page.page.wait_for_function(
        "before => document.querySelector('bc-viewer').scores.painted_px < before", arg=before
    )
    expect(page.find(".findings thead .now")).to_have_text("at 0.9")
    painted = page.viewer("v => v.scores.painted_px")
    expect(page.find(".findings tbody tr:first-child .now")).to_have_text(
        f"{painted:,}".replace(",", "\u202f")
    )
    distance = page.find(".findings tbody tr").filter(has_text="HD95, px").locator(".now")
    expect(distance).to_have_text("–")
    expect(distance).to_have_attribute("data-why", re.compile("at the operating point alone"))
    assert asked == []
    assert page.saved_mask().sum() == painted, "what is saved is what is seen"
    with page.page.expect_download() as download:
        page.page.keyboard.press("]")
        page.page.keyboard.press("s")
    assert download.value.suggested_filename == "generated-ultrasound-lobed_mask_t0.91.png"


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


def test_weights_that_cannot_segment_a_scan_again_say_why_beside_what_others_have_drawn(page):
    (scan,) = page.viewer("async () => await (await fetch('bc/scans')).json()")
    failed = scan | {"in_use": "next", "problem": "The weights answer with no number."}
    page.page.route("**/bc/scans/*/prediction", lambda route: route.fulfill(json=failed))
    weights = {name: {"revision": "next", "notice": None} for name in ("ultrasound", "mammogram")}
    page.page.evaluate("now => new BroadcastChannel('bc-weights').postMessage(now)", weights)
    again = page.find(".findings .other")
    again.get_by_role("button", name="Segment again").click()
    expect(again.locator(".error")).to_have_text("The weights answer with no number.")
    expect(page.find(".findings .presence")).to_be_visible()


def test_weights_that_are_not_there_yet_say_so(page):
    late = []
    page.page.route("**/bc/models", lambda route: late.append(route))
    with page.page.expect_request("**/bc/models"):
        page.page.get_by_role("tab", name="Model").click()
    expect(page.model(".facts")).to_have_text("Reading the weights …")
    expect(page.model(".others")).to_be_hidden()
    late[0].continue_()
    expect(page.model(".facts h2")).to_contain_text("ultrasound")
    expect(page.model(".facts")).not_to_contain_text("Reading the weights")
    expect(page.model(".others")).to_be_visible()


def test_scores_that_are_not_there_yet_or_cannot_be_had_say_so(page):
    late = []
    page.page.route("**/bc/models/*/scores", lambda route: late.append(route))
    with page.page.expect_request("**/bc/models/*/scores"):
        page.page.get_by_role("tab", name="Model").click()
    expect(page.model(".scores")).to_contain_text("Working out the scores")
    late[0].fulfill(status=500, json={"error": "The disk is gone."})
    expect(page.model(".scores")).to_contain_text("The disk is gone.")


def test_the_keyboard_stays_in_the_panel_though_it_is_drawn_anew(page):
    page.give(("m.png", png(OTHER.scan.pixels)), ("m_mask.png", png(OTHER.truth)))
    expect(page.find(".findings .file")).to_have_text("m_mask.png")
    page.ready()
    weights = page.find(".findings footer .quiet")
    before = weights.inner_text()
    page.find(".findings input[value=ultrasound]").focus()
    page.page.keyboard.press("ArrowRight")
    expect(weights).not_to_have_text(before)
    expect(page.find(".findings input[value=mammogram]")).to_be_focused()
    page.page.keyboard.press("ArrowLeft")
    expect(weights).to_have_text(before)
    expect(page.find(".findings input[value=ultrasound]")).to_be_focused()
    page.find(".findings").get_by_role("button", name="Remove truth").press("Enter")
    expect(page.find(".findings")).to_contain_text("None yet.")
    expect(page.title()).to_be_focused()  # the button is gone


# --- what explains it


def test_the_keyboard_and_the_mouse_ask_what_a_number_means(page):
    tip = page.find("[role=tooltip]")
    name = page.find(".findings .term").filter(has_text="HD95, mm")
    expect(tip).to_be_hidden()
    name.focus()
    expect(tip).to_contain_text("how far apart the two borders are")
    expect(name).to_have_attribute("aria-describedby", tip.get_attribute("id"))
    page.page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.find(".findings .term").filter(has_text="Presence").hover()
    expect(tip).to_contain_text("How sure the network is")
    page.page.get_by_role("tab", name="Scan").hover()  # out of what is explained
    expect(tip).to_be_hidden()


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


TAKEN = """keys => keys.filter((key) => !document.body.dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true, composed: true, cancelable: true})))"""
# + and - with Shift held or not; what is drawn, which a scan has not.
UNLISTED = {"=", "_", "Y"}


def test_every_key_is_listed_where_the_question_mark_leads(page):
    written = set(string.punctuation + string.digits + string.ascii_lowercase)
    # The sheet would take all others, and without a scan there is nothing to do.
    keys = [*sorted(written - {"?", "x"}), "PageUp", "PageDown", "x"]
    taken = {key.upper() for key in page.page.evaluate(TAKEN, keys)}
    page.page.keyboard.press("?")
    expect(page.find("dialog")).to_be_visible()
    told = page.find("dialog dt").all_inner_texts()
    listed = {key.replace(" ", "").upper() for keys in told for key in keys.split(", ")}
    assert listed == (taken - UNLISTED) | {"?"}
    page.page.keyboard.press("Escape")
    expect(page.find("dialog")).not_to_be_visible()
