"""`python -m train.transfer --push`: from one modality to the other, to the Hub, and back into the app."""

from __future__ import annotations

import pytest

from bcweb import samples
from bcweb.segmenter import Segmenter

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


def test_a_transfer_ends_as_a_revision_that_the_segmenter_takes(hub, client, transfer):
    done = transfer("--push")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Pushed: hf://ann/bcweb-ultrasound@v1. `latest` is v1.\n")
    segmenter = Segmenter.load("hf://ann/bcweb-ultrasound@v1", "ultrasound")
    assert segmenter.weights.config.name == "run"
    assert set(segmenter.weights.config.trained_on) > {"samples"}, "and what the source has seen"


def test_who_may_not_push_learns_it_before_the_first_epoch(hub, transfer, tmp_path):
    done = transfer("--push", "bob/weights")
    assert done.returncode == 1
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("bob/weights belongs to bob, and your token to ann")
    assert not (tmp_path / "run").exists()
