"""Names of files: what is no ending of them, which are masks, and the order that people expect."""

from __future__ import annotations

import re
from pathlib import PurePath

MASK = re.compile(r"(.+?)_mask(_\d+)?", re.IGNORECASE)  # group 1: its scan's name

# What masks are called besides, in a file's name or a folder's.
MASK_WORD = r"(?:mask|masks|seg|segmentation|truth|groundtruth|ground_truth|gt|label)"
_MASKS = re.compile(rf"{MASK_WORD}s?", re.IGNORECASE)


def stem(name: str) -> str:
    """A file's name without its ending, which its mask bears: NAME_mask.png. A number is no ending: DICOM
    files are often called by a UID, "1.2.840.7".
    """
    file = PurePath(name)
    return file.name if file.suffix[1:].isdecimal() else file.stem


def among_masks(file: PurePath) -> bool:
    """Whether a file lies in a folder of masks. file: its path from the folder that was asked for, which may be
    called anything.
    """
    return any(map(is_of_masks, file.parts[:-1]))


def is_of_masks(folder: str) -> bool:
    """Whether a folder is called as those are that hold masks: masks, labels, gt ..."""
    return _MASKS.fullmatch(folder) is not None


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that orders "scan 9" before "scan 10"."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts)]
