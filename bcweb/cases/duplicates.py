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

from bcweb.scans import Modality, Scan

# Differing bits, of 256. Re-encoding (JPEG and WebP at quality 50 to 80), resizing to 0.5 and 1.7 and a
# change of brightness and contrast differ in at most 9; the nearest two strangers in 69 on
# ultrasounds (3.6 million pairs of BUSI, BUS-BRA and STU) and in 39 on mammograms (2.4 million).
_SAME_BITS = 24
# The bits of a fingerprint whose waves are odd across the picture.
_ODD_WAVES = int("55" * 32, 16)

_BLACK = (
    1 / 8
)  # what a band that was black may be after lossy compression, beside a bright edge, as a part of the brightest
_NARROW = 1 / 64  # of the side; a band that is narrower changes no fingerprint

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
_BLOCK = 512  # pictures whose likeness is held in memory, squared
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


def prints(pixels: np.ndarray) -> list[str]:
    """The fingerprints by which a picture is known again: its own, and if it was padded to a square that of the
    picture before."""
    within = unpadded(pixels)
    return [fingerprint(pixels)] + ([] if within is None else [fingerprint(pixels[within])])


def prints_of(scan: Scan) -> list[str]:
    """`prints` of a scan's picture alone: the letters and bars that lie around it on a machine's screen are the same in
    all that this machine made."""
    return prints(scan.within(scan.pixels))


