"""A folder's cases.csv from a table of somebody's own, whose columns are called otherwise, or from its scans' names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from io import StringIO
from operator import itemgetter
from pathlib import Path

from bcweb.cases.case import CasesError
from bcweb.cases.files import ends, read_table, slashed
from bcweb.cases.folder import (
    COLUMNS,
    as_modality,
    by_case,
    check_modalities,
    named_files,
    table_name,
    without_suffix,
)
from bcweb.names import stem, text
from bcweb.tables import write_rows
from bcweb.terminal import counted

_TARGETS = ("file", *COLUMNS)
_WORKBOOKS = (".xlsx", ".xls", ".ods")
_UTF_8, _LATIN_1 = "utf-8-sig", "cp1252"  # the latter as Windows has it, with dashes and quotes


@dataclass(frozen=True)
class Table:
    """A cases.csv to be written: its columns, a row for each scan, and sentences on what is not in it."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str]

    def content(self) -> bytes:
        table = StringIO(newline="")
        write_rows(table, [self.columns, *self.rows])
        return table.getvalue().encode()

    def told(self) -> str:
        """ "3 scans in 2 groups"."""
        scans = counted(len(self.rows), "scan")
        if "group" not in self.columns:
            return scans
        at = self.columns.index("group")
        return f"{scans} in {counted(len({row[at] for row in self.rows} - {''}), 'group')}"


def columns_of(said: str) -> dict[str, str]:
    """What another table calls the columns of cases.csv: {"group": "Name, first"} of "group=Name, first"."""
    columns: dict[str, str] = {}
    for each in re.split(r",(?=\s*\w+\s*=)", said):
        target, _, own = map(str.strip, each.partition("="))
        target = target.lower()
        if not target or not own:
            raise CasesError(
                f"--columns has {each!r}, which is not COLUMN=NAME, as in group=PatientID."
            )
        if target not in _TARGETS:
            there = f"{', '.join(_TARGETS[:-1])} or {_TARGETS[-1]}"
            raise CasesError(f"cases.csv has no column {target} to fill: write {there}.")
        if target in columns:
            raise CasesError(f"--columns fills the column {target} twice.")
        columns[target] = own
    if "file" not in columns:
        raise CasesError("--columns does not say which column names the files: add file=NAME.")
    return columns


def from_table(path: Path, table: Path, columns: Mapping[str, str]) -> Table:
    """What a table says of the scans in a folder. columns: see `columns_of`.

    Rows of one scan are one, as where a cases.csv is read: `CasesError` where they contradict each other.
    """
    if table.suffix.lower() in _WORKBOOKS:
        raise CasesError(f"{table} is a workbook: save it as CSV.")
    encoding = _encoding(table)
    _, rows = read_table(table, *columns.values(), encoding=encoding)
    lines = {n: {target: row[own] for target, own in columns.items()} for n, row in rows.items()}
    for row in lines.values():
        if "modality" in row:
            row["modality"] = as_modality(row["modality"])
    check_modalities(table, lines)
    files, images = _named(path)
    find = _finder(files)
    of = {n: find(row["file"]) for n, row in lines.items()}
    told = {n: row | {"case": min(of[n])} for n, row in lines.items() if len(of[n]) == 1}
    gone, unclear = [n for n in lines if not of[n]], [n for n in lines if len(of[n]) > 1]

    def first(numbers: Sequence[int]) -> str:
        return f"{lines[numbers[0]]['file'] or 'an empty cell'} in line {numbers[0]}"

    def several() -> str:
        n_rows = f"{counted(len(unclear), 'row')} of {table.name}"
        return f"{n_rows} may be of several files, {first(unclear)} for one: name its folder, too."

    if unclear and not told:
        raise CasesError(several())
    if not told:
        why = f"{first(gone)} for one" if lines else "it has none"
        raise CasesError(
            f"No row of {table.name} names a file in {path}, {why}; {_example(images)}."
        )
    said = by_case(table, told, itemgetter("case"))
    names = {row["case"]: row["file"] for row in told.values()}
    others = [target for target in columns if target != "file"]
    rows = [
        (_file(files[case], names[case]), *(row[target] for target in others))
        for case, row in said.items()
    ]
    notes = []
    if encoding == _LATIN_1:
        notes.append(
            f"{table.name} is not UTF-8 and is read as Latin-1: where a letter is wrong, save it as CSV UTF-8."
        )
    if gone:
        n_rows = f"{counted(len(gone), 'row')} of {table.name}"
        notes.append(f"{n_rows} {_have(gone)} no file, {first(gone)} for one.")
    if unclear:
        notes.append(several())
    known = {file for case in said for file in files[case]}
    if rest := [file for file in images if file not in known]:
        notes.append(f"{counted(len(rest), 'file')} {_have(rest)} no row, {rest[0]} for one.")
    return Table(("file", *others), rows, notes)


