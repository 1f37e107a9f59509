"""What the command reads and writes beside the scans: tables of scores, the figures, and what it leaves alone."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bcweb import samples
from bcweb.evaluate import main
from bcweb.scores import CaseScore, ScoresError, read_scores, report, write_scores
from bcweb.weights import EMBEDDED
from tests.evaluate.made import FOUR, lesion, normal, write_data


def test_scores_come_back_from_their_table_as_they_went(tmp_path):
    broken = CaseScore("set", 'x, "y"', "", "", "mammogram", error="It is torn.")
    scores = (lesion("a", 0.5, iou=0.25), normal("n", 3), broken)
    scores += (lesion("s", 1.0, seen=True, hd95_mm=1.25),)
    scores += (lesion("Icon\r", 0.5, iou=0.25, truth_digest="0f"),)
    write_scores(tmp_path / "scores.csv", scores)
    assert read_scores(tmp_path / "scores.csv") == scores


def test_a_table_that_is_no_scores_is_named_with_its_line(tmp_path):
    (tmp_path / "scores.csv").write_text("dataset,id\nbusi,1\n")
    with pytest.raises(ScoresError, match="is not a table of scores: it has no column group"):
        read_scores(tmp_path / "scores.csv")
    write_scores(tmp_path / "scores.csv", [lesion("a", 0.5), normal("n"), lesion("a", 0.9)])
    with pytest.raises(ScoresError, match=r"scores.csv, line 4: a is there twice\.$"):
        read_scores(tmp_path / "scores.csv")
    whole = (tmp_path / "scores.csv").read_text()
    (tmp_path / "scores.csv").write_text(whole[: whole.rindex(",", 0, -30)])
    with pytest.raises(ScoresError, match=r"scores.csv, line 4: it has no "):
        read_scores(tmp_path / "scores.csv")


@pytest.mark.parametrize("said", ["nan", "inf", "-1", "1e300", "9" * 400, "abc"])
@pytest.mark.parametrize("column", ["dice", "hd95_px", "painted"])
def test_a_score_that_cannot_be_is_none(tmp_path, column, said):
    file = tmp_path / "scores.csv"
    write_scores(file, [normal("n"), lesion("a", 0.5)])
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table))
    rows[1][column] = said
    with file.open("w", newline="") as table:
        lines = csv.DictWriter(table, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    with pytest.raises(
        ScoresError, match=rf"scores.csv, line 3: {column} cannot be [^ ]{{1,40}}\.$"
    ):
        read_scores(file)
    rows[1] |= {column: "1", "presence": "1.5"}
    with file.open("w", newline="") as table:
        lines = csv.DictWriter(table, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    with pytest.raises(ScoresError, match=r"line 3: presence cannot be 1\.5\.$"):  # a share
        read_scores(file)


@pytest.mark.parametrize(
    ("case", "lacking"),
    [
        (replace(lesion("a", 0.5), dice=None), "dice"),
        (lesion("a", 0.5, iou=None), "iou"),
        (lesion("a", 0.5, found=None), "found"),
        (replace(normal("n"), painted=None), "painted"),
        (CaseScore("set", "x", "x", "benign", "ultrasound"), "lesion"),
    ],
)
def test_a_scored_case_without_what_is_counted_is_told(tmp_path, case, lacking):
    write_scores(tmp_path / "scores.csv", [normal("n"), case])
    with pytest.raises(ScoresError, match=rf"scores.csv, line 3: it has no {lacking}\.$"):
        read_scores(tmp_path / "scores.csv")


def test_no_more_lesions_are_found_than_there_are(tmp_path):
    write_scores(tmp_path / "scores.csv", [normal("n"), lesion("a", 0.5, lesions=2, found=3)])
    with pytest.raises(ScoresError, match=r"scores.csv, line 3: it has found 3 of 2 lesions\.$"):
        read_scores(tmp_path / "scores.csv")


def test_a_cell_that_no_table_has_is_one_sentence(tmp_path):
    write_scores(tmp_path / "scores.csv", [lesion("x" * 140_000, 0.5)])
    with pytest.raises(ScoresError, match=r"scores.csv is not a table of scores: .*\.$"):
        read_scores(tmp_path / "scores.csv")


# Nobody may make a file there, root neither, and yet it is a folder with the rights to.
SYSTEMS = [(Path("/proc/file"), "No such file or directory")] if Path("/proc/self").exists() else []


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_file_that_cannot_be_there_is_refused_before_the_scoring(tmp_path, capsys, option):
    """The weights are not there either: who had begun would speak of them."""
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere", option]
    for file, why in (
        (tmp_path / "no" / "file", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path / "data", "it is a folder"),
        *SYSTEMS,
    ):
        assert main([*asked, str(file)]) == 1
        assert capsys.readouterr() == ("", f"{file} cannot be written: {why}.\n")


def test_the_figures_and_the_table_are_not_one_file(tmp_path, capsys):
    """Else the second that is written is all that is left; refused before the scoring, as above."""
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere"]
    file, otherwise = tmp_path / "scores", tmp_path / "data" / ".." / "scores"
    assert main([*asked, "--json", str(file), "--csv", str(otherwise)]) == 1
    assert capsys.readouterr() == ("", f"{file} cannot be written twice: name two files.\n")
    assert not file.exists()


@pytest.mark.parametrize("command", [main, samples.main])
def test_the_table_of_a_data_set_is_not_replaced(tmp_path, capsys, command):
    """It cannot be read without it; here, too, who had begun to score would speak of the weights."""
    table = tmp_path / "cases.csv"
    table.write_bytes(b"file,group\na.png,anna\n")
    asked = ["--data", f"folder:{tmp_path}", "--weights", "/nowhere"]
    of_main = ([*asked, option, str(table)] for option in ("--csv", "--json"))
    for given in of_main if command is main else [[str(tmp_path)]]:
        assert command(given) == 1
        said = capsys.readouterr()
        assert said.out == "" and said.err.startswith(f"{table}") and said.err.count("\n") == 1
        assert table.read_bytes() == b"file,group\na.png,anna\n"
        assert list(tmp_path.iterdir()) == [table], "nor is anything put beside it"


def test_figures_are_written_in_the_place_of_figures_alone(tmp_path, capsys):
    """Settings of weights are JSON as well; who is let past speaks of the weights that are not there."""
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere", "--json"]
    file, figures = tmp_path / "figures.json", report(FOUR, {})
    for text in ("", json.dumps(figures, indent=1), json.dumps(figures)):
        file.write_text(text)
        main([*asked, str(file)])
        assert "/nowhere" in capsys.readouterr().err, text[:20]
    for text in ((EMBEDDED / "ultrasound" / "config.json").read_text(), "[1]", "\x89PNG"):
        file.write_text(text)
        assert main([*asked, str(file)]) == 1
        why = "is there and holds no figures: name another file for --json."
        assert capsys.readouterr() == ("", f"{file} {why}\n")
        assert file.read_text() == text


def test_a_table_of_scores_is_replaced_whatever_wrote_it_last(tmp_path, capsys):
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere", "--csv"]
    table = tmp_path / "scores.csv"
    write_scores(table, FOUR)
    written = table.read_text()
    older = "\n".join(line.rpartition(",")[0] for line in written.splitlines())
    oldest = "\n".join(line.rpartition(",")[0] for line in older.splitlines())
    saved_again = "\ufeff" + written.replace(",", ";").replace("\n", "\r\n")
    for text in ("", written, older, oldest, saved_again):
        table.write_text(text, encoding="utf-8", newline="")
        main([*asked, str(table)])
        assert "/nowhere" in capsys.readouterr().err, text.partition("\n")[0]


def test_samples_that_cannot_be_written_take_away_nothing_that_was_there(tmp_path):
    name = f"{samples.SAMPLES[0].name}.png"
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / name).touch()
    (tmp_path / "masks" / name).mkdir(parents=True)  # in place of the second file
    assert samples.main([str(tmp_path)]) == 1
    assert [file.name for file in tmp_path.rglob("*.png") if file.is_file()] == [name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
def test_a_full_disk_leaves_the_figures_on_the_terminal(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    assert main(["--data", spec, "--weights", str(weights), "--json", "/dev/full"]) == 1
    said = capsys.readouterr()
    assert "Lesion images: 4 in 2 groups" in said.out
    assert said.err.endswith("/dev/full: No space left on device.\n")
    assert "Traceback" not in said.err


def test_a_table_that_the_disk_does_not_hold_is_as_it_was_before(tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    file = tmp_path / "cases.csv"
    write_scores(file, [])
    kept = file.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) + 10, before[1]))
    try:
        with pytest.raises(OSError) as raised:
            write_scores(file, [CaseScore("busi", "a" * 100, "a", "", "ultrasound")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.filename == str(file)
    assert file.read_bytes() == kept and list(tmp_path.iterdir()) == [file]
