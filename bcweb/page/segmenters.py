"""The segmenters that a running page holds: one a modality, loaded once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

from bcweb.scans import MODALITIES, Modality
from bcweb.segmenter import Segmenter
from bcweb.weights import WeightsError


class Segmenters:
    """Loads each modality's weights when they are first asked for or by `warm`."""

    def __init__(self, weights: Mapping[Modality, str]):
        self.weights = weights
        self._loaded: dict[Modality, Segmenter] = {}
        self._locks = {modality: threading.Lock() for modality in MODALITIES}

    def of(self, modality: Modality) -> Segmenter:
        """The segmenter for this modality and no other; `WeightsError` says why there is none."""
        with self._locks[modality]:
            if modality not in self._loaded:
                self._loaded[modality] = Segmenter.load(self.weights[modality], modality)
            return self._loaded[modality]

    def warm(self) -> None:
        """Load all, so that the first scan need not wait. What cannot be loaded is said where it is needed."""
        for modality in MODALITIES:
            with suppress(WeightsError):
                self.of(modality)
