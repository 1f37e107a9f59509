"""Two networks on the same cases: which are compared, and differences that were worked out by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bcweb.evaluate import main
from bcweb.paired import beside, side_by_side, verdict
from bcweb.scores import read_scores, write_scores
from tests import weights_folder
from tests.evaluate.made import lesion, normal, trained_on, write_data
from tests.evaluate.test_masks import draw


def test_the_difference_is_of_the_same_cases():
    first = [lesion("a", 1.0), lesion("b", 0.8), lesion("c", 0.6), normal("n", 5), normal("m")]
    other = [lesion("a", 0.9), lesion("b", 0.9), lesion("c", 0.6), normal("n"), lesion("d", 1.0)]
    told = beside("x", first, "y", other)
    assert (told["pairs"], told["better"], told["worse"], told["same"]) == (4, 1, 2, 1)
    assert told["left_out"] == {"without a score by y": 1}
    rows = told["rows"]
    dice = rows["dice_mean"]
    assert (dice["n"], dice["groups"], dice["difference_ci"]) == (3, 3, None)
    assert (dice["first"], dice["second"]) == pytest.approx((2.4 / 3, 2.4 / 3))
    assert dice["difference"] == pytest.approx(0)
    assert rows["painted"]["difference"] == 1
    assert rows["dice_median"]["difference"] == pytest.approx(0)


def test_an_interval_draws_whole_groups_with_both_scores():
    """Hard cases, which are hard for both, do not widen it."""
    first = [lesion(f"{n}", 0.1 + 0.8 * n / 19) for n in range(20)]
    other = [replace(s, dice=s.dice - 0.01 * (1 + n % 2)) for n, s in enumerate(first)]
    row = beside("x", first, "y", other)["rows"]["dice_mean"]
    low, high = row["difference_ci"]
    assert row["difference"] == pytest.approx(0.015) and 0.01 < low < 0.015 < high < 0.02
    one_woman = [replace(s, group="one") for s in first]
    assert beside("x", one_woman, "y", other)["rows"]["dice_mean"]["difference_ci"] is None


def test_what_either_saw_and_what_has_another_truth_is_left_out_and_why():
    names = "abcdefgh"
    first = {name: lesion(name, 0.5, truth_digest="1") for name in names}
    other = dict(first)
    first["a"] = replace(first["a"], seen=True)
    other["b"] = replace(other["b"], seen=True)
    first["c"], other["c"] = (replace(each["c"], seen=True) for each in (first, other))
    other["d"] = replace(other["d"], truth_digest="2")
    first["e"] = replace(first["e"], error="It is torn.")
    other["f"] = replace(other["f"], truth_digest="", lesions=2)  # as far as it tells
    told = beside("x", [*first.values()], "y", [*other.values()])
    assert told["pairs"] == 2 and told["unsaid"] == []
    assert told["left_out"] == {
        "that x saw in training": 1,
        "that y saw in training": 1,
        "that both saw in training": 1,
        "whose truth is another now": 2,
        "without a score by x": 1,
    }
    said = side_by_side(told)
    assert said[1].startswith("2 cases that both have a score of and neither had seen: ")
    assert said[2].startswith("Left out: 1 that x saw in training; 1 that y saw in training; ")


def test_a_normal_whose_dice_no_table_tells_is_compared():
    told = beside("x", [normal("n", 5)], "y", [normal("n", dice=None)])
    assert (told["pairs"], told["worse"]) == (1, 1)


def test_boxes_stand_apart():
    first = [lesion("a", 0.5), lesion("b", 0.5, weak=True)]
    told = beside("x", first, "y", first)
    assert told["pairs"] == 1 and told["left_out"] == {"with only boxes known": 1}


@pytest.mark.parametrize(
    ("key", "ends", "said"),
    [
        ("dice_mean", (0.01, 0.02), "better"), ("dice_mean", (-0.02, -0.01), "worse"), ("hd95_mean", (0.1, 0.2), "worse"),
        ("dice_mean", (-0.01, 0.02), ""), ("dice_mean", None, ""), ("dice_mean", (1e-7, 4e-7), ""), ("dice_mean", (-4e-7, -1e-7), ""),
    ],
)  # fmt: skip
def test_what_a_table_has_rounded_away_is_neither_better_nor_worse(key, ends, said):
    assert verdict(key, ends) == said


def test_nothing_to_compare_is_said():
    told = beside("x", [lesion("a", 0.5)], "y", [])
    assert side_by_side(told) == [
        "x beside y",
        "There is no case that both have a score of and neither had seen.",
        "Left out: 1 without a score by y.",
    ]


def test_masks_are_compared_with_a_table_that_the_command_wrote(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data", 12, 2)
    table, figures = tmp_path / "scores.csv", tmp_path / "figures.json"
    assert main(["--data", spec, "--weights", str(weights), "--csv", str(table)]) == 0
    capsys.readouterr()
    asked = ["--data", spec, "--masks", str(draw(spec, tmp_path / "mynet"))]
    assert main([*asked, "--against", str(table), "--json", str(figures)]) == 0
    said = capsys.readouterr().out
    told = json.loads(figures.read_text())["comparison"]
    assert (told["first"], told["second"], told["unsaid"]) == ("mynet", str(table), ["mynet"])
    assert (told["pairs"], told["left_out"]) == (14, {})
    mine = json.loads(figures.read_text())["lesion"]["dice_mean"]
    theirs = [s.dice for s in read_scores(table) if s.lesion]
    row = told["rows"]["dice_mean"]
    assert row["first"] == pytest.approx(mine)
    assert row["second"] == pytest.approx(sum(theirs) / 12, abs=1e-5)
    assert row["difference"] == pytest.approx(row["first"] - row["second"])
    assert (
        f"\nmynet beside {table}\n14 cases that both have a score of and neither is known" in said
    )
    assert "\nWhat mynet had seen is not said.\n" in said
    assert re.search(r"^  Dice, mean  .* \+0\.\d{3} \(no interval\)$", said, re.M), "six groups"
    assert "Presence" not in said.partition("beside")[2]


def test_weights_are_compared_with_weights_and_told_where_scores_out_of_fold_are(tmp_path, capsys):
    spec = write_data(tmp_path / "data")
    first = weights_folder.write(tmp_path / "first")
    other = weights_folder.write(tmp_path / "other", seed=1)
    asked = ["--data", spec, "--weights", str(first), "--against"]
    figures = tmp_path / "figures.json"
    assert main([*asked, str(other), "--json", str(figures)]) == 0
    told = json.loads(figures.read_text())["comparison"]
    assert told["pairs"] == 6 and told["unsaid"] == []
    assert told["first"] != told["second"] and told["second"].startswith("random-")
    assert told["rows"]["presence_auc"]["n"] == 6

    had_seen = weights_folder.write(tmp_path / "seen", seed=2)
    trained_on(spec, had_seen)
    write_scores(had_seen / "scores.csv", [lesion("a", 1.0)])
    capsys.readouterr()
    assert main([*asked, str(had_seen)]) == 0
    said = capsys.readouterr()
    assert "There is no case that both have a score of and neither had seen.\n" in said.out
    assert re.search(r"\nLeft out: 6 that random-\w+ saw in training\.\n$", said.out)
    assert f"{had_seen / 'scores.csv'} may hold scores of seen cases out of fold" in said.err


def test_what_is_compared_with_is_looked_at_before_the_scoring(tmp_path, capsys):
    """The weights to score are not there either: who had begun would speak of them."""
    asked = ["--data", write_data(tmp_path / "data", 2, 0)]
    table = tmp_path / "scores.csv"
    table.write_text("a,b\n")
    drawn = ["--masks", str(draw(asked[1], tmp_path / "mynet"))]
    for against, why in (
        (table, f"{table} is not a table of scores: it has no column dataset.\n"),
        ("nowhere", "There are no weights at nowhere; name "),
    ):
        assert main([*asked, *drawn, "--against", str(against)]) == 1
        said = capsys.readouterr()
        assert said.out == "" and said.err.startswith(why) and said.err.count("\n") == 1


def test_a_table_that_is_compared_with_is_not_replaced(tmp_path, capsys):
    spec = write_data(tmp_path / "data", 2, 0)
    table = tmp_path / "scores.csv"
    write_scores(table, [lesion("0", 0.5)])
    kept = table.read_bytes()
    asked = ["--data", spec, "--masks", str(draw(spec, tmp_path / "mynet"))]
    again = tmp_path / "data" / ".." / "scores.csv"
    assert main([*asked, "--against", str(table), "--csv", str(again)]) == 1
    why = "is what is compared with: name another file for --csv.\n"
    assert capsys.readouterr() == ("", f"{again} {why}")
    assert table.read_bytes() == kept


def test_each_modality_is_compared_by_itself(tmp_path, monkeypatch, capsys):
    ours = weights_folder.write(tmp_path / "ours")
    films = weights_folder.write(tmp_path / "films", modality="mammogram", seed=1)
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(ours))
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", str(films))
    film = write_data(tmp_path / "film", 3, 0).replace("ultrasound", "mammogram")
    asked = ["--data", write_data(tmp_path / "data", 2, 1), "--data", film]
    table, figures = tmp_path / "scores.csv", tmp_path / "figures.json"
    assert main([*asked, "--csv", str(table)]) == 0
    assert main([*asked, "--against", str(table), "--json", str(figures)]) == 0
    told = json.loads(figures.read_text())
    assert "comparison" not in told
    parts = {name: part["comparison"] for name, part in told["by_modality"].items()}
    assert {name: part["pairs"] for name, part in parts.items()} == {
        "ultrasound": 3,
        "mammogram": 3,
    }
    assert set(told["made"]["operating_point"]) == {"ultrasound", "mammogram"}
    assert capsys.readouterr().out.count(f" beside {table}\n") == 2


def test_the_figures_tell_how_they_were_made(tmp_path, weights, monkeypatch):
    """What the person typed, and nothing else of the machine."""
    spec = write_data(tmp_path / "data").replace(str(tmp_path), ".")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "images" / "1.png").write_bytes(b"torn")
    asked = ["--data", spec, "--weights", "weights", "--json", "f.json", "--workers", "1"]
    (tmp_path / "weights").symlink_to(weights)
    assert main(asked) == 0
    text = (tmp_path / "f.json").read_text()
    made = json.loads(text)["made"]
    assert made["by"] == "python -m bcweb.evaluate" and made["arguments"] == asked
    assert str(tmp_path) not in text
    now = datetime.now(UTC)
    assert made["date"].endswith("+00:00")
    assert abs((now - datetime.fromisoformat(made["date"])).total_seconds()) < 600
    point = {"mask_threshold": 0.5, "presence_gate": 0.0, "min_lesion_fraction": 0.0}
    assert made["operating_point"] == {"ultrasound": point}
    assert made["left_out"] == {"files that were left out": 2}, "the scan, and its mask"
