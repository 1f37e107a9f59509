"""STU-Hospital (Shantou): `Hospital/Test_Image_N` and `mask_N`; no patients known, so one group each."""

from __future__ import annotations

import re
from pathlib import Path

from bcweb.cases.case import Case, CaseSet, Skipped
from bcweb.cases.files import by_stem, case_set, inner, scan_files


def read(path: Path) -> CaseSet:
    files, skipped = scan_files(inner(path, "Hospital"))
    drawings = [file for file in files if file.stem.startswith("mask_")]
    masks, twice = by_stem(drawings)
    skipped += twice
    cases = []
    for file in sorted((f for f in files if f not in drawings), key=_number):
        if not re.fullmatch(r"Test_Image_\d+", file.stem):
            skipped.append(Skipped(file, "Its name is not that of an STU image."))
            continue
        mask = masks.pop(f"mask_{_number(file)}", None)
        drawn = (mask,) if mask else ()
        cases.append(Case("stu", file.stem, file, "ultrasound", drawn, bool(mask), group=file.stem))
    skipped += [Skipped(file, "A mask without its image.") for file in masks.values()]
    return case_set("stu", cases, files, skipped)


def _number(file: Path) -> int:
    return int("".join(re.findall(r"\d+$", file.stem)) or 0)
