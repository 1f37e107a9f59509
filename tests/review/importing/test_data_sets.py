"""What becomes of a data set's files: cases with truths, scores and predictions, and what is told of the others."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import Case
from bcweb.cases.duplicates import fingerprint
from bcweb.metrics import dice, hd95, iou
from bcweb.review import doubt, files, importing, predicting
from bcweb.review import store as stores
from bcweb.review.__main__ import main
from bcweb.review.importing import READING, prepare
from bcweb.review.reading import read_case
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.scans import ScanError, read_scan
from bcweb.weights import load_weights
from tests import weights_folder
from tests.cases import trees
from tests.review.decided import dicom_file
from tests.review.imported import everything, pictures, predictions, rows, run
from tests.review.kept import all_steps, vault
from tests.review.small import ME

# --- what becomes of a data set


@pytest.mark.parametrize("workers", [1, 2])
def test_a_data_set_becomes_cases_with_truths_scores_and_thumbnails(
    store, weights, tmp_path, workers
):
    busi = trees.busi(tmp_path)
    made = run(store, "P", f"busi:{busi}", weights=str(weights), workers=workers)
    assert made.error is None and made.failures == 0
    project = store.project(ME, "P")
    assert (project.state, project.cases, project.predicted) == ("ready", 5, 5)
    assert project.sources == (f"busi:{busi}",) and project.weights == {"ultrasound": str(weights)}
    listed = rows(store, "P")
    names = ["benign (1)", "benign (2)", "malignant (1)", "normal (2)", "normal (3)"]
    assert [row.case for row in listed] == names, "in the data set's order, whoever was read first"
    point = load_weights(str(weights)).config.operating_point
    for row in listed:
        case, prediction = store.case(ME, row.id), store.prediction(ME, row.id)
        scan = read_scan(case.file)
        assert case.digest == scan.digest and case.fingerprint == fingerprint(scan.pixels)
        assert (case.width, case.height, case.depth, case.label) == (
            trees.WIDTH, trees.HEIGHT, 8, case.case.split()[0],
        )  # fmt: skip
        truth, mask = store.truth(ME, row.id), store.mask(project.id, prediction.mask_file)
        shown = store.map(prediction)
        assert prediction.how == "unseen" and row.dice == prediction.dice
        assert prediction.dice == pytest.approx(dice(mask, truth))
        assert prediction.iou == pytest.approx(iou(mask, truth))
        assert prediction.painted_px == mask.sum()
        distance = hd95(mask, truth)
        assert prediction.hd95_px == (None if np.isnan(distance) else pytest.approx(distance))
        assert prediction.uncertainty == pytest.approx(
            doubt.uncertainty(shown, prediction.presence, mask)
        )
        assert prediction.suspicion == pytest.approx(doubt.suspicion(shown, mask, truth, point))
        assert (mask == (shown >= 255 * point.mask_threshold)).all()
        assert store.thumbnail(ME, row.id).startswith(b"RIFF")
    assert store.truth(ME, listed[1].id).sum() == 10 * 20 * 2, "the union of its two masks"


def test_a_scan_without_a_mask_is_predicted_and_its_truth_is_not_known(store, weights, tmp_path):
    trees.save(tmp_path / "set" / "alone.png", trees.picture(1))
    run(store, "P", f"folder:{tmp_path / 'set'}?modality=ultrasound", weights=str(weights))
    [row] = rows(store, "P")
    prediction = store.prediction(ME, row.id)
    assert not row.has_truth and store.truth(ME, row.id) is None
    assert prediction.dice is prediction.suspicion is prediction.hd95_px is None
    assert prediction.uncertainty is not None


def test_what_is_read_behind_a_scan_that_takes_long_is_kept_before_it_ends(
    store, weights, tmp_path, monkeypatch
):
    """With their truths thousands would not fit into the memory."""
    place = pictures(tmp_path / "set", 5)
    kept = []

    def the_first_last(task, items, *_):
        yield from map(task, items[1:])
        kept.append(store.project(ME, "P").cases)
        yield task(items[0])

    monkeypatch.setattr(importing, "over_all_cores", the_first_last)
    monkeypatch.setattr(importing, "_MOST_HELD", 2)
    monkeypatch.setattr(stores, "_BATCH", 1)
    run(store, "P", f"folder:{place}", weights=str(weights))
    assert kept[0] == 4, "they wait for it"
    listed = [row.case for row in rows(store, "P")]
    assert listed == ["scan 01", "scan 02", "scan 03", "scan 04", "scan 00"]
    assert store.project(ME, "P").predicted == 5


def test_an_accepted_prediction_comes_without_a_truth(store, weights, tmp_path):
    """Of an export: scored against such masks, the weights that drew them have a Dice of 1."""
    place = pictures(tmp_path / "set", 3)
    head, *lines = (place / "cases.csv").read_text().splitlines()
    decided = zip(lines, ("accept", "corrected", "truth"), strict=True)
    (place / "cases.csv").write_text("\n".join([f"{head},decision", *map(",".join, decided)]))
    run(store, "P", f"folder:{place}", weights=str(weights))
    assert [case.has_truth for case in rows(store, "P")] == [False, True, True]
    assert predictions(store, "P")["scan 00"].dice is None
    assert (
        "set: 1 of 3 cases are predictions that a reader accepted and come without a truth: a mask scored "
        "against itself says nothing."
    ) in store.project(ME, "P").notes


def test_the_same_command_adds_only_what_is_new(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 3)
    run(store, "P", f"folder:{place}", weights=str(weights))
    before = everything(store, "P")
    ids = [prediction.id for prediction in predictions(store, "P").values()]
    run(store, "P")
    assert everything(store, "P") == before
    assert [prediction.id for prediction in predictions(store, "P").values()] == ids
    pictures(place, 5)
    run(store, "P")
    assert everything(store, "P")[:3] == before
    assert [row.case for row in rows(store, "P")] == [f"scan {i:02d}" for i in range(5)]


def test_scans_that_are_gone_from_a_data_set_are_told_and_stay_cases(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 4)
    run(store, "P", f"folder:{place}", weights=str(weights))
    for number in (1, 3):
        (place / "images" / f"scan {number:02d}.png").unlink()
    run(store, "P")
    told = "set: 2 scans are not there any more, scan 01 for one; what was decided stays."
    assert told in store.project(ME, "P").notes
    assert len(rows(store, "P")) == 4
    pictures(place, 4)
    run(store, "P")
    assert told not in store.project(ME, "P").notes


def test_of_two_sources_of_one_folder_that_moved_what_is_gone_is_told_once(
    store, weights, tmp_path
):
    """The one source's scans are not gone because the other does not choose them."""
    place = pictures(tmp_path / "old" / "ward7", 4)
    head, *lines = (place / "cases.csv").read_text().splitlines()
    chosen = zip(lines, ("low", "high", "low", "high"), strict=True)
    (place / "cases.csv").write_text("\n".join([f"{head},energy", *map(",".join, chosen)]))
    specs = [f"folder:{place}?energy={energy}" for energy in ("low", "high")]
    run(store, "P", *specs, weights=str(weights))
    now = tmp_path / "new" / "ward7"
    shutil.move(place, now)

    def told() -> list[str]:
        return [note for note in store.project(ME, "P").notes if "what was decided stays" in note]

    run(store, "P", f"folder:{now}")
    assert told() == []
    (now / "images" / "scan 02.png").unlink()
    run(store, "P")
    assert told() == [
        "ward7: 1 scan is not there any more, scan 02 for one; what was decided stays."
    ]


