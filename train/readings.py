"""How the answers of finished folds are read: by a reading and at an operating point that the other folds
chose, plainly or with what may help at test time and needs no training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from scipy.optimize import minimize
from tqdm import tqdm

from bcweb.cases import Case, read_cases, read_truth
from bcweb.cases.duplicates import prints_of
from bcweb.evaluate import score_prediction
from bcweb.preprocess import frame, square
from bcweb.presence import calibrated, evidence
from bcweb.scans import read_scan
from bcweb.scores import CaseScore
from bcweb.segmenter import Segmenter
from bcweb.weights import OperatingPoint, Reading, SeenCase, load_weights
from train import operating_point
from train.augment import without_lesions
from train.data import on_grid
from train.record import read_record
from train.score import held_out_by, refuse_seen
from train.training_set import TrainingSet

_PULL = 0.01  # of the calibration's factors towards 0, against folds that are told apart without an error


class NotCalibrated(ValueError):
    """The networks or the data do not say enough to calibrate presence; its text is one sentence."""


@dataclass(frozen=True)
class Way:
    """mirror: the scan's mirror image is looked at too, and the two answers are averaged. calibrate: presence
    is what a logistic regression makes of the presence head and of how sure the map is of its mask. covered:
    where the training had no normal, views of the cases that show no lesion choose a gate; without, there is none.
    """

    mirror: bool = False
    calibrate: bool = False
    covered: bool = True


PLAIN = Way()


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network of a run said of its test, on the network's grid.

    maps: (N, S, S) float32 in 0..1. presences: (N,) in 0..1, or None. truths: (N, S, S) bool. Behind those of
    the cases come, where the training had no normal and learned presence all the same, those of views of the
    cases that show no lesion (see `train.augment.without_lesions`): to choose by, never to score. known: by what the
    cases are known again, to weights that are read as these answers want it.
    """

    run: Path
    segmenter: Segmenter
    cases: list[Case]
    known: list[SeenCase]
    maps: np.ndarray
    presences: np.ndarray | None
    truths: np.ndarray

    @property
    def boxed(self) -> np.ndarray:
        """(N,) bool: a case of which only boxes are known, and no view."""
        boxed = [bool(case.boxes) for case in self.cases]
        return np.array(boxed + [False] * (len(self.maps) - len(boxed)), bool)

    def take(self, index: Sequence[int]) -> Answers:
        """Those on some of the cases, without views."""
        keys = {(self.cases[i].dataset, self.cases[i].id) for i in index}
        return replace(
            self,
            cases=[self.cases[i] for i in index],
            known=[one for one in self.known if (one.dataset, one.id) in keys],
            maps=self.maps[index],
            presences=None if self.presences is None else self.presences[index],
            truths=self.truths[index],
        )


def score(runs: Sequence[Path], specs: Sequence[str], way: Way) -> list[CaseScore]:
    """The scores of every case that the runs held out, at the scan's own size, each fold as what the others
    said of their tests wants it (see `learn`). At least two runs; ValueError where a test is not in the data,
    or a network has seen it.
    """
    folds = ask(runs, specs, way)
    scores: list[CaseScore] = []
    for fold, others in with_the_others(folds):
        reading, point = learn(others, way)
        scores += score_at(_calibrate(fold, reading.calibration), point)
    return sorted(scores, key=lambda score: score.key)


def ask(runs: Sequence[Path], specs: Sequence[str], way: Way = PLAIN) -> list[Answers]:
    """Let the network of every run look at its test; no presence is calibrated yet."""
    cases = [case for spec in specs for case in read_cases(spec).cases]
    return [_ask(run, held_out_by(run, cases), way) for run in runs]


def with_the_others(folds: Sequence[Answers]) -> Iterator[tuple[Answers, list[Answers]]]:
    """Each fold, and the others, which alone say how it is to be read (see `learn`)."""
    for fold in folds:
        yield fold, [other for other in folds if other is not fold]


def learn(folds: Sequence[Answers], way: Way) -> tuple[Reading, OperatingPoint]:
    """How a network like those of several folds is to be read, and the operating point for that, by what they
    said of cases that they had not seen; boxes have a say where `leaves_boxes_out` does not take it from them.
    """
    calibration = _calibration(folds) if way.calibrate else None
    read = [_calibrate(fold, calibration) for fold in folds]
    return Reading(mirrored=way.mirror, calibration=calibration), choose(read)


def leaves_boxes_out(folds: Sequence[Answers]) -> bool:
    """See `train.operating_point.leave_boxes_out`."""
    boxed = np.concatenate([fold.boxed for fold in folds])
    lesion = np.concatenate([fold.truths.any(axis=(1, 2)) for fold in folds])
    return operating_point.leave_boxes_out(boxed, lesion)


