"""A project's cases in the order in which they are worth reading, and how far its readers are."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from bcweb.review import decide
from bcweb.review.records import DECISIONS, ORDERS, QueueRow, ReviewError, Verdict
from bcweb.review.schema import cases, drafts, verdicts

_BEFORE_DRAFT = [
    cases.c.id, cases.c.position, cases.c.dataset, cases.c.case, cases.c.label_now, cases.c.group,
    cases.c.modality, cases.c.decision, cases.c.reader, cases.c.read_at, cases.c.score,
    cases.c.uncertainty, cases.c.suspicion, cases.c.presence, cases.c.how,
    cases.c.truth_file.is_not(None),
]  # fmt: skip
_AFTER_DRAFT = [cases.c.problem, cases.c.twin, cases.c.twin_dice]
_PAIR = case((cases.c.twin < cases.c.id, cases.c.twin), else_=cases.c.id)
_ORDERS: dict[str, tuple[ColumnElement, ...]] = {
    "worst": (cases.c.score.asc().nulls_last(),),
    "uncertain": (cases.c.uncertainty.desc().nulls_last(),),
    "suspect": (cases.c.suspicion.desc().nulls_last(),),
    "twins": (cases.c.twin_dice.asc().nulls_last(), _PAIR),
    "unread": (cases.c.decision.is_not(None),),
    "random": (),
    "listed": (),
}


def queue(
    connection: Connection,
    project_id: int,
    order: str = "worst",
    label: str | None = None,
    decision: str | None = None,
    text: str = "",
    dice: tuple[float | None, float | None] = (None, None),
    seed: int = 0,
    reader: str | None = None,
    blinded: bool = False,
) -> list[QueueRow]:
    """The cases that pass all filters, in this order; equals in the data sets' order.

    order: worst, uncertain, suspect: that score first, cases without it last. twins: only cases whose
    picture another case shows with another truth, the worst pair first, side by side. unread: those
    without a verdict first. random: the same for the same seed, whatever the filters.
    label: "" is none. decision: one of the five, "unread" or "read". text: in data set, case, group,
    label (also the one that a reader gave it) or findings, large and small letters alike. dice: least and most, of
    `QueueRow.dice`.
    reader: whose drafts; None: anybody's. blinded: the reader is told of no other's verdict: decision, reader, moment
    and label are of their own, and so are the filters. `ReviewError`: there is no such order or decision.
    """
    if order not in ORDERS:
        raise ReviewError(f"There is no order {order!r}; there are {', '.join(ORDERS)}.")
    if decision not in (None, "unread", "read", *DECISIONS):
        raise ReviewError(
            f"There is no decision {decision!r}; there are {', '.join(DECISIONS)}, unread, read."
        )
    filters = [cases.c.project_id == project_id, *_of_scores(dice), *_of_text(text, blinded)]
    if not blinded:
        filters += _of_verdicts(label, decision)
    if order == "twins":
        filters.append(cases.c.twin_dice < 1)  # not of those without a truth, which have none
    drafted = select(drafts.c.case_id).where(drafts.c.project_id == project_id)
    if reader is not None:
        drafted = drafted.where(drafts.c.reader == reader)
    asked = select(*_BEFORE_DRAFT, cases.c.id.in_(drafted), *_AFTER_DRAFT).where(*filters)
    by = () if blinded and order == "unread" else _ORDERS[order]
    found = connection.execute(asked.order_by(*by, cases.c.position))
    rows = [QueueRow._make(row) for row in found]
    if blinded:
        rows = _as_read_by(connection, project_id, reader, rows)
        rows = [row for row in rows if _passes(row, label, decision)]
        if order == "unread":
            rows.sort(key=lambda row: row.decision is not None)
    if order == "random":
        last = max((row.position for row in rows), default=-1)
        drawn = (
            np.random.default_rng(abs(seed)).random(last + 1).tolist()
        )  # more cases change no earlier one's
        rows.sort(key=lambda row: drawn[row.position])
    return rows


def _of_verdicts(label: str | None, decision: str | None) -> list[ColumnElement]:
    filters = []
    if label is not None:
        filters.append(cases.c.label_now == label if label else cases.c.label_now.is_(None))
    if decision == "unread":
        filters.append(cases.c.decision.is_(None))
    elif decision == "read":
        filters.append(cases.c.decision.is_not(None))
    elif decision is not None:
        filters.append(cases.c.decision == decision)
    return filters


def _of_text(text: str, blinded: bool) -> list[ColumnElement]:
    label_now = func.lower(cases.c.label_now)  # the text that is searched has the data set's
    places = (cases.c.search,) if blinded else (cases.c.search, label_now)
    return [
        or_(*(said.contains(word, autoescape=True) for said in places))
        for word in text.casefold().split()
    ]


def _of_scores(dice: tuple[float | None, float | None]) -> list[ColumnElement]:
    low, high = dice
    filters = []
    if low is not None:
        filters.append(cases.c.score >= low)
    if high is not None:
        filters.append(cases.c.score <= high)
    return filters


def read_by(connection: Connection, project_id: int, reader: str) -> int:
    """On how many cases of a project a verdict of this reader was not undone."""
    return len(_own(connection, project_id, reader))


def _as_read_by(
    connection: Connection, project_id: int, reader: str | None, rows: list[QueueRow]
) -> list[QueueRow]:
    """The rows with what this reader alone says of the cases."""
    labels, said = _labels(connection, project_id), _own(connection, project_id, reader)
    own = []
    for row in rows:
        by, label = said.get(row.id), labels[row.id]
        told = {"decision": None, "reader": None, "read_at": None, "label": label}
        if by is not None:
            told = {"decision": by.decision, "reader": by.reader, "read_at": by.at}
            told["label"] = label if by.label is None else by.label
        own.append(row._replace(**told))
    return own


def _own(connection: Connection, project_id: int, reader: str | None) -> dict[int, Verdict]:
    """A reader's own verdicts by case: see `bcweb.review.standing`."""
    found = decide.readings(connection, project_id, reader)
    return {id: by_reader[reader] for id, by_reader in found.items() if reader in by_reader}


