"""Each visitor's scans are theirs alone, fit into the memory they are given, and do not stay for ever."""

from __future__ import annotations

import pytest

from bcweb.page.store import Store, StoreFull


class Thing:
    def __init__(self, nbytes: int, can_be_made_again: bool = False):
        self.nbytes, self.can_be_made_again = nbytes, can_be_made_again

    def release(self) -> None:
        if self.can_be_made_again:
            self.nbytes = 0


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
    with pytest.raises(StoreFull, match="remove others"):
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
