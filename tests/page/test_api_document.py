"""The examples of docs/api.md, run as they stand there against the running app."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.page.calling import Caller, file
from tests.page.drawn import LESION
from tests.page.files import mask_of, png
from tests.page.running import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
CLIENT = "@gradio/client@2"  # what the example was written for


def example(language: str, address: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.+?)```", DOCUMENT, re.DOTALL)
    assert "http://127.0.0.1:7860" in code
    return code.replace("http://127.0.0.1:7860", address)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Where a person would try the examples: a scan and its truth lie there."""
    (tmp_path / "scan.png").write_bytes(png(LESION.scan.pixels))
    (tmp_path / "scan_mask.png").write_bytes(png(LESION.truth))
    return tmp_path


def test_the_python_example(address, folder):
    (folder / "example.py").write_text(example("python", address))
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "TMPDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=folder, env=os.environ | quiet, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.strip().splitlines()[-2:]
    presence, lesions, mask = re.fullmatch(r"(\S+) (\[.+\]) (\S+)", first).groups()
    assert 0 <= float(presence) <= 1 and "area_px" in lesions
    assert mask_of(Path(mask).read_bytes()).shape == LESION.truth.shape
    dice, hd95 = second.split()
    assert float(dice) > 0.9 and float(hd95) >= 0


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory) -> Path:
    """Gradio's JavaScript client, installed once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    place = tmp_path_factory.mktemp("node")
    (place / "package.json").write_text("{}")
    done = subprocess.run(
        [npm, "install", CLIENT, "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=place, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm cannot fetch {CLIENT}: {done.stderr.strip().splitlines()[-1]}")
    return place / "node_modules"


def test_the_javascript_example(address, folder, node_modules):
    (folder / "node_modules").symlink_to(node_modules, target_is_directory=True)
    (folder / "example.mjs").write_text(example("js", address))
    done = subprocess.run(
        ["node", "example.mjs"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "area_px" in done.stdout and float(done.stdout.split()[-1]) > 0.9
    assert mask_of((folder / "mask.png").read_bytes()).shape == LESION.truth.shape


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_over_http(address, folder):
    quiet = {"no_proxy": "127.0.0.1"}
    done = subprocess.run(
        ["sh", "-ec", example("sh", address)],
        cwd=folder, env=os.environ | quiet, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    event, data = done.stdout.strip().split("\n\n")[-1].split("\n")
    assert event == "event: complete"
    [found] = json.loads(data.removeprefix("data: "))
    assert found["modality_source"] == "person" and found["lesions"][0]["area_px"]
    assert mask_of((folder / "mask.png").read_bytes()).shape == LESION.truth.shape


def test_what_comes_back_is_what_the_document_lists(address):
    table = DOCUMENT.partition("## What comes back")[2].partition("## ")[0]
    told = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, re.M)
        for name in re.findall(r"`(\w+)`", row)
    }
    caller = Caller(address)
    scan, truth = caller.hand_in(png(LESION.scan.pixels)), caller.hand_in(png(LESION.truth))
    answer = caller.answered("compare", file(scan), file(truth))
    caller.close()
    assert set(answer) == told
    for inner in ("scores", "operating_point"):
        for name in answer[inner]:
            assert f"`{name}`" in table, f"{inner}.{name} is undocumented"
