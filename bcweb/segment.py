"""Segment scans, one or an archive of them:

    python -m bcweb.segment scan.png more/ --out masks

Writes STEM_mask.png for every scan (0 and 255, the scan's own size), a folder's tree mirrored under
--out, and results.csv: file, modality, presence, lesions, area (painted pixels), seconds, error, and
notes on how the file was read (a guessed modality, the first frame of several ...). A file that cannot
be segmented, or a folder that cannot be read, is a row with its error; the others are done and the exit
status is 1. A mask that this command has written for such a file before is removed, and its row says so.
Of a folder, masks are left out: names that end in _mask, X_seg or X-gt beside X, and what lies in a folder of
masks; linked folders are followed. Run it again and only what is new, changed, failed, or segmented by other
weights or by another --modality is done. Two scans whose masks would have one name are kept apart: the second
one's is NAME.EXT_mask.png, then STEM-2_mask.png and so on, and no mask that this command did not write is ever
overwritten.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from bcweb.batch import Choice, fault, over_all_cores, stoppable, warm_up, worker_count
from bcweb.masks import Stamp, read_stamp, write_mask
from bcweb.names import MASK, among_masks, mask_name, stem
from bcweb.terminal import counted, show_every_name

COLUMNS = ("file", "modality", "presence", "lesions", "area", "seconds", "error", "notes")
RESULTS = "results.csv"
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}  # file names are bytes, not always text
# What lies beside scans and is none. All else in a folder is tried: names say little about scans.
_NO_SCANS = frozenset((
    ".csv", ".tsv", ".txt", ".md", ".json", ".xml", ".html", ".htm", ".yaml", ".yml", ".xls", ".xlsx",
    ".doc", ".docx", ".zip", ".gz", ".tar", ".7z", ".rar", ".py", ".ipynb", ".npy", ".npz", ".pkl",
    ".mat", ".db", ".ini", ".log", ".exe",
))  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A scan's file and where its mask goes."""

    file: Path
    mask: Path


@dataclass(frozen=True)
class Row:
    """One line of results.csv as text; guessed is whether its modality was, caution what its file warns of."""

    file: str
    modality: str = ""
    presence: str = ""
    lesions: str = ""
    area: str = ""
    seconds: str = ""
    error: str = ""
    notes: str = ""
    guessed: bool = False
    caution: str = ""


@dataclass(frozen=True)
class Found:
    """Scans with the place of their mask relative to --out, and what was left out.

    folders: the absolute paths of all that were looked into; unreadable: the rows of those that refused.
    """

    scans: tuple[tuple[Path, Path], ...]
    masks: int
    others: int
    folders: frozenset[str]
    unreadable: tuple[Row, ...]


# --- one scan ---------------------------------------------------------------------------------------


def segment_file(job: Job, choice: Choice) -> Row:
    """Read, segment, write the mask; whatever goes wrong with this file is the row's error."""
    from bcweb.scans import ScanError, read_scan
    from bcweb.weights import WeightsError

    started = time.perf_counter()
    name = str(job.file)
    try:
        data = _read(job.file)
        scan = read_scan(data)
        prediction, guessed = choice.segment(scan)
        told = (scan.modality is None and choice.modality) or ""
        stamp = Stamp(prediction.revision, _content(data), _place(job.file), told)
        write_mask(prediction.mask, job.mask, stamp)
    except (ScanError, WeightsError) as error:
        return Row(name, error=str(error))
    except OSError as error:
        return Row(name, error=_os_sentence(error, job.file))
    except Exception as error:
        return Row(name, error=fault(error))
    return Row(
        name,
        prediction.modality,
        "" if prediction.presence is None else f"{prediction.presence:.4f}",
        str(len(prediction.lesions)),
        str(sum(lesion.area_px for lesion in prediction.lesions)),
        f"{time.perf_counter() - started:.3f}",
        notes=" ".join([*scan.notes, *(["Modality guessed from the pixels."] if guessed else [])]),
        guessed=guessed,
        caution=" ".join(scan.cautions),
    )


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


def without_stale_mask(row: Row, mask: Path) -> Row:
    """The row of a scan that could not be segmented; a mask that was written for it earlier is removed, and the
    row says so. It may be of other pixels, and beside an error nobody would take it for that.
    """
    stamp = read_stamp(mask)
    if stamp is None or stamp.place != _place(Path(row.file)):
        return row
    try:
        mask.unlink()
    except OSError as error:
        return replace(row, notes=f"Its earlier mask cannot be removed: {error.strerror}.")
    return replace(row, notes="Its earlier mask was removed.")


def _read(file: Path) -> bytes:
    from bcweb.scans.folders import refuse_special

    refuse_special(file)
    return file.read_bytes()


