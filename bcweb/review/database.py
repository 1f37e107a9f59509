"""The one owner of the database: SQLite in the data folder, or PostgreSQL by URL.

SQLite: a write-ahead log that is synced at every commit; readers never wait for a writer, and see one
moment as long as they read. Both bring their tables up to date when they are opened.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bcweb.review import schema
from bcweb.review.records import Busy, NotNow, NotSaved, ReviewError

_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 20_240_607  # any number, the same for all who open this database
_BUSY = "the database is busy"


class Database:
    """Transactions of one database. patience: seconds to wait for another's writing.

    `ReviewError`: it cannot be opened, or was written by a newer program.
    """

    def __init__(self, url: str | Path, patience: float = 5.0):
        self.url = _parsed(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._turn = threading.Lock() if self.sqlite else nullcontext()
        self._patience = patience
        self._engine = _engine(self.url, patience)
        self._readers = (
            self._engine
            if self.sqlite
            else self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )
        try:
            with self.reading() as connection:
                version = _version(connection)
            if version != schema.VERSION:
                self._upgrade()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment; `NotNow` where the database does not answer."""
        try:
            with self._readers.begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            raise NotNow("The database cannot be read", *_why(error)) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when it ends without an error; else nothing of it is kept.

        `NotSaved`: the disk is full ...; `Busy`: another has been writing for all of `patience`. A broken
        constraint stays an `IntegrityError`.
        """
        try:
            with self._my_turn(), self._engine.connect() as connection:
                connection = connection.execution_options(writes=True)
                with connection.begin():
                    yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout) as error:
            why = _why(error)
            raise (Busy if why[0] == _BUSY else NotSaved)(*why) from error

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        """Within a process the writers of SQLite queue up here: its own waiting is neither fair nor quick."""
        if not self.sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise Busy(_BUSY, "save again")
        try:
            yield
        finally:
            self._turn.release()

    def _upgrade(self) -> None:
        with self.writing() as connection:
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _UPGRADE_LOCK})
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the tables up to date, within this transaction; `ReviewError` for a newer program's."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    version = _version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise ReviewError(
            f"The database was written by a newer program (its version is {version}, this program "
            f"knows {schema.VERSION}): update the program, or name another folder in BCWEB_HOME."
        )
    command.upgrade(config, to)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _parsed(url: str | Path) -> URL:
    if isinstance(url, Path):
        return URL.create("sqlite", database=str(url))
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is not None and parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ReviewError(
            "BCWEB_DATABASE is no address of a database: postgresql://user:password@host/name is one."
        )
    return parsed


def _engine(url: URL, patience: float) -> Engine:
    common = {"pool_size": 8, "max_overflow": 56, "pool_timeout": patience}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, connect_args={"timeout": patience, "check_same_thread": False}, **common
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    ours = f"-c lock_timeout={int(patience * 1000)} -c synchronous_commit=on -c timezone=UTC"
    options = f"{url.query.get('options', '')} {ours}"
    try:
        return create_engine(
            url, connect_args={"options": options, "connect_timeout": 10}, pool_pre_ping=True,
            **common,
        )  # fmt: skip
    except (ImportError, NoSuchModuleError) as error:
        raise ReviewError(
            'PostgreSQL needs its driver: python -m pip install "psycopg[binary]>=3.2,<4"'
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, see _begin_sqlite
    # The cache holds a project of 10,000 cases, and is what sorting them may take before it goes to disk.
    for pragma in (
        "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer can find that the moment it reads has passed; a writer by birth cannot.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _why(error: Exception) -> tuple[str, str]:
    """For the person, without the statement or the address (it may hold a password): why, and what to do about it."""
    cause = getattr(error, "orig", None)
    told = str(cause or error).strip().splitlines()[0] if str(cause or error).strip() else ""
    state = getattr(cause, "sqlstate", None)
    if "database or disk is full" in told or state == "53100":
        return "the disk is full", "make room, then try again"
    if "locked" in told or state in ("55P03", "40001", "40P01") or isinstance(error, PoolTimeout):
        return _BUSY, "try again"
    if "readonly" in told:
        return "the data folder cannot be written", ""
    return f"the database says: {told.rstrip('.')}", ""
