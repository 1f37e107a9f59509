"""Imports that run until they are cancelled, in place of those that read data sets."""

from __future__ import annotations

from collections.abc import Callable

from bcweb.page.imports import Imports
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.review import importing


class Begun:
    """What `importing.start` gives back. weights: those that it was begun with."""

    error = untold = None

    def __init__(self, weights: str | None):
        self.weights = weights
        self.running = True

    def cancel(self) -> None:
        self.running = False

    def wait(self, seconds: float | None = None) -> bool:
        return not self.running

    def progress(self) -> importing.Progress:
        return importing.Progress(0, 1, importing.READING)


def of_nothing(monkeypatch, meanwhile: Callable[[Imports], None] = lambda imports: None):
    """The imports of a page, and the list of those that were begun. meanwhile: done as each begins, before it is known."""
    imports = Imports(Segmenters(settings(environment={}).weights))
    begun: list[Begun] = []

    def start(store, owner, name, data, weights) -> Begun:
        begun.append(Begun(weights))
        one = begun[-1]
        meanwhile(imports)
        return one

    monkeypatch.setattr(importing, "start", start)
    return imports, begun
