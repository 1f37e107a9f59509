"""The loop: correct, export, fine-tune, push, take the new revision, score the corrected and the untouched apart."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bcweb.batch import Choice
from bcweb.cases import read_cases, read_truth
from bcweb.evaluate import evaluate, table
from bcweb.phantoms import Mass, phantom
from bcweb.review.export import export
from bcweb.scans import read_scan
from bcweb.segmenter import Segmenter
from tests.cases.trees import save
from tests.review import decided
from tests.review.decided import OWNER, Decided

COMMAND = (
    "-m train.transfer --freeze encoder --epochs 1 --size 64 --batch 2 --folds 2 --validation 0.3 "
    "--data folder:reviewed --out run --push"
)
UNTOUCHED = ("scan 6", "scan 7")  # nobody has read them


@pytest.fixture
def scans(tmp_path):
    """Eight generated ultrasounds, one of them normal, as a folder with their truth."""
    for seed in range(8):
        masses = () if seed == 5 else (Mass(0.3),)
        made = phantom("ultrasound", 300 + seed, masses, (160, 200))
        save(tmp_path / "scans" / "images" / f"scan {seed}.png", made.scan.pixels)
        if masses:
            mask = made.truth.astype(np.uint8) * 255
            save(tmp_path / "scans" / "masks" / f"scan {seed}.png", mask)
    lines = ["file,label,modality"]
    for seed in range(8):
        lines.append(f"scan {seed}.png,{'normal' if seed == 5 else 'lesion'},ultrasound")
    (tmp_path / "scans" / "cases.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "scans"


def reviewed(scans, tmp_path) -> Decided:
    """Predicted by the embedded weights; two corrected, one emptied, two kept, one accepted."""
    segmenter = Segmenter.load("embedded", "ultrasound")
    made = decided.empty_project(tmp_path)
    for case in read_cases(f"folder:{scans}").cases:
        scan = read_scan(case.file)
        truth = read_truth(case, scan)
        made.add(case.id, case.file, truth, "scans", label=case.label, group=case.group)
        made.predict(case.id, segmenter.segment(scan).mask, segmenter.weights.revision)
    for name in ("scan 0", "scan 1"):
        truth = made.store.truth(OWNER, made.ids[name])
        made.decide(name, "corrected", np.roll(truth, 3, axis=1), beginning="prediction")
    made.decide("scan 2", "accept")
    made.decide("scan 3", "truth")
    made.decide("scan 4", "truth")
    made.decide("scan 5", "corrected", np.zeros((160, 200), bool), beginning="empty")
    return made


def test_what_was_corrected_teaches_a_revision_that_is_scored_on_it_and_apart_on_the_rest(
    hub, client, python, scans, tmp_path
):
    made = reviewed(scans, tmp_path)
    export(made.store, OWNER, made.project.id, tmp_path / "reviewed")
    done = python(*COMMAND.split())
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Pushed: hf://ann/bcweb-ultrasound@v1. `latest` is v1.\n")
    taught = {
        case["id"]: case["role"]
        for case in json.loads((tmp_path / "run/run.json").read_text())["cases"]
    }
    assert sorted(taught) == [f"scan {n}" for n in range(6)], "what was decided, and nothing else"

    weights = "hf://ann/bcweb-ultrasound@v1"
    assert Segmenter.load(weights, "ultrasound").weights.config.name == "run"
    corrections = read_cases(f"folder:{tmp_path / 'reviewed'}?decision=corrected")
    everything = read_cases(f"folder:{scans}")
    untouched = tuple(case for case in everything.cases if case.id in UNTOUCHED)
    choice = Choice(weights)
    corrected, apart = evaluate([corrections], choice, 1)
    assert {s.id: s.seen for s in corrected} == {
        name: taught[name] != "test" for name in ("scan 0", "scan 1", "scan 5")
    }, "seen, but for those that the run itself held back"
    assert apart["seen"] == sum(score.seen for score in corrected) > 0
    assert "SEEN CASES" in table(apart), "beside the others, and marked as no result"
    rest, figures = evaluate([replace(everything, cases=untouched)], choice, 1)
    assert [(s.id, s.seen, s.error) for s in rest] == [(name, False, "") for name in UNTOUCHED]
    assert figures["unseen"] == 2 and figures["lesion"]["dice_mean"] is not None
