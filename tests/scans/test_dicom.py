"""DICOM files -> scans: depth, window, spacing and modality, as odd as files say them."""

from __future__ import annotations

import struct
from io import BytesIO

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
    DigitalMammographyXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from bcweb.scans import Scan, ScanError, is_caution, read_scan, scan_size
from bcweb.scans.read import read_patient
from tests.scans.made import DEEP, RAMP, dicom, encode, grey, written


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
    assert (scan.modality, scan.notes) == ("mammogram", ("12 of the 16 bits of a pixel are used.",))
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
    assert scan.notes == ("12 of the 16 bits of a pixel are used.",)
    file = dicom((values - 2048 * signed).astype(stored.dtype).astype(f"{'iu'[not signed]}2"))
    file.BitsStored, file.HighBit = 12, 15  # which is not so
    np.testing.assert_array_equal(read_scan(written(file)).pixels, values)


def test_a_window_beside_all_values_is_ignored():
    scan = read_scan(written(dicom(DEEP // 100, WindowCenter=40000, WindowWidth=100)))
    assert scan.window[0] < 10 and 600 < scan.window[1] < 660


def table(first: int, values: np.ndarray) -> Dataset:
    """A lookup table whose first value is that of a pixel of `first`."""
    item = Dataset()
    item.LUTDescriptor = [len(values), first, 16]
    item.LUTData = values.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def test_a_lookup_table_gives_the_window_where_there_is_no_other():
    item = table(500, np.linspace(0, 65535, 1000))
    scan = read_scan(written(dicom(DEEP, VOILUTSequence=[item])))
    assert scan.window == (500 + 10, 500 + 990)  # the reach from 1% to 99%


@pytest.mark.parametrize("values", [np.linspace(65535, 0, 3900), np.full(3900, 65535)])
def test_a_lookup_table_that_does_not_rise_gives_no_window(values):
    scan = read_scan(written(dicom(DEEP, VOILUTSequence=[table(100, values)])))
    assert scan.window == read_scan(written(dicom(DEEP))).window, "that of a file that names none"


@pytest.mark.parametrize("is_little", [True, False])
@pytest.mark.parametrize("way", ["words of 16 bits", "words of 8 bits", "packed", "numbers"])
def test_a_lookup_table_is_read_however_its_values_lie_in_the_file(way, is_little):
    """PS3.3 C.11.1.1.1 lets two values of 8 bits lie in a word, and its bytes lie as the file's do."""
    bits = 16 if way in ("words of 16 bits", "numbers") else 8
    values = np.linspace(0, 2**bits - 1, 1000).round().astype("<u2")
    words = values.astype(np.uint8).view("<u2") if way == "packed" else values
    item = Dataset()
    item.LUTDescriptor = [1000, 500, bits]
    item.LUTData = words.tolist() if way == "numbers" else in_order(words, is_little)
    item["LUTData"].VR = "US" if way == "numbers" else "OW"
    data = dicom(DEEP, PixelData=in_order(DEEP, is_little))
    if not is_little:
        data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    data.VOILUTSequence = [item]
    assert read_scan(written(data)).window == pytest.approx((500 + 10, 500 + 990), abs=2)
    del data.VOILUTSequence
    data.ModalityLUTSequence = [item]
    item.ModalityLUTType = "US"
    place = np.clip(DEEP.astype(int) - 500, 0, 999)
    np.testing.assert_array_equal(read_scan(written(data)).pixels, values[place])


def in_order(values: np.ndarray, is_little: bool) -> bytes:
    return values.astype("<u2" if is_little else ">u2").tobytes()


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_modality_lookup_table_may_have_any_number_of_bits(bits):
    item = table(0, np.linspace(0, 2**bits - 1, 256))
    item.LUTDescriptor[2], item.ModalityLUTType = bits, "US"
    scan = read_scan(written(dicom(RAMP, ModalityLUTSequence=[item])))
    assert scan.pixels.dtype == np.uint16 and scan.pixels.max() == 2**bits - 1
    assert scan.notes == (f"{bits} of the 16 bits of a pixel are used.",)


def test_a_lookup_table_that_is_cut_off_costs_the_window_and_not_the_scan():
    item = table(500, np.linspace(0, 65535, 1000))
    item.LUTData = item.LUTData[:600]
    scan = read_scan(written(dicom(DEEP, VOILUTSequence=[item])))
    assert scan.window == read_scan(written(dicom(DEEP))).window and scan.notes == (WINDOW,)


@pytest.mark.parametrize(("bits", "words"), [(16, 999), (12, 500), (8, 999), (8, 499)])
def test_a_lookup_table_that_lacks_a_word_is_not_taken_for_a_packed_one(bits, words):
    """Two values of 8 bits lie in a word; bytes of other numbers would be read as values."""
    item = table(500, np.linspace(0, 2**bits - 1, 1000))
    item.LUTDescriptor[2], item.ModalityLUTType = bits, "US"
    item.LUTData = item.LUTData[: 2 * words]
    scan = read_scan(written(dicom(DEEP, VOILUTSequence=[item])))
    assert scan.window == read_scan(written(dicom(DEEP))).window and scan.notes == (WINDOW,)
    with pytest.raises(ScanError, match="cut off or damaged"):
        read_scan(written(dicom(DEEP, ModalityLUTSequence=[item])))


def test_numbers_of_signed_pixels_may_lie_in_the_file_without_their_sign():
    """-2000 as 63536, which a file that says US holds."""
    signed = (DEEP // 64).astype(np.int16) - 500
    whole = np.full((40, 60), -2000, np.int16)
    whole[:20, :30] = signed
    data = dicom(whole, PixelPaddingValue=63536, PixelPaddingRangeLimit=63036)
    data["PixelPaddingValue"].VR = data["PixelPaddingRangeLimit"].VR = "US"
    assert read_scan(written(data)).window == read_scan(written(dicom(signed))).window

    item = table(0, np.linspace(0, 65535, 2001))
    item.LUTDescriptor, item.ModalityLUTType = [2001, 64536, 16], "US"
    item["LUTDescriptor"].VR = "US"
    expected = np.linspace(0, 65535, 2001).astype(int)[signed.astype(int) + 1000]
    file = written(dicom(signed, ModalityLUTSequence=[item]))
    np.testing.assert_array_equal(read_scan(file).pixels, expected)
    window = read_scan(written(dicom(signed, VOILUTSequence=[item]))).window
    assert window == pytest.approx((32768 - 1000 + 20, 32768 - 1000 + 1980), abs=2)


@pytest.mark.parametrize(
    ("padding", "elements"),
    [
        (0, {"PixelPaddingValue": 0}),
        (65000, {"PixelPaddingValue": 64000, "PixelPaddingRangeLimit": 65535}),
        (65000, {"PixelPaddingValue": 65535, "PixelPaddingRangeLimit": 64000}),
    ],
)
@pytest.mark.parametrize("kind", ["MONOCHROME1", "MONOCHROME2"])
def test_what_fills_a_frame_up_has_no_part_in_its_window(padding, elements, kind):
    tissue = DEEP // 64 + 20000
    whole = np.full((40, 60), padding, np.uint16)
    whole[:20, :30] = tissue
    elements = {"PhotometricInterpretation": kind} | elements
    expected = read_scan(written(dicom(tissue, PhotometricInterpretation=kind))).window
    data = dicom(whole, **elements)
    for keyword in elements.keys() - {"PhotometricInterpretation"}:
        data[keyword].VR = "US"
    assert read_scan(written(data)).window == expected
    data.PixelPaddingValue, data.PixelPaddingRangeLimit = 0, 65535
    assert read_scan(written(data)).window[1] > 0, "where nothing else is there, all of it counts"


def test_a_window_of_more_than_16_bits_is_left_out_and_it_says_so():
    deep = (DEEP.astype(np.uint32) * 70000).astype(np.uint32)
    file = dicom(deep, WindowCenter=10**9, WindowWidth=10**9)
    assert read_scan(written(file)).notes == (
        "Its values were scaled to 16 bits.",
        "The file's window is left out: its pixels have more than 16 bits.",
    )
    assert len(read_scan(written(dicom(deep))).notes) == 1


def test_an_empty_lookup_table_is_none():
    empty = dicom(DEEP, VOILUTSequence=[], ModalityLUTSequence=[])
    np.testing.assert_array_equal(read_scan(written(empty)).pixels, DEEP)
    stored = (DEEP >> 4).astype(np.uint16)
    turned = dicom(stored, ModalityLUTSequence=[table(0, np.arange(4095, -1, -1))])
    turned.ModalityLUTSequence[0].ModalityLUTType = "US"
    np.testing.assert_array_equal(read_scan(written(turned)).pixels, 4095 - stored)


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
    ["FileMetaInformationVersion", "MediaStorageSOPClassUID", "TransferSyntaxUID"],
)
def test_dicom_as_pydicom_saves_a_new_one_has_neither_preamble_nor_a_groups_length(first):
    """Its `save_as` writes what a research script has set, and no more."""
    data = dicom(Modality="US", PatientID="7")
    values = {
        "FileMetaInformationVersion": b"\0\1",
        "MediaStorageSOPClassUID": data.SOPClassUID,
        "TransferSyntaxUID": ExplicitVRLittleEndian,
    }
    data.file_meta = FileMetaDataset()
    for name in list(values)[list(values).index(first) :]:
        setattr(data.file_meta, name, values[name])
    file = BytesIO()
    data.preamble = None
    data.save_as(file)
    body, tag = file.getvalue(), tag_for_keyword(first)
    assert body[:4] == struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    scan = read_scan(body)
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.modality == "ultrasound" and scan_size(body) == (20, 30)
    assert read_patient(body) == ("7", "")


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


def test_the_window_and_the_rescaling_of_frames_are_those_of_the_first():
    """As enhanced files have them, in groups; what is said of one frame goes before what is said of all here, too."""

    def groups(centre: float, slope: float) -> Dataset:
        window, rescaling, group = Dataset(), Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = centre, 801
        rescaling.RescaleSlope, rescaling.RescaleIntercept = slope, -1000
        group.FrameVOILUTSequence = [window]
        group.PixelValueTransformationSequence = [rescaling]
        return group

    clip = dicom(
        np.stack([DEEP, DEEP]), NumberOfFrames=2,
        SharedFunctionalGroupsSequence=[groups(0.5, 2)],
        PerFrameFunctionalGroupsSequence=[groups(1000.5, 4), groups(9000, 8)],
    )  # fmt: skip
    assert read_scan(written(clip)).window == (400, 600)  # 4 * 400 - 1000 = 600
    del clip.PerFrameFunctionalGroupsSequence
    assert read_scan(written(clip)).window == (300, 700)
    np.testing.assert_array_equal(read_scan(written(clip)).pixels, DEEP)


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
    nothing = region(29, 0, 3)
    for listed, spacing in (([*regions, nothing], (0.2, 0.1)), ([nothing], (0.3, 0.4))):
        data = dicom(SequenceOfUltrasoundRegions=listed, PixelSpacing=[0.3, 0.4])
        assert read_scan(written(data)).spacing == pytest.approx(spacing)


@pytest.mark.parametrize(
    ("elements", "note"),
    [
        ({"ImageLaterality": "R", "ViewPosition": "CC"}, "Right breast, CC view."),
        ({"Laterality": "L"}, "Left breast."),
        ({"ImageLaterality": "B"}, "Both breasts."),
        ({"ViewPosition": "MLO"}, "MLO view."),
        ({"ImageLaterality": "?", "ViewPosition": " "}, None),
    ],
)
def test_which_breast_and_view_it_is_is_told(elements, note):
    """Names of files tell it of few, and the mark on a film may be cut off."""
    assert read_scan(written(dicom(**elements))).notes == (() if note is None else (note,))


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
            {"WindowCenter": "100.5", "WindowWidth": "101", "RescaleSlope": "6.9e-310"},
            None,
            (0, 255),
            (WINDOW,),
        ),
        (
            {
                "ImagerPixelSpacing": r"0.3\0.2",
                "EstimatedRadiographicMagnificationFactor": "6.9e-310",
            },
            None,
            (0, 255),
            (SPACING,),
        ),
        ({"PixelSpacing": r"1e200\1e200"}, None, (0, 255), (SPACING,)),
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
        ({"Modality": ["US", "MG"]}, "ultrasound", ()),
        (
            {"Modality": ["OT", "US"]},
            None,
            ("The file gives its modality as OT, not as ultrasound (US) or mammography (MG).",),
        ),
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
        ({"PresentationIntentType": "FOR PROCESSING"}, "raw image (for processing)"),
        (
            {"SOPClassUID": DigitalMammographyXRayImageStorageForProcessing},
            "raw image (for processing)",
        ),
        ({"PresentationIntentType": "FOR PRESENTATION"}, None),
        ({"PresentationIntentType": "FOR PROCESSING", "Modality": "US"}, None),
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
    assert [is_caution(note) for note in scan.notes] == [True] * len(scan.cautions)


@pytest.mark.data
def test_real_dicom_files(data):
    def read(name: str) -> Scan:
        return read_scan(data / "original-files" / "dicom" / name)

    assert read("breast-us-1.dcm").pixels.shape == (436, 564)
    assert read("breast-us-2.dcm").spacing == pytest.approx((0.1316, 0.1316), abs=1e-4)
    assert read("breast-us-3.dcm").spacing == pytest.approx((0.0729, 0.0729), abs=1e-4)
    stale = [read(f"breast-us-{n}.dcm").picture for n in (2, 3)]
    assert stale == [None, None], "their screens were cut after their regions were written"
    assert read("mammogram-j2k.dcm").notes[0] == "Left breast, MLO view."
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
