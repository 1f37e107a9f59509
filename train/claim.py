"""A run's folder is one training's at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def claimed(run: Path) -> Iterator[None]:
    """Within, a run's folder, which is made, is this training's; ValueError where another's is at work there.

    A process that ends lets go, however it ends. Where a system, or what the folder is mounted from, has no such
    locks, nothing is refused.
    """
    run.mkdir(parents=True, exist_ok=True)
    # A lock that is a mere file would outlive a training that is killed.
    lock = FileLock(run / "training.lock", blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"Another training is at work in {run}: let it end, or choose another --out."
        ) from None
    except OSError:
        pass  # no locks there
    try:
        yield
    finally:
        lock.release()
