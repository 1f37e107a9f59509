"""What the log says of a failure: its kind and its place in the code, never its message.

A message may quote what it failed on: the path of a file, a name in a DICOM element. None of that belongs
into a log, which is kept longer than a scan and read by others.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_SERVER = "uvicorn"
_FORMAT = "%(levelname)s: %(message)s"


class Reticent(logging.Formatter):
    """Formats exceptions without their messages, those that led to them included."""

    def formatException(self, ei) -> str:
        return _told(ei[1], ei[2])


def begin() -> None:
    """Have all loggers of this process speak so, but the server's, which are not there yet."""
    handler = logging.StreamHandler()
    handler.setFormatter(Reticent(_FORMAT))
    logging.getLogger().addHandler(handler)


def go_on() -> None:
    """And the server's, once it has set them up."""
    for handler in logging.getLogger(_SERVER).handlers:
        handler.setFormatter(Reticent(_FORMAT))


def _told(error: BaseException | None, trace: TracebackType | None) -> str:
    if error is None:
        return ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{_told(cause, cause.__traceback__)}\nthen\n" if cause is not None else ""
    places = "".join(traceback.format_tb(trace))
    return f"{before}{places}{type(error).__module__}.{type(error).__qualname__}"
