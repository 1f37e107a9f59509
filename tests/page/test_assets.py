"""The page's scripts: their pure parts under node, and the types in their comments."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ASSETS = HERE.parents[1] / "bcweb" / "page" / "assets"


def test_numbers_and_findings_are_put_in_words_as_promised():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    files = [str(path) for path in HERE.glob("*.test.mjs")]
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert files and done.returncode == 0, done.stdout + done.stderr


def test_the_types_in_the_comments_hold():
    tsc = shutil.which("tsc")
    if tsc is None:
        pytest.skip("the TypeScript compiler is not installed (npm install --global typescript)")
    project = [tsc, "-p", str(ASSETS / "jsconfig.json")]
    done = subprocess.run(project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
