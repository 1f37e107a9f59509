"""Projects to export: one to read, and a small one to change."""

from __future__ import annotations

import pytest

from tests.review import decided
from tests.review.decided import Decided, accepted


@pytest.fixture(scope="package")
def made(tmp_path_factory) -> Decided:
    """Read by all tests that change nothing."""
    return decided.project(tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def mine(tmp_path) -> Decided:
    """A small one to change: three scans, all accepted."""
    return accepted(tmp_path)
