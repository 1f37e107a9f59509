"""Imports under way: each in a thread, with how far it is, and a way to stop it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bcweb.page.segmenters import Segmenters
from bcweb.review.records import Project, ReviewError

if TYPE_CHECKING:
    from bcweb.review.importing import Import
    from bcweb.review.store import Store

_log = logging.getLogger(__name__)


class Imports:
    """One a project. What an import did before it ended is kept: it can go on later."""

    def __init__(self, segmenters: Segmenters):
        self.segmenters = segmenters
        self._lock = threading.Lock()
        self._running: dict[int, tuple[Import, threading.Thread]] = {}

    def begin(
        self, store: Store, owner: str, name: str, data: Sequence[str], weights: str | None
    ) -> Project:
        raise ReviewError("not yet")

    def resume(self, store: Store, project: Project) -> None:
        raise ReviewError("not yet")

    def cancel(self, project: int, wait: bool = False) -> None:
        pass

    def progress(self, project: int) -> dict[str, Any]:
        return {"progress": None}
