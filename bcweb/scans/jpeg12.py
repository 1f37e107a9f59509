"""A pydicom decoder for 12-bit JPEG (Process 4), by GDCM.

pydicom's own GDCM plug-in refuses it because GDCM, told that 16 bits are allocated, complains aloud
before it decodes correctly. Told the precision of the stream, 12, it decodes at once.
"""

from __future__ import annotations

import gdcm
from pydicom import uid
from pydicom.pixels.decoders.base import DecodeRunner

DECODER_DEPENDENCIES = {uid.JPEGExtended12Bit: ("gdcm>=3.0.10",)}


def is_available(syntax: str) -> bool:
    return syntax in DECODER_DEPENDENCIES


def decode_frame(source: bytes, runner: DecodeRunner) -> bytes:
    """One encoded frame -> its pixels as little-endian uint16; pydicom reshapes them."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(_as_sequential(source))
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    syntax = gdcm.TransferSyntax.GetTSType(str.__str__(runner.transfer_syntax))
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(runner.samples_per_pixel, 12, 12, 11, 0))
    pixels = image.GetBuffer()
    if pixels is None:
        raise ValueError("GDCM could not decode the stream")
    return pixels.encode("utf-8", "surrogateescape")  # GDCM hands bytes out as a str


def _as_sequential(stream: bytes) -> bytes:
    """The stream, whose first scan says that it has all 64 coefficients of a block.

    Sequential JPEG always has, and is decoded so. Some makers' streams say 0 instead, and of that GDCM complains on
    the terminal.
    """
    at = 2  # after the mark that starts the image
    while stream[at : at + 1] == b"\xff":
        end = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] == 0xDA:  # start of scan; its last three bytes: from, to, precision
            return stream[: end - 3] + b"\x00\x3f\x00" + stream[end:]
        at = end
    return stream
