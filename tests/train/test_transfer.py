"""`python -m train.transfer`: what it chooses when called alone, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from bcweb.batch import Choice
from bcweb.cases import CaseSet, read_cases
from bcweb.evaluate import evaluate
from bcweb.scores import read_scores
from bcweb.weights import EMBEDDED, OperatingPoint, Reading, load_weights
from tests import weights_folder
from tests.train import quick
from tests.train.squares import draw_squares
from train import crossval, score
from train.arms import ARMS
from train.card import card
from train.data import load
from train.packed import pack
from train.roles import split
from train.start import load_source
from train.training_set import TrainingCase, TrainingSet
from train.transfer import found_data, main, modality_of

ROOT = Path(__file__).parents[2]


def few(folder: Path, tmp_path: Path) -> list[str]:
    return ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--cache", str(tmp_path / "cache")]  # fmt: skip


def test_help_tells_of_every_arm_what_stays_and_what_moves():
    said = subprocess.run(
        [sys.executable, "-m", "train.transfer", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    words = " ".join(said.split())
    for arm in ARMS.values():
        assert re.search(rf"\b{arm.name} {re.escape(' '.join(arm.summary.split()))}", words)


@pytest.mark.parametrize(
    ("folders", "chosen"),
    [
        (("cdd-cesm", "busi", "bus-bra"), ["busi:{}/busi", "bus-bra:{}/bus-bra"]),
        (("bus-bra", "stu"), ["bus-bra:{}/bus-bra"]),
        (("cdd-cesm", "stu"), ["folder:{}/cdd-cesm?energy=low&modality=mammogram"]),
    ],
)
def test_alone_it_takes_the_data_of_one_modality(tmp_path, monkeypatch, folders, chosen):
    for name in folders:
        (tmp_path / name).mkdir()
    monkeypatch.setenv("BCWEB_DATA", str(tmp_path))
    assert found_data() == [spec.format(tmp_path) for spec in chosen]


def test_without_data_it_says_in_a_sentence_what_to_set(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("BCWEB_DATA", raising=False)
    assert main(["--push"]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert "--data KIND:PATH" in said.err and "BCWEB_DATA" in said.err
    monkeypatch.setenv("BCWEB_DATA", str(tmp_path))
    assert main(["--push"]) == 1
    assert "holds none of busi, bus-bra and cdd-cesm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--freeze", "random", "--source", "embedded"], "a control and takes no --source"),
        (["--freeze", "imagenet", "--architecture", "unet"], "its control is `random`"),
        (
            ["--architecture", "unet"],
            "The source's architecture is lite0, and it goes on as that: leave --architecture unet out.",
        ),
        (["--source", "/nowhere"], "There are no weights at /nowhere"),
        (
            ["--source", "~nobody-of-this-name/run"],
            "There are no weights at ~nobody-of-this-name/run",
        ),
        (["--labels", "odd"], "No case has the label 'odd'; there are: benign, normal."),
    ],
)
def test_what_cannot_be_carried_over_gets_one_sentence(folder, tmp_path, capsys, options, sentence):
    data = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64"]
    there = ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert main([*data, *there, *options]) == 1
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said
    assert not (tmp_path / "run").exists()


def test_public_is_said_of_what_is_pushed(capsys):
    with pytest.raises(SystemExit):
        main(["--data", "busi:x", "--public"])
    assert "--public is only for what is pushed: add --push" in capsys.readouterr().err


def test_a_scan_without_a_truth_has_no_say_in_the_modality_of_the_data(tmp_path):
    draw_squares(tmp_path / "ward", seed=1)
    shutil.copy(
        tmp_path / "ward" / "images" / "case0.png", tmp_path / "ward" / "images" / "film.png"
    )
    table = tmp_path / "ward" / "cases.csv"
    first, *rows = table.read_text().splitlines()
    said = [f"{first},modality", *[f"{row},ultrasound" for row in rows], "film.png,,x,mammogram"]
    table.write_text("\n".join(said))
    assert modality_of([f"folder:{tmp_path / 'ward'}"]) == "ultrasound"


def test_a_source_is_a_folder_of_weights_or_a_run_that_has_them(tmp_path):
    weights_folder.write(tmp_path / "run" / "weights")
    (tmp_path / "run" / "run.json").write_text("{}")
    by_run = load_source(str(tmp_path / "run"), "mammogram")
    assert by_run.revision == load_source(str(tmp_path / "run" / "weights"), "mammogram").revision
    assert load_source("embedded", "mammogram").config.modality == "mammogram"
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "run.json").write_text("{}")
    with pytest.raises(ValueError, match="has not finished: it has no weights yet"):
        load_source(str(tmp_path / "half"), "mammogram")


@pytest.fixture(scope="module")
def cases(folder, tmp_path_factory) -> TrainingSet:
    cache = tmp_path_factory.mktemp("cache")
    return load([f"folder:{folder}?modality=ultrasound"], 64, cache)


def knowing(to: Path, cases: Iterable[TrainingCase]) -> Path:
    """The embedded weights, trained on some cases more, whose pictures alone tell that they were."""
    shutil.copytree(EMBEDDED / "ultrasound", to)
    with (to / "seen.csv").open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            ("elsewhere", c.id, "", c.digest, c.fingerprint) for c in cases
        )
    return to


@pytest.fixture(scope="module")
def gone_on(folder, cases, tmp_path_factory):
    """A run from weights of the same modality, which had seen a case of every second group of its test and of its
    validation; and what it said."""
    place = tmp_path_factory.mktemp("gone-on")
    roles = split(cases, "0", 5, 0.2, 0)
    seen = []
    for held_out in ("test", "validation"):
        mine = [c for c, role in zip(cases.cases, roles, strict=True) if role == held_out]
        groups = sorted({c.group for c in mine})[::2]
        seen += [next(c for c in mine if c.group == group) for group in groups]
    source = knowing(place / "source", seen)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), quick.eagerly():
        options = ["--source", str(source), "--freeze", "all", "--out", str(place / "run")]
        options += ["--epochs", "1", "--batch", "32", "--validation", "0.2"]
        assert main([*options, *few(folder, place)]) == 0
    return place / "run", said.getvalue(), {c.group for c in seen}


def test_weights_that_go_on_keep_the_look_at_the_mirror_image_and_lose_the_calibration(gone_on):
    run, said, _ = gone_on
    reading = load_weights(str(run / "weights")).config.reading
    assert reading.mirrored and reading.calibration is None
    assert "fewer than 3 scans without a lesion: these weights will have no gate" in said


def test_a_card_says_why_there_is_no_gate(gone_on):
    """Which is not that there is no presence, where there is one."""
    run, _, _ = gone_on
    weights, record = load_weights(str(run / "weights")), json.loads((run / "run.json").read_text())
    assert weights.config.presence and weights.config.operating_point.presence_gate is None
    told = "there is no gate (there were fewer than 3 scans without a lesion to choose it by), so"
    assert told in (run / "weights" / "README.md").read_text()
    without = card(msgspec.structs.replace(weights.config, presence=False), record, None)
    assert "there is no presence head (the training had no scan without a lesion), so" in without


def test_what_a_source_has_seen_teaches_and_neither_tests_nor_chooses(gone_on):
    """With all members of its group, though the source saw one of them and under another name."""
    run, said, known = gone_on
    record = json.loads((run / "run.json").read_text())
    roles = Counter(case["role"] for case in record["cases"])
    assert {c["role"] for c in record["cases"] if c["group"] in known} == {"train"}
    assert roles["test"] and roles["validation"], "the others test and choose as ever"
    told = f"{record['source']} was trained on {2 * len(known)} of them (or their groups): they test and choose nothing."
    assert told in said and f"Cases: {roles['test']} unseen.\n" in said
    card = (run / "weights" / "README.md").read_text()
    assert f"On {roles['test']} held-out cases (fold 0 of 5, by group), which these weights" in card
    assert f"{2 * len(known)} of all cases (or their groups) were known" in card
    assert json.loads((run / "scores.json").read_text())["seen"] == 0


def test_a_run_says_what_it_gains_over_its_source_and_how_it_is_pushed(gone_on, folder):
    """On the cases that it held out, each network read as it is used."""
    run, said, _ = gone_on
    ours = read_scores(run / "weights" / "scores.csv")
    held_out = tuple(
        c for c in read_cases(f"folder:{folder}").cases if c.id in {s.id for s in ours}
    )
    source = run.parent / "source"
    theirs, _ = evaluate([CaseSet("held out", held_out)], Choice(str(source)), 1)
    one, other = (np.mean([s.dice for s in side if s.lesion]) for side in (ours, theirs))
    beside = json.loads((run / "scores.json").read_text())["beside_source"]
    assert beside["revision"] == load_weights(str(source)).revision
    assert beside["dice_mean"] == pytest.approx(
        {"n": sum(s.lesion for s in ours), "ours": one, "source": other, "difference": one - other}
        | {"difference_ci": None},
        abs=1e-5,
    )
    assert (
        f"the mean Dice is {one:.3f}, that of the source, {beside['revision']}, {other:.3f}: "
        in said
    )
    assert said.endswith(f"To push them: python -m train.push {run}\n")


def test_a_run_that_is_scored_again_keeps_what_it_gains_and_can_be_told_it_anew(
    gone_on, folder, tmp_path, capsys
):
    """One that was trained where the scans were not has not been set beside its source."""
    run = shutil.copytree(gone_on[0], tmp_path / "run")
    file, data = run / "scores.json", ["--data", f"folder:{folder}?modality=ultrasound"]
    before = json.loads(file.read_text())
    assert score.main([str(run), *data]) == 0
    assert json.loads(file.read_text()) == before, "what training it has told is gone"
    assert "Did it help?" not in capsys.readouterr().out
    file.unlink()
    assert score.main([str(run), *data]) == 0
    assert "beside_source" not in json.loads(file.read_text())
    revision = before["beside_source"]["revision"]
    told = f"Did it help? This sets it beside {revision}, from which it went on:\n"
    again = shlex.join(["python", "-m", "train.score", str(run), *data, "--source", "W"])
    assert capsys.readouterr().out.endswith(f"{told}{again}\n")
    source = str(gone_on[0].parent / "source")
    assert score.main([str(run), *data, "--source", source]) == 0
    assert json.loads(file.read_text()) == before
    said = capsys.readouterr().out
    assert f"that of the source, {revision}, " in said and "Did it help?" not in said


def test_a_run_on_packed_data_says_how_it_is_set_beside_its_source(
    cases, tmp_path, eagerly, capsys
):
    source = weights_folder.write(tmp_path / "source", modality="ultrasound", size=64)
    pack(cases, tmp_path / "few.npz")
    run = tmp_path / "run"
    options = ["--source", str(source), "--freeze", "all", "--out", str(run), "--epochs", "1"]
    assert main([*options, "--data", f"packed:{tmp_path / 'few.npz'}", "--batch", "32"]) == 0
    again = f"python -m train.score {run} --data KIND:PATH --source {source}\n"
    assert capsys.readouterr().out.endswith(again)


def test_what_a_run_gained_with_other_weights_is_not_kept(gone_on, folder, tmp_path):
    """Nor against another truth: it would be told of what nobody has compared."""
    run = shutil.copytree(gone_on[0], tmp_path / "run")
    data = shutil.copytree(folder, tmp_path / folder.name)
    first = next(s.id for s in read_scores(run / "weights" / "scores.csv") if s.lesion)
    mask = data / "masks" / f"{first}.png"
    Image.fromarray(np.roll(np.asarray(Image.open(mask)), 3, axis=0)).save(mask)
    assert score.main([str(run), "--data", f"folder:{data}?modality=ultrasound"]) == 0
    assert "beside_source" not in json.loads((run / "scores.json").read_text())


@pytest.mark.parametrize("which", ["another", "of the other modality"])
def test_a_run_is_not_set_beside_what_it_did_not_go_on_from(gone_on, tmp_path, capsys, which):
    run = shutil.copytree(gone_on[0], tmp_path / "run")
    before = (run / "scores.json").read_bytes()
    record = json.loads((run / "run.json").read_text())
    modality = "mammogram" if "modality" in which else "ultrasound"
    other = load_weights(str(weights_folder.write(tmp_path / "other", modality=modality)))
    if "modality" in which:
        (run / "run.json").write_text(json.dumps(record | {"source": other.revision}))
        said = f"{other.revision}, from which {run} went on, is of mammograms: the two have nothing to compare.\n"
    else:
        said = f"{run} went on from {record['source']}, and not from {other.revision}.\n"
    asked = [str(run), "--data", "busi:x", "--source", str(other.folder)]
    assert score.main(asked) == 1
    assert capsys.readouterr().err == said
    assert (run / "scores.json").read_bytes() == before


def test_a_test_that_the_source_has_seen_is_refused_before_it_trains(
    folder, cases, tmp_path, capsys
):
    source = knowing(tmp_path / "source", cases.cases)
    options = ["--source", str(source), "--freeze", "all", "--out", str(tmp_path / "run")]
    assert main([*options, *few(folder, tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "was trained on all 8 cases that would be the test (or their groups)" in said
    assert "--fold all" in said and not (tmp_path / "run").exists()


def test_a_run_that_loses_what_its_source_knows_of_normals_says_so(
    folder, tmp_path, monkeypatch, capsys
):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.loop.fit", stop)
    options = ["--source", str(EMBEDDED / "ultrasound"), "--freeze", "all", "--out", str(tmp_path / "run")]  # fmt: skip
    assert main([*options, *few(folder, tmp_path), "--labels", "benign"]) == 130
    said = capsys.readouterr().out
    assert "knows when there is nothing, and these weights will not" in said


def test_a_fit_on_everything_says_that_its_operating_point_is_the_source_s_and_keeps_it(
    folder, tmp_path, small, eagerly, capsys
):
    """But for a gate that was chosen for a calibrated presence."""
    theirs = OperatingPoint(mask_threshold=0.6, presence_gate=0.4, min_lesion_fraction=0.001)
    calibrated = Reading(calibration=(1, 1, 0))
    source = weights_folder.write(tmp_path / "source", operating_point=theirs, reading=calibrated)
    revision = load_source(str(source), "ultrasound").revision
    options = ["--source", str(source), "--freeze", "all", "--out", str(tmp_path / "run")]
    options += ["--fold", "all", "--epochs", "1", "--cases", "8"]
    assert main([*options, *few(folder, tmp_path)]) == 0
    assert (
        f"No validation: everything trains. The last epoch is kept, and the operating point is that of {revision}, but "
        "for the gate, which is the middle of its scale; python -m train.crossval --final chooses it on all folds."
    ) in capsys.readouterr().out
    point = msgspec.structs.replace(theirs, presence_gate=0.5)
    assert load_weights(str(tmp_path / "run" / "weights")).config.operating_point == point
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["point_from"] == "source but for the gate"
    assert (
        "Not chosen on any case: each value is that of the weights that these began with, but for the gate, which is "
        "the middle of its scale."
    ) in (tmp_path / "run" / "weights" / "README.md").read_text()


def test_folds_that_go_on_from_a_source_choose_the_point_of_the_fit_on_everything(
    folder, tmp_path, capsys
):
    """As docs/training.md has it for what a reader corrected; none of the folds is there to be pushed."""
    with quick.folds_here():
        source = weights_folder.write(tmp_path / "source", reading=Reading(mirrored=True))
        options = ["--source", str(source), "--freeze", "all", "--out", str(tmp_path / "runs")]
        options += ["--folds", "2", "--epochs", "1", "--batch", "32"]
        options += ["--final", "--mirror", "--calibrate"]
        assert crossval.main([*options, *few(folder, tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.count("that of the source, random-") == 2 and "train.push" not in said
    final = tmp_path / "runs" / "final"
    assert json.loads((final / "run.json").read_text())["point_from"] == "all folds"
    reading = load_weights(str(final / "weights")).config.reading
    assert reading.mirrored and reading.calibration


def test_a_fit_on_what_its_source_knows_is_sent_to_no_folds_that_would_be_refused(
    folder, cases, tmp_path, monkeypatch, capsys
):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.loop.fit", stop)
    source = knowing(tmp_path / "source", cases.cases[:1])
    options = ["--source", str(source), "--freeze", "all", "--out", str(tmp_path / "run")]
    assert main([*options, *few(folder, tmp_path), "--fold", "all"]) == 130
    said = capsys.readouterr().out
    assert "No validation: everything trains." in said and "train.crossval" not in said


def test_a_network_goes_on_at_the_size_that_it_was_trained_at(folder, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("train.loop.compile_model", stop)
    source = weights_folder.write(tmp_path / "source", size=96)
    options = ["--source", str(source), "--freeze", "all", "--out", str(tmp_path / "run")]
    data = ["--data", f"folder:{folder}?modality=ultrasound", "--cache", str(tmp_path / "cache")]
    assert main([*options, *data]) == 130
    assert json.loads((tmp_path / "run" / "run.json").read_text())["recipe"]["size"] == 96
