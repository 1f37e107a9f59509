"""Two revisions of weights on the same cases of a project, against the same truth.

They are compared on the cases that both predicted and neither had seen. Scores out of fold are of other
weights of the same training: they tell something of two recipes, and enter only where that was asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bcweb.paired import SAME, paired, paired_share, rows
from bcweb.review.differing import Differing
from bcweb.review.evaluation import SIZES, Evaluation, Scored, not_predicted, size_of
from bcweb.review.records import ReviewError
from bcweb.scores import CaseScore, outlined


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

    @property
    def size(self) -> str | None:
        """The part of `SIZES` that the lesion falls into; None where there is none."""
        return size_of(self.case.share) if self.case.share else None


@dataclass(frozen=True)
class Comparison:
    """Two revisions on the same cases against the same truth.

    left_out: why the others are not in it. out_of_fold: how many cases come with the scores out of fold;
    with_folds: whether those are among the pairs. accepted: of how many unseen cases the prediction of the first was
    accepted, and of the second, that have no truth while what was corrected has one. differing: where their masks are not
    alike, with a truth or without; None where nobody looked.
    """

    first: str
    second: str
    pairs: tuple[Pair, ...]
    left_out: dict[str, int]
    out_of_fold: int = 0
    with_folds: bool = False
    accepted: tuple[int, int] = (0, 0)
    differing: Differing | None = None

    @cached_property
    def better(self) -> tuple[Pair, ...]:
        """Where the first has the higher Dice, the largest gain first."""
        return tuple(sorted((p for p in self.pairs if p.difference >= SAME), key=_gain_first))

    @cached_property
    def worse(self) -> tuple[Pair, ...]:
        """Where the first has the lower Dice, the largest loss first."""
        return tuple(sorted((p for p in self.pairs if p.difference <= -SAME), key=_loss_first))

    @cached_property
    def figures(self) -> dict[str, Any]:
        """By name: n images, groups, the figure of the first, of the second, and first - second; and by data set, label
        and size the two of `_of_part`."""
        labels = sorted({p.first.label for p in self.pairs} - {""})
        return {
            "first": self.first,
            "second": self.second,
            "pairs": len(self.pairs),
            "left_out": self.left_out,
            "out_of_fold": self.out_of_fold,
            "with_folds": self.with_folds,
            "better": len(self.better),
            "worse": len(self.worse),
            "same": len(self.pairs) - len(self.better) - len(self.worse),
            "begun_from_first": sum(pair.case.begun for pair in self.pairs),
            "begun_from_second": sum(pair.other.begun for pair in self.pairs),
            "accepted_of_first": self.accepted[0],
            "accepted_of_second": self.accepted[1],
            "rows": rows(self.pairs),
            "changed": self.differing.figures if self.differing else None,
            "datasets": self._by(
                lambda p: p.first.dataset, dict.fromkeys(p.first.dataset for p in self.pairs)
            ),
            "by_label": self._by(lambda p: p.first.label, labels),
            "by_size": self._by(lambda p: p.size, [name for name, _ in SIZES]),
        }

    def _by(self, kind: Callable[[Pair], str | None], names: Iterable[str]) -> dict[str, Any]:
        return {name: _of_part([p for p in self.pairs if kind(p) == name]) for name in names}


def compare(first: Evaluation, second: Evaluation, with_folds: bool = False) -> Comparison:
    """Pair two evaluations of one project against one truth; see `Comparison`.

    with_folds: take scores out of fold too. Raises `ReviewError` where there is nothing to compare.
    """
    if first.revision == second.revision:
        raise ReviewError(f"{first.revision} cannot be compared with itself.")
    if first.modality != second.modality:
        raise ReviewError(
            f"{first.revision} is of {first.modality}s and {second.revision} of {second.modality}s: "
            "they have no case in common."
        )
    others = {case.id: case for case in second.cases}
    why_not = {score.key: score.error for score in second.left}
    pairs, with_all, left_out = [], [], Counter(first.left_out)
    for case in first.cases:
        other = others.get(case.id)
        if other is None:
            left_out[why_not.get(case.score.key, not_predicted(second.revision))] += 1
            continue
        if case.truth_file != other.truth_file:  # a verdict came after the first was scored
            left_out["decided meanwhile"] += 1
            continue
        seen_by = [r.revision for r, c in ((first, case), (second, other)) if c.how != "unseen"]
        has_more = bool(seen_by) and _can_be_paired(case, other)
        if not seen_by or has_more:
            with_all.append(Pair(case, other))
        if not seen_by or (has_more and with_folds):
            pairs.append(Pair(case, other))
        elif len(seen_by) == 2:
            left_out["that both saw in training"] += 1
        else:
            left_out[f"that {seen_by[0]} saw in training"] += 1
    kept = _outlined(pairs)
    if weak := len(pairs) - len(kept):
        left_out["with only boxes known"] += weak
    # Whether or not they are asked for; boxes that would stand apart do not come.
    out_of_fold = sum({p.case.how, p.other.how} != {"unseen"} for p in _outlined(with_all))
    are_readers = first.truth == "reader"  # as imported, what was corrected is no truth either
    return Comparison(
        first.revision, second.revision, tuple(kept), dict(left_out), out_of_fold, with_folds,
        tuple(one.accepted_without_truth * are_readers for one in (first, second)),
    )  # fmt: skip


def _outlined(pairs: Sequence[Pair]) -> list[Pair]:
    """See `bcweb.scores.outlined`."""
    kept = {score.key for score in outlined([pair.first for pair in pairs])}
    return [pair for pair in pairs if pair.first.key in kept]


def _can_be_paired(case: Scored, other: Scored) -> bool:
    """Whether both have a score by weights that had not seen the case, and not by one and the same fold."""
    is_same = case.how == other.how == "out-of-fold" and case.score.revision == other.score.revision
    return case.headline is not None and other.headline is not None and not is_same


def _gain_first(pair: Pair) -> tuple:
    return (-round(pair.difference, 6), pair.first.key)


def _loss_first(pair: Pair) -> tuple:
    return (round(pair.difference, 6), pair.first.key)


def _of_part(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The Dice of its lesion images, and how many of its normal ones are painted."""
    return {
        "dice_mean": paired([p for p in pairs if p.first.lesion], lambda s: s.dice),
        "painted": paired_share([p for p in pairs if not p.first.lesion], lambda s: s.painted > 0),
    }
