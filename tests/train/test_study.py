"""`python -m train.study --quick`, and with it `train.transfer`, on a handful of real cases."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import read_cases
from bcweb.scores import read_scores
from bcweb.segmenter import Segmenter
from bcweb.weights import load_weights
from tests import weights_folder
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
def source(folds_here, tmp_path_factory):
    """Weights of mammograms."""
    return weights_folder.write(tmp_path_factory.mktemp("source"), modality="mammogram")


@pytest.fixture(scope="module")
def studied(few, source, tmp_path_factory):
    """The options of a study, its source among them, which is nothing to the arms that are controls; and where it is."""
    out = tmp_path_factory.mktemp("study")
    options = ["--quick", "--data", few, "--out", str(out), "--cache", str(out / "cache")]
    options += ["--source", str(source)]
    assert study.main(options) == 0
    return options, out


def test_a_quick_study_trains_every_arm_on_every_fold_and_trains_nothing_twice(studied):
    options, out = studied
    report = (out / "transfer-study.md").read_text()
    assert "| `imagenet` | 1 | 16 |" in report and "| `encoder` | 1 | 16 |" in report
    direction = out / "transfer-study" / "mammogram-to-ultrasound"
    scores = read_scores(direction / "encoder-100-s0.csv")
    assert len(scores) == 24 and not any(s.seen for s in scores)
    before = sorted(f.stat().st_mtime_ns for f in out.rglob("checkpoint.safetensors"))
    assert len(before) == 4, "two arms on two folds"
    assert study.main(options) == 0
    assert sorted(f.stat().st_mtime_ns for f in out.rglob("checkpoint.safetensors")) == before


def test_a_transfer_keeps_what_is_frozen_of_its_source_and_says_where_it_began(studied, source):
    _, out = studied
    run = out / "mammogram-to-ultrasound" / "encoder-100-s0" / "fold-0"
    source, now = load_weights(str(source)), load_weights(str(run / "weights"))
    record = json.loads((run / "run.json").read_text())
    assert record["arm"] == "encoder" and record["source"] == source.revision
    for name, tensor in now.tensors.items():
        if name.startswith(("encoder.", "bottleneck.")):
            kept = source.tensors[name].astype(np.float16)  # as tensors are stored
            assert (tensor.astype(np.float16) == kept).all(), f"{name} has moved"
    assert source.revision in (run / "weights" / "README.md").read_text()
    assert set(source.config.trained_on) < set(now.config.trained_on)
    assert Segmenter(now).modality == "ultrasound"


def test_a_study_with_other_settings_is_not_mixed_in(studied, few, capfd):
    options, _ = studied
    assert study.main([*options, "--data", few]) == 1
    assert "is of a study with data [" in capfd.readouterr().err
