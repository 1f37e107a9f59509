"""Weights to segment with: random ones, small and quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import weights_folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random, but they paint something on everything: the threshold is low and there is no gate."""
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "first")


@pytest.fixture(scope="module")
def other_weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "second", seed=1)
