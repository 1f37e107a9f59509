"""Whether a picture's file holds what is seen of it and nothing else. All else, such as EXIF, comments, profiles, what is
transparent and what stands behind the end, may name a patient or a place.
"""

from __future__ import annotations

import re
import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_PNG_PARTS = {  # each with the most bytes that it has; not tRNS, which hides what is there
    b"IHDR": 13, b"PLTE": 768, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"sBIT": 4, b"bKGD": 6,
    b"pHYs": 9, b"IDAT": 1 << 31, b"IEND": 0,
}  # fmt: skip
_WEBP_PARTS = {b"VP8 ", b"VP8L", b"VP8X"}
_FRAMES, _TABLES, _SCAN, _END = {*range(0xC0, 0xD0)} - {0xC8}, {0xDB, 0xDD}, 0xDA, 0xD9
_NEXT = re.compile(
    rb"\xff(?=[^\x00\xd0-\xd7\xff])"
)  # behind a scan's bits, in which ff is never alone


def holds_only_pixels(data: bytes) -> bool:
    """Of a PNG, JPEG or WebP; of any other file it is not known, so it is said not to."""
    if data.startswith(_PNG):
        return _is_plain_png(data)
    if data.startswith(_JPEG):
        return _is_plain_jpeg(data)
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and _is_plain_webp(data)


def _is_plain_png(data: bytes) -> bool:
    at, name = len(_PNG), b""
    while name != b"IEND" and at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if length > _PNG_PARTS.get(name, -1):
            return False
        at += 12 + length
    return name == b"IEND" and at == len(data)


def _is_plain_jpeg(data: bytes) -> bool:
    at = len(_JPEG)
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        is_jfif = marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) == 14  # no thumbnail
        is_adobe = marker == 0xEE and body.startswith(b"Adobe") and len(body) == 12
        if not (marker in _FRAMES | _TABLES | {_SCAN} or is_jfif or is_adobe):
            return False
        at += 2 + length
        if marker == _SCAN:
            found = _NEXT.search(data, at)
            at = found.start() if found else len(data)
    return data[at:] == bytes((0xFF, _END))


def _is_plain_webp(data: bytes) -> bool:
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name not in _WEBP_PARTS:
            return False
        at += 8 + length + length % 2
    return at == len(data)
