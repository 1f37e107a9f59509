"""How far two readers agree on the cases that both decided, and weights with either of them on the same cases; and how
far each agrees with the truth that was imported.

A reader's answer is the last of their own verdicts that was not undone, whatever others have said since. The Dice of
two masks does not ask which of them is the truth: how far people agree is how far a network can be asked to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from bcweb.review.records import CaseRow, Prediction, Verdict
from bcweb.review.scorer import Mask, Scorer
from bcweb.scores import with_interval
from bcweb.statistics import group_bootstrap, kappa, paired_difference, proportion


class Pair(NamedTuple):
    """Two masks of a case. outlined: whether each outlines anything. dice: 1 where neither does."""

    outlined: tuple[bool, bool]
    dice: float


@dataclass(frozen=True)
class Decided:
    """A case that both readers decided.

    id: in the store. dataset, case, group: as the data set names them. answers: what each made of it, in a word.
    labels: what each said that it is, None: nothing.
    """

    id: int
    dataset: str
    case: str
    group: tuple[str, str]
    answers: tuple[str, str]
    labels: tuple[str | None, str | None]

    @property
    def differences(self) -> tuple[str, ...]:
        """What they said that is not the same, in words."""
        told = [two for two in (self.answers, self.labels) if None not in two]
        return tuple(f"{first} / {second}" for first, second in told if first != second)


@dataclass(frozen=True)
class Shared(Decided):
    """A case on which both readers left a mask.

    is_begun_alike: both masks began with the same one. weights: their mask with either reader's, None where they
    predicted nothing or had seen the case. begun: how many of the readers' masks are the weights' own, accepted or
    drawn on.
    """

    readers: Pair
    is_begun_alike: bool
    weights: tuple[Pair, Pair] | None = None
    begun: int = 0

    @property
    def has_lesion(self) -> bool:
        """Whether either reader outlined one."""
        return any(self.readers.outlined)


@dataclass(frozen=True)
class Agreement:
    """Two readers, by their names. shared: the cases on which both left a mask. rest: the others that both decided."""

    first: str
    second: str
    shared: tuple[Shared, ...]
    rest: tuple[Decided, ...] = ()

    @property
    def decided(self) -> int:
        return len(self.shared) + len(self.rest)

    @property
    def differing(self) -> tuple[Decided, ...]:
        """The cases whose two masks are not the same, the lowest Dice first; then those on which they said another
        thing."""
        masks = [one for one in self.shared if one.readers.dice < 1]
        apart = {one.id for one in masks}
        said = [
            one for one in (*self.shared, *self.rest) if one.differences and one.id not in apart
        ]
        return (
            *sorted(masks, key=lambda one: (one.readers.dice, one.dataset, one.case)),
            *sorted(said, key=lambda one: (one.dataset, one.case)),
        )

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What --json holds of them.

        readers: of their masks, as `_of_masks` has it, and labels: of what they called the cases, as `_of_answers`.
        weights: first, second: of the weights' mask with either reader's, on those cases that the weights had not seen;
        readers, agreement, difference: the mean Dice of the readers there over the cases where either outlined
        something, the mean of the weights' two Dice, and how much more or less the weights agree; begun: how many of
        the readers' masks there are the weights' own; empty: on how many neither outlined anything, and painted: on how
        many of these the weights do.
        """
        named = [one for one in (*self.shared, *self.rest) if None not in one.labels]
        unseen = [one for one in self.shared if one.weights is not None]
        empty = [one for one in unseen if not one.has_lesion]
        return {
            "first": self.first,
            "second": self.second,
            "decided": self.decided,
            "begun_alike": sum(one.is_begun_alike for one in self.shared),
            "readers": _of_masks(self.shared, [one.readers for one in self.shared]),
            "labels": _of_answers(named, [one.labels for one in named]),
            "weights": {
                "begun": sum(one.begun for one in unseen if one.has_lesion),
                "empty": len(empty),
                "painted": sum(one.weights[0].outlined[0] for one in empty),
                "first": _of_masks(unseen, [one.weights[0] for one in unseen]),
                "second": _of_masks(unseen, [one.weights[1] for one in unseen]),
                **_gain([one for one in unseen if one.has_lesion]),
            },
        }


@dataclass(frozen=True)
class Held:
    """A mask beside the imported truth of its case. pair: the mask and the truth."""

    group: tuple[str, str]
    pair: Pair

    @property
    def has_lesion(self) -> bool:
        """Whether the truth holds one."""
        return self.pair.outlined[1]


@dataclass(frozen=True)
class Read:
    """What a reader drew beside the imported truth.

    kept: how many more of their masks are that truth, kept or drawn on. begun: how many of these began with a
    prediction, accepted or drawn on, or with another reader's mask.
    """

    reader: str
    held: tuple[Held, ...]
    kept: int
    begun: int


