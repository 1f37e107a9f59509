"""A place that is one process's at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def held(file: Path, taken: Callable[[], None]) -> Iterator[bool]:
    """Within, the lock of this file is held, of which other processes see that it is.

    taken: called where another one holds it; what it raises is raised, and when it returns that one is waited for.
    A process that ends lets go, however it ends. Where a system, or what the folder is mounted from, has no such
    locks, or the file is not one's own to open, nothing is held: then it is False that is given.
    """
    # A lock that is a mere file would outlive a process that is killed. Who shares a folder shares its locks.
    lock = FileLock(file, mode=0o666, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        taken()
        with suppress(OSError):
            lock.acquire()
    except OSError:
        pass
    try:
        yield lock.is_locked
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows keeps a file that is open
                file.unlink()  # whoever waits for it looks for it anew
        lock.release()
