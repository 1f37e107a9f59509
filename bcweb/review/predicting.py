"""Who predicts which case, and the prediction, in whichever process makes it.

A case that the weights were trained on is predicted by the fold of a cross-validation whose weights were
not, where there is one; else by the weights themselves, and marked as seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bcweb.batch import Choice, fault
from bcweb.lesions import smallest_lesion_px
from bcweb.metrics import score_case
from bcweb.review import doubt
from bcweb.review.files import Files
from bcweb.review.records import CaseRow, How, NewPrediction, ReviewError
from bcweb.scans import Modality
from bcweb.scores import CaseScore, is_against, mark_seen_groups, read_scores
from bcweb.terminal import os_sentence
from bcweb.weights import Weights, load_weights

DIED = "The process that segmented it died; it may want more memory than there is."


@dataclass(frozen=True)
class Job:
    """A case to predict. weights: their folder. revision: of them. truth: a mask's file in the store; weak: as of the
    case. carried: the score out of fold that the weights bring along. stands_for: of a fold, the revision that had seen
    the case."""

    id: int
    case: str
    file: Path
    digest: str
    modality: Modality
    truth: str | None
    weak: bool
    weights: Path
    revision: str
    how: How
    carried: CaseScore | None
    stands_for: str | None = None

    @property
    def carried_dice(self) -> float | None:
        return self.carried and self.carried.dice


@dataclass(frozen=True, eq=False)
class Outcome:
    """A job's prediction, or why there is none, in one sentence."""

    job: Job
    prediction: NewPrediction | None
    error: str = ""


def read_folds(folder: Path) -> list[Weights]:
    """The weights of a `python -m train.crossval` folder, fold by fold; `ReviewError` where there are none."""
    runs = sorted(folder.glob("fold-*/weights"), key=lambda path: (len(path.parent.name), path))
    if not runs:
        raise ReviewError(f"{folder} holds no folds of a cross-validation (fold-K/weights).")
    return [load_weights(str(run)) for run in runs]


def fitting(name: str, modalities: Collection[Modality]) -> dict[Modality, Weights]:
    """The weights of a name, by those of these modalities that they are for: "embedded" for each, others for one.

    `WeightsError` where they cannot be had, or are for none of them.
    """
    if name != "embedded":
        found = load_weights(name)
        if found.config.modality in modalities:
            return {found.config.modality: found}
    return {modality: load_weights(name, modality) for modality in modalities}


def jobs(
    cases: Sequence[CaseRow], weights: Mapping[Modality, Weights], folds: Sequence[Weights]
) -> list[Job]:
    """Who predicts each of a project's cases that can be read; in their order.

    Those that cannot be read now tell which groups were trained on, if they have been.

    `WeightsError` or `ScoresError`: seen.csv or scores.csv of weights is broken.
    """
    found: dict[int, Job] = {}
    for modality, mine in weights.items():
        rows = [row for row in cases if row.modality == modality and row.digest]
        seen = _seen(rows, mine)
        carried = _carried(mine) if seen else {}
        others = [fold for fold in folds if fold.config.modality == modality] if seen else []
        seen_by = [_seen(rows, fold) for fold in others]
        for row in rows:
            if row.problem is not None:
                continue
            by, how = mine, "unseen"
            if row.id in seen:
                unseen = (fold for fold, s in zip(others, seen_by, strict=True) if row.id not in s)
                fold = next(unseen, None)
                by, how = (mine, "seen") if fold is None else (fold, "out-of-fold")
            score = None
            if how == "seen" and any(
                mine.seen_as(row.dataset, row.case, row.digest, each) for each in row.prints
            ):
                score = carried.get((row.dataset, row.case))
            found[row.id] = Job(
                row.id, row.case, row.file, row.digest, modality, row.truth_file, row.weak,
                by.folder.absolute(), by.revision, how, score,
                mine.revision if how == "out-of-fold" else None,
            )  # fmt: skip
    return [found[row.id] for row in cases if row.id in found]


def _seen(rows: Sequence[CaseRow], weights: Weights) -> set[int]:
    """The ids of the cases that weights were trained on, on a copy of them, or on a member of their group."""
    marked = mark_seen_groups(
        [
            CaseScore(
                row.dataset, row.case, row.group, "", row.modality,
                seen=any(
                    weights.seen(row.digest, each, row.dataset, row.group) for each in row.prints
                ),
            )
            for row in rows
        ]
    )  # fmt: skip
    return {row.id for row, mark in zip(rows, marked, strict=True) if mark.seen}


def _carried(weights: Weights) -> dict[tuple[str, str], CaseScore]:
    """The scores of the cases that whoever made scores.csv had not seen."""
    file = weights.folder / "scores.csv"
    scores = read_scores(file) if file.exists() else ()
    return {s.key: s for s in scores if s.dice is not None and not s.error and not s.seen}


def of_another_truth(jobs: Sequence[Job], files: Files, folder: str) -> set[int]:
    """The ids of the cases whose score out of fold is against another truth than the project's; files, folder: where
    that is."""
    found = set()
    for job in jobs:
        try:
            truth = files.mask(folder, job.truth)
        except (ReviewError, OSError):  # told of where it is predicted
            continue
        if not is_against(job.carried, truth, job.weak):
            found.add(job.id)
    return found


def predict(job: Job, files: Files, folder: str) -> Outcome:
    """Segment a case and score it; files, folder: where its truth is."""
    from bcweb.scans import ScanError
    from bcweb.weights import WeightsError

    try:
        return Outcome(job, _predicted(job, files, folder))
    except (ScanError, WeightsError, ReviewError) as error:
        return Outcome(job, None, str(error))
    except OSError as error:
        return Outcome(job, None, os_sentence(error))
    except Exception as error:
        return Outcome(job, None, fault(error))


def _predicted(job: Job, files: Files, folder: str) -> NewPrediction:
    from bcweb.scans import read_scan

    scan = read_scan(job.file)
    if scan.digest != job.digest:
        raise ReviewError(f"{job.file.name} is not the picture that was imported.")
    truth = None if job.truth is None else files.mask(folder, job.truth)
    prediction = Choice(str(job.weights)).segmenter(job.modality).segment(scan)
    if prediction.revision != job.revision:  # of which nobody has asked what they were trained on
        raise ReviewError(f"The weights in {job.weights} are others by now: import once more.")
    point, mask = prediction.operating_point, prediction.mask
    steps = np.rint(prediction.probability * 255).astype(np.uint8)
    scores = None if truth is None else score_case(mask, truth)
    return NewPrediction(
        revision=prediction.revision,
        how=job.how,
        presence=prediction.presence,
        threshold=point.mask_threshold,
        gate=point.presence_gate,
        min_lesion_px=smallest_lesion_px(mask.shape, point.min_lesion_fraction),
        probability=steps,
        mask=mask,
        painted_px=int(np.count_nonzero(mask)),
        dice=scores and scores.dice,
        iou=scores and scores.iou,
        hd95_px=scores and scores.hd95_px,
        carried_dice=job.carried_dice,
        uncertainty=doubt.uncertainty(steps, prediction.presence, mask),
        suspicion=None if truth is None else doubt.suspicion(steps, mask, truth, point),
        looked_at=prediction.looked_at,
        stands_for=() if job.stands_for is None else (job.stands_for,),
    )


def died(job: Job) -> Outcome:
    """Of a job whose process did not survive it."""
    return Outcome(job, None, DIED)
