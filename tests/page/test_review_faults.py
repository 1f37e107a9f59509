"""Nothing that was drawn or decided is lost: servers and browsers killed, a database locked, a login ended."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from bcweb.page.wire import pack
from bcweb.review.records import Project
from bcweb.review.store import Store
from tests import browser
from tests.page.importing import SESSION, Importing
from tests.page.reader import keep_warm
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import fill, ids
from tests.page.running import App, Visitor

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

READER = {"X-Reader": "ANNA"}

# Half the pixels a side: where no graphics card is, an emulated one draws each of them.
LOOK = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 0.5}

# What the browser has put down by now: what a reload comes before is not kept, or not yet dropped.
_KEPT = """async () => {
  const answered = (asking) => new Promise((done) => (asking.onsuccess = () => done(asking.result)));
  const database = await answered(indexedDB.open("bc-review"));
  const kept = await answered(database.transaction("kept").objectStore("kept").getAll());
  database.close();
  return kept;
}"""
HAS_COMMENT = (
    f"async (comment) => (await ({_KEPT})()).some(({{ form }}) => form.comment === comment)"
)
HAS_NO_DRAWING = f"async () => (await ({_KEPT})()).every(({{ bits }}) => !bits)"


@pytest.fixture(scope="module")
def server(home: Path, store: Store) -> Iterator[App]:
    made = App({"BCWEB_HOME": str(home)})
    yield made.start()
    made.stop()


@pytest.fixture
def app(server: App) -> App:
    """It runs, though a test failed while it did not."""
    return server if server.process.poll() is None else server.start()


@pytest.fixture
def project(store: Store, tmp_path: Path) -> Iterator[Project]:
    made = fill(store, tmp_path / "scans", 3, name=tmp_path.name)
    yield made
    store.delete("local", made.id)


@pytest.fixture
def other(store: Store, tmp_path: Path) -> Iterator[Project]:
    made = fill(store, tmp_path / "other", 1, name="Another ward")
    yield made
    store.delete("local", made.id)


class Kept:
    """A browser whose profile outlives it."""

    def __init__(self, chromium: sync_api.Browser, folder: Path, address: str):
        self.folder = folder
        self.context = chromium.browser_type.launch_persistent_context(
            folder, executable_path=browser.executable(), args=list(browser.ARGUMENTS), **LOOK
        )
        self.page = ReviewPage(self.context.pages[0], address)

    def kill(self) -> None:
        """As a crash does: nothing can be tidied up before."""
        for process in Path("/proc").iterdir():
            if not process.name.isdigit():
                continue
            try:
                arguments = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            own = f"--user-data-dir={self.folder}".encode() in arguments
            if own and not any(argument.startswith(b"--type=") for argument in arguments):
                os.kill(int(process.name), signal.SIGKILL)
        with suppress(sync_api.Error):  # Playwright may know already that the browser is gone
            self.context.close()


@contextmanager
def opened(chromium, folder: Path, address: str) -> Iterator[Kept]:
    made = Kept(chromium, folder, address)
    yield made
    made.context.close()
    assert made.page.complaints == []


@pytest.fixture(scope="module")
def context(chromium, server: App) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm; see `browse` for what it forgets."""
    made = chromium.new_context(**LOOK)
    keep_warm(made, server.address)
    yield made
    made.close()


@pytest.fixture
def browse(context, app: App) -> Iterator[Callable[[], ReviewPage]]:
    """Open tabs of a browser that remembers nothing of earlier tests."""
    made: list[ReviewPage] = []

    def new() -> ReviewPage:
        made.append(ReviewPage(context.new_page(), app.address))
        if len(made) == 1:
            made[0].forget()
        return made[-1]

    yield new
    context.set_offline(False)  # where a test failed while it was
    for page in made:
        page.page.close(run_before_unload=False)
        assert page.complaints == []


@pytest.fixture
def page(browse, project: Project, store: Store) -> ReviewPage:
    return browse().open(ids(store, project)["case 1"]).shows("case 1")


