"""A data set to train on, made up: dark squares on noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def draw_squares(root: Path, seed: int) -> Path:
    """40 files of 80x60: 30 with a dark square and its mask, 10 without; two cases a group."""
    (root / "images").mkdir(parents=True)
    (root / "masks").mkdir()
    rng = np.random.default_rng(seed)
    rows = ["file,label,group"]
    for i in range(40):
        pixels = rng.integers(110, 190, (60, 80), dtype=np.uint8)
        if i < 30:
            mask = np.zeros((60, 80), np.uint8)
            y, x = rng.integers(4, 36, 2)
            mask[y : y + 18, x : x + 18] = 255
            pixels[mask > 0] //= 4
            Image.fromarray(mask).save(root / "masks" / f"case{i}.png")
        Image.fromarray(pixels).save(root / "images" / f"case{i}.png")
        rows.append(f"case{i}.png,{'benign' if i < 30 else 'normal'},g{i // 2}")
    (root / "cases.csv").write_text("\n".join(rows) + "\n")
    return root
