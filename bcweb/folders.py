"""The folders in which scans lie: through links too, and what cannot be read is told of."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from bcweb.names import natural


def walk(root: Path, onerror: Callable[[OSError], object]) -> Iterator[tuple[Path, list[str]]]:
    """Each folder from `root` down, with the names of the files in it; what is hidden is left out, and what is
    special (see `is_special`).

    Linked folders come after all others, so that a folder in the tree keeps its own path. None is read
    twice through links, which may lead in circles, and no link leads up to what holds `root`.
    onerror: is given the error of each folder that cannot be read, whose `filename` is the folder.
    """
    read = set()
    for above in Path(os.path.realpath(root)).parents:
        with suppress(OSError):  # what cannot be looked at cannot be walked either
            read.add(_identity(above))
    starts = [root]
    for start in starts:  # which grow by the links that are found
        for place, folders, files in os.walk(start, onerror=onerror):
            # Only through links: some network drives number no folder, and their own tree is read whole.
            identity = _identity(place)
            if identity in read and start is not root:
                folders.clear()
                continue
            read.add(identity)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(place)
            starts += [inside / name for name in folders if os.path.islink(inside / name)]
            seen = (name for name in files if not name.startswith("."))
            yield inside, sorted((n for n in seen if not is_special(inside / n)), key=natural)


def is_special(file: Path) -> bool:
    """Whether it is a pipe, a socket or a device, of which opening or reading may never end.

    What cannot be looked at is not said to be one: opening it says why.
    """
    try:
        kind = os.stat(file).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def refuse_special(file: Path) -> None:
    """`OSError` for what `is_special`, before it is opened."""
    if is_special(file):
        raise OSError(errno.EINVAL, "Not a file, but a pipe or a device")


def _identity(folder: str | Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino
