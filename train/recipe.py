"""Every number that shapes a training; without the framework, so that a command can refuse one at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Every number that shapes a run."""

    architecture: str = "lite0"
    arm: str = "imagenet"  # see `train.arms`
    size: int = 256
    epochs: int = 10
    until: int | None = None  # the last epoch that is trained; the rate falls as if all came
    batch: int = 16
    learning_rate: float = 1e-3  # after a warm-up of half an epoch, down to 0 along a cosine
    weight_decay: float = 1e-3
    ema: float = 0.99  # of the weights; the averaged weights are the ones that are kept
    dice_weight: float = 1.0  # of soft Dice in the loss, beside cross-entropy
    presence: bool = True
    presence_weight: float = 0.3
    presence_smoothing: float = 0.05  # of its labels, so that a few odd normals do not rule it
    normal_repeats: int = 4  # a scan without a lesion is shown this often an epoch
    views: float = 1.0  # how far they go from their image, times `train.augment.STRENGTHS`
    close_views: float = 1.0  # how often a view is a close one, times what is said there
    covered_views: float = 1.0  # how often tissue is laid over a lesion, times what is said there
    coarse_views: float = 0.0  # the part of the views that look stored with fewer pixels
    teaching: float = 0.4  # the part of the mask that teachers say, if there are any; below a half
    lesions_per_set: int = 640  # that one data set shows an epoch at most, drawn anew each epoch
    mean: float = 0.498  # ImageNet's preparation for EfficientNet-Lite: (255 x - 127) / 128
    std: float = 0.502
    seed: int = 0

    @property
    def last_epoch(self) -> int:
        return self.until or self.epochs


def epochs_of(record: Mapping[str, Any]) -> tuple[int, int]:
    """How many epochs a run has behind it, by its `run.json`, and with how many it would be whole."""
    recipe = record["recipe"]
    whole = recipe.get("until") or recipe["epochs"]
    return record.get("epochs_done", whole), whole


BY_OPTION = (
    "architecture", "arm", "size", "epochs", "until", "batch", "learning_rate", "presence", "seed"
)  # fmt: skip
_BELOW = {"teaching": 0.5, "ema": 1, "presence_smoothing": 1}
_WHY = {
    "teaching": ": the truth says where a lesion is",
    "ema": ": an average that takes up nothing stays where it began",
}


def changed(recipe: Recipe, changes: Mapping[str, float]) -> Recipe:
    """The recipe with other numbers; ValueError names one that it does not have, or that is no such number.

    Those that a training has options of its own for are not among them, nor those of its start.
    """
    kinds = {
        field.name: {"int": int, "float": float}[str(field.type)]
        for field in fields(Recipe)
        if field.name not in (*BY_OPTION, "mean", "std")
    }
    for name, number in changes.items():
        if name not in kinds:
            raise ValueError(f"The recipe has no number {name!r}; it has {', '.join(kinds)}.")
        if not math.isfinite(number) or kinds[name](number) != number or number < 0:
            raise ValueError(f"{name} is a number from 0 on{', whole' * (kinds[name] is int)}.")
        if number >= _BELOW.get(name, math.inf):
            raise ValueError(f"{name} is below {_BELOW[name]:g}{_WHY.get(name, '')}.")
    if changes.get("coarse_views", 0) > 1:
        raise ValueError("coarse_views is a part of the views, from 0 to 1.")
    if changes.get("lesions_per_set", 1) < 1:
        raise ValueError("lesions_per_set wants at least 1.")
    return replace(recipe, **{name: kinds[name](number) for name, number in changes.items()})
