"""Segment what was found over all cores, go on from an earlier run, and report."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bcweb.batch import Choice, fault, over_all_cores, stoppable, warm_up, worker_count
from bcweb.locks import held
from bcweb.masks import Stamp, read_stamp, write_mask
from bcweb.segment.mask_files import (
    Job,
    content_digest,
    forget_failed,
    place_digest,
    plan,
    read_file,
    without_stale_mask,
)
from bcweb.segment.results import RESULTS, Row, Table, earlier_rows, is_ours
from bcweb.segment.scan_files import Found, find_scans
from bcweb.terminal import counted, say, shown

if TYPE_CHECKING:
    from bcweb.scans import Scan

_GUESSED = "Modality guessed from the pixels."  # the last of a row's notes


def run(
    paths: list[Path], out: Path, weights: str | None, modality: str | None, workers: int | None
) -> int:
    """Segment and report; returns the exit status."""
    from bcweb.weights import WeightsError

    choice = Choice(weights, modality)
    found = find_scans(paths, out)
    if left_out := _left_out(found):
        say(left_out)
    if not found.scans:
        for row in found.unreadable:
            say(f"{row.file}: {row.error}")
        say("There is no scan to segment.")
        return 1
    warm_up(worker_count(len(found.scans), workers))
    try:
        choice.check()
    except WeightsError as error:
        say(str(error))
        return 1
    out.mkdir(parents=True, exist_ok=True)
    # Another one's rows are in the table that it leaves, and its masks in their places.
    waiting = f"Another command writes to {out}; this one waits for it."
    with held(out / f".{RESULTS}.lock", lambda: say(waiting)):
        return _into(out, found, choice, workers)


def _into(out: Path, found: Found, choice: Choice, workers: int | None) -> int:
    """Segment what was found into a folder that is nobody else's meanwhile."""
    if not is_ours(out / RESULTS):
        say(f"{out / RESULTS} is a table of something else; choose another --out.")
        return 1
    earlier = earlier_rows(out)
    if gone := forget_failed(found, earlier):
        say(f"Scans that are gone, whose masks and rows in {RESULTS} stay: {gone}.")
    jobs, sayings = plan(found, out, earlier)
    for saying in sayings:
        say(saying)

    done = Done(earlier, choice, out)
    rows: dict[Path, Row] = {}
    for job in jobs if earlier else ():
        if (row := done.row(job)) is not None:
            rows[job.file] = row
    to_do = [job for job in jobs if job.file not in rows]
    kept = len(rows)

    # A folder's row lasts until it is looked into again.
    here = {os.path.abspath(job.file) for job in jobs} | found.folders
    others = [row for place, row in earlier.items() if place not in here]
    others += found.unreadable
    count = worker_count(len(to_do), workers)
    masks = {str(job.file): job.mask for job in to_do}
    with stoppable() as stop, Table(out / RESULTS, [*others, *rows.values()]) as table:
        results = over_all_cores(partial(segment_file, choice=choice), to_do, count, stop, _crashed)
        with _progress(len(to_do)) as progress:
            for row in results:
                mask = masks[row.file]
                if row.error:
                    row = without_stale_mask(row, mask)
                else:
                    row = replace(row, mask=_from(out, mask))
                rows[Path(row.file)] = row
                table.add(row)
                if progress is not None:
                    progress.update()
        table.finish([*others, *(rows[job.file] for job in jobs if job.file in rows)])
    return _report(found, jobs, rows, kept, out, stop.asked)


def segment_file(job: Job, choice: Choice) -> Row:
    """Read, segment, write the mask; whatever goes wrong with this file is the row's error."""
    from bcweb.scans import ScanError, read_scan
    from bcweb.weights import WeightsError

    started = time.perf_counter()
    name = str(job.file)
    try:
        data = read_file(job.file)
        scan = read_scan(data)
        prediction, guessed = choice.segment(scan)
        told = (scan.modality is None and choice.modality) or ""
        stamp = Stamp(prediction.revision, content_digest(data), place_digest(job.file), told)
        write_mask(prediction.mask, job.mask, stamp)
    except (ScanError, WeightsError) as error:
        return Row(name, error=str(error))
    except OSError as error:
        return Row(name, error=_os_sentence(error, job.file))
    except Exception as error:
        return Row(name, error=fault(error))
    lesions, point = prediction.lesions, prediction.operating_point
    return Row(
        name,
        prediction.modality,
        "" if prediction.presence is None else f"{prediction.presence:.4f}",
        str(len(lesions)),
        str(sum(lesion.area_px for lesion in lesions)),
        f"{time.perf_counter() - started:.3f}",
        area_mm2="" if scan.spacing is None else f"{sum(one.area_mm2 for one in lesions):.1f}",
        gate="" if point.presence_gate is None else f"{point.presence_gate:g}",
        threshold=f"{point.mask_threshold:g}",
        revision=prediction.revision,
        guessed=guessed,
        **_told_of(scan, guessed),
    )


