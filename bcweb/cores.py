"""How many processor cores this process may use, which in a container are not those of its host."""

from __future__ import annotations

import os
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")  # as a container sees its own


def core_count() -> int:
    """How many processor cores this process may use."""
    return core_quota() or _cores()


def core_quota() -> int | None:
    """The cores whose time a container gives it, rounded up, where it could run on more than these; else None."""
    given = _given()
    return given if given is not None and given < _cores() else None


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


def _given() -> int | None:
    # As Linux tells it now, and as it did before: the microseconds in so many that it may use a core.
    for files in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            told = " ".join((_GROUP / file).read_text() for file in files)
            quota, period = map(int, told.split())
        except (OSError, ValueError):  # not there, or "max"
            continue
        if quota > 0 and period > 0:
            return -(-quota // period)
    return None
