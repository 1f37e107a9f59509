"""Any folder as a data set: its two layouts, and which of its files are masks, and of what."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bcweb.cases import read_cases, read_truth
from bcweb.page.folder import list_folder
from bcweb.page.pairing import pair
from bcweb.scans import read_scan
from tests.cases import trees
from tests.scans.made import dicom, written

SPEC = "?modality=ultrasound"


def test_images_and_masks_with_a_table(folder):
    found = read_cases(f"folder:{folder}{SPEC}")
    assert found.name == folder.name and found.skipped == () and found.notes == ()
    told = [(c.dataset, c.id, c.label, c.group, c.findings, c.has_truth) for c in found.cases]
    assert told == [
        (folder.name, "a", "malignant", "P1", "mass", True),
        (folder.name, "b", "benign", "P1", "", True),
        (folder.name, "c", "normal", "P2", "", True),
        (folder.name, "d", None, "P3", "", False),
    ]
    areas = [read_truth(c, read_scan(c.file)) for c in found.cases]
    assert [None if a is None else int(a.sum()) for a in areas] == [200, 400, 0, None]


def test_masks_beside_their_images(tmp_path):
    trees.save(tmp_path / "visit 1" / "left.png", trees.picture(1))
    trees.save(tmp_path / "visit 1" / "left_mask.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "visit 2" / "left.png", trees.picture(2))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [(case.id, len(case.truth_files)) for case in found.cases] == [
        ("visit 1/left", 1),
        ("visit 2/left", 0),
    ]


def test_masks_in_a_folder_beside_their_images(tmp_path):
    for seed, name in enumerate(("a", "ward 7/b", "c")):
        trees.save(tmp_path / f"{name}.png", trees.picture(seed))
    trees.save(tmp_path / "masks" / "a.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "ward 7" / "b_mask_1.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "c_mask.png", trees.box(10, 10, 20, 40))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    areas = {c.id: int(read_truth(c, read_scan(c.file)).sum()) for c in found.cases}
    assert areas == {"a": 200, "c": 300, "ward 7/b": 200} and found.skipped == ()


def test_each_folder_may_have_masks_of_its_own(tmp_path):
    for seed, place in enumerate(("ward 1/a", "ward 2/images/a", "Ward 3/Images/a", "a")):
        trees.save(tmp_path / f"{place}.png", trees.picture(seed))
    trees.save(tmp_path / "ward 1" / "masks" / "a.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "ward 2" / "masks" / "a_mask.png", trees.box(10, 10, 20, 40))
    trees.save(tmp_path / "Ward 3" / "Masks" / "a.png", trees.box(10, 10, 20, 50))
    trees.save(tmp_path / "ward 4" / "masks" / "a.png", trees.box(10, 10, 20, 60))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    truths = {case.id: read_truth(case, read_scan(case.file)) for case in found.cases}
    assert {name: None if t is None else int(t.sum()) for name, t in truths.items()} == {
        "Ward 3/Images/a": 400, "a": None, "ward 1/a": 200, "ward 2/images/a": 300,
    }  # fmt: skip
    assert [(item.file.parent.parent.name, item.reason) for item in found.skipped] == [
        ("ward 4", "A mask without its image.")
    ]


@pytest.mark.parametrize("name", ["Labels", "gt", "ground_truth", "segmentations"])
@pytest.mark.parametrize("images", ["images/", ""])
def test_a_folder_of_masks_has_other_names_too(tmp_path, name, images):
    """Those that the page knows: there, too, such files are truths and no scans."""
    for seed, scan in enumerate("ab"):
        trees.save(tmp_path / f"{images}{scan}.png", trees.picture(seed))
        trees.save(tmp_path / name / f"{scan}.png", trees.box(10, 10, 20, 30 + 10 * seed))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    areas = {c.id: int(read_truth(c, read_scan(c.file)).sum()) for c in found.cases}
    assert areas == {"a": 200, "b": 300} and found.skipped == ()
    told = pair([f"{images}{scan}.png" for scan in "ab"] + [f"{name}/{scan}.png" for scan in "ab"])
    assert [each.scan for each in told] == [None, None, 0, 1]


def test_the_folders_of_nnu_net_are_scans_and_masks(tmp_path):
    """a_0000.png is the first channel of a, and a.png its mask."""
    names = [
        "imagesTr/a_0000",
        "imagesTr/seg_b_0000",
        "imagesTr/c_0001",
        "imagesTs/a_0000",
        "imagesTs/d_0000",
    ]
    masks = {"labelsTr/a": 30, "labelsTr/seg_b": 40, "labelsTr/c_0001": 50, "labelsTs/a": 60}
    for seed, name in enumerate(names):
        trees.save(tmp_path / f"{name}.png", trees.picture(seed))
    for name, right in masks.items():
        trees.save(tmp_path / f"{name}.png", trees.box(10, 10, 20, right) // 255)
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    truths = {case.id: read_truth(case, read_scan(case.file)) for case in found.cases}
    areas = [None if truths[name] is None else int(truths[name].sum()) for name in names]
    assert areas == [200, 300, 400, 500, None] and len(truths) == 5 and found.skipped == ()
    told = pair([f"set/{name}.png" for name in (*names, *masks)])
    assert [(each.part, each.scan) for each in told[5:]] == [("truth", n) for n in range(4)]
    assert all(each.part == "scan" for each in told[:5])


def test_of_two_channels_of_nnu_net_neither_has_the_mask(tmp_path):
    for seed, name in enumerate(("a_0000", "a_0001", "b_0000")):
        trees.save(tmp_path / "imagesTr" / f"{name}.png", trees.picture(seed))
    for name in "ab":
        trees.save(tmp_path / "labelsTr" / f"{name}.png", trees.box(10, 10, 20, 30))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [case.has_truth for case in found.cases] == [False, False, True]
    assert [item.reason for item in found.skipped] == [
        "A mask of imagesTr/a_0000 or of imagesTr/a_0001."
    ]
    told = pair([f"imagesTr/{name}.png" for name in ("a_0000", "a_0001")] + ["labelsTr/a.png"])[2]
    assert (told.part, told.scan, told.among) == ("truth", None, (0, 1))


def test_beside_its_scan_in_nnu_nets_folder_a_mask_is_one_where_it_is_no_channel(tmp_path):
    scans = [
        "imagesTr/a",
        "imagesTr/b_0000",
        "imagesTr/b_mask_0000",
        "imagesTr/mask_1",
        "imagesTr/seg_c",
    ]
    masks = {
        "imagesTr/a_mask": 30,
        "imagesTr/b_mask": 40,
        "labelsTr/b_mask": 50,
        "labelsTr/mask_1": 60,
        "labelsTr/seg_c": 70,
    }
    for seed, name in enumerate(scans):
        trees.save(tmp_path / f"{name}.png", trees.picture(seed))
    for name, right in masks.items():
        trees.save(tmp_path / f"{name}.png", trees.box(10, 10, 20, right))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    areas = {case.id: int(read_truth(case, read_scan(case.file)).sum()) for case in found.cases}
    assert areas == dict(zip(scans, (200, 300, 400, 500, 600), strict=True)) and found.skipped == ()
    told = pair([f"{name}.png" for name in (*scans, *masks)])
    assert [each.scan for each in told] == [*[None] * 5, *range(5)]


def test_a_mask_that_may_be_of_two_scans_is_of_none(tmp_path):
    for seed, place in enumerate(("a", "images of 2025/a", "ward/a", "ward/images/a")):
        trees.save(tmp_path / f"{place}.png", trees.picture(seed))
    trees.save(tmp_path / "ward" / "masks" / "a.png", trees.box(10, 10, 20, 30))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert len(found.cases) == 4 and not any(case.has_truth for case in found.cases)
    assert [item.reason for item in found.skipped] == ["A mask of ward/a or of ward/images/a."]


def test_a_mask_may_be_called_so_in_capitals(tmp_path):
    trees.save(tmp_path / "left.png", trees.picture(1))
    trees.save(tmp_path / "left_Mask.png", trees.box(10, 10, 20, 30))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [(case.id, len(case.truth_files)) for case in found.cases] == [("left", 1)]


@pytest.mark.parametrize(
    "mask",
    ["left_seg", "left-GT", "left label", "left.groundtruth", "left_masks", "left_mask-2", "mask_left"],
)  # fmt: skip
def test_beside_its_scan_a_mask_is_called_as_on_the_page(tmp_path, mask):
    names = [f"visit 1/{name}.png" for name in ("left", "right", mask)]
    for seed, name in enumerate(names):
        trees.save(tmp_path / name, trees.picture(seed))
    trees.save(tmp_path / names[2], trees.box(10, 10, 20, 30))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    told = {case.id: [file.stem for file in case.truth_files] for case in found.cases}
    assert told == {"visit 1/left": [mask], "visit 1/right": []} and found.skipped == ()
    assert [each.scan for each in pair(names)] == [None, None, 0]


def test_a_mask_is_of_the_scan_that_it_names_whole_or_of_none(tmp_path):
    """The page, where somebody looks on, takes mask_8 for that of image_8."""
    for seed, name in enumerate(("image_8", "a", "b")):
        trees.save(tmp_path / f"{name}.png", trees.picture(seed))
    orphans = ["c_seg", "mask_8", "masks/a_gt"]
    for name in orphans:
        trees.save(tmp_path / f"{name}.png", trees.box(10, 10, 20, 30))
    (tmp_path / "a_gt.png").write_bytes(b"\x89PNG of which no more came")  # the scan of masks/a_gt
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [(case.id, case.truth_files) for case in found.cases] == [
        ("a", ()), ("b", ()), ("image_8", ()),
    ]  # fmt: skip
    left_out = {item.file.relative_to(tmp_path).as_posix(): item.reason for item in found.skipped}
    assert left_out.pop("a_gt.png") == "The image's header is cut off or damaged."
    assert left_out == {f"{name}.png": "A mask without its image." for name in orphans}


def test_a_mask_of_a_scans_own_name_is_of_no_other_scan(tmp_path):
    for seed, name in enumerate(("a", "a_mask")):
        trees.save(tmp_path / "images" / f"{name}.png", trees.picture(seed))
        trees.save(tmp_path / "masks" / f"{name}.png", trees.box(10, 10, 20, 30 + 10 * seed))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    areas = {c.id: int(read_truth(c, read_scan(c.file)).sum()) for c in found.cases}
    assert areas == {"a": 200, "a_mask": 300}


def test_of_one_name_in_one_folder_the_black_and_white_picture_is_the_mask_as_on_the_page(tmp_path):
    """Whichever comes first: b.bmp was the case and its scan was gone."""
    mask, other = trees.box(10, 10, 20, 30), trees.box(10, 10, 20, 40)
    for name, pixels in {
        "images/a.jpg": trees.picture(1), "images/a.png": mask,
        "images/b.bmp": mask, "images/b.png": trees.picture(2),
        "images/c.jpg": trees.picture(3), "images/C.PNG": mask, "images/c_mask.png": other,
        "images/d.jpg": trees.picture(4), "images/d.bmp": mask, "images/d_mask.png": other,
        "images/e.png": trees.picture(5), "images/e/e.bmp": mask,
    }.items():  # fmt: skip
        trees.save(tmp_path / name, pixels)
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    told = {case.file.name: {file.name for file in case.truth_files} for case in found.cases}
    assert told == {
        "a.jpg": {"a.png"}, "b.png": {"b.bmp"}, "c.jpg": {"C.PNG", "c_mask.png"},
        "d.jpg": {"d.bmp", "d_mask.png"}, "e.png": set(), "e.bmp": set(),
    }  # fmt: skip
    assert found.skipped == ()
    areas = {case.id: int(read_truth(case, read_scan(case.file)).sum()) for case in found.cases[:4]}
    assert areas == {"a": 200, "b": 200, "c": 300, "d": 300}
    listed, alone, unclear = list_folder(str(tmp_path))
    assert {item.file.name: {file.name for file in item.truths} for item in listed} == told
    assert not alone and not unclear


def test_where_all_masks_lie_apart_the_look_tells_too(tmp_path):
    trees.save(tmp_path / "images" / "a.jpg", trees.picture(1))
    trees.save(tmp_path / "images" / "a.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "a.png", trees.box(40, 10, 50, 30))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [int(read_truth(c, read_scan(c.file)).sum()) for c in found.cases] == [400]


def test_where_it_is_not_clear_which_is_the_scan_none_of_them_is(tmp_path):
    wide = np.zeros((60, 160), np.uint8)
    wide[10:20, 10:30] = 255
    for name, pixels in {
        "a.jpg": trees.picture(1), "a.png": trees.picture(2),
        "b.jpg": trees.picture(3), "b.png": wide, "b.tif": trees.picture(4),
        "c.png": trees.box(10, 10, 20, 30),
        "d.png": trees.picture(5), "e.png": trees.picture(6),
    }.items():  # fmt: skip
        trees.save(tmp_path / name, pixels)
    for name in ("c.jpg", "d.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff of which no more came")
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [case.file.name for case in found.cases] == ["d.png", "e.png"]
    unclear = "the same name, and it is not clear which is the scan; cases.csv can name it."
    broken = "The image's header is cut off or damaged."
    assert {item.file.name: item.reason for item in found.skipped} == {
        "a.jpg": f"a.png has {unclear}",
        "a.png": f"a.jpg has {unclear}",
        "b.jpg": f"b.png and b.tif have {unclear}",
        "b.png": f"b.jpg and b.tif have {unclear}",
        "b.tif": f"b.jpg and b.png have {unclear}",
        "c.png": f"c.jpg has {unclear}",
        "c.jpg": broken,
        "d.jpg": broken,
    }
    (tmp_path / "cases.csv").write_text("file,group\na.png,1\nB.TIF,2\nc,3\nd.png,4\ne.png,5\n")
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [case.file.name for case in found.cases] == ["a.png", "b.tif", "d.png", "e.png"]
    reasons = {item.file.name: item.reason for item in found.skipped}
    assert reasons["a.jpg"] == "a.png has the same name."
    assert reasons["b.png"] == reasons["b.jpg"] == "b.tif has the same name."


def test_of_one_picture_in_two_files_the_first_is_the_scan(tmp_path):
    """Whoever exports PNG beside DICOM has each scan twice."""
    trees.save(tmp_path / "b.png", trees.picture(2))
    trees.save(tmp_path / "a.png", trees.picture(1))
    (tmp_path / "a.dcm").write_bytes(written(dicom(trees.picture(1), Modality="US")))
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [case.file.name for case in found.cases] == ["a.dcm", "b.png"]
    assert [(item.file.name, item.reason) for item in found.skipped] == [
        ("a.png", "a.dcm has the same name.")
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links want a privilege there")
def test_linked_folders_are_read_once_and_never_round_in_circles(tmp_path):
    root, elsewhere = tmp_path / "archive", tmp_path / "elsewhere"
    trees.save(root / "p2" / "a.png", trees.picture(1))
    trees.save(elsewhere / "b.png", trees.picture(2))
    trees.save(tmp_path / "not asked for.png", trees.picture(3))
    for link, folder in {
        "p1": root / "p2", "p3": elsewhere, "p4": elsewhere, "p2/back": root, "p2/up": tmp_path,
    }.items():  # fmt: skip
        (root / link).symlink_to(folder)
    (elsewhere / "round").symlink_to(elsewhere)
    (root / "p5").symlink_to(tmp_path / "a drive that is not there")
    found = read_cases(f"folder:{root}{SPEC}")
    assert [case.id for case in found.cases] == ["p2/a", "p3/b"], "a folder's own path before links"
    assert [(item.file.name, item.reason) for item in found.skipped] == [
        ("p5", "p5 cannot be opened: No such file or directory.")
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="paths have another limit there")
def test_a_folder_that_cannot_be_read_is_named(folder):
    place = trees.unreadable(folder / "images")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [case.id for case in found.cases] == ["a", "b", "c", "d"]
    assert [(item.file, item.reason) for item in found.skipped] == [
        (place, "This folder cannot be read: File name too long.")
    ]


def test_files_called_by_a_uid_keep_their_last_number(tmp_path):
    for number in (7, 8):
        picture = trees.save(tmp_path / "picture.png", trees.picture(number))
        picture.rename(tmp_path / f"1.2.840.{number}")
    (tmp_path / "cases.csv").write_text(
        "file,label,group\n1.2.840.7,benign,1\n1.2.840.8,normal,2\n"
    )
    found = read_cases(f"folder:{tmp_path}{SPEC}")
    assert [(c.id, c.label) for c in found.cases] == [
        ("1.2.840.7", "benign"),
        ("1.2.840.8", "normal"),
    ]


def test_the_folder_of_images_may_be_called_so_in_capitals(folder):
    """Else its table would name no file, and the patients of it would be nobody's."""
    before = read_cases(f"folder:{folder}{SPEC}")
    (folder / "images").rename(folder / "Images")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [(c.label, c.group) for c in found.cases] == [(c.label, c.group) for c in before.cases]
    assert found.skipped == ()


