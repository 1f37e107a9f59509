"""A folder's cases.csv from a table of somebody's own, or from the names of the scans; and what is said without one."""

from __future__ import annotations

import pytest

from bcweb.cases import read_cases
from bcweb.cases.__main__ import main
from bcweb.page.masks_zip import TABLE
from bcweb.segment.results import RESULTS
from tests.cases import trees

COLUMNS = "file=Image,group=PatientID,label=Pathology"


@pytest.fixture
def ward(tmp_path):
    """a, b, and c of a ward in images/, a mask of a, and no table."""
    for seed, name in enumerate(("a.jpg", "b.dots.jpg", "Ward/c.png")):
        trees.save(tmp_path / "ward7" / "images" / name, trees.picture(seed))
    trees.save(tmp_path / "ward7" / "masks" / "a.png", trees.box(10, 10, 20, 30))
    return tmp_path / "ward7"


@pytest.fixture
def convert(ward, capsys):
    """Run the command on a table that holds this; (status, what it says), without the folder's own path."""

    def run(rows: str | bytes, *more: str, columns: str = COLUMNS, name: str = "patients.csv"):
        table = ward / name
        table.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        status = main([f"folder:{ward}", "--table", str(table), "--columns", columns, *more])
        out, err = capsys.readouterr()
        return status, (out + err).replace(f"{ward}/", "").replace(str(ward), "ward7").splitlines()

    return run


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["patients.xlsx"], "patients.xlsx lies beside the scans and is not read"),
        (["Cases.CSV"], "Cases.CSV lies beside the scans and is not read"),
        (["b.tsv", "a.ods"], "a.ods and b.tsv lie beside the scans and are not read"),
        (
            ["c.xls", "b.csv", "a.csv", ".~a.csv", "~$a.csv"],
            "a.csv and 2 other tables lie beside the scans and are not read",
        ),
    ],
)
def test_a_table_that_is_not_read_is_told_of_once(ward, names, told):
    for name in names:
        (ward / name).write_text("Image,PatientID\na.jpg,P1\n")
    notes = read_cases(f"folder:{ward}").notes
    sentence = f"{told}: a table named cases.csv names the patients (docs/data.md)."
    assert [note for note in notes if "lie" in note] == [sentence]
    (ward / "cases.csv").write_text("file,group\n")
    assert not [note for note in read_cases(f"folder:{ward}").notes if "lie" in note]


def test_tables_that_this_project_writes_are_not_told_of(ward):
    for name in (RESULTS, TABLE, "verdicts.csv", "boxes.csv", "groups.csv", "scores.csv"):
        (ward / name).write_text("file,group\n")
    (ward / "images" / "patients.csv.d").mkdir()
    (ward / "patients.csv").mkdir()
    assert not [note for note in read_cases(f"folder:{ward}").notes if "lie" in note]


def test_columns_of_another_name_become_those_of_cases_csv(ward, convert):
    rows = "Nr,Image,PatientID,Pathology\n1,a.jpg,P1,benign\n2,b.dots,P1,malignant\n3,c.png,P2,\n"
    status, said = convert(rows)
    assert (status, said) == (0, ["cases.csv names 3 scans in 2 groups."])
    assert (ward / "cases.csv").read_text() == (
        "file,group,label\nimages/a.jpg,P1,benign\nimages/b.dots.jpg,P1,malignant\nimages/Ward/c.png,P2,\n"
    )
    found = read_cases(f"folder:{ward}?modality=ultrasound")
    assert [(case.id, case.group, case.label) for case in found.cases] == [
        ("Ward/c", "P2", None), ("a", "P1", "benign"), ("b.dots", "P1", "malignant"),
    ]  # fmt: skip
    assert found.notes == found.skipped == ()


