"""A project of made-up predictions whose figures can be worked out by hand.

Scans are 40 x 50 pixels. A truth is a square; a mask is the same square some pixels to the right, so
that its Dice is (side - shift) / side and its HD95 is the shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

from bcweb.review.records import How, NewCase, NewPrediction, Project
from bcweb.review.store import Store
from bcweb.scans import Modality

FIRST, SECOND = "ultrasound-1-aaaaaaaaaa", "ultrasound-2-bbbbbbbbbb"
FOLD, SECONDS_FOLD = "fold-3-cccccccccc", "fold-3-eeeeeeeeee"
FILMS = "mammogram-1-dddddddddd"
HEIGHT, WIDTH = 40, 50


@dataclass(frozen=True)
class Mask:
    """What weights painted: the truth's square, shifted, or another one, or nothing (shift None)."""

    shift: int | None = 0
    how: How = "unseen"
    presence: float | None = 0.9
    carried: float | None = None
    side: int = 3  # where the truth is empty
    stands_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """side: of the truth's square, 0: no lesion, None: no truth; boxed: nobody drew it. first and what follows: None: not predicted."""

    name: str
    label: str
    group: str
    side: int | None
    first: Mask | None
    second: Mask | None
    dataset: str = "set"
    fold: Mask | None = None
    seconds_fold: Mask | None = None
    problem: str | None = None
    boxed: bool = False
    modality: Modality = "ultrasound"


NOTHING = Mask(None, presence=0.1)
CASES = (
    Made("a", "benign", "1", 10, Mask(0, presence=0.9), Mask(1)),
    Made("b", "benign", "1", 10, Mask(2, presence=0.8), Mask(0)),
    Made("c", "malignant", "2", 10, Mask(5, presence=0.7), Mask(5), "other"),
    Made("d", "malignant", "3", 4, Mask(None, presence=0.6), Mask(2)),
    Made("e", "normal", "4", 0, NOTHING, Mask(0, presence=0.2)),
    Made("f", "normal", "5", 0, Mask(0, presence=0.65), NOTHING),
    Made("seen", "malignant", "6", 10, Mask(0, "seen"), Mask(0)),
    Made("carried", "benign", "7", 10, Mask(0, "seen", carried=0.6), Mask(2)),
    Made(
        "fold", "benign", "8", 20, None, Mask(0), "other", Mask(8, "out-of-fold", stands_for=(FIRST,))
    ),
    Made("no truth", "benign", "9", None, Mask(0), Mask(0)),
    Made("broken", "benign", "10", None, None, None, problem="broken.png is cut short."),
    Made("late", "benign", "11", 10, None, Mask(0)),
)  # fmt: skip

# Scores against outlines, and against the boxes of another data set.
BOXED = (
    *(Made(f"outlined {n}", "malignant", f"{n}", 10, Mask(1), None) for n in range(3)),
    *(Made(f"boxed {n}", "malignant", f"{n}", 10, Mask(9), None, "boxes", boxed=True) for n in range(4)),
)  # fmt: skip


def square(side: int | None, shift: int | None) -> np.ndarray:
    """(40, 50) bool."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    if side and shift is not None:
        mask[5 : 5 + side, 5 + shift : 5 + side + shift] = True
    return mask


def fill(store: Store, owner: str = "local", name: str = "made", cases=CASES) -> Project:
    """Make the project, with the predictions of both revisions and of a fold of each; of mammograms with
    those of weights of their own, in place of the first."""
    project = store.create(owner, name, ["folder:/nowhere/made"], {"ultrasound": "embedded"})
    store.add_cases(project.id, [case_of(made, store.home) for made in cases])
    with store.snapshot(owner, project.id) as snapshot:
        ids = {each.case.case: each.case.id for each in snapshot.cases}
    of_each = {FIRST: "first", SECOND: "second", FOLD: "fold", SECONDS_FOLD: "seconds_fold"}
    for revision, of in of_each.items():
        for made in cases:
            if (mask := getattr(made, of)) is not None:
                by = FILMS if made.modality == "mammogram" else revision
                store.add_prediction(ids[made.name], _prediction(made, mask, by))
    store.set_state(project.id, "ready")
    return store.project(owner, project.id)


def ids_of(store: Store, project: Project) -> dict[str, int]:
    with store.snapshot(project.owner, project.id) as snapshot:
        return {each.case.case: each.case.id for each in snapshot.cases}


def case_of(made: Made, folder: Path) -> NewCase:
    file = folder / "scans" / f"{quote(made.name, safe='')}.png"
    if not made.problem:
        file.parent.mkdir(exist_ok=True)
        ramp = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 251
        Image.fromarray(ramp.astype(np.uint8)).save(file)
    return NewCase(
        dataset=made.dataset,
        case=made.name,
        file=file,
        modality=made.modality,
        group=made.group,
        label=made.label,
        width=0 if made.problem else WIDTH,
        height=0 if made.problem else HEIGHT,
        truth=None if made.side is None else square(made.side, 0),
        truth_files=() if made.boxed else (file,),
        problem=made.problem,
    )


def _prediction(made: Made, mask: Mask, revision: str) -> NewPrediction:
    painted = square(made.side or mask.side, mask.shift)
    return NewPrediction(
        revision=revision,
        how=mask.how,
        presence=mask.presence,
        threshold=0.5,
        gate=None,
        min_lesion_px=0,
        probability=painted.astype(np.uint8) * 255,
        mask=painted,
        painted_px=int(painted.sum()),
        carried_dice=mask.carried,
        uncertainty=0.1 * len(made.name),
        stands_for=mask.stands_for,
    )
