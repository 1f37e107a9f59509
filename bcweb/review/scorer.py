"""Masks of the store against each other, each pair scored once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from bcweb.lesions import box_around
from bcweb.metrics import dice, lesion_detection, score_case
from bcweb.review.records import NotThere, ReviewError

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
        # What was measured of a case is compared with its readers' masks next, and read first there.
        self._read = lru_cache(maxsize=4)(store.mask)

    def measure(
        self, project_id: int, drawn: Mask, truth: Mask, spacing: Spacing
    ) -> dict[str, Any]:
        """The fields of a `bcweb.scores.CaseScore` that follow from the two masks. spacing: (row, column) in mm."""
        key = (project_id, drawn.file, truth.file, spacing)
        return self._once(key, lambda: self._measured(project_id, drawn, truth, spacing))

    def dices(self, project_id: int, masks: Iterable[Mask]) -> dict[tuple[str, str], float]:
        """Of each two of a case's masks, and of each with itself, by their files in order; without those that are
        damaged. Each is read once, and all are one answer to remember."""
        by_file = {mask.file: mask for mask in masks}
        files = sorted(by_file)
        key = (project_id, *files)
        known = self._known.get(key)
        if known is None:
            known = self._dices(project_id, by_file)
            if None not in known:  # a damaged file may be brought back
                self._remember(key, known)
        pairs = zip(combinations_with_replacement(files, 2), known, strict=True)
        return {pair: value for pair, value in pairs if value is not None}

    def _once(self, key: tuple, work: Callable[[], Known]) -> Known:
        known = self._known.get(key)
        if known is None:
            known = work()
            self._remember(key, known)
        return known

    def _remember(self, key: tuple, known: Any) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = known

    def _pixels(self, project_id: int, mask: Mask) -> np.ndarray | None:
        return self._read(project_id, mask.file) if mask.pixels else None

    def _dices(self, project_id: int, masks: dict[str, Mask]) -> tuple[float | None, ...]:
        read: dict[str, np.ndarray | None] = {}
        for file, mask in masks.items():
            try:
                read[file] = self._pixels(project_id, mask)
            except NotThere:
                raise
            except ReviewError:
                continue
        boxed = dict(zip(read, _boxed(*read.values()), strict=True))
        pairs = combinations_with_replacement(sorted(masks), 2)
        return tuple(
            dice(boxed[first], boxed[second]) if {first, second} <= boxed.keys() else None
            for first, second in pairs
        )

    def _measured(
        self, project_id: int, drawn: Mask, held: Mask, spacing: Spacing
    ) -> dict[str, Any]:
        mask, truth = _boxed(self._pixels(project_id, drawn), self._pixels(project_id, held))
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


def _boxed(*masks: np.ndarray | None) -> list[np.ndarray]:
    """All of them, (h, w) bool, of the box around what is painted: outside of it nothing is lost. None: nothing is."""
    painted = [mask for mask in masks if mask is not None and mask.any()]
    if not painted:
        return [np.zeros((1, 1), bool) for _ in masks]
    box = box_around(np.logical_or.reduce(painted))
    return [np.zeros_like(painted[0][box]) if mask is None else mask[box] for mask in masks]
