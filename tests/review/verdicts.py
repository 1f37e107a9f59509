"""Verdicts on the cases of the project that `scored` makes."""

from __future__ import annotations

from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from tests.review.scored import FIRST


def decide(store: Store, case: int, decision: str, mask=None, revision=FIRST, **more) -> None:
    """What ann decides of a case on what this revision painted."""
    prediction = store.prediction("local", case, revision)
    store.save(
        "local",
        "ann",
        case,
        NewVerdict(decision, key=f"{case}", mask=mask, prediction_id=prediction.id, **more),
    )
