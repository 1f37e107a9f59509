"""DICOM, by pydicom; attribute names as in DICOM PS3.3."""

from __future__ import annotations

import importlib.util
import logging
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.multival import MultiValue
from pydicom.pixels import apply_color_lut, get_decoder, pixel_array
from pydicom.uid import (
    UID,
    BreastTomosynthesisImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalMammographyXRayImageStorageForProcessing,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    RLELossless,
)

from bcweb.scans.cautions import (
    DOPPLER,
    MAY_BE_SUBTRACTED,
    not_ordinary,
    other_modality,
    several_pictures,
)
from bcweb.scans.scan import (
    MAX_PIXELS,
    MIN_SIDE,
    Modality,
    Scan,
    ScanError,
    check_frames,
    check_size,
    default_window,
    sixteen_bit,
)

# Odd values in elements that nobody reads here are no reason to warn, and a warning quotes them: a name,
# a date of birth.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
warnings.filterwarnings("ignore", module="pydicom")
pydicom.config.logger.setLevel(logging.CRITICAL)

_GDCM = importlib.util.find_spec("gdcm") is not None
if _GDCM:
    get_decoder(JPEGExtended12Bit).add_plugin("gdcm-12-bit", ("bcweb.scans.jpeg12", "decode_frame"))

_MODALITIES: dict[str, Modality] = {"US": "ultrasound", "IVUS": "ultrasound", "MG": "mammogram"}
_X_RAYS = ("CR", "DX", "RG")  # a mammogram where the body part is the breast
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# How PixelData is to be taken; whether its numbers have a sign, or white is zero, nobody can guess.
_NEEDED = (
    "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "PixelRepresentation",
)  # fmt: skip
# Values of ImageType (PS3.3 C.8.11.7.1.4) of what comes from a mammography unit and is no ordinary view.
_SUBTRACTED = {"SUBTRACTION", "SUBTRACTED", "RECOMBINED"}  # the last two are makers' words
_CENTIMETRES = 3  # of PhysicalUnitsXDirection
# Of RegionSpatialFormat, and of RegionDataType (PS3.3 C.8.5.5.1).
_2D, _TISSUE, _COLOUR_FLOW = 1, 1, 2
_PLACE = (
    "RegionLocationMinY0", "RegionLocationMaxY1", "RegionLocationMinX0", "RegionLocationMaxX1",
)  # fmt: skip
# Of the screen: what is smaller is a mark of where the probe is, or a thumbnail.
_LEAST_PICTURE = 0.1
_SIDES = {"L": "left breast", "R": "right breast", "B": "both breasts"}
# Of a deflated file: as many bytes as the largest picture has in 16 bits. A kilobyte may hold a megabyte of zeros.
_MOST_INFLATED = 2 * MAX_PIXELS
_WIDEST = 1000  # mm; no pixel is wider, and the area of some would be infinite


def size(file: BinaryIO) -> tuple[int, int]:
    """(height, width)."""
    with _one_sentence():
        data = _read(file, stop_before_pixels=True)
        height, width = int(data.Rows), int(data.Columns)
        check_size(height, width)
        return height, width


def read(file: BinaryIO) -> Scan:
    """The first frame of a DICOM file; pixels keep their stored values, but unsigned and upright."""
    with _one_sentence():
        data = _with_pixels(file)
        pixels, window, notes = _shown(data, 0)
        frames = _frames(data)
        if frames > 1:
            notes = (f"First of {frames} frames.", *notes)
        modality = _modality(data)
        screen, unread = _if_readable(_screen, data, "where its picture lies")
        pictures, has_colour = screen or ((), False)
        cautions = _cautions(data, modality, len(pictures), has_colour)
        pixels = np.ascontiguousarray(pixels)
        window = window or default_window(pixels)
        spacing, odd = _if_readable(_spacing, data, "its pixels' spacing")
        notes = (*cautions, *_view(data), *notes, *unread, *odd)
        [picture] = pictures if len(pictures) == 1 else [None]
        return Scan(pixels, window, spacing, modality, notes, cautions, frames, picture)


