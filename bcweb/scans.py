"""A file's bytes -> `Scan`. Everything the project knows of pixels on disk is here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

Modality = Literal["ultrasound", "mammogram"]
MODALITIES: tuple[Modality, ...] = ("ultrasound", "mammogram")


class ScanError(ValueError):
    """A file that cannot be read as a scan; its text is one sentence for the person who sent it."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One grey image as its file says it.

    pixels: (H, W) uint8 or uint16, C-contiguous, bright tissue bright (MONOCHROME1 is inverted).
    window: (low, high) in pixel values; what is below is black, what is above is white. For
        8-bit files (0, 255); for 16-bit files the file's own window, else robust percentiles.
    spacing: (row, column) millimetres per pixel, or None where the file does not say.
    modality: what the file itself says, or None.
    notes: sentences that a reader ought to see, such as "First of 31 frames.".
    """

    pixels: np.ndarray
    window: tuple[float, float] = (0.0, 255.0)
    spacing: tuple[float, float] | None = None
    modality: Modality | None = None
    notes: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over depth, geometry and pixels: the same picture in another lossless file agrees."""
        head = f"{self.pixels.dtype.name} {self.height}x{self.width}\n".encode()
        return hashlib.sha256(head + np.ascontiguousarray(self.pixels).tobytes()).hexdigest()

    def unit(self) -> np.ndarray:
        """(H, W) float32 in 0..1: the pixels through the window."""
        low, high = self.window
        scaled = (self.pixels.astype(np.float32) - low) / max(high - low, 1e-6)
        return np.clip(scaled, 0.0, 1.0, out=scaled)


def read_scan(source: str | Path | bytes) -> Scan:
    """Read one scan from a path or from a file's bytes; raise `ScanError` with one sentence."""
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    image = Image.open(BytesIO(data))
    return Scan(np.array(image.convert("L")))


def scan_size(source: str | Path | bytes) -> tuple[int, int]:
    """(height, width) of a scan, from its header alone; raises `ScanError` like `read_scan`."""
    data = BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(data) as image:
            return image.height, image.width
    except OSError as error:
        raise ScanError("This is not an image that can be read.") from error


def guess_modality(scan: Scan) -> Modality:
    return "ultrasound"
