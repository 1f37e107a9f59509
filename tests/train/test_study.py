"""`python -m train.study --quick`, and with it `train.transfer`, on a handful of real cases."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import islice

import pytest
from PIL import Image

from bcweb.cases import read_cases
from bcweb.scores import read_scores
from bcweb.segmenter import Segmenter
from bcweb.weights import EMBEDDED, load_weights
from train import study


@pytest.fixture(scope="module")
def few(data, tmp_path_factory):
    """16 lesions and 8 normals of BUSI, as a folder of images and masks."""
    root = tmp_path_factory.mktemp("few")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    cases = read_cases(f"busi:{data / 'busi'}").cases
    rows = []
    for label in ("benign", "malignant", "normal"):
        alone = (c for c in cases if c.label == label and len(c.truth_files) < 2)
        for case in islice(alone, 8):
            name = f"{case.id}{case.file.suffix}"
            shutil.copyfile(case.file, root / "images" / name)
            if case.truth_files:
                Image.open(case.truth_files[0]).save(root / "masks" / f"{case.id}.png")
            rows.append((name, label, case.group))
    with (root / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "group"), *rows])
    return f"folder:{root}?modality=ultrasound"


@pytest.fixture(scope="module")
def studied(few, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    options = ["--quick", "--data", few, "--out", str(out), "--cache", str(out / "cache")]
    source = str(EMBEDDED / "mammogram")  # named, which is nothing to the arms that are controls
    assert study.main([*options, "--source", source]) == 0
    return out


def test_a_quick_study_trains_every_arm_on_every_fold_and_trains_nothing_twice(studied, few):
    report = (studied / "transfer-study.md").read_text()
    assert "| `imagenet` | 1 | 16 |" in report and "| `encoder` | 1 | 16 |" in report
    direction = studied / "transfer-study" / "mammogram-to-ultrasound"
    scores = read_scores(direction / "encoder-100-s0.csv")
    assert len(scores) == 24 and not any(s.seen for s in scores)
    before = sorted(f.stat().st_mtime_ns for f in studied.rglob("checkpoint.safetensors"))
    assert len(before) == 4, "two arms on two folds"
    again = ["--quick", "--data", few, "--out", str(studied), "--cache", str(studied / "cache")]
    assert study.main(again) == 0
    assert sorted(f.stat().st_mtime_ns for f in studied.rglob("checkpoint.safetensors")) == before


def test_a_transfer_keeps_what_is_frozen_of_its_source_and_says_where_it_began(studied):
    run = studied / "mammogram-to-ultrasound" / "encoder-100-s0" / "fold-0"
    source, now = load_weights("embedded", "mammogram"), load_weights(str(run / "weights"))
    record = json.loads((run / "run.json").read_text())
    assert record["arm"] == "encoder" and record["source"] == source.revision
    for name, tensor in now.tensors.items():
        if name.startswith(("encoder.", "bottleneck.")):
            assert (tensor == source.tensors[name]).all(), f"{name} has moved"
    assert source.revision in (run / "weights" / "README.md").read_text()
    assert set(source.config.trained_on) < set(now.config.trained_on)
    assert Segmenter(now).modality == "ultrasound"


def test_a_study_with_other_settings_is_not_mixed_in(studied, few, capfd):
    assert study.main(["--quick", "--data", few, "--data", few, "--out", str(studied)]) == 1
    assert "is of a study with data [" in capfd.readouterr().err
