"""What a run's folder tells of the run. A file that is damaged, by a disk that was full or a copy that was cut short,
is named in a sentence."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bcweb.scores import CaseScore, read_scores
from bcweb.weights import Weights
from train.training_set import TrainingSet

_AGAIN = " and give the command that trained the run again"


def damaged(file: Path, more: str, how: str = "") -> ValueError:
    """more: what else is to be done when the file is deleted, or what that costs. how: what is wrong with it."""
    told = f" ({how})" if how else ""
    return ValueError(f"{file} is damaged{told}: delete it{more}, or choose another --out.")


def other_cases(run: Path) -> ValueError:
    """Of a folder whose checkpoint would go on from what it learned elsewhere."""
    return ValueError(
        f"{run} holds a run on other cases, on another split of them, on other scans or truths of theirs, or from "
        "other weights; choose another --out."
    )


class _Recipe(msgspec.Struct, frozen=True):
    epochs: int = 1
    until: int | None = None


class _Types(msgspec.Struct, frozen=True):
    """What is counted on in a record, wherever it has it."""

    recipe: _Recipe = _Recipe()
    data: tuple[str, ...] = ()
    cases: tuple[dict[str, str], ...] = ()
    epochs_done: int = 0


class _Record(dict[str, Any]):
    """What stands in a run's record; ValueError where a key that is asked for is not among it."""

    file: Path

    def __missing__(self, key: str) -> Any:
        raise damaged(self.file, _AGAIN, f"it has no {key}")


def read_record(run: Path) -> dict[str, Any]:
    """A run's record, `run.json`; ValueError where it is damaged, and where it is asked for a key that it has not."""
    file = run / "run.json"

    def made(read: dict[str, Any]) -> _Record:
        record = _Record(read)
        record.file = file
        return record

    try:
        record = json.loads(file.read_text(), object_hook=made)
        msgspec.convert(record, _Types)
    except ValueError:  # no JSON, no text, or another type
        raise damaged(file, _AGAIN) from None
    return record


def read_finished(run: Path, weights: Weights) -> tuple[dict[str, Any], Sequence[CaseScore] | None]:
    """A run's record and the scores of its weights, None where it has none; ValueError where it has not finished, or
    another network's are those of its own test."""
    record, file = read_record(run), run / "weights" / "scores.csv"
    if record.get("epochs_done") == 0:
        raise ValueError(f"{run} has not finished: give the command that trains it again.")
    if not file.exists():
        return record, None
    scores = read_scores(file)
    others = {score.revision for score in scores} - {"", weights.revision}
    if others and any(case["role"] == "test" for case in record["cases"]):
        raise ValueError(
            f"{run} has the scores of {min(others)}, and its weights are {weights.revision}: score them first, python "
            f"-m train.score {run} --data KIND:PATH."
        )
    return record, scores


def case_rows(data: TrainingSet, roles: Sequence[str]) -> list[dict[str, str]]:
    """A record's cases, each with its role: what its scan is, and what its truth is on the network's grid."""
    return [
        {
            "dataset": case.dataset,
            "id": case.id,
            "group": case.group,
            "digest": case.digest,
            "truth": hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()[:16],
            "role": str(role),
        }
        for case, mask, role in zip(data.cases, data.masks, roles, strict=True)
    ]


def same_cases(said: Sequence[dict[str, str]], asked: Sequence[dict[str, str]]) -> bool:
    """Whether a record's cases are those that are asked for, in their order, by all that it says of each: a record of
    before says nothing of the truth."""
    return len(said) == len(asked) and all(
        old.items() <= new.items() for old, new in zip(said, asked, strict=True)
    )


def read_history(run: Path) -> list[dict[str, float]]:
    """A run's epochs, of which there is at least one, by `history.csv`; ValueError where it is damaged."""
    file = run / "history.csv"
    try:
        with file.open(newline="") as table:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(table)]
    except (ValueError, TypeError, csv.Error):  # no numbers, or more or fewer than columns
        rows = []
    if not rows or not {"epoch", "loss"} <= rows[0].keys():
        raise damaged(file, _AGAIN)
    return rows
