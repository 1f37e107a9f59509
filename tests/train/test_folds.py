"""What may be called the folds of one training, and what is trained again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from bcweb.scores import write_scores
from bcweb.weights import config_text, load_weights
from tests import weights_folder
from tests.until import until
from train import ablations, crossval, folds, source, study, transfer
from train import run as training
from train.folds import best_epoch, check_asked, check_split, is_trained, train_missing
from train.options import data_name
from train.record import case_rows
from train.roles import assign

ROOT = Path(__file__).parents[2]


def finished(run: Path, fold: int, folds: int = 2, done: int = 3, rate: float = 0.1) -> Path:
    """A run of three epochs that tests one case of its own."""
    (run / "weights").mkdir(parents=True)
    (run / "weights" / "config.json").write_text(config_text(weights_folder.config()))
    (run / "weights" / "README.md").write_text("")
    (run / "scores.json").write_text("{}")
    case = {"dataset": "busi", "id": str(fold), "role": "test"}
    record = {"fold": str(fold), "folds": folds, "recipe": {"epochs": 3, "rate": rate}}
    (run / "run.json").write_text(json.dumps(record | {"cases": [case], "epochs_done": done}))
    return run


def test_only_folds_that_are_whole_and_scored_are_skipped(tmp_path):
    runs = [finished(tmp_path / "0", 0), finished(tmp_path / "1", 1, done=2)]
    trained = []

    def command(fold: int) -> list[str]:
        trained.append(fold)
        runs[fold].rename(tmp_path / f"stopped-{fold}")
        finished(runs[fold], fold)
        return ["calendar", "2026"]  # a module that ends well

    assert train_missing(runs, command) == 0
    assert trained == [1], "a fold that was stopped goes on"
    (runs[0] / "scores.json").unlink()
    assert train_missing(runs, lambda fold: ["no_such_module"]) == 1, "the first that fails ends it"


def test_a_fold_that_ended_well_but_early_is_not_taken_for_whole(tmp_path, capsys):
    """A signal that it alone got had it keep its best epoch."""
    runs = [finished(tmp_path / "0", 0, done=2), finished(tmp_path / "1", 1)]
    assert train_missing(runs, lambda fold: ["calendar", "2026"]) == 130
    said = f"{runs[0]} was stopped before its last epoch; the same command goes on.\n"
    assert capsys.readouterr().err == said


def test_folds_of_packed_data_have_no_card_and_no_scores_and_are_not_trained_again(tmp_path):
    """Where they were trained the scans were not."""
    runs = [finished(tmp_path / str(k), k) for k in range(2)]
    for run in runs:
        record = json.loads((run / "run.json").read_text())
        (run / "weights" / "README.md").unlink()
        (run / "scores.json").unlink()
        assert not is_trained(run), (
            "of data at hand the card is the last thing that a training writes"
        )
        (run / "run.json").write_text(json.dumps(record | {"data": ["packed"]}))
    assert train_missing(runs, lambda fold: ["no_such_module"]) == 0
    (runs[1] / "weights" / "config.json").unlink()
    assert train_missing(runs, lambda fold: ["no_such_module"]) == 1


def test_the_best_epoch_is_the_one_that_the_folds_kept(tmp_path):
    """Of 0.5, 0.7, 0.7 the last that is best is kept: 3. Of the others 1 and 2; the median is 2."""
    for number, dices in enumerate([(0.5, 0.7, 0.7), (0.9, 0.2, 0.3), (0.1, 0.8, 0.7)]):
        (tmp_path / str(number)).mkdir()
        rows = [f"{epoch},1.0,{dice}" for epoch, dice in enumerate(dices, 1)]
        text = "\n".join(["epoch,loss,dice", *rows])
        (tmp_path / str(number) / "history.csv").write_text(text)
        record = {"recipe": {"epochs": 3}}
        (tmp_path / str(number) / "run.json").write_text(json.dumps(record))
    runs = [tmp_path / str(number) for number in range(3)]
    assert best_epoch(runs, 3) == 2
    for number, epochs in enumerate((6, 8, 8)):  # of a part of the data, where 2 were asked for
        record = {"recipe": {"epochs": epochs}}
        (runs[number] / "run.json").write_text(json.dumps(record))
    assert best_epoch(runs, 2) == 1, "one of those that may be asked for"
    (runs[0] / "history.csv").write_text("epoch,loss\n1,1.0")
    assert best_epoch(runs, 3) is None, "nothing chose an epoch there"


def test_a_training_that_the_system_killed_is_told(capfd):
    kill = "import os; os.kill(os.getpid(), 9)"
    with pytest.raises(ValueError) as raised:
        folds.train(["timeit", "-n", "1", "-r", "1", kill])
    assert str(raised.value) == (
        "The training was killed (signal 9), perhaps for want of memory: free some, and the same command goes on."
    )


SLOW_TO_END = """
import signal, sys, time
def keep(*_):
    time.sleep(1)
    open(sys.argv[1], "w").write("the best epoch")
    sys.exit(130)
