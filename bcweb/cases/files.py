"""What the readers share: which files of a folder are scans, masks that fit them, exported tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.truth import same_aspect
from bcweb.scans import ScanError, scan_size

# Papers, tables and programs that lie beside scans; nobody wants to be told that they were skipped.
_BESIDE = {
    ".csv",
    ".html",
    ".json",
    ".log",
    ".m",
    ".mat",
    ".md",
    ".pdf",
    ".py",
    ".txt",
    ".xls",
    ".xlsx",
}

Sizes = dict[Path, tuple[int, int]]


def scan_files(folder: Path, deep: bool = False) -> tuple[Sizes, list[Skipped]]:
    """The scans in a folder, by their content and sorted by name, with (height, width); and the rest."""
    sizes, skipped = {}, []
    for file in sorted(folder.rglob("*") if deep else folder.iterdir()):
        inside = file.relative_to(folder).parts
        if not file.is_file() or any(part.startswith(".") for part in inside):
            continue
        if file.suffix.lower() in _BESIDE:
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
    """A reader's result, without the cases whose masks are of another shape than their scan.

    Masks of another size but the same shape stay, and a note counts them: `read_truth` resamples them.
    """
    kept, skipped, notes, resampled = [], list(skipped), list(notes), 0
    for case in cases:
        size = sizes[case.file]
        odd = next((m for m in case.truth_files if not same_aspect(sizes[m], size)), None)
        if odd:
            shapes = "{1}x{0}, the scan {3}x{2}".format(*sizes[odd], *size)
            skipped.append(Skipped(case.file, f"Its mask {odd.name} is {shapes}: another shape."))
            continue
        resampled += any(sizes[mask] != size for mask in case.truth_files)
        kept.append(case)
    if resampled:
        notes.append(
            f"{resampled} masks have another size than their scan and are resampled to it."
        )
    return CaseSet(name, tuple(kept), tuple(skipped), tuple(notes))


def read_table(file: Path, *needed: str) -> list[dict[str, str]]:
    """The rows of a CSV with a header, as spreadsheets write it: comma or semicolon, with or without BOM.

    Raises `CasesError` where it has not the columns that are needed.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CasesError(f"{file} is not UTF-8 text; save it as CSV UTF-8.") from error
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [name.strip() for name in table.fieldnames or ()]
    for name in needed:
        if name not in columns:
            raise CasesError(f"{file} has no column {name}; it has {', '.join(columns)}.")
    return [
        {key.strip(): (value or "").strip() for key, value in row.items() if key} for row in table
    ]


def inner(path: Path, *names: str) -> Path:
    """The folder of one of these names inside `path`, or `path` itself: people name either."""
    return next((path / name for name in names if (path / name).is_dir()), path)
