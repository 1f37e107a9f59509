"""Imports under way: each in a thread, with how far it is, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bcweb.page.segmenters import Segmenters
from bcweb.review.predicting import fitting
from bcweb.review.records import Project, ReviewError
from bcweb.scans import MODALITIES, Modality
from bcweb.weights import WeightsError

if TYPE_CHECKING:
    from bcweb.review.importing import Import
    from bcweb.review.store import Store

_PATIENCE = 30.0  # seconds that a cancelled import may take to put down what it has in hand
_READING = 20.0  # seconds that whoever begins a project waits for what is wrong with its data sets
_SOON = 0.1  # seconds from one look at an import to the next


class Imports:
    """One a project. What an import did before it ended is kept: it can go on later."""

    def __init__(self, segmenters: Segmenters):
        self.segmenters = segmenters
        # Held from a look whether one is under way until it is begun. Another than that of what is known of them: a
        # database may take its time over a beginning, and the page asks meanwhile how far the others are.
        self._beginning = threading.Lock()
        self._lock = threading.Lock()
        self._imports: dict[int, Import] = {}

    def begin(
        self, store: Store, owner: str, name: str, data: Sequence[str], weights: str | None
    ) -> Project:
        """A new project; `ReviewError` where there is one of this name, or its data or weights cannot be used.

        weights: for all of their modality, None: those which the page uses now, as for the other one.
        Of data sets that take longer to read the project itself tells what is wrong.
        """
        from bcweb.review.importing import absolute

        data = [absolute(spec) for spec in data]
        # Of which modality the cases are is not known yet, and an import that goes on takes no others.
        names = {modality: self._in_use(modality) for modality in MODALITIES}
        if weights:
            names |= dict.fromkeys(_modalities_of(weights), weights)
        project = store.create(owner, name, data, names)
        try:
            problem = _problem(self._start(store, project, data, weights)[0])
            if problem and not store.project(owner, project.id).cases:
                raise ReviewError(problem)
        except ReviewError:
            store.delete(owner, project.id)
            raise
        return project

    def resume(self, store: Store, project: Project, weights: str | None = None) -> bool:
        """Go on where it was, or predict once more with these weights; whether that began: not while one is under way."""
        return self._start(store, project, (), weights)[1]

    def cancel(self, project: int) -> None:
        """Stop it, and wait until what it has in hand is kept."""
        running = self._running(project)
        if running is not None:
            running.cancel()
            running.wait(_PATIENCE)

    def progress(self, project: int) -> dict[str, Any]:
        """{"progress": {"done", "total", "of", "doing"}}, or None in its place while nothing is imported. of: what is counted."""
        with self._lock:
            last = self._imports.get(project)
        if last is None or not last.running:
            return {"progress": None}
        now = last.progress()
        of = now.unit if now.total == 1 else f"{now.unit}s"
        return {"progress": {"done": now.done, "total": now.total, "of": of, "doing": now.phase}}

    def under_way(self) -> dict[int, dict[str, Any]]:
        """`progress` of all projects that are being imported."""
        with self._lock:
            projects = list(self._imports)
        found = {project: self.progress(project) for project in projects}
        return {project: told for project, told in found.items() if told != {"progress": None}}

    def ended(self, project: Project) -> Project:
        """A project with how its last import ended, where that failed so that the project itself does not know. It still
        says that it is being imported then; whatever else it says is of somebody who has gone on with it."""
        with self._lock:
            last = self._imports.get(project.id)
        if project.state != "importing" or last is None or last.running or not last.untold:
            return project
        return replace(project, state="failed", problem=last.untold)

    # --- inside

    def _start(
        self, store: Store, project: Project, data: Sequence[str], weights: str | None
    ) -> tuple[Import, bool]:
        """The project's import that is under way, and whether it began here."""
        from bcweb.review import importing

        with self._beginning:
            running = self._running(project.id)
            if running is not None:
                return running, False
            begun = importing.start(store, project.owner, project.name, data, weights)
            with self._lock:
                self._imports[project.id] = begun
        return begun, True

    def _running(self, project: int) -> Import | None:
        with self._lock:
            found = self._imports.get(project)
        return found if found is not None and found.running else None

    def _in_use(self, modality: Any) -> str:
        now = self.segmenters.now(modality)
        return now.name if now else self.segmenters.weights[modality]


def _modalities_of(weights: str) -> Collection[Modality]:
    """Those that they are for; `ReviewError` where they cannot be had."""
    try:
        return fitting(weights, MODALITIES)
    except WeightsError as error:
        raise ReviewError(str(error)) from None


def _problem(begun: Import) -> str | None:
    """What is wrong with its data sets or weights, once that is known; None where it takes long."""
    from bcweb.review.importing import READING_SETS

    for _ in range(round(_READING / _SOON)):
        if begun.wait(_SOON) or begun.progress().phase != READING_SETS:
            break
    return begun.error
