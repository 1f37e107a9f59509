"""What the files of a case are called in an export: readable, and no two cases the same name."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from bcweb.names import composed, mask_name
from bcweb.review.records import CaseRow

_MOST_BYTES = 120  # of a name; file systems take 255, with the suffix and whatever is put before it
_ODD = re.compile(
    r"[^\w.() -]|^\.+|[. ]+$"
)  # and `bcweb.cases.hub` changes nothing in what is left
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows


def disk_names(cases: Iterable[CaseRow]) -> dict[int, str]:
    """Case id (of the database) -> a file's name without its suffix.

    It is the case's own id, with `_` for what a disk cannot hold. Where two would be one (whatever their
    case: disks may not tell A from a), or nothing readable is left, eight digits of a hash of data set and id
    follow; they are the same in every export.
    """
    cases = list(cases)
    often = Counter(_wish(case.case).casefold() for case in cases)
    return {
        case.id: disk_name(
            case.case, f"{case.dataset}\n{case.case}", often[_wish(case.case).casefold()] > 1
        )
        for case in cases
    }


def disk_name(text: str, whole: str = "", clashes: bool = False) -> str:
    """A name for a file or folder. whole: what the digits tell apart, where there must be some."""
    name = _wish(text)
    if clashes or _is_odd(name):
        name = f"{_cut(name)}-{hashlib.sha256((whole or text).encode()).hexdigest()[:8]}"
        if (told := mask_name(name)) and told.whole:  # there may be no letter among the digits
            name += "x"
    return name


def _wish(text: str) -> str:
    return _ODD.sub("_", composed(text).replace("/", "_").replace("\\", "_").strip())


def _is_odd(name: str) -> bool:
    too_long = len(name.encode()) > _MOST_BYTES
    # Of a mask's name a reader would look for the image without it.
    taken = _RESERVED.fullmatch(name) or mask_name(name)
    return too_long or not name.strip("_") or taken is not None


def _cut(name: str) -> str:
    return name.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(". ")
