"""A project's cases in the order in which they are worth reading, and how far its readers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select

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
_OF_VERDICT = [
    verdicts.c.case_id, verdicts.c.decision, verdicts.c.reader, verdicts.c.at, verdicts.c.label,
    verdicts.c.seconds,
]  # fmt: skip
_LONGEST_ASKED = 1000  # letters of a word: a pattern of many more is refused
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
    words = text.casefold().split()
    filters = [cases.c.project_id == project_id, *_of_scores(dice), *_of_words(words, blinded)]
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
    if words:
        asked = select(cases.c.id, cases.c.search).where(*filters)
        searched = dict(connection.execute(asked).tuples().all())
        rows = [row for row in rows if _has(row, words, searched[row.id])]
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


def _of_words(words: Sequence[str], blinded: bool) -> list[ColumnElement]:
    """What leaves out most cases that `_has` would, and none that it would not.

    A database knows small letters of English alone, and takes no more than some hundred words at once.
    """
    if not words:
        return []
    longest = max(words, key=len)[:_LONGEST_ASKED]
    # The text that is searched has the data set's label.
    relabelled = cases.c.label_now.is_distinct_from(cases.c.label)
    if blinded:  # what stands may be another's: theirs is on a case that somebody has decided
        relabelled = cases.c.latest_id.is_not(None)
    return [or_(cases.c.search.contains(longest, autoescape=True), relabelled)]


def _has(row: QueueRow, words: Sequence[str], searched: str) -> bool:
    """Whether each word is in the text that is searched of a case, or in the label that its row shows."""
    label = (row.label or "").casefold()
    return all(word in searched or word in label for word in words)


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
    asked = select(func.count(verdicts.c.case_id.distinct()))
    return connection.execute(asked.where(*_stands_for(project_id, reader))).scalar()


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


def _own(connection: Connection, project_id: int, reader: str | None) -> dict[int, Row | Verdict]:
    """A reader's own verdicts by case, with `_OF_VERDICT` at least: see `bcweb.review.standing`."""
    stands = _stands_for(project_id, reader)
    own = {row.case_id: row for row in connection.execute(select(*_OF_VERDICT).where(*stands))}
    # Which of several was the last takes all that was said on the case; few have been decided twice.
    twice = select(verdicts.c.case_id).where(*stands).group_by(verdicts.c.case_id)
    said = decide.readings(connection, project_id, twice.having(func.count() > 1))
    return own | {id: by_reader[reader] for id, by_reader in said.items()}


def _stands_for(project_id: int, reader: str | None) -> list[ColumnElement]:
    """The verdicts of a reader that nobody has undone."""
    return [*_not_undone(project_id), verdicts.c.reader == reader]


def _not_undone(project_id: int) -> list[ColumnElement]:
    mine = verdicts.c.project_id == project_id
    undone = select(verdicts.c.undoes).where(mine, verdicts.c.undoes.is_not(None))
    return [mine, verdicts.c.decision != "undo", verdicts.c.id.not_in(undone)]


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
        asked = select(verdicts.c.reader).distinct().where(*_not_undone(project_id))
        readers = connection.execute(asked.order_by(verdicts.c.reader)).scalars().all()
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
