"""Near-duplicates: the same picture, or another frame of the same lesion, under two names.

Fingerprints tell whether two files are one picture, re-encoded or resized. Near-duplicates within a
data set are more: pictures cropped or stretched differently, cleaned of their text, or taken a moment
later. They are found in two steps: small band-passed thumbnails of a few crops of every picture are
correlated, all with all; likely pairs are then aligned, by scale and shift along each axis, and the
correlation of their texture decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bcweb.scans import Modality

# Differing bits, of 256. Re-encoding (JPEG and WebP at quality 50 to 80), resizing to 0.5 and 1.7 and a
# change of brightness and contrast differ in at most 9; the nearest two strangers in 69 on
# ultrasounds (3.6 million pairs of BUSI, BUS-BRA and STU) and in 39 on mammograms (2.4 million).
_SAME_BITS = 24

# Aligned correlation of two maps from which their files show one picture; on BUSI, copies have at
# least 0.95, on mammograms two women at most 0.86.
SAME_PICTURE = 0.9
# And from which they show one lesion, a moment later perhaps. Only on ultrasounds: at this size all
# mammograms are somewhat alike.
NEAR: dict[Modality, float] = {"ultrasound": 0.6, "mammogram": SAME_PICTURE}

_THUMB = 24  # pixels a side, for candidates
_MAPS = (64, 128)  # pixels a side: a coarse alignment, and a fine one that decides
_LIKELY = 0.5  # correlation of thumbnails from which a pair is aligned at all
_PROMISING = 0.6  # and of coarse maps, from which it is aligned finely
_NEIGHBOURS = 12  # likely pairs tried for each picture, best first
_LEAST_OVERLAP = 0.25  # of a picture's area
# Left, right, top, bottom: what is cut off, as fractions.
_CROPS = np.array(
    [
        (0, 0, 0, 0),
        (0.15, 0, 0, 0), (0, 0.15, 0, 0), (0, 0, 0.15, 0), (0, 0, 0, 0.15),
        (0.3, 0, 0, 0), (0, 0.3, 0, 0), (0, 0, 0.3, 0), (0, 0, 0, 0.3),
        (0.15, 0, 0.15, 0), (0.15, 0, 0, 0.15), (0, 0.15, 0.15, 0), (0, 0.15, 0, 0.15),
        (0.1, 0.1, 0.1, 0.1), (0.15, 0.15, 0, 0), (0, 0, 0.15, 0.15),
    ]
)  # fmt: skip


def fingerprint(pixels: np.ndarray) -> str:
    """A perceptual hash of a picture, (H, W) uint8 or uint16, as 64 hex digits.

    The signs of its 16 x 16 lowest frequencies (DCT-II) at 64 x 64: 256 bits that stay, all but a few,
    when the picture is re-encoded, resized, or made brighter or harder.
    """
    small = _resize(_image(pixels), 64, Image.Resampling.LANCZOS)
    waves = np.cos(np.pi / 64 * np.outer(np.arange(16), np.arange(64) + 0.5))
    return np.packbits(waves @ small @ waves.T > 0).tobytes().hex()


def fingerprints_match(a: str, b: str) -> bool:
    """Whether two fingerprints are of one picture, re-encoded or resized perhaps."""
    return (int(a, 16) ^ int(b, 16)).bit_count() <= _SAME_BITS


@dataclass(frozen=True)
class Pair:
    """Two pictures of one lesion. score: the correlation of their maps when aligned, at most 1."""

    a: str
    b: str
    score: float

    @property
    def same_picture(self) -> bool:
        return self.score >= SAME_PICTURE


def near_duplicates(
    pictures: Iterable[tuple[str, np.ndarray]], modality: Modality = "ultrasound"
) -> list[Pair]:
    """(id, pixels) of a data set -> its near-duplicates, surest first; pixels (H, W) uint8 or uint16."""
    ids, thumbs, coarse, fine = [], [], [], []
    for name, pixels in pictures:
        image = _image(pixels)
        ids.append(name)
        thumbs.append(_thumbs(image))
        coarse.append(_map(image, _MAPS[0]))
        fine.append(_map(image, _MAPS[1]))
    if len(ids) < 2:
        return []
    pairs = []
    for whole, part, crop in _candidates(np.stack(thumbs)):
        score, scale, shift = _align(coarse[whole], coarse[part], *_start(crop))
        if score < _PROMISING:
            continue
        score, _, _ = _align(fine[whole], fine[part], scale, shift)
        if score >= NEAR[modality]:
            a, b = sorted((whole, part))
            pairs.append(Pair(ids[a], ids[b], score))
    return sorted(pairs, key=lambda pair: -pair.score)


def groups(ids: Iterable[str], pairs: Iterable[Pair]) -> dict[str, str]:
    """id -> its group, which is called after its first member; pairs join their groups."""
    group = {name: name for name in ids}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    order = {name: i for i, name in enumerate(group)}
    for pair in pairs:
        first, second = sorted((root(pair.a), root(pair.b)), key=order.__getitem__)
        group[second] = first
    return {name: root(name) for name in group}


def _image(pixels: np.ndarray) -> Image.Image:
    # Pillow resizes 16-bit grey only as float.
    return Image.fromarray(pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32))


def _resize(
    image: Image.Image,
    side: int,
    how: Image.Resampling,
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    return np.asarray(image.resize((side, side), how, box=box), np.float32)


def _thumbs(image: Image.Image) -> np.ndarray:
    """(crops, _THUMB squared), each of unit length: their products are correlations."""
    image = image.resize((128, 128), Image.Resampling.BOX)
    cuts = (128 * _CROPS * (1, -1, 1, -1) + (0, 128, 0, 128))[:, (0, 2, 1, 3)]
    small = np.stack(
        [_resize(image, _THUMB, Image.Resampling.BOX, tuple(cut)) for cut in cuts.tolist()]
    )
    flat = _band(small, 0.7, 3.0).reshape(len(small), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6)


def _map(image: Image.Image, side: int) -> np.ndarray:
    """(side, side): the band-passed picture over its local contrast, so that no edge outweighs texture."""
    band = _band(_resize(image, side, Image.Resampling.BOX), 1.0, 4.0)
    return band / (np.sqrt(_blur(band**2, 4.0)) + 0.2 * band.std() + 1e-6)


def _band(images: np.ndarray, fine: float, coarse: float) -> np.ndarray:
    """(..., S, S) blurred by one Gaussian less blurred by a wider one (sigmas in pixels)."""
    return _blur(images, fine) - _blur(images, coarse)


def _blur(images: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter  # fingerprints are needed at each start, this is not

    return gaussian_filter(images, (0,) * (images.ndim - 2) + (sigma, sigma), truncate=3)


def _candidates(thumbs: np.ndarray) -> Iterable[tuple[int, int, int]]:
    """(whole, part, crop): picture `whole` looks like that crop of picture `part`; each pair once."""
    n = len(thumbs)
    likeness = np.empty((n, n), np.float32)
    crop = np.empty((n, n), np.uint8)
    for start in range(0, n, 256):  # all at once would take crops x n x n numbers
        rows = slice(start, start + 256)
        each = np.stack([thumbs[rows, 0] @ thumbs[:, c].T for c in range(len(_CROPS))])
        crop[rows], likeness[rows] = each.argmax(axis=0), each.max(axis=0)
    either = np.maximum(likeness, likeness.T)
    np.fill_diagonal(either, -1)
    pairs = set()
    for i, row in enumerate(either):
        near = np.argpartition(-row, min(_NEIGHBOURS, n - 1))[:_NEIGHBOURS]
        pairs |= {(min(i, j), max(i, j)) for j in near.tolist() if row[j] > _LIKELY}
    for i, j in sorted(pairs):
        whole, part = (i, j) if likeness[i, j] >= likeness[j, i] else (j, i)
        yield whole, part, int(crop[whole, part])


def _start(crop: int) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift, (y, x), that lay a whole picture onto that crop of another.

    Coordinates run from -1 to 1 over each picture: x in the one is scale * x + shift in the other.
    """
    left, right, top, bottom = _CROPS[crop]
    return np.array([1 - top - bottom, 1 - left - right]), np.array([top - bottom, left - right])


