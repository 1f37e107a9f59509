"""What a run's folder tells of the run. A file that is damaged, by a disk that was full or a copy that was cut short,
is named in a sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any


def damaged(file: Path, more: str) -> ValueError:
    """more: what else is to be done when the file is deleted, or what that costs."""
    return ValueError(f"{file} is damaged: delete it{more}, or choose another --out.")


def read_record(run: Path) -> dict[str, Any]:
    """A run's record, `run.json`; ValueError where it is damaged."""
    file = run / "run.json"
    try:
        record = json.loads(file.read_text())
    except ValueError:  # no JSON, or no text
        record = None
    if not isinstance(record, dict):
        raise damaged(file, " and give the command that trained the run again")
    return record


def read_history(run: Path) -> list[dict[str, float]]:
    """A run's epochs, of which there is at least one, by `history.csv`; ValueError where it is damaged."""
    file = run / "history.csv"
    try:
        with file.open(newline="") as table:
            rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(table)]
    except (ValueError, TypeError, csv.Error):  # no numbers, or more or fewer than columns
        rows = []
    if not rows or not {"epoch", "loss"} <= rows[0].keys():
        raise damaged(file, " and give the command that trained the run again")
    return rows
