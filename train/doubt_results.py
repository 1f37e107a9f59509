"""What `python -m train.doubt_study` measured of the review's scores, and what it comes to.

cases.csv      every case: its error, every uncertainty and every suspicion
damaged.csv    every suspicion of the same cases' truths, damaged on purpose
pairs.csv      pairs of cases of one picture whose truths contradict each other
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, comb
from pathlib import Path

import numpy as np

from bcweb.statistics import Interval, auc, group_bootstrap, rank_correlation
from train.tables import PREFIX, read_table

FIRST = 20  # of the queue, for precision
FIRST_PAIRS = 50  # and for pairs
OF_A_KIND = 10  # masks damaged in each way, in one draw
DRAWS = 200
WRONG = 0.5  # an error above this is a mask that a reader has to draw anew

UNCERTAINTY, SUSPICION = "agreement", "worst half"  # those that bcweb.review.doubt has


@dataclass(frozen=True)
class Rated:
    """A case: error is 1 - Dice, and 1 where a normal is painted."""

    dataset: str
    case: str
    group: str
    modality: str
    how: str
    revision: str
    lesion: bool
    error: float
    uncertainty: dict[str, float] = field(metadata={PREFIX: "uncertainty: "})
    suspicion: dict[str, float] = field(metadata={PREFIX: "suspicion: "})

    @property
    def key(self) -> tuple[str, str]:
        return self.dataset, self.case


@dataclass(frozen=True)
class Damaged:
    """A case whose truth was damaged. dice: of the damaged truth and the truth."""

    dataset: str
    case: str
    kind: str
    dice: float
    suspicion: dict[str, float] = field(metadata={PREFIX: "suspicion: "})


@dataclass(frozen=True)
class Pair:
    """Two cases of one picture. dice: of their truths."""

    dataset: str
    first: str
    second: str
    dice: float


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured; `cases` are those that the weights had not seen, `seen` the others."""

    rated: list[Rated]
    damaged: list[Damaged]
    pairs: list[Pair]

    @classmethod
    def read(cls, folder: Path) -> Study:
        files = {"cases": Rated, "damaged": Damaged, "pairs": Pair}
        return cls(*(read_table(folder / f"{name}.csv", kind) for name, kind in files.items()))

    @property
    def cases(self) -> list[Rated]:
        return [case for case in self.rated if case.how != "seen"]

    @cached_property
    def worse(self) -> dict[tuple[str, str], dict[str, Damaged]]:
        """The damaged truths of a case, by the kind of damage."""
        found: dict[tuple[str, str], dict[str, Damaged]] = {}
        for each in self.damaged:
            found.setdefault((each.dataset, each.case), {})[each.kind] = each
        return found

    @property
    def parts(self) -> dict[str, list[Rated]]:
        """By modality, and by data set where a modality has several."""
        found = {}
        for modality in dict.fromkeys(case.modality for case in self.cases):
            mine = [case for case in self.cases if case.modality == modality]
            names = list(dict.fromkeys(case.dataset for case in mine))
            if len(names) > 1:
                found[f"{modality}s"] = mine
            for name in names:
                found[f"{modality}s, {name}"] = [case for case in mine if case.dataset == name]
        return found


def correlation(
    cases: Sequence[Rated], name: str, of: Callable[[Rated], bool] = lambda case: True
) -> Interval | None:
    """Spearman's, of an uncertainty with the error; None where either does not vary."""
    columns = np.array([(c.uncertainty[name], c.error) for c in cases if of(c)])
    if len(columns) < 3 or any(len(np.unique(column)) < 2 for column in columns.T):
        return None
    return group_bootstrap(
        columns, [(c.dataset, c.group) for c in cases if of(c)], rank_correlation
    )


def finds_wrong(cases: Sequence[Rated], name: str) -> float | None:
    """The chance that a case whose error is above `WRONG` is more uncertain than one whose is not."""
    wrong = [case.error > WRONG for case in cases]
    if len(set(wrong)) < 2:
        return None
    return auc([case.uncertainty[name] for case in cases], wrong)


def wrong_first(cases: Sequence[Rated], name: str, share: float) -> tuple[int, int]:
    """How many masks whose error is above `WRONG` are in this share of the cases, the most uncertain ones,
    and how many there are."""
    first = sorted(cases, key=lambda case: -case.uncertainty[name])[: ceil(share * len(cases))]
    return _wrong(first), _wrong(cases)


def _wrong(cases: Sequence[Rated]) -> int:
    return sum(case.error > WRONG for case in cases)


def precision(
    study: Study, cases: Sequence[Rated], name: str, kinds: Sequence[str], each: int
) -> Interval | None:
    """Share of damaged truths among the first 20, when `each` of every kind are damaged: its mean over
    200 draws of which they are, and the range that holds 95% of the draws. None with too few cases."""
    lesions = np.array([i for i, case in enumerate(cases) if case.key in study.worse], int)
    if len(lesions) < each * len(kinds):
        return None
    good = np.array([case.suspicion[name] for case in cases])
    bad = {
        kind: {i: study.worse[cases[i].key][kind].suspicion[name] for i in lesions}
        for kind in kinds
    }
    shares, least = [], max(len(good) - FIRST, 0)
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = rng.permutation(lesions)[: each * len(kinds)]
        scores, is_bad = good.copy(), np.zeros(len(good), bool)
        for place, i in enumerate(drawn):
            scores[i], is_bad[i] = bad[kinds[place // each]][i], True
        among = np.flatnonzero(scores >= np.partition(scores, least)[least])
        turns = rng.random(len(scores))[among]  # equals in any order
        first = among[np.lexsort((turns, -scores[among]))[:FIRST]]
        shares.append(is_bad[first].mean())
    low, high = np.percentile(shares, [2.5, 97.5])
    return Interval(float(np.mean(shares)), float(low), float(high))


def places(cases: Sequence[Rated], pairs: Sequence[Pair], name: str) -> list[int]:
    """Where the first case of each pair stands among the suspect ones, from 1."""
    order = sorted(cases, key=lambda case: -case.suspicion[name])
    place = {case.key: number for number, case in enumerate(order, 1)}
    return sorted(
        min(place[pair.dataset, case] for case in (pair.first, pair.second)) for pair in pairs
    )


def by_chance(cases: int, pairs: int) -> float:
    """How many pairs the first 50 in a random order are expected to hold a case of."""
    if cases <= FIRST_PAIRS:
        return float(pairs)
    return pairs * (1 - comb(cases - 2, FIRST_PAIRS) / comb(cases, FIRST_PAIRS))
