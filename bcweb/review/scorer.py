"""Masks of the store against each other, each pair scored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcweb.lesions import box_around
from bcweb.metrics import lesion_detection, score_case
from bcweb.review.records import Prediction

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store

_MOST_KNOWN = 200_000

Spacing = tuple[float, float] | None


class Scorer:
    """Scores predictions, and remembers the answers: what a mask's file holds never changes."""

    def __init__(self, store: Store):
        self.store = store
        self._known: dict[tuple, dict[str, Any]] = {}

    def measure(
        self, prediction: Prediction, truth_file: str, truth_px: int, spacing: Spacing
    ) -> dict[str, Any]:
        """The fields of a `bcweb.scores.CaseScore` that follow from the two masks.

        truth_file: for `Store.mask`; truth_px: how many pixels it holds. spacing: (row, column) in mm.
        """
        key = (prediction.project_id, prediction.mask_file, truth_file, spacing)
        known = self._known.get(key)
        if known is None:
            known = self._measured(prediction, truth_file, truth_px, spacing)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = known
        return known

    def _measured(
        self, prediction: Prediction, truth_file: str, truth_px: int, spacing: Spacing
    ) -> dict[str, Any]:
        def read(file: str, pixels: int) -> np.ndarray | None:
            return self.store.mask(prediction.project_id, file) if pixels else None

        mask = read(prediction.mask_file, prediction.painted_px)
        truth = read(truth_file, truth_px)
        if mask is None and truth is None:
            mask = truth = np.zeros((1, 1), bool)
        elif mask is None:
            mask = np.zeros_like(truth)
        elif truth is None:
            truth = np.zeros_like(mask)
        if mask.any() or truth.any():
            # Nothing is lost: outside of the box both are empty.
            box = box_around(mask | truth)
            mask, truth = mask[box], truth[box]
        scores, wise = score_case(mask, truth, spacing), lesion_detection(mask, truth)
        return {
            "lesion": truth_px > 0,
            "dice": scores.dice,
            "iou": scores.iou,
            "precision": scores.precision,
            "recall": scores.recall,
            "hd95_px": scores.hd95_px,
            "hd95_mm": scores.hd95_mm,
            "painted": prediction.painted_px,
            "lesions": wise.lesions,
            "found": wise.found,
            "false_alarms": wise.false_alarms,
        }
