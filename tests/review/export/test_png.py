"""PNG masks, and a folder that trains: read back as training data, and under names that a disk takes."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import read_cases, read_truth
from bcweb.review.export import export
from bcweb.review.export.names import disk_names
from bcweb.scans import read_scan
from tests.cases.trees import picture, save
from tests.review.decided import OWNER, WITH_MASK, blob, empty_project
from tests.review.export.written import pixels, verdicts


def test_png_masks_are_those_of_the_database_pixel_by_pixel(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    rows = verdicts(tmp_path / "out")
    assert [name for name, row in rows.items() if row["mask"]] == WITH_MASK
    for name in WITH_MASK:
        mask = pixels(tmp_path / "out" / rows[name]["mask"])
        assert mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 255}, name
        assert np.array_equal(mask == 255, made.masks[name]), name
        case = made.store.case(OWNER, made.ids[name])
        copied = tmp_path / "out" / rows[name]["file"]
        is_same = copied.read_bytes() == case.file.read_bytes() and not copied.is_symlink()
        assert is_same != (name == "turned"), name
    assert not pixels(tmp_path / "out" / rows["normal (1)"]["mask"]).any(), "empty, and there"


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", [2, 3, 6])
def test_a_turned_picture_fits_its_mask_also_where_nobody_regards_how_it_lies(
    tmp_path, kind, orientation
):
    """And is written without what a camera says beside it."""
    file = tmp_path / f"own.{kind}"
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "Doe, Jane 1961"
    Image.fromarray(picture(8)).save(file, exif=exif)
    made = empty_project(tmp_path)
    made.add("own", file)
    made.decide("own", "accept")
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    row = verdicts(tmp_path / "out")["own"]
    written = tmp_path / "out" / row["file"]
    assert pixels(written).shape[:2] == pixels(tmp_path / "out" / row["mask"]).shape
    assert read_scan(written).digest == read_scan(file).digest
    with Image.open(written) as image:
        assert not image.getexif() and b"Doe, Jane" not in written.read_bytes()


def test_the_folder_is_read_back_as_training_data_with_the_same_truths(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    found = read_cases(f"folder:{tmp_path / 'out'}")
    assert not found.skipped and not found.notes, "nothing is left out, resampled or guessed"
    rows = verdicts(tmp_path / "out")
    name_of = {row["id"]: name for name, row in rows.items()}
    assert sorted(name_of[case.id] for case in found.cases) == sorted(WITH_MASK)
    for case in found.cases:
        row = rows[name_of[case.id]]
        truth = read_truth(case, read_scan(case.file))
        assert case.has_truth and np.array_equal(truth, made.masks[row["case"]]), case.id
        assert (case.label or "", case.modality) == (row["label"], row["modality"]), case.id
        assert case.group == row["group"], case.id
        assert case.accepted == (row["decision"] == "accept"), f"{case.id}: what may be scored"
    corrected = read_cases(f"folder:{tmp_path / 'out'}?decision=corrected")
    assert len(corrected.cases) == 6, "the columns of cases.csv select"


@pytest.mark.parametrize("said", ["-1", "- irregular mass", "+", "=1", "'-1", "''", "'s", "@x"])
def test_what_a_spreadsheet_would_run_comes_back_as_it_was(tmp_path, said):
    made = empty_project(tmp_path)
    file = save(made.folder / "scan.png", picture(1))
    made.add("scan", file, label=said, group=said, findings=said)
    made.decide("scan", "corrected", blob(1), beginning="empty")
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    [case] = read_cases(f"folder:{tmp_path / 'out'}").cases
    assert (case.label, case.group, case.findings) == (said, said, said)
    assert len(read_cases(f"folder:{tmp_path / 'out'}?label={quote(said)}").cases) == 1, (
        "and it selects"
    )


def test_an_apostrophe_of_somebodys_own_table_is_theirs(tmp_path):
    save(tmp_path / "ward" / "a.png", picture(1))
    (tmp_path / "ward" / "cases.csv").write_text("file,group,modality\na.png,'-1,ultrasound\n")
    [case] = read_cases(f"folder:{tmp_path / 'ward'}").cases
    assert case.group == "'-1"


def test_no_file_overwrites_another(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out")
    ids = [row["id"] for row in verdicts(tmp_path / "out").values()]
    assert len({name.casefold() for name in ids}) == len(ids), "also where a disk takes A for a"
    assert {"benign (1)", "肿块 图", "1.2.840.7", "normal (1)"} <= set(ids), (
        "readable where they can be"
    )
    for folder in ("images", "masks"):
        assert len(list((tmp_path / "out" / folder).iterdir())) == len(WITH_MASK)


@pytest.mark.parametrize(
    "names",
    [
        [
            "../../etc/passwd",
            ".hidden",
            "..",
            "con",
            "NUL.png",
            "",
            "///",
            "a\\b",
            "a\0b",
            "x" * 300,
        ],
        ["图" * 100, "图" * 101, "e\u0301", "\u00e9", "E\u0301", "tab\tname", "end. ", "a:b*c?"],
        ["a/b", "a_b", "A/B", "a_mask", "a_mask_2", "a"],
    ],
)
def test_any_name_becomes_one_that_a_disk_takes(tmp_path, made, names):
    one = made.store.case(OWNER, made.ids["deep"])
    cases = [replace(one, id=number, case=name) for number, name in enumerate(names)]
    found = disk_names(cases)
    assert len({name.casefold() for name in found.values()}) == len(names)
    for name in found.values():
        (tmp_path / f"{name}.png").write_bytes(b"")
        assert len(f"{name}.jpeg".encode()) < 200 and not name.startswith(".")
    assert len(list(tmp_path.iterdir())) == len(names), "all in this folder, and none twice"
    assert disk_names(reversed(cases)) == found, "in whatever order they come"