def test_a_mask_may_have_other_capitals_than_its_scan(folder):
    """As its row may: a scan whose label is normal would have an empty truth beside its mask."""
    trees.save(folder / "images" / "Ward" / "A1.png", trees.picture(8))
    trees.save(folder / "masks" / "ward" / "a1.png", trees.box(10, 10, 20, 30))
    trees.save(folder / "masks" / "ward" / "a1_mask_2.png", trees.box(40, 10, 50, 30))
    trees.save(folder / "masks" / "B.png", trees.box(10, 40, 20, 60))
    with (folder / "cases.csv").open("a") as table:
        table.write("ward/a1.png,normal,P9,,low\n")
    found = read_cases(f"folder:{folder}{SPEC}")
    masks = {case.id: [file.name for file in case.truth_files] for case in found.cases}
    assert masks["Ward/A1"] == ["a1.png", "a1_mask_2.png"]
    assert masks["b"] == ["b_mask.png", "b_mask_1.png"]
    assert [(item.file.name, item.reason) for item in found.skipped] == [
        ("B.png", "A mask without its image.")
    ], "where it is not clear which is meant, the name has to be the same"


def test_an_unsaid_modality_is_guessed_and_it_says_so(folder):
    found = read_cases(f"folder:{folder}")
    assert "Modality guessed from the pixels" in found.notes[0]


