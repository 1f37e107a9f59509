"""Whom a DICOM file names: enough to tell patients apart, whatever the file is like."""

from __future__ import annotations

import pytest

from bcweb.scans.read import read_patient
from tests.scans.made import dicom, encode, grey, written


@pytest.mark.parametrize(
    ("elements", "patient"),
    [
        ({"PatientID": "007"}, ("007", "")),
        ({"PatientID": " 7 ", "IssuerOfPatientID": "Ward 7"}, ("7", "Ward 7")),
        ({"PatientID": "Müller", "SpecificCharacterSet": "ISO_IR 100"}, ("Müller", "")),
        ({"PatientID": "7\\8"}, ("['7', '8']", "")),
        ({"PatientID": ""}, None),
        ({"PatientID": " ", "IssuerOfPatientID": "Ward 7"}, None),
        ({"PatientName": "Doe^Jane"}, None),
    ],
)
def test_a_dicom_file_names_its_patient_by_an_id_and_who_issued_it(elements, patient):
    assert read_patient(written(dicom(**elements))) == patient


def test_the_patient_is_in_the_header_and_no_pixel_is_needed():
    whole = written(dicom(PatientID="7"))
    assert read_patient(whole[:-300]) == ("7", "")


def test_what_is_no_dicom_or_broken_names_nobody(tmp_path):
    whole = written(dicom(PatientID="7"))
    for bad in (
        b"",
        b"PatientID,7\n",
        encode(grey(), "PNG"),
        whole[:150],
        whole[:132] + b"no more",
    ):
        assert read_patient(bad) is None
    assert read_patient(tmp_path / "gone.dcm") is None and read_patient(tmp_path) is None
