"""What the readers share: which files of a folder are scans, masks that fit them, exported tables."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.truth import same_aspect
from bcweb.folders import is_special, walk
from bcweb.names import BESIDE
from bcweb.scans import ScanError, scan_size
from bcweb.tables import header_of
from bcweb.terminal import counted

_MOST_NAMED = 10  # of the files that are not there; more are told in one line

Sizes = dict[Path, tuple[int, int]]
Lines = dict[int, dict[str, str]]  # the rows of a table, by their line

_BETWEEN = {",": "comma", ";": "semicolon", "\t": "tab"}  # cells, as `header_of` tells them apart


def scan_files(folder: Path, deep: bool = False) -> tuple[Sizes, list[Skipped]]:
    """The scans in a folder, by their content and sorted by name, with (height, width); and the rest.

    deep: those in the folders below it, too, through links as well. Raises `OSError` where the folder itself
    cannot be read.
    """
    sizes, skipped = {}, []

    def refused(error: OSError) -> None:
        reason = f"This folder cannot be read: {error.strerror}."
        skipped.append(Skipped(Path(error.filename), reason))

    files = list(folder.iterdir())
    if deep:
        files = [place / name for place, names in walk(folder, refused) for name in names]
    for file in sorted(files):
        if file.name.startswith("."):
            continue
        # What cannot even be looked at is skipped below, with the reason.
        if os.path.isdir(file) or is_special(file):
            continue
        if file.suffix.lower() in BESIDE:
            continue
        try:
            sizes[file] = scan_size(file)
        except ScanError as error:
            skipped.append(Skipped(file, str(error)))
    return sizes, skipped


def case_set(
    name: str,
    cases: Iterable[Case],
    sizes: Sizes,
    skipped: Iterable[Skipped],
    notes: Iterable[str] = (),
) -> CaseSet:
    """A reader's result, without the cases whose masks are of another shape than their scan, and without those
    that are there already.

    Masks of another size but the same shape stay, and a note counts them: `read_truth` resamples them.
    """
    kept, skipped, notes, resampled = [], list(skipped), list(notes), 0
    first: dict[str, Path] = {}
    for case in cases:
        if (other := first.setdefault(case.id, case.file)) != case.file:
            skipped.append(Skipped(case.file, f"{other.name} is the same case."))
            continue
        size = sizes[case.file]
        odd = next((m for m in case.truth_files if not same_aspect(sizes[m], size)), None)
        if odd:
            shapes = "{1}x{0}, the scan {3}x{2}".format(*sizes[odd], *size)
            skipped.append(Skipped(case.file, f"Its mask {odd.name} is {shapes}: another shape."))
            continue
        resampled += any(sizes[mask] != size for mask in case.truth_files)
        kept.append(case)
    if resampled:
        have, are = ("has", "is") if resampled == 1 else ("have", "are")
        size = f"another size than {'its' if resampled == 1 else 'their'} scan"
        notes.append(f"{counted(resampled, 'mask')} {have} {size} and {are} resampled to it.")
    return CaseSet(name, tuple(kept), tuple(skipped), tuple(notes))


def by_stem(masks: Iterable[Path]) -> tuple[dict[str, Path], list[Skipped]]:
    """Mask files by their name without ending, and those of which there is another already."""
    first, twice = {}, []
    for file in masks:
        if (other := first.setdefault(file.stem, file)) != file:
            twice.append(Skipped(file, f"{other.name} is the mask of the same case."))
    return first, twice


def absent(table: Path, named: Mapping[str, Path], there: Container[str]) -> list[Skipped]:
    """The files that a table names and that are not there, each by itself; of a part of a large data set, which lacks
    most of them, in one line.

    named: where each would be, by what it is found by; there: what the files that are there are found by.
    """
    gone = [
        file
        for name, file in named.items()
        if name and name not in there and not os.path.lexists(file)
    ]
    if len(gone) > _MOST_NAMED:
        reason = f"It names {len(gone)} files that are not there, {gone[0].name} for one."
        return [Skipped(table, reason)]
    return [Skipped(file, f"Named in {table.name}, but not there.") for file in gone]


def without_scan(table: Path, files: Iterable[Path]) -> list[Skipped]:
    """The files of a table's rows that are there and are no scans, as masks are; of many in one line, as in `absent`."""
    others = list(files)
    if len(others) > _MOST_NAMED:
        reason = (
            f"{len(others)} of the files that it names are no scans of this folder, {others[0].name} for one; their rows "
            "are not used."
        )
        return [Skipped(table, reason)]
    reason = f"Its row in {table.name} is not used: it is no scan of this folder."
    return [Skipped(file, reason) for file in others]


