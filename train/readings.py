"""How the answers of finished folds are read: at an operating point of the other folds, plainly or with
what may help at test time and needs no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from bcweb.cases import Case, read_cases, read_truth
from bcweb.evaluate import score_prediction
from bcweb.preprocess import square
from bcweb.scans import read_scan
from bcweb.scores import CaseScore
from bcweb.segmenter import Segmenter
from train import operating_point
from train.data import on_grid
from train.score import tests_of

_PULL = 0.01  # of the calibration's factors towards 0, against folds that are told apart without an error


@dataclass(frozen=True)
class Reading:
    """flips: the mirrored scan is looked at too, and the two answers are averaged. calibrated: presence is
    what a logistic regression makes of the presence head and of how sure the map is of its mask.
    """

    flips: bool = False
    calibrated: bool = False


PLAIN = Reading()


@dataclass(frozen=True, eq=False)
class Answers:
    """What one fold's network said of its test, on the network's grid.

    maps: (N, S, S) float32 in 0..1. presences: (N,) in 0..1, or None. truths: (N, S, S) bool.
    """

    segmenter: Segmenter
    cases: list[Case]
    maps: np.ndarray
    presences: np.ndarray | None
    truths: np.ndarray


def score(runs: Sequence[Path], specs: Sequence[str], reading: Reading) -> list[CaseScore]:
    """The scores of every case that the runs held out, at the scan's own size, each fold at the operating
    point chosen on what the others said of their tests. At least two runs; ValueError where a test is not
    in the data.
    """
    cases = [case for spec in specs for case in read_cases(spec).cases]
    folds = [_ask(run, tests_of(run, cases), reading) for run in runs]
    scores: list[CaseScore] = []
    for fold in folds:
        others = [other for other in folds if other is not fold]
        if reading.calibrated:
            factors = _calibration(others)
            fold, *others = (_calibrate(each, factors) for each in (fold, *others))
        scores += _score(fold, others)
    return sorted(scores, key=lambda score: score.key)


def _ask(run: Path, cases: list[Case], reading: Reading) -> Answers:
    segmenter = Segmenter.load(str(run / "weights"))
    size = segmenter.weights.config.size
    maps, presences, truths = [], [], []
    for case in tqdm(cases, run.name, unit="case"):
        scan = read_scan(case.file)
        image = square(scan, size)
        looks = [image, image[:, ::-1]] if reading.flips else [image]
        map_, presence = segmenter.answer(np.stack(looks))
        map_[1:] = map_[1:, :, ::-1]
        maps.append(map_.mean(axis=0))
        truths.append(on_grid(read_truth(case, scan), size))
        if presence is not None:
            presences.append(presence.mean())
    return Answers(
        segmenter, cases, np.stack(maps), np.array(presences) if presences else None,
        np.stack(truths),
    )  # fmt: skip


def _score(fold: Answers, others: Sequence[Answers]) -> list[CaseScore]:
    presences = [other.presences for other in others]
    point = operating_point.choose(
        np.concatenate([other.maps for other in others]),
        None if any(p is None for p in presences) else np.concatenate(presences),
        np.concatenate([other.truths for other in others]),
    )
    scores = []
    for number, case in enumerate(fold.cases):
        scan = read_scan(case.file)
        presence = None if fold.presences is None else float(fold.presences[number])
        prediction = fold.segmenter.draw(scan, fold.maps[number], presence, point)
        scored = score_prediction(case, prediction, read_truth(case, scan), scan.spacing)
        scores.append(replace(scored, seen=False))
    return scores


# --- calibrated presence ----------------------------------------------------------------------------


def _evidence(fold: Answers) -> np.ndarray:
    """(N, 3): the logit of the presence head, that of the map's mean probability within its mask (of its
    highest where there is no mask), and 1.
    """
    if fold.presences is None:
        raise ValueError("These networks have no presence head to calibrate.")
    masks = fold.maps >= 0.5
    counts = masks.sum(axis=(1, 2))
    within = (fold.maps * masks).sum(axis=(1, 2)) / np.maximum(counts, 1)
    sure = np.where(counts > 0, within, fold.maps.max(axis=(1, 2)))
    return np.stack([_logit(fold.presences), _logit(sure), np.ones(len(sure))], axis=1)


def _calibration(folds: Sequence[Answers]) -> np.ndarray:
    """(3,) factors of the evidence: logistic regression, lesions and normals weighing the same."""
    evidence = np.concatenate([_evidence(fold) for fold in folds])
    lesion = np.concatenate([fold.truths.any(axis=(1, 2)) for fold in folds])
    if lesion.all() or not lesion.any():
        raise ValueError("Presence cannot be calibrated without both lesions and normals.")
    weight = np.where(lesion, 0.5 / lesion.mean(), 0.5 / (~lesion).mean())
    sign = np.where(lesion, 1.0, -1.0)

    def loss(factors: np.ndarray) -> float:
        missed = np.logaddexp(0, -sign * (evidence @ factors))
        return float((weight * missed).mean() + _PULL * (factors[:-1] ** 2).sum())

    return minimize(loss, np.zeros(evidence.shape[1])).x


def _calibrate(fold: Answers, factors: np.ndarray) -> Answers:
    return replace(fold, presences=1 / (1 + np.exp(-(_evidence(fold) @ factors))))


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p.astype(float), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