def standing(store: Store, project: Project, name: str = "case 1"):
    row = next(r for r in store.queue("local", project.id, "listed") if r.case == name)
    case = store.case("local", row.id)
    said = store.history("local", row.id)
    return next((verdict for verdict in said if verdict.id == case.verdict_id), None)


# --- the server


def mask_number(number: int) -> np.ndarray:
    """(240, 320) bool: a mask that says which one it is."""
    mask = np.zeros((240, 320), bool)
    mask[: 1 + number % 200, number % 300 : number % 300 + 9] = True
    return mask


def save_until_it_dies(address: str, case: int, enough: threading.Event) -> list[dict]:
    """Save verdict after verdict; what the server has said to be saved."""
    saved = []
    visitor = Visitor(address)
    after = visitor.get(f"/bc/review/cases/{case}", headers=READER).json()["latest"]
    while True:
        number = len(saved)
        said = {
            "decision": "corrected",
            "key": f"n{number}",
            "after": after,
            "comment": str(number),
        }
        sent = json.dumps(said).encode() + b"\n" + pack(mask_number(number))
        try:
            answer = visitor.post(f"/bc/review/cases/{case}/verdicts", content=sent, headers=READER)
        except httpx.TransportError:
            visitor.close()
            return saved
        assert answer.status_code == 201, answer.text
        saved.append(answer.json())
        after = saved[-1]["id"]
        if len(saved) == 5:
            enough.set()


