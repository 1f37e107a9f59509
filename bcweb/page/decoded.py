"""What was decoded from files of the disk, the last used kept: the next case is asked for before it is seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from bcweb.page.packed import Packed
from bcweb.page.settings import MB


class Decoded:
    """Arrays by key, shared by all readers. Of two who ask for the same at once, one decodes it.

    most_bytes: beyond it, what was not asked for longest is let go.
    """

    def __init__(self, most_bytes: int = 256 * MB):
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: dict[Hashable, Future[Packed]] = {}  # the longest unused first

    def get(self, key: Hashable, decode: Callable[[], Packed]) -> Packed:
        """What is kept under the key, else what `decode` gives; its errors are the caller's."""
        with self._lock:
            found = self._kept.pop(key, None)
            mine = found is None
            wanted = self._kept[key] = found or Future()
        if mine:
            try:
                wanted.set_result(decode())
            except BaseException as error:
                with self._lock:
                    self._kept.pop(key, None)
                wanted.set_exception(error)
            else:
                self._trim()
        return wanted.result()

    def _trim(self) -> None:
        with self._lock:
            done = {key: kept.result().nbytes for key, kept in self._kept.items() if kept.done()}
            size = sum(done.values())
            for key, nbytes in done.items():
                if size <= self.most_bytes:
                    return
                del self._kept[key]
                size -= nbytes
