"""What the table of every format says of a verdict, and that it is harmless in a spreadsheet."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation as MAMMOGRAM

from bcweb.names import harmless
from bcweb.review.export import FORMATS, export
from bcweb.review.records import NotThere
from tests.cases import trees
from tests.review import decided
from tests.review.decided import OWNER, WITH_MASK, Decided
from tests.review.export.written import as_written, leftovers, verdicts


@pytest.mark.parametrize("kind", FORMATS)
def test_the_table_says_of_every_verdict_what_the_database_says(made, tmp_path, kind):
    as_the_database_says(made, tmp_path, kind)


def test_and_so_it_does_on_either_database(store, tmp_path):
    as_the_database_says(decided.project(tmp_path, store), tmp_path, "png")


def as_the_database_says(made: Decided, tmp_path: Path, kind: str) -> None:
    done = export(made.store, OWNER, made.project.id, tmp_path / "out", kind)
    rows = verdicts(tmp_path / "out")
    assert list(rows) == [*WITH_MASK[:-1], "wrong", "unclear", "not wanted"], (
        "in the project's order"
    )
    for name, row in rows.items():
        verdict = made.verdicts[name]
        case = made.store.case(OWNER, made.ids[name])
        several = f"{case.dataset}/{case.group}"
        expected = {
            "case": name, "label": verdict.label or case.label or "", "group": several,
            "decision": verdict.decision, "reason": verdict.reason or "", "reader": verdict.reader,
            "time": verdict.at.isoformat(), "seconds": "4.5", "revision": verdict.revision or "",
            "beginning": verdict.beginning or "",
            "threshold": "" if verdict.threshold is None else str(verdict.threshold),
            "difficulty": str(verdict.difficulty or ""), "comment": verdict.comment,
            "painted_px": "" if made.masks[name] is None else str(made.masks[name].sum()),
            "dataset": case.dataset, "first_label": case.label or "", "modality": case.modality,
            "findings": case.findings, "row_mm": "", "column_mm": "", "area_mm2": "", "longest_mm": "",
        }  # fmt: skip
        assert {column: row[column] for column in expected} == expected, name
        assert set(row) - set(expected) == {"id", "file", "mask", "left_out"}, (
            "no column unlooked at"
        )
        assert bool(row["mask"]) != bool(row["left_out"]), f"{name}: a mask, or why there is none"
        for column in ("file", "mask"):
            assert (
                not row[column] or (tmp_path / "out" / row[column]).is_file() or (kind == "coco")
            ), f"{name}: {row[column]} is not there"
    assert rows["wrong"]["left_out"] == "Rejected: wrong label."
    assert rows["unclear"]["left_out"] == "The reader was unsure."
    assert done.masks == (2 if kind == "dicom" else len(WITH_MASK))
    assert done.lines()[-1] == "Not read yet, 2."
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("kind", FORMATS)
def test_where_the_size_of_a_pixel_is_known_the_table_has_millimetres_of_each_mask(
    mine, tmp_path, kind
):
    sized = {"PixelSpacing": [0.25, 0.5], "Modality": "MG", "SOPClassUID": MAMMOGRAM}
    drawn = np.zeros((60, 80), bool)
    drawn[10:30, 20:60] = True
    drawn[50:52, 5:10] = True
    said = {"drawn": drawn, "empty": np.zeros_like(drawn), "wrong": None}
    for seed, (name, mask) in enumerate(said.items()):
        mine.add(
            name, decided.dicom_file(mine.folder / f"{name}.dcm", trees.picture(seed), **sized)
        )
        if mask is None:
            mine.decide(name, "reject", reason="duplicate")
        else:
            mine.decide(name, "corrected", mask, beginning="empty")
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", kind)
    rows = verdicts(tmp_path / "out")
    columns = ("row_mm", "column_mm", "area_mm2", "longest_mm")
    told = {name: [row[column] for column in columns] for name, row in rows.items()}
    area = (20 * 40 + 2 * 5) * 0.125
    assert told["drawn"] == ["0.25", "0.5", str(area), str(round(math.hypot(5, 20), 4))]
    assert told["empty"] == ["0.25", "0.5", "0.0", ""]
    assert told["wrong"] == ["0.25", "0.5", "", ""]
    assert told["one"] == [""] * 4


def test_cells_that_a_spreadsheet_would_run_are_text_and_come_back_as_they_were(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    for file, encoding in (("verdicts.csv", "utf-8-sig"), ("cases.csv", "utf-8")):
        with (tmp_path / "out" / file).open(newline="", encoding=encoding) as stream:
            for row in csv.reader(stream):
                bad = [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
                assert not bad, f"{file} holds the formula {bad}"
    rows = verdicts(tmp_path / "out")
    assert rows["a/b"]["comment"] == decided.WICKED
    assert rows["肿块 图"]["comment"] == "@SUM(1)" and rows["A_B"]["comment"] == "'quoted'"
    raw = (tmp_path / "out" / "verdicts.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), (
        "Excel takes a file without the mark for another code page"
    )


@pytest.mark.parametrize(
    "text", ["=1", "'=1", "'", "''a", "+", "-1", "@x", "\ta", "＝1", "a=1", "", " =1"]
)
def test_what_is_made_harmless_can_be_undone(text):
    assert as_written(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "＝"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_whose_name_is_no_text_goes_along_and_is_named_where_it_is_gone(
    mine, tmp_path, kind
):
    files = {name: trees.no_text(mine.folder / f"{name} Müller.dcm") for name in ("here", "gone")}
    for seed, (name, file) in enumerate(files.items()):
        mine.add(name, decided.dicom_file(file, trees.picture(seed)))
        mine.decide(name, "accept")
    files["gone"].unlink()
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", kind)
    rows = verdicts(tmp_path / "out")
    assert rows["here"]["mask"] and not rows["here"]["left_out"]
    assert r"gone M\udcfcller.dcm is not there any more." in rows["gone"]["left_out"]


def test_only_what_was_asked_for_gives_a_mask_and_the_others_say_so(made, tmp_path):
    done = export(made.store, OWNER, made.project.id, tmp_path / "out", include=("truth",))
    rows = verdicts(tmp_path / "out")
    assert [name for name, row in rows.items() if row["mask"]] == ["a_b", "not wanted"]
    assert rows["a/b"]["left_out"] == "Only truth was asked for."
    assert len(list((tmp_path / "out" / "masks").iterdir())) == done.masks == 2


def test_by_name_as_by_number_and_only_its_owner(made, tmp_path):
    assert export(made.store, OWNER, "复核 1", tmp_path / "a").masks == len(WITH_MASK)
    with pytest.raises(NotThere):
        export(made.store, "eve", made.project.id, tmp_path / "b")
    assert not (tmp_path / "b").exists() and leftovers(tmp_path) == []
