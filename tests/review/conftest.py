"""Stores in temporary folders: every test that asks for a `place` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

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


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new()
    made = Place(tmp_path / "home", url)
    with made.opened:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "home", None)
    with made.opened:
        yield made


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()
