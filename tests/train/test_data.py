"""Splits and the decoded cache."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases.duplicates import prints
from bcweb.phantoms import phantom
from bcweb.preprocess import frame, square
from bcweb.scans import read_scan
from tests import weights_folder
from tests.review.decided import dicom_file
from tests.train.squares import draw_squares
from train.data import assign_folds, load, on_grid, some_cases
from train.options import validation_parts
from train.package import write_weights
from train.roles import leave_contradictions_out, leave_out, split
from train.training_set import TrainingCase, TrainingSet


def cases(n: int = 500) -> tuple[TrainingCase, ...]:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, n // 3, n)
    labels = rng.choice(["benign", "malignant", "normal"], n, p=[0.55, 0.3, 0.15])
    return tuple(
        TrainingCase("made up", str(i), str(g), str(label), "ultrasound", str(i), "")
        for i, (g, label) in enumerate(zip(groups, labels, strict=True))
    )


def training_set(some: tuple[TrainingCase, ...]) -> TrainingSet:
    blank = np.zeros((len(some), 8, 8), np.uint8)
    return TrainingSet(some, blank, blank)


def test_no_group_is_in_two_folds():
    some = cases()
    folds = assign_folds(training_set(some), 5, seed=0)
    of_group = {}
    for case, fold in zip(some, folds, strict=True):
        assert of_group.setdefault(case.group, fold) == fold, f"group {case.group} is in two folds"


@pytest.mark.parametrize("validation", [0.5, 0.4, 0.3, 0.22, 0.1, 0.06])
def test_the_validation_is_the_part_of_the_rest_that_is_asked_for(validation):
    """It was the nearest of a half, a third, a quarter ...: of 0.4 a half."""
    some = training_set(cases())
    for part in (0, validation_parts(validation) - 1):
        roles = split(some, "0", 5, validation, 0, part)
        rest = Counter(roles[roles != "test"])
        assert rest["validation"] / rest.total() == pytest.approx(validation, abs=0.01)


def test_a_part_that_is_rounded_is_the_whole_part():
    third = [
        split(training_set(cases()), "0", 5, each, 0).tolist() for each in (0.33, 1 / 3, 0.3333)
    ]
    assert third[0] == third[1] == third[2]
    assert [validation_parts(each) for each in (0, 0.1, 0.1667, 0.2, 0.33, 0.4)] == [
        0,
        10,
        6,
        5,
        3,
        2,
    ]


def test_labels_are_spread_evenly():
    some = cases()
    folds = assign_folds(training_set(some), 5, seed=0)
    for label, total in Counter(case.label for case in some).items():
        counts = Counter(f for case, f in zip(some, folds, strict=True) if case.label == label)
        for fold in range(5):
            assert abs(counts[fold] - total / 5) <= 0.35 * total / 5, (label, counts)


def test_many_fine_labels_leave_the_folds_as_large_as_one_another():
    """A label of fewer patients than folds is in the first of them alone, and so were all such."""
    some = tuple(
        TrainingCase("ward", str(i), f"p{i}", f"pathology {i // 2}", "ultrasound", str(i), "")
        for i in range(40)
    )
    data = training_set(some)
    assert np.bincount(assign_folds(data, 5, 0), minlength=5).tolist() == [8] * 5
    roles = Counter(split(data, "0", 5, 0.1, 0).tolist())
    assert roles == {"train": 28, "validation": 4, "test": 8}, "a fifth, and a tenth of the rest"


def test_a_few_fine_labels_take_nothing_from_the_spread_of_the_others():
    """Nor from that of lesions and normals among them."""
    some = list(cases())
    for i in range(0, 60, 2):
        some[i] = replace(some[i], group=f"rare {i}", label=f"rare {i // 4}")
    masks = np.zeros((len(some), 8, 8), np.uint8)
    masks[[case.label != "normal" for case in some]] = 1
    masks[:20:4] = 0
    folds = assign_folds(TrainingSet(tuple(some), masks, masks), 5, seed=0)
    rare = np.array([case.label.startswith("rare") for case in some])
    lesion = masks.any(axis=(1, 2))
    assert np.bincount(folds[rare & ~lesion], minlength=5).tolist() == [1] * 5
    assert np.bincount(folds[rare & lesion], minlength=5).tolist() == [5] * 5
    whole = assign_folds(training_set(tuple(c for c in some if "rare" not in c.label)), 5, seed=0)
    assert np.array_equal(folds[~rare], whole)


def test_without_labels_lesions_are_spread_evenly():
    some = tuple(replace(case, label="") for case in cases(200))
    masks = np.zeros((200, 8, 8), np.uint8)
    masks[:10] = 1
    folds = assign_folds(TrainingSet(some, masks, masks), 5, seed=0)
    assert np.bincount(folds[:10], minlength=5).min() >= 1


def test_the_seed_draws_the_folds_and_the_order_of_cases_does_not():
    some = cases()
    first, again, other = (assign_folds(training_set(some), 5, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    backwards = assign_folds(training_set(some[::-1]), 5, 0)[::-1]
    assert np.array_equal(first, backwards)


@pytest.mark.parametrize("fold", ["0", "4"])
def test_train_validation_and_test_share_no_group(fold):
    some = cases()
    data = training_set(some)
    roles = split(data, fold, 5, 0.1, 0)
    groups = {
        role: {c.group for c, r in zip(some, roles, strict=True) if r == role}
        for role in set(roles)
    }
    assert set(groups) == {"train", "validation", "test"}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["validation"]
    assert not groups["validation"] & groups["test"]


def test_an_accepted_prediction_trains_and_is_no_test():
    """Nor is it trained on where it is held out: its group is."""
    some = tuple(replace(case, accepted=int(case.group) % 4 > 0) for case in cases())
    roles = {fold: split(training_set(some), fold, 5, 0.1, 0) for fold in "01234"}
    accepted = np.array([case.accepted for case in some])
    for fold, of_cases in roles.items():
        tested = sum(of_cases == "test")
        assert abs(tested - sum(~accepted) / 5) <= 0.35 * sum(~accepted) / 5, (fold, tested)
        assert not accepted[of_cases == "test"].any() and accepted[of_cases == "accepted"].all()
        assert accepted[of_cases == "train"].any()
    held_out = sum(
        np.isin(of_cases, ("test", "accepted")).astype(int) for of_cases in roles.values()
    )
    assert (held_out == 1).all()


def test_fold_all_trains_on_everything():
    some = cases(30)
    data = training_set(some)
    assert set(split(data, "all", 5, 0.1, 0)) == {"train"}


def test_only_cases_with_the_asked_labels_are_read(folder, tmp_path):
    spec = [f"folder:{folder}?modality=ultrasound"]
    both = load(spec, 64, tmp_path)
    assert Counter(case.label for case in both.cases) == {"benign": 30, "normal": 10}
    normal = load(spec, 64, tmp_path, ("normal",))
    assert {case.label for case in normal.cases} == {"normal"} and len(normal.images) == 10
    assert not normal.has_lesion.any()
    assert len(load(spec, 64, tmp_path, ("normal", "benign")).cases) == 40
    with pytest.raises(ValueError, match="No case has the label 'malignant'; there are: benign, n"):
        load(spec, 64, tmp_path, ("normal", "malignant"))


def test_what_cannot_be_segmented_is_not_trained_on(folder, tmp_path, capsys):
    """Held out it could not be scored, and there would be no scores at all, after all epochs."""
    data = shutil.copytree(folder, tmp_path / "data")
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(data / "images" / "case35.png")
    found = load([f"folder:{data}?modality=ultrasound"], 64, tmp_path / "cache")
    assert sorted({f"case{i}" for i in range(40)} - {case.id for case in found.cases}) == ["case35"]
    assert "case35.png left out: Every pixel of it is the same" in capsys.readouterr().out


def test_what_could_not_be_decoded_is_told_each_time(folder, tmp_path, capsys):
    """Else whoever reads a second run's output takes it for one on all scans."""
    data = shutil.copytree(folder, tmp_path / "data")
    for name in ("case35", "case36"):
        Image.fromarray(np.zeros((60, 80), np.uint8)).save(data / "images" / f"{name}.png")
    spec = [f"folder:{data}?modality=ultrasound"]
    assert len(load(spec, 64, tmp_path / "cache").cases) == 38
    said = capsys.readouterr().out
    assert said.count("case36.png left out: Every pixel of it is the same") == 1
    load(spec, 64, tmp_path / "cache")
    assert "data: without 2 scans, case35.png for one: Every pixel of it is the same" in (
        capsys.readouterr().out
    )


