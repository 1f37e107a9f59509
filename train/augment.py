"""One random view of a training image: one warp for image and mask, then intensity for the image.

Every view is a function of (image, mask, generator): the same seed gives the same view, so that a
resumed run sees what an uninterrupted one sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from bcweb.scans import Modality
from train.erase import covered
from train.recipe import Recipe
from train.training_set import TrainingSet


@dataclass(frozen=True)
class Strength:
    """How far a view may go from its image. Angles in degrees, shifts in parts of the side.

    crop_without_lesion, crop_around_lesion: the parts of a lesion image's views that are close ones.
    contrast: of the tone curve and the detail, as makers of mammography systems set it differently; 0 is
    none. breast: a close view without a lesion shows breast, not the air beside it. covered: the part of
    a lesion image's views where tissue is laid over the lesion, or (as often) beside it (`train.erase`).
    """

    rotation: float
    shift: float
    scale: tuple[float, float]
    aspect: tuple[float, float]
    flip_vertical: bool
    speckle: float
    shadows: float
    crop_without_lesion: float = 0.15
    crop_around_lesion: float = 0.10
    contrast: float = 0.0
    breast: bool = False
    covered: float = 0.0

    def times(self, reach: float) -> Strength:
        """Warp and speckle so many times as far, shadows so many times as often; a mammogram's tone curve as
        well. Brightness, gain and which views are close ones stay."""
        (narrow, wide), (flat, tall) = self.scale, self.aspect
        return replace(
            self,
            rotation=self.rotation * reach,
            shift=self.shift * reach,
            scale=(narrow**reach, wide**reach),
            aspect=(flat**reach, tall**reach),
            speckle=self.speckle * reach,
            shadows=self.shadows * reach,
            contrast=self.contrast * reach,
        )

    def closer(self, often: float) -> Strength:
        """Close views so many times as often, as far as there are views."""
        often = min(often, 1 / (self.crop_without_lesion + self.crop_around_lesion))
        return replace(
            self,
            crop_without_lesion=self.crop_without_lesion * often,
            crop_around_lesion=self.crop_around_lesion * often,
        )


STRENGTHS: dict[Modality, Strength] = {
    # Shadows and depth lie along the beam, so an ultrasound is never turned upside down.
    "ultrasound": Strength(20, 0.12, (0.75, 1.3), (0.85, 1.18), False, 0.12, 0.15),
    # Lesions are small in a mammogram: twice as many close views of them. And as the sets that have masks
    # have no normals, what is no lesion is learned from parts of the same films, and from covered lesions.
    "mammogram": Strength(
        25, 0.12, (0.7, 1.4), (0.85, 1.18), True, 0.02, 0.0,
        crop_without_lesion=0.20, crop_around_lesion=0.20, contrast=1.0, breast=True, covered=0.6,
    ),
}  # fmt: skip
COARSE = (1.5, 4.0)  # how many times fewer pixels a side a coarse view has: 320 px as of 213 to 80
AIR = 20  # of 255: what is darker in a mammogram is the background, a threshold seen to hold on three sets
LEAST_BREAST = (
    0.5  # of a close view; without it a third of CDD-CESM's would show less, by CBIS-DDSM 60%
)


class View(NamedTuple):
    """image: (S, S) float32 in 0..1. mask: (S, S) uint8 0/1. taught: (S, S) uint8, what teachers say of the
    places of this view, in 255ths; None without teachers.
    """

    image: np.ndarray
    mask: np.ndarray
    taught: np.ndarray | None = None


def augment(
    image: np.ndarray,
    mask: np.ndarray,
    modality: Modality,
    rng: np.random.Generator,
    reach: float = 1.0,
    close: float = 1.0,
    coarse: float = 0.0,
    covered: float = 1.0,
    taught: np.ndarray | None = None,
) -> View:
    """One view of image (S, S) uint8, mask (S, S) uint8 0/1, and taught (S, S) uint8 where there are teachers.

    reach, close: see `Strength.times` and `Strength.closer`. coarse: the part of the views that are seen as
    from a scan of fewer pixels. covered: how often tissue is laid over a lesion, times what `Strength` says.
    """
    strength = STRENGTHS[modality].times(reach).closer(close)
    cover = strength.covered * covered
    if cover and mask.any() and rng.random() < cover:
        image, mask = _cover(image, mask, rng)
        if taught is not None and not mask.any():
            taught = np.zeros_like(taught)  # what they found is no longer there
    matrix = _warp(image, mask, strength, rng)
    size = (image.shape[1], image.shape[0])
    affine, near = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    picture = Image.fromarray(image).transform(size, affine, matrix, near)
    truth = Image.fromarray(mask).transform(size, affine, matrix, Image.Resampling.NEAREST)
    if taught is not None:
        taught = np.asarray(Image.fromarray(taught).transform(size, affine, matrix, near))
    if coarse and rng.random() < coarse:
        picture = _coarser(picture, rng)
    return View(_intensity(picture, strength, rng), np.asarray(truth), taught)


def _coarser(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as it looks when it was stored with fewer pixels."""
    fewer = math.exp(rng.uniform(*np.log(COARSE)))
    small = picture.resize(
        [max(round(side / fewer), 1) for side in picture.size], Image.Resampling.BOX
    )
    return small.resize(picture.size, Image.Resampling.BILINEAR)


