"""What the page is told of its backup, what it answers before that is read, and who waits for whom."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from bcweb.page.backups import Backups
from bcweb.page.desks import Desks
from bcweb.page.guard import Guard
from bcweb.page.imports import Imports
from bcweb.page.routes import routes
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.static import mount
from bcweb.page.store import Store as ScanStore
from bcweb.page.wire import pack
from bcweb.page.workspace import Workspace
from bcweb.review.store import Store
from bcweb.review.vault import Vault
from bcweb.review.vault_places import Folder
from tests.page import reviewing
from tests.review.kept import all_steps
from tests.until import until

VISITOR = "bc-visitor=" + "a" * 43


class Page:
    """The page's own routes, its backup and its store; the vault's thread does not run."""

    def __init__(self, environment: dict[str, str]):
        told = settings("127.0.0.1", environment=environment)
        segmenters = Segmenters(told.weights)
        self.backups = Backups(told, Workspace(), Imports(segmenters))
        scans = ScanStore(told.visitor_bytes, told.all_bytes, told.idle_seconds)
        mounted = routes(told, segmenters, scans, mount("v"), (), self.backups)
        app = Starlette(routes=[mounted], middleware=[Middleware(Guard, settings=told)])
        self.client = TestClient(app, base_url="http://127.0.0.1")
        self.client.headers["Cookie"] = VISITOR
        self.store = self.backups.workspace.store()

    def vault(self, folder) -> Vault:
        """What `begin` would open."""
        self.backups._vault = Vault(self.store, Folder(folder), self.backups._restored)
        return self.backups._vault

    def told(self, **asked: str) -> dict:
        return self.client.get("/bc/review/backup", params=asked).json()

    def decide(self, id: int, /, **said) -> tuple[int, dict]:
        mask = said.pop("mask", b"")
        sent = json.dumps({"key": "k"} | said).encode() + b"\n" + mask
        answer = self.client.post(f"/bc/review/cases/{id}/verdicts", content=sent)
        return answer.status_code, answer.json()


@pytest.fixture
def begin(tmp_path, monkeypatch) -> Iterator[Callable[..., Page]]:
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    monkeypatch.delenv("BCWEB_BACKUP", raising=False)
    opened: list[Page] = []

    def page(home: str = "home", backup: str | None = None) -> Page:
        monkeypatch.setenv("BCWEB_HOME", str(tmp_path / home))
        if backup is not None:
            monkeypatch.setenv("BCWEB_BACKUP", backup)
        opened.append(Page({}))
        return opened[-1]

    yield page
    for one in opened:
        one.client.close()
        one.store.close()


def test_a_machine_without_a_backup_has_nothing_to_tell(begin):
    told = begin().told()
    assert (told["configured"], told["vanishes"], told["problem"]) == (False, False, None)


def test_how_far_it_is_is_told_and_when_each_verdict_was_backed_up(begin, tmp_path):
    page = begin(backup=str(tmp_path / "backup"))
    made = reviewing.fill(page.store, tmp_path / "scans", 2)
    first, second = (row.id for row in page.store.queue("local", made.id, "listed"))
    assert page.told()["configured"] and page.told()["waiting"] is None
    vault = page.vault(tmp_path / "backup")
    all_steps(vault)
    assert page.told()["waiting"] == 0
    _, saved = page.decide(first, decision="unsure")
    told = page.told(verdicts=str(saved["id"]))
    assert (told["waiting"], told["verdicts"]) == (1, {})
    all_steps(vault)
    told = page.told(verdicts=f"{saved['id']},999")
    assert told["waiting"] == 0 and told["verdicts"] == {str(saved["id"]): told["last"]}
    assert second not in told["verdicts"]


@pytest.mark.parametrize("asked", ["x", "-1", "1;2", "1,1.5", "9" * 11, ",".join(["1"] * 501)])
def test_what_names_no_verdicts_is_refused(begin, asked):
    answer = begin().client.get("/bc/review/backup", params={"verdicts": asked})
    assert answer.status_code == 400 and answer.json()["error"] == "Verdicts are up to 500 numbers."


def test_a_place_that_is_none_is_told_in_a_sentence(begin):
    page = begin(backup="hf://ann")
    thread = threading.Thread(target=page.backups._open, daemon=True)
    thread.start()
    told = until(page.told, lambda told: told["problem"])
    page.backups.end()
    thread.join(30)
    assert told["problem"].startswith("BCWEB_BACKUP=hf://ann is neither a folder nor")
    assert told["waiting"] is None


def test_what_may_still_come_back_is_not_said_to_be_gone(begin, tmp_path):
    old = begin("old", str(tmp_path / "backup"))
    made = reviewing.fill(old.store, tmp_path / "scans", 2)
    case, other = (row.id for row in old.store.queue("local", made.id, "listed"))
    before = old.client.get(f"/bc/review/cases/{case}").json()
    all_steps(old.vault(tmp_path / "backup"))

    new = begin("new")
    said = {
        "decision": "corrected", "mask": pack(old.store.truth("local", case)), "beginning": "truth",
        "prediction": before["prediction"], "revision": before["revision"], "case": before["name"],
    }  # fmt: skip
    queue = new.client.get(f"/bc/review/projects/{made.id}/queue")
    for status, told in (new.decide(case, **said), (queue.status_code, queue.json())):
        assert (status, told["again"]) == (503, True), "the page keeps it and tries again"
        assert told["error"].startswith("This is not here yet")
    begun = new.client.post("/bc/review/projects", json={"name": "P", "data": ["busi:/x"]})
    assert begun.status_code == 503, "it would take the numbers of what comes back"

    vault = new.vault(tmp_path / "backup")
    all_steps(vault)
    status, saved = new.decide(case, **said)
    assert status == 201 and saved["revision"] is None, "its prediction has still to be made again"
    assert new.client.get("/bc/review/projects/99/queue").status_code == 404
    status, told = new.decide(other, **{**said, "key": "2"})
    assert status == 404 and told["error"] == (
        "This number is another case's now, not case 1's: reload the page."
    )
    accept = {
        "decision": "accept",
        "case": "case 2",
        "revision": before["revision"],
        "prediction": 1,
    }
    status, told = new.decide(other, **accept)
    assert status == 400 and told["error"].endswith("made again first: accept it after that.")


def test_a_place_that_does_not_answer_is_not_waited_for_by_who_has_all_of_it(begin, tmp_path):
    """Its disk was never empty: what is not on it now, no backup brings."""
    page = begin(backup=str(tmp_path / "drive" / "backup"))
    (tmp_path / "drive").mkdir()
    made = reviewing.fill(page.store, tmp_path / "scans", 1)
    assert page.client.get("/bc/review/cases/99").status_code == 503, "it may still come"
    all_steps(page.vault(tmp_path / "drive" / "backup"))
    (tmp_path / "drive").rename(tmp_path / "away")
    again = begin()
    vault = again.vault(tmp_path / "drive" / "backup")
    vault._try()
    assert "attach" in vault.state().problem and vault.state().waiting is None
    assert again.client.get(f"/bc/review/projects/{made.id}").status_code == 200
    status, _ = again.decide(99, decision="unsure", case="case 1")
    assert status == 404, "the page stops trying, and goes on to the next"
    begun = again.client.post("/bc/review/projects", json={"name": "P", "data": ["busi:/x"]})
    assert begun.status_code == 400, "and one may begin a project"


def test_a_prediction_that_was_made_again_is_known_by_its_weights(begin, tmp_path):
    page = begin()
    made = reviewing.fill(page.store, tmp_path / "scans", 2)
    first, second = (row.id for row in page.store.queue("local", made.id, "listed"))
    shown, others = (page.store.prediction("local", case) for case in (first, second))
    said = {"decision": "accept", "prediction": others.id, "revision": shown.revision}
    status, saved = page.decide(first, **said)
    assert (status, saved["revision"]) == (201, shown.revision)
    assert page.store.history("local", first)[-1].mask_file == shown.mask_file
    for number in (shown.id, others.id):  # of those that were made anew one may have the old number
        said |= {"revision": "of-others-1", "prediction": number}
        status, told = page.decide(second, **said)
        assert (status, told["error"]) == (
            400,
            "The prediction that you saw was made by other weights: look at the one that is here.",
        )
    said |= {"decision": "corrected", "beginning": "prediction"}
    status, saved = page.decide(second, mask=pack(page.store.truth("local", second)), **said)
    assert (status, saved["revision"]) == (201, None), "it began with none that is here"


def test_projects_from_the_hub_go_on_importing_and_no_others(begin, tmp_path, monkeypatch):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "old"))
    with Store() as old:
        for name, sources in (("hub", ["hf:ann/a", "hf:ann/b"]), ("disk", ["hf:ann/a", "busi:/x"])):
            old.create("ann", name, sources)
        all_steps(Vault(old, Folder(tmp_path / "backup")))
    page = begin("new", str(tmp_path / "backup"))
    resumed: list[str] = []
    monkeypatch.setattr(
        page.backups.imports, "resume", lambda _, project: resumed.append(project.name)
    )
    monkeypatch.setattr(
        page.backups, "settings", settings("127.0.0.1", environment={"SPACE_ID": "ann/b"})
    )
    all_steps(page.vault(tmp_path / "backup"))
    assert resumed == ["hub"]


# --- the line at the desks


def in_a_loop(main: Callable[[], Awaitable[Any]]) -> Any:
    """What `main` returns, from an event loop of its own: in this thread a browser may be driven by one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, main).result()


