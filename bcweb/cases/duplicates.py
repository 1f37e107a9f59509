"""Near-duplicates: the same picture, or another frame of the same lesion, under two names."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.fft import dctn

# Of 256 bits. TODO measured
_SAME = 40


def fingerprint(pixels: np.ndarray) -> str:
    """A perceptual hash of a picture, (H, W) uint8 or uint16, as 64 hex digits.

    The signs of the 16 x 16 lowest frequencies of the picture at 64 x 64, against their median:
    256 bits that survive re-encoding, resizing and a change of brightness or contrast.
    """
    grey = Image.fromarray(pixels.astype(np.float32)).resize((64, 64), Image.Resampling.BOX)
    low = dctn(np.asarray(grey), norm="ortho")[:16, :16].ravel()
    return np.packbits(low > np.median(low)).tobytes().hex()


def fingerprints_match(a: str, b: str) -> bool:
    """Whether two fingerprints are of one picture."""
    return (int(a, 16) ^ int(b, 16)).bit_count() <= _SAME
