"""Exports are read back, by the programs that others read them with, and compared with the database."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import read_cases, read_truth
from bcweb.review.__main__ import main
from bcweb.review.export import FORMATS, ExportError, export, export_zip, pictures
from bcweb.review.export.names import disk_names
from bcweb.review.export.table import harmless
from bcweb.review.records import NotThere
from bcweb.review.store import Store
from bcweb.scans import read_scan
from tests.cases.trees import picture, save
from tests.review import decided
from tests.review.decided import OWNER, Decided, blob

ROOT = Path(__file__).parents[2]
WITH_MASK = [
    "benign (1)", "a/b", "a_b", "A_B", "normal (1)", "肿块 图", "scan_mask_1", "turned", "deep",
    "1.2.840.7", "clip", "not wanted",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Decided:
    """Read by all tests that change nothing."""
    return decided.project(tmp_path_factory.mktemp("reviewed"))


@pytest.fixture
def mine(tmp_path) -> Decided:
    """A small one to change: three scans, all accepted."""
    return accepted(tmp_path)


def accepted(tmp_path: Path, store: Store | None = None) -> Decided:
    made = decided.empty_project(tmp_path, store)
    for seed, name in enumerate(("one", "two", "three")):
        made.add(name, save(made.folder / f"{name}.png", picture(seed)), label="benign")
        made.decide(name, "accept")
    return made


def as_written(cell: str) -> str:
    """What `harmless` was given: its apostrophe is taken off."""
    return cell[1:] if cell.startswith("'") else cell


def table(file: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """The rows of a table, each cell as it was before it was made harmless."""
    with file.open(newline="", encoding=encoding) as stream:
        return [
            {column: as_written(cell) for column, cell in row.items()}
            for row in csv.DictReader(stream)
        ]


def verdicts(folder: Path) -> dict[str, dict[str, str]]:
    return {row["case"]: row for row in table(folder / "verdicts.csv")}


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# ---- what every format says


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
            "findings": case.findings,
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


# ---- PNG, and a folder that trains


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
        assert copied.read_bytes() == case.file.read_bytes() and not copied.is_symlink(), name
    assert not pixels(tmp_path / "out" / rows["normal (1)"]["mask"]).any(), "empty, and there"


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
        assert case.group == harmless(row["group"]), case.id
        assert case.accepted == (row["decision"] == "accept"), f"{case.id}: what may be scored"
    corrected = read_cases(f"folder:{tmp_path / 'out'}?decision=corrected")
    assert len(corrected.cases) == 6, "the columns of cases.csv select"


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


# ---- COCO


def test_coco_is_decoded_by_pycocotools_to_the_same_masks(made, tmp_path, capsys):
    from pycocotools.coco import COCO

    export(made.store, OWNER, made.project.id, tmp_path / "out", "coco")
    coco = COCO(tmp_path / "out" / "annotations.json")
    images = {image["case"]: image for image in coco.loadImgs(coco.getImgIds())}
    assert list(images) == WITH_MASK, "a rejected scan would be one without a lesion"
    for name, image in images.items():
        mask = made.masks[name]
        assert (image["height"], image["width"]) == mask.shape, name
        found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        union = np.zeros(mask.shape, bool)
        for annotation in found:
            lesion = coco.annToMask(annotation).astype(bool)
            assert not (union & lesion).any(), f"{name}: no pixel twice"
            union |= lesion
            down, across = np.nonzero(lesion)
            box = [across.min(), down.min(), np.ptp(across) + 1, np.ptp(down) + 1]
            assert annotation["bbox"] == box and annotation["area"] == lesion.sum(), name
            assert annotation["category_id"] == 1 and annotation["iscrowd"] == 0
        assert np.array_equal(union, mask), name
        assert len(found) == (2 if mask.any() else 0), f"{name}: corners touch, 8-connected"
        shown = pixels(tmp_path / "out" / "images" / image["file_name"])
        assert shown.shape == mask.shape, f"{name} lies as its mask does, EXIF or not"
    assert coco.cats == {1: {"id": 1, "name": "lesion", "supercategory": "breast"}}


def test_coco_says_who_decided_and_under_which_licence(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out", "coco")
    whole = json.loads((tmp_path / "out" / "annotations.json").read_text(encoding="utf-8"))
    images = {image["case"]: image for image in whole["images"]}
    verdict = made.verdicts["a/b"]
    assert images["a/b"]["verdict"] == {
        "decision": "corrected", "reader": "ann", "time": verdict.at.isoformat(), "seconds": 4.5,
        "revision": verdict.revision, "beginning": "threshold", "threshold": 0.35, "difficulty": 3,
        "comment": decided.WICKED,
    }  # fmt: skip
    licences = {licence["id"]: licence["name"] for licence in whole["licenses"]}
    assert licences[images["a/b"]["license"]].startswith("BUSI: none is stated")
    assert licences[images["deep"]["license"]] == "busi 2: not known here"
    assert whole["info"]["contributor"] == "ann, 王^芳"
    assert (images["a_b"]["label"], images["a_b"]["first_label"]) == ("malignant", "benign")


# ---- DICOM SEG


def test_dicom_seg_is_read_back_by_highdicom_and_by_pydicom_alike(made, tmp_path):
    import highdicom
    import pydicom

    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    rows = verdicts(tmp_path / "out")
    assert [name for name, row in rows.items() if row["mask"]] == ["1.2.840.7", "clip"]
    assert rows["deep"]["left_out"] == "It did not come as DICOM."
    for name in ("1.2.840.7", "clip"):
        file = tmp_path / "out" / rows[name]["mask"]
        source = pydicom.dcmread(made.store.case(OWNER, made.ids[name]).file)
        read = highdicom.seg.segread(file)
        if name == "clip":
            found = read.get_pixels_by_source_frame(source.SOPInstanceUID, [1])
        else:
            found = read.get_pixels_by_source_instance([source.SOPInstanceUID])
        assert np.array_equal(found[0, :, :, 0].astype(bool), made.masks[name]), name
        raw = pydicom.dcmread(file)
        assert np.array_equal(raw.pixel_array.astype(bool), made.masks[name]), name
        assert raw.SegmentationType == "BINARY" and raw.NumberOfFrames == 1
        for keyword in ("StudyInstanceUID", "PatientID", "PatientName"):
            assert raw[keyword].value == source[keyword].value, keyword
        (referred,) = raw.ReferencedSeriesSequence
        assert referred.SeriesInstanceUID == source.SeriesInstanceUID
        assert referred.ReferencedInstanceSequence[0].ReferencedSOPClassUID == source.SOPClassUID
        (segment,) = raw.SegmentSequence
        assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeValue == "52988006", "lesion"
        assert segment.AnatomicRegionSequence[0].CodeValue == "76752008", "breast"
        assert {c.CodingSchemeDesignator for c in segment.AnatomicRegionSequence} == {"SCT"}
    raw = pydicom.dcmread(tmp_path / "out" / rows["1.2.840.7"]["mask"])
    assert raw.ContentCreatorName == "王 芳^" and raw.SpecificCharacterSet == "ISO_IR 192"
    assert raw.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    clip = pydicom.dcmread(tmp_path / "out" / rows["clip"]["mask"])
    assert clip.SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    frame = clip.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert frame.SourceImageSequence[0].ReferencedFrameNumber == 1


RETIRED = "1.2.840.10008.5.1.4.1.1.6"
PLACE = {
    "FrameOfReferenceUID": "1.2.3.9", "ImagePositionPatient": [10, -20, 30],
    "ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "PixelSpacing": [0.1, 0.2], "SliceThickness": 2,
}  # fmt: skip
ODD = {
    "a retired kind": {"SOPClassUID": RETIRED},
    "a single character set with extensions": {"SpecificCharacterSet": "ISO 2022 IR 100"},
    "spacing without thickness": {"PixelSpacing": [0.1, 0.1]},
    "a frame of reference without a place": {"FrameOfReferenceUID": "1.2.3.9"},
    "a place in part": PLACE | {"ImageOrientationPatient": None},
    "a place in the patient": PLACE,
    "dates and a sex that are none": {
        "StudyDate": "2004.08.26", "StudyTime": "6:36", "PatientSex": "W", "PatientBirthDate": "?",
    },
    "a Chinese name": {"SpecificCharacterSet": "GB18030", "PatientName": "Wang^XiaoDong=王^小东"},
    "a side": {"ImageLaterality": "L"},
    "a lossy picture": {"LossyImageCompression": "01", "LossyImageCompressionRatio": 7},
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_dicom_as_it_is_found_in_hospitals_gets_its_segmentation(tmp_path, what):
    import highdicom

    made = decided.empty_project(tmp_path)
    elements = {name: value for name, value in ODD[what].items() if value is not None}
    file = decided.dicom_file(made.folder / "scan.dcm", picture(1), **elements)
    made.add("scan", file)
    made.decide("scan", "corrected", blob(40), beginning="empty")
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    read = highdicom.seg.segread(tmp_path / "out" / "segmentations" / "scan.dcm")
    (uid,) = {uid for _, _, uid in read.get_source_image_uids()}
    found = read.get_pixels_by_source_instance([uid])[0, :, :, 0]
    assert np.array_equal(found.astype(bool), blob(40))
    assert read.SourceImageSequence[0].ReferencedSOPClassUID == ODD[what].get(
        "SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"
    )
    assert read.get("FrameOfReferenceUID") == elements.get("FrameOfReferenceUID")
    shared = read.SharedFunctionalGroupsSequence[0]
    if what == "a place in the patient":
        frame = read.PerFrameFunctionalGroupsSequence[0]
        assert frame.PlanePositionSequence[0].ImagePositionPatient == [10, -20, 30]
        assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 0, -1]
        assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.1, 0.2]
    else:
        assert "PlaneOrientationSequence" not in shared
    if what == "a side":
        region = read.SegmentSequence[0].AnatomicRegionSequence[0]
        assert region.AnatomicRegionModifierSequence[0].CodeMeaning == "Left"
    if what == "a Chinese name":
        assert read.PatientName == "Wang^XiaoDong=王^小东"
    assert read.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"


def test_a_validator_of_dicom_finds_no_error_in_them(tmp_path, made):
    if not shutil.which("dciodvfy"):
        pytest.skip("no dciodvfy; Debian has it in dicom3tools")
    mine = decided.empty_project(tmp_path)
    for seed, (what, elements) in enumerate(ODD.items()):
        said = {name: value for name, value in elements.items() if value is not None}
        file = decided.dicom_file(mine.folder / f"{seed}.dcm", picture(seed), **said)
        mine.add(what, file)
        mine.decide(what, "accept")
    for one, to in ((mine, tmp_path / "odd"), (made, tmp_path / "usual")):
        export(one.store, OWNER, one.project.id, to, "dicom")
        for file in (to / "segmentations").iterdir():
            done = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True)
            said = (done.stdout + done.stderr).splitlines()
            assert "Segmentation" in said, f"{file.name} was checked as one"
            assert [line for line in said if line.startswith("Error")] == [], file.name


def test_a_dicom_file_that_cannot_be_referred_to_is_left_out_with_the_reason(tmp_path):
    made = decided.empty_project(tmp_path)
    made.add("good", decided.dicom_file(made.folder / "good", picture(1)))
    made.add("bare", decided.dicom_file(made.folder / "bare", picture(2), StudyInstanceUID=""))
    made.decide("good", "accept")
    made.decide("bare", "accept")
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    row = verdicts(tmp_path / "out")["bare"]
    assert row["left_out"] == (
        "Its DICOM file has no Study Instance UID, to which a segmentation refers."
    )


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:The string .* is unlikely")  # patients that were given no names
def test_real_dicom_files_and_their_segmentations(tmp_path, data):
    import highdicom
    import pydicom

    made = decided.empty_project(tmp_path)
    files = sorted((data / "original-files" / "dicom").glob("*.dcm"))
    for seed, file in enumerate(f for f in files if "jpeg12" not in f.name):
        made.add(file.stem, file, modality="ultrasound")
        mask = np.random.default_rng(seed).random(made_shape(made, file.stem)) < 0.5
        made.decide(file.stem, "corrected", mask, beginning="prediction")
    done = export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    assert done.masks == len(made.ids) == 6
    for name, mask in made.masks.items():
        read = highdicom.seg.segread(tmp_path / "out" / "segmentations" / f"{name}.dcm")
        case = made.store.case(OWNER, made.ids[name])
        source = pydicom.dcmread(case.file, stop_before_pixels=True)
        found = read.get_pixels_by_source_instance([source.SOPInstanceUID])[0, :, :, 0]
        assert np.array_equal(found.astype(bool), mask), name


def made_shape(made: Decided, case: str) -> tuple[int, int]:
    row = made.store.case(OWNER, made.ids[case])
    return row.height, row.width


# ---- a Hugging Face data set; `hf:` reads it in tests/hub/test_reviewed.py


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
        assert row["group"] == f"{case.dataset}/{case.group}", name


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
    assert "- busi 2. Licence: whoever pushed this knows" in text


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_verdicts_give_the_same_bytes(made, tmp_path, kind):
    for name in ("a", "b"):
        export(made.store, OWNER, made.project.id, tmp_path / name, kind)
    first, second = (
        {
            f.relative_to(tmp_path / n): f.read_bytes()
            for f in (tmp_path / n).rglob("*")
            if f.is_file()
        }
        for n in ("a", "b")
    )
    assert first.keys() == second.keys()
    assert [str(f) for f in first if first[f] != second[f]] == []


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


# ---- one moment, whole or not at all


@pytest.mark.parametrize("kind", ["png", "dataset"])
def test_an_export_in_mid_review_is_one_moment(store, tmp_path, kind):
    """A reader decides and corrects all the while; the export is what stood when it began."""
    mine = accepted(tmp_path, store)
    before = dict(mine.masks)
    told, saved, stop = threading.Event(), threading.Event(), threading.Event()

    def review() -> None:
        told.wait(30)
        number = 0
        while not stop.is_set():
            for name in ("one", "two", "three"):
                mine.decide(name, "corrected", blob(50 + number), beginning="prediction")
                number += 1
            saved.set()

    reader = threading.Thread(target=review)
    reader.start()

    def progress(done: int, _: int) -> None:
        told.set()
        assert saved.wait(30), "verdicts are saved while the export runs"

    try:
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", kind, progress=progress)
    finally:
        stop.set()
        told.set()
        reader.join()
    rows = verdicts(tmp_path / "out")
    assert {row["decision"] for row in rows.values()} == {"accept"}, "none of the later ones"
    if kind == "png":
        for name, mask in before.items():
            assert np.array_equal(pixels(tmp_path / "out" / rows[name]["mask"]) == 255, mask), name
    after = export(mine.store, OWNER, mine.project.id, tmp_path / "later", kind)
    assert {row.verdict.decision for row in after.rows} == {"corrected"}


def test_a_folder_that_holds_something_is_left_alone(mine, tmp_path):
    there = tmp_path / "out"
    there.mkdir()
    assert export(mine.store, OWNER, mine.project.id, there).masks == 3, "an empty one is taken"
    (there / "mine.txt").write_text("x")
    before = sorted(there.rglob("*"))
    with pytest.raises(
        ExportError, match="holds something already; name a folder that is not there"
    ):
        export(mine.store, OWNER, mine.project.id, there)
    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, there / "mine.txt")
    assert sorted(there.rglob("*")) == before and leftovers(tmp_path) == []


def test_another_export_that_was_first_is_not_replaced(mine, tmp_path):
    def somebody_else(done: int, _: int) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "theirs").write_text("x")

    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=somebody_else)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["theirs"]
    assert leftovers(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB, where the system lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(options, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kind", [*FORMATS, "zip"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, small_disk, kind):
    made = decided.empty_project(tmp_path)
    for seed in range(4):
        file = decided.dicom_file(made.folder / f"{seed}.dcm", picture(seed, 400, 500))
        made.add(str(seed), file)
        noise = np.random.default_rng(seed).random((400, 500)) < 0.5
        made.decide(str(seed), "corrected", noise, beginning="empty")
    with pytest.raises(ExportError) as caught:
        if kind == "zip":
            export_zip(made.store, OWNER, made.project.id, small_disk / "out.zip")
        else:
            export(made.store, OWNER, made.project.id, small_disk / "out", kind)
    assert str(caught.value) == (
        "The disk is full: nothing of the export is kept; make room, then export again."
    )
    assert list(small_disk.iterdir()) == []


def test_where_nobody_may_write_it_says_so(mine, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match=r"file/out cannot be written: Not a directory\.$"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "file" / "out")


def test_whoever_stops_it_leaves_nothing(mine, tmp_path):
    def stop(done: int, whole: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists() and leftovers(tmp_path) == []


def test_progress_counts_from_nothing_to_all(mine, tmp_path):
    seen = []
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=lambda *n: seen.append(n))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


# ---- what is wrong with a case


def test_a_picture_that_is_gone_or_was_changed_is_said_and_its_mask_is_kept(mine, tmp_path):
    (mine.folder / "one.png").unlink()
    save(mine.folder / "two.png", picture(9))
    export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    rows = verdicts(tmp_path / "out")
    assert rows["one"]["left_out"] == "Its file one.png is not there any more. Its mask is here."
    assert rows["two"]["left_out"] == (
        "Its file two.png holds another picture than was reviewed. Its mask is here."
    )
    for name in ("one", "two"):
        assert not rows[name]["file"]
        assert np.array_equal(
            pixels(tmp_path / "out" / rows[name]["mask"]) == 255, mine.masks[name]
        )
    assert [row["case"] for row in table(tmp_path / "out" / "cases.csv", "utf-8")] == ["three"]
    for kind in ("coco", "dataset"):
        done = export(mine.store, OWNER, mine.project.id, tmp_path / kind, kind)
        assert [row.case.case for row in done.rows if row.mask] == ["three"]


def test_a_mask_that_is_damaged_on_the_disk_stops_no_other(mine, tmp_path):
    file = mine.verdicts["two"].mask_file
    (damaged,) = (tmp_path / "home").rglob(Path(file).name)
    damaged.write_bytes(damaged.read_bytes()[:40])
    done = export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    assert done.masks == 2
    assert "damaged" in verdicts(tmp_path / "out")["two"]["left_out"]


def test_nothing_to_export_is_a_sentence_and_no_empty_folder(tmp_path):
    made = decided.empty_project(tmp_path)
    made.add("one", save(made.folder / "one.png", picture(1)))
    with pytest.raises(
        ExportError, match=r"No case of 复核 1 has a mask to give, none was decided yet"
    ):
        export(made.store, OWNER, made.project.id, tmp_path / "out")
    made.decide("one", "reject", reason="unreadable")
    with pytest.raises(ExportError, match=r"to give, most often: Rejected: unreadable\."):
        export(made.store, OWNER, made.project.id, tmp_path / "out")
    made.decide("one", "accept")
    with pytest.raises(ExportError, match=r"to give, most often: It did not come as DICOM\."):
        export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "scans"]


def test_what_is_no_format_and_no_decision_is_refused(mine, tmp_path):
    with pytest.raises(ExportError, match="'tiff' is no format of an export; there are png, coco"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", "tiff")
    with pytest.raises(
        ExportError, match="'reject' is no decision that gives a mask; there are acc"
    ):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", include=("accept", "reject"))


def test_a_zip_holds_what_the_folder_holds(made, tmp_path):
    import zipfile

    export(made.store, OWNER, made.project.id, tmp_path / "复核 1")
    export_zip(made.store, OWNER, made.project.id, tmp_path / "x7.zip")
    with zipfile.ZipFile(tmp_path / "x7.zip") as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    there = {
        f.relative_to(tmp_path).as_posix(): f.read_bytes()
        for f in (tmp_path / "复核 1").rglob("*")
        if f.is_file()
    }
    assert inside == there and leftovers(tmp_path) == []


def test_pictures_keep_their_pixels_whatever_the_file_is(made, tmp_path):
    for name in WITH_MASK:
        case = made.store.case(OWNER, made.ids[name])
        data, suffix = pictures.plain(case)
        assert (read_scan(data).digest, suffix) == (case.digest, ".png"), name
    lossy = tmp_path / "plain.jpg"
    Image.fromarray(picture(3)).save(lossy)
    case = replace(case, file=lossy, digest=read_scan(lossy).digest)
    assert pictures.plain(case) == (lossy.read_bytes(), ".jpg"), "not encoded once more"


def test_a_project_that_is_deleted_meanwhile_leaves_no_export_of_a_part(mine, tmp_path):
    def delete(done: int, _: int) -> None:
        if done == 1:
            mine.store.delete(OWNER, mine.project.id)

    with pytest.raises(NotThere, match="There is no such project"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=delete)
    assert not (tmp_path / "out").exists() and leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("kind", "package"), [("coco", "pycocotools"), ("dicom", "highdicom"), ("dataset", "datasets")]
)
def test_a_package_that_is_missing_is_named(made, tmp_path, monkeypatch, kind, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExportError, match=rf"^{package} is missing: pip install -r requirements"):
        export(made.store, OWNER, made.project.id, tmp_path / "out", kind)
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_only_an_export_needs_is_loaded_before_one():
    heavy = ("datasets", "highdicom", "pycocotools", "pydicom", "huggingface_hub")
    code = f"import sys, bcweb.review.export; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[]\n", f"loaded at the start: {done.stdout}{done.stderr}"


# ---- the command


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    """`python -m bcweb.review export ARGUMENTS`."""
    return subprocess.run(
        [sys.executable, "-m", "bcweb.review", "export", *arguments],
        env=os.environ | {"BCWEB_HOME": str(home)}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_says_what_it_wrote_and_what_not(tmp_path):
    made = decided.project(tmp_path)
    done = command(made.store.home, "复核 1", "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"12 of 16 cases with their masks (4 accept, 2 truth, 6 corrected): {tmp_path / 'out'}",
        "Left out, 1: Rejected: wrong label.",
        "Left out, 1: The reader was unsure.",
        "Not read yet, 2.",
    ]
    again = command(made.store.home, "复核 1", "--to", str(tmp_path / "out"))
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        f"{tmp_path / 'out'} holds something already; name a folder that is not there yet.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x", "--to", "out"), "There is no such project.\n"),
        (("x",), "Say where: --to DIR, or --push user/name.\n"),
        (("x", "--to", "out", "--public"), "--public says how to --push, which was not asked for.\n"),
        (("x", "--push", "a/b", "--format", "coco"), "Only the format dataset can be pushed, not coco.\n"),
        (("x", "--to", "out", "--include", "accept,unsure"),
         "'unsure' is no decision that gives a mask; there are accept, truth, corrected.\n"),
    ],
)  # fmt: skip
def test_what_the_command_cannot_do_is_one_sentence(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    assert main(["export", *arguments]) == 1
    assert capsys.readouterr().err == said
