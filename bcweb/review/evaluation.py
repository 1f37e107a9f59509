"""Scores of a project's predictions, and of two revisions side by side.

A case enters the headline only if the weights that made its score had not seen it: it is unseen, it was
predicted out of fold, or the weights carry its out-of-fold Dice. What weights reach on cases that they
were trained on stands apart and is marked.

The truth is either the imported one, or the mask that a reader left (a correction, or the imported one,
kept) where there is one. An accepted prediction is never taken as the truth: a mask scored against
itself says nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from bcweb.review.agreement import AgainstTruth, Agreement, Look, against_truth, agreements, look
from bcweb.review.records import CaseRow, How, NotThere, Prediction, ReviewError, Verdict
from bcweb.review.revisions import Predicted
from bcweb.review.scorer import Mask, Scorer
from bcweb.scores import CaseScore, groups_of, lesion_figures, outlined, report, with_interval
from bcweb.statistics import group_bootstrap, proportion, rank_correlation

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store

TruthOf = Literal["imported", "reader"]
TRUTHS: tuple[TruthOf, ...] = get_args(TruthOf)

# The share of the image that the truth covers, up to where. Fixed parts and not terciles, so that a
# figure means the same on another data set. Of BUSI's lesion images they hold 9, 22, 34 and 34%.
SIZES: tuple[tuple[str, float], ...] = (
    ("under 1%", 0.01),
    ("1 to 3%", 0.03),
    ("3 to 10%", 0.10),
    ("10% and over", math.inf),
)

NO_TRUTH = "without a truth"
UNREADABLE = "that cannot be read"
REJECTED = "rejected by the reader"
JUDGED = ("accept", "corrected", "truth", "reject")  # decisions that say something of what is drawn
DAMAGED = "whose mask is damaged on the disk"

Progress = Callable[[int, int], None]


def size_of(share: float) -> str:
    """The name of the part of `SIZES` that a share of the image, in (0, 1], falls into."""
    return next(name for name, below in SIZES if share < below)


@dataclass(frozen=True)
class Scored:
    """One case, scored.

    score: of the mask that is here; its `seen` says whether the weights that made it were trained on the
    case. truth_file: what it is scored against. carried: the Dice out of fold that the weights carry for a
    case they have seen. share: of the image that the truth covers, in (0, 1]; None where it holds no
    lesion. uncertainty: as the importer worked it out. by_reader: the truth is a mask that a reader left.
    begun: that mask was begun from this revision's own prediction. findings: what the data set writes of
    the case.
    """

    id: int
    score: CaseScore
    how: How
    truth_file: str
    carried: float | None = None
    share: float | None = None
    uncertainty: float | None = None
    findings: str = ""
    decision: str | None = field(default=None, compare=False)  # no figure depends on it
    by_reader: bool = False
    begun: bool = False

    @cached_property
    def headline(self) -> CaseScore | None:
        """The score by weights that had not seen the case; None where there is none.

        Of a Dice out of fold follows the IoU, and on an empty truth whether anything was painted; what
        needs the mask is None.
        """
        if not self.score.seen:
            return self.score
        if self.carried is None:
            return None
        return replace(
            self.score,
            presence=None,
            dice=self.carried,
            iou=self.carried / (2 - self.carried),
            precision=None,
            recall=None,
            hd95_px=None,
            hd95_mm=None,
            painted=int(self.carried < 1) if not self.score.lesion else None,
            lesions=None,
            found=None,
            false_alarms=None,
        )


@dataclass(frozen=True)
class Judged:
    """An unseen case that a reader decided on the revision's own prediction. case: without scores."""

    case: CaseScore
    decision: str
    has_truth: bool


