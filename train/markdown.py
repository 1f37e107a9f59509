"""Figures as cards and reports write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bcweb.statistics import Interval

DOCS = Path(__file__).parents[1] / "docs"  # where this project's own reports lie


def with_interval(found: Interval | None, digits: int = 3, signed: bool = False) -> str:
    """The estimate with its interval, as in 0.766 (0.730 to 0.798).

    "-" for None or what does not exist (NaN); the estimate alone where nothing could be resampled.
    """
    if found is None or np.isnan(found.estimate):
        return "-"
    form = f"{'+' if signed else ''}.{digits}f"
    if np.isnan(found.low):
        return f"{found.estimate:{form}}"
    return f"{found.estimate:{form}} ({found.low:{form}} to {found.high:{form}})"


def cell(figures: Mapping[str, Any], name: str, digits: int = 3) -> str:
    """A figure of `bcweb.scores.summarise` with its interval; "-" where there is none."""
    if figures[name] is None:
        return "-"
    low, high = figures[f"{name}_ci"] or (np.nan, np.nan)
    return with_interval(Interval(figures[name], low, high), digits)


def score_table(of: str, parts: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """A table of `bcweb.scores.summarise`, a row for each named part of the cases.

    Where nothing is painted there is no distance: HD95 says of how many images it is. Where only boxes are known
    of the cases, their name says it.
    """
    lines = [
        f"| {of} | lesion images | Dice, mean | Dice, median | IoU, mean | HD95, px | found (Dice > 0.1) | normals | painted normals | presence AUC |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, figures in parts:
        lesion, normal = figures["lesion"], figures["normal"]
        cells = [
            f"{name} (boxes)" if figures.get("weak") else name, str(lesion["n"]), cell(lesion, "dice_mean"), cell(lesion, "dice_median"),
            cell(lesion, "iou_mean"), _distance(lesion), cell(lesion, "detected"),
            str(normal["n"]), cell(normal, "painted"), cell(figures, "presence_auc"),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _distance(lesion: Mapping[str, Any]) -> str:
    return f"{cell(lesion, 'hd95_mean', 1)} of {lesion['hd95_n']}" if lesion["hd95_n"] else "-"
