"""mini-MIAS (Suckling 1994): `mdbNNN` and `Info.txt`; films 2k-1 and 2k are one woman.

There are no outlines, only circles around most abnormalities: the truth of a normal film is
empty, that of the others unknown, and the circles are told in `findings`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.files import absent, case_set, inner, scan_files

_ROW = re.compile(r"(mdb\d{3}) ([FGD]) ([A-Z]{4})(?: ([BM]))?(?: (\d+) (\d+) (\d+))?.*")
_TISSUE = {"F": "fatty", "G": "fatty-glandular", "D": "dense-glandular"}
_CLASS = {
    "CALC": "calcification", "CIRC": "circumscribed mass", "SPIC": "spiculated mass",
    "MISC": "ill-defined mass", "ARCH": "architectural distortion", "ASYM": "asymmetry",
    "NORM": "normal",
}  # fmt: skip
_SIZE = 1024  # rows of every film; Info.txt counts y from the bottom


def read(path: Path) -> CaseSet:
    path = inner(path, "all-mias")
    info = path / "Info.txt"
    if not info.exists():
        raise CasesError(f"{path} is not mini-MIAS: it has no Info.txt.")
    rows = defaultdict(list)
    for line in info.read_text(encoding="latin-1").splitlines():
        if row := _ROW.fullmatch(line.strip()):
            rows[row[1]].append(row)
    files, skipped = scan_files(path)
    there = {file.stem for file in (*files, *(item.file for item in skipped))}
    skipped += absent(info, {name: path / name for name in rows}, there)
    cases = []
    for file in files:
        if file.stem not in rows:
            skipped.append(Skipped(file, "Info.txt does not name it."))
            continue
        found = rows[file.stem]
        normal = all(row[3] == "NORM" for row in found)
        label = "normal" if normal else "malignant" if any(r[4] == "M" for r in found) else "benign"
        cases.append(
            Case(
                "mini-mias", file.stem, file, "mammogram", has_truth=normal, label=label,
                group=str((int(file.stem[3:]) + 1) // 2),
                findings="; ".join([*map(_tell, found), _TISSUE[found[0][2]] + " tissue"]),
            )
        )  # fmt: skip
    return case_set("mini-mias", cases, files, skipped)


def _tell(row: re.Match[str]) -> str:
    told = _CLASS.get(row[3], row[3])
    if row[5]:
        told += f" in the circle x {row[5]}, y {_SIZE - int(row[6])}, radius {row[7]} px"
    return told
