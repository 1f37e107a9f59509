"""The scans in a folder of this machine's disk, each with its truths: by their names, opening only those that
share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from bcweb.cases import fit_mask, read_mask
from bcweb.cases.looks import PICTURES, Look, look_at, masks_by_look
from bcweb.folders import walk
from bcweb.names import natural, stem
from bcweb.page.held import FileState
from bcweb.page.pairing import pair
from bcweb.paths import pasted
from bcweb.scans import Scan, ScanError

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
    truths: dict[Path, list[Path]] = {}
    for file, told in zip(files, pairs, strict=True):
        if told.scan is not None:
            truths.setdefault(files[told.scan], []).append(file)
    own = [file for file, told in zip(files, pairs, strict=True) if told.part == "scan"]
    # Before any is looked at: of each name in a folder one at least is a scan.
    _refuse_more(path, len({file.with_name(stem(file.name).lower()) for file in own}))
    looked = masks_by_look(own, lambda file: _look(FileState.of(file)))
    for mask, scan in looked.items():
        truths.setdefault(scan, []).extend((mask, *truths.pop(mask, ())))
    scans = [
        Listed(name, file, tuple(truths.get(file, ())))
        for name, file, told in zip(names, files, pairs, strict=True)
        if told.part == "scan" and file not in looked
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


@lru_cache(maxsize=3 * MOST)
def _look(state: FileState) -> Look | None:
    """A file's look, kept until it changes: a folder may be listed again and again."""
    return look_at(state.path)


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
