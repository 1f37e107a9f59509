"""Where the masks of two revisions of weights differ. It takes no truth: it is what another training has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bcweb.review.revisions import Predicted
from bcweb.review.scorer import Mask, Scorer

CLEARLY = 0.9  # a Dice below it is told as a difference; two trainings of one recipe are seldom the same to the pixel


@dataclass(frozen=True)
class Differs:
    """A case that both segmented, not alike. outlined: whether each outlines anything. dice: of the two masks."""

    id: int
    dataset: str
    case: str
    outlined: tuple[bool, bool]
    dice: float


@dataclass(frozen=True)
class Differing:
    """both: how many cases both revisions segmented. cases: those whose Dice is below `CLEARLY`, the lowest first; of
    equals those come first on which one outlines nothing."""

    first: str
    second: str
    both: int
    cases: tuple[Differs, ...]

    @property
    def only_first(self) -> int:
        """On how many the first alone outlines anything."""
        return sum(one.outlined == (True, False) for one in self.cases)

    @property
    def only_second(self) -> int:
        return sum(one.outlined == (False, True) for one in self.cases)

    @property
    def figures(self) -> dict[str, Any]:
        """What --json holds of it."""
        return {
            "both": self.both,
            "differ": len(self.cases),
            "only_first": self.only_first,
            "only_second": self.only_second,
        }


def differing(
    predicted: Predicted,
    first: str,
    second: str,
    scorer: Scorer,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Differing:
    """Compare the masks of two revisions, by their names in `Predicted.made`; cases whose file is damaged are left out."""
    ours, theirs = (predicted.made[name] for name in (first, second))
    shared = [row.case for row in predicted.rows if row.case.id in ours and row.case.id in theirs]
    both, found = 0, []
    for done, case in enumerate(shared):
        progress(done, len(shared))
        pair = [Mask(made.mask_file, made.painted_px) for made in (ours[case.id], theirs[case.id])]
        files = tuple(sorted(mask.file for mask in pair))
        dice = scorer.dices(case.project_id, pair).get(files)
        if dice is None:
            continue
        both += 1
        if dice < CLEARLY:
            outlined = (pair[0].pixels > 0, pair[1].pixels > 0)
            found.append(Differs(case.id, case.dataset, case.case, outlined, dice))
    progress(len(shared), len(shared))
    found.sort(key=lambda one: (one.dice, all(one.outlined), one.dataset, one.case))
    return Differing(first, second, both, tuple(found))
