"""Exports under way: each in a thread, as a ZIP file to download or in a folder of this machine."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcweb.paths import pasted
from bcweb.review.records import Decision, NotThere, Project, ReviewError

if TYPE_CHECKING:
    from bcweb.review.store import Store

_log = logging.getLogger(__name__)
_UNTAKEN = (
    3  # exports of one owner that have ended and that nobody has fetched: each may be a large file
)


class Stopped(Exception):
    """The one who asked for it does not want it any more."""


@dataclass
class _Export:
    owner: str
    file: Path | None  # None: it goes into a folder of the person's choice
    name: str
    done: int = 0
    total: int = 0
    lines: list[str] = field(default_factory=list)
    problem: str | None = None
    is_done: bool = False
    is_taken: bool = False  # whoever asked for it has it: the file, or word of the folder
    is_unwanted: bool = False


class Exports:
    """Of each owner those under way and those that nobody has taken yet are kept, and the last one until the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exports: dict[str, _Export] = {}
        self._place: tempfile.TemporaryDirectory[str] | None = None

    def begin(
        self,
        store: Store,
        owner: str,
        project: Project,
        format: str,
        folder: str | None,
        include: Sequence[Decision] | None = None,
        reader: str | None = None,
    ) -> str:
        """Its id. folder: None makes a ZIP file. include: the decisions whose masks are wanted, None: all.
        reader: whose verdicts, None: those that stand. `ReviewError` where it cannot even begin."""
        from bcweb.review.export import FORMATS, WITH_MASK

        if format not in FORMATS:
            raise ReviewError(f"An export is {', '.join(FORMATS)}.")
        include = WITH_MASK if include is None else include
        if not include or not all(one in WITH_MASK for one in include):
            raise ReviewError(f"An export includes masks of {', '.join(WITH_MASK)}.")
        to = Path(pasted(folder)) if folder else None
        if to and not to.is_absolute():  # whoever reads does not know in which folder the page runs
            raise ReviewError("Name the folder from the top, as /data/masks or ~/masks.")
        id = secrets.token_urlsafe(16)
        file = None if to else self._folder() / f"{id}.zip"
        whose = f" of {reader}" if reader else ""
        made = _Export(owner, file, f"{project.name} {format}{whose}.zip", total=project.cases)
        with self._lock:
            # One under way is another tab's, which waits for it, and so may one be that has just ended.
            ended = [k for k, one in self._exports.items() if one.owner == owner and one.is_done]
            waiting = [k for k in ended if not self._exports[k].is_taken][-_UNTAKEN:]
            for other in ended:
                if other not in waiting:
                    self._forget(other)
            self._exports[id] = made
        arguments = (made, store, project.id, format, to, include, reader)
        threading.Thread(target=self._run, args=arguments, name="export", daemon=True).start()
        return id

    def told(self, owner: str, id: str) -> dict[str, Any]:
        found = self._of(owner, id)
        if found.is_done and (found.file is None or found.problem):
            found.is_taken = True
        return {
            "id": id,
            "done": found.done,
            "total": found.total,
            "lines": found.lines,
            "problem": found.problem,
            "isDone": found.is_done,
        }

    def file(self, owner: str, id: str) -> tuple[Path, str]:
        """The ZIP file, and what to call it."""
        found = self._of(owner, id)
        if found.file is None or not found.is_done or not found.file.is_file():
            raise NotThere("There is no such file.")
        found.is_taken = True
        return found.file, found.name

    def stop(self, owner: str, id: str) -> None:
        with self._lock:
            self._of(owner, id)
            self._forget(id)

    # --- inside

    def _run(
        self,
        made: _Export,
        store: Store,
        project: int,
        format: str,
        to: Path | None,
        include: Sequence[Decision],
        reader: str | None,
    ) -> None:
        from bcweb.review.export import export, export_zip

        def progress(done: int, total: int) -> None:
            made.done, made.total = done, total
            if made.is_unwanted:
                raise Stopped

        try:
            if to:
                written = export(store, made.owner, project, to, format, include, reader, progress)
            else:
                written = export_zip(
                    store, made.owner, project, made.file, format, include, reader, progress
                )
            # Where a ZIP file lies on the server is nobody's business.
            lines = written.lines()
            made.lines = lines if to else [line.split(f": {made.file}")[0] for line in lines]
        except Stopped:
            made.problem = "Cancelled: nothing was written."
        except ReviewError as error:
            made.problem = str(error)
        except Exception:
            _log.exception("an export failed")
            made.problem = "Something went wrong on the server; its log says what."
        made.is_done = True
        if made.is_unwanted and made.file is not None:
            _remove(made.file)

    def _folder(self) -> Path:
        with self._lock:
            # A page may run for weeks, and a system tidies its temporary folder. Made again by its name, anybody on this
            # machine could read what is in it.
            if self._place is None or not Path(self._place.name).is_dir():
                self._place = tempfile.TemporaryDirectory(prefix="bcweb-export-")
            return Path(self._place.name)

    def _forget(self, id: str) -> None:
        gone = self._exports.pop(id)
        gone.is_unwanted = True
        if gone.is_done and gone.file is not None:
            _remove(gone.file)

    def _of(self, owner: str, id: str) -> _Export:
        found = self._exports.get(id)
        if found is None or found.owner != owner:
            raise NotThere("There is no such export.")
        return found


def _remove(file: Path) -> None:
    with suppress(OSError):  # on Windows while it is fetched: it goes with its folder, in the end
        file.unlink()