@pytest.mark.parametrize(
    "rows",
    [
        "sep=;\r\nImage;PatientID;Pathology\r\nA.JPG;P1;\r\n",
        "\ufeffImage\tPatientID\tPathology\nimages/a\tP1\t\n",
        'image,"patientid",pathology\n"D:\\export\\images\\a.jpg",P1,\n',
        "Image,PatientID,Pathology\nward7/a.dcm,P1,\n",
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it_and_files_with_other_folders(ward, convert, rows):
    status, said = convert(rows)
    assert (ward / "cases.csv").read_text() == "file,group,label\nimages/a.jpg,P1,\n"
    assert (status, said) == (
        0,
        ["cases.csv names 1 scan in 1 group.", "2 files have no row, images/Ward/c.png for one."],
    )


def test_rows_without_a_file_and_of_several_are_counted_and_left_out(ward, convert):
    trees.save(ward / "images" / "Other" / "c.png", trees.picture(9))
    rows = "a,P1,\nb.dots,P1,\nc,P2,\nz.png,P3,\ny.png,P3,\n,Total,2\nWard/x.jpg,P4,\n"
    status, said = convert("Image,PatientID,Pathology\n" + rows)
    assert (status, said) == (
        0,
        [
            "cases.csv names 2 scans in 1 group.",
            "4 rows of patients.csv have no file, z.png in line 5 for one.",
            "1 row of patients.csv may be of several files, c in line 4 for one: name its folder, too.",
            "2 files have no row, images/Other/c.png for one.",
        ],
    )


def test_where_every_row_may_be_of_several_files_that_is_told(ward, convert):
    """And not that none is there."""
    trees.save(ward / "images" / "Other" / "c.png", trees.picture(9))
    several = "of patients.csv may be of several files, c in line {} for one: name its folder, too."
    status, said = convert("Image,PatientID,Pathology\nc,P1,\nC.png,P2,\n")
    assert (status, said) == (1, [f"2 rows {several.format(2)}"])
    status, said = convert("Image,PatientID,Pathology\nz,P1,\nc,P2,\n")
    assert (status, said) == (1, [f"1 row {several.format(3)}"])
    assert not (ward / "cases.csv").exists()


def test_a_row_of_one_folder_is_not_of_a_file_in_another(ward, convert):
    status, said = convert("Image,PatientID,Pathology\nOther/c.png,P1,\n")
    assert (status, (ward / "cases.csv").exists()) == (1, False)
    assert said == [
        "No row of patients.csv names a file in ward7, Other/c.png in line 2 for one; a file is called "
        "images/Ward/c.png."
    ]


def test_of_a_bare_name_that_a_scan_in_a_folder_has_too_no_other_folders_row_is(ward, convert):
    """Ward 9 is not here: its a.jpg may be the one of no ward, or not."""
    rows = "Image,PatientID,Pathology\nWard9/a.jpg,P9,\nD:\\x\\Ward\\c.png,P1,\n"
    assert convert(rows)[1][0] == "cases.csv names 2 scans in 2 groups."
    (ward / "cases.csv").unlink()
    trees.save(ward / "images" / "Ward" / "a.jpg", trees.picture(9))
    assert convert(rows)[1][:2] == [
        "cases.csv names 1 scan in 1 group.",
        "1 row of patients.csv may be of several files, Ward9/a.jpg in line 2 for one: name its folder, too.",
    ]


def test_a_file_whose_name_is_no_text_has_no_row(ward, convert, capsys):
    odd = trees.no_text(ward / "images" / "P1_ü.png")
    trees.save(ward / "images" / "P2_ü.png", trees.picture(9)).rename(odd)
    trees.save(ward / "images" / "P2_a.png", trees.picture(8))
    assert main([f"folder:{ward}", "--group-from", "(P[0-9])_"]) == 0
    assert (ward / "cases.csv").read_text() == "file,group\nimages/P2_a.png,P2\n"
    assert "4 files have no patient" in capsys.readouterr().err


def test_rows_of_one_file_are_one_and_may_not_contradict_each_other(ward, convert):
    columns = COLUMNS + ",findings=Report"
    rows = "Image,PatientID,Pathology,Report\na,P1,,mass\nimages/a.jpg,P1,benign,cyst\n"
    status, said = convert(rows, columns=columns)
    assert status == 0
    assert (ward / "cases.csv").read_text() == (
        "file,group,label,findings\nimages/a.jpg,P1,benign,mass; cyst\n"
    )
    (ward / "cases.csv").unlink()
    status, said = convert(rows + "A.JPG,P2,,\n", columns=columns)
    assert (status, said) == (
        1,
        ["patients.csv: A.JPG has the group P1 in line 2 and P2 in line 4."],
    )
    assert not (ward / "cases.csv").exists()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            "file=Image,patient=PatientID",
            "cases.csv has no column patient to fill: write file, label, group, findings or modality.",
        ),
        ("file=Image,group=Patient", "patients.csv has no column Patient; it has Image, PatientID, Age, years, View."),
        ("file=Image,group", "patients.csv has no column Image,group; it has Image, PatientID, Age, years, View."),
        ("group=PatientID", "--columns does not say which column names the files: add file=NAME."),
        ("file=Image,group=", "--columns has 'group=', which is not COLUMN=NAME, as in group=PatientID."),
        ("file=Image,group=PatientID,Group=View", "--columns fills the column group twice."),
        (
            "file=Image,modality=View",
            "patients.csv, line 2: 'CC', the modality of a.jpg, is none; write ultrasound or mammogram.",
        ),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_used_get_a_sentence(ward, convert, columns, sentence):
    status, said = convert('Image,PatientID,"Age, years",View\na.jpg,P1,50,CC\n', columns=columns)
    assert (status, said) == (1, [sentence])
    assert not (ward / "cases.csv").exists()


def test_a_column_may_have_a_comma_in_its_name(ward, convert):
    rows = 'Image,"Name, first"\na,P1\n'
    assert convert(rows, columns="file=Image, group=Name, first")[0] == 0
    assert (ward / "cases.csv").read_text() == "file,group\nimages/a.jpg,P1\n"


def test_a_table_that_is_there_stays_and_another_may_be_named(ward, convert):
    (ward / "cases.csv").write_text("file,label\na.jpg,benign\n")
    rows = "Image,PatientID,Pathology\na,P1,\n"
    assert convert(rows) == (1, ["cases.csv is there already: name another file by --to."])
    assert convert(rows, "--to", str(ward / "patients.csv")) == (
        1,
        ["patients.csv is there already: name another file by --to."],
    )
    status, said = convert(rows, "--to", str(ward / "new.csv"))
    assert status == 0 and said[0] == "new.csv names 1 scan in 1 group."
    assert (ward / "cases.csv").read_text() == "file,label\na.jpg,benign\n"
    assert (ward / "new.csv").read_text() == "file,group,label\nimages/a.jpg,P1,\n"


def test_a_table_in_latin_1_is_read_and_told_of(ward, convert):
    trees.save(ward / "images" / "Übung.png", trees.picture(5))
    status, said = convert("Image,PatientID,Pathology\nübung,Müller,\n".encode("latin-1"))
    assert status == 0 and said[1] == (
        "patients.csv is not UTF-8 and is read as Latin-1: where a letter is wrong, save it as CSV UTF-8."
    )
    written = (ward / "cases.csv").read_text(encoding="utf-8")
    assert written == "file,group,label\nimages/Übung.png,Müller,\n"


@pytest.mark.parametrize("name", ["patients.xlsx", "patients.XLS", "patients.ods"])
def test_a_workbook_is_to_be_saved_as_csv(ward, convert, name):
    assert convert(b"PK\3\4", name=name) == (1, [f"{name} is a workbook: save it as CSV."])


@pytest.mark.parametrize("content", [b"PK\3\4\0\xff", "Image\tPatientID\n".encode("utf-16")])
def test_what_is_no_text_is_not_read_as_latin_1(ward, convert, content):
    sentence = "patients.csv is not UTF-8 text; save it as CSV UTF-8."
    assert convert(content) == (1, [sentence])


@pytest.mark.parametrize("spec", ["busi:{}", "folder:{}?energy=low"])
def test_only_a_folder_gets_a_table(ward, spec, capsys):
    (ward / "patients.csv").write_text("Image,PatientID,Pathology\na,P1,\n")
    given = [spec.format(ward), "--table", str(ward / "patients.csv"), "--columns", COLUMNS]
    assert main(given) == 1
    assert capsys.readouterr().err == "A cases.csv is written for folder:PATH alone.\n"


@pytest.mark.parametrize("given", [["--table", "t.csv"], ["--columns", COLUMNS], ["--to", "x.csv"]])
def test_options_that_say_nothing_alone_are_refused(ward, given, capsys):
    with pytest.raises(SystemExit) as ended:
        main([f"folder:{ward}", *given])
    assert ended.value.code == 2
    assert "--table" in capsys.readouterr().err.splitlines()[-1]


def test_patients_may_stand_in_the_names_of_the_files(ward, capsys):
    for seed, name in enumerate(("P12_left.png", "sub/P12_right.png", "P13_left.png")):
        trees.save(ward / "images" / name, trees.picture(20 + seed))
    trees.save(ward / "masks" / "P12_left.png", trees.box(10, 10, 20, 30))
    assert main([f"folder:{ward}", "--group-from", r"^(P\d+)_"]) == 0
    out, err = capsys.readouterr()
    assert out == f"{ward / 'cases.csv'} names 3 scans in 2 groups.\n"
    assert err == "3 files have no patient, images/Ward/c.png for one.\n"
    assert (ward / "cases.csv").read_text() == (
        "file,group\nimages/P12_left.png,P12\nimages/P13_left.png,P13\nimages/sub/P12_right.png,P12\n"
    )
    groups = {case.id: case.group for case in read_cases(f"folder:{ward}").cases}
    assert groups["P12_left"] == groups["sub/P12_right"] == "P12" and groups["a"] == "a"


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        (r"^P\d+_", r"--group-from ^P\d+_ has no brackets around the patient, as ^(P[0-9]+)_ has."),
        (
            "(",
            "--group-from ( is no regular expression: missing ), unterminated subpattern at position 0.",
        ),
        (
            r"^(Q\d+)",
            r"No file in {} has a name that matches ^(Q\d+); a file is called images/Ward/c.png.",
        ),
    ],
)
def test_a_pattern_that_names_no_patient_gets_a_sentence(ward, pattern, sentence, capsys):
    assert main([f"folder:{ward}", "--group-from", pattern]) == 1
    assert capsys.readouterr().err == sentence.format(ward) + "\n"
    assert not (ward / "cases.csv").exists()
