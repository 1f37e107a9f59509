"""What visitors have opened: in memory only, under random ids, each seen by its visitor alone."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class StoreFull(ValueError):
    """There is no room; its text is one sentence for the visitor."""


class Forgotten(ValueError):
    """All of the owner's was forgotten meanwhile; its text is one sentence for the visitor."""


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
        self._visits: dict[str, int] = {}  # visitor -> number, until all of theirs is forgotten
        self._numbers = itertools.count()
        self._used: dict[str, T] = {}  # id -> item, the longest unused first

    def visit(self, owner: str) -> int:
        """A number for what is begun for an owner now, to be stored later: see `add`."""
        with self._lock:
            self._heard[owner] = self._clock()
            return self._visits.setdefault(owner, next(self._numbers))

    def add(self, owner: str, item: T, visit: int | None = None) -> str:
        """Store an item for its owner; raise `StoreFull` where releasing others leaves no room for it, and `Forgotten`
        where it was begun in a visit that is over: who was told that nothing is left must find nothing.
        """
        return self.add_all(owner, [item], visit)[0]

    def add_all(self, owner: str, items: Sequence[T], visit: int | None = None) -> list[str]:
        """Store all of these or, with `StoreFull`, none; what is there already is gone through once for all of them."""
        with self._lock:
            if visit is not None and visit != self._visits.get(owner):
                raise Forgotten(
                    "While this was on its way, your scans were deleted, or not used for too long: open it again."
                )
            self._heard[owner] = self._clock()
            self.want(owner, _size(items))
            added = {secrets.token_urlsafe(16): item for item in items}
            self._items.setdefault(owner, {}).update(added)
            self._used.update(added)
            return list(added)

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
            self._visits.pop(owner, None)
            gone = self._items.pop(owner, {})
            for id in gone:
                del self._used[id]
            return len(gone)

    def want(self, owner: str, nbytes: int) -> None:
        """Make room for so much more of an owner's; raise `StoreFull` where releasing leaves none."""
        mine_fits, all_fits = self.make_room(owner, nbytes)
        if not mine_fits:
            raise StoreFull("There is no room for this: remove other scans from the list first.")
        if not all_fits:
            raise StoreFull("The server has no room for more now: try again later.")

    def make_room(self, owner: str, wanted: int = 0) -> tuple[bool, bool]:
        """Release what was not used for longest, the owner's first, until it fits or nothing is left; whether it fits
        into the owner's room, and into that of all. For whoever has made items larger, too.
        """
        with self._lock:
            mine = self._items.get(owner, {})
            own = [item for id, item in self._used.items() if id in mine]
            return (
                _release(own, self.visitor_bytes - wanted),
                _release(list(self._used.values()), self.all_bytes - wanted),
            )

    def expire(self) -> None:
        """Forget the visitors who have not been heard of for `idle_seconds`."""
        with self._lock:
            now = self._clock()
            for owner, heard in list(self._heard.items()):
                if now - heard > self.idle_seconds:
                    self.forget(owner)


def _size(items: Iterable[Item]) -> int:
    return sum(item.nbytes for item in items)


def _release(oldest_first: Sequence[Item], room: int) -> bool:
    """Whether they take no more than this room in the end."""
    size = _size(oldest_first)
    for item in oldest_first:
        if size <= room:
            break
        before = item.nbytes
        item.release()
        size -= before - item.nbytes
    return size <= room
