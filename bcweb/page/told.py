"""What the browser is told of projects, cases and verdicts, as JSON takes it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bcweb.review.records import Beside, CaseRow, Draft, Prediction, Project, QueueRow, Verdict
from bcweb.scans import is_caution

_READ_AT = QueueRow._fields.index("read_at")


def project(of: Project, newest: int | None, may_see_paths: bool) -> dict[str, Any]:
    """newest: the number of its newest prediction. may_see_paths: whether who asks may know where on this machine the
    data lie."""
    return {
        "id": of.id,
        "name": of.name,
        "sources": list(of.sources) if may_see_paths else [_kind(source) for source in of.sources],
        "created": _moment(of.created),
        "cases": of.cases,
        "predicted": of.predicted,
        "newest": newest,
        "read": of.read,
        "state": of.state,
        "problem": of.problem,
        "notes": list(of.notes) if may_see_paths else [],
    }


def queue(rows: Sequence[QueueRow]) -> bytes:
    """JSON of {"columns", "rows"}: 10,000 rows as arrays are a third of what they were with their names."""
    told = []
    for row in rows:
        values: list[Any] = list(row)
        if values[_READ_AT] is not None:
            values[_READ_AT] = _moment(values[_READ_AT])
        told.append(values)
    content = {"columns": QueueRow._fields, "rows": told}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def case(of: CaseRow, prediction: Prediction | None, may_see_paths: bool) -> dict[str, Any]:
    """A `ScanInfo` for the viewer, and what else is known of the case."""
    told = {
        "id": str(of.id),
        "project": of.project_id,
        "position": of.position,
        "name": of.case,
        "path": str(of.file) if may_see_paths else of.file.name,
        "dataset": of.dataset,
        "group": of.group,
        "label": of.label,
        "findings": of.findings,
        "problem": of.problem,
        "width": of.width,
        "height": of.height,
        "depth": of.depth,
        "window": list(of.window),
        "spacing": list(of.spacing) if of.spacing else None,
        "modality": of.modality,
        "notes": list(of.notes),
        "cautions": list(filter(is_caution, of.notes)),
        "has_truth": of.has_truth,
        "truth_px": of.truth_px,
        "twin": of.twin,
        "twin_dice": of.twin_dice,
        "decision": of.decision,
        "verdict": of.verdict_id,
        "latest": of.latest_id,
    }
    return told | _prediction(prediction)


def _prediction(of: Prediction | None) -> dict[str, Any]:
    names = (
        "presence", "threshold", "gate", "min_lesion_px", "revision", "how", "painted_px", "dice",
        "iou", "hd95_px", "carried_dice", "uncertainty", "suspicion", "looked_at",
    )  # fmt: skip
    return {
        "segmented": of is not None,
        "prediction": of.id if of else None,
        **{name: getattr(of, name) if of else None for name in names},
    }


def same_group(beside: Sequence[Beside], count: int) -> dict[str, Any]:
    """The first of the other cases of a case's group. count: of all of them."""
    told = [{"id": one.id, "name": one.case, "decision": one.decision} for one in beside]
    return {"same_group": told, "same_group_count": count}


def verdict(of: Verdict) -> dict[str, Any]:
    left_out = ("project_id", "mask_file", "key", "prediction_id")
    fields = {k: v for k, v in dataclasses.asdict(of).items() if k not in left_out}
    return fields | {"at": _moment(of.at), "has_mask": of.mask_file is not None}


def saved(of: Verdict, now: CaseRow) -> dict[str, Any]:
    """A verdict that was sent, and what came of it. label_now: of the case, by it. stands: no longer, where it had come
    before and was undone or followed since."""
    label = now.label if of.label is None else of.label
    return verdict(of) | {"label_now": label, "stands": now.verdict_id == of.id}


def draft(of: Draft | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "beginning": of.beginning,
        "threshold": of.threshold,
        "revision": of.revision,
        "after": of.after,
        "changed": _moment(of.changed),
        "strokes": of.strokes,
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _kind(source: str) -> str:
    return source.partition(":")[0]
