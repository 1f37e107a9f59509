"""Where each scan's mask goes, and which masks on the disk are ours to write over or to remove."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bcweb.folders import refuse_special
from bcweb.masks import read_stamp
from bcweb.names import composed, mask_files
from bcweb.segment.results import Row
from bcweb.segment.scan_files import Found


@dataclass(frozen=True)
class Job:
    """A scan's file and where its mask goes."""

    file: Path
    mask: Path


def plan(found: Found, out: Path, earlier: Mapping[str, Row]) -> tuple[list[Job], list[str]]:
    """A mask's file for each scan, no two the same and none that belongs to another; and what to say of it.

    earlier: the rows of earlier runs by their file's absolute path.
    """

    def alike(mask: Path) -> str:
        """The same for what may be one file: there are disks that tell neither capitals nor forms of an accent apart."""
        return composed(str(mask)).casefold()

    there = {place_digest(Path(place)): place for place in earlier if os.path.lexists(place)}
    taken: set[str] = set()
    jobs, sayings = [], []
    for file, folder in found.scans:
        names = mask_files(file.name)
        first = mask = out / folder / next(names)
        while alike(mask) in taken or not _ours(mask, file, there):
            mask = out / folder / next(names)
        taken.add(alike(mask))
        jobs.append(Job(file, mask))
        if mask != first:
            sayings.append(f"{file}: its mask is {mask}, for {first.name} is another's.")
    return jobs, sayings


def _ours(mask: Path, file: Path, there: Mapping[str, str]) -> bool:
    """Whether this file's mask may be written there: nothing is there, or an earlier mask of it. In a moved archive the
    same pixels tell it; but not where they are of another file, which still has a row of its own.

    there: the files that have been segmented and are still there, by their hashed places.
    """
    if not os.path.lexists(mask):
        return True
    stamp = read_stamp(mask)
    if stamp is None:
        return False
    if stamp.place == place_digest(file):
        return True
    with suppress(OSError):
        # By another way to it, as through a link, a file has another place.
        if stamp.place in there:
            return os.path.samefile(there[stamp.place], file)
        return stamp.content == content_digest(read_file(file))
    return False


def forget_failed(found: Found, earlier: dict[str, Row]) -> int:
    """Take away the rows of scans that could not be segmented and are gone from a folder that was looked into; returns
    how many other rows of it are of scans that are gone. These stay: what was made of them may be wanted still.
    """
    gone = [
        place
        for place in earlier
        if place not in found.folders  # of one that cannot be read the row lasts
        and not os.path.lexists(place)
        and _first_there(place) in found.folders
    ]
    failed = [place for place in gone if earlier[place].error]
    for place in failed:
        del earlier[place]
    return len(gone) - len(failed)


def _first_there(place: str) -> str:
    """The nearest folder around it that is there."""
    around = os.path.dirname(place)
    while not os.path.lexists(around) and around != os.path.dirname(around):
        around = os.path.dirname(around)
    return around


def without_stale_mask(row: Row, mask: Path) -> Row:
    """The row of a scan that could not be segmented; a mask that was written for it earlier is removed where the scan
    has other pixels now or is gone, and the row says so. Beside an error nobody would take it for a mask of others. Where
    the scan is what it was, as where the weights cannot be had, its mask stays.
    """
    file = Path(row.file)
    stamp = read_stamp(mask)
    if stamp is None or stamp.place != place_digest(file):
        return row
    with suppress(OSError):
        if stamp.content == content_digest(read_file(file)):
            return replace(row, notes="Its earlier mask was kept: it is of these pixels.")
    try:
        mask.unlink()
    except OSError as error:
        return replace(row, notes=f"Its earlier mask cannot be removed: {error.strerror}.")
    return replace(row, notes="Its earlier mask was removed.")


def read_file(file: Path) -> bytes:
    """A scan's bytes; raises `OSError`, for pipes and devices too."""
    refuse_special(file)
    return file.read_bytes()


def content_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def place_digest(file: Path) -> str:
    """Hashed: a path may hold a patient's name, and masks are passed on."""
    return hashlib.sha256(os.path.abspath(file).encode(errors="surrogateescape")).hexdigest()[:16]
