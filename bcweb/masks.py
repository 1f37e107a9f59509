"""Masks as PNG files that know which weights made them, of which scan."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcweb.terminal import write_whole

if TYPE_CHECKING:
    import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STAMP = re.compile(rb"tEXtbcweb\0(\S+) ([0-9a-f]{32}) ([0-9a-f]{16})(?: (ultrasound|mammogram))?")


@dataclass(frozen=True)
class Stamp:
    """Kept inside a mask's PNG: by which weights, of which content, of the file at which place (hashed).

    told: the modality, where the person's word for it decided; "" where the file says it, or where it was guessed.
    """

    revision: str
    content: str
    place: str
    told: str = ""


def write_mask(mask: np.ndarray, file: Path, stamp: Stamp) -> None:
    """Write a (H, W) bool mask as an 8-bit grey PNG of 0 and 255; whole or not at all."""
    text = f"{stamp.revision} {stamp.content} {stamp.place} {stamp.told}".rstrip().encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, mask_png(mask, text))


def mask_png(mask: np.ndarray, text: bytes = b"") -> bytes:
    """A (H, W) bool mask as a PNG file's bytes, 8-bit grey, 0 and 255; text goes into its "bcweb" entry."""
    import numpy as np  # slow to load, and whoever only reads a stamp needs none

    rows = np.multiply(mask, np.uint8(255), dtype=np.uint8)
    return grey_png(rows, mask.shape[1], 8, text)


def grey_png(rows: np.ndarray, width: int, bits: int, text: bytes = b"", level: int = 1) -> bytes:
    """Grey pixels of 1 or 8 bits as a PNG file's bytes; rows: (H, bytes of a row) uint8, packed if 1 bit.

    Written here because Pillow tries five filters on every row, of which a mask needs none.
    """
    import numpy as np  # as above

    height, row_bytes = rows.shape
    filtered = np.zeros(
        (height, row_bytes + 1), np.uint8
    )  # each row begins with its filter, 0: none
    filtered[:, 1:] = rows
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))]
    if text:
        chunks.append((b"tEXt", b"bcweb\0" + text))
    chunks += [(b"IDAT", zlib.compress(filtered, level)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def read_stamp(file: Path) -> Stamp | None:
    """The stamp of a mask that this command wrote; None for any other file."""
    try:
        with file.open("rb") as stream:
            head = stream.read(1024)
    except OSError:
        return None
    found = _STAMP.search(head) if head.startswith(_SIGNATURE) else None
    return Stamp(*(part.decode() for part in found.groups(b""))) if found else None
