"""What goes into the store and comes out of it. Ids are ints, moments are in UTC, arrays are in the scan's geometry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from bcweb.scans import Modality

Decision = Literal["accept", "truth", "corrected", "reject", "unsure"]
DECISIONS: tuple[Decision, ...] = ("accept", "truth", "corrected", "reject", "unsure")
REASONS = ("not a breast scan", "unreadable", "wrong label", "duplicate", "other")  # of a reject
Beginning = Literal["prediction", "threshold", "truth", "last", "empty"]
BEGINNINGS: tuple[Beginning, ...] = ("prediction", "threshold", "truth", "last", "empty")
How = Literal["unseen", "out-of-fold", "seen"]
State = Literal["importing", "ready", "cancelled", "failed"]
Order = Literal["worst", "uncertain", "suspect", "twins", "unread", "random", "listed"]
ORDERS: tuple[Order, ...] = (
    "worst", "uncertain", "suspect", "twins", "unread", "random", "listed",
)  # fmt: skip


class ReviewError(ValueError):
    """What was asked for cannot be done; its text is one sentence for the person."""


class NotThere(ReviewError):
    """There is no such project, case or verdict, or it is another owner's: the same answer."""


class Conflict(ReviewError):
    """Somebody's verdict came in between. latest: that verdict."""

    def __init__(self, text: str, latest: Verdict):
        super().__init__(text)
        self.latest = latest

    @classmethod
    def told(cls, latest: Verdict, who: str) -> Conflict:
        """who: said it, as the person is told of them."""
        said = "took a verdict back" if latest.decision == "undo" else f"said {latest.decision!r}"
        return cls(f"In the meantime {who} {said} on this case.", latest)


class NotNow(ReviewError):
    """The disk is full, the database busy ...: trying again is safe.

    what: came of it, as "Not saved". why: a sentence of its own, for whoever tries again by itself. remedy: what the person could
    do, said besides.
    """

    def __init__(self, what: str, why: str, remedy: str = ""):
        super().__init__(f"{what}: {why}{remedy and '; '}{remedy}.")
        self.why = f"{why[:1].upper()}{why[1:]}."


class NotSaved(NotNow):
    """Nothing of it is kept."""

    def __init__(self, why: str, remedy: str = ""):
        super().__init__("Not saved", why, remedy)


class Busy(NotSaved):
    """Others have been writing for as long as the database is patient."""


@dataclass(frozen=True)
class Project:
    """A set of cases under review, and how far it is.

    weights: the name of the weights by modality. cases, predicted, read: how many there are, have a
    prediction, have a verdict that stands. problem: why an import failed. notes: what the readers of
    the data sets left out, in sentences.
    """

    id: int
    name: str
    owner: str
    sources: tuple[str, ...]
    weights: Mapping[Modality, str]
    created: datetime
    cases: int
    predicted: int
    read: int
    state: State
    problem: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class NewCase:
    """A case to add.

    case: the `Case.id` of its data set. window, spacing, notes: as in `bcweb.scans.Scan`. truth: (H, W)
    bool, or None where it is not known. fingerprint: of `bcweb.cases.duplicates.prints_of` all, parted by spaces.
    thumbnail: a WebP file's bytes. problem: why the scan or its
    truth cannot be read, in one sentence; then width and height may be 0.
    """

    dataset: str
    case: str
    file: Path
    modality: Modality
    group: str = ""
    label: str | None = None
    findings: str = ""
    truth_files: tuple[Path, ...] = ()
    digest: str = ""
    fingerprint: str = ""
    width: int = 0
    height: int = 0
    depth: Literal[8, 16] = 8
    window: tuple[float, float] = (0.0, 255.0)
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    truth: np.ndarray | None = None
    thumbnail: bytes = b""
    problem: str | None = None


@dataclass(frozen=True)
class CaseRow:
    """A case of a project; most fields are those of `NewCase`.

    position: its place in the data sets' order, from 0. truth_file: for `Store.mask`, None where the
    truth is not known. verdict_id: of the verdict that stands, None where none does. latest_id: of the
    latest verdict, an undo too: what `NewVerdict.after` must name.
    """

    id: int
    project_id: int
    position: int
    dataset: str
    case: str
    group: str
    label: str | None
    modality: Modality
    findings: str
    file: Path
    truth_files: tuple[Path, ...]
    digest: str
    fingerprint: str
    width: int
    height: int
    depth: Literal[8, 16]
    window: tuple[float, float]
    spacing: tuple[float, float] | None
    notes: tuple[str, ...]
    problem: str | None
    truth_file: str | None
    has_truth: bool
    truth_px: int | None
    twin: int | None
    twin_dice: float | None
    decision: Decision | None
    verdict_id: int | None
    latest_id: int | None

    @property
    def prints(self) -> list[str]:
        """By which its picture is known again, padded or not."""
        return self.fingerprint.split()

    @property
    def weak(self) -> bool:
        """Whether of its lesion only boxes are known (`Case.boxes`): then it has a truth that nobody drew."""
        return bool(self.truth_px) and not self.truth_files


