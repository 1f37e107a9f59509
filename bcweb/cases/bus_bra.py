"""BUS-BRA (Gomez-Flores 2024): `Images/bus_ID`, `Masks/mask_ID`, `bus_data.csv`; grouped by patient."""

from __future__ import annotations

import re
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.files import (
    absent,
    agreed,
    by_picture,
    by_stem,
    case_set,
    inner,
    read_lines,
    scan_files,
)

# Three women came twice under two numbers: the pictures are the same (near_duplicates, and looked at).
ALIASES = {"65": "44", "91": "56", "356": "341"}

_COLUMNS = ("Case", "Histology", "Pathology", "BIRADS", "Device")
_NAME = re.compile(r"bus_((\d+)-\w+)")


def read(path: Path) -> CaseSet:
    path = inner(path, "BUSBRA")
    if not (path / "Images").is_dir() or not (path / "Masks").is_dir():
        raise CasesError(f"{path} is not BUS-BRA: it has no folders Images and Masks.")
    table = path / "bus_data.csv"
    lines = read_lines(table, "ID") if table.exists() else {}
    rows = {
        name: agreed(table, "ID", _COLUMNS, told)
        for name, told in by_picture(lines, lambda row: row["ID"]).items()
    }
    notes = () if rows else (f"{table.name} is missing: no labels, patients by the file names.",)
    images, skipped = scan_files(path / "Images")
    there = {file.stem for file in (*images, *(item.file for item in skipped))}
    skipped += absent(table, {name: path / "Images" / name for name in rows}, there)
    mask_files, odd = scan_files(path / "Masks")
    skipped += odd
    masks, twice = by_stem(mask_files)
    skipped += twice
    cases = []
    for file in images:
        name = _NAME.fullmatch(file.stem)
        if not name:
            skipped.append(Skipped(file, "Its name is not that of a BUS-BRA image."))
            continue
        mask = masks.pop(f"mask_{name[1]}", None)
        row = rows.get(file.stem, {})
        patient = row.get("Case") or str(int(name[2]))
        findings = ", BI-RADS ".join(filter(None, (row.get("Histology"), row.get("BIRADS"))))
        cases.append(
            Case(
                "bus-bra", file.stem, file, "ultrasound", (mask,) if mask else (), bool(mask),
                row.get("Pathology") or None, ALIASES.get(patient, patient), findings,
                device=(row.get("Device") or "").partition(" @")[0],
            )
        )  # fmt: skip
    skipped += [Skipped(file, "A mask without its image.") for file in masks.values()]
    return case_set("bus-bra", cases, images | mask_files, skipped, notes)
