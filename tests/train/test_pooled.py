"""What the folds of a cross-validation leave in a run's folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bcweb.weights import load_weights
from tests.hub import finished

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