@dataclass(frozen=True)
class Evaluation:
    """A revision's scores on a project. left: the cases without a score, the reason as their error. judged: with a
    score or without. readers: how far they agree with each other and with the revision, and against_truth: they and the
    revision with the imported truth, whatever the truth is here."""

    project: str
    revision: str
    modality: str
    truth: TruthOf
    cases: tuple[Scored, ...]
    left: tuple[CaseScore, ...]
    judged: tuple[Judged, ...] = ()
    readers: tuple[Agreement, ...] = ()
    against_truth: AgainstTruth = field(default_factory=AgainstTruth)

    @property
    def total(self) -> int:
        return len(self.cases) + len(self.left)

    @property
    def left_out(self) -> dict[str, int]:
        return dict(Counter(score.error for score in self.left))

    @cached_property
    def headline(self) -> tuple[Scored, ...]:
        return tuple(case for case in self.cases if case.headline is not None)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """What --json holds: `bcweb.scores.report`, and by size, of uncertainty, of what was left out."""
        scores = [case.score for case in self.cases]
        carried = {case.score.key: case.headline for case in self.headline if case.score.seen}
        findings = {case.score.key: case.findings for case in self.cases if case.findings}
        result = report(scores, carried, findings)
        by_mask = sum(case.how == "out-of-fold" for case in self.cases)
        result["seen"] += by_mask
        result["unseen"] -= by_mask
        result["out_of_fold"] += by_mask
        return {
            "project": self.project,
            "modality": self.modality,
            "truth": self.truth,
            "cases": self.total,
            "scored": len(self.cases),
            "left_out": self.left_out,
            "carried": len(carried),
            "by_reader": sum(case.by_reader for case in self.cases),
            "begun_from_it": sum(case.begun for case in self.outlined),
            "apart": len(self.apart),
            **result,
            "revision": self.revision,
            "judged": self._judged(),
            "by_size": self._by_size(),
            "uncertainty": self._uncertainty(),
            "agreement": [pair.figures for pair in self.readers],
            "against_truth": self.against_truth.figures,
        }

    @cached_property
    def apart(self) -> frozenset[int]:
        """Ids of the cases of which only boxes are known while others are outlined: `apart` in `bcweb.scores.report`."""
        together = outlined([case.score for case in self.headline or self.cases])
        if any(score.weak for score in together):
            return frozenset()
        return frozenset(case.id for case in self.cases if case.score.weak)

    @cached_property
    def outlined(self) -> tuple[Scored, ...]:
        """Those of the headline that a figure over all of them is of."""
        return tuple(case for case in self.headline if case.id not in self.apart)

    @property
    def accepted_without_truth(self) -> int:
        return sum(one.decision == "accept" and not one.has_truth for one in self.judged)

    def _judged(self) -> dict[str, Any]:
        """How often a reader accepted what this revision drew. It needs no truth but the reader's eye, while of what was
        accepted there is often no other truth to score against. What was rejected is not in the share: the reasons to
        reject are of the scan."""
        decisions = Counter(one.decision for one in self.judged)
        drawn = [one for one in self.judged if one.decision != "reject"]
        accepted = [one.decision == "accept" for one in drawn]
        groups = groups_of([one.case for one in drawn])
        figures = {"n": len(drawn), "groups": len(set(groups))}
        figures |= {"decisions": {name: decisions[name] for name in JUDGED if decisions[name]}}
        figures["accepted_without_truth"] = self.accepted_without_truth
        if not drawn:
            return figures | {"accepted": None, "accepted_ci": None}
        return figures | with_interval("accepted", proportion(accepted, groups))

    def _by_size(self) -> dict[str, Any]:
        parts: dict[str, list[CaseScore]] = {name: [] for name, _ in SIZES}
        for case in self.outlined:
            if case.share is not None:
                parts[size_of(case.share)].append(case.headline)
        return {name: lesion_figures(scores) for name, scores in parts.items()}

    def _uncertainty(self) -> dict[str, Any]:
        """Spearman's rank correlation of uncertainty with 1 - Dice, over lesion images whose mask is here."""
        told = [
            case
            for case in self.outlined
            if case.uncertainty is not None and case.score.lesion and not case.score.seen
        ]
        figures: dict[str, Any] = {"n": len(told), "correlation": None, "correlation_ci": None}
        columns = np.array([(case.uncertainty, 1 - case.headline.dice) for case in told])
        if len(told) > 2 and all(len(np.unique(column)) > 1 for column in columns.T):
            interval = group_bootstrap(
                columns, groups_of([c.score for c in told]), rank_correlation
            )
            figures |= with_interval("correlation", interval)
        return figures


# --- reading a project


