"""Data sets -> cases -> predictions, into a project of the store.

`Import.run` does it in whichever thread calls it, `start` in one of its own; `progress` and `cancel` may
be called from any other. Scans are read, compared and segmented by other processes. What is done is kept:
an import that was cancelled, or whose process died, goes on where it was when it is begun again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from bcweb.batch import Stop, apart, over_all_cores, worker_count
from bcweb.cases import Case, CasesError, CaseSet, read_cases, split_spec
from bcweb.paths import pasted
from bcweb.review import find, moved, predicting, reading, twins
from bcweb.review.adding import has_moved
from bcweb.review.records import CaseRow, NewCase, NotThere, Project, ReviewError
from bcweb.review.revisions import Predicted, standing_alone
from bcweb.review.store import Store
from bcweb.scans import Modality, ScanError, is_caution, scan_size, told_cautions
from bcweb.scores import ScoresError
from bcweb.terminal import counted, os_sentence
from bcweb.weights import Weights, WeightsError, load_weights, resolve_name

_log = logging.getLogger(__name__)

FOLDS = "folds"  # the kind under which a project keeps its cross-validation among its sources
_MOST_HELD = 100  # cases, with their truths, that wait for one before them
_MOST_TOLD = 100  # sentences of one kind in a project's notes
_NICER = 10  # how far an import steps back behind the page that runs it
_STOPPED = "The import was cancelled; it can go on from here."


READING_SETS = "Reading the data sets"
READING = "Reading scans"
PREDICTING = "Segmenting"
COMPARING = "Looking for the same picture twice"
# To compare cases takes more steps than there are cases.
_COUNTED = {READING_SETS: "data set", READING: "case", PREDICTING: "case", COMPARING: "step"}


class Progress(NamedTuple):
    """How far an import is. phase: what it does now, for a person; done of total are of that phase."""

    done: int
    total: int
    phase: str

    @property
    def unit(self) -> str:
        """One of what is counted."""
        return _COUNTED[self.phase]


@dataclass(frozen=True, eq=False)
class _Read:
    """A data set as its reader found it. unreadable: how many of the files left out are no scans."""

    found: CaseSet
    unreadable: int


class Import:
    """One import into a project. `prepare` makes it, `run` does it, once.

    project: as it was before. gone: its sources that are not there any more, by which of `sources` are in
    their place. is_new: it was made for this import. with_folds: the folds among the sources were named with it,
    for the weights of now. changed: more of it than its state is another now.
    failures: how many files were found that cannot be used, once it ended. error: why it failed, in one sentence;
    None where it did not. untold: the same, where the project could not even keep that it did: the disk is full.
    """

    def __init__(
        self,
        store: Store,
        project: Project,
        sources: Sequence[str],
        weights: str | None = None,
        workers: int | None = None,
        background: bool = False,
        gone: Mapping[str, str] = MappingProxyType({}),
        is_new: bool = False,
        with_folds: bool = False,
        stop: Stop | None = None,
        told: Callable[[Progress], None] = lambda progress: None,
    ):
        self.project = project
        self.is_new = is_new
        self.changed = False
        self.failures = 0
        self.error: str | None = None
        self.untold: str | None = None
        self._store = store
        self._sources = tuple(sources)
        self._gone = gone
        self._with_folds = with_folds
        self._weights = weights
        self._workers = workers
        self._background = background
        self._stop = stop or Stop()
        self._told = told
        self._now = Progress(0, 0, READING_SETS)
        self._thread: threading.Thread | None = None

    # --- from any thread ----------------------------------------------------------------------------

    def progress(self) -> Progress:
        return self._now

    def cancel(self) -> None:
        """Ask it to end. What is in hand is still kept; see `wait`."""
        self._stop.asked = True

    @property
    def running(self) -> bool:
        """Whether the thread that `start` began is still at it."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for that thread, at most so long; whether it has ended."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    # --- the whole ----------------------------------------------------------------------------------

    def run(self) -> Project:
        """Import, and leave the project ready, cancelled or failed; it is returned as it is then.

        Raises `KeyboardInterrupt` where the person would not even wait for what is in hand, and
        `NotThere` where the project was deleted meanwhile.
        """
        try:
            notes = self._run()
            # Before anything is changed there is nothing to go on with, and what was asked is nowhere.
            is_cut = self._stop.asked and (self.changed or self.project.state != "ready")
            state, problem = ("cancelled", _STOPPED) if is_cut else ("ready", None)
            self._store.set_state(self.project.id, state, problem, notes)
        except NotThere:
            raise
        except KeyboardInterrupt:
            self._leave("cancelled", _STOPPED)
            raise
        except (CasesError, WeightsError, ScoresError, ReviewError, ChildProcessError) as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(os_sentence(error))
        except Exception as error:  # the person is told, and the page goes on
            _log.exception("The import into project %s failed", self.project.id)
            self._fail(f"Unexpected {type(error).__name__}: {error}")
        return self._store.project(self.project.owner, self.project.id)

    def _run(self) -> list[str] | None:
        """The notes on what was found; None where it was cancelled before they were known."""
        project = self._store.project(self.project.owner, self.project.id)
        self._store.set_state(project.id, "importing")
        folds, missing = self._read_folds()
        specs = [s for s in self._sources if not s.startswith(f"{FOLDS}:")]
        read = self._read_sets(specs)
        if read is None or not self._check_moved(dict(zip(specs, read, strict=True))):
            return None
        cases = [case for each in read for case in each.found.cases]
        weights, names, stay = self._load_weights(project, cases)
        folds, kept, others = self._their_folds(project, folds, weights, names)
        self.changed = True
        self._store.set_sources(project.id, self._sources, names)
        came, notes = self._add_cases(read)
        said = [f"{was} is not there any more: {now} was read." for was, now in self._gone.items()]
        notes = said + missing + stay + others + notes
        if self._stop.asked:
            return notes
        notes += self._predict(weights, folds, kept)
        if self._stop.asked:
            return notes
        if project.state != "ready" or came:
            self._find_twins()
        return notes

    def _leave(self, state: str, problem: str) -> None:
        try:
            self._store.set_state(self.project.id, state, problem)
        except ReviewError as error:
            self.untold = self.error
            kind = type(error).__name__
            _log.error(
                "How the import into project %s ended is not kept: %s", self.project.id, kind
            )

    def _fail(self, sentence: str) -> None:
        self.error = sentence
        self._leave("failed", sentence)

    # --- data sets ----------------------------------------------------------------------------------

    def _read_sets(self, specs: Sequence[str]) -> list[_Read] | None:
        read = []
        for number, spec in enumerate(specs):
            self._at(number, len(specs), READING_SETS)
            if self.project.cases and spec in self.project.sources and moved.is_gone(spec):
                raise ReviewError(moved.what_to_do(spec, self.project.name))
            # A folder without groups is compared, picture by picture, for minutes: not where a page is
            # served, and so that it can be cancelled.
            each = apart(partial(self._task(), _read_set), spec, self._stop)
            if each is None:
                return None
            read.append(each)
        self._at(len(specs), len(specs), READING_SETS)
        return read

    def _read_folds(self) -> tuple[list[Weights], list[str]]:
        """The weights of the folds, and what is said of those that are not there any more: what they predicted stays,
        so the import goes on without them."""
        found, missing = [], []
        for source in self._sources:
            kind, _, folder = source.partition(":")
            if kind != FOLDS:
                continue
            if source in self.project.sources and not os.path.isdir(folder):
                missing.append(
                    f"{folder} is not there any more: no further cases are predicted out of fold. --folds says where the "
                    "folds are now."
                )
            else:
                found += predicting.read_folds(Path(folder))
        return found, missing

    def _check_moved(self, read: Mapping[str, _Read]) -> bool:
        """`ReviewError` where a folder that is named for one that is gone is not of the same pictures; False: it was
        cancelled."""
        rows = [row for row in self._rows() if row.digest] if self._gone else []
        for was, now in self._gone.items():
            found = read[now].found
            name = find.text(found.name)
            digests = {row.case: row.digest for row in rows if row.dataset == name}
            if not digests:
                continue
            both = [(c.file, digests[i]) for c in found.cases if (i := find.text(c.id)) in digests]
            is_same = apart(partial(self._task(), moved.is_one_there), both, self._stop)
            if is_same is None:
                return False
            if not is_same:
                here, there = map(moved.folder_of, (now, was))
                raise ReviewError(
                    f"{here} does not hold the pictures that were reviewed from {there}."
                )
        return True

    def _load_weights(
        self, project: Project, cases: Sequence[Case]
    ) -> tuple[dict[Modality, Weights], dict[Modality, str], list[str]]:
        """By modality; the names that the project remembers; and what is said of those that stay."""
        count = Counter(case.modality for case in cases)
        names = dict(project.weights)
        given = {} if self._weights is None else predicting.fitting(self._weights, count)
        found = {}
        for modality in count:
            if modality in given:
                name, found[modality] = self._weights, given[modality]
            else:
                name = names.get(modality) or resolve_name(modality)
                found[modality] = load_weights(name, modality)
            names[modality] = _absolute_folder(name)
        said = [
            f"{self._weights} predicts {counted(count[mine], mine)}; the project's own weights, "
            f"{names[other]}, stay for {counted(count[other], other)}."
            for mine in given
            for other in count
            if other not in given
        ]
        return found, names, said

    def _their_folds(
        self,
        project: Project,
        folds: Sequence[Weights],
        weights: Mapping[Modality, Weights],
        names: Mapping[Modality, str],
    ) -> tuple[list[Weights], Set[int], list[str]]:
        """Of these folds those that are of the training of the project's weights of now; the ids of the cases for
        which folds stand in for them already; and what is said of folds that are of others, which are forgotten."""
        same = [m for m in weights if names[m] == project.weights.get(m, names[m])]
        predicted = Predicted(self._store, project.owner, project)
        # A program before did not write down whose folds are; with no other weights here, they are of these.
        nobodys = {
            (case, made.revision): weights[modality].revision
            for modality in same
            for case, made in predicted.made.get(standing_alone(modality), {}).items()
        }
        if nobodys:
            self._store.stand_in(project.id, nobodys)
            predicted = Predicted(self._store, project.owner, project)
        kept = {
            case
            for mine in weights.values()
            for case, made in predicted.made.get(mine.revision, {}).items()
            if made.how == "out-of-fold"
        }
        theirs, said = list(folds), []
        for modality, mine in weights.items():
            of_it = [fold for fold in folds if fold.config.modality == modality]
            stand = predicted.stand_in({fold.revision for fold in of_it}, mine.revision)
            if not of_it or self._with_folds or stand or (stand is None and modality in same):
                continue
            theirs = [fold for fold in theirs if fold not in of_it]
            said.append(
                f"{of_it[0].folder.parents[1]} holds the folds of other weights: none stands in for {names[modality]} "
                "until --folds says where its own are."
            )
        if said and not theirs:
            self._sources = tuple(s for s in self._sources if not s.startswith(f"{FOLDS}:"))
        return theirs, kept, said

    # --- cases --------------------------------------------------------------------------------------

    def _add_cases(self, read: Sequence[_Read]) -> tuple[int, list[str]]:
        """Add those that are not known yet, and say of others where they are now; how many came, mended ones too, and
        the notes on the data sets."""
        known = self._store.known_cases(self.project.id)
        were = {(row.dataset, row.case): row for row in self._rows()} if known else {}
        files: dict[tuple[str, str], Path] = {}
        new, notes = [], []
        for each in read:
            name = each.found.name
            notes += [f"{name}: {note}" for note in each.found.notes]
            told = [f"{name}: left out {s.file.name}: {s.reason}" for s in each.found.skipped]
            notes += _told(told, f"files of {name} left out")
            self.failures += each.unreadable
            otherwise = []
            for case in each.found.cases:
                key = find.text(case.dataset), find.text(case.id)
                if key in files:
                    if files[key] != case.file:
                        notes.append(
                            f"{name}: left out {case.file}: there is another {case.id} in {name}."
                        )
                        self.failures += 1
                    continue
                files[key] = case.file
                if key not in known or has_moved(were[key].file, case.file):
                    new.append(case)
                if key in known and _is_told_otherwise(case, were[key]):
                    otherwise.append(case.id)
            if otherwise:
                count = "1 case has" if len(otherwise) == 1 else f"{len(otherwise)} cases have"
                notes.append(
                    f"{name}: {count} another truth, label or patient now than when imported, {otherwise[0]} for one; "
                    "this project keeps the old ones, and a new one would have the new ones."
                )
        notes += _told_of_gone({each.found.name for each in read}, were, files)
        unopened: list[str] = []
        came = self._store.add_cases(self.project.id, self._new_cases(new, unopened))
        self.failures += len(unopened)
        return came, notes + _told(unopened, "files that cannot be opened")

    def _new_cases(self, cases: Sequence[Case], unopened: list[str]) -> Iterator[NewCase]:
        """The cases as they are read, in their order: `over_all_cores` gives them as they are done.

        Too many do not wait for one that takes long: it comes behind them.
        """
        waiting: dict[int, NewCase | reading.NotRead] = {}
        following = 0
        task = partial(self._task(), _read_numbered)
        for done, (number, case) in enumerate(
            self._over(task, list(enumerate(cases)), READING, _died_numbered), 1
        ):
            waiting[number] = case
            while waiting and ((first := min(waiting)) <= following or len(waiting) > _MOST_HELD):
                case = waiting.pop(first)
                following = max(following, first + 1)
                if isinstance(case, reading.NotRead):
                    unopened.append(str(case))
                else:
                    yield case
            self._at(done, len(cases), READING)
        # Of an import that was cancelled: what was read behind one that was not begun.
        yield from (case for case in waiting.values() if isinstance(case, NewCase))

    # --- predictions --------------------------------------------------------------------------------

    def _predict(
        self, weights: dict[Modality, Weights], folds: Sequence[Weights], kept: Set[int]
    ) -> list[str]:
        """Predict what is not predicted yet; the notes on all cases. kept: those for which folds stand in that may not
        be there any more, by id; the weights, which have seen them, do not come in their place."""
        rows = self._rows()
        files, folder = self._store.shelf(self.project.id)
        jobs = predicting.jobs(rows, weights, folds)
        carrying = [job for job in jobs if job.carried and job.truth]
        asked = partial(predicting.of_another_truth, files=files, folder=folder)
        others = apart(partial(self._task(), asked), carrying, self._stop) if carrying else set()
        if others is None:
            return []
        jobs = [replace(job, carried=None) if job.id in others else job for job in jobs]
        # What was predicted before a member of its group was there, or before anybody knew, is not unseen for good.
        self._store.mark_seen(
            self.project.id,
            {(j.id, j.stands_for or j.revision): j.carried_dice for j in jobs if j.how != "unseen"},
        )
        stay = {job.id for job in jobs if job.how == "seen" and job.id in kept}
        jobs = [replace(job, how="out-of-fold") if job.id in stay else job for job in jobs]
        revisions = {(job.modality, job.revision) for job in jobs}
        lacking = {
            (row.id, revision)
            for modality, revision in revisions
            for row in self._store.without_prediction(self.project.id, {modality: revision})
        }
        to_do = [job for job in jobs if (job.id, job.revision) in lacking and job.id not in stay]
        self._store.stand_in(
            self.project.id, {(j.id, j.revision): j.stands_for for j in jobs if j.stands_for}
        )
        notes = self._told_of(rows, jobs)
        if others:
            notes.append(
                f"For {counted(len(others), 'case')} the weights' out-of-fold score is against another truth: "
                "that score is left out."
            )
        del rows, jobs
        task = partial(self._task(), partial(predicting.predict, files=files, folder=folder))
        failed = []
        for done, outcome in enumerate(self._over(task, to_do, PREDICTING, predicting.died), 1):
            if outcome.prediction is None:
                failed.append(f"{outcome.job.case} has no prediction: {outcome.error}")
            else:
                self._store.add_prediction(outcome.job.id, outcome.prediction)
            self._at(done, len(to_do), PREDICTING)
        self.failures += len(failed)
        return notes + _told(failed, "cases without a prediction")

    def _told_of(self, rows: Sequence[CaseRow], jobs: Sequence[predicting.Job]) -> list[str]:
        bad = [f"{row.case} cannot be read: {row.problem}" for row in rows if row.problem]
        odd = [
            f"{row.case}: {note}"
            for row in rows
            for note in row.notes
            if note.startswith(reading.NO_TRUTH)
        ]
        self.failures += len(bad) + len(odd)
        same = defaultdict(list)
        for row in rows:
            if row.digest:
                same[row.digest].append(row.case)
        copies = [f"{' = '.join(c)}: the same file." for c in same.values() if len(c) > 1]
        notes = _told(bad, "cases that cannot be read") + _told(odd, "truths that cannot be read")
        notes += _told(copies, "files that are there more than once")
        notes += told_cautions((r.case, note) for r in rows for note in r.notes if is_caution(note))
        seen = [job for job in jobs if job.how != "unseen"]
        if seen:
            by_fold = sum(job.how == "out-of-fold" for job in seen)
            carried = sum(job.carried_dice is not None for job in seen)
            notes.append(
                f"The weights were trained on {len(seen)} of {len(jobs)} cases: {by_fold} are predicted out "
                f"of fold, {carried} carry a score out of fold, and of {len(seen) - by_fold - carried} the "
                "score shows nothing."
            )
        return notes

    # --- twins --------------------------------------------------------------------------------------

    def _find_twins(self) -> None:
        rows = self._rows()
        files, folder = self._store.shelf(self.project.id)
        found = twins.find_twins(
            rows, files, folder, self._count_workers(len(rows)), self._task(), self._stop,
            lambda done, total: self._at(done, total, COMPARING),
        )  # fmt: skip
        if not self._stop.asked:
            self._store.set_twins(self.project.id, found)

    # --- inside -------------------------------------------------------------------------------------

    def _at(self, done: int, total: int, phase: str) -> None:
        self._now = Progress(done, total, phase)
        self._told(self._now)

    def _rows(self) -> list[CaseRow]:
        with self._store.snapshot(self.project.owner, self.project.id) as snapshot:
            return [each.case for each in snapshot.cases]

    def _count_workers(self, items: int) -> int:
        """Beside a page nothing is done in its own process."""
        count = worker_count(items, self._workers)
        return max(2, count) if self._background else count

    def _task(self) -> Callable[..., Any]:
        return _politely if self._background else _plainly

    def _over(self, task: Callable, items: Sequence, phase: str, died: Callable) -> Iterator:
        self._at(0, len(items), phase)
        if not items:
            return iter(())
        return over_all_cores(task, items, self._count_workers(len(items)), self._stop, died)


