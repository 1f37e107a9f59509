"""A whole export: of one moment, in a folder that is there when it is complete, and not before."""

from __future__ import annotations

import errno
import glob
import os
import platform
import re
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import numpy as np
from filelock import FileLock

from bcweb.review import decide
from bcweb.review.export import push as pushing
from bcweb.review.export.names import disk_name
from bcweb.review.export.parallel import in_order
from bcweb.review.export.rows import WITH_MASK, Row, rows_of
from bcweb.review.export.table import write_verdicts
from bcweb.review.files import is_of_the_disk
from bcweb.review.records import Decision, Project, ReviewError
from bcweb.review.store import Snapshot, Store


@dataclass(frozen=True)
class Format:
    """A way to write an export. module: of this package, with its `write(folder, cases)`."""

    title: str
    words: str
    module: str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "png": Format(
            "PNG masks and tables",
            "images, masks and cases.csv: the folder trains as it is, --data folder:DIR",
            "png",
        ),
        "coco": Format(
            "COCO JSON", "images, and masks as run lengths, one annotation a lesion", "coco"
        ),
        "dicom": Format("DICOM SEG", "for the scans that came as DICOM", "dicom_seg"),
        "dataset": Format("Hugging Face data set", "parquet with its card", "dataset"),
    }
)

# How many of how many cases are done; what it raises stops the export. That all are is told again and again while
# they are on their way to the disk, the last time right before they have their name.
Progress = Callable[[int, int], None]

_STALE_SECONDS = 3600  # a temporary folder this old was left by a process that died
# Who writes into a temporary folder holds this lock in it. Another machine may not see that, and has one of its own.
_LOCK = f".{platform.node()}.lock"
_STORED = re.compile(r"\bmasks/\S+")  # the name of a file in the data folder, in a sentence


class ExportError(ReviewError):
    """Why nothing was exported; one sentence."""


@dataclass(frozen=True)
class Exported:
    """place: the folder or file. rows: every case that was decided, in the project's order. cases: how many
    the project has. reader: whose verdicts alone they are."""

    place: Path
    format: str
    rows: tuple[Row, ...]
    cases: int
    reader: str | None = None

    @property
    def masks(self) -> int:
        return sum(bool(row.mask) for row in self.rows)

    def lines(self) -> list[str]:
        """What was exported and what was not, for a person."""
        counts = Counter(row.verdict.decision for row in self.rows if row.mask)
        said = ", ".join(f"{counts[name]} {name}" for name in WITH_MASK if counts[name])
        found = [f"{self.masks} of {self.cases} cases with their masks ({said}): {self.place}"]
        for reasons in _reasons(self.rows):
            one = ", for one" if len(set(reasons)) > 1 else ""
            found.append(f"Left out, {len(reasons)}{one}: {reasons[0]}")
        if unread := self.cases - len(self.rows):
            found.append(f"Not read {f'by {self.reader}' if self.reader else 'yet'}, {unread}.")
        return found


