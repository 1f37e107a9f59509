"""Masks of the store against each other, each pair scored once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from bcweb.lesions import box_around
from bcweb.metrics import dice, lesion_detection, score_case

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store

Known = TypeVar("Known")

_MOST_KNOWN = 200_000

Spacing = tuple[float, float] | None


class Mask(NamedTuple):
    """A mask of the store. file: for `Store.mask`. pixels: how many it holds."""

    file: str
    pixels: int


class Scorer:
    """Scores masks, and remembers the answers: what a mask's file holds never changes."""

    def __init__(self, store: Store):
        self._known: dict[tuple, Any] = {}
        # Of three masks of a case each two are scored.
        self._read = lru_cache(maxsize=4)(store.mask)

    def measure(
        self, project_id: int, drawn: Mask, truth: Mask, spacing: Spacing
    ) -> dict[str, Any]:
        """The fields of a `bcweb.scores.CaseScore` that follow from the two masks. spacing: (row, column) in mm."""
        key = (project_id, drawn.file, truth.file, spacing)
        return self._once(key, lambda: self._measured(project_id, drawn, truth, spacing))

    def dice(self, project_id: int, first: Mask, second: Mask) -> float:
        """Of the two masks, in a small part of the time that `measure` takes."""
        key = (project_id, first.file, second.file)
        return self._once(key, lambda: dice(*self._masks(project_id, first, second)))

    def _once(self, key: tuple, work: Callable[[], Known]) -> Known:
        known = self._known.get(key)
        if known is None:
            known = work()
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known

    def _masks(self, project_id: int, first: Mask, second: Mask) -> tuple[np.ndarray, np.ndarray]:
        """Both, (h, w) bool, of the box around what is painted: outside of it nothing is lost."""
        one, other = (
            self._read(project_id, mask.file) if mask.pixels else None for mask in (first, second)
        )
        if one is None and other is None:
            one = other = np.zeros((1, 1), bool)
        elif one is None:
            one = np.zeros_like(other)
        elif other is None:
            other = np.zeros_like(one)
        if one.any() or other.any():
            box = box_around(one | other)
            one, other = one[box], other[box]
        return one, other

    def _measured(
        self, project_id: int, drawn: Mask, held: Mask, spacing: Spacing
    ) -> dict[str, Any]:
        mask, truth = self._masks(project_id, drawn, held)
        scores, wise = score_case(mask, truth, spacing), lesion_detection(mask, truth)
        return {
            "lesion": held.pixels > 0,
            "dice": scores.dice,
            "iou": scores.iou,
            "precision": scores.precision,
            "recall": scores.recall,
            "hd95_px": scores.hd95_px,
            "hd95_mm": scores.hd95_mm,
            "painted": drawn.pixels,
            "lesions": wise.lesions,
            "found": wise.found,
            "false_alarms": wise.false_alarms,
        }
