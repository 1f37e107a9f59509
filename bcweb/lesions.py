"""The lesions of a mask: its connected parts.

What touches at a corner is one lesion, everywhere in the project. The parts are found here and not by SciPy, which
takes a third of the processor time of a command for one scan, to load; a test holds that it would say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Lesion:
    """One connected part of a mask (8-connected). box: x, y, width, height in pixels of the scan."""

    area_px: int
    area_mm2: float | None
    box: tuple[int, int, int, int]


class _Runs(NamedTuple):
    """What is painted of a mask row by row, from the top down: in `row` the columns from `start` up to `end`, of the
    connected part `part` of 0..n-1. All are (runs,) int."""

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    part: np.ndarray

    @property
    def areas(self) -> np.ndarray:
        """(n,) int, of the parts in pixels."""
        return np.bincount(self.part, self.end - self.start).astype(int)

    def painted(self, mask: np.ndarray, values: np.ndarray) -> np.ndarray:
        """values: of the parts, (n,); an array of their type with them in the parts, and 0 outside the mask."""
        picture = np.zeros(mask.shape, values.dtype)
        picture[mask] = np.repeat(values[self.part], self.end - self.start)
        return picture


def _runs(mask: np.ndarray) -> _Runs:
    """Of a mask that holds any pixel. The classic labelling by runs (Rosenfeld and Pfaltz, Sequential Operations in
    Digital Picture Processing, J. ACM 1966), all runs at once."""
    box = box_around(mask)  # to look through a whole scan costs more than all else but the network
    edges = np.diff(mask[box].astype(np.int8), axis=1, prepend=0, append=0)
    width = edges.shape[1]
    places = np.flatnonzero(edges)  # a row begins outside and ends outside
    start, end = places[::2], places[1::2]
    # Each touches those of the next row that end no earlier than it starts, and start no later than it ends.
    first = np.searchsorted(end, start + width)
    touching = np.searchsorted(start, end + width, side="right") - first
    above = np.repeat(np.arange(len(start)), touching)
    below = np.arange(len(above)) + np.repeat(first - np.cumsum(touching) + touching, touching)
    part = _united(len(start), above, below)
    top, left = (side.start for side in box)
    return _Runs(start // width + top, start % width + left, end % width + left, part)


def _united(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """To which set each of `count` belongs once a[i] and b[i] are of one: 0..n-1, in the order of their first ones."""
    lowest = np.arange(count)
    while True:
        both = lowest[a], lowest[b]
        lower = lowest.copy()
        for one in both:
            np.minimum.at(lower, one, np.minimum(*both))
        lower = lower[lower]
        if np.array_equal(lower, lowest):
            return np.unique(lowest, return_inverse=True)[1]
        lowest = lower


def label(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """(H, W) bool -> (H, W) int32, 0 outside and 1..n in the 8-connected parts from the top down, and n."""
    if not mask.any():
        return np.zeros(mask.shape, np.int32), 0
    runs = _runs(mask)
    numbers = np.arange(1, runs.part.max() + 2, dtype=np.int32)
    return runs.painted(mask, numbers), len(numbers)


def box_around(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the smallest box around a (H, W) bool mask, which holds any pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def find_lesions(mask: np.ndarray, spacing: tuple[float, float] | None) -> tuple[Lesion, ...]:
    """The connected parts of a mask, largest first; area in mm2 where the spacing (row, column) is known."""
    if not mask.any():
        return ()
    runs = _runs(mask)
    row, start, end, part = (each[np.argsort(runs.part, kind="stable")] for each in runs)
    firsts = np.flatnonzero(np.diff(part, prepend=-1))
    top, bottom = row[firsts], np.maximum.reduceat(row, firsts) + 1
    left, right = np.minimum.reduceat(start, firsts), np.maximum.reduceat(end, firsts)
    figures = (runs.areas, left, top, right - left, bottom - top)
    lesions = []
    for area, *box in zip(*(each.tolist() for each in figures), strict=True):
        area_mm2 = None if spacing is None else float(area * spacing[0] * spacing[1])
        lesions.append(Lesion(area, area_mm2, tuple(box)))
    return tuple(sorted(lesions, key=lambda lesion: -lesion.area_px))


def longest_mm(mask: np.ndarray, spacing: tuple[float, float] | None) -> float | None:
    """The longest diameter of the largest connected part of a mask (its maximal Feret diameter), spacing (row, column).

    It runs between outer corners of pixels, so that of a rectangle it is the diagonal. None where nothing is painted or
    the spacing is not known.
    """
    if spacing is None or not mask.any():
        return None
    from scipy.spatial import ConvexHull, distance  # slow to load, and few need it

    runs = _runs(mask)
    largest = runs.part == runs.areas.argmax()
    row, start, end = (each[largest] for each in (runs.row, runs.start, runs.end))
    corners = np.concatenate(
        [np.stack([y, x], axis=1) for y in (row, row + 1) for x in (start, end)]
    )
    outermost = corners[ConvexHull(corners).vertices] * spacing
    return float(distance.pdist(outermost).max())


def drop_small(mask: np.ndarray, min_fraction: float) -> np.ndarray:
    """The mask without its connected parts below `min_fraction` of the image's area."""
    smallest = smallest_lesion_px(mask.shape, min_fraction)
    if smallest <= 1 or not mask.any():
        return mask
    runs = _runs(mask)
    return runs.painted(mask, runs.areas >= smallest)


def smallest_lesion_px(shape: tuple[int, ...], min_fraction: float) -> int:
    """The smallest lesion that is kept in an image of this shape, in pixels."""
    # 0.1% of 14,000 pixels are 14, and no more for a product that is a rounding above it.
    return int(np.ceil(min_fraction * shape[0] * shape[1] - 1e-9))
