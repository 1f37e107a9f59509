"""A copy of everything while others work: the database of one moment, then the files that it names.

Files are never changed once they have their name, so that a link to one is as good as a copy. Only drafts'
are removed, when another takes their place: they are read while nobody writes, which is a moment; all that
is written goes where it may be slow, while others save. SQLite's own backup and PostgreSQL's pg_dump copy
the moment that a transaction has seen since then.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import CompoundSelect, Connection, Select, select, text, union

from bcweb.review import home as places
from bcweb.review.database import Database
from bcweb.review.files import Files, is_of_the_disk, make_folders, sync_folders
from bcweb.review.records import ReviewError
from bcweb.review.schema import cases, drafts, predictions, projects, verdicts
from bcweb.terminal import why_unmade

DUMP = "review.dump"
_CLAIM = ".backup.part"  # in a folder that a copy is being written into


@dataclass(frozen=True)
class Copied:
    """said: how the copy is opened, a sentence. missing: files that were not here to be copied, or could not be read."""

    said: str
    missing: tuple[Path, ...]


def backup(database: Database, files: Files, to: Path) -> Copied:
    """Write the copy into a new or empty folder.

    A file that is missing or unreadable costs no other one: who has lost one needs a copy of the rest all the more.
    """
    if problem := why_unmade(to):
        raise ReviewError(problem)
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_ours = _claim(to)
    except OSError as error:
        raise ReviewError(f"{to} cannot be written: {error.strerror or error}.") from error
    if not is_ours:
        raise ReviewError(f"{to} is not empty; name a new folder for the backup.")
    try:
        missing: list[Path] = []
        said = (_sqlite if database.sqlite else _postgresql)(database, files, to, missing)
    except BaseException as error:
        _clear(to)
        if isinstance(error, OSError):
            raise ReviewError(f"No backup: {error.strerror or error}.") from error
        if isinstance(error, sqlite3.Error):  # its own copying is not SQLAlchemy's
            raise ReviewError(f"No backup: {error}.") from error
        raise
    (to / _CLAIM).unlink()
    return Copied(said, tuple(missing))


def _sqlite(database: Database, files: Files, to: Path, missing: list[Path]) -> str:
    part = to / f".{places.DATABASE}.part"  # it has its name only when all that it names is there
    with database.reading() as moment:
        with database.writing():  # nobody else writes while this moment begins
            folders, drawn = _at_once(files, moment, missing)
        named = moment.execute(_files()).all()
        with closing(sqlite3.connect(part)) as copy:
            moment.connection.driver_connection.backup(copy)
    made = _make_folders(to, folders)
    _write_drafts(to, drawn)
    _copy(files, to, named, missing)
    sync_folders(made)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.rename(to / places.DATABASE)
    sync_folders([to])
    return f"The backup is in {to}; BCWEB_HOME={to} opens it."


def _postgresql(database: Database, files: Files, to: Path, missing: list[Path]) -> str:
    program = shutil.which("pg_dump")
    with database.reading() as moment:
        with database.writing() as holding:
            holding.execute(text("LOCK TABLE drafts IN SHARE MODE"))  # nobody draws for this moment
            snapshot = moment.execute(text("SELECT pg_export_snapshot()")).scalar()
            folders, drawn = _at_once(files, moment, missing)
        named = moment.execute(_files()).all()
        if program is not None:
            _dump(database, program, snapshot, to / DUMP)
    made = _make_folders(to, folders)
    _write_drafts(to, drawn)
    _copy(files, to, named, missing)
    sync_folders([*made, to])
    if program is None:
        return f"Only the files are in {to}: there is no pg_dump here to copy the database with."
    return (
        f"The backup is in {to}: pg_restore --dbname=NEW {to / DUMP}, then BCWEB_HOME={to} and "
        "BCWEB_DATABASE=postgresql://.../NEW open it."
    )


def _at_once(
    files: Files, moment: Connection, missing: list[Path]
) -> tuple[list[str], list[tuple[str, str, bytes]]]:
    """The projects' folders, and each draft's folder, name and file (some kilobytes): to be had while nobody writes."""
    folders = list(moment.execute(_projects()).scalars())
    drawn = []
    for folder, name in moment.execute(_drafts()):
        source = files.path(folder, name)
        try:
            drawn.append((folder, name, source.read_bytes()))
        except OSError:
            missing.append(source)
    return folders, drawn


def _dump(database: Database, program: str, snapshot: str, to: Path) -> None:
    url = database.url.set(drivername="postgresql")
    secret = {} if url.password is None else {"PGPASSWORD": url.password}
    address = url.set(password=None).render_as_string(hide_password=False)
    arguments = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={to}"]
    done = subprocess.run(
        [program, *arguments, "--dbname", address],
        capture_output=True, text=True, env={**os.environ, **secret},
    )  # fmt: skip
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise ReviewError(f"pg_dump could not copy the database: {told.rstrip('.')}.")


def _make_folders(to: Path, folders: Iterable[str]) -> list[Path]:
    """Those of all projects, also where there is no file yet: the copy is gone on with; what is to be synced."""
    places = [to / "projects" / folder for folder in folders]
    for place in places:
        make_folders(place)
    return [*places, to / "projects"] if places else []


def _write_drafts(to: Path, drawn: Iterable[tuple[str, str, bytes]]) -> None:
    folders = set()
    for folder, name, content in drawn:
        target = to / "projects" / folder / name
        folders.add(target.parent)
        _write(target, content)
    sync_folders(folders)


def _copy(files: Files, to: Path, named: Iterable[tuple[str, str]], missing: list[Path]) -> None:
    """Link or copy these files, each a project's folder and a name, durably; what cannot be read is put into `missing`."""
    folders = set()
    for folder, name in named:
        source, target = files.path(folder, name), to / "projects" / folder / name
        folders.add(target.parent)
        if not _link_or_copy(source, target):
            missing.append(source)
    sync_folders(folders)


