"""Mammograms without their lesion: tissue of the same breast laid over it.

Where a data set has no normals, a network could learn from its close views alone what is no lesion, and
then takes every whole breast for one that holds a lesion. So a lesion is covered with tissue from
elsewhere in the same breast. What such a patch looks like must not give it away: as many views have one
laid beside their lesion, which stays.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

SOFT = 0.02  # of the side: how far a patch fades out around what it covers
_TRIES = 100
_LEAST_BREAST = 0.8  # of the place that a patch is taken from
_LARGEST = 0.5  # of the side: a larger lesion leaves no tissue to cover it with


def covered(
    image: np.ndarray, mask: np.ndarray, breast: np.ndarray, beside: bool, rng: np.random.Generator
) -> np.ndarray | None:
    """The image (S, S) uint8 with its lesion covered, or with a place beside it covered as well as that.

    mask: (S, S) uint8 0/1. breast: (S, S) bool. None where the breast has no room for it.
    """
    side = image.shape[0]
    fade = _fade(mask, side)
    rows, columns = np.flatnonzero(fade.any(1)), np.flatnonzero(fade.any(0))
    top, left = rows[0], columns[0]
    height, width = rows[-1] + 1 - top, columns[-1] + 1 - left
    if max(height, width) > _LARGEST * side:
        return None
    patch = fade[top : top + height, left : left + width]
    lesion = fade > 0
    if beside:
        found = _place(patch, lesion, breast, image, None, rng)
        if found is None:
            return None
        top, left = found
    target = np.s_[top : top + height, left : left + width]
    taken = lesion.copy()
    taken[target] |= patch > 0
    found = _place(patch, taken, breast, image, _around(image[target], patch), rng)
    if found is None:
        return None
    source = image[found[0] : found[0] + height, found[1] : found[1] + width].astype(np.float32)
    # As bright at its rim as the tissue that it is laid into.
    source += _around(image[target], patch) - _around(source, patch)
    result = image.copy()
    mixed = image[target] * (1 - patch) + source * patch
    result[target] = np.clip(np.round(mixed), 0, 255)
    return result


def _fade(mask: np.ndarray, side: int) -> np.ndarray:
    """(S, S) float32: 1 over the lesion and close to it, falling to 0 around it."""
    blurred = Image.fromarray(mask * np.uint8(255)).filter(ImageFilter.GaussianBlur(SOFT * side))
    return np.clip(np.asarray(blurred, np.float32) / 255 * 4 - 0.2, 0, 1)


def _around(part: np.ndarray, patch: np.ndarray) -> float:
    """The mean grey where a patch fades."""
    rim = (patch > 0) & (patch < 1)
    return float(part[rim].mean()) if rim.any() else float(part.mean())


def _place(
    patch: np.ndarray,
    taken: np.ndarray,
    breast: np.ndarray,
    image: np.ndarray,
    grey: float | None,
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    """A corner (top, left) where the patch lies on breast and on nothing taken; with `grey` the one of several
    that is nearest to it at its rim."""
    (height, width), (rows, columns) = patch.shape, breast.shape
    inside = patch > 0
    best, least = None, np.inf
    for _ in range(_TRIES):
        top, left = (
            int(rng.integers(0, rows - height + 1)),
            int(rng.integers(0, columns - width + 1)),
        )
        place = np.s_[top : top + height, left : left + width]
        if (taken[place] & inside).any() or breast[place][inside].mean() < _LEAST_BREAST:
            continue
        if grey is None:
            return top, left
        apart = abs(_around(image[place], patch) - grey)
        if apart < least:
            best, least = (top, left), apart
    return best
