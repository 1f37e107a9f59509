"""What visitors have opened: in memory only, under random ids, each seen by its visitor alone."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar


class StoreFull(ValueError):
    """There is no room; its text is one sentence for the visitor."""


class Item(Protocol):
    """What is stored. nbytes: memory held now. release: give back what can be made again; returns at once."""

    @property
    def nbytes(self) -> int: ...
    def release(self) -> None: ...


T = TypeVar("T", bound=Item)


class Store(Generic[T]):
    """Items by (visitor, id). An id alone opens nothing: whoever asks must be the one who put it in."""

    def __init__(
        self,
        visitor_bytes: int,
        all_bytes: int,
        idle_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.visitor_bytes, self.all_bytes = visitor_bytes, all_bytes
        self.idle_seconds = idle_seconds
        self._clock = clock
        self._lock = threading.RLock()
        self._items: dict[str, dict[str, T]] = {}  # visitor -> id -> item, in the order of arrival
        self._heard: dict[str, float] = {}  # visitor -> when
        self._used: dict[str, T] = {}  # id -> item, the longest unused first

    def add(self, owner: str, item: T) -> str:
        """Store an item for its owner; raise `StoreFull` where releasing others leaves no room for it."""
        with self._lock:
            self._heard[owner] = self._clock()
            mine = self._items.setdefault(owner, {})
            self.make_room(owner, item.nbytes)
            if _size(mine.values()) + item.nbytes > self.visitor_bytes:
                raise StoreFull(
                    "There is no room for this scan: remove others from the list first."
                )
            if _size(self._used.values()) + item.nbytes > self.all_bytes:
                raise StoreFull("The server has no room for another scan now: try again later.")
            id = secrets.token_urlsafe(16)
            mine[id] = self._used[id] = item
            return id

    def get(self, owner: str, id: str) -> T | None:
        with self._lock:
            self._heard[owner] = self._clock()
            item = self._items.get(owner, {}).get(id)
            if item is not None:
                self._used[id] = self._used.pop(id)
            return item

    def all_of(self, owner: str) -> dict[str, T]:
        with self._lock:
            self._heard[owner] = self._clock()
            return dict(self._items.get(owner, {}))

    def remove(self, owner: str, id: str) -> bool:
        with self._lock:
            item = self._items.get(owner, {}).pop(id, None)
            if item is None:
                return False
            del self._used[id]
            return True

    def forget(self, owner: str) -> int:
        """Remove all that an owner has; how many that were."""
        with self._lock:
            self._heard.pop(owner, None)
            gone = self._items.pop(owner, {})
            for id in gone:
                del self._used[id]
            return len(gone)

    def make_room(self, owner: str, wanted: int = 0) -> None:
        """Release what was not used for longest, the owner's first, until it fits or nothing is left."""
        with self._lock:
            mine = self._items.get(owner, {})
            own = {id: item for id, item in self._used.items() if id in mine}
            _release(own.values(), self.visitor_bytes - wanted)
            _release(self._used.values(), self.all_bytes - wanted)

    def expire(self) -> None:
        """Forget the visitors who have not been heard of for `idle_seconds`."""
        with self._lock:
            now = self._clock()
            for owner, heard in list(self._heard.items()):
                if now - heard > self.idle_seconds:
                    self.forget(owner)


def _size(items: Iterable[Item]) -> int:
    return sum(item.nbytes for item in items)


def _release(oldest_first: Iterable[Item], room: int) -> None:
    items = list(oldest_first)
    size = _size(items)
    for item in items:
        if size <= room:
            return
        before = item.nbytes
        item.release()
        size -= before - item.nbytes
