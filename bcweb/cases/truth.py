"""Mask files -> the truth on a scan's grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bcweb.cases.case import Box, Case
from bcweb.lesions import label
from bcweb.scans import Scan, ScanError, read_frames, read_scan

# How far width / height of a mask may be off its scan's, as a fraction. Exports round each side to a
# whole pixel (below 1% from 100 px up); a mask drawn on a cropped image is off by more.
ASPECT_TOLERANCE = 0.02
# Up to it, all values number lesions (0, 1, 2 ...). Files with no more values than that may tell them apart by grey
# (100, 255); those with more are label maps where they look so, and in all others grey is soft edge.
_LARGEST_NUMBER = 16
_DARK = 100  # white is brighter: below it, values that are flat number lesions, though some numbers are not there
# The part of a mask that may be grey, however small its lesion: more of it, and more than is white, is a scan.
_GREY = 0.02
_WHITE = 250  # of 8 bits, as JPEG leaves it
_NOISE = 1 / 16  # how far from black and white a soft edge or JPEG leaves what was either


def read_mask(source: str | Path | bytes, scan: Scan | None = None) -> np.ndarray:
    """A mask's file -> (H, W) bool: above half of its largest value, or any number or grey of a label map.

    Of several pages or segments, each a lesion, it is the union; one of another size, as a preview has, is left out.
    scan: what it is the mask of. Of the first frame of a clip the mask is the first one, too.
    Raises `ScanError` where it cannot be read, where it is a picture and no mask or may be masks of several pictures,
    and where it may number lesions but has soft edges.
    """
    if scan is not None and scan.frames > 1:
        return mask_in(read_scan(source).pixels)
    frames = read_frames(source)
    mask = mask_in(next(frames))
    for page, grey in enumerate(frames, 2):
        try:
            mask |= mask_in(grey)
        except ScanError as error:
            raise ScanError(f"Page {page}: {error}") from None
    return mask


def mask_in(grey: np.ndarray) -> np.ndarray:
    """`read_mask` of the pixels of one frame."""
    largest = int(grey.max())
    if largest <= _LARGEST_NUMBER:
        return grey > 0
    levels = np.unique(grey)
    many = len(levels) > _LARGEST_NUMBER
    between = np.count_nonzero((grey > 0.1 * largest) & (grey < 0.9 * largest))
    is_grey = between > max(_GREY * grey.size, np.count_nonzero(grey >= 0.9 * largest))
    # A soft edge that was enlarged without smoothing is flat, too; but it leads up to white.
    is_white = _WHITE <= largest <= 255 or largest == 65535
    if many and is_white:
        are_numbers = _lie_apart(grey, levels)
    else:
        may_number = many or (len(levels) > 2 and largest < _DARK)
        are_numbers = may_number and _is_label_map(grey, levels, is_grey)
    if are_numbers:
        return grey > 0
    if is_grey and many:
        raise ScanError(
            f"This is a picture and no mask: {100 * between / grey.size:.0f}% of it is neither black nor white."
        )
    if many and largest < _DARK and _are_most_numbers(levels):
        raise ScanError(
            f"Its values, up to {largest}, are neither black and white nor numbers of lesions with sharp edges."
        )
    return (grey > largest / 2) | _fainter_lesions(grey, levels)


def is_black_and_white(grey: np.ndarray) -> bool:
    """Whether pixels have two values at most, or, in 8 bits, none between black and white but at soft edges.

    It is narrower than what `read_mask` takes from somebody who says that a file is a mask. In 16 bits a mark
    beside the breast leaves all of it close to black.
    """
    low, high = int(grey.min()), int(grey.max())
    if not np.any((grey != low) & (grey != high)):
        return True
    between = np.count_nonzero((grey > high * _NOISE) & (grey < high * (1 - _NOISE)))
    return bool(grey.dtype == np.uint8 and between <= _GREY * grey.size)


def _are_most_numbers(levels: np.ndarray) -> bool:
    """Whether at least half of the numbers up to the largest value are there: not each need be in every picture."""
    return 2 * len(levels) > int(levels[-1])


def _is_label_map(grey: np.ndarray, levels: np.ndarray, much: bool) -> bool:
    """Whether each value is flat, with no ramp to its neighbours: lesions that are numbered, or told apart by grey.

    levels: the values that there are. much: so much of it is grey that it may be a picture.
    """
    padded = np.pad(grey, 1, mode="edge")
    beside = (padded[1:-1, :-2], padded[1:-1, 2:], padded[:-2, 1:-1], padded[2:, 1:-1])
    darkest, brightest = np.minimum.reduce(beside), np.maximum.reduce(beside)
    edge = np.count_nonzero((grey > 0) & ((darkest != grey) | (brightest != grey)))
    # Where three lesions meet one is between the others; of soft edges a fifth is so and more, of pictures a third.
    if np.count_nonzero((darkest < grey) & (grey < brightest)) > edge / 10:
        return False
    # A picture that was enlarged has no ramps either, but edges everywhere.
    if much and edge > np.count_nonzero(grey) / 2:
        return False
    areas = np.unique(grey[(darkest == grey) & (brightest == grey)])
    return 2 * len(areas) > len(levels) or _are_most_numbers(levels)


def _lie_apart(grey: np.ndarray, levels: np.ndarray) -> bool:
    """Whether at least half of the values each have a lesion of their own, all of one value up to black around it.

    Of soft edges, resized, compressed or enlarged, a tenth is so. What is within a tenth of the largest value of black
    may be noise.
    """
    from scipy.ndimage import maximum, minimum  # as in `_fainter_lesions`

    inside = grey > 0
    parts, count = label(inside)
    each = np.arange(1, count + 1)
    grey, parts = grey[inside], parts[inside]  # which are sorted, and most of a mask is black
    brightest = maximum(grey, parts, each)
    flat = brightest[minimum(grey, parts, each) == brightest]
    apart = np.unique(flat[flat > 0.1 * int(levels[-1])])
    return 2 * len(apart) >= np.count_nonzero(levels)


def _fainter_lesions(grey: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(H, W) bool: the lesions of a label map that are drawn in no more than half of its largest value.

    Their greys stand by themselves somewhere, where every pixel of a soft edge touches a brighter one. What
    is within a tenth of the largest value of black may be JPEG's noise.
    """
    largest = int(levels[-1])
    lesions = np.zeros(grey.shape, bool)
    faint = (grey > 0.1 * largest) & (grey <= largest / 2)
    if faint.any() and len(levels) <= _LARGEST_NUMBER:
        from scipy.ndimage import maximum_filter  # few masks need it, and it is slow to load

        alone = faint & (maximum_filter(grey, 3) == grey)
        for level in np.unique(grey[alone]):
            lesions |= grey == level
        lesions &= grey > levels[0]  # the darkest is what they lie on
    return lesions


