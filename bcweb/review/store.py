"""All that is read and written of a project; nothing else of this package touches the database.

Whoever asks, by `owner`, finds only what is theirs: another's project answers as one that is not there.
What `save`, `undo` and `save_draft` return is on the disk.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from sqlalchemy import and_, bindparam, false, func, or_, select
from sqlalchemy.exc import IntegrityError

from bcweb.names import visible
from bcweb.review import adding, decide, find, rows
from bcweb.review import backup as backups
from bcweb.review import home as places
from bcweb.review import queue as queues
from bcweb.review.database import Database
from bcweb.review.files import Files, Writing
from bcweb.review.ledger import Ledger
from bcweb.review.records import (
    Beginning,
    Beside,
    Busy,
    CaseRow,
    Conflict,
    Draft,
    NewCase,
    NewPrediction,
    NewVerdict,
    NotSaved,
    NotThere,
    Prediction,
    Project,
    QueueRow,
    ReviewError,
    SnapshotCase,
    State,
    Verdict,
)
from bcweb.review.schema import cases, drafts, predictions, projects, verdicts
from bcweb.review.standing import standing
from bcweb.scans import Modality

__all__ = ["LOCAL", "Conflict", "NotSaved", "NotThere", "ReviewError", "Snapshot", "Store"]

LOCAL = "local"  # the owner of what is reviewed at this machine

_BATCH = 64  # cases that are added in one transaction
_BATCH_SECONDS = 1.0  # or as many as come in this time
_TRIES = 3  # of an import, to write while somebody else does

Given = ParamSpec("Given")
Written = TypeVar("Written")


def _patiently(write: Callable[Given, Written]) -> Callable[Given, Written]:
    """What an import writes, which nobody sends again: a busy moment shall not end hours of work. Each try waits for as
    long as the database is patient."""

    @wraps(write)
    def tried(*given: Given.args, **named: Given.kwargs) -> Written:
        for _ in range(_TRIES - 1):
            with suppress(Busy):
                return write(*given, **named)
        return write(*given, **named)

    return tried


@dataclass(frozen=True)
class Snapshot:
    """A project as it was at one moment, its cases in the data sets' order; masks are read when asked for."""

    project: Project
    cases: tuple[SnapshotCase, ...]
    _store: Store

    def mask(self, case: SnapshotCase) -> np.ndarray | None:
        """(H, W) bool: of the verdict that stands; None where there is none or it has no mask."""
        return self._read(case.verdict and case.verdict.mask_file)

    def predicted(self, case: SnapshotCase) -> np.ndarray | None:
        """(H, W) bool: of the newest prediction."""
        return self._read(case.prediction and case.prediction.mask_file)

    def truth(self, case: SnapshotCase) -> np.ndarray | None:
        """(H, W) bool: as the data set has it; None where it is not known."""
        return self._read(case.case.truth_file)

    def _read(self, file: str | None) -> np.ndarray | None:
        return None if file is None else self._store.mask(self.project.id, file)


