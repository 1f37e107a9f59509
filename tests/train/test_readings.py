"""Answers of folds, read plainly and with what may help: held to what the app itself would say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcweb.batch import Choice
from bcweb.cases import read_cases
from bcweb.evaluate import score_one
from bcweb.scans import read_scan
from bcweb.segmenter import Segmenter
from bcweb.weights import load_weights
from train import crossval, readings
from train.readings import PLAIN, Answers, Reading
from train.score import held_out_by


@pytest.fixture(scope="module")
def spec(folder):
    return f"folder:{folder}?modality=ultrasound"


@pytest.fixture(scope="module")
def runs(spec, tmp_path_factory):
    """Two folds, each of which keeps the operating point that the other's answers gave it."""
    out = tmp_path_factory.mktemp("readings")
    options = ["--data", spec, "--size", "64", "--epochs", "2", "--batch", "8", "--folds", "2"]
    assert crossval.main([*options, "--cache", str(out / "cache"), "--out", str(out)]) == 0
    return [out / f"fold-{k}" for k in range(2)]


def test_a_plain_reading_is_what_the_app_says_at_the_operating_point_of_the_other_fold(runs, spec):
    cases = {case.id: case for case in read_cases(spec).cases}
    scores = readings.score(runs, [spec], PLAIN)
    assert len(scores) == 40
    weights = {load_weights(str(run / "weights")).revision: run / "weights" for run in runs}
    for score in scores:
        app = score_one(cases[score.id], Choice(str(weights[score.revision])))
        assert score == replace(app, seen=False)


def test_a_mirrored_scan_is_the_mirror_of_its_answer(runs, spec, monkeypatch):
    """The average of both looks does not depend on which of the two is the scan."""
    segmenter = Segmenter.load(str(runs[0] / "weights"))
    cases = held_out_by(runs[0], read_cases(spec).cases)[:3]
    straight = readings._ask(runs[0], cases, Reading(flips=True))

    def mirrored(file):
        scan = read_scan(file)
        return replace(scan, pixels=np.ascontiguousarray(scan.pixels[:, ::-1]))

    monkeypatch.setattr(readings, "read_scan", mirrored)
    turned = readings._ask(runs[0], cases, Reading(flips=True))
    np.testing.assert_allclose(turned.maps, straight.maps[:, :, ::-1], atol=1e-4)
    np.testing.assert_allclose(turned.presences, straight.presences, atol=1e-5)
    once = readings._ask(runs[0], cases, PLAIN)
    assert np.abs(once.maps - straight.maps).max() > 0.001, "one look says something else"
    assert segmenter.weights.config.size == straight.maps.shape[1]


def answers(presences: list[float], sure: list[float], lesions: list[bool]) -> Answers:
    """Maps of 2x2 whose upper left place has the probability given."""
    maps = np.zeros((len(sure), 2, 2), np.float32)
    maps[:, 0, 0] = sure
    truths = np.zeros((len(sure), 2, 2), bool)
    truths[:, 0, 0] = lesions
    return Answers(Path(), None, [], maps, np.array(presences), truths)


def test_calibration_follows_whichever_of_the_two_knows():
    lesions = [True, True, True, False, False, False]
    knows, guesses = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1], [0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    for presences, sure in ((knows, guesses), (guesses, knows)):
        fold = answers(presences, sure, lesions)
        calibrated = readings._calibrate(fold, readings._calibration([fold])).presences
        assert (np.diff(calibrated) < 0)[[0, 1, 3, 4]].all(), "the order of the one that knows"
        assert calibrated[:3].min() > 0.5 > calibrated[3:].max()


def test_what_cannot_be_calibrated_gets_a_sentence():
    with pytest.raises(ValueError, match="both lesions and normals"):
        readings._calibration([answers([0.5], [0.5], [True])])
    with pytest.raises(ValueError, match="no presence head"):
        readings._calibration([replace(answers([0.5], [0.5], [True]), presences=None)])


def test_data_without_the_tests_is_refused(runs, tmp_path, folder):
    with pytest.raises(ValueError, match="test cases are not in this data"):
        readings.score(runs, [f"folder:{folder / 'images'}?modality=ultrasound"], PLAIN)
