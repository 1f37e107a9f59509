"""Of files of one name: which is the scan and which its mask, by what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np

from bcweb.cases.truth import is_black_and_white, same_aspect
from bcweb.names import stem
from bcweb.scans import ScanError, read_scan

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm", ".webp", ".gif"}


@dataclass(frozen=True)
class Look:
    """What a picture looks like. shape: (height, width)."""

    shape: tuple[int, int]
    black_and_white: bool

    @classmethod
    def of(cls, pixels: np.ndarray) -> Look:
        return cls(pixels.shape, is_black_and_white(pixels))


def look_at(file: Path) -> Look | None:
    """A file's look; None where it cannot be read: who opens it is told why."""
    try:
        return Look.of(read_scan(file).pixels)
    except (ScanError, OSError):
        return None


def masks_by_look(
    files: Iterable[Path], look: Callable[[Path], Look | None] = look_at
) -> dict[Path, Path]:
    """Those of a disk's files that are masks by `scan_of`, each with its scan, of one name in one folder.

    No others are looked at, or an archive where each patient has an IM0001 would be read whole.
    """
    alike: dict[Path, list[Path]] = {}
    for file in files:
        alike.setdefault(file.with_name(stem(file.name).lower()), []).append(file)

    def among(some: list[Path]) -> list[tuple[Path, Path]]:
        names = [file.name for file in some]
        once = cache(lambda at: look(some[at]))
        scans = [scan_of(names, at, once) for at in range(len(some))]
        return [(file, some[at]) for file, at in zip(some, scans, strict=True) if at is not None]

    with ThreadPoolExecutor() as readers:
        shared = (some for some in alike.values() if len(some) > 1)
        return dict(found for each in readers.map(among, shared) for found in each)


def scan_of(names: Sequence[str], mask: int, look: Callable[[int], Look | None]) -> int | None:
    """The scan whose truth the file at this place is by its look, though its name does not say so.

    Such a truth is a black and white picture, no DICOM file, and the scan, of the same name and shape, is not
    ("X.png" beside "X.jpg"). Where both lie in folders these are the same one, or of an archive where each patient
    has an IM0001 one patient's would become another's; so where one of them came without a folder, it is the only other
    of its name. One beside it comes first, and of several the last.
    look: of the file at a place, None where it cannot be read; it is asked for as few as will do.
    """
    paths = list(map(as_path, names))
    own = paths[mask]
    if own.suffix.lower() not in PICTURES:
        return None
    named = stem(own.name).lower()
    alike = [
        scan
        for scan, path in enumerate(paths)
        if scan != mask and stem(path.name).lower() == named and may_be_beside(path, own)
    ]
    beside = [scan for scan in alike if paths[scan].parent == own.parent]
    alike = [*reversed(beside), *(alike if len(alike) == 1 and not beside else ())]
    mine = look(mask) if alike else None
    if mine is None or not mine.black_and_white:
        return None
    for scan in alike:
        its = look(scan)
        if its and not its.black_and_white and same_aspect(mine.shape, its.shape):
            return scan
    return None


def alike(names: Sequence[str]) -> list[list[int]]:
    """For the file at each place the places that `scan_of` chooses among, its own too: few, where it would go through
    thousands for each of thousands.
    """
    paths = list(map(as_path, names))
    keys = [(stem(path.name).lower(), path.parent) for path in paths]
    of_name: dict[str, list[int]] = {}
    beside: dict[tuple[str, PurePosixPath], list[int]] = {}
    for place, key in enumerate(keys):
        of_name.setdefault(key[0], []).append(place)
        beside.setdefault(key, []).append(place)
    found = []
    for place, (name, folder) in enumerate(keys):
        among = beside[name, folder]
        if len(among) == 1:  # none beside it, and one elsewhere only where it is the only one
            loose = beside.get((name, PurePosixPath()), []) if folder.parts else of_name[name]
            if len(loose) + bool(folder.parts) == 2:
                among = sorted({place, *loose})
        found.append(among)
    return found


def as_path(name: str) -> PurePosixPath:
    """A name as somebody's machine tells it, Windows' too."""
    return PurePosixPath(name.replace("\\", "/"))


def may_be_beside(one: PurePosixPath, other: PurePosixPath) -> bool:
    """Whether two files may lie in one folder: where one came without any, nobody knows."""
    return one.parent == other.parent or not (one.parent.parts and other.parent.parts)
