"""PNG, JPEG, BMP, TIFF, PGM, WebP and GIF, by Pillow."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

# Pillow looks through all of its plugins, slowly, unless those that are needed are there already.
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from bcweb.scans.scan import (
    Scan,
    ScanError,
    check_frames,
    check_size,
    default_window,
    sixteen_bit,
    white_has_a_sign,
)

_PLUGINS = (
    BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin,
    PpmImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "PPM", "WEBP", "GIF")
_STARTS = (
    b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF", b"RIFF", b"GIF8",
)  # fmt: skip

# Numbers of 64 bits Pillow can unpack, but knows of no TIFF that holds them.
TiffImagePlugin.OPEN_INFO |= {
    (start, white, (3,), 1, (64,), ()): ("F", packing)
    for start, packing in ((b"II", "F;64F"), (b"MM", "F;64BF"))
    for white in (0, 1)
}
_TURNS = {
    "exif",
    "Raw profile type exif",
    "XML:com.adobe.xmp",
    "xmp",
}  # where Pillow finds how a picture lies
_NUMBERS = {1: "unsigned integers", 2: "signed integers", 3: "floating-point numbers"}

# `check_size` refuses less than Pillow warns of, before a pixel is decoded.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", "(Corrupt|Possibly corrupt) EXIF|Truncated File", UserWarning)


def knows(head: bytes) -> bool:
    """Whether a file that starts so may be one of these."""
    return head.startswith(_STARTS)


def size(file: BinaryIO) -> tuple[int, int]:
    """(height, width) of the upright picture."""
    with _open(file) as image:
        try:
            turned = _lies_on_its_side(image)
        except Exception as error:  # as below
            raise ScanError(f"The {image.format} file is cut off or damaged.") from error
        return (image.width, image.height) if turned else (image.height, image.width)


def frames(file: BinaryIO) -> Iterator[np.ndarray]:
    """The pixels of each page of a TIFF that is as large as its first, (H, W); of an animation its first frame."""
    with _open(file) as image:
        try:
            count = image.n_frames if image.format == "TIFF" else 1
            first = image.size
            check_frames(count, image.height, image.width)
            for number in range(count):
                image.seek(number)
                check_size(image.height, image.width)
                if image.size != first:  # a preview; nor is it decoded
                    continue
                _unpack_as_this_machine(image)
                turn_upright(image)
                yield np.ascontiguousarray(_grey(image)[0])
        except (ScanError, MemoryError):  # neither says that the file is damaged
            raise
        except Exception as error:  # as below
            raise ScanError(f"The {image.format} file is cut off or damaged.") from error


def read(file: BinaryIO) -> Scan:
    with _open(file) as image:
        check_size(image.height, image.width)
        try:
            frames = _frame_count(image)
            image.seek(0)
            _unpack_as_this_machine(image)
            notes = (f"First of {frames} frames.",) if frames > 1 else ()
            deep_colour = _is_deep(image) and not image.mode.startswith("I")
            turn_upright(image)
            pixels, more = _grey(image)
        except (ScanError, MemoryError):  # neither says that the file is damaged
            raise
        # Pillow's decoders raise whatever they stumble over in a damaged file.
        except Exception as error:
            raise ScanError(f"The {image.format} file is cut off or damaged.") from error
    if deep_colour:
        more = (*more, "16-bit colour is read as 8 bits.")
    return Scan(
        np.ascontiguousarray(pixels), default_window(pixels), notes=(*notes, *more), frames=frames
    )


def _frame_count(image: Image.Image) -> int:
    """How many frames there are; the page of a TIFF that is not as large as the first is a preview, and so is whatever a
    camera's JPEG holds behind its picture."""
    if image.format == "MPO":
        return 1
    count = getattr(image, "n_frames", 1)
    if image.format != "TIFF":
        return count
    sizes = []
    for number in range(count):
        image.seek(number)
        sizes.append(image.size)
    return sizes.count(sizes[0])


def _open(file: BinaryIO) -> Image.Image:
    try:
        image = Image.open(file, formats=_FORMATS)
    except Image.DecompressionBombError:
        check_size(10**6, 10**6)
        raise
    except Exception as error:
        raise ScanError(
            _unknown_numbers(file) or "The image's header is cut off or damaged."
        ) from error
    # Pillow takes the three numbers of a pixel for four.
    if _photometric(image) == 6 and image.tile and image.tile[0][0] == "raw":
        raise ScanError(
            "This TIFF holds its colours as YCbCr, uncompressed, which cannot be read; save it as RGB or grey."
        )
    return image


