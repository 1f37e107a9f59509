"""Stores in temporary folders: every test that asks for a `place` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bcweb.review.store import Store
from tests.review import servers


@dataclass
class Place:
    """Where a store keeps its things."""

    home: Path
    url: str | None
    opened: ExitStack = field(default_factory=ExitStack)

    def open(self, patience: float = 20.0) -> Store:
        """A store on it; it is closed at the end of the test."""
        return self.opened.enter_context(Store(self.home, self.url, patience))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.Server]:
    try:
        with servers.postgresql() as server:
            yield server
    except servers.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A data folder with a database that holds nothing, which is made ten times as slowly as it is copied.

    None where tests are of how one is made.
    """
    with Store(tmp_path_factory.mktemp("empty") / "home") as store:
        return store.home


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, empty: Path | None, tmp_path: Path) -> Iterator[Place]:
    if request.param == "postgresql":
        made = Place(tmp_path / "home", request.getfixturevalue("postgresql").new())
    else:
        made = _copy(empty, tmp_path)
    with made.opened:
        yield made


@pytest.fixture
def sqlite(empty: Path | None, tmp_path: Path) -> Iterator[Place]:
    made = _copy(empty, tmp_path)
    with made.opened:
        yield made


def _copy(empty: Path | None, tmp_path: Path) -> Place:
    made = Place(tmp_path / "home", None)
    if empty is not None and not made.home.exists():  # both fixtures have the same one
        shutil.copytree(empty, made.home)
    return made


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
