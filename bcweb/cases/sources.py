"""Published data sets by the name that their reader gives them: what they are, under which licence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A published data set. licence: as its authors state it. free: what was taught with it may be given away.

    scans: what of it this project trains on, in the plural. Of CDD-CESM that is half: who trains on the subtracted
    views as well wants another name for them.
    """

    name: str
    text: str
    scans: str
    licence: str
    free: bool = True


SOURCES = {
    "busi": Source("BUSI", "breast ultrasound, Cairo (Al-Dhabyani et al. 2020), near-duplicates grouped",
                   "breast ultrasounds",
                   "none is stated with the data; cite the paper"),
    "bus-bra": Source("BUS-BRA", "breast ultrasound, Brazil, four devices (Gomez-Flores et al. 2024), by patient",
                      "breast ultrasounds",
                      "free to use with citation"),
    "cdd-cesm": Source("CDD-CESM", "digital mammograms, Egypt (Khaled et al. 2022), by patient",
                       "ordinary (low-energy) digital mammograms", "CC BY 4.0"),
    "cbis-ddsm": Source("CBIS-DDSM", "film mammograms with masses (Lee et al. 2017), by patient, used with boxes only: "
                        "the truth is the ellipse in each box, and a score against it is not a score against "
                        "an outline", "film mammograms with masses", "CC BY 3.0"),
    "stu": Source("STU-Hospital", "breast ultrasound, Shantou", "breast ultrasounds", "none is stated with the data", free=False),
    "mini-mias": Source("mini-MIAS", "film mammograms, United Kingdom (Suckling et al. 1994), marked with circles "
                        "only", "film mammograms", "research only", free=False),
}  # fmt: skip


def own_groups(cases: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """The groups, by data set and name, to which somebody gave the name of a patient of their own. cases: data set, group
    and id of each. Groups of a published data set are nobody's here, and one that is named after its scan is no patient.
    """
    cases = set(cases)
    scans = {(dataset, id) for dataset, _, id in cases}
    groups = {(dataset, group) for dataset, group, _ in cases if group and dataset not in SOURCES}
    return groups - scans


def scans_of(names: Iterable[str]) -> str:
    """What kinds of scans data sets hold, each with their names: "breast ultrasounds (BUSI, STU-Hospital)"."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        source = SOURCES.get(name)
        kinds.setdefault(source.scans if source else "", []).append(source.name if source else name)
    return ", ".join(
        f"{kind} ({', '.join(these)})" if kind else ", ".join(these)
        for kind, these in kinds.items()
    )
