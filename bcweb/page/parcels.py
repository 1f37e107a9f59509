"""Files on their way to and from callers of the API: in memory only, under random names, each for its
visitor alone, and for minutes."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bcweb.page.settings import MB
from bcweb.page.store import StoreFull

KEPT_SECONDS = 600


@dataclass(frozen=True)
class Parcel:
    """owner: the visitor who may have it; None for a caller without a cookie, whom only the name tells."""

    owner: str | None
    data: bytes
    until: float


class Parcels:
    """A file is known by its random name and by whose it is, and never by the name it had elsewhere.

    most_bytes: of one owner; callers without a cookie count as one. all_bytes: of all together.
    """

    def __init__(
        self,
        most_bytes: int = 512 * MB,
        all_bytes: int = 1024 * MB,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.most_bytes, self.all_bytes = most_bytes, all_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, Parcel] = {}

    def put(self, owner: str | None, data: bytes) -> str:
        """Keep a file for `KEPT_SECONDS`; its name. Raises `StoreFull` where there is no room."""
        with self._lock:
            self._drop_old()
            size = sum(len(kept.data) for kept in self._kept.values())
            own = sum(len(kept.data) for kept in self._kept.values() if kept.owner == owner)
            if own + len(data) > self.most_bytes or size + len(data) > self.all_bytes:
                raise StoreFull("The server has no room for another file now: try again later.")
            name = secrets.token_urlsafe(32)
            self._kept[name] = Parcel(owner, data, self._clock() + KEPT_SECONDS)
            return name

    def look(self, owner: str | None, name: str) -> bytes | None:
        """The owner's file of this name; None where there is none, or it is another's."""
        with self._lock:
            self._drop_old()
            kept = self._kept.get(name)
            return kept.data if kept is not None and kept.owner in (None, owner) else None

    def take(self, owner: str | None, name: str) -> bytes | None:
        """The same, which is gone from here then."""
        data = self.look(owner, name)
        if data is not None:
            with self._lock:
                self._kept.pop(name, None)
        return data

    def forget(self, owner: str) -> None:
        """Drop all that a visitor has here."""
        with self._lock:
            for name in [name for name, kept in self._kept.items() if kept.owner == owner]:
                del self._kept[name]

    def expire(self) -> None:
        with self._lock:
            self._drop_old()

    def _drop_old(self) -> None:
        now = self._clock()
        for name in [name for name, kept in self._kept.items() if kept.until <= now]:
            del self._kept[name]
