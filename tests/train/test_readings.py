"""Answers of folds, read plainly and with what may help: held to what the app itself would say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcweb.batch import Choice
from bcweb.cases import Case, read_cases
from bcweb.evaluate import score_one
from bcweb.weights import load_weights
from tests.train.conftest import crossing
from train import crossval, readings
from train.readings import PLAIN, Answers, Way


@pytest.fixture(scope="module")
def spec(folder):
    return f"folder:{folder}?modality=ultrasound"


@pytest.fixture(scope="module")
def options(folder, tmp_path_factory):
    """Of the cross-validation that `trained` are the folds of; a test says of its own copy where it is."""
    return crossing(folder, tmp_path_factory.mktemp("crossing"))


@pytest.fixture(scope="module")
def trained(crossed, folds_here, tmp_path_factory):
    folds_alone = shutil.ignore_patterns("final")
    out = tmp_path_factory.mktemp("readings") / "runs"
    return shutil.copytree(crossed / "runs", out, ignore=folds_alone)


def folds_of(out: Path) -> list[Path]:
    return [out / f"fold-{k}" for k in range(2)]


@pytest.mark.parametrize(
    ("way", "asked"), [(PLAIN, []), (Way(mirror=True, calibrate=True), ["--mirror", "--calibrate"])]
)
def test_a_fold_is_read_as_the_app_reads_it_with_what_the_other_fold_chose(
    trained, options, spec, tmp_path, way, asked
):
    runs = folds_of(shutil.copytree(trained, tmp_path / "runs"))
    tensors = [(run / "weights" / "model.safetensors").read_bytes() for run in runs]
    assert crossval.main([*options, "--out", str(tmp_path / "runs"), *asked]) == 0
    assert [(run / "weights" / "model.safetensors").read_bytes() for run in runs] == tensors
    cases = {case.id: case for case in read_cases(spec).cases}
    scores = readings.score(runs, [spec], way)
    assert len(scores) == 40
    folders = {load_weights(str(run / "weights")).revision: run / "weights" for run in runs}
    for score in scores:
        weights = load_weights(str(folders[score.revision]))
        assert weights.config.reading.mirrored == way.mirror
        assert (weights.config.reading.calibration is not None) == way.calibrate
        app, _ = score_one(cases[score.id], Choice(str(weights.folder)))
        assert replace(score, presence=app.presence) == replace(app, seen=False)
        assert score.presence == pytest.approx(app.presence)  # summed up in another order


def test_how_the_answer_is_read_is_on_the_card_and_in_the_record(trained, options, tmp_path):
    run, _ = folds_of(shutil.copytree(trained, tmp_path / "runs"))
    again = [*options, "--out", str(tmp_path / "runs")]
    assert crossval.main([*again, "--mirror", "--calibrate"]) == 0
    card = (run / "weights" / "README.md").read_text()
    both = "The network looks at the scan and its mirror image, and the two answers are averaged."
    assert both in card
    record = json.loads((run / "run.json").read_text())
    head, sure, constant = record["reading"]["calibration"]
    sign = "+" if constant >= 0 else "-"
    assert f"function of {head:g} x the logit of the network's presence + {sure:g} x the" in card
    assert f"(its highest probability if none reaches 0.5) {sign} {abs(constant):g}. " in card
    assert crossval.main(again) == 0
    assert "mirror" not in (run / "weights" / "README.md").read_text(), "asked for no more"


def answers(presences: list[float], sure: list[float], lesions: list[bool]) -> Answers:
    """Maps of 2x2 whose upper left place has the probability given."""
    maps = np.zeros((len(sure), 2, 2), np.float32)
    maps[:, 0, 0] = sure
    truths = np.zeros((len(sure), 2, 2), bool)
    truths[:, 0, 0] = lesions
    return Answers(Path(), None, [], [], maps, np.array(presences), truths)


def test_calibration_follows_whichever_of_the_two_knows():
    lesions = [True, True, True, False, False, False]
    knows, guesses = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    for presences, sure in ((knows, guesses), (guesses, knows)):
        fold = answers(presences, sure, lesions)
        calibrated = readings._calibrate(fold, readings._calibration([fold])).presences
        assert (np.diff(calibrated) < 0)[[0, 1, 3, 4]].all(), "the order of the one that knows"
        assert calibrated[:3].min() > 0.5 > calibrated[3:].max()


def test_no_fold_has_a_say_in_how_it_is_read_itself():
    folds = [answers([0.5], [0.1 * k], [True]) for k in range(3)]
    told = list(readings.with_the_others(folds))
    assert [fold for fold, _ in told] == folds
    assert [others for _, others in told] == [folds[1:], [folds[0], folds[2]], folds[:2]]


def lesion_case(number: int, boxed: bool = False) -> Case:
    boxes = ((0.0, 0.0, 1.0, 1.0),) * boxed
    return Case("films" if boxed else "ward", str(number), Path(), "mammogram", boxes=boxes)


def test_boxes_have_no_say_in_the_operating_point_where_lesions_are_outlined():
    """The outlined one is best drawn from 0.6 on, and the many boxes from 0.3 on."""
    maps, truths = np.full((6, 32, 32), 0.05, np.float32), np.zeros((6, 32, 32), bool)
    truths[:5, 8:24, 8:24] = True
    maps[0, 4:28, 4:28] = 0.55
    maps[0, 8:24, 8:24] = 0.9
    maps[1:5, 8:24, 8:24] = 0.35
    cases = [lesion_case(0), *(lesion_case(n, boxed=True) for n in range(1, 5)), lesion_case(5)]
    fold = Answers(Path(), None, cases, [], maps, None, truths)
    assert readings.learn([fold], PLAIN)[1].mask_threshold == 0.6
    assert readings.leaves_boxes_out([fold])
    of_boxes = replace(fold, cases=cases[1:], maps=maps[1:], truths=truths[1:])
    assert readings.learn([of_boxes], PLAIN)[1].mask_threshold == 0.3, "a normal is no outline"
    assert not readings.leaves_boxes_out([of_boxes])
    assert not readings.leaves_boxes_out([replace(fold, cases=cases[:1])]), "there is none"


def test_normals_and_views_beside_boxes_choose_the_gate_all_the_same():
    """Behind two cases, an outline and a box, come views that show no lesion."""
    fold = answers([0.9, 0.9, 0.1, 0.2, 0.3], [0.9] * 5, [True, True, False, False, False])
    fold = replace(fold, cases=[lesion_case(0), lesion_case(1, boxed=True)])
    without = replace(fold, cases=[lesion_case(0), lesion_case(1)])
    gate = readings.learn([fold], PLAIN)[1].presence_gate
    assert gate is not None and gate == readings.learn([without], PLAIN)[1].presence_gate


def test_what_cannot_be_calibrated_gets_a_sentence():
    with pytest.raises(ValueError, match="both lesions and normals"):
        readings._calibration([answers([0.5], [0.5], [True])])
    with pytest.raises(ValueError, match="no presence head"):
        readings._calibration([replace(answers([0.5], [0.5], [True]), presences=None)])


def test_data_without_the_tests_is_refused(trained, folder):
    with pytest.raises(ValueError, match="test cases are not in this data"):
        readings.score(
            folds_of(trained), [f"folder:{folder / 'images'}?modality=ultrasound"], PLAIN
        )


def test_folds_without_a_normal_choose_a_gate_by_views_that_show_no_lesion(
    folder, folds_here, tmp_path
):
    spec = f"folder:{folder}?modality=mammogram"
    options = ["--data", spec, "--labels", "benign", "--cache", str(tmp_path / "cache")]
    options += ["--size", "64", "--epochs", "1", "--batch", "32", "--validation", "0.4"]
    assert crossval.main([*options, "--folds", "2", "--out", str(tmp_path)]) == 0
    runs = folds_of(tmp_path)
    asked = readings.ask(runs, [spec])
    for fold in asked:
        count = len(fold.cases)
        assert count < len(fold.maps) == len(fold.presences) == len(fold.truths) <= 3 * count
        assert fold.truths[:count].any(axis=(1, 2)).all() and not fold.truths[count:].any()
        assert readings.learn([fold], PLAIN)[1].presence_gate is not None
    assert readings.learn(asked, Way(calibrate=True))[0].calibration is not None
    without = Way(covered=False)
    for fold in readings.ask(runs, [spec], without):
        assert len(fold.maps) == len(fold.cases)
        assert readings.learn([fold], without)[1].presence_gate is None
    scores = readings.score(runs, [spec], PLAIN)
    assert sorted(score.id for score in scores) == sorted(f"case{i}" for i in range(30))
    assert all(score.lesion for score in scores)


def test_folds_with_normals_are_asked_of_their_cases_alone(trained, spec):
    for fold in readings.ask(folds_of(trained), [spec]):
        assert len(fold.cases) == len(fold.maps) == len(fold.presences) == len(fold.truths)
