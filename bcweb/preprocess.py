"""Scan -> the network's input: the one preparation that training and serving share.

Normalisation brings a scan's window to 0..1; the frame in which the network looks is then stretched to a
square and standardised by the mean and deviation that its weights were trained with (`Config.mean`,
`Config.std`). The frame is the whole image, or what an ultrasound's file says is the picture on the machine's screen
(`Scan.picture`), or on a mammogram the breast's (`Config.crop`): half of a film and more is background, of another width
in every data set, viewer and export.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from bcweb.scans import Modality, Scan

Crop = Literal["breast"]
CROPS: dict[Modality, Crop | None] = {"ultrasound": None, "mammogram": "breast"}  # of new weights

_SIDE = 128  # the longer one of the thumbnail on which the breast is looked for
_BLACK = 1 / 64  # of white: not exposed, or added around a film
# A background that is not black is even, but for scratches, and a tenth of the image at least.
_EVEN, _MUCH = 0.03, 0.1
# How bright tissue is, on the way from the background to Otsu's threshold, which lies between fat and gland.
_TISSUE = 0.2
_REACH = 5  # gaps in dark fat that are closed; labels and film edges that are thinner are no breast
_MARGIN = 3  # what a threshold loses at the skin, in places of the thumbnail
_LEAST = 0.1  # of the image: what is smaller is no breast. In three data sets of films its frame has 0.14 at least


class Frame(NamedTuple):
    """Where a network looks: rows top to bottom and columns left to right of a scan, the ends left out."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """What cuts it out of an (H, W) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height, as a lesion has it."""
        return self.left, self.top, self.right - self.left, self.bottom - self.top


def frame(scan: Scan, crop: Crop | None) -> Frame:
    """The frame of the breast; without a crop, or where no breast is found, the picture, or else the whole image."""
    height, width = scan.pixels.shape
    whole = Frame(*(scan.picture or (0, height, 0, width)))
    if crop is None:
        return whole
    # Of a film of twelve million pixels some are enough, sixteen for each of the thumbnail.
    few = slice(None, None, max(max(width, height) // (4 * _SIDE), 1))
    some = replace(scan, pixels=np.ascontiguousarray(scan.pixels[few, few]))
    small = tuple(max(round(side * _SIDE / max(width, height)), 1) for side in (width, height))
    breast = _breast(_resized(some, small, Image.Resampling.BOX))
    rows, columns = (_ends(breast.any(axis=axis)) for axis in (1, 0))
    if (rows[1] - rows[0]) * (columns[1] - columns[0]) < _LEAST * breast.size:
        return whole
    return Frame(*_of_side(rows, len(breast), height), *_of_side(columns, breast.shape[1], width))


def square(scan: Scan, size: int, crop: Crop | None = None) -> np.ndarray:
    """The frame of a scan through its window, as (size, size) float32 in 0..1, stretched with an antialiased
    bilinear filter."""
    top, bottom, left, right = frame(scan, crop)
    return _resized(scan, (size, size), Image.Resampling.BILINEAR, (left, top, right, bottom))


def standardise(images: np.ndarray, mean: float, std: float) -> np.ndarray:
    """(N, S, S) in 0..1 -> the network's (N, S, S, 3) float32: (x - mean) / std, grey repeated."""
    scaled = (images.astype(np.float32) - np.float32(mean)) / np.float32(std)
    return np.repeat(scaled[..., None], 3, axis=-1)


def _resized(
    scan: Scan, size: tuple[int, int], filter: Image.Resampling,
    box: tuple[int, int, int, int] | None = None,
) -> np.ndarray:  # fmt: skip
    """What is in a box (left, top, right, bottom) of the scan's window, as float32 in 0..1 of a size (width, height)."""
    if scan.pixels.dtype == np.uint8 and scan.window == (0.0, 255.0):
        image = Image.fromarray(scan.pixels)  # Pillow is several times faster on 8 bits
        return np.asarray(image.resize(size, filter, box), np.float32) / 255.0
    image = Image.fromarray(scan.unit())
    return np.asarray(image.resize(size, filter, box), np.float32)


def _breast(image: np.ndarray) -> np.ndarray:
    """The places of an image, (H, W) in 0..1, that the largest thing on it takes, as (H, W) bool; of two breasts on one
    image both."""
    from scipy.ndimage import label, maximum_filter, minimum_filter  # slow to load

    tissue = image > _tissue_from(image)
    closed = minimum_filter(maximum_filter(tissue, _REACH), _REACH)
    parts, _ = label(minimum_filter(closed, _REACH))
    sizes = np.bincount(parts.ravel(), minlength=2)[1:]
    return np.isin(parts, 1 + np.flatnonzero(sizes >= sizes.max() / 2))


def _tissue_from(image: np.ndarray) -> float:
    """How bright the tissue of an image, (H, W) in 0..1, is at least."""
    film = image[image > _BLACK]
    if film.size > image.size / 2:
        dark = np.percentile(film, 5)
        is_background = (np.abs(image - dark) < _EVEN).mean() > _MUCH
        if is_background:  # of a digitised film, which has a grey of its own
            return dark + _TISSUE * (_otsu(film) - dark)
    return _TISSUE * _otsu(image)


def _otsu(image: np.ndarray) -> float:
    """The level that parts the bright from the dark best (Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076)."""
    counts, edges = np.histogram(image, 256, (0, 1))
    share = counts.cumsum() / counts.sum()
    mean = (counts * edges[1:]).cumsum() / counts.sum()
    between = (mean[-1] * share - mean) ** 2 / np.maximum(share * (1 - share), 1e-12)
    return float(edges[1:][np.argmax(between)])


def _ends(taken: np.ndarray) -> tuple[int, int]:
    """Where what is taken of a side of the thumbnail, (N,) bool, begins and ends, with its margin."""
    places = np.flatnonzero(taken)
    if not len(places):
        return 0, 0
    return max(int(places[0]) - _MARGIN, 0), min(int(places[-1]) + 1 + _MARGIN, len(taken))


def _of_side(ends: tuple[int, int], places: int, side: int) -> tuple[int, int]:
    """The ends on so many places of the thumbnail, on the side of a scan."""
    return ends[0] * side // places, -(-ends[1] * side // places)
