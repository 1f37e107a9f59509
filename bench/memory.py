"""Memory of processes in MB; NaN where the system does not tell."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path


def resident_mb(pid: int) -> float:
    """What a process has now."""
    if sys.platform == "darwin":
        asked = ["ps", "-o", "rss=", "-p", str(pid)]
        return float(subprocess.run(asked, capture_output=True).stdout or math.nan) / 1024
    return _of_linux(str(pid), "VmRSS")


def peak_mb() -> float:
    """The most that this process has had. Linux's `getrusage` has what its parent had until it was begun in it, too."""
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes here
    return _of_linux("self", "VmHWM")


def _of_linux(process: str, name: str) -> float:
    try:
        status = Path("/proc", process, "status").read_text()
    except FileNotFoundError:  # Windows; or the process has ended
        return math.nan
    told = re.search(
        rf"{name}:\s+(\d+)", status
    )  # who has ended and is not waited for has no memory
    return int(told[1]) / 1024 if told else math.nan
