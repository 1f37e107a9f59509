"""Where scans are worked on: a few at a time; of the others each visitor's next waits in one line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

R = TypeVar("R")


class Desks:
    """The visitors take turns, so that who brings one scan does not wait for all of another's hundred.

    number: how many scans are worked on at once.
    """

    def __init__(self, number: int):
        self.number = number
        self._free = number
        # Who waits, whose turn is next first: the calls of each, in the order in which they came.
        self._waiting: dict[str, deque[anyio.Event]] = {}
        self._limiter: anyio.CapacityLimiter | None = None

    async def work(self, visitor: str, work: Callable[[], R]) -> R:
        """Do this in a thread as soon as it is this visitor's turn."""
        # Wants the running loop. It never keeps anybody waiting; the threads are ours alone.
        self._limiter = self._limiter or anyio.CapacityLimiter(self.number)
        await self._turn(visitor)
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._call_next()

    def before(self, visitor: str) -> int:
        """How many scans of others come before the first of this visitor's; 0 where none of theirs waits."""
        line = list(self._waiting)
        return line.index(visitor) if visitor in line else 0

    async def _turn(self, visitor: str) -> None:
        if self._free:
            self._free -= 1
            return
        called = anyio.Event()
        self._waiting.setdefault(visitor, deque()).append(called)
        try:
            await called.wait()
        except BaseException:  # whoever asked went away
            if called.is_set():
                self._call_next()
            else:
                self._leave(visitor, called)
            raise

    def _call_next(self) -> None:
        """A desk is free: the next visitor takes it, and goes to the end of the line with the rest."""
        if not self._waiting:
            self._free += 1
            return
        visitor = next(iter(self._waiting))
        calls = self._waiting.pop(visitor)
        calls.popleft().set()
        if calls:
            self._waiting[visitor] = calls

    def _leave(self, visitor: str, called: anyio.Event) -> None:
        calls = self._waiting[visitor]
        calls.remove(called)
        if not calls:
            del self._waiting[visitor]
