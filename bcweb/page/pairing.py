"""Which of the files that somebody opens are truths, and of which scan: told by their names, and of files of
one name by what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from bcweb.cases.truth import is_black_and_white, same_aspect
from bcweb.names import (
    among_masks,
    called,
    called_by_masks,
    is_channel,
    mask_name,
    mask_name_of,
    shared_name,
    stem,
)


@dataclass(frozen=True)
class Pair:
    """A file's part. scan: the place of its scan in the names asked with, for a truth that has one.

    adds: it is one of several masks of its scan ("X_mask_1.png" beside "X_mask.png").
    among: the places of the scans that a truth may be of where its name does not tell of which; then it has none.
    """

    part: Literal["scan", "truth"]
    scan: int | None = None
    adds: bool = False
    among: tuple[int, ...] = ()


@dataclass(frozen=True)
class Look:
    """What a picture looks like. shape: (height, width)."""

    shape: tuple[int, int]
    black_and_white: bool

    @classmethod
    def of(cls, pixels: np.ndarray) -> Look:
        return cls(pixels.shape, is_black_and_white(pixels))


def pair(names: Sequence[str]) -> list[Pair]:
    """Tell truths from scans, and find each truth's scan among `names` (paths with "/", any case).

    A truth is named after its scan ("X_mask.png" of "X.png", "mask_0001-l.png" of "bus_0001-l.png"),
    or has its name in a folder of masks ("masks/X.png" of "images/X.png", nnU-Net's "labelsTr/X.png" of
    "imagesTr/X_0000.png"). Of several scans of one name the one in the nearest folder is taken, and of these the
    last; of scans of several names there the one that it names whole. Where these are several too, it has none.
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    beside = called(paths)
    sought = [_named_after(path, beside) for path in paths]
    scans: dict[str, list[int]] = {}
    for place, path in enumerate(paths):
        if not sought[place]:
            for key in {key for name in _wholes(path) for key in _endings(name)}:
                scans.setdefault(key, []).append(place)

    def meant(path: PurePosixPath, named: str, whole: bool) -> list[int]:
        """The scans that a truth may be of by one of its names, the last of each name."""
        exact = {scan for scan in scans.get(named, []) if named in _wholes(paths[scan])}
        found = [scan for scan in scans.get(named, []) if not whole or scan in exact]
        near = {scan: _kinship(paths[scan], path) for scan in found}
        found = [scan for scan in found if near[scan] == max(near.values())]
        found = [scan for scan in found if scan in exact] or found
        return list({stem(paths[scan].name).lower(): scan for scan in found}.values())

    pairs = []
    for place, path in enumerate(paths):
        if not sought[place]:
            pairs.append(Pair("scan"))
            continue
        found = next(filter(None, (meant(path, *name) for name in sought[place])), [])
        told = mask_name(stem(path.name))
        adds = told is not None and told.part
        alone = len(found) == 1
        pairs.append(
            Pair("truth", found[0] if alone else None, adds, () if alone else tuple(found))
        )
    return pairs


def scan_of(names: Sequence[str], mask: int, look: Callable[[int], Look | None]) -> int | None:
    """The scan whose truth the file at this place is by its look, though its name does not say so.

    Such a truth is black and white, and the scan, of the same name and shape, is not ("X.png" beside "X.jpg").
    Of several the one in the nearest folder is taken, and of these the last.
    look: of the file at a place, None where it cannot be read; it is asked for as few as will do.
    """
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    stems = [stem(path.name).lower() for path in paths]
    alike = [scan for scan in range(len(names)) if stems[scan] == stems[mask] and scan != mask]
    mine = look(mask) if alike else None
    if mine is None or not mine.black_and_white:
        return None
    for scan in sorted(alike, key=lambda scan: (-_kinship(paths[scan], paths[mask]), -scan)):
        its = look(scan)
        if its and not its.black_and_white and same_aspect(mine.shape, its.shape):
            return scan
    return None


def _named_after(path: PurePosixPath, beside: set[str]) -> list[tuple[str, bool]]:
    """A truth's scan, the likeliest first: its stem in small letters, or (False) the end of its stem. [] for a scan."""
    if is_channel(path):
        return []
    named = [(stem(path.name).lower(), True)] if among_masks(path) else []
    if told := mask_name_of(path, beside):
        named.append((told.scan.lower(), told.whole))
    return named


def _wholes(scan: PurePosixPath) -> set[str]:
    """What the truth of a scan names it by, where it names it whole, in small letters."""
    return {name.lower() for name in called_by_masks(scan)}


def _endings(name: str) -> list[str]:
    """The name, and what follows each of its separators: "bus_0001-l" gives "0001-l" too."""
    return [name, *(name[match.end() :] for match in re.finditer(r"[ _-]+(?=.)", name))]


def _kinship(a: PurePosixPath, b: PurePosixPath) -> int:
    """How many folders two files have in common."""
    return len(set(map(shared_name, a.parts[:-1])) & set(map(shared_name, b.parts[:-1])))
