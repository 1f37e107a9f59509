"""A copy of everything while others work: the database of one moment, then the files that it names.

Files are never changed once they have their name, so that a link to one is as good as a copy. Only drafts'
are removed, when another takes their place: they are linked while nobody writes. SQLite is copied by
its own backup; of PostgreSQL, pg_dump writes the moment that this transaction sees.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import CompoundSelect, Select, select, text, union

from bcweb.review import home as places
from bcweb.review.database import Database
from bcweb.review.files import Files, make_folders, sync_folders
from bcweb.review.records import ReviewError
from bcweb.review.schema import cases, drafts, predictions, projects, verdicts
from bcweb.terminal import why_unmade

DUMP = "review.dump"


@dataclass(frozen=True)
class Copied:
    """said: how the copy is opened, a sentence. missing: files that were not here to be copied."""

    said: str
    missing: tuple[Path, ...]


def backup(database: Database, files: Files, to: Path) -> Copied:
    """Write the copy into a new or empty folder.

    A file that is missing costs no other one: who has lost one needs a copy of the rest all the more.
    """
    if problem := why_unmade(to):
        raise ReviewError(problem)
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(to.iterdir()):
            raise ReviewError(f"{to} is not empty; name a new folder for the backup.")
    except OSError as error:
        raise ReviewError(f"{to} cannot be written: {error.strerror or error}.") from error
    try:
        missing: list[Path] = []
        said = (_sqlite if database.sqlite else _postgresql)(database, files, to, missing)
        return Copied(said, tuple(missing))
    except BaseException as error:
        shutil.rmtree(to, ignore_errors=True)
        if isinstance(error, OSError):
            raise ReviewError(f"No backup: {error.strerror or error}.") from error
        if isinstance(error, sqlite3.Error):  # its own copying is not SQLAlchemy's
            raise ReviewError(f"No backup: {error}.") from error
        raise


def _sqlite(database: Database, files: Files, to: Path, missing: list[Path]) -> str:
    part = to / f".{places.DATABASE}.part"  # it has its name only when all that it names is there
    with database.writing() as connection:  # nobody else writes for this moment
        with (
            closing(sqlite3.connect(database.url.database)) as source,
            closing(sqlite3.connect(part)) as copy,
        ):
            source.backup(copy)
        made = _make_folders(to, connection.execute(_projects()).scalars())
        _copy(files, to, connection.execute(_drafts()), missing)
        named = connection.execute(_files()).all()
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
            made = _make_folders(to, moment.execute(_projects()).scalars())
            _copy(files, to, moment.execute(_drafts()), missing)
        named = moment.execute(_files()).all()
        if program is not None:
            _dump(database, program, snapshot, to / DUMP)
    _copy(files, to, named, missing)
    sync_folders([*made, to])
    if program is None:
        return f"Only the files are in {to}: there is no pg_dump here to copy the database with."
    return (
        f"The backup is in {to}: pg_restore --dbname=NEW {to / DUMP}, then BCWEB_HOME={to} and "
        "BCWEB_DATABASE=postgresql://.../NEW open it."
    )


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


def _copy(files: Files, to: Path, named: Iterable[tuple[str, str]], missing: list[Path]) -> None:
    """Link or copy these files, each a project's folder and a name, durably; what is not there is put into `missing`."""
    folders = set()
    for folder, name in named:
        source, target = files.path(folder, name), to / "projects" / folder / name
        folders.add(target.parent)
        if target.exists():
            continue
        try:
            _link_or_copy(source, target)
        except FileNotFoundError:
            if source.exists():
                raise
            missing.append(source)
    sync_folders(folders)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
        with target.open("rb+") as copied:
            os.fsync(copied.fileno())


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
