"""Scores of a project's predictions, and of two revisions side by side.

A case enters the headline only if the weights that made its score had not seen it: it is unseen, it was
predicted out of fold, or the weights carry its out-of-fold Dice. What weights reach on cases that they
were trained on stands apart and is marked.

The truth is either the imported one, or the mask that a reader left (a correction, or the imported one,
kept) where there is one. An accepted prediction is never taken as the truth: a mask scored against
itself says nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from scipy.stats import rankdata

from bcweb.metrics import DETECTED_ABOVE, box_around, lesion_detection, score_case
from bcweb.review.records import CaseRow, How, Prediction, Verdict
from bcweb.review.store import ReviewError, Store
from bcweb.scores import CaseScore, groups_of, lesion_figures, report
from bcweb.statistics import Interval, auc, group_bootstrap, paired_difference, proportion

TruthOf = Literal["imported", "reader"]
TRUTHS: tuple[TruthOf, ...] = get_args(TruthOf)

# The share of the image that the truth covers, up to where. Fixed parts and not terciles, so that a
# figure means the same on another data set. Of BUSI's lesion images they hold 9, 22, 34 and 34%.
SIZES: tuple[tuple[str, float], ...] = (
    ("under 1%", 0.01),
    ("1 to 3%", 0.03),
    ("3 to 10%", 0.10),
    ("10% and over", math.inf),
)

NO_TRUTH = "no truth to score against"
UNREADABLE = "the scan cannot be read"
REJECTED = "rejected by the reader"

Progress = Callable[[int, int], None]


def size_of(share: float) -> str:
    """The name of the part of `SIZES` that a share of the image, in (0, 1], falls into."""
    return next(name for name, below in SIZES if share < below)


@dataclass(frozen=True)
class Scored:
    """One case, scored.

    score: of the mask that is here; its `seen` says whether the weights that made it were trained on the
    case. carried: the Dice out of fold that the weights carry for a case they have seen. share: of the
    image that the truth covers, in (0, 1]; None where it holds no lesion. uncertainty: as the importer
    worked it out. by_reader: the truth is a mask that a reader left. begun: that mask was begun from
    this revision's own prediction.
    """

    id: int
    score: CaseScore
    how: How
    carried: float | None = None
    share: float | None = None
    uncertainty: float | None = None
    decision: str | None = None
    by_reader: bool = False
    begun: bool = False

    @cached_property
    def headline(self) -> CaseScore | None:
        """The score by weights that had not seen the case; None where there is none.

        Of a Dice out of fold follows the IoU, and on an empty truth whether anything was painted; what
        needs the mask is None.
        """
        if not self.score.seen:
            return self.score
        if self.carried is None:
            return None
        return replace(
            self.score,
            presence=None,
            dice=self.carried,
            iou=self.carried / (2 - self.carried),
            precision=None,
            recall=None,
            hd95_px=None,
            hd95_mm=None,
            painted=int(self.carried < 1) if not self.score.lesion else None,
            lesions=None,
            found=None,
            false_alarms=None,
        )

    @property
    def has_mask_out_of_fold(self) -> bool:
        return self.how == "out-of-fold"


@dataclass(frozen=True)
class Evaluation:
    """A revision's scores on a project. left_out: why cases have none, and how many."""

    project: str
    revision: str
    modality: str
    truth: TruthOf
    total: int
    cases: tuple[Scored, ...]
    left_out: dict[str, int]

    @cached_property
    def headline(self) -> tuple[Scored, ...]:
        return tuple(case for case in self.cases if case.headline is not None)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What --json holds: `bcweb.scores.report`, and by size, of uncertainty, of what was left out."""
        scores = [case.score for case in self.cases]
        carried = {case.score.key: case.headline for case in self.headline if case.score.seen}
        result = report(scores, carried)
        by_mask = sum(case.has_mask_out_of_fold for case in self.cases)
        result["seen"] += by_mask
        result["unseen"] -= by_mask
        result["out_of_fold"] += by_mask
        return {
            "project": self.project,
            "modality": self.modality,
            "truth": self.truth,
            "cases": self.total,
            "scored": len(self.cases),
            "left_out": self.left_out,
            "carried": len(carried),
            "by_reader": sum(case.by_reader for case in self.cases),
            "begun_from_it": sum(case.begun for case in self.cases),
            **result,
            "revision": self.revision,
            "by_size": self._by_size(),
            "uncertainty": self._uncertainty(),
        }

    def _by_size(self) -> dict[str, Any]:
        parts: dict[str, list[CaseScore]] = {name: [] for name, _ in SIZES}
        for case in self.headline:
            if case.share is not None:
                parts[size_of(case.share)].append(case.headline)
        return {name: lesion_figures(scores) for name, scores in parts.items()}

    def _uncertainty(self) -> dict[str, Any]:
        """Spearman's rank correlation of uncertainty with 1 - Dice, over the masks that are here."""
        told = [
            case for case in self.headline if case.uncertainty is not None and not case.score.seen
        ]
        figures: dict[str, Any] = {"n": len(told), "correlation": None, "correlation_ci": None}
        columns = np.array([(case.uncertainty, 1 - case.headline.dice) for case in told])
        if len(told) > 2 and all(len(np.unique(column)) > 1 for column in columns.T):
            interval = group_bootstrap(columns, groups_of([c.score for c in told]), _spearman)
            figures |= _with_interval("correlation", interval)
        return figures


