"""The report in one file and the table: what they say is what the figures say, and nothing leads elsewhere."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bcweb.review import report, wording
from bcweb.review.__main__ import main
from bcweb.review.comparison import compare
from bcweb.review.evaluation import evaluate
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.score_table import table
from tests.review.scored import BOXED, CASES, FILMS, FIRST, FOLD, SECOND, Made, Mask, fill, ids_of

ROOT = Path(__file__).parents[2]
DIGITS = {"hd95_mean": 1}
SHARES = ("detected", "found", "painted")


class Parsed(HTMLParser):
    """figures: text by the name that it is marked with. addresses: all that a browser would fetch."""

    def __init__(self, text: str):
        super().__init__()
        self.figures: dict[str, str] = {}
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self._named: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self._named = given.get("data-figure")
        self.addresses += [given[name] for name in ("src", "href", "action") if name in given]

    def handle_data(self, text: str) -> None:
        if self._named:
            self.figures[self._named] = text
            self._named = None


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, dict, Parsed]]:
    """What the command wrote: the report, the table, the figures, and the report parsed."""
    home = tmp_path_factory.mktemp("home")
    with Store(home) as store, pytest.MonkeyPatch.context() as patched:
        fill(store)
        patched.setenv("BCWEB_HOME", str(home))
        patched.delenv("BCWEB_DATABASE", raising=False)
        files = {kind: home / f"out.{kind}" for kind in ("html", "csv", "json")}
        options = [f"--{kind}={file}" for kind, file in files.items()]
        asked = ["evaluate", "made", "--revision", FIRST, "--against", SECOND]
        assert main([*asked, *options]) == 0
        page, table, figures = (file.read_text() for file in files.values())
        assert str(home) not in page + table, "no path of this machine is told"
        yield page, table, json.loads(figures), Parsed(page)


def shown(key: str, value: float, sign: str = "") -> str:
    """A figure as the report writes it."""
    if key in SHARES:
        return f"{100 * value:{sign}.1f}" + (" points" if sign else "%")
    return f"{value:{sign}.{DIGITS.get(key, 3)}f}"


def test_every_figure_of_the_report_is_that_of_the_json(written):
    _, _, figures, parsed = written
    blocks = {"headline": figures, "all": figures}
    blocks |= {f"dataset.{name}": part for name, part in figures["datasets"].items()}
    for kind, of in (("label", "by_label"), ("size", "by_size")):
        for name, part in figures[of].items():
            is_normal = "dice_mean" not in part
            blocks[f"{kind}.{name}"] = {"lesion": {} if is_normal else part, "normal": part}
    blocks["how.seen"] = figures["seen_scores"]
    compared = 0
    for name, text in parsed.figures.items():
        place, key = name.rsplit(".", 1)
        if place in ("first", "second", "difference") or place.startswith("beside."):
            continue
        block = blocks[place]
        part = (
            "normal"
            if key == "painted"
            else "lesionwise"
            if key in ("found", "false_alarms")
            else "lesion"
        )
        value = block.get(key) if key == "presence_auc" else block[part].get(key)
        assert text == ("–" if value is None else shown(key, value)), f"{name} says {text}"
        compared += 1
    # 9 of the headline, 6 of each line: all, 2 data sets, 3 labels, 4 sizes, the seen ones.
    assert compared == 9 + 6 * 11
    assert parsed.figures["headline.dice_mean"] == "0.583"


def test_the_differences_of_the_report_are_those_of_the_json(written):
    _, _, figures, parsed = written
    rows = figures["comparison"]["rows"]
    assert set(rows) == {name.split(".")[1] for name in parsed.figures if name.startswith("first.")}
    for key, row in rows.items():
        for which in ("first", "second"):
            assert parsed.figures[f"{which}.{key}"] == shown(key, row[which]), key
        told = parsed.figures[f"difference.{key}"].replace("−", "-")
        if row["difference"]:
            assert told == shown(key, row["difference"], "+"), key
        else:
            assert told == ("0 points" if key in SHARES else "0"), key


def test_the_differences_by_group_of_cases_are_those_of_the_json(written):
    page, _, figures, parsed = written
    of = {"dataset": "datasets", "label": "by_label", "size": "by_size"}
    told = {name: text for name, text in parsed.figures.items() if name.startswith("beside.")}
    assert len(told) == 3 * 8, (
        "two data sets, one with normals, three labels, and two sizes that there are"
    )
    for name, text in told.items():
        _, kind, group, which, key = name.split(".")
        value = figures["comparison"][of[kind]][group][key][which]
        sign = "+" if which == "difference" else ""
        no_change = "0 points" if key in SHARES else "0"
        expected = no_change if sign and abs(value) < 1e-9 else shown(key, value, sign)
        assert text.replace("−", "-") == expected, name
    assert f"<h3>{wording.PARTS}</h3><p>{wording.MANY}</p>" in page


def test_the_report_needs_nothing_and_nobody_else(written):
    page, _, _, parsed = written
    assert parsed.addresses == []
    assert "script" not in parsed.tags and "link" not in parsed.tags and "img" not in parsed.tags
    assert not re.search(r"https?:|//\w|url\(|@import", page), "an address of another host"
    assert parsed.tags.count("svg") == 3 and "circle" in parsed.tags


def test_the_report_shows_the_cases_in_its_plots(written):
    page = written[0]
    bars = {m[1]: int(m[2]) for m in re.finditer(r"<title>Dice (\S+) to \S+: (\d+)</title>", page)}
    told = {low: n for low, n in bars.items() if n}
    assert told == {"0.00": 1, "0.50": 1, "0.60": 2, "0.80": 1, "0.95": 1}
    assert page.count("<title>fold: Dice 0.600</title>") == 2  # over size, and over uncertainty
    assert page.count('class="dot hollow"') == 2, "the seen case, in both"


def test_the_plots_and_the_lowest_dice_are_of_what_the_figures_are_of(tmp_path):
    """Three lesions are outlined, with a Dice of 0.9; of four more, with 0.1, only boxes are known."""
    with Store(tmp_path) as store:
        fill(store, cases=BOXED)
        told = evaluate(store, "local", "made", FIRST)
    page = report.html(told)
    bars = [int(n) for n in re.findall(r"<title>Dice \S+ to \S+: (\d+)</title>", page)]
    assert sum(bars) == told.figures["lesion"]["n"] == 3
    assert "<title>boxed" not in page, "a Dice against a box is drawn among those against outlines"
    assert page.count("<title>outlined") == 6, "each over size and over uncertainty"
    lowest = page.partition("<h2>The 3 lowest Dice</h2>")[2]
    assert "outlined 0" in lowest and "boxed" not in lowest
    assert Parsed(page).figures["dataset.boxes.dice_mean"] == "0.100", "that data set has a line"


def test_of_an_image_without_a_lesion_it_says_what_the_page_does(written):
    page = re.sub(r'<span class="why".*?</span>', "", written[0])
    found = re.findall(r"<tr><td>set</td><td>([ef])</td><td>normal</td>(.*?)</tr>", page)
    told = {(name, re.sub("<.*?>", " ", cells).split()[0]) for name, cells in found}
    assert len(found) == 4, "each in the comparison and among the lowest"
    assert told == {("e", "clear"), ("f", "painted")}
    assert written[0].count(wording.CLEAR) == 6


def test_names_cannot_write_into_the_report(tmp_path):
    wicked = "</title><script>alert(1)</script>&\"'"
    with Store(tmp_path) as store:
        made = [replace(CASES[0], name=wicked, label=wicked, dataset=wicked), *CASES[1:6]]
        fill(store, name=wicked[:60], cases=made)
        told = evaluate(store, "local", wicked[:60], FIRST)
        page = report.html(told, compare(told, evaluate(store, "local", wicked[:60], SECOND)))
    assert "script" not in Parsed(page).tags
    assert "&lt;script&gt;alert(1)" in page


def test_the_table_has_a_line_for_every_case(written):
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(written[1]))}
    assert len(rows) == len(CASES)
    assert (rows["b"]["dice"], rows["b"]["hd95_px"], rows["b"]["share_of_image"]) == (
        "0.8", "2", "0.05",
    )  # fmt: skip
    carried = rows["carried"]
    assert (carried["dice"], carried["seen"], carried["headline_dice"]) == ("1", "1", "0.6")
    assert (rows["seen"]["dice"], rows["seen"]["headline_dice"]) == ("1", ""), "it is no result"
    assert (rows["d"]["other_dice"], rows["d"]["difference"]) == ("0.5", "-0.5")
    fold = rows["fold"]
    assert (fold["how"], fold["revision"], fold["difference"]) == ("out-of-fold", FOLD, "")
    assert (rows["late"]["dice"], rows["late"]["error"]) == ("", f"not predicted by {FIRST}")


def test_the_table_has_the_dice_of_the_headline_and_both_of_a_pair_that_is_compared(tmp_path):
    with Store(tmp_path) as store:
        fill(store)
        first, second = (evaluate(store, "local", "made", one) for one in (FIRST, SECOND))
    for folds, compared in ((False, 6), (True, 8)):
        table = report.table(first, compare(first, second, folds))
        rows = list(csv.DictReader(io.StringIO(table)))
        lesion = [
            float(r["headline_dice"]) for r in rows if r["lesion"] == "1" and r["headline_dice"]
        ]
        assert sum(lesion) / len(lesion) == pytest.approx(first.figures["lesion"]["dice_mean"])
        pairs = [row for row in rows if row["difference"]]
        assert len(pairs) == compared
        for row in pairs:
            apart = float(row["headline_dice"]) - float(row["other_dice"])
            assert float(row["difference"]) == pytest.approx(apart, abs=1e-6), row["id"]


def test_no_spreadsheet_runs_what_a_data_set_calls_its_cases(tmp_path):
    names = {"id": '=cmd|"/C calc"!A1', "group": "@x", "label": "-1"}
    one = replace(CASES[1], name=names["id"], group=names["group"], label=names["label"])
    with Store(tmp_path) as store:
        fill(store, cases=[one])
        table = report.table(evaluate(store, "local", "made", FIRST))
    assert table.startswith("\ufeffdataset,id,"), "Excel takes it for another encoding"
    row = next(csv.DictReader(io.StringIO(table)))
    assert {name: row[name] for name in names} == {n: f"'{text}" for n, text in names.items()}


def test_a_project_without_truths_says_that_nothing_has_a_score(tmp_path):
    with Store(tmp_path) as store:
        fill(store, cases=[made for made in CASES if made.name == "no truth"])
        told = evaluate(store, "local", "made", FIRST)
    page = report.html(told)
    assert "<p>No case has a score.</p>" in page and "Left out: 1 without a truth." in page
    assert "trained on every case" not in page, "they had seen none"
    assert "No case has a score: no headline." in table(told.figures)


def test_a_project_that_was_all_seen_has_a_report_without_a_headline(tmp_path):
    with Store(tmp_path) as store:
        fill(store, cases=[made for made in CASES if made.name == "seen"])
        told = evaluate(store, "local", "made", FIRST)
    page = report.html(told)
    assert "there is no result to show" in page
    assert Parsed(page).figures["how.seen.dice_mean"] == "1.000"
    assert "<title>seen: Dice 1.000</title>" in page


@pytest.mark.parametrize(
    ("key", "ends", "verdict"),
    [
        ("dice_mean", [0.01, 0.2], "better"),
        ("dice_mean", [-0.2, -0.01], "worse"),
        ("dice_mean", [-0.2, 0.0], ""),
        ("dice_mean", None, ""),
        ("hd95_mean", [1.0, 2.0], "worse"),
        ("painted", [-0.2, -0.1], "better"),
    ],
)
def test_better_and_worse_are_said_only_where_the_interval_leaves_0_out(key, ends, verdict):
    row = {
        "n": 12,
        "groups": 12,
        "first": 0.5,
        "second": 0.5,
        "difference": 0.0,
        "difference_ci": ends,
    }
    (told,) = wording.differences({"pairs": 12, "rows": {key: row}})
    assert told.verdict == verdict, "of distances and painted normals less is better"


def test_a_share_is_told_in_two_digits_also_of_a_truth_that_fills_its_image():
    told = [wording.share(value) for value in (0.0004, 0.0123, 0.456, 0.994, 0.995, 1.0)]
    assert told == ["0.04%", "1.2%", "46%", "99%", "100%", "100%"]


# --- the command


@pytest.fixture
def home(tmp_path, monkeypatch) -> Iterator[Store]:
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    with Store() as store:
        yield store


def test_the_command_prints_the_figures_and_what_was_left_out(home, capsys):
    fill(home)
    assert main(["evaluate", "made", "--revision", FIRST, "--against", SECOND]) == 0
    said = capsys.readouterr().out
    assert "Cases: 6 unseen; 3 seen in training, 2 of them out of fold." in said
    assert "Dice, mean                         0.583" in said
    assert "  under 1%: 1 image, Dice mean 0.000 (no interval)" in said
    assert "6 cases that both predicted and neither had seen: 2 better" in said
    assert "3 worse, 1 less than 0.0005 apart." in said
    assert re.search(r"Dice, mean +0\.575 +0\.725  −0\.150$", said, re.M), "three groups"
    assert f"{wording.PARTS}: {wording.MANY}\n" in said and "\n  Data set\n    set " in said
    assert re.search(r"^    malignant +Dice, mean +2 +0\.250 +0\.500  −0\.250$", said, re.M)
    assert re.search(r"^    normal +Normals painted +2 +50\.0% +50\.0%  0 points", said, re.M)
    assert main(["evaluate", "made"]) == 0
    assert f"To compare: --against {FIRST}" in capsys.readouterr().out


def test_where_no_case_is_compared_there_is_no_table_of_dashes(home, tmp_path, capsys):
    fill(home, cases=[made for made in CASES if made.name == "carried"])
    page = tmp_path / "out.html"
    asked = ["evaluate", "made", "--revision", FIRST, "--against", SECOND, f"--html={page}"]
    assert main(asked) == 0
    said = capsys.readouterr().out.rpartition("beside")[2]
    assert "There is no case that both predicted and neither had seen. 1 more case has" in said
    assert "difference, 95% interval" not in said, "a table would hold nothing but dashes"
    told = page.read_text()
    assert "There is no case that both predicted and neither had seen." in told
    assert "Better with the first" not in told and "difference.dice_mean" not in told
    assert main([*asked, "--out-of-fold"]) == 0
    assert "Better with the first: 0" in page.read_text(), "there is a case to compare"


def test_a_readers_truth_wants_a_reader_and_says_first_how_far_it_reaches(home, capsys):
    made = fill(home)
    asked = ["evaluate", "made", "--revision", FIRST, "--truth", "reader"]
    assert main(asked) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Nobody has read made yet: there is no reader's truth to score against.\n"
    home.save("local", "ann", ids_of(home, made)["b"], NewVerdict("truth", "k"))
    assert main(asked) == 0
    out = capsys.readouterr().out
    first = (
        "For 1 the truth is the mask that a reader left. For the other 8 it is the imported one. "
    )
    assert out.startswith(first) and out.count("mask that a reader left") == 1


def test_the_command_and_the_report_tell_how_much_was_accepted_as_drawn(home, tmp_path, capsys):
    ids = ids_of(home, fill(home))
    for name, decision in (("a", "truth"), ("b", "accept"), ("no truth", "accept")):
        looked_at = home.prediction("local", ids[name], FIRST).id
        home.save("local", "ann", ids[name], NewVerdict(decision, name, prediction_id=looked_at))
    page, figures = tmp_path / "out.html", tmp_path / "out.json"
    asked = ["evaluate", "made", "--revision", FIRST, f"--html={page}", f"--json={figures}"]
    assert main(asked) == 0
    said = "Accepted as drawn: 2 of 3, 66.7%, of the unseen cases that a reader decided"
    assert said in capsys.readouterr().out and said in page.read_text()
    assert json.loads(figures.read_text())["judged"]["accepted"] == pytest.approx(2 / 3)
    assert Parsed(page.read_text()).figures["headline.accepted"] == "66.7%"


def test_scans_of_the_other_modality_are_said_to_be_left_aside(home, capsys):
    films = tuple(
        Made(f"film {n}", "benign", f"film {n}", 10, Mask(n), None, modality="mammogram")
        for n in range(3)
    )
    fill(home, cases=(*CASES, *films))
    assert main(["evaluate", "made"]) == 0
    said = capsys.readouterr().out
    assert f"Left aside: 3 mammograms, which --revision {FILMS} scores." in said
    assert said.endswith(f"To compare: --against {FIRST}\n"), "films have no case in common with it"
    assert main(["evaluate", "made", "--revision", FILMS]) == 0
    said = capsys.readouterr().out
    assert f"Left aside: 12 ultrasounds, which --revision {SECOND} scores." in said
    assert "To compare" not in said, "there is no other revision of mammograms"
    films = [Made("film", "", "", None, None, None, modality="mammogram")]
    fill(home, name="no weights", cases=(*CASES, *films))
    assert main(["evaluate", "no weights"]) == 0
    assert "Left aside: 1 mammogram, with no prediction." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["nobody"], "There is no such project."),
        (["made", "--revision", "x"], "made has no predictions by x; it has those of"),
        (
            ["made", "--html", "/nowhere/at/all.html"],
            "/nowhere/at/all.html cannot be written: there is no folder /nowhere/at.",
        ),
        # Asked of a project that is not there: before anything is scored.
        (["nobody", "--csv", "/nowhere/a.csv"], "/nowhere/a.csv cannot be written: there is no"),
        (["nobody", "--json", "/dev"], "/dev cannot be written: it is a folder."),
        (
            ["nobody", "--csv", "/tmp/out", "--json", "/tmp/../tmp/out"],
            "/tmp/../tmp/out cannot be written twice: name two files.",
        ),
        (
            ["nobody", "--html", "/tmp/out", "--csv", "/tmp/out"],
            "/tmp/out cannot be written twice: name two files.",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home, capsys, asked, sentence):
    fill(home)
    assert main(["evaluate", *asked]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(sentence)


def test_the_table_of_a_data_set_is_not_replaced_and_what_was_written_is(home, tmp_path, capsys):
    fill(home)
    table = tmp_path / "cases.csv"
    table.write_text("file,label,patient\n")
    for option, what in (
        ("--csv", "is no table of scores"),
        ("--json", "holds no figures"),
        ("--html", "holds no report"),
    ):
        assert main(["evaluate", "made", option, str(table)]) == 1
        assert f"{table} is there and {what}" in capsys.readouterr().err
        assert table.read_text() == "file,label,patient\n"
    page = tmp_path / "index.html"
    page.write_text("<!doctype html>\n<html><head><title>Ward 7</title></head></html>")
    assert main(["evaluate", "made", "--html", str(page)]) == 1
    assert f"{page} is there and holds no report" in capsys.readouterr().err
    again = [f"--{kind}={tmp_path / f'out.{kind}'}" for kind in ("csv", "json", "html")]
    for _ in range(2):
        assert main(["evaluate", "made", *again]) == 0


def test_a_full_disk_leaves_the_figures_on_the_terminal(home, capsys):
    if not Path("/dev/full").exists():
        pytest.skip("no disk here that is always full")
    fill(home)
    assert main(["evaluate", "made", "--revision", FIRST, "--json", "/dev/full"]) == 1
    said = capsys.readouterr()
    assert "Dice, mean                         0.583" in said.out
    assert said.err.strip().splitlines()[-1].startswith("/dev/full cannot be written: No space")


def test_what_the_terminal_cannot_show_is_escaped_and_loses_nothing(home, tmp_path):
    """cp1252, which Windows of the West has for a redirected output, knows no minus sign of typographers."""
    fill(home)
    files = [tmp_path / f"out.{kind}" for kind in ("html", "csv", "json")]
    options = [f"--{file.suffix[1:]}={file}" for file in files]
    asked = ["evaluate", "made", "--revision", FIRST, "--against", SECOND]
    done = subprocess.run(
        [sys.executable, "-m", "bcweb.review", *asked, *options],
        capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert re.search(rb"Dice, mean +0\.575 +0\.725  \\u22120\.150\r?$", done.stdout, re.M)
    assert all(file.stat().st_size for file in files)
