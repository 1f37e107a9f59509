"""Near-duplicates within a project: cases that show the same picture, and how far their truths agree.

`bcweb.cases.duplicates` in parts, over all cores. What is known of every picture lies in files that are
mapped into memory, so that 10,000 cases need no more of it than 100.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bcweb.batch import Stop, over_all_cores
from bcweb.cases import duplicates
from bcweb.metrics import dice
from bcweb.review.files import Files
from bcweb.review.records import CaseRow, ReviewError

_PAIRS_A_TASK = 100
_SKETCHES, _MAPS = "thumbs", "maps"

Twin = tuple[int, int, float | None]  # two cases, and the Dice of their truths, None without both


@dataclass(frozen=True)
class Picture:
    """What is needed of a case to compare it. truth: a mask's file, None where it is not known."""

    id: int
    file: Path
    truth: str | None


@dataclass(frozen=True)
class _Shelf:
    """What is known of every picture by its number: files of rows of float16, thumbnails and maps of these shapes, 0
    where a scan could not be read."""

    place: Path
    thumb: tuple[int, ...]
    map: tuple[int, ...]

    def mapped(self) -> duplicates.Sketch:
        return (
            np.memmap(self.place / _SKETCHES, np.float16, "r").reshape(-1, *self.thumb),
            np.memmap(self.place / _MAPS, np.float16, "r").reshape(-1, *self.map),
        )


def find_twins(
    cases: Sequence[CaseRow],
    files: Files,
    folder: str,
    workers: int,
    how: Callable[..., Any],
    stop: Stop,
    progress: Callable[[int, int], None],
) -> list[Twin]:
    """The pairs of cases that show one picture.

    how: called with a task and an item, does it, in a worker. progress: is called with how much of how
    much is done.

    A case whose file cannot be read now has no twin. Stopped, it gives what was found until then.
    """
    found: list[Twin] = []
    for modality in dict.fromkeys(case.modality for case in cases):
        pictures = [
            Picture(case.id, case.file, case.truth_file)
            for case in cases
            if case.modality == modality and case.problem is None
        ]
        if len(pictures) > 1:
            found += _twins(pictures, files, folder, workers, how, stop, progress)
    return found


def _twins(
    pictures: Sequence[Picture],
    files: Files,
    folder: str,
    workers: int,
    how: Callable[..., Any],
    stop: Stop,
    progress: Callable[[int, int], None],
) -> list[Twin]:
    blocks = duplicates.blocks(len(pictures))
    total = len(pictures) + len(blocks)

    def over(task, items, gone) -> Iterator:
        return over_all_cores(partial(how, task), items, workers, stop, gone)

    with tempfile.TemporaryDirectory(prefix="bcweb-") as place:
        done, shelf, lacking = 0, None, []
        with (
            (Path(place) / _SKETCHES).open("wb") as thumbs,
            (Path(place) / _MAPS).open("wb") as maps,
        ):
            for number, sketch in over(_sketch, list(enumerate(pictures)), _no_sketch):
                if sketch is None:
                    lacking.append(number)
                else:
                    shelf = _Shelf(Path(place), *(array.shape for array in sketch))
                    _put(thumbs, number, sketch[0])
                    _put(maps, number, sketch[1])
                progress(done := done + 1, total)
            if shelf is None or stop.asked:
                return []
            for number in lacking:
                _put(thumbs, number, np.zeros(shelf.thumb, np.float16))
                _put(maps, number, np.zeros(shelf.map, np.float16))
        likely = []
        for block in over(partial(_likely, shelf), blocks, _no_pairs):
            likely.append(block)
            progress(done := done + 1, total)
        if not likely or stop.asked:
            return []
        pairs = duplicates.nearest(likely)
        parts = [pairs[i : i + _PAIRS_A_TASK] for i in range(0, len(pairs), _PAIRS_A_TASK)]
        promising = []
        for part in over(partial(_aligned, shelf), parts, lambda part: []):
            promising += part
            progress(done := done + 1, total + len(parts))
    total, found = done + len(promising), []
    task = partial(_compared, files=files, folder=folder)
    together = [(pictures[i], pictures[j], alignment) for i, j, alignment in promising]
    for twin in over(task, together, lambda pair: None):
        if twin is not None:
            found.append(twin)
        progress(done := done + 1, total)
    return found


def _put(file: BinaryIO, number: int, row: np.ndarray) -> None:
    """Into a file that is mapped later, and only to be read: where the disk is full, a write to a mapped file ends the
    process, and one to a file is an `OSError`."""
    file.seek(number * row.nbytes)
    file.write(row.tobytes())


def _sketch(numbered: tuple[int, Picture]) -> tuple[int, duplicates.Sketch | None]:
    from bcweb.scans import ScanError, read_scan

    number, picture = numbered
    try:
        scan = read_scan(picture.file)
        sketch = duplicates.sketch(scan.within(scan.pixels))
    except (ScanError, OSError):
        return number, None
    return number, tuple(array.astype(np.float16) for array in sketch)


def _no_sketch(numbered: tuple[int, Picture]) -> tuple[int, None]:
    return numbered[0], None


def _likely(shelf: _Shelf, block: duplicates.Block) -> tuple[np.ndarray, np.ndarray]:
    return duplicates.likely(shelf.mapped()[0], *block)


def _no_pairs(block: duplicates.Block) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((0, 2), np.int32), np.empty(0, np.float32)


def _aligned(shelf: _Shelf, pairs: np.ndarray) -> list[tuple[int, int, duplicates.Alignment]]:
    thumbs, maps = shelf.mapped()

    def sketch(number: int) -> duplicates.Sketch:
        return np.asarray(thumbs[number], np.float32), np.asarray(maps[number], np.float32)

    aligned = [(i, j, duplicates.align(sketch(i), sketch(j))) for i, j in pairs.tolist()]
    return [pair for pair in aligned if pair[2].promising]


def _compared(
    pair: tuple[Picture, Picture, duplicates.Alignment], files: Files, folder: str
) -> Twin | None:
    """Two cases of one picture; None where a finer look says that they are not."""
    from bcweb.scans import ScanError, read_scan

    first, second, alignment = pair
    try:
        scans = [read_scan(picture.file) for picture in (first, second)]
        finely = duplicates.refine(*(scan.within(scan.pixels) for scan in scans), alignment)
        if finely.score < duplicates.SAME_PICTURE:
            return None
        if first.truth is None or second.truth is None:
            return first.id, second.id, None
        truths = [
            scan.within(files.mask(folder, picture.truth))
            for scan, picture in zip(scans, (first, second), strict=True)
        ]
    except (ScanError, ReviewError, OSError):
        return None
    # Where the two overlap: one of them may be cropped.
    return first.id, second.id, dice(*finely.overlay(*truths))