def test_who_waits_is_told_how_many_of_others_come_first():
    desks, working, done = Desks(1), threading.Event(), threading.Event()

    def long() -> str:
        working.set()
        done.wait(60)
        return "long"

    async def all_of_it() -> list[str]:
        heard: list[str] = []

        async def come(visitor: str, work: Callable[[], str]) -> None:
            heard.append(await desks.work(visitor, work))

        async with anyio.create_task_group() as group:
            group.start_soon(come, "ann", long)
            await anyio.to_thread.run_sync(working.wait)
            for visitor in ("bob", "ann", "cleo"):
                group.start_soon(come, visitor, lambda visitor=visitor: visitor)
                while visitor not in desks._waiting:
                    await anyio.lowlevel.checkpoint()
            assert [desks.before(v) for v in ("bob", "ann", "cleo", "dora")] == [0, 1, 2, 0]
            done.set()
        return heard

    assert in_a_loop(all_of_it) == ["long", "bob", "ann", "cleo"], "first come, first served"
    assert desks.before("cleo") == 0


def test_who_brings_one_scan_does_not_wait_for_all_of_anothers():
    desks, working, done = Desks(1), threading.Event(), threading.Event()

    def long() -> None:
        working.set()
        done.wait(60)

    async def all_of_it() -> list[str]:
        heard: list[str] = []

        async def come(visitor: str, number: int) -> None:
            await desks.work(visitor, lambda: heard.append(f"{visitor} {number}"))

        async with anyio.create_task_group() as group:
            group.start_soon(desks.work, "ann", long)
            await anyio.to_thread.run_sync(working.wait)
            for visitor, number in (("ann", 1), ("ann", 2), ("ann", 3), ("bob", 1), ("cleo", 1)):
                group.start_soon(come, visitor, number)
                await anyio.wait_all_tasks_blocked()
            assert [desks.before(v) for v in ("ann", "bob", "cleo")] == [0, 1, 2]
            done.set()
        return heard

    assert in_a_loop(all_of_it) == ["ann 1", "bob 1", "cleo 1", "ann 2", "ann 3"]


def test_who_does_not_wait_any_more_is_not_counted():
    desks, working, done = Desks(1), threading.Event(), threading.Event()

    def long() -> None:
        working.set()
        done.wait(60)

    async def all_of_it() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(desks.work, "ann", long)
            await anyio.to_thread.run_sync(working.wait)
            with anyio.move_on_after(0.01):  # bob closes the page
                await desks.work("bob", long)
            assert list(desks._waiting) == []
            done.set()

    in_a_loop(all_of_it)


def test_the_page_asks_for_the_line(begin):
    assert begin().client.get("/bc/line").json() == {"before": 0}
