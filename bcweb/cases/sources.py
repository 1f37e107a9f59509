"""Published data sets by the name that their reader gives them: what they are, under which licence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A published data set. licence: as its authors state it. free: what was taught with it may be given away."""

    name: str
    text: str
    licence: str
    free: bool = True


SOURCES = {
    "busi": Source("BUSI", "breast ultrasound, Cairo (Al-Dhabyani et al. 2020), near-duplicates grouped",
                   "none is stated with the data; cite the paper"),
    "bus-bra": Source("BUS-BRA", "breast ultrasound, Brazil, four devices (Gomez-Flores et al. 2024), by patient",
                      "free to use with citation"),
    "cdd-cesm": Source("CDD-CESM", "digital mammograms, Egypt (Khaled et al. 2022), by patient", "CC BY 4.0"),
    "cbis-ddsm": Source("CBIS-DDSM", "film mammograms with masses (Lee et al. 2017), by patient, of which only boxes "
                        "were used: the truth is the ellipse in each, and scores against it are not scores "
                        "against masks", "CC BY 3.0"),
    "stu": Source("STU-Hospital", "breast ultrasound, Shantou", "none is stated with the data", free=False),
    "mini-mias": Source("mini-MIAS", "film mammograms, United Kingdom (Suckling et al. 1994), of which only circles "
                        "are known", "research only", free=False),
}  # fmt: skip
