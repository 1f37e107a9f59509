"""What the folds of a cross-validation leave in a run's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcweb.cases import Case
from bcweb.scores import report
from bcweb.weights import OperatingPoint, Reading, SeenCase, load_weights
from tests.hub import finished
from tests.limits import no_file_above
from train import pooled
from train.readings import PLAIN, Answers

ROOT = Path(__file__).parents[2]
# Python writes files in ASCII then, as it does on Windows in that system's own encoding.
NOT_UTF_8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SETTLE = """
import sys
from dataclasses import replace
from pathlib import Path
from bcweb.weights import OperatingPoint, Reading
from tests.train.test_pooled import answers
from train import pooled
point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
pooled.learn = lambda *_: (Reading(mirrored=True), point)
run = Path(sys.argv[1])
pooled._settle(run, [answers(run)], None, "other folds")
"""


def answers(run: Path, known: tuple[SeenCase, ...] = ()) -> Answers:
    """Of a fold that knows its cases, and of no maps: `learn` is not asked."""
    return Answers(run, None, [], list(known), np.zeros(0), None, np.zeros((0, 2, 2), bool))


def test_what_chose_how_a_fit_on_everything_is_read_is_not_called_unseen(tmp_path, monkeypatch):
    """A case that was left out of the training and tested a fold: its answer chose the threshold."""
    run = finished.run(tmp_path / "run")
    point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
    monkeypatch.setattr(pooled, "learn", lambda *_: (Reading(), point))
    tested = SeenCase("ward", "left out", "g7", "a digest", "0" * 64)
    fold = answers(run, (tested,))
    before = load_weights(str(run / "weights")).seen_cases
    result = report([], {})
    pooled.finish(run, [fold], PLAIN, result)
    assert json.loads((run / "scores.json").read_text()) == result, "its card on the Hub is of it"
    weights = load_weights(str(run / "weights"))
    assert weights.config.operating_point == point
    assert set(weights.seen_cases) == {*before, tested}
    assert weights.seen("a digest", "f" * 64)


def test_a_record_says_where_boxes_had_no_say(tmp_path, monkeypatch):
    run = finished.run(tmp_path / "run")
    point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
    monkeypatch.setattr(pooled, "learn", lambda *_: (Reading(), point))
    cases = [
        Case("ward", "0", Path(), "mammogram"),
        Case("films", "1", Path(), "mammogram", boxes=((0.0, 0.0, 1.0, 1.0),)),
    ]
    fold = replace(
        answers(run), cases=cases, maps=np.ones((2, 2, 2)), truths=np.ones((2, 2, 2), bool)
    )
    for folds, said in (([fold], "other folds, without boxes"), ([answers(run)], "other folds")):
        assert pooled._settle(run, folds, PLAIN, "other folds")["point_from"] == said
        assert json.loads((run / "run.json").read_text())["point_from"] == said


def test_a_disk_that_is_full_leaves_a_fold_the_reading_that_it_had(tmp_path, monkeypatch):
    run = finished.run(tmp_path / "run")
    file = run / "weights" / "config.json"
    before = file.read_text()
    point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
    monkeypatch.setattr(pooled, "learn", lambda *_: (Reading(mirrored=True), point))
    seen = (run / "weights" / "seen.csv").stat().st_size
    assert seen + 50 < file.stat().st_size, "which is written first, and fits"
    with no_file_above(seen + 50), pytest.raises(OSError, match=r"File too large: .*config\.json"):
        pooled._settle(run, [answers(run)], PLAIN, "other folds")
    assert file.read_text() == before


def test_a_fold_of_a_hospital_with_an_umlaut_is_settled_where_utf_8_is_not_the_default(tmp_path):
    run = finished.run(tmp_path / "run")
    file = run / "weights" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8")) | {"trained_on": ["Klinikum Köln"]}
    file.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SETTLE, str(run)],
        cwd=ROOT, env=os.environ | NOT_UTF_8, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    settled = load_weights(str(run / "weights")).config
    assert settled.trained_on == ("Klinikum Köln",)
    assert settled.operating_point.mask_threshold == 0.25
