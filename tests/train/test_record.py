"""What a run's folder tells of it, and the sentence about a file of it that is damaged."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from train import loop, score
from train import run as training
from train.figures import learning_curve
from train.folds import is_trained
from train.record import read_history, read_record

RECIPE = loop.Recipe(size=64, epochs=1, batch=8)
HISTORY = [{"epoch": 1, "loss": 0.5, "seconds": 2.0, "dice": 0.25}]
AGAIN = "delete it and give the command that trained the run again, or choose another --out."
ANEW = "(the training begins anew), or choose another --out."


@pytest.fixture
def trained(tmp_path, monkeypatch) -> Path:
    """A run whose one epoch is done, of a network without tensors."""
    monkeypatch.setattr(loop, "compile_model", lambda *_: None)
    monkeypatch.setattr(loop, "_state", lambda _: [])
    notes = {"history": json.dumps(HISTORY), "recipe": json.dumps(asdict(RECIPE))}
    loop.save_atomically({}, tmp_path / "checkpoint.safetensors", notes)
    loop.save_atomically({"bias": np.ones(3)}, tmp_path / "best.safetensors")
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "config.json").write_text("{}")
    return tmp_path


def go_on(run: Path, squares) -> dict[str, np.ndarray]:
    return loop.fit(None, squares, None, "ultrasound", RECIPE, run)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"source": "\xff"}', b'{"recipe": null}', b'{"recipe": {"epochs": "3"}}',
        b'{"recipe": {"epochs": 3, "until": "2"}}', b'{"epochs_done": null}', b'{"data": null}',
        b'{"cases": 5}', b'{"cases": ["a"]}', b'{"cases": [{"role": []}]}',
    ],
)  # fmt: skip
def test_a_record_that_is_damaged_is_named_in_a_sentence(trained, capsys, content):
    (trained / "run.json").write_bytes(content)
    said = f"{trained / 'run.json'} is damaged: {AGAIN}"
    for read in (read_record, is_trained, lambda run: training._same_cases(run, {})):
        with pytest.raises(ValueError) as raised:
            read(trained)
        assert str(raised.value) == said
    assert score.main([str(trained), "--data", "busi:/nowhere"]) == 1
    assert capsys.readouterr().err == f"{said}\n"
    (trained / "run.json").unlink()
    assert not is_trained(trained), "the fold is trained again, as was said"


@pytest.mark.parametrize(
    ("record", "key", "read"),
    [
        ({}, "recipe", is_trained),
        ({"recipe": {}}, "epochs", is_trained),
        ({"recipe": {"epochs": 1}}, "cases", lambda run: score.held_out_by(run, [])),
        ({"cases": [{"dataset": "busi"}]}, "role", lambda run: score.held_out_by(run, [])),
    ],
)
def test_a_record_without_a_key_is_named_with_it_in_a_sentence(trained, record, key, read):
    (trained / "run.json").write_text(json.dumps(record))
    with pytest.raises(ValueError) as raised:
        read(trained)
    assert str(raised.value) == f"{trained / 'run.json'} is damaged (it has no {key}): {AGAIN}"


def test_a_record_without_a_key_ends_a_command_with_a_sentence(trained, capsys):
    assert score.main([str(trained), "--data", "busi:/nowhere"]) == 1
    said = f"{trained / 'run.json'} is damaged (it has no cases): {AGAIN}\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "content", ["", "x,y", "epoch,loss\n", "epoch,loss\n1\n", "epoch,loss\n1,2,3\n", "epoch,loss\n1,a\n"]
)  # fmt: skip
def test_a_history_that_is_damaged_is_named_in_a_sentence(trained, squares, content):
    (trained / "history.csv").write_text(content)
    for read in (read_history, learning_curve, loop.epochs_done):
        with pytest.raises(ValueError) as raised:
            read(trained)
        assert str(raised.value) == f"{trained / 'history.csv'} is damaged: {AGAIN}"
    go_on(trained, squares)
    assert read_history(trained) == HISTORY, "the checkpoint has it too"


@pytest.mark.parametrize("left", [0, 4, 100, -1])
def test_a_checkpoint_that_is_cut_short_is_named_in_a_sentence(trained, squares, left):
    file = trained / "checkpoint.safetensors"
    notes = {"history": json.dumps(HISTORY), "recipe": json.dumps(asdict(RECIPE))}
    loop.save_atomically({"state.0000": np.ones(3)}, file, notes)
    file.write_bytes(file.read_bytes()[:left])
    for read in (
        lambda: loop.refuse_other_recipe(trained, RECIPE),
        lambda: go_on(trained, squares),
    ):
        with pytest.raises(ValueError) as raised:
            read()
        assert str(raised.value) == f"{file} is damaged: delete it {ANEW}"


def test_a_checkpoint_without_its_notes_is_named_in_a_sentence(trained):
    for notes in (None, {"recipe": "{", "history": "[]"}):
        loop.save_atomically({}, trained / "checkpoint.safetensors", notes)
        with pytest.raises(ValueError, match=r"checkpoint\.safetensors is damaged: delete it"):
            loop.refuse_other_recipe(trained, RECIPE)


def test_the_best_weights_that_are_cut_short_are_named_in_a_sentence(trained, squares):
    assert go_on(trained, squares)["bias"].tolist() == [1, 1, 1]
    file = trained / "best.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError) as raised:
        go_on(trained, squares)
    assert str(raised.value) == f"{file} is damaged: delete it and checkpoint.safetensors {ANEW}"


@pytest.mark.parametrize("gone", [False, True])
def test_best_weights_that_are_lost_are_named_before_the_training_goes_on(trained, squares, gone):
    """It would end hours later without them, and its record be that of a training that goes on."""
    recipe, file = replace(RECIPE, epochs=2), trained / "best.safetensors"
    notes = {"history": json.dumps(HISTORY), "recipe": json.dumps(asdict(recipe))}
    loop.save_atomically({}, trained / "checkpoint.safetensors", notes)
    file.unlink() if gone else file.write_bytes(b"")
    with pytest.raises(ValueError) as raised:
        loop.fit(None, squares, None, "ultrasound", recipe, trained)
    what = "gone: delete" if gone else "damaged: delete it and"
    assert str(raised.value) == f"{file} is {what} checkpoint.safetensors {ANEW}"


def test_what_a_training_left_whose_checkpoint_is_gone_is_not_the_next_one_s(
    trained, squares, monkeypatch
):
    """Which may be on other cases: its best would be scored on what it was trained on."""
    (trained / "checkpoint.safetensors").unlink()
    (trained / "history.csv").write_text("epoch,loss\n1,0.5\n")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "compile_model", stop)
    with pytest.raises(KeyboardInterrupt):
        go_on(trained, squares)
    assert not (trained / "best.safetensors").exists()
    assert not (trained / "history.csv").exists()


def test_a_checkpoint_tells_what_it_learned_from_without_a_record(trained):
    (trained / "run.json").unlink()
    loop.refuse_other_cases(trained, "of before this was kept")
    notes = {"history": json.dumps(HISTORY), "recipe": json.dumps(asdict(RECIPE))}
    loop.save_atomically({}, trained / "checkpoint.safetensors", notes | {"learned": "fold 0"})
    loop.refuse_other_cases(trained, "fold 0")
    with pytest.raises(ValueError, match="holds a run on other cases, on another split of them"):
        loop.refuse_other_cases(trained, "fold 1")
