"""Files as people send them, made from arrays."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image


def png(pixels: np.ndarray) -> bytes:
    """(H, W) bool, uint8 or uint16, or (H, W, 3) uint8, as a PNG's bytes."""
    file = BytesIO()
    pixels = pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def mask_of(file: bytes) -> np.ndarray:
    """A mask's PNG -> (H, W) bool; it must hold 0 and 255 and nothing else."""
    image = Image.open(BytesIO(file))
    assert (image.format, image.mode) == ("PNG", "L")
    pixels = np.asarray(image)
    assert set(np.unique(pixels)) <= {0, 255}
    return pixels == 255


def speckle(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(H, W) uint8 of noise with a dark disk in the middle."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:height, :width]
    disk = np.hypot(row - height / 2, column - width / 2) < min(height, width) / 5
    return (
        (rng.rayleigh(60, (height, width)) * np.where(disk, 0.2, 1)).clip(0, 255).astype(np.uint8)
    )
