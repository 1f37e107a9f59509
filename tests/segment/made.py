"""Small scans, the command in this process, and what it leaves."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from bcweb.segment.__main__ import main


def scan(file: Path, width: int = 60, height: int = 40, seed: int = 0) -> Path:
    """A small picture; another seed is another picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return file


def segment(*arguments: object, weights: Path, modality: str = "ultrasound") -> int:
    return main([*map(str, arguments), "--weights", str(weights), "--modality", modality])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def masks(out: Path) -> list[str]:
    return sorted(file.relative_to(out).as_posix() for file in out.rglob("*.png"))
