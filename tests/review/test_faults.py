"""A full disk, a busy database: told in one sentence, nothing of it is kept, and trying again works."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psycopg
import pytest

from bcweb.review import __main__ as program
from bcweb.review import home
from bcweb.review.database import _parsed
from bcweb.review.records import NewVerdict
from bcweb.review.store import NotSaved, Store
from tests import weights_folder
from tests.review.imported import pictures
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project

ROOT = Path(__file__).parents[2]
_SOME_ROOM = 64 << 10  # bytes: for two pictures' sketches, not for eight
_LARGE = 700  # pixels a side of a random mask: 60 kB that do not compress


def files_of(home: Path) -> set[Path]:
    return {file for file in home.glob("projects/**/*") if file.is_file()} | {
        file for file in home.glob("unfinished/*")
    }


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    with contextlib.suppress(OSError):
        if subprocess.run(command, capture_output=True).returncode == 0:
            try:
                yield place
            finally:
                subprocess.run(["umount", "--lazy", place], check=True)
            return
    pytest.skip("only root may mount a small disk")


def fill(disk: Path) -> Path:
    """A file that takes all that is left."""
    filler = disk / "filler"
    with filler.open("wb") as file, contextlib.suppress(OSError):
        while True:
            os.write(file.fileno(), bytes(4096))
    return filler


def test_the_disk_is_full_while_masks_are_saved(small_disk):
    with Store(small_disk) as store:
        size = {"width": _LARGE, "height": _LARGE, "truth": None}
        made, ids = project(store, *(new_case(str(number), **size) for number in range(4)))
        draft = store.save_draft(ME, "anna", ids[0], mask(1, (_LARGE, _LARGE)))
        before = files_of(small_disk)
        filler = fill(small_disk)
        new = NewVerdict("corrected", "k", mask=mask(2, (_LARGE, _LARGE)))
        for attempt in (
            lambda: store.save(ME, "anna", ids[0], new),
            lambda: store.save_draft(ME, "anna", ids[0], mask(3, (_LARGE, _LARGE))),
            lambda: store.add_cases(
                made.id, [new_case("z", **size | {"truth": mask(4, (_LARGE, _LARGE))})]
            ),
            lambda: store.add_prediction(ids[0], new_prediction(mask=mask(5, (_LARGE, _LARGE)))),
        ):
            with pytest.raises(NotSaved, match=r"^Not saved: the disk is full; make room") as told:
                attempt()
            assert "\n" not in str(told.value)
            assert files_of(small_disk) == before, "half of a file is left"
        assert store.history(ME, ids[0]) == []
        assert store.draft(ME, "anna", ids[0]) == draft, "the draft is lost"
        filler.unlink()
        saved = store.save(ME, "anna", ids[0], new)
        np.testing.assert_array_equal(store.mask(made.id, saved.mask_file), new.mask)


def test_the_disk_is_full_for_the_database(small_disk):
    """Verdicts without a mask of their own: only the database writes."""
    with Store(small_disk) as store:
        made, ids = project(store, *(new_case(str(number)) for number in range(200)))
        filler = fill(small_disk)
        saved, told = {}, None
        for case_id in ids:  # the log has some room of its own, which is used up first
            try:
                new = NewVerdict("truth", "k", comment="x" * 5000)
                saved[case_id] = store.save(ME, "anna", case_id, new)
            except NotSaved as error:
                told = told or str(error)
        assert told and told.startswith("Not saved: the disk is full"), told
        assert {i: store.history(ME, i) for i in ids} == {
            i: [saved[i]] if i in saved else [] for i in ids
        }
        with pytest.raises(NotSaved):
            store.create(ME, "Q")
        assert len(list(small_disk.glob("projects/*"))) == 1
        filler.unlink()
        for case_id in ids:
            again = store.save(ME, "anna", case_id, NewVerdict("truth", "k"))
            assert again.id == saved.get(case_id, again).id
        assert store.counts(ME, made.id)["read"] == len(ids)
    with sqlite3.connect(small_disk / home.DATABASE) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_disk_is_full_for_a_backup(small_disk, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    with Store() as store:
        project(store)
    fill(small_disk)
    assert program.main(["backup", str(small_disk / "copy")]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "No backup: database or disk is full.\n")
    assert not (small_disk / "copy").exists()


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="bc") as folder:
        yield Path(folder)


def test_the_disk_of_temporary_files_is_full_while_pictures_are_compared(
    small_disk, near, tmp_path
):
    """It ends the import with a sentence, and not its process, which may be the page's own."""
    link = near / "disk"  # sockets are made there, too, whose paths have to be short
    link.symlink_to(small_disk)
    environment = os.environ | {"BCWEB_HOME": str(tmp_path / "home"), "TMPDIR": str(link)}
    environment.pop("BCWEB_DATABASE", None)
    weights = weights_folder.write(tmp_path / "weights")
    data = f"folder:{pictures(tmp_path / 'set', 8)}"

    def run() -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "bcweb.review", "import", "P", "--data", data]
        command += ["--weights", str(weights), "--workers", "1"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - _SOME_ROOM)
    done = run()
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr
    with Store(tmp_path / "home") as store:
        project = store.project(ME, "P")
        assert (project.state, project.predicted) == ("failed", 8), "what was predicted is kept"
        assert "No space left on device" in project.problem
    filler.unlink()
    assert run().returncode == 0
    with Store(tmp_path / "home") as store:
        assert store.project(ME, "P").state == "ready"


