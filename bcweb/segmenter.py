"""Scan -> `Prediction`: prepare, run the engine, back to the scan's geometry, operating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from PIL import Image

from bcweb.engine import Engine
from bcweb.lesions import Lesion, drop_small, find_lesions
from bcweb.preprocess import frame, square, standardise
from bcweb.presence import calibrated
from bcweb.scans import Modality, Scan, check_contrast
from bcweb.weights import OperatingPoint, Weights, WeightsError, load_weights

# Images (N, S, S) -> probability maps (N, S, S), and presences (N,) or None.
Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a network says of one scan.

    probability: (H, W) float32 in 0..1, in steps of 1/255, in the scan's own geometry.
    presence: probability that the image holds any lesion; None where the network has no such head.
    mask: (H, W) bool, after the operating point, whose smallest lesion is a part of all of the scan here.
    looked_at: x, y, width, height of the part of the scan that the network looked at, beside which the probability is
    0; None for all of it.
    """

    probability: np.ndarray
    presence: float | None
    mask: np.ndarray
    lesions: tuple[Lesion, ...]
    operating_point: OperatingPoint
    revision: str
    modality: Modality
    looked_at: tuple[int, int, int, int] | None


def apply_operating_point(
    probability: np.ndarray, presence: float | None, point: OperatingPoint
) -> np.ndarray:
    """(H, W) bool: empty below the presence gate, else the threshold's parts that are large enough."""
    gated = (
        presence is not None and point.presence_gate is not None and presence < point.presence_gate
    )
    if gated:
        return np.zeros(probability.shape, bool)
    return drop_small(probability >= point.mask_threshold, point.min_lesion_fraction)


class Segmenter:
    """Weights made ready to segment scans of their modality; shared between threads without harm."""

    def __init__(self, weights: Weights, threads: int = 0):
        self.weights = weights
        self._engine = Engine(weights.config, weights.tensors, threads)

    @classmethod
    def load(
        cls, name: str = "embedded", modality: Modality | None = None, threads: int = 0
    ) -> Segmenter:
        """Load weights by name (see `bcweb.weights.load_weights`); `WeightsError` says what is wrong."""
        return cls(load_weights(name, modality), threads)

    @property
    def modality(self) -> Modality:
        return self.weights.config.modality

    def segment(self, scan: Scan) -> Prediction:
        """Segment one scan. `WeightsError`: its file says another modality, or the weights are broken; `ScanError`:
        all of it is of one grey, on which a network draws whatever comes."""
        config = self.weights.config
        if scan.modality is not None and scan.modality != config.modality:
            raise WeightsError(
                f"This scan is of the modality {scan.modality}, and {self.weights.revision} was trained on {config.modality}s."
            )
        check_contrast(scan.pixels)
        maps, presences = self.answer(square(scan, config.size, config.crop)[None])
        presence = None if presences is None else float(presences[0])
        return self.draw(scan, maps[0], presence, config.operating_point)

    def answer(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """What the network says of images (N, S, S) in 0..1, as `square` makes them, by its weights' reading:
        the probabilities of a lesion at each place, (N, S, S), and in the image, (N,), or None without a
        presence head.
        """
        reading = self.weights.config.reading
        maps, presences = (
            look_both_ways(self._look, images) if reading.mirrored else self._look(images)
        )
        if reading.calibration is not None and presences is not None:
            presences = calibrated(maps, presences, reading.calibration)
        return maps, presences

    def _look(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The network's answer as it comes."""
        config = self.weights.config
        logits, presence_logits = self._engine.run(standardise(images, config.mean, config.std))
        told = [logits] if presence_logits is None else [logits, presence_logits]
        if not all(np.isfinite(numbers).all() for numbers in told):
            raise WeightsError(f"{self.weights.revision} is broken: it answers without numbers.")
        presences = None if presence_logits is None else _sigmoid(presence_logits)
        return _sigmoid(logits), presences

    def draw(
        self, scan: Scan, answered: np.ndarray, presence: float | None, point: OperatingPoint
    ) -> Prediction:
        """An answer, (S, S) in 0..1, in the scan's own geometry and after an operating point; beside the frame in
        which the network looked it is 0."""
        # In 8 bits, as the page shows it: the mask that is drawn in the browser at a threshold is
        # then this one to the pixel, and Pillow is several times faster than on floats.
        steps = np.rint(answered * 255).astype(np.uint8)
        within = frame(scan, self.weights.config.crop)
        size = within.box[2:]
        placed = np.zeros(scan.pixels.shape, np.uint8)
        placed[within.slices] = Image.fromarray(steps).resize(size, Image.Resampling.BILINEAR)
        probability = placed.astype(np.float32) / np.float32(255)
        share = size[0] * size[1] / placed.size
        point = _of_all(point, share)
        mask = apply_operating_point(probability, presence, point)
        return Prediction(
            probability, presence, mask, find_lesions(mask, scan.spacing),
            point, self.weights.revision, self.modality,
            within.box if share < 1 else None,
        )  # fmt: skip


def look_both_ways(look: Look, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The mean of what a look says of images (N, S, S) and of their mirror images."""
    # In one call, which is a little faster than two.
    maps, presences = look(np.concatenate([images, images[:, :, ::-1]]))
    straight, mirrored = np.split(maps, 2)
    maps = (straight + mirrored[:, :, ::-1]) / 2
    return maps, None if presences is None else presences.reshape(2, -1).mean(axis=0)


def _of_all(point: OperatingPoint, share: float) -> OperatingPoint:
    """An operating point on a scan of which the network looked at a share."""
    return msgspec.structs.replace(point, min_lesion_fraction=point.min_lesion_fraction * share)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))
