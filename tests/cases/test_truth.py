"""Masks -> the truth on a scan's grid."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from bcweb.cases import Case, fit_mask, read_mask, read_truth
from bcweb.cases.truth import is_black_and_white, mask_in
from bcweb.phantoms import phantom
from bcweb.scans import Scan, ScanError, read_scan
from tests.cases import trees
from tests.scans.made import dicom, encode, tiff, written


def scan(height: int, width: int) -> Scan:
    return Scan(np.zeros((height, width), np.uint8))


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("high", [255, 254, 200, 1])
def test_a_mask_is_what_lies_above_half_of_its_largest_value(high):
    pixels = np.zeros((20, 20), np.uint8)
    pixels[3:9, 4:8] = high
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 0)


def test_grey_edges_are_cut_at_half_and_numbered_lesions_all_count():
    pixels = np.zeros((20, 20), np.uint8)
    pixels[3:9, 4:8] = 255
    pixels[3:9, 8] = 120
    assert read_mask(png(pixels)).sum() == 24
    numbered = np.zeros((20, 20), np.uint8)
    numbered[2, 2], numbered[5, 5], numbered[9, 9] = 1, 2, 3
    assert read_mask(png(numbered)).sum() == 3
    assert not read_mask(png(np.zeros((20, 20), np.uint8))).any()


@pytest.mark.parametrize("ground", [0, 255])
def test_a_mask_that_is_drawn_in_black_on_nothing_is_what_was_drawn(ground):
    """As programs for pictures export a layer; as empty it would make a normal of a lesion."""
    drawn = trees.box(10, 10, 20, 30)
    image = Image.fromarray(np.where(drawn, np.uint8(0), np.uint8(ground))).convert("RGBA")
    image.putalpha(Image.fromarray(drawn))
    np.testing.assert_array_equal(read_mask(encode(image, "PNG")), drawn > 0)
    assert read_scan(encode(image, "PNG")).notes == (
        "All of it is black, so what is not transparent is read as white.",
    )
    for opacity in (0, 255):
        image = Image.new("LA", (80, 60), (0, opacity))
        assert not read_mask(encode(image, "PNG")).any(), "nothing is drawn"


def test_a_black_layer_with_transparent_edges_is_empty():
    """A normal's mask that was straightened, or saved with a margin: its ground would be the lesion."""
    turned = Image.new("RGBA", (80, 60), (0, 0, 0, 255)).rotate(3, expand=True)
    edged = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    edged.paste((0, 0, 0, 255), (4, 4, 76, 56))
    nicked = Image.new("LA", (80, 60), (0, 255))
    nicked.putpixel((3, 2), (0, 254))
    faint = Image.new("LA", (80, 60), (0, 100))
    faint.putpixel((3, 2), (0, 0))
    for layer in (turned, edged, nicked, faint):
        assert not read_mask(encode(layer, "PNG")).any()
    assert not read_mask(encode(edged, "GIF")).any()
    lesion = Image.fromarray(trees.box(10, 10, 20, 30)).convert("RGBA")
    pages = encode(lesion, "TIFF", save_all=True, append_images=[edged])
    np.testing.assert_array_equal(read_mask(pages), trees.box(10, 10, 20, 30) > 0)


def test_black_and_white_is_a_mask_with_its_edges_and_no_scan():
    drawn = phantom("ultrasound", 1)
    jpeg = BytesIO()
    Image.fromarray(drawn.truth.astype(np.uint8) * 255).save(jpeg, "JPEG")
    soft = Image.fromarray(drawn.truth.astype(np.uint8) * 255).resize((300, 250))
    for mask in (drawn.truth * np.uint8(1), read_scan(jpeg.getvalue()).pixels, np.asarray(soft)):
        assert is_black_and_white(mask)
    assert is_black_and_white(np.zeros((9, 9), np.uint8)), "the truth of a normal case"
    assert not is_black_and_white(drawn.scan.pixels)
    marked = np.random.default_rng(0).integers(900, 4000, (80, 60)).astype(np.uint16)
    marked[:5, :9] = 65535
    assert not is_black_and_white(marked), "a breast is no black because a mark beside it is white"


