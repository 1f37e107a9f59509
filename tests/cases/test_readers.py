"""Data sets as people download them -> cases, and what is said of files that are no cases."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.cases import CasesError, CaseSet, hub, read_cases, read_truth
from bcweb.cases.files import read_table
from bcweb.scans import read_scan
from tests.cases import trees
from tests.scans.made import dicom, written


def by_id(found: CaseSet) -> dict:
    return {case.id: case for case in found.cases}


def truth(case) -> np.ndarray:
    return read_truth(case, read_scan(case.file))


def reasons(found: CaseSet) -> dict[str, str]:
    return {item.file.name: item.reason for item in found.skipped}


# ---- BUSI


def test_busi_gives_labels_and_the_union_of_several_masks(tmp_path):
    trees.busi(tmp_path)
    found = read_cases(f"busi:{tmp_path}")  # the folder it was unpacked in will do
    cases = by_id(found)
    assert found.name == "busi" and found.skipped == ()
    assert list(cases) == ["benign (1)", "benign (2)", "malignant (1)", "normal (2)", "normal (3)"]
    assert {case.dataset for case in found.cases} == {"busi"}
    assert {case.modality for case in found.cases} == {"ultrasound"}
    assert cases["malignant (1)"].label == "malignant"
    both = trees.box(10, 10, 20, 30) | trees.box(30, 40, 40, 60)
    np.testing.assert_array_equal(truth(cases["benign (2)"]), both > 0)
    assert cases["normal (2)"].has_truth and not truth(cases["normal (2)"]).any()


def test_the_two_normals_that_show_a_lesion_are_left_out_with_the_reason(tmp_path):
    root = trees.busi(tmp_path)
    trees.save(root / "normal" / "normal (1).png", trees.picture(9))
    trees.save(root / "normal" / "normal (34).png", trees.picture(10))
    found = read_cases(f"busi:{root}")
    assert not {"normal (1)", "normal (34)"} & set(by_id(found))
    assert "benign (269)" in reasons(found)["normal (1).png"]
    assert "benign (437)" in reasons(found)["normal (34).png"]


def test_a_mask_of_busi_may_be_called_so_in_capitals(tmp_path):
    folder = trees.busi(tmp_path) / "benign"
    (folder / "benign (2)_mask_1.png").rename(folder / "benign (2)_MASK_1.png")
    found = read_cases(f"busi:{tmp_path}")
    assert found.skipped == ()
    assert {case.id: len(case.truth_files) for case in found.cases}["benign (2)"] == 2


def test_busi_is_grouped_by_a_table_that_lies_beside_it(tmp_path):
    root = trees.busi(tmp_path)
    (root / "groups.csv").write_text(
        "image,group\nbenign (1).png,0\nmalignant (1).png,0\nbenign (2).png,1\n"
    )
    found = read_cases(f"busi:{root}")
    assert [case.group for case in found.cases] == ["0", "1", "0", "normal (2)", "normal (3)"]
    assert found.notes == (
        "2 scans have no group, normal (2) for one: 0 by the picture with another scan, 2 each alone.",
        "1 group stands in two classes: benign (1) = malignant (1).",
    )


def test_busi_groups_may_be_written_on_windows_and_may_not_contradict_each_other(tmp_path):
    root = trees.busi(tmp_path)
    table = root / "groups.csv"
    rows = "image,group\nbenign\\benign (1).png,0\nmalignant (1).png,0\nbenign (1).png,"
    table.write_text(rows + "0\n")
    assert [case.group for case in read_cases(f"busi:{root}").cases[:3]] == ["0", "benign (2)", "0"]
    table.write_text(rows + "7\n")
    with pytest.raises(CasesError) as caught:
        read_cases(f"busi:{root}")
    assert str(caught.value) == (
        f"{table}: benign (1).png has the group 0 in line 2 and 7 in line 4."
    )


def test_busi_without_a_table_is_grouped_by_what_its_pictures_show(tmp_path):
    root = trees.busi(tmp_path)
    twin = trees.picture(0)[3:, 4:]  # benign (1), cropped
    trees.save(root / "malignant" / "malignant (7).png", twin)
    found = read_cases(f"busi:{root}")
    assert by_id(found)["malignant (7)"].group == by_id(found)["benign (1)"].group == "benign (1)"
    assert len({case.group for case in found.cases}) == 5
    assert any("benign (1) = malignant (7)" in note for note in found.notes)


def test_one_bad_file_stops_nothing_and_each_is_named(tmp_path):
    root = trees.busi(tmp_path)
    (root / "benign" / "benign (5).png").write_text("not a picture at all")
    (root / "benign" / "benign (6).png").touch()
    trees.save(root / "benign" / "Copy of benign.png", trees.picture(3))
    trees.save(root / "malignant" / "malignant (9)_mask.png", trees.box(1, 1, 9, 9))
    whole = trees.save(root / "malignant" / "malignant (8).png", trees.picture(8))
    whole.write_bytes(whole.read_bytes()[:900])
    (root / "malignant" / "Thumbs").write_bytes(bytes(range(99, 199)))
    (root / "malignant" / "Thumbs.db").write_bytes(bytes(range(99, 199)))
    (root / "normal" / ".DS_Store").write_bytes(b"hidden")
    found = read_cases(f"busi:{root}")
    assert len(found.cases) == 5
    said = reasons(found)
    assert set(said) == {
        "benign (5).png", "benign (6).png", "Copy of benign.png", "malignant (9)_mask.png",
        "malignant (8).png", "Thumbs",
    }, "but no word of what lies beside scans everywhere"  # fmt: skip
    assert said["benign (6).png"] == "The file is empty."
    assert said["malignant (9)_mask.png"] == "A mask without its image."
    assert all(reason.endswith(".") for reason in said.values())


def test_a_lesion_without_a_mask_has_an_unknown_truth(tmp_path):
    root = trees.busi(tmp_path)
    (root / "benign" / "benign (1)_mask.png").unlink()
    case = by_id(read_cases(f"busi:{root}"))["benign (1)"]
    assert not case.has_truth and truth(case) is None


@pytest.mark.data
def test_busi_itself(data):
    found = read_cases(f"busi:{data / 'busi'}")
    assert len(found.cases) == 778 and len(found.skipped) == 2
    assert sum(case.label == "malignant" for case in found.cases) == 210
    assert len(by_id(found)["benign (195)"].truth_files) == 3
    assert len({case.group for case in found.cases}) == 582
    assert "benign (433) = benign (435) = malignant (145)" in found.notes[0]


# ---- BUS-BRA


def test_bus_bra_is_grouped_by_patient(tmp_path):
    found = read_cases(f"bus-bra:{trees.bus_bra(tmp_path)}")
    assert [(c.id, c.group, c.label, c.findings) for c in found.cases] == [
        ("bus_0001-l", "1", "benign", "fibroadenoma, BI-RADS 3"),
        ("bus_0001-r", "1", "malignant", "invasive ductal carcinoma, BI-RADS 5"),
        ("bus_0002-s", "2", "benign", "cyst, BI-RADS 2"),
    ]
    assert {case.device for case in found.cases} == {"GE Logiq 7"}, "without its frequencies"
    assert truth(found.cases[2]).sum() == 10 * 20
    assert found.notes == ()


def test_bus_bra_without_its_table_takes_the_patients_from_the_names(tmp_path):
    root = trees.bus_bra(tmp_path)
    (root / "bus_data.csv").unlink()
    found = read_cases(f"bus-bra:{tmp_path}")
    assert [case.group for case in found.cases] == ["1", "1", "2"]
    assert {case.label for case in found.cases} == {None}
    assert {case.device for case in found.cases} == {""}
    assert "bus_data.csv is missing" in found.notes[0]


def test_a_table_without_its_columns_gets_a_sentence(tmp_path):
    root = trees.bus_bra(tmp_path)
    (root / "bus_data.csv").write_text("Name,Case\nbus_0001-l,1\n")
    with pytest.raises(CasesError, match=r"bus_data\.csv has no column ID; it has Name, Case\."):
        read_cases(f"bus-bra:{root}")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("bus_0001-l,7,fibroadenoma,benign,3,", "Case 1 in line 2 and 7 in line 5"),
        ("bus_0001-l,1,,malignant,,", "Pathology benign in line 2 and malignant in line 5"),
    ],
)
def test_two_rows_of_one_bus_bra_picture_may_not_contradict_each_other(tmp_path, row, what):
    root = trees.bus_bra(tmp_path)
    with (root / "bus_data.csv").open("a") as table:
        table.write(f"{row}\n")
    with pytest.raises(CasesError) as caught:
        read_cases(f"bus-bra:{root}")
    assert str(caught.value) == f"{root / 'bus_data.csv'}: bus_0001-l has the {what}."


def test_of_two_masks_of_one_name_the_second_is_told(tmp_path):
    root = trees.bus_bra(tmp_path)
    trees.save(root / "Masks" / "mask_0001-l.tif", trees.box(10, 10, 50, 60))
    found = read_cases(f"bus-bra:{root}")
    assert truth(by_id(found)["bus_0001-l"]).sum() == 10 * 20
    assert reasons(found) == {"mask_0001-l.tif": "mask_0001-l.png is the mask of the same case."}


@pytest.mark.data
def test_bus_bra_itself(data):
    found = read_cases(f"bus-bra:{data / 'bus-bra'}")
    assert len(found.cases) == 1875 and found.skipped == ()
    # 1,064 patients by the table, of whom three came twice.
    assert len({case.group for case in found.cases}) == 1061
    assert by_id(found)["bus_0356-l"].group == by_id(found)["bus_0341-l"].group


# ---- STU


@pytest.mark.data
def test_stu_masks_of_another_size_are_resampled_and_it_is_said(data):
    found = read_cases(f"stu:{data / 'stu'}")
    assert [case.id for case in found.cases[:3]] == ["Test_Image_1", "Test_Image_2", "Test_Image_3"]
    assert len({case.group for case in found.cases}) == len(found.cases) == 42
    assert found.notes == ("36 masks have another size than their scan and are resampled to it.",)
    for case in found.cases:
        mask = truth(case)
        assert mask.shape == (128, 128) and 0.005 < mask.mean() < 0.6


# ---- mini-MIAS

INFO = """INFORMATION:
3rd column: Class of abnormality present:

