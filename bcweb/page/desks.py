"""Where scans are worked on: a few at a time, the others wait in one line, whoever sent them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

R = TypeVar("R")


class Desks:
    """number: how many scans are worked on at once."""

    def __init__(self, number: int):
        self.number = number
        self._tickets = itertools.count()
        self._waiting: dict[int, str] = {}  # ticket -> visitor, in the order in which they came
        self._limiter: anyio.CapacityLimiter | None = None

    async def work(self, visitor: str, work: Callable[[], R]) -> R:
        """Do this in a thread as soon as it is this visitor's turn."""
        self._limiter = self._limiter or anyio.CapacityLimiter(
            self.number
        )  # wants the running loop
        ticket = next(self._tickets)
        self._waiting[ticket] = visitor

        def begin() -> R:
            self._waiting.pop(ticket, None)
            return work()

        try:
            return await anyio.to_thread.run_sync(begin, limiter=self._limiter)
        finally:
            self._waiting.pop(ticket, None)

    def before(self, visitor: str) -> int:
        """How many of other visitors wait before the first of this one's; 0 where none of theirs waits."""
        line = list(self._waiting.values())
        return line.index(visitor) if visitor in line else 0