@pytest.mark.parametrize("greys", [(255, 100), (50, 100, 150), (100, 30, 200), (30000, 65535)])
def test_lesions_told_apart_by_grey_all_count(greys):
    pixels = np.zeros((60, 80), np.uint16 if max(greys) > 255 else np.uint8)
    for place, grey in enumerate(greys):
        pixels[10:20, 10 * place : 10 * place + 10] = grey  # each touches the next
    pixels[40, 40] = greys[1]
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 0)


def numbered(numbers, side: int = 12, shape: tuple[int, int] = (400, 500)) -> np.ndarray:
    """A label map: a square for each number, ten in a row."""
    pixels = np.zeros(shape, np.uint16 if max(numbers) > 255 else np.uint8)
    step = shape[1] // 10 - 2
    for place, number in enumerate(numbers):
        top, left = 9 + step * (place // 10), 9 + step * (place % 10)
        pixels[top : top + side, left : left + side] = number
    return pixels


@pytest.mark.parametrize(
    ("numbers", "side"),
    [
        (range(1, 21), 12),
        (range(1, 21), 1),
        (range(1, 71), 30),  # much of it is grey, as of a picture
        (range(1, 21), 47),  # nearly all of it
        (range(12, 252, 12), 12),
        ([*range(1, 40), 41, 45, 60], 12),  # not every lesion is in the picture
        ([2, 23], 12),
        (range(1, 70), 2),
        (range(1, 301, 7), 12),
        (range(5, 256, 10), 12),  # up to white
        (range(1, 255, 5), 30),
        (range(3855, 65536, 3855), 12),
    ],
)
def test_however_many_lesions_a_label_map_numbers_all_count(numbers, side):
    pixels = numbered(numbers, side)
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 0)


def test_numbered_lesions_may_touch():
    seeds = np.random.default_rng(0).random((40, 2)) * 100 + 150
    rows, columns = np.mgrid[:400, :400]
    far = np.hypot(rows[..., None] - seeds[:, 0], columns[..., None] - seeds[:, 1])
    pixels = np.where(far.min(2) < 20, far.argmin(2) + 1, 0).astype(np.uint8)
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 0)


def test_numbers_with_soft_edges_are_refused_and_none_of_them_is_lost():
    soft = Image.fromarray(numbered(range(1, 21))).resize((640, 512), Image.Resampling.BILINEAR)
    with pytest.raises(ScanError) as caught:
        read_mask(png(np.asarray(soft)))
    assert str(caught.value) == (
        "Its values, up to 20, are neither black and white nor numbers of lesions with sharp edges."
    )


@pytest.mark.parametrize("quality", [5, 10, 20, 50, 75, 90, 95, 98, 100])
def test_the_greys_of_a_compressed_mask_are_its_edge_however_many(quality):
    box = np.zeros((300, 400), np.uint8)
    box[51:130, 43:217] = 255
    for drawn in (box, phantom("ultrasound", 1).truth.astype(np.uint8) * 255):
        jpeg = BytesIO()
        Image.fromarray(drawn).save(jpeg, "JPEG", quality=quality)
        pixels = read_scan(jpeg.getvalue()).pixels
        np.testing.assert_array_equal(read_mask(jpeg.getvalue()), pixels > int(pixels.max()) / 2)


@pytest.mark.parametrize("way", ["BILINEAR", "BICUBIC", "LANCZOS"])
@pytest.mark.parametrize("scale", [0.4, 0.9, 1.7, 3, 8])
def test_the_greys_of_a_resized_mask_are_its_edge_however_many(way, scale):
    drawn = Image.fromarray(phantom("ultrasound", 1).truth.astype(np.uint8) * 255)
    size = round(drawn.width * scale), round(drawn.height * scale)
    pixels = np.asarray(drawn.resize(size, Image.Resampling[way]))
    assert len(np.unique(pixels)) > 8
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 127)


def test_of_a_mask_with_soft_edges_what_is_black_is_not_sorted(monkeypatch):
    """It is most of a large mask, and took most of the time to read it."""
    rows, columns = np.ogrid[:900, :600]
    drawn = Image.fromarray(((np.hypot(rows - 300, columns - 200) < 9) * 255).astype(np.uint8))
    pixels = np.asarray(drawn.resize((1700, 2600), Image.Resampling.BICUBIC))
    asked = []

    def counting(measure):
        def counted(input, *more):
            asked.append(np.size(input))
            return measure(input, *more)

        return counted

    for name in ("maximum", "minimum"):
        monkeypatch.setattr(scipy.ndimage, name, counting(getattr(scipy.ndimage, name)))
    np.testing.assert_array_equal(mask_in(pixels), pixels > 127)
    inside = np.count_nonzero(pixels)
    assert asked == [inside, inside], f"of {pixels.size} pixels {inside} are not black"


@pytest.mark.parametrize("blocks", [3, 4, 8])
@pytest.mark.parametrize("way", ["JPEG", "BILINEAR"])
def test_soft_edges_that_were_enlarged_without_smoothing_number_no_lesion(way, blocks):
    drawn = Image.fromarray(phantom("ultrasound", 1).truth.astype(np.uint8) * 255)
    small = drawn.resize((128, 96), Image.Resampling[way] if way != "JPEG" else 0)
    if way == "JPEG":
        file = BytesIO()
        small.save(file, "JPEG", quality=75)
        small = Image.open(file)
    pixels = np.asarray(small).repeat(blocks, 0).repeat(blocks, 1)
    assert len(np.unique(pixels)) > 16
    np.testing.assert_array_equal(read_mask(png(pixels)), pixels > 127)


@pytest.mark.parametrize("quality", [5, 20, 50])
def test_the_noise_of_compression_around_many_small_lesions_numbers_none(quality):
    drawn = np.zeros((400, 500), np.uint8)
    for row, column in np.random.default_rng(0).integers(9, 390, (60, 2)):
        drawn[row : row + row % 7 + 1, column : column + column % 5 + 1] = 255
    jpeg = BytesIO()
    Image.fromarray(drawn).save(jpeg, "JPEG", quality=quality)
    pixels = read_scan(jpeg.getvalue()).pixels
    assert len(np.unique(pixels)) > 16
    np.testing.assert_array_equal(read_mask(jpeg.getvalue()), pixels > int(pixels.max()) / 2)


def pages(*pictures: np.ndarray, kind: str = "TIFF") -> bytes:
    first, *others = map(Image.fromarray, pictures)
    file = BytesIO()
    first.save(file, kind, save_all=True, append_images=others)
    return file.getvalue()


