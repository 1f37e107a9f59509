"""Truths are told from scans, and find theirs, by the names that people and data sets give them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import pytest

from bcweb.page.pairing import Pair, pair


@pytest.mark.parametrize(
    ("scan", "truth"),
    [
        ("scan7.png", "scan7_mask.png"),
        ("scan7.dcm", "SCAN7_MASK.PNG"),
        ("scan7.png", "scan7-seg.png"),
        ("benign (100).png", "benign (100)_mask.png"),
        ("BUSBRA/Images/bus_0001-l.png", "BUSBRA/Masks/mask_0001-l.png"),
        ("bus_0001-l.png", "mask_0001-l.png"),
        ("Hospital/Test_Image_8.png", "Hospital/mask_8.png"),
        ("images/P249_R_CM_MLO.jpg", "masks/P249_R_CM_MLO.png"),
        ("set\\images\\a.png", "set\\groundtruth\\a.png"),
    ],
)
@pytest.mark.parametrize("truth_first", [False, True])
def test_a_truth_finds_its_scan(scan, truth, truth_first):
    names = [truth, "other.png", scan] if truth_first else [scan, "other.png", truth]
    found = pair(names)
    assert found[names.index(scan)] == Pair("scan")
    assert found[1] == Pair("scan")
    assert found[names.index(truth)] == Pair("truth", names.index(scan))


def test_further_masks_of_one_scan_add_to_its_truth():
    names = ["benign (4).png", "benign (4)_mask.png", "benign (4)_mask_1.png"]
    assert pair(names)[1:] == [Pair("truth", 0), Pair("truth", 0, adds=True)]


def test_a_truth_without_its_scan_is_still_no_scan():
    assert pair(["lonely_mask.png", "masks/x.png"]) == [Pair("truth"), Pair("truth")]


@pytest.mark.parametrize(
    ("names", "scans"),
    [
        (["segmentation/images/X.png", "segmentation/masks/X.png"], [None, 0]),
        (["gt/X.png", "gt/X_mask.png"], [None, 0]),
        (["set/labels/imgs/X.png", "set/labels/seg/X.png"], [None, 0]),
        (["waits_mask.png", "gt/X.png", "gt/X_mask.png"], [None, None, 1]),
        (["old/W_mask.png", "gt/X.png", "gt/X_mask.png"], [None, None, 1]),
        (["normal/N.png", "gt/X.png", "gt/X_mask.png"], [None, None, 1]),
    ],
)
def test_the_folder_that_scans_and_their_truths_lie_in_may_be_called_as_those_of_masks(
    names, scans
):
    found = pair(names)
    assert [told.scan for told in found] == scans
    assert [told.part for told in found[-2:]] == ["scan", "truth"]


def test_a_folder_of_masks_that_comes_after_its_scans_or_beside_them_is_one():
    names = ["X.png", "masks/X.png", "masks/Y.png", "masks/X_mask.png"]
    assert pair(names[:3], known=1)[1:] == [Pair("truth", 0), Pair("truth")]
    for known in (0, 1):
        assert pair(names, known)[1:] == [Pair("truth", 0), Pair("truth"), Pair("truth", 0)]


@pytest.mark.parametrize(
    ("names", "known", "told"),
    [
        (["gt/X.png", "gt/N.png", "gt/X.png", "gt/N.png", "gt/X_mask.png"], 2,
         [Pair("scan"), Pair("scan"), Pair("truth", 2)]),
        (["a/1.png", "gt/1.png", "gt/1_mask.png", "gt/2.png", "gt/2_mask.png"], 1,
         [Pair("scan"), Pair("truth", 1), Pair("scan"), Pair("truth", 3)]),
        (["images/X.png", "images/Y.png", "Masks/X.png", "Masks/Y.png", "Masks/Y_seg.png"], 2,
         [Pair("truth", 0), Pair("truth", 1), Pair("truth", 1)]),
    ],
    ids=["dropped again", "another patient's of that name", "masks, and one called so besides"],
)  # fmt: skip
def test_a_folder_is_one_of_scans_where_each_has_its_truth_or_none_is_a_truth_elsewhere(
    names, known, told
):
    assert pair(names, known)[known:] == told


def test_a_scan_that_is_there_already_is_one_whatever_it_and_its_folders_are_called():
    names = ["/home/ann/gt/X.png", "/home/ann/gt/Y_seg.png", "X_mask.png", "Y_seg_mask.png"]
    assert pair(names, known=2) == [
        Pair("scan"), Pair("scan"), Pair("truth", 0), Pair("truth", 1)
    ]  # fmt: skip


def test_a_truth_is_not_taken_for_a_scan_whose_name_only_ends_alike():
    assert pair(["12.png", "2_mask.png"])[1].scan is None
    assert pair(["a_b_mask.png", "b.png"])[0].scan is None


def test_of_scans_of_one_name_the_nearest_folder_is_meant():
    names = ["benign/images/1.png", "malignant/images/1.png", "benign/masks/1.png"]
    assert pair(names)[2].scan == 0


def test_of_scans_of_one_name_and_folder_the_last_opened_is_meant():
    assert pair(["1.png", "1.png", "1_mask.png"])[2].scan == 1


def test_of_scans_of_several_names_the_one_that_is_named_whole_is_meant_or_none():
    assert pair(["8.png", "image_8.png", "mask_8.png"])[2] == Pair("truth", 0)
    names = ["image_8.png", "other_8.png", "image_8.png", "mask_8.png"]
    assert pair(names)[3] == Pair("truth", among=(2, 1)), "image_8 was opened again"
    assert pair(["a/image_8.png", "b/other_8.png", "b/mask_8.png"])[2] == Pair("truth", 1)


def test_a_number_after_a_dot_belongs_to_the_name_of_a_dicom_file():
    names = ["1.2.840.7.1", "1.2.840.7.2", "1.2.840.7.1_mask.png"]
    assert pair(names)[2] == Pair("truth", 0)


def beside(number: int) -> list[str]:
    return [f"patient_{n:05}/scan{end}.png" for n in range(number) for end in ("", "_mask")]


def under_a_root(number: int) -> list[str]:
    return [f"set/train/{name}" for name in beside(number)]


def in_folders_of_masks(number: int) -> list[str]:
    return [f"set/{part}/p{n}/scan.png" for n in range(number) for part in ("images", "masks")]


def at_sites(number: int) -> list[str]:
    """Patients are numbered at each of ten sites anew."""
    return [
        f"set/site_{n % 10}/p{n // 10}/{name}"
        for n in range(number)
        for name in ("1.png", "1_GT.png")
    ]


LAYOUTS = [beside, under_a_root, in_folders_of_masks, at_sites]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_masks_of_thousands_of_patients_each_find_their_own_scan(layout):
    found = pair(layout(2000))
    assert found == [told for n in range(2000) for told in (Pair("scan"), Pair("truth", 2 * n))]


def calls(work: Callable[[Sequence[str]], object], names: Sequence[str]) -> int:
    """How many functions are called meanwhile, those that are written in C too."""
    number = 0

    def count(frame, event: str, what) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work(names)
    finally:
        sys.setprofile(before)
    return number


def without_scans(number: int) -> list[str]:
    """Half of the patients have a mask only: of each, all scans are as near."""
    return [name for place, name in enumerate(under_a_root(2 * number)) if place % 4 != 2]


def of_one_name(number: int) -> list[str]:
    return ["set/scan.png", "set/scan_mask.png"] * number


@pytest.mark.parametrize("layout", [*LAYOUTS, without_scans, of_one_name])
def test_twice_as_many_patients_take_twice_the_work(layout):
    pair(layout(2))  # what is worked out once for all is not counted
    few, many = calls(pair, layout(100)), calls(pair, layout(200))
    assert many < 2.1 * few, "work grows faster than the number of files"
