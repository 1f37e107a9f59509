"""Training tests run on TensorFlow unless KERAS_BACKEND says otherwise, on sets made up here."""

from __future__ import annotations

import os
from importlib import import_module

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from bcweb import batch, network
from bcweb.network import _Stage
from tests.train.squares import draw_squares
from train import folds
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


# As deep as EfficientNet-Lite0, and with every kind of layer that it has, but with a block a stage.
_SMALL = (
    _Stage(1, 8, 3, 1, 1), _Stage(2, 8, 3, 2, 1), _Stage(2, 8, 5, 2, 1), _Stage(2, 16, 3, 2, 1),
    _Stage(2, 16, 5, 1, 1), _Stage(2, 24, 5, 2, 1), _Stage(2, 24, 3, 1, 1),
)  # fmt: skip


@pytest.fixture(scope="module")
def small():
    """`lite0` is a network of half the layers, without ImageNet's weights: what is asked is not how well it draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(network._LITES, "lite0", _SMALL)
        patch.setattr(network, "_LITE_DECODER", (8, 8, 8, 16))
        patch.setattr("train.start.imagenet_tensors", lambda _: {})
        patch.setattr(
            "bcweb.evaluate.worker_count", lambda *_: 1
        )  # other processes know nothing of it
        yield


@pytest.fixture(scope="module")
def folds_here(small):
    """Folds are trained in this process: TensorFlow is there, and the network is small in it."""

    def train(command: list[str]) -> int:
        status = import_module(command[0]).main(command[1:])
        batch._segmenter.cache_clear()  # weights that were scored here are written again
        batch._weights.cache_clear()
        return status

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "train", train)
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

    out = tmp_path_factory.mktemp("run")
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(out / "squares")]
    arguments += ["--size", "64", "--epochs", "2", "--batch", "8", "--cache", str(out / "cache")]
    assert main([*arguments, "--validation", "0.2"]) == 0
    return out / "squares"
