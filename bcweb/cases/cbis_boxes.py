"""CBIS-DDSM's masses as boxes (Lee 2017): `images/` and `boxes.csv` (file, group, x, y, w, h in pixels of
the image as it is stored); a group is a patient.

A box is a weak truth. The mass is taken to be the ellipse that the box encloses: masses are round more
often than not, so the corners, 21% of a box, are nearly always healthy tissue, and a network that is
taught to fill them paints too much wherever it goes. The ellipse is still only where the mass may reach
at most, without its outline, its lobes or its spicules. So a Dice against it is not a Dice against a
mask, a perfect outline does not reach 1, and such scores compare with nothing but each other.
"""

from __future__ import annotations

import math
from pathlib import Path

from bcweb.cases.case import Box, Case, CasesError, CaseSet, Skipped
from bcweb.cases.files import (
    absent,
    agreed,
    by_picture,
    case_set,
    read_lines,
    scan_files,
    slashed,
)

NOTE = (
    "Only boxes are known, and the truth is the ellipse within each: scores against boxes are not scores "
    "against masks."
)


def read(path: Path) -> CaseSet:
    table = path / "boxes.csv"
    if not table.exists() or not (path / "images").is_dir():
        raise CasesError(f"{path} holds no boxes: boxes.csv and the folder images are wanted.")
    lines = read_lines(table, "file", "group", "x", "y", "w", "h")
    boxes, groups = {}, {}
    for name, told in by_picture(lines, _named).items():
        boxes[name] = tuple(_box(row, f"{table}, line {number}") for number, row in told.items())
        groups[name] = agreed(table, "file", ("group",), told)["group"]
    files, skipped = scan_files(path / "images")
    there = {file.name for file in (*files, *(item.file for item in skipped))}
    skipped += absent(table, {name: path / "images" / name for name in boxes}, there)
    cases = []
    for file, (height, width) in files.items():
        if file.name not in boxes:
            skipped.append(Skipped(file, "boxes.csv does not name it."))
        elif any(x + w > width + 1 or y + h > height + 1 for x, y, w, h in boxes[file.name]):
            skipped.append(Skipped(file, "A box of it reaches beyond the image."))
        else:
            cases.append(
                Case(
                    "cbis-ddsm", file.stem, file, "mammogram", group=groups[file.name],
                    boxes=boxes[file.name],
                )
            )  # fmt: skip
    return case_set("cbis-boxes", cases, files, skipped, [NOTE])


def _named(row: dict[str, str]) -> str:
    return slashed(row["file"]).removeprefix("images/")


def _box(row: dict[str, str], where: str) -> Box:
    try:
        x, y, w, h = (float(row[name]) for name in "xywh")
    except ValueError:
        raise CasesError(f"{where}: x, y, w and h are to be numbers.") from None
    if not (math.isfinite(x + y + w + h) and min(x, y) >= 0 and min(w, h) > 0):
        raise CasesError(f"{where}: a box lies within the image and has a width and a height.")
    return x, y, w, h