def test_what_a_data_set_says_otherwise_now_is_told(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 4)
    (place / "masks" / "scan 00.png").unlink()
    run(store, "P", f"folder:{place}", weights=str(weights))
    run(store, "P")
    assert store.project(ME, "P").notes == (), "nothing is"
    before = everything(store, "P")
    trees.save(place / "masks" / "scan 00.png", trees.box(10, 10, 30, 40))
    table = place / "cases.csv"
    table.write_text(table.read_text().replace("woman 2", "woman 3"))
    run(store, "P")
    assert store.project(ME, "P").notes == (
        "set: 2 cases have another truth, label or patient now than when imported, scan 00 for one; "
        "this project keeps the old ones, and a new one would have the new ones.",
    )
    assert everything(store, "P") == before


def test_other_weights_predict_once_more_beside_the_first(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    run(store, "P", f"folder:{place}", weights=str(weights))
    other = weights_folder.write(tmp_path / "other", seed=2, name="other")
    run(store, "P", weights=str(other))
    project = store.project(ME, "P")
    revisions = [load_weights(str(folder)).revision for folder in (weights, other)]
    assert store.revisions(ME, project.id) == revisions
    assert project.weights == {"ultrasound": str(other)}, "the next import goes on with them"
    assert {p.revision for p in predictions(store, "P").values()} == {revisions[1]}


def test_weights_of_each_modality_predict_their_own(store, weights, tmp_path, monkeypatch):
    mammogram = weights_folder.write(tmp_path / "m", modality="mammogram", name="m")
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(weights))
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", str(mammogram))
    place = pictures(tmp_path / "set", 2)
    table = (place / "cases.csv").read_text()
    (place / "cases.csv").write_text(table.replace("benign,ultrasound", "benign,mammogram", 1))
    run(store, "P", f"folder:{place}")
    assert store.project(ME, "P").weights == {
        "ultrasound": str(weights), "mammogram": str(mammogram),
    }  # fmt: skip
    by = {case: prediction.revision[:2] for case, prediction in predictions(store, "P").items()}
    assert by == {"scan 00": "m-", "scan 01": "ra"}


