"""The project of `tests.review.scored`, of which two readers decided the same cases, one after the other."""

from __future__ import annotations

from typing import Any

from bcweb.review.records import NewVerdict, Project, Verdict
from bcweb.review.store import Store
from tests.review.scored import FIRST, fill, ids_of, square

ANNA, BEN = "ANNA", "BEN"


def read(
    store: Store, project: Project, reader: str, name: str, decision: str, **more: Any
) -> Verdict:
    """A reader's verdict on top of what was said before; one on a prediction is on the first revision's."""
    case = store.case(project.owner, ids_of(store, project)[name])
    made = store.prediction(project.owner, case.id, FIRST)
    key = f"{reader} after {case.latest_id}"
    verdict = NewVerdict(decision, key, case.latest_id, prediction_id=made and made.id, **more)
    return store.save(project.owner, reader, case.id, verdict)


def draw(store: Store, project: Project, reader: str, name: str, mask, **more: Any) -> Verdict:
    """A correction that began with nothing, unless `beginning` says with what."""
    return read(
        store, project, reader, name, "corrected", mask=mask, **{"beginning": "empty", **more}
    )


def fill_twice(store: Store, **more: Any) -> Project:
    """ANNA reads first. What comes of it: tests/review/test_agreement.py."""
    project = fill(store, **more)
    nothing = square(None, None)
    draw(store, project, ANNA, "a", square(10, 0), label="benign")
    read(store, project, ANNA, "b", "accept", label="benign")
    draw(store, project, ANNA, "c", square(10, 4), beginning="prediction")
    read(store, project, ANNA, "d", "reject", reason="unreadable")
    draw(store, project, ANNA, "e", nothing)
    draw(store, project, ANNA, "f", nothing)
    read(store, project, ANNA, "seen", "truth")
    draw(store, project, BEN, "a", square(10, 1), label="malignant")
    read(store, project, BEN, "b", "truth", label="benign")
    draw(store, project, BEN, "c", square(10, 5), beginning="prediction", label="malignant")
    read(store, project, BEN, "d", "truth")
    draw(store, project, BEN, "e", nothing)
    read(store, project, BEN, "f", "accept")
    read(store, project, BEN, "seen", "truth")
    return store.project(project.owner, project.id)
