"""Writes monai_answers.json: what MONAI says of masks that a seed draws, to hold our metrics against.

    python -m venv /tmp/monai && /tmp/monai/bin/pip install torch monai scipy
    /tmp/monai/bin/python tests/monai_answers.py

MONAI brings torch along, so it stays out of the project's environment: its answers are committed, and
`test_metrics.py` draws the same masks again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

ANSWERS = Path(__file__).with_name("monai_answers.json")
TOLERANCE_PX, TOLERANCE_MM = 2.0, 0.5


def drawn_masks() -> dict[str, tuple[np.ndarray, np.ndarray, tuple[float, float]]]:
    """Name -> prediction (H, W) bool, truth (H, W) bool, spacing (row, column) in mm."""
    rng = np.random.default_rng(7)
    drawn = {}
    for i in range(12):
        height, width = (int(n) for n in rng.integers(40, 160, 2))
        spacing = (
            (1.0, 1.0) if i % 2 else tuple(float(s) for s in rng.uniform(0.05, 0.4, 2).round(3))
        )
        prediction = _blobs(rng, height, width)
        truth = prediction if i == 5 else _blobs(rng, height, width)
        drawn[f"blobs {i}"] = (prediction, truth, spacing)
    full = np.ones((30, 50), bool)
    drawn["full image and a corner"] = (full, np.pad(full[:6, :9], ((0, 24), (0, 41))), (1.0, 1.0))
    one = np.zeros((20, 20), bool)
    one[3, 4] = True
    drawn["one pixel each"] = (one, one[::-1, ::-1], (0.2, 0.1))
    drawn["noise"] = (rng.random((60, 70)) < 0.3, rng.random((60, 70)) < 0.3, (0.1, 0.1))
    return drawn


def _blobs(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One to three ellipses, some over the border, with a ragged edge."""
    y, x = np.mgrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for _ in range(int(rng.integers(1, 4))):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        ry, rx = rng.uniform(4, height / 3), rng.uniform(4, width / 3)
        edge = 1 + rng.uniform(-0.1, 0.1, (height, width))
        mask |= ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < edge
    return mask


def main() -> None:
    import monai
    import torch
    from monai.metrics import (
        compute_hausdorff_distance,
        compute_iou,
        compute_surface_dice,
        get_confusion_matrix,
    )
    from monai.metrics.meandice import compute_dice

    answers = {}
    for name, (prediction, truth, spacing) in drawn_masks().items():
        p, t = (
            torch.from_numpy(np.ascontiguousarray(m))[None, None].float()
            for m in (prediction, truth)
        )
        hit, false_alarm, _, miss = get_confusion_matrix(p, t)[0, 0].tolist()
        answers[name] = {
            "dice": compute_dice(p, t).item(),
            "iou": compute_iou(p, t).item(),
            "precision": hit / (hit + false_alarm),
            "recall": hit / (hit + miss),
            "hd95_px": compute_hausdorff_distance(p, t, percentile=95).item(),
            "hd95_mm": compute_hausdorff_distance(
                p, t, percentile=95, spacing=list(spacing)
            ).item(),
            "surface_dice_px": compute_surface_dice(p, t, [TOLERANCE_PX]).item(),
            "surface_dice_mm": compute_surface_dice(
                p, t, [TOLERANCE_MM], spacing=list(spacing)
            ).item(),
        }
    record = {"monai": monai.__version__, "torch": torch.__version__, "answers": answers}
    ANSWERS.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