# --- two revisions


@dataclass(frozen=True)
class Pair:
    """One case that both predicted and neither had seen. difference: of the Dice, first - second."""

    case: Scored
    other: Scored

    @property
    def first(self) -> CaseScore:
        return self.case.headline

    @property
    def second(self) -> CaseScore:
        return self.other.headline

    @property
    def difference(self) -> float:
        return self.first.dice - self.second.dice


@dataclass(frozen=True)
class Comparison:
    """Two revisions on the same cases against the same truth. left_out: why the others are not in it."""

    first: str
    second: str
    pairs: tuple[Pair, ...]
    left_out: dict[str, int]

    @cached_property
    def better(self) -> tuple[Pair, ...]:
        """Where the first has the higher Dice, the largest gain first."""
        return tuple(sorted((p for p in self.pairs if p.difference > 0), key=_loss))

    @cached_property
    def worse(self) -> tuple[Pair, ...]:
        """Where the first has the lower Dice, the largest loss first."""
        return tuple(sorted((p for p in self.pairs if p.difference < 0), key=_gain))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """By name: n images, groups, the figure of the first, of the second, and first - second."""
        lesion = [p for p in self.pairs if p.first.lesion]
        normal = [p for p in self.pairs if not p.first.lesion]
        apart = [p for p in lesion if None not in (p.first.hd95_px, p.second.hd95_px)]
        rated = [p for p in self.pairs if None not in (p.first.presence, p.second.presence)]
        rows = {
            "dice_mean": _paired(lesion, lambda s: s.dice),
            "dice_median": _paired(lesion, lambda s: s.dice, np.median),
            "iou_mean": _paired(lesion, lambda s: s.iou),
            "hd95_mean": _paired(apart, lambda s: s.hd95_px),
            "detected": _paired_share(lesion, lambda s: s.dice > DETECTED_ABOVE),
            "painted": _paired_share(normal, lambda s: s.painted > 0),
            "presence_auc": _paired_auc(rated),
        }
        return {
            "first": self.first,
            "second": self.second,
            "pairs": len(self.pairs),
            "left_out": self.left_out,
            "better": len(self.better),
            "worse": len(self.worse),
            "same": len(self.pairs) - len(self.better) - len(self.worse),
            "rows": rows,
        }


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Pair two evaluations of one project against one truth; see `Comparison`.

    Raises `ReviewError` where there is nothing to compare.
    """
    if first.revision == second.revision:
        raise ReviewError(f"{first.revision} cannot be compared with itself.")
    if first.modality != second.modality:
        raise ReviewError(
            f"{first.revision} is of {first.modality}s and {second.revision} of {second.modality}s: "
            "they have no case in common."
        )
    others = {case.id: case for case in second.cases}
    pairs, left_out = [], Counter(first.left_out)
    for case in first.cases:
        other = others.get(case.id)
        if other is None:
            left_out[not_predicted(second.revision)] += 1
        elif case.headline is None and other.headline is None:
            left_out["seen by both in training"] += 1
        elif case.headline is None or other.headline is None:
            revision = first.revision if case.headline is None else second.revision
            left_out[f"seen by {revision} in training"] += 1
        else:
            pairs.append(Pair(case, other))
    return Comparison(first.revision, second.revision, tuple(pairs), dict(left_out))


def _loss(pair: Pair) -> tuple:
    return (-pair.difference, pair.first.key)


def _gain(pair: Pair) -> tuple:
    return (pair.difference, pair.first.key)


def not_predicted(revision: str) -> str:
    return f"not predicted by {revision}"


def _paired(
    pairs: Sequence[Pair], value: Callable[[CaseScore], float], statistic: Callable = np.mean
) -> dict[str, Any]:
    first = np.array([value(pair.first) for pair in pairs], float)
    second = np.array([value(pair.second) for pair in pairs], float)
    groups = groups_of([pair.first for pair in pairs])
    figures = {"n": len(pairs), "groups": len(set(groups))}
    if not pairs:
        return figures | _nothing()
    figures |= {"first": float(statistic(first)), "second": float(statistic(second))}
    return figures | _with_interval(
        "difference", paired_difference(first, second, groups, statistic)
    )


def _paired_share(pairs: Sequence[Pair], is_so: Callable[[CaseScore], bool]) -> dict[str, Any]:
    """Where no case differs the bootstrap knows only that answer; there the interval is how far the
    share of differing groups may be from 0, after Clopper and Pearson as in `bcweb.statistics.proportion`.
    """
    figures = _paired(pairs, lambda score: float(is_so(score)))
    if pairs and all(is_so(pair.first) == is_so(pair.second) for pair in pairs):
        reach = proportion([False] * len(pairs), groups_of([pair.first for pair in pairs])).high
        figures["difference_ci"] = [-reach, reach]
    return figures


def _paired_auc(pairs: Sequence[Pair]) -> dict[str, Any]:
    groups = groups_of([pair.first for pair in pairs])
    figures = {"n": len(pairs), "groups": len(set(groups))}
    if {pair.first.lesion for pair in pairs} != {True, False}:
        return figures | _nothing()
    columns = np.array(
        [(pair.first.presence, pair.second.presence, pair.first.lesion) for pair in pairs], float
    )

    def of(column: int, rows: np.ndarray) -> float:
        return auc(rows[:, column], rows[:, 2] > 0)

    figures |= {"first": of(0, columns), "second": of(1, columns)}
    interval = group_bootstrap(columns, groups, lambda rows: of(0, rows) - of(1, rows))
    return figures | _with_interval("difference", interval)


def _nothing() -> dict[str, None]:
    return dict.fromkeys(("first", "second", "difference", "difference_ci"))


def _with_interval(name: str, interval: Interval) -> dict[str, Any]:
    estimate, low, high = interval
    return {name: estimate, f"{name}_ci": None if math.isnan(low) else [low, high]}


def _spearman(rows: np.ndarray) -> float:
    """Of two columns: the correlation of their ranks, ties at their mean (Spearman 1904)."""
    ranks = np.column_stack([rankdata(column) for column in rows.T])
    if (ranks == ranks[0]).all(axis=0).any():
        return math.nan
    return float(np.corrcoef(ranks.T)[0, 1])
