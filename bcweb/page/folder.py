"""The scans in a folder of this machine's disk, each with its truths: by their names, opening only those that
share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from bcweb.cases import fit_mask, read_mask
from bcweb.names import natural, stem
from bcweb.page.held import FileState
from bcweb.page.pairing import PICTURES, Look, pair, scan_of
from bcweb.paths import pasted
from bcweb.scans import Scan, ScanError, read_scan
from bcweb.scans.folders import walk

_SUFFIXES = PICTURES | {".dcm", ".dicom"}
MOST = 5000  # scans; with their truths they may be three times as many files


class FolderError(ValueError):
    """A folder that cannot be listed; its text is one sentence."""


@dataclass(frozen=True)
class Listed:
    """A scan's file; name: its path within the folder; truths: the masks that belong to it."""

    name: str
    file: Path
    truths: tuple[Path, ...]

    def load_truth(self, scan: Scan) -> list[tuple[str, np.ndarray]]:
        """Each mask's name with the mask on the scan's grid; raises `ScanError` naming the mask."""
        masks = []
        for file in self.truths:
            try:
                masks.append((file.name, fit_mask(read_mask(file, scan), scan)[0]))
            except (ScanError, OSError) as error:
                raise ScanError(f"{file.name}: {error}") from error
        return masks


def list_folder(path: str) -> tuple[list[Listed], list[str], list[str]]:
    """The scans below a folder, sorted by name, the names of the masks whose scan is not there, and of those that
    may be of several.

    A folder in it that cannot be read comes last, as a scan that says why when it is opened. Linked folders
    are followed: who may list one folder of this machine may list all that its user can read.
    path: as somebody pastes it. Raises `FolderError` where there are no scans.
    """
    path = pasted(path)
    folder = Path(path)
    if not path or not folder.is_dir():
        raise FolderError(
            f"{path} is not a folder on this machine." if path else "Name a folder on this machine."
        )
    found, refused = _scan_files(folder)
    files = sorted(found, key=lambda file: natural(str(file)))
    if not files and refused:
        raise FolderError(f"{refused[0].filename} cannot be read: {refused[0].strerror}.")
    if not files:
        raise FolderError(f"{path} holds no scans: PNG, JPEG, BMP, TIFF, PGM, WebP, GIF or DICOM.")
    if len(files) > MOST * 3:
        raise FolderError(
            f"{path} holds more than {MOST * 3:,} scans and masks: name one of the folders in it."
        )
    names = [file.relative_to(folder).as_posix() for file in files]
    pairs = pair(names)
    truths: dict[int, list[Path]] = {}
    for file, told in zip(files, pairs, strict=True):
        if told.scan is not None:
            truths.setdefault(told.scan, []).append(file)
    own = [p for p, told in enumerate(pairs) if told.part == "scan"]
    # Before any is looked at: of each name in a folder one at least is a scan.
    _refuse_more(path, len({files[p].with_name(stem(files[p].name).lower()) for p in own}))
    looked = {mask: scan for mask, scan in _by_look(files, own) if mask not in truths}
    for mask, scan in looked.items():
        truths.setdefault(scan, []).append(files[mask])
    scans = [
        Listed(name, file, tuple(truths.get(place, ())))
        for place, (name, file, told) in enumerate(zip(names, files, pairs, strict=True))
        if told.part == "scan" and place not in looked
    ]
    if not scans:
        raise FolderError(f"{path} holds truth masks, but none of their scans.")
    _refuse_more(path, len(scans))
    left = [
        (name, bool(told.among))
        for name, told in zip(names, pairs, strict=True)
        if told.part == "truth" and told.scan is None
    ]
    unread = [Path(error.filename) for error in refused]
    scans += [Listed(place.relative_to(folder).as_posix(), place, ()) for place in unread]
    alone, unclear = (
        [name for name, several in left if several is which] for which in (False, True)
    )
    return scans, alone, unclear


def _refuse_more(path: str, scans: int) -> None:
    if scans > MOST:
        raise FolderError(f"{path} holds more than {MOST:,} scans: name one of the folders in it.")


def _by_look(files: Sequence[Path], scans: Sequence[int]) -> list[tuple[int, int]]:
    """The places of those that are truths by their look, each with its scan's: of one name in one folder, or
    an archive where each patient has an IM0001 would be read whole.
    """
    alike: dict[Path, list[int]] = {}
    for place in scans:
        alike.setdefault(files[place].with_name(stem(files[place].name).lower()), []).append(place)

    def look(file: Path) -> Look | None:
        return _look(FileState.of(file))

    def among(places: list[int]) -> list[tuple[int, int]]:
        names = [files[place].name for place in places]
        found = []
        for at, place in enumerate(places):
            scan = scan_of(names, at, lambda other: look(files[places[other]]))
            if scan is not None:
                found.append((place, places[scan]))
        return found

    with ThreadPoolExecutor() as readers:
        shared = (places for places in alike.values() if len(places) > 1)
        return [found for some in readers.map(among, shared) for found in some]


@lru_cache(maxsize=3 * MOST)
def _look(state: FileState) -> Look | None:
    """A file's look, kept until it changes: a folder may be listed again and again."""
    try:
        return Look.of(read_scan(state.path).pixels)
    except (ScanError, OSError):  # opening it says why
        return None


def _scan_files(folder: Path) -> tuple[list[Path], list[OSError]]:
    """The files, and the errors of the folders that cannot be read."""
    found, refused = [], []
    for place, names in walk(folder, refused.append):
        for file in (place / name for name in names):
            if file.suffix.lower() in _SUFFIXES or _is_dicom(file):
                found.append(file)
                if len(found) > MOST * 3:  # a disk, not a folder of scans
                    return found, refused
    return found, refused


def _is_dicom(file: Path) -> bool:
    """Scanners often write DICOM without a suffix, or with numbers for one."""
    if file.suffix and not file.suffix[1:].isdigit():
        return False
    try:
        with file.open("rb") as opened:
            return opened.read(132)[128:] == b"DICM"
    except OSError:  # listed, and opening it says why: a drive that is gone must not look empty
        return True