def export(
    store: Store,
    owner: str,
    project: str | int,
    to: Path,
    format: str = "png",
    include: Sequence[Decision] = WITH_MASK,
    reader: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a project's masks and verdicts into a new or empty folder.

    project: by name or id. format: one of `FORMATS`. include: the decisions whose masks are wanted; all
    others are in verdicts.csv. reader: what this reader said last, whatever others have said since; None: the
    verdicts that stand. Raises `ExportError` where nothing was written, `NotThere` where the owner has no such
    project.
    """
    _check(format, include)
    reader = _named(reader)
    with _one_sentence(str(to)), _whole(to) as part:
        cases, rows = _write(store, owner, project, part, format, include, reader, _Asked(progress))
    return Exported(to, format, tuple(rows), cases, reader)


def export_zip(
    store: Store,
    owner: str,
    project: str | int,
    to: Path,
    format: str = "png",
    include: Sequence[Decision] = WITH_MASK,
    reader: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """The same as one ZIP file, for a browser to download; a file that is there is replaced.

    Inside is a folder with the project's name.
    """
    _check(format, include)
    reader = _named(reader)
    found = store.project(owner, project)
    with _one_sentence("The ZIP file"), _beside(to) as part:
        folder = part / disk_name(found.name)
        folder.mkdir()
        asked = _Asked(progress)
        cases, rows = _write(store, owner, found.id, folder, format, include, reader, asked)
        packed = part / ".zip"  # which no project's folder is called
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # its files are packed
            for file in _files(folder):
                archive.write(file, file.relative_to(part).as_posix())
                asked.again()
        _sync(packed)
        asked.again()
        packed.replace(to)
    return Exported(to, format, tuple(rows), cases, reader)


def push_export(
    store: Store,
    owner: str,
    project: str | int,
    repo: str,
    public: bool = False,
    to: Path | None = None,
    include: Sequence[Decision] = WITH_MASK,
    reader: str | None = None,
    progress: Progress | None = None,
) -> tuple[pushing.Pushed, Exported]:
    """Export a project as a data set and push it, with the token that this machine has.

    repo: "user/name"; private unless public. to: where the data set is kept, None: nowhere. Raises
    `ExportError`, `pushing.PushError` (the export in `to` is kept) and `NotThere`.
    """
    _check_gives_something(store, owner, project, to, include, reader)
    repo = pushing.check(repo, public)  # which makes the repository
    if to is not None:
        exported = export(store, owner, project, to, "dataset", include, reader, progress)
        return pushing.push(to, repo, public), exported
    with tempfile.TemporaryDirectory(prefix="bcweb-export-") as folder:
        place = Path(folder) / "dataset"
        exported = export(store, owner, project, place, "dataset", include, reader, progress)
        return pushing.push(place, repo, public), exported


def _reasons(rows: Iterable[Row]) -> list[list[str]]:
    """Why rows were left out, together where the sentences differ in the names of files alone; most often first."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.left_out:
            alike = _STORED.sub("", row.left_out).replace(row.case.file.name, "")
            found.setdefault(alike, []).append(row.left_out)
    return sorted(found.values(), key=len, reverse=True)


class _Asked:
    """Whether the export is still wanted is asked by telling how far it is."""

    def __init__(self, progress: Progress | None):
        self._progress = progress
        self._last = (0, 0)

    def told(self, done: int, total: int) -> None:
        self._last = done, total
        self.again()

    def again(self) -> None:
        if self._progress:
            self._progress(*self._last)


def _check(format: str, include: Sequence[Decision]) -> None:
    if format not in FORMATS:
        raise ExportError(f"{format!r} is no format of an export; there are {', '.join(FORMATS)}.")
    for decision in include:
        if decision not in WITH_MASK:
            raise ExportError(
                f"{decision!r} is no decision that gives a mask; there are {', '.join(WITH_MASK)}."
            )
    if not include:
        raise ExportError(f"Nothing is asked for; there are {', '.join(WITH_MASK)}.")


def _named(reader: str | None) -> str | None:
    """As verdicts have the name."""
    return None if reader is None else decide.words("name", reader)


def _check_gives_something(
    store: Store,
    owner: str,
    project: str | int,
    to: Path | None,
    include: Sequence[Decision],
    reader: str | None,
) -> None:
    """Raise what can be known of an export before it is written."""
    _check("dataset", include)
    reader = _named(reader)
    found = store.project(owner, project)
    with _moment(store, owner, found, include, reader) as (_, rows):
        if all(row.left_out for row in rows):
            raise _nothing(found.name, rows, reader)
    if to is not None:
        with _one_sentence(str(to)):
            _check_free(to)


@contextmanager
def _moment(
    store: Store, owner: str, project: Project, include: Sequence[Decision], reader: str | None
) -> Iterator[tuple[Snapshot, list[Row]]]:
    """The project as it is now, and its cases that were decided; by this reader, who is one of its readers."""
    with store.snapshot(owner, project.id, reader) as snapshot:
        rows = rows_of(snapshot.cases, include)
        if reader is not None and not rows:
            raise _no_reader(store, project, reader)
        yield snapshot, rows


def _no_reader(store: Store, project: Project, name: str) -> ExportError:
    said = store.readings(project.owner, project.id)
    match sorted(set().union(*said.values())):
        case []:
            rest = ", nor has anybody else"
        case [one]:
            rest = f"; its reader is {one}"
        case [*others, last]:
            rest = f"; its readers are {', '.join(others)} and {last}"
    return ExportError(f"{name} has decided nothing in {project.name}{rest}.")


def _nothing(project: str, rows: Iterable[Row], reader: str | None) -> ExportError:
    reasons = _reasons(rows)
    why = f"most often: {reasons[0][0]}" if reasons else "none was decided yet."
    which = f"that {reader} decided in" if reader else "of"
    return ExportError(f"No case {which} {project} has a mask to give, {why}")


def _write(
    store: Store,
    owner: str,
    project: str | int,
    folder: Path,
    format: str,
    include: Sequence[Decision],
    reader: str | None,
    asked: _Asked,
) -> tuple[int, list[Row]]:
    """Write into an empty folder, durably; how many cases the project has, and those that were decided."""
    found = store.project(owner, project)
    with _moment(store, owner, found, include, reader) as (snapshot, decided):
        damaged: list[Row] = []
        wanted = _with_masks(snapshot, decided, damaged, asked)
        try:
            module = import_module(f"bcweb.review.export.{FORMATS[format].module}")
            rows = [*module.write(folder, wanted), *damaged, *(r for r in decided if r.left_out)]
        except ModuleNotFoundError as error:
            raise ExportError(f"{error.name} is missing: pip install -r requirements.txt") from None
        cases = len(snapshot.cases)
    if damaged:
        store.project(
            owner, found.id
        )  # deleted meanwhile, it is not there: no export of a part of it
    rows.sort(key=lambda row: row.case.position)
    if not any(row.mask for row in rows):
        raise _nothing(found.name, rows, reader)
    write_verdicts(rows, folder / "verdicts.csv")
    for _ in in_order(_sync, ((file,) for file in _files(folder)), threads=16):
        asked.again()  # the disk takes many at once in little more time than one
    return cases, rows


def _with_masks(
    snapshot: Snapshot, rows: list[Row], damaged: list[Row], asked: _Asked
) -> Iterator[tuple[Row, np.ndarray]]:
    """The rows that give a mask, with it; those whose mask cannot be read are put into `damaged`."""
    wanted = [row for row in rows if not row.left_out]
    stands = {one.case.id: one for one in snapshot.cases}
    for number, row in enumerate(wanted):
        asked.told(number, len(wanted))
        try:
            mask = snapshot.mask(stands[row.case.id])
        except ReviewError as error:
            damaged.append(row.without(str(error)))
            continue
        yield row.measured(mask), mask
    asked.told(len(wanted), len(wanted))


@contextmanager
def _whole(to: Path) -> Iterator[Path]:
    """A folder that takes the name `to` when all went well, and else is gone.

    An empty one that is there stays the same folder, and gets what is in it: somebody may be in it, a link
    may lead to it, or it may be where a disk is attached.
    """
    is_there = to.is_dir()
    place = to / "export" if is_there else to
    _remove_stale_parts(place)
    _check_free(to)
    with _beside(place) as part:
        folder = part / "whole"
        folder.mkdir()
        yield folder
        try:
            if not is_there:
                folder.rename(to)
            elif _holds_something(to):
                raise _taken(to)
            else:
                _move_all(folder, to)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise _taken(to) from None
            raise


def _move_all(folder: Path, to: Path) -> None:
    """Move what is in a folder into another, all of it or nothing; tables last: who finds them finds the rest."""
    moved = []
    try:
        for item in sorted(folder.iterdir(), key=lambda item: (item.is_file(), item.name)):
            item.rename(to / item.name)
            moved.append(item)
    except BaseException:
        for item in moved:
            (to / item.name).rename(item)
        raise


def _holds_something(folder: Path) -> bool:
    """Whether it does but for what the disk itself puts there, and what exports are writing into it, or were when they
    were killed: the first that is whole takes it, and the others find it taken."""
    there = {item for item in folder.iterdir() if not is_of_the_disk(item.name)}
    return bool(there - set(_parts(folder / "export")))


def _check_free(to: Path) -> None:
    if _holds_something(to) if to.is_dir() else os.path.lexists(to):
        raise _taken(to)


def _taken(to: Path) -> ExportError:
    what = "holds something already" if to.is_dir() else "is no folder"
    return ExportError(f"{to} {what}; name a folder that is not there yet.")


@contextmanager
def _beside(to: Path) -> Iterator[Path]:
    """A temporary folder on the same disk."""
    to.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{to.name[:50]}.", suffix=".part", dir=to.parent))
    lock = _lock(part)
    try:
        with suppress(OSError):  # no disk has to have locks
            lock.acquire()
        yield part
    finally:
        lock.release()
        shutil.rmtree(part, ignore_errors=True)


def _parts(to: Path) -> Iterator[Path]:
    """The temporary folders that `_beside` has made for this place."""
    return to.parent.glob(f".{glob.escape(to.name[:50])}.{'?' * 8}.part")


def _remove_stale_parts(to: Path) -> None:
    before = time.time() - _STALE_SECONDS
    for part in _parts(to):
        # Where no lock tells, those in which nothing was written for so long: a large export takes longer.
        # Another process's that has just finished, or another user's, into which nobody else may look.
        with suppress(FileNotFoundError, PermissionError):
            if _is_let_go(part) or all(
                item.lstat().st_mtime < before for item in (part, *part.rglob("*"))
            ):
                shutil.rmtree(part, ignore_errors=True)


def _is_let_go(part: Path) -> bool:
    """Whether a process of this machine began to write there, and is gone."""
    inside = {item.name for item in part.iterdir()}
    if _LOCK not in inside or len(inside) == 1:  # what is written comes after the lock
        return False
    try:
        with _lock(part):
            return True
    except OSError:  # held, or no locks there
        return False


def _lock(part: Path) -> FileLock:
    """Of a temporary folder. A lock that is a mere file would outlive an export that is killed."""
    return FileLock(part / _LOCK, blocking=False, fallback_to_soft=False)


@contextmanager
def _one_sentence(what: str) -> Iterator[None]:
    """what: cannot be written, where the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ExportError(
                "The disk is full: nothing of the export is kept; make room, then export again."
            ) from None
        why = "Not a directory" if isinstance(error, FileExistsError) else error.strerror or error
        raise ExportError(f"{what} cannot be written: {why}.") from None


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _sync(file: Path) -> None:
    """Have it on the disk before it takes its name: a power cut leaves no half of it either."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
