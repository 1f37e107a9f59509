"""Groups for data sets whose tables name no patients: what DICOM files name tells them, and near-duplicates belong
together."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from bcweb.cases.case import Case, Skipped
from bcweb.cases.duplicates import Pair, groups, near_duplicates
from bcweb.scans import MODALITIES, ScanError, read_scan
from bcweb.scans.read import read_patient
from bcweb.terminal import counted


def find_pairs(cases: Iterable[Case]) -> tuple[list[Pair], list[Skipped]]:
    """The near-duplicates among cases, by id, and the scans that cannot be read."""
    pairs, skipped = [], []

    def pictures(some: list[Case]) -> Iterator[tuple[str, np.ndarray]]:
        for case in tqdm(some, "Comparing scans", unit="scan", delay=2, disable=None):
            try:
                scan = read_scan(case.file)
                yield case.id, scan.within(scan.pixels)
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


def group_by_patients(cases: Iterable[Case]) -> tuple[list[Case], list[Skipped], list[str]]:
    """`group_by_pictures`, and what is of one patient whom DICOM files name stands together, too.

    A group is called after its first scan, as those of pictures are: tables of groups leave this machine, and a
    patient's id, or what can be found out from it, must not.
    """
    cases = list(cases)
    patients = _patients(cases)
    if not patients:
        return group_by_pictures(cases)
    pairs, skipped = find_pairs(cases)
    bad = {item.file for item in skipped}
    group = groups((case.id for case in cases), [*_of_one_patient(patients), *pairs])
    kept = [replace(case, group=group[case.id]) for case in cases if case.file not in bad]
    of = [patients[case.id] for case in kept if case.id in patients]
    notes = [
        f"Patients are those that the DICOM files name: {counted(len(of), 'scan')} of {len(set(of))}."
    ]
    if rest := [case.id for case in kept if case.id not in patients]:
        notes.append(_told_of_rest(rest, {case.id: case.group for case in kept}, "patient"))
    across = [pair for pair in pairs if pair.a in patients and pair.b in patients]
    across = [pair for pair in across if patients[pair.a] != patients[pair.b]]
    if across:
        notes.append(
            f"{counted(len(across), 'pair')} of two patients nearly show{'s' * (len(across) == 1)} one picture, "
            f"{across[0].a} = {across[0].b} for one; these patients stand in one group."
        )
    # By pictures alone: one patient's lesions may be of two classes.
    alike = groups((case.id for case in cases), pairs)
    notes += two_classes(replace(case, group=alike[case.id]) for case in kept)
    return kept, skipped, notes


def _patients(cases: Iterable[Case]) -> dict[str, tuple[str, str]]:
    """id -> the patient whom its DICOM file names, of those that name one; {} where they do not tell two apart, as where
    one name was put in the place of all."""
    named = {case.id: who for case in cases if (who := read_patient(case.file))}
    # Where one file leaves out who issued an id, those who issued it may be one.
    unsure = {number for number, issuer in named.values() if not issuer}
    patients = {
        name: (number, "" if number in unsure else issuer)
        for name, (number, issuer) in named.items()
    }
    return patients if len(set(patients.values())) > 1 else {}


def _of_one_patient(patients: Mapping[str, tuple[str, str]]) -> list[Pair]:
    """Each scan of a patient with the first one: surer than any likeness."""
    first: dict[tuple[str, str], str] = {}
    of = {name: first.setdefault(patient, name) for name, patient in patients.items()}
    return [Pair(other, name, math.inf) for name, other in of.items() if name != other]


def group_the_rest(
    cases: Iterable[Case], known: Container[str]
) -> tuple[list[Case], list[Skipped], list[str]]:
    """Cases of which a table tells the groups of some: the others stand with those of their patient, where DICOM files
    name patients, and with those whose picture is nearly theirs, in the told group of the surest where there is one.
    Those that cannot be read; what to tell of it.

    known: the ids of the cases whose group is told.
    """
    cases = list(cases)
    rest = [case.id for case in cases if case.id not in known]
    if not rest:
        return cases, [], []
    pairs, skipped = find_pairs(cases)
    bad = {item.file for item in skipped}
    named = _of_one_patient(_patients(cases))
    pairs += named
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
    by = "the picture or the patient that DICOM files name" if named else "the picture"
    return kept, skipped, [_told_of_rest(rest, found, "group", by)]


def _told_of_rest(
    rest: Sequence[str], group: Mapping[str, str], lacking: str, by: str = "the picture"
) -> str:
    """What to tell of the scans of which nobody says the group. group: of all scans."""
    count = "1 scan has" if len(rest) == 1 else f"{len(rest)} scans have"
    size = Counter(group.values())
    beside = sum(size[group[name]] > 1 for name in rest)
    return (
        f"{count} no {lacking}, {rest[0]} for one: {beside} by {by} with another scan, "
        f"{len(rest) - beside} each alone."
    )


def _unlike(name: str, patients: Container[str], ids: Container[str]) -> str:
    """A name for the group of the scan of this id: the id, unless a patient is called so; 7.png is not of patient 7."""
    group = name
    while group in patients or (group != name and group in ids):
        group = f"scan {group}"
    return group


def contradict(labels: Iterable[str | None]) -> bool:
    """Whether labels are of two classes: one that is not told contradicts no other, and capitals make no class."""
    return len({label.casefold() for label in labels if label}) > 1


def two_classes(cases: Iterable[Case]) -> list[str]:
    """A note on groups of near-duplicates whose members are labelled differently, if there are any."""
    members = defaultdict(list)
    for case in cases:
        members[case.group].append(case)
    odd = [group for group in members.values() if contradict(case.label for case in group)]
    if not odd:
        return []
    names = "; ".join(" = ".join(case.id for case in group) for group in odd)
    groups = "1 group stands" if len(odd) == 1 else f"{len(odd)} groups stand"
    return [f"{groups} in two classes: {names}."]
