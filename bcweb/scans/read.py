"""Which reader a file needs, told by its content and never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bcweb.folders import refuse_special
from bcweb.scans import pictures
from bcweb.scans.scan import Scan, ScanError

KINDS = "PNG, JPEG, BMP, TIFF, PGM, WebP, GIF and DICOM"
_HEAD = 256  # bytes that tell what a file is
# Without a preamble the first element is one of group 2 or group 8 that a file or an image begins with: of 2 the group's
# length, its version, the class, the UID, the syntax or who wrote it; of 8 the group's length, the length to the end, the
# character set, the image's type, its date, its class or its UID.
_FIRST_ELEMENTS = (
    *(b"\x02\0" + bytes([element]) + b"\0" for element in (0, 1, 2, 3, 0x10, 0x12)),
    *(b"\x08\0" + bytes([element]) + b"\0" for element in (0, 1, 5, 8, 0x12, 0x16, 0x18)),
)
_NOT_IMAGES = {
    b"%PDF": "This is a PDF, not an image; export its picture as PNG or send the DICOM file.",
    b"PK\x03\x04": "This is a ZIP archive; unpack it first.",
    b"\x1f\x8b": "This is a gzip archive; unpack it first.",
}


def read_scan(source: str | Path | bytes) -> Scan:
    """Read one scan from a path or from a file's bytes.

    Raises `ScanError`, one sentence, for whatever cannot be read as a scan.
    """
    with _opened(source) as (file, dicom_file):
        if not dicom_file:
            return pictures.read(file)
        from bcweb.scans import dicom  # pydicom takes longer to import than a PNG to segment

        return dicom.read(file)


def read_frames(source: str | Path | bytes) -> Iterator[np.ndarray]:
    """The pixels of each frame of a mask's file, (H, W) as in `Scan`; the first is that of `read_scan`.

    Raises `ScanError` like it, and where the frames may be of several pictures or are too many.
    """
    with _opened(source) as (file, dicom_file):
        if not dicom_file:
            yield from pictures.frames(file)
            return
        from bcweb.scans import dicom

        yield from dicom.frames(file)


def scan_size(source: str | Path | bytes) -> tuple[int, int]:
    """(height, width) of a scan, from its header alone; raises `ScanError` like `read_scan`."""
    with _opened(source) as (file, dicom_file):
        if not dicom_file:
            return pictures.size(file)
        from bcweb.scans import dicom

        return dicom.size(file)


def read_patient(source: str | Path | bytes) -> tuple[str, str] | None:
    """The id of a DICOM file's patient and who issued it, from the header alone; None where the file names nobody, is no
    DICOM or cannot be read.

    It tells one patient from another, and goes into no name, table or sentence.
    """
    try:
        with _opened(source) as (file, dicom_file):
            if not dicom_file:
                return None
            from bcweb.scans import dicom

            return dicom.patient(file)
    except (ScanError, OSError):  # whoever reads the scan is told
        return None


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[tuple[BinaryIO, bool]]:
    """The file at its start, and whether it is DICOM; `ScanError` for what is certainly no image."""
    try:
        if not isinstance(source, bytes):
            refuse_special(Path(source))
        file = BytesIO(source) if isinstance(source, bytes) else open(source, "rb")  # noqa: SIM115
    except OSError as error:
        raise ScanError(f"{Path(source).name} cannot be opened: {error.strerror}.") from error
    with file:
        head = file.read(_HEAD)
        file.seek(0)
        if not head:
            raise ScanError("The file is empty.")
        for start, sentence in _NOT_IMAGES.items():
            if head.startswith(start):
                raise ScanError(sentence)
        dicom_file = _is_dicom(head)
        if not dicom_file and not pictures.knows(head):
            text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
            what = "This is a text file, not an image" if text else "This is not an image"
            raise ScanError(f"{what} of a kind that can be read: {KINDS}.")
        yield file, dicom_file


def is_dicom(file: Path) -> bool:
    """Whether a file that is there is DICOM, by its first bytes."""
    with file.open("rb") as stream:
        return _is_dicom(stream.read(_HEAD))


def _is_dicom(head: bytes) -> bool:
    """DICOM has a preamble of 128 bytes; old files start with their first element instead."""
    return head[128:132] == b"DICM" or head.startswith(_FIRST_ELEMENTS)
