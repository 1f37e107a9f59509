"""Where a backup lies: a folder (a Storage Bucket that is attached, a network drive), or a private data set
repository on the Hugging Face Hub. Both take files once and never change them.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from bcweb import hub, publish
from bcweb.review.files import is_of_the_disk, sync_folders
from bcweb.review.vault_format import MARKER, Damaged, VaultError, check_marker, key_of
from bcweb.terminal import counted

BEGUN = "backups.txt"  # in the data folder: in which places a backup was begun, one a line

_STALE_SECONDS = 3600  # a temporary file this old was left by a process that died
_READERS = 8  # files that are asked for at the same time
_OURS = {MARKER, "projects", "cases", "verdicts"}
_NOT_OURS = {"README.md", ".gitattributes"}  # may lie beside a backup
_CARD = b"""---
viewer: false
tags:
- bcweb-backup
---

# A backup of a review

Verdicts of readers and their masks, written once by bcweb and read when it starts again with an empty
disk. Keep this repository private, and change nothing in it: a file that was changed is left out.
"""


class Moved(Exception):
    """Another process has written meanwhile: what is there must be read again first."""


class Place(Protocol):
    """Every method raises `VaultError` where the place does not give or take something.

    kind: "folder" or "repository". what: it in words. pace: seconds from one look to the next. empty: those of
    `names` that something has cut to nothing or that could not be read, and that may be written again.
    """

    kind: str
    what: str
    pace: float
    empty: Collection[str]

    def open(self, to_write: bool = True, may_begin: bool = True) -> None:
        """Make sure that a backup is here; to_write: or can be begun here, and that it may be written.

        may_begin: False where one was begun here before: a folder without it is one that nothing is attached as.
        """

    def names(self) -> set[str]:
        """The files that are here, and that are a backup's."""

    def has_moved(self) -> bool:
        """Whether another process may have written since `names`."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files that are not here, durably, in this order; `Moved` where another was quicker."""

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """The content of these files, in any order; nothing of one that cannot be read where others can."""


def place_of(named: str, apart_from: Path | None = None) -> Place:
    """named: a folder's path, or hf://user/name. apart_from: a folder whose disk is no place for a backup."""
    if not named.startswith("hf://"):
        try:
            return Folder(Path(named).expanduser(), apart_from)
        except RuntimeError as error:  # made where it runs instead, nobody would find it
            raise VaultError(f"{named} names no folder: there is no such user.") from error
    name = named.removeprefix("hf://").removeprefix("datasets/").strip("/")
    if name.startswith("buckets/"):
        raise VaultError(
            "BCWEB_BACKUP takes a bucket by the folder that it is attached as: attach it to the Space "
            "(at /backup, say), and set BCWEB_BACKUP=/backup."
        )
    if name.count("/") != 1 or not all(name.split("/")):
        raise VaultError(
            f"BCWEB_BACKUP={named} is neither a folder nor of the form hf://user/name."
        )
    return Repository(name)


