"""DICOM SEG, read back by highdicom and by pydicom, also of files as they are found in hospitals."""

from __future__ import annotations

import shutil
import subprocess
import time

import numpy as np
import pytest

from bcweb.review.export import dicom_seg, export
from bcweb.review.store import Store
from tests.cases.trees import picture
from tests.review import decided
from tests.review.decided import OWNER, Decided, blob
from tests.review.export.written import verdicts
from tests.review.kept import all_steps, vault
from tests.review.small import corrected, new_case, project


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
    "a day that is none": {"PatientBirthDate": "19610229", "StudyDate": "20200231"},
    "a spacing of one value": PLACE | {"PixelSpacing": 0.1},
    "a position of two values": PLACE | {"ImagePositionPatient": [10, -20]},
    "a position that is no number": PLACE | {"ImagePositionPatient": [10, -20, "nan"]},
    "an orientation that is none": PLACE | {"ImageOrientationPatient": [0] * 6},
    "two axes that are one": PLACE | {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
    "an axis that is too long": PLACE | {"ImageOrientationPatient": [2, 0, 0, 0, 0, -1]},
    "pixels without a size": PLACE | {"PixelSpacing": [0, 0]},
    "several ways of taking names out": {
        "PatientIdentityRemoved": "YES", "DeidentificationMethod": ["by hand", "by a script"],
    },
    "numbers in its series": {"InstanceNumber": [3, 4]},
    "a number below 1": {"InstanceNumber": -1},
    "two sides": {"ImageLaterality": ["L", "R"]},
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
        assert "PixelMeasuresSequence" not in shared, "the source's own holds: these are its pixels"
    if what == "a side":
        region = read.SegmentSequence[0].AnatomicRegionSequence[0]
        assert region.AnatomicRegionModifierSequence[0].CodeMeaning == "Left"
    if what == "a Chinese name":
        assert read.PatientName == "Wang^XiaoDong=王^小东"
    if what == "several ways of taking names out":
        assert read.DeidentificationMethod == ["by hand", "by a script"]
    assert read.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "AccessionNumber", "StudyID"])
def test_a_text_with_a_backslash_stays_as_the_file_has_it(tmp_path, keyword):
    """It is no single value, and of whom a segmentation is must be said as the archive knows it."""
    import pydicom

    made = decided.empty_project(tmp_path)
    file = decided.dicom_file(made.folder / "scan.dcm", picture(1), **{keyword: r"Doe^12\34"})
    made.add("scan", file)
    made.decide("scan", "accept")
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    read = pydicom.dcmread(tmp_path / "out" / "segmentations" / "scan.dcm")
    assert read[keyword].value == pydicom.dcmread(file)[keyword].value == ["Doe^12", "34"]


@pytest.fixture
def in_time_zone(monkeypatch):
    """Let this process be at a place of the world."""
    if not hasattr(time, "tzset"):
        pytest.skip("no time zones of a process here")

    def be(place: str) -> None:
        monkeypatch.setenv("TZ", place)
        time.tzset()

    yield be
    monkeypatch.undo()
    time.tzset()


def test_the_same_verdict_is_the_same_instance_in_every_time_zone(made, tmp_path, in_time_zone):
    written = []
    for number, place in enumerate(("UTC+11", "UTC-13")):
        in_time_zone(place)
        to = tmp_path / str(number)
        export(made.store, OWNER, made.project.id, to, "dicom")
        written.append({f.name: f.read_bytes() for f in (to / "segmentations").iterdir()})
    assert written[0] == written[1]


def test_what_another_version_writes_is_another_instance(made, tmp_path, monkeypatch):
    """Its content may differ, and an archive keeps the first that it has of one name."""
    import pydicom

    uids = []
    for version in ("1", "2"):
        monkeypatch.setattr(dicom_seg, "_VERSION", version)
        to = tmp_path / version
        export(made.store, OWNER, made.project.id, to, "dicom")
        uids.append({pydicom.dcmread(f).SOPInstanceUID for f in (to / "segmentations").iterdir()})
    assert uids[0] and not uids[0] & uids[1]


@pytest.mark.parametrize(("said", "number"), [({"InstanceNumber": 7}, 7), ({}, 1)])
def test_the_same_verdict_is_the_same_instance_wherever_its_case_stands(tmp_path, said, number):
    """A backup puts a case behind the others where its place is taken."""
    import pydicom

    file = decided.dicom_file(tmp_path / "scan.dcm", picture(1), **said)
    made = decided.empty_project(tmp_path)
    made.add("other", decided.dicom_file(tmp_path / "other.dcm", picture(2)))
    made.add("scan", file)
    made.decide("scan", "accept")
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    read = pydicom.dcmread(tmp_path / "out" / "segmentations" / "scan.dcm")
    assert read.InstanceNumber == number


def test_a_verdict_that_came_back_from_a_backup_is_the_same_instance(tmp_path):
    made = decided.empty_project(tmp_path)
    file = decided.dicom_file(made.folder / "scan.dcm", picture(1))
    made.add("scan", file)
    said = made.decide("scan", "corrected", blob(40), beginning="empty")
    all_steps(vault(made.store, tmp_path / "backup"))
    with Store(tmp_path / "new") as store:
        _, [other] = project(store, new_case("x"), owner=OWNER)
        store.save(OWNER, "ann", other, corrected("k", other))
        all_steps(vault(store, tmp_path / "backup"))
        [found] = [p for p in store.projects(OWNER) if p.name == made.project.name]
        back = Decided(store, found, made.folder)
        [verdict] = store.history(OWNER, back.add("scan", file))
        assert verdict.key == said.key and verdict.id != said.id, "its number was taken"
        export(store, OWNER, found.id, tmp_path / "after", "dicom")
    export(made.store, OWNER, made.project.id, tmp_path / "before", "dicom")
    before, after = (
        (tmp_path / name / "segmentations" / "scan.dcm").read_bytes()
        for name in ("before", "after")
    )
    assert before == after, "whoever has the first one would keep both"


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
    frames = ["1.2.3.8", "1.2.3.9"]
    odd = decided.dicom_file(made.folder / "odd", picture(3), FrameOfReferenceUID=frames)
    made.add("odd", odd)
    made.decide("odd", "accept")
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    rows = verdicts(tmp_path / "out")
    assert rows["bare"]["left_out"] == (
        "Its DICOM file has no Study Instance UID, to which a segmentation refers."
    )
    why = rows["odd"]["left_out"]
    assert why.startswith("No segmentation can refer to its DICOM file: "), "what nobody foresaw"
    assert why.endswith(".") and not rows["odd"]["mask"]
    [good] = (tmp_path / "out" / "segmentations").iterdir()
    assert rows["good"]["mask"] == f"segmentations/{good.name}", "it costs no other case"


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
