"""Keeps what was decided in a second place, as it is decided: a thread that follows the verdicts.

A verdict is *saved* when it is on this machine's disk, and *backed up* when it is in the place that
BCWEB_BACKUP names: at most a minute later, and when the program ends. What is there already is not
written again, and nothing there is ever changed. Where the disk is empty, as a Space's is when it starts
again, projects and verdicts are first brought back from there. Saving never waits for any of this.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

from bcweb.review import vault_format as format
from bcweb.review.records import ReviewError
from bcweb.review.store import Store
from bcweb.review.vault_format import KeptProject, Newer, VaultError
from bcweb.review.vault_places import BEGUN, Moved, Place

_log = logging.getLogger(__name__)

_LONGEST_WAIT = 300.0  # seconds, after many failures
_MOST_VERDICTS = 500  # in one go: of a commit, each is in one request
_MOST_BYTES = 16 << 20  # of verdicts in one go
_MOST_CASES = 1000  # in one file
_AGAIN_SECONDS = 60.0  # until a verdict whose mask could not be read is tried again
# Ids are seen in another order than they were given where many save at once (PostgreSQL): so far back is
# looked for what was not there a moment ago.
_LOOK_BACK = 1000
_DAMAGED = "Damaged or unreadable in the backup, and left out"
_NEWER = "Written by a newer program, and left out until this one is updated"
_REMOVED = (
    "A project was removed on another page that shares this backup, and will not come back from it: its verdicts "
    "here do not count as backed up. Export it, or remove it here too."
)
_UNFORESEEN = "Something went wrong on the server; its log says what."


@dataclass(frozen=True)
class State:
    """How far the backup is.

    kind: "folder" or "repository". reading: of what is brought back, how many of how many; None: nothing
    is. waiting: verdicts that are saved and not backed up; None: not known yet. last: when something was
    last written. problem: why nothing is, or what could not be read, in a sentence. again: seconds until
    it is tried again, None where nothing failed.
    """

    kind: str
    reading: tuple[int, int] | None
    waiting: int | None
    last: datetime | None
    problem: str | None
    again: float | None


class Vault:
    """Follows one store into one place, from `begin` to `end`.

    restored: is called with each project that was brought back, once all of them are. owner: whose they
    become, None: whose they were.
    """

    def __init__(
        self,
        store: Store,
        place: Place,
        restored: Callable[[str], None] = lambda key: None,
        owner: str | None = None,
    ):
        self._store, self._ledger, self.place = store, store.ledger, place
        self._restored, self._owner = restored, owner
        # A data folder that has followed into this place has all that it had in it then.
        self._is_going_on = place.what in self._begun() and bool(self._ledger.projects())
        self._there: set[str] | None = None  # the files that are in the place; None: not known yet
        self._is_open = self._is_listed = self._is_remembered = False
        self._mine: dict[str, str] = {}  # by a project's key: the file that says what it is here
        self._seen = 0  # all verdicts up to this id are backed up
        self._times: dict[int, datetime] = {}
        self._unreadable: dict[int, str] = {}
        self._again = 0.0  # when those are tried again
        self._sizes: dict[str, int] = {}  # by a project's key: how many cases it had a moment ago
        self._has_removed = False  # a project that another process has removed
        self._left_out: dict[str, str] = {}
        self._came: list[str] = []  # projects that were brought back and not told of yet
        self._reading: tuple[int, int] | None = None
        self._last: datetime | None = None
        self._problem: str | None = None
        self._failures = 0
        self._next = 0.0
        self._awake = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="vault", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def hurry(self) -> None:
        """Back up what waits now, whenever the next time would be; does not wait for it."""
        self._awake.set()

    def end(self, patience: float = 8.0) -> None:
        """Back up what waits, and stop; after so many seconds give up."""
        self._is_ending = True
        self._again = 0.0
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    @property
    def is_complete(self) -> bool:
        """Whether all that was in the place when it was first looked at, now or before this start, is here."""
        return self._there is not None or self._is_going_on

    # --- what is told

    def state(self) -> State:
        waiting = None if self._there is None else len(self._waiting())
        again = max(self._next - time.monotonic(), 0.0) if self._failures else None
        return State(
            self.place.kind,
            self._reading,
            waiting,
            self._last,
            self._problem or self._told(),
            again,
        )

    def backed_up(self, owner: str, ids: Iterable[int]) -> dict[int, datetime | None]:
        """Those of these verdicts of an owner that are backed up; when, None where it was before this start.

        Of a project that another process has removed there is none: it does not come back.
        """
        there = self._there or set()
        files = self._ledger.verdict_files(ids=ids, owner=owner)
        return {
            id: self._times.get(id)
            for id, file in files.items()
            if file in there and format.deleted_file(format.key_of(file) or "") not in there
        }

    def _told(self) -> str | None:
        """What is wrong though all goes on."""
        said = []
        for why in (_DAMAGED, _NEWER):
            if names := sorted(name for name, of in list(self._left_out.items()) if of == why):
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                said.append(f"{why}: {names[0]}{more}.")
        if self._has_removed:
            said.append(_REMOVED)
        for why in list(self._unreadable.values())[:1]:
            said.append(f"Not every verdict can be backed up. {why}")
        return " ".join(said) or None

    # --- the thread

    def _run(self) -> None:
        wait = 0.0
        while True:
            self._next = time.monotonic() + wait
            self._awake.wait(wait)
            self._awake.clear()
            is_last = self._is_ending
            wait = self._try()
            if is_last and (wait > 0 or self._failures):
                return

    def _try(self) -> float:
        """One step; seconds until the next."""
        try:
            has_more = self.step()
            self._problem, self._failures = None, 0
            return 0.0 if has_more else self.place.pace
        except Moved:
            self._is_listed = False
            return 0.0
        except ReviewError as error:
            self._problem = str(error)
        except Exception:
            _log.exception("The backup failed")
            self._problem = _UNFORESEEN
        # Some of it may have arrived: what is there is asked for before anything is written again.
        self._is_open = self._is_listed = self._is_remembered = False
        self._failures += 1
        return min(self.place.pace * 2 ** min(self._failures - 1, 10), _LONGEST_WAIT)

    def step(self) -> bool:
        """Bring back what others have written, back up what waits; whether there is more of it."""
        if not self._is_open:
            self.place.open(may_begin=self.place.what not in self._begun())
            self._is_open = True
        if not self._is_listed or self.place.has_moved():
            self._look()
        files, ids, has_more = self._gather()
        if files:
            self.place.put(files)
            self._last = datetime.now(UTC)
            self._times |= dict.fromkeys(ids, self._last)
            self._there |= set(files)
            self._mine |= {key: of[-1] for key, of in format.project_files(files).items()}
            self._left_out = {n: why for n, why in self._left_out.items() if n not in files}
        self._remember()
        return has_more

    def _begun(self) -> list[str]:
        """The places that this data folder has had a backup in: one that holds none now is not attached."""
        try:
            return (self._store.home / BEGUN).read_text("utf-8", "surrogateescape").split("\n")
        except OSError:
            return []  # there is none; or it cannot be read, which is no reason to back up nothing

    def _remember(self) -> None:
        if self._is_remembered:
            return
        with suppress(OSError):  # a full disk: what is saved is backed up all the same
            if self.place.what not in self._begun():
                file = self._store.home / BEGUN
                with file.open("a", encoding="utf-8", errors="surrogateescape") as begun:
                    begun.write(
                        f"\n{self.place.what}\n"
                    )  # whoever took a line out may have left no end
            self._is_remembered = True

    # --- out of the place

    def bring_back(self) -> None:
        """Bring back what is not here, and write nothing; `VaultError` where there is no backup."""
        self.place.open(to_write=False)
        self._look()

    @property
    def left_out(self) -> Mapping[str, str]:
        """The files of the backup that could not be understood, and why, in words."""
        return MappingProxyType(self._left_out)

    def _look(self) -> None:
        names = self.place.names()
        # What was cut to nothing and no longer is, somebody has written again.
        known = (self._there or set()) | set(self.place.empty)
        self._left_out = {name: why for name, why in self._left_out.items() if name in known}
        early = self._bring_back(names)
        # Of a deletion nobody reads more than the name.
        cut = {name for name in self.place.empty if not name.endswith(".deleted.json")}
        if (self._there or set()) - (names - cut):
            self._seen = 0  # something was taken away there
        self._there, self._is_listed = names - early - cut, True
        # Not before: what an import adds from now on takes none of the numbers that come back.
        while self._came:
            self._restored(self._came.pop(0))

    def _bring_back(self, names: set[str]) -> set[str]:
        """Into the database what is not there; the files that came too early and are to be read again."""
        known = {project.key: project for project in self._ledger.projects()}
        new = names - (self._there or set()) - self._left_out.keys()
        defined = format.project_files(names)
        coming = {
            key
            for name in new
            if ((key := format.key_of(name)) in defined or key in known)
            and (key not in known or name.startswith("verdicts/"))
        }
        coming -= {key for key in coming if format.deleted_file(key) in names}
        coming -= {key for key, project in known.items() if project.deleted is not None}
        if not coming:
            return set()
        if unknown := coming - known.keys():  # its verdicts may have been seen before it was
            new |= {name for name in names if format.key_of(name) in unknown}
        have = set(self._ledger.verdict_files().values())
        wanted: dict[str, list[str]] = {key: [] for key in coming}
        for name in sorted(new - have - self._left_out.keys()):
            key = format.key_of(name)
            is_new = key not in known
            if key in coming and (name.startswith("verdicts/") or (is_new and "cases/" in name)):
                wanted[key].append(name)
        wanted = {key: files for key, files in wanted.items() if files or key not in known}
        total, done = sum(map(len, wanted.values())), 0
        early: set[str] = set()
        try:
            # One that is here is known without its file, which may have been cut since.
            projects = [known[key] for key in wanted if key in known]
            projects += self._read_projects([defined[key] for key in wanted if key not in known])
            for project in sorted(projects, key=lambda project: project.number):
                self._reading = (done, total)
                early |= self._read_into(project, wanted[project.key], have, done, total)
                done += len(wanted[project.key])
                if project.key not in known:
                    self._came.append(project.key)
        finally:
            self._reading = None
        return early

    def _read_projects(self, files: Iterable[Sequence[str]]) -> list[KeptProject]:
        """Each project with the data sets and weights that the newest of its files says that is whole; files: of each
        project, the first one first. That one says whose it is and what it is called: a later one may be another
        machine's, where it was brought back as another's."""
        files = list(files)
        newest = self._whole(of[::-1] for of in files)
        first = self._whole(of for of in files if len(of) > 1 and format.key_of(of[0]) in newest)
        return [
            replace(first.get(key, now), sources=now.sources, weights=now.weights)
            for key, now in newest.items()
        ]

    def _whole(self, files: Iterable[Sequence[str]]) -> dict[str, KeptProject]:
        """By key what the first of its files says that is whole."""
        found = {}
        left = {of[0]: of[1:] for of in files}
        while left:
            more = {}
            for name, content in self.place.read(list(left)):
                try:
                    project = format.read_project(name, content)
                    found[project.key] = project
                except VaultError as error:
                    self._leave_out(name, error)
                    # What a newer program says of it is no reason to go on to what another one said.
                    if left[name] and not isinstance(error, Newer):
                        more[left[name][0]] = left[name][1:]
            left = more
        return found

    def _read_into(
        self, project: KeptProject, names: list[str], have: set[str], done: int, total: int
    ) -> set[str]:
        """Into the database, but for undos of what is neither there nor among these: which they are. A folder is not
        looked through in one moment, and a verdict whose mask could not be read is backed up late."""
        cases, verdicts = [], {}
        with closing(self.place.read(names)) as read:
            for name, content in read:
                done += 1
                self._reading = (done, total)
                try:
                    if name.startswith("cases/"):
                        cases += format.read_cases(name, content)
                    else:
                        verdict = format.read_verdict(name, content)
                        verdict.mask()  # one that is damaged is left out here, not in the database
                        verdicts[name] = verdict
                except VaultError as error:
                    self._leave_out(name, error)
        damaged = {name for name, why in self._left_out.items() if why == _DAMAGED}
        damaged -= set(self.place.empty)  # somebody may have it, and write it again
        come = have | verdicts.keys() | damaged
        early = {
            name
            for name, verdict in verdicts.items()
            if verdict.undoes and format.verdict_file(project.key, verdict.undoes) not in come
        }
        said = [verdict for name, verdict in verdicts.items() if name not in early]
        self._ledger.restore(project, cases, said, self._owner)
        return early

    def _leave_out(self, name: str, error: VaultError) -> None:
        self._left_out[name] = _NEWER if isinstance(error, Newer) else _DAMAGED

    # --- into the place

    def _waiting(self) -> dict[int, str]:
        """id -> file of the verdicts that are not in the place."""
        there = self._there or set()
        files = self._ledger.verdict_files(ids=self._unreadable)
        files |= self._ledger.verdict_files(above=self._seen - _LOOK_BACK)
        return {id: file for id, file in files.items() if file not in there}

    def _gather(self) -> tuple[dict[str, bytes], list[int], bool]:
        """What is to be written now, the ids of the verdicts in it, and whether more waits."""
        there = self._there or set()
        files: dict[str, bytes] = {}
        size = 0
        if format.MARKER not in there:
            files |= [format.write_marker()]
        files |= self._new_projects(there)
        files |= self._new_cases(there)
        last = self._ledger.last_verdict()
        found = self._waiting()
        self._unreadable = {id: why for id, why in self._unreadable.items() if id in found}
        # The disk did not answer, too many files were open: what could not be read once may be read later.
        is_due = time.monotonic() > self._again
        waiting = [id for id in found if is_due or id not in self._unreadable]
        now = waiting[:_MOST_VERDICTS]
        written, tried = [], 0
        with closing(self._ledger.verdicts(now)) as read:
            for id, verdict in read:
                tried += 1
                if isinstance(verdict, ReviewError):
                    self._unreadable[id] = str(verdict)
                    self._again = time.monotonic() + _AGAIN_SECONDS
                    continue
                self._unreadable.pop(id, None)
                name, content = format.write_verdict(verdict)
                files[name] = content
                written.append(id)
                size += len(content)
                if size > _MOST_BYTES:
                    break
        self._seen = min((id for id in waiting if id not in self._unreadable), default=last + 1) - 1
        return files, written, tried < len(waiting)

    def _new_projects(self, there: set[str]) -> Iterator[tuple[str, bytes]]:
        defined = format.project_files(there)
        projects = self._ledger.projects()
        self._has_removed = any(
            project.deleted is None and format.deleted_file(project.key) in there
            for project in projects
        )
        for project in projects:
            files = defined.get(project.key, [])
            if project.deleted is None:
                if files and format.says(files[-1], project):
                    self._mine[project.key] = files[-1]
                # Where another process has written since, that stands: two would answer each other for ever.
                mine = self._mine.get(project.key)
                if mine not in files or not format.says(mine, project):
                    yield format.write_project(project, files)
            elif files and format.deleted_file(project.key) not in there:
                yield format.write_deletion(project)

    def _new_cases(self, there: set[str]) -> Iterator[tuple[str, bytes]]:
        reached: dict[str, int] = {}
        for name in there:
            if name.startswith("cases/"):
                key = name.split("/")[1]
                reached[key] = max(reached.get(key, 0), format.covered(name))
        sizes = self._ledger.sizes()
        for key, (size, is_importing) in sizes.items():
            first = reached.get(key, 0)
            is_growing = is_importing and size != self._sizes.get(key)
            while first < size:
                if is_growing and size - first < _MOST_CASES:
                    break  # one file for many of them
                found = self._ledger.cases(key, first, _MOST_CASES)
                if not found:
                    break
                yield format.write_cases(key, found)
                first = found[-1].position + 1
        self._sizes = {key: size for key, (size, _) in sizes.items()}
