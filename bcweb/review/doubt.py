"""How much a map doubts its own mask, and how surely it contradicts a truth.

Both order a queue, and neither is a probability. docs/review-scores.md has what they are worth, beside
others that were tried.
"""

from __future__ import annotations

import numpy as np

from bcweb.lesions import smallest_lesion_px
from bcweb.weights import OperatingPoint

# In 8 bits, 0.05, 0.10 ... 0.95. Further out the map's own rounding decides.
_THRESHOLDS = np.rint(np.arange(1, 20) * 255 / 20).astype(int)
# Presence is told for as many normals as lesions. Of what comes to be reviewed more has one, and what the gate
# holds back is then wrong more often than presence says.
_LESIONS_TO_A_NORMAL = 3


def uncertainty(probability: np.ndarray, presence: float | None, mask: np.ndarray) -> float:
    """The error that a map expects of its mask, 0..1: 1 - likelihood x agreement.

    probability: (H, W) uint8, 255 is 1. presence: 0..1, None where the network has no such head. mask:
    (H, W) bool, what the operating point made of them.

    The agreement is the mean Dice of the mask with the map's masks at 19 thresholds, 0.05 to 0.95. A
    pixel is in a mask of a random threshold with the probability that the map gives it: the truth is
    taken for such a mask. (Soft Dice confidence, Borges et al. 2024, arXiv 2402.10665, takes it for
    pixels that are drawn independently.) The likelihood is that of a lesion, from the presence, where there
    are three lesions to a normal. An empty mask is wrong if there is a lesion: its uncertainty is that
    likelihood; without such a head it is the map's highest probability, and the likelihood of what is
    painted is taken for 1.
    """
    likelihood = None if presence is None else _of_a_lesion(presence)
    if not mask.any():
        return float(probability.max()) / 255 if likelihood is None else likelihood
    return 1 - (1.0 if likelihood is None else likelihood) * agreement(probability, mask)


def agreement(probability: np.ndarray, mask: np.ndarray) -> float:
    """The mean Dice, 0..1, of a mask (H, W) bool that is not empty with the masks of a map at 19 thresholds."""
    above = _at_least(probability)
    both = _at_least(probability[mask])
    dice = 2 * both[_THRESHOLDS] / (above[_THRESHOLDS] + np.count_nonzero(mask))
    return float(dice.mean())


def suspicion(
    probability: np.ndarray, mask: np.ndarray, truth: np.ndarray, point: OperatingPoint
) -> float:
    """How surely a map contradicts a truth, 0..1: the mean contradiction of its worst pixels.

    probability: (H, W) uint8, 255 is 1. mask, truth: (H, W) bool; mask: what the operating point made.

    A pixel's contradiction is the probability that the map gives to the other answer. The worst pixels
    are half as many as the truth or the thresholded map has, whichever is larger: so many are not wrong
    because an edge was drawn a pixel further out. The worst pixels rather than all of them, as in the
    softmin label quality of Lad and Mueller 2023 (arXiv 2307.05080), which has a temperature where this
    has a number of pixels. Where mask and truth are both empty nothing is contradicted: 0.
    """
    if not (mask.any() or truth.any()):
        return 0.0
    painted = np.count_nonzero(probability >= point.mask_threshold * 255)
    size = max(int(np.count_nonzero(truth)), painted)
    smallest = smallest_lesion_px(probability.shape, point.min_lesion_fraction)
    worst = min(max(size // 2, smallest, 1), probability.size)
    return mean_of_worst(np.where(truth, 255 - probability, probability), worst)


def mean_of_worst(contradiction: np.ndarray, pixels: int) -> float:
    """Mean, 0..1, of the highest so many of an array of uint8, of which 255 is 1."""
    count = np.bincount(contradiction.ravel(), minlength=256)[::-1]
    taken = np.clip(pixels - (np.cumsum(count) - count), 0, count)
    return float(taken @ np.arange(255, -1, -1) / (255 * pixels))


def _of_a_lesion(presence: float) -> float:
    """The odds of a presence, 0..1, times those of any lesion, as a probability again (Bayes)."""
    lesions = _LESIONS_TO_A_NORMAL * float(presence)
    return lesions / (lesions + 1 - float(presence))


def _at_least(probability: np.ndarray) -> np.ndarray:
    """(256,): how many pixels of a uint8 array have this value or a higher one."""
    return np.cumsum(np.bincount(probability.ravel(), minlength=256)[::-1])[::-1]
