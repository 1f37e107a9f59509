"""Names of files: what is no ending of them, which are masks, the order that people expect, and how they are told."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

# Papers, tables and programs that lie beside scans, by the endings of their names: nobody wants to be told of them.
BESIDE = frozenset((
    ".csv", ".tsv", ".txt", ".md", ".json", ".xml", ".html", ".htm", ".yaml", ".yml", ".xls", ".xlsx", ".ods",
    ".doc", ".docx", ".pdf", ".py", ".ipynb", ".m", ".mat", ".db", ".ini", ".log", ".exe",
))  # fmt: skip

# As BUSI calls them, and `bcweb.segment`. Group 1: its scan's name.
MASK = re.compile(r"(.+?)_mask(_\d+)?", re.IGNORECASE)

# What masks are called besides, in a file's name or a folder's.
_WORD = r"(?:mask|seg|segmentation|truth|ground_?truth|gt|label)s?"
_MASKS = re.compile(rf"{_WORD}|labels(?:tr|ts)", re.IGNORECASE)
# nnU-Net's folders: a_0000.png in imagesTr is the first channel of what a.png in labelsTr is a mask of.
_OF_NNUNET = re.compile(r"(?P<what>images|labels)(?P<part>tr|ts)", re.IGNORECASE)
_CHANNEL = re.compile(r"_[0-9]{4}$")
_AFTER = re.compile(
    rf"(?P<scan>.+?)[ _.-]+{_WORD}(?:[ _.-]*(?P<part>\d+))?", re.IGNORECASE | re.DOTALL
)
_BEFORE = re.compile(rf"{_WORD}[ _.-]+(?P<scan>.+)", re.IGNORECASE | re.DOTALL)

# What makes a cell a formula, and what spreadsheets pass over before it; full-width forms are taken for
# the plain ones where Chinese or Japanese is written.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_GUARDED = ("'", *_FORMULA)


@dataclass(frozen=True)
class MaskName:
    """What a mask's own name says of its scan. scan: how that is called, or (where not `whole`) how its name may
    end: "mask_8" of "Test_Image_8". part: it is one of several masks, "X_mask_1".
    """

    scan: str
    whole: bool
    part: bool


def mask_name(name: str) -> MaskName | None:
    """What a file is a mask of, by its name without its ending: "X_mask", "X-seg", "X gt 2", "mask_X".

    None where the name is no mask's. The one rule for files that lie in one folder, dropped or read.
    """
    if after := _AFTER.fullmatch(name):
        return MaskName(after["scan"], True, after["part"] is not None)
    if before := _BEFORE.fullmatch(name):
        return MaskName(before["scan"], False, False)
    return None


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
    """Whether a folder is called as those are that hold masks: masks, labels, gt, nnU-Net's labelsTr ..."""
    return _MASKS.fullmatch(folder) is not None


def is_channel(file: PurePath) -> bool:
    """Whether a file is a channel in nnU-Net's imagesTr or imagesTs, "seg_a_0000": no mask, whatever its name says
    besides. file: as in `among_masks`.
    """
    return _is_among_channels(file) and _CHANNEL.search(stem(file.name)) is not None


def _is_among_channels(file: PurePath) -> bool:
    told = map(_OF_NNUNET.fullmatch, file.parts[:-1])
    return any(each and each["what"].lower() == "images" for each in told)


def called_by_masks(file: PurePath) -> set[str]:
    """What a scan's masks may call it: its own name, and that of its case, "a" of nnU-Net's channel "a_0000". By the
    latter a mask may be of several scans, and then it is of none. file: as in `among_masks`.
    """
    name = stem(file.name)
    return {name, _CHANNEL.sub("", name)} if is_channel(file) else {name}


def called(files: Iterable[PurePath]) -> set[str]:
    """The paths, in small letters and without an ending, by which masks beside them may call these files."""
    return {str(file.with_name(name)).lower() for file in files for name in called_by_masks(file)}


def mask_name_of(file: PurePath, beside: Container[str]) -> MaskName | None:
    """`mask_name` of a file. In nnU-Net's imagesTr and imagesTs, whose scans may be called anything, only where the scan
    that it names lies there too. file: as in `among_masks`; beside: what is `called`.
    """
    told = None if is_channel(file) else mask_name(stem(file.name))
    if told and _is_among_channels(file) and str(file.with_name(told.scan)).lower() not in beside:
        return None
    return told


def shared_name(folder: str) -> str:
    """What nnU-Net's folder of scans has in common with that of their masks: "tr" of imagesTr and of labelsTr. Any
    other folder's is its own name.
    """
    told = _OF_NNUNET.fullmatch(folder)
    return told["part"].lower() if told else folder


def mask_files(name: str) -> Iterator[str]:
    """What to call the mask of the scan of this name, the first that is free: X_mask.png, X.png_mask.png, X-2_mask.png ..."""
    yield f"{stem(name)}_mask.png"
    yield f"{name}_mask.png"
    for number in itertools.count(2):
        yield f"{stem(name)}-{number}_mask.png"


def composed(name: str) -> str:
    """A file's name with each accent in its letter: a Mac's archives hold the two apart, and tables do not."""
    return unicodedata.normalize("NFC", name)


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that orders "scan 9" before "scan 10"."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(0, int(part), "") if place % 2 else (1, 0, part) for place, part in enumerate(parts)]


def visible(name: str) -> str:
    """Without what nobody can see in it, such as a joiner or a line's end; spaces of every kind stay."""
    # Python takes no space for printable but the plain one.
    return "".join(c for c in name if c.isprintable() or unicodedata.category(c) == "Zs")


def text(name: str) -> str:
    r"""A name, or what is said of one, to be shown, sent or written.

    A file's name is bytes: those that are no UTF-8 are told as escapes, "M\xfcller" in Latin-1 as M\udcfcller.
    What opens the file wants its name as it was.
    """
    return name.encode("utf-8", "backslashreplace").decode()


def harmless(cell: str | float | int | None) -> str:
    """A cell's text that no spreadsheet takes for a formula; a sentence may name a file whose name is no text.

    An apostrophe goes before what begins like one, and before an apostrophe, so that `as_written` gives back
    exactly what was written.
    """
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    cell = text(cell)
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def as_written(cell: str) -> str:
    """What `harmless` was given; a cell with an apostrophe that it does not set stays as it is."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell
