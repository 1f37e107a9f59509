"""What a scan is: one grey image as its file says it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

Modality = Literal["ultrasound", "mammogram"]
MODALITIES: tuple[Modality, ...] = ("ultrasound", "mammogram")

# The largest mammograms are 4,915 x 5,928; a picture of more pixels than this is a mistake or an attack.
MAX_PIXELS = 64_000_000
_MOST_IN_FRAMES = 4 * MAX_PIXELS
MOST_FRAMES = 256  # of a mask, one a lesion; a file of a few bytes can claim millions
MIN_SIDE = 16  # pixels; nothing can be seen in less


class ScanError(ValueError):
    """A file that cannot be read as a scan; its text is one sentence for the person who sent it."""


@dataclass(frozen=True, eq=False)
class Scan:
    """One grey image as its file says it.

    pixels: (H, W) uint8 or uint16, C-contiguous, bright tissue bright (MONOCHROME1 is inverted).
    window: (low, high) in pixel values; what is below is black, what is above is white. The file's
        own window, else (0, 255) for 8 bits and robust percentiles for 16.
    spacing: (row, column) millimetres per pixel, or None where the file does not say.
    modality: what the file itself says, or None.
    notes: sentences that a reader ought to see, such as "First of 31 frames.".
    cautions: those of them that say why what a network draws here may be worth nothing.
    frames: how many the file has, of which this is the first.
    picture: rows top to bottom and columns left to right, the ends left out, of what an ultrasound's file says is its
        picture: around it are the machine's own letters and bars. None where the file says nothing of it.
    """

    pixels: np.ndarray
    window: tuple[float, float] = (0.0, 255.0)
    spacing: tuple[float, float] | None = None
    modality: Modality | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    frames: int = 1
    picture: tuple[int, int, int, int] | None = None

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

    def within(self, whole: np.ndarray) -> np.ndarray:
        """What lies in its picture of an (H, W) array, its pixels or a mask; all where no file says where that is."""
        top, bottom, left, right = self.picture or (0, self.height, 0, self.width)
        return np.ascontiguousarray(whole[top:bottom, left:right])

    def unit(self) -> np.ndarray:
        """(H, W) float32 in 0..1: the pixels through the window."""
        low, high = self.window
        scaled = (self.pixels.astype(np.float32) - low) / max(high - low, 1e-6)
        return np.clip(scaled, 0.0, 1.0, out=scaled)


def check_size(height: int, width: int) -> None:
    """Raise `ScanError` for an image that is too large to open or too small to see anything in."""
    if height * width > MAX_PIXELS:
        raise ScanError(
            f"The image has more than {MAX_PIXELS // 10**6} million pixels, the most that is read."
        )
    if min(height, width) < MIN_SIDE:
        raise ScanError(
            f"The image is {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed."
        )


def check_frames(count: int, height: int, width: int) -> None:
    """Raise `ScanError` for more frames of this size than are read of a mask."""
    if count > MOST_FRAMES:
        raise ScanError(f"It has {count} frames; of a mask at most {MOST_FRAMES} are read.")
    if count > 1 and count * height * width > _MOST_IN_FRAMES:
        raise ScanError(
            f"Its {count} frames have more than {_MOST_IN_FRAMES // 10**6} million pixels together, the most that is "
            "read of a mask."
        )


def check_contrast(pixels: np.ndarray) -> None:
    """Raise `ScanError` for a scan in which there is nothing to see. A mask may be so: that of a normal is."""
    if pixels.min() == pixels.max():
        raise ScanError("Every pixel of it is the same: there is nothing to segment.")


def default_window(pixels: np.ndarray, shown: np.ndarray | None = None) -> tuple[float, float]:
    """The window of a file that names none: all of 8 bits; of 16 the 0.5th to the 99.5th percentile.

    shown: (H, W) bool, those pixels that count; without it all do.
    """
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    if shown is not None and shown.any():
        pixels = pixels[shown][None]
    step = max(1, int((pixels.size / 1_000_000) ** 0.5))
    low, high = np.percentile(pixels[::step, ::step], (0.5, 99.5))
    if low == high:  # nearly all of it is one value
        low, high = int(pixels.min()), int(pixels.max())
    return float(low), float(max(high, low + 1))


def white_has_a_sign(values: np.ndarray) -> bool:
    """Whether these are a mask's 0 and -1: all bits of white are set, and the file says that they have a sign."""
    return values.dtype.kind == "i" and values.max() == 0 and values.min() == -1


def sixteen_bit(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Integers or floats of any range as uint16: as they are where they fit, else stretched, with a note."""
    if white_has_a_sign(values):
        return np.where(values, np.uint16(65535), np.uint16(0)), ()
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() <= 65535:
        return values.astype(np.uint16), ()
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise ScanError("It holds no number: every pixel is infinite or missing.")
    low, high = finite.min(), finite.max()
    # Where all is above 0, 0 is black: what is missing is black, and one value alone is not.
    if low > 0 and (low == high or np.isnan(values).any()):
        low = 0.0
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scaled = (values - low) * (65535 / max(high - low, 1e-300))
    return np.round(scaled).astype(np.uint16), ("Its values were scaled to 16 bits.",)
