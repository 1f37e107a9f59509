"""Intervals that respect groups, and the area under the ROC curve.

Cases of one group (a patient, near-duplicate pictures) resemble each other: an interval that treats
them as independent is too narrow. So whole groups are drawn, with replacement (the cluster bootstrap,
Davison and Hinkley 1997, 3.8), and the percentiles of the resampled statistic are the interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

Statistic = Callable[[np.ndarray], float]

# The percentiles of so few groups are too narrow. Where nothing differs, a 95% interval leaves 0 out in 5 of 100
# samples; this one, of groups that differ normally, in 50 of two groups, 20 of four, 12 of eight and 10 of ten.
LEAST_GROUPS = 10

# Of an area under the ROC curve the fewer of positives and negatives decide: where presence tells nothing, the
# percentiles of 40 positives leave 0.5 out in 33 of 100 samples beside two negatives, 16 beside three, 11 beside five
# and 7 beside ten.
LEAST_OF_A_KIND = 5

_CELLS = 200_000  # of the tables that are worked on at once: what the caches of a processor hold


class Interval(NamedTuple):
    """An estimate with its interval; low and high are NaN where fewer than `LEAST_GROUPS` groups, or groups that are
    all alike, cannot tell how far it may reach."""

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
    gets the cases of the drawn groups, a case as often as its group was drawn; `np.mean`, `np.median`
    and the statistics of columns in this module are computed for many resamples at once, thousands of
    cases in a second. The same seed gives the same interval.
    Resamples on which the statistic does not exist (NaN) are left out. There is no interval of fewer than
    `LEAST_GROUPS` groups, nor where its ends would be the same, as where no lesion was hit at all: the bootstrap
    would be certain of it.
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
    if count < LEAST_GROUPS or math.isnan(estimate):
        return Interval(estimate, math.nan, math.nan)
    draws = _draws(count, resamples, seed)
    if (at_once := _AT_ONCE.get((statistic, values.ndim))) is not None:
        drawn = at_once(values, member, draws)
    else:
        drawn = np.array([statistic(np.repeat(values, times[member], axis=0)) for times in draws])
    return _percentiles(estimate, drawn[~np.isnan(drawn)], level)


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


def repeated_mean(
    values: np.ndarray,
    groups: Sequence[Hashable],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean over cases and trainings, with its interval when both are drawn again.

    values: (T, N), N cases by each of T trainings that differ by chance alone. groups: N names. Groups are drawn
    as ever and trainings beside them (Owen 2007, "The pigeonhole bootstrap"), T - 1 of the T, without which
    the spread of so few would come out too small (Rao and Wu 1988). The chance of a single training is not
    known, and not in the interval.
    """
    values = np.atleast_2d(np.asarray(values, float))
    return _repeated([values], groups, resamples, level, seed)


