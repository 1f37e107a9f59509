"""How far readers agree, in words and rows, for the terminal, the page and the report alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
AGAINST_TRUTH = "against the imported truth"
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
COLUMNS_OF_TRUTH = (
    replace(
        COLUMNS[0],
        meaning="Of the mask and the truth: 1 is the same, 0 is no overlap. The mean over the cases whose truth holds a "
        "lesion.",
        why_not="The truth holds no lesion on any of them.",
    ),
    replace(COLUMNS[1], why_not="The truth holds no lesion on any of them."),
    replace(
        COLUMNS[2],
        meaning="Share of the cases on which mask and truth both hold a lesion, or neither does.",
    ),
    COLUMNS[3],
)


@dataclass(frozen=True)
class Told:
    """A table of readers and weights, and what is said of it. lines: with these columns."""

    title: str
    said: tuple[str, ...]
    lines: tuple[Line, ...]
    columns: tuple[Metric, ...] = COLUMNS


def against_truth(figures: dict[str, Any]) -> Told | None:
    """Of `Evaluation.figures`, each reader beside the imported truth, and the weights; None where no reader is."""
    told, revision = figures["against_truth"], figures["revision"]
    readers, weights = told["readers"], told["weights"]
    if not readers:
        return None
    said = [
        f"Masks that readers left, and those of {revision} on the same cases as far as it had not seen them, against "
        "the outlines that came with the data. Readers may have looked at these: the Review tab shows them until they "
        "are hidden."
    ]
    if kept := _of_each(readers, "kept"):
        said.append(f"Left out, because they are the truth, kept or drawn on: {kept}.")
    if begun := _of_each(readers, "begun"):
        said.append(
            f"Begun with a prediction, accepted or drawn on, or with another reader's mask: {begun}."
        )
    of_each = [(one["reader"], one) for one in readers]
    lines = [
        _line(name, one, COLUMNS_OF_TRUTH)
        for name, one in (*of_each, (revision, weights))
        if one["n"]
    ]
    return Told(AGAINST_TRUTH, tuple(said), tuple(lines), COLUMNS_OF_TRUTH)


def _of_each(readers: list[dict[str, Any]], key: str) -> str:
    return ", ".join(f"{one[key]:,} of {one['reader']}" for one in readers if one[key])


def tables(figures: dict[str, Any]) -> tuple[Told, ...]:
    """All that there is of readers."""
    first = against_truth(figures)
    return (*((first,) if first else ()), *told(figures))


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
        said += (
            f" On {begun:,} of these both masks began with the same one (the prediction, the truth, or one with the "
            "other's), which favours agreement."
        )
    return said


def _labels(labels: dict[str, Any]) -> str:
    if not labels["n"]:
        return ""
    have = "has" if labels["n"] == 1 else "have"
    said = (
        f"{images(labels['n'], what='case')} {have} a label from both: the same one in "
        f"{_with_ends(labels, 'same', '%')}"
    )
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
        its = "is its own" if begun == 1 else "are its own"
        said += (
            f" Of the readers' masks there {begun:,} {its}, accepted or drawn on, which favours it."
        )
    if empty := weights["empty"]:
        said += (
            f" Where neither outlined anything, {revision} paints on {weights['painted']:,} of "
            f"{images(empty, what='case')}."
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


def _line(name: str, figures: dict[str, Any], columns: tuple[Metric, ...] = COLUMNS) -> Line:
    cells = tuple(_cell(figures, metric) for metric in columns)
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
