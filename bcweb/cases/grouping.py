"""Groups for data sets that name no patients: near-duplicates belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from bcweb.cases.case import Case, Skipped
from bcweb.cases.duplicates import Pair, groups, near_duplicates
from bcweb.scans import MODALITIES, ScanError, read_scan


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
        f"No patients are named: {len(kept)} scans in {len({c.group for c in kept})} groups, by "
        f"{same} pairs that show the same picture and {len(pairs) - same} that nearly do."
    )
    return kept, skipped, [note, *two_classes(kept)]


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