def evaluate(
    store: Store,
    owner: str,
    project: str | int,
    revision: str | None = None,
    truth: TruthOf = "imported",
    scorer: Scorer | None = None,
    progress: Progress | None = None,
    with_readers: bool = True,
    predicted: Predicted | None = None,
) -> Evaluation:
    """Score one revision's predictions of a project against its truth as it stands now.

    revision: None takes the first of `bcweb.review.revisions`. scorer: remembers what was scored before. progress: is
    called with how many masks of how many are scored. with_readers: how far they agree, too. predicted: the project's, if
    it is there: to read it takes seconds of thousands of cases. Raises `ReviewError` where there is no such project or
    revision.
    """
    scorer = scorer or Scorer(store)
    predicted = predicted or Predicted(store, owner, store.project(owner, project))
    found = predicted.project
    revision = predicted.named(revision)
    modality, predictions = predicted.modality(revision), predicted.made[revision]
    rows = [each for each in predicted.rows if each.case.modality == modality]
    cases: list[Scored] = []
    left: list[CaseScore] = []
    judged: list[Judged] = []
    looks: list[Look] = []
    readings = store.readings(owner, found.id) if with_readers else {}
    for done, row in enumerate(rows):
        if progress:
            progress(done, len(rows))
        prediction = predictions.get(row.case.id)
        told = _Told.of(row.case, row.verdict, truth)
        if _is_judged(row.verdict, prediction):
            has_truth = row.case.truth_file is not None
            judged.append(Judged(told.blank, row.verdict.decision, has_truth))
        reason = _reason(row.case, row.verdict, prediction, told, revision, truth)
        try:
            if not reason:
                cases.append(_scored(row.case, row.verdict, prediction, told, scorer))
        except NotThere:
            raise
        except ReviewError:
            reason = DAMAGED
        if reason:
            left.append(replace(told.blank, error=reason))
        if said := readings.get(row.case.id):
            looks.append(look(row.case, said, prediction, scorer))
    if progress:
        progress(len(rows), len(rows))
    return Evaluation(
        found.name, revision, modality, truth, tuple(cases), tuple(left), tuple(judged),
        agreements(looks), against_truth(looks),
    )  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """The truth and the label of a case as they were asked for."""

    blank: CaseScore
    file: str | None
    pixels: int
    by_reader: bool

    @classmethod
    def of(cls, case: CaseRow, verdict: Verdict | None, truth: TruthOf) -> _Told:
        label = case.label or ""
        file, pixels, by_reader = case.truth_file, case.truth_px, False
        if truth == "reader" and verdict is not None:
            label = verdict.label or label
            if verdict.decision in ("corrected", "truth") and verdict.mask_file:
                file, pixels, by_reader = verdict.mask_file, verdict.painted_px, True
        weak = case.weak and not (by_reader and verdict.decision == "corrected")
        blank = CaseScore(case.dataset, case.case, case.group, label, case.modality, weak=weak)
        return cls(blank, file, pixels or 0, by_reader)


def _reason(
    case: CaseRow,
    verdict: Verdict | None,
    prediction: Prediction | None,
    told: _Told,
    revision: str,
    truth: TruthOf,
) -> str:
    """Why a case has no score; empty where it has one."""
    if truth == "reader" and verdict is not None and verdict.decision == "reject":
        return REJECTED
    if case.problem:
        return UNREADABLE
    if told.file is None:
        return NO_TRUTH
    return "" if prediction is not None else not_predicted(revision)


def _scored(
    case: CaseRow, verdict: Verdict | None, prediction: Prediction, told: _Told, scorer: Scorer
) -> Scored:
    score = replace(
        told.blank,
        presence=prediction.presence,
        seen=prediction.how == "seen",
        revision=prediction.revision,
        **scorer.measure(
            case.project_id,
            Mask(prediction.mask_file, prediction.painted_px),
            Mask(told.file, told.pixels),
            case.spacing,
        ),
    )
    corrected = told.by_reader and verdict.decision == "corrected"
    return Scored(
        id=case.id,
        score=score,
        how=prediction.how,
        truth_file=told.file,
        # What the weights carry was scored against the imported truth.
        carried=None if corrected else prediction.carried_dice,
        share=told.pixels / (case.width * case.height) if told.pixels else None,
        uncertainty=prediction.uncertainty,
        findings=case.findings,
        decision=case.decision,
        by_reader=told.by_reader,
        begun=corrected
        and verdict.revision == prediction.revision
        and verdict.beginning in ("prediction", "threshold"),
    )


def _is_judged(verdict: Verdict | None, prediction: Prediction | None) -> bool:
    """See `Judged`."""
    if verdict is None or prediction is None or prediction.how == "seen":
        return False
    return verdict.revision == prediction.revision and verdict.decision in JUDGED


def not_predicted(revision: str) -> str:
    return f"not predicted by {revision}"
