"""`python -m bcweb.evaluate` on files."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.evaluate import main
from bcweb.scores import read_scores
from tests import weights_folder
from tests.evaluate.made import write_data

ROOT = Path(__file__).parents[2]


def test_the_command_writes_the_figures_and_a_line_a_case(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    status = main(
        ["--data", spec, "--weights", str(weights), "--json", str(files[0]), "--csv", str(files[1])]
    )
    assert status == 0
    figures = json.loads(files[0].read_text())
    assert figures["lesion"]["n"] == 4 and figures["normal"]["n"] == 2
    assert figures["seen"] == 0 and figures["revision"].startswith("random-")
    assert {"dice_mean_ci", "dice_median_ci", "iou_mean_ci", "hd95_mean_ci", "detected_ci"} <= set(
        figures["lesion"]
    )
    with files[1].open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 6 and {row["group"] for row in rows} == {"0", "1", "2"}
    mean = np.mean([float(row["dice"]) for row in rows if row["lesion"] == "1"])
    assert figures["lesion"]["dice_mean"] == pytest.approx(mean, abs=1e-5)
    assert "Lesion images: 4 in 2 groups" in capsys.readouterr().out


def test_the_scores_are_of_the_segmenters_masks_at_the_scans_own_size(tmp_path, weights):
    from bcweb.cases import read_cases, read_truth
    from bcweb.metrics import dice
    from bcweb.scans import read_scan
    from bcweb.segmenter import Segmenter

    spec = write_data(tmp_path / "data")
    main(["--data", spec, "--weights", str(weights), "--csv", str(tmp_path / "cases.csv")])
    scores = {score.id: score for score in read_scores(tmp_path / "cases.csv")}
    segmenter = Segmenter.load(str(weights))
    for case in read_cases(spec).cases:
        scan = read_scan(case.file)
        expected = dice(segmenter.segment(scan).mask, read_truth(case, scan))
        assert scores[case.id].dice == pytest.approx(expected, rel=1e-5)


def test_a_case_that_two_data_sets_hold_is_not_scored_as_two(tmp_path, weights, capsys):
    """Twice in a mean, and of two hospitals' 0.png one would have the findings of the other."""
    first, other = (write_data(tmp_path / name / "ward", 2, 0) for name in "ab")
    assert main(["--data", first, "--data", other, "--weights", str(weights)]) == 1
    assert capsys.readouterr() == (
        "",
        "Two of the data sets hold a case 0 of ward: name each once, and call the folders of two hospitals "
        "differently.\n",
    )


