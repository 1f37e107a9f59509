"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real scans; tests that ask for it are skipped where there is none."""
    place = Path(os.environ.get("BCWEB_DATA") or BESIDE)
    if not (place / "busi").is_dir():
        pytest.skip(f"no real scans in {place}; BCWEB_DATA names their folder")
    return place


gc.disable()  # until all are collected: see `bcweb.collector`


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_configure() -> None:
    """On a busy machine a page is slow, which is no failure: by itself Playwright gives it five seconds."""
    with suppress(ImportError):
        from playwright.sync_api import expect

        expect.set_options(timeout=30_000)


_LONGEST = ("tests/train/", "tests/space/", "tests/hub/", "tests/test_documents.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that in the end no core waits for it."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))
