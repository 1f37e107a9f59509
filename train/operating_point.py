"""Choose how a probability map becomes a mask, on validation cases that the test never sees."""

from __future__ import annotations

import math
from statistics import NormalDist

import msgspec
import numpy as np

from bcweb.lesions import drop_small
from bcweb.metrics import dice
from bcweb.weights import Config, OperatingPoint

PAINTED_NORMALS = 0.07  # share of normals that may keep any pixel
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
SMALLEST = (0.0, 0.0005, 0.001)  # parts of the image's area; a small cancer is worth a false alarm
FEW_NORMALS = 3  # below it there is no gate
MANY_NORMALS = 50  # from here on their own quantile is trusted
TOLERANCE = 0.002  # Dice that may be given up for a larger smallest lesion


def choose(
    maps: np.ndarray,
    presence: np.ndarray | None,
    truths: np.ndarray,
    painted: float = PAINTED_NORMALS,
) -> OperatingPoint:
    """The operating point for validation maps (N, S, S), presence (N,) or None, truths (N, S, S) bool.

    The threshold has the best mean Dice over lesion images; the smallest lesion is the largest that
    costs at most `TOLERANCE`. The gate leaves a share of at most `painted` of the normals with a pixel.
    With fewer than `FEW_NORMALS` normals there is no gate.
    """
    lesion = truths.any(axis=(1, 2))
    lesions = [(maps[i], truths[i]) for i in np.flatnonzero(lesion)]  # views: maps take gigabytes

    def mean_dice(threshold: float, smallest: float) -> float:
        dices = [dice(drop_small(m >= threshold, smallest), truth) for m, truth in lesions]
        return float(np.mean(dices))

    threshold = max(THRESHOLDS, key=lambda t: mean_dice(t, 0.0))
    reached = mean_dice(threshold, 0.0)
    smallest = max(s for s in SMALLEST if mean_dice(threshold, s) >= reached - TOLERANCE)
    gate = None
    if presence is not None:
        normals = (maps[i] >= threshold for i in np.flatnonzero(~lesion))
        marked = [drop_small(mask, smallest).any() for mask in normals]
        gate = _gate(presence[~lesion], np.array(marked, bool), painted)
    return OperatingPoint(
        mask_threshold=threshold, presence_gate=gate, min_lesion_fraction=smallest
    )


def leave_boxes_out(boxed: np.ndarray, lesion: np.ndarray) -> bool:
    """Whether cases of which only boxes are known have no say in the operating point: where any lesion is outlined.

    boxed, lesion: (N,) bool. A Dice against a box and one against an outline have no mean that says anything (see
    `bcweb.scores.outlined`).
    """
    return bool(boxed.any() and (lesion & ~boxed).any())


def _gate(presence: np.ndarray, marked: np.ndarray, painted: float) -> float | None:
    """presence, marked: of the normals; whether a mask is left before the gate.

    With many normals the gate lies just above the one that may no longer be painted. With few, that
    would be the word of one image: then it is where a normal distribution through their logits leaves
    `painted` of them above.
    """
    if len(presence) < FEW_NORMALS:
        return None
    p = np.clip(presence.astype(float), 1e-6, 1 - 1e-6)
    if len(presence) >= MANY_NORMALS:
        highest = np.sort(p[marked])[::-1]
        allowed = int(painted * len(p))
        return _upwards(highest[allowed]) if len(highest) > allowed else 0.0
    logits = np.log(p / (1 - p))
    spread = max(float(logits.std(ddof=1)), 1e-3)
    logit = NormalDist(float(logits.mean()), spread).inv_cdf(1 - painted)
    return round(1 / (1 + math.exp(-logit)), 4)


def _upwards(presence: float) -> float:
    """The next number of four digits above."""
    return min(math.floor(presence * 1e4 + 1) / 1e4, 1.0)


def without_validation(presence: bool, before: Config | None = None) -> OperatingPoint:
    """For a training that has no case to choose by; replace it by a cross-validation's point.

    before: of the weights of its modality that it goes on from, whose values stay: of the gate only where their
    presence is not calibrated, for a calibration is not taken over. All else is the middle of every scale.
    """
    gate = 0.5 if presence else None
    if before is None:
        return OperatingPoint(mask_threshold=0.5, presence_gate=gate, min_lesion_fraction=0.0)
    theirs = before.operating_point
    if presence and theirs.presence_gate is not None and before.reading.calibration is None:
        return theirs
    return msgspec.structs.replace(theirs, presence_gate=gate)
