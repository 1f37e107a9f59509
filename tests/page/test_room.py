"""However scans are opened they fit into the memory that they are given, and nobody waits for another's long list."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bcweb.page import counter, scans
from bcweb.page.answers import answer, body
from bcweb.page.counter import Counter
from bcweb.page.guard import Guard
from bcweb.page.held import Held
from bcweb.page.routes import routes
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.static import mount
from bcweb.page.store import Store
from bcweb.samples import SAMPLES
from tests import weights_folder
from tests.page.files import png, speckle

ANNA, BERTA = "a" * 43, "b" * 43
NAMED = {"X-File-Name": "x.png"}
ROOM = 1_000_000  # bytes: a few times what the first of the samples takes


@pytest.fixture(scope="module")
def segmenters(tmp_path_factory: pytest.TempPathFactory) -> Segmenters:
    made: dict = {}
    for modality in ("ultrasound", "mammogram"):
        folder = tmp_path_factory.mktemp("weights")
        made[modality] = str(weights_folder.write(folder, modality=modality))
    return Segmenters(made)


@pytest.fixture
def store() -> Store[Held]:
    return Store(ROOM, 4 * ROOM, 3600)


@pytest.fixture
def app(segmenters: Segmenters, store: Store[Held]) -> Starlette:
    told = settings(environment={})
    mounted = routes(told, segmenters, store, mount("v"))
    return Starlette(routes=[mounted], middleware=[Middleware(Guard, settings=told)])


@pytest.fixture
def anna(app: Starlette) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.headers["Cookie"] = f"bc-visitor={ANNA}"
        yield client


def used(store: Store[Held]) -> int:
    return sum(held.nbytes for held in store.all_of(ANNA).values())


def packed(held: Held) -> Held:
    """The same, as small as it becomes."""
    held.pixels.body(wait=True), held.probability().body(wait=True)
    return held


# --- memory


@pytest.mark.parametrize(
    ("method", "what"),
    [("GET", "pixels"), ("GET", "mask.png"), ("PUT", "modality"), ("PUT", "prediction")],
)
def test_scans_that_were_released_fit_into_their_room_when_they_are_opened_again(
    anna, store, method, what
):
    for _ in range(8):
        answer = anna.post(f"/bc/samples/{SAMPLES[0].name}")
        assert answer.status_code == 201, answer.text
        packed(store.get(ANNA, answer.json()["id"]))
    for id, held in store.all_of(ANNA).items():
        answer = anna.request(method, f"/bc/scans/{id}/{what}", json={"modality": "ultrasound"})
        assert answer.status_code == 200, answer.text
        assert used(store) <= ROOM, f"after {held.name}"


def test_pixels_for_which_there_is_no_room_are_sent_and_not_kept(anna, store):
    id = anna.post(f"/bc/samples/{SAMPLES[0].name}").json()["id"]
    store.get(ANNA, id).release()
    store.visitor_bytes = 1
    answer = anna.get(f"/bc/scans/{id}/pixels")
    assert answer.status_code == 200 and answer.content
    assert store.get(ANNA, id).pixels is None


def test_a_truth_for_which_there_is_no_room_is_refused_in_words(anna, store):
    told = anna.post("/bc/scans", content=png(speckle(200, 200))).json()
    held = packed(store.get(ANNA, told["id"]))
    truth, place = png(np.ones((200, 200), bool)), f"/bc/scans/{told['id']}/truth"
    store.visitor_bytes = held.nbytes + 200 * 200 - 1
    answer = anna.put(place, content=truth)
    said = "There is no room for this: remove other scans from the list first."
    assert (answer.status_code, answer.json()) == (507, {"error": said})
    assert held.truth() is None
    store.visitor_bytes += 1
    assert anna.put(place, content=truth).status_code == 200


def test_what_a_black_and_white_picture_is_compared_with_is_read_once_and_not_kept(
    anna, store, tmp_path, monkeypatch
):
    read, read_scan = [], scans.read_scan
    monkeypatch.setattr(scans, "read_scan", lambda file: read.append(file) or read_scan(file))
    files = [tmp_path / f"p{place}" / "x.png" for place in range(6)]
    for place, file in enumerate(files):
        file.parent.mkdir()
        file.write_bytes(png(speckle(80, 60, place) if place else np.zeros((80, 60), bool)))
    listed = anna.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    ids = [scan["id"] for scan in listed]
    assert anna.get(f"/bc/scans/{ids[0]}").json()["black_and_white"]
    assert anna.post("/bc/truths", json={"ids": ids}).json() == []
    assert read == files[:1], "the others are other patients'"
    loose = anna.post("/bc/scans", content=png(np.zeros((60, 80), bool)), headers=NAMED).json()
    read.clear()
    assert anna.post("/bc/truths", json={"ids": [*ids, loose["id"]]}).json() == []
    assert read == [], "nobody knows which of them it is of"
    for _ in range(2):
        assert anna.post("/bc/truths", json={"ids": [ids[1], loose["id"]]}).json() == []
        assert read == files[1:2]
    assert [held.pixels is not None for held in store.all_of(ANNA).values()] == [
        True, *[False] * 5, True
    ]  # fmt: skip


def test_a_visitor_without_room_has_nothing_segmented(anna, store, monkeypatch):
    segmented, segment = [], Held._segment
    monkeypatch.setattr(Held, "_segment", lambda held: segmented.append(held) or segment(held))
    store.visitor_bytes = 2 * 80 * 60 - 1  # its pixels and its map, and no thumbnail
    answer = anna.post("/bc/scans", content=png(speckle(80, 60)), headers=NAMED)
    assert (answer.status_code, segmented) == (507, [])
    store.visitor_bytes = ROOM
    assert anna.post("/bc/scans", content=png(speckle(80, 60)), headers=NAMED).status_code == 201
    assert len(segmented) == 1


def in_a_thread(go: Callable[[], Coroutine]) -> None:
    """In this one a browser's loop may run, of another file's tests."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(asyncio.wait_for(go(), 20))).result()


