from __future__ import annotations

from pathlib import Path

import pytest

from tests import weights_folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights"))
