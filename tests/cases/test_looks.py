"""Of files of one name what they look like tells which is the scan and which its mask."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bcweb.cases.looks import Look, alike, masks_by_look, scan_of

GREY, MASK = Look((90, 60), False), Look((90, 60), True)


@pytest.mark.parametrize(
    ("looks", "scan"),
    [
        ({"x.png": MASK, "x.jpg": GREY}, 1),
        ({"x.png": MASK, "X.dcm": GREY, "y.jpg": GREY}, 1),
        ({"x.png": MASK, "x.jpg": MASK}, None),
        ({"x.png": GREY, "x.jpg": MASK}, None),
        ({"x.png": GREY, "x.jpg": GREY}, None),
        ({"x.png": MASK, "y.jpg": GREY}, None),
        ({"x.png": MASK, "x.jpg": None}, None),
        ({"x.png": MASK, "x.jpg": Look((60, 90), False)}, None),
        ({"x.png": MASK, "x.bmp": Look((180, 120), False)}, 1),
        ({"p1/x.png": MASK, "p1/x.jpg": GREY, "p2/x.jpg": GREY}, 1),
        ({"p1/x.png": MASK, "p2/x.png": GREY}, None),
        ({"x.png": MASK, "p2/x.png": GREY}, 1),
        ({"p1/x.png": MASK, "x.png": GREY}, 1),
        ({"x.png": MASK, "x.jpg": GREY, "p2/x.jpg": GREY}, 1),
        ({"x.png": MASK, "p1/x.jpg": GREY, "p2/x.jpg": GREY}, None),
        ({"x.dcm": MASK, "x.jpg": GREY}, None),
        ({"x": MASK, "x.jpg": GREY}, None),
    ],
)
def test_of_two_of_one_name_the_black_and_white_one_is_the_truth(looks, scan):
    names = list(looks)
    assert scan_of(names, 0, lambda place: looks[names[place]]) == scan


def test_a_picture_of_a_name_of_its_own_is_not_looked_at():
    assert scan_of(["x.png", "y.png"], 0, lambda place: pytest.fail("it was looked at")) is None


@pytest.mark.parametrize("seed", range(40))
def test_of_those_that_are_alike_the_same_scan_is_found_as_of_all(seed):
    pick = random.Random(seed)
    folders = ["", "p1/", "p2\\", "p2/q/"]
    files = ["x.png", "X.jpg", "x.tif", "y.png", "1.2.840.7"]
    names = [f"{pick.choice(folders)}{pick.choice(files)}" for _ in range(seed % 9 + 1)]
    looks = [Look((60, 80), pick.random() < 0.5) for _ in names]
    for place, among in enumerate(alike(names)):
        found = scan_of(
            [names[one] for one in among], among.index(place), lambda at, a=among: looks[a[at]]
        )
        found = None if found is None else among[found]
        assert found == scan_of(names, place, looks.__getitem__), (names, place)


def test_a_thousand_patients_with_files_of_one_name_have_few_that_are_alike():
    names = [f"p{patient}/im.{ending}" for patient in range(1000) for ending in ("jpg", "png")]
    assert max(map(len, alike([*names, "im.png"]))) == 2


def test_of_a_disks_files_only_those_of_one_name_in_one_folder_are_looked_at_and_each_once():
    looks = {"p1/x.jpg": GREY, "p1/X.png": MASK, "p2/x.jpg": GREY, "p2/y.png": MASK}
    files = {Path(name): look for name, look in looks.items()}
    looked = []

    def look(file: Path) -> Look:
        looked.append(file)
        return files[file]

    assert masks_by_look(files, look) == {Path("p1/X.png"): Path("p1/x.jpg")}
    assert sorted(looked) == [Path("p1/X.png"), Path("p1/x.jpg")]
