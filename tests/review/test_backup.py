"""A backup that is made while others save opens, and all that it names is in it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import threading

import numpy as np
import pytest

from bcweb.review import __main__ as program
from bcweb.review import backup as backups
from bcweb.review.records import NewVerdict
from bcweb.review.store import ReviewError, Store
from tests.review.kept import all_steps, vault
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project


def check(store: Store, at_least: int) -> None:
    """Every file that the copy names is there and whole, and its verdicts follow each other."""
    made = store.project(ME, "P")
    with store.snapshot(ME, made.id) as snapshot:
        for case in snapshot.cases:
            assert snapshot.truth(case) is not None
            assert store.thumbnail(ME, case.case.id) == b"RIFF"
            if case.prediction:
                store.map(case.prediction)
            snapshot.predicted(case)
            history = store.history(ME, case.case.id)
            assert [v.after for v in history] == [None, *(v.id for v in history[:-1])][
                : len(history)
            ]
            for verdict in history:
                if verdict.mask_file:
                    store.mask(made.id, verdict.mask_file)
            for reader in ("anna", "bert"):
                if draft := store.draft(ME, reader, case.case.id):
                    store.mask(made.id, draft.mask_file)
    assert sum(len(store.history(ME, c.case.id)) for c in snapshot.cases) >= at_least


def test_a_backup_while_others_save_and_draw(sqlite, tmp_path, monkeypatch):
    store = sqlite.open()
    _, ids = project(store, *(new_case(str(number)) for number in range(12)))
    for case_id in ids:
        store.add_prediction(case_id, new_prediction())
    store.save(ME, "anna", ids[0], corrected("first", 0))
    gone, [lost] = project(store, name="deleted")
    store.save(ME, "anna", lost, corrected("k", 5))
    store.delete(ME, gone.id)
    stop, failed = threading.Event(), []

    def work(reader: str, mine: list[int]):
        try:
            for nth in itertools.count():
                for case_id in mine:
                    if stop.is_set():
                        return
                    store.save_draft(ME, reader, case_id, mask(nth), "empty", None, None, 1)
                    after = store.case(ME, case_id).latest_id
                    store.save(ME, reader, case_id, corrected(f"{reader} {nth}", nth, after))
                    store.save_draft(ME, reader, case_id, mask(nth + 1))
        except Exception as error:
            failed.append(error)

    threads = [
        threading.Thread(target=work, args=(reader, ids[part::2]))
        for part, reader in enumerate(("anna", "bert"))
    ]
    for thread in threads:
        thread.start()
    for number in range(3):
        told = store.backup(tmp_path / f"backup {number}")
        assert f"BCWEB_HOME={tmp_path / f'backup {number}'}" in told.said and not told.missing
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    shutil.rmtree(store.home)  # the disk that it was on
    for number in range(3):
        monkeypatch.setenv("BCWEB_HOME", str(tmp_path / f"backup {number}"))
        with Store() as copy:
            check(copy, 1)
            case = copy.case(ME, ids[3])
            copy.save(ME, "carl", case.id, NewVerdict("unsure", "new", case.latest_id))


def test_what_is_done_later_does_not_reach_a_backup(sqlite, tmp_path):
    store = sqlite.open()
    made, [case_id] = project(store)
    first = store.save(ME, "anna", case_id, corrected("1", 3))
    store.backup(tmp_path / "copy")
    store.save(ME, "anna", case_id, corrected("2", 4, first.id))
    store.delete(ME, made.id)
    with Store(tmp_path / "copy") as copy:
        assert copy.history(ME, case_id) == [first]
        np.testing.assert_array_equal(copy.mask(made.id, first.mask_file), mask(3))


@pytest.mark.parametrize("of", ["cases without a truth", "no case yet"])
def test_a_copy_is_gone_on_with_though_nothing_was_drawn_or_predicted_before(sqlite, tmp_path, of):
    bare = new_case(truth=None, thumbnail=b"")
    store = sqlite.open()
    made = store.create(ME, "P")
    if of == "cases without a truth":
        store.add_cases(made.id, [bare])
    store.backup(tmp_path / "copy")
    with Store(tmp_path / "copy") as copy:
        if of == "no case yet":
            copy.add_cases(made.id, [bare])
        [case] = copy.queue(ME, made.id, "listed")
        draft = copy.save_draft(ME, "anna", case.id, mask(3), "empty")
        np.testing.assert_array_equal(copy.mask(made.id, draft.mask_file), mask(3))
        copy.save(ME, "anna", case.id, corrected("k", 4))
        copy.map(copy.add_prediction(case.id, new_prediction()))
        copy.add_cases(made.id, [new_case("b")])


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps who may read what otherwise")
def test_folders_that_are_made_are_for_whoever_made_them_alone(tmp_path):
    """The pictures in them are of patients."""
    usual = os.umask(0o022)
    try:
        with Store(tmp_path / "home") as store:
            project(store)
            store.backup(tmp_path / "copy")
            all_steps(vault(store, tmp_path / "backup"))
    finally:
        os.umask(usual)
    modes = {place.name: oct(place.stat().st_mode & 0o777) for place in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("home", "copy", "backup"), "0o700")


def on_another_disk(monkeypatch) -> None:
    """No file can be linked to where a backup goes."""

    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(backups.os, "link", refuse)


def test_where_links_are_not_had_files_are_copied(sqlite, tmp_path, monkeypatch):
    store = sqlite.open()
    project(store)
    on_another_disk(monkeypatch)
    store.backup(tmp_path / "copy")
    with Store(tmp_path / "copy") as copy:
        check(copy, 0)


def test_others_save_while_a_slow_place_takes_its_time(place, tmp_path, monkeypatch):
    """What they save is not in it, and the draft that they replace is."""
    store = place.open(patience=0.05)
    made, [case_id] = project(store)
    draft = store.save_draft(ME, "bert", case_id, mask(8))
    first = store.save(ME, "anna", case_id, corrected("0", 3))
    saved = [first]

    def slowly(real):
        def work(*arguments):
            after = corrected(str(len(saved)), len(saved), saved[-1].id)
            saved.append(store.save(ME, "anna", case_id, after))
            store.save_draft(ME, "bert", case_id, mask(len(saved)))
            return real(*arguments)

        return work

    for module, name in ((backups.os, "link"), (backups.sqlite3, "connect")):
        monkeypatch.setattr(module, name, slowly(getattr(module, name)))
    assert not store.backup(tmp_path / "copy").missing
    monkeypatch.undo()
    assert len(saved) > 1
    [files] = (tmp_path / "copy" / "projects").iterdir()
    assert (files / first.mask_file).exists() and (files / draft.mask_file).exists()
    if place.url is None:
        with Store(tmp_path / "copy") as copy:
            assert copy.history(ME, case_id) == [first]
            np.testing.assert_array_equal(copy.mask(made.id, draft.mask_file), mask(8))


def test_a_folder_that_holds_something_is_left_alone(sqlite, tmp_path):
    store = sqlite.open()
    project(store)
    to = tmp_path / "copy"
    to.mkdir()
    (to / "mine").touch()
    with pytest.raises(ReviewError, match="not empty"):
        store.backup(to)
    assert list(to.iterdir()) == [to / "mine"]


def test_of_two_backups_into_one_empty_folder_the_second_is_refused_and_the_first_whole(
    sqlite, tmp_path, monkeypatch
):
    store = sqlite.open()
    _, [case_id] = project(store)
    saved = store.save(ME, "anna", case_id, corrected("1", 3))
    to, real = tmp_path / "copy", backups._sqlite

    def after_another(*given):
        monkeypatch.setattr(backups, "_sqlite", real)
        with pytest.raises(ReviewError, match="not empty"):
            store.backup(to)
        return real(*given)

    monkeypatch.setattr(backups, "_sqlite", after_another)
    store.backup(to)
    with pytest.raises(ReviewError, match="not empty"):
        store.backup(to)
    with Store(to) as copy:
        check(copy, 1)
        assert copy.history(ME, case_id) == [saved]
    assert not list(to.glob(".*"))


@pytest.mark.parametrize("works", [True, False])
def test_a_fresh_disk_is_empty_though_it_has_a_folder_of_its_own(
    sqlite, tmp_path, monkeypatch, works
):
    store = sqlite.open()
    _, [case_id] = project(store)
    to = tmp_path / "disk"
    (to / "lost+found").mkdir(parents=True)
    if not works:
        monkeypatch.setattr(backups, "_link_or_copy", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.backup(to)
        assert list(to.iterdir()) == [to / "lost+found"], "what is the disk's is left to it"
        return
    store.backup(to)
    with Store(to) as copy:
        assert copy.case(ME, case_id).case == "a"


@pytest.mark.parametrize("disk", ["links", "copies"])
@pytest.mark.parametrize("fault", ["missing", "unreadable"])
def test_files_that_are_missing_cost_no_other(sqlite, tmp_path, monkeypatch, capsys, disk, fault):
    """Least of all those that can be made again."""
    store = sqlite.open()
    made, ids = project(store, new_case("a"), new_case("b", thumbnail=b"RIFF b", truth=mask(5)))
    for case_id in ids:
        store.add_prediction(case_id, new_prediction())
    kept = store.save(ME, "anna", ids[0], corrected("1", 3))
    lost = store.save(ME, "anna", ids[1], corrected("1", 4))
    draft = store.save_draft(ME, "bert", ids[1], mask(8))
    [place] = (store.home / "projects").iterdir()
    [thumbnail] = [f for f in (place / "thumbnails").iterdir() if f.read_bytes() == b"RIFF b"]
    drawn = (store.prediction(ME, ids[1]).map_file, lost.mask_file, draft.mask_file)
    for file in (thumbnail, *(place / name for name in drawn)):
        file.unlink()
        if fault == "unreadable":
            file.mkdir()
    monkeypatch.setenv("BCWEB_HOME", str(store.home))
    if disk == "copies":
        on_another_disk(monkeypatch)
    assert program.main(["backup", str(tmp_path / "copy")]) == 1
    told = capsys.readouterr()
    assert f"BCWEB_HOME={tmp_path / 'copy'} opens it." in told.out
    assert told.err.startswith(
        "4 files are missing or unreadable here, and missing in the backup: "
    )
    assert told.err.strip().endswith(", for one.")
    with Store(tmp_path / "copy") as copy:
        np.testing.assert_array_equal(copy.mask(made.id, kept.mask_file), mask(3))
        assert copy.history(ME, ids[1]) == [lost]
        with pytest.raises(ReviewError, match="is missing from the data folder"):
            copy.mask(made.id, lost.mask_file)


def test_a_disk_that_takes_no_more_leaves_no_part_of_a_backup(sqlite, tmp_path, monkeypatch):
    store = sqlite.open()
    project(store)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups.os, "link", full)
    monkeypatch.setattr(backups.os, "fsync", full)
    with pytest.raises(ReviewError, match=r"No backup: No space left on device\."):
        store.backup(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_postgresql_is_copied_by_pg_dump(postgresql, tmp_path):
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        pytest.skip("pg_dump is not installed")
    with Store(tmp_path / "home", postgresql.new_database()) as store:
        _, ids = project(store, *(new_case(str(number)) for number in range(3)))
        store.add_prediction(ids[0], new_prediction())
        first = store.save(ME, "anna", ids[1], corrected("1", 3))
        store.save_draft(ME, "bert", ids[1], mask(8))
        told = store.backup(tmp_path / "copy")
        assert "pg_restore" in told.said and str(tmp_path / "copy" / backups.DUMP) in told.said
        store.save(ME, "anna", ids[1], corrected("2", 4, first.id))
    url = postgresql.new_database()
    subprocess.run(
        ["pg_restore", "--dbname", url, "--exit-on-error", tmp_path / "copy" / backups.DUMP],
        check=True,
    )
    with Store(tmp_path / "copy", url) as copy:
        check(copy, 1)
        assert copy.history(ME, ids[1]) == [first]
        copy.save(ME, "anna", ids[1], NewVerdict("unsure", "new", first.id))


def test_without_pg_dump_it_is_said_what_is_lacking(postgresql, tmp_path, monkeypatch):
    with Store(tmp_path / "home", postgresql.new()) as store:
        project(store)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "there is no pg_dump here" in store.backup(tmp_path / "copy").said
    assert list((tmp_path / "copy" / "projects").glob("*/masks/*.png"))
