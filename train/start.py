"""Where a training begins: a network, the weights that it begins with, and the phases of its arm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from bcweb.network import SOURCE, Architecture
from bcweb.paths import pasted
from bcweb.scans import Modality
from bcweb.weights import Weights, load_weights
from train import imagenet
from train.arms import Arm
from train.fused_norm import norm_for_training
from train.keras_network import build_model, imagenet_tensors, read_tensors, write_tensors
from train.record import read_record

# mean and std of a control: ImageNet's preparation for EfficientNet-Lite is (255 x - 127) / 128; the
# original project's divides by 255 and no more.
_PREPARATION: dict[Architecture, tuple[float, float]] = {
    "lite0": (0.498, 0.502),
    "lite2": (0.498, 0.502),
    "unet": (0.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Start:
    """source: the weights that an arm transfers from; None for a control. mean, std: see `Config`."""

    arm: Arm
    architecture: Architecture
    mean: float
    std: float
    source: Weights | None = None

    def build(self, size: int, presence: bool, seed: int) -> keras.Model:
        """The network with the weights that it begins with; what they do not have is random, by seed."""
        model = build_model(
            self.architecture, size, presence, seed, self.arm.feed, norm_for_training()
        )
        own = read_tensors(model)
        write_tensors(model, own | {k: v for k, v in self._tensors().items() if k in own})
        return model

    def _tensors(self) -> dict[str, np.ndarray]:
        if self.arm.begins == "random":
            return {}
        if self.arm.begins == "imagenet":
            return imagenet_tensors(self.architecture)
        if self.arm.feed is None:
            return self.source.tensors
        within = {SOURCE + name: tensor for name, tensor in self.source.tensors.items()}
        # The new network behind the source is as new as can be had: from ImageNet, but for the stem,
        # which takes other channels.
        new = imagenet_tensors(self.architecture)
        new.pop("encoder.stem.kernel", None)
        return within | new


def without_source(arm: Arm, architecture: Architecture) -> Start:
    """A control's start; ValueError where there are no such weights."""
    if arm.begins == "imagenet" and architecture not in imagenet.ENCODERS:
        raise ValueError(
            f"There are no ImageNet weights for {architecture}: its control is `random`."
        )
    return Start(arm, architecture, *_PREPARATION[architecture])


def from_source(arm: Arm, weights: Weights) -> Start:
    """The start of an arm that transfers; ValueError where the source is a stack of networks itself."""
    config = weights.config
    if config.feed is not None:
        raise ValueError(
            f"{weights.revision} is two networks, one fed by the other: only a single one can be a source."
        )
    return Start(arm, config.architecture, config.mean, config.std, weights)


def load_source(name: str, modality: Modality) -> Weights:
    """Weights by their name (see `bcweb.weights.load_weights`), or those of a run's folder."""
    name = pasted(name)
    folder = Path(name)
    if (folder / "run.json").is_file() and not (folder / "config.json").is_file():
        if not (folder / "weights" / "config.json").is_file():
            done = len(read_record(folder).get("cases", ()))
            raise ValueError(
                f"The run {name} ({done} cases) has not finished: it has no weights yet."
            )
        name = str(folder / "weights")
    return load_weights(name, modality if name == "embedded" else None)
