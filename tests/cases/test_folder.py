"""Any folder as a data set: its two layouts, cases.csv, and selecting by its columns."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bcweb.cases import CasesError, read_cases, read_truth
from bcweb.page.folder import list_folder
from bcweb.page.pairing import pair
from bcweb.scans import read_scan
from tests.cases import trees
from tests.scans.made import dicom, written

SPEC = "?modality=ultrasound"


@pytest.fixture
def folder(tmp_path):
    """images/ and masks/ for a, b; c is normal; d has no mask; a table with a column energy."""
    for seed, name in enumerate("abcd"):
        trees.save(tmp_path / "images" / f"{name}.jpg", trees.picture(seed))
    trees.save(tmp_path / "masks" / "a.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "b_mask.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "b_mask_1.png", trees.box(40, 10, 50, 30))
    (tmp_path / "cases.csv").write_text(
        "file,label,group,findings,energy\n"
        "a.jpg,malignant,P1,mass,low\n"
        "b.jpg,benign,P1,,low\n"
        "c.jpg,normal,P2,,high\n"
        "d.jpg,,P3,,high\n"
    )
    return tmp_path


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


def test_the_table_may_name_files_from_the_folder(folder):
    table = folder / "cases.csv"
    table.write_text(table.read_text().replace("a.jpg", "images/a.jpg"))
    assert read_cases(f"folder:{folder}{SPEC}").cases[0].label == "malignant"


def test_the_folder_of_images_may_be_called_so_in_capitals(folder):
    """Else its table would name no file, and the patients of it would be nobody's."""
    before = read_cases(f"folder:{folder}{SPEC}")
    (folder / "images").rename(folder / "Images")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [(c.label, c.group) for c in found.cases] == [(c.label, c.group) for c in before.cases]
    assert found.skipped == ()


def test_the_table_may_have_been_written_on_windows(folder):
    table = folder / "cases.csv"
    table.write_text(
        table.read_text().replace("a.jpg", r"images\a.jpg").replace("b.jpg", r".\b.jpg")
    )
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [(case.id, case.label) for case in found.cases[:2]] == [
        ("a", "malignant"),
        ("b", "benign"),
    ]
    assert found.skipped == ()


def test_the_query_selects_rows(folder):
    def ids(query: str) -> list[str]:
        return [case.id for case in read_cases(f"folder:{folder}?{query}").cases]

    assert ids("energy=low&modality=ultrasound") == ["a", "b"]
    assert ids("energy=low&label=benign&modality=mammogram") == ["b"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("view=CC", "No column view to select by: it has energy, file, findings, group, label."),
        ("energy=medium", "No row has energy=medium; there is high, low."),
        ("modality=xray", "'xray' is no modality; write ultrasound or mammogram."),
    ],
)
def test_a_query_that_selects_nothing_says_what_there_is(folder, query, sentence):
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}?{query}")
    assert str(caught.value) == sentence


def test_the_table_may_say_each_scans_modality_and_come_from_a_spreadsheet(folder):
    table = "\ufefffile;modality;group\na.jpg;Mammogram;1\nb;ultrasound;2\n"
    (folder / "cases.csv").write_text(table, encoding="utf-8")
    found = read_cases(f"folder:{folder}?modality=ultrasound")
    assert [(case.id, case.modality) for case in found.cases] == [("b", "ultrasound")]


def test_the_table_may_be_quoted_with_line_breaks_inside(folder):
    table = '"file","findings","group"\n"a.jpg","a mass,\nand another","1"\n'
    (folder / "cases.csv").write_text(table)
    case = read_cases(f"folder:{folder}{SPEC}").cases[0]
    assert (case.id, case.findings, case.group) == ("a", "a mass,\nand another", "1")


