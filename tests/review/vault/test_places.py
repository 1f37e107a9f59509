"""Where a backup lies: folders and buckets that are refused, lost, full or of another kind."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from bcweb.review import vault_places
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.review.vault_format import VaultError
from bcweb.review.vault_places import Folder, place_of
from tests.review.decided import OWNER
from tests.review.kept import all_steps, files_of, vault
from tests.review.small import ME, corrected, new_case, project


def refused(place: Folder) -> str:
    with pytest.raises(VaultError) as caught:
        place.open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_refused_in_one_sentence(tmp_path):
    assert refused(Folder(Path("backup"))).startswith("BCWEB_BACKUP=backup is neither a whole path")
    assert refused(Folder(tmp_path / "no" / "backup")) == (
        f"There is no folder {tmp_path / 'no'}: attach the Storage Bucket there, or name another folder in "
        "BCWEB_BACKUP."
    )
    assert "own disk, which vanishes" in refused(Folder(tmp_path / "backup", apart_from=tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "scan.png").touch()
    assert "holds something else than a backup" in refused(Folder(tmp_path / "data"))
    (tmp_path / "file").touch()
    assert "is not there any more" not in refused(Folder(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    folder = tmp_path / "backup"
    folder.mkdir(mode=0o500)
    assert "cannot be written (Permission denied): attach the bucket so that it can be" in refused(
        Folder(folder)
    )


def test_a_bucket_that_is_detached_is_not_written_into_the_void(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, folder)
        all_steps(running)
        saved = store.save(ME, "ann", case, NewVerdict("unsure", "k"))
        is_detached = pytest.raises(
            VaultError, match=r"Nothing is attached as .* any more: attach it again"
        )
        running.place._device += 1  # what lies there now belongs to another disk
        with is_detached:
            running.step()
        running.place._device -= 1
        folder.rename(tmp_path / "detached")
        folder.mkdir()  # on this one
        with is_detached:
            running.step()
        for _ in range(3):
            running._try()
        assert running.state().problem == (
            f"The backup that was begun in {folder} is not there: attach again what was attached, or name "
            "another folder in BCWEB_BACKUP; to begin anew there, take its line out of backups.txt in the data folder."
        )
        assert running.backed_up(ME, [saved.id]) == {} and not list(folder.iterdir())
        folder.rmdir()
        (tmp_path / "detached").rename(folder)
        running._try()
        assert running.backed_up(ME, [saved.id]).keys() == {saved.id}


@pytest.mark.parametrize("left", ["an empty folder", "no folder"])
def test_a_drive_that_is_not_mounted_yet_after_a_restart_is_no_place_for_a_new_backup(
    tmp_path, left
):
    folder = tmp_path / "drive" / "backup"
    folder.parent.mkdir()
    with Store(tmp_path / "home") as store:
        project(store)
        all_steps(vault(store, folder))
        before = files_of(folder)
        folder.rename(tmp_path / "unmounted")
        if left == "an empty folder":
            folder.mkdir()
        running = vault(store, folder)
        running._try()
        assert "attach" in running.state().problem and running.state().waiting is None
        assert not files_of(folder.parent) and folder.exists() == (left == "an empty folder")
        all_steps(vault(store, tmp_path / "other"))  # another one may be begun
        if folder.exists():
            folder.rmdir()
        (tmp_path / "unmounted").rename(folder)
        all_steps(running)
        assert files_of(folder) == before


def test_a_folder_that_was_emptied_while_the_page_runs_is_begun_anew_only_when_told_so(tmp_path):
    folder, begun = tmp_path / "backup", tmp_path / "home" / "backups.txt"
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, folder)
        all_steps(running)
        said = begun.read_text()
        folder.rename(tmp_path / "aside")
        folder.mkdir()
        saved = store.save(ME, "ann", case, NewVerdict("unsure", "k"))
        for _ in range(3):
            running._try()
        assert "backups.txt" in running.state().problem and not list(folder.iterdir())
        begun.write_text("")
        running._try()
        assert (running.state().problem, running.state().waiting) == (None, 0)
        assert running.backed_up(ME, [saved.id]).keys() == {saved.id}
        assert files_of(folder).keys() > files_of(tmp_path / "aside").keys()
        assert begun.read_text() == said, "and is remembered again"


@pytest.mark.parametrize("name", ["backup", "line\x85break"])
def test_which_places_were_begun_is_read_as_it_was_written(tmp_path, name):
    with Store(tmp_path / "home") as store:
        project(store)
        for _ in range(2):
            all_steps(vault(store, tmp_path / name))
        begun = tmp_path / "home" / "backups.txt"
        assert begun.read_text() == f"\nthe folder {tmp_path / name}\n"
        begun.unlink()
        begun.mkdir()  # it cannot be read
        running = vault(store, tmp_path / name)
        running._try()
        assert (running.state().problem, running.state().waiting) == (None, 0)


def test_a_place_is_remembered_apart_though_a_line_that_was_taken_out_left_no_end(tmp_path):
    with Store(tmp_path / "home") as store:
        project(store)
        (tmp_path / "home" / "backups.txt").write_text("the folder /elsewhere")
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        assert running._begun()[-2:] == [f"the folder {tmp_path / 'backup'}", ""]


def test_a_backup_whose_marker_is_lost_goes_on_and_is_read(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, folder)
        all_steps(running)
        (folder / "backup.json").unlink()
        store.save(ME, "ann", case, NewVerdict("unsure", "k"))
        for _ in range(3):
            running._try()
        assert (running.state().problem, running.state().waiting) == (None, 0)
        assert (folder / "backup.json").read_bytes()
    (folder / "backup.json").unlink()
    with Store(tmp_path / "new") as back:
        vault(back, folder).bring_back()
        assert len(back.projects(ME)) == 1


def test_an_empty_file_stays_until_what_takes_its_place_is_whole(tmp_path, monkeypatch):
    """On a full disk a backup would lose the name of it, and its marker with that."""
    cut = tmp_path / "backup.json"
    cut.touch()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(vault_places.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        vault_places._write_once(cut, b"whole")
    assert list(tmp_path.iterdir()) == [cut] and cut.read_bytes() == b""
    monkeypatch.undo()
    vault_places._write_once(cut, b"whole")
    vault_places._write_once(cut, b"another")
    assert list(tmp_path.iterdir()) == [cut] and cut.read_bytes() == b"whole"


def test_a_file_whose_size_cannot_be_asked_holds_up_no_other(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        saved = store.save(ME, "ann", case, corrected("k1", 1))
        all_steps(vault(store, folder))
        file = folder / store.ledger.verdict_files()[saved.id]
        file.unlink()
        file.symlink_to(tmp_path / "nowhere")
        after = store.save(ME, "ann", case, corrected("k2", 2, saved.id))
        running = vault(store, folder)
        all_steps(running)
        assert after.id in running.backed_up(ME, [after.id])
    with Store(tmp_path / "new") as back:
        running = vault(back, folder)
        all_steps(running)
        assert [verdict.key for verdict in back.history(ME, case)] == ["k2"]
        name = file.relative_to(folder).as_posix()
        assert (
            running.state().problem == f"Damaged or unreadable in the backup, and left out: {name}."
        )


def unreadable(file: Path) -> None:
    """As a disk has a file of which it has lost a part."""
    file.unlink()
    file.symlink_to(file)


@pytest.mark.parametrize("of", ["verdicts", "projects"])
def test_a_file_that_cannot_be_read_is_left_out_and_tried_again(tmp_path, of):
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        made, [a, b] = project(store, new_case("a"), new_case("b"))
        store.set_state(made.id, "ready")
        for key, case in (("k1", a), ("k2", b)):
            store.save(ME, "ann", case, corrected(key, case))
        _, [c] = project(store, name="Other")
        store.save(ME, "ann", c, corrected("k3", 3))
        all_steps(vault(store, folder))
        [kept, _] = store.ledger.projects()
        file = min(file for file in (folder / of).rglob("*.json") if kept.key in str(file))
        content = file.read_bytes()
        unreadable(file)
        running = vault(back, folder)
        all_steps(running)
        assert (
            running.is_complete and file.relative_to(folder).as_posix() in running.state().problem
        )
        assert [verdict.key for verdict in back.history(ME, c)] == ["k3"], "the rest is here"
        file.unlink()
        file.write_bytes(content)
        running.place._listed = float("-inf")  # as a minute later
        all_steps(running)
        assert running.state().problem is None
        for case in (a, b):
            assert len(back.history(ME, case)) == 1


def test_a_list_of_cases_that_cannot_be_read_is_written_again(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        made, [case] = project(store)
        store.set_state(made.id, "ready")
        store.save(ME, "ann", case, corrected("k", 1))
        all_steps(vault(store, folder))
        before = files_of(folder)
        [file] = (folder / "cases").rglob("*.json")
        unreadable(file)
        running = vault(back, folder)
        all_steps(running)
        assert back.case(ME, case).decision == "corrected", "cases come with their verdicts"
        assert files_of(folder) == before and running.state().problem is None


def test_where_no_file_can_be_read_the_place_is_what_fails(tmp_path):
    """As of a bucket whose token has ended: what is in it is not gone."""
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        _, [case] = project(store)
        store.save(ME, "ann", case, corrected("k", 1))
        all_steps(vault(store, folder))
        contents = files_of(folder)
        running = vault(back, folder)
        running.place.open()
        names = running.place.names()
        for name in contents:
            (folder / name).unlink()
            (folder / name).mkdir()
        with pytest.raises(VaultError, match="does not answer as it should"):
            list(running.place.read(sorted(names)))


def test_sizes_are_asked_for_at_the_same_time(made, place_of_backup, monkeypatch):
    """A network drive answers each in some milliseconds."""
    all_steps(vault(made.store, place_of_backup))
    asking, more, real = set(), threading.Event(), Path.stat

    def waits_for_another(path, **how):
        if path.suffix == ".json":
            asking.add(threading.get_ident())
            if len(asking) > 1:
                more.set()
            more.wait(20)
        return real(path, **how)

    place = Folder(place_of_backup)
    place.open()
    monkeypatch.setattr(Path, "stat", waits_for_another)
    assert len([name for name in place.names() if name.startswith("verdicts/")]) == 16
    assert more.is_set() and not place.empty


def test_a_bucket_without_links_gets_whole_files(made, place_of_backup, monkeypatch):
    def none(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(vault_places.os, "link", none)
    monkeypatch.setattr(vault_places.os, "fsync", none)
    all_steps(vault(made.store, place_of_backup))
    files = files_of(place_of_backup)
    assert len([name for name in files if name.startswith("verdicts/")]) == 16
    assert not [name for name in files if ".part" in name]


def test_what_a_process_left_half_written_is_no_file_of_the_backup(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    part = place_of_backup / "verdicts" / ".0123456789abcdef.part"
    part.write_bytes(b'{"form')
    old = place_of_backup / "verdicts" / ".fedcba9876543210.part"
    old.touch()
    os.utime(old, (0, 0))
    with Store(tmp_path / "new") as store:
        running = vault(store, place_of_backup)
        all_steps(running)
        assert not running.left_out
    assert part.exists(), "another process may be writing it"
    assert not old.exists()


def test_a_full_disk_is_told_and_the_same_goes_on_later(tmp_path, monkeypatch):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        store.save(ME, "ann", case, corrected("k", 1))
        real = os.fsync

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(vault_places.os, "fsync", full)
        assert running._try() == running.place.pace
        state = running.state()
        assert state.problem == f"The folder {tmp_path / 'backup'} is full: make room there."
        assert state.waiting == 1 and state.again is not None
        waits = [running._try() for _ in range(12)]
        assert waits == sorted(waits) and waits[-1] == 300.0, "it asks less and less often"
        monkeypatch.setattr(vault_places.os, "fsync", real)
        assert running._try() == running.place.pace
        assert (running.state().problem, running.state().waiting, running.state().again) == (
            None,
            0,
            None,
        )


def test_what_is_no_place_is_refused(tmp_path):
    assert place_of("hf://ann/backup").name == "ann/backup"
    assert place_of("hf://datasets/ann/backup").name == "ann/backup"
    for named in ("hf://ann", "hf://ann/b/c", "hf:///b"):
        with pytest.raises(VaultError, match="neither a folder nor of the form hf://user/name"):
            place_of(named)
    with pytest.raises(VaultError, match=r"~nobody7/x names no folder: there is no such user\."):
        place_of("~nobody7/x")
    with pytest.raises(VaultError, match="attach it to the Space"):
        place_of("hf://buckets/ann/b")


def test_a_file_that_was_cut_to_nothing_is_written_again_where_it_is_still_here(
    made, place_of_backup, tmp_path
):
    """As a disk that lost its power leaves them; elsewhere they are named."""
    all_steps(vault(made.store, place_of_backup))
    before = files_of(place_of_backup)
    verdicts = sorted(name for name in before if name.startswith("verdicts/"))
    cut = [verdicts[0], next(name for name in before if name.startswith("projects/"))]
    for name in (*cut, "backup.json"):
        (place_of_backup / name).write_bytes(b"")
    (place_of_backup / verdicts[1]).unlink()
    with Store(tmp_path / "empty") as store:
        running = vault(store, place_of_backup)
        running.bring_back()
        assert running.left_out.keys() == {cut[1]}, "whose project it is is not known"
    running = vault(made.store, place_of_backup)
    all_steps(running)
    assert files_of(place_of_backup) == before
    assert (running.state().waiting, running.state().problem) == (0, None)
    (place_of_backup / cut[0]).write_bytes(b"")
    with Store(tmp_path / "new") as store:
        running = vault(store, place_of_backup)
        all_steps(running)
        assert running.state().problem == (
            f"Damaged or unreadable in the backup, and left out: {cut[0]}."
        )
        assert store.projects(OWNER)[0].read > 0


def test_a_marker_that_says_nothing_says_what_to_do(tmp_path, made, place_of_backup):
    all_steps(vault(made.store, place_of_backup))
    (place_of_backup / "backup.json").write_text('{"of": "another program"}')
    assert refused(Folder(place_of_backup)) == (
        f"The folder {place_of_backup} has a backup.json that is damaged, or another program's: where the rest is "
        "a backup of a review, make that file an empty one."
    )
    (place_of_backup / "backup.json").write_bytes(b"")
    with Store(tmp_path / "new") as store:
        vault(store, place_of_backup).bring_back()
        assert len(store.projects(OWNER)) == 1


def test_a_marker_that_was_cut_to_nothing_makes_no_backup_of_a_folder_with_other_files(tmp_path):
    (tmp_path / "backup.json").touch()
    (tmp_path / "scan.png").touch()
    assert "holds something else than a backup" in refused(Folder(tmp_path))
