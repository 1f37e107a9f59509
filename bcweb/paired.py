"""Two networks on the same cases, against the same truth: the figures of both, and how far they are apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from bcweb.metrics import DETECTED_ABOVE
from bcweb.scores import CaseScore, are_of_one_truth, groups_of, outlined, with_interval
from bcweb.statistics import auc, auc_gain, paired_difference, proportion
from bcweb.terminal import counted, shown

SAME = 0.0005  # Dice that differ by less count as the same: tables round them

# By key of `rows`: what it is called, and its unit.
_NAMES = {
    "dice_mean": ("Dice, mean", ""),
    "dice_median": ("Dice, median", ""),
    "iou_mean": ("IoU, mean", ""),
    "hd95_mean": ("HD95, px", "px"),
    "detected": ("Found", "%"),
    "painted": ("Normals painted", "%"),
    "presence_auc": ("Presence, AUC", ""),
}
_LESS_IS_BETTER = ("hd95_mean", "painted")
_ALIKE = "*"  # behind an interval that is not of resampled groups
_ALIKE_IS = (
    f"{_ALIKE} No case differs, or no pair of cases: the interval is how far the share of groups, or pairs, that differ "
    "may be from 0, by Clopper and Pearson."
)


class Pair(NamedTuple):
    first: CaseScore
    second: CaseScore


def beside(
    first: str, scores: Sequence[CaseScore], second: str, others: Sequence[CaseScore]
) -> dict[str, Any]:
    """What --json has of two networks on the cases that both have a score of, against one truth, and that neither is known
    to have seen. left_out: why others are not among them. unsaid: of which network nobody says what it had seen."""
    there = {score.key: score for score in others}
    pairs, left_out = [], Counter()
    for score in scores:
        other = there.get(score.key)
        if other is None or score.error or other.error:
            left_out[f"without a score by {first if score.error else second}"] += 1
        elif not are_of_one_truth(other, score):
            left_out["whose truth is another now"] += 1
        elif score.seen and other.seen:
            left_out["that both saw in training"] += 1
        elif score.seen or other.seen:
            left_out[f"that {first if score.seen else second} saw in training"] += 1
        else:
            pairs.append(Pair(score, other))
    kept = {score.key for score in outlined([pair.first for pair in pairs])}
    if weak := len(pairs) - len(kept):
        left_out["with only boxes known"] += weak
    pairs = [pair for pair in pairs if pair.first.key in kept]
    gains = [_dice(pair.first) - _dice(pair.second) for pair in pairs]
    better, worse = sum(gain >= SAME for gain in gains), sum(gain <= -SAME for gain in gains)
    unsaid = [
        name for name, side in ((first, 0), (second, 1)) if any(p[side].seen is None for p in pairs)
    ]
    return {
        "first": first,
        "second": second,
        "pairs": len(pairs),
        "left_out": dict(left_out),
        "unsaid": unsaid,
        "better": better,
        "worse": worse,
        "same": len(pairs) - better - worse,
        "rows": rows(pairs),
    }


def _dice(score: CaseScore) -> float:
    """A table may leave it out for an image without a lesion."""
    return score.dice if score.lesion else float(score.painted == 0)


def rows(pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """By name: n images, groups, the figure of the first, of the second, and first - second."""
    lesion = [pair for pair in pairs if pair.first.lesion]
    normal = [pair for pair in pairs if not pair.first.lesion]
    apart = [pair for pair in lesion if None not in (pair.first.hd95_px, pair.second.hd95_px)]
    rated = [pair for pair in pairs if None not in (pair.first.presence, pair.second.presence)]
    return {
        "dice_mean": paired(lesion, lambda s: s.dice),
        "dice_median": paired(lesion, lambda s: s.dice, np.median),
        "iou_mean": paired(lesion, lambda s: s.iou),
        "hd95_mean": paired(apart, lambda s: s.hd95_px),
        "detected": paired_share(lesion, lambda s: s.dice > DETECTED_ABOVE),
        "painted": paired_share(normal, lambda s: s.painted > 0),
        "presence_auc": paired_auc(rated),
    }


def side_by_side(figures: dict[str, Any]) -> list[str]:
    """`beside` for a person, a line each."""
    first, second, unsaid = figures["first"], figures["second"], figures["unsaid"]
    which = f"that both have a score of and neither {'is known to have' if unsaid else 'had'} seen"
    said = f"There is no case {which}."
    if figures["pairs"]:
        said = (
            f"{counted(figures['pairs'], 'case')} {which}: {figures['better']} better with {first}, {figures['worse']} worse, "
            f"{figures['same']} less than {SAME:g} apart."
        )
    lines = [f"{first} beside {second}", said]
    if unsaid:
        lines.append(f"What {' and '.join(unsaid)} had seen is not said.")
    if left_out := figures["left_out"]:
        lines.append(f"Left out: {'; '.join(f'{n} {why}' for why, n in left_out.items())}.")
    if table := [
        _line(key, row)
        for key, row in figures["rows"].items()
        if row["n"] and row["first"] is not None
    ]:
        lines += [f"  {'':22}{'first':>8}{'second':>8}  difference, 95% interval", *table]
        lines += [_ALIKE_IS] if any(line.endswith(_ALIKE) for line in table) else []
    return list(map(shown, lines))


def _line(key: str, row: dict[str, Any]) -> str:
    name, unit = _NAMES[key]
    if key == "hd95_mean":  # where one painted nothing there is no distance
        name += f" (over {row['n']})"
    ends = row["difference_ci"]
    said = verdict(key, ends)
    interval = " to ".join(_said(end, unit, "+") for end in ends) if ends else "no interval"
    points = " points" * (unit == "%")
    both = "".join(
        f"{_said(row[side], unit) + '%' * (unit == '%'):>8}" for side in ("first", "second")
    )
    mark = f" {_ALIKE}" if ends and row.get("alike") else ""
    return f"  {name:<22}{both}  {_said(row['difference'], unit, '+')}{points} ({interval}){said and ' '}{said}{mark}"


def verdict(key: str, ends: Sequence[float] | None) -> str:
    """Whether the interval of a difference leaves 0 out, and to which side; what a table has rounded away is none."""
    if ends is None or (ends[0] <= SAME and ends[1] >= -SAME):
        return ""
    return "better" if (ends[0] > 0) != (key in _LESS_IS_BETTER) else "worse"


def _said(value: float, unit: str, sign: str = "") -> str:
    """A share in hundredths: a difference of shares is of points."""
    value, places = (100 * value if unit == "%" else value), (1 if unit else 3)
    text = f"{value:{sign}.{places}f}"
    return "0" if sign and float(text) == 0 else text


def paired(
    pairs: Sequence[Pair], value: Callable[[CaseScore], float], statistic: Callable = np.mean
) -> dict[str, Any]:
    """n, groups, the statistic of either side, and that of the differences case by case with its interval."""
    first = np.array([value(pair.first) for pair in pairs], float)
    second = np.array([value(pair.second) for pair in pairs], float)
    groups = groups_of([pair.first for pair in pairs])
    figures = {"n": len(pairs), "groups": len(set(groups))}
    if not pairs:
        return figures | _nothing()
    figures |= {"first": float(statistic(first)), "second": float(statistic(second))}
    return figures | with_interval(
        "difference", paired_difference(first, second, groups, statistic)
    )


def paired_share(pairs: Sequence[Pair], is_so: Callable[[CaseScore], bool]) -> dict[str, Any]:
    """Where no case differs (alike) the bootstrap knows only that answer; there the interval is how far the
    share of differing groups may be from 0, after Clopper and Pearson as in `bcweb.statistics.proportion`.
    """
    figures = paired(pairs, lambda score: float(is_so(score)))
    is_alike = bool(pairs) and all(is_so(pair.first) == is_so(pair.second) for pair in pairs)
    if is_alike:
        reach = proportion([False] * len(pairs), groups_of([pair.first for pair in pairs])).high
        figures["difference_ci"] = [-reach, reach]
    return figures | {"alike": is_alike}


def paired_auc(pairs: Sequence[Pair]) -> dict[str, Any]:
    """`paired` of presence, by which a network tells lesion images from normal ones."""
    groups = groups_of([pair.first for pair in pairs])
    figures = {"n": len(pairs), "groups": len(set(groups))}
    if {pair.first.lesion for pair in pairs} != {True, False}:
        return figures | _nothing()
    presences = [[getattr(pair, which).presence for pair in pairs] for which in ("first", "second")]
    lesion = [pair.first.lesion for pair in pairs]
    networks = [(pair.first.revision, pair.second.revision) for pair in pairs]
    first, second = (auc(each, lesion, networks) for each in presences)
    if np.isnan(first):  # no network looked at both a lesion and a normal: there is no pair
        return figures | _nothing()
    figures |= {"first": first, "second": second, "alike": first == second and first in (0, 1)}
    interval = auc_gain(*presences, lesion, groups, networks)
    return figures | with_interval("difference", interval)


def _nothing() -> dict[str, None]:
    return dict.fromkeys(("first", "second", "difference", "difference_ci"))
