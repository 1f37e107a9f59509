"""Finding things within a transaction: by whoever asks, or `NotThere`; the same for what is another's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from bcweb import names
from bcweb.review import rows
from bcweb.review.records import Beside, CaseRow, NotThere, Prediction, Project, Verdict
from bcweb.review.schema import cases, drafts, predictions, projects, verdicts

_LARGEST_ID = 2**31 - 1


def one(connection: Connection, asked: Select) -> RowMapping | None:
    return connection.execute(asked).mappings().first()


def project(connection: Connection, owner: str, name_or_id: str | int) -> Project:
    if isinstance(name_or_id, str):
        which = projects.c.name == text(name_or_id).strip()
    else:
        which = projects.c.id == _id(name_or_id)
    asked = select(*rows.PROJECT).where(which, projects.c.owner == owner, _THERE)
    found = one(connection, asked)
    if found is None:
        raise NotThere("There is no such project.")
    return rows.project(found)


def lock_project(
    connection: Connection, project_id: int, owner: str | None, alone: bool = True
) -> str:
    """Hold a project until the transaction ends; its folder. owner: None is anybody.

    alone: nobody else may hold it; False: others may too, but nobody alone.
    """
    asked = select(projects.c.folder).where(projects.c.id == _id(project_id), _THERE)
    if owner is not None:
        asked = asked.where(projects.c.owner == owner)
    folder = connection.execute(asked.with_for_update(read=not alone)).scalar()
    if folder is None:
        raise NotThere("There is no such project.")
    return folder


def case(connection: Connection, case_id: int, owner: str | None) -> tuple[CaseRow, str]:
    """A case and its project's folder. owner: None is anybody."""
    return _case(connection, _case_of(case_id, owner))


def lock_case(connection: Connection, known: CaseRow, owner: str | None) -> CaseRow:
    """The case as it is now, held until the transaction ends, and its project with it."""
    lock_project(connection, known.project_id, owner, alone=False)
    asked = _case_of(known.id, owner).with_for_update(of=cases)
    return _case(connection, asked)[0]


def cases_where(connection: Connection, *conditions: ColumnElement) -> list[CaseRow]:
    """In the data sets' order."""
    asked = select(*rows.CASE).where(*conditions).order_by(cases.c.position)
    return [rows.case(row) for row in connection.execute(asked).mappings()]


def same_group(connection: Connection, known: CaseRow, most: int) -> tuple[list[Beside], int]:
    """The first of the other cases of a case's group, in the data set's order, and how many there are.

    No index: 10,000 cases of one data set are gone through in 5 ms, and each is asked for ahead.
    """
    if not known.group:  # those of no group are not of one
        return [], 0
    asked = select(cases.c.id, cases.c.case, cases.c.decision, func.count().over()).where(
        cases.c.project_id == known.project_id,
        cases.c.dataset == known.dataset,
        cases.c.group == known.group,
        cases.c.id != known.id,
    )
    found = connection.execute(asked.order_by(cases.c.position).limit(most)).all()
    return [Beside(*row[:-1]) for row in found], found[0][-1] if found else 0


def predictions_where(connection: Connection, *conditions: ColumnElement) -> list[Prediction]:
    """In the order of their cases."""
    asked = select(*rows.PREDICTION).join(cases, cases.c.id == predictions.c.case_id)
    found = connection.execute(asked.where(*conditions).order_by(cases.c.position)).mappings()
    return [rows.prediction(row) for row in found]


def verdict(connection: Connection, verdict_id: int, owner: str) -> Verdict:
    asked = (
        select(*rows.VERDICT)
        .join(projects, projects.c.id == verdicts.c.project_id)
        .where(verdicts.c.id == _id(verdict_id), projects.c.owner == owner, _THERE)
    )
    found = one(connection, asked)
    if found is None:
        raise NotThere("There is no such verdict.")
    return rows.verdict(found)


def verdicts_where(connection: Connection, *conditions: ColumnElement) -> list[Verdict]:
    """The oldest first."""
    asked = select(*rows.VERDICT).where(*conditions).order_by(verdicts.c.id)
    return [rows.verdict(row) for row in connection.execute(asked).mappings()]


def standing_verdicts(connection: Connection, project_id: int) -> list[Verdict]:
    asked = select(*rows.VERDICT).join(cases, cases.c.verdict_id == verdicts.c.id)
    found = connection.execute(asked.where(cases.c.project_id == project_id)).mappings()
    return [rows.verdict(row) for row in found]


def draft_of(reader: str, case_id: int) -> Sequence[ColumnElement]:
    return drafts.c.case_id == _id(case_id), drafts.c.reader == text(reader).strip()


def text(value: str) -> str:
    """As both databases keep it: PostgreSQL takes no 0."""
    return names.text(value).replace("\0", "")


_THERE = projects.c.deleted.is_(None)


def _id(value: int) -> int:
    if not 0 < value <= _LARGEST_ID:
        raise NotThere("There is nothing under this number.")
    return value


def _case_of(case_id: int, owner: str | None) -> Select:
    asked = (
        select(*rows.CASE, projects.c.folder)
        .join(projects, projects.c.id == cases.c.project_id)
        .where(cases.c.id == _id(case_id), _THERE)
    )
    return asked if owner is None else asked.where(projects.c.owner == owner)


def _case(connection: Connection, asked: Select) -> tuple[CaseRow, str]:
    found = one(connection, asked)
    if found is None:
        raise NotThere("There is no such case.")
    values = dict(found)
    folder = values.pop("folder")
    return rows.case(values), folder