@pytest.mark.parametrize("rows", ["", "b.jpg,benign,P2,\n", "b.jpg,benign,P2,\n" * 9000])
def test_a_quote_that_is_not_closed_swallows_no_rows(folder, rows):
    table = folder / "cases.csv"
    table.write_text('file,label,group,findings\na.jpg,benign,P1,"mass\n' + rows)
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}{SPEC}")
    assert str(caught.value) == f"{table}, line 2: a quote is not closed at the end of its cell."


def test_a_cell_that_is_too_long_is_not_told_as_a_quote(folder):
    table = folder / "cases.csv"
    table.write_text("file,findings\na.jpg,mass\nb.jpg," + "mass " * 30000 + "\n")
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}{SPEC}")
    assert str(caught.value) == f"{table}, line 3: a cell has more than 131,072 characters."


@pytest.mark.parametrize(
    "above", ["\n", ";;\r\n", "sep=;\n", '\ufeff"sep=;"\r\n\r\n', "\ufeff\r\n\r\n"]
)
def test_what_a_spreadsheet_leaves_above_the_header_is_no_header(folder, above):
    table, lines = folder / "cases.csv", above.count("\n")
    rows = 'file;label;group\na.jpg;"benign, lobed, firm";P1\n'
    table.write_text(above + rows, encoding="utf-8", newline="")
    [case] = [case for case in read_cases(f"folder:{folder}{SPEC}").cases if case.label]
    assert (case.id, case.label, case.group) == ("a", "benign, lobed, firm", "P1")
    table.write_text(above + rows + "b.jpg;benign;P2;2\n", encoding="utf-8", newline="")
    with pytest.raises(CasesError, match=rf"line {lines + 3}: it has more cells"):
        read_cases(f"folder:{folder}{SPEC}")
    table.write_text(above + rows + 'b.jpg;"benign\n', encoding="utf-8", newline="")
    with pytest.raises(CasesError, match=rf"line {lines + 3}: a quote is not closed"):
        read_cases(f"folder:{folder}{SPEC}")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("file,findings,group\nb.jpg,,1,,\na.jpg,mass, irregular,12\n", 3, "comma"),
        ("file;group\na.jpg;P1;2\n", 2, "semicolon"),
        ("file\tgroup\na.jpg\tP1\t2\n", 2, "tab"),
    ],
)
def test_a_comma_in_a_cell_without_quotes_moves_no_cell_into_another_column(
    folder, text, line, what
):
    """Two patients whose finding is "mass, irregular" would be one whose name is irregular."""
    table = folder / "cases.csv"
    table.write_text(text)
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}{SPEC}")
    assert str(caught.value) == (
        f"{table}, line {line}: it has more cells than the first line has columns; put quotes around one that holds "
        f"a {what}."
    )


def test_empty_cells_behind_the_last_column_say_nothing(folder):
    """Spreadsheets leave them, too."""
    (folder / "cases.csv").write_text("file,group\na.jpg,P1,,\nb.jpg,P2, ,\n")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [case.group for case in found.cases[:2]] == ["P1", "P2"]


def test_a_table_without_rows_has_columns_all_the_same(folder):
    (folder / "cases.csv").write_text("file,group,energy\n")
    for query, sentence in (
        ("view=CC", "No column view to select by: it has energy, file, group."),
        ("energy=low", "No row has energy=low; cases.csv has none."),
    ):
        with pytest.raises(CasesError) as caught:
            read_cases(f"folder:{folder}?{query}")
        assert str(caught.value) == sentence


def test_a_quote_in_the_middle_is_an_inch_and_a_space_before_one_is_nothing(folder):
    (folder / "cases.csv").write_text('file, group, findings\na.jpg, "P1", a 2" mass\n')
    case = read_cases(f"folder:{folder}{SPEC}").cases[0]
    assert (case.group, case.findings) == ("P1", 'a 2" mass')


def test_a_column_that_is_there_twice_is_refused(folder):
    table = folder / "cases.csv"
    table.write_text("file,group,label,group\na.jpg,P1,,\n")
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}{SPEC}")
    assert str(caught.value) == f"{table} has the column group twice."


