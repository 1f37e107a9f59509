"""results.csv: a row for every scan, kept while the work goes on, and what an earlier run has left in it."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from bcweb.names import harmless, text
from bcweb.tables import header_of, is_replaceable, write_rows

COLUMNS = (
    "file", "modality", "presence", "lesions", "area", "seconds", "error",
    "mask", "area_mm2", "gate", "threshold", "revision", "cautions", "notes",
)  # fmt: skip
_FIRST = COLUMNS[:7]  # those that it has had in every version
_FRACTIONS = ("presence", "seconds", "area_mm2", "gate", "threshold")
RESULTS = "results.csv"
_UNKNOWN = "?"
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}  # file names are bytes, not always text
_SAVED = _TEXT | {"encoding": "utf-8-sig"}  # by a spreadsheet, perhaps


@dataclass(frozen=True)
class Row:
    """One line of results.csv as text.

    mask: its file, from the table's folder; in the table "./" stands before it where a spreadsheet would take it for a
    formula. area, area_mm2: of all lesions, the second where the spacing is known. gate, threshold: the operating point.
    revision: of the weights. cautions: what its file warns of. guessed: whether its modality was.
    """

    file: str
    modality: str = ""
    presence: str = ""
    lesions: str = ""
    area: str = ""
    seconds: str = ""
    error: str = ""
    mask: str = ""
    area_mm2: str = ""
    gate: str = ""
    threshold: str = ""
    revision: str = ""
    cautions: str | None = ""  # None: not known, of a table of before there were any
    notes: str = ""
    guessed: bool = False


def _cells(row: Row) -> list[str]:
    if harmless(row.mask) != text(row.mask):
        row = replace(row, mask=f"./{row.mask}")
    return [_UNKNOWN if (cell := getattr(row, column)) is None else cell for column in COLUMNS]


def earlier_rows(out: Path) -> dict[str, Row]:
    """The rows of results.csv by their file's absolute path; a torn last line is left out.

    Tables of older versions may lack columns, and hold relative paths, read as those of the folder in which it runs now.
    Those that a spreadsheet has saved may have other signs between their cells and in them (see `_as_it_was`).
    """
    rows = {}
    try:
        with (out / RESULTS).open(newline="", **_SAVED) as table:
            delimiter, _ = header_of(table)
            records = csv.DictReader(table, delimiter=delimiter)
            columns = [column for column in COLUMNS if column in (records.fieldnames or ())]
            for record in records:
                if "file" in columns and all(record[column] is not None for column in columns):
                    row = Row(**{"cautions": _UNKNOWN} | {c: record[c] for c in columns})
                    row = replace(row, cautions=None) if row.cautions == _UNKNOWN else row
                    row = _as_it_was(row)
                    rows[os.path.abspath(row.file)] = row
    except FileNotFoundError:
        pass
    return rows


def _as_it_was(row: Row) -> Row:
    """A row as it was before a spreadsheet saved it, with a comma for the point of its numbers, or as Windows' plain CSV:
    else its scan would count as gone."""
    numbers = {column: getattr(row, column).replace(",", ".") for column in _FRACTIONS}
    row = replace(row, **numbers)
    if row.file.isascii() or os.path.lexists(row.file):
        return row
    with suppress(UnicodeDecodeError):  # Windows' characters do not take up every byte
        told = {
            c: cell.encode(**_TEXT).decode("cp1252") for c in COLUMNS if (cell := getattr(row, c))
        }
        if os.path.lexists(told["file"]):
            return replace(row, **told)
    return row


def is_ours(table: Path) -> bool:
    """Whether a results.csv may be replaced: there is none, or it has the columns of one, of an older version too."""
    return is_replaceable(table, lambda columns: set(_FIRST) <= set(columns) <= set(COLUMNS))


class Table:
    """results.csv: each row is written as it comes, and at the end all in the scans' order, at once."""

    def __init__(self, file: Path, rows: list[Row]):
        self._file = file
        self._open: TextIO | None = None
        self.finish(rows)
        self._open = file.open("a", newline="", **_TEXT)

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_) -> None:
        self._open.close()

    def add(self, row: Row) -> None:
        write_rows(self._open, [_cells(row)])
        self._open.flush()

    def finish(self, rows: list[Row]) -> None:
        """Replace the whole table."""
        if self._open is not None:
            self._open.close()
        part = self._file.with_name(f".{self._file.name}.part")
        with part.open("w", newline="", **_TEXT) as table:
            write_rows(table, [COLUMNS, *map(_cells, rows)])
        part.replace(self._file)
