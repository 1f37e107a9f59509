"""What cannot be read gets one clear sentence."""

from __future__ import annotations

import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bcweb.scans import ScanError, read_scan, scan_size
from tests.scans.made import DEEP, RAMP, dicom, encode, grey, png, rgb, tiff, written


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


def deflated(mebibytes: int) -> bytes:
    """With a private element of as many MiB of zeros, a thousandth of which is in the file."""
    data = dicom()
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    whole = written(data)
    start = 144 + int.from_bytes(whole[140:144], "little")  # behind the length of the meta group
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def piece(content: bytes) -> bytes:
        return deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH)

    head = piece(struct.pack("<HH2sHI", 9, 0x1001, b"OB", 0, mebibytes * 2**20))
    return whole[:start] + head + mebibytes * piece(bytes(2**20)) + whole[start:]


def without(keyword: str, pixels: np.ndarray = RAMP) -> bytes:
    data = dicom(pixels, Modality="US")
    del data[keyword]
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
    "a DICOM without signs": (
        without("PixelRepresentation"),
        "not say its PixelRepresentation; its",
    ),
    "a DICOM without a meaning": (
        without("PhotometricInterpretation"),
        "not say its PhotometricInterpretation; its",
    ),
    "a DICOM of an empty meaning": (
        written(dicom(PhotometricInterpretation="")),
        "not say its PhotometricInterpretation; its",
    ),
    "a DICOM of colours without an order": (
        without("PlanarConfiguration", np.stack([RAMP] * 3, axis=-1)),
        "not say its PlanarConfiguration; its",
    ),
    "a TIFF of YCbCr": (
        encode(rgb().convert("YCbCr"), "TIFF"),
        "YCbCr, uncompressed, which cannot",
    ),
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


def test_a_deflated_dicom_of_much_more_than_a_picture_is_refused():
    file = deflated(300)
    for read in (read_scan, scan_size):
        with pytest.raises(ScanError, match=r"more than 128 MB when unpacked, the most .* read\.$"):
            read(file)
    file = deflated(1)
    np.testing.assert_array_equal(read_scan(file).pixels, RAMP)
    assert scan_size(file) == RAMP.shape


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
