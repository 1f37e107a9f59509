"""Presence, calibrated: what the network's presence head and its map together say of whether a lesion is there.

The two are wrong in different scans. A head that sees a lesion for which the map has only a pale mark is
believed less, and so is a dark map under a head that doubts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def evidence(maps: np.ndarray, presences: np.ndarray) -> np.ndarray:
    """(N, 3) for maps (N, S, S) and presences (N,), all in 0..1: the logit of the presence, that of the map's
    mean probability where it is at least 0.5 (of its highest where it nowhere is), and 1.
    """
    masks = maps >= 0.5
    counts = masks.sum(axis=(1, 2))
    within = (maps * masks).sum(axis=(1, 2)) / np.maximum(counts, 1)
    sure = np.where(counts > 0, within, maps.max(axis=(1, 2)))
    return np.stack([_logit(presences), _logit(sure), np.ones(len(sure))], axis=1)


def calibrated(maps: np.ndarray, presences: np.ndarray, factors: Sequence[float]) -> np.ndarray:
    """(N,) in 0..1: the logistic function of the evidence, weighed by three factors."""
    return 1 / (1 + np.exp(-(evidence(maps, presences) @ np.asarray(factors))))


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(float), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