@dataclass(frozen=True)
class AgainstTruth:
    """Each reader who left a mask of their own beside the imported truth; and weights on those cases of all of them
    that they had not seen. Boxes are no truth to draw by."""

    readers: tuple[Read, ...] = ()
    weights: tuple[Held, ...] = ()

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What --json holds of them: of each as `_of_masks` has it."""
        return {
            "readers": [
                {"reader": one.reader, "kept": one.kept, "begun": one.begun, **_of_held(one.held)}
                for one in self.readers
            ],
            "weights": _of_held(self.weights),
        }


def _of_held(held: Sequence[Held]) -> dict[str, Any]:
    return _of_masks(held, [one.pair for one in held])


@dataclass(frozen=True)
class Look:
    """A case with all that is said of it, and how far each two of its masks agree.

    said: by reader. drawn: the masks that they left. weights: theirs, None where they predicted nothing or had seen the
    case. truth: the imported one, None where nobody outlined it. dice: see `Scorer.dices`.
    """

    row: CaseRow
    said: Mapping[str, Verdict]
    drawn: Mapping[str, Mask]
    weights: Mask | None
    revision: str | None
    truth: Mask | None
    dice: Mapping[tuple[str, str], float]

    @property
    def group(self) -> tuple[str, str]:
        return self.row.dataset, self.row.group or f"case {self.row.case}"

    def pair(self, first: Mask | None, second: Mask | None) -> Pair | None:
        """None where there is none of either, or its file is damaged."""
        if first is None or second is None:
            return None
        dice = self.dice.get((min(first.file, second.file), max(first.file, second.file)))
        return None if dice is None else Pair((first.pixels > 0, second.pixels > 0), dice)


def look(
    row: CaseRow, said: Mapping[str, Verdict], prediction: Prediction | None, scorer: Scorer
) -> Look:
    """said: of this case, see `Store.readings`. prediction: of the weights."""
    drawn = {
        name: Mask(verdict.mask_file, verdict.painted_px or 0)
        for name, verdict in said.items()
        # An ellipse that was kept, as nothing but boxes was known, is nobody's outline.
        if verdict.mask_file and not (row.weak and verdict.decision == "truth")
    }
    weights = truth = revision = None
    if prediction is not None and prediction.how != "seen":
        weights, revision = Mask(prediction.mask_file, prediction.painted_px), prediction.revision
    if row.truth_file is not None and not row.weak:
        truth = Mask(row.truth_file, row.truth_px or 0)
    masks = [mask for mask in (weights, truth, *drawn.values()) if mask is not None]
    dice = scorer.dices(row.project_id, masks) if drawn and len(masks) > 1 else {}
    return Look(row, said, drawn, weights, revision, truth, dice)


def against_truth(looks: Sequence[Look]) -> AgainstTruth:
    """See `AgainstTruth`."""
    held, kept, begun = defaultdict(list), Counter(), Counter()
    weights = []
    for one in looks:
        is_read = False
        for name, mask in one.drawn.items():
            verdict = one.said[name]
            origin, pair = _origin(verdict), one.pair(mask, one.truth)
            if pair is None:
                continue
            if origin == ("truth", None):
                kept[name] += 1
                continue
            held[name].append(Held(one.group, pair))
            begun[name] += origin is not None or verdict.beginning == "last"
            is_read = True
        pair = one.pair(one.weights, one.truth)
        if is_read and pair is not None:
            weights.append(Held(one.group, pair))
    return AgainstTruth(
        tuple(Read(name, tuple(held[name]), kept[name], begun[name]) for name in sorted(held)),
        tuple(weights),
    )


def agreements(looks: Sequence[Look]) -> tuple[Agreement, ...]:
    """Each two readers who both decided any of these cases, those with the most in common first."""
    found = []
    for first, second in combinations(sorted({name for one in looks for name in one.said}), 2):
        told = [_decided(one, first, second) for one in looks if {first, second} <= one.said.keys()]
        if told:
            shared = tuple(one for one in told if isinstance(one, Shared))
            rest = tuple(one for one in told if not isinstance(one, Shared))
            found.append(Agreement(first, second, shared, rest))
    return tuple(sorted(found, key=lambda one: -one.decided))


def _decided(look: Look, *names: str) -> Decided:
    """A `Shared` where both left a mask, and its file is not damaged."""
    row = look.row
    first, second = (look.said[name] for name in names)
    answers, labels = (_answer(first), _answer(second)), (first.label, second.label)
    told = Decided(row.id, row.dataset, row.case, look.group, answers, labels)
    drawn = [look.drawn.get(name) for name in names]
    readers = look.pair(*drawn)
    if readers is None:
        return told
    weights = look.pair(look.weights, drawn[0]), look.pair(look.weights, drawn[1])
    origins = _origin(first), _origin(second)
    is_from_other = "last" in (first.beginning, second.beginning)
    return Shared(
        **vars(told),
        readers=readers,
        is_begun_alike=is_from_other or (origins[0] is not None and origins[0] == origins[1]),
        weights=None if None in weights else weights,
        begun=sum(origin == ("prediction", look.revision) for origin in origins),
    )


def _answer(verdict: Verdict) -> str:
    """What a reader made of the case, in a word."""
    if verdict.mask_file is None:
        return "rejected" if verdict.decision == "reject" else verdict.decision
    return "outlined" if verdict.painted_px else "no lesion"


def _origin(verdict: Verdict) -> tuple[str, str | None] | None:
    """The mask that a reader's is, or began with; None of one that was drawn from nothing or from another reader's."""
    if verdict.decision == "truth" or verdict.beginning == "truth":
        return "truth", None
    if verdict.decision == "accept" or verdict.beginning in ("prediction", "threshold"):
        return "prediction", verdict.revision
    return None


def _of_masks(cases: Sequence[Shared | Held], pairs: Sequence[Pair]) -> dict[str, Any]:
    """Of a pair of masks of each case: `_of_answers` on whether each outlines anything; and lesion_n, lesion_groups,
    dice_mean, dice_median over the cases that have a lesion."""
    outlined = [(case, pair) for case, pair in zip(cases, pairs, strict=True) if case.has_lesion]
    figures = _of_answers(cases, [pair.outlined for pair in pairs])
    groups = [case.group for case, _ in outlined]
    figures |= {"lesion_n": len(outlined), "lesion_groups": len(set(groups))}
    dice = [pair.dice for _, pair in outlined]
    for name, statistic in (("dice_mean", np.mean), ("dice_median", np.median)):
        figures |= with_interval(name, group_bootstrap(dice, groups, statistic) if dice else None)
    return figures


def _of_answers(cases: Sequence[Decided | Held], answers: Sequence[tuple]) -> dict[str, Any]:
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