def _cover(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Image and mask with tissue laid over the lesion, or beside it; as they were where there is no room."""
    beside = rng.random() < 0.5
    result = covered(image, mask, image > AIR, beside, rng)
    if result is None:
        return image, mask
    return result, mask if beside else np.zeros_like(mask)


def learns_presence(modality: Modality, normals: int, recipe: Recipe) -> bool:
    """Whether anything shows what a scan without a lesion is: normals to train on, or views with the lesion
    covered."""
    return normals > 0 or STRENGTHS[modality].covered * recipe.covered_views > 0


def without_lesions(data: TrainingSet, modality: Modality, seed: int) -> TrainingSet:
    """Views of a set's lesion images that show none: a close one of each, and the whole with its lesion
    covered, where there is room. Of another modality than mammograms, none."""
    if not STRENGTHS[modality].covered:
        return data.take(np.array([], int))
    kept, images = [], []
    for i in np.flatnonzero(data.has_lesion):
        rng = np.random.default_rng([seed, i])
        image, mask = data.images[i], data.masks[i]
        breast = image > AIR
        whole = covered(image, mask, breast, False, rng)
        square = _crop(mask, rng, with_lesion=False, breast=breast)
        views = [] if whole is None else [whole]
        if square is not None:
            left, top, width = square
            part = Image.fromarray(image).crop((left, top, left + width, top + width))
            views.append(np.asarray(part.resize(image.shape[::-1], Image.Resampling.BILINEAR)))
        kept += [i] * len(views)
        images += views
    found = data.take(np.array(kept, int))
    if not kept:
        return found
    return TrainingSet(found.cases, np.stack(images), np.zeros_like(found.masks))


def _warp(
    image: np.ndarray, mask: np.ndarray, strength: Strength, rng: np.random.Generator
) -> tuple[float, ...]:
    """Pillow's affine coefficients, which map a pixel of the view to a place in the image."""
    breast = image > AIR if strength.breast else None
    side = mask.shape[0]
    box = None
    draw = rng.random()
    if mask.any():
        # Half of an image beside its lesion is a normal scan that shows no lesion; a view as close
        # around a lesion keeps the network from learning that close views are normal.
        if draw < strength.crop_without_lesion:
            box = _crop(mask, rng, with_lesion=False, breast=breast)
        elif draw < strength.crop_without_lesion + strength.crop_around_lesion:
            box = _crop(mask, rng, with_lesion=True)
    elif draw < strength.crop_without_lesion + strength.crop_around_lesion:
        box = _crop(mask, rng, with_lesion=False, breast=breast)

    flip_x = -1.0 if rng.random() < 0.5 else 1.0
    flip_y = -1.0 if strength.flip_vertical and rng.random() < 0.5 else 1.0
    aspect = math.sqrt(math.exp(rng.uniform(*np.log(strength.aspect))))
    if box is None:
        angle = math.radians(rng.uniform(-strength.rotation, strength.rotation))
        zoom = math.exp(rng.uniform(*np.log(strength.scale)))
        centre = side / 2 + rng.uniform(-strength.shift, strength.shift, 2) * side
    else:
        angle, (left, top, width) = 0.0, box  # turned, a crop might catch the lesion after all
        zoom, aspect = side / width, 1.0
        centre = np.array([left + width / 2, top + width / 2])
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    a, b = cos * aspect * flip_x, -sin / aspect * flip_y
    d, e = sin * aspect * flip_x, cos / aspect * flip_y
    return (
        a, b, centre[0] - (a + b) * side / 2,
        d, e, centre[1] - (d + e) * side / 2,
    )  # fmt: skip


def _crop(
    mask: np.ndarray,
    rng: np.random.Generator,
    with_lesion: bool,
    breast: np.ndarray | None = None,
) -> tuple[float, float, float] | None:
    """A square (left, top, width) that holds no lesion, or the whole of it; None if ten tries fail.

    Where `breast` (S, S) bool is given, a square without a lesion is the first of ten that is breast by
    `LEAST_BREAST`, or the one that is most.
    """
    side = mask.shape[0]
    most, best = -1.0, None
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    for _ in range(10):
        width = rng.uniform(0.4, 0.75) * side
        left, top = rng.uniform(0, side - width, 2)
        place = np.s_[int(top) : math.ceil(top + width), int(left) : math.ceil(left + width)]
        if not with_lesion and not mask[place].any():
            share = 1.0 if breast is None else float(breast[place].mean())
            if share >= LEAST_BREAST:
                return left, top, width
            if share > most:
                most, best = share, (left, top, width)
        if with_lesion and (
            left <= columns[0] and columns[-1] < left + width
            and top <= rows[0] and rows[-1] < top + width
        ):  # fmt: skip
            return left, top, width
    return best


def _contrast(
    picture: Image.Image, x: np.ndarray, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """x (S, S) float32 in 0..1 of a picture, with another tone curve and another sharpness of detail."""
    if rng.random() < 0.5:
        # An S through (0, 0) and (1, 1), steep in the middle, as of film; or its mirror, which is flat there.
        steepness, middle = (
            np.float32(rng.uniform(1, 5) * strength),
            np.float32(rng.uniform(0.35, 0.65)),
        )
        low, high = (1 / (1 + np.exp(-steepness * (end - middle))) for end in np.float32([0, 1]))
        if rng.random() < 0.5:
            x = (1 / (1 + np.exp(-steepness * (x - middle))) - low) / (high - low)
        else:
            inner = low + x * (high - low)
            x = middle + np.log(inner / (1 - inner)) / steepness
    if rng.random() < 0.5:
        # Detail finer than a sixteenth of the side, weaker or stronger.
        blurred = picture.filter(ImageFilter.GaussianBlur(x.shape[0] / 16))
        detail = (np.asarray(picture, np.float32) - np.asarray(blurred, np.float32)) / 255
        x = x + np.float32(rng.uniform(-0.4, 0.8) * strength) * detail
    return np.clip(x, 0.0, 1.0)


def _intensity(picture: Image.Image, strength: Strength, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.5)))
    x = np.asarray(picture, np.float32) / 255.0
    side = x.shape[0]
    if strength.contrast:
        x = _contrast(picture, x, strength.contrast, rng)
    x = x ** np.float32(math.exp(rng.uniform(-0.4, 0.4)))
    x = x * np.float32(rng.uniform(0.75, 1.3)) + np.float32(rng.uniform(-0.06, 0.06))
    if strength.shadows and rng.random() < strength.shadows:
        # A stripe that darkens with depth, as below a rib, gas or a badly coupled probe.
        centre, width = rng.uniform(0, side), rng.uniform(0.04, 0.2) * side
        profile = np.exp(-(((np.arange(side) - centre) / width) ** 2)) * rng.uniform(0.3, 0.9)
        depth = np.clip((np.arange(side) / side - rng.uniform(-0.3, 0.6)) * 4, 0, 1)
        x = x * (1 - depth[:, None] * profile[None]).astype(np.float32)
    if rng.random() < 0.3:  # time gain compensation set differently
        gain = np.linspace(rng.uniform(0.75, 1.25), rng.uniform(0.75, 1.25), side, dtype=np.float32)
        x = x * gain[:, None]
    if strength.speckle and rng.random() < 0.5:
        noise = rng.standard_normal((side, side), np.float32)
        x = x * (1 + np.float32(rng.uniform(0, strength.speckle)) * noise)
    return np.clip(x, 0.0, 1.0, out=x)