signal.signal(signal.SIGINT, keep)
open(sys.argv[1] + ".begun", "w").close()
while True:
    time.sleep(0.01)
"""


def test_ctrl_c_leaves_a_training_the_time_to_keep_its_best_epoch(tmp_path):
    """As a terminal sends it: to the command and to the training that it waits for."""
    (tmp_path / "slow_to_end.py").write_text(SLOW_TO_END)
    kept = tmp_path / "kept"
    wait = f"import sys; from train import folds; sys.exit(folds.train(['slow_to_end', {str(kept)!r}]))"
    command = subprocess.Popen(
        [sys.executable, "-c", wait], cwd=ROOT, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    until((tmp_path / "kept.begun").exists)
    os.killpg(command.pid, signal.SIGINT)
    assert command.wait(60) == 130
    assert kept.exists(), "it was killed before it had kept its best epoch"


def test_a_fold_is_trained_in_a_process_of_its_own(tmp_path, capfd):
    runs = [tmp_path / "0"]
    assert train_missing(runs, lambda fold: ["calendar", "--nonsense"]) == 2
    assert "Fold 0:" in capfd.readouterr().out
    assert not is_trained(runs[0])


def test_the_folds_of_one_split_are_taken(tmp_path):
    check_split([finished(tmp_path / str(k), k, folds=3) for k in range(3)])


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ({"fold": 1, "folds": 5}, "is fold 1 of 5, not fold 1 of 2: choose another --out."),
        ({"fold": 0}, "is fold 0 of 2, not fold 1 of 2"),
        ({"fold": 1, "rate": 0.2}, "was trained with rate 0.2 and"),
    ],
)
def test_what_are_not_folds_of_one_split_is_refused(tmp_path, second, sentence):
    runs = [finished(tmp_path / "0", 0), finished(tmp_path / "1", **second)]
    with pytest.raises(ValueError, match=sentence):
        check_split(runs)


def test_folds_of_a_part_may_have_epochs_of_their_own(tmp_path):
    """Each has as many as it takes for the steps of the whole, which is not the same number in every fold."""
    runs = [finished(tmp_path / str(k), k) for k in range(2)]
    for number, run in enumerate(runs):
        record = json.loads((run / "run.json").read_text())
        record["recipe"] |= {"epochs": 3 + number, "until": 2 + number}
        (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"was trained with (epochs 4|until 3) and"):
        check_split(runs)
    (runs[1] / "run.json").write_text(json.dumps(record | {"part": 25}))
    check_split(runs)  # which a record of before does not say
    for run, epochs in zip(runs, (2, 2), strict=True):
        _asked_for(run, epochs)
    check_split(runs)
    _asked_for(runs[1], 5)
    with pytest.raises(ValueError, match=r"was trained with epochs 5 and .* with 2"):
        check_split(runs)


def _asked_for(run: Path, epochs: int) -> None:
    record = json.loads((run / "run.json").read_text())
    record |= {"part": 25, "asked": {"epochs": epochs, "until": None}}
    (run / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "was trained with part 25, and 100 is asked for: use the same options"),
        (["--part", "25", "--labels", "benign"], "was trained with labels None, and benign is"),
        (["--part", "25"], None),
        (["--part", "25", "--until", "1"], "was trained with until None, and 1 is asked for"),
        (["--part", "25", "--epochs", "9"], "was trained with epochs 3, and 9 is asked for"),
    ],
)
def test_folds_of_other_cases_are_not_taken_for_those_that_are_asked_for(
    tmp_path, options, sentence
):
    """Of a quarter of the data they would be scored as of all."""
    refused = nullcontext() if sentence is None else pytest.raises(ValueError, match=sentence)
    with refused:
        of_a_part = {"part": 25, "asked": {"epochs": 3, "until": None}}
        check(trained_by_train_source(tmp_path / "0", **of_a_part), *options)


@pytest.mark.parametrize(
    ("fold", "until", "options", "sentence"),
    [
        ("0", None, ["--until", "2"], "was trained with until None, and 2 is asked for"),
        ("0", 2, [], "was trained with until 2, and None is asked for"),
        ("0", 2, ["--until", "2"], None),
        (
            "all",
            2,
            [],
            None,
        ),  # the fit on everything, which ends where the folds were at their best
    ],
)
def test_folds_that_end_elsewhere_are_not_taken_for_those_that_are_asked_for(
    tmp_path, fold, until, options, sentence
):
    refused = nullcontext() if sentence is None else pytest.raises(ValueError, match=sentence)
    with refused:
        check(trained_by_train_source(tmp_path / "0", fold=fold, until=until), *options)


@pytest.mark.parametrize("other", [None, "digest", "truth"])
def test_a_fold_of_other_scans_or_truths_is_not_taken_for_the_one_that_is_asked_for(
    tmp_path, squares, other
):
    run = finished(tmp_path / "0", 0)
    args = source.parse(["--data", "squares:x", "--out", "y"])
    roles, _ = assign(squares, args)
    record = json.loads((run / "run.json").read_text()) | {"cases": case_rows(squares, roles)}
    for case in record["cases"] if other is None else ():
        del case["truth"]  # as a record of before has it
    if other is not None:
        record["cases"][3][other] = "another"
    (run / "run.json").write_text(json.dumps(record))
    said = "was trained on other cases than .*, or on other scans or truths of theirs: use the same"
    with nullcontext() if other is None else pytest.raises(ValueError, match=said):
        folds.check_cases(run, squares, args, None)


def test_a_fold_that_looked_at_whole_films_is_not_taken_for_one_that_looks_at_the_breast(
    tmp_path, squares
):
    """A record of before has no truths by which it would be told."""
    films = replace(squares, cases=tuple(replace(c, modality="mammogram") for c in squares.cases))
    args = source.parse(["--data", "squares:x", "--out", "y", "--epochs", "3"])
    rows = case_rows(films, assign(films, args)[0])
    for row in rows:
        del row["truth"]
    run = trained_by_train_source(tmp_path / "0", data=["squares"], cases=rows)
    said = f"{run} looks at all of a scan, and what is trained now at the breast alone: choose another --out."
    with pytest.raises(ValueError) as raised:
        folds.check_trained(run, args, films, None)
    assert str(raised.value) == said
    framed = weights_folder.config(modality="mammogram", crop="breast")
    (run / "weights" / "config.json").write_text(config_text(framed))
    folds.check_trained(run, args, films, None)


def trained_by_train_source(run: Path, until: int | None = None, **more) -> Path:
    """A run of busi by its defaults, in three epochs. more: of its record."""
    finished(run, 0)
    record = json.loads((run / "run.json").read_text())
    record |= {"data": ["busi"], "arm": "imagenet", "source": None, "labels": None, **more}
    record["recipe"] |= {
        "architecture": "lite0", "size": 256, "batch": 16, "learning_rate": 1e-3, "seed": 0, "until": until,
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    return run


def check(run: Path, *options: str) -> None:
    asked = source.parse(["--data", "busi:x", "--out", "y", "--epochs", "3", *options])
    check_asked(run, asked, {"source": None, "teachers": []})


@pytest.mark.parametrize(
    ("command", "of", "alone"),
    [
        (study, "mammogram-to-ultrasound/imagenet-100-s0", ["--arms", "imagenet"]),
        (ablations, "recipe", ["--changes", "recipe"]),
        (crossval, "", []),
    ],
)
@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [
        (1, "was trained with epochs 1, and 24 is asked for: use the same options, or choose another --out."),
        (24, "was trained on other cases than are asked for (1, and 40 now)"),
    ],
    ids=["epochs", "cases"],
)  # fmt: skip
def test_folds_of_a_try_are_not_taken_for_those_of_a_study(
    folder, tmp_path, capfd, command, of, alone, epochs, sentence
):
    """The same --out, and another --docs for the try: nothing else would tell of it."""
    runs = [tmp_path / "runs" / of / f"fold-{k}" for k in range(2)]
    for k, run in enumerate(runs):
        trained_by_train_source(run, data=["folder"], fold=str(k), epochs_done=epochs)
        record = json.loads((run / "run.json").read_text())
        record["recipe"] |= {"size": 64, "epochs": epochs}
        (run / "run.json").write_text(json.dumps(record))
    asked = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(tmp_path / "runs")]
    asked += ["--cache", str(tmp_path / "cache"), "--folds", "2", "--size", "64", "--epochs", "24"]
    if command is not crossval:
        asked += ["--docs", str(tmp_path)]
    assert command.main([*asked, *alone]) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith(f"{runs[0]} {sentence}"), said


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (study, ["--arms", "encoder", "--parts", "50"]),
        (study, ["--arms", "random", "--seeds", "3"]),
        (ablations, ["--changes", "entropy"]),
    ],
    ids=["encoder", "random", "entropy"],
)
def test_folds_of_the_same_study_are_taken(folder, tmp_path, monkeypatch, capfd, command, options):
    """By the records that the trainings write before their first epoch, with which they end here."""

    def end(run, record):
        finished(run, 0)
        done = {"epochs_done": record["recipe"]["epochs"]}
        (run / "run.json").write_text(json.dumps(record | done))
        raise ValueError("ended")

    def train(given):
        name, *rest = given
        {"train.source": source, "train.transfer": transfer}[name].main(rest)
        return 0

    def score(*_):
        raise ValueError("to be scored")

    monkeypatch.setattr(training, "_same_cases", end)
    monkeypatch.setattr(folds, "train", train)
    monkeypatch.setattr("train.readings.score", score)
    (tmp_path / "ablations").mkdir()
    write_scores(tmp_path / "ablations" / "recipe.csv", [])  # it is done
    asked = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(tmp_path / "runs")]
    asked += ["--docs", str(tmp_path), "--cache", str(tmp_path / "cache"), "--folds", "2"]
    asked += ["--size", "64", "--epochs", "2", *options]
    assert command.main(asked) == 1
    assert capfd.readouterr().err.splitlines()[-3:] == ["ended", "ended", "to be scored"]
    monkeypatch.setattr(folds, "train", lambda given: pytest.fail(f"trained again: {given}"))
    assert command.main(asked) == 1
    assert capfd.readouterr().err.splitlines()[-1] == "to be scored"


@pytest.mark.parametrize("command", [study, ablations])
def test_what_lies_in_docs_by_another_setting_names_it_and_leaves_the_runs_alone(
    folder, tmp_path, capfd, command
):
    """Without the folder of its scores the runs would pass for those that are asked for."""
    asked = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(tmp_path / "runs")]
    asked += ["--docs", str(tmp_path), "--folds", "3", "--size", "64", "--epochs", "24"]
    if command is study:
        file = tmp_path / "transfer-study" / "mammogram-to-ultrasound" / "study.json"
        args = study.parse(asked)
        now = study._settings(args, load_weights("embedded", "mammogram"))
    else:
        file = tmp_path / "ablations" / "settings.json"
        now = {"folds": 3, "epochs": 24, "size": 64, "data": [folder.name]}
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(now | {"epochs": 1}))
    assert command.main(asked) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith(f"{file} is of a study with epochs 1, and 24 is asked for: ")
    assert said.endswith("use them, or choose another --docs and another --out.")


def test_a_case_that_two_folds_test_is_refused(tmp_path):
    runs = [finished(tmp_path / str(k), k) for k in range(2)]
    record = json.loads((runs[1] / "run.json").read_text())
    record["cases"][0]["id"] = "0"
    (runs[1] / "run.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="tests cases that another fold tests"):
        check_split(runs)


@pytest.mark.parametrize("command", [study, ablations])
def test_trials_on_whole_films_are_not_compared_with_those_on_the_breast(
    folder, tmp_path, monkeypatch, capfd, command
):
    monkeypatch.setattr(folds, "train", lambda given: pytest.fail(f"trained: {given}"))
    asked = ["--data", f"folder:{folder}?modality=mammogram", "--out", str(tmp_path / "runs")]
    asked += ["--docs", str(tmp_path), "--folds", "3", "--size", "64", "--epochs", "24"]
    before = {"folds": 3, "epochs": 24, "size": 64, "data": [folder.name]}
    file = tmp_path / "ablations" / "settings.json"
    if command is study:
        file = tmp_path / "transfer-study" / "ultrasound-to-mammogram" / "study.json"
        before = study._settings(study.parse(asked), load_weights("embedded", "ultrasound"))
        before.pop("crop", None)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(before))
    assert command.main(asked) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.startswith(f"{file} is of a study with crop None, and breast is asked for: ")


def test_a_report_calls_a_folder_and_a_data_set_of_the_hub_by_its_name():
    assert data_name("hf:user/ward@v2?energy=low") == "user/ward@v2"
    assert data_name("folder:/data/cdd-cesm?energy=low&modality=mammogram") == "cdd-cesm"
    assert data_name("busi:/data/busi") == "busi"


@pytest.mark.parametrize(
    ("parse", "arguments"),
    [
        (crossval.parse, ["--out", "x"]),
        (ablations.parse, []),
        (study.parse, []),
    ],
)
def test_packed_data_cannot_be_scored_and_is_refused_before_it_trains(parse, arguments, capsys):
    with pytest.raises(SystemExit):
        parse(["--data", "packed:file.npz", *arguments])
    assert "scores need the scans themselves" in capsys.readouterr().err
