"""The cases of an export: each verdict that stands, with what every format says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bcweb.lesions import find_lesions, longest_mm
from bcweb.review.export.names import disk_names
from bcweb.review.records import CaseRow, Decision, SnapshotCase, Verdict

WITH_MASK: tuple[Decision, ...] = ("accept", "truth", "corrected")


@dataclass(frozen=True)
class Row:
    """One case that was decided.

    name: of its files, without a suffix. group: apart from the groups of other data sets. file, mask: the
    picture and the mask, from the folder of the export; "" where there is none. left_out: why it is not
    among the pictures and masks, in one sentence. area_mm2, longest_mm: of all that the mask paints, and the longest
    diameter of its largest lesion; None where it was not measured, the second also where nothing is painted.
    """

    case: CaseRow
    verdict: Verdict
    name: str
    group: str
    file: str = ""
    mask: str = ""
    left_out: str = ""
    area_mm2: float | None = None
    longest_mm: float | None = None

    @property
    def label(self) -> str:
        """What the reader says, else the data set; "" where neither does."""
        return self.verdict.label or self.case.label or ""

    @property
    def pixel_mm(self) -> tuple[float, float] | tuple[None, None]:
        """The height and width of a pixel, where they are known."""
        return self.case.spacing or (None, None)

    def measured(self, mask: np.ndarray) -> Row:
        """With the size of its mask (H, W) bool, where that of a pixel is known."""
        spacing = self.case.spacing
        if spacing is None:
            return self
        area = float(sum(lesion.area_mm2 for lesion in find_lesions(mask, spacing)))
        longest = longest_mm(mask, spacing)
        return replace(
            self, area_mm2=round(area, 4), longest_mm=None if longest is None else round(longest, 4)
        )

    def without(self, reason: str) -> Row:
        return replace(self, left_out=reason)


def rows_of(cases: Sequence[SnapshotCase], include: Sequence[Decision]) -> list[Row]:
    """The decided cases in their order; those that have no mask to give say why in `left_out`."""
    names = disk_names(one.case for one in cases)
    several = len({one.case.dataset for one in cases}) > 1
    rows = []
    for one in cases:
        case, verdict = one.case, one.verdict
        if verdict is None:
            continue
        group = f"{case.dataset}/{case.group}" if several and case.group else case.group
        row = Row(case, verdict, names[case.id], group)
        rows.append(row.without(_without_mask(case, verdict, include)))
    return rows


def _without_mask(case: CaseRow, verdict: Verdict, include: Sequence[Decision]) -> str:
    if verdict.decision == "reject":
        return f"Rejected: {verdict.reason}." if verdict.reason else "Rejected."
    if verdict.decision == "unsure":
        return "The reader was unsure."
    if verdict.decision not in include:
        return f"Only {', '.join(include)} was asked for."
    if verdict.decision == "truth" and case.weak:
        return "Of its lesion only a box is known: the ellipse in it is no outline to teach or to score by."
    return ""
