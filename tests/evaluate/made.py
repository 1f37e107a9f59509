"""Scores, and data sets of generated scans, for the tests of `bcweb.evaluate`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bcweb.scores import CaseScore


def lesion(case: str, dice: float, **changes) -> CaseScore:
    """A lesion image whose IoU follows from its Dice."""
    painted = dice > 0
    score = CaseScore(
        "set", case, f"woman {case}", "benign", "ultrasound", lesion=True, presence=0.9, dice=dice,
        iou=dice / (2 - dice), precision=dice if painted else None, recall=dice,
        hd95_px=10.0 if painted else None, painted=100 if painted else 0, lesions=1,
        found=int(dice > 0.1), false_alarms=0, seen=False, revision="w-1",
    )  # fmt: skip
    return replace(score, **changes)


def normal(case: str, painted: int = 0, **changes) -> CaseScore:
    score = CaseScore(
        "set", case, f"woman {case}", "normal", "ultrasound", lesion=False, presence=0.2,
        dice=float(painted == 0), iou=float(painted == 0), painted=painted, lesions=0, found=0,
        false_alarms=int(painted > 0), seen=False, revision="w-1",
    )  # fmt: skip
    return replace(score, **changes)


FOUR = [lesion("a", 1.0), lesion("b", 0.8), lesion("c", 0.6), lesion("d", 0.0)]


def write_data(folder: Path, cases: int = 4, normals: int = 2) -> str:
    """images/ and masks/ with a square lesion each, then normals with an empty mask; returns the spec."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    lines = ["file,label,group"]
    for i in range(cases + normals):
        rng = np.random.default_rng(i)
        pixels = rng.integers(60, 255, (96, 128), dtype=np.uint8)
        truth = np.zeros((96, 128), np.uint8)
        if i < cases:
            truth[20:50, 30 + i : 70 + i] = 255
            pixels[truth > 0] //= 4
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
        Image.fromarray(truth).save(folder / "masks" / f"{i}.png")
        lines.append(f"{i}.png,{'benign' if i < cases else 'normal'},{i // 2}")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    return f"folder:{folder}?modality=ultrasound"


def trained_on(spec: str, folder: Path) -> None:
    """Write a seen.csv of all cases of a data set."""
    from bcweb.cases import read_cases
    from bcweb.cases.duplicates import fingerprint
    from bcweb.scans import read_scan

    lines = ["dataset,id,group,digest,fingerprint"]
    for case in read_cases(spec).cases:
        scan = read_scan(case.file)
        named = f"{case.dataset},{case.id},{case.group}"
        lines.append(f"{named},{scan.digest},{fingerprint(scan.pixels)}")
    (folder / "seen.csv").write_text("\n".join(lines))
