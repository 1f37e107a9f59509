"""`python -m train.transfer --push` where it may not; tests/hub/test_review_loop.py has one that may."""

from __future__ import annotations

import pytest

from bcweb import samples

COMMAND = (
    "-m train.transfer --freeze encoder --epochs 1 --size 64 --batch 2 --folds 2 --validation 0.3"
)


@pytest.fixture
def transfer(python, tmp_path):
    """Run the command on the six generated ultrasounds, with more options."""
    samples.write(tmp_path / "samples")

    def run(*options: str):
        data = f"folder:{tmp_path / 'samples'}?modality=ultrasound"
        return python(*COMMAND.split(), "--data", data, "--out", "run", *options)

    return run


def test_who_may_not_push_learns_it_before_the_first_epoch(hub, transfer, tmp_path):
    done = transfer("--push", "bob/weights")
    assert done.returncode == 1
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("bob/weights belongs to bob, and your token to ann")
    assert not (tmp_path / "run").exists()
