"""Small made-up data sets, laid out as their users download them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

HEIGHT, WIDTH = 60, 80


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(height, width) uint8: smooth blobs under fine grain, different for each seed."""
    dice = np.random.default_rng(seed)
    coarse = Image.fromarray(dice.integers(30, 220, (9, 12), dtype=np.uint8))
    blobs = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), int)
    return np.clip(blobs + dice.integers(-9, 10, (height, width)), 0, 255).astype(np.uint8)


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """(HEIGHT, WIDTH) uint8 0/255: a rectangle."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[top:bottom, left:right] = 255
    return mask


def save(file: Path, pixels: np.ndarray) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def no_text(file: Path) -> Path:
    """The same under a name whose bytes are no UTF-8: Latin-1, as old ZIP archives of Windows hold it."""
    if sys.platform != "linux":
        pytest.skip("only Linux has file names that are no text")
    return file.with_name(os.fsdecode(file.name.encode("latin-1")))


def unreadable(root: Path) -> Path:
    """A folder in root that nobody can read, the superuser neither: its path is longer than paths may be."""
    place, inside = root, os.open(root, os.O_RDONLY)
    while len(str(place)) < os.pathconf(root, "PC_PATH_MAX"):
        place /= "deep" * 50
        os.mkdir(place.name, dir_fd=inside)
        above, inside = inside, os.open(place.name, os.O_RDONLY, dir_fd=inside)
        os.close(above)
    os.close(inside)
    return place


def busi(root: Path) -> Path:
    """Two benign (one with two masks), one malignant, two normal with empty masks."""
    root = root / "Dataset_BUSI_with_GT"
    for seed, name in enumerate(
        ("benign (1)", "benign (2)", "malignant (1)", "normal (2)", "normal (3)")
    ):
        folder = root / name.split()[0]
        save(folder / f"{name}.png", picture(seed))
        mask = np.zeros((HEIGHT, WIDTH), np.uint8) if "normal" in name else box(10, 10, 20, 30)
        save(folder / f"{name}_mask.png", mask)
    save(root / "benign" / "benign (2)_mask_1.png", box(30, 40, 40, 60))
    return root


def bus_bra(root: Path) -> Path:
    """Patient 1 with both breasts, patient 2 with one; bus_data.csv beside them."""
    root = root / "BUSBRA"
    for seed, name in enumerate(("0001-l", "0001-r", "0002-s")):
        save(root / "Images" / f"bus_{name}.png", picture(seed))
        save(root / "Masks" / f"mask_{name}.png", box(10, 10, 20, 30))
    (root / "bus_data.csv").write_text(
        "ID,Case,Histology,Pathology,BIRADS,Device\n"
        "bus_0001-l,1,fibroadenoma,benign,3,GE Logiq 7 @10-14MHz\n"
        "bus_0001-r,1,invasive ductal carcinoma,malignant,5,GE Logiq 7 @10-14MHz\n"
        "bus_0002-s,2,cyst,benign,2,GE Logiq 7 @10-14MHz\n"
    )
    return root
