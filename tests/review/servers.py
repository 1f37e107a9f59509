"""A PostgreSQL of the tests' own: in a temporary folder, on a socket there, gone at the end."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_numbers = itertools.count(1)


class Missing(Exception):
    """There is no server to start here; why."""


class Server:
    """A running server."""

    def __init__(self, socket: Path):
        self._socket = socket

    def new(self) -> str:
        """The URL of a new and empty schema, which for a store is as good as a database and made faster."""
        name = self._make("SCHEMA")
        return f"{self._url('postgres')}&options=-csearch_path%3D{name}"

    def new_database(self) -> str:
        """The URL of a new and empty database."""
        return self._url(self._make("DATABASE"))

    def _make(self, kind: str) -> str:
        name = f"review{next(_numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE {kind} {name}")
        return name

    def _url(self, database: str) -> str:
        return f"postgresql://bcweb@/{database}?host={self._socket}"


@contextmanager
def postgresql() -> Iterator[Server]:
    """Start one; `Missing` where Debian's package is not installed or nobody may run it."""
    binaries = _binaries()
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:  # a socket's path is short
        folder = Path(name)
        as_user = {}
        if os.getuid() == 0:  # which it refuses
            try:
                shutil.chown(folder, "postgres")
            except LookupError:
                raise Missing("PostgreSQL refuses root, and there is no user postgres") from None
            as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [binaries / program, "-D", folder / "data", *arguments],
                check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user,
            )  # fmt: skip

        run("initdb", "-A", "trust", "-U", "bcweb", "-E", "UTF8", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "-s", "-m", "immediate", "stop")


def _binaries() -> Path:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists():
            return place
    raise Missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