def test_what_cannot_be_read_is_named_and_the_others_are_scored(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    images = tmp_path / "data" / "images"
    images.joinpath("1.png").write_bytes(b"torn")  # the reader sees it
    with Image.open(images / "2.png") as picture:
        picture.save(images / "2.bmp")
    whole = (images / "2.bmp").read_bytes()
    (images / "2.png").unlink()
    (images / "2.bmp").write_bytes(whole[:3000])  # only who decodes it sees it
    table_of_cases = tmp_path / "data" / "cases.csv"
    table_of_cases.write_text(table_of_cases.read_text().replace("2.png", "2.bmp"))
    arguments = ["--data", spec, "--weights", str(weights), "--json", str(tmp_path / "f.json")]
    assert main(arguments) == 1
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 2 and figures["failed"] == 1
    said = capsys.readouterr().err
    assert "left out 1.png: " in said and "data 2: The BMP file is cut off" in said
    assert "Traceback" not in said


def test_how_many_have_no_score_is_told_where_not_each_is_named(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data", cases=24, normals=0)
    images = tmp_path / "data" / "images"
    for n in range(21):  # whole but for its end: only who decodes it sees it
        file = images / f"{n}.png"
        file.write_bytes(file.read_bytes()[:-3000])
    assert main(["--data", spec, "--weights", str(weights), "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert len(re.findall(r"^data \d+: ", said.err, re.M)) == 20
    assert "\n... and 1 more has no score.\n" in said.err
    assert "\nCases: 3 unseen.\n21 cases could not be scored and are in no figure.\n" in said.out


@pytest.mark.parametrize("where", ["bcweb.scans.read_scan", "bcweb.evaluate.score_case"])
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "There is not enough memory for this scan."),
        (ZeroDivisionError("by nought"), "Unexpected ZeroDivisionError: by nought"),
    ],
)
def test_what_goes_wrong_with_one_scan_does_not_cost_the_others(
    tmp_path, weights, monkeypatch, capsys, where, error, sentence
):
    spec = write_data(tmp_path / "data")
    module, _, name = where.rpartition(".")
    as_it_is, calls = getattr(import_module(module), name), []

    def third_time_wrong(*given):
        calls.append(given)
        if len(calls) == 3:
            raise error
        return as_it_is(*given)

    monkeypatch.setattr(where, third_time_wrong)
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    asked = ["--data", spec, "--weights", str(weights)]
    assert main([*asked, "--json", str(files[0]), "--csv", str(files[1])]) == 1
    figures = json.loads(files[0].read_text())
    assert (figures["failed"], figures["lesion"]["n"], figures["normal"]["n"]) == (1, 3, 2)
    assert [s.error for s in read_scores(files[1])] == ["", "", sentence, "", "", ""]
    assert f"data 2: {sentence}\n" in capsys.readouterr().err


def test_a_prediction_that_was_accepted_is_no_truth(tmp_path, weights, capsys):
    """An export of a review holds them: they train, and a mask scored against itself says nothing."""
    spec = write_data(tmp_path / "data", cases=3, normals=1)
    cases = tmp_path / "data" / "cases.csv"
    head, *rows = cases.read_text().splitlines()
    decided = zip(rows, ("accept", "corrected", "truth", "accept"), strict=True)
    cases.write_text("\n".join([f"{head},decision", *(",".join(both) for both in decided)]))
    files = ["--json", str(tmp_path / "f.json")]
    assert main(["--data", spec, "--weights", str(weights), *files]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 2 and figures["normal"]["n"] == 0, (
        "scored against a prediction"
    )
    sentence = (
        "cases are predictions that a reader accepted and are not scored: a mask scored against itself says "
        "nothing."
    )
    assert f"data: 2 of 4 {sentence}" in capsys.readouterr().err
    assert main(["--data", f"{spec}&decision=accept", "--weights", str(weights), *files]) == 1
    said = capsys.readouterr()
    assert said.out == "" and f"data: 2 of 2 {sentence}" in said.err
    assert "There is no case with a truth to score." in said.err


def test_workers_give_what_one_process_gives(tmp_path, weights):
    spec = write_data(tmp_path / "data", cases=8)
    for workers in ("1", "2"):
        arguments = ["--data", spec, "--weights", str(weights), "--workers", workers]
        assert main([*arguments, "--csv", str(tmp_path / f"{workers}.csv")]) == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_scores_against_boxes_are_called_weak(tmp_path, capsys):
    weights = str(weights_folder.write(tmp_path / "weights", modality="mammogram"))
    root = tmp_path / "boxes"
    write_data(root, cases=2, normals=0)
    (root / "boxes.csv").write_text(
        "file,group,x,y,w,h\n0.png,0,30,20,40,30\n1.png,1,31,20,40,30\n"
    )
    files = ["--json", str(tmp_path / "f.json"), "--csv", str(tmp_path / "cases.csv")]
    assert main(["--data", f"cbis-boxes:{root}", "--weights", weights, *files]) == 0
    assert "WEAK: of 2 of them only boxes are known" in capsys.readouterr().out
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["weak"] == 2 and figures["lesion"]["n"] == 2


def test_each_modality_is_said_with_its_weights_and_its_boxes(tmp_path, monkeypatch, capsys):
    ours = str(weights_folder.write(tmp_path / "ours"))
    films = str(weights_folder.write(tmp_path / "films", modality="mammogram", seed=1))
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", ours)
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", films)
    root = tmp_path / "boxes"
    write_data(root, cases=2, normals=0)
    (root / "boxes.csv").write_text(
        "file,group,x,y,w,h\n0.png,0,30,20,40,30\n1.png,1,31,20,40,30\n"
    )
    spec = write_data(tmp_path / "data", cases=3, normals=1)
    asked = ["--data", spec, "--data", f"cbis-boxes:{root}", "--json", str(tmp_path / "f.json")]
    assert main(asked) == 0
    ultrasounds, mammograms = capsys.readouterr().out.split("\n\n\n")
    assert ultrasounds.startswith("Ultrasounds\n\nWeights random-")
    assert "Lesion images: 3 in" in ultrasounds and "WEAK" not in ultrasounds
    assert mammograms.startswith("Mammograms\n\nWeights random-")
    assert "Lesion images: 2 in" in mammograms and "WEAK: of 2 of them" in mammograms
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 3 and figures["weak"] == 2
    assert figures["datasets"]["cbis-ddsm"]["lesion"]["n"] == 2
    parts = figures["by_modality"]
    assert len({part["revision"] for part in parts.values()}) == 2


@pytest.mark.parametrize(
    ("data", "weights_named"),
    [("busi:/nowhere", None), ("nonsense", None), (None, "/nowhere"), (None, "mammogram")],
)
def test_what_cannot_be_had_is_one_sentence(tmp_path, capsys, data, weights_named):
    if weights_named == "mammogram":
        weights_named = str(weights_folder.write(tmp_path / "weights", modality="mammogram"))
    arguments = ["--data", data or write_data(tmp_path / "data")]
    arguments += ["--weights", weights_named] if weights_named else []
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err


def test_a_label_that_the_terminal_cannot_show_is_escaped_and_loses_nothing(tmp_path, weights):
    """What Windows of the West has for a redirected output knows no Japanese."""
    spec = write_data(tmp_path / "data")
    table_of_cases = tmp_path / "data" / "cases.csv"
    named = table_of_cases.read_text().replace("benign", "悪性").replace("normal", "no é")
    table_of_cases.write_text(named, encoding="utf-8")
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    done = subprocess.run(
        [
            sys.executable, "-m", "bcweb.evaluate", "--data", spec, "--weights", str(weights),
            "--json", str(files[0]), "--csv", str(files[1]), "--workers", "1",
        ],
        capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert rb"\u60aa\u6027: 4 images" in done.stdout
    assert "no é: 2 images".encode("cp1252") in done.stdout, "what it can show is shown"
    assert set(json.loads(files[0].read_text())["by_label"]) == {"悪性", "no é"}
    assert [score.label for score in read_scores(files[1])].count("悪性") == 4