def _unknown_numbers(file: BinaryIO) -> str:
    """Of a TIFF that holds numbers which Pillow does not read, a sentence that says which; else ""."""
    tags = TiffImagePlugin
    try:
        file.seek(0)
        head = file.read(8)
        found = tags.ImageFileDirectory_v2(head + (file.read(8) if 43 in head[2:4] else b""))
        start = found.next
        file.seek(start)
        found.load(file)
        kind, bits = found.get(tags.SAMPLEFORMAT, (1,)), found.get(tags.BITSPERSAMPLE, (1,))
        known = any((kind[:1], bits[:1]) == (key[2][:1], key[4][:1]) for key in tags.OPEN_INFO)
        whole = found.next != start  # it knows then what follows
        if known or not whole or kind[0] not in _NUMBERS or not 1 <= bits[0] <= 64:
            return ""
    except Exception:  # it is no TIFF, or a damaged one
        return ""
    return f"This TIFF holds {_NUMBERS[kind[0]]} of {bits[0]} bits, which cannot be read; save it with 8 or 16 bits."


def _unpack_as_this_machine(image: Image.Image) -> None:
    """libtiff turns the bytes of a number over to this machine's order, and Pillow expects the file's."""
    if image.tile and image.tile[0][0] == "libtiff" and image.mode in ("I", "F"):
        place = image.tile[0]
        packing = re.sub(r"(?<=\d)B", "N", place[3][0])
        image.tile[0] = place._replace(args=(packing, *place[3][1:]))


def _is_deep(image: Image.Image) -> bool:
    """Whether more than 8 bits of a colour are in the file, packed such as "RGB;16B"; a PPM tells its largest value."""
    packing = image.tile[0][3] if image.tile else ""
    if image.format == "PPM" and isinstance(packing, tuple):
        return packing[-1] > 255
    return "16" in (packing if isinstance(packing, str) else str((packing or ("",))[0]))


def _lies_on_its_side(image: Image.Image) -> bool:
    if image.format == "TIFF":
        return False  # Pillow turns it by itself
    # A PNG's own getexif decodes it whole.
    return _may_be_turned(image) and Image.Image.getexif(image).get(0x0112, 1) in (5, 6, 7, 8)


def _may_be_turned(image: Image.Image) -> bool:
    """Of a PNG only what stands before its pixels counts: it would be decoded whole for more, for its size alone."""
    return image.format != "PNG" or not _TURNS.isdisjoint(image.info)


def turn_upright(image: Image.Image) -> None:
    """As the file says, by which its size is told, too; for an image that is not decoded yet."""
    if _may_be_turned(image):
        ImageOps.exif_transpose(image, in_place=True)  # a copy would not know its tags


def _photometric(image: Image.Image) -> int | None:
    """What a TIFF says of the meaning of its numbers."""
    return image.tag_v2.get(262) if image.format == "TIFF" else None


def _is_negative(image: Image.Image) -> bool:
    """Whether a TIFF says that white is zero, as digitised film often does."""
    return _photometric(image) == 0


def _is_signed(image: Image.Image) -> bool:
    """Whether a TIFF of 8 bits says that they have a sign, which Pillow does not regard."""
    return image.format == "TIFF" and image.mode == "L" and image.tag_v2.get(339) == (2,)


def _grey(image: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W) uint8 or uint16, and notes."""
    if image.mode.startswith("I;16"):
        pixels = np.asarray(image).astype(np.uint16)
        # Pillow turns "white is zero" of 8 bits by itself.
        return (65535 - pixels if _is_negative(image) else pixels), ()
    if image.mode in ("I", "F"):
        pixels, notes = sixteen_bit(np.asarray(image))
        return (65535 - pixels if _is_negative(image) else pixels), notes
    if _is_signed(image):
        signed = np.asarray(image).view(np.int8)
        if signed.min() < 0 and not white_has_a_sign(signed):
            return (signed ^ -128).view(np.uint8), (
                "128 was added to its values, which begin below 0.",
            )
    if image.mode == "CMYK":
        return np.asarray(image.convert("RGB").convert("L")), (
            "Its printing colours (CMYK) were turned to grey.",
        )
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L")), ("Of its colours (LAB) the lightness is read.",)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        opaque = np.asarray(image.getchannel("A"))
        grey = np.asarray(image.convert("RGB").convert("L"))
        if opaque.min() == 255:
            return grey, ()
        seen = np.round(grey * (opaque / 255)).astype(np.uint8)
        # Such as a mask that is drawn in black on nothing: black as well, it would be none. A black picture with
        # transparent edges is mostly opaque: that of a normal case, straightened.
        drawn = np.count_nonzero(opaque)
        if seen.max() == 0 and opaque.min() == 0 < drawn < opaque.size / 2:
            return opaque, ("All of it is black, so what is not transparent is read as white.",)
        return seen, ("Its transparent parts are black.",)
    if image.mode == "P":
        image = image.convert("RGB")
    return np.asarray(image.convert("L")), ()