def prepare(
    store: Store,
    owner: str,
    name: str,
    specs: Sequence[str] = (),
    weights: str | None = None,
    folds: Path | None = None,
    **options: Any,
) -> Import:
    """An import into the owner's project of this name, which is made where there is none.

    specs: data sets, KIND:PATH. They, the weights and the folds (a `python -m train.crossval` folder) are
    added to what the project was imported from before, in place of what has moved (`moved.followed`).
    options: of `Import`. `ReviewError`: a spec names no data set, or there is none.
    """
    sources = [absolute(spec) for spec in specs]
    if folds is not None:
        sources.append(f"{FOLDS}:{Path(pasted(str(folds))).absolute()}")
    is_new = False
    try:
        project = store.project(owner, name)
    except NotThere:
        if not specs:
            raise
        project, is_new = store.create(owner, name, sources), True
    known = [s for s in project.sources if folds is None or not s.startswith(f"{FOLDS}:")]
    sources, gone = moved.followed(known, sources)
    weights = None if weights is None else _absolute_folder(weights)
    return Import(
        store, project, sources, weights, gone=gone, is_new=is_new, with_folds=folds is not None,
        **options,
    )  # fmt: skip


def start(
    store: Store,
    owner: str,
    name: str,
    specs: Sequence[str] = (),
    weights: str | None = None,
    folds: Path | None = None,
) -> Import:
    """`prepare`, and run it in a thread of its own that leaves the processors to others."""
    made = prepare(store, owner, name, specs, weights, folds, background=True)

    def run() -> None:
        try:
            made.run()
        except NotThere:  # deleted meanwhile
            made.cancel()
        except ReviewError as error:
            kind = type(error).__name__
            _log.error(
                "How the import into project %s ended is not known: %s", made.project.id, kind
            )

    made._thread = threading.Thread(target=run, name=f"import {made.project.id}", daemon=True)
    made._thread.start()
    return made