def test_scans_without_a_patient_where_others_have_one_stand_with_their_twins(folder):
    for name, twin in (("e", "a"), ("g", "f")):
        if twin == "f":
            trees.save(folder / "images" / "f.png", trees.picture(77))
        there = next((folder / "images").glob(f"{twin}.*"))
        (folder / "images" / f"{name}{there.suffix}").write_bytes(there.read_bytes())
    (folder / "cases.csv").write_text("file,label,group\na.jpg,Normal,P1\nb.jpg,,\nc.jpg,,P1\n")
    found = read_cases(f"folder:{folder}{SPEC}")
    groups = {case.id: case.group for case in found.cases}
    assert groups == {"a": "P1", "b": "b", "c": "P1", "d": "d", "e": "P1", "f": "f", "g": "f"}, (
        "a twin of a patient's scan must not come to the other side of a split"
    )
    assert found.notes == (
        "5 scans have no group, b for one: 3 by the picture with another scan, 2 each alone.",
    )


def test_a_scan_without_a_patient_joins_none_that_is_called_as_it_is(folder):
    rows = "file,label,group\na.jpg,benign,b\nb.jpg,benign,\nc.jpg,benign,scan b\nd.jpg,benign,\n"
    (folder / "cases.csv").write_text(rows)
    found = read_cases(f"folder:{folder}{SPEC}")
    groups = {case.id: case.group for case in found.cases}
    assert groups == {"a": "b", "b": "scan scan b", "c": "scan b", "d": "d"}
    assert found.notes == (
        "2 scans have no group, b for one: 0 by the picture with another scan, 2 each alone.",
    )


def test_normal_may_begin_with_a_capital(folder):
    table = folder / "cases.csv"
    table.write_text(table.read_text().replace("normal", "Normal"))
    [normal] = [c for c in read_cases(f"folder:{folder}{SPEC}").cases if c.label == "Normal"]
    assert normal.has_truth and not normal.truth_files


def test_an_accent_may_be_a_letter_or_a_mark_by_itself(folder):
    """A Mac's archives hold it in two characters, tables in one."""
    apart, whole = "ane\u0301.png", "an\u00e9.png"
    trees.save(folder / "images" / apart, trees.picture(7))
    trees.save(folder / "masks" / whole, trees.box(10, 10, 20, 30))
    with (folder / "cases.csv").open("a", encoding="utf-8") as table:
        table.write(f"{whole},benign,P9,,low\n")
    found = read_cases(f"folder:{folder}{SPEC}")
    [case] = [case for case in found.cases if case.group == "P9"]
    assert (case.file.name, len(case.truth_files), found.skipped) == (apart, 1, ())


def test_a_table_may_have_other_capitals_than_the_files(folder):
    """On a disk that does not tell them apart the file is there, and was its row's case without its patient."""
    trees.save(folder / "images" / "Ward" / "Übung.PNG", trees.picture(8))
    table = folder / "cases.csv"
    table.write_text(
        "file,group\nA.JPG,P1\nward/übung.png,P2\nB.jpg,P3\nb.jpg,P4\n", encoding="utf-8"
    )
    found = read_cases(f"folder:{folder}{SPEC}")
    groups = {case.id: case.group for case in found.cases}
    assert (groups["a"], groups["Ward/Übung"], groups["b"]) == ("P1", "P2", "P4")
    assert [(item.file.name, item.reason) for item in found.skipped] == [
        ("B.jpg", "Named in cases.csv, but not there.")
    ], "where it is not clear which is meant, the name has to be the same"


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


