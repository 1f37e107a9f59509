"""The store of reviews as the page's routes use it: opened when first asked for, in threads of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
from starlette.exceptions import HTTPException

from bcweb.page import told
from bcweb.page.answers import Refusal
from bcweb.review.records import Conflict, NotNow, NotThere, ReviewError
from bcweb.scans import ScanError

if TYPE_CHECKING:  # it brings SQLAlchemy, which nobody needs who does not review
    from bcweb.review.store import Store

_log = logging.getLogger(__name__)
_THREADS = 8

_COMING_BACK = "This is not here yet: the verdicts are still being brought back from the backup."

R = TypeVar("R")


class Workspace:
    """One store for all routes. Where it cannot be opened each of them says why, and tries again."""

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._store: Store | None = None
        self._threads: anyio.CapacityLimiter | None = None
        # Whether what is not here may still come back from a backup.
        self.is_incomplete: Callable[[], bool] = lambda: False

    def store(self) -> Store:
        """Waits until it is open; raises `ReviewError`."""
        with self._opening:
            if self._store is None:
                from bcweb.review.store import Store

                self._store = Store()
            return self._store

    async def ask(self, work: Callable[[Store], R]) -> R:
        """Do this in a thread; what the store refuses becomes an answer to the one who asks.

        404: not there, or another's; as long as a backup is not read back, 503. 409: somebody decided in between, with "latest". 503: nothing was
        kept, and trying again is safe ("again"), for this reason ("why"). 400: any other sentence.
        """
        self._threads = self._threads or anyio.CapacityLimiter(_THREADS)  # wants the running loop
        is_incomplete = self.is_incomplete()
        try:
            return await anyio.to_thread.run_sync(
                lambda: work(self._ready()), limiter=self._threads
            )
        except NotThere as error:
            if is_incomplete:
                raise Refusal(503, _COMING_BACK, again=True) from None
            raise HTTPException(404, str(error)) from None
        except Conflict as error:
            raise Refusal(409, str(error), latest=told.verdict(error.latest)) from None
        except NotNow as error:
            raise Refusal(503, str(error), again=True, why=error.why) from None
        except (ReviewError, ScanError) as error:
            # What has a cause is not the asking one's fault: a database or a disk does not answer.
            if isinstance(error, ReviewError) and error.__cause__ is not None:
                raise Refusal(503, str(error), again=True) from None
            raise HTTPException(400, str(error)) from None

    def _ready(self) -> Store:
        try:
            return self.store()
        except NotNow:
            raise
        except ReviewError as error:
            raise ReviewError(str(error)) from error  # no fault of the one who asks
