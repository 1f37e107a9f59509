"""What a run's folder tells of the run. A file that is damaged, by a disk that was full or a copy that was cut short,
is named in a sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

_AGAIN = " and give the command that trained the run again"


def damaged(file: Path, more: str, how: str = "") -> ValueError:
    """more: what else is to be done when the file is deleted, or what that costs. how: what is wrong with it."""
    told = f" ({how})" if how else ""
    return ValueError(f"{file} is damaged{told}: delete it{more}, or choose another --out.")


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
    except ValueError:  # no JSON, or no text
        record = None
    if not isinstance(record, dict):
        raise damaged(file, _AGAIN)
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
        raise damaged(file, _AGAIN)
    return rows
