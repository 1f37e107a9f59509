"""What the log says of a failure: its kind and its place in the code, never its message.

A message may quote what it failed on: the path of a file, a name in a DICOM element. None of that belongs
into a log, which is kept longer than a scan and read by others.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_SERVER = "uvicorn"


class Reticent(logging.Formatter):
    """Formats exceptions without their messages, those that led to them included."""

    def formatException(self, ei) -> str:
        return _told(ei[1], ei[2])


def begin() -> None:
    """Have all loggers of this process speak so; to be called once the server has set up its own."""
    formatter = Reticent("%(levelname)s: %(message)s")
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.getLogger().addHandler(handler)
    for servers in logging.getLogger(_SERVER).handlers:
        servers.setFormatter(formatter)


def _told(error: BaseException | None, trace: TracebackType | None) -> str:
    if error is None:
        return ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{_told(cause, cause.__traceback__)}\nthen\n" if cause is not None else ""
    places = "".join(traceback.format_tb(trace))
    return f"{before}{places}{type(error).__module__}.{type(error).__qualname__}"
