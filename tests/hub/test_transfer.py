"""`python -m train.transfer --push` where it may not; tests/hub/test_review_loop.py has one that may."""

from __future__ import annotations

from bcweb import samples
from tests import weights_folder
from train.transfer import main


def test_who_may_not_push_learns_it_before_the_first_epoch(hub, client, tmp_path, capsys):
    samples.write(tmp_path / "samples")
    options = ["--data", f"folder:{tmp_path / 'samples'}?modality=ultrasound", "--size", "64"]
    options += ["--epochs", "1", "--batch", "2", "--folds", "2", "--validation", "0.3"]
    options += ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert main([*options, "--push", "--labels", "odd"]) == 1
    assert "No case has the label 'odd'" in capsys.readouterr().err
    teacher = weights_folder.write(tmp_path / "teacher", size=96, trained_on=("ward",))
    assert main([*options, "--push", "--teacher", str(teacher)]) == 1
    assert "looks at ultrasounds of 96 pixels a side" in capsys.readouterr().err
    assert not hub.store.repositories, "none is made for what is refused here"
    assert main([*options, "--push", "bob/weights"]) == 1
    sentence = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence.startswith("bob/weights belongs to bob, and your token to ann")
    assert not (tmp_path / "run").exists()