def test_a_server_that_is_killed_while_it_saves_keeps_all_that_it_acknowledged(
    app, home, store, project
):
    case = store.queue("local", project.id, "listed")[0].id
    enough = threading.Event()
    killer = threading.Thread(target=lambda: (enough.wait(60), app.kill()))
    killer.start()
    acknowledged = save_until_it_dies(app.address, case, enough)
    killer.join()
    assert len(acknowledged) >= 5
    with closing(sqlite3.connect(home / "review.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = {verdict.id: verdict for verdict in store.history("local", case)}
    for told in acknowledged:
        verdict = kept[told["id"]]
        assert verdict.comment == told["comment"]
        mask = store.mask(project.id, verdict.mask_file)
        assert np.array_equal(mask, mask_number(int(told["comment"]))), told
    assert len(kept) <= len(acknowledged) + 1, "at most one was not answered"
    app.start()


@pytest.mark.browser
def test_a_locked_database_is_not_saved_and_then_saved(home, page, store, project):
    with closing(sqlite3.connect(home / "review.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        page.press("2")
        page.says("NOT saved yet, but kept in this browser: case 1. The database is busy.")
        assert "Saved" not in page.find(".status").inner_text()
        page.shows("case 1")
        other.execute("ROLLBACK")
        page.says("Saved", 60)
    assert standing(store, project).decision == "truth"
    page.shows("case 2")


@pytest.mark.browser
def test_a_login_that_has_ended_keeps_the_drawing_and_says_what_to_do(page, store, project):
    sentence = "Your login has ended. What you drew is kept in this browser: log in again."
    ended = {"error": sentence, "login": True}
    for path in ("**/draft?*", "**/verdicts"):
        page.page.route(path, lambda route: route.fulfill(status=401, json=ended))
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    drawn = page.edited()
    page.says("kept in this browser")
    page.press("3")
    page.says("NOT saved yet, but kept in this browser: case 1. Your login has ended.")
    expect(page.find(".status a")).to_contain_text("Log in")
    assert standing(store, project) is None
    page.page.unroute_all()
    page.page.evaluate("dispatchEvent(new Event('focus'))")  # back from the other tab
    page.says("Saved")
    assert np.array_equal(store.mask(project.id, standing(store, project).mask_file), drawn)


@pytest.mark.browser
def test_answers_that_pass_keep_drawing_and_verdict_until_they_are_saved(page, store, project):
    sign_in = {"status": 200, "content_type": "text/html", "body": "<h1>Hotel network</h1>"}
    half = {"status": 201, "content_type": "application/json", "body": '{"id": 1, "case_i'}
    busy = {"status": 429, "body": "Too many requests"}

    def answering(path: str, *answers: dict) -> list[dict]:
        left = list(answers)
        page.page.route(path, lambda r: r.fulfill(**left.pop(0)) if left else r.fallback())
        return left

    def answered(path: str, left: list[dict]) -> None:
        """All of them have come."""
        while left:
            with page.page.expect_response(path):
                page.find(".status button").click()
        page.try_now()

    drafts = answering("**/draft?*", sign_in, busy)
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    drawn = page.edited()
    page.says("NOT saved on the server, but kept in this browser")
    answered("**/draft?*", drafts)
    page.says("Drawing kept", 60)
    verdicts = answering("**/verdicts", sign_in, half, busy)
    page.press("3")
    page.says(
        "NOT saved yet, but kept in this browser: case 1. What came back was not the server's answer"
    )
    answered("**/verdicts", verdicts)
    page.says("Saved", 60)
    verdict = standing(store, project)
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)


# --- the browser


@pytest.mark.browser
def test_a_drawing_survives_a_killed_server_and_a_killed_browser(
    chromium, app, store, project, tmp_path
):
    first = Kept(chromium, tmp_path / "profile", app.address)
    page = first.page.open().shows("case 1")
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("Drawing kept")
    page.find("textarea").fill("half way")
    page.press("Escape")
    page.says("Drawing kept")
    app.kill()
    page.stroke((0.3, 0.7), (0.6, 0.7))
    drawn = page.edited()
    page.says("NOT saved on the server, but kept in this browser")
    first.kill()
    app.start()
    with opened(chromium, tmp_path / "profile", app.address) as second:
        page = second.page.open().shows("case 1")
        offers = page.find(".offer")
        expect(offers).to_have_count(2)  # what the server has is a stroke behind
        expect(offers.first).to_contain_text("Your unfinished drawing of")
        expect(offers.first).to_contain_text("2 strokes, kept in this browser")
        page.press("e")
        expect(offers).to_have_count(1)
        assert np.array_equal(page.edited(), drawn)
        expect(page.find("textarea")).to_have_value("half way")
        page.press("3")
        page.says("Saved")
    verdict = standing(store, project)
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
    assert (verdict.comment, verdict.beginning) == ("half way", "prediction")


@pytest.mark.browser
def test_what_was_left_of_a_case_is_kept_from_the_one_that_has_its_number_in_another_database(
    chromium, tmp_path
):
    """A Space that starts again without a backup, or another data folder at the same address."""
    app = App({"BCWEB_HOME": str(tmp_path / "first")})
    numbers = set()
    for home, size in (("first", (240, 320)), ("second", (100, 120))):
        with Store(tmp_path / home) as made:
            ward = fill(made, tmp_path / f"{home} scans", 2, name=f"{home} ward", size=size)
            numbers.add(made.queue("local", ward.id)[0].id)
    assert len(numbers) == 1, "the cases have other numbers in the other database"
    with closing(chromium.new_context(**LOOK)) as context:
        app.start()
        page = ReviewPage(context.new_page(), app.address).open().shows("case 1")
        page.page.route("**/draft?*", lambda route: route.abort())
        page.press("e")
        page.stroke((0.3, 0.4), (0.6, 0.4))
        page.says("kept in this browser")
        page.press("Shift+E", "j")
        page.shows("case 2")
        page.find("textarea").fill("a mass of the first ward")
        page.press("Escape")
        page.page.wait_for_function(HAS_COMMENT, arg="a mass of the first ward")
        page.page.close(run_before_unload=False)
        app.stop()
        app.environment["BCWEB_HOME"] = str(tmp_path / "second")
        app.start()
        page = ReviewPage(context.new_page(), app.address).open().shows("case 1")
        expect(page.find(".offer")).to_have_count(0)
        page.press("j")
        page.shows("case 2")
        expect(page.find("textarea")).to_have_value("")
        page.page.close(run_before_unload=False)
        app.stop()
        app.environment["BCWEB_HOME"] = str(tmp_path / "first")
        app.start()
        page = ReviewPage(context.new_page(), app.address).open().shows("case 1")
        expect(page.find(".offer")).to_contain_text("1 stroke, kept in this browser")
        app.stop()


@pytest.mark.browser
def test_a_verdict_that_was_never_answered_is_sent_when_the_browser_is_opened_again(
    chromium, app, store, project, tmp_path
):
    first = Kept(chromium, tmp_path / "profile", app.address)
    page = first.page.open().shows("case 1")
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    drawn = page.edited()
    page.page.route("**/verdicts", lambda route: route.abort())
    page.press("3")
    page.says("NOT saved yet, but kept in this browser: case 1. The server does not answer.")
    first.kill()
    assert standing(store, project) is None
    with opened(chromium, tmp_path / "profile", app.address) as second:
        second.page.open()
        second.page.says("Saved")
        verdict = standing(store, project)
        assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
        second.page.page.reload()
        second.page.ready()
        assert len(store.history("local", verdict.case_id)) == 1


@pytest.mark.browser
def test_what_a_first_reader_decides_is_theirs_although_an_import_goes_on_meanwhile(
    browse, store, project, other
):
    first = browse()
    importing = Importing(first, other)
    first.open(reader="").find(".projects .open").filter(has_text=project.name).click()
    expect(first.find(".who input")).to_be_focused()
    importing.goes_on()
    late = []
    with first.page.expect_request(SESSION):
        first.page.route(SESSION, lambda route: late.append(route), times=1)
    first.find(".who input").fill("Anna")
    first.press("Enter")
    first.shows("case 1")
    with first.page.expect_request(SESSION):  # once it has the answer from before there was a name
        late[0].fallback()
    first.page.route("**/verdicts", lambda route: route.abort())
    first.press("1")
    first.says("NOT saved yet, but kept in this browser: case 1. The server does not answer.")
    first.page.close(run_before_unload=False)
    assert standing(store, project) is None
    browse().open(reader="").says("Saved")
    assert standing(store, project).reader == "Anna"


@pytest.mark.browser
def test_a_drawing_on_the_server_is_offered_in_another_browser_and_dropped_when_told(
    page, store, project
):
    """In this one, when it has forgotten all."""
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    drawn = page.edited()
    page.says("Drawing kept")
    page.forget()
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_contain_text("1 stroke")
    expect(page.find(".offer")).not_to_contain_text("kept in this browser")
    assert page.state("case 1") == "unfinished drawing"
    page.press("5")
    page.says("A drawing of this case was left unfinished: E goes on with it")
    case = ids(store, project)["case 1"]
    assert store.draft("local", "ANNA", case) is not None, "it is dropped without a word"
    page.find(".offer").get_by_text("Go on").click()
    expect(page.find(".offer")).to_have_count(0)
    assert np.array_equal(page.edited(), drawn)
    page.page.reload()
    page.shows("case 1")
    with page.page.expect_response("**/draft"):
        page.find(".offer").get_by_text("Drop").click()
    expect(page.find(".offer")).to_have_count(0)
    page.page.wait_for_function(HAS_NO_DRAWING)
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)
    assert store.draft("local", "ANNA", case) is None


@pytest.mark.browser
def test_strokes_that_the_server_does_not_have_yet_are_offered_when_their_case_is_in_view_again(
    page, context, store, project
):
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")  # of both it is known now what they are
    context.set_offline(True)
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    drawn = page.edited()
    page.says("NOT saved on the server, but kept in this browser")
    page.press("Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    offers = page.find(".offer")
    expect(offers).to_have_count(1)
    expect(offers).to_contain_text("1 stroke, kept in this browser")
    page.find("textarea").fill("said before it was gone on with")
    page.press("Escape")
    context.set_offline(False)
    page.says("Drawing kept", 60)
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")  # with its picture
    expect(offers).to_have_count(1)
    page.press("e")
    expect(offers).to_have_count(0)
    assert np.array_equal(page.edited(), drawn), "another drawing than was left is gone on with"
    page.press("3")
    page.says("Saved")
    verdict = standing(store, project)
    assert np.array_equal(store.mask(project.id, verdict.mask_file), drawn)
    assert verdict.comment == "said before it was gone on with"


@pytest.mark.browser
def test_strokes_that_wait_for_the_server_outlive_the_browser_whatever_is_filled_in_then(page):
    page.refuse("/draft?")
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("kept in this browser")
    page.press("Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    page.find("textarea").fill("half way")
    page.press("Escape")
    page.page.wait_for_function(HAS_COMMENT, arg="half way")
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_contain_text("1 stroke, kept in this browser")
    page.press("e")
    expect(page.find("textarea")).to_have_value("half way")


@pytest.mark.browser
def test_a_drawing_that_is_dropped_before_the_server_has_it_never_comes_there(page, store, project):
    page.page.route("**/draft?*", lambda route: route.abort())
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("kept in this browser")
    page.press("Shift+E", "j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    with page.page.expect_response("**/draft"):
        page.find(".offer").get_by_text("Drop").click()
    page.page.unroute_all()
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)
    page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)
    case = store.queue("local", project.id, "listed")[0].id
    assert store.draft("local", "ANNA", case) is None, "what was dropped was sent after all"


@pytest.mark.browser
def test_a_drawing_that_was_undone_or_dropped_does_not_come_back(page, store, project):
    case = ids(store, project)["case 1"]
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("Drawing kept")
    assert store.draft("local", "ANNA", case).strokes == 1
    with page.page.expect_response("**/draft"):
        page.press("Control+z")
    assert store.draft("local", "ANNA", case) is None
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)

    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.find("textarea").fill("nothing to correct")
    page.press("Escape", "Shift+E")
    page.says("Drawing kept")
    page.press("j")
    page.shows("case 2").press("k")
    page.shows("case 1")
    with page.page.expect_response("**/draft"):
        page.find(".offer").get_by_text("Drop").click()
    page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)
    expect(page.find("textarea")).to_have_value("nothing to correct")


@pytest.mark.browser
def test_a_drawing_that_a_verdict_dropped_does_not_come_back(page, store, project):
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("Drawing kept")
    page.page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(1)
    page.press("5")
    page.says("A drawing of this case was left unfinished: E goes on with it")
    case = ids(store, project)["case 1"]
    assert store.draft("local", "ANNA", case) is not None, "it is dropped without a word"
    page.press("5")
    page.shows("case 2")
    page.says("Saved")
    assert store.draft("local", "ANNA", case) is None
    page.press("k")
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)
    page.reload()
    page.shows("case 1")
    expect(page.find(".offer")).to_have_count(0)


@pytest.mark.browser
def test_of_two_drawings_that_which_is_gone_on_with_stays_when_the_other_is_dropped(
    page, store, project
):
    page.press("e")
    page.stroke((0.3, 0.4), (0.6, 0.4))
    page.says("Drawing kept")
    page.refuse("/draft?")
    page.stroke((0.3, 0.7), (0.6, 0.7))
    drawn = page.edited()
    page.says("NOT saved on the server, but kept in this browser")
    page.page.reload()
    page.shows("case 1")
    offers = page.find(".offer")
    expect(offers).to_have_count(2)
    page.answer()
    with page.page.expect_response("**/draft?*"):
        page.press("e")
    expect(offers).to_have_count(1)
    with page.page.expect_response("**/draft?*"):
        offers.get_by_text("Drop").click()
    expect(offers).to_have_count(0)
    case = store.queue("local", project.id, "listed")[0].id
    draft = store.draft("local", "ANNA", case)
    assert draft is not None, "the drawing in hand was dropped on the server with the other one"
    assert np.array_equal(store.mask(project.id, draft.mask_file), drawn)