@pytest.mark.parametrize(("step", "number"), [("fsync", 1), ("replace", 1), ("fsync", 2)])
def test_the_disk_fails_at_any_step(place, monkeypatch, step, number):
    """Whichever sync or renaming fails, nothing is kept: the file, its name, its folder."""
    store = place.open()
    made, [case_id] = project(store)
    draft = store.save_draft(ME, "anna", case_id, mask(1))
    real, left = getattr(os, step), [number]

    def fail(*arguments):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(os, step, fail)
        with pytest.raises(NotSaved) as told:
            store.save(ME, "anna", case_id, corrected("k", 2))
    assert str(told.value) == "Not saved: the disk is full; make room, then save again."
    assert store.history(ME, case_id) == []
    assert store.draft(ME, "anna", case_id) == draft
    assert store.case(ME, case_id).latest_id is None
    saved = store.save(ME, "anna", case_id, corrected("k", 2))
    np.testing.assert_array_equal(store.mask(made.id, saved.mask_file), mask(2))
    assert len(store.history(ME, case_id)) == 1
    assert not list(store.home.glob("unfinished/*"))


def test_the_disk_is_written_before_the_database(place, monkeypatch):
    """A row that names a mask is committed only when the mask is on the disk under its name."""
    store = place.open()
    _, [case_id] = project(store)
    named = []
    from bcweb.review import decide

    def append(*arguments, **values):
        named.append((store.home / "projects").glob(f"*/{values['mask_file']}"))
        assert list(named[-1]), "the row comes before its file"
        return real(*arguments, **values)

    real = decide.append
    monkeypatch.setattr(decide, "append", append)
    store.save(ME, "anna", case_id, corrected("k", 2))
    assert named


@contextlib.contextmanager
def somebody_else_writes(place) -> Iterator[None]:
    """Another process's connection in the middle of its writing."""
    if place.url is None:
        with contextlib.closing(
            sqlite3.connect(place.home / home.DATABASE, isolation_level=None)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        address = _parsed(place.url).set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(address) as other:
            other.execute("LOCK TABLE projects, cases, verdicts, drafts IN ROW EXCLUSIVE MODE")
            other.execute("SELECT * FROM projects FOR UPDATE")
            other.execute("SELECT * FROM cases FOR UPDATE")
            yield
            other.rollback()


def test_the_database_is_busy(place):
    store = place.open(patience=0.05)
    made, [case_id] = project(store)
    draft = store.save_draft(ME, "anna", case_id, mask(1))
    before = files_of(place.home)
    with somebody_else_writes(place):
        for attempt in (
            lambda: store.save(ME, "anna", case_id, corrected("k", 2)),
            lambda: store.save_draft(ME, "anna", case_id, mask(3)),
            lambda: store.add_prediction(case_id, new_prediction()),
            lambda: store.add_cases(made.id, [new_case("b")]),
            lambda: store.set_state(made.id, "ready"),
            lambda: store.delete(ME, made.id),
        ):
            with pytest.raises(NotSaved, match=r"^Not saved: the database is busy; try again\.$"):
                attempt()
        assert files_of(place.home) == before
        assert store.history(ME, case_id) == [], "reading goes on meanwhile"
        assert store.draft(ME, "anna", case_id) == draft
    saved = store.save(ME, "anna", case_id, corrected("k", 2))
    assert store.history(ME, case_id) == [saved]


def test_a_busy_database_is_waited_for(place, monkeypatch):
    """Somebody who is done soon costs a moment, not a verdict."""
    store = place.open(patience=20)
    _, [case_id] = project(store)
    writing, asked = store._database.writing, threading.Event()

    def heard(*arguments, **options):
        asked.set()
        return writing(*arguments, **options)

    monkeypatch.setattr(store._database, "writing", heard)
    with ThreadPoolExecutor(1) as pool:
        with somebody_else_writes(place):
            saving = pool.submit(store.save, ME, "anna", case_id, corrected("k", 2))
            assert asked.wait(60), "it never came to its writing"
            assert store.history(ME, case_id) == []
            assert not saving.done(), "it did not wait"
        saved = saving.result()
    assert store.history(ME, case_id) == [saved]


def test_the_folder_may_no_longer_be_written(sqlite, monkeypatch):
    store = sqlite.open()
    _, [case_id] = project(store)

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(NotSaved, match=r"cannot be written \(Permission denied\)\.$"):
        store.save(ME, "anna", case_id, corrected("k", 2))
