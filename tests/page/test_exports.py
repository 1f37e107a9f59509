"""Exports as the page makes them: each in a thread of its own, and of each owner what is under way is kept."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from bcweb.page.exports import Exports
from bcweb.review.records import NotThere, ReviewError
from tests.review import decided

MOMENT = (
    0.5  # seconds: two who come at once do so by then; one of two who come in turn waits in vain
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes on its disk")
def test_another_export_lets_the_one_under_way_go_on(tmp_path):
    slow = decided.accepted(tmp_path)
    quick = decided.empty_project(tmp_path, slow.store, "quick")
    quick.add("one", slow.folder / "one.png")
    quick.decide("one", "accept")
    prediction = slow.store.prediction(decided.OWNER, slow.ids["two"])
    [held] = (tmp_path / "home").glob(f"projects/*/{prediction.mask_file}")
    mask = held.read_bytes()
    held.unlink()
    os.mkfifo(held)  # whoever reads the mask waits until somebody writes it

    exports = Exports()

    def begin(project, name: str) -> tuple[str, threading.Thread]:
        before = set(threading.enumerate())
        place = str(tmp_path / name)
        id = exports.begin(slow.store, decided.OWNER, project, "png", place)
        [thread] = {t for t in set(threading.enumerate()) - before if t.name == "export"}
        return id, thread

    first, writing = begin(slow.project, "first")
    second, thread = begin(quick.project, "second")
    thread.join()
    assert exports.told(decided.OWNER, second)["problem"] is None
    assert not exports.told(decided.OWNER, first)["isDone"]
    held.write_bytes(mask)
    writing.join()
    told = exports.told(decided.OWNER, first)
    assert told["isDone"] and told["problem"] is None, told["problem"]
    assert told["lines"][0].endswith(str(tmp_path / "first"))
    assert (tmp_path / "first" / "verdicts.csv").is_file()

    _, thread = begin(quick.project, "third")
    thread.join()
    for id in (first, second):
        with pytest.raises(NotThere):
            exports.told(decided.OWNER, id)


def test_the_masks_of_some_decisions_are_exported_and_of_none_nothing(tmp_path):
    made = decided.accepted(tmp_path)
    made.decide("two", "corrected", decided.blob(40), beginning="prediction")
    exports = Exports()
    before = set(threading.enumerate())
    place = tmp_path / "out"
    id = exports.begin(made.store, decided.OWNER, made.project, "png", str(place), ["corrected"])
    [thread] = {t for t in set(threading.enumerate()) - before if t.name == "export"}
    thread.join()
    told = exports.told(decided.OWNER, id)
    assert told["problem"] is None and told["lines"][0].startswith("1 of 3 cases"), told
    assert [file.name for file in (place / "masks").iterdir()] == ["two.png"]
    for include in ([], ["reject"], "corrected"):
        with pytest.raises(ReviewError, match="accept, truth, corrected"):
            exports.begin(made.store, decided.OWNER, made.project, "png", None, include)


def ended(exports: Exports, made: decided.Decided) -> str:
    """The id of an export as a ZIP file, once it has ended."""
    before = set(threading.enumerate())
    id = exports.begin(made.store, decided.OWNER, made.project, "png", None)
    for thread in set(threading.enumerate()) - before:
        thread.join()
    return id


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no rights of others by a mode")
def test_where_the_system_has_tidied_its_temporary_folder_the_next_is_nobody_elses_either(tmp_path):
    made = decided.accepted(tmp_path)
    exports = Exports()

    for _ in range(2):
        id = ended(exports, made)
        assert exports.told(decided.OWNER, id)["problem"] is None
        place = exports.file(decided.OWNER, id)[0].parent
        assert place.stat().st_mode & 0o077 == 0
        shutil.rmtree(place)


def test_two_who_stop_one_at_once_stop_it_once(tmp_path, monkeypatch):
    made = decided.accepted(tmp_path)
    exports = Exports()
    id = ended(exports, made)
    both, of = threading.Barrier(2), exports._of

    def found(owner: str, id: str):
        there = of(owner, id)
        with suppress(threading.BrokenBarrierError):
            both.wait(MOMENT)
        return there

    monkeypatch.setattr(exports, "_of", found)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(exports.stop, decided.OWNER, id) for _ in range(2)]
    said = {type(one.exception()) for one in asked}
    assert said == {type(None), NotThere}, "whoever comes second is told that it is gone"


def test_one_that_ended_waits_for_whoever_asked_for_it_while_another_tab_makes_more(tmp_path):
    made = decided.accepted(tmp_path)
    exports = Exports()

    first, second = ended(exports, made), ended(exports, made)
    file, _ = exports.file(decided.OWNER, first)
    assert file.is_file(), "the second took the first one's file, which nobody had fetched"
    third = ended(exports, made)
    with pytest.raises(NotThere):  # it has been fetched
        exports.told(decided.OWNER, first)
    assert not file.exists()
    exports.file(decided.OWNER, second)
    exports.file(decided.OWNER, third)
    waiting = [ended(exports, made) for _ in range(5)]
    kept = []
    for id in waiting:
        try:
            kept.append(exports.file(decided.OWNER, id)[0])
        except NotThere:
            continue
    assert len(kept) == 4, "three that nobody has fetched are kept beside the last one"
