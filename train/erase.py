"""Mammograms without their lesion: tissue of the same breast laid over it.

Where a data set has no normals, a network could learn from its close views alone what is no lesion, and
then takes every whole breast for one that holds a lesion. So a lesion is covered with tissue from
elsewhere in the same breast. What such a patch looks like must not give it away: as many views have one
laid beside their lesion, which stays.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

SOFT = 0.02  # of the side: how far a patch fades out around what it covers
_TRIES = 50
_LEAST_BREAST = 0.8  # of the place that a patch is taken from
_LARGEST = 0.5  # of the side: a larger lesion leaves no tissue to cover it with


def covered(
    image: np.ndarray, mask: np.ndarray, breast: np.ndarray, beside: bool, rng: np.random.Generator
) -> np.ndarray | None:
    """The image (S, S) uint8 with its lesions covered, or with places beside them covered as well as that.

    mask: (S, S) uint8 0/1. breast: (S, S) bool. None where the breast has no room for it.
    """
    fade = _fade(mask)
    parts, count = ndimage.label(fade > 0)
    result, taken = image.copy(), fade > 0
    for number, place in enumerate(ndimage.find_objects(parts), 1):
        patch = np.where(parts[place] == number, fade[place], 0)
        if max(patch.shape) > _LARGEST * image.shape[0]:
            return None
        if beside:
            place = _place(patch, taken, breast, image, None, rng)
            if place is None:
                return None
            taken[place] |= patch > 0
        grey = _around(image[place], patch)
        source = _place(patch, taken, breast, image, grey, rng)
        if source is None:
            return None
        tissue = image[source].astype(np.float32)
        tissue += grey - _around(tissue, patch)  # as bright at its rim as where it is laid
        mixed = result[place] * (1 - patch) + tissue * patch
        result[place] = np.clip(np.round(mixed), 0, 255)
    return result if count else None


def _fade(mask: np.ndarray) -> np.ndarray:
    """(S, S) float32: 1 over the lesion and close to it, falling to 0 around it."""
    blur = ImageFilter.GaussianBlur(SOFT * mask.shape[0])
    blurred = Image.fromarray(mask * np.uint8(255)).filter(blur)
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
) -> tuple[slice, slice] | None:
    """Where the patch lies on breast and on nothing taken; with `grey` the place of several that is nearest
    to it at its rim."""
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
            return place
        apart = abs(_around(image[place], patch) - grey)
        if apart < least:
            best, least = place, apart
    return best
