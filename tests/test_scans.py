"""Files -> scans: every format, what is kept of it, and the sentence for what cannot be read."""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from bcweb.scans import Scan, ScanError, guess_modality, read_scan, scan_size

# 20 rows, 30 columns: a ramp from 0 to 255 that is not symmetric in any way.
RAMP = np.round(np.linspace(0, 255, 600)).astype(np.uint8).reshape(20, 30)
DEEP = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)


def encode(image: Image.Image, kind: str, **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def grey(pixels: np.ndarray = RAMP) -> Image.Image:
    return Image.fromarray(pixels)


def rgb(pixels: np.ndarray = RAMP) -> Image.Image:
    return Image.merge("RGB", [Image.fromarray(pixels)] * 3)


def dicom(pixels: np.ndarray = RAMP, **elements) -> Dataset:
    """A secondary capture with these stored values; elements by their DICOM keywords."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = SecondaryCaptureImageStorage
    data.SOPInstanceUID = "1.2.3"
    data.Rows, data.Columns = pixels.shape[-3:-1] if pixels.shape[-1] == 3 else pixels.shape[-2:]
    data.SamplesPerPixel = 3 if pixels.shape[-1] == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.shape[-1] == 3 else "MONOCHROME2"
    if data.SamplesPerPixel == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated = data.BitsStored = pixels.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelData = pixels.tobytes()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def written(data: Dataset) -> bytes:
    file = BytesIO()
    pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file.getvalue()


def tiff(values: np.ndarray, white_is_zero: bool = False, packed: bool = False) -> bytes:
    """A TIFF of any numbers in one strip, in their own order of bytes; packed: by zlib."""
    order = {"<": "<", ">": ">", "|": "<"}[values.dtype.str[0]]
    body = zlib.compress(values.tobytes()) if packed else values.tobytes()
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    tags = [
        (256, values.shape[1]), (257, values.shape[0]), (258, 8 * values.itemsize), (259, 8 if packed else 1),
        (262, int(not white_is_zero)), (273, 8), (277, 1), (278, values.shape[0]), (279, len(body)), (339, kind),
    ]  # fmt: skip
    body += b"\0" * (len(body) % 2)
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(body))
    rows = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    return head + body + struct.pack(f"{order}H", len(tags)) + rows + bytes(4)


# ---- pictures


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("PNG grey", encode(grey(), "PNG"), RAMP),
        ("PNG RGB", encode(rgb(), "PNG"), RAMP),
        ("PNG RGBA, opaque", encode(rgb().convert("RGBA"), "PNG"), RAMP),
        ("PNG palette", encode(grey(RAMP // 16 * 16).convert("P"), "PNG"), RAMP // 16 * 16),
        ("PNG 16 bit", encode(grey(DEEP), "PNG"), DEEP),
        ("PNG 1 bit", encode(grey(RAMP).point(lambda v: v > 99, "1"), "PNG"), (RAMP > 99) * 255),
        ("BMP", encode(rgb(), "BMP"), RAMP),
        ("TIFF", encode(grey(), "TIFF", compression="tiff_lzw"), RAMP),
        ("TIFF 16 bit", encode(grey(DEEP), "TIFF"), DEEP),
        ("PGM", encode(grey(), "PPM"), RAMP),
        ("PGM 16 bit", b"P5 30 20 65535\n" + DEEP.astype(">u2").tobytes(), DEEP),
        ("WebP lossless", encode(rgb(), "WEBP", lossless=True), RAMP),
        ("GIF", encode(grey(), "GIF"), RAMP),
    ],
)
def test_lossless_pictures_keep_every_value_and_their_depth(name, file, expected):
    scan = read_scan(file)
    np.testing.assert_array_equal(scan.pixels, expected)
    assert scan.pixels.dtype == (np.uint16 if expected is DEEP else np.uint8)
    assert scan.notes == () and scan.modality is None and scan.spacing is None
    assert scan_size(file) == (20, 30) == (scan.height, scan.width)


def test_jpeg_and_lossy_webp_are_read():
    for kind in ("JPEG", "WEBP"):
        assert (
            np.abs(read_scan(encode(rgb(), kind, quality=90)).pixels.astype(int) - RAMP).max() < 16
        )


def test_colour_becomes_luminance():
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    assert (read_scan(encode(red, "PNG")).pixels == 76).all()  # 0.299 * 255


def test_the_name_does_not_matter(tmp_path):
    file = tmp_path / "scan.jpg"
    file.write_bytes(encode(grey(), "PNG"))
    np.testing.assert_array_equal(read_scan(file).pixels, RAMP)
    (tmp_path / "no suffix at all").write_bytes(written(dicom(Modality="US")))
    assert read_scan(str(tmp_path / "no suffix at all")).modality == "ultrasound"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [(3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, lambda a: np.rot90(a))],
)
def test_exif_rotation_is_applied(kind, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    file = encode(rgb(), kind, exif=exif, **options)
    scan = read_scan(file)
    expected = upright(RAMP)
    assert scan.pixels.shape == expected.shape == scan_size(file)
    assert np.abs(scan.pixels.astype(int) - expected).max() < 16
    assert scan.pixels.flags.c_contiguous


def test_transparent_parts_are_black_and_it_says_so():
    picture = Image.new("LA", (16, 16), (200, 255))
    picture.putpixel((3, 2), (200, 0))
    scan = read_scan(encode(picture, "PNG"))
    assert scan.pixels[2, 3] == 0 and scan.pixels[0, 0] == 200
    assert scan.notes == ("Its transparent parts are black.",)


def test_cmyk_jpeg_is_read_with_a_note():
    scan = read_scan(encode(rgb().convert("CMYK"), "JPEG", quality=95))
    assert np.abs(scan.pixels.astype(int) - RAMP).max() < 16
    assert scan.notes == ("Its printing colours (CMYK) were turned to grey.",)


def test_an_animation_gives_its_first_frame_and_says_so():
    file = encode(grey(), "GIF", save_all=True, append_images=[grey(RAMP[::-1].copy())])
    scan = read_scan(file)
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.notes == ("First of 2 frames.",)


def test_sixteen_bit_colour_says_that_it_is_read_as_eight():
    rows = b"".join(b"\0" + (np.repeat(row[:, None], 3, 1)).astype(">u2").tobytes() for row in DEEP)
    scan = read_scan(png(30, 20, 16, 2, rows))
    np.testing.assert_array_equal(scan.pixels, DEEP >> 8)
    assert scan.notes == ("16-bit colour is read as 8 bits.",)


def test_float_tiff_is_stretched_to_sixteen_bits_and_says_so():
    scan = read_scan(encode(grey(RAMP.astype(np.float32) / 255 - 0.5), "TIFF"))
    assert scan.pixels.dtype == np.uint16
    assert (scan.pixels.min(), scan.pixels.max()) == (0, 65535)
    assert scan.notes == ("Its values were scaled to 16 bits.",)


@pytest.mark.parametrize("kind", ["<f8", ">f8", "<f4", ">f4", ">i4", ">i2"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_tiff_of_any_numbers_is_read_in_any_order_of_bytes(kind, packed):
    scan = read_scan(tiff((100 * (RAMP - 30.0)).astype(kind), packed=packed))
    assert np.abs(scan.pixels - RAMP * 257.0).max() <= 1
    assert scan.notes == ("Its values were scaled to 16 bits.",)
    turned = read_scan(tiff(RAMP.astype("<f8") / 255, white_is_zero=True, packed=packed))
    assert np.abs(turned.pixels - (255.0 - RAMP) * 257).max() <= 1


def test_a_tiff_of_8_signed_bits_begins_at_its_lowest_value():
    scan = read_scan(tiff((RAMP - 128.0).astype(np.int8)))
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.notes == ("128 was added to its values, which begin below 0.",)
    positive = read_scan(tiff((RAMP // 2).astype(np.int8)))
    np.testing.assert_array_equal(positive.pixels, RAMP // 2)
    assert positive.notes == ()


def test_one_infinite_pixel_does_not_make_a_float_image_black():
    values = RAMP.astype(np.float32) / 255
    values[0, 0], values[0, 1], values[0, 2] = np.inf, -np.inf, np.nan
    pixels = read_scan(encode(grey(values), "TIFF")).pixels
    assert (pixels[0, 0], pixels[0, 1], pixels[0, 2]) == (65535, 0, 0)
    assert len(np.unique(pixels)) > 100
    with pytest.raises(ScanError, match="It holds no number"):
        read_scan(encode(grey(np.full((20, 20), np.nan, np.float32)), "TIFF"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([np.nan, 1, 3], [0, 21845, 65535]),
        ([np.nan, 5, 5], [0, 65535, 65535]),
        ([np.nan, -1, 2], [0, 0, 65535]),
    ],
)
def test_missing_pixels_of_a_float_image_are_black(values, expected):
    columns = np.repeat(np.float32(values), 10)
    scan = read_scan(encode(grey(np.tile(columns, (20, 1))), "TIFF"))
    assert scan.pixels[0, ::10].tolist() == expected


def test_one_value_above_zero_is_not_black():
    scan = read_scan(encode(grey(np.full((20, 20), 7, np.float32)), "TIFF"))
    assert (scan.pixels == 65535).all() and scan.window == (65535, 65536)
    assert not read_scan(encode(grey(np.zeros((20, 20), np.float32)), "TIFF")).pixels.any()


def test_a_tiff_of_16_bits_whose_white_is_zero_is_turned():
    file = BytesIO()
    Image.fromarray(DEEP).save(file, "TIFF", tiffinfo={262: 0})
    np.testing.assert_array_equal(read_scan(file.getvalue()).pixels, 65535 - DEEP)


def test_the_window_of_16_bits_leaves_out_half_a_percent_on_either_side():
    pixels = np.full((100, 100), 1000, np.uint16)
    pixels[50:] = 3000
    pixels[0, :40] = 0  # 0.4% each
    pixels[-1, :40] = 60000
    assert read_scan(encode(grey(pixels), "PNG")).window == (1000, 3000)
    flat = read_scan(encode(grey(np.full((20, 20), 7, np.uint16)), "PNG"))
    assert flat.window == (7, 8)
    assert np.isfinite(flat.unit()).all()


def test_the_digest_is_of_depth_geometry_and_pixels_not_of_the_file():
    first, second = encode(grey(), "PNG"), encode(rgb(), "BMP")
    assert read_scan(first).digest == read_scan(second).digest
    assert Scan(RAMP).digest != Scan(RAMP.reshape(30, 20)).digest
    assert Scan(RAMP).digest != Scan(RAMP.astype(np.uint16)).digest


# ---- DICOM


def test_dicom_keeps_depth_spacing_window_and_modality():
    pixels = (DEEP >> 4).astype(np.uint16)  # 12 bits
    file = written(
        dicom(
            pixels,
            BitsStored=12,
            HighBit=11,
            Modality="MG",
            WindowCenter=2048,
            WindowWidth=1001,
            PixelSpacing=[0.1, 0.2],
        )
    )
    scan = read_scan(file)
    np.testing.assert_array_equal(scan.pixels, pixels)
    assert scan.pixels.dtype == np.uint16
    assert scan.window == (2048 - 0.5 - 500, 2048 - 0.5 + 500)  # PS3.3 C.11.2.1.2
    assert scan.spacing == (0.1, 0.2)
    assert (scan.modality, scan.notes) == ("mammogram", ("Of the 16 bits of a pixel 12 are used.",))
    assert scan_size(file) == (20, 30)


def test_monochrome1_is_inverted_with_its_window():
    pixels = (DEEP >> 4).astype(np.uint16)
    scan = read_scan(
        written(
            dicom(
                pixels,
                BitsStored=12,
                HighBit=11,
                PhotometricInterpretation="MONOCHROME1",
                WindowCenter=1000.5,
                WindowWidth=1001,
            )
        )
    )
    np.testing.assert_array_equal(scan.pixels, 4095 - pixels)
    assert scan.window == (4095 - 1500, 4095 - 500)


def test_rescaling_moves_the_window_to_the_stored_values():
    elements = {
        "RescaleSlope": 2,
        "RescaleIntercept": -1000,
        "WindowCenter": 0.5,
        "WindowWidth": 801,
    }
    scan = read_scan(written(dicom(DEEP, **elements)))
    assert scan.window == (300, 700)  # 2 * 300 - 1000 = -400, 2 * 700 - 1000 = 400
    np.testing.assert_array_equal(scan.pixels, DEEP)


def test_signed_values_become_unsigned_with_their_window():
    signed = (DEEP.astype(np.int32) - 32768).astype(np.int16)
    scan = read_scan(written(dicom(signed, WindowCenter=0.5, WindowWidth=201)))
    np.testing.assert_array_equal(scan.pixels, DEEP)
    assert scan.window == (32768 - 100, 32768 + 100)


@pytest.mark.parametrize("high", [15, 13])
@pytest.mark.parametrize("signed", [False, True])
def test_values_in_the_upper_bits_of_a_pixel_are_read_without_what_lies_below(high, signed):
    """As old files have them, with an overlay or noise in the bits that are free."""
    values = np.linspace(0, 4095, 600).astype(np.int32).reshape(20, 30)
    noise = np.random.default_rng(0).integers(0, 2 ** (high - 11), values.shape)
    stored = ((values - 2048 * signed) << (high - 11)) + noise
    file = dicom(stored.astype(np.int16 if signed else np.uint16), BitsStored=12, HighBit=high)
    scan = read_scan(written(file))
    np.testing.assert_array_equal(scan.pixels, values)
    assert scan.notes == ("Of the 16 bits of a pixel 12 are used.",)
    file = dicom((values - 2048 * signed).astype(stored.dtype).astype(f"{'iu'[not signed]}2"))
    file.BitsStored, file.HighBit = 12, 15  # which is not so
    np.testing.assert_array_equal(read_scan(written(file)).pixels, values)


def test_a_window_beside_all_values_is_ignored():
    scan = read_scan(written(dicom(DEEP // 100, WindowCenter=40000, WindowWidth=100)))
    assert scan.window[0] < 10 and 600 < scan.window[1] < 660


def test_a_lookup_table_gives_the_window_where_there_is_no_other():
    item = Dataset()
    item.LUTDescriptor = [1000, 500, 16]
    item.LUTData = np.linspace(0, 65535, 1000).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    scan = read_scan(written(dicom(DEEP, VOILUTSequence=[item])))
    assert scan.window == (500 + 10, 500 + 990)  # the reach from 1% to 99%


def test_colour_dicom_becomes_luminance():
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[..., 0] = 255
    scan = read_scan(written(dicom(pixels)))
    assert (scan.pixels == 76).all()
    assert scan.notes == ("Its colours were turned to grey.",)
    tinted = np.full((20, 30, 3), (90, 95, 100), np.uint8)
    assert read_scan(written(dicom(tinted))).notes == ()


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_colours_that_lie_in_more_bits_than_they_have_are_as_bright_as_they_were(bits):
    colours = np.stack([RAMP, RAMP[::-1], RAMP], axis=-1)
    deep = (colours * ((2**bits - 1) / 255)).astype(np.uint16)
    scan = read_scan(written(dicom(deep, BitsStored=bits, HighBit=bits - 1)))
    expected = np.asarray(Image.fromarray(colours).convert("L"), int)
    assert np.abs(scan.pixels - expected).max() <= 1
    assert scan.notes == ("Its colours were turned to grey.",)


@pytest.mark.parametrize("said", [8, 16])
def test_a_palette_of_8_bits_that_lies_in_16_is_as_bright_as_it_was(said):
    """DICOM PS3.3 C.7.6.3.1.6 knows of such files."""
    elements = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, said]
        table = np.arange(255, -1, -1).astype("<u2").tobytes()
        elements[f"{colour}PaletteColorLookupTableData"] = table
    np.testing.assert_array_equal(read_scan(written(dicom(RAMP, **elements))).pixels, 255 - RAMP)


def test_a_clip_gives_its_first_frame_and_says_so():
    frames = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]])
    scan = read_scan(written(dicom(frames, NumberOfFrames=3, Modality="US")))
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.notes == ("First of 3 frames.",)


def test_compressed_dicom_is_decoded():
    rle = dicom(Modality="US")
    rle.compress(RLELossless)
    np.testing.assert_array_equal(read_scan(written(rle)).pixels, RAMP)
    for syntax, kind in ((JPEG2000Lossless, "JPEG2000"), (JPEGBaseline8Bit, "JPEG")):
        data = dicom()
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = encapsulate([encode(grey(), kind)])
        data["PixelData"].VR = "OB"
        pixels = read_scan(written(data)).pixels.astype(int)
        assert np.abs(pixels - RAMP).max() < (1 if kind == "JPEG2000" else 16)


@pytest.mark.parametrize(
    "first",
    [
        "",
        "LengthToEnd",
        "SpecificCharacterSet",
        "ImageType",
        "InstanceCreationDate",
        "SOPClassUID",
        "SOPInstanceUID",
    ],
)
@pytest.mark.parametrize("is_implicit", [True, False])
def test_old_dicom_begins_with_its_first_element(first, is_implicit):
    """Without a preamble; most such files with the length of their first group."""
    data = dicom(Modality="US")
    values = {
        "LengthToEnd": 5000,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "InstanceCreationDate": "19940131",
    }
    if first and first not in data:
        setattr(data, first, values.get(first, "ISO_IR 100"))
    if first == "SOPInstanceUID":
        del data.SOPClassUID
    del data.file_meta
    file = BytesIO()
    pydicom.dcmwrite(file, data, implicit_vr=is_implicit, little_endian=True)
    body = file.getvalue()
    if not first:
        length = body.index(struct.pack("<HH", 0x28, 0x02))
        head = b"\x08\0\0\0" + (b"\4\0\0\0" if is_implicit else b"UL\4\0")
        body = head + struct.pack("<I", length) + body
    else:
        tag = tag_for_keyword(first)
        assert body[:4] == struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    scan = read_scan(body)
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.modality == "ultrasound" and scan_size(body) == (20, 30)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, None),
        ({"PixelSpacing": [0.3, 0.2]}, (0.3, 0.2)),
        ({"ImagerPixelSpacing": [0.3, 0.2]}, (0.3, 0.2)),
        (
            {"ImagerPixelSpacing": [0.3, 0.2], "EstimatedRadiographicMagnificationFactor": 2},
            (0.15, 0.1),
        ),
        ({"PixelSpacing": [0.3, 0.2], "ImagerPixelSpacing": [1, 1]}, (0.3, 0.2)),
        (  # the detector's, copied
            {
                "PixelSpacing": [0.3, 0.2],
                "ImagerPixelSpacing": [0.3, 0.2],
                "EstimatedRadiographicMagnificationFactor": 2,
            },
            (0.15, 0.1),
        ),
        (
            {
                "PixelSpacing": [0.3, 0.2],
                "PixelSpacingCalibrationType": "FIDUCIAL",
                "ImagerPixelSpacing": [0.3, 0.2],
                "EstimatedRadiographicMagnificationFactor": 2,
            },
            (0.3, 0.2),
        ),
        ({"PixelSpacing": [0, 0.2]}, None),
    ],
)
def test_spacing_is_that_of_the_patient(elements, expected):
    spacing = read_scan(written(dicom(**elements))).spacing
    assert spacing == (None if expected is None else pytest.approx(expected))


def test_what_is_said_of_the_first_frame_goes_before_what_is_said_of_all():
    def groups(*spacing: float) -> Dataset:
        measures, group = Dataset(), Dataset()
        measures.PixelSpacing = list(spacing)
        group.PixelMeasuresSequence = [measures]
        return group

    clip = dicom(
        np.stack([RAMP, RAMP]), NumberOfFrames=2,
        SharedFunctionalGroupsSequence=[groups(0.5, 0.5)],
        PerFrameFunctionalGroupsSequence=[groups(0.1, 0.2), groups(0.3, 0.4)],
    )  # fmt: skip
    assert read_scan(written(clip)).spacing == (0.1, 0.2), "as an export of its segmentation has it"
    del clip.PerFrameFunctionalGroupsSequence
    assert read_scan(written(clip)).spacing == (0.5, 0.5)


def test_spacing_of_the_largest_ultrasound_region_in_millimetres():
    def region(width: int, delta: float, units: int) -> Dataset:
        item = Dataset()
        item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
        item.RegionLocationMaxX1, item.RegionLocationMaxY1 = width, 10
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
        item.PhysicalDeltaX, item.PhysicalDeltaY = delta, 2 * delta
        return item

    regions = [region(5, 0.5, 3), region(20, 0.01, 3), region(29, 0.7, 4)]  # 3: cm, 4: seconds
    scan = read_scan(written(dicom(SequenceOfUltrasoundRegions=regions)))
    assert scan.spacing == pytest.approx((0.2, 0.1))


SPACING = "What the file says of its pixels' spacing cannot be read and is left out."
WINDOW = "What the file says of its window or rescaling cannot be read and is left out."


def region_without(*keywords: str) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1 = item.RegionLocationMaxY1 = 10
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = 0.01, 0.02
    for keyword in keywords:
        del item[keyword]
    return item


@pytest.mark.parametrize(
    ("elements", "spacing", "window", "notes"),
    [
        ({"PixelSpacing": "0.3"}, None, (0, 255), (SPACING,)),
        ({"PixelSpacing": r"wide\0.2"}, None, (0, 255), (SPACING,)),
        ({"PixelSpacing": r"0,3\0,2"}, (0.3, 0.2), (0, 255), ()),
        (
            {"ImagerPixelSpacing": r"0,3\0,2", "EstimatedRadiographicMagnificationFactor": "2,0"},
            (0.15, 0.1),
            (0, 255),
            (),
        ),
        (
            {"SequenceOfUltrasoundRegions": [region_without("PhysicalDeltaX")]},
            None,
            (0, 255),
            (SPACING,),
        ),
        (
            {"SequenceOfUltrasoundRegions": [region_without("RegionLocationMaxX1")]},
            (0.2, 0.1),
            (0, 255),
            (),
        ),
        (
            {"SequenceOfUltrasoundRegions": 2 * [region_without("RegionLocationMaxX1")]},
            None,
            (0, 255),
            (SPACING,),
        ),
        ({"WindowCenter": "100,5", "WindowWidth": "101,0"}, None, (50, 150), ()),
        ({"WindowCenter": "auto", "WindowWidth": "101"}, None, (0, 255), (WINDOW,)),
        ({"WindowCenter": "nan", "WindowWidth": "101"}, None, (0, 255), (WINDOW,)),
        (
            {"WindowCenter": "100.5", "WindowWidth": "101", "RescaleSlope": "2,0"},
            None,
            (25, 75),
            (),
        ),
        (
            {"WindowCenter": "100.5", "WindowWidth": "101", "RescaleSlope": "steep"},
            None,
            (0, 255),
            (WINDOW,),
        ),
        (
            {"WindowCenter": "?", "WindowWidth": "?", "PixelSpacing": "?"},
            None,
            (0, 255),
            (WINDOW, SPACING),
        ),
    ],
)
def test_an_odd_value_of_what_a_scan_can_do_without_does_not_cost_the_scan(
    elements, spacing, window, notes
):
    """Programs write a decimal comma, or one side of a pixel alone."""
    data = dicom()
    for keyword, value in elements.items():
        if isinstance(value, str):  # as it stands there, which pydicom would not write
            data.add(DataElement(tag_for_keyword(keyword), "LO", value))
        else:
            setattr(data, keyword, value)
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    scan = read_scan(written(data))
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.spacing == (None if spacing is None else pytest.approx(spacing))
    assert scan.window == pytest.approx(window) and scan.notes == notes


@pytest.mark.parametrize(
    ("elements", "modality", "notes"),
    [
        ({"Modality": "US"}, "ultrasound", ()),
        ({"Modality": "MG"}, "mammogram", ()),
        ({"Modality": "DX", "BodyPartExamined": "BREAST"}, "mammogram", ()),
        (
            {"Modality": "CT"},
            None,
            ("The file gives its modality as CT, not as ultrasound (US) or mammography (MG).",),
        ),
        ({}, None, ()),
    ],
)
def test_the_modality_is_what_the_file_says(elements, modality, notes):
    scan = read_scan(written(dicom(**elements)))
    assert (scan.modality, scan.notes) == (modality, notes)


@pytest.mark.parametrize(
    ("elements", "caution"),
    [
        ({"ImageType": r"DERIVED\PRIMARY\\SUBTRACTION"}, "subtracted contrast view"),
        ({"ImageType": r"DERIVED\PRIMARY\\RECOMBINED"}, "subtracted contrast view"),
        ({"ImageType": r"ORIGINAL\PRIMARY\\\HIGH_ENERGY"}, "high-energy view"),
        ({"ImageType": r"DERIVED\PRIMARY\TOMO_PROJ"}, "tomosynthesis image"),
        ({"ImageType": r"DERIVED\PRIMARY\TOMOSYNTHESIS\GENERATED_2D"}, "synthesised 2D view"),
        ({"SOPClassUID": BreastTomosynthesisImageStorage}, "tomosynthesis image"),
        ({"ContrastBolusAgent": "Iohexol"}, "does not say whether"),
        ({"ContrastBolusAgent": "Iohexol", "ImageType": r"ORIGINAL\PRIMARY\\\LOW_ENERGY"}, None),
        ({"ImageType": r"ORIGINAL\PRIMARY"}, None),
        ({"ImageType": "ORIGINAL"}, None),
        ({"ImageType": ""}, None),
        ({"ImageType": r"DERIVED\PRIMARY\\SUBTRACTION", "Modality": "US"}, None),
        (
            {"ImageType": r"DERIVED\PRIMARY\\SUBTRACTION", "Modality": "XA"},
            "its modality as XA, not as",
        ),
        ({"Modality": "DX", "BodyPartExamined": "CHEST"}, "its modality as DX, not as"),
        ({"Modality": ""}, None),
    ],
)
def test_a_view_that_is_no_ordinary_mammogram_says_so_first(elements, caution):
    scan = read_scan(written(dicom(**{"Modality": "MG"} | elements)))
    if caution is None:
        assert scan.cautions == ()
    else:
        (sentence,) = scan.cautions
        assert caution in sentence and scan.notes[0] == sentence


@pytest.mark.data
def test_real_dicom_files(data):
    def read(name: str) -> Scan:
        return read_scan(data / "original-files" / "dicom" / name)

    assert read("breast-us-1.dcm").pixels.shape == (436, 564)
    assert read("breast-us-2.dcm").spacing == pytest.approx((0.1316, 0.1316), abs=1e-4)
    assert read("breast-us-3.dcm").spacing == pytest.approx((0.0729, 0.0729), abs=1e-4)
    for name in ("us-rle.dcm", "us-j2k.dcm", "breast-us-3.dcm"):
        scan = read(name)
        assert scan.modality == "ultrasound" and scan.pixels.dtype == np.uint8
    one, other = read("us-rle.dcm").pixels, read("us-j2k.dcm").pixels
    assert np.abs(one.astype(int) - other).mean() < 3, "one picture, compressed in two ways"


@pytest.mark.data
def test_a_12_bit_jpeg_mammogram_is_decoded_with_all_its_bits(data, capfd):
    twelve = read_scan(data / "original-files" / "dicom" / "mammogram-jpeg12.dcm")
    twin = read_scan(data / "original-files" / "dicom" / "mammogram-j2k.dcm")
    assert twelve.pixels.shape == (4664, 3064) and twelve.modality == "mammogram"
    assert len(np.unique(twelve.pixels[::8, ::8])) > 1000, "more than 8 bits"
    difference = twelve.pixels[::8, ::8].astype(int) - twin.pixels[::8, ::8]
    assert np.abs(difference).mean() < 20, "of 4095: one mammogram, compressed in two lossy ways"
    assert capfd.readouterr() == ("", ""), "a progress bar is written there"


# ---- bad input


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def without_pixels() -> bytes:
    data = dicom(Modality="SR")
    del data.PixelData, data.Rows, data.Columns
    return written(data)


def in_unknown_compression() -> bytes:
    data = dicom()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"  # MPEG-2
    data.PixelData = encapsulate([b"\0" * 100])
    data["PixelData"].VR = "OB"
    return written(data)


BAD = {
    "a text file called .png": (b"This is no picture.\n" * 9, "This is a text file"),
    "0 bytes": (b"", "The file is empty."),
    "a cut-off PNG": (encode(grey(), "PNG")[:120], "The PNG file is cut off or damaged."),
    "a cut-off header": (encode(grey(), "PNG")[:20], "header is cut off"),
    "a cut-off JPEG": (encode(rgb(), "JPEG")[:-50], "The JPEG file is cut off or damaged."),
    "1x1": (encode(Image.new("L", (1, 1)), "PNG"), "The image is 1x1 pixels; at least 16x16"),
    "20,000x20,000": (png(20000, 20000, 8, 0, b""), "more than 64 million pixels"),
    "10,000x7,000": (png(10000, 7000, 8, 0, b""), "more than 64 million pixels"),
    "a TIFF of 64-bit integers": (
        tiff(DEEP.astype("<u8")),
        "holds unsigned integers of 64 bits, which cannot be read; save",
    ),
    "a cut-off TIFF": (tiff(RAMP.astype("<f8"))[:-50], "header is cut off"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "This is a PDF"),
    "a ZIP": (b"PK\x03\x04" + bytes(99), "This is a ZIP archive"),
    "noise": (bytes(range(7, 256)), "This is not an image of a kind that can be read: PNG"),
    "a DICOM without pixels": (without_pixels(), "holds no image (modality SR)."),
    "a cut-off DICOM": (written(dicom())[:-100], "DICOM file are cut off or damaged."),
    "a large DICOM": (written(dicom(Rows=20000, Columns=20000)), "more than 64 million pixels"),
    "a DICOM in MPEG-2": (in_unknown_compression(), "cannot be decoded"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_gets_one_clear_sentence(name, tmp_path):
    content, words = BAD[name]
    file = tmp_path / "scan.png"
    file.write_bytes(content)
    for source in (content, file):
        with pytest.raises(ScanError) as caught:
            read_scan(source)
        sentence = str(caught.value)
        assert words in sentence
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 140


def test_a_file_that_is_not_there_or_a_folder_gets_a_sentence(tmp_path):
    for path in (tmp_path / "gone.png", tmp_path):
        with pytest.raises(ScanError, match="cannot be opened"):
            read_scan(path)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "DICOM"])
def test_damage_anywhere_gives_a_scan_or_a_sentence_and_nothing_else(name):
    whole = written(dicom(Modality="US")) if name == "DICOM" else encode(grey(), name)
    dice = random.Random(name)
    for turn in range(60):
        torn = bytearray(whole)
        if turn % 2:
            del torn[dice.randrange(len(torn)) :]
        for _ in range(dice.randrange(10)):
            if torn:
                torn[dice.randrange(len(torn))] = dice.randrange(256)
        for read in (read_scan, scan_size):
            try:
                read(bytes(torn))
            except ScanError as error:
                assert str(error).endswith(".")


# ---- the guess


@pytest.mark.data
@pytest.mark.parametrize(
    ("files", "expected", "least"),
    [
        ("busi/*/*).webp", "ultrasound", 0.99),
        ("bus-bra/Images/*", "ultrasound", 0.99),
        ("cdd-cesm/images/*", "mammogram", 0.99),
        ("cbis-ddsm-boxes/images/*", "mammogram", 0.99),
        ("stu/Hospital/Test*", "ultrasound", 1.0),
        ("mini-mias/*.webp", "mammogram", 1.0),
    ],
)
def test_the_modality_is_guessed_from_the_pixels(data, files, expected, least):
    # Over all 4,886 of them, 2 are wrong: malignant (194) of BUSI and one of CBIS-DDSM.
    some = sorted(data.glob(files))[::12]
    right = sum(guess_modality(read_scan(file)) == expected for file in some)
    assert right >= least * len(some)


def test_a_guess_is_made_of_any_picture():
    for pixels in (np.zeros((20, 30), np.uint8), np.full((20, 30), 255, np.uint8), RAMP, DEEP):
        assert guess_modality(Scan(pixels)) in ("ultrasound", "mammogram")


@pytest.mark.data
def test_the_original_files_and_their_copies_show_the_same(data):
    for file in ("benign/benign (1)", "malignant/malignant (53)"):
        original = read_scan(Path(data, "original-files", "Dataset_BUSI_with_GT", f"{file}.png"))
        copy = read_scan(data / "busi" / f"{file}.webp")
        assert original.pixels.shape == copy.pixels.shape
        assert np.abs(original.pixels.astype(int) - copy.pixels).mean() < 4
