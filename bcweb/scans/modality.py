"""A guess of the modality from the pixels, for files that do not say."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bcweb.scans.scan import Modality, Scan

_DARK = 0.06  # of the window: background
_MARGIN = 0.1  # a row or column with less tissue than this belongs to the margin

# Logistic regression on `_features`, weights in their units; above 0 is a mammogram. Fitted on 2,655
# ultrasounds (BUSI, BUS-BRA) and 1,867 mammograms (CDD-CESM, CBIS-DDSM), each set with the same weight
# within its class, a quarter of them also framed, cropped, brightened and darkened. Right on 4,520 of
# these 4,522, and on all of STU (42) and mini-MIAS (322), which it has not seen.
_WEIGHTS = np.array([-4.023, 4.224, -10.974, 5.139, 17.541])
_BIAS = -7.391


def guess_modality(scan: Scan) -> Modality:
    """What the pixels look like."""
    return "mammogram" if _features(scan.unit()) @ _WEIGHTS + _BIAS > 0 else "ultrasound"


def _features(unit: np.ndarray) -> np.ndarray:
    """(H, W) in 0..1 -> what tells the two apart, (5,).

    Ultrasound is grainy and layered: it changes much from row to row, is bright at the top, where
    the probe is, and has little background. A mammogram is smooth, its tissue lies to one side of
    a large background, and it changes from column to column.
    """
    whole = _shrink(unit, 128)
    small = _shrink(unit, 64)
    steps = np.abs(np.diff(whole, axis=0)).mean() / (small.std() + 1e-3)
    columns, rows = small.mean(axis=0).std(), small.mean(axis=1).std()
    tissue = _shrink(_without_margin(unit, whole > _DARK), 64)
    return np.array(
        [
            np.log(steps + 1e-3),
            np.log((columns + 0.01) / (rows + 0.01)),
            tissue[:6].mean(),
            (tissue < _DARK).mean(),
            tissue.mean(axis=1).std(),
        ]
    )


def _without_margin(unit: np.ndarray, tissue: np.ndarray) -> np.ndarray:
    """The rectangle that holds the tissue; all of it where there is next to none."""
    rows = np.flatnonzero(tissue.mean(axis=1) > _MARGIN)
    columns = np.flatnonzero(tissue.mean(axis=0) > _MARGIN)
    if min(len(rows), len(columns)) < len(tissue) // 8:
        return unit
    height, width = np.array(unit.shape) / len(tissue)
    top, bottom = int(rows[0] * height), int((rows[-1] + 1) * height)
    left, right = int(columns[0] * width), int((columns[-1] + 1) * width)
    return unit[top:bottom, left:right]


def _shrink(unit: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(unit).resize((side, side), Image.Resampling.BOX))
