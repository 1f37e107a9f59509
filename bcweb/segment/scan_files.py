"""Which of the files that were named, or lie in the folders that were, are scans."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bcweb.folders import walk
from bcweb.names import BESIDE, MASK, among_masks, mask_name, stem
from bcweb.segment.results import RESULTS, Row

# What lies beside scans and is none, the archives that they came in, what NumPy made of them, and the viewer that a
# patient's CD brings along. All else in a folder is tried: names say little about scans.
_NO_SCANS = BESIDE | {
    ".zip", ".gz", ".tar", ".7z", ".rar", ".npy", ".npz", ".pkl",
    ".inf", ".dll", ".jar", ".rtf", ".ico", ".icns", ".bat", ".cmd", ".sh", ".msi", ".cab", ".lnk", ".url", ".chm",
    ".css", ".js", ".cfg", ".config", ".manifest", ".properties", ".plist", ".so", ".dylib", ".class",
}  # fmt: skip
_CONTENTS = "dicomdir"  # of a CD, which names its images and is DICOM itself


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


def find_scans(paths: Sequence[Path], out: Path) -> Found:
    """All files that may be scans, each once: those named, and those in the folders named; all by their whole paths,
    for what is told of them is read in other folders, too.

    Names that end in _mask (or _mask_1, ...) are masks, and left out in folders; so are others that masks have
    (X_seg, X-gt), and of files that are named all of these, where their scan is beside them. Left out is what lies
    in a folder of masks, but for one that is named itself.
    Hidden files, tables, texts and programs in a folder are left out.
    """
    paths, table = [path.absolute() for path in paths], out.absolute() / RESULTS
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
                if file.suffix.lower() in _NO_SCANS or file.name.lower() == _CONTENTS:
                    others += file != table
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