def unpadded(pixels: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns of a square picture, (S, S), within the black bands that lie on two sides of it, one as wide as
    the other; None where there are none. Where the picture itself is black to one edge, as films are, the other edge
    says how wide they are."""
    side = len(pixels)
    if pixels.shape != (side, side):
        return None
    black = _BLACK * pixels.max()
    across, down = (_black_ends(pixels.max(axis=axis) <= black) for axis in (0, 1))
    if max(across, down) <= _NARROW * side:
        return None
    whole, within = slice(0, side), slice(max(across, down), side - max(across, down))
    return (whole, within) if across > down else (within, whole)


def _black_ends(black: np.ndarray) -> int:
    """How much of a side, of which each place is black or not, is black on both of its ends."""
    bright = np.flatnonzero(~black)
    return int(min(bright[0], len(black) - 1 - bright[-1])) if len(bright) else 0


def mirrored(fingerprint: str) -> str:
    """The fingerprint of the picture's mirror image: its odd waves across have the other sign.

    Mirror images of strangers are as far away as strangers: of two ultrasounds 76 bits or more, of two mammograms 33,
    a woman's two breasts (BUSI, BUS-BRA and STU; CDD-CESM, mini-MIAS and CBIS-DDSM).
    """
    return f"{int(fingerprint, 16) ^ _ODD_WAVES:064x}"


def fingerprints_match(a: str, b: str) -> bool:
    """Whether two fingerprints are of one picture, re-encoded or resized perhaps."""
    return (int(a, 16) ^ int(b, 16)).bit_count() <= _SAME_BITS


def pack(fingerprints: Iterable[str]) -> np.ndarray:
    """(N, 4) uint64, for `matches_any`; ValueError or OverflowError for what is no fingerprint."""
    numbers = b"".join(int(each, 16).to_bytes(32, "big") for each in fingerprints)
    return np.frombuffer(numbers, np.uint64).reshape(-1, 4)


def matches_any(fingerprint: str, packed: np.ndarray) -> bool:
    """Whether a fingerprint matches one of many: `fingerprints_match`, a thousand times faster."""
    bits = np.bitwise_count(packed ^ pack([fingerprint])).sum(axis=1, dtype=np.int64)
    return bool((bits <= _SAME_BITS).any())


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
    pairs, thumbs = [], np.stack(thumbs)
    for i, j in nearest([likely(thumbs, *block) for block in blocks(len(ids))]).tolist():
        coarsely = align((thumbs[i], coarse[i]), (thumbs[j], coarse[j]))
        if not coarsely.promising:
            continue
        score = _refine(coarsely, fine[i], fine[j]).score
        if score >= NEAR[modality]:
            pairs.append(Pair(ids[i], ids[j], score))
    return sorted(pairs, key=lambda pair: -pair.score)


# --- the same in parts, for data sets that are compared by several processes ------------------------

Sketch = tuple[np.ndarray, np.ndarray]
Block = tuple[int, int]


def sketch(pixels: np.ndarray) -> Sketch:
    """What likely pairs are found by: (crops, P) thumbnails and a (S, S) map, both float32."""
    image = _image(pixels)
    return _thumbs(image), _map(image, _MAPS[0])


def blocks(n: int) -> list[Block]:
    """The parts into which the comparison of n pictures, all with all, is cut."""
    starts = range(0, n, _BLOCK)
    return [(a, b) for a in starts for b in starts if a <= b]


def likely(thumbs: np.ndarray, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of one block that look alike: (K, 2) numbers of pictures and their (K,) likeness.

    thumbs: (N, crops, P) float, a memory map perhaps. At least the nearest of every picture are among
    them, of all blocks together (see `nearest`).
    """
    rows, columns = (np.asarray(thumbs[start : start + _BLOCK], np.float32) for start in (a, b))
    # Picture i looks like a crop of picture j, or j like one of i.
    alike = np.full((len(rows), len(columns)), -1, np.float32)
    for crop in range(len(_CROPS)):
        np.maximum(alike, rows[:, 0] @ columns[:, crop].T, out=alike)
        np.maximum(alike, rows[:, crop] @ columns[:, 0].T, out=alike)
    if a == b:
        np.fill_diagonal(alike, -1)
    found = alike > _LIKELY
    near = np.zeros_like(found)
    for axis in (0, 1):
        if alike.shape[axis] <= _NEIGHBOURS:
            near[:] = True
            break
        np.put_along_axis(
            near, np.argpartition(-alike, _NEIGHBOURS, axis).take(range(_NEIGHBOURS), axis),
            True, axis,
        )  # fmt: skip
    pairs = np.argwhere(found & near)
    scores = alike[tuple(pairs.T)]
    pairs += (a, b)
    once = pairs[:, 0] < pairs[:, 1]
    return pairs[once].astype(np.int32), scores[once]


def nearest(found: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """(K, 2): of what `likely` found in all blocks, the pairs in which one is of the other's nearest."""
    parts = list(found)
    pairs = np.concatenate([part[0] for part in parts])
    scores = np.concatenate([part[1] for part in parts])
    keep = np.zeros(len(pairs), bool)
    # Every pair twice, once for each of its pictures; by picture, the likest first.
    of = pairs.T.ravel()
    row = np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((-scores[row], of))
    _, first, count = np.unique(of[order], return_index=True, return_counts=True)
    rank = np.arange(len(of)) - np.repeat(first, count)
    keep[row[order][rank < _NEIGHBOURS]] = True
    kept = pairs[keep]
    return kept[np.lexsort(kept.T[::-1])]


@dataclass(frozen=True, eq=False)
class Alignment:
    """How two pictures lie on each other: their correlation, and scale and shift, (y, x), from whole to part.

    side: of the maps that were aligned. swapped: the second picture is the whole.
    """

    score: float
    scale: np.ndarray
    shift: np.ndarray
    side: int
    swapped: bool

    @property
    def promising(self) -> bool:
        """Whether a finer look is worth it."""
        return self.score >= _PROMISING

    def overlay(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What both pictures show of two (H, W) and (h, w) masks, on one grid: that of the whole."""
        whole, part = (b, a) if self.swapped else (a, b)
        kept, taken = [], []
        for axis, size in enumerate(whole.shape):
            # From the middles of pixels to coordinates of the maps, over, and back.
            x = 2 * ((np.arange(size) + 0.5) / size * self.side - 0.5) / (self.side - 1) - 1
            there = self.scale[axis] * x + self.shift[axis]
            pixel = ((there + 1) * (self.side - 1) / 2 + 0.5) / self.side * part.shape[axis]
            inside = (pixel >= 0) & (pixel < part.shape[axis])
            kept.append(np.flatnonzero(inside))
            taken.append(pixel[inside].astype(int))
        return whole[np.ix_(*kept)], part[np.ix_(*taken)]


def align(a: Sketch, b: Sketch) -> Alignment:
    """Lay two pictures' coarse maps onto each other."""
    (whole, part), swapped = (a, b), False
    of_part, of_whole = part[0] @ whole[0][0], whole[0] @ part[0][0]
    if of_whole.max() > of_part.max():
        (whole, part), swapped, of_part = (b, a), True, of_whole
    found = _align(whole[1], part[1], *_start(int(of_part.argmax())))
    return Alignment(*found, _MAPS[0], swapped)


def refine(a: np.ndarray, b: np.ndarray, coarsely: Alignment) -> Alignment:
    """A finer look at the two pictures' pixels; its score is that of a `Pair`."""
    return _refine(coarsely, *(_map(_image(pixels), _MAPS[1]) for pixels in (a, b)))


def _refine(coarsely: Alignment, a: np.ndarray, b: np.ndarray) -> Alignment:
    whole, part = (b, a) if coarsely.swapped else (a, b)
    found = _align(whole, part, coarsely.scale, coarsely.shift)
    return Alignment(*found, _MAPS[1], coarsely.swapped)


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