def _align(
    whole: np.ndarray, part: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """The highest correlation of two (S, S) maps on their overlap, with its scale and shift.

    Gauss-Newton on scale and shift along each axis, from a first guess.
    """
    side = len(part)
    grid = np.linspace(-1, 1, side)
    slopes = np.gradient(part)
    best, worse = (-1.0, scale, shift), 0
    for step in range(12):
        (ys, rows), (xs, columns) = (
            _inside(scale[axis] * grid + shift[axis], side) for axis in (0, 1)
        )
        if len(ys) * len(xs) < _LEAST_OVERLAP * side**2:
            break
        here, y, x = whole[np.ix_(rows, columns)], grid[rows, None], grid[columns]
        there = _sample(part, ys, xs)
        spread = there.std()
        if min(here.std(), spread) < 1e-3:
            break
        a, b = (here - here.mean()) / here.std(), (there - there.mean()) / spread
        score = float((a * b).mean())
        if score > best[0] + 1e-4:
            best, worse = (score, scale, shift), 0
        elif (worse := worse + 1) == 2:
            break
        if step == 3 and best[0] < _LIKELY:
            break
        down, across = (_sample(slope, ys, xs) * ((side - 1) / 2 / spread) for slope in slopes)
        jacobian = np.stack([down * y, across * x, down, across]).reshape(4, -1)
        jacobian -= jacobian.mean(axis=1, keepdims=True)
        # By einsum, for BLAS would start threads over so little work.
        normal = np.einsum("ip,jp->ij", jacobian, jacobian) + 1e-3 * a.size * np.eye(4)
        move = np.linalg.solve(normal, np.einsum("ip,p->i", jacobian, (a - b).ravel()))
        scale, shift = scale + move[:2], shift + move[2:]
        if np.abs(move).max() < 1e-4:
            break
    return best


def _inside(positions: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel positions of the coordinates within -1..1, and which those are."""
    which = np.flatnonzero(np.abs(positions) <= 1)
    return (positions[which] + 1) * ((side - 1) / 2), which


def _sample(image: np.ndarray, ys: np.ndarray, xs: np.ndarray) -> np.ndarray:
    """(len(ys), len(xs)): the (S, S) image at these pixel positions, bilinear."""
    last = len(image) - 2
    top, left = np.minimum(ys.astype(int), last), np.minimum(xs.astype(int), last)
    low, right = (ys - top)[:, None], xs - left
    rows = image[top] * (1 - low) + image[top + 1] * low
    return rows[:, left] * (1 - right) + rows[:, left + 1] * right
