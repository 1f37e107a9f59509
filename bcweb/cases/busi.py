"""BUSI (Al-Dhabyani 2020): folders benign, malignant, normal with `LABEL (N)` and `LABEL (N)_mask[_K]`.

Many of its images are copies of each other, so cases are grouped by near-duplicates: by a
`groups.csv` (image, group) where one lies beside the folders, else found here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.files import (
    agreed,
    by_picture,
    case_set,
    inner,
    read_lines,
    scan_files,
    slashed,
)
from bcweb.cases.grouping import group_by_pictures, group_the_rest, two_classes
from bcweb.names import MASK

LABELS = ("benign", "malignant", "normal")
_NAME = re.compile(r"(benign|malignant|normal) \(\d+\)")

# Both pictures are in the set twice, once as a lesion with its mask and once as "normal".
CONTRADICTIONS = {"normal (1)": "benign (269)", "normal (34)": "benign (437)"}


def read(path: Path) -> CaseSet:
    path = inner(path, "Dataset_BUSI_with_GT")
    cases, skipped, sizes = [], [], {}
    for label in LABELS:
        folder = path / label
        if not folder.is_dir():
            raise CasesError(f"{path} is not BUSI: it has no folder {label}.")
        files, odd = scan_files(folder)
        sizes |= files
        skipped += odd
        images, masks = {}, defaultdict(list)
        for file in files:
            if mask := MASK.fullmatch(file.stem):
                masks[mask[1]].append(file)
            elif not _NAME.fullmatch(file.stem):
                skipped.append(Skipped(file, "Its name is not that of a BUSI image."))
            elif file.stem in images:
                skipped.append(Skipped(file, f"{images[file.stem].name} is the same case."))
            else:
                images[file.stem] = file
        for name, file in images.items():
            drawn = tuple(masks.pop(name, ()))
            if name in CONTRADICTIONS:
                twin = CONTRADICTIONS[name]
                skipped.append(Skipped(file, f"Called normal, but it shows the lesion of {twin}."))
            elif label == "normal":
                cases.append(Case("busi", name, file, "ultrasound", label=label))
            else:
                cases.append(Case("busi", name, file, "ultrasound", drawn, bool(drawn), label))
        for orphans in masks.values():
            skipped += [Skipped(file, "A mask without its image.") for file in orphans]
    table = path / "groups.csv"
    if table.exists():
        rows = by_picture(
            read_lines(table, "image", "group"), lambda row: Path(slashed(row["image"])).stem
        )
        group = {
            name: agreed(table, "image", ("group",), told)["group"] for name, told in rows.items()
        }
        known = {name for name, said in group.items() if said}
        cases = [replace(case, group=group.get(case.id) or case.id) for case in cases]
        cases, unreadable, notes = group_the_rest(cases, known)
        notes += two_classes(cases)
    else:
        cases, unreadable, notes = group_by_pictures(cases)
    skipped += unreadable
    return case_set("busi", cases, sizes, skipped, notes)
