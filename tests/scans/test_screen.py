"""Where the picture of an ultrasound lies on its machine's screen, as DICOM says it."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from bcweb.scans import read_scan
from tests.scans.made import dicom, tissue, written

PICTURE = "What the file says of where its picture lies cannot be read and is left out."
SPACING = "What the file says of its pixels' spacing cannot be read and is left out."


@pytest.mark.parametrize(
    ("regions", "picture", "cautions"),
    [
        ([], None, ()),
        ([tissue(40, 20, 159, 99)], (20, 100, 40, 160), ()),
        ([tissue(40, 20, 159, 99), tissue(40, 20, 159, 99)], (20, 100, 40, 160), ()),
        ([tissue(40, 20, 159, 99), tissue(60, 30, 99, 69)], (20, 100, 40, 160), ()),
        ([tissue(40, 20, 159, 99), tissue(170, 0, 195, 20)], (20, 100, 40, 160), ()),
        ([tissue(0, 0, 200, 100)], (0, 100, 0, 200), ()),
        ([tissue(40, 20, 159, 99), tissue(0, 0, 201, 99)], None, ()),
        ([tissue(0, 0, 99, 99), tissue(100, 0, 199, 99)], None, ("It shows 2 pictures beside",)),
        ([tissue(0, 0, 199, 99), tissue(60, 30, 99, 69, kind=2)], (0, 100, 0, 200), ("Colour Doppler lies",)),
        ([tissue(10, 10, 12, 99)], None, ()),
        ([tissue(40, 20, 159, 99), tissue(0, 90, 199, 199, kind=3)], None, ()),
        ([tissue(40, 20, 159, 99), tissue(60, 30, 299, 69, kind=2)], None, ()),
        ([tissue(40, 20, 159, 99), Dataset()], (20, 100, 40, 160), ()),
    ],
    ids=["none", "one", "twice", "within", "thumbnail", "numbers", "beyond", "two", "Doppler", "sliver",
         "a trace beyond", "stale Doppler", "one without a place"],
)  # fmt: skip
def test_where_the_picture_of_an_ultrasound_lies_on_its_screen(regions, picture, cautions):
    screen = np.arange(100 * 200, dtype=np.uint8).reshape(100, 200)
    scan = read_scan(written(dicom(screen, Modality="US", SequenceOfUltrasoundRegions=regions)))
    assert scan.picture == picture
    assert len(scan.cautions) == len(cautions)
    assert all(told.startswith(said) for told, said in zip(scan.cautions, cautions, strict=True))
    assert scan.notes == scan.cautions


def test_where_a_picture_lies_that_cannot_be_read_is_left_out_and_said():
    odd = tissue(0, 0, 99, 99)
    del odd.RegionLocationMaxX1
    scan = read_scan(written(dicom(Modality="US", SequenceOfUltrasoundRegions=[odd])))
    assert scan.picture is None
    assert scan.notes == (PICTURE,)


def test_regions_that_are_bytes_alone_are_left_out_and_said():
    data = dicom(Modality="US")
    data.add(DataElement(tag_for_keyword("SequenceOfUltrasoundRegions"), "OB", b"\x01\x02\x03\x04"))
    scan = read_scan(written(data))
    assert scan.picture is None and scan.cautions == ()
    assert scan.notes == (PICTURE, SPACING)
