"""The pictures of an export: copied as they are; or as PNG where other programs could not read them or would show them
turned, or where they hold more than is seen of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import ExifTags, Image

from bcweb.review.export.parts import holds_only_pixels
from bcweb.review.records import CaseRow
from bcweb.scans import Scan, ScanError, is_dicom, read_scan
from bcweb.scans.pictures import turn_upright

# What programs for pictures read, and what this project's readers take for scans by their content.
_PLAIN = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "BMP": ".bmp"}


class PictureError(ValueError):
    """Why a case's picture cannot be exported; its text is one sentence."""


def copy(case: CaseRow, folder: Path, name: str) -> Path:
    """Copy a case's file, whatever it is, to folder/NAME.SUFFIX; raises `PictureError`.

    Copied, not linked: an export is carried elsewhere, and must not change when the original does. A picture that lies
    as its EXIF says is written as `plain` has it: many programs do not regard that, and its mask would not fit.
    """
    scan_of(case)
    with _readable(case):
        is_turned = _is_turned(case.file)
    if is_turned:
        data, suffix = plain(case)
        there = folder / (name + suffix)
        there.write_bytes(data)
        return there
    with _readable(case):
        there = folder / (name + _suffix(case.file))
        source = case.file.open("rb")
    with source, there.open("wb") as copied:
        shutil.copyfileobj(source, copied, 1 << 20)
    return there


def plain(case: CaseRow) -> tuple[bytes, str]:
    """A picture that everybody can read, and its suffix; raises `PictureError`.

    PNG, JPEG and WebP as they are, unless they carry more than a picture; of these, and of BMP, what is seen of them as
    PNG, in colour where it was; of others, of DICOM too, the scan as PNG of 8 or 16 bits. `read_scan` makes the same
    pixels of it, and no text goes along, of a DICOM file's header or of a camera, nor does EXIF that would turn it, nor
    what is hidden where a picture is transparent.
    """
    scan = scan_of(case)
    with _readable(case):
        data = b"" if is_dicom(case.file) else case.file.read_bytes()
        if data:
            with Image.open(BytesIO(data)) as image:
                suffix = _PLAIN.get(image.format or "")
                if suffix and holds_only_pixels(data) and not image.has_transparency_data:
                    return data, suffix
                seen = _as_seen(image) if suffix else None
            if seen is not None and read_scan(seen).digest == scan.digest:
                return seen, ".png"
    return _png(Image.fromarray(scan.pixels)), ".png"


def _as_seen(image: Image.Image) -> bytes | None:
    """A picture alone as PNG, turned and black where it is transparent as `read_scan` has it; None where PNG has not its
    kind of colour."""
    turn_upright(image)
    seen = image.convert("RGB") if image.mode == "CMYK" else image
    if image.has_transparency_data and not image.mode.startswith("I"):
        ground = Image.new("RGBA", image.size, "black")
        seen = Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    seen.info = {}
    try:
        return _png(seen)
    except OSError:
        return None


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=4)
    return file.getvalue()


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


def _is_turned(file: Path) -> bool:
    if is_dicom(file):
        return False
    with Image.open(file) as image:
        # A PNG's own getexif decodes it whole, and finds what stands behind its pixels, which nobody regards.
        return Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1) in range(2, 9)


def _suffix(file: Path) -> str:
    if is_dicom(file):
        return ".dcm"
    with Image.open(file) as image:
        return _PLAIN.get(image.format or "", f".{(image.format or 'png').lower()}")
