"""A network that learns beside the truth what others say, and who may not teach it."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, replace

import numpy as np
import pytest

from bcweb.segmenter import Segmenter
from bcweb.weights import OperatingPoint, Reading, SeenCase, WeightsError, load_weights
from tests import weights_folder
from tests.train import quick
from train.roles import split
from train.source import main
from train.teachers import learn_from, refuse_knowing, refuse_unfit
from train.training_set import TrainingSet

OTHER = ["--architecture", "unet", "--batch", "32"]


@pytest.fixture(scope="module")
def options(folder, run):
    """Of `train.source`, on the folds of `run`."""
    data = ["--data", f"folder:{folder}?modality=ultrasound", "--cache", str(run.parent / "cache")]
    return [*data, "--size", "64", "--epochs", "1", "--batch", "8"]


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A teacher that was trained elsewhere, on a case of a ward's."""
    weights = weights_folder.write(tmp_path_factory.mktemp("stranger"), trained_on=("ward",))
    case = SeenCase("ward", "case 7", "Ann", "digest", "0" * 64)
    names = [field.name for field in fields(SeenCase)]
    rows = [names, [getattr(case, name) for name in names]]
    (weights / "seen.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    return weights


@pytest.fixture(scope="module")
def student(options, run, stranger, tmp_path_factory):
    """Of another architecture than its teachers, which is narrow and trained at once."""
    out = tmp_path_factory.mktemp("taught") / "student"
    teachers = ["--teacher", str(run), "--teacher", str(stranger), *OTHER]
    with quick.narrow(), quick.eagerly():
        assert main([*options, *teachers, "--out", str(out)]) == 0
        yield out


def test_a_student_says_who_taught_it_and_how_much(student, run, stranger):
    teachers = [load_weights(str(folder)).revision for folder in (run / "weights", stranger)]
    assert json.loads((student / "run.json").read_text())["teachers"] == teachers
    told = (
        f"40% of the mask that was learned is the mean answer of `{teachers[0]}`, `{teachers[1]}`."
    )
    assert told in (student / "weights" / "README.md").read_text()
    assert json.loads((run / "run.json").read_text())["teachers"] == []
    assert "mean answer" not in (run / "weights" / "README.md").read_text()


def test_what_a_teacher_has_seen_its_student_has(student, run, stranger):
    """Else its answers on them would count as unseen, and the licence be that of half the data."""
    mine = load_weights(str(student / "weights"))
    theirs = [load_weights(str(folder)) for folder in (run / "weights", stranger)]
    assert set(mine.seen_cases) >= {case for weights in theirs for case in weights.seen_cases}
    assert len(set(mine.seen_cases)) == len(mine.seen_cases), "each is listed once"
    assert mine.config.trained_on == (*theirs[0].config.trained_on, "ward")
    card = (student / "weights" / "README.md").read_text()
    assert "- ward. Licence: whoever pushed these weights" in card
    assert "`seen.csv` lists every one of them, and those of the weights that taught these." in card


def test_a_student_does_not_go_on_without_its_teachers(student, options, tmp_path, capsys):
    mine = shutil.copytree(student, tmp_path / "student")
    assert main([*options, *OTHER, "--out", str(mine)]) == 1
    assert "or from other weights; choose another --out." in capsys.readouterr().err


def test_a_teacher_that_knows_a_held_out_case_is_refused(run, options, tmp_path, capsys):
    out = tmp_path / "student"
    assert main([*options, "--fold", "1", "--teacher", str(run), "--out", str(out)]) == 1
    teacher = load_weights(str(run / "weights")).revision
    assert (
        f"The teacher {teacher} was trained on 8 of the 8 cases that are held out here (or their groups): a score "
        "of them would be no result.\n"
    ) in capsys.readouterr().err
    assert not out.exists()


def test_a_teacher_that_does_not_tell_what_it_has_seen_is_refused_before_all_is_fitted(tmp_path):
    (weights_folder.write(tmp_path, trained_on=("ward",)) / "seen.csv").unlink()
    nothing_held_out = TrainingSet(
        (), np.empty((0, 64, 64), np.uint8), np.empty((0, 64, 64), np.uint8)
    )
    with pytest.raises(WeightsError, match="and has no seen"):
        refuse_knowing([load_weights(str(tmp_path))], nothing_held_out)


def test_a_teacher_of_another_size_is_refused(run, options, tmp_path, capsys):
    out = tmp_path / "student"
    assert main([*options, "--size", "96", "--teacher", str(run), "--out", str(out)]) == 1
    teacher = load_weights(str(run / "weights")).revision
    assert (
        f"The teacher {teacher} looks at ultrasounds of 64 pixels a side: --size 64 and data of that modality are "
        "what it can teach.\n"
    ) in capsys.readouterr().err
    assert not out.exists()


def test_a_teacher_of_another_modality_is_refused(squares, tmp_path):
    weights = load_weights(str(weights_folder.write(tmp_path, modality="mammogram")))
    with pytest.raises(ValueError, match="looks at mammograms of 64 pixels a side"):
        refuse_unfit([weights], squares)


def test_a_teacher_that_looks_at_another_part_of_the_scan_is_refused(squares, tmp_path):
    films = replace(
        squares, cases=tuple(replace(case, modality="mammogram") for case in squares.cases)
    )
    weights = load_weights(str(weights_folder.write(tmp_path, modality="mammogram")))
    with pytest.raises(ValueError, match="looks at mammograms whole, and what it is to teach at"):
        refuse_unfit([weights], films)


def test_what_is_learned_is_the_mean_of_what_the_teachers_say_before_their_gates(squares, tmp_path):
    shut = OperatingPoint(mask_threshold=0.5, presence_gate=1.0, min_lesion_fraction=0.0)
    changes = ({"operating_point": shut}, {"reading": Reading(mirrored=True)})
    teachers = [
        load_weights(str(weights_folder.write(tmp_path / str(seed), seed, **change)))
        for seed, change in enumerate(changes)
    ]
    data = squares.take(np.arange(6))
    taught = learn_from(teachers, data).taught
    one, other = (Segmenter(t).answer(data.images / np.float32(255))[0] for t in teachers)
    assert taught.dtype == np.uint8 and taught.shape == data.images.shape
    assert np.abs(taught - 255 * (one + other) / 2).max() < 0.51, "to the nearest of 255"
    assert np.abs(one - other).mean() > 0.05, "then this shows nothing"


def test_parts_of_a_fold_share_its_test_and_are_together_the_rest(squares):
    parts = [split(squares, "1", 3, 0.2, seed=0, part=part) for part in range(5)]
    test = parts[0] == "test"
    assert test.any() and all(np.array_equal(roles == "test", test) for roles in parts)
    times = sum((roles == "validation").astype(int) for roles in parts)
    assert np.array_equal(times, (~test).astype(int)), "each of the rest is in one of them"
    for roles in parts:
        validation = {c.group for c, r in zip(squares.cases, roles, strict=True) if r == "validation"}  # fmt: skip
        others = {c.group for c, r in zip(squares.cases, roles, strict=True) if r != "validation"}
        assert validation and not validation & others
    assert np.array_equal(split(squares, "1", 3, 0.2, seed=0), parts[0])


@pytest.mark.parametrize("part", ["5", "-1"])
def test_a_part_that_there_is_not_gets_one_sentence(part, capsys):
    options = ["--data", "busi:x", "--out", "y", "--validation", "0.2", "--validation-part", part]
    with pytest.raises(SystemExit):
        main(options)
    said = "--validation-part is a number below 5, the parts that --validation 0.2 makes"
    assert said in capsys.readouterr().err
