"""Any folder: `images/NAME` + `masks/NAME`, `NAME` + `masks/NAME`, or `NAME` + `NAME_mask` side by side; the
folders in it may be laid out so, each with masks of its own. Folders called labels, gt and the like hold masks
too, and so may a mask be called (`bcweb.names`); of nnU-Net's `imagesTr/NAME_0000` it is `labelsTr/NAME`. Nobody
looks on here: a mask is of the scan that it names whole, where the page takes `mask_8` for that of `Test_Image_8`
as well. Of files of one name in one folder their look tells which is the mask, here as on the page
(`bcweb.cases.looks`).

An optional `cases.csv` says more: file, and where known label, group, findings, modality. Its further
columns can select: {"energy": "low"} reads the rows that say so. Several rows of one picture, one a lesion,
have their findings joined and may not contradict each other in the rest. A scan without a mask has an
unknown truth, unless its label is "normal": then it is empty. Without a column group, cases are
grouped by the patients whom DICOM files name, and by near-duplicates.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from pathlib import Path

from bcweb.cases.case import Case, CasesError, CaseSet, Skipped
from bcweb.cases.duplicates import fingerprint, fingerprints_match
from bcweb.cases.files import (
    Lines,
    Sizes,
    absent,
    agreed,
    by_picture,
    case_set,
    inner,
    read_table,
    scan_files,
    slashed,
    without_scan,
)
from bcweb.cases.grouping import group_by_patients, group_the_rest
from bcweb.cases.looks import look_at, masks_by_look
from bcweb.names import (
    among_masks,
    as_written,
    called,
    called_by_masks,
    composed,
    is_of_masks,
    mask_name_of,
    shared_name,
    stem,
)
from bcweb.scans import MODALITIES, ScanError, guess_modality, read_scan

Masks = dict[str, list[Path]]

COLUMNS = ("label", "group", "findings", "modality")  # of cases.csv, beside file
_KNOWN = (*COLUMNS, "decision")  # the last one is of an export
# Tables that this project writes, or that another kind of data set has: nothing is to be told of them.
_OURS = frozenset((
    "boxes.csv", "groups.csv", "results.csv", "scans.csv", "scores.csv", "seen.csv", "verdicts.csv",
))  # fmt: skip
_TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_SHORT = {"us": "ultrasound", "mg": "mammogram"}  # DICOM's words
_EITHER = " or ".join(MODALITIES)


def read(path: Path, select: dict[str, str]) -> CaseSet:
    """select: COLUMN -> value of `cases.csv`; "modality" may also be said for the whole folder."""
    table = path / "cases.csv"
    columns, lines = frozenset(), {}
    if table.exists():
        columns, lines = read_table(table, "file", known=_KNOWN)
    if "decision" in columns:
        # Of an export, which sets apostrophes before what a spreadsheet would run: people open this table too, and
        # groups and labels are to be as they were. In a table of somebody's own an apostrophe is its writer's.
        lines = {
            number: {column: as_written(cell) for column, cell in row.items()}
            for number, row in lines.items()
        }
    for number, row in lines.items():
        row["file"] = _from_folder(path, row["file"])
        if not Path(slashed(row["file"])).name:
            raise CasesError(f"{table} names no file in line {number}.")
    for told in (select, *lines.values()):
        if "modality" in told:
            told["modality"] = as_modality(told["modality"])
    said = None if "modality" in columns else select.pop("modality", None)
    if said and said not in MODALITIES:
        raise CasesError(f"{said!r} is no modality; write {_EITHER}.")
    chosen = _chosen(lines, select, columns)
    check_modalities(table, chosen)
    rows = by_case(table, chosen)
    root, images, masks, sizes, skipped = _files(path)
    alike = _by_id(root, images, skipped)
    there = set(map(table_name, alike))
    named = {_named(row): row["file"] for row in lines.values()}
    spelt = _in_capitals(named.keys(), there)
    rows = {spelt.get(called, called): row for called, row in rows.items()}
    said_scans: dict[str, set[str]] = defaultdict(set)
    for row in lines.values():
        file = Path(slashed(row["file"]))
        said_scans[spelt.get(_named(row), _named(row))].add(composed(file.name).lower())
    name = path.resolve().name

    cases: dict[str, Case] = {}
    guessed: Counter[str] = Counter()
    for case_id, files in alike.items():
        drawn = tuple(masks.get(case_id, ()))
        row = rows.get(table_name(case_id))
        if select and row is None:
            continue
        row = row or {}
        file, odd = _scan_among(files, images, said_scans[table_name(case_id)])
        skipped += odd
        if file is None:
            continue
        modality = said or row.get("modality")
        if not modality:
            try:
                scan = read_scan(file)
            except ScanError as error:
                skipped.append(Skipped(file, str(error)))
                continue
            modality = scan.modality or guess_modality(scan)
            guessed[modality] += scan.modality is None
        label = row.get("label") or None
        cases[case_id] = Case(
            name, case_id, file, modality, drawn, bool(drawn) or (label or "").lower() == "normal", label,
            row.get("group") or case_id, row.get("findings", ""), accepted=bool(row.get("accepted")),
        )  # fmt: skip

    gone = {
        called: next(filter(os.path.lexists, (path / file, root / file)), root / file)
        for called, file in named.items()
        if called not in there and called not in spelt
    }
    skipped += absent(table, gone, there)
    skipped += without_scan(table, filter(os.path.lexists, gone.values()))
    found, notes = list(cases.values()), []
    if not columns:
        notes += _told_of_tables(path)
    if counts := [f"{n} as {modality}" for modality, n in guessed.most_common() if n]:
        notes.append(
            f"Modality guessed from the pixels: {' and '.join(counts)}; ?modality=... says it."
        )
    if "group" not in columns:
        found, unreadable, more = group_by_patients(found)
        skipped += unreadable
        notes += more
    else:
        known = {case.id for case in found if rows.get(table_name(case.id), {}).get("group")}
        found, unreadable, more = group_the_rest(found, known)
        skipped += unreadable
        notes += more
    return case_set(name, found, sizes, skipped, notes)


def _from_folder(path: Path, said: str) -> str:
    """What a table calls a file, from the folder on where it lies in it: the table may have been made elsewhere, and
    have its whole path or begin with ".."."""
    named = Path(slashed(said))
    if not named.is_absolute() and ".." not in named.parts:
        return said
    for whole in (os.path.abspath, os.path.realpath):  # a link may lead to the folder, or out of it
        file, folder = Path(whole(path / named)), Path(whole(path))
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return said


def named_files(path: Path) -> tuple[dict[str, list[Path]], Sizes]:
    """The files of each case, by its id, those that cannot be read, too; and the scans among them."""
    root, images, _, _, skipped = _files(path)
    return _by_id(root, images, skipped), images


def _by_id(root: Path, images: Sizes, skipped: Iterable[Skipped]) -> dict[str, list[Path]]:
    tried = [*images, *(item.file for item in skipped if item.file.is_relative_to(root))]
    alike: dict[str, list[Path]] = defaultdict(list)
    for file in tried:
        alike[_id(file, root)].append(file)
    return alike


def _told_of_tables(path: Path) -> list[str]:
    """A note where patients may be named in a table that nobody reads. What spreadsheets leave of a table that is
    open is none."""
    names = sorted(
        file.name
        for file in path.iterdir()
        if file.suffix.lower() in _TABLES and not file.name.startswith((".", "~$"))
        if file.name.lower() not in _OURS and file.is_file()
    )
    if not names:
        return []
    more = names[1:2] if len(names) < 3 else [f"{len(names) - 1} other tables"]
    which = " and ".join([names[0], *more])
    lie = "lies beside the scans and is" if len(names) == 1 else "lie beside the scans and are"
    return [f"{which} {lie} not read: a table named cases.csv names the patients (docs/data.md)."]


def _files(path: Path) -> tuple[Path, Sizes, Masks, Sizes, list[Skipped]]:
    """Where ids start, the images, the masks by the id of their image, all sizes, what is no scan or of none."""
    root = inner(path, "images")
    sizes, skipped = scan_files(root, deep=True)
    unread = tuple(skipped)
    drawn = [place for place in path.iterdir() if is_of_masks(place.name) and place.is_dir()]
    apart = root != path and bool(drawn)  # then nothing in images/ is a mask, whatever its name
    for folder in sorted(drawn) if apart else ():
        more, odd = scan_files(folder, deep=True)
        sizes |= more
        skipped += odd
    images: Sizes = {}
    ids: dict[str, set[str]] = defaultdict(set)
    for item in unread:  # what is called after one of these is not another's
        ids[_alike(item.file, path)] = set()
    beside = called(file.relative_to(path) for file in sizes)
    drawings: list[tuple[Path, list[str]]] = []  # with what their images may be called
    for file, size in sizes.items():
        name = _alike(file, path)
        place, slash, _ = name.rpartition("/")
        told = mask_name_of(file.relative_to(path), beside)
        inside = among_masks(file.relative_to(path))
        is_mask = not file.is_relative_to(root) if apart else inside or told
        if is_mask:
            named = [f"{place}{slash}{composed(told.scan)}"] if told else []
            drawings.append((file, [name] * inside + named))
        else:
            images[file] = size
    masks: Masks = defaultdict(list)
    for mask, scan in masks_by_look(images).items():
        del images[mask]
        masks[_id(scan, root)].append(mask)
    for file in images:
        place, slash, _ = _alike(file, path).rpartition("/")
        for given in called_by_masks(file.relative_to(path)):
            ids[f"{place}{slash}{composed(given)}"].add(_id(file, root))
    spelt = _in_capitals({name for _, names in drawings for name in names}, ids.keys())
    for file, names in drawings:
        asked = (*names, *map(spelt.get, names))
        of = next((ids[name] for name in asked if name in ids), set())
        if len(of) == 1:
            masks[min(of)].append(file)
        else:
            reason = (
                f"A mask of {' or of '.join(sorted(of))}." if of else "A mask without its image."
            )
            skipped.append(Skipped(file, reason))
    return root, images, masks, sizes, skipped


def _scan_among(
    files: Sequence[Path], images: Sizes, said: Collection[str]
) -> tuple[Path | None, list[Skipped]]:
    """The one of some files of one name and folder that is the scan, None where that is not clear; the images that are
    left out.

    images: those that can be read, without masks. said: what the table names, in small letters; else `_is_clear`.
    """
    read = [file for file in files if file in images]
    named = [file for file in read if composed(file.name).lower() in said]
    if len(named) != 1:
        named = read[:1] if read and _is_clear(read, len(files)) else []
    if named:
        reason = f"{named[0].name} has the same name."
        return named[0], [Skipped(file, reason) for file in read if file != named[0]]
    skipped = []
    for file in read:
        others = [other.name for other in files if other != file]
        have = f"{' and '.join(others)} {'has' if len(others) == 1 else 'have'} the same name"
        reason = f"{have}, and it is not clear which is the scan; cases.csv can name it."
        skipped.append(Skipped(file, reason))
    return None, skipped


def _is_clear(read: Sequence[Path], count: int) -> bool:
    """Whether the first is the scan: it alone may be, and is not by its look the mask of one of this name that cannot be
    read, or all show one picture. count: with those that cannot be read."""
    if len(read) == 1:
        look = look_at(read[0]) if count > 1 else None
        return look is None or not look.black_and_white
    try:
        first, *others = [fingerprint(read_scan(file).pixels) for file in read]
    except ScanError:
        return False
    return all(fingerprints_match(first, other) for other in others)


def as_modality(said: str) -> str:
    """One of `MODALITIES`, or what was said where it is none."""
    word = said.lower()
    word = _SHORT.get(word, word)
    return word if word in MODALITIES else said


def _alike(file: Path, path: Path) -> str:
    """What an image and its mask have in common: "ward/a" for ward/a.png, ward/images/a.png, ward/masks/a.png,
    and "tr/a" for labelsTr/a.png."""
    *folders, name = file.relative_to(path).parts
    above = map(shared_name, folders)
    above = [each for each in above if each.lower() != "images" and not is_of_masks(each)]
    return composed("/".join([*above, stem(name)]))


def _id(file: Path, root: Path) -> str:
    """ "benign/a" for ROOT/benign/a.png."""
    return without_suffix(file.relative_to(root))


def without_suffix(file: Path) -> str:
    return file.with_name(stem(file.name)).as_posix()


def table_name(case_id: str) -> str:
    """What a table's rows are found by: a file may be named from the folder or from images/, or Images/."""
    folder, slash, rest = composed(case_id).partition("/")
    return rest if slash and folder.lower() == "images" else folder + slash + rest


