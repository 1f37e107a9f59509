"""Scan -> the network's input: the one preparation that training and serving share.

Normalisation brings a scan's window to 0..1; it is then stretched to a square and standardised by the
mean and deviation that its weights were trained with (`Config.mean`, `Config.std`).
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from bcweb.scans import Scan


def square(scan: Scan, size: int) -> np.ndarray:
    """The scan's window as (size, size) float32 in 0..1, stretched with an antialiased bilinear filter."""
    if scan.pixels.dtype == np.uint8 and scan.window == (0.0, 255.0):
        image = Image.fromarray(scan.pixels)  # Pillow is several times faster on 8 bits
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255.0
    image = Image.fromarray(scan.unit())
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR), np.float32)


def standardise(images: np.ndarray, mean: float, std: float) -> np.ndarray:
    """(N, S, S) in 0..1 -> the network's (N, S, S, 3) float32: (x - mean) / std, grey repeated."""
    scaled = (images.astype(np.float32) - np.float32(mean)) / np.float32(std)
    return np.repeat(scaled[..., None], 3, axis=-1)
