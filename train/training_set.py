"""What a network is trained on: cases, their images and masks, at its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bcweb.weights import Weights


@dataclass(frozen=True)
class TrainingCase:
    """What is kept of a case beside its arrays: enough to tell later that the weights have seen it.

    accepted: as in `bcweb.cases.Case`. unpadded: the fingerprint of what is within the bands that make a square of
    it, "" without any (see `bcweb.cases.duplicates.prints`). boxed: only boxes are known of its lesions.
    """

    dataset: str
    id: str
    group: str
    label: str
    modality: str
    digest: str
    fingerprint: str
    accepted: bool = False
    unpadded: str = ""
    boxed: bool = False

    @property
    def prints(self) -> tuple[str, ...]:
        """The fingerprints by which it is known again."""
        return (self.fingerprint, self.unpadded) if self.unpadded else (self.fingerprint,)

    def seen_by(self, weights: Weights) -> bool:
        """Whether weights were trained on it, on a copy, or on its group."""
        return any(weights.seen(self.digest, p, self.dataset, self.group) for p in self.prints)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """cases[i] has images[i], (S, S) uint8 over the scan's window, and masks[i], (S, S) uint8 0/1.

    taught: (N, S, S) uint8, what teachers say of them (see `train.teachers`); None without teachers.
    """

    cases: tuple[TrainingCase, ...]
    images: np.ndarray
    masks: np.ndarray
    taught: np.ndarray | None = None

    def take(self, index: np.ndarray) -> TrainingSet:
        """Some of the cases; without what teachers say of them."""
        return TrainingSet(
            tuple(self.cases[i] for i in index), self.images[index], self.masks[index]
        )

    @property
    def has_lesion(self) -> np.ndarray:
        """(N,) bool."""
        return self.masks.any(axis=(1, 2))

    @property
    def boxed(self) -> np.ndarray:
        """(N,) bool: only boxes are known of the lesions that it shows; a view that shows none has nothing boxed."""
        return np.array([case.boxed for case in self.cases], bool) & self.has_lesion

    def __add__(self, other: TrainingSet) -> TrainingSet:
        return TrainingSet(
            self.cases + other.cases,
            np.concatenate([self.images, other.images]),
            np.concatenate([self.masks, other.masks]),
        )
