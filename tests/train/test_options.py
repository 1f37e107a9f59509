"""Numbers that a training does not take are said before it begins."""

from __future__ import annotations

import pytest

from train import ablations, data, doubt_study, source, study, weights_study

PARSERS = {
    "source": source.parse,
    "study": study.parse,
    "ablations": ablations.parse,
    "data": data.main,
}


@pytest.mark.parametrize(
    ("command", "option", "sentence"),
    [
        ("source", "--learning-rate=-1", "--learning-rate is a number above 0"),
        ("source", "--learning-rate=nan", "--learning-rate is a number above 0"),
        ("source", "--folds=1", "--folds wants at least 2"),
        ("source", "--fold=5", "--fold is a number below 5 or"),
        ("source", "--fold=\u00b2", "--fold is a number below 5 or"),
        ("source", "--validation=1e-320", "--validation is a part of the rest, from 0.01 to 0.5, or 0"),
        ("source", "--seed=-1", "--seed and --split-seed are numbers from 0 on"),
        ("source", "--part=0", "--part is a percentage, 1 to 100"),
        ("source", "--batch=0", "--batch wants at least 1"),
        ("source", "--set=views=inf", "--set: views is a number from 0 on"),
        ("source", "--set=nothing=1", "--set: The recipe has no number 'nothing'"),
        ("study", "--folds=1", "--folds wants at least 2"),
        ("study", "--parts=10,200", "--parts are percentages"),
        ("study", "--seeds=0,-1", "--seeds are numbers"),
        ("ablations", "--size=100", "--size is a multiple of 32, from 64 to 1024"),
        ("ablations", "--epochs=0", "--epochs and --cases want at least 1"),
        ("ablations", "--folds=1", "--folds wants at least 2"),
        ("data", "--size=0", "--size is a multiple of 32, from 64 to 1024"),
    ],
)  # fmt: skip
def test_a_number_out_of_its_range_is_said_at_once(command, option, sentence, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        PARSERS[command](["--data", "busi:/nowhere", "--out", str(tmp_path / "x"), option])
    assert ended.value.code == 2
    assert f"error: {sentence}" in capsys.readouterr().err


def test_a_fold_is_recorded_by_one_name():
    args = source.parse(["--data", "busi:/nowhere", "--out", "x", "--fold", "01"])
    assert args.fold == "1"


def test_a_quick_study_takes_what_is_asked_for_besides():
    quick = ["--data", "busi:/nowhere", "--quick"]
    args = study.parse(quick)
    assert (args.arms, args.folds, args.epochs, args.size) == ("imagenet,encoder", 2, 1, 64)
    args = study.parse([*quick, "--arms", "none", "--folds", "3", "--epochs", "10"])
    assert (args.arms, args.folds, args.epochs, args.size) == ("none", 3, 10, 64)


@pytest.mark.parametrize("command", [study, ablations, weights_study, doubt_study])
def test_a_study_whose_report_could_not_be_written_does_not_begin(command, tmp_path, capsys):
    (tmp_path / "file").touch()
    docs = str(tmp_path / "file" / "docs")
    what = {
        study: ["--data", "busi:/nowhere"],
        ablations: ["--data", "busi:/nowhere"],
        weights_study: ["--run", "/nowhere", "--data", "busi:/nowhere"],
        doubt_study: ["Ward", "--home", str(tmp_path / "home")],
    }
    assert command.main([*what[command], "--docs", docs]) == 1
    assert capsys.readouterr().err.startswith(f"Nothing can be written to {docs}: ")
    assert not (tmp_path / "home").exists()
