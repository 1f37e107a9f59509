"""The segmenters that a running page holds: one a modality, which may be exchanged while it runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bcweb.scans import MODALITIES, Modality
from bcweb.segmenter import Segmenter
from bcweb.weights import WeightsError

EMBEDDED = "embedded"
HUB = "hf://"


class Busy(ValueError):
    """Other weights are being loaded for this modality; its text is one sentence."""


@dataclass(frozen=True, eq=False)
class InUse:
    """name: of the weights in use. wanted: those of the Hub that the page was to start with and could not have,
    notice: what readers must know of that, in a sentence.
    """

    name: str
    segmenter: Segmenter
    wanted: str | None = None
    notice: str | None = None


class Segmenters:
    """Loads each modality's weights when they are first asked for or by `begin`, `warm` and `switch`.

    Whoever segments keeps the segmenter that `of` gave until done, whatever is switched meanwhile.
    weights: the names to begin with (see `bcweb.weights.load_weights`). A folder's is its whole path, however it is given.
    """

    def __init__(self, weights: Mapping[Modality, str]):
        self.weights = {modality: _spelled(name) for modality, name in weights.items()}
        self._in_use: dict[Modality, InUse] = {}
        self._locks = {modality: threading.Lock() for modality in MODALITIES}
        self._switches = {modality: threading.Lock() for modality in MODALITIES}
        self._names = {modality: {EMBEDDED: None} for modality in MODALITIES}

    def of(self, modality: Modality) -> Segmenter:
        """The segmenter for this modality and no other; `WeightsError` says why there is none."""
        return self.in_use(modality).segmenter

    def in_use(self, modality: Modality) -> InUse:
        """The same, with what is known of it."""
        with self._locks[modality]:
            if modality not in self._in_use:
                self._take(modality, _first(self.weights[modality], modality))
            return self._in_use[modality]

    def now(self, modality: Modality) -> InUse | None:
        """What is in use, None where nothing is loaded yet. Waits for nothing."""
        return self._in_use.get(modality)

    def names(self, modality: Modality) -> list[str]:
        """What may be gone back to: "embedded", what the page was started with, what was used since."""
        return list(self._names[modality] | {self.weights[modality]: None})

    def begin(self) -> None:
        """Load what was named by a person, so that they hear at once what is wrong with it.

        A folder that cannot be used is a `WeightsError`; weights of the Hub that cannot be had are
        replaced by the embedded ones, with a notice: a page must start without a network too.
        """
        for modality in MODALITIES:
            if self.weights[modality] != EMBEDDED:
                self.in_use(modality)

    def warm(self) -> None:
        """Load all, so that the first scan need not wait. What cannot be loaded is said where it is needed."""
        for modality in MODALITIES:
            with suppress(WeightsError):
                self.of(modality)

    def switch(self, modality: Modality, name: str) -> InUse:
        """Use other weights from now on; `WeightsError` where they do not fit, and nothing changes.

        Takes as long as it takes to fetch, check and try them, while scans are segmented with what is
        in use. `Busy` while another switch of this modality is under way.
        """
        if not self._switches[modality].acquire(blocking=False):
            raise Busy(f"Other weights for {modality}s are being loaded: wait until that is done.")
        try:
            name = _spelled(name)
            loaded = InUse(name, _ready(name, modality))
            with self._locks[modality]:
                self._take(modality, loaded)
            return loaded
        finally:
            self._switches[modality].release()

    def _take(self, modality: Modality, taken: InUse) -> None:
        self._in_use[modality] = taken
        self._names[modality][taken.name] = None


def _spelled(name: str) -> str:
    """One name for a folder, with or without a slash at its end; a link is another, which may lead elsewhere tomorrow."""
    is_folder = name != EMBEDDED and not name.startswith(HUB)
    return str(Path(name).absolute()) if is_folder else name


def _first(name: str, modality: Modality) -> InUse:
    try:
        return InUse(name, _ready(name, modality))
    except WeightsError as error:
        if not name.startswith(HUB):
            raise
        what = f"{modality.capitalize()}s are segmented with the embedded weights, not with {name}"
        return InUse(EMBEDDED, _ready(EMBEDDED, modality), name, f"{what}: {error}")


def _ready(name: str, modality: Modality) -> Segmenter:
    """A segmenter that has shown that it can segment; `WeightsError` says why there is none."""
    segmenter = Segmenter.load(name, modality)
    if name != EMBEDDED:
        _ = segmenter.weights.seen_cases  # read when first needed, and wrong now rather than then
        size = segmenter.weights.config.size
        segmenter.answer(np.full((1, size, size), 0.5, np.float32))
    return segmenter
