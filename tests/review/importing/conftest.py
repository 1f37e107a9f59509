"""Imports into a store of their own.

The weights are random numbers at 64x64: what they draw means nothing, and is the same every time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bcweb.review.store import Store
from tests import weights_folder


@pytest.fixture(scope="package")
def weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "w", seed=1)


@pytest.fixture
def store(sqlite) -> Store:
    return sqlite.open()
