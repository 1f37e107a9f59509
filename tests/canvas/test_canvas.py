"""The canvas's pure parts, under node, and the types that its comments declare."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CANVAS = HERE.parents[1] / "bcweb" / "canvas"


def test_the_canvas_keeps_its_promises_under_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert files
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_types_in_the_comments_hold():
    tsc = shutil.which("tsc")
    if tsc is None:
        pytest.skip("the TypeScript compiler is not installed (npm install --global typescript)")
    done = subprocess.run(
        [tsc, "-p", str(CANVAS / "jsconfig.json")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
