"""A project of a backup on its way back into the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from bcweb.review import decide, find
from bcweb.review.adding import NOT_HERE, not_here
from bcweb.review.database import Database
from bcweb.review.files import Files, Writing
from bcweb.review.records import Verdict
from bcweb.review.schema import cases, projects, verdicts
from bcweb.review.standing import in_turn, standing
from bcweb.review.vault_format import KeptCase, KeptProject, KeptVerdict, verdict_name

_MOST_ID = 2**30  # far below what the databases can count to


def restore(
    database: Database,
    files: Files,
    project: KeptProject,
    found: Sequence[KeptCase],
    said: Sequence[KeptVerdict],
    owner: str | None,
) -> int:
    """See `bcweb.review.ledger.Ledger.restore`."""
    said = in_order(said)
    files.begin(project.key)
    with files.writing(project.key) as writing:
        masks = {verdict.name: _mask(verdict, writing) for verdict in said}
        with database.writing() as connection:
            if not database.sqlite:
                tables = "projects, cases, verdicts"
                connection.execute(text(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE"))
            project_id = _project(connection, project, owner or project.owner)
            if project_id is None:
                files.remove_all(project.key)
                return 0
            writing.publish()
            known = _cases(connection, project_id, [*found, *(verdict.case for verdict in said)])
            added = _verdicts(connection, project_id, known, said, masks)
            if not database.sqlite:
                for table in (projects, cases, verdicts):
                    _go_on_counting(connection, table)
    return added


def in_order(said: Iterable[KeptVerdict]) -> list[KeptVerdict]:
    """As they were said, and none before the one that it follows or undoes.

    That is the order of their numbers, for clocks may go backwards; where two databases gave the same
    number, each its own, it is the order of their times.
    """
    said = list(said)
    is_one = len({v.number for v in said}) == len(said)
    by = (lambda v: v.number) if is_one else (lambda v: (v.at, v.number))
    return in_turn({v.name: v for v in sorted(said, key=by)})


def _mask(verdict: KeptVerdict, writing: Writing) -> str | None:
    mask = verdict.mask()
    return None if mask is None else writing.mask(mask)


def _project(connection: Connection, project: KeptProject, owner: str) -> int | None:
    """The id of the project with this key; made where there is none, None where it was deleted."""
    asked = select(projects.c.id, projects.c.deleted).where(projects.c.folder == project.key)
    there = connection.execute(asked).first()
    if there is not None:
        return there.id if there.deleted is None else None
    mine = select(projects.c.name).where(projects.c.owner == owner, projects.c.deleted.is_(None))
    taken = set(connection.execute(mine).scalars())
    name, number = project.name, 1
    while name in taken:
        number += 1
        name = f"{project.name} ({number})"
    [made] = _free_ids(connection, projects, [project.number])
    values = {
        "id": made,
        "name": name,
        "owner": owner,
        "folder": project.key,
        "sources": list(project.sources),
        "weights": dict(project.weights),
        "created": project.created,
        "state": "cancelled",
        "problem": "Brought back from the backup; import its data set again to see its scans.",
        "notes": [],
    }
    connection.execute(projects.insert().values(values))
    return made


def _cases(
    connection: Connection, project_id: int, found: Sequence[KeptCase]
) -> dict[tuple[str, str], int]:
    """The id of each case by data set and name; those that are new wait for their scans."""
    asked = select(cases.c.dataset, cases.c.case, cases.c.id, cases.c.position)
    there = connection.execute(asked.where(cases.c.project_id == project_id)).all()
    known = {(row.dataset, row.case): row.id for row in there}
    places = {row.position for row in there}
    new: dict[tuple[str, str], KeptCase] = {}
    for case in found:
        name = case.dataset, case.case
        # Of one that could not be read at first a backup has a record without its digest, too.
        if name not in known and (name not in new or (case.digest and not new[name].digest)):
            new[name] = case
    rows = []
    ids = _free_ids(connection, cases, [case.number for case in new.values()])
    for made, case in zip(ids, new.values(), strict=True):
        place = case.position
        if place in places:
            place = max(places) + 1
        places.add(place)
        rows.append(_waiting(project_id, made, place, case))
        known[case.dataset, case.case] = made
    if rows:
        connection.execute(cases.insert(), rows)
    return known


def _waiting(project_id: int, made: int, position: int, case: KeptCase) -> dict[str, Any]:
    """The row of a case whose scan is not here yet."""
    words = [case.dataset, case.case, case.group, case.label]
    return {
        "id": made, "project_id": project_id, "position": position, "dataset": case.dataset,
        "case": case.case, "group": case.group, "label": case.label, "label_now": case.label,
        "modality": case.modality, "digest": case.digest, "fingerprint": case.fingerprint,
        "width": case.width, "height": case.height, "findings": "", "file": not_here(case.case),
        "truth_files": [], "depth": 8, "window": [0.0, 255.0], "spacing": [], "notes": [],
        "problem": NOT_HERE, "search": " ".join(filter(None, words)).casefold(),
    }  # fmt: skip


def _verdicts(
    connection: Connection,
    project_id: int,
    known: Mapping[tuple[str, str], int],
    said: Sequence[KeptVerdict],
    masks: Mapping[str, str | None],
) -> int:
    """Append those that are not here; how many."""
    ids = _names(connection, project_id)
    new = [verdict for verdict in said if verdict.name not in ids]
    rows = []
    wanted = [verdict.number for verdict in new]
    numbers = _free_ids(connection, verdicts, wanted)
    if numbers != wanted or wanted != sorted(wanted):  # the ids of a history are in its order
        start = _last(connection, verdicts, wanted) + 1
        numbers = list(range(start, start + len(new)))
    for made, verdict in zip(numbers, new, strict=True):
        ids[verdict.name] = made
        rows.append(
            {
                "id": made, "project_id": project_id,
                "case_id": known[verdict.case.dataset, verdict.case.case],
                "reader": verdict.reader, "at": verdict.at, "decision": verdict.decision,
                "reason": verdict.reason, "mask_file": masks[verdict.name],
                "painted_px": verdict.painted_px, "label": verdict.label,
                "difficulty": verdict.difficulty, "comment": verdict.comment, "prediction_id": None,
                "revision": verdict.revision, "beginning": verdict.beginning,
                "threshold": verdict.threshold, "seconds": verdict.seconds, "key": verdict.key,
                "after": ids.get(verdict.after or ""), "undoes": ids.get(verdict.undoes or ""),
            }
        )  # fmt: skip
    if not rows:
        return 0
    connection.execute(verdicts.insert(), rows)
    touched = {row["case_id"] for row in rows}
    history: dict[int, list[Verdict]] = {}
    for verdict in find.verdicts_where(connection, verdicts.c.project_id == project_id):
        history.setdefault(verdict.case_id, []).append(verdict)
    for case in find.cases_where(connection, cases.c.project_id == project_id):
        if case.id in touched:
            told = history[case.id]
            decide.stand(connection, case, told[-1], standing(told))
    return len(rows)


def _names(connection: Connection, project_id: int) -> dict[str, int]:
    """The id of each verdict that is here by its name."""
    asked = (
        select(verdicts.c.id, cases.c.dataset, cases.c.case, verdicts.c.reader, verdicts.c.key)
        .join(cases, cases.c.id == verdicts.c.case_id)
        .where(verdicts.c.project_id == project_id)
    )
    found = connection.execute(asked)
    return {verdict_name(r.dataset, r.case, r.reader, r.key): r.id for r in found}


def _free_ids(connection: Connection, table: Table, wanted: Sequence[int]) -> list[int]:
    """For each wanted id that one where it is free, else a new one; in the same order.

    A page that was open all the time, and a link, go on meaning what they meant.
    """
    if not wanted:
        return []
    between = table.c.id.between(min(wanted), max(wanted))
    taken = set(connection.execute(select(table.c.id).where(between)).scalars())
    new = _last(connection, table, wanted)
    given = []
    for id in wanted:
        if id in taken or not 0 < id <= _MOST_ID:
            new += 1
            id = new
        taken.add(id)
        given.append(id)
    return given


def _last(connection: Connection, table: Table, wanted: Sequence[int]) -> int:
    """An id above which all are free, of the wanted ones too."""
    last = connection.execute(select(func.max(table.c.id))).scalar() or 0
    return max([last, *(id for id in wanted if id <= _MOST_ID)])


def _go_on_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL's own counter does not know of ids that were given to it."""
    last = connection.execute(select(func.max(table.c.id))).scalar()
    if last is not None:
        counter = select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last))
        connection.execute(counter)
