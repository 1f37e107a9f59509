"""A finished run as training leaves it, with random weights: `python -m train.source` takes minutes."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from bcweb.scores import CaseScore, write_scores
from bcweb.weights import OperatingPoint, config_text
from tests import weights_folder

RECIPE = {
    "architecture": "lite0", "size": 64, "epochs": 2, "batch": 8, "learning_rate": 0.001,
    "weight_decay": 0.001, "ema": 0.99, "presence": True, "presence_weight": 0.3,
    "normal_repeats": 3, "mean": 0.5, "std": 0.5, "seed": 0,
}  # fmt: skip


def run(
    folder: Path, seed: int = 0, dice: tuple[float, ...] = (0.5, 0.7), dataset="busi", **config
) -> Path:
    """RUN with weights drawn by the seed and one held-out lesion image for each Dice, and a normal one."""
    point = OperatingPoint(mask_threshold=0.5, presence_gate=0.5, min_lesion_fraction=0.0)
    config = {
        "trained_on": (dataset,),
        "name": f"made-up-{seed}",
        "operating_point": point,
    } | config
    weights = weights_folder.write(folder / "weights", seed, **config)
    (weights / "config.json").write_text(config_text(weights_folder.config(**config)))
    modality = config.get("modality", "ultrasound")
    lesions = [
        CaseScore(dataset, f"lesion {i}", f"g{i}", "malignant", modality, True, 0.9, d, d / 2, d, d,
                  hd95_px=9.0, painted=100, lesions=1, found=1, false_alarms=0, seen=False)
        for i, d in enumerate(dice)
    ]  # fmt: skip
    normal = CaseScore(dataset, "normal 0", "g9", "normal", modality, False, 0.1, painted=0, lesions=0,
                       found=0, false_alarms=0, seen=False)  # fmt: skip
    write_scores(weights / "scores.csv", [*lesions, normal])
    record = {
        "date": "2026-01-02", "data": [dataset], "fold": "0", "folds": 5, "validation": 0.1,
        "recipe": RECIPE, "versions": {"keras": "3"},
        "cases": [{"dataset": dataset, "id": "a", "group": "a", "digest": "", "role": "test"}],
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record))
    Image.new("L", (8, 8)).save(folder / "learning-curve.png")
    return folder
