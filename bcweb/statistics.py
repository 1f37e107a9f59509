"""Intervals that respect groups, and the area under the ROC curve.

Cases of one group (a patient, near-duplicate pictures) resemble each other: an interval that treats
them as independent is too narrow. So whole groups are drawn, with replacement (the cluster bootstrap,
Davison and Hinkley 1997, 3.8), and the percentiles of the resampled statistic are the interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Literal, NamedTuple

import numpy as np

Statistic = Callable[[np.ndarray], float]


class Interval(NamedTuple):
    """An estimate with its interval; low and high are NaN where one group leaves nothing to resample."""

    estimate: float
    low: float
    high: float


class Proportion(NamedTuple):
    """A share with its interval, and which of the two made the interval (see `proportion`)."""

    estimate: float
    low: float
    high: float
    method: Literal["bootstrap", "clopper-pearson"]


def group_bootstrap(
    values: Sequence[float] | np.ndarray,
    groups: Sequence[Hashable],
    statistic: Statistic = np.mean,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A statistic over cases, with its percentile interval when groups are drawn with replacement.

    values: (N,) or, for a statistic of several columns, (N, K); finite. groups: N names. The statistic
    gets the cases of the drawn groups, a case as often as its group was drawn; `np.mean` and
    `np.median` are computed for all resamples at once. The same seed gives the same interval.
    Resamples on which the statistic does not exist (NaN) are left out.
    """
    values = np.asarray(values, float)
    if not len(values):
        raise ValueError("There are no cases to take a statistic of.")
    if len(values) != len(groups):
        raise ValueError(f"There are {len(values)} values and {len(groups)} groups.")
    if not np.isfinite(values).all():
        raise ValueError("A value is not a finite number; leave such cases out and say so.")
    if not 0 < level < 1 or resamples < 1:
        raise ValueError("A level lies between 0 and 1, and resamples are at least one.")
    estimate = float(statistic(values))
    member = _members(groups)
    count = int(member.max()) + 1
    if count < 2:
        return Interval(estimate, math.nan, math.nan)
    draws = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=resamples
    )
    if statistic is np.mean and values.ndim == 1:
        drawn = _means(values, member, draws)
    elif statistic is np.median and values.ndim == 1:
        drawn = _medians(values, member, draws)
    else:
        drawn = np.array([statistic(np.repeat(values, times[member], axis=0)) for times in draws])
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Interval(estimate, math.nan, math.nan)
    tail = 50 * (1 - level)
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Interval(estimate, float(low), float(high))


def paired_difference(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    groups: Sequence[Hashable],
    statistic: Statistic = np.mean,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The statistic of `first - second` on the same cases, with its interval; see `group_bootstrap`.

    It is far narrower than the difference of two separate intervals: hard cases are hard for both.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape:
        raise ValueError(f"Pairs want one shape; these are {first.shape} and {second.shape}.")
    return group_bootstrap(first - second, groups, statistic, resamples, level, seed)


def proportion(
    flags: Sequence[bool] | np.ndarray,
    groups: Sequence[Hashable],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Proportion:
    """The share of True, with its interval.

    Where all cases are alike the bootstrap knows only that one answer and its interval has no width;
    there it is Clopper and Pearson's (1934) for as many independent cases as there are groups:
    of n groups none, the share is at most 1 - (alpha / 2) ** (1 / n), about 3.7 / n at 95%.
    """
    flags = np.asarray(flags, bool)
    if len(flags) and flags.all() == flags.any():
        if len(flags) != len(groups):
            raise ValueError(f"There are {len(flags)} values and {len(groups)} groups.")
        reach = ((1 - level) / 2) ** (1 / len(set(groups)))
        low, high = (reach, 1.0) if flags[0] else (0.0, 1 - reach)
        return Proportion(float(flags[0]), low, high, "clopper-pearson")
    return Proportion(*group_bootstrap(flags, groups, np.mean, resamples, level, seed), "bootstrap")


def auc(scores: Sequence[float] | np.ndarray, positives: Sequence[bool] | np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties half.

    The rank form (Mann and Whitney 1947). NaN where one of the two kinds is absent.
    """
    scores, positives = np.asarray(scores, float), np.asarray(positives, bool)
    if scores.shape != positives.shape:
        raise ValueError(f"There are {len(scores)} scores and {len(positives)} answers.")
    n_positive = int(positives.sum())
    n_negative = len(positives) - n_positive
    if not n_positive or not n_negative:
        return math.nan
    negatives = np.sort(scores[~positives])
    below = np.searchsorted(negatives, scores[positives], "left")
    up_to = np.searchsorted(negatives, scores[positives], "right")
    return float((below + up_to).sum() / (2 * n_positive * n_negative))


def auc_interval(
    scores: Sequence[float] | np.ndarray,
    positives: Sequence[bool] | np.ndarray,
    groups: Sequence[Hashable],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """`auc` with its group-bootstrap interval."""
    columns = np.column_stack([np.asarray(scores, float), np.asarray(positives, float)])
    return group_bootstrap(
        columns, groups, lambda rows: auc(rows[:, 0], rows[:, 1] > 0), resamples, level, seed
    )


def _members(groups: Sequence[Hashable]) -> np.ndarray:
    """(N,) int: groups numbered in the order in which they first come."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups])


def _means(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) means; draws: (R, G), how often each group was drawn."""
    return (draws @ np.bincount(member, values)) / (draws @ np.bincount(member))


def _medians(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) medians, from the values in order and how far each resample has come at each of them."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    come = np.cumsum(draws[:, member[order]], axis=1)
    total = come[:, -1]
    lower = (come <= ((total - 1) // 2)[:, None]).sum(axis=1)
    upper = (come <= (total // 2)[:, None]).sum(axis=1)
    return (ordered[lower] + ordered[upper]) / 2