mdb001 G CIRC B 535 425 197
mdb002 D CALC M 500 600 20
mdb002 D ARCH B
mdb003 F NORM
mdb059 F CIRC B *NOTE 1*
"""


def mini_mias(root):
    (root / "Info.txt").write_text(INFO)
    for number in (1, 2, 3, 4, 59):
        trees.save(root / f"mdb{number:03}.pgm", trees.picture(number))
    return root


def test_mini_mias_knows_the_truth_of_normals_only(tmp_path):
    found = read_cases(f"mini-mias:{mini_mias(tmp_path)}")
    cases = by_id(found)
    assert [(c.id, c.label, c.group, c.has_truth) for c in found.cases] == [
        ("mdb001", "benign", "1", False),
        ("mdb002", "malignant", "1", False),
        ("mdb003", "normal", "2", True),
        ("mdb059", "benign", "30", False),
    ]
    assert {case.modality for case in found.cases} == {"mammogram"}
    # y 425 from the bottom of 1024 rows
    assert cases["mdb001"].findings == (
        "circumscribed mass in the circle x 535, y 599, radius 197 px; fatty-glandular tissue"
    )
    assert not truth(cases["mdb003"]).any() and truth(cases["mdb001"]) is None
    assert reasons(found) == {"mdb004.pgm": "Info.txt does not name it."}


@pytest.mark.data
def test_mini_mias_itself(data):
    found = read_cases(f"mini-mias:{data / 'mini-mias'}")
    assert len(found.cases) == 322 and found.skipped == ()
    assert sum(case.label == "normal" for case in found.cases) == 207
    assert sum("circle" in case.findings for case in found.cases) == 111
    assert len({case.group for case in found.cases}) == 161


# ---- all of them


def test_of_two_files_that_would_be_one_case_the_second_is_told(tmp_path):
    for name in ("Test_Image_1.png", "Test_Image_1.tif", "mask_1.png"):
        trees.save(tmp_path / name, trees.box(10, 10, 20, 30))
    found = read_cases(f"stu:{tmp_path}")
    assert [(case.id, case.has_truth) for case in found.cases] == [("Test_Image_1", True)]
    assert reasons(found) == {"Test_Image_1.tif": "Test_Image_1.png is the same case."}


def _bus_bra(root):
    root = trees.bus_bra(root)
    table = root / "bus_data.csv"
    return root, table, table.read_text().splitlines(), "bus_{0:04}-l,{0},,,,"


def _mini_mias(root):
    (mini_mias(root) / "mdb004.pgm").unlink()
    return root, root / "Info.txt", INFO.splitlines(), "mdb{0:03} F NORM"


def _cbis_boxes(root):
    trees.save(root / "images" / "1.png", trees.picture(1))
    return (
        root,
        root / "boxes.csv",
        ["file,group,x,y,w,h", "1.png,1,9,9,9,9"],
        "{0}.png,{0},9,9,9,9",
    )


def _folder(root):
    trees.save(root / "1.png", trees.picture(1))
    return root, root / "cases.csv", ["file,group,modality", "1.png,1,US"], "{0}.png,{0},US"


def test_the_groups_of_all_of_busi_are_those_of_a_part_of_it_too(tmp_path):
    """They are no list of what there is."""
    names = ("benign (1)", "benign (2)", "benign (99)", "malignant (1)", "normal (2)", "normal (3)")
    root = trees.busi(tmp_path)
    rows = [f"{name}.png,{number}" for number, name in enumerate(names)]
    (root / "groups.csv").write_text("\n".join(["image,group", *rows]))
    found = read_cases(f"busi:{root}")
    assert found.skipped == () and "2" not in {case.group for case in found.cases}


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("bus-bra", _bus_bra), ("mini-mias", _mini_mias), ("cbis-boxes", _cbis_boxes), ("folder", _folder),
    ],
)  # fmt: skip
def test_a_picture_that_a_table_names_and_that_is_not_there_is_told(tmp_path, kind, make):
    """Each by itself; of a part of a large data set, which lacks thousands, in one line."""
    root, table, rows, another = make(tmp_path)

    def left_out(*numbers: int) -> list[tuple[str, str]]:
        table.write_text("\n".join([*rows, *map(another.format, numbers)]) + "\n")
        found = read_cases(f"{kind}:{root}")
        return [(item.file.name, item.reason) for item in found.skipped]

    assert left_out() == []
    [(name, reason)] = left_out(207)
    assert name in another.format(207) and reason == f"Named in {table.name}, but not there."
    assert left_out(*range(207, 227)) == [
        (table.name, f"It names 20 files that are not there, {name} for one.")
    ]


# ---- which data set


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("nowhere", "nowhere names no data set; write KIND:PATH, with KIND one of busi, "),
        ("", "An empty name names no data set"),
        ("folder:", "folder: names no data set"),
        (r"C:\nowhere", r"C:\nowhere names no data set"),
        (r"folder:C:\nowhere", r"C:\nowhere is not a folder."),
        (
            "PATH",
            "PATH is a folder without its KIND: write folder:PATH, or in place of folder the data set that it "
            "is as published, one of busi, bus-bra, stu, mini-mias, cbis-boxes.",
        ),
        ('"PATH"', "write folder:PATH, or"),
        ("file://PATH", "write folder:PATH, or"),
        ("ddsm:PATH", "names no data set; write KIND:PATH"),
        ("busi:PATH/nowhere", "is not a folder."),
        ("folder:~nobody-of-this-name/x", "~nobody-of-this-name/x is not a folder."),
        ("busi:PATH", "is not BUSI: it has no folder benign."),
        ("bus-bra:PATH", "is not BUS-BRA: it has no folders Images and Masks."),
        ("mini-mias:PATH", "is not mini-MIAS: it has no Info.txt."),
        ("stu:PATH", "holds no stu case."),
        ("folder:PATH", "holds no folder case."),
        ("folder:PATH?energy", "energy after the question mark is not COLUMN=VALUE."),
    ],
)
def test_a_spec_that_names_nothing_gets_one_sentence(spec, sentence, tmp_path):
    with pytest.raises(CasesError) as caught:
        read_cases(spec.replace("PATH", str(tmp_path)))
    assert sentence in str(caught.value).replace(str(tmp_path), "PATH")


@pytest.mark.parametrize(
    "spec",
    [
        "folder:{0}/my set", 'folder:"{0}/my set"', "'folder:{0}/my set'", " Folder: {0}/my set\n",
        "folder:file://{0}/my%20set", "folder:~/my set", 'folder:"~/my set"',
        "folder:{0}/my set?modality=ultrasound", 'folder:"{0}/my set?modality=ultrasound"',
    ],
)  # fmt: skip
def test_a_spec_is_taken_as_people_paste_it(spec, tmp_path, monkeypatch):
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    trees.save(tmp_path / "my set" / "a.png", trees.picture(1))
    found = read_cases(spec.format(tmp_path))
    assert [case.file for case in found.cases] == [tmp_path / "my set" / "a.png"]


def test_columns_of_a_data_set_on_the_hub_that_differ_in_capitals_alone_are_one(tmp_path):
    """A table's columns are told in any case, and twice the same would have the whole data set refused."""
    there = ["image", "File", "Label", "label", "Group", "GROUP", "ID", "mask", "id"]
    columns = hub._columns(there)
    assert columns == ["label", "Group", "ID"]
    table = tmp_path / "cases.csv"
    table.write_text(f"file,{','.join(columns)}\na.png,benign,P1,7\n")
    _, rows = read_table(table, "file", known=("label", "group"))
    assert rows == {2: {"file": "a.png", "label": "benign", "group": "P1", "ID": "7"}}


