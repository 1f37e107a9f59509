"""What the folds of a cross-validation leave in a run's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
from pathlib import Path
from bcweb.weights import OperatingPoint, Reading
from train.pooled import _settle
point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
_settle(Path(sys.argv[1]), Reading(mirrored=True), point, "other folds")
"""


def test_what_chose_how_a_fit_on_everything_is_read_is_not_called_unseen(tmp_path, monkeypatch):
    """A case that was left out of the training and tested a fold: its answer chose the threshold."""
    run = finished.run(tmp_path / "run")
    point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
    monkeypatch.setattr(pooled, "learn", lambda *_: (Reading(), point))
    tested = SeenCase("ward", "left out", "g7", "a digest", "0" * 64)
    fold = Answers(run, None, [], [tested], np.zeros(0), None, np.zeros(0))
    before = load_weights(str(run / "weights")).seen_cases
    pooled.finish(run, [fold], PLAIN, report([], {}))
    weights = load_weights(str(run / "weights"))
    assert weights.config.operating_point == point
    assert set(weights.seen_cases) == {*before, tested}
    assert weights.seen("a digest", "f" * 64)


def test_a_disk_that_is_full_leaves_a_fold_the_reading_that_it_had(tmp_path):
    run = finished.run(tmp_path / "run")
    file = run / "weights" / "config.json"
    before = file.read_text()
    point = OperatingPoint(mask_threshold=0.25, presence_gate=0.5, min_lesion_fraction=0.0)
    with no_file_above(100), pytest.raises(OSError, match="File too large"):
        pooled._settle(run, Reading(mirrored=True), point, "other folds")
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
