"""The masks of many scans and a table of what was found in them, as one ZIP file."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile

from bcweb.names import composed, harmless, mask_files, text
from bcweb.page.held import Held
from bcweb.tables import write_rows

TABLE = "scans.csv"
COLUMNS = (
    "file", "mask", "modality", "modality_source", "presence", "gate", "threshold", "lesions", "area_px", "area_mm2",
    "dice", "iou", "hd95_px", "hd95_mm", "seen_in_training", "revision", "cautions", "error",
)  # fmt: skip
_REFUSED = re.compile(r'[<>:"|?*\\\x00-\x1f]')  # by Windows, in a file's name
# By Windows, for devices.
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST = 255  # bytes of a file's name, nearly everywhere


class MasksZip:
    """Masks at the operating point, and `scans.csv`, a row for each scan; what is not known is empty.

    modality_source: file, person or guess. cautions: why what is drawn may be worth nothing.

    Folders that came with uploads, or lie below the one that holds all files from the disk, are folders in it too,
    and no mask takes another's place.
    """

    def __init__(self, scans: Sequence[Held]):
        self._folders = _folders(scans)
        self._file = io.BytesIO()
        self._zip = ZipFile(self._file, "w")
        self._taken = {TABLE}
        # By folder and scan's name what to call the next mask: not each of a thousand is to begin with the first.
        self._names: dict[tuple[PurePosixPath, str], Iterator[str]] = {}
        self._rows: list[dict[str, object]] = []

    def add(self, scan: Held) -> None:
        """Segment it where that is not done yet; one that cannot be is a row with the reason."""
        place = ""
        png, told = scan.found()
        if png is not None:
            place = self._place(scan)
            self._zip.writestr(place, png)
        # Where on the disk it lies is nobody's business to whom the file is passed on.
        file = str(self._folders[scan] / scan.name) if scan.kind == "file" else scan.path
        self._rows.append({"file": file, "mask": place, **_cells(told)})

    @property
    def masks(self) -> int:
        """How many it holds by now."""
        return sum(bool(row["mask"]) for row in self._rows)

    def done(self) -> bytes:
        """The ZIP file, to which nothing can be added any more."""
        table = io.StringIO()
        rows = ([harmless(_cell(name, row.get(name))) for name in COLUMNS] for row in self._rows)
        write_rows(table, [COLUMNS, *rows])
        # With a byte order mark, without which Excel garbles all names but English ones.
        self._zip.writestr(TABLE, table.getvalue().encode("utf-8-sig"), ZIP_DEFLATED)
        self._zip.close()
        return self._file.getvalue()

    def _place(self, scan: Held) -> str:
        folder = self._folders[scan]
        names = self._names.setdefault((folder, scan.name), mask_files(scan.name))
        places = (_writable(folder / name) for name in names)
        place = next(place for place in places if _alike(place) not in self._taken)
        self._taken.add(_alike(place))
        return place


def _alike(place: str) -> str:
    """The same for places that are one to a system that tells neither capitals nor forms of an accent apart."""
    return composed(place).casefold()


def _folders(scans: Sequence[Held]) -> dict[Held, PurePosixPath]:
    """In which folder of the ZIP file each scan's mask goes."""
    on_disk = [os.path.dirname(scan.path) for scan in scans if scan.kind == "file"]
    try:
        top = os.path.commonpath(on_disk) if on_disk else ""
    except ValueError:  # on several drives of Windows
        top = None
    return {scan: _folder(scan, top) for scan in scans}


def _folder(scan: Held, top: str | None) -> PurePosixPath:
    folder = PurePath(scan.path).parent
    if scan.kind == "file":
        folder = folder.relative_to(top) if top is not None else PurePath()
    # Whoever unpacks it must not find a mask elsewhere than there.
    return PurePosixPath(*(part for part in folder.parts if part not in ("/", "..")))


def _writable(file: PurePosixPath) -> str:
    """A place at which any system can write a file, and that a table tells as it is (see `harmless`)."""
    parts = [_REFUSED.sub("_", text(part)) for part in file.parts]
    parts = [re.sub(r"[ .]+$", "_", part) for part in parts]  # which Windows leaves out
    parts = [f"_{part}" if _RESERVED.match(part) else part for part in parts]
    too_long = len(parts[-1].encode()) - _LONGEST
    if too_long > 0:
        # Its end tells it from others of the same name.
        parts[-1] = parts[-1].encode()[too_long:].decode(errors="ignore")
    place = "/".join(parts)
    return place if harmless(place) == place else f"_{place}"


def _cells(told: dict) -> dict[str, object]:
    """The columns of a scan by their names, but for those of its files. told: as its `info`."""
    cells = {name: told.get(name) for name in ("modality", "modality_source")}
    cells |= {"cautions": " ".join(told.get("cautions", ())), "error": told["problem"]}
    if not told["segmented"]:
        return cells
    lesions, scores = told["lesions"], told["scores"] or {}
    cells |= {name: told[name] for name in ("gate", "threshold", "revision")}
    cells |= {name: scores.get(name) for name in ("dice", "iou", "hd95_px", "hd95_mm")}
    return cells | {
        "presence": told["presence"],
        "lesions": len(lesions),
        "area_px": sum(lesion["area_px"] for lesion in lesions),
        "area_mm2": sum(lesion["area_mm2"] for lesion in lesions) if told["spacing"] else None,
        "seen_in_training": "yes" if told["seen"] else "no",
    }


def _cell(name: str, value: object) -> object:
    # Whoever compares a presence with its gate must find what was decided.
    is_rounded = isinstance(value, float) and name not in ("presence", "gate", "threshold")
    return round(value, 4) if is_rounded else value