def test_a_prediction_knows_the_part_of_its_film_that_was_looked_at(store, tmp_path, monkeypatch):
    mammogram = weights_folder.write(tmp_path / "m", modality="mammogram", crop="breast")
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", str(mammogram))
    film = np.pad(np.full((128, 80), 150, np.uint8), ((64, 64), (20, 156)))
    film[100:140, 40:80] = 220
    trees.save(tmp_path / "set" / "film.png", film)
    trees.save(tmp_path / "set" / "film_mask.png", film == 220)
    run(store, "P", f"folder:{tmp_path / 'set'}?modality=mammogram")
    looked_at = predictions(store, "P")["film"].looked_at
    assert looked_at == pytest.approx((20, 64, 80, 128), abs=12)


def of_two_modalities(root: Path) -> Path:
    """Five scans, of which the first two are mammograms."""
    table = pictures(root, 5) / "cases.csv"
    table.write_text(table.read_text().replace("benign,ultrasound", "benign,mammogram", 2))
    return root


def test_weights_of_one_modality_predict_their_own_part_of_a_project_of_two(
    store, weights, tmp_path, monkeypatch
):
    mammogram = weights_folder.write(tmp_path / "m", modality="mammogram", name="m")
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", str(mammogram))
    place = of_two_modalities(tmp_path / "set")
    made = run(store, "P", f"folder:{place}", weights=str(weights))
    assert made.error is None, made.error
    other = weights_folder.write(tmp_path / "other", seed=2, name="other")
    made = run(store, "P", weights=str(other))
    assert made.error is None, made.error
    project = store.project(ME, "P")
    assert project.notes == (
        f"{other} predicts 3 ultrasounds; the project's own weights, {mammogram}, stay for 2 mammograms.",
    )
    assert project.weights == {"ultrasound": str(other), "mammogram": str(mammogram)}
    by = {case: prediction.revision[:2] for case, prediction in predictions(store, "P").items()}
    assert by == dict.fromkeys(["scan 00", "scan 01"], "m-") | dict.fromkeys(
        ["scan 02", "scan 03", "scan 04"], "ot"
    )
    assert len(store.revisions(ME, project.id)) == 3, "the first ultrasound ones are there too"


def test_weights_that_cannot_be_had_are_no_weights_of_another_modality(store, weights, tmp_path):
    place = of_two_modalities(tmp_path / "set")
    torn = weights_folder.write(tmp_path / "torn", name="torn")
    (torn / "model.safetensors").write_bytes(b"torn")
    made = run(store, "P", f"folder:{place}", weights=str(torn))
    assert "model.safetensors" in made.error and store.project(ME, "P").predicted == 0


def test_a_truth_of_boxes_is_scored(store, weights, tmp_path):
    """Boxes are in no file of the store: the truth that was drawn from them is."""
    root = tmp_path / "set"
    trees.save(root / "images" / "a.png", trees.picture(1, 100, 100))
    (root / "boxes.csv").write_text("file,group,x,y,w,h\na.png,1,20,20,40,20\n")
    mammogram = weights_folder.write(tmp_path / "m", modality="mammogram", presence=False)
    made = run(store, "P", f"cbis-boxes:{root}", weights=str(mammogram))
    assert made.error is None, made.error
    assert any("Only boxes are known" in note for note in store.project(ME, "P").notes)
    [row] = rows(store, "P")
    prediction = store.prediction(ME, row.id)
    truth = store.truth(ME, row.id)
    assert truth.sum() == pytest.approx(np.pi * 20 * 10, rel=0.02), "the ellipse in the box"
    mask = store.mask(store.project(ME, "P").id, prediction.mask_file)
    assert prediction.presence is None and prediction.dice == pytest.approx(dice(mask, truth))


