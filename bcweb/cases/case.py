"""What a case is, and what a reader returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bcweb.scans import Modality

Box = tuple[float, float, float, float]  # left, top, width, height in pixels of the scan's file


class CasesError(ValueError):
    """A data set that cannot be read at all; its text is one sentence."""


@dataclass(frozen=True)
class Case:
    """One scan with what is known of it.

    id: unique in its data set, and the same in every copy of it ("benign (1)", "bus_0001-l").
    truth_files: the masks whose union is the truth; () where nothing is drawn.
    boxes: where a lesion was not outlined but boxed: the ellipse within each is truth, a weak one.
    has_truth: whether the truth is known (a normal scan without a mask file has an empty truth).
    group: cases of one group must stay on one side of a split.
    device: what made the scan, "" where the data set does not say.
    accepted: the truth is a prediction that a reader accepted: it trains, and is nothing to score against.
    """

    dataset: str
    id: str
    file: Path
    modality: Modality
    truth_files: tuple[Path, ...] = ()
    has_truth: bool = True
    label: str | None = None
    group: str = ""
    findings: str = ""
    boxes: tuple[Box, ...] = ()
    device: str = ""
    accepted: bool = False


@dataclass(frozen=True)
class Skipped:
    """A file that a reader left out, and why, in one sentence."""

    file: Path
    reason: str


@dataclass(frozen=True)
class CaseSet:
    """What a reader found: its cases, the files it left out and why, and notes for the person."""

    name: str
    cases: tuple[Case, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


def told_accepted(cases: Sequence[Any]) -> str:
    """How a sentence begins on cases of which some are `Case.accepted`; "" where none is."""
    accepted = sum(case.accepted for case in cases)
    if not accepted:
        return ""
    return f"{accepted} of {len(cases)} cases are predictions that a reader accepted"
