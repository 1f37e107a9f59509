"""What weights make of the generated scans of `bcweb.samples`, to look at: nobody's scan is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from bcweb.metrics import dice
from bcweb.phantoms import Phantom
from bcweb.samples import samples
from bcweb.segmenter import Segmenter

TRUTH, DRAWN = (86, 180, 233), (230, 159, 0)  # sky blue and orange: told apart by colour-blind eyes
_TILE = (320, 280)  # width, height


@dataclass(frozen=True, eq=False)
class Drawn:
    """A generated scan and the mask (H, W) bool that the weights drew on it."""

    phantom: Phantom
    mask: np.ndarray

    @property
    def outcome(self) -> str:
        if not self.phantom.truth.any():
            return (
                "painted, though it holds no lesion" if self.mask.any() else "left empty, correctly"
            )
        if not self.mask.any():
            return "missed"
        return f"Dice {dice(self.mask, self.phantom.truth):.2f}"


def draw(weights: Path) -> list[Drawn]:
    """Every sample of the weights' modality, segmented by them."""
    segmenter = Segmenter.load(str(weights))
    modality = segmenter.weights.config.modality
    phantoms = [made for made in samples() if made.scan.modality == modality]
    return [Drawn(p, segmenter.segment(p.scan).mask) for p in phantoms]


def sheet(drawn: list[Drawn], columns: int | None = None) -> Image.Image:
    """All of them side by side: the truth outlined in blue, the weights' mask in orange."""
    columns = columns or (3 if len(drawn) > 4 else 2)
    rows = -(-len(drawn) // columns)
    picture = Image.new("RGB", (columns * _TILE[0], rows * _TILE[1]))
    for i, one in enumerate(drawn):
        tile = _outlined(one)
        row, column = divmod(i, columns)
        left = column * _TILE[0] + (_TILE[0] - tile.width) // 2
        picture.paste(tile, (left, row * _TILE[1] + (_TILE[1] - tile.height) // 2))
    return picture


def _outlined(one: Drawn) -> Image.Image:
    scan = one.phantom.scan
    scale = min((_TILE[0] - 8) / scan.width, (_TILE[1] - 8) / scan.height)
    size = round(scan.width * scale), round(scan.height * scale)
    grey = Image.fromarray(np.round(scan.unit() * 255).astype(np.uint8)).resize(size)
    pixels = np.stack(3 * [np.asarray(grey)], axis=-1)
    for mask, colour in ((one.phantom.truth, TRUTH), (one.mask, DRAWN)):
        small = np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST))
        pixels[ndimage.binary_dilation(small, iterations=2) & ~small] = colour
    return Image.fromarray(pixels)


def markdown(drawn: list[Drawn], picture: str) -> list[str]:
    """Lines for a card; picture: where the sheet lies."""
    return [
        "Generated scans, not scans of people: they show how these weights fail, not how often. The truth is outlined "
        "in blue, what these weights draw in orange.",
        "",
        f"![Generated scans with the outlines of these weights]({picture})",
        "",
        "| generated scan, row by row | |",
        "| --- | --- |",
        *[f"| {one.phantom.description} | {one.outcome} |" for one in drawn],
    ]