@pytest.mark.parametrize("kind", ["upload", "folder"])
def test_what_was_on_its_way_when_all_scans_were_deleted_is_not_kept(
    anna, monkeypatch, tmp_path, kind
):
    (tmp_path / "a.png").write_bytes(png(speckle(80, 60)))

    def send():
        if kind == "folder":
            return anna.post("/bc/folder", json={"path": str(tmp_path)})
        return anna.post("/bc/scans", content=png(speckle(80, 60)), headers=NAMED)

    def deleted_meanwhile(work):
        def also(*given):
            assert anna.delete("/bc/session").status_code == 200
            return work(*given)

        return also

    for name in ("read_scan", "list_folder"):
        monkeypatch.setattr(scans, name, deleted_meanwhile(getattr(scans, name)))
    answer = send()
    assert answer.status_code == 410 and "on its way" in answer.json()["error"]
    assert anna.get("/bc/scans").json() == []
    monkeypatch.undo()
    assert send().status_code == 201 and len(anna.get("/bc/scans").json()) == 1


def test_what_is_on_its_way_takes_a_visitor_so_much_and_is_given_back(monkeypatch):
    monkeypatch.setattr(counter, "_FEW", 100)
    at_once, size = 8, 1000
    told, gate = settings(environment={}), asyncio.Event()

    async def slow(request: Request) -> Response:
        read = len(await body(request, size))
        await gate.wait()
        return answer(read)

    app = Starlette(
        routes=[Route("/bc/slow", slow, methods=["POST"])],
        middleware=[Middleware(Guard, settings=told), Middleware(Counter, size, None, None, {})],
    )

    async def go() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

            def send(who: str, sent: int = size) -> asyncio.Task:
                named = {"Cookie": f"bc-visitor={who}"}
                return asyncio.create_task(
                    client.post("/bc/slow", content=b"x" * sent, headers=named)
                )

            first = [send(ANNA) for _ in range(at_once)]
            assert (await send(ANNA)).status_code == 507
            others = [send(BERTA), send(ANNA, 100)]  # a verdict is heard all the same
            gate.set()
            assert [(await one).status_code for one in (*first, *others)] == [200] * (at_once + 2)
            assert (await send(ANNA)).status_code == 200

            gate.clear()
            visitors = [send(f"{n:043}") for n in range(4 * at_once)]
            assert (await send(ANNA)).status_code == 507
            gate.set()
            assert {(await one).status_code for one in visitors} == {200}

    in_a_thread(go)


