"""Training tests run on TensorFlow unless KERAS_BACKEND says otherwise, on sets made up here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from bcweb.locks import held
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
def eagerly():
    with quick.eagerly():
        yield


@pytest.fixture
def small() -> Iterator[None]:
    """See `quick.small`."""
    with quick.small():
        yield


@pytest.fixture
def narrow(eagerly) -> Iterator[list[str]]:
    """See `quick.narrow`, trained `eagerly`; the options that choose it, and few steps."""
    with quick.narrow():
        yield ["--architecture", "unet", "--batch", "32"]


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first of all workers that asks for it makes. Who wants to write into it takes a copy."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then this is a worker's own folder, in that of all
        shared = shared.parent
    folder, made = shared / name, shared / f"{name}.made"
    with held(shared / f"{name}.lock", lambda: None):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """See `draw_squares`. It is `once` for all, and by another name its groups would fall into other folds."""
    return once(tmp_path_factory, "squares0", lambda root: draw_squares(root, seed=0))


@pytest.fixture(scope="session")
def run(folder, tmp_path_factory) -> Path:
    """A finished run on `folder`: two epochs, one fold of five held out. It is `once` for all."""
    from train.source import main

    assert not quick.is_small(), "it is for all tests, of which most have the whole network"

    def train(out: Path) -> None:
        options = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(out / "squares")]
        options += ["--size", "64", "--epochs", "2", "--batch", "8", "--cache", str(out / "cache")]
        with quick.eagerly(False):
            assert main([*options, "--validation", "0.2"]) == 0

    return once(tmp_path_factory, "run", train) / "squares"


@pytest.fixture(scope="session")
def crossed(folder, tmp_path_factory) -> Path:
    """A cross-validation of two folds on `folder`, with its fit on everything, as `runs` and `cache` that `crossing`
    takes. It is `once` for all, and of `folds_here`."""
    from train import crossval

    def train(out: Path) -> None:
        with quick.folds_here():
            assert crossval.main([*crossing(folder, out), "--final"]) == 0

    return once(tmp_path_factory, "crossed", train)


def crossing(data: Path, out: Path) -> list[str]:
    """The options of `crossed`, in a copy of it."""
    options = ["--data", f"folder:{data}?modality=ultrasound", "--size", "64", "--epochs", "2"]
    options += ["--batch", "32", "--folds", "2"]
    return [*options, "--cache", str(out / "cache"), "--out", str(out / "runs")]
