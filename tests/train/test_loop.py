"""The loop's promises: a run can be cut at any moment, learns, and keeps what it says it keeps."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from dataclasses import asdict, replace
from itertools import cycle
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bcweb.terminal import os_sentence
from tests.limits import no_file_above
from tests.train import quick
from train import loop
from train.keras_network import build_model, read_tensors
from train.record import read_history

RECIPE = loop.Recipe(size=64, epochs=3, batch=8, seed=3)
SHORT = replace(RECIPE, epochs=1, batch=32)


pytestmark = pytest.mark.usefixtures("narrow")  # the loop asks nothing of a network but its parts


@pytest.fixture
def traced(narrow):
    """As a training is outside of tests."""
    with quick.eagerly(False):
        yield


def fit(run, data, validation=None, recipe=RECIPE):
    return loop.fit(build_model("unet", 64, seed=3), data, validation, "ultrasound", recipe, run)


def test_the_averages_of_the_best_epoch_are_kept_and_after_a_kill_the_same(
    traced, squares, tmp_path, monkeypatch
):
    dices, averages, raw = cycle([0.1, 0.9, 0.3]), [], []
    keep = loop._keep

    def validate(model, *_):
        averages.append(read_tensors(model))
        return {"dice": next(dices), "presence_auc": 0.5}

    def keep_and_tell(model, *args):
        keep(model, *args)
        raw.append(read_tensors(model))

    monkeypatch.setattr(loop, "validate", validate)
    monkeypatch.setattr(loop, "_keep", keep_and_tell)
    whole = fit(tmp_path / "whole", squares, squares)
    assert len(averages) == len(raw) == 3
    for name, value in whole.items():
        np.testing.assert_array_equal(value, averages[1][name], f"{name} is not the second epoch's")
    head = next(name for name in whole if name.startswith("mask_head") and name.endswith("kernel"))
    assert not np.allclose(whole[head], raw[1][head], atol=1e-6), "these are no averages"

    def keep_then_die(*args):
        keep(*args)
        raise SystemExit("killed after the first epoch")

    monkeypatch.setattr(loop, "_keep", keep_then_die)
    with pytest.raises(SystemExit):
        fit(tmp_path / "cut", squares, squares)
    monkeypatch.setattr(loop, "_keep", keep)
    resumed = fit(tmp_path / "cut", squares, squares)

    for name, value in whole.items():
        np.testing.assert_allclose(resumed[name], value, atol=1e-5, err_msg=name)
    rows = list(csv.DictReader((tmp_path / "cut" / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]


def test_a_validation_is_the_mean_dice_of_lesions_and_the_area_under_the_curve(
    squares, monkeypatch
):
    """Of three lesions one is drawn as it is, of one a half and nothing else, 2 / 3, and of one nothing; one normal of
    two is called likelier than one of the lesions."""
    data = squares.take(np.array([0, 1, 2, 18, 19]))
    maps = data.masks.astype(np.float32)
    ys, xs = np.nonzero(maps[1])
    maps[1, ys[: len(ys) // 2], xs[: len(xs) // 2]] = 0.49
    maps[2] = 0
    maps[3] = 1  # what is painted on a normal is not the Dice's
    presences = np.array([0.9, 0.8, 0.3, 0.5, 0.1])
    monkeypatch.setattr(loop, "predict", lambda *_: (maps, presences))
    assert loop.validate(None, data, RECIPE) == pytest.approx(
        {"dice": (1 + 2 / 3) / 3, "presence_auc": 5 / 6}
    )


def test_of_presence_nothing_is_noted_where_there_is_no_head(squares, monkeypatch):
    maps = squares.masks.astype(np.float32)
    monkeypatch.setattr(loop, "predict", lambda *_: (maps, None))
    assert loop.validate(None, squares, RECIPE) == {"dice": 1.0}


def test_an_epoch_tells_nothing_of_presence_where_the_validation_has_no_normal(
    squares, tmp_path, capsys
):
    lesions = squares.take(np.flatnonzero(squares.has_lesion))
    fit(tmp_path, squares, lesions, SHORT)
    line = next(line for line in capsys.readouterr().out.splitlines() if "Epoch 1: " in line)
    assert "nan" not in line and ", dice 0." in line
    assert "presence_auc" in read_history(tmp_path)[0], "the table has its column"


@pytest.mark.usefixtures("small")
def test_a_training_that_was_begun_before_goes_on_in_its_own_columns(squares, tmp_path, capsys):
    """It noted "nan" for a presence head that is not there."""
    recipe = replace(SHORT, epochs=2, presence=False)

    def train(whole: loop.Recipe):
        model = build_model("lite0", 64, presence=False)
        return loop.fit(model, squares, squares, "ultrasound", whole, tmp_path)

    train(replace(recipe, until=1))
    checkpoint = tmp_path / "checkpoint.safetensors"
    with safe_open(checkpoint, "numpy") as file:
        notes, [row] = file.metadata(), json.loads(file.metadata()["history"])
    before = json.dumps([row | {"presence_auc": float("nan")}])
    notes |= {"history": before, "recipe": json.dumps(asdict(recipe))}
    loop.save_atomically(load_file(checkpoint), checkpoint, notes)
    capsys.readouterr()
    train(recipe)
    assert "nan" not in capsys.readouterr().out
    told = read_history(tmp_path)
    assert [row["epoch"] for row in told] == [1, 2]
    assert all(np.isnan(row["presence_auc"]) and row["dice"] >= 0 for row in told)


@pytest.fixture(scope="module")
def fitted(squares, tmp_path_factory):
    """A run by `SHORT`, in a folder in which another was killed; to be copied."""
    out = tmp_path_factory.mktemp("fitted")
    (out / "best.safetensors.4711.part").write_bytes(b"half")
    with quick.narrow(), quick.eagerly():
        fit(out, squares, recipe=SHORT)
    return out


def test_what_a_training_that_was_killed_left_half_written_is_removed(fitted):
    assert (fitted / "best.safetensors").exists()
    assert not list(fitted.glob("*.part"))


def test_ctrl_c_keeps_the_best_epoch(squares, tmp_path, monkeypatch):
    keep, kept = loop._keep, []

    def keep_then_stop(model, *args):
        keep(model, *args)
        kept.append(read_tensors(model))
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_keep", keep_then_stop)
    best = fit(tmp_path, squares, recipe=replace(SHORT, epochs=3))
    assert len(kept) == 1, "the loop went on after Ctrl-C"
    assert set(best) == set(kept[0])
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 2, "header and one epoch"


def test_ctrl_c_before_the_first_checkpoint_stands_keeps_nothing(
    squares, tmp_path, monkeypatch, capsys
):
    save = loop.save_atomically

    def stop(tensors, path, *notes):
        if path.name == "checkpoint.safetensors":
            raise KeyboardInterrupt
        save(tensors, path, *notes)

    monkeypatch.setattr(loop, "save_atomically", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, squares, recipe=SHORT)
    assert capsys.readouterr().out == "", "no epoch is kept"
    assert [file.name for file in tmp_path.iterdir()] == ["best.safetensors"]


def rewrite(run: Path, without: str | None = None, **changes) -> None:
    """A run's checkpoint as a program with other numbers in its recipe would have it, None takes one away; without one
    of its tensors.
    """
    file = run / "checkpoint.safetensors"
    with safe_open(file, "numpy") as opened:
        notes = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    tensors.pop(without, None)
    said = json.loads(notes["recipe"]) | changes
    said = {name: value for name, value in said.items() if value is not None}
    save_file(tensors, file, notes | {"recipe": json.dumps(said)})


def test_another_recipe_in_the_same_folder_is_refused(fitted, squares, tmp_path):
    run = shutil.copytree(fitted, tmp_path / "run")
    with pytest.raises(ValueError, match="holds a run with other settings"):
        fit(run, squares, recipe=replace(SHORT, epochs=2))

    rewrite(run, until=None)
    fit(run, squares, recipe=SHORT)
    rewrite(run, unheard_of=1)
    with pytest.raises(ValueError, match="holds a run with other settings"):
        fit(run, squares, recipe=SHORT)


def test_a_checkpoint_with_other_parts_than_this_program_writes_is_no_traceback(
    fitted, squares, tmp_path
):
    run = shutil.copytree(fitted, tmp_path / "run")
    rewrite(run, without="state.0007")
    with pytest.raises(ValueError, match=r"checkpoint.safetensors was written by another version"):
        fit(run, squares, recipe=SHORT)


def test_an_epoch_is_a_function_of_seed_and_number(squares):
    def views(epoch, seed):
        recipe = loop.Recipe(size=64, batch=8, seed=seed)
        return np.concatenate([x for x, _ in loop.batches(squares, "ultrasound", recipe, epoch)])

    assert np.array_equal(views(1, 0), views(1, 0))
    assert not np.array_equal(views(1, 0), views(2, 0))
    assert not np.array_equal(views(1, 0), views(1, 1))


def test_normals_are_shown_more_often(squares):
    order = loop.epoch_order(squares, loop.Recipe(normal_repeats=3), 0)
    assert len(order) == 18 + 3 * 6
    assert sorted(set(order)) == list(range(24))


def test_a_large_data_set_shows_a_new_draw_of_its_lesions_each_epoch(squares):
    recipe = loop.Recipe(normal_repeats=2, lesions_per_set=5)
    draws = [set(loop.epoch_order(squares, recipe, epoch)) for epoch in range(20)]
    for draw in draws:
        lesions = {i for i in draw if squares.has_lesion[i]}
        assert len(lesions) == 5 and len(draw - lesions) == 6, "normals are never left out"
    assert set().union(*draws) == set(range(24)), "in time all are shown"


def test_mask_loss_by_hand():
    truth = np.zeros((2, 2, 2, 1), np.float32)
    truth[0, 0] = 1  # the first image has a lesion of two pixels, the second none
    logits = np.zeros((2, 2, 2, 1), np.float32)  # one half everywhere
    loss = np.asarray(loop.mask_loss(truth, logits))
    entropy = np.log(2)
    dice_loss = 1 - (2 * 1 + 1) / (2 + 2 + 1)  # overlap 2 x 0.5; areas 4 x 0.5 and 2; smoothing 1
    np.testing.assert_allclose(loss, [entropy + dice_loss, entropy], rtol=1e-5)
    lighter = np.asarray(loop.mask_loss(truth, logits, dice_weight=0.5))
    np.testing.assert_allclose(lighter, [entropy + dice_loss / 2, entropy], rtol=1e-5)


def test_a_lesion_that_the_teachers_miss_is_one_all_the_same():
    truth = np.zeros((2, 2, 2, 1), np.float32)
    truth[0, 0] = 0.6  # the truth's part of the mask; the teachers say nothing
    truth[1, 0] = 0.4  # a normal that they are sure is none
    loss = np.asarray(loop.mask_loss(truth, np.zeros_like(truth)))
    dice_loss = 1 - (2 * 0.6 + 1) / (
        2 + 1.2 + 1
    )  # overlap 2 x 0.5 x 0.6; areas 4 x 0.5 and 2 x 0.6
    np.testing.assert_allclose(loss, [np.log(2) + dice_loss, np.log(2)], rtol=1e-5)


def test_teachers_say_a_part_of_the_mask_and_nothing_of_presence(squares):
    """They see lesions everywhere, in normals too; views are whole."""
    recipe = replace(RECIPE, views=0.0, close_views=0.0, teaching=0.25)
    taught = replace(squares, taught=np.full_like(squares.masks, 255))
    alone, mixed = (list(loop.batches(data, "ultrasound", recipe, 0)) for data in (squares, taught))
    presences = np.concatenate([targets["presence"] for _, targets in alone])
    assert set(np.unique(presences)) == {0, 1}
    for (x, targets), (same, told) in zip(alone, mixed, strict=True):
        np.testing.assert_array_equal(x, same)
        np.testing.assert_array_equal(targets["presence"], told["presence"])
        np.testing.assert_allclose(told["mask"], 0.75 * targets["mask"] + 0.25, atol=1e-6)
        assert told["mask"].dtype == np.float32


def test_rate_warms_up_and_falls_to_zero():
    rates = [loop.rate_at(step, 100, 10, 1.0) for step in range(101)]
    assert rates[9] == pytest.approx(1.0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.0)


def test_a_broken_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    loop.save_atomically({"a": np.ones(3)}, path)
    before = path.read_bytes()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(loop, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        loop.save_atomically({"a": np.zeros(3)}, path)
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask of this kind")
def test_what_is_kept_of_a_training_may_be_read_by_whom_its_history_may_be(tmp_path):
    before = os.umask(0o022)
    try:
        (tmp_path / "history.csv").touch()
        for mask in (0o022, 0o077):
            os.umask(mask)
            loop.save_atomically({"a": np.ones(3)}, tmp_path / f"{mask}.safetensors")
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"history.csv": 0o644, "18.safetensors": 0o644, "63.safetensors": 0o600}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="it is TensorFlow that traces")
def test_the_first_step_is_traced_once(traced, squares):
    with quick.small():
        model = build_model("lite0", 64)
    traces, step = [], model.train_step

    def counted(data):
        traces.append(data)
        return step(data)

    model.train_step = counted
    recipe = loop.Recipe(size=64, batch=4)
    loop.compile_model(model, recipe)
    model.train_on_batch(*next(loop.batches(squares, "ultrasound", recipe, 0)))
    assert len(traces) == 1, "something made a variable within the step, which costs seconds"


@pytest.mark.skipif(sys.platform == "win32", reason="a file's size has no limit there")
def test_a_disk_that_is_full_is_a_sentence_and_keeps_the_checkpoint_of_before(tmp_path):
    """It fills after hours, and was a traceback of a type of its own."""
    path = tmp_path / "checkpoint.safetensors"
    loop.save_atomically({"a": np.zeros(10)}, path)
    with no_file_above(1000), pytest.raises(OSError) as caught:
        loop.save_atomically({"a": np.zeros(10_000)}, path)
    assert os_sentence(caught.value) == f"{path}: File too large."
    assert list(tmp_path.iterdir()) == [path] and load_file(path)["a"].shape == (10,)