def absolute(spec: str) -> str:
    """A spec that is understood from any folder; `ReviewError` where it names no kind of data set."""
    try:
        kind, place = split_spec(spec)
    except CasesError as error:
        raise ReviewError(str(error)) from None
    return f"{kind}:{place if kind == 'hf' else Path(place).absolute()}"


def _absolute_folder(name: str) -> str:
    name = pasted(name)
    folder = Path(name)
    return name if name == "embedded" or not folder.is_dir() else str(folder.absolute())


def _is_told_otherwise(case: Case, row: CaseRow) -> bool:
    """Whether a data set says something else of a case than it did; what is in its files is not looked at."""
    label = None if case.label is None else find.text(case.label)
    drawn = [[file.name for file in files] for files in (case.truth_files, row.truth_files)]
    return (find.text(case.group), label) != (row.group, row.label) or drawn[0] != drawn[1]


def _told_of_gone(
    names: Set[str], were: Mapping[tuple[str, str], CaseRow], files: Container[tuple[str, str]]
) -> list[str]:
    """A note for each data set of these names that has scans no more. were, files: what was known, and what all sources
    hold now, by data set and case; two sources may choose from one folder."""
    told = {find.text(name): name for name in names}
    gone = defaultdict(list)
    for key, row in were.items():
        if key[0] in told and key not in files and not row.problem and not os.path.exists(row.file):
            gone[told[key[0]]].append(row.case)
    notes = []
    for name, some in gone.items():
        count = "1 scan is" if len(some) == 1 else f"{len(some)} scans are"
        notes.append(
            f"{name}: {count} not there any more, {some[0]} for one; what was decided stays."
        )
    return notes


def _told(sentences: Sequence[str], of: str) -> list[str]:
    """At most so many that a person reads them."""
    more = len(sentences) - _MOST_TOLD
    return [*sentences[:_MOST_TOLD], *([f"... and {more} more {of}."] if more > 0 else [])]


# --- in other processes -----------------------------------------------------------------------------


def _read_set(spec: str) -> _Read:
    found = reading.without_accepted(read_cases(spec))
    return _Read(found, sum(map(_unreadable, (skipped.file for skipped in found.skipped))))


def _unreadable(file: Path) -> bool:
    try:
        scan_size(file)
    except ScanError:
        return True
    return False


def _read_numbered(numbered: tuple[int, Case]) -> tuple[int, NewCase | reading.NotRead]:
    return numbered[0], reading.read_case(numbered[1])


def _died_numbered(numbered: tuple[int, Case]) -> tuple[int, NewCase]:
    return numbered[0], reading.died(numbered[1])


def _plainly(task: Callable, item: Any) -> Any:
    return task(item)


def _politely(task: Callable, item: Any) -> Any:
    _step_back()
    return task(item)


@cache
def _step_back() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICER)