def _link_or_copy(source: Path, target: Path) -> bool:
    """Whether the source could be read."""
    try:
        os.link(source, target)
        return True
    except OSError:  # another disk, or one without links
        pass
    try:
        content = source.read_bytes()
    except OSError:
        return False
    _write(target, content)
    return True


def _write(target: Path, content: bytes) -> None:
    with target.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _claim(folder: Path) -> bool:
    """Whether it is empty, and from now on nobody else's: another backup may begin at the same moment."""
    claim = folder / _CLAIM
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return False
    if _holds(folder) == [claim]:
        return True
    claim.unlink()
    return False


def _holds(folder: Path) -> list[Path]:
    """What is in it, but for what the disk itself puts there."""
    return [item for item in folder.iterdir() if not is_of_the_disk(item.name)]


def _clear(folder: Path) -> None:
    """Remove what was copied into it, and the folder where nothing else is there."""
    with suppress(OSError):
        for item in _holds(folder):
            if item.is_dir():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink()
        folder.rmdir()


def _projects() -> Select:
    return select(projects.c.folder).where(projects.c.deleted.is_(None))


def _drafts() -> Select:
    return (
        select(projects.c.folder, drafts.c.mask_file)
        .join(projects, projects.c.id == drafts.c.project_id)
        .where(projects.c.deleted.is_(None))
    )


def _files() -> CompoundSelect:
    """All but drafts' of projects that are there: folder and name, each once."""
    columns = (
        cases.c.truth_file, cases.c.thumbnail_file, predictions.c.map_file,
        predictions.c.mask_file, verdicts.c.mask_file,
    )  # fmt: skip
    return union(
        *(
            select(projects.c.folder, column)
            .join(projects, projects.c.id == column.table.c.project_id)
            .where(projects.c.deleted.is_(None), column.is_not(None))
            for column in columns
        )
    )