class Folder:
    kind = "folder"
    pace = 5.0

    _LOOK_SECONDS = 60.0  # between two looks for what other processes have written

    def __init__(self, folder: Path, apart_from: Path | None = None):
        self.folder, self._apart_from = folder, apart_from
        self.what = f"the folder {folder}"
        self._listed = 0.0
        self._device: int | None = None
        self._is_begun = False
        self._whole: set[str] = set()  # files that are not empty: each is asked for its size once
        self.empty: set[str] = set()

    def open(self, to_write: bool = True, may_begin: bool = True) -> None:
        if not self.folder.is_absolute():
            raise VaultError(
                f"BCWEB_BACKUP={self.folder} is neither a whole path of a folder nor hf://user/name."
            )
        with self._one_sentence():
            if to_write:
                self._prepare(may_begin)
            self._device, self._is_begun = self.folder.stat().st_dev, False
            if self._apart_from is not None and self._device == self._apart_from.stat().st_dev:
                raise VaultError(
                    f"{self.folder} lies on this Space's own disk, which vanishes with it: attach a private "
                    "Storage Bucket there."
                )
            there = {name for name in os.listdir(self.folder) if not name.startswith(".")}
            if not may_begin and not there & _OURS:
                raise self._not_there()
            _check_ours(there, f"The folder {self.folder}", to_write, self._marker)
            if to_write:
                self._remove_stale_parts()
                probe = self.folder / f".{secrets.token_hex(8)}.part"
                probe.touch()
                probe.unlink()

    def names(self) -> set[str]:
        with self._one_sentence():
            self._check_device()
            self._listed = time.monotonic()
            there = {
                name
                for place, _, files in os.walk(self.folder, onerror=_raise)
                for file in files
                if _is_ours(name := (Path(place) / file).relative_to(self.folder).as_posix())
            }
            self._is_begun |= MARKER in there
            self._whole &= there
            self.empty = set()
            new = list(there - self._whole)
            # Daemons, that a drive which hangs keeps no program from ending.
            asking = [
                threading.Thread(target=self._ask, args=(new[n::_READERS],), daemon=True)
                for n in range(min(_READERS, len(new)))
            ]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()
            return there

    def has_moved(self) -> bool:
        return time.monotonic() > self._listed + self._LOOK_SECONDS

    def put(self, files: Mapping[str, bytes]) -> None:
        with self._one_sentence():
            self._check_device()
            places = set()
            for name, content in files.items():
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                _write_once(target, content)
                inside = target.relative_to(self.folder).parents
                places |= {self.folder / place for place in inside}
            with _where_it_can():
                sync_folders(places)
            self._is_begun |= MARKER in files

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        with self._one_sentence():
            for name in names:
                try:
                    content = (self.folder / name).read_bytes()
                except OSError:
                    self._check_device()
                    with suppress(FileNotFoundError):
                        self._marker()  # where it cannot be read either no file is at fault
                    self.empty.add(name)
                    content = b""
                yield name, content

    def _prepare(self, may_begin: bool) -> None:
        if not self.folder.parent.is_dir():
            raise VaultError(
                f"There is no folder {self.folder.parent}: attach the Storage Bucket there, or name another "
                "folder in BCWEB_BACKUP."
            )
        if may_begin:
            self.folder.mkdir(exist_ok=True, mode=0o700)
        elif not self.folder.is_dir():
            raise self._not_there()

    def _not_there(self) -> VaultError:
        return VaultError(
            f"The backup that was begun in {self.folder} is not there: attach again what was attached, or name another "
            f"folder in BCWEB_BACKUP; to begin anew there, take its line out of {BEGUN} in the data folder."
        )

    def _ask(self, names: Iterable[str]) -> None:
        """Which of these are empty; of one whose size cannot be asked `read` says so, if it is wanted at all."""
        for name in names:
            try:
                is_empty = (self.folder / name).stat().st_size == 0
            except OSError:  # to be asked again
                continue
            (self.empty if is_empty else self._whole).add(name)

    def _check_device(self) -> None:
        """A bucket that is detached leaves an empty folder, into which one could write in vain."""
        is_another = self.folder.stat().st_dev != self._device
        if is_another or (self._is_begun and not (self.folder / MARKER).exists()):
            raise VaultError(f"Nothing is attached as {self.folder} any more: attach it again.")

    def _marker(self) -> bytes:
        return (self.folder / MARKER).read_bytes()

    def _remove_stale_parts(self) -> None:
        before = time.time() - _STALE_SECONDS
        for part in self.folder.rglob(".*.part"):
            with suppress(FileNotFoundError):  # another process's, and it has just finished
                if part.stat().st_mtime < before:
                    part.unlink()

    @contextmanager
    def _one_sentence(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise VaultError(_why(error, self.folder)) from error


class Repository:
    """A data set repository. The token is the client's own: HF_TOKEN, on a Space one of its secrets."""

    kind = "repository"
    pace = 50.0  # so that a verdict waits for less than a minute, and the Hub gets one commit in that time
    empty = ()

    def __init__(self, name: str):
        self.name = name
        self.what = f"the private repository datasets/{name}"
        self._head: str | None = None
        self._fetched: tempfile.TemporaryDirectory[str] | None = None

    def open(self, to_write: bool = True, may_begin: bool = True) -> None:
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._one_sentence():
            if to_write:
                with suppress(RepositoryNotFoundError):  # `claim` makes it
                    self._info()
                publish.claim(hub.api(), self.name, "dataset", False, "verdicts")
            info = self._info()
            self._head = info.sha
            there = {file.rfilename for file in info.siblings or ()}
            _check_ours(there, f"The repository {self.name}", to_write, self._marker)

    def names(self) -> set[str]:
        with self._one_sentence():
            self._head = self._info().sha
            tree = hub.api().list_repo_tree(
                self.name, recursive=True, revision=self._head, repo_type="dataset"
            )
            return {entry.path for entry in tree if _is_ours(entry.path)}

    def has_moved(self) -> bool:
        with self._one_sentence():
            return self._info().sha != self._head

    def put(self, files: Mapping[str, bytes]) -> None:
        from huggingface_hub import CommitOperationAdd

        first = {"README.md": _CARD} if MARKER in files else {}
        with self._one_sentence():
            self._info()  # somebody may have made it public since
            verdicts = sum(name.startswith("verdicts/") for name in files)
            made = hub.api().create_commit(
                self.name,
                [CommitOperationAdd(name, content) for name, content in {**first, **files}.items()],
                repo_type="dataset",
                commit_message=counted(verdicts, "verdict"),
                parent_commit=self._head,
            )
            self._head = made.oid

    def read(self, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
        # What was fetched before it broke off is not fetched again; nothing of it stays in the end.
        self._fetched = self._fetched or tempfile.TemporaryDirectory(prefix="bcweb-backup-")
        pool = ThreadPoolExecutor(_READERS)
        with self._one_sentence():
            try:
                yield from pool.map(self._fetch, names)
            finally:
                pool.shutdown(cancel_futures=True)
        self._fetched.cleanup()
        self._fetched = None

    def _fetch(self, name: str) -> tuple[str, bytes]:
        file = hub.api().hf_hub_download(
            self.name, name, repo_type="dataset", revision=self._head, cache_dir=self._fetched.name
        )
        return name, Path(file).read_bytes()

    def _info(self):
        info = hub.api().repo_info(self.name, repo_type="dataset")
        if not info.private:
            raise VaultError(
                f"The repository datasets/{self.name} is public, and no patient's mask goes there: make it "
                "private on its page, or name another in BCWEB_BACKUP."
            )
        return info

    def _marker(self) -> bytes:
        [(_, content)] = self.read([MARKER])
        return content

    @contextmanager
    def _one_sentence(self) -> Iterator[None]:
        from huggingface_hub.errors import HTTPError

        try:
            with publish.one_sentence(f"datasets/{self.name}"):
                try:
                    yield
                except HTTPError as error:
                    if getattr(getattr(error, "response", None), "status_code", None) == 412:
                        raise Moved from None
                    raise
        except hub.HubError as error:
            raise VaultError(str(error)) from error


def _check_ours(
    there: Iterable[str], what: str, to_write: bool, marker: Callable[[], bytes]
) -> None:
    """Raise `VaultError` where something else lies there, or nothing and it is to be read."""
    there = {name for name in there if name not in _NOT_OURS and not is_of_the_disk(name)}
    inside = {name.partition("/")[0] for name in there}
    # Of a marker that was lost or cut to nothing the rest says what it is.
    content = marker() if MARKER in there else b"" if there and inside <= _OURS else None
    if content:
        try:
            check_marker(content)
        except Damaged as error:
            raise VaultError(
                f"{what} has a {MARKER} that is damaged, or another program's: where the rest is a backup of a "
                "review, make that file an empty one."
            ) from error
    elif content is None and not to_write:
        raise VaultError(f"{what} holds no backup.")
    elif there if content is None else inside - _OURS:
        raise VaultError(
            f"{what} holds something else than a backup: name an empty one in BCWEB_BACKUP."
        )


def _is_ours(name: str) -> bool:
    return name == MARKER or key_of(name) is not None


def _write_once(target: Path, content: bytes) -> None:
    """Write a file that is whole as soon as it has its name; one that has it already is left alone, if it holds
    anything."""
    if _holds_something(target):
        return
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            with _where_it_can():
                os.fsync(file.fileno())
        try:
            os.link(part, target)  # which, other than renaming, never replaces
        except FileExistsError:
            if not _holds_something(target):
                part.replace(target)
        except OSError:  # a bucket has no links: its files appear when they are renamed, or closed
            part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


@contextmanager
def _where_it_can() -> Iterator[None]:
    """Some network drives cannot be asked to sync: they do so when a file is closed."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


def _why(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The folder {folder} is full: make room there."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"The folder {folder} cannot be written ({error.strerror}): attach the bucket so that it can "
            "be, or name another folder in BCWEB_BACKUP."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENOTCONN, errno.ESTALE):
        return f"The folder {folder} is not there any more ({error.strerror}): attach it again."
    return f"The folder {folder} does not answer as it should: {error.strerror or error}."


def _raise(error: OSError) -> None:
    raise error