def test_all_pages_of_a_mask_count_and_of_an_animation_the_first_frame():
    one, other, none = trees.box(2, 2, 9, 9), trees.box(20, 30, 40, 50), trees.box(0, 0, 0, 0)
    mask = read_mask(pages(none, one, other // 255 * 100))
    np.testing.assert_array_equal(mask, (one > 0) | (other > 0))
    np.testing.assert_array_equal(read_mask(pages(one, other, kind="GIF")), one > 0)


def test_of_the_first_frame_of_a_clip_the_mask_is_the_first_one_too():
    one, other = trees.box(2, 2, 9, 9), trees.box(20, 30, 40, 50)
    clip = read_scan(pages(trees.picture(0), trees.picture(1)))
    assert clip.frames == 2
    np.testing.assert_array_equal(read_mask(pages(one, other), clip), one > 0)


def test_a_scan_with_a_preview_is_no_clip_and_all_pages_of_its_mask_count():
    one, other = trees.box(2, 2, 9, 9), trees.box(20, 30, 40, 50)
    scan = read_scan(pages(trees.picture(0), trees.picture(1)[::2, ::2]))
    mask = read_mask(pages(one, other), scan)
    assert (mask == (one > 0) | (other > 0)).all(), "its second lesion is gone"


def test_a_preview_beside_a_mask_is_none_and_a_picture_beside_it_is_refused():
    box = trees.box(2, 2, 9, 9)
    np.testing.assert_array_equal(read_mask(pages(box, np.full((20, 30), 255, np.uint8))), box > 0)
    with pytest.raises(ScanError, match=r"^Page 2: This is a picture and no mask"):
        read_mask(pages(box, phantom("ultrasound", 1).scan.pixels[: box.shape[0], : box.shape[1]]))
    with pytest.raises(ScanError, match=r"^It has 300 frames; of a mask at most 256 are read\.$"):
        read_mask(pages(*[trees.box(2, 2, 9, 9 + n % 7) for n in range(300)]))
    with pytest.raises(ScanError, match="more than 64 million pixels"):  # and is not decoded
        read_mask(pages(box, np.broadcast_to(np.uint8(0), (8001, 8001))))


def segmentation(segments: tuple[int, ...], images: tuple[str, ...]) -> bytes:
    """A DICOM SEG of two frames: each one's segment, and the image that it is drawn on."""
    frames = [Dataset(), Dataset()]
    for frame, number, image in zip(frames, segments, images, strict=True):
        frame.SegmentIdentificationSequence = [Dataset()]
        frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number
        frame.DerivationImageSequence = [Dataset()]
        frame.DerivationImageSequence[0].SourceImageSequence = [Dataset()]
        frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID = image
    drawn = np.stack([trees.box(2, 2, 9, 9), trees.box(20, 30, 40, 50)]) // 255
    packed = np.packbits(drawn.ravel(), bitorder="little")
    return written(
        dicom(
            drawn, SOPClassUID=SegmentationStorage, Modality="SEG", NumberOfFrames=2, BitsAllocated=1, BitsStored=1,
            HighBit=0, PixelData=packed.tobytes(), PerFrameFunctionalGroupsSequence=frames,
        )
    )  # fmt: skip


def test_all_segments_of_a_dicom_seg_count():
    mask = read_mask(segmentation((1, 2), ("1.2.3", "1.2.3")))
    expected = (trees.box(2, 2, 9, 9) > 0) | (trees.box(20, 30, 40, 50) > 0)
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    "mask",
    [
        segmentation((1, 1), ("1.2.3", "1.2.3")),
        segmentation((1, 2), ("1.2.3", "1.2.4")),
        written(dicom(np.stack([trees.box(2, 2, 9, 9), trees.box(3, 3, 9, 9)]), NumberOfFrames=2)),
    ],
)
def test_frames_that_may_be_masks_of_several_pictures_are_refused(mask):
    with pytest.raises(ScanError) as caught:
        read_mask(mask)
    assert str(caught.value) == (
        "Its 2 frames may be masks of as many pictures; a mask has one frame, or one for each segment."
    )


def test_the_few_greys_of_a_box_that_was_compressed_or_resized_are_no_lesions():
    box = trees.box(11, 13, 30, 40)
    jpeg = BytesIO()
    Image.fromarray(box).save(jpeg, "JPEG", quality=95)
    twice = Image.fromarray(box).resize((160, 120), Image.Resampling.BILINEAR)
    for data, scale in ((jpeg.getvalue(), 1), (png(np.asarray(twice)), 2)):
        assert 2 < len(np.unique(read_scan(data).pixels)) <= 16
        expected = box.repeat(scale, 0).repeat(scale, 1) > 0
        np.testing.assert_array_equal(read_mask(data), expected)


def test_a_mask_of_numbers_with_a_point_keeps_its_lesions():
    values = np.full((50, 50), np.nan, np.float32)
    values[10:20, 10:20] = 1
    assert read_mask(tiff(values)).sum() == 100, "what is missing is no lesion"
    values[30:40, 10:20], values[30:40, 30:40] = 2, 3
    assert read_mask(tiff(values)).sum() == 300
    assert read_mask(tiff(np.ones((50, 50), np.float32))).all()
    assert not read_mask(tiff(np.zeros((50, 50), np.float32))).any()


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32])
def test_white_may_be_minus_one(kind):
    """So it is where a program kept a mask's 255, or all of its bits, as numbers with a sign."""
    drawn = trees.box(10, 10, 20, 30) > 0
    np.testing.assert_array_equal(read_mask(tiff(-drawn.astype(kind))), drawn)