def read_lines(file: Path, *needed: str, known: Sequence[str] = ()) -> Lines:
    """The rows of `read_table`."""
    return read_table(file, *needed, known=known)[1]


def read_table(
    file: Path, *needed: str, known: Sequence[str] = (), encoding: str = "utf-8-sig"
) -> tuple[frozenset[str], Lines]:
    """The columns of a CSV with a header, and its rows by the line that each ends in, as spreadsheets write it: comma,
    semicolon or tab, with or without BOM.

    known: columns that may be there. They and those that are needed are told in any case, and come as they are
    called here. encoding: of its text. Raises `CasesError` where it has not the columns that are needed, and where a
    row has more cells than columns: what comes behind a comma in a cell would be the next column's.
    """
    try:
        text = file.read_bytes().decode(encoding)  # as it is: a name may hold a carriage return
    except UnicodeDecodeError as error:
        raise CasesError(f"{file} is not UTF-8 text; save it as CSV UTF-8.") from error
    lines = io.StringIO(text, newline="")
    delimiter, skipped = header_of(lines)
    called = {name.lower(): name for name in (*needed, *known)}

    def column(name: str) -> str:
        return called.get(name.strip().lower(), name.strip())

    table = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: Lines = {}
    above = skipped
    try:
        columns = [column(name) for name in table.fieldnames or ()]
        if not any(columns):
            raise CasesError(f"{file} is empty; its first line names its columns.")
        for name in needed:
            if name not in columns:
                raise CasesError(f"{file} has no column {name}; it has {', '.join(columns)}.")
        for name in filter(None, columns):
            if columns.count(name) > 1:
                raise CasesError(f"{file} has the column {name} twice.")
        above += table.line_num
        for row in table:
            number = skipped + table.line_num
            if any(cell.strip() for cell in row.pop(None, ())):
                raise CasesError(
                    f"{file}, line {number}: it has more cells than the first line has columns; put quotes "
                    f"around one that holds a {_BETWEEN[delimiter]}."
                )
            cells = {column(k): (value or "").strip() for k, value in row.items() if k}
            if any(cells.values()):  # spreadsheets leave empty ones below
                rows[number] = cells
            above = number
    except csv.Error as error:  # unnoticed, such a quote swallows all rows up to the next one
        why = "a quote is not closed at the end of its cell"
        lines.seek(0)
        if "limit" in str(error) and len(next(islice(lines, above, None))) > csv.field_size_limit():
            why = f"a cell has more than {csv.field_size_limit():,} characters"
        raise CasesError(f"{file}, line {above + 1}: {why}.") from None
    return frozenset(filter(None, columns)), rows


def by_picture(lines: Lines, picture: Callable[[dict[str, str]], str]) -> dict[str, Lines]:
    """The rows of each picture. picture: what a row's is called."""
    rows: dict[str, Lines] = defaultdict(dict)
    for number, row in lines.items():
        rows[picture(row)][number] = row
    return rows


def agreed(table: Path, name: str, columns: Sequence[str], told: Lines) -> dict[str, str]:
    """What all rows of one picture say; a cell that is empty says nothing. name: the column of its name.

    Raises `CasesError` where they contradict each other: were one of two chosen, a patient might stand on both
    sides of a split.
    """
    return {column: _one(table, name, column, told) for column in columns}


def _one(table: Path, name: str, column: str, told: Mapping[int, dict[str, str]]) -> str:
    said: dict[str, int] = {}
    for number, row in told.items():
        if value := row.get(column):
            said.setdefault(value, number)
    if len(said) > 1:
        (first, line), (other, another), *_ = said.items()
        raise CasesError(
            f"{table}: {told[another][name]} has the {column} {first} in line {line} and {other} in "
            f"line {another}."
        )
    return next(iter(said), "")


def slashed(name: str) -> str:
    """A path of a table, which may have been written on Windows."""
    return Path(name.replace("\\", "/")).as_posix()


def ends(name: str) -> Iterator[str]:
    """ "b/c" and "c" of "a/b/c"."""
    while "/" in name:
        name = name.partition("/")[2]
        yield name


def inner(path: Path, *names: str) -> Path:
    """The folder of one of these names inside `path`, or `path` itself: people name either."""
    return next((path / name for name in names if (path / name).is_dir()), path)
