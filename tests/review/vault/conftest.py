"""A decided project to back up, and a place for its backup."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bcweb.review.store import Store
from tests.review import decided


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> decided.Decided:
    """Every decision, on cases of every kind, with the names that go wrong."""
    made = decided.project(tmp_path_factory.mktemp("decided"))
    made.store.set_state(made.project.id, "ready")
    made.store.close()
    return made


@pytest.fixture
def made(made_once, tmp_path) -> Iterator[decided.Decided]:
    """A copy, to go on with."""
    shutil.copytree(made_once.store.home, tmp_path / "home")
    with Store(tmp_path / "home") as store:
        yield replace(made_once, store=store)


@pytest.fixture
def place_of_backup(tmp_path) -> Path:
    return tmp_path / "backup"
