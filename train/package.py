"""Put what a run found into a weights folder (see `bcweb.weights`)."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from bcweb.weights import Config, SeenCase
from train.data import TrainingCase
from train.loop import save_atomically


def write_weights(
    folder: Path, config: Config, tensors: dict[str, np.ndarray], seen: Sequence[TrainingCase]
) -> Path:
    """Write config.json, model.safetensors and seen.csv.

    The tensors are stored as float16, batch statistics as float32: a variance may lie beyond half
    precision's range.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = {
        name: value.astype(np.float32 if ".moving_" in name else np.float16)
        for name, value in tensors.items()
    }
    for name, value in stored.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds a number that half precision cannot.")
    save_atomically(stored, folder / "model.safetensors")
    (folder / "config.json").write_text(config.model_dump_json(indent=1) + "\n")
    names = [field.name for field in fields(SeenCase)]
    with (folder / "seen.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(case, name) for name in names] for case in seen)
    return folder
