"""cases.csv of a folder: how it may be written, what its rows say of the scans, and selecting by its columns."""

from __future__ import annotations

import sys

import pytest

from bcweb.cases import CasesError, read_cases
from tests.cases import trees

SPEC = "?modality=ultrasound"


def test_the_table_may_name_files_from_the_folder(folder):
    table = folder / "cases.csv"
    table.write_text(table.read_text().replace("a.jpg", "images/a.jpg"))
    assert read_cases(f"folder:{folder}{SPEC}").cases[0].label == "malignant"


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


@pytest.mark.parametrize("whole", ["{}/images/", "{}/", "{}/../{.name}/", "../{.name}/images/"])
def test_the_table_may_name_files_by_their_whole_path(folder, whole):
    table = folder / "cases.csv"
    named = table.read_text().replace("\n", "\n" + whole.format(folder, folder))
    table.write_text(named.removesuffix(whole.format(folder, folder)))
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [(case.label, case.group) for case in found.cases] == [
        ("malignant", "P1"), ("benign", "P1"), ("normal", "P2"), (None, "P3"),
    ], "a table of whole paths says nothing"  # fmt: skip
    assert found.skipped == ()


def test_the_table_may_name_files_by_where_a_link_leads(folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("home") / "ward"
    link.symlink_to(folder, target_is_directory=True)
    table = folder / "cases.csv"
    table.write_text(f"file,group\n{folder / 'images'}/a.jpg,P1\n{link / 'images'}/b.jpg,P1\n")
    for path in (link, folder):
        found = read_cases(f"folder:{path}{SPEC}")
        assert [case.group for case in found.cases[:2]] == ["P1", "P1"], path


def test_a_row_that_names_another_file_than_a_scan_is_told(folder, tmp_path_factory):
    other = trees.save(tmp_path_factory.mktemp("ward") / "a.jpg", trees.picture(0))
    (folder / "notes.txt").touch()
    (folder / "cases.csv").write_text(
        f"file,label\na.jpg,benign\n{other},malignant\nmasks/a.png,mask\nnotes.txt,\n"
    )
    found = read_cases(f"folder:{folder}{SPEC}")
    assert found.cases[0].label == "benign" and len(found.cases) == 4
    unused = "Its row in cases.csv is not used: it is no scan of this folder."
    assert {item.file: item.reason for item in found.skipped} == {
        other: unused, folder / "masks" / "a.png": unused, folder / "notes.txt": unused,
    }, "labels are lost, and nobody is told"  # fmt: skip


def test_many_rows_that_name_no_scan_are_told_in_one_line(folder):
    """A table of all files has a row for each mask."""
    for n in range(9):
        trees.save(folder / "masks" / f"a_mask_{n + 1}.png", trees.box(10, 10, 20, 30))
    masks = sorted(file.name for file in (folder / "masks").iterdir())
    rows = [*(f"images/{name}.jpg" for name in "abcd"), *(f"masks/{name}" for name in masks)]
    (folder / "cases.csv").write_text("\n".join(["file", *rows]))
    [told] = read_cases(f"folder:{folder}{SPEC}").skipped
    assert told.file == folder / "cases.csv"
    assert told.reason == (
        "12 of the files that it names are no scans of this folder, a.png for one; their rows are not used."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_with_a_carriage_return_comes_back_from_the_table(folder):
    """macOS and its cloud folders have them; two scans of a patient stood in two groups."""
    from bcweb.cases.__main__ import main

    (folder / "cases.csv").unlink()
    (folder / "masks" / "a.png").unlink()
    (folder / "images" / "a.jpg").rename(folder / "images" / "P1_a\r1.jpg")
    (folder / "images" / "d.jpg").rename(folder / "images" / "P1_d.jpg")
    assert main([f"folder:{folder}", "--group-from", r"^(P\d+)_"]) == 0
    found = read_cases(f"folder:{folder}{SPEC}")
    groups = {case.id: case.group for case in found.cases}
    assert groups["P1_a\r1"] == groups["P1_d"] == "P1", "one patient stands in two groups"
    assert found.skipped == ()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_may_end_as_on_any_system(folder, end):
    rows = ["file,label,group", "a.jpg,benign,P1", 'b.jpg,"a, b",P1', "c.jpg,x,P2,3", ""]
    (folder / "cases.csv").write_text(end.join(rows), newline="")
    with pytest.raises(CasesError, match=r"cases\.csv, line 4: it has more cells"):
        read_cases(f"folder:{folder}{SPEC}")
    (folder / "cases.csv").write_text(end.join(rows[:3]), newline="")
    found = read_cases(f"folder:{folder}{SPEC}")
    assert [(case.label, case.group) for case in found.cases[:2]] == [
        ("benign", "P1"),
        ("a, b", "P1"),
    ]


@pytest.mark.parametrize(
    "header",
    [
        'file;label;"Notes, a, b"',
        '"Notes, a, b";file;label',
        'file; "Notes, ""a"", b";label',
        'Width ";file;label;Height, all in "',
    ],
)
def test_what_is_in_quotes_separates_no_columns(folder, header):
    columns = header.count(";") + 1
    at = [name.strip() for name in header.split(";")]
    row = [{"file": "a.jpg", "label": "benign"}.get(name, "1") for name in at]
    assert len(row) == columns
    (folder / "cases.csv").write_text(f"{header}\n{';'.join(row)}\n")
    assert read_cases(f"folder:{folder}{SPEC}").cases[0].label == "benign"


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


@pytest.mark.parametrize("named", ["", ".", "/", "{}"])
def test_an_empty_row_says_nothing_and_a_row_without_a_file_is_refused(folder, named):
    """Spreadsheets leave rows of commas below a table."""
    table = folder / "cases.csv"
    table.write_text("file,label,group\na.jpg,benign,P1\n,,\n")
    assert read_cases(f"folder:{folder}{SPEC}").cases[0].label == "benign"
    table.write_text(f"file,label,group\na.jpg,benign,P1\n{named.format(folder)},malignant,P2\n")
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
