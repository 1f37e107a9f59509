"""Data sets of a project that lie elsewhere now: they were moved, or the project was restored on another machine."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

from bcweb.cases import KINDS
from bcweb.scans import ScanError, read_scan

_MOST_COMPARED = 20  # pictures of a folder that is said to be the one that was reviewed


def followed(known: Sequence[str], given: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The sources of a project that had some and is given more; and those that are gone, by what is in their place.

    What is in place of a folder that is not there is the first one given of the same kind and name: the name
    is what its cases are known by. Of other kinds than folder: a project has one. What a query chose stays
    chosen, also where only the folder is given.
    """
    moved = {}
    for source in filter(is_gone, known):
        kind, place, query = _parts(source)
        for spec in given:
            other, now, _ = _parts(spec)
            if other == kind and (kind != "folder" or _name(Path(now).resolve()) == _name(place)):
                moved[source] = f"{kind}:{now}{query}"
                break
    moved = {was: now for was, now in moved.items() if was != now}
    places = {_parts(now)[:2] for now in moved.values()}
    more = [s for s in given if _parts(s)[2] or _parts(s)[:2] not in places]
    return tuple(dict.fromkeys([*(moved.get(s, s) for s in known), *more])), moved


def is_gone(source: str) -> bool:
    """Whether a source is a folder that is not there."""
    kind, place, _ = _parts(source)
    return kind in KINDS and kind != "hf" and not os.path.isdir(place)


def folder_of(source: str) -> str:
    return _parts(source)[1]


def what_to_do(source: str, project: str) -> str:
    """Of a source that is gone."""
    kind, place, _ = _parts(source)
    spec = f"{kind}:PLACE/{_name(place)}"
    command = ["python", "-m", "bcweb.review", "import", project, "--data", spec]
    return f"{place} is not there any more: put it back, or say where it is: {shlex.join(command)}"


def is_one_there(pictures: Sequence[tuple[Path, str]]) -> bool:
    """Whether of these files, each with a digest, one holds its picture; the first of many are asked."""
    for file, digest in pictures[:_MOST_COMPARED]:
        try:
            if read_scan(file).digest == digest:
                return True
        except (ScanError, OSError):
            continue
    return False


def _parts(source: str) -> tuple[str, str, str]:
    """Its kind, its folder, and its query with the question mark: as `bcweb.cases.parse_spec` has them of a folder
    that is there."""
    kind, _, place = source.partition(":")
    if kind == "folder" and "?" in place and not os.path.exists(place):
        place, mark, query = place.rpartition("?")
        return kind, place, mark + query
    return kind, place, ""


def _name(place: str | Path) -> str:
    """Of a folder; it may have been on a machine of another kind."""
    return PureWindowsPath(place).name
