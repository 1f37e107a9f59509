"""Masks as they travel from the browser: one bit a pixel, gzipped."""

from __future__ import annotations

import gzip
import zlib

import numpy as np

_GZIP = 31  # what zlib takes for "with a gzip head"


class WireError(ValueError):
    """Bytes that are no mask of the size; its text is one sentence."""


def pack(mask: np.ndarray) -> bytes:
    """(H, W) bool -> gzip of its bits, row-major, the first pixel the highest bit, no padding of rows."""
    return gzip.compress(np.packbits(mask.ravel()).tobytes(), compresslevel=1, mtime=0)


def unpack(data: bytes, height: int, width: int) -> np.ndarray:
    """What `pack` made -> (H, W) bool. Never unpacks more than a mask of this size takes."""
    wanted = (height * width + 7) // 8
    opened = zlib.decompressobj(_GZIP)
    try:
        bits = opened.decompress(data, wanted + 1)
    except zlib.error:
        raise WireError("The mask arrived damaged; nothing of it was kept.") from None
    if len(bits) != wanted or not opened.eof:
        raise WireError(
            f"The mask does not have the {width}x{height} pixels of its scan; nothing of it was kept."
        )
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=height * width).reshape(
        height, width
    ).astype(bool)  # fmt: skip