def test_what_does_not_belong_is_named(folder):
    trees.save(folder / "masks" / "z.png", trees.box(1, 1, 5, 5))
    trees.save(folder / "images" / "a.png", trees.picture(9))
    wide = np.zeros((60, 160), np.uint8)
    trees.save(folder / "masks" / "d.png", wide)
    with (folder / "cases.csv").open("a") as table:
        table.write("gone.jpg,benign,P9,,low\n")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert {item.file.name: item.reason for item in found.skipped} == {
        "z.png": "A mask without its image.",
        "a.png": "a.jpg has the same name.",
        "d.jpg": "Its mask d.png is 160x60, the scan 80x60: another shape.",
        "gone.jpg": "Named in cases.csv, but not there.",
    }
    assert [case.id for case in found.cases] == ["a", "b", "c"]


def test_without_a_column_group_cases_are_grouped_by_near_duplicates(folder):
    (folder / "cases.csv").unlink()
    trees.save(folder / "images" / "e.png", trees.picture(0)[4:, 5:])  # a, cropped
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [case.group for case in found.cases] == ["a", "b", "c", "d", "a"]
    assert found.notes[0] == (
        "No patients are named: 5 scans in 4 groups, by 1 pair that shows the same picture and 0 "
        "that nearly do."
    )


@pytest.mark.data
def test_cdd_cesm_comes_as_a_folder(data):
    found = read_cases(f"folder:{data / 'cdd-cesm'}?energy=low&modality=mammogram")
    assert found.name == "cdd-cesm" and len(found.cases) == 315 and found.skipped == ()
    assert {case.label for case in found.cases} == {"malignant"}
    assert len({case.group for case in found.cases}) == 175
    case = next(case for case in found.cases if case.id == "P102_R_DM_CC")
    assert (case.group, case.findings) == ("P102", "Focal asymmetrical increased density")
    assert read_truth(case, read_scan(case.file)).any()


def test_arrays_of_numpy_are_told_and_not_called_absent(tmp_path):
    (tmp_path / "images").mkdir()
    np.save(tmp_path / "images" / "a.npy", trees.picture(1))
    np.savez(tmp_path / "images" / "b.npz", trees.picture(1))
    trees.save(tmp_path / "images" / "c.png", trees.picture(1))
    (tmp_path / "cases.csv").write_text("file,label\na.npy,benign\n")
    found = read_cases(f"folder:{tmp_path}")
    assert [item.file.name for item in found.skipped] == ["a.npy", "b.npz"]
    assert not any("not there" in item.reason for item in found.skipped)