def test_verdicts_stand_whatever_is_imported_later(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    run(store, "P", f"folder:{place}", weights=str(weights))
    [case, _] = rows(store, "P")
    accepted = NewVerdict("accept", "k", prediction_id=store.prediction(ME, case.id).id)
    saved = store.save(ME, "anna", case.id, accepted)
    run(store, "P", weights=str(weights_folder.write(tmp_path / "other", seed=2)))
    assert store.history(ME, case.id) == [saved]
    assert store.queue(ME, store.project(ME, "P").id, "listed")[0].decision == "accept"


# --- files that are not as they should be


def test_scans_that_their_files_warn_of_are_counted_and_one_of_them_is_named(store, tmp_path):
    mammogram = weights_folder.write(tmp_path / "m", modality="mammogram")
    elements = {
        "left": {"Modality": "MG", "ImageType": r"ORIGINAL\PRIMARY"},
        "slice 1": {"Modality": "MG", "ImageType": r"DERIVED\PRIMARY\TOMO_PROJ"},
        "slice 2": {"Modality": "MG", "ImageType": r"DERIVED\PRIMARY\TOMO_PROJ"},
        "thorax": {"Modality": "CT"},
    }
    for seed, (name, said) in enumerate(elements.items()):
        dicom_file(tmp_path / "set" / f"{name}.dcm", trees.picture(seed), **said)
    spec = f"folder:{tmp_path / 'set'}?modality=mammogram"
    told = [
        "2 scans, slice 1 for one: This is a tomosynthesis image, not an ordinary mammogram.",
        "thorax: The file gives its modality as CT, not as ultrasound (US) or mammography (MG).",
    ]
    for _ in ("the first time", "again"):
        made = run(store, "P", spec, weights=str(mammogram))
        assert made.error is None and made.failures == 0, "they can be read"
        assert [n for n in store.project(ME, "P").notes if "not a" in n] == told


@pytest.fixture
def broken(tmp_path) -> Path:
    """One good scan, and one of every fault."""
    root = pictures(tmp_path / "数据 集", 1)
    images, masks = root / "images", root / "masks"
    (images / "text.png").write_text("no picture")
    (images / "empty.png").write_bytes(b"")
    torn = trees.save(tmp_path / "torn.png", trees.picture(50)).read_bytes()
    (images / "torn.png").write_bytes(torn[: len(torn) // 2])
    for name in ("乳腺 超声.png", "wide mask.png", "torn mask.png", "twin mask.png"):
        trees.save(images / name, trees.picture(len(name.encode())))
    trees.save(masks / "乳腺 超声.png", trees.box(5, 5, 25, 35))
    trees.save(masks / "wide mask.png", np.zeros((60, 200), np.uint8))
    (masks / "torn mask.png").write_bytes(torn[: len(torn) // 2])
    small = Image.fromarray(trees.box(10, 10, 30, 40)).resize((40, 30))
    small.save(masks / "twin mask.png")
    shutil.copy(images / "乳腺 超声.png", images / "again.png")
    rows = (root / "cases.csv").read_text() + "gone.png,benign,ultrasound,woman 9\n"
    names = [file.name for file in images.iterdir() if file.name != "scan 00.png"]
    (root / "cases.csv").write_text(
        rows + "".join(f"{name},benign,ultrasound,{name}\n" for name in names), encoding="utf-8"
    )
    return root


def test_of_bad_files_the_good_ones_are_imported_and_the_rest_is_told(
    broken, weights, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    command = ["import", "項目 1", "--data", f"folder:{broken}", "--weights", str(weights)]
    assert main([*command, "--workers", "1"]) == 1, "files that cannot be used"
    told = capsys.readouterr()
    assert told.out == "項目 1: 6 cases, 5 with a prediction.\n"
    with Store() as store:
        project = store.project(ME, "項目 1")
        by_case = {row.case: row for row in rows(store, "項目 1")}
        assert project.state == "ready"
        assert set(by_case) == {
            "scan 00", "乳腺 超声", "again", "torn", "torn mask", "twin mask",
        }  # fmt: skip
        assert by_case["torn"].problem and by_case["torn"].how is None
        assert not by_case["torn mask"].has_truth and by_case["torn mask"].how == "unseen"
        assert store.truth(ME, by_case["twin mask"].id).shape == (trees.HEIGHT, trees.WIDTH)
        assert by_case["乳腺 超声"].twin == by_case["again"].id
        notes = "\n".join(project.notes)
    for said in (
        "left out text.png: This is a text file",
        "left out empty.png: The file is empty.",
        "left out gone.png: Named in cases.csv, but not there.",
        "left out wide mask.png: Its mask wide mask.png is 200x60",
        "1 mask has another size than its scan and is resampled to it.",
        "torn cannot be read: ",
        "torn mask: Its truth cannot be read: torn mask.png: ",
        "乳腺 超声",
    ):
        assert said in notes, f"nobody is told: {said}"
        assert said in told.err
    assert ": the same file." in notes


def test_what_cannot_be_opened_now_is_a_case_another_time(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    away = place / "images" / "scan 00.png"
    made = prepare(
        store, ME, "P", [f"folder:{place}"], str(weights), workers=1,
        told=lambda progress: progress == (0, 2, READING) and away.rename(tmp_path / "away.png"),
    )  # fmt: skip
    made.run()
    assert made.failures == 1 and [row.case for row in rows(store, "P")] == ["scan 01"]
    assert any("scan 00.png cannot be opened" in note for note in store.project(ME, "P").notes)
    (tmp_path / "away.png").rename(away)
    made = run(store, "P")
    assert made.failures == 0 and store.project(ME, "P").predicted == 2


def test_a_scan_that_was_replaced_since_is_not_predicted_as_the_old_one(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    run(store, "P", f"folder:{place}", weights=str(weights))
    trees.save(place / "images" / "scan 00.png", trees.picture(99))
    other = weights_folder.write(tmp_path / "other", seed=2, name="other")
    made = run(store, "P", weights=str(other))
    project = store.project(ME, "P")
    assert made.failures == 1 and len(store.predictions(ME, project.id, "other")) == 0
    assert any(
        "scan 00 has no prediction: scan 00.png is not the picture that was imported." in note
        for note in project.notes
    )


def test_a_file_that_is_larger_than_the_memory_is_read_as_far_as_its_picture_goes(tmp_path):
    file = trees.save(tmp_path / "scan.png", trees.picture(1))
    small = read_case(Case("set", "scan", file, "ultrasound"))
    try:
        os.truncate(file, 1 << 43)  # 8 TB of nothing, which take no place on the disk
    except OSError:
        pytest.skip("this file system has no such files")
    large = read_case(Case("set", "scan", file, "ultrasound"))
    assert large.problem is None and large.digest == small.digest


def test_a_disk_that_fails_within_a_file_makes_it_no_damaged_scan(tmp_path, monkeypatch):
    """It is there another time."""

    def fail(_):
        raise ScanError("The PNG file is cut off or damaged.") from OSError(errno.EIO, "I/O error")

    monkeypatch.setattr("bcweb.scans.read_scan", fail)
    file = trees.save(tmp_path / "scan.png", trees.picture(1))
    told = read_case(Case("set", "scan", file, "ultrasound"))
    assert str(told) == "scan.png cannot be opened: I/O error."


def test_a_scan_whose_picture_the_memory_does_not_hold_costs_no_other(
    store, weights, tmp_path, monkeypatch
):
    place = pictures(tmp_path / "set", 2)
    make = files.make_thumbnail

    def first_time_full(*given):
        monkeypatch.setattr(files, "make_thumbnail", make)
        raise MemoryError

    monkeypatch.setattr(files, "make_thumbnail", first_time_full)
    made = run(store, "P", f"folder:{place}", weights=str(weights))
    project = store.project(ME, "P")
    assert (made.failures, project.cases, project.predicted, project.state) == (1, 2, 1, "ready")
    assert project.notes == ("scan 00 cannot be read: There is not enough memory for this scan.",)


def test_a_scan_whose_scores_the_memory_does_not_hold_costs_no_other(
    store, weights, tmp_path, monkeypatch
):
    place = pictures(tmp_path / "set", 2)
    scores = predicting.score_case

    def first_time_full(*given):
        monkeypatch.setattr(predicting, "score_case", scores)
        raise MemoryError

    monkeypatch.setattr(predicting, "score_case", first_time_full)
    made = run(store, "P", f"folder:{place}", weights=str(weights), workers=1)
    project = store.project(ME, "P")
    assert (made.failures, project.predicted, project.state) == (1, 1, "ready")
    assert any(
        "has no prediction: There is not enough memory for this scan." in n for n in project.notes
    )


def test_weights_that_are_trained_anew_meanwhile_predict_nothing(store, tmp_path):
    """Nobody has asked of the new ones what they were trained on: it would be kept as unseen for good."""
    place = pictures(tmp_path / "set", 2)
    weights = weights_folder.write(tmp_path / "weights", seed=1, name="old")

    def train(progress):
        if progress == (2, 2, READING):
            weights_folder.write(weights, seed=2, name="new")

    made = prepare(store, ME, "P", [f"folder:{place}"], str(weights), workers=1, told=train)
    made.run()
    project = store.project(ME, "P")
    assert (made.failures, project.predicted) == (2, 0)
    assert any("are others by now: import once more." in note for note in project.notes)
    run(store, "P", weights=str(weights))
    assert len(store.revisions(ME, project.id)) == 1 and store.project(ME, "P").predicted == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_name_that_is_no_text(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 1)
    (place / "cases.csv").unlink()
    odd = Path(os.fsdecode(os.fsencode(place / "images") + b"/\xff\xfe.png"))
    try:
        trees.save(odd, trees.picture(7))
    except OSError:
        pytest.skip("this file system takes no such name")
    for _ in range(2):
        made = run(store, "P", f"folder:{place}?modality=ultrasound", weights=str(weights))
        assert made.error is None, made.error
        assert store.project(ME, "P").predicted == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_folder_whose_name_is_no_text_is_known_again_and_by_a_backup_too(
    store, weights, tmp_path
):
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    try:
        pictures(place, 1)
    except OSError:
        pytest.skip("this file system takes no such name")
    for data in ([f"folder:{place}"], []):
        made = run(store, "P", *data, weights=str(weights))
        project = store.project(ME, "P")
        assert (made.error, project.notes, project.sources) == (None, (), (f"folder:{place}",))
    all_steps(vault(store, tmp_path / "backup"))
    with Store(tmp_path / "another machine") as back:
        all_steps(vault(back, tmp_path / "backup"))
        assert back.project(ME, "P").sources == (f"folder:{place}",)


def test_two_cases_of_one_name_are_told_apart_or_refused(store, weights, tmp_path):
    here, there = pictures(tmp_path / "a" / "set", 2), pictures(tmp_path / "b" / "set", 1)
    made = run(store, "P", f"folder:{here}", f"folder:{there}", weights=str(weights))
    assert made.failures == 1 and store.project(ME, "P").cases == 2
    assert any("there is another scan 00 in set" in note for note in store.project(ME, "P").notes)


# --- real scans


@pytest.mark.data
def test_real_dicom_files_keep_their_depth_and_spacing(store, data, tmp_path):
    place = tmp_path / "dicom"
    place.mkdir()
    for name in ("breast-us-2.dcm", "mammogram-j2k.dcm"):
        shutil.copy(data / "original-files" / "dicom" / name, place)
    original = data / "original-files" / "Dataset_BUSI_with_GT"
    made = run(
        store, "P", f"folder:{place}?modality=ultrasound", f"busi:{original}", weights="embedded"
    )
    assert made.error is None, made.error
    with store.snapshot(ME, store.project(ME, "P").id) as snapshot:
        cases = {each.case.case: each for each in snapshot.cases}
    breast, odd = cases["breast-us-2"], cases["mammogram-j2k"]
    assert breast.case.spacing == pytest.approx((0.1316, 0.1316), abs=1e-4)
    assert breast.prediction is not None and not breast.case.has_truth
    assert (odd.case.depth, odd.case.width, odd.case.height) == (16, 3064, 4664)
    assert odd.prediction is None, "its file says that it is a mammogram"
    assert any("mammogram-j2k has no prediction" in n for n in store.project(ME, "P").notes)
    assert made.failures == 1