# --- time


def test_a_body_that_comes_no_further_is_given_up(monkeypatch):
    """Else laptops that sleep would hold all there is room for."""
    monkeypatch.setattr(counter, "_PATIENCE", 0.01)
    heard: list[str] = []
    told: list[dict] = []

    async def reads(scope, receive, send) -> None:
        while True:
            heard.append((await receive())["type"])

    async def go() -> None:
        counted = Counter(reads, 1000, None, None, {})
        sent = [{"type": "http.request", "body": b"x" * 600, "more_body": True}]

        async def receive():
            return sent.pop() if sent else await asyncio.Event().wait()

        async def send(message) -> None:
            told.append(message)

        scope = {"type": "http", "path": "/bc/scans", "method": "POST", "headers": []}
        await counted(scope, receive, send)
        assert counted._under_way == {}
        assert told[0]["status"] == 408 and b"send it again" in told[1]["body"]

    in_a_thread(go)
    assert heard == ["http.request"]


def test_each_of_many_masks_is_compared_with_the_scans_of_its_name_alone(anna, store, monkeypatch):
    compared, scan_of = [], scans.scan_of

    def counted(names, *more):
        compared.extend(names)
        return scan_of(names, *more)

    monkeypatch.setattr(scans, "scan_of", counted)
    for name in range(6):
        for ending, pixels in (("jpg", speckle(80, 60)), ("png", np.zeros((80, 60), bool))):
            named = {"X-File-Name": f"{name}.{ending}"}
            assert anna.post("/bc/scans", content=png(pixels), headers=named).status_code == 201
    ids = list(store.all_of(ANNA))
    assert len(anna.post("/bc/truths", json={"ids": ids}).json()) == 6
    assert len(compared) == 12


def test_a_folder_twice_as_long_is_twice_the_work(anna, store, tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(Held, "nbytes", property(lambda held: looks.append(held) or 0))

    def work(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        for place in range(number):
            (folder / f"{place}.png").touch()
        before = len(looks)
        listed = anna.post("/bc/folder", json={"path": str(folder)}).json()["scans"]
        assert len(listed) == number
        store.forget(ANNA)
        return len(looks) - before

    assert work(80) <= 2 * work(40)


class Gate:
    """Work that waits until somebody else has been answered."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()

    def before(self, work: Callable) -> Callable:
        def waited(*given):
            self.begun.set()
            assert self.open.wait(20), "nobody else was answered meanwhile"
            return work(*given)

        return waited

    async def _both(self, app: Starlette, path: str, said: dict) -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            cookies = [{"Cookie": f"bc-visitor={who}"} for who in (ANNA, BERTA)]
            asked = asyncio.create_task(client.post(path, json=said, headers=cookies[0]))
            await asyncio.to_thread(self.begun.wait, 20)
            assert (await client.get("/bc/scans", headers=cookies[1])).status_code == 200
            self.open.set()
            return (await asked).status_code

    def answer(self, app: Starlette, path: str, said: dict) -> int:
        """The status of Anna's request, when Berta was answered in between."""
        # In a loop of its own: a browser may be driven by one in this thread.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(self._both(app, path, said))).result()


def test_while_files_are_paired_others_are_answered(app, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(scans, "pair", gate.before(scans.pair))
    assert gate.answer(app, "/bc/pair", {"names": ["a.png"]}) == 200


def test_while_a_folder_is_taken_in_others_are_answered(app, store, tmp_path: Path, monkeypatch):
    gate = Gate()
    (tmp_path / "a.png").touch()
    monkeypatch.setattr(store, "add_all", gate.before(store.add_all))
    assert gate.answer(app, "/bc/folder", {"path": str(tmp_path)}) == 201