def test_a_mask_without_rows_costs_no_case_but_its_own(tmp_path):
    for name in "ab":
        trees.save(tmp_path / "images" / f"{name}.png", trees.picture(1))
    trees.save(tmp_path / "masks" / "a.png", trees.box(10, 10, 20, 30))
    (tmp_path / "masks" / "b.dcm").write_bytes(written(dicom(Rows=0)))
    found = read_cases(f"folder:{tmp_path}")
    assert truth(by_id(found)["a"]).any()
    assert reasons(found)["b.dcm"] == "The image is 30x0 pixels; at least 16x16 are needed."


def test_a_folder_of_bad_files_says_why_the_first_was_skipped(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(CasesError, match=r"1 file left out, a\.png for one \(The file is empty\)"):
        read_cases(f"folder:{tmp_path}")


@pytest.mark.data
@pytest.mark.parametrize(
    ("spec", "ids"),
    [
        ("busi", ["benign (1)", "benign (100)", "benign (195)", "malignant (1)", "malignant (53)"]),
        ("bus-bra", ["bus_0001-l", "bus_0001-r"]),
        ("mini-mias", ["mdb001", "mdb003"]),
    ],
)
def test_the_files_as_their_authors_publish_them_are_read(data, spec, ids):
    found = read_cases(f"{spec}:{data / 'original-files'}")
    assert [case.id for case in found.cases] == ids
    for case in found.cases:
        known = truth(case)
        assert known is None or known.shape == read_scan(case.file).pixels.shape


# ---- CBIS-DDSM as boxes


def cbis_boxes(root, rows: str):
    for name in ("00001_LEFT_CC.png", "00002_LEFT_CC.png"):
        trees.save(root / "images" / name, trees.picture(1))
    (root / "boxes.csv").write_text("file,group,x,y,w,h\n" + rows)
    return read_cases(f"cbis-boxes:{root}")


def test_a_box_becomes_the_ellipse_within_it_and_the_reader_says_that_it_is_weak(tmp_path):
    found = cbis_boxes(
        tmp_path,
        "00001_LEFT_CC.png,00001,10.0,20.0,40.0,20.0\n00001_LEFT_CC.png,00001,60,2,2,2\n",
    )
    (case,) = found.cases
    assert (case.dataset, case.group, case.modality) == ("cbis-ddsm", "00001", "mammogram")
    drawn = truth(case)
    first = drawn[:, :55]
    assert (first.any(1).nonzero()[0][[0, -1]] == [20, 39]).all(), "as high as the box"
    assert (first.any(0).nonzero()[0][[0, -1]] == [10, 49]).all(), "and as wide"
    assert not first[20, 10] and first[30, 30]
    assert first.sum() == pytest.approx(np.pi / 4 * 40 * 20, rel=0.02)
    assert drawn[2:4, 60:62].all() and drawn[:, 55:].sum() == 4, "a small box is its four pixels"
    assert "not scores against masks" in found.notes[0]
    assert reasons(found) == {"00002_LEFT_CC.png": "boxes.csv does not name it."}


@pytest.mark.parametrize("box", ["1,2,three,4", "1,2,0,4", "-3,2,3,4", "nan,2,3,4"])
def test_what_is_no_box_is_named_with_its_line(tmp_path, box):
    with pytest.raises(CasesError, match=r"boxes\.csv, line 2: "):
        cbis_boxes(tmp_path, f"00001_LEFT_CC.png,00001,{box}\n")


def test_a_picture_of_two_patients_is_refused(tmp_path):
    with pytest.raises(CasesError) as caught:
        cbis_boxes(
            tmp_path, "00001_LEFT_CC.png,1,60,2,2,2\n\nimages\\00001_LEFT_CC.png,2,9,2,2,2\n"
        )
    assert str(caught.value) == (
        f"{tmp_path / 'boxes.csv'}: images\\00001_LEFT_CC.png has the group 1 in line 2 and 2 in line 4."
    )


def test_a_box_beyond_its_image_leaves_the_image_out(tmp_path):
    found = cbis_boxes(
        tmp_path, "00001_LEFT_CC.png,1,60,10,40,10\n00002_LEFT_CC.png,2,10,10,40,10\n"
    )
    assert [case.id for case in found.cases] == ["00002_LEFT_CC"]
    assert "beyond the image" in reasons(found)["00001_LEFT_CC.png"]


@pytest.mark.data
def test_cbis_boxes_itself(data):
    found = read_cases(f"cbis-boxes:{data / 'cbis-ddsm-boxes'}")
    assert len(found.cases) == 1231 and not found.skipped
    assert sum(len(case.boxes) for case in found.cases) == 1318
    assert len({case.group for case in found.cases}) == 691
