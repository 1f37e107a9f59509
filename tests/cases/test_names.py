"""What a file's name says of it: one rule for what is dropped, read, exported and pushed."""

from __future__ import annotations

import pytest

from bcweb.names import MaskName, is_of_masks, mask_name, visible
from bcweb.review.export.names import disk_name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("x_mask", MaskName("x", True, False)),
        ("x_masks_2", MaskName("x", True, True)),
        ("x_mask_seg", MaskName("x_mask", True, False)),
        ("x-Labels", MaskName("x", True, False)),
        ("x gt1", MaskName("x", True, True)),
        ("x_ground_truth", MaskName("x", True, False)),
        ("mask_0001-l", MaskName("0001-l", False, False)),
        ("x", None),
        ("unmask", None),
        ("masked_x", None),
        ("mask", None),
        ("benign (1)", None),
        ("1.2.840.7", None),
    ],
)
def test_a_mask_says_whose_it_is(name, told):
    assert mask_name(name) == told


def test_folders_are_called_by_the_same_words():
    assert all(
        map(is_of_masks, ("mask", "Masks", "labels", "GT", "segs", "ground_truth", "labelsTr"))
    )
    assert not any(map(is_of_masks, ("masked", "x_masks", "images", "imagesTr")))


def test_an_export_calls_no_scan_as_the_mask_of_another_is_called():
    """Where its picture is gone, its mask would be taken for the other's. One digest in 43 is of decimals alone."""
    names = [f"a{n}{word}" for word in ("_seg", "_mask_1", " label") for n in range(50)]
    told = [mask_name(disk_name(name)) for name in [*names, "mask_a"]]
    assert told[:-1] == [None] * len(names) and told[-1].scan != "a"


def test_what_nobody_can_see_is_left_out_of_a_name_and_no_space_is():
    assert visible("at 3.00\u202fPM \u3000a\u00a0b") == "at 3.00\u202fPM \u3000a\u00a0b"
    assert visible("a\u200db\nc\x00\udce4") == "abc"
