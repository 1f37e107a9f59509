"""Two trainings do not write over each other's checkpoints."""

from __future__ import annotations

import subprocess
import sys

import pytest

from train.claim import claimed
from train.source import main


def test_a_folder_that_another_training_is_at_work_in_is_left_alone(folder, tmp_path, capsys):
    out = tmp_path / "run"
    options = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--out", str(out)]
    with claimed(out):
        assert main([*options, "--cache", str(tmp_path / "cache")]) == 1
        assert [file.name for file in out.iterdir()] == ["training.lock"]
    said = f"Another training is at work in {out}: let it end, or choose another --out."
    assert capsys.readouterr().err.splitlines()[-1] == said


def test_a_training_that_was_killed_lets_go_of_its_folder(tmp_path):
    holds = f"from pathlib import Path; from train.claim import claimed\nwith claimed(Path({str(tmp_path)!r})):\n  "
    holds += "print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="Another training is at work"), claimed(tmp_path):
            pass
        other.kill()
    with claimed(tmp_path):
        pass