def test_a_picture_is_no_mask():
    scan = phantom("ultrasound", 3).scan.pixels
    for enlarged in (scan, scan.repeat(2, 0).repeat(2, 1), scan // 4):
        with pytest.raises(
            ScanError, match=r"is a picture and no mask: \d+% of it is neither black nor white"
        ):
            read_mask(png(enlarged))
    small = np.zeros((100, 150), np.uint8)
    small[40:46, 60:65] = 255
    soft = np.asarray(Image.fromarray(small).resize((300, 200), Image.Resampling.BICUBIC))
    assert read_mask(png(soft)).any(), "a soft edge is a mask's, however small the lesion"
    two = np.zeros((40, 40), np.uint8)
    two[:10], two[20:24] = 128, 255
    assert read_mask(png(two)).sum() == 14 * 40, "two lesions, numbered by grey"


def test_a_mask_of_the_scans_size_is_left_alone():
    mask = trees.box(10, 10, 20, 30) > 0
    fitted, note = fit_mask(mask, scan(60, 80))
    assert fitted is mask and note is None


def test_a_mask_of_another_size_is_resampled_and_it_says_so():
    mask = np.zeros((120, 160), bool)
    mask[20:40, 20:60] = True
    fitted, note = fit_mask(mask, scan(60, 80))
    np.testing.assert_array_equal(fitted, trees.box(10, 10, 20, 30) > 0)
    assert note == "The truth was resampled: the mask is 160x120, the scan 80x60."
    larger, _ = fit_mask(fitted, scan(600, 800))
    assert larger.shape == (600, 800)
    assert abs(larger.sum() - 100 * 200) < 200  # 1%: the corners of bilinear enlargement


def test_a_lesion_smaller_than_a_pixel_of_the_scan_is_one_and_no_normal():
    mask = np.zeros((600, 800), bool)
    mask[305:308, 402:405] = True
    fitted, _ = fit_mask(mask, scan(60, 80))
    assert np.argwhere(fitted).tolist() == [[30, 40]]
    nothing, _ = fit_mask(np.zeros((600, 800), bool), scan(60, 80))
    assert not nothing.any()


def test_sides_rounded_to_whole_pixels_are_still_the_same_shape():
    # 601x471 at 128 wide is 100.3 high.
    assert fit_mask(np.ones((100, 128), bool), scan(471, 601))[0].all()


def test_a_mask_of_another_shape_is_refused_with_a_sentence():
    with pytest.raises(ScanError) as caught:
        fit_mask(np.ones((60, 80), bool), scan(80, 60))
    assert str(caught.value) == (
        "The mask does not belong to this scan: the mask is 80x60, the scan 60x80, another shape."
    )


def test_the_file_that_cannot_be_a_truth_is_named(tmp_path):
    image = trees.save(tmp_path / "a.png", trees.picture(0))
    bad = tmp_path / "a_mask.png"
    bad.write_text("no mask")
    case = Case("x", "a", image, "ultrasound", (bad,))
    with pytest.raises(ScanError, match=r"^a_mask\.png: This is a text file"):
        read_truth(case, scan(60, 80))
