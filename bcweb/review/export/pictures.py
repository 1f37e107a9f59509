"""The pictures of an export: copied as they are; or as PNG where other programs could not read them, or where they say
more than a picture does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from bcweb.review.records import CaseRow
from bcweb.scans import Scan, ScanError, is_dicom, read_scan

# What programs for pictures read, and what this project's readers take for scans by their content.
_PLAIN = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp"}
# What Pillow tells of such a file that is of its pixels alone. Whatever else it carries, EXIF, XMP, comments, profiles,
# may name a patient or a place.
_OF_PIXELS = {
    "APP0", "jfif", "jfif_version", "jfif_unit", "jfif_density", "APP14", "adobe", "adobe_transform",
    "progressive", "progression", "dpi", "aspect", "gamma", "srgb", "chromaticity", "transparency", "interlace",
    "compression", "background", "loop", "timestamp", "duration",
}  # fmt: skip


class PictureError(ValueError):
    """Why a case's picture cannot be exported; its text is one sentence."""


def copy(case: CaseRow, folder: Path, name: str) -> Path:
    """Copy a case's file, whatever it is, to folder/NAME.SUFFIX; raises `PictureError`.

    Copied, not linked: an export is carried elsewhere, and must not change when the original does.
    """
    scan_of(case)
    with _readable(case):
        there = folder / (name + _suffix(case.file))
        source = case.file.open("rb")
    with source, there.open("wb") as copied:
        shutil.copyfileobj(source, copied, 1 << 20)
    return there


def plain(case: CaseRow) -> tuple[bytes, str]:
    """A picture that everybody can read, and its suffix; raises `PictureError`.

    PNG, JPEG, WebP and BMP as they are; of others, and of those that carry more than a picture, the pixels as PNG of
    8 or 16 bits, of which `read_scan` makes the same pixels: no text goes along, of a DICOM file's header or of a
    camera, nor does EXIF that would turn it.
    """
    scan = scan_of(case)
    with _readable(case):
        if not is_dicom(case.file):
            with Image.open(case.file) as image:
                suffix = _PLAIN.get(image.format or "")
                if suffix and not _carries_more(image):
                    return case.file.read_bytes(), suffix
    file = BytesIO()
    Image.fromarray(scan.pixels).save(file, "PNG", compress_level=4)
    return file.getvalue(), ".png"


def _carries_more(image: Image.Image) -> bool:
    image.load()  # what stands behind its pixels is told only then
    parts = (name for name, _ in getattr(image, "applist", ()))  # a JPEG's
    return not _OF_PIXELS.issuperset([*image.info, *parts])


def scan_of(case: CaseRow) -> Scan:
    """The scan, where it still is the one that was reviewed; raises `PictureError`."""
    try:
        scan = read_scan(case.file)
    except ScanError as error:
        if not case.file.exists():
            raise PictureError(f"Its file {case.file.name} is not there any more.") from error
        raise PictureError(f"Its file cannot be read any more: {error}") from error
    if case.digest and scan.digest != case.digest:
        raise PictureError(f"Its file {case.file.name} holds another picture than was reviewed.")
    return scan


@contextmanager
def _readable(case: CaseRow) -> Iterator[None]:
    """What the disk says of a case's file is not said of the export."""
    try:
        yield
    except OSError as error:
        raise PictureError(
            f"Its file {case.file.name} cannot be read: {error.strerror or error}."
        ) from error


def _suffix(file: Path) -> str:
    if is_dicom(file):
        return ".dcm"
    with Image.open(file) as image:
        return _PLAIN.get(image.format or "", f".{(image.format or 'png').lower()}")