class Store:
    """The projects of all owners, in a data folder and a database.

    home: the data folder, None: as `bcweb.review.home` says. url: the database, None: BCWEB_DATABASE
    where no folder is named here, else the SQLite file in the folder. patience: seconds to wait for
    another who writes. `ReviewError`: they cannot be opened, or were written by a newer program.
    """

    def __init__(self, home: Path | None = None, url: str | None = None, patience: float = 5.0):
        if url is None and home is None:
            url = places.database_url()
        self.home = home or places.home()
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files = Files(self.home)
        except OSError as error:
            what = "it is a file" if isinstance(error, FileExistsError) else error.strerror
            raise ReviewError(
                f"The data folder {self.home} cannot be written ({what}); "
                "name another in BCWEB_HOME."
            ) from error
        self._database = Database(url or self.home / places.DATABASE, patience)
        self._folders: dict[int, str] = {}
        self._finish_deletions()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    # --- projects -----------------------------------------------------------------------------------

    def create(
        self,
        owner: str,
        name: str,
        sources: Sequence[str] = (),
        weights: Mapping[Modality, str] | None = None,
    ) -> Project:
        """A new project, importing; `ReviewError` where it has no name or the name is taken."""
        name = find.text(name).strip()
        if not name or len(name) > 200:
            raise ReviewError("A project needs a name of 1 to 200 letters.")
        if visible(name) != name:
            raise ReviewError(
                "The project's name holds an invisible character, such as a zero-width joiner or a line break: leave it out."
            )
        new = {
            "name": name,
            "owner": owner,
            "folder": secrets.token_hex(8),
            "sources": list(sources),
            "weights": dict(weights or {}),
            "created": _now(),
            "state": "importing",
            "notes": [],
        }
        self._files.begin(new["folder"])
        try:
            with self._database.writing() as connection:
                made = connection.execute(projects.insert().values(new)).inserted_primary_key[0]
                return find.project(connection, owner, made)
        except Exception as error:
            # In PostgreSQL the row may be there: a connection may break once it has it, before it says so.
            if self._database.sqlite or isinstance(error, IntegrityError):
                self._files.remove_all(new["folder"])
            if isinstance(error, IntegrityError):
                raise ReviewError(f"There is a project {name!r} already.") from None
            raise

    def projects(self, owner: str) -> list[Project]:
        """All of this owner's, the newest first."""
        mine = select(*rows.PROJECT).where(projects.c.owner == owner, projects.c.deleted.is_(None))
        with self._database.reading() as connection:
            found = connection.execute(mine.order_by(projects.c.id.desc())).mappings()
            return [rows.project(row) for row in found]

    def project(self, owner: str, name_or_id: str | int) -> Project:
        """By name (str) or id (int)."""
        with self._database.reading() as connection:
            return find.project(connection, owner, name_or_id)

    def newest_predictions(self, owner: str) -> dict[int, int | None]:
        """The number of the newest prediction of each project: another one once other weights have predicted."""
        newest = select(func.max(cases.c.prediction_id)).where(cases.c.project_id == projects.c.id)
        mine = select(projects.c.id, newest.scalar_subquery()).where(
            projects.c.owner == owner, projects.c.deleted.is_(None)
        )
        with self._database.reading() as connection:
            return dict(connection.execute(mine).tuples().all())

    def delete(self, owner: str, project_id: int) -> None:
        """Hide a project and remove its files; the rows of its verdicts stay."""
        with self._database.writing() as connection:
            folder = find.lock_project(connection, project_id, owner)
            connection.execute(drafts.delete().where(drafts.c.project_id == project_id))
            mine = projects.update().where(projects.c.id == project_id)
            connection.execute(mine.values(deleted=_now()))
        self._files.remove_all(folder)

    @_patiently
    def set_state(
        self,
        project_id: int,
        state: State,
        problem: str | None = None,
        notes: Sequence[str] | None = None,
    ) -> None:
        """problem: a sentence, or None. notes: None leaves them as they are."""
        changed = {"state": state, "problem": None if problem is None else find.text(problem)}
        if notes is not None:
            changed["notes"] = list(map(find.text, notes))
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            mine = projects.update().where(projects.c.id == project_id)
            connection.execute(mine.values(changed))

    @_patiently
    def set_sources(
        self, project_id: int, sources: Sequence[str], weights: Mapping[Modality, str]
    ) -> None:
        """What the project is imported from now, and the names of the weights by modality."""
        changed = {"sources": list(sources), "weights": dict(weights)}
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            mine = projects.update().where(projects.c.id == project_id)
            connection.execute(mine.values(changed))

    def shelf(self, project_id: int) -> tuple[Files, str]:
        """The files, and the project's folder among them: for other processes, which read masks there."""
        return self._files, self._folder(project_id)

    # --- cases and predictions ----------------------------------------------------------------------

    def add_cases(self, project_id: int, new_cases: Iterable[NewCase]) -> int:
        """Add cases as they come, some at a time; how many were new.

        Known ones are skipped, but for those that have no scan yet, or whose file has moved: see `adding.add`.
        """
        coming = iter(new_cases)
        added, more = 0, True
        while more:
            with self._files.writing(self._folder(project_id)) as files:
                batch: list[dict[str, Any]] = []
                until = time.monotonic() + _BATCH_SECONDS
                while more and len(batch) < _BATCH and time.monotonic() < until:
                    case = next(coming, None)
                    if more := case is not None:
                        batch.append(adding.case_values(project_id, case, files))
                if not batch:
                    break
                added += self._add(project_id, batch, files)
        return added

    @_patiently
    def _add(self, project_id: int, batch: Sequence[dict[str, Any]], files: Writing) -> int:
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            files.publish()
            return adding.add(connection, project_id, batch)

    def known_cases(self, project_id: int) -> set[tuple[str, str]]:
        """Data set and `Case.id` of all cases that the project has, but for those whose scan is not here, could not
        be read or was another: it may have been mended."""
        known = select(cases.c.dataset, cases.c.case).where(
            cases.c.project_id == project_id, cases.c.problem.is_(None)
        )
        with self._database.reading() as connection:
            return {tuple(row) for row in connection.execute(known)}

    def without_prediction(
        self, project_id: int, revision_of: Mapping[Modality, str]
    ) -> list[CaseRow]:
        """Cases that can be read and have no prediction by the revision for their modality."""
        lacking = [
            and_(cases.c.modality == modality, ~adding.predicted_by(revision))
            for modality, revision in revision_of.items()
        ]
        mine = cases.c.project_id == project_id, cases.c.problem.is_(None)
        with self._database.reading() as connection:
            return find.cases_where(connection, *mine, or_(false(), *lacking))

    @_patiently
    def add_prediction(self, case_id: int, new: NewPrediction) -> Prediction:
        """Keep a prediction; where the case has one by this revision, that one stays and is returned."""
        with self._database.reading() as connection:
            case, folder = find.case(connection, case_id, None)
        decide.check_size(case, new.mask)
        decide.check_size(case, new.probability)
        with self._files.writing(folder) as files:
            values = adding.prediction_values(case, new, files)
            with self._database.writing() as connection:
                find.lock_case(connection, case, None)
                same = predictions.c.case_id == case_id, predictions.c.revision == new.revision
                known = find.predictions_where(connection, *same)
                if known:
                    return known[0]
                files.publish()
                return adding.add_prediction(connection, values)

    @_patiently
    def stand_in(self, project_id: int, folds: Mapping[tuple[int, str], str]) -> None:
        """Say that predictions out of fold that are there, by case id and revision of the fold, stand in for these
        weights too."""
        mine = predictions.c.project_id == project_id, predictions.c.how == "out-of-fold"
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            values = [
                {"of": made.id, "stands_for": (*made.stands_for, weights)}
                for made in find.predictions_where(connection, *mine)
                if (weights := folds.get((made.case_id, made.revision))) is not None
                and weights not in made.stands_for
            ]
            if values:
                changed = predictions.update().where(predictions.c.id == bindparam("of"))
                connection.execute(changed, values)

    @_patiently
    def mark_seen(self, project_id: int, seen: Mapping[tuple[int, str], float | None]) -> None:
        """Say that predictions that are there, by case id and revision, are of cases that the weights had seen, where
        that was not known; with the Dice out of fold that they carry for each, if any."""
        columns = predictions.c.id, predictions.c.case_id, predictions.c.revision
        mine = predictions.c.project_id == project_id, predictions.c.how == "unseen"
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            values = [
                {"of": made.id, "carried": seen[made.case_id, made.revision]}
                for made in connection.execute(select(*columns).where(*mine))
                if (made.case_id, made.revision) in seen
            ]
            if values:
                carried = bindparam("carried")
                changed = predictions.update().where(predictions.c.id == bindparam("of"))
                connection.execute(changed.values(how="seen", carried_dice=carried), values)
                shown = cases.update().where(
                    cases.c.project_id == project_id, cases.c.prediction_id == bindparam("of")
                )
                connection.execute(shown.values(how="seen", score=carried), values)

    @_patiently
    def set_twins(self, project_id: int, twins: Iterable[tuple[int, int, float | None]]) -> None:
        """Say which cases are near-duplicates: two ids and the Dice of their truths, None without both.

        What was said before is forgotten. Of several twins of a case the one whose truth differs most
        is kept.
        """
        worst: dict[int, tuple[float, int, float | None]] = {}
        for a, b, dice in twins:
            for case, twin in ((a, b), (b, a)):
                pair = (2.0 if dice is None else dice, twin, dice)
                worst[case] = min(worst.get(case, pair), pair, key=lambda p: p[:2])
        values = [{"of": case, "twin": t, "twin_dice": d} for case, (_, t, d) in worst.items()]
        with self._database.writing() as connection:
            find.lock_project(connection, project_id, None)
            mine = cases.update().where(cases.c.project_id == project_id)
            connection.execute(mine.values(twin=None, twin_dice=None))
            if values:
                connection.execute(mine.where(cases.c.id == bindparam("of")), values)

    def case(self, owner: str, case_id: int) -> CaseRow:
        with self._database.reading() as connection:
            return find.case(connection, case_id, owner)[0]

    def same_group(self, owner: str, case_id: int, most: int = 8) -> tuple[list[Beside], int]:
        """The first of the other cases of its group, and how many there are: see `find.same_group`."""
        with self._database.reading() as connection:
            known, _ = find.case(connection, case_id, owner)
            return find.same_group(connection, known, most)

    def predictions_of(self, owner: str, case_id: int) -> dict[str, Prediction]:
        """All of a case by their revisions, the newest last."""
        with self._database.reading() as connection:
            find.case(connection, case_id, owner)
            found = find.predictions_where(connection, predictions.c.case_id == case_id)
        return {made.revision: made for made in sorted(found, key=lambda made: made.id)}

    def prediction(
        self, owner: str, case_id: int, revision: str | None = None
    ) -> Prediction | None:
        """A case's prediction by this revision, or its newest one."""
        made = self.predictions_of(owner, case_id)
        return made.get(revision) if revision is not None else next(reversed(made.values()), None)

    def predictions(self, owner: str, project_id: int, revision: str) -> list[Prediction]:
        """All by this revision, in the order of the cases."""
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return find.predictions_where(
                connection,
                predictions.c.project_id == project_id,
                predictions.c.revision == revision,
            )

    def revisions(self, owner: str, project_id: int) -> list[str]:
        """Of the weights that predicted in this project, the newest last."""
        asked = select(predictions.c.revision).where(predictions.c.project_id == project_id)
        grouped = asked.group_by(predictions.c.revision).order_by(func.max(predictions.c.id))
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return list(connection.execute(grouped).scalars())

    # --- files --------------------------------------------------------------------------------------

    def map(self, prediction: Prediction) -> np.ndarray:
        """(H, W) uint8, 255 is a probability of 1; `ReviewError` where its file is gone or damaged."""
        return self._files.map(self._folder(prediction.project_id), prediction.map_file)

    def mask(self, project_id: int, file: str) -> np.ndarray:
        """(H, W) bool, of a `mask_file` or `truth_file`; `ReviewError` where it is gone or damaged."""
        return self._files.mask(self._folder(project_id), file)

    def thumbnail(self, owner: str, case_id: int) -> bytes:
        """A WebP file's bytes; `NotThere` for a case without one."""
        with self._database.reading() as connection:
            _, folder = find.case(connection, case_id, owner)
            asked = select(cases.c.thumbnail_file).where(cases.c.id == case_id)
            file = connection.execute(asked).scalar()
        if file is None:
            raise NotThere("There is no picture of this case.")
        return self._files.thumbnail(folder, file)

    def truth(self, owner: str, case_id: int) -> np.ndarray | None:
        """(H, W) bool, None where it is not known."""
        with self._database.reading() as connection:
            case, folder = find.case(connection, case_id, owner)
        return None if case.truth_file is None else self._files.mask(folder, case.truth_file)

    # --- reading ------------------------------------------------------------------------------------

    def save(self, owner: str, reader: str, case_id: int, verdict: NewVerdict) -> Verdict:
        """Append a verdict and drop the reader's draft; when it returns, both are on the disk.

        `ReviewError`: it is no verdict on this case. `Conflict`: another came in between. `NotSaved`:
        nothing of it is kept.
        """
        reader, key = decide.words("name", reader), decide.words("key", verdict.key)
        decide.check(verdict)
        with self._database.reading() as connection:
            case, folder = find.case(connection, case_id, owner)
        if verdict.mask is not None:
            decide.check_size(case, verdict.mask)
        with self._files.writing(folder) as files:
            # Written before the database is asked for its turn: others need not wait for the disk.
            drawn = None if verdict.mask is None else files.mask(verdict.mask)
            with self._database.writing() as connection:
                case = find.lock_case(connection, case, owner)
                known = decide.same_key(connection, case, reader, key)
                if known is not None:
                    return known
                # What stood before undone verdicts stands again: who saw that has missed nothing.
                # A case without a verdict may have had one: a backup that was read back knows none of the last.
                seen = (case.latest_id, case.verdict_id)
                if case.latest_id is not None and verdict.after not in seen:
                    raise decide.conflict(connection, case)
                values = decide.values(connection, case, verdict, drawn)
                files.publish()
                saved = decide.append(connection, case, reader, key, **values)
                decide.stand(connection, case, saved, saved)
                draft = self._forget_draft(connection, reader, case_id)
        self._remove_draft(folder, draft)
        return saved

    def undo(self, owner: str, reader: str, verdict_id: int, key: str) -> Verdict:
        """Append that a verdict no longer stands: what stood before it stands again.

        `Conflict`: it is not the one that stands.
        """
        reader, key = decide.words("name", reader), decide.words("key", key)
        with self._database.reading() as connection:
            undone = find.verdict(connection, verdict_id, owner)
            case, _ = find.case(connection, undone.case_id, owner)
        with self._database.writing() as connection:
            case = find.lock_case(connection, case, owner)
            known = decide.same_key(connection, case, reader, key)
            if known is not None:
                return known
            if undone.decision == "undo":
                raise ReviewError("What was undone is decided anew, not undone once more.")
            if case.verdict_id != verdict_id:
                raise decide.conflict(connection, case)
            saved = decide.append(connection, case, reader, key, decision="undo", undoes=verdict_id)
            history = find.verdicts_where(connection, verdicts.c.case_id == case.id)
            decide.stand(connection, case, saved, standing(history))
        return saved

    def verdict(self, owner: str, verdict_id: int) -> Verdict:
        with self._database.reading() as connection:
            return find.verdict(connection, verdict_id, owner)

    def history(self, owner: str, case_id: int) -> list[Verdict]:
        """All verdicts on a case, undos too, the oldest first."""
        with self._database.reading() as connection:
            find.case(connection, case_id, owner)
            return find.verdicts_where(connection, verdicts.c.case_id == case_id)

    def readings(self, owner: str, project_id: int) -> dict[int, dict[str, Verdict]]:
        """What each reader says of each case that they decided, by case and reader: see `decide.readings`."""
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return decide.readings(connection, project_id)

    def save_draft(
        self,
        owner: str,
        reader: str,
        case_id: int,
        mask: np.ndarray,
        beginning: Beginning | None = None,
        threshold: float | None = None,
        after: int | None = None,
        strokes: int = 0,
        revision: str | None = None,
    ) -> Draft:
        """Keep a reader's unfinished correction in place of the one before; on the disk when it returns."""
        reader = decide.words("name", reader)
        decide.check_beginning(beginning, threshold)
        with self._database.reading() as connection:
            case, folder = find.case(connection, case_id, owner)
        decide.check_size(case, mask)
        with self._files.writing(folder) as files:
            draft = Draft(
                case.project_id, case_id, reader, files.draft(mask), beginning, threshold,
                None if revision is None else find.text(revision), after, _now(), strokes,
            )  # fmt: skip
            with self._database.writing() as connection:
                find.lock_case(connection, case, owner)
                files.publish()
                before = self._forget_draft(connection, reader, case_id)
                connection.execute(drafts.insert().values(vars(draft)))
        self._remove_draft(folder, before)
        return draft

    def draft(self, owner: str, reader: str, case_id: int) -> Draft | None:
        with self._database.reading() as connection:
            find.case(connection, case_id, owner)
            asked = select(*rows.DRAFT).where(*find.draft_of(reader, case_id))
            found = find.one(connection, asked)
            return None if found is None else rows.draft(found)

    def drop_draft(self, owner: str, reader: str, case_id: int) -> None:
        """Forget a reader's draft, if there is one."""
        with self._database.writing() as connection:
            _, folder = find.case(connection, case_id, owner)
            before = self._forget_draft(connection, reader, case_id)
        self._remove_draft(folder, before)

    # --- the whole ----------------------------------------------------------------------------------

    def queue(
        self,
        owner: str,
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
        """The cases that pass the filters, in this order: see `bcweb.review.queue.queue`."""
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return queues.queue(
                connection, project_id, order, label, decision, text, dice, seed, reader, blinded
            )

    def counts(self, owner: str, project_id: int, reader: str | None = None) -> dict[str, Any]:
        """How far the project is, or this reader in it: see `bcweb.review.queue.counts`."""
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return queues.counts(connection, project_id, reader)

    def read_by(self, owner: str, project_id: int, reader: str) -> int:
        """On how many of its cases a verdict of this reader was not undone."""
        with self._database.reading() as connection:
            find.project(connection, owner, project_id)
            return queues.read_by(connection, project_id, reader)

    @contextmanager
    def snapshot(
        self, owner: str, project_id: int, reader: str | None = None
    ) -> Iterator[Snapshot]:
        """All of a project as it is at this moment, whatever is saved while it is looked at.

        reader: what stands is what this reader said last, whatever others have said since.
        """
        mine = cases.c.project_id == project_id
        with self._database.reading() as connection:
            project = find.project(connection, owner, project_id)
            found = find.cases_where(connection, mine)
            newest = find.predictions_where(
                connection, mine, cases.c.prediction_id == predictions.c.id
            )
            if reader is None:
                stands = find.standing_verdicts(connection, project_id)
            else:
                decided = select(verdicts.c.case_id).where(
                    verdicts.c.project_id == project_id, verdicts.c.reader == reader
                )
                said = decide.readings(connection, project_id, decided).values()
                stands = [by_reader[reader] for by_reader in said if reader in by_reader]
        prediction_of = {prediction.case_id: prediction for prediction in newest}
        verdict_of = {verdict.case_id: verdict for verdict in stands}
        yield Snapshot(
            project,
            tuple(SnapshotCase(c, verdict_of.get(c.id), prediction_of.get(c.id)) for c in found),
            self,
        )

    def backup(self, to: Path) -> backups.Copied:
        """Copy all into a new or empty folder, while others work.

        The scans themselves stay where their data sets are. `ReviewError` where it cannot be written.
        """
        return backups.backup(self._database, self._files, to)

    @property
    def ledger(self) -> Ledger:
        """All that was decided, for `bcweb.review.vault`, whoever owns it: not for what a person asks."""
        return Ledger(self._database, self._files)

    # --- inside -------------------------------------------------------------------------------------

    def _folder(self, project_id: int) -> str:
        if project_id not in self._folders:  # it never changes
            asked = select(projects.c.folder).where(
                projects.c.id == project_id, projects.c.deleted.is_(None)
            )
            with self._database.reading() as connection:
                folder = connection.execute(asked).scalar()
            if folder is None:
                raise NotThere("There is no such project.")
            self._folders[project_id] = folder
        return self._folders[project_id]

    def _forget_draft(self, connection, reader: str, case_id: int) -> str | None:
        """Delete a draft's row; its file, to be removed once that is on the disk."""
        mine = find.draft_of(reader, case_id)
        file = connection.execute(select(drafts.c.mask_file).where(*mine)).scalar()
        connection.execute(drafts.delete().where(*mine))
        return file

    def _remove_draft(self, folder: str, file: str | None) -> None:
        if file is not None:
            with suppress(OSError):  # what was asked for is done; the file is only in the way
                self._files.remove(folder, file)

    def _finish_deletions(self) -> None:
        """Remove files that a process left when it died while it deleted their project."""
        with self._database.reading() as connection:
            gone = select(projects.c.folder).where(projects.c.deleted.is_not(None))
            for folder in connection.execute(gone).scalars():
                self._files.remove_all(folder)


def _now() -> datetime:
    return datetime.now(UTC)
