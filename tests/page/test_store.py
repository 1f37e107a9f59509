"""Each visitor's scans are theirs alone, fit into the memory they are given, and do not stay for ever."""

from __future__ import annotations

from queue import Queue
from types import SimpleNamespace

import pytest

from bcweb.page import launch
from bcweb.page.parcels import KEPT_SECONDS, Parcels
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.store import Forgotten, Store, StoreFull


class Thing:
    looks = 0  # at any of them

    def __init__(self, nbytes: int, can_be_made_again: bool = False):
        self.size, self.can_be_made_again = nbytes, can_be_made_again

    @property
    def nbytes(self) -> int:
        Thing.looks += 1
        return self.size

    def release(self) -> None:
        if self.can_be_made_again:
            self.size = 0


def store(visitor_bytes: int = 100, all_bytes: int = 150, **others) -> Store[Thing]:
    return Store(visitor_bytes, all_bytes, idle_seconds=60, **others)


def test_an_id_opens_nothing_for_anybody_else():
    held = store()
    id = held.add("anna", Thing(1))
    assert held.get("anna", id) is not None
    assert held.get("berta", id) is None
    assert held.all_of("berta") == {}
    assert not held.remove("berta", id)
    assert held.get("anna", id) is not None


def test_ids_are_long_and_never_the_same():
    held = store(all_bytes=10_000, visitor_bytes=10_000)
    ids = {held.add("anna", Thing(1)) for _ in range(500)}
    assert len(ids) == 500 and min(map(len, ids)) >= 20


def test_uploads_are_not_dropped_to_make_room_for_others():
    held = store()
    first = held.add("anna", Thing(60))
    with pytest.raises(StoreFull, match="remove other scans"):
        held.add("anna", Thing(60))
    assert held.get("anna", first).nbytes == 60
    held.remove("anna", first)
    held.add("anna", Thing(60))


def test_what_can_be_opened_again_makes_room_the_longest_unused_first():
    held = store()
    old = held.add("anna", Thing(40, can_be_made_again=True))
    new = held.add("anna", Thing(40, can_be_made_again=True))
    held.get("anna", old)  # looked at again: now the other one is the longest unused
    held.add("anna", Thing(50))
    assert held.all_of("anna")[new].nbytes == 0
    assert held.all_of("anna")[old].nbytes == 40


def test_many_are_stored_at_once_in_one_look_or_none_of_them():
    def looks(number: int) -> int:
        held, before = store(10**6, 10**6), Thing.looks
        ids = held.add_all("anna", [Thing(1) for _ in range(number)])
        assert list(held.all_of("anna")) == ids and len(set(ids)) == number
        return Thing.looks - before

    assert looks(400) <= 2 * looks(200), "each of them looks at all others"
    held = store()
    with pytest.raises(StoreFull):
        held.add_all("anna", [Thing(60), Thing(60)])
    assert held.all_of("anna") == {}


def test_more_is_wanted_of_what_is_stored_and_refused_where_there_is_no_room():
    held = store()
    held.add("anna", Thing(60, can_be_made_again=True))
    held.add("anna", Thing(40))
    held.want("anna", 60)
    with pytest.raises(StoreFull, match="remove other scans"):
        held.want("anna", 61)


def test_one_visitors_room_ends_where_all_rooms_end():
    held = store()
    held.add("anna", Thing(90))
    with pytest.raises(StoreFull, match="later"):
        held.add("berta", Thing(90))


def test_scans_go_when_their_visitor_was_not_heard_of_for_long():
    now = [0.0]
    held = store(clock=lambda: now[0])
    anna, berta = held.add("anna", Thing(1)), held.add("berta", Thing(1))
    now[0] = 50
    held.get("berta", berta)
    now[0] = 70
    held.expire()
    assert held.get("anna", anna) is None
    assert held.get("berta", berta) is not None


def test_all_stores_are_looked_through_again_and_again(monkeypatch):
    now = [0.0]
    scans, masks = store(clock=lambda: now[0]), Parcels(clock=lambda: now[0])
    scans.add("anna", Thing(1))
    masks.put("anna", b"mask")
    kept = []

    class Ticks:
        """Time flies, and ends when a mask is old."""

        def wait(self, seconds: float) -> bool:
            kept.append((now[0], len(scans._items), len(masks._kept)))
            now[0] += seconds
            return now[0] > KEPT_SECONDS

    monkeypatch.setattr(launch, "threading", SimpleNamespace(Event=Ticks))
    launch._sweep(scans, masks)
    assert kept[:3] == [(0, 1, 1), (60, 1, 1), (120, 0, 1)], "a scan goes after a minute in here"
    assert kept[-2:] == [(540, 0, 1), (600, 0, 0)]


class _Ended(Exception):
    """As far as a test lets it come."""


def test_what_the_page_keeps_is_looked_through_while_it_is_served(monkeypatch):
    swept, served = Queue(), []
    routes = launch.routes

    def heard(settings, segmenters, store, static, parcels, backups):
        served.append((store, *parcels))
        return routes(settings, segmenters, store, static, parcels, backups)

    def serve(*_):
        raise _Ended

    monkeypatch.delenv("BCWEB_BACKUP", raising=False)
    monkeypatch.setattr(launch.logs, "begin", lambda: None)
    monkeypatch.setattr(launch, "_warm", lambda _: None)
    monkeypatch.setattr(launch, "_sweep", lambda *stores: swept.put(stores))
    monkeypatch.setattr(launch, "routes", heard)
    monkeypatch.setattr(launch, "_serve", serve)
    told = settings(environment={})
    with pytest.raises(_Ended):
        launch.launch(told, Segmenters(told.weights))
    assert [swept.get(timeout=10)] == served
    assert served[0][0].idle_seconds == told.idle_seconds


def test_what_was_begun_before_all_was_forgotten_is_not_stored_after_it():
    held = store()
    begun = held.visit("anna")
    assert held.visit("anna") == begun, "all of one visit may be stored"
    held.add("anna", Thing(1), begun)
    held.forget("anna")
    with pytest.raises(Forgotten):
        held.add("anna", Thing(1), begun)
    assert held.all_of("anna") == {}
    held.add("anna", Thing(1), held.visit("anna"))
    assert len(held.all_of("anna")) == 1