def repeated_difference(
    first: np.ndarray,
    second: np.ndarray,
    groups: Sequence[Hashable],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of `first` less that of `second` on the same cases, (T, N) and (U, N), with its interval: the same
    groups are drawn for both, trainings for each by itself; see `repeated_mean`.
    """
    first, second = (np.atleast_2d(np.asarray(side, float)) for side in (first, second))
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"Pairs want the same cases; these are {first.shape} and {second.shape}.")
    return _repeated([first, -second], groups, resamples, level, seed)


def _repeated(
    sides: Sequence[np.ndarray],
    groups: Sequence[Hashable],
    resamples: int,
    level: float,
    seed: int,
) -> Interval:
    """The sum of the sides' means, (T, N) each."""
    if not all(side.size for side in sides):
        raise ValueError("There are no cases to take a statistic of.")
    if sides[0].shape[1] != len(groups):
        raise ValueError(f"There are {sides[0].shape[1]} values and {len(groups)} groups.")
    estimate = float(sum(side.mean() for side in sides))
    member = _members(groups)
    count = int(member.max()) + 1
    if count < LEAST_GROUPS:
        return Interval(estimate, math.nan, math.nan)
    draws = _draws(count, resamples, seed)
    rng = np.random.default_rng([seed, 1])
    drawn = np.zeros(resamples)
    for side in sides:
        sums = _sums(np.column_stack([side.T, np.ones(len(groups))]), member, draws)
        means = sums[:, :-1] / sums[:, -1:]
        trainings = len(side)
        taken = max(trainings - 1, 1)
        times = rng.multinomial(taken, np.full(trainings, 1 / trainings), size=resamples)
        drawn += (means * times).sum(axis=1) / taken
    return _percentiles(estimate, drawn, level)


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
        reach = _reach(len(set(groups)), level)
        low, high = (reach, 1.0) if flags[0] else (0.0, 1 - reach)
        return Proportion(float(flags[0]), low, high, "clopper-pearson")
    return Proportion(*group_bootstrap(flags, groups, np.mean, resamples, level, seed), "bootstrap")


def _reach(n: int, level: float) -> float:
    """The least share that may well show n of n (Clopper and Pearson 1934)."""
    return ((1 - level) / 2) ** (1 / n)


def mean_count(
    counts: Sequence[int] | np.ndarray,
    groups: Sequence[Hashable],
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of counts, with its interval.

    Where all cases have the same count, as 0, a bootstrap would be certain of it; there it is Garwood's (1936) of a
    Poisson count, for as many independent cases as there are groups: of n groups none, the mean is at most
    -log(alpha / 2) / n, about 3.7 / n at 95%.
    """
    counts = np.asarray(counts, float)
    if not len(counts) or len(counts) != len(groups) or (counts != counts[0]).any():
        return group_bootstrap(counts, groups, np.mean, resamples, level, seed)
    from scipy.special import gammaincinv  # slow to load, and few need it

    n, tail = len(set(groups)), (1 - level) / 2
    all_of_them = counts[0] * n
    low = gammaincinv(all_of_them, tail) / n if all_of_them else 0.0
    return Interval(float(counts[0]), float(low), float(gammaincinv(all_of_them + 1, 1 - tail) / n))


def auc(
    scores: Sequence[float] | np.ndarray,
    positives: Sequence[bool] | np.ndarray,
    networks: Sequence[Hashable] | None = None,
) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties half.

    The rank form (Mann and Whitney 1947). networks: whose scores they are, where several networks (the
    folds of a cross-validation) rated a part each: a pair is then of one network's scores, since each has
    a scale of its own (Forman and Scholz 2010). NaN where there is no pair.
    """
    return auc_of_columns(_rated(networks, scores, positives))


def ratio(rows: np.ndarray) -> float:
    """The sum of the first of two columns over the sum of the second."""
    return rows[:, 0].sum() / rows[:, 1].sum()


def auc_of_columns(rows: np.ndarray) -> float:
    """`auc` of three columns: whose score it is (a number), the score, whether it is a positive."""
    once = np.ones((1, len(rows)), np.uint16)
    return float(_aucs(rows, np.arange(len(rows)), once)[0])


def auc_difference(rows: np.ndarray) -> float:
    """Of four columns, whose scores they are, two scores, what is a positive: `auc` of the first score less
    that of the second."""
    return auc_of_columns(rows[:, [0, 1, 3]]) - auc_of_columns(rows[:, [0, 2, 3]])


def kappa(rows: np.ndarray) -> float:
    """Cohen's kappa (1960) of two columns of answers, coded as numbers: how much more often both are the same than two
    who answer as often so, by chance. 1 is always, 0 as by chance; NaN where both give one and the same answer throughout.
    """
    same = np.mean(rows[:, 0] == rows[:, 1])
    by_chance = sum(np.prod(np.mean(rows == answer, axis=0)) for answer in np.unique(rows))
    return math.nan if by_chance == 1 else float((same - by_chance) / (1 - by_chance))


def rank_correlation(rows: np.ndarray) -> float:
    """Of two columns (Spearman 1904): the correlation of their ranks, ties at their mean rank.

    NaN where one of them holds only one value.
    """
    everyone = np.arange(len(rows))
    return float(_rank_correlations(rows, everyone, np.ones((1, len(rows)), np.uint16))[0])


def calibration_bins(probabilities: np.ndarray, truths: np.ndarray, bins: int = 10) -> np.ndarray:
    """(3 * bins,) float: of each of equal bins of 0..1 how many, the sum of them, and how many are true.

    probabilities, truths: of one shape; a row of what `calibration_error` takes.
    """
    p = np.asarray(probabilities, float).ravel()
    place = np.minimum((p * bins).astype(int), bins - 1)
    counted = [
        np.bincount(place, weights, bins)
        for weights in (None, p, np.asarray(truths, float).ravel())
    ]
    return np.concatenate(counted).astype(float)


def calibration_error(rows: np.ndarray) -> float:
    """The expected calibration error (Naeini et al. 2015), of rows (N, 3 * bins) of `calibration_bins`.

    The mean over all that was said of |how often it was true - how probable it was called|, bin by bin.
    """
    counts, said, true = rows.sum(axis=0).reshape(3, -1)
    return float(np.abs(said - true).sum() / counts.sum())


def auc_interval(
    scores: Sequence[float] | np.ndarray,
    positives: Sequence[bool] | np.ndarray,
    groups: Sequence[Hashable],
    networks: Sequence[Hashable] | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """`auc` with its group-bootstrap interval; none where fewer than `LEAST_OF_A_KIND` groups hold a positive, or a
    negative.

    Where every positive scores above every negative, or below, a bootstrap would be certain of it. There it is
    Clopper and Pearson's as in `proportion`, for as many cases as there are pairs of two groups that have no group in
    common: such pairs are independent, and in each the positive scores above with the chance that the area is. Of the
    pairs that share a group nothing is taken, so it is rather too wide than too narrow; of either kind two groups are
    enough for it.
    """
    rows = _rated(networks, scores, positives)
    found = group_bootstrap(rows, groups, auc_of_columns, resamples, level, seed)
    pairs, fewer = _pairs_apart(rows, groups)
    is_certain = found.estimate in (0, 1)
    if not pairs or fewer < (2 if is_certain else LEAST_OF_A_KIND):
        return Interval(found.estimate, math.nan, math.nan)
    if found.estimate == 1:
        return Interval(1.0, _reach(pairs, level), 1.0)
    return Interval(0.0, 0.0, 1 - _reach(pairs, level)) if found.estimate == 0 else found


def auc_gain(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    positives: Sequence[bool] | np.ndarray,
    groups: Sequence[Hashable],
    networks: Sequence[Hashable] | None = None,
) -> Interval:
    """`auc` of the first scores less that of the second on the same cases, with its interval; none where
    `auc_interval` has none. Where both are 1, or both 0, it is how far the share of pairs on which they differ may be
    from 0.
    """
    rows = _rated(networks, first, second, positives)
    found = group_bootstrap(rows, groups, auc_difference)
    pairs, fewer = _pairs_apart(rows, groups)
    areas = {auc_of_columns(rows[:, [0, column, 3]]) for column in (1, 2)}
    are_certain = areas in ({1.0}, {0.0})
    if not pairs or fewer < (2 if are_certain else LEAST_OF_A_KIND):
        return Interval(found.estimate, math.nan, math.nan)
    if are_certain:
        most = 1 - _reach(pairs, 0.95)
        return Interval(0.0, -most, most)
    return found


def _pairs_apart(rows: np.ndarray, groups: Sequence[Hashable]) -> tuple[int, int]:
    """Into how many pairs, a positive's and a negative's of one network, groups can be put, each into one at most; and
    how many groups hold a positive or a negative, whichever are fewer. A group of several networks counts for its
    first."""
    held: dict[Hashable, tuple[float, set[bool]]] = {}
    for row, group in zip(rows, groups, strict=True):
        network, kinds = held.setdefault(group, (row[0], set()))
        if network == row[0]:
            kinds.add(bool(row[-1] > 0))
    fewer = min(sum(kind in kinds for _, kinds in held.values()) for kind in (True, False))
    pairs = 0
    for network in {network for network, _ in held.values()}:
        mine = [kinds for whose, kinds in held.values() if whose == network]
        positive, negative = (sum(kind in kinds for kinds in mine) for kind in (True, False))
        pairs += min(positive, negative, len(mine) // 2)
    return pairs, fewer


def _rated(
    networks: Sequence[Hashable] | None, *columns: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Columns of one length, after the number of the network whose they are."""
    whose = np.zeros(len(columns[0])) if networks is None else _members(networks)
    if len({len(column) for column in (whose, *columns)}) > 1:
        raise ValueError(f"There are {len(columns[0])} scores and {len(columns[-1])} answers.")
    return np.column_stack([whose, *(np.asarray(column, float) for column in columns)])


def _percentiles(estimate: float, drawn: np.ndarray, level: float) -> Interval:
    """No interval where nothing was drawn, or where both ends are the same but for rounding."""
    tail = 50 * (1 - level)
    low, high = np.percentile(drawn, [tail, 100 - tail]) if len(drawn) else (math.nan, math.nan)
    if math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12):
        return Interval(estimate, math.nan, math.nan)
    return Interval(estimate, float(low), float(high))


def _members(groups: Sequence[Hashable]) -> np.ndarray:
    """(N,) int: groups numbered in the order in which they first come."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups])


@lru_cache(maxsize=8)
def _draws(count: int, resamples: int, seed: int) -> np.ndarray:
    """(R, G) uint16: how often each of so many groups was drawn. Many figures are of the same groups."""
    drawn = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), size=resamples
    )
    return drawn.astype(np.uint16)


def _means(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) means; draws: (R, G), how often each group was drawn."""
    return _ratios(np.column_stack([values, np.ones(len(values))]), member, draws)


def _medians(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) medians, from the values in order and how far each resample has come at each of them."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]

    def some(times: np.ndarray) -> np.ndarray:
        come = np.cumsum(times, axis=1)
        total = come[:, -1]
        lower = (come <= ((total - 1) // 2)[:, None]).sum(axis=1)
        upper = (come <= (total // 2)[:, None]).sum(axis=1)
        return (ordered[lower] + ordered[upper]) / 2

    return _in_parts(some, member[order], draws)


def _ratios(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) of (N, 2): `ratio`."""
    sums = _sums(values, member, draws)
    return sums[:, 0] / sums[:, 1]


def _calibration_errors(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) of (N, 3 * bins): `calibration_error`."""
    counts, said, true = _sums(values, member, draws).reshape(len(draws), 3, -1).swapaxes(0, 1)
    return np.abs(said - true).sum(axis=1) / counts.sum(axis=1)


def _sums(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R, K) of (N, K): each column's sum."""
    of_groups = np.column_stack([np.bincount(member, column) for column in values.T])
    return draws.astype(float) @ of_groups  # of whole numbers there is no fast product


def _kappas(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) of (N, 2): `kappa`, of how often each two answers that there are come together."""
    answers, place = np.unique(values, return_inverse=True)
    first, second = place.reshape(values.shape).T
    cells, cell = np.unique(first * len(answers) + second, return_inverse=True)
    times = _sums(cell[:, None] == np.arange(len(cells)), member, draws)
    shares = times / times.sum(axis=1, keepdims=True)
    of_first, of_second = cells // len(answers), cells % len(answers)
    same = shares[:, of_first == of_second].sum(axis=1)
    codes = np.arange(len(answers))
    said = [shares @ (of[:, None] == codes).astype(float) for of in (of_first, of_second)]
    by_chance = (said[0] * said[1]).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance == 1, np.nan, (same - by_chance) / (1 - by_chance))


def _aucs(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) of (N, 3): `auc_of_columns`."""
    won, pairs = np.zeros((2, len(draws)))
    for network in np.unique(values[:, 0]):
        mine = values[:, 0] == network
        more = _pairs_won(values[mine, 1], values[mine, 2] > 0, member[mine], draws)
        won, pairs = won + more[:, 0], pairs + more[:, 1]
    with np.errstate(invalid="ignore"):
        return won / pairs


def _pairs_won(
    scores: np.ndarray, positive: np.ndarray, member: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """(R, 2): in how many pairs the positive scores above the negative, and how many pairs there are. Equal
    scores are one block, of which each pair counts half."""
    order = np.argsort(scores, kind="stable")
    blocks, positive = _blocks(scores[order]), positive[order]

    def some(times: np.ndarray) -> np.ndarray:
        positives = np.add.reduceat(times * positive, blocks, axis=1)
        negatives = np.add.reduceat(times * ~positive, blocks, axis=1)
        below = np.cumsum(negatives, axis=1) - negatives / 2
        pairs = positives.sum(axis=1) * negatives.sum(axis=1)
        return np.column_stack([(positives * below).sum(axis=1), pairs])

    return _in_parts(some, member[order], draws)


def _auc_differences(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    first, second = (_aucs(values[:, [0, column, 3]], member, draws) for column in (1, 2))
    return first - second


def _rank_correlations(values: np.ndarray, member: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(R,) of (N, 2): `rank_correlation`."""
    orders = [np.argsort(column, kind="stable") for column in values.T]
    blocks = [_blocks(column[order]) for column, order in zip(values.T, orders, strict=True)]

    def some(times: np.ndarray) -> np.ndarray:
        # From the mean rank: each block of equal values lies in the middle of the places it takes.
        from_mean = []
        for order, starts in zip(orders, blocks, strict=True):
            taken = np.add.reduceat(times[:, order], starts, axis=1)
            middle = np.cumsum(taken, axis=1) - taken / 2 - taken.sum(axis=1, keepdims=True) / 2
            ranks = np.empty_like(times)
            ranks[:, order] = np.repeat(middle, np.diff(starts, append=len(order)), axis=1)
            from_mean.append(ranks)
        a, b = from_mean
        spread = (times * a * a).sum(axis=1) * (times * b * b).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return (times * a * b).sum(axis=1) / np.sqrt(spread)

    return _in_parts(some, member, draws)


def _blocks(ordered: np.ndarray) -> np.ndarray:
    """Where each run of equal values begins."""
    return np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def _in_parts(
    some: Callable[[np.ndarray], np.ndarray], member: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """(R, ...): of a few resamples at a time, (r, N) how often each case was drawn, so that all fit in
    memory."""
    step = max(1, _CELLS // len(member))
    parts = (draws[at : at + step, member].astype(float) for at in range(0, len(draws), step))
    return np.concatenate([some(part) for part in parts])


# By statistic and number of dimensions of the values.
_AT_ONCE: dict[tuple[Statistic, int], Callable[..., np.ndarray]] = {
    (np.mean, 1): _means,
    (np.median, 1): _medians,
    (ratio, 2): _ratios,
    (calibration_error, 2): _calibration_errors,
    (auc_of_columns, 2): _aucs,
    (auc_difference, 2): _auc_differences,
    (rank_correlation, 2): _rank_correlations,
    (kappa, 2): _kappas,
}
