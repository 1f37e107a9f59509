"""Rows of CSV that come back as they were written, and in the place of no other table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from bcweb.terminal import os_sentence


def write_rows(table: TextIO, rows: Iterable[Sequence[str]]) -> None:
    """Append rows to a table that is open for text with newline="".

    Before Python 3.13 `csv.writer` leaves a carriage return without quotes, and its reader ends a row there: macOS and
    its cloud folders have files whose names hold one.
    """
    plain = csv.writer(table, lineterminator="\n")
    quoted = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def why_kept(
    file: Path | None, of: str, option: str, is_ours: Callable[[Sequence[str]], bool]
) -> str | None:
    """A sentence where a table is not to be replaced: where another than ours is there, which may be the `cases.csv`
    of a data set that cannot be read without it.

    of: what ours are of. option: by which the file was named. is_ours: whether these columns are those of ours, also as
    a spreadsheet saves it again.
    """
    if file is None or not file.is_file():
        return None
    try:
        with file.open("rb") as there:
            header = there.readline(1000)
    except OSError as error:
        return os_sentence(error)
    columns = re.split("[,;\t]", header.decode("utf-8-sig", "replace").strip())
    if not header or is_ours([name.strip(' "').lower() for name in columns]):
        return None  # an empty file has nothing to lose
    return f"{file} is there and is no table of {of}: name another file for {option}."
