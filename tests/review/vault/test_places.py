"""Where a backup lies: folders and buckets that are refused, lost, full or of another kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bcweb.review import vault_places
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.review.vault_format import VaultError
from bcweb.review.vault_places import Folder, place_of
from tests.review.kept import all_steps, files_of, vault
from tests.review.small import ME, corrected, project


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


def test_a_bucket_that_is_detached_is_not_written_into_the_void(tmp_path, monkeypatch):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        saved = store.save(ME, "ann", case, NewVerdict("unsure", "k"))
        running.place._device += 1  # the folder that is left belongs to another disk
        with pytest.raises(
            VaultError, match=r"Nothing is attached as .* any more: attach it again"
        ):
            running.step()
        assert running.backed_up(ME, [saved.id]) == {}


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
