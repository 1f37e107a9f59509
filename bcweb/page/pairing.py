"""Which of the files that somebody opens are truths, and of which scan: told by their names. Of files of one name
`bcweb.cases.looks` tells it by what they look like.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Literal

from bcweb.cases.looks import as_path
from bcweb.names import (
    among_masks,
    called,
    called_by_masks,
    is_channel,
    is_of_masks,
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


def pair(names: Sequence[str], known: int = 0) -> list[Pair]:
    """Tell truths from scans, and find each truth's scan among `names` (paths with "/", any case).

    known: so many of the first are scans that are there already, whatever they are called.
    A truth is named after its scan ("X_mask.png" of "X.png", "mask_0001-l.png" of "bus_0001-l.png"),
    or has its name in a folder of masks ("masks/X.png" of "images/X.png", nnU-Net's "labelsTr/X.png" of
    "imagesTr/X_0000.png"). Of several scans of one name the one in the nearest folder is taken, and of these the
    last; of scans of several names there the one that it names whole. Where these are several too, it has none.

    A folder may be called as those of masks, "segmentation" too, where scans lie in it with their truths: each of them,
    or some where nothing in it is the truth of a scan elsewhere.
    """
    paths = list(map(as_path, names))
    told = _pair(paths, known)
    inside = dict(_inside_of_scans(paths, told, known))
    if not inside:
        return told
    return _pair([inside.get(place, path) for place, path in enumerate(paths)], known)


def _inside_of_scans(
    paths: Sequence[PurePosixPath], told: Sequence[Pair], known: int
) -> Iterator[tuple[int, PurePosixPath]]:
    """The places and paths, without the folder around them, of those that came in one which is called as those of masks
    and holds scans. told: by the whole paths.
    """
    together: dict[str, list[int]] = {}
    for place, path in enumerate(paths[known:], known):
        if len(path.parts) > 1:
            together.setdefault(path.parts[0], []).append(place)
    for places in together.values():
        parents = [paths[place].parent.parts for place in places]
        around = PurePosixPath(*os.path.commonprefix(parents))  # noqa: RUF071 - of lists it takes whole names
        if not any(map(is_of_masks, around.parts)):
            continue
        inside = [paths[place].relative_to(around) for place in places]
        parts = _pair(inside, 0)
        scans = {at for at, each in enumerate(parts) if each.part == "scan"}
        with_truth = {each.scan for each in parts if each.scan is not None}
        found = {told[place].scan for place in places} - {None, *places}
        elsewhere = any(not paths[scan].is_relative_to(around) for scan in found)
        if with_truth and (with_truth == scans or not elsewhere):
            yield from zip(places, inside, strict=True)


def _pair(paths: Sequence[PurePosixPath], known: int) -> list[Pair]:
    """`pair`, with the folders as they are called."""
    beside = called(paths)
    sought = [[] if at < known else _named_after(path, beside) for at, path in enumerate(paths)]
    folders = [_folders(path) for path in paths]
    stems = [stem(path.name).lower() for path in paths]
    scans: dict[str, list[int]] = {}
    exact: dict[str, set[int]] = {}  # those of `scans` whose name is whole
    for place, path in enumerate(paths):
        if not sought[place]:
            wholes = _wholes(path)
            for name in wholes:
                exact.setdefault(name, set()).add(place)
            for key in {key for name in wholes for key in _endings(name)}:
                scans.setdefault(key, []).append(place)

    @cache
    def called_so(named: str, whole: bool) -> _Alike:
        wholly = exact.get(named, set())
        found = [scan for scan in scans.get(named, []) if not whole or scan in wholly]
        return _Alike(found, folders)

    # Thousands of masks may tell as little as one does, each of thousands of scans: they are looked for once.
    @cache
    def nearest(named: str, whole: bool, near: frozenset[str]) -> tuple[int, ...]:
        found = called_so(named, whole).nearest(near)
        wholly = exact.get(named, set())
        found = [scan for scan in found if scan in wholly] or found
        return tuple({stems[scan]: scan for scan in found}.values())

    def meant(place: int, named: str, whole: bool) -> tuple[int, ...]:
        """The scans that a truth may be of by one of its names, the last of each name."""
        return nearest(named, whole, called_so(named, whole).known(folders[place]))

    pairs = []
    for place, path in enumerate(paths):
        if not sought[place]:
            pairs.append(Pair("scan"))
            continue
        found = next(filter(None, (meant(place, *name) for name in sought[place])), ())
        told = mask_name(stem(path.name))
        adds = told is not None and told.part
        alone = len(found) == 1
        pairs.append(Pair("truth", found[0] if alone else None, adds, () if alone else found))
    return pairs


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


def _folders(file: PurePosixPath) -> frozenset[str]:
    """What a file's folders are called: the more of it two files have in common, the nearer they lie."""
    return frozenset(map(shared_name, file.parts[:-1]))


class _Alike:
    """Scans of one name, to be found by their folders without a look at each of them.

    scans: their places, in order. folders: of the files at all places, as `_folders` has them.
    """

    def __init__(self, scans: Sequence[int], folders: Sequence[frozenset[str]]):
        self._scans: dict[frozenset[str], list[int]] = {}
        for scan in scans:
            self._scans.setdefault(folders[scan], []).append(scan)
        self._of: dict[str, set[frozenset[str]]] = {}  # by each name, the folders that have it
        for group in self._scans:
            for name in group:
                self._of.setdefault(name, set()).add(group)

    def known(self, near: frozenset[str]) -> frozenset[str]:
        """Of the names of a file's folders those that one of the scans has too: no other tells how near it is."""
        return frozenset(name for name in near if name in self._of)

    def nearest(self, near: frozenset[str]) -> list[int]:
        """The places, in order, of the scans that have the most of these `known` names; of none of them all scans."""
        return sorted(scan for group in self._nearest(near) for scan in self._scans[group])

    def _nearest(self, near: frozenset[str]) -> Collection[frozenset[str]]:
        # The rarest name first: a patient's folder tells its scan, and the one that all lie in is never gone through.
        having = sorted((self._of[name] for name in near), key=len)
        if not having:
            return self._scans
        found: set[frozenset[str]] = set()
        most = 0
        for place in range(len(having)):
            # What folders with none of the names before can share at most.
            left = len(having) - place
            if most > left:
                break
            whole = set.intersection(*having[place:])
            if whole or most == left:
                return found | whole if most == left else whole
            shared = {group: len(group & near) for group in having[place]}
            top = max(shared.values())
            if top > most:
                found, most = set(), top
            found |= {group for group, number in shared.items() if number == most}
        return found
