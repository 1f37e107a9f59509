"""Rows of the database as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Table, func, select

from bcweb.review.records import CaseRow, Draft, Prediction, Project, Verdict
from bcweb.review.schema import cases, drafts, predictions, projects, verdicts


def _named(table: Table, record: type) -> list[ColumnElement]:
    return [table.c[field.name] for field in fields(record) if field.name in table.c]


CASE = _named(cases, CaseRow)
PREDICTION = _named(predictions, Prediction)
VERDICT = _named(verdicts, Verdict)
DRAFT = _named(drafts, Draft)


def _count(*conditions: ColumnElement) -> ScalarSelect:
    counted = select(func.count()).select_from(cases)
    return counted.where(cases.c.project_id == projects.c.id, *conditions).scalar_subquery()


PROJECT = [
    *_named(projects, Project),
    _count().label("cases"),
    _count(cases.c.prediction_id.is_not(None)).label("predicted"),
    _count(cases.c.decision.is_not(None)).label("read"),
]


def project(row: Mapping[str, Any]) -> Project:
    return Project(**{**row, "sources": tuple(row["sources"]), "notes": tuple(row["notes"])})


def case(row: Mapping[str, Any]) -> CaseRow:
    changed = {
        "file": Path(row["file"]),
        "truth_files": tuple(map(Path, row["truth_files"])),
        "window": tuple(row["window"]),
        "spacing": tuple(row["spacing"]) if row["spacing"] else None,
        "notes": tuple(row["notes"]),
        "has_truth": row["truth_file"] is not None,
    }
    return CaseRow(**{**row, **changed})


def prediction(row: Mapping[str, Any]) -> Prediction:
    changed = {
        "stands_for": tuple(row["stands_for"]),
        "looked_at": tuple(row["looked_at"]) if row["looked_at"] else None,
    }
    return Prediction(**{**row, **changed})


def verdict(row: Mapping[str, Any]) -> Verdict:
    return Verdict(**row)


def draft(row: Mapping[str, Any]) -> Draft:
    return Draft(**row)
