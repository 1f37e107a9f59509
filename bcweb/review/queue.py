"""A project's cases in the order in which they are worth reading, and how far its readers are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from bcweb.review.records import DECISIONS, ORDERS, QueueRow, ReviewError
from bcweb.review.schema import cases, drafts

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
) -> list[QueueRow]:
    """The cases that pass all filters, in this order; equals in the data sets' order.

    order: worst, uncertain, suspect: that score first, cases without it last. twins: only cases whose
    picture another case shows with another truth, the worst pair first, side by side. unread: those
    without a verdict first. random: the same for the same seed, whatever the filters.
    label: "" is none. decision: one of the five, "unread" or "read". text: in data set, case, group,
    label (also the one that a reader gave it) or findings, large and small letters alike. dice: least and most, of
    `QueueRow.dice`.
    reader: whose drafts; None: anybody's. `ReviewError`: there is no such order or decision.
    """
    if order not in ORDERS:
        raise ReviewError(f"There is no order {order!r}; there are {', '.join(ORDERS)}.")
    filters = [cases.c.project_id == project_id, *_filters(label, decision, text, dice)]
    if order == "twins":
        filters.append(cases.c.twin_dice < 1)  # not of those without a truth, which have none
    drafted = select(drafts.c.case_id).where(drafts.c.project_id == project_id)
    if reader is not None:
        drafted = drafted.where(drafts.c.reader == reader)
    asked = select(*_BEFORE_DRAFT, cases.c.id.in_(drafted), *_AFTER_DRAFT).where(*filters)
    found = connection.execute(asked.order_by(*_ORDERS[order], cases.c.position))
    rows = [QueueRow._make(row) for row in found]
    if order == "random":
        last = max((row.position for row in rows), default=-1)
        drawn = (
            np.random.default_rng(abs(seed)).random(last + 1).tolist()
        )  # more cases change no earlier one's
        rows.sort(key=lambda row: drawn[row.position])
    return rows


def _filters(
    label: str | None,
    decision: str | None,
    text: str,
    dice: tuple[float | None, float | None],
) -> list[ColumnElement]:
    filters = []
    if label is not None:
        filters.append(cases.c.label_now == label if label else cases.c.label_now.is_(None))
    if decision == "unread":
        filters.append(cases.c.decision.is_(None))
    elif decision == "read":
        filters.append(cases.c.decision.is_not(None))
    elif decision is not None:
        if decision not in DECISIONS:
            raise ReviewError(
                f"There is no decision {decision!r}; there are {', '.join(DECISIONS)}, unread, read."
            )
        filters.append(cases.c.decision == decision)
    label_now = func.lower(cases.c.label_now)  # the text that is searched has the data set's
    filters += [
        or_(*(said.contains(word, autoescape=True) for said in (cases.c.search, label_now)))
        for word in text.casefold().split()
    ]
    low, high = dice
    if low is not None:
        filters.append(cases.c.score >= low)
    if high is not None:
        filters.append(cases.c.score <= high)
    return filters


def counts(connection: Connection, project_id: int) -> dict[str, Any]:
    """How far a project is.

    cases, predicted, read (with a verdict that stands), problems (cannot be read), drafts: numbers.
    decisions: how many of each stand. labels: all cases by label, "" is none. seconds: the median that a
    standing verdict took, None without one.
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
    read = everything - by_decision.pop(None, 0)

    def number(*conditions: ColumnElement) -> int:
        asked = select(func.count()).select_from(cases).where(mine, *conditions)
        return connection.execute(asked).scalar()

    times = select(cases.c.seconds).where(mine, cases.c.seconds.is_not(None))
    middle = times.order_by(cases.c.seconds).offset((read - 1) // 2).limit(2 - read % 2)
    seconds = connection.execute(middle).scalars().all() if read else []
    drafted = select(func.count()).select_from(drafts).where(drafts.c.project_id == project_id)
    return {
        "cases": everything,
        "predicted": number(cases.c.prediction_id.is_not(None)),
        "read": read,
        "problems": number(cases.c.problem.is_not(None)),
        "drafts": connection.execute(drafted).scalar(),
        "decisions": {name: by_decision[name] for name in DECISIONS if by_decision[name]},
        "labels": dict(sorted(by_label.items())),
        "seconds": sum(seconds) / len(seconds) if seconds else None,
    }
