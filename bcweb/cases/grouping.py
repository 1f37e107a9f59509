"""Groups for data sets that name no patients: near-duplicates belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from bcweb.cases.case import Case, Skipped
from bcweb.cases.duplicates import Pair, groups, near_duplicates
from bcweb.scans import MODALITIES, ScanError, read_scan
from bcweb.terminal import counted


def find_pairs(cases: Iterable[Case]) -> tuple[list[Pair], list[Skipped]]:
    """The near-duplicates among cases, by id, and the scans that cannot be read."""
    pairs, skipped = [], []

    def pictures(some: list[Case]) -> Iterator[tuple[str, np.ndarray]]:
        for case in tqdm(some, "Comparing scans", unit="scan", delay=2, disable=None):
            try:
                yield case.id, read_scan(case.file).pixels
            except ScanError as error:
                skipped.append(Skipped(case.file, str(error)))

    cases = list(cases)
    for modality in MODALITIES:
        some = [case for case in cases if case.modality == modality]
        pairs += near_duplicates(pictures(some), modality)
    return pairs, skipped


def group_by_pictures(cases: Iterable[Case]) -> tuple[list[Case], list[Skipped], list[str]]:
    """Cases grouped by near-duplicates; those that cannot be read; what to tell of it."""
    cases = list(cases)
    pairs, skipped = find_pairs(cases)
    bad = {item.file for item in skipped}
    group = groups((case.id for case in cases), pairs)
    kept = [replace(case, group=group[case.id]) for case in cases if case.file not in bad]
    same = sum(pair.same_picture for pair in pairs)
    note = (
        f"No patients are named: {counted(len(kept), 'scan')} in "
        f"{counted(len({c.group for c in kept}), 'group')}, by {counted(same, 'pair')} that "
        f"show{'s' * (same == 1)} the same picture and {len(pairs) - same} that nearly do."
    )
    return kept, skipped, [note, *two_classes(kept)]


def group_the_rest(
    cases: Iterable[Case], known: Container[str]
) -> tuple[list[Case], list[Skipped], list[str]]:
    """Cases of which a table tells the groups of some: the others stand with those whose picture is nearly
    theirs, in the told group of the surest where there is one. Those that cannot be read; what to tell of it.

    known: the ids of the cases whose group is told.
    """
    cases = list(cases)
    rest = [case.id for case in cases if case.id not in known]
    if not rest:
        return cases, [], []
    pairs, skipped = find_pairs(cases)
    bad = {item.file for item in skipped}
    cluster = groups(rest, (p for p in pairs if p.a not in known and p.b not in known))
    told = {case.id: case.group for case in cases if case.id in known}
    of: dict[str, str] = {}
    for pair in sorted(pairs, key=lambda pair: -pair.score):
        for mine, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if mine in cluster and other in told:
                of.setdefault(cluster[mine], told[other])
    patients, ids = set(told.values()), {case.id for case in cases}
    own = {first: _unlike(first, patients, ids) for first in cluster.values()}
    found = told | {name: of.get(first, own[first]) for name, first in cluster.items()}
    kept = [replace(case, group=found[case.id]) for case in cases if case.file not in bad]
    count = "1 scan has" if len(rest) == 1 else f"{len(rest)} scans have"
    size = Counter(found.values())
    beside = sum(size[found[name]] > 1 for name in rest)
    note = (
        f"{count} no group, {rest[0]} for one: {beside} by the picture with another scan, "
        f"{len(rest) - beside} each alone."
    )
    return kept, skipped, [note]


def _unlike(name: str, patients: Container[str], ids: Container[str]) -> str:
    """A name for the group of the scan of this id: the id, unless a patient is called so; 7.png is not of patient 7."""
    group = name
    while group in patients or (group != name and group in ids):
        group = f"scan {group}"
    return group


def two_classes(cases: Iterable[Case]) -> list[str]:
    """A note on groups of near-duplicates whose members are labelled differently, if there are any."""
    members = defaultdict(list)
    for case in cases:
        members[case.group].append(case)
    odd = [group for group in members.values() if len({case.label for case in group}) > 1]
    if not odd:
        return []
    names = "; ".join(" = ".join(case.id for case in group) for group in odd)
    groups = "1 group stands" if len(odd) == 1 else f"{len(odd)} groups stand"
    return [f"{groups} in two classes: {names}."]