def _from(out: Path, mask: Path) -> str:
    return mask.relative_to(out).as_posix()


def _told_of(scan: Scan, guessed: bool) -> dict[str, str]:
    """A row's cautions and notes."""
    notes = [note for note in scan.notes if note not in scan.cautions]
    notes += [_GUESSED] if guessed else []
    return {"cautions": " ".join(scan.cautions), "notes": " ".join(notes)}


def _os_sentence(error: OSError, file: Path) -> str:
    if isinstance(error, FileNotFoundError) and not file.exists():
        return "There is no such file."
    if isinstance(error, IsADirectoryError):
        return "This is a folder, not a file."
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}."


def _crashed(job: Job) -> Row:
    return Row(
        str(job.file), error="The process that read it died; it may want more memory than there is."
    )


class Done:
    """Tells what an earlier run has done already."""

    def __init__(self, rows: dict[str, Row], choice: Choice, out: Path):
        self._rows = rows
        self._out = out
        self._choice = choice
        self._revisions: dict[str, str | None] = {}

    def row(self, job: Job) -> Row | None:
        """The earlier row of a scan whose mask is of this content, by these weights and of this modality; else None."""
        row = self._rows.get(os.path.abspath(job.file))
        if row is None or row.error or self._choice.modality not in (None, row.modality):
            return None
        stamp = read_stamp(job.mask)
        if stamp is None or stamp.revision != self._revision(row.modality):
            return None
        if stamp.told and self._choice.modality is None:  # now the pixels say which
            return None
        from bcweb.scans import ScanError, read_scan

        with suppress(OSError, ScanError):
            data = read_file(job.file)
            if stamp.content == content_digest(data):
                was_guessed = row.notes.endswith(_GUESSED)
                if row.cautions is None:
                    row = replace(row, **_told_of(read_scan(data), was_guessed))
                guessed = was_guessed and self._choice.modality is None
                mask = _from(self._out, job.mask)
                return replace(
                    row, file=str(job.file), mask=mask, revision=stamp.revision, guessed=guessed
                )
        return None

    def _revision(self, modality: str) -> str | None:
        from bcweb.scans import MODALITIES
        from bcweb.weights import WeightsError

        if modality not in self._revisions:
            self._revisions[modality] = None
            if modality in MODALITIES:
                with suppress(WeightsError):
                    self._revisions[modality] = self._choice.load(modality).revision
        return self._revisions[modality]


def _progress(total: int):
    if total < 2:
        return nullcontext()
    from tqdm import tqdm

    # A log gets a line now and then, a terminal a bar that moves.
    return tqdm(total=total, unit="scan", mininterval=0.2 if sys.stderr.isatty() else 30)


def _left_out(found: Found) -> str:
    parts = []
    if found.masks:
        masks = counted(found.masks, "mask")
        parts.append(f"{masks} (by their names, or in a folder of masks)")
    if found.others:
        parts.append(
            f"{counted(found.others, 'file')} that hold{'s' * (found.others == 1)} no scan"
        )
    return f"Left out: {' and '.join(parts)}." if parts else ""


def _report(
    found: Found, jobs: list[Job], rows: dict[Path, Row], kept: int, out: Path, stopped: bool
) -> int:
    here = [rows[job.file] for job in jobs if job.file in rows]
    failed = [row for row in here if row.error]
    told = [*found.unreadable, *failed]
    for row in told[:20]:
        say(f"{row.file}: {row.error}")
    if len(told) > 20:
        say(f"... and {len(told) - 20} more, see {out / RESULTS}.")
    guessed = Counter(row.modality for row in here if row.guessed)
    if guessed:
        counts = ", ".join(f"{n} {modality}" for modality, n in guessed.items())
        say(f"Modality guessed from the pixels: {counts} (--modality says it).")
    for caution, count in Counter(row.cautions for row in here if row.cautions).items():
        say(f"{counted(count, 'scan')}: {caution}")
    painted = sum(row.lesions not in ("", "0") for row in here)
    parts = [f"{len(here) - len(failed)} of {len(jobs)} scans have a mask in {out}"]
    parts.append(f"{painted} with a lesion")
    if kept:
        parts.append(f"{kept} done before")
    if failed:
        parts.append(f"{len(failed)} failed")
    if folders := len(found.unreadable):
        parts.append(f"{counted(folders, 'folder')} not read")
    print(shown(", ".join(parts) + "."))
    if stopped:
        say("Stopped; the same command goes on from here.")
        return 130
    return 1 if told else 0