def frames(file: BinaryIO) -> Iterator[np.ndarray]:
    """The pixels of each frame, (H, W); `ScanError` where they may be of several pictures."""
    with _one_sentence():
        data = _with_pixels(file)
        count = _frames(data)
        if count > 1 and not _is_one_picture(data, count):
            raise ScanError(
                f"Its {count} frames may be masks of as many pictures; a mask has one frame, or one for each segment."
            )
        check_frames(count, int(data.Rows), int(data.Columns))
        for number in range(count):
            yield _shown(data, number)[0]


def patient(file: BinaryIO) -> tuple[str, str] | None:
    """PatientID and IssuerOfPatientID, "" where there is none; None where the file names nobody."""
    with _one_sentence():
        names = ["PatientID", "IssuerOfPatientID"]
        data = pydicom.dcmread(
            _inflated(file), force=True, stop_before_pixels=True, specific_tags=names
        )
        number, issuer = (str(data.get(name) or "").strip(" \0") for name in names)
        return (number, issuer) if number else None


def _frames(data: Dataset) -> int:
    return int(data.get("NumberOfFrames") or 1)


def _is_one_picture(data: Dataset, count: int) -> bool:
    """Whether the frames of a segmentation are different segments of one image (PS3.3 C.8.20.3)."""
    segments, images = [], set()
    for frame in data.get("PerFrameFunctionalGroupsSequence") or ():
        for segment in frame.get("SegmentIdentificationSequence") or ():
            segments.append(segment.ReferencedSegmentNumber)
        for derived in frame.get("DerivationImageSequence") or ():
            for image in derived.get("SourceImageSequence") or ():
                images.add((image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")))
    return len(segments) == len(set(segments)) == count and len(images) <= 1


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Elements are parsed when they are first asked for, and raise whatever a damaged file gives."""
    try:
        yield
    except ScanError:
        raise
    except Exception as error:
        raise ScanError("This DICOM file is cut off or damaged.") from error


def _read(file: BinaryIO, **how: Any) -> Dataset:
    data = pydicom.dcmread(_inflated(file), force=True, **how)
    if "Rows" not in data or "Columns" not in data:
        raise ScanError(_without_pixels(data))
    return data


def _inflated(file: BinaryIO) -> BinaryIO:
    """The file at its start; of a deflated one its data set alone, for pydicom inflates whatever it comes to."""
    read_preamble(file, force=True)
    meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        file.seek(0)
        return file
    body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(), _MOST_INFLATED + 1)
    if len(body) > _MOST_INFLATED:
        raise ScanError(
            f"The file has more than {_MOST_INFLATED // 10**6} MB when unpacked, the most that is read."
        )
    return BytesIO(body)


def _with_pixels(file: BinaryIO) -> Dataset:
    data = _read(file)
    if not any(name in data for name in _PIXELS):
        raise ScanError(_without_pixels(data))
    needed = (*_NEEDED, "PlanarConfiguration") if data.get("SamplesPerPixel") == 3 else _NEEDED
    for keyword in needed if "PixelData" in data else ():
        if data.get(keyword) in (None, ""):
            raise ScanError(f"This DICOM file does not say its {keyword}; its pixels need it.")
    check_size(int(data.Rows), int(data.Columns))
    return data


def _without_pixels(data: Dataset) -> str:
    kind = f" (modality {said})" if (said := _said_modality(data)) else ""
    return f"This DICOM file holds no image{kind}."


def _shown(
    data: Dataset, number: int
) -> tuple[np.ndarray, tuple[float, float] | None, tuple[str, ...]]:
    """Pixels (H, W) of a frame, the file's window in their units, notes."""
    frame = _frame(data, number)
    if frame.ndim == 3:
        frame = _eight_bits(frame, data)
        return _colour(frame), (0.0, 255.0), _coloured(frame)
    return _grey(frame, data)


def _frame(data: Dataset, number: int) -> np.ndarray:
    """(H, W) values as they are stored, or (H, W, 3) RGB."""
    if "TransferSyntaxUID" not in data.file_meta:  # what is meant where nothing is said
        data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    syntax = data.file_meta.TransferSyntaxUID
    packed = f", packed as {syntax.name}," if syntax.is_encapsulated else ""
    if packed and not _can_decode(syntax):
        raise ScanError(f"The pixels of this DICOM file{packed} cannot be decoded.")
    try:
        frame = _decoded(data, syntax, number)
        if data.PhotometricInterpretation == "PALETTE COLOR":
            frame = apply_color_lut(frame, data)
        return frame
    except Exception as error:
        why = (
            "are cut off or damaged" if _GDCM or not packed else "may need python-gdcm; install it"
        )
        raise ScanError(f"The pixels of this DICOM file{packed} {why}.") from error


def _decoded(data: Dataset, syntax: UID, number: int) -> np.ndarray:
    """A frame, its values in the lower bits of a pixel: old files may have them in the upper ones, up to High
    Bit, and pydicom looks for them in the lower ones alone.
    """
    stored, high = int(data.get("BitsStored") or 0), int(data.get("HighBit") or 0)
    as_written = not syntax.is_encapsulated or syntax == RLELossless
    if not as_written or data.get("SamplesPerPixel", 1) != 1 or high < stored or stored < 1:
        return pixel_array(data, index=number)
    frame = pixel_array(data, index=number, correct_unused_bits=False)
    bits = 8 * frame.itemsize
    sign = 2 ** (stored - 1) if data.get("PixelRepresentation") else 0
    if high >= bits or (-sign <= frame.min() and frame.max() < 2**stored - sign):
        return frame  # they lie in the lower ones, whatever is said
    return (frame << (bits - 1 - high)) >> (bits - stored)


def _can_decode(syntax: UID) -> bool:
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:
        return False


def _eight_bits(rgb: np.ndarray, data: Dataset) -> np.ndarray:
    """(H, W, 3) -> uint8. Palettes have 16 bits a colour; of these, too, some files use the lower 8 alone."""
    bits = 16 if data.PhotometricInterpretation == "PALETTE COLOR" else int(data.BitsStored)
    if rgb.max() > 255:
        rgb = rgb >> (bits - 8)
    return rgb.astype(np.uint8)


def _colour(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) uint8."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def _coloured(rgb: np.ndarray) -> tuple[str, ...]:
    """A note where (H, W, 3) uint8 holds more colour than the tints of an all but grey picture.

    A Doppler's colours cover a good part of it; a mark or a logo, of under 1 in 1000 pixels, does not.
    """
    strong = np.ptp(rgb, axis=2) > 255 / 4
    return ("Its colours were turned to grey.",) if strong.mean() > 0.001 else ()


def _grey(
    stored: np.ndarray, data: Dataset
) -> tuple[np.ndarray, tuple[float, float] | None, tuple[str, ...]]:
    """(H, W) stored values -> pixels, the file's window in their units, notes.

    Rescaling is linear, so the pixels keep their stored values and the window is brought to them.
    """
    (slope, intercept, window), odd = _rescaled_window(data)
    bits = int(data.BitsStored) if "PixelData" in data else 32
    offset = 2 ** (bits - 1) if data.get("PixelRepresentation") else 0
    shown, unsure = _if_readable(partial(_not_padding, stored), data, "its padding")
    odd = (*odd, *unsure)
    if data.get("ModalityLUTSequence"):
        table = data.ModalityLUTSequence[0]
        entries, first = _entries(table, data), _with_sign(table.LUTDescriptor[1], data)
        stored = entries[np.clip(stored.astype(np.int64) - first, 0, len(entries) - 1)]
        bits = min(max(8, int(table.LUTDescriptor[2]), int(entries.max()).bit_length()), 16)
        slope, intercept, offset = 1, 0, 0
    inverted = (data.PhotometricInterpretation == "MONOCHROME1") != (slope < 0)

    if bits > 16:
        pixels, notes = sixteen_bit(stored)
        if window:
            notes = (*notes, "The file's window is left out: its pixels have more than 16 bits.")
        return (65535 - pixels if inverted else pixels), None, (*notes, *odd)
    top = 2**bits - 1
    pixels = np.clip(stored.astype(np.int32) + offset, 0, top)
    if window:
        low, high = sorted((edge - intercept) / slope + offset for edge in window)
        # It would show one flat tone, or two: a lookup table that falls reaches white where it begins.
        if low >= pixels.max() or high <= pixels.min() or low == high:
            window = None
        else:
            window = (top - high, top - low) if inverted else (low, high)
    pixels = (top - pixels if inverted else pixels).astype(np.uint8 if bits <= 8 else np.uint16)
    if window is None and shown is not None and bits > 8:
        window = default_window(pixels, shown)
    if bits == 1:
        return pixels * np.uint8(255), None, ()
    if 8 < bits < 16:  # elsewhere it is only said that they lie in 16
        return pixels, window, (f"{bits} of the 16 bits of a pixel are used.", *odd)
    if bits <= 8 and (not window or (window[0] <= 1 and window[1] >= top - 1)):
        window = (0.0, float(top))
    return pixels, window, odd


def _rescaled_window(
    data: Dataset,
) -> tuple[tuple[float, float, tuple[float, float] | None], tuple[str, ...]]:
    """Slope and intercept of the rescaling, the window after it, and a note where one of them cannot be read: then
    there is no window, since it holds with the other two alone."""

    def read(data: Dataset) -> tuple[float, float, tuple[float, float] | None]:
        slope, intercept = (
            _first(first_frame(data, keyword, "PixelValueTransformationSequence"))
            for keyword in ("RescaleSlope", "RescaleIntercept")
        )
        slope, intercept, window = slope or 1.0, intercept or 0.0, _window(data)
        for edge in window or ():
            _number((edge - intercept) / slope)  # a slope of next to nothing makes an edge infinite
        return slope, intercept, window

    found, odd = _if_readable(read, data, "its window or rescaling")
    return found or (1.0, 0.0, None), odd


def _if_readable(
    read: Callable[[Dataset], Any], data: Dataset, what: str
) -> tuple[Any, tuple[str, ...]]:
    """What is read of elements that a scan can do without; None and a note where their values are odd."""
    try:
        return read(data), ()
    except Exception:  # whatever pydicom and numbers raise of them
        return None, (f"What the file says of {what} cannot be read and is left out.",)


def _window(data: Dataset) -> tuple[float, float] | None:
    """(low, high) after rescaling: the first window (PS3.3 C.11.2.1.2), else the reach of the VOI LUT."""
    centre = _first(first_frame(data, "WindowCenter", "FrameVOILUTSequence"))
    width = _first(first_frame(data, "WindowWidth", "FrameVOILUTSequence"))
    if centre is not None and width is not None and width >= 1:
        if data.get("VOILUTFunction", "LINEAR") == "LINEAR":
            centre, width = centre - 0.5, max(width - 1, 1)
        return centre - width / 2, centre + width / 2
    if not data.get("VOILUTSequence"):
        return None
    table = data.VOILUTSequence[0]
    entries, first = _entries(table, data), _with_sign(table.LUTDescriptor[1], data)
    reach = entries / max(entries.max(), 1)
    return float(first + np.argmax(reach >= 0.01)), float(first + np.argmax(reach >= 0.99))


def _entries(table: Dataset, data: Dataset) -> np.ndarray:
    """(N,) uint16: the values of a lookup table, a word each; those of 8 bits may be packed two to a word (PS3.3
    C.11.1.1.1)."""
    words = table.LUTData
    if isinstance(words, bytes):
        is_little = data.original_encoding[1]
        words = np.frombuffer(words, "<u2" if is_little else ">u2")
    words = np.atleast_1d(words).astype("<u2")
    count = int(table.LUTDescriptor[0]) % 2**16 or 2**16
    if len(words) == -(-count // 2) and int(table.LUTDescriptor[2]) <= 8:
        words = words.view(np.uint8).astype("<u2")
    if len(words) < count:
        raise ValueError(f"{len(words)} of {count} entries")
    return words[:count]


def _with_sign(value: Any, data: Dataset) -> int:
    """One of the stored values; files whose pixels have a sign may hold it as if it had none, -1000 as 64536."""
    number = int(value)
    return number - 2**16 if data.get("PixelRepresentation") and number >= 2**15 else number


def _not_padding(stored: np.ndarray, data: Dataset) -> np.ndarray | None:
    """(H, W) bool: where a frame shows something, and is not filled up with a value for that (PS3.3 C.7.5.1.1.2); None
    where the file names no such value."""
    value = data.get("PixelPaddingValue")
    if value is None:
        return None
    limit = data.get("PixelPaddingRangeLimit", value)
    low, high = sorted((_with_sign(value, data), _with_sign(limit, data)))
    return (stored < low) | (stored > high)


def _is_detectors(spacing: Sequence[float], data: Dataset) -> bool:
    """Whether a pixel spacing is that of the detector, copied: the two are the same, and nothing says that it was
    calibrated (DICOM PS3.3, 10.7.1.3)."""
    imager = data.get("ImagerPixelSpacing")
    return (
        bool(imager)
        and not data.get("PixelSpacingCalibrationType")
        and list(spacing) == list(imager)
    )


def _screen(data: Dataset) -> tuple[tuple[tuple[int, int, int, int], ...], bool]:
    """Where an ultrasound's screen shows tissue, each as `Scan.picture`, one within another a part of it; and whether
    it shows the colours of a Doppler.

    Programs that cut names off a screen leave the regions as they were: where one of any kind reaches beyond the image,
    none of them is of these pixels.
    """
    rows, columns = int(data.Rows), int(data.Columns)
    regions = list(data.get("SequenceOfUltrasoundRegions") or ())
    places = [[region.get(each) for each in _PLACE] for region in regions]
    if any(p[1] > rows or p[3] > columns for p in places if None not in p):
        return (), False
    found = set()
    for region, place in zip(regions, places, strict=True):
        if (region.get("RegionSpatialFormat"), region.get("RegionDataType")) != (_2D, _TISSUE):
            continue
        top, bottom, left, right = map(int, place)
        # The last row is a part of it; some makers write how many there are.
        bottom, right = min(bottom + 1, rows), min(right + 1, columns)
        height, width = bottom - top, right - left
        if min(height, width) >= MIN_SIDE and height * width >= _LEAST_PICTURE * rows * columns:
            found.add((top, bottom, left, right))
    apart = sorted(one for one in found if not any(_is_within(one, other) for other in found))
    has_colour = any(region.get("RegionDataType") == _COLOUR_FLOW for region in regions)
    return tuple(apart), has_colour


def _is_within(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    is_inside = (
        one[0] >= other[0] and one[1] <= other[1] and one[2] >= other[2] and one[3] <= other[3]
    )
    return is_inside and one != other


def _view(data: Dataset) -> tuple[str, ...]:
    """Which breast it is, from which side, as far as the file says."""
    side = _SIDES.get(str(data.get("ImageLaterality") or data.get("Laterality") or ""))
    view = " ".join(str(data.get("ViewPosition") or "").split())
    told = ", ".join(part for part in (side, view and f"{view} view") if part)
    return (f"{told[0].upper()}{told[1:]}.",) if told else ()


def _area(region: Dataset) -> int:
    across = region.RegionLocationMaxX1 - region.RegionLocationMinX0
    return across * (region.RegionLocationMaxY1 - region.RegionLocationMinY0)


def _spacing(data: Dataset) -> tuple[float, float] | None:
    """(row, column) millimetres in the patient, else on the detector over the magnification, or None."""
    regions = [
        region
        for region in data.get("SequenceOfUltrasoundRegions") or ()
        if region.get("PhysicalUnitsXDirection") == _CENTIMETRES
        and region.get("PhysicalUnitsYDirection") == _CENTIMETRES
        and 0 not in (region.get("PhysicalDeltaX"), region.get("PhysicalDeltaY"))  # not measured
    ]
    if regions:
        # Of one alone it does not matter where it lies.
        largest = max(regions, key=_area) if len(regions) > 1 else regions[0]
        found = [
            abs(_number(side)) * 10 for side in (largest.PhysicalDeltaY, largest.PhysicalDeltaX)
        ]
    elif (
        found := first_frame(data, "PixelSpacing", "PixelMeasuresSequence")
    ) and not _is_detectors(found, data):
        pass
    elif found := data.get("ImagerPixelSpacing"):
        magnification = _number(data.get("EstimatedRadiographicMagnificationFactor") or 1)
        found = [_number(side) / magnification for side in found]
    else:
        return None
    row, column = map(_number, found)
    if max(row, column) > _WIDEST:
        raise ValueError(f"a pixel of {row} by {column} mm")
    return (row, column) if row > 0 and column > 0 else None


def _said_modality(data: Dataset) -> str:
    """As the file has it, the first where it has several; "" where it says none."""
    said = data.get("Modality") or ""
    return said if isinstance(said, str) else str(said[0])


def _modality(data: Dataset) -> Modality | None:
    said = _said_modality(data)
    if said in _MODALITIES:
        return _MODALITIES[said]
    if said in _X_RAYS and "BREAST" in str(data.get("BodyPartExamined", "")).upper():
        return "mammogram"
    return None


def _cautions(
    data: Dataset, modality: Modality | None, pictures: int, has_colour: bool
) -> tuple[str, ...]:
    """Where a file is of another modality, an ultrasound's screen has more than a picture of tissue, or a view from a
    mammography unit is not an ordinary one, or may not be. pictures, has_colour: see `_screen`."""
    if modality is None and (said := _said_modality(data)):
        return (other_modality(said),)
    if modality == "ultrasound":
        several = (several_pictures(pictures),) if pictures > 1 else ()
        return (*several, *((DOPPLER,) if has_colour else ()))
    if modality != "mammogram":
        return ()
    said = data.get("ImageType") or ()
    kinds = {str(value).strip().upper() for value in ([said] if isinstance(said, str) else said)}
    if kinds & _SUBTRACTED:
        return (not_ordinary("subtracted contrast view"),)
    if "HIGH_ENERGY" in kinds:
        return (not_ordinary("high-energy view"),)
    if "GENERATED_2D" in kinds:
        return (not_ordinary("synthesised 2D view"),)
    is_tomosynthesis = data.get("SOPClassUID") == BreastTomosynthesisImageStorage
    if is_tomosynthesis or any(kind.startswith("TOMO") for kind in kinds):
        return (not_ordinary("tomosynthesis image"),)
    is_raw = data.get("SOPClassUID") == DigitalMammographyXRayImageStorageForProcessing
    if is_raw or data.get("PresentationIntentType") == "FOR PROCESSING":
        return (not_ordinary("raw image (for processing)"),)
    if data.get("ContrastBolusAgent") and "LOW_ENERGY" not in kinds:
        return (MAY_BE_SUBTRACTED,)
    return ()


def first_frame(data: Dataset, keyword: str, sequence: str) -> Any:
    """An element of the image, or of its first frame where the file describes frames in groups: what it says of the
    frame itself before what it says of all of them. None where it is nowhere."""
    if (value := data.get(keyword)) is not None:
        return value
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in (data.get(groups) or ())[:1]:
            for item in (group.get(sequence) or ())[:1]:
                if (value := item.get(keyword)) is not None:
                    return value
    return None


def _number(value: Any) -> float:
    """An element's number, whose point may be a comma; `ValueError` where it is infinite or none."""
    number = float(value.replace(",", ".") if isinstance(value, str) else value)
    if not np.isfinite(number):
        raise ValueError(f"{value} is not finite")
    return number


def _first(value: Any) -> float | None:
    """The first of several, as a number; None where there is none."""
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return None if value is None or value == "" else _number(value)