def test_a_cache_of_before_which_does_not_tell_what_was_left_out_is_read(folder, tmp_path, capsys):
    spec = [f"folder:{folder}?modality=ultrasound"]
    whole = load(spec, 64, tmp_path)
    [file] = tmp_path.iterdir()
    with np.load(file) as now:
        kept = {name: now[name] for name in ("cases", "images", "masks")}
    np.savez(file, **kept)
    before = file.read_bytes()
    assert load(spec, 64, tmp_path).cases == whole.cases
    assert file.read_bytes() == before, "it was decoded anew"
    assert "left out" not in capsys.readouterr().out


def test_patients_of_one_name_in_two_folders_are_told(tmp_path, capsys):
    """Their splits are by folder: who is in both would be learned from and tested by. Two hospitals may each have a
    patient of that name, so nothing is joined."""
    for year in ("2023", "2024"):
        draw_squares(tmp_path / year, seed=int(year))
    table = tmp_path / "2024" / "cases.csv"
    lines = [line for line in table.read_text().splitlines() if not re.search(",g1?[3-9]$", line)]
    table.write_text("\n".join(lines) + "\n")  # the others are groups of a scan, called like it
    spec = [f"folder:{tmp_path / year}?modality=ultrasound" for year in ("2023", "2024")]
    load(spec, 64, tmp_path / "cache")
    assert (
        "6 groups have one name in 2023 and 2024 (g0 for one): if they are the same patients, put their scans into one "
        "folder; the splits of each folder are its own."
    ) in capsys.readouterr().out
    load(spec[:1], 64, tmp_path / "cache")
    assert "have one name" not in capsys.readouterr().out


