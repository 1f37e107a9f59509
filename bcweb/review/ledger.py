"""All that was decided in all projects, as it is kept elsewhere (see `bcweb.review.vault`), and brought back.

It is read by what makes a thing itself and not by its number: a project by its key, a verdict by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Row, func, select

from bcweb.review import restoring
from bcweb.review.database import Database
from bcweb.review.files import Files
from bcweb.review.records import ReviewError
from bcweb.review.schema import cases, projects, verdicts
from bcweb.review.vault_format import (
    KeptCase,
    KeptProject,
    KeptVerdict,
    verdict_file,
    verdict_name,
)

_AT_ONCE = 500  # ids in one query

_CASE = (
    cases.c.position, cases.c.dataset, cases.c.case, cases.c.group, cases.c.label, cases.c.modality,
    cases.c.digest, cases.c.fingerprint, cases.c.width, cases.c.height,
)  # fmt: skip
_VERDICT = (
    verdicts.c.reader, verdicts.c.at, verdicts.c.decision, verdicts.c.reason, verdicts.c.painted_px,
    verdicts.c.label, verdicts.c.difficulty, verdicts.c.comment, verdicts.c.revision,
    verdicts.c.beginning, verdicts.c.threshold, verdicts.c.seconds, verdicts.c.key,
)  # fmt: skip


class Ledger:
    """Of a `Store`: what a backup is made from, and how one becomes projects again."""

    def __init__(self, database: Database, files: Files):
        self._database, self._files = database, files

    def projects(self) -> list[KeptProject]:
        """All of all owners, those that were deleted too, in the order in which they were begun."""
        with self._database.reading() as connection:
            found = connection.execute(select(projects).order_by(projects.c.id)).mappings()
            return [
                KeptProject(
                    row["folder"], row["id"], row["name"], row["owner"], tuple(row["sources"]),
                    row["weights"], row["created"], row["deleted"],
                )
                for row in found
            ]  # fmt: skip

    def sizes(self) -> dict[str, tuple[int, bool]]:
        """By the key of each project: up to which position it has cases, and whether it is said to be importing:
        that stays where an import was killed."""
        asked = (
            select(projects.c.folder, projects.c.state, func.max(cases.c.position))
            .join(cases, cases.c.project_id == projects.c.id)
            .where(projects.c.deleted.is_(None))
            .group_by(projects.c.folder, projects.c.state)
        )
        with self._database.reading() as connection:
            found = connection.execute(asked).all()
            return {key: (last + 1, state == "importing") for key, state, last in found}

    def cases(self, key: str, first: int, most: int) -> list[KeptCase]:
        """A project's, from this position on, as many at most."""
        asked = (
            select(cases.c.id, *_CASE)
            .join(projects, projects.c.id == cases.c.project_id)
            .where(projects.c.folder == key, cases.c.position >= first)
            .order_by(cases.c.position)
            .limit(most)
        )
        with self._database.reading() as connection:
            return [_case(row, row.id) for row in connection.execute(asked)]

    def last_verdict(self) -> int:
        """The highest id that a verdict has; 0 where there is none."""
        with self._database.reading() as connection:
            return connection.execute(select(func.max(verdicts.c.id))).scalar() or 0

    def verdict_files(
        self, above: int = 0, ids: Iterable[int] | None = None, owner: str | None = None
    ) -> dict[int, str]:
        """id -> the file of a backup that holds it, of projects that are not deleted.

        above: only ids above this. ids: only these, owner: only of their projects.
        """
        asked = (
            select(
                verdicts.c.id, projects.c.folder, cases.c.dataset, cases.c.case, verdicts.c.reader,
                verdicts.c.key,
            )
            .join(cases, cases.c.id == verdicts.c.case_id)
            .join(projects, projects.c.id == verdicts.c.project_id)
            .where(verdicts.c.id > above, projects.c.deleted.is_(None))
            .order_by(verdicts.c.id)
        )  # fmt: skip
        if owner is not None:
            asked = asked.where(projects.c.owner == owner)
        with self._database.reading() as connection:
            return {
                row.id: verdict_file(
                    row.folder, verdict_name(row.dataset, row.case, row.reader, row.key)
                )
                for part in _parts(ids)
                for row in connection.execute(
                    asked if part is None else asked.where(verdicts.c.id.in_(part))
                )
            }

    def verdicts(self, ids: Iterable[int]) -> Iterator[tuple[int, KeptVerdict | ReviewError]]:
        """Each with its mask; `ReviewError` in place of one whose mask is missing or damaged."""
        before, undone = verdicts.alias("before"), verdicts.alias("undone")
        asked = (
            select(
                *_CASE, *(column.label(f"v_{column.name}") for column in _VERDICT),
                verdicts.c.id.label("number"), cases.c.id.label("case_number"),
                verdicts.c.mask_file, projects.c.folder,
                before.c.reader.label("before_reader"), before.c.key.label("before_key"),
                undone.c.reader.label("undone_reader"), undone.c.key.label("undone_key"),
            )
            .join(cases, cases.c.id == verdicts.c.case_id)
            .join(projects, projects.c.id == verdicts.c.project_id)
            .outerjoin(before, before.c.id == verdicts.c.after)
            .outerjoin(undone, undone.c.id == verdicts.c.undoes)
            .order_by(verdicts.c.id)
        )  # fmt: skip
        for part in _parts(ids):
            with self._database.reading() as connection:
                rows = connection.execute(asked.where(verdicts.c.id.in_(part))).all()
            for row in rows:
                try:
                    yield row.number, self._verdict(row)
                except ReviewError as error:
                    yield row.number, error

    def restore(
        self,
        project: KeptProject,
        found: Sequence[KeptCase],
        said: Sequence[KeptVerdict],
        owner: str | None = None,
    ) -> int:
        """Bring back a project, all of it or nothing; how many verdicts were new.

        Ids are used again where they are free, times, readers, keys and masks stay what they were; what
        is here already is left as it is. owner: another than the project's. A case whose scan is not
        here waits for it: `Store.add_cases` gives it one of the same name and digest.
        """
        return restoring.restore(self._database, self._files, project, found, said, owner)

    def _verdict(self, row: Row) -> KeptVerdict:
        png = None
        if row.mask_file is not None:
            png = self._files.png(row.folder, row.mask_file)  # it must be what it was

        def name(reader: str | None, key: str | None) -> str | None:
            return verdict_name(row.dataset, row.case, reader, key) if reader and key else None

        return KeptVerdict(
            row.folder, _case(row, row.case_number), row.number,
            *(getattr(row, f"v_{column.name}") for column in _VERDICT),
            name(row.before_reader, row.before_key), name(row.undone_reader, row.undone_key), png,
        )  # fmt: skip


def _case(row: Row, number: int) -> KeptCase:
    return KeptCase(number, *(getattr(row, column.name) for column in _CASE))


def _parts(ids: Iterable[int] | None) -> Iterator[list[int] | None]:
    if ids is None:
        yield None
        return
    wanted = list(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        yield wanted[start : start + _AT_ONCE]
