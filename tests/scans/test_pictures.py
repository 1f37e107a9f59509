"""Pictures -> scans: every format, and what is kept of it."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bcweb.scans import Scan, ScanError, read_frames, read_scan, scan_size
from tests.scans.made import DEEP, RAMP, dicom, encode, grey, png, rgb, tiff, written


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


def test_a_png_that_says_only_behind_its_pixels_how_it_lies_is_as_large_as_its_header_says():
    """The canvas is made of the size that the header tells."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = encode(grey(), "PNG", exif=exif)
    start = file.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(file[start : start + 4], "big")
    last = file.index(b"IEND") - 4
    late = file[:start] + file[end:last] + file[start:end] + file[last:]
    assert scan_size(file) == read_scan(file).pixels.shape == (30, 20)
    assert scan_size(late) == read_scan(late).pixels.shape == (20, 30)
    np.testing.assert_array_equal(next(read_frames(late)), read_scan(late).pixels)


@pytest.mark.parametrize("where", ["raw profile", "xmp"])
def test_a_png_that_says_otherwise_how_it_lies_lies_so(where):
    """As older programs write EXIF, and as XMP has it: before the pixels, too."""
    info = PngInfo()
    if where == "xmp":
        said = '<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
        info.add_itxt("XML:com.adobe.xmp", said)
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        content = exif.tobytes()
        info.add_text("Raw profile type exif", f"\nexif\n{len(content):8}\n{content.hex()}\n")
    file = encode(grey(), "PNG", pnginfo=info)
    assert scan_size(file) == read_scan(file).pixels.shape == (30, 20)
    assert scan_size(file[: file.index(b"IDAT") + 20]) == (30, 20), "it was decoded for its size"


def test_transparent_parts_are_black_and_it_says_so():
    picture = Image.new("LA", (16, 16), (200, 255))
    picture.putpixel((3, 2), (200, 0))
    scan = read_scan(encode(picture, "PNG"))
    assert scan.pixels[2, 3] == 0 and scan.pixels[0, 0] == 200
    assert scan.notes == ("Its transparent parts are black.",)


def test_of_the_colours_of_a_lab_tiff_the_lightness_is_read():
    file = encode(Image.merge("LAB", [grey(), grey(RAMP[::-1]), grey()]), "TIFF")
    scan = read_scan(file)
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.notes == ("Of its colours (LAB) the lightness is read.",)


def test_cmyk_jpeg_is_read_with_a_note():
    scan = read_scan(encode(rgb().convert("CMYK"), "JPEG", quality=95))
    assert np.abs(scan.pixels.astype(int) - RAMP).max() < 16
    assert scan.notes == ("Its printing colours (CMYK) were turned to grey.",)


def test_an_animation_gives_its_first_frame_and_says_so():
    file = encode(grey(), "GIF", save_all=True, append_images=[grey(RAMP[::-1].copy())])
    scan = read_scan(file)
    np.testing.assert_array_equal(scan.pixels, RAMP)
    assert scan.notes == ("First of 2 frames.",)


def test_a_preview_beside_a_scan_makes_no_clip_of_it():
    small, other = grey().resize((15, 10)), grey(RAMP[::-1].copy())
    for others, frames in (([small], 1), ([small, other, small], 2), ([other], 2)):
        scan = read_scan(encode(grey(), "TIFF", save_all=True, append_images=others))
        assert scan.frames == frames, "a preview is counted as a frame"
        assert scan.notes == (("First of 2 frames.",) if frames == 2 else ())
        np.testing.assert_array_equal(scan.pixels, RAMP)


def test_what_a_camera_puts_behind_its_picture_is_no_frame_of_a_clip():
    file = encode(rgb(), "MPO", save_all=True, append_images=[rgb().resize((15, 10))], quality=95)
    for camera in (file, file[:-200]):  # also where the preview is cut off
        scan = read_scan(camera)
        assert (scan.frames, scan.notes) == (1, ()), "a preview is counted as a frame"
        assert np.abs(scan.pixels.astype(int) - RAMP).max() < 16


def test_sixteen_bit_colour_says_that_it_is_read_as_eight():
    rows = b"".join(b"\0" + (np.repeat(row[:, None], 3, 1)).astype(">u2").tobytes() for row in DEEP)
    scan = read_scan(png(30, 20, 16, 2, rows))
    np.testing.assert_array_equal(scan.pixels, DEEP >> 8)
    assert scan.notes == ("16-bit colour is read as 8 bits.",)


@pytest.mark.parametrize(("kind", "most"), [("P6", 65535), ("P6", 4095), ("P3", 65535)])
def test_a_ppm_of_deep_colour_says_so_too(kind, most):
    values = np.repeat((DEEP.astype(int) * most // 65535)[..., None], 3, 2)
    body = (
        values.astype(">u2").tobytes()
        if kind == "P6"
        else " ".join(map(str, values.ravel())).encode()
    )
    scan = read_scan(f"{kind} 30 20 {most}\n".encode() + body)
    assert np.abs(scan.pixels - DEEP / 257).max() <= 1
    assert scan.notes == ("16-bit colour is read as 8 bits.",)
    assert read_scan(b"P6 30 20 100\n" + (values // 656).astype(np.uint8).tobytes()).notes == ()


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


@pytest.mark.parametrize("kind", ["<u2", "<f4", "<f8", "i1"])
def test_a_page_of_a_mask_is_read_as_the_scan_of_its_file_is(kind):
    file = tiff((RAMP // 2).astype(kind) - (64 if kind == "i1" else 0), white_is_zero=kind != "i1")
    np.testing.assert_array_equal(next(read_frames(file)), read_scan(file).pixels)


def test_pages_that_lie_on_their_side_are_turned_each():
    tags = {0x0112: 6}
    pages = [grey(RAMP), grey(RAMP[::-1].copy())]
    file = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], tiffinfo=tags)
    for frame, page in zip(read_frames(file), (RAMP, RAMP[::-1]), strict=True):
        np.testing.assert_array_equal(frame, np.rot90(page, -1))


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
