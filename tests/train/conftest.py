"""Training tests run on TensorFlow unless KERAS_BACKEND says otherwise, on sets made up here."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from bcweb import network
from tests.train import quick
from tests.train.squares import draw_squares
from train.training_set import TrainingCase, TrainingSet


@pytest.fixture(scope="session")
def squares() -> TrainingSet:
    """24 noisy 64x64 images: 18 with one dark square, 6 with none; two cases a group."""
    rng = np.random.default_rng(0)
    images = rng.integers(110, 190, (24, 64, 64), dtype=np.uint8)
    masks = np.zeros((24, 64, 64), np.uint8)
    for i in range(18):
        y, x = rng.integers(4, 40, 2)
        masks[i, y : y + 18, x : x + 18] = 1
        images[i][masks[i] == 1] //= 4
    cases = tuple(
        TrainingCase(
            "squares", f"case {i}", f"group {i // 2}", "benign" if i < 18 else "normal",
            "ultrasound", f"digest {i}", "0" * 64,
        )
        for i in range(24)
    )  # fmt: skip
    return TrainingSet(cases, images, masks)


@pytest.fixture(scope="module")
def folds_here():
    with quick.folds_here():
        yield


@pytest.fixture
def narrow(monkeypatch) -> list[str]:
    """A U-Net at an eighth of its widths, whose first step is traced three times as fast as the default network's; the
    options that choose it."""
    monkeypatch.setattr(network, "_UNET_WIDTHS", (8, 16, 32, 64, 128))
    return ["--architecture", "unet"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """See `draw_squares`."""
    return draw_squares(tmp_path_factory.mktemp("squares"), seed=0)


@pytest.fixture(scope="session")
def run(folder, tmp_path_factory):
    """A finished run on `folder`: two epochs, one fold of five held out."""
    from train.source import main

    assert not quick.is_small(), "it is for all tests, of which most have the whole network"

    out = tmp_path_factory.mktemp("run")
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(out / "squares")]
    arguments += ["--size", "64", "--epochs", "2", "--batch", "8", "--cache", str(out / "cache")]
    assert main([*arguments, "--validation", "0.2"]) == 0
    return out / "squares"
