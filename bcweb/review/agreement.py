"""How far two readers agree on the cases that both decided, and weights with either of them on the same cases.

A reader's answer is the last of their own verdicts that was not undone, whatever others have said since. The Dice of
two masks does not ask which of them is the truth: how far people agree is how far a network can be asked to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from bcweb.review.records import CaseRow, NotThere, Prediction, ReviewError, Verdict
from bcweb.review.scorer import Mask, Scorer
from bcweb.scores import with_interval
from bcweb.statistics import group_bootstrap, kappa, paired_difference, proportion


class Pair(NamedTuple):
    """Two masks of a case. outlined: whether each outlines anything. dice: 1 where neither does."""

    outlined: tuple[bool, bool]
    dice: float


@dataclass(frozen=True)
class Shared:
    """A case on which both readers left a mask.

    id: in the store. dataset, case, group: as the data set names them. labels: what each said that it is, None: nothing. is_begun_alike: both masks began with the same one. weights: their
    mask with either reader's, None where they predicted nothing or had seen the case. begun: how many of the readers'
    masks are the weights' own, accepted or drawn on.
    """

    id: int
    dataset: str
    case: str
    group: tuple[str, str]
    readers: Pair
    labels: tuple[str | None, str | None]
    is_begun_alike: bool
    weights: tuple[Pair, Pair] | None = None
    begun: int = 0

    @property
    def has_lesion(self) -> bool:
        """Whether either reader outlined one."""
        return any(self.readers.outlined)


@dataclass(frozen=True)
class Agreement:
    """Two readers, by their names. decided: how many cases both did. shared: those on which both left a mask."""

    first: str
    second: str
    decided: int
    shared: tuple[Shared, ...]

    @property
    def differing(self) -> tuple[Shared, ...]:
        """The cases whose two masks are not the same, the lowest Dice first."""
        found = [one for one in self.shared if one.readers.dice < 1]
        return tuple(sorted(found, key=lambda one: (one.readers.dice, one.dataset, one.case)))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What --json holds of them.

        readers: of their masks, as `_of_masks` has it, and labels: of what they called the cases, as `_of_answers`.
        weights: first, second: of the weights' mask with either reader's, on those cases that the weights had not seen;
        readers, agreement, difference: the mean Dice of the readers there over the cases where either outlined
        something, the mean of the weights' two Dice, and how much more or less the weights agree.
        """
        named = [one for one in self.shared if None not in one.labels]
        unseen = [one for one in self.shared if one.weights is not None]
        return {
            "first": self.first,
            "second": self.second,
            "decided": self.decided,
            "begun_alike": sum(one.is_begun_alike for one in self.shared),
            "readers": _of_masks(self.shared, [one.readers for one in self.shared]),
            "labels": _of_answers(named, [one.labels for one in named]),
            "weights": {
                "begun": sum(one.begun for one in unseen),
                "first": _of_masks(unseen, [one.weights[0] for one in unseen]),
                "second": _of_masks(unseen, [one.weights[1] for one in unseen]),
                **_gain([one for one in unseen if one.has_lesion]),
            },
        }


def agreements(
    rows: Sequence[CaseRow],
    readings: Mapping[int, Mapping[str, Verdict]],
    predictions: Mapping[int, Prediction],
    scorer: Scorer,
) -> tuple[Agreement, ...]:
    """Each two readers who both decided any of these cases, those with the most in common first.

    readings: by case and reader, see `Store.readings`. predictions: of the weights, by case.
    """
    said = {row.id: readings.get(row.id, {}) for row in rows}
    found = []
    for first, second in combinations(sorted({name for by in said.values() for name in by}), 2):
        both = [row for row in rows if {first, second} <= said[row.id].keys()]
        if both:
            told = [
                _shared(row, said[row.id][first], said[row.id][second], predictions.get(row.id), scorer)
                for row in both
            ]  # fmt: skip
            shared = tuple(one for one in told if one is not None)
            found.append(Agreement(first, second, len(both), shared))
    return tuple(sorted(found, key=lambda one: -one.decided))