def from_names(path: Path, pattern: str) -> Table:
    """The patients that stand in the names of the scans in a folder, without their endings.

    pattern: a regular expression whose first group is the patient.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise CasesError(f"--group-from {pattern} is no regular expression: {error}.") from None
    if not expression.groups:
        raise CasesError(
            f"--group-from {pattern} has no brackets around the patient, as ^(P[0-9]+)_ has."
        )
    _, images = _named(path)
    found = {file: expression.search(stem(Path(file).name)) for file in filter(_is_text, images)}
    rows = [(file, match[1]) for file, match in found.items() if match and match[1]]
    if not rows:
        raise CasesError(
            f"No file in {path} has a name that matches {pattern}; {_example(images)}."
        )
    known = {file for file, _ in rows}
    notes = []
    if rest := [file for file in images if file not in known]:
        notes.append(f"{counted(len(rest), 'file')} {_have(rest)} no patient, {rest[0]} for one.")
    return Table(("file", "group"), rows, notes)


def _named(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """`named_files` as they are called from the folder on; the first without those that no table can name."""
    files, images = named_files(path)
    if not images:
        raise CasesError(f"{path} holds no scan.")

    def called(some: Iterable[Path]) -> list[str]:
        return [file.relative_to(path).as_posix() for file in some]

    in_folder = {case_id: called(some) for case_id, some in files.items()}
    return {case_id: some for case_id, some in in_folder.items() if _is_text(*some)}, called(images)


def _finder(ids: Iterable[str]) -> Callable[[str], Set[str]]:
    """Which cases a table may mean by what it calls a file.

    With or without its ending; in other capitals where none has these; and where the table or this disk tells fewer
    folders than the other, by those that both tell.
    """
    indices = []
    for fold in (str, str.casefold):
        whole: dict[str, set[str]] = defaultdict(set)
        within: dict[str, set[str]] = defaultdict(set)
        for case_id in ids:
            name = fold(table_name(case_id))
            whole[name].add(case_id)
            for end in ends(name):
                within[end].add(case_id)
        indices.append((fold, whole, within))

    def find(said: str) -> Set[str]:
        file = Path(slashed(said))
        if not file.name:
            return frozenset()
        for fold, whole, within in indices:
            for called in (file.as_posix(), without_suffix(file)):
                name = fold(table_name(called))
                both = (end for end in ends(name) if end in whole)
                above = (whole[end] | within.get(end, set()) for end in both)
                there = (whole.get(name), within.get(name), *above)
                if meant := next(filter(None, there), None):
                    return meant
        return frozenset()

    return find


def _file(files: Sequence[str], said: str) -> str:
    """What the reader is to find a scan by: of several files of one name it goes by the ending that the table says."""
    if len(files) == 1:
        return files[0]
    return Path(files[0]).with_name(Path(slashed(said)).name).as_posix()


def _encoding(table: Path) -> str:
    """A clinic's spreadsheet may be older than UTF-8. What has zeros in it is no text of either."""
    content = table.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _UTF_8 if b"\0" in content else _LATIN_1
    return _UTF_8


def _example(images: Sequence[str]) -> str:
    return f"a file is called {images[0]}"


def _is_text(*names: str) -> bool:
    return all(text(name) == name for name in names)


def _have(some: Sequence[object]) -> str:
    return "has" if len(some) == 1 else "have"
