"""`python -m train.crossval`: every case is scored once, by weights that had not seen it."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from bcweb.scores import read_scores
from bcweb.weights import load_weights
from tests.train.conftest import crossing
from train import crossval, folds, score, source


@pytest.fixture(scope="module")
def finished(crossed, folder, folds_here, tmp_path_factory):
    out = shutil.copytree(crossed, tmp_path_factory.mktemp("crossval") / "finished")
    return out / "runs", [*crossing(folder, out), "--final"]


@pytest.fixture(scope="module")
def frozen(folder, folds_here, tmp_path_factory):
    """By the options of `train.transfer`; without --freeze the arm would be imagenet."""
    out = tmp_path_factory.mktemp("frozen")
    options = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--epochs", "1"]
    options += ["--batch", "32", "--cache", str(out / "cache"), "--out", str(out / "runs")]
    options += ["--folds", "2"]
    assert crossval.main([*options, "--freeze", "random"]) == 0
    return out / "runs", options


def test_every_case_is_scored_once_and_by_weights_that_had_not_seen_it(finished):
    runs, _ = finished
    scores = read_scores(runs / "final" / "weights" / "scores.csv")
    assert sorted(s.id for s in scores) == sorted(f"case{i}" for i in range(40))
    assert not any(s.seen for s in scores)
    for k in range(2):
        weights = load_weights(str(runs / f"fold-{k}" / "weights"))
        seen = {case.id for case in weights.seen_cases}
        own = {s.id for s in scores if s.revision == weights.revision}
        assert own and not own & seen


def test_the_final_weights_have_seen_everything_and_say_whose_scores_they_carry(finished):
    runs, _ = finished
    weights = load_weights(str(runs / "final" / "weights"))
    assert len(weights.seen_cases) == 40
    record = json.loads((runs / "final" / "run.json").read_text())
    assert record["operating_point"] == msgspec.structs.asdict(weights.config.operating_point)
    assert "2 folds" in (runs / "final" / "weights" / "README.md").read_text()


def test_the_scores_of_the_folds_stay_on_the_card_of_the_final_weights(finished, capfd):
    runs, options = finished
    card = runs / "final" / "weights" / "README.md"
    before = card.read_text()
    assert score.main([str(runs / "final"), *options[:2]]) == 1
    said = f"{runs / 'final'} held no case out that could be scored."
    assert capfd.readouterr().err.splitlines()[-1] == said
    assert card.read_text() == before and "By cross-validation over 2 folds" in before


def test_the_final_weights_end_where_the_folds_were_at_their_best(finished):
    """They have no validation to choose an epoch by."""
    runs, _ = finished
    record = json.loads((runs / "final" / "run.json").read_text())
    until = folds.best_epoch([runs / "fold-0", runs / "fold-1"], 2)
    assert record["recipe"]["until"] == until == record["epochs_done"]
    assert not folds.was_stopped(runs / "final"), "it was not cut short"


@pytest.fixture(scope="module")
def again(crossed, folder, folds_here, tmp_path_factory):
    """A cross-validation that is given once more, with a name; before, its first fold was not trained on one of the
    groups that test the second, as on a part of the data."""
    out = shutil.copytree(crossed, tmp_path_factory.mktemp("again") / "out")
    seen, second = (out / "runs" / f"fold-{k}" / "weights" / "seen.csv" for k in range(2))
    tested = read_scores(second.parent / "scores.csv")[0].id
    rows = seen.read_text().splitlines(keepends=True)
    group = next(row.split(",")[2] for row in rows if row.split(",")[1] == tested)
    seen.write_text("".join(row for row in rows if row.split(",")[2] != group))
    assert crossval.main([*crossing(folder, out), "--final", "--name", "squares-2"]) == 0
    return out / "runs", group


def test_what_chose_how_a_fold_is_read_is_not_called_unseen(again):
    """A case that was left out of its training and tested another fold: its answer chose the threshold."""
    runs, group = again
    for k in range(2):
        seen = {
            case.id: case.group
            for case in load_weights(str(runs / f"fold-{k}" / "weights")).seen_cases
        }
        tested = {s.id for s in read_scores(runs / f"fold-{1 - k}" / "weights" / "scores.csv")}
        own = {s.id for s in read_scores(runs / f"fold-{k}" / "weights" / "scores.csv")}
        assert tested <= seen.keys() and not own & seen.keys()
    assert group in {
        case.group for case in load_weights(str(runs / "fold-0" / "weights")).seen_cases
    }


def test_weights_that_ship_take_a_name_that_is_given_when_they_are_trained(again, finished):
    runs, _ = again
    final = load_weights(str(runs / "final" / "weights"))
    assert final.config.name == "squares-2" and final.revision.startswith("squares-2-")
    assert "# squares-2\n" in (final.folder / "README.md").read_text()
    before = load_weights(str(finished[0] / "final" / "weights"))
    assert before.config.name == "runs", "and without one that of the folder of the folds"
    assert all((final.tensors[name] == before.tensors[name]).all() for name in before.tensors)


def test_folds_that_are_done_are_skipped(finished, capfd):
    runs, options = finished
    before = (runs / "fold-0" / "checkpoint.safetensors").stat().st_mtime_ns
    assert crossval.main(options) == 0
    assert (runs / "fold-0" / "checkpoint.safetensors").stat().st_mtime_ns == before
    assert "Fold 0" not in capfd.readouterr().out


def test_what_is_done_by_other_options_is_refused(finished, capfd):
    _, options = finished
    assert crossval.main([*options, "--epochs", "3"]) == 1
    assert "was trained with epochs 2, and 3 is asked for" in capfd.readouterr().err


@pytest.mark.parametrize(
    "other", [["--cases", "30"], ["--split-seed", "1"], ["--validation-part", "1"]]
)
def test_what_is_done_on_other_cases_or_another_split_is_refused(finished, capfd, other):
    """A trial of a few would be reported as all folds of what is asked for."""
    runs, options = finished
    assert crossval.main([*options, *other]) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert f"{runs / 'fold-0'} was trained on other cases than are asked for (40, and " in said
    assert "choose another --out." in said


def test_a_single_fold_is_the_business_of_source(capsys):
    with pytest.raises(SystemExit):
        crossval.main(["--data", "busi:x", "--out", "y", "--fold", "1"])
    assert "train.source --fold K" in capsys.readouterr().err


def test_folds_of_an_arm_are_trained_by_it_and_once(frozen, capfd):
    runs, options = frozen
    records = [json.loads((runs / f"fold-{k}" / "run.json").read_text()) for k in range(2)]
    assert [record["arm"] for record in records] == ["random", "random"]
    tested = [c["id"] for r in records for c in r["cases"] if c["role"] == "test"]
    assert sorted(tested) == sorted(f"case{i}" for i in range(40))
    before = (runs / "fold-0" / "checkpoint.safetensors").stat().st_mtime_ns
    assert crossval.main([*options, "--freeze", "random"]) == 0
    assert (runs / "fold-0" / "checkpoint.safetensors").stat().st_mtime_ns == before
    assert "Fold 0" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("asked", "arm"), [(["--freeze", "none"], "none"), ([], "imagenet")], ids=["other", "none said"]
)
def test_folds_of_another_arm_are_refused(frozen, capfd, asked, arm):
    _, options = frozen
    assert crossval.main([*options, *asked]) == 1
    assert f"was trained with arm random, and {arm} is asked for" in capfd.readouterr().err


def test_folds_that_other_weights_taught_are_refused(frozen, capfd):
    runs, options = frozen
    teacher = ["--teacher", str(runs / "fold-0")]
    assert crossval.main([*options, "--freeze", "random", *teacher]) == 1
    taught_by = load_weights(str(runs / "fold-0" / "weights")).revision
    assert f"with teachers [], and ['{taught_by}'] is asked for" in capfd.readouterr().err


@pytest.mark.parametrize(
    "options", [["--part", "50"], ["--validation", "0.2", "--validation-part", "1"]]
)
def test_the_fit_on_everything_takes_the_options_of_the_folds(
    folder, tmp_path, monkeypatch, options
):
    """Which it would refuse only when all of them had been trained."""
    asked = []

    def train_folds(runs, command):
        for run in runs:  # two epochs in the place of one, the last of them the best
            run.mkdir(parents=True)
            (run / "history.csv").write_text("epoch,loss,dice\n1,1,0.1\n2,1,0.2\n")
            (run / "run.json").write_text('{"recipe": {"epochs": 2}}')
        return 0

    monkeypatch.setattr(folds, "train_missing", train_folds)
    monkeypatch.setattr(folds, "train", lambda command: asked.append(command) or 1)
    monkeypatch.setattr("train.readings.ask", lambda *_: [])
    monkeypatch.setattr("train.pooled.score_folds", lambda *_: {})
    data = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--epochs", "1"]
    data += ["--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "ward 7"), *options]
    assert crossval.main([*data, "--final"]) == 1
    [[name, *given]] = asked
    args = source.parse(given)
    assert (name, args.fold, args.until) == ("train.source", "all", 1)
    assert args.name == "ward-7", (
        "those of all folders of folds would have the name of a run, final"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--freeze", "none"], "name the data, --data KIND:PATH"),
        (["--freeze", "none", "--data", "busi:x", "--push"], "python -m train.push OUT/final"),
        (["--freeze", "ice", "--data", "busi:x"], "invalid choice: 'ice'"),
        ([], "the following arguments are required: --data"),
    ],
)
def test_what_folds_of_an_arm_do_not_take_gets_a_sentence(options, sentence, capsys):
    with pytest.raises(SystemExit):
        crossval.main(["--out", "y", *options])
    assert sentence in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path, capfd):
    options = ["--data", f"busi:{tmp_path / 'nothing'}", "--out", str(tmp_path / "runs")]
    assert crossval.main(options) == 1
    assert "Traceback" not in capfd.readouterr().err
    assert source.main([*options[:2], "--out", str(tmp_path / "one")]) == 1