def same_aspect(mask: tuple[int, int], scan: tuple[int, int]) -> bool:
    """Whether two (height, width) are one shape, each side rounded to whole pixels."""
    return abs(mask[1] * scan[0] / (mask[0] * scan[1]) - 1) <= ASPECT_TOLERANCE


def fit_mask(mask: np.ndarray, scan: Scan) -> tuple[np.ndarray, str | None]:
    """(h, w) bool -> (H, W) bool on the scan's grid, and a sentence where it had to be resampled.

    A pixel is in where at least half of its area is; of lesions that fill no pixel so far, those that are
    filled most: a lesion image must not become a normal one. Raises `ScanError` for another aspect ratio.
    """
    height, width = mask.shape
    if (height, width) == (scan.height, scan.width):
        return mask, None
    sizes = f"the mask is {width}x{height}, the scan {scan.width}x{scan.height}"
    if not same_aspect(mask.shape, scan.pixels.shape):
        raise ScanError(f"The mask does not belong to this scan: {sizes}, another shape.")
    soft = np.asarray(
        Image.fromarray(mask.astype(np.uint8) * 255).resize(
            (scan.width, scan.height), Image.Resampling.BILINEAR
        )
    )
    half = min(128, max(int(soft.max()), 1))
    return soft >= half, f"The truth was resampled: {sizes}."


def read_truth(case: Case, scan: Scan) -> np.ndarray | None:
    """(H, W) bool on the scan's grid, the union of the case's masks and of the ellipses in its
    boxes; None where the truth is unknown.

    Raises `ScanError`, naming the mask's file, where one cannot be read or is of another aspect.
    """
    if not case.has_truth:
        return None
    truth = np.zeros((scan.height, scan.width), bool)
    for file in case.truth_files:
        try:
            truth |= fit_mask(read_mask(file, scan), scan)[0]
        except ScanError as error:
            raise ScanError(f"{file.name}: {error}") from error
    for box in case.boxes:
        truth |= ellipse(box, truth.shape)
    return truth


def ellipse(box: Box, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: the pixels whose centre lies in the ellipse that a box encloses."""
    left, top, width, height = box
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    across = (columns + 0.5 - left) / width - 0.5
    down = (rows + 0.5 - top) / height - 0.5
    return across**2 + down**2 <= 0.25
