"""Rows of CSV that come back as they were written, or as a spreadsheet saves them, and in the place of no other table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from bcweb.terminal import os_sentence

_BETWEEN = ",;\t"  # cells
_NOTHING = _BETWEEN + '" \r\n'
_QUOTED = re.compile(rf'(?:^|(?<=[{_BETWEEN}])) *"(?:[^"]|"")*"')  # a cell, where it begins
_LONGEST = 10_000  # of a first line; a file that is no table may have none but one


def write_rows(table: TextIO, rows: Iterable[Sequence[str]]) -> None:
    """Append rows to a table that is open for text with newline="".

    Before Python 3.13 `csv.writer` leaves a carriage return without quotes, and its reader ends a row there: macOS and
    its cloud folders have files whose names hold one.
    """
    plain = csv.writer(table, lineterminator="\n")
    quoted = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def header_of(table: TextIO) -> tuple[str, int]:
    """What stands between the cells of a table, comma, semicolon or tab, and how many lines stand above its header, to
    which it is wound: empty ones, and the "sep=;" by which Excel is told the first.

    table: open for text, at its start, with newline="" and as utf-8-sig: a spreadsheet may have saved it.
    """
    above, said, at = 0, "", table.tell()
    while line := table.readline(_LONGEST):
        told = re.fullmatch(r'"?sep=(.)"?\s*', line, re.IGNORECASE)
        if line.strip(_NOTHING) and not told:
            break
        said = told[1] if told else said
        above, at = above + 1, table.tell()
    table.seek(at)
    bare = _QUOTED.sub("", line)
    return said if said and said in _BETWEEN else max(_BETWEEN, key=bare.count), above


def is_replaceable(file: Path, is_ours: Callable[[Sequence[str]], bool]) -> bool:
    """Whether there is no table, an empty one or one of ours. is_ours: whether these columns, in small letters, are those
    of ours, also as a spreadsheet saves it again."""
    if not file.is_file():
        return True
    with file.open(newline="", encoding="utf-8-sig", errors="replace") as table:
        delimiter, _ = header_of(table)
        header = table.readline(_LONGEST)
    columns = [name.strip(' "').lower() for name in header.strip("\r\n").split(delimiter)]
    return not header or is_ours(columns)


def why_kept(
    file: Path | None, of: str, option: str, is_ours: Callable[[Sequence[str]], bool]
) -> str | None:
    """A sentence where a table is not to be replaced: where another than ours is there, which may be the `cases.csv`
    of a data set that cannot be read without it.

    of: what ours are of. option: by which the file was named. is_ours: see `is_replaceable`.
    """
    try:
        if file is None or is_replaceable(file, is_ours):
            return None
    except OSError as error:
        return os_sentence(error)
    return f"{file} is there and is no table of {of}: name another file for {option}."
