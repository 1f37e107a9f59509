"""One random view of a training image: one warp for image and mask, then intensity for the image.

Every view is a function of (image, mask, generator): the same seed gives the same view, so that a
resumed run sees what an uninterrupted one sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from bcweb.scans import Modality


@dataclass(frozen=True)
class Strength:
    """How far a view may go from its image. Angles in degrees, shifts in parts of the side."""

    rotation: float
    shift: float
    scale: tuple[float, float]
    aspect: tuple[float, float]
    flip_vertical: bool
    speckle: float
    shadows: float
    crop_without_lesion: float = 0.15
    crop_around_lesion: float = 0.10


STRENGTHS: dict[Modality, Strength] = {
    # Shadows and depth lie along the beam, so an ultrasound is never turned upside down.
    "ultrasound": Strength(20, 0.12, (0.75, 1.3), (0.85, 1.18), False, 0.12, 0.15),
    "mammogram": Strength(25, 0.12, (0.7, 1.4), (0.85, 1.18), True, 0.02, 0.0),
}


def augment(
    image: np.ndarray, mask: np.ndarray, modality: Modality, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One view: image (S, S) uint8 -> float32 in 0..1, mask (S, S) uint8 0/1 -> uint8 0/1."""
    strength = STRENGTHS[modality]
    matrix = _warp(mask, strength, rng)
    size = (image.shape[1], image.shape[0])
    affine = Image.Transform.AFFINE
    picture = Image.fromarray(image).transform(size, affine, matrix, Image.Resampling.BILINEAR)
    truth = Image.fromarray(mask).transform(size, affine, matrix, Image.Resampling.NEAREST)
    return _intensity(picture, strength, rng), np.asarray(truth)


def _warp(mask: np.ndarray, strength: Strength, rng: np.random.Generator) -> tuple[float, ...]:
    """Pillow's affine coefficients, which map a pixel of the view to a place in the image."""
    side = mask.shape[0]
    box = None
    draw = rng.random()
    if mask.any():
        # Half of an image beside its lesion is a normal scan that shows no lesion; a view as close
        # around a lesion keeps the network from learning that close views are normal.
        if draw < strength.crop_without_lesion:
            box = _crop(mask, rng, with_lesion=False)
        elif draw < strength.crop_without_lesion + strength.crop_around_lesion:
            box = _crop(mask, rng, with_lesion=True)
    elif draw < strength.crop_without_lesion + strength.crop_around_lesion:
        box = _crop(mask, rng, with_lesion=False)

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
    mask: np.ndarray, rng: np.random.Generator, with_lesion: bool
) -> tuple[float, float, float] | None:
    """A square (left, top, width) that holds no lesion, or the whole of it; None if ten tries fail."""
    side = mask.shape[0]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    for _ in range(10):
        width = rng.uniform(0.4, 0.75) * side
        left, top = rng.uniform(0, side - width, 2)
        if not rows.size:
            return left, top, width
        inside = mask[int(top) : math.ceil(top + width), int(left) : math.ceil(left + width)]
        if not with_lesion and not inside.any():
            return left, top, width
        if with_lesion and (
            left <= columns[0] and columns[-1] < left + width
            and top <= rows[0] and rows[-1] < top + width
        ):  # fmt: skip
            return left, top, width
    return None


def _intensity(picture: Image.Image, strength: Strength, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.2:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.5)))
    x = np.asarray(picture, np.float32) / 255.0
    side = x.shape[0]
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