def _labels(connection: Connection, project_id: int) -> dict[int, str | None]:
    """Those of the data set, by case."""
    asked = select(cases.c.id, cases.c.label).where(cases.c.project_id == project_id)
    return dict(connection.execute(asked).all())


def _passes(row: QueueRow, label: str | None, decision: str | None) -> bool:
    if label is not None and (row.label or "") != label:
        return False
    if decision in ("read", "unread"):
        return (row.decision is not None) == (decision == "read")
    return decision is None or row.decision == decision


def counts(connection: Connection, project_id: int, reader: str | None = None) -> dict[str, Any]:
    """How far a project is.

    cases, predicted, read (with a verdict that stands), problems (cannot be read), drafts: numbers.
    decisions: how many of each stand. labels: all cases by label, "" is none. seconds: the median that a
    standing verdict took, None without one. readers: of whom any verdict was not undone, by name. reader: read, decisions, labels,
    seconds and readers are of this reader's own verdicts, whatever others say.
    """
    mine = cases.c.project_id == project_id
    by_decision, by_label = Counter(), Counter()
    grouped = select(cases.c.decision, cases.c.label_now, func.count()).where(mine)
    for decision, label, n in connection.execute(
        grouped.group_by(cases.c.decision, cases.c.label_now)
    ):
        by_decision[decision] += n
        by_label[label or ""] += n
    everything = sum(by_decision.values())
    by_decision.pop(None, None)

    def number(*conditions: ColumnElement) -> int:
        asked = select(func.count()).select_from(cases).where(mine, *conditions)
        return connection.execute(asked).scalar()

    if reader is None:
        read = by_decision.total()
        times = select(cases.c.seconds).where(mine, cases.c.seconds.is_not(None))
        middle = times.order_by(cases.c.seconds).offset((read - 1) // 2).limit(2 - read % 2)
        seconds = connection.execute(middle).scalars().all() if read else []
        undone = select(verdicts.c.undoes).where(
            verdicts.c.project_id == project_id, verdicts.c.undoes.is_not(None)
        )
        readers = connection.execute(
            select(verdicts.c.reader).distinct()
            .where(
                verdicts.c.project_id == project_id,
                verdicts.c.decision != "undo",
                verdicts.c.id.not_in(undone),
            )
            .order_by(verdicts.c.reader)
        ).scalars().all()  # fmt: skip
    else:
        own = _own(connection, project_id, reader)
        labels = _labels(connection, project_id)
        by_decision = Counter(verdict.decision for verdict in own.values())
        labels |= {id: v.label for id, v in own.items() if v.label is not None}
        by_label = Counter(label or "" for label in labels.values())
        seconds = [verdict.seconds for verdict in own.values()]
        readers = [reader] if own else []
    drafted = select(func.count()).select_from(drafts).where(drafts.c.project_id == project_id)
    return {
        "cases": everything,
        "predicted": number(cases.c.prediction_id.is_not(None)),
        "read": by_decision.total(),
        "problems": number(cases.c.problem.is_not(None)),
        "drafts": connection.execute(drafted).scalar(),
        "decisions": {name: by_decision[name] for name in DECISIONS if by_decision[name]},
        "labels": dict(sorted(by_label.items())),
        "seconds": median(seconds) if seconds else None,
        "readers": list(readers),
    }