def _shared(
    row: CaseRow, first: Verdict, second: Verdict, prediction: Prediction | None, scorer: Scorer
) -> Shared | None:
    """None where one of them left no mask, or its file is damaged."""
    drawn = _mask(first), _mask(second)
    if None in drawn:
        return None
    weights = None
    try:
        readers = _pair(row, *drawn, scorer)
        if prediction is not None and prediction.how != "seen":
            own = Mask(prediction.mask_file, prediction.painted_px)
            weights = _pair(row, own, drawn[0], scorer), _pair(row, own, drawn[1], scorer)
    except NotThere:
        raise
    except ReviewError:
        return None
    origins = _origin(first), _origin(second)
    return Shared(
        row.id,
        row.dataset,
        row.case,
        (row.dataset, row.group or f"case {row.case}"),
        readers,
        (first.label, second.label),
        is_begun_alike=origins[0] is not None and origins[0] == origins[1],
        weights=weights,
        begun=sum(origin == ("prediction", prediction.revision) for origin in origins)
        if weights
        else 0,
    )


def _mask(verdict: Verdict) -> Mask | None:
    return verdict.mask_file and Mask(verdict.mask_file, verdict.painted_px or 0)


def _pair(row: CaseRow, first: Mask, second: Mask, scorer: Scorer) -> Pair:
    outlined = (first.pixels > 0, second.pixels > 0)
    return Pair(outlined, scorer.dice(row.project_id, first, second))


def _origin(verdict: Verdict) -> tuple[str, str | None] | None:
    """The mask that a reader's is, or began with; None of one that was drawn from nothing or from their own last one."""
    if verdict.decision == "truth" or verdict.beginning == "truth":
        return "truth", None
    if verdict.decision == "accept" or verdict.beginning in ("prediction", "threshold"):
        return "prediction", verdict.revision
    return None


def _of_masks(cases: Sequence[Shared], pairs: Sequence[Pair]) -> dict[str, Any]:
    """Of a pair of masks of each case: `_of_answers` on whether each outlines anything; and lesion_n, lesion_groups,
    dice_mean, dice_median over the cases where either reader outlined something."""
    outlined = [(case, pair) for case, pair in zip(cases, pairs, strict=True) if case.has_lesion]
    figures = _of_answers(cases, [pair.outlined for pair in pairs])
    groups = [case.group for case, _ in outlined]
    figures |= {"lesion_n": len(outlined), "lesion_groups": len(set(groups))}
    dice = [pair.dice for _, pair in outlined]
    for name, statistic in (("dice_mean", np.mean), ("dice_median", np.median)):
        figures |= with_interval(name, group_bootstrap(dice, groups, statistic) if dice else None)
    return figures


def _of_answers(cases: Sequence[Shared], answers: Sequence[tuple]) -> dict[str, Any]:
    """n, groups; same: the share of cases on which both answers are the same; kappa: see `bcweb.statistics.kappa`."""
    groups = [case.group for case in cases]
    figures: dict[str, Any] = {"n": len(cases), "groups": len(set(groups))}
    if not cases:
        return figures | with_interval("same", None) | with_interval("kappa", None)
    codes = {
        answer: code for code, answer in enumerate(sorted({a for two in answers for a in two}))
    }
    columns = np.array([[codes[answer] for answer in two] for two in answers], float)
    figures |= with_interval("same", proportion([a == b for a, b in answers], groups))
    return figures | with_interval("kappa", group_bootstrap(columns, groups, kappa))


def _gain(cases: Sequence[Shared]) -> dict[str, Any]:
    """See `Agreement.figures`. After Williams (1976), whose index is the ratio of the two; a difference has an interval
    also where the readers hardly agree."""
    if not cases:
        return {"readers": None, "agreement": None} | with_interval("difference", None)
    readers = np.array([case.readers.dice for case in cases])
    weights = np.array([np.mean([pair.dice for pair in case.weights]) for case in cases])
    groups = [case.group for case in cases]
    figures = {"readers": float(readers.mean()), "agreement": float(weights.mean())}
    return figures | with_interval("difference", paired_difference(weights, readers, groups))
