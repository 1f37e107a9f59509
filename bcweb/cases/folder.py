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
from bcweb.cases.files import Sizes, case_set, inner, read_table, scan_files
from bcweb.cases.grouping import group_by_pictures
from bcweb.names import stem
from bcweb.scans import MODALITIES, ScanError, guess_modality, read_scan

_MASK = re.compile(r"(.+?)_mask(_\d+)?")


Masks = dict[str, list[Path]]


def read(path: Path, select: dict[str, str]) -> CaseSet:
    """select: COLUMN -> value of `cases.csv`; "modality" may also be said for the whole folder."""
    rows = _rows(path / "cases.csv")
    columns = set().union(*rows.values()) if rows else set()
    said = None if "modality" in columns else select.pop("modality", None)
    chosen = _chosen(rows, select, columns)
    root, images, masks, sizes, skipped = _files(path)
    name = path.resolve().name

    cases: dict[str, Case] = {}
    guessed: Counter[str] = Counter()
    for file in images:
        case_id = _id(file, root)
        drawn = tuple(masks.pop(case_id, ()))
        row = rows.get(case_id, {})
        if select and case_id not in chosen:
            continue
        if case_id in cases:
            skipped.append(Skipped(file, f"{cases[case_id].file.name} has the same name."))
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
        if modality not in MODALITIES:
            raise CasesError(f"{modality!r} is no modality; write {' or '.join(MODALITIES)}.")
        label = row.get("label") or None
        cases[case_id] = Case(
            name, case_id, file, modality, drawn, bool(drawn) or label == "normal", label,
            row.get("group") or case_id, row.get("findings", ""),
        )  # fmt: skip

    there = {_id(file, root) for file in images}
    skipped += [Skipped(file, "A mask without its image.") for m in masks.values() for file in m]
    skipped += [
        Skipped(root / row["file"], "Named in cases.csv, but not there.")
        for case_id, row in rows.items()
        if case_id not in there
    ]
    found, notes = list(cases.values()), []
    if counts := [f"{n} as {modality}" for modality, n in guessed.most_common() if n]:
        notes.append(
            f"Modality guessed from the pixels: {' and '.join(counts)}; ?modality=... says it."
        )
    if "group" not in columns:
        found, unreadable, more = group_by_pictures(found)
        skipped += unreadable
        notes += more
    return case_set(name, found, sizes, skipped, notes)


def _files(path: Path) -> tuple[Path, Sizes, Masks, Sizes, list[Skipped]]:
    """Where ids start, the images, the masks by the id of their image, all sizes, what is no scan."""
    root = inner(path, "images")
    images, skipped = scan_files(root, deep=True)
    masks: Masks = defaultdict(list)
    if root == path or not (path / "masks").is_dir():
        for file in images:
            if mask := _MASK.fullmatch(_id(file, root)):
                masks[mask[1]].append(file)
        drawn = {file for files in masks.values() for file in files}
        only = {file: size for file, size in images.items() if file not in drawn}
        return root, only, masks, images, skipped
    mask_files, odd = scan_files(path / "masks", deep=True)
    for file in mask_files:
        name = _id(file, path / "masks")
        mask = _MASK.fullmatch(name)
        masks[mask[1] if mask else name].append(file)
    return root, images, masks, images | mask_files, skipped + odd


def _id(file: Path, root: Path) -> str:
    """ "benign/a" for ROOT/benign/a.png."""
    return _without_suffix(file.relative_to(root))


def _without_suffix(file: Path) -> str:
    return file.with_name(stem(file.name)).as_posix()


def _rows(table: Path) -> dict[str, dict[str, str]]:
    """The table's rows by the id of their case; files may be named from the folder or from images/."""
    if not table.exists():
        return {}
    rows = read_table(table, "file")
    return {_without_suffix(Path(row["file"].removeprefix("images/"))): row for row in rows}


def _chosen(rows: dict[str, dict[str, str]], select: dict[str, str], columns: set[str]) -> set[str]:
    """The ids of the rows whose columns say what is asked for."""
    for column, value in select.items():
        if column not in columns:
            there = f"it has {', '.join(sorted(columns))}" if columns else "there is no cases.csv"
            raise CasesError(f"No column {column} to select by: {there}.")
        values = sorted({row[column] for row in rows.values()})
        if value not in values:
            raise CasesError(f"No row has {column}={value}; there is {', '.join(values[:10])}.")
    return {name for name, row in rows.items() if all(row[c] == v for c, v in select.items())}