def choose(
    folds: Sequence[Answers], painted: float = operating_point.PAINTED_NORMALS
) -> OperatingPoint:
    """The operating point by what was answered, as it is read; painted: see `train.operating_point.choose`."""
    without = leaves_boxes_out(folds)
    kept = [~fold.boxed if without else slice(None) for fold in folds]
    presences = [fold.presences for fold in folds]

    def choosing(of_folds: Iterable[np.ndarray]) -> np.ndarray:
        return np.concatenate([each[some] for each, some in zip(of_folds, kept, strict=True)])

    return operating_point.choose(
        choosing(fold.maps for fold in folds),
        None if any(p is None for p in presences) else choosing(presences),
        choosing(fold.truths for fold in folds),
        painted,
    )


def _ask(run: Path, cases: list[Case], way: Way) -> Answers:
    weights = load_weights(str(run / "weights"))
    config = msgspec.structs.replace(weights.config, reading=Reading(mirrored=way.mirror))
    segmenter = Segmenter(replace(weights, config=config))
    has_no_normal = config.presence and read_record(run).get("normals") == 0
    return look_at(segmenter, cases, run, with_views=way.covered and has_no_normal)


def look_at(
    segmenter: Segmenter, cases: list[Case], run: Path, with_views: bool = False
) -> Answers:
    """What weights say of cases with a truth, by their own reading; ValueError where they have seen one.

    with_views: and of views of them that show no lesion.
    """
    weights, config = segmenter.weights, segmenter.weights.config
    images, truths, known = [], [], []
    for case in cases:
        scan = read_scan(case.file)
        refuse_seen(weights, case, scan)
        known += [
            SeenCase(case.dataset, case.id, case.group, scan.digest, known_by)
            for known_by in prints_of(scan)
        ]
        images.append(square(scan, config.size, config.crop))
        truth = read_truth(case, scan)[frame(scan, config.crop).slices]
        truths.append(on_grid(truth, config.size))
    if with_views:
        views = without_lesions(_training_set(cases, images, truths), config.modality, seed=0)
        images += [view / np.float32(255) for view in views.images]
        truths += [np.zeros(view.shape, bool) for view in views.images]
    maps, presences = [], []
    for image in tqdm(images, run.name, unit="case"):
        answers, presence = segmenter.answer(image[None])
        maps.append(answers[0])
        if presence is not None:
            presences.append(presence[0])
    return Answers(
        run, segmenter, cases, known, np.stack(maps), np.array(presences) if presences else None,
        np.stack(truths),
    )  # fmt: skip


def _training_set(
    cases: Sequence[Case], images: Sequence[np.ndarray], truths: Sequence[np.ndarray]
) -> TrainingSet:
    """What a network was asked, (S, S) in 0..1 and bool, as views are made of."""
    return TrainingSet(
        tuple(cases),
        np.stack([np.rint(255 * image).astype(np.uint8) for image in images]),
        np.stack(truths).astype(np.uint8),
    )


def score_at(fold: Answers, point: OperatingPoint) -> list[CaseScore]:
    """The scores of the cases, at the scan's own size and after an operating point."""
    scores = []
    for number, case in enumerate(fold.cases):
        scan = read_scan(case.file)
        presence = None if fold.presences is None else float(fold.presences[number])
        prediction = fold.segmenter.draw(scan, fold.maps[number], presence, point)
        scored = score_prediction(case, prediction, read_truth(case, scan), scan.spacing)
        scores.append(replace(scored, seen=False))
    return scores


# --- calibrated presence ----------------------------------------------------------------------------


def _calibration(folds: Sequence[Answers]) -> tuple[float, float, float]:
    """Factors of the evidence: logistic regression, lesions and normals weighing the same."""
    if any(fold.presences is None for fold in folds):
        raise NotCalibrated("These networks have no presence head that could be calibrated.")
    seen = np.concatenate([evidence(fold.maps, fold.presences) for fold in folds])
    lesion = np.concatenate([fold.truths.any(axis=(1, 2)) for fold in folds])
    if lesion.all() or not lesion.any():
        raise NotCalibrated("Presence cannot be calibrated without both lesions and normals.")
    weight = np.where(lesion, 0.5 / lesion.mean(), 0.5 / (~lesion).mean())
    sign = np.where(lesion, 1.0, -1.0)

    def loss(factors: np.ndarray) -> float:
        missed = np.logaddexp(0, -sign * (seen @ factors))
        return float((weight * missed).mean() + _PULL * (factors[:-1] ** 2).sum())

    found = minimize(loss, np.zeros(seen.shape[1])).x
    return tuple(round(float(factor), 4) for factor in found)


def _calibrate(fold: Answers, factors: tuple[float, float, float] | None) -> Answers:
    if factors is None:
        return fold
    return replace(fold, presences=calibrated(fold.maps, fold.presences, factors))
