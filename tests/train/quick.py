"""Trainings in a tenth of the time: of a small network, without a graph, and folds without a process of their own.

What is asked with them is who is trained on what and how it ends, and not how well it draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import keras
import pytest

from bcweb import batch, network
from bcweb.network import _Stage
from train import folds

# As deep as EfficientNet-Lite0, and with every kind of layer that it has, but with a block a stage.
_SMALL = (
    _Stage(1, 8, 3, 1, 1), _Stage(2, 8, 3, 2, 1), _Stage(2, 8, 5, 2, 1), _Stage(2, 16, 3, 2, 1),
    _Stage(2, 16, 5, 1, 1), _Stage(2, 24, 5, 2, 1), _Stage(2, 24, 3, 1, 1),
)  # fmt: skip

# An eighth of what the original U-Net has.
_NARROW = (8, 16, 32, 64, 128)


def is_small() -> bool:
    return network._LITES["lite0"] is _SMALL


@contextmanager
def small() -> Iterator[None]:
    """`lite0` is a network of half the layers, without ImageNet's weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(network._LITES, "lite0", _SMALL)
        patch.setattr(network, "_LITE_DECODER", (8, 8, 8, 16))
        patch.setattr("train.start.imagenet_tensors", lambda _: {})
        patch.setattr("bcweb.evaluate.worker_count", _this_process)
        yield


def _this_process(*_: object) -> int:
    """Others know nothing of the small network. Weights that were scored here may have been written again since."""
    batch._segmenter.cache_clear()
    batch._weights.cache_clear()
    return 1


@contextmanager
def narrow() -> Iterator[None]:
    """`unet` is one at an eighth of its widths."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "_UNET_WIDTHS", _NARROW)
        yield


@contextmanager
def eagerly(yes: bool = True) -> Iterator[None]:
    """Without a graph, which takes longer to trace than five steps take; or with one, within such."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    from tensorflow import config

    before = config.functions_run_eagerly()
    config.run_functions_eagerly(yes)
    try:
        yield
    finally:
        config.run_functions_eagerly(before)


@contextmanager
def folds_here() -> Iterator[None]:
    """Folds are trained in this process, where TensorFlow has begun, `eagerly` and by a `small` network."""

    def train(command: list[str]) -> int:
        return import_module(command[0]).main(command[1:])

    with small(), eagerly(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "train", train)
        yield
