"""Masks that another program drew of the cases of data sets: which file is of which case, and which cases that program
was trained on. Names tell it as they tell truths beside scans (`bcweb.names`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from bcweb.cases.case import Case, CasesError, Skipped
from bcweb.cases.files import ends, read_lines, scan_files, slashed
from bcweb.names import called_by_masks, composed, is_of_masks, mask_name, shared_name, stem

Key = tuple[str, str]  # data set and id

_NONE = "No case is called so."
_SEVERAL = "Cases of this name lie in several folders, and its own does not tell which it is of."


def drawn_masks(
    folder: Path, cases: Sequence[Case]
) -> tuple[list[tuple[Case, Case]], list[Skipped]]:
    """Each case that has a mask in the folder, or below it, with the same case as the mask has it: its truth is what was
    drawn. And the files that are of no case.

    The mask of X is "X.png" or "X_mask.png", that of "Test_Image_8" also "mask_8"; "X_mask_1.png" adds to X's. Of several
    cases of one name it is of the one whose folders, or whose data set, have most names in common with its own.
    Raises `CasesError` where two files are the mask of one case, or one is its truth itself.
    """
    files, skipped = scan_files(folder, deep=True)
    index: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for place, case in enumerate(cases):
        for name in set(_names(case)):
            index[name].append(place)
    above = [_folders((case.dataset, *case.file.parts[:-1])) for case in cases]
    claims: dict[int, list[tuple[int, Path]]] = defaultdict(list)
    for file in files:
        inside = _folders(file.relative_to(folder).parts[:-1])
        alike = next((index[name] for name in _sought(file) if name in index), [])
        near = {place: len(inside & above[place]) for place in alike}
        nearest = [place for place, shared in near.items() if shared == max(near.values())]
        if len(nearest) == 1:
            claims[nearest[0]].append((near[nearest[0]], file))
        else:
            skipped.append(Skipped(file, _SEVERAL if nearest else _NONE))
    found = []
    for place, claimed in sorted(claims.items()):
        most = max(shared for shared, _ in claimed)
        of = tuple(file for shared, file in claimed if shared == most)
        skipped += [Skipped(file, _NONE) for shared, file in claimed if shared < most]
        _check(folder, cases[place], of)
        found.append(
            (cases[place], replace(cases[place], truth_files=of, boxes=(), has_truth=True))
        )
    return found, skipped


def _check(folder: Path, case: Case, files: Sequence[Path]) -> None:
    """Raise `CasesError` where these files are not one mask of the case, in parts or whole."""
    truths = {file.resolve() for file in case.truth_files}
    if own := [file for file in files if file.resolve() in truths]:
        raise CasesError(
            f"{own[0]} is the truth of {case.id} itself, and no mask that a network drew."
        )
    wholes = [file for file in files if not ((told := mask_name(stem(file.name))) and told.part)]
    apart = {file.parent: file for file in files}
    if two := next((each for each in (wholes, [*apart.values()]) if len(each) > 1), None):
        names = " and ".join(str(file.relative_to(folder)) for file in two[:2])
        raise CasesError(
            f"{folder} has two masks of {case.id}, {names}: name a folder in which each case has one."
        )


def _names(case: Case) -> Iterator[tuple[str, bool]]:
    """What a mask may call the case, in small letters: its whole name, or (False) how that ends."""
    for name in called_by_masks(PurePath(case.id).with_name(case.file.name)):
        name = composed(name).lower()
        yield name, True
        yield name, False
        for match in re.finditer(r"[ _-]+(?=.)", name):
            yield name[match.end() :], False


def _sought(file: Path) -> Iterator[tuple[str, bool]]:
    """What a mask may call its case, the likeliest first."""
    name = stem(file.name)
    yield composed(name).lower(), True
    if told := mask_name(name):
        yield composed(told.scan).lower(), told.whole


def _folders(names: Iterable[str]) -> frozenset[str]:
    return frozenset(composed(shared_name(name)).lower() for name in names if not is_of_masks(name))


def trained_on(file: Path, cases: Sequence[Case]) -> tuple[set[Key], int, int]:
    """Of a table with the column id, and dataset where ids alone do not tell: which of the cases it names, or a member of
    whose group; how many rows there are, and how many name a case.

    An id may be given as the case's file, too, and with other folders: those count that both tell, to the last one. Where
    none does, it is of all files of its name. Raises `CasesError` where the table is none.
    """
    named: dict[str, list[Case]] = defaultdict(list)
    ended: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        whole = {case.id, PurePath(case.id).with_name(case.file.name).as_posix()}
        for name in map(composed, whole | {case.file.name, stem(case.file.name)}):
            named[name].append(case)
        for name in map(composed, whole):
            for end in ends(name):
                ended[end].append(case)
    rows = read_lines(file, "id", known=("dataset",)).values()
    found = []
    for row in rows:
        said = composed(slashed(row["id"]))
        alike = (
            [c for c in index.get(name, ()) if row.get("dataset") in (None, "", c.dataset)]
            for name in (said, *ends(said))
            for index in (named, ended)
        )
        found.append(next(filter(None, alike), []))
    groups = {(case.dataset, case.group or case.id) for some in found for case in some}
    keys = {(c.dataset, c.id) for c in cases if (c.dataset, c.group or c.id) in groups}
    return keys, len(rows), sum(map(bool, found))
