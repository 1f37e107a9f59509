"""A case's files -> `NewCase`, in whichever process reads them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bcweb.batch import fault
from bcweb.cases import Case, CaseSet, read_truth, told_accepted
from bcweb.review.records import NewCase

NO_TRUTH = "Its truth cannot be read: "  # how the note on such a case begins
DIED = "The process that read it died; it may want more memory than there is."


class NotRead(Exception):
    """A file that cannot be opened now; its text is one sentence."""


def without_accepted(found: CaseSet) -> CaseSet:
    """A data set whose accepted predictions are no truths, and a note that says so."""
    accepted = told_accepted(found.cases)
    if not accepted:
        return found
    cases = tuple(
        replace(case, truth_files=(), has_truth=False) if case.accepted else case
        for case in found.cases
    )
    note = f"{accepted} and come without a truth: a mask scored against itself says nothing."
    return replace(found, cases=cases, notes=(*found.notes, note))


def read_case(case: Case) -> NewCase | NotRead:
    """Read a case's scan and truth.

    A scan that is none is a case with a problem; a truth that cannot be read is unknown, and a note says
    why. What cannot even be opened may be there another time: that is no case yet.
    """
    from bcweb.scans import ScanError

    try:
        with case.file.open("rb") as file:
            file.read(1)
    except OSError as error:
        return _not_read(case, error)
    try:
        return _read(case)
    except ScanError as error:
        cause = error.__cause__
        if (
            isinstance(cause, OSError) and cause.errno is not None
        ):  # of the disk; a decoder's have no number
            return _not_read(case, cause)
        return replace(_blank(case), problem=str(error))
    except Exception as error:
        return replace(_blank(case), problem=fault(error))


def _not_read(case: Case, error: OSError) -> NotRead:
    return NotRead(f"{case.file.name} cannot be opened: {error.strerror or error}.")


def _read(case: Case) -> NewCase:
    from bcweb.cases.duplicates import prints_of
    from bcweb.review.files import make_thumbnail
    from bcweb.scans import ScanError, read_scan

    scan = read_scan(case.file)  # whose file may be larger than the memory
    notes, truth = scan.notes, None
    try:
        truth = read_truth(case, scan)
    except (ScanError, OSError) as error:
        notes = (*notes, f"{NO_TRUTH}{error}")
    except Exception as error:
        notes = (*notes, f"{NO_TRUTH}{fault(error)}")
    return replace(
        _blank(case),
        digest=scan.digest,
        fingerprint=" ".join(prints_of(scan)),
        width=scan.width,
        height=scan.height,
        depth=8 if scan.pixels.dtype == np.uint8 else 16,
        window=scan.window,
        spacing=scan.spacing,
        notes=notes,
        truth=truth,
        thumbnail=make_thumbnail(np.rint(scan.unit() * 255).astype(np.uint8)),
    )


def died(case: Case) -> NewCase:
    """Of a case whose reader did not survive it."""
    return replace(_blank(case), problem=DIED)


def _blank(case: Case) -> NewCase:
    return NewCase(
        case.dataset, case.id, case.file, case.modality, case.group, case.label, case.findings,
        case.truth_files,
    )  # fmt: skip