def test_scans_without_a_patient_that_are_called_alike_in_two_folders_are_no_patients(
    tmp_path, capsys
):
    for year in ("2023", "2024"):
        draw_squares(tmp_path / year, seed=int(year))
        (tmp_path / year / "cases.csv").unlink()
    spec = [f"folder:{tmp_path / year}?modality=ultrasound" for year in ("2023", "2024")]
    data = load(spec, 64, tmp_path / "cache")
    assert {c.group for c in data.cases if c.dataset == "2023"} & {
        c.group for c in data.cases if c.dataset == "2024"
    }, "groups are called by their first scan"
    assert "have one name" not in capsys.readouterr().out


def test_what_reading_left_out_is_told_each_time(folder, tmp_path, capsys):
    data = shutil.copytree(folder, tmp_path / "data")
    with (data / "cases.csv").open("a") as table:
        table.write("ward/case40.png,benign,g20\n")
    spec = f"folder:{data}?modality=ultrasound"
    for _ in ("decoded", "from the cache"):
        load([spec], 64, tmp_path / "cache")
        assert (
            "data: 1 file left out, case40.png for one (Named in cases.csv, but not there.); python -m bcweb.cases "
            f"{spec} tells all."
        ) in capsys.readouterr().out


def test_what_reading_found_odd_is_told_each_time(folder, tmp_path, capsys):
    """As that a table of patients is called otherwise: the split would be by pictures, and nobody knew."""
    data = shutil.copytree(folder, tmp_path / "data")
    (data / "cases.csv").rename(data / "patients.csv")
    for _ in ("decoded", "from the cache"):
        load([f"folder:{data}?modality=ultrasound"], 64, tmp_path / "cache")
        said = capsys.readouterr().out
        assert said.count("data: patients.csv lies beside the scans and is not read: a table") == 1


