"""What an export has written, read back."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image


def as_written(cell: str) -> str:
    """What `harmless` was given: its apostrophe is taken off."""
    return cell[1:] if cell.startswith("'") else cell


def table(file: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """The rows of a table, each cell as it was before it was made harmless."""
    with file.open(newline="", encoding=encoding) as stream:
        return [
            {column: as_written(cell) for column, cell in row.items()}
            for row in csv.DictReader(stream)
        ]


def verdicts(folder: Path) -> dict[str, dict[str, str]]:
    return {row["case"]: row for row in table(folder / "verdicts.csv")}


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))