def _content(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _place(file: Path) -> str:
    """Hashed: a path may hold a patient's name, and masks are passed on."""
    return hashlib.sha256(os.path.abspath(file).encode(errors="surrogateescape")).hexdigest()[:16]


# --- what there is to do ----------------------------------------------------------------------------


def find_scans(paths: Sequence[Path], out: Path) -> Found:
    """All files that may be scans, each once: those named, and those in the folders named.

    Names that end in _mask (or _mask_1, ...) are masks, and left out in folders; so are others that masks have
    (X_seg, X-gt), and of files that are named all of these, where their scan is beside them. Left out is what lies
    in a folder of masks, but for one that is named itself.
    Hidden files, tables and texts in a folder are left out.
    """
    from bcweb.scans.folders import walk

    scans: dict[str, tuple[Path, Path]] = {}
    masks: set[str] = set()
    others = 0
    looked_into: set[str] = set()
    unreadable: dict[str, Row] = {}

    def refused(error: OSError) -> None:
        sentence = f"This folder cannot be read: {error.strerror}."
        unreadable[os.path.abspath(error.filename)] = Row(str(error.filename), error=sentence)

    folders_named = [path for path in paths if path.is_dir()]
    files_named = [path for path in paths if path not in folders_named]
    beside = {path.with_name(stem(path.name)) for path in files_named}
    for file in files_named:
        place = os.path.abspath(file)
        if _scan_of(file) in beside:
            masks.add(place)
        else:
            scans.setdefault(place, (file, Path()))
    for root in folders_named:
        for folder, names in walk(root, refused):
            looked_into.add(os.path.abspath(folder))
            its = {folder / stem(name) for name in names}
            for file in (folder / name for name in names):
                place = os.path.abspath(file)
                if file.suffix.lower() in _NO_SCANS:
                    others += file != out / RESULTS
                elif (
                    MASK.fullmatch(stem(file.name))
                    or _scan_of(file) in its
                    or among_masks(file.relative_to(root))
                ):
                    masks.add(place)
                else:
                    scans.setdefault(place, (file, folder.relative_to(root)))
    folders = frozenset(looked_into | unreadable.keys())
    left_out = len(masks - scans.keys())  # one that was named as a scan is none
    return Found(tuple(scans.values()), left_out, others, folders, tuple(unreadable.values()))


def _scan_of(file: Path) -> Path | None:
    """Of what may be a mask by its name, X_seg.png, the scan that it would be of, without its ending."""
    told = mask_name(stem(file.name))
    return file.with_name(told.scan) if told and told.whole else None


def plan(found: Found, out: Path) -> tuple[list[Job], list[str]]:
    """A mask's file for each scan, no two the same and none that belongs to another; and what to say of it."""
    taken: set[str] = set()
    jobs, sayings = [], []
    for file, folder in found.scans:
        names = _mask_names(file)
        first = mask = out / folder / next(names)
        while str(mask).casefold() in taken or not _ours(mask, file):
            mask = out / folder / next(names)
        taken.add(str(mask).casefold())
        jobs.append(Job(file, mask))
        if mask != first:
            sayings.append(f"{file}: its mask is {mask}, for {first.name} is another's.")
    return jobs, sayings


def _mask_names(file: Path) -> Iterator[str]:
    name = stem(file.name)
    yield f"{name}_mask.png"
    yield f"{file.name}_mask.png"
    number = 2
    while True:
        yield f"{name}-{number}_mask.png"
        number += 1


def _ours(mask: Path, file: Path) -> bool:
    """Whether this file's mask may be written there: nothing is there, or an earlier mask of it."""
    if not os.path.lexists(mask):
        return True
    stamp = read_stamp(mask)
    if stamp is None:
        return False
    if stamp.place == _place(file):
        return True
    with suppress(OSError):
        return stamp.content == _content(_read(file))
    return False


def earlier_rows(out: Path) -> dict[str, Row]:
    """The rows of results.csv by their file's absolute path; a torn last line is left out."""
    rows = {}
    try:
        with (out / RESULTS).open(newline="", **_TEXT) as table:
            for record in csv.DictReader(table):
                if all(record.get(column) is not None for column in COLUMNS):
                    row = Row(**{column: record[column] for column in COLUMNS})
                    rows[os.path.abspath(row.file)] = row
    except FileNotFoundError:
        pass
    return rows


def _is_ours(table: Path) -> bool:
    """Whether a results.csv may be replaced: there is none, or it has the columns of one, of an older version too."""
    try:
        with table.open(newline="", **_TEXT) as file:
            head = next(csv.reader(file), [])
    except FileNotFoundError:
        return True
    return not head or set(head) <= set(COLUMNS)


class Done:
    """Tells what an earlier run has done already."""

    def __init__(self, rows: dict[str, Row], choice: Choice):
        self._rows = rows
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
        with suppress(OSError):
            if stamp.content == _content(_read(job.file)):
                return Row(**{c: getattr(row, c) for c in COLUMNS} | {"file": str(job.file)})
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


# --- the command ------------------------------------------------------------------------------------


def run(
    paths: list[Path], out: Path, weights: str | None, modality: str | None, workers: int | None
) -> int:
    """Segment and report; returns the exit status."""
    from bcweb.weights import WeightsError

    choice = Choice(weights, modality)
    found = find_scans(paths, out)
    _say(_left_out(found))
    if not found.scans:
        for row in found.unreadable:
            _say(f"{row.file}: {row.error}")
        _say("There is no scan to segment.")
        return 1
    warm_up(worker_count(len(found.scans), workers))
    try:
        choice.check()
    except WeightsError as error:
        _say(str(error))
        return 1
    if not _is_ours(out / RESULTS):
        _say(f"{out / RESULTS} is a table of something else; choose another --out.")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    jobs, sayings = plan(found, out)
    for saying in sayings:
        _say(saying)

    earlier = earlier_rows(out)
    done = Done(earlier, choice)
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
                if row.error:
                    row = without_stale_mask(row, masks[row.file])
                rows[Path(row.file)] = row
                table.add(row)
                if progress is not None:
                    progress.update()
        table.finish([*others, *(rows[job.file] for job in jobs if job.file in rows)])
    return _report(found, jobs, rows, kept, out, stop.asked)


class Table:
    """results.csv: each row is written as it comes, and at the end all in the scans' order, at once."""

    def __init__(self, file: Path, rows: list[Row]):
        self._file = file
        self._open: TextIO | None = None
        self.finish(rows)
        self._open = file.open("a", newline="", **_TEXT)
        self._writer = csv.writer(self._open, lineterminator="\n")

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_) -> None:
        self._open.close()

    def add(self, row: Row) -> None:
        self._writer.writerow([getattr(row, column) for column in COLUMNS])
        self._open.flush()

    def finish(self, rows: list[Row]) -> None:
        """Replace the whole table."""
        if self._open is not None:
            self._open.close()
        part = self._file.with_name(f".{self._file.name}.part")
        with part.open("w", newline="", **_TEXT) as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([getattr(row, column) for column in COLUMNS] for row in rows)
        part.replace(self._file)


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
        _say(f"{row.file}: {row.error}")
    if len(told) > 20:
        _say(f"... and {len(told) - 20} more, see {out / RESULTS}.")
    guessed = Counter(row.modality for row in here if row.guessed)
    if guessed:
        counts = ", ".join(f"{n} {modality}" for modality, n in guessed.items())
        _say(f"Modality guessed from the pixels: {counts} (--modality says it).")
    for caution, count in Counter(row.caution for row in here if row.caution).items():
        _say(f"{counted(count, 'scan')}: {caution}")
    painted = sum(row.lesions not in ("", "0") for row in here)
    parts = [f"{len(here) - len(failed)} of {len(jobs)} scans have a mask in {out}"]
    parts.append(f"{painted} with a lesion")
    if kept:
        parts.append(f"{kept} done before")
    if failed:
        parts.append(f"{len(failed)} failed")
    if folders := len(found.unreadable):
        parts.append(f"{counted(folders, 'folder')} not read")
    print(", ".join(parts) + ".")
    if stopped:
        _say("Stopped; the same command goes on from here.")
        return 130
    return 1 if told else 0


