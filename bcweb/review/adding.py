"""Cases and predictions on their way into the database."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Text, cast, func, select

from bcweb.review import find
from bcweb.review.files import Writing
from bcweb.review.records import CaseRow, NewCase, NewPrediction, Prediction, ReviewError
from bcweb.review.schema import cases, predictions, verdicts

_NUMBERS = (
    "presence", "gate", "dice", "iou", "hd95_px", "carried_dice", "uncertainty", "suspicion",
)  # fmt: skip

# A case of a backup has its verdicts, and no scan until its data set is imported again.
NOT_HERE = "The scan is not here: it comes back when its data set is imported again."
_OTHER_PICTURE = (
    "Under this name the data set now holds another picture than the one that was reviewed: "
    "put the old one back and import it again."
)
_NOWHERE = "not here/"  # a place that is none: the files of all other cases have whole paths


def not_here(case: str) -> str:
    """What stands for the file of a case whose scan is not here."""
    name = PurePosixPath(case).name
    return _NOWHERE + (name if name.strip(".") else "scan")


def is_not_here() -> ColumnElement[bool]:
    """Whether a case waits for its scan."""
    return cast(cases.c.file, Text).like(f'"{_NOWHERE}%')


def was_not_read() -> ColumnElement[bool]:
    """Whether a case's file could not be read when it came: its size is not known."""
    return cases.c.width == 0


def has_moved(was: str | Path, now: str | Path) -> bool:
    """Whether a case's file is not where it was, but where its data set has it now."""
    return str(was) != str(now) and not os.path.exists(was)


def case_values(project_id: int, new: NewCase, files: Writing) -> dict[str, Any]:
    """A case's columns, its truth and thumbnail written to the disk."""
    if new.truth is not None and new.truth.shape != (new.height, new.width):
        raise ReviewError(f"The truth of {new.case} is not of its scan's size.")
    texts = {
        name: find.text(getattr(new, name))
        for name in ("dataset", "case", "group", "findings", "digest", "fingerprint")
    }
    label = None if new.label is None else find.text(new.label)
    words = [texts["dataset"], texts["case"], texts["group"], label, texts["findings"]]
    return {
        **texts,
        "project_id": project_id,
        "label": label,
        "label_now": label,
        "search": " ".join(filter(None, words)).casefold(),
        "modality": new.modality,
        "file": _path(new.file),
        "truth_files": list(map(_path, new.truth_files)),
        "width": int(new.width),
        "height": int(new.height),
        "depth": new.depth,
        "window": [float(value) for value in new.window],
        "spacing": [float(value) for value in new.spacing or ()],
        "notes": list(map(find.text, new.notes)),
        "problem": None if new.problem is None else find.text(new.problem),
        "truth_file": None if new.truth is None else files.mask(new.truth),
        "truth_px": None if new.truth is None else int(np.count_nonzero(new.truth)),
        "thumbnail_file": files.thumbnail(new.thumbnail) if new.thumbnail else None,
    }


def add(connection: Connection, project_id: int, batch: Sequence[dict[str, Any]]) -> int:
    """Insert those cases of the batch that are new, and give those their scan that have none or a problem with
    it, or whose file has moved; how many came, those that merely moved not counted."""
    mine = cases.c.project_id == project_id
    names = [values["case"] for values in batch]
    columns = (
        cases.c.dataset, cases.c.case, cases.c.id, cases.c.file, cases.c.digest, cases.c.problem,
        cases.c.truth_files, cases.c.verdict_id, is_not_here().label("waits"),
        was_not_read().label("unread"),
    )  # fmt: skip
    asked = select(*columns).where(mine, cases.c.case.in_(names))
    known = {(row.dataset, row.case): row for row in connection.execute(asked)}
    last = connection.execute(select(func.max(cases.c.position)).where(mine)).scalar()
    position = -1 if last is None else last
    new, came = [], 0
    for values in batch:
        name = values["dataset"], values["case"]
        if name not in known:
            known[name] = None
            position += 1
            new.append({**values, "position": position})
        elif (row := known[name]) is not None and (
            row.problem is not None or has_moved(row.file, values["file"])
        ):
            came += _bring(connection, row, values)
    if new:
        connection.execute(cases.insert(), new)
    return len(new) + came


def _bring(connection: Connection, known: Any, values: dict[str, Any]) -> bool:
    """Give a case its scan, if that is the one that was reviewed; whether it had none before.

    Of a case that has been read only the place is another then: its truth and label are those that its
    scores are of. So an outline stays one, and a box a box, whichever of the two lies there.
    """
    mine = cases.update().where(cases.c.id == known.id)
    if known.digest not in ("", values["digest"]):
        connection.execute(mine.values(problem=values["problem"] or _OTHER_PICTURE))
        return False
    if not known.waits and not known.unread:
        place = {name: values[name] for name in ("file", "problem")}
        if known.truth_files and values["truth_files"]:
            place["truth_files"] = values["truth_files"]
        connection.execute(mine.values(place))
        return False
    said = select(verdicts.c.label).where(verdicts.c.id == known.verdict_id)
    label = connection.execute(said).scalar()
    told = values if label is None else {**values, "label_now": label}
    connection.execute(mine.values(told))
    return values["problem"] is None


def prediction_values(case: CaseRow, new: NewPrediction, files: Writing) -> dict[str, Any]:
    """A prediction's columns, its map and mask written to the disk."""
    return {
        **{name: _number(getattr(new, name)) for name in _NUMBERS},
        "project_id": case.project_id,
        "case_id": case.id,
        "made": datetime.now(UTC),
        "revision": new.revision,
        "how": new.how,
        "threshold": float(new.threshold),
        "min_lesion_px": int(new.min_lesion_px),
        "painted_px": int(new.painted_px),
        "map_file": files.map(new.probability),
        "mask_file": files.mask(new.mask),
        "stands_for": new.stands_for,
        "looked_at": new.looked_at,
    }


def add_prediction(connection: Connection, values: dict[str, Any]) -> Prediction:
    """Insert a prediction, and keep beside its case what the queue shows of it."""
    made = connection.execute(predictions.insert().values(values)).inserted_primary_key[0]
    shown = {name: values[name] for name in ("how", "presence", "uncertainty", "suspicion")}
    score = values["carried_dice" if values["how"] == "seen" else "dice"]
    mine = cases.update().where(cases.c.id == values["case_id"])
    connection.execute(mine.values(prediction_id=made, score=score, **shown))
    return Prediction(id=made, **values)


def predicted_by(revision: str) -> ColumnElement:
    """Whether a case has a prediction by this revision."""
    return (
        select(predictions.c.id)
        .where(predictions.c.case_id == cases.c.id, predictions.c.revision == revision)
        .exists()
    )


def _path(file: Path) -> str:
    return str(Path(file).absolute())


def _number(value: float | None) -> float | None:
    """None for what is not a number: databases disagree on those."""
    return None if value is None or math.isnan(value) else float(value)
