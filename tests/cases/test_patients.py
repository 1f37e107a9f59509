"""Groups of DICOM files that no table gives: the patients whom they name, told by no id."""

from __future__ import annotations

import pytest

from bcweb.cases import read_cases
from bcweb.scans import read_scan
from tests.cases import trees
from tests.scans.made import dicom, written

SPEC = "?modality=ultrasound"


@pytest.fixture
def archive(tmp_path):
    """archive(**{"a": "4711", "b": ("4711", "Ward 7"), "c": ""}): DICOM files, of nobody or of whom they name."""

    def make(**patients):
        for seed, (name, patient) in enumerate(patients.items()):
            number, issuer = patient if isinstance(patient, tuple) else (patient, "")
            named = {"PatientID": number} if number else {}
            named |= {"IssuerOfPatientID": issuer} if issuer else {}
            data = dicom(trees.picture(seed), Modality="US", **named)
            (tmp_path / f"{name}.dcm").write_bytes(written(data))
        return tmp_path

    return make


def test_dicom_files_are_grouped_by_the_patients_whom_they_name(archive):
    """Four views of one woman would lie on both sides of a split."""
    folder = archive(a="4711", b="4712", c="4711", d="4711", e="4712")
    found = read_cases(f"folder:{folder}")
    assert [case.group for case in found.cases] == ["a", "b", "a", "a", "b"]
    assert found.notes == ("Patients are those that the DICOM files name: 5 scans of 2.",)


def test_no_patients_id_is_a_groups_name_or_told(archive):
    folder = archive(a="4711", b="4712", c="4711", d="")
    (folder / "a.dcm").rename(folder / "z.dcm")  # a group is called after its first scan
    found = read_cases(f"folder:{folder}")
    assert {case.id: case.group for case in found.cases} == {"b": "b", "c": "c", "d": "d", "z": "c"}
    assert "4711" not in repr(found) and "4712" not in repr(found)


def test_one_patient_in_all_dicom_files_or_none_is_nobody(archive):
    for patients in (dict(a="ANON", b="ANON", c="ANON", d=""), dict(a="", b="", c="", d="")):
        found = read_cases(f"folder:{archive(**patients)}")
        assert [case.group for case in found.cases] == ["a", "b", "c", "d"]
        assert found.notes[0].startswith("No patients are named: 4 scans in 4 groups")


def test_one_id_of_two_issuers_is_of_two_patients_unless_a_file_names_no_issuer(archive):
    told = dict(a=("1", "North"), b=("1", "South"), c=("1", "North"), d=("2", "South"))
    assert [c.group for c in read_cases(f"folder:{archive(**told)}").cases] == ["a", "b", "a", "d"]
    told["e"] = "1"
    found = read_cases(f"folder:{archive(**told)}")
    assert [case.group for case in found.cases] == ["a", "a", "a", "d", "a"]


def test_scans_of_nobody_and_twins_of_another_patient_are_grouped_by_picture(archive):
    folder = archive(a="1", b="2", c="1", d="", e="3", f="")
    for copy, of in (("g", "c"), ("h", "e")):
        trees.save(folder / f"{copy}.png", read_scan(folder / f"{of}.dcm").pixels)
    data = dicom(read_scan(folder / "a.dcm").pixels, Modality="US", PatientID="2")
    (folder / "i.dcm").write_bytes(written(data))
    found = read_cases(f"folder:{folder}{SPEC}")
    assert {case.id: case.group for case in found.cases} == dict(
        a="a", b="a", c="a", d="d", e="e", f="f", g="a", h="e", i="a"
    )
    assert found.notes == (
        "Patients are those that the DICOM files name: 5 scans of 3.",
        "4 scans have no patient, d for one: 2 by the picture with another scan, 2 each alone.",
        "1 pair of two patients nearly shows one picture, a = i for one; these patients stand in one group.",
    )


def test_two_lesions_of_a_patient_may_be_of_two_classes_and_one_picture_may_not(archive):
    folder = archive(a="1", b="2", c="1")
    data = dicom(read_scan(folder / "b.dcm").pixels, Modality="US", PatientID="2")
    (folder / "d.dcm").write_bytes(written(data))
    (folder / "cases.csv").write_text(
        "file,label\na.dcm,benign\nb.dcm,benign\nc.dcm,malignant\nd.dcm,malignant\n"
    )
    found = read_cases(f"folder:{folder}")
    assert [case.group for case in found.cases] == ["a", "b", "a", "b"]
    assert found.notes[1:] == ("1 group stands in two classes: b = d.",)


def test_groups_of_a_table_come_before_the_patients_of_dicom_files(archive):
    folder = archive(a="1", b="2", c="1", d="2", e="3", f="3")
    rows = "".join(f"{name}.dcm,{group}\n" for name, group in zip("abcdef", "XXYYZZ", strict=True))
    (folder / "cases.csv").write_text(f"file,group\n{rows}")
    found = read_cases(f"folder:{folder}")
    assert [case.group for case in found.cases] == list("XXYYZZ") and found.notes == ()
    (folder / "cases.csv").write_text("file,group\na.dcm,X\n")
    found = read_cases(f"folder:{folder}")
    assert [case.group for case in found.cases] == ["X", "b", "X", "b", "e", "e"]
    assert found.notes == (
        "5 scans have no group, b for one: 5 by the picture or the patient that DICOM files name with another scan, "
        "0 each alone.",
    )
