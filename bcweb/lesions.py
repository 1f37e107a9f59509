"""The lesions of a mask: its connected parts.

What touches at a corner is one lesion, everywhere in the project. SciPy takes a quarter of the time of a command
for one scan to load: it is loaded here, where a lesion is, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EIGHT_CONNECTED = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Lesion:
    """One connected part of a mask (8-connected). box: x, y, width, height in pixels of the scan."""

    area_px: int
    area_mm2: float | None
    box: tuple[int, int, int, int]


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """(H, W) bool -> (H, W) int, 0 outside and 1..n in the 8-connected parts from the top down, and n."""
    from scipy import ndimage

    return ndimage.label(mask, EIGHT_CONNECTED)


def box_around(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around a (H, W) bool mask, which holds any pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def find_lesions(mask: np.ndarray, spacing: tuple[float, float] | None) -> tuple[Lesion, ...]:
    """The connected parts of a mask, largest first; area in mm2 where the spacing (row, column) is known."""
    if not mask.any():
        return ()
    from scipy.ndimage import find_objects

    within = box_around(mask)  # labelling a whole scan costs more than all else but the network
    top, left = (side.start for side in within)
    parts, _ = label(mask[within])
    areas = np.bincount(parts.ravel())[1:]
    lesions = []
    for area, (rows, columns) in zip(areas, find_objects(parts), strict=True):
        corner = (left + columns.start, top + rows.start)
        box = (*corner, columns.stop - columns.start, rows.stop - rows.start)
        area_mm2 = None if spacing is None else float(area * spacing[0] * spacing[1])
        lesions.append(Lesion(int(area), area_mm2, box))
    return tuple(sorted(lesions, key=lambda lesion: -lesion.area_px))


def drop_small(mask: np.ndarray, min_fraction: float) -> np.ndarray:
    """The mask without its connected parts below `min_fraction` of the image's area."""
    smallest = smallest_lesion_px(mask.shape, min_fraction)
    if smallest <= 1 or not mask.any():
        return mask
    box = box_around(mask)
    parts, _ = label(mask[box])
    keep = np.bincount(parts.ravel()) >= smallest
    keep[0] = False
    kept = np.zeros_like(mask)
    kept[box] = keep[parts]
    return kept


def smallest_lesion_px(shape: tuple[int, ...], min_fraction: float) -> int:
    """The smallest lesion that is kept in an image of this shape, in pixels."""
    return int(np.ceil(min_fraction * shape[0] * shape[1]))
