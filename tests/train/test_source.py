"""`python -m train.source` from a folder of files to a weights folder that the app takes."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from bcweb.scans import read_scan
from bcweb.scores import read_scores, report
from bcweb.segmenter import Segmenter
from bcweb.weights import WeightsError, load_weights
from tests.cases.trees import no_text
from tests.train.test_loop import rewrite
from train import loop, operating_point, score
from train import run as running
from train.arms import ARMS
from train.card import card
from train.folds import was_stopped
from train.package import write_weights
from train.run import _recipe
from train.source import main, parse
from train.start import without_source


def there(root: Path) -> list[str]:
    """Options that keep a run and its cache below a folder."""
    return ["--out", str(root / "run"), "--cache", str(root / "cache")]


def test_the_weights_segment_a_scan_and_know_which_cases_they_have_seen(run, folder):
    segmenter = Segmenter.load(str(run / "weights"), "ultrasound")
    record = json.loads((run / "run.json").read_text())
    roles = {case["id"]: case["role"] for case in record["cases"]}
    assert set(roles.values()) == {"train", "validation", "test"}
    from bcweb.cases.duplicates import fingerprint

    for name, role in roles.items():
        scan = read_scan(folder / "images" / f"{name}.png")
        seen = segmenter.weights.seen(scan.digest, fingerprint(scan.pixels))
        assert seen == (role != "test"), f"{name} is {role}"
    assert segmenter.segment(scan).mask.shape == (60, 80)


def test_the_record_has_hashes_split_seed_versions_and_the_operating_point(run, folder):
    record = json.loads((run / "run.json").read_text())
    case = record["cases"][0]
    assert case["digest"] == read_scan(folder / "images" / f"{case['id']}.png").digest
    assert record["recipe"]["seed"] == 0 and record["folds"] == 5
    assert set(record["versions"]) >= {"keras", "numpy"}
    assert 0 < record["operating_point"]["mask_threshold"] < 1


def test_only_held_out_cases_are_scored(run):
    record = json.loads((run / "run.json").read_text())
    tested = {case["id"] for case in record["cases"] if case["role"] == "test"}
    with (run / "weights" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == tested
    assert all(row["seen"] == "0" for row in rows)
    assert json.loads((run / "scores.json").read_text())["seen"] == 0


@pytest.mark.parametrize("every", [False, True])
def test_accepted_predictions_are_not_scored(folder, narrow, tmp_path, capsys, every):
    """Of an export of a review: the network would be scored by what another drew."""
    data = shutil.copytree(folder, tmp_path / "data")
    head, *lines = (data / "cases.csv").read_text().splitlines()
    decided = [
        f"{line},{'accept' if every or i % 4 < 2 else 'corrected'}" for i, line in enumerate(lines)
    ]
    (data / "cases.csv").write_text("\n".join([f"{head},decision", *decided]))
    spec = f"folder:{data}?modality=ultrasound"
    arguments = ["--data", spec, "--size", "64", "--epochs", "1"]
    assert main([*arguments, "--validation", "0.2", *there(tmp_path), *narrow]) == 0
    said, run = capsys.readouterr().out, tmp_path / "run"
    record = json.loads((run / "run.json").read_text())
    roles = Counter(case["role"] for case in record["cases"])
    of_all = roles["accepted"] + roles["test"]
    assert (
        f"Held out: {roles['accepted']} of {of_all} cases are predictions that a reader accepted and are not scored"
        in said
    )
    card = (run / "weights" / "README.md").read_text()
    assert f"{roles['accepted']} held out and not scored (predictions that a reader acc" in card
    if every:
        assert "No scores exist: all held-out cases are predictions that a reader accepted." in card
        assert not (run / "scores.json").exists() and not roles["test"]
        return
    assert roles["test"] and f"On {roles['test']} held-out cases (fold 0" in card
    assert score.main([str(run), "--data", spec]) == 0
    with (run / "weights" / "scores.csv").open(newline="") as file:
        scored = {row["id"] for row in csv.DictReader(file)}
    assert scored == {case["id"] for case in record["cases"] if case["role"] == "test"}
    assert not any(
        line.startswith(f"{i}.png") and "accept" in line for i in scored for line in decided
    )


def test_the_card_and_the_curve_are_there(run):
    text = (run / "weights" / "README.md").read_text()
    assert "held-out cases (fold 0 of 5, by group)" in text
    assert (run / "learning-curve.png").stat().st_size > 5_000


def test_a_card_calls_no_case_unseen_that_was_seen(run):
    """Of runs from before such cases were kept out of the test."""
    weights = load_weights(str(run / "weights"))
    record = json.loads((run / "run.json").read_text())
    scores = read_scores(run / "weights" / "scores.csv")
    some = [replace(score, seen=place < 3) for place, score in enumerate(scores)]
    told = card(weights.config, record, report(some, {}))
    assert f"On {len(scores) - 3} held-out cases (fold 0 of 5, by group), which these" in told
    assert "3 more were held out, but seen as another picture or by their group." in told
    none = card(weights.config, record, report([replace(s, seen=True) for s in scores], {}))
    assert f"No scores exist: these weights have seen all {len(scores)} held-out cases" in none
    assert "have not seen" not in none and "| data |" not in none


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "nothing:here"], "names no data set"),
        (["--data", "folder:/nowhere"], "/nowhere is not a folder."),
    ],
)
def test_what_cannot_be_trained_on_gets_one_sentence(arguments, sentence, tmp_path, capsys):
    assert main([*arguments, "--out", str(tmp_path / "x"), "--cache", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1


@pytest.mark.parametrize("option", ["--out", "--cache"])
def test_a_folder_that_cannot_be_made_is_said_before_the_work(option, tmp_path, capsys):
    """The data is not there either: who had begun would speak of it."""
    (tmp_path / "file").touch()
    asked = ["--data", "busi:/nowhere", "--out", str(tmp_path / "run"), "--cache", str(tmp_path)]
    place = tmp_path / "file" / "run"
    assert main([*asked, option, str(place)]) == 1
    why = f"{tmp_path / 'file'} is no folder"
    assert capsys.readouterr().err == f"Nothing can be written to {place}: {why}.\n"
    assert not (tmp_path / "run").exists()


def test_too_few_groups_for_the_parts_get_one_sentence(folder, tmp_path, capsys):
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--cases", "2", "--size", "64"]
    arguments += ["--folds", "2", "--out", str(tmp_path / "x"), "--cache", str(tmp_path / "cache")]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert (
        "the groups (1, of 2 cases) are too few for 2 folds and a validation of 0.1 of the rest."
        in error
    )


def test_a_fold_that_holds_nothing_out_is_refused_before_it_trains(
    folder, narrow, tmp_path, capsys
):
    """Its card would say that all that was held out was accepted."""
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--cases", "6", "--size", "64"]
    arguments += ["--fold", "4", "--validation", "0", "--epochs", "1", *there(tmp_path), *narrow]
    assert main(arguments) == 1
    said = "Fold 4 of 5 holds out no case: add data, or ask for fewer --folds."
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (MemoryError(), 1, "not enough memory for 16 images a step: try --batch 8."),
        (MemoryError("--batch 1"), 1, "for 1 image a step: try a smaller --size."),
        (RuntimeError("RESOURCE_EXHAUSTED: out of memory"), 1, "try --batch 8."),
        (KeyboardInterrupt(), 130, "before the first epoch was whole"),
        (FloatingPointError("The loss is no longer a number."), 1, "no longer a number"),
    ],
)
def test_what_goes_wrong_in_training_gets_one_sentence(
    folder, small, tmp_path, monkeypatch, capsys, error, status, sentence
):
    def fail(*_):
        raise error

    monkeypatch.setattr("train.loop.fit", fail)
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64"]
    arguments += [*there(tmp_path), *str(error).split() * str(error).startswith("--")]
    assert main(arguments) == status
    assert sentence in capsys.readouterr().err


def test_a_folder_does_not_go_on_with_another_split_or_other_cases(run, folder, tmp_path, capsys):
    """Else fold 1's test, which fold 0's network was trained on, would be scored as unseen."""
    mine = shutil.copytree(run, tmp_path / "run")
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--epochs", "2"]
    arguments += ["--batch", "8", "--cache", str(run.parent / "cache"), "--out", str(mine)]
    before = (mine / "run.json").read_text()
    for other in (["--fold", "1", "--validation", "0.2"], ["--validation", "0.4"]):
        assert main([*arguments, *other]) == 1
        assert "holds a run on other cases, on another split" in capsys.readouterr().err
    corrected = shutil.copytree(folder, tmp_path / folder.name) / "masks" / "case0.png"
    Image.fromarray(np.fliplr(Image.open(corrected))).save(corrected)
    now = ["--data", f"folder:{corrected.parents[1]}?modality=ultrasound", *arguments[2:]]
    assert main([*now, "--validation", "0.2"]) == 1, "it would never be trained on"
    assert "on other scans or truths of theirs" in capsys.readouterr().err
    assert (mine / "run.json").read_text() == before
    rewrite(mine, without="state.0007")
    assert main([*arguments, "--validation", "0.2"]) == 1
    assert "was written by another version of this program" in capsys.readouterr().err
    assert (mine / "run.json").read_text() == before, "it has its weights, and can be pushed"
    (mine / "run.json").unlink()  # as a program says that finds it damaged
    assert main([*arguments, "--fold", "1", "--validation", "0.2"]) == 1
    assert "holds a run on other cases, on another split" in capsys.readouterr().err
    assert not (mine / "run.json").exists()


def test_a_test_case_that_cannot_be_read_is_told_and_nothing_is_scored(
    folder, narrow, tmp_path, capsys
):
    data = shutil.copytree(folder, tmp_path / "data")
    arguments = ["--data", f"folder:{data}?modality=ultrasound", "--size", "64", "--epochs", "1"]
    arguments += [*there(tmp_path), *narrow]
    assert main(arguments) == 0
    (tmp_path / "run" / "scores.json").unlink()
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    lost = next(case["id"] for case in record["cases"] if case["role"] == "test")
    whole = (data / "images" / f"{lost}.png").read_bytes()
    (data / "images" / f"{lost}.png").write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    same = ["--data", f"folder:{data}?modality=ultrasound"]
    assert score.main([str(tmp_path / "run"), *same]) == 1
    assert "test cases could not be scored" in capsys.readouterr().err
    assert not (tmp_path / "run" / "scores.json").exists()
    assert score.main([str(tmp_path / "run"), *same, *same]) == 1
    assert "The same data set is named twice." in capsys.readouterr().err


def test_names_that_are_no_text_are_trained_on_and_known_again(folder, narrow, tmp_path, capsys):
    """Of files out of an old archive, and of the folder that they came in."""
    data = shutil.copytree(folder, no_text(tmp_path / "Müller"))
    for file in sorted(data.glob("*/case*.png")):
        file.rename(no_text(file.with_name(file.name.replace("case", "Läsion "))))
    (data / "cases.csv").unlink()
    spec = ["--data", f"folder:{data}?modality=ultrasound"]
    options = ["--size", "64", "--epochs", "1", "--validation", "0.2"]
    assert main([*spec, *options, *there(tmp_path), *narrow]) == 0
    weights = load_weights(str(tmp_path / "run" / "weights"))
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    learned = {(c["dataset"], c["id"]) for c in record["cases"] if c["role"] != "test"}
    assert learned and {(c.dataset, c.id) for c in weights.seen_cases} == learned
    assert all("\udce4" in case.id and case.dataset == data.name for case in weights.seen_cases)
    assert weights.config.trained_on == (r"M\udcfcller",)
    card = (tmp_path / "run" / "weights" / "README.md").read_text(encoding="utf-8")
    assert r"- M\udcfcller. Licence: whoever pushed these weights" in card


def test_a_run_that_was_stopped_says_so(folder, narrow, tmp_path, monkeypatch, capsys):
    keep = loop._keep

    def keep_then_stop(*args):
        keep(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_keep", keep_then_stop)
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--epochs", "3"]
    arguments += [*there(tmp_path), *narrow]
    assert main(arguments) == 0
    assert "Stopped. The best of 1 epochs is kept" in capsys.readouterr().out
    assert "Stopped after 1 of 3 epochs" in (tmp_path / "run" / "weights" / "README.md").read_text()
    assert was_stopped(tmp_path / "run")

    def die(*_):
        raise MemoryError

    monkeypatch.setattr(loop, "_keep", die)
    assert main(arguments) == 1, "it goes on, and is cut off"
    assert was_stopped(tmp_path / "run"), "weights of before it went on are no whole run's"
    told = [
        tmp_path / "run" / name
        for name in ("scores.json", "weights/scores.csv", "weights/README.md")
    ]
    assert all(file.exists() for file in told), "they are of the weights that are there"

    best = load_file(tmp_path / "run" / "best.safetensors")
    monkeypatch.setattr(loop, "fit", lambda *_: best)
    monkeypatch.setattr("train.run.score_run", die)
    assert main(arguments) == 1, "it is trained, and cut off before it is scored"
    assert all(file.exists() for file in told), "they are of the same weights"
    best["mask_head.logits.bias"] += 1
    assert main(arguments) == 1
    assert not any(file.exists() for file in told), "of other weights than those that are there now"


def test_a_folder_whose_writing_is_cut_off_is_none_of_weights(run, tmp_path, monkeypatch):
    """New numbers beside an old list of what they have seen would call what they were trained on unseen."""
    before = load_weights(str(run / "weights"))
    folder = shutil.copytree(run / "weights", tmp_path / "weights")

    def die(*_):
        raise SystemExit

    monkeypatch.setattr("train.seen.write_rows", die)
    with pytest.raises(SystemExit):
        write_weights(folder, before.config, before.tensors, before.seen_cases)
    with pytest.raises(WeightsError, match=r"it has no config\.json"):
        load_weights(str(folder))


def test_a_training_can_end_before_its_rate_has_fallen(folder, narrow, tmp_path, capsys):
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", "--epochs", "3"]
    arguments += ["--fold", "all", *there(tmp_path), *narrow]
    with pytest.raises(SystemExit):
        main([*arguments, "--until", "4"])
    assert "--until is one of the --epochs" in capsys.readouterr().err
    assert main([*arguments, "--until", "2"]) == 0
    assert loop.epochs_done(tmp_path / "run") == 2
    assert not was_stopped(tmp_path / "run"), "it was asked to end there"
    assert "The first 2 of 3 epochs" in (tmp_path / "run" / "weights" / "README.md").read_text()
    record = tmp_path / "run" / "run.json"
    then = json.loads(record.read_text()) | {"date": "2001-02-03", "versions": {"keras": "0.1"}}
    record.write_text(json.dumps(then))
    assert main([*arguments, "--until", "2"]) == 0
    assert json.loads(record.read_text()) == then, "no epoch was left to train today"


@pytest.mark.parametrize(
    ("options", "why", "more"),
    [
        (
            ["--fold", "all"],
            "everything trains",
            "; python -m train.crossval --final chooses it on all folds",
        ),
        (["--validation", "0"], "none is asked for", ""),
    ],
)
def test_a_training_without_a_validation_says_that_its_operating_point_was_not_chosen(
    folder, narrow, tmp_path, monkeypatch, capsys, options, why, more
):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "fit", stop)
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--size", "64", *options]
    assert main([*arguments, *there(tmp_path), *narrow]) == 130
    assert (
        f"No validation: {why}. The last epoch is kept, and the operating point is the middle of every scale{more}.\n"
    ) in capsys.readouterr().out


def test_a_validation_without_a_lesion_is_refused_before_it_trains(folder, tmp_path, capsys):
    data = shutil.copytree(folder, tmp_path / "data")
    for mask in sorted((data / "masks").iterdir())[2:]:
        mask.unlink()
    blank = Image.fromarray(np.zeros((60, 80), np.uint8))
    for i in range(40):
        if not (data / "masks" / f"case{i}.png").exists():
            blank.save(data / "masks" / f"case{i}.png")
    (data / "cases.csv").write_text(
        "file,group\n" + "".join(f"case{i}.png,g{i // 2}\n" for i in range(40))
    )
    arguments = ["--data", f"folder:{data}?modality=ultrasound", "--size", "64", "--epochs", "1"]
    arguments += there(tmp_path)
    assert main(arguments) == 1
    assert "No validation case holds a lesion" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--size", "200"], "--size is a multiple of 32"),
        (["--cases", "0"], "--epochs and --cases want at least 1"),
        (["--validation", "0.9"], "--validation is a part of the rest"),
        (["--name", "new hospital"], "--name takes letters"),
    ],
)
def test_an_option_that_makes_no_sense_gets_one_sentence(option, sentence, capsys):
    with pytest.raises(SystemExit):
        main(["--data", "busi:x", "--out", "y", *option])
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(("covered", "presence"), [("1", True), ("0", False)])
def test_mammograms_learn_presence_only_from_lesions_that_are_covered(squares, covered, presence):
    args = parse(["--data", "busi:x", "--out", "y", "--set", f"covered_views={covered}"])
    start = without_source(ARMS["imagenet"], "lite0")
    recipe = _recipe(args, start, "mammogram", normals=0, whole=squares, train=squares)
    assert recipe.presence is presence


@pytest.mark.parametrize(
    ("groups", "epochs", "all_of_them"), [(7, 14, 58), (29, 14, 14), (8, 14, 51)]
)
def test_a_part_of_the_data_is_trained_on_for_the_steps_of_all_and_no_epoch_more(
    squares, groups, epochs, all_of_them
):
    """By batches of one and normals once: 29 steps an epoch on all, and so 14 x 29 / 7 = 58 epochs of 7 steps."""
    whole = (squares + squares).take(np.arange(29))
    args = parse(["--data", "busi:x", "--out", "y", "--batch", "1", "--set", "normal_repeats=1"])
    args.epochs = epochs
    start = without_source(ARMS["imagenet"], "lite0")
    part = whole.take(np.arange(groups))
    assert _recipe(args, start, "mammogram", 1, whole, part).epochs == all_of_them


def test_mammograms_without_a_normal_among_them_teach_presence_by_covered_lesions(
    narrow, tmp_path, capsys
):
    """A card says so, and the gate was chosen on such views."""
    rng = np.random.default_rng(0)
    for part in ("images", "masks"):
        (tmp_path / "data" / part).mkdir(parents=True)
    for i in range(20):
        pixels, mask = np.zeros((96, 96), np.uint8), np.zeros((96, 96), np.uint8)
        pixels[:, :70] = rng.integers(80, 120, (96, 70))
        y, x = rng.integers(8, 48, 2)
        mask[y : y + 14, x : x + 14] = 255
        pixels[mask > 0] += 100
        Image.fromarray(pixels).save(tmp_path / "data" / "images" / f"case{i}.png")
        Image.fromarray(mask).save(tmp_path / "data" / "masks" / f"case{i}.png")
    arguments = ["--data", f"folder:{tmp_path / 'data'}?modality=mammogram", "--size", "64"]
    arguments += [*there(tmp_path), *narrow]
    assert main([*arguments, "--epochs", "1", "--validation", "0.4"]) == 0
    assert "presence is learned from views of the same scans" in capsys.readouterr().out
    config = json.loads((tmp_path / "run" / "weights" / "config.json").read_text())
    assert config["presence"] and config["operating_point"]["presence_gate"] is not None
    assert json.loads((tmp_path / "run" / "run.json").read_text())["normals"] == 0
    card = (tmp_path / "run" / "weights" / "README.md").read_text()
    assert "The training had no scan without a lesion: presence was learned, and its gate" in card


@pytest.mark.parametrize("normals", [True, False])
def test_boxes_have_no_say_in_the_operating_point_where_lesions_are_outlined(
    folder, narrow, tmp_path, monkeypatch, normals
):
    """Nor in what the card says of it. Where there is no normal, views that show no lesion have one, of both."""
    if not normals:
        folder = shutil.copytree(folder, tmp_path / "outlined")
        lesions = [
            row for row in (folder / "cases.csv").read_text().splitlines() if "normal" not in row
        ]
        (folder / "cases.csv").write_text("\n".join(lesions))
        for number in range(30, 40):
            (folder / "images" / f"case{number}.png").unlink()
    boxes = tmp_path / "boxes"
    (boxes / "images").mkdir(parents=True)
    names = [f"case{i}.png" for i in range(20)]
    rows = [f"{name},{i},5,5,20,15" for i, name in enumerate(names)]
    for name in names:  # other pictures, or they would be the outlined ones' groups
        with Image.open(folder / "images" / name) as image:
            image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(boxes / "images" / name)
    (boxes / "boxes.csv").write_text("\n".join(["file,group,x,y,w,h", *rows]))
    chosen_by = []
    choose = operating_point.choose
    monkeypatch.setattr(
        operating_point, "choose", lambda *a: chosen_by.append(len(a[2])) or choose(*a)
    )
    views = []
    without_lesions = running.without_lesions
    monkeypatch.setattr(
        running, "without_lesions", lambda *a: views.append(without_lesions(*a)) or views[-1]
    )
    data = ["--data", f"folder:{folder}?modality=mammogram", "--data", f"cbis-boxes:{boxes}"]
    # Few are held out: many would be scored by other processes, to which the network is not narrow.
    options = ["--size", "64", "--epochs", "1", "--validation", "0.2", "--folds", "8"]
    assert main([*data, *options, *there(tmp_path), *narrow]) == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    chose = Counter(c["dataset"] for c in record["cases"] if c["role"] == "validation")
    of_views = Counter(case.dataset for each in views for case in each.cases)
    assert set(of_views) == (set() if normals else {folder.name, "cbis-ddsm"})
    assert chose["cbis-ddsm"] > 0
    assert chosen_by == [chose[folder.name] + of_views.total()]
    assert record["point_from"] == "validation, without boxes"
    card = (tmp_path / "run" / "weights" / "README.md").read_text()
    assert "leaving out those of which only boxes are known" in card