@dataclass(frozen=True, eq=False)
class NewPrediction:
    """What weights say of a case.

    how: what the weights knew of the case. stands_for: one out of fold: the revisions that had seen the case, of
    whose training the fold is. presence, threshold, gate: 0..1, as in the operating point.
    min_lesion_px: the smallest lesion kept, in pixels. probability: (H, W) uint8, 255 is 1. mask: (H, W)
    bool. dice, iou, hd95_px: against the truth, None without one. carried_dice: a score out of fold whose
    map is not here. uncertainty, suspicion: see `bcweb.review.doubt`. looked_at: see `bcweb.segmenter.Prediction`.
    """

    revision: str
    how: How
    presence: float | None
    threshold: float
    gate: float | None
    min_lesion_px: int
    probability: np.ndarray
    mask: np.ndarray
    painted_px: int
    dice: float | None = None
    iou: float | None = None
    hd95_px: float | None = None
    carried_dice: float | None = None
    uncertainty: float | None = None
    suspicion: float | None = None
    stands_for: tuple[str, ...] = ()
    looked_at: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class Prediction:
    """A prediction of a case as it is kept; `Store.map` and `Store.mask` read its files.

    stands_for: empty too of one out of fold of which nobody knows whose training the fold is.
    """

    id: int
    project_id: int
    case_id: int
    made: datetime
    revision: str
    how: How
    presence: float | None
    threshold: float
    gate: float | None
    min_lesion_px: int
    painted_px: int
    dice: float | None
    iou: float | None
    hd95_px: float | None
    carried_dice: float | None
    uncertainty: float | None
    suspicion: float | None
    map_file: str
    mask_file: str
    stands_for: tuple[str, ...] = ()
    looked_at: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class NewVerdict:
    """One decision to save.

    key: made by the client; the same key of the same reader on the same case twice is the same verdict.
    after: `CaseRow.latest_id` as the reader saw it. reason: one of `REASONS`, of a reject. mask: (H, W)
    bool, of a correction. label: what the reader says the case is, None: nothing. difficulty: 1..3.
    prediction_id: the prediction that was looked at, or that a correction began with; an accept needs it.
    beginning, threshold: the mask that a correction began with. seconds: how long it took.
    """

    decision: Decision
    key: str
    after: int | None = None
    reason: str | None = None
    mask: np.ndarray | None = None
    label: str | None = None
    difficulty: int | None = None
    comment: str = ""
    prediction_id: int | None = None
    beginning: Beginning | None = None
    threshold: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """One reader's decision on one case at one time; never changed, only followed by another.

    decision: "undo" is a verdict too: then `undoes` is the id of the one that no longer stands. mask_file:
    for `Store.mask`: the correction, or the file of what was accepted or kept; None of the others.
    revision: of that prediction, see `NewVerdict`. after: the verdict before it.
    """

    id: int
    project_id: int
    case_id: int
    reader: str
    at: datetime
    decision: Decision | Literal["undo"]
    reason: str | None
    mask_file: str | None
    painted_px: int | None
    label: str | None
    difficulty: int | None
    comment: str
    prediction_id: int | None
    revision: str | None
    beginning: Beginning | None
    threshold: float | None
    seconds: float
    key: str
    after: int | None
    undoes: int | None


@dataclass(frozen=True)
class Draft:
    """A reader's correction that is not a verdict yet; `Store.mask` reads its file.

    revision: of the weights whose prediction it began with, or that was looked at when it began with none;
    None where nobody knows.
    """

    project_id: int
    case_id: int
    reader: str
    mask_file: str
    beginning: Beginning | None
    threshold: float | None
    revision: str | None
    after: int | None
    changed: datetime
    strokes: int


class QueueRow(NamedTuple):
    """A case as the queue shows it; a tuple, for ten thousand of them are made at once.

    label: what the verdict that stands says, else the data set. decision, reader, read_at: of that
    verdict. dice: what says something of the weights: of a case that they had not seen, else the score
    out of fold, else None. twin: a case of the same picture, the one whose truth differs most.
    """

    id: int
    position: int
    dataset: str
    case: str
    label: str | None
    group: str
    modality: Modality
    decision: Decision | None
    reader: str | None
    read_at: datetime | None
    dice: float | None
    uncertainty: float | None
    suspicion: float | None
    presence: float | None
    how: How | None
    has_truth: bool
    has_draft: bool
    problem: str | None
    twin: int | None
    twin_dice: float | None


class Beside(NamedTuple):
    """Another case of a case's group, as it is named beside it."""

    id: int
    case: str
    decision: Decision | None


@dataclass(frozen=True)
class SnapshotCase:
    """A case with the verdict that stands and its newest prediction, all of one moment."""

    case: CaseRow
    verdict: Verdict | None
    prediction: Prediction | None
