"""How far readers agree, in words and rows, for the terminal, the page and the report alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bcweb.review.wording import (
    ALIKE_SHARE,
    DASH,
    NO_INTERVAL,
    Cell,
    Line,
    Metric,
    change,
    change_interval,
    figure,
    images,
)

TITLE = "Readers"
COLUMNS = (
    Metric(
        "dice_mean", "", "Dice, mean", "",
        "Of the two masks, whichever is right: 1 is the same, 0 is no overlap. The mean over the cases where either "
        "reader outlined something.",
        "Neither reader outlined anything on any of them.",
    ),
    Metric(
        "dice_median", "", "Dice, median", "",
        "Half of these cases have a higher Dice.",
        "Neither reader outlined anything on any of them.",
    ),
    Metric(
        "same", "", "Same answer", "%",
        "Share of the cases on which both outline something, or neither does.",
        "There is no such case.",
    ),
    Metric(
        "kappa", "", "Kappa", "",
        "Cohen's kappa (1960) of that answer: how much more often it is the same than by chance. 1 is always, 0 as by "
        "chance.",
        "Both give one and the same answer on all of them: there is no chance to be better than.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Two readers. lines: they, and the weights with either of them, with `COLUMNS`."""

    title: str
    said: tuple[str, ...]
    lines: tuple[Line, ...]


def told(figures: dict[str, Any]) -> tuple[Told, ...]:
    """Of `Evaluation.figures`, each two readers who decided a case both."""
    return tuple(_told(pair, figures["revision"]) for pair in figures["agreement"])


def _told(pair: dict[str, Any], revision: str) -> Told:
    first, second, weights = pair["first"], pair["second"], pair["weights"]
    title = f"{first} and {second}"
    lines = [_line(title, pair["readers"])]
    if weights["first"]["n"]:
        lines += [
            _line(f"{revision} and {name}", weights[of])
            for of, name in (("first", first), ("second", second))
        ]
    said = [_shared(pair), _labels(pair["labels"]), _beside(weights, revision)]
    return Told(
        title, tuple(one for one in said if one), tuple(lines) if pair["readers"]["n"] else ()
    )


def _shared(pair: dict[str, Any]) -> str:
    n = pair["readers"]["n"]
    said = (
        f"{pair['first']} and {pair['second']} both decided {images(pair['decided'], what='case')}, "
        f"and both left a mask on {n:,} of them."
    )
    if begun := pair["begun_alike"]:
        said += f" On {begun:,} of these both masks began with the same one, the prediction or the truth, which favours agreement."
    return said


def _labels(labels: dict[str, Any]) -> str:
    if not labels["n"]:
        return ""
    said = f"{images(labels['n'], what='case')} have a label from both: the same one in {_with_ends(labels, 'same', '%')}"
    return said + (
        f", kappa {_with_ends(labels, 'kappa')}." if labels["kappa"] is not None else "."
    )


def _beside(weights: dict[str, Any], revision: str) -> str:
    if weights["difference"] is None:
        return ""
    ends = change_interval(weights["difference_ci"]) or "no interval"
    said = (
        f"On the {images(weights['first']['lesion_n'], what='case')} among them that {revision} had not seen and where either "
        f"outlined something, the readers agree with each other by a mean Dice of {figure(weights['readers'])}, and "
        f"{revision} with them by {figure(weights['agreement'])}: {change(weights['difference'])} ({ends})."
    )
    if begun := weights["begun"]:
        said += (
            f" Of the readers' masks {begun:,} are its own, accepted or drawn on, which favours it."
        )
    return said


def _with_ends(figures: dict[str, Any], key: str, unit: str = "") -> str:
    ends = _interval(figures[f"{key}_ci"], unit)
    return _figure(figures[key], unit) + (f" ({ends})" if ends else "")


def _figure(value: float, unit: str) -> str:
    """Kappa may be below 0."""
    return figure(value, unit).replace("-", "\N{MINUS SIGN}")


def _interval(ends: list[float] | None, unit: str) -> str:
    return "" if ends is None else " to ".join(_figure(end, unit) for end in ends)


def _line(name: str, figures: dict[str, Any]) -> Line:
    cells = tuple(_cell(figures, metric) for metric in COLUMNS)
    return Line(
        name, f"{figures['n']:,}", images(figures["n"], figures["groups"], "case"), None, cells
    )


def _cell(figures: dict[str, Any], metric: Metric) -> Cell:
    value, ends = figures[metric.key], figures[f"{metric.key}_ci"]
    if value is None:
        return Cell(metric.key, DASH, why=metric.why_not)
    of = "lesion_" if metric.key.startswith("dice") else ""
    over = f"Over {images(figures[f'{of}n'], figures[f'{of}groups'], 'case')}."
    why = "" if ends else NO_INTERVAL
    if ends and metric.key == "same" and value in (0, 1):
        why = ALIKE_SHARE
    return Cell(metric.key, _figure(value, metric.unit), _interval(ends, metric.unit), over, why)
