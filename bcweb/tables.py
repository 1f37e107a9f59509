"""Rows of CSV that come back as they were written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO


def write_rows(table: TextIO, rows: Iterable[Sequence[str]]) -> None:
    """Append rows to a table that is open for text with newline="".

    Before Python 3.13 `csv.writer` leaves a carriage return without quotes, and its reader ends a row there: macOS and
    its cloud folders have files whose names hold one.
    """
    plain = csv.writer(table, lineterminator="\n")
    quoted = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