def test_rows_of_one_picture_are_one_case(folder):
    (folder / "cases.csv").write_text(
        "file,label,group,findings,lesion\n"
        "a.jpg,malignant,,mass,1\n"
        "images/a.jpg,,P1,calcification,2\n"
        "a.jpg,malignant,P1,mass,3\n"
    )
    case = read_cases(f"folder:{folder}{SPEC}").cases[0]
    assert (case.label, case.group, case.findings) == ("malignant", "P1", "mass; calcification")


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("a.jpg,benign,P1,ultrasound", "a.jpg has the label malignant in line 2 and benign in line 4."),
        ("images/a.jpg,malignant,P2,ultrasound", "images/a.jpg has the group P1 in line 2 and P2 in line 4."),
        ("a.jpg,,P1,mammogram", "a.jpg has the modality ultrasound in line 2 and mammogram in line 4."),
    ],
)  # fmt: skip
def test_rows_of_one_picture_that_contradict_each_other_are_refused(folder, second, sentence):
    table = folder / "cases.csv"
    table.write_text(
        f"file,label,group,modality\na.jpg,malignant,P1,ultrasound\nb.jpg,,P3,ultrasound\n{second}\n"
    )
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}")
    assert str(caught.value) == f"{table}: {sentence}"


def test_an_empty_row_says_nothing_and_a_row_without_a_file_is_refused(folder):
    """Spreadsheets leave rows of commas below a table."""
    table = folder / "cases.csv"
    table.write_text("file,label,group\na.jpg,benign,P1\n,,\n")
    assert read_cases(f"folder:{folder}{SPEC}").cases[0].label == "benign"
    table.write_text("file,label,group\na.jpg,benign,P1\n,malignant,P2\n")
    with pytest.raises(CasesError, match="names no file in line 3"):
        read_cases(f"folder:{folder}{SPEC}")


def test_a_table_may_have_tabs_capitals_and_the_modalities_of_dicom(folder):
    table = "File\tLabel\tGROUP\tModality\na.jpg\tbenign, lobed\tP1\tMG\nb.jpg\t\tP2\tus\n"
    (folder / "cases.csv").write_text(table)
    found = read_cases(f"folder:{folder}?modality=mammogram")
    [case] = found.cases
    assert (case.id, case.label, case.group, case.modality) == (
        "a", "benign, lobed", "P1", "mammogram",
    )  # fmt: skip
    assert [case.id for case in read_cases(f"folder:{folder}{SPEC}").cases] == ["b"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", " is empty; its first line names its columns."),
        ("sep=;\n", " is empty; its first line names its columns."),
        (";;;\n;;;\n", " is empty; its first line names its columns."),
        (
            "file,modality\na.jpg,US\nb.jpg,X-Ray\n",
            ", line 3: 'X-Ray', the modality of b.jpg, is none; write ultrasound or mammogram.",
        ),
    ],
)
def test_of_a_table_that_cannot_be_used_it_is_said_where(folder, text, sentence):
    table = folder / "cases.csv"
    table.write_text(text)
    with pytest.raises(CasesError) as caught:
        read_cases(f"folder:{folder}")
    assert str(caught.value) == f"{table}{sentence}"


def test_rows_that_were_not_asked_for_contradict_nothing(folder):
    (folder / "cases.csv").write_text("file,label,reader\na.jpg,benign,1\na.jpg,malignant,2\n")
    [case] = read_cases(f"folder:{folder}{SPEC}&reader=2").cases
    assert (case.id, case.label) == ("a", "malignant")


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


def test_a_picture_that_is_there_and_cannot_be_read_is_told_once(folder):
    (folder / "images" / "b.jpg").write_bytes(b"\xff\xd8\xff of which no more came")
    skipped = read_cases(f"folder:{folder}{SPEC}").skipped
    assert [item.reason for item in skipped if item.file.name == "b.jpg"] == [
        "The image's header is cut off or damaged."
    ]


def test_a_table_without_the_column_file_gets_a_sentence(folder):
    (folder / "cases.csv").write_text("name,label\na,benign\n")
    with pytest.raises(CasesError, match="has no column file; it has name, label"):
        read_cases(f"folder:{folder}{SPEC}")


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
