"""Pictures and DICOM files of pixels that are known."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

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


def tissue(left: int, top: int, right: int, bottom: int, kind: int = 1) -> Dataset:
    """A region of a screen, its last column and row included. kind: 1 tissue, 2 colour flow."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = 1, kind
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    return item


def on_screen(picture: np.ndarray, **elements) -> Dataset:
    """An ultrasound machine's screen with this in the middle, and where it lies: around it are a head line, a bar of
    greys and a scale."""
    screen = np.zeros((768, 1024), np.uint8)
    screen[10:60, 20:1000:24] = screen[30:36, 20:700] = 220
    screen[100:700, 20:40] = np.linspace(255, 0, 600)[:, None]
    screen[100:700:30, 970:1010] = 255
    screen[720:750, 100:900:40] = 180
    height, width = picture.shape
    top, left = (768 - height) // 2, (1024 - width) // 2
    screen[top : top + height, left : left + width] = picture
    region = tissue(left, top, left + width - 1, top + height - 1)
    return dicom(screen, Modality="US", SequenceOfUltrasoundRegions=[region], **elements)


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


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any depth and kind of colour, of rows as they are stored, each behind its filter."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )  # fmt: skip
