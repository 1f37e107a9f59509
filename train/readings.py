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
from bcweb.weights import OperatingPoint
from train import operating_point
from train.data import on_grid
from train.score import held_out_by, refuse_seen

_PULL = 0.01  # of the calibration's factors towards 0, against folds that are told apart without an error


class NotCalibrated(ValueError):
    """The networks or the data do not say enough to calibrate presence; its text is one sentence."""


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
    """What the network of a run said of its test, on the network's grid.

    maps: (N, S, S) float32 in 0..1. presences: (N,) in 0..1, or None. truths: (N, S, S) bool.
    """

    run: Path
    segmenter: Segmenter
    cases: list[Case]
    maps: np.ndarray
    presences: np.ndarray | None
    truths: np.ndarray


def score(runs: Sequence[Path], specs: Sequence[str], reading: Reading) -> list[CaseScore]:
    """The scores of every case that the runs held out, at the scan's own size, each fold at the operating
    point chosen on what the others said of their tests. At least two runs; ValueError where a test is not
    in the data, or a network has seen it.
    """
    folds = ask(runs, specs, reading)
    scores: list[CaseScore] = []
    for fold in folds:
        others = [other for other in folds if other is not fold]
        if reading.calibrated:
            factors = _calibration(others)
            fold, *others = (_calibrate(each, factors) for each in (fold, *others))
        scores += _score(fold, choose(others))
    return sorted(scores, key=lambda score: score.key)


def ask(runs: Sequence[Path], specs: Sequence[str], reading: Reading = PLAIN) -> list[Answers]:
    """Let the network of every run look at its test."""
    cases = [case for spec in specs for case in read_cases(spec).cases]
    return [_ask(run, held_out_by(run, cases), reading) for run in runs]


def choose(folds: Sequence[Answers]) -> OperatingPoint:
    """The operating point for what the networks of several folds said of cases that they had not seen."""
    presences = [fold.presences for fold in folds]
    return operating_point.choose(
        np.concatenate([fold.maps for fold in folds]),
        None if any(p is None for p in presences) else np.concatenate(presences),
        np.concatenate([fold.truths for fold in folds]),
    )


def _ask(run: Path, cases: list[Case], reading: Reading) -> Answers:
    segmenter = Segmenter.load(str(run / "weights"))
    size = segmenter.weights.config.size
    maps, presences, truths = [], [], []
    for case in tqdm(cases, run.name, unit="case"):
        scan = read_scan(case.file)
        refuse_seen(segmenter.weights, case, scan)
        image = square(scan, size)
        answers, presence = segmenter.answer(image[None])
        if reading.flips:
            mirrored, other = segmenter.answer(image[None, :, ::-1])
            answers = (answers + mirrored[:, :, ::-1]) / 2
            presence = None if presence is None else (presence + other) / 2
        maps.append(answers[0])
        truths.append(on_grid(read_truth(case, scan), size))
        if presence is not None:
            presences.append(presence[0])
    return Answers(
        run, segmenter, cases, np.stack(maps), np.array(presences) if presences else None,
        np.stack(truths),
    )  # fmt: skip


def _score(fold: Answers, point: OperatingPoint) -> list[CaseScore]:
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
        raise NotCalibrated("These networks have no presence head to calibrate.")
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
        raise NotCalibrated("Presence cannot be calibrated without both lesions and normals.")
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