def _named(row: dict[str, str]) -> str:
    """`table_name`, of a row's case."""
    return table_name(without_suffix(Path(slashed(row["file"]))))


def _in_capitals(told: Set[str], there: Set[str]) -> dict[str, str]:
    """What a table or a mask calls a file, -> what it is called, where capitals alone tell the two apart, and it is clear
    which file is meant: Windows and macOS take one for the other, and so did who wrote the table or drew the mask."""
    files, rows = (
        Counter(name.casefold() for name in names) for names in (there - told, told - there)
    )
    once = {name.casefold(): name for name in there - told if files[name.casefold()] == 1}
    return {
        name: once[name.casefold()]
        for name in told - there
        if rows[name.casefold()] == 1 and name.casefold() in once
    }


def _chosen(lines: Lines, select: dict[str, str], columns: Set[str]) -> Lines:
    """The rows whose columns say what is asked for."""
    for column, value in select.items():
        if column not in columns:
            there = f"it has {', '.join(sorted(columns))}" if columns else "there is no cases.csv"
            raise CasesError(f"No column {column} to select by: {there}.")
        values = sorted({row[column] for row in lines.values()})
        if value not in values:
            there = f"there is {', '.join(values[:10])}" if values else "cases.csv has none"
            raise CasesError(f"No row has {column}={value}; {there}.")
    return {n: row for n, row in lines.items() if all(row[c] == v for c, v in select.items())}


def check_modalities(table: Path, lines: Lines) -> None:
    """Raise `CasesError` where that of a row, `as_modality`, is none."""
    for number, row in lines.items():
        if (other := row.get("modality")) and other not in MODALITIES:
            raise CasesError(
                f"{table}, line {number}: {other!r}, the modality of {row['file']}, is none; write {_EITHER}."
            )


def by_case(
    table: Path, lines: Lines, picture: Callable[[dict[str, str]], str] = _named
) -> dict[str, dict[str, str]]:
    """What the rows say of each case, by its id; a cell that is empty says nothing. picture: see `by_picture`."""
    rows = {}
    for case_id, told in by_picture(lines, picture).items():
        rows[case_id] = agreed(table, "file", ("label", "group", "modality"), told)
        findings = [row.get("findings") for row in told.values()]
        rows[case_id]["findings"] = "; ".join(dict.fromkeys(filter(None, findings)))
        decisions = {row.get("decision") for row in told.values()}  # of an export of a review
        rows[case_id]["accepted"] = "accept" if "accept" in decisions else ""
    return rows
