"""Data sets -> `Case`s: a scan's file with what is known of it.

A data set is named by a spec, KIND:PATH, such as "busi:/data/Dataset_BUSI_with_GT". A "folder:" may
add a query on its `cases.csv` and say its modality: "folder:PATH?energy=low&modality=mammogram". So may
a data set on the Hugging Face Hub, "hf:user/name@revision". A spec and its path are taken as people paste
them (`bcweb.paths.pasted`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from bcweb.cases import bus_bra, busi, cbis_boxes, folder, hub, mini_mias, stu
from bcweb.cases.case import Case, CasesError, CaseSet, Skipped, told_accepted
from bcweb.cases.truth import fit_mask, read_mask, read_truth
from bcweb.paths import pasted
from bcweb.terminal import counted

__all__ = [
    "KINDS",
    "Case",
    "CaseSet",
    "CasesError",
    "Skipped",
    "fit_mask",
    "parse_spec",
    "read_cases",
    "read_mask",
    "read_truth",
    "split_spec",
    "told_accepted",
]

KINDS: dict[str, Callable[..., CaseSet]] = {
    "busi": busi.read,
    "bus-bra": bus_bra.read,
    "stu": stu.read,
    "mini-mias": mini_mias.read,
    "cbis-boxes": cbis_boxes.read,
    "folder": folder.read,
    "hf": hub.read,
}


_PUBLISHED = [kind for kind in KINDS if kind not in ("folder", "hf")]


def split_spec(spec: str) -> tuple[str, str]:
    """KIND and PATH, with its query where it has one; `CasesError` where there is no such kind.

    A folder without a kind is not guessed to be a "folder:": of a published data set that would lose its patients.
    """
    spec = pasted(spec)
    kind, _, place = spec.partition(":")
    kind, place = kind.lower(), pasted(place)
    if kind in KINDS and place:
        return kind, place
    if os.path.isdir(spec):
        raise CasesError(
            f"{spec} is a folder without its KIND: write folder:{spec}, or in place of folder the data set that it "
            f"is as published, one of {', '.join(_PUBLISHED)}."
        )
    raise CasesError(
        f"{spec or 'An empty name'} names no data set; write KIND:PATH, with KIND one of {', '.join(KINDS)}."
    )


def parse_spec(spec: str) -> tuple[str, str, dict[str, str]]:
    """KIND, PATH without its query, and the query; `CasesError` where there is no such kind or folder.

    Whether the folder holds such a data set only reading it shows; whether the Hub has one, too.
    """
    (kind, place), select = split_spec(spec), {}
    if kind in ("folder", "hf") and "?" in place and not os.path.exists(place):
        place, _, query = place.rpartition("?")
        try:
            select = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
        except ValueError as error:
            raise CasesError(f"{query} after the question mark is not COLUMN=VALUE.") from error
    if kind != "hf" and not os.path.isdir(place):
        raise CasesError(f"{place} is not a folder.")
    return kind, place, select


def read_cases(spec: str) -> CaseSet:
    """Read the data set that a spec names; raise `CasesError` where there is none.

    A file that cannot be used is listed in `skipped` with its reason and stops nothing.
    """
    kind, place, select = parse_spec(spec)
    path = Path(place)
    try:
        if kind == "hf":
            found = hub.read(place, select)
        elif kind == "folder":
            found = folder.read(path, select)
        else:
            found = KINDS[kind](path)
    except OSError as error:
        raise CasesError(f"{error.filename or place} cannot be read: {error.strerror}.") from error
    if not found.cases:
        raise CasesError(f"{place} holds no {kind} case" + _first_reason(found) + ".")
    return found


def _first_reason(found: CaseSet) -> str:
    if not found.skipped:
        return ""
    first = found.skipped[0]
    left_out = counted(len(found.skipped), "file")
    return f": {left_out} left out, {first.file.name} for one ({first.reason.rstrip('.')})"