def _say(sentence: str) -> None:
    if sentence:
        print(sentence, file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    show_every_name()
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.segment",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="PATH", help="a scan, or a folder of scans")
    add("--out", type=Path, required=True, metavar="DIR", help="where masks and results.csv go")
    add(
        "--weights",
        metavar="W",
        help='"embedded", a folder, or hf://user/repo@revision; without it BCWEB_WEIGHTS_ULTRASOUND '
        "and BCWEB_WEIGHTS_MAMMOGRAM, else embedded",
    )
    add(
        "--modality",
        choices=("ultrasound", "mammogram"),
        metavar="M",
        help="ultrasound or mammogram, for files that do not say (else it is guessed)",
    )
    add("--workers", type=int, metavar="N", help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if args.workers is not None and args.workers < 1:
        parser.error("--workers wants at least 1")
    if args.out.exists() and not args.out.is_dir():
        parser.error(f"--out {args.out} is a file, not a folder")
    try:
        return run(args.paths, args.out, args.weights, args.modality, args.workers)
    except OSError as error:  # --out cannot be written; what a scan's file says is its row's error
        _say(f"{error.filename or args.out}: {error.strerror}.")
        return 1
    except KeyboardInterrupt:
        _say("Stopped; the same command goes on from here.")
        return 130


if __name__ == "__main__":
    # By its own name, so that the workers find its functions where the parent does.
    from bcweb import segment

    sys.exit(segment.main())
