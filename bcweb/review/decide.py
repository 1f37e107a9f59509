"""The rules of a verdict: what one may say, and how one is appended."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, func, select

from bcweb.review import find
from bcweb.review.records import (
    BEGINNINGS,
    DECISIONS,
    REASONS,
    CaseRow,
    Conflict,
    NewVerdict,
    Prediction,
    ReviewError,
    Verdict,
)
from bcweb.review.schema import cases, predictions, verdicts
from bcweb.review.standing import standing_by_reader

_LONGEST = {"key": 200, "name": 200, "label": 200, "comment": 10_000}  # letters


def check(verdict: NewVerdict) -> None:
    """Raise `ReviewError` for what no case could be decided by."""
    if verdict.decision not in DECISIONS:
        raise ReviewError(f"There is no decision {verdict.decision!r}.")
    if verdict.decision == "reject" and verdict.reason not in REASONS:
        raise ReviewError(f"A reject needs a reason: {', '.join(REASONS)}.")
    if verdict.decision != "reject" and verdict.reason is not None:
        raise ReviewError("Only a reject has a reason.")
    if (verdict.decision == "corrected") != (verdict.mask is not None):
        raise ReviewError("A correction has a mask, and nothing else has.")
    if verdict.difficulty not in (None, 1, 2, 3):
        raise ReviewError("A difficulty is 1, 2 or 3.")
    check_beginning(verdict.beginning, verdict.threshold)
    if not (math.isfinite(verdict.seconds) and verdict.seconds >= 0):
        raise ReviewError("A verdict takes 0 seconds or more.")


def check_beginning(beginning: str | None, threshold: float | None) -> None:
    if beginning not in (None, *BEGINNINGS):
        raise ReviewError(f"A correction cannot begin with {beginning!r}.")
    if threshold is not None and not 0 <= threshold <= 1:
        raise ReviewError("A threshold is between 0 and 1.")


def check_size(case: CaseRow, mask: np.ndarray) -> None:
    if mask.shape != (case.height, case.width):
        size = "x".join(map(str, mask.shape[::-1]))
        raise ReviewError(f"The mask is {size} pixels, the scan {case.width}x{case.height}.")


def words(kind: str, value: str) -> str:
    """What a person or a client wrote: a key, a reader's name, a label or a comment."""
    value = find.text(value)
    if kind in ("key", "name"):
        value = unicodedata.normalize(
            "NFC", value.strip()
        )  # of one name two spellings look the same
        if not value:
            raise ReviewError("A verdict needs a key." if kind == "key" else "Who is reading?")
    if len(value) > _LONGEST[kind]:
        raise ReviewError(f"A {kind} has {_LONGEST[kind]} letters at most.")
    return value


def readings(
    connection: Connection, project_id: int, of: Select | None = None
) -> dict[int, dict[str, Verdict]]:
    """`standing_by_reader` of each case of a project on which anybody's verdict stands, by the case's id. of: the ids of
    those cases that are asked for, None: all.
    """
    wanted = [verdicts.c.project_id == project_id]
    if of is not None:
        wanted.append(verdicts.c.case_id.in_(of))
    histories: dict[int, list[Verdict]] = defaultdict(list)
    for verdict in find.verdicts_where(connection, *wanted):
        histories[verdict.case_id].append(verdict)
    found = {id: standing_by_reader(history) for id, history in histories.items()}
    return {id: by_reader for id, by_reader in found.items() if by_reader}


def conflict(connection: Connection, case: CaseRow) -> Conflict:
    [latest] = find.verdicts_where(connection, verdicts.c.id == case.latest_id)
    return Conflict.told(latest, latest.reader)


def same_key(connection: Connection, case: CaseRow, reader: str, key: str) -> Verdict | None:
    """The verdict that this reader saved under this key."""
    mine = (verdicts.c.case_id == case.id, verdicts.c.reader == reader, verdicts.c.key == key)
    found = find.verdicts_where(connection, *mine)
    return found[0] if found else None


def values(
    connection: Connection, case: CaseRow, verdict: NewVerdict, drawn: str | None
) -> dict[str, Any]:
    """The columns of a verdict on this case. drawn: the file of a correction."""
    judged = _judged(connection, case, verdict)
    return {
        "decision": verdict.decision,
        "reason": verdict.reason,
        "label": None if verdict.label is None else words("label", verdict.label),
        "difficulty": verdict.difficulty,
        "comment": words("comment", verdict.comment),
        "prediction_id": verdict.prediction_id,
        "revision": judged and judged.revision,
        "beginning": verdict.beginning,
        "threshold": verdict.threshold,
        "seconds": float(verdict.seconds),
        **_mask_of(case, verdict, judged, drawn),
    }


def _judged(connection: Connection, case: CaseRow, verdict: NewVerdict) -> Prediction | None:
    if verdict.prediction_id is None:
        return None
    shown = predictions.c.id == verdict.prediction_id, predictions.c.case_id == case.id
    found = find.predictions_where(connection, *shown)
    if not found:
        raise ReviewError("The prediction that was looked at is not of this case.")
    return found[0]


def _mask_of(
    case: CaseRow, verdict: NewVerdict, judged: Prediction | None, drawn: str | None
) -> dict[str, Any]:
    if verdict.decision == "accept":
        if judged is None:
            raise ReviewError("There is no prediction to accept.")
        return {"mask_file": judged.mask_file, "painted_px": judged.painted_px}
    if verdict.decision == "truth":
        if case.truth_file is None:
            raise ReviewError("There is no truth to keep.")
        return {"mask_file": case.truth_file, "painted_px": case.truth_px}
    if verdict.mask is None:
        return {}
    return {"mask_file": drawn, "painted_px": int(np.count_nonzero(verdict.mask))}


def append(connection: Connection, case: CaseRow, reader: str, key: str, **values: Any) -> Verdict:
    """Insert a verdict on a case that is held; it does not stand yet.

    It is later than what it follows, also than what a clock that is ahead said (see `bcweb.review.standing.as_said`).
    """
    newest = select(func.max(verdicts.c.at)).where(verdicts.c.case_id == case.id)
    before = connection.execute(newest).scalar()
    now = datetime.now(UTC)
    row = {
        "project_id": case.project_id,
        "case_id": case.id,
        "reader": reader,
        "at": now if before is None else max(now, before + timedelta(microseconds=1)),
        "reason": None,
        "mask_file": None,
        "painted_px": None,
        "label": None,
        "difficulty": None,
        "comment": "",
        "prediction_id": None,
        "revision": None,
        "beginning": None,
        "threshold": None,
        "seconds": 0.0,
        "key": key,
        "after": case.latest_id,
        "undoes": None,
        **values,
    }
    made = connection.execute(verdicts.insert().values(row)).inserted_primary_key[0]
    return Verdict(id=made, **row)


def stand(connection: Connection, case: CaseRow, latest: Verdict, stands: Verdict | None) -> None:
    """Keep beside the case what stands now, for the queue."""
    values = {
        "latest_id": latest.id,
        "verdict_id": stands.id if stands else None,
        "decision": stands.decision if stands else None,
        "reader": stands.reader if stands else None,
        "read_at": stands.at if stands else None,
        "seconds": stands.seconds if stands else None,
        "label_now": stands.label if stands and stands.label is not None else case.label,
    }
    connection.execute(cases.update().where(cases.c.id == case.id).values(values))
