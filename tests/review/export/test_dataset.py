"""A Hugging Face data set, read back with pyarrow; `hf:` reads it in tests/hub/test_reviewed.py."""

from __future__ import annotations

import shlex
from io import BytesIO

import numpy as np
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation as MAMMOGRAM

from bcweb.review.export import export
from bcweb.scans import read_scan
from bcweb.weights import EMBEDDED
from tests.cases.trees import picture
from tests.review.decided import OWNER, WITH_MASK, dicom_file
from tests.review.export.written import pixels, verdicts
from train.transfer import parse


def test_the_data_set_holds_pictures_masks_and_every_column(made, tmp_path):
    import pyarrow.parquet

    export(made.store, OWNER, made.project.id, tmp_path / "out", "dataset")
    (file,) = (tmp_path / "out" / "data").iterdir()
    assert file.name == "train-00000-of-00001.parquet"
    rows = {row["case"]: row for row in pyarrow.parquet.read_table(file).to_pylist()}
    assert list(rows) == WITH_MASK, "a row without a mask would be of unknown truth"
    for name, row in rows.items():
        case, verdict = made.store.case(OWNER, made.ids[name]), made.verdicts[name]
        assert np.array_equal(pixels(BytesIO(row["mask"]["bytes"])) == 255, made.masks[name]), name
        scan = read_scan(row["image"]["bytes"])
        assert scan.digest == case.digest == row["digest"], f"{name}: the pixels that were reviewed"
        assert b"Doe" not in row["image"]["bytes"], "no patient goes along"
        same = (
            "decision",
            "reader",
            "revision",
            "beginning",
            "threshold",
            "difficulty",
            "comment",
            "seconds",
        )
        assert {c: row[c] for c in same} == {c: getattr(verdict, c) for c in same}, name
        same = ("dataset", "findings", "modality", "width", "height")
        assert {c: row[c] for c in same} == {c: getattr(case, c) for c in same}, name
        assert row["time"] == verdict.at and row["first_label"] == case.label, name
        assert row["label"] == (verdict.label or case.label), name
        assert (row["row_mm"], row["column_mm"]) == (case.spacing or (None, None)), name
        assert (row["area_mm2"], row["longest_mm"]) == (None, None), "no pixel's size is known"
        assert row["group"] == f"{case.dataset}/{case.group}", name


def test_the_data_set_has_the_millimetres_of_a_scan_whose_pixels_are_of_known_size(mine, tmp_path):
    import pyarrow.parquet

    sized = {"PixelSpacing": [0.5, 0.5], "Modality": "MG", "SOPClassUID": MAMMOGRAM}
    mine.add("sized", dicom_file(mine.folder / "sized.dcm", picture(5), **sized))
    drawn = np.zeros((60, 80), bool)
    drawn[10:16, 20:28] = True
    mine.decide("sized", "corrected", drawn)
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", "dataset")
    (file,) = (tmp_path / "out" / "data").iterdir()
    rows = {row["case"]: row for row in pyarrow.parquet.read_table(file).to_pylist()}
    columns = ("row_mm", "column_mm", "area_mm2", "longest_mm")
    assert [rows["sized"][column] for column in columns] == [0.5, 0.5, 12.0, 5.0]
    assert [rows["one"][column] for column in columns] == [None] * 4
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{column}`" in card for column in rows["sized"]), "each column is in the card"


def test_the_card_says_what_it_is_how_many_and_under_which_licences(made, tmp_path):
    import yaml

    export(made.store, OWNER, made.project.id, tmp_path / "out", "dataset")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    said = yaml.safe_load(text.split("---\n")[1])
    assert said["license"] == "other" and said["size_categories"] == ["n<1K"]
    assert {"bcweb-review", "ultrasound", "mammogram"} <= set(said["tags"])
    assert "12 scans (mammogram and ultrasound)" in text and "ann 11, 王^芳 1" in text
    assert "| busi | corrected | 5 | 1 | benign 3, malignant 1, normal 1 |" in text
    assert "BUSI, breast ultrasound, Cairo" in text and "Licence: none is stated" in text
    assert "- busi 2. Licence: whoever pushed this says it in the file LICENSE, which" in text


def test_the_card_has_each_modality_that_it_holds_teach_the_weights_of_its_own(
    made, mine, tmp_path
):
    """The weights that `train.transfer` would take by itself are the other modality's."""
    for project, modalities in ((made, ["mammogram", "ultrasound"]), (mine, ["ultrasound"])):
        out = tmp_path / str(len(modalities))
        export(project.store, OWNER, project.project.id, out, "dataset")
        card = (out / "README.md").read_text(encoding="utf-8")
        lines = [line for line in card.splitlines() if line.startswith("python -m train.transfer")]
        given = [parse(shlex.split(line)[3:]) for line in lines]
        assert [(args.source, args.data, args.freeze) for args in given] == [
            (f"bcweb/pretrained/{modality}", [f"hf:USER/NAME@VERSION?modality={modality}"], "all")
            for modality in modalities
        ]
        assert all((EMBEDDED.parents[1] / args.source).is_dir() for args in given)
        assert len({args.out for args in given}) == len(modalities), "one run is not the other's"


def test_several_files_of_parquet_where_there_is_much(mine, tmp_path, monkeypatch):
    import pyarrow.parquet

    monkeypatch.setattr("bcweb.review.export.dataset._SHARD_ROWS", 2)
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", "dataset")
    rows = verdicts(tmp_path / "out")
    names = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]
    assert [row["file"] for row in rows.values()] == [names[0], names[0], names[1]]
    for name, row in rows.items():
        inside = pyarrow.parquet.read_table(tmp_path / "out" / row["file"])
        assert name in inside.column("case").to_pylist()
