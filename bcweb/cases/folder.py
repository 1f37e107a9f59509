"""Any folder: `images/NAME` + `masks/NAME`, or `NAME` + `NAME_mask` side by side.

An optional `cases.csv` says more: file, and where known label, group, findings, modality. Its further
columns can select: {"energy": "low"} reads the rows that say so. A scan without a mask has an
unknown truth, unless its label is "normal": then it is empty. Without a column group, cases are
grouped by near-duplicates.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.files import case_set, inner, read_table, scan_files
from bcweb.cases.grouping import group_by_pictures
from bcweb.scans import MODALITIES, Modality, ScanError, guess_modality, read_scan

_MASK = re.compile(r"(.+?)_mask(_\d+)?")


def read(path: Path, select: dict[str, str]) -> CaseSet:
    """select: COLUMN -> value of `cases.csv`; "modality" may also be said for the whole folder."""
    said = None
    rows = _rows(path / "cases.csv")
    columns = set().union(*rows.values()) if rows else set()
    if "modality" in select and "modality" not in columns:
        said = select["modality"]
        select = {key: value for key, value in select.items() if key != "modality"}
        _check_modality(said)
    chosen = _select(rows, select, columns)

    root = inner(path, "images")
    split = root != path and (path / "masks").is_dir()
    images, skipped = scan_files(root, deep=True)
    masks: dict[str, list[Path]] = defaultdict(list)
    if split:
        mask_files, odd = scan_files(path / "masks", deep=True)
        skipped += odd
        for file in mask_files:
            name = _id(file, path / "masks")
            found = _MASK.fullmatch(name)
            masks[found[1] if found else name].append(file)
        sizes = images | mask_files
    else:
        sizes = images
        for file in images:
            if found := _MASK.fullmatch(_id(file, root)):
                masks[found[1]].append(file)
        drawn = {file for files in masks.values() for file in files}
        images = {file: size for file, size in images.items() if file not in drawn}

    cases: dict[str, Case] = {}
    told, guessed = set(), Counter()
    for file in images:
        name = _id(file, root)
        mask = tuple(masks.pop(name, ()))
        if name in cases:
            skipped.append(Skipped(file, f"{cases[name].file.name} has the same name."))
            continue
        row = rows.get(name, {})
        told.add(name)
        if select and name not in chosen:
            continue
        modality = said or row.get("modality", "").lower()
        if not modality:
            try:
                scan = read_scan(file)
            except ScanError as error:
                skipped.append(Skipped(file, str(error)))
                continue
            modality = scan.modality or guess_modality(scan)
            guessed[modality] += scan.modality is None
        _check_modality(modality)
        label = row.get("label") or None
        cases[name] = Case(
            path.resolve().name, name, file, modality, mask, bool(mask) or label == "normal", label,
            row.get("group") or name, row.get("findings", ""),
        )  # fmt: skip
    skipped += [
        Skipped(file, "A mask without its image.") for files in masks.values() for file in files
    ]
    skipped += [
        Skipped(root / row["file"], "Named in cases.csv, but not there.")
        for name, row in rows.items()
        if name not in told
    ]
    notes = []
    if +guessed:
        counts = " and ".join(f"{n} as {m}" for m, n in guessed.most_common() if n)
        notes.append(f"Modality guessed from the pixels: {counts}; ?modality=... says it.")
    found = list(cases.values())
    if "group" not in columns:
        found, unreadable, more = group_by_pictures(found)
        skipped += unreadable
        notes += more
    return case_set(path.resolve().name, found, sizes, skipped, notes)


def _id(file: Path, root: Path) -> str:
    """ "benign/a" for ROOT/benign/a.png."""
    return file.relative_to(root).with_suffix("").as_posix()


def _rows(table: Path) -> dict[str, dict[str, str]]:
    if not table.exists():
        return {}
    return {Path(row["file"]).with_suffix("").as_posix(): row for row in read_table(table, "file")}


def _select(rows: dict[str, dict[str, str]], select: dict[str, str], columns: set[str]) -> set[str]:
    """The ids of the rows whose columns say what is asked for."""
    for column, value in select.items():
        if column not in columns:
            there = f"it has {', '.join(sorted(columns))}" if columns else "there is no cases.csv"
            raise CasesError(f"No column {column} to select by: {there}.")
        values = sorted({row[column] for row in rows.values()})
        if value not in values:
            raise CasesError(f"No row has {column}={value}; there is {', '.join(values[:10])}.")
    return {n for n, row in rows.items() if all(row[c] == v for c, v in select.items())}


def _check_modality(said: str) -> Modality:
    if said not in MODALITIES:
        raise CasesError(f"{said!r} is no modality; write {' or '.join(MODALITIES)}.")
    return said