def test_scans_that_their_files_warn_of_are_told_each_time(folder, tmp_path, capsys):
    data = shutil.copytree(folder, tmp_path / "data")
    for name in ("case38", "case39"):
        pixels = np.asarray(Image.open(data / "images" / f"{name}.png"))
        (data / "images" / f"{name}.png").unlink()
        dicom_file(data / "images" / f"{name}.dcm", pixels, Modality="CT")
    table = (data / "cases.csv").read_text()
    for name in ("case38", "case39"):
        table = table.replace(f"{name}.png", f"{name}.dcm")
    (data / "cases.csv").write_text(table)
    for _ in ("decoded", "from the cache"):
        found = load([f"folder:{data}?modality=ultrasound"], 64, tmp_path / "cache")
        assert len(found.cases) == 40, "they are trained on"
        assert (
            "data: 2 scans, case38.dcm for one: The file gives its modality as CT, not as ultrasound (US) or "
            "mammography (MG)."
        ) in capsys.readouterr().out


def test_data_of_which_nothing_can_be_read_gets_a_sentence(folder, tmp_path):
    data = shutil.copytree(folder, tmp_path / "data")
    for mask in (data / "masks").iterdir():
        shutil.copyfile(data / "images" / "case39.png", mask)  # a picture and no mask
    (data / "cases.csv").unlink()
    with pytest.raises(
        ValueError, match=r"None of the 30 cases of data can be read, case0\.png for one: "
    ):
        load([f"folder:{data}?modality=ultrasound"], 64, tmp_path / "cache")


def test_a_lesion_too_small_for_the_grid_is_one_and_no_normal():
    truth = np.zeros((600, 800), bool)
    truth[305:308, 402:405] = True
    assert np.argwhere(on_grid(truth, 64)).tolist() == [[32, 32]]
    assert not on_grid(np.zeros((600, 800), bool), 64).any()


def test_boxes_are_trained_on_as_ellipses_and_new_boxes_are_read_anew(folder, tmp_path):
    root = tmp_path / "boxes"
    (root / "images").mkdir(parents=True)
    (root / "images" / "a.png").write_bytes((folder / "images" / "case0.png").read_bytes())
    for width in (40, 20):  # of 80 pixels across, 60 down; the network sees 64 by 64
        (root / "boxes.csv").write_text(f"file,group,x,y,w,h\na.png,1,10,15,{width},30\n")
        data = load([f"cbis-boxes:{root}"], 64, tmp_path / "cache")
        drawn = np.pi / 4 * (width * 64 / 80) * (30 * 64 / 60)
        assert data.masks.sum() == pytest.approx(drawn, rel=0.04)


def test_of_a_mammogram_the_breast_is_trained_on_and_it_is_known_as_it_was_before_padding(tmp_path):
    made = phantom("mammogram", 3, size=(400, 220))
    for name, pixels in (
        ("images", made.scan.pixels),
        ("masks", made.truth.astype(np.uint8) * 255),
    ):
        (tmp_path / name).mkdir()
        padded = Image.fromarray(np.pad(pixels, ((0, 0), (90, 90))))
        padded.save(tmp_path / name / "film.png")
    data = load([f"folder:{tmp_path}?modality=mammogram"], 64, tmp_path / "cache")
    scan = read_scan(tmp_path / "images" / "film.png")
    within = frame(scan, "breast")
    assert within.right - within.left < 220, "bands and background are left out"
    np.testing.assert_array_equal(data.images[0], np.round(square(scan, 64, "breast") * 255))
    of_it = (within.right - within.left) * (within.bottom - within.top) / 64**2
    assert data.masks.sum() * of_it == pytest.approx(made.truth.sum(), rel=0.1)
    [case] = data.cases
    assert [case.fingerprint, case.unpadded] == prints(scan.pixels)
    weights = write_weights(tmp_path / "weights", weights_folder.config(), {}, data.cases)
    known = list(csv.DictReader((weights / "seen.csv").open()))
    assert [row["fingerprint"] for row in known] == prints(scan.pixels)
    assert {row["id"] for row in known} == {"film"}


def test_a_few_cases_are_whole_groups_of_every_label():
    data = training_set(cases())
    few = some_cases(data, 30, seed=0)
    assert 30 <= len(few.cases) <= 40
    assert {case.label for case in few.cases} == {"benign", "malignant", "normal"}
    taken = {case.group for case in few.cases}
    assert len(few.cases) == sum(case.group in taken for case in data.cases)
    assert some_cases(data, None, 0) is data


def test_a_part_of_the_training_groups_leaves_test_and_validation_whole():
    data = training_set(cases())
    whole = split(data, "0", 5, 0.1, 0)
    part = whole.copy()
    leave_out(data, part, 25, seed=0)
    assert np.array_equal(part != "train", (whole != "train") | (part == "left out"))
    kept = {c.group for c, r in zip(data.cases, part, strict=True) if r == "train"}
    gone = {c.group for c, r in zip(data.cases, part, strict=True) if r == "left out"}
    assert not kept & gone and len(kept) == round(0.25 * len(kept | gone))


def test_of_groups_in_two_classes_only_training_cases_are_left_out():
    some = tuple(
        TrainingCase(dataset, str(i), group, label, "ultrasound", str(i), "")
        for i, (dataset, group, label) in enumerate(
            [("a", "1", "benign"), ("a", "1", "malignant"), ("a", "1", "benign"), ("a", "2", "benign"),
             ("b", "2", "malignant"), ("a", "2", "benign")]
        )
    )  # fmt: skip
    roles = np.array(["train", "train", "test", "train", "train", "validation"], "<U10")
    leave_contradictions_out(training_set(some), roles)
    assert roles.tolist() == ["left out", "left out", "test", "train", "train", "validation"]


def test_a_disk_that_does_not_take_the_cache_is_named_and_keeps_no_part_of_it(folder, tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError) as caught:
            load([f"folder:{folder}?modality=ultrasound"], 64, tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert Path(caught.value.filename).parent == tmp_path / "cache"
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_is_cut_short_is_made_anew(folder, tmp_path):
    """By a copy or a disk: no training on this data would begin until it was deleted by hand."""
    spec = [f"folder:{folder}?modality=ultrasound"]
    whole = load(spec, 64, tmp_path)
    [file] = tmp_path.iterdir()
    content = file.read_bytes()
    for left in (0, 3, 100, len(content) // 2):
        file.write_bytes(content[:left])
        again = load(spec, 64, tmp_path)
        assert again.cases == whole.cases and np.array_equal(again.masks, whole.masks), left
        assert file.read_bytes() == content, left


def test_the_cache_knows_the_modality_that_was_said_and_two_sets_of_one_name_are_refused(tmp_path):
    for place in ("a", "b"):
        draw_squares(tmp_path / place / "ward", seed=0)
    asked = [f"folder:{tmp_path / 'a' / 'ward'}?modality={m}" for m in ("ultrasound", "mammogram")]
    for spec, modality in zip(asked, ("ultrasound", "mammogram"), strict=True):
        data = load([spec], 64, tmp_path / "cache")
        assert {case.modality for case in data.cases} == {modality}
    other = f"folder:{tmp_path / 'b' / 'ward'}?modality=ultrasound"
    with pytest.raises(
        ValueError, match="is there twice in ward: the same data is named twice, or two folders"
    ):
        load([asked[0], other], 64, tmp_path / "cache")
