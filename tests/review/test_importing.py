"""Imports: what becomes of a data set's files, who predicts which case, and ends of every kind.

The weights are random numbers at 64x64: what they draw means nothing, and is the same every time.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases.duplicates import fingerprint
from bcweb.metrics import dice, hd95, iou
from bcweb.review import doubt
from bcweb.review.__main__ import main
from bcweb.review.importing import COMPARING, PREDICTING, READING, Import, prepare, start
from bcweb.review.records import NewVerdict, NotSaved, NotThere, Prediction, ReviewError
from bcweb.review.store import Store
from bcweb.scans import read_scan
from bcweb.scores import CaseScore, read_scores, write_scores
from bcweb.weights import EMBEDDED, OperatingPoint, load_weights
from tests import weights_folder
from tests.cases import trees
from tests.review.small import ME

ROOT = Path(__file__).parents[2]
WAIT = 120  # seconds at most for what takes one or two


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "w", seed=1)


@pytest.fixture
def store(sqlite) -> Store:
    return sqlite.open()


def pictures(root: Path, count: int, first: int = 0) -> Path:
    """A `folder:` data set: so many scans with a box as their truth, each a group of its own."""
    rows = ["file,label,modality,group"]
    for i in range(first, first + count):
        trees.save(root / "images" / f"scan {i:02d}.png", trees.picture(i))
        trees.save(root / "masks" / f"scan {i:02d}.png", trees.box(10, 10 + i, 30, 40 + i))
        rows.append(f"scan {i:02d}.png,benign,ultrasound,woman {i}")
    (root / "cases.csv").write_text("\n".join(rows) + "\n")
    return root


def run(store: Store, name: str, *specs: str, **options) -> Import:
    made = prepare(store, ME, name, specs, **{"workers": 1, **options})
    made.run()
    return made


def rows(store: Store, name: str) -> list:
    return store.queue(ME, store.project(ME, name).id, "listed")


def everything(store: Store, name: str) -> list[tuple]:
    """All that a project's cases and predictions say, but for ids and moments."""
    project = store.project(ME, name)
    known = []
    with store.snapshot(ME, project.id) as snapshot:
        for each in snapshot.cases:
            case = vars(replace(each.case, id=0, project_id=0, twin=None))
            prediction = None
            if each.prediction is not None:
                prediction = dict(vars(each.prediction))
                for name in ("id", "project_id", "case_id", "made"):
                    del prediction[name]
            known.append((case, prediction))
    return known


def predictions(store: Store, name: str) -> dict[str, Prediction]:
    project = store.project(ME, name)
    with store.snapshot(ME, project.id) as snapshot:
        return {each.case.case: each.prediction for each in snapshot.cases}


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
        "set: 2 cases have another truth, label or patient there now than when imported, scan 00 for "
        "one; here the old ones stay, and a new project would have the new ones.",
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


# --- files that are not as they should be


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
        "1 masks have another size than their scan and are resampled",
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


def test_two_cases_of_one_name_are_told_apart_or_refused(store, weights, tmp_path):
    here, there = pictures(tmp_path / "a" / "set", 2), pictures(tmp_path / "b" / "set", 1)
    made = run(store, "P", f"folder:{here}", f"folder:{there}", weights=str(weights))
    assert made.failures == 1 and store.project(ME, "P").cases == 2
    assert any("there is another scan 00 in set" in note for note in store.project(ME, "P").notes)


# --- out of fold


def seen_csv(folder: Path, place: Path, *numbers: int) -> None:
    lines = ["dataset,id,group,digest,fingerprint"]
    for i in numbers:
        scan = read_scan(place / "images" / f"scan {i:02d}.png")
        lines.append(f"set,scan {i:02d},woman {i},{scan.digest},{fingerprint(scan.pixels)}")
    (folder / "seen.csv").write_text("\n".join(lines) + "\n")


def point(threshold: float) -> OperatingPoint:
    return OperatingPoint(mask_threshold=threshold, presence_gate=0.0, min_lesion_fraction=0.0)


@pytest.fixture
def crossed(tmp_path) -> tuple[Path, Path, Path]:
    """Six cases, weights trained on 0 to 4, and two folds: one on 0, 1 and 4, the other on 2, 3 and 4.

    Cases 1 and 5 are of one woman.
    """
    place = pictures(tmp_path / "set", 6)
    table = (place / "cases.csv").read_text()
    (place / "cases.csv").write_text(table.replace("woman 5", "woman 1"))
    final = weights_folder.write(tmp_path / "final", 1, name="final")
    seen_csv(final, place, 0, 1, 2, 3, 4)
    folds = tmp_path / "folds"
    for k, numbers in enumerate([(0, 1, 4), (2, 3, 4)]):
        folder = weights_folder.write(
            folds / f"fold-{k}" / "weights", 10 + k, name=f"fold{k}", operating_point=point(0.3 + 0.1 * k)
        )  # fmt: skip
        seen_csv(folder, place, *numbers)
    scores = [
        CaseScore("set", "scan 04", "woman 4", "benign", "ultrasound", True, dice=0.25, seen=False),
        CaseScore("set", "scan 00", "woman 0", "benign", "ultrasound", True, dice=0.75, seen=True),
    ]
    write_scores(final / "scores.csv", scores)
    return place, final, folds


def test_a_seen_case_is_predicted_by_a_fold_that_had_not_seen_it(store, crossed):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    by = predictions(store, "P")
    said = {case: (p.how, p.revision.partition("-")[0], p.threshold) for case, p in by.items()}
    assert said == {
        "scan 00": ("out-of-fold", "fold1", 0.4),
        "scan 01": ("out-of-fold", "fold1", 0.4),
        "scan 02": ("out-of-fold", "fold0", 0.3),
        "scan 03": ("out-of-fold", "fold0", 0.3),
        "scan 04": ("seen", "final", 0.5),  # by both folds
        "scan 05": ("out-of-fold", "fold1", 0.4),  # a woman whose other scan was trained on
    }
    queue = {row.case: row.dice for row in rows(store, "P")}
    assert queue["scan 00"] == by["scan 00"].dice
    assert by["scan 04"].carried_dice == queue["scan 04"] == 0.25, (
        "the score that the weights carry"
    )
    assert any(
        "trained on 6 of 6 cases: 5 are predicted out of fold, 1 carry a score" in note
        for note in store.project(ME, "P").notes
    )


def test_without_folds_a_seen_case_is_marked_and_comes_last(store, crossed):
    place, final, _ = crossed
    run(store, "P", f"folder:{place}", weights=str(final))
    by = predictions(store, "P")
    assert {p.how for p in by.values()} == {"seen"}
    assert by["scan 00"].carried_dice is None, "a score of scores.csv that is itself of a seen case"
    worst = store.queue(ME, store.project(ME, "P").id, "worst")
    assert [row.dice for row in worst] == [0.25] + [None] * 5


def test_folds_can_be_named_later_and_are_remembered(store, crossed):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final))
    run(store, "P", folds=folds)
    assert predictions(store, "P")["scan 00"].how == "out-of-fold"
    pictures(place, 1, first=7)
    run(store, "P")
    assert store.project(ME, "P").sources == (f"folder:{place}", f"folds:{folds}")


def test_a_folder_without_folds_is_told(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 1)
    made = run(store, "P", f"folder:{place}", weights=str(weights), folds=tmp_path)
    assert made.error == f"{tmp_path} holds no folds of a cross-validation (fold-K/weights)."
    project = store.project(ME, "P")
    assert (project.state, project.problem) == ("failed", made.error)


# --- twins


def test_two_cases_of_one_picture_are_twins_with_the_dice_of_their_truths(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 3)
    first = trees.picture(0, 240, 320)
    trees.save(place / "images" / "scan 00.png", first)
    half = np.asarray(Image.fromarray(first).resize((160, 120)))
    trees.save(place / "images" / "scan 02.png", half)
    mask = np.zeros((240, 320), np.uint8)
    mask[40:120, 40:140] = 255  # 80 x 100
    trees.save(place / "masks" / "scan 00.png", mask)
    mask = np.zeros((120, 160), np.uint8)
    mask[20:60, 45:95] = 255  # on the other's grid 40:120, 90:190: 80 x 50 of 80 x 100 are shared
    trees.save(place / "masks" / "scan 02.png", mask)
    run(store, "P", f"folder:{place}", weights=str(weights))
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 00"].twin == by["scan 02"].id and by["scan 02"].twin == by["scan 00"].id
    assert by["scan 00"].twin_dice == pytest.approx(0.5, abs=0.01)
    assert by["scan 01"].twin is None


def test_a_scan_that_was_mended_is_compared_with_the_others_too(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    first, second = (place / "images" / f"scan 0{i}.png" for i in range(2))
    whole = trees.save(second, trees.picture(0, 240, 320)).read_bytes()
    Image.open(second).resize((160, 120)).save(first)
    (place / "masks" / "scan 01.png").unlink()
    second.write_bytes(whole[:9000])
    run(store, "P", f"folder:{place}", weights=str(weights))
    assert [row.problem is None for row in rows(store, "P")] == [True, False]
    second.write_bytes(whole)
    run(store, "P")
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 01"].problem is None
    assert by["scan 00"].twin == by["scan 01"].id, "they show one picture"


def test_truths_of_a_picture_and_a_part_of_it_are_compared_where_both_show(
    store, weights, tmp_path
):
    place = pictures(tmp_path / "set", 3)
    whole = trees.picture(0, 240, 320)
    trees.save(place / "images" / "scan 00.png", whole)
    trees.save(place / "images" / "scan 02.png", whole[:, 64:])  # a fifth is cut off
    mask = np.zeros((240, 320), np.uint8)
    mask[80:160, 100:200] = mask[:40, :50] = 255
    trees.save(place / "masks" / "scan 00.png", mask)
    trees.save(place / "masks" / "scan 02.png", mask[:, 64:])
    run(store, "P", f"folder:{place}", weights=str(weights))
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 00"].twin == by["scan 02"].id
    assert by["scan 00"].twin_dice > 0.97, "the truth is the same, and so is what both show of it"


# --- ends


def command(home: Path, *arguments: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "BCWEB_HOME": str(home)}
    environment.pop("BCWEB_DATABASE", None)
    return subprocess.Popen(
        [sys.executable, "-m", "bcweb.review", "import", *arguments],
        cwd=ROOT, env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        **options,
    )  # fmt: skip


def _looking_into(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home / 'review.db'}?mode=ro", uri=True)


def until_predicted(process: subprocess.Popen, home: Path, count: int) -> None:
    """Wait until an import has predicted so many cases; it must not have ended by then."""
    for _ in range(20 * WAIT):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
        else:
            pytest.fail(f"it ended with {process.returncode} before: {process.communicate()[1]}")
        with suppress(sqlite3.OperationalError), closing(_looking_into(home)) as database:
            if database.execute("SELECT count(*) FROM predictions").fetchone()[0] >= count:
                return
    pytest.fail(f"{count} predictions did not come within {WAIT} s")


def test_killed_in_the_middle_and_begun_again_it_is_as_if_nothing_had_been(weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    arguments = ("P", "--data", f"folder:{place}", "--weights", str(weights), "--workers", "2")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = command(broken, *arguments)
    until_predicted(process, broken, 3)
    process.kill()
    process.communicate()
    with Store(broken) as store:
        project = store.project(ME, "P")
        assert project.state == "importing" and 3 <= project.predicted < 40
    for home in (broken, whole):
        process = command(home, *arguments)
        _, said = process.communicate(timeout=WAIT)
        assert process.returncode == 0, said
    with Store(broken) as resumed, Store(whole) as uninterrupted:
        assert resumed.project(ME, "P").predicted == 40
        assert everything(resumed, "P") == everything(uninterrupted, "P"), (
            "names of masks are hashes"
        )
        [a, b] = [s.project(ME, "P").notes for s in (resumed, uninterrupted)]
        assert a == b


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    arguments = ("P", "--data", f"folder:{place}", "--weights", str(weights), "--workers", "2")
    home = tmp_path / "home"
    process = command(home, *arguments)
    until_predicted(process, home, 2)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=WAIT)
    assert process.returncode == 130, said
    assert "Stopped; the same command goes on from here." in said and "Traceback" not in said
    with Store(home) as store:
        project = store.project(ME, "P")
        assert project.state == "cancelled" and 2 <= project.predicted < 40
        assert f"P: 40 cases, {project.predicted} with a prediction." in out
    process = command(home, *arguments)
    _, said = process.communicate(timeout=WAIT)
    assert process.returncode == 0, said
    with Store(home) as store:
        assert (store.project(ME, "P").state, store.project(ME, "P").predicted) == ("ready", 40)


@pytest.mark.parametrize("phase", [READING, PREDICTING, COMPARING])
def test_cancelled_in_any_phase_it_keeps_what_is_done(store, weights, tmp_path, phase):
    place = pictures(tmp_path / "set", 4)
    made = prepare(
        store, ME, "P", [f"folder:{place}"], str(weights), workers=1,
        told=lambda now: now.phase == phase and now.done == 2 and made.cancel(),
    )  # fmt: skip
    project = made.run()
    assert project.state == "cancelled" and made.error is None
    assert (project.cases, project.predicted) == {
        READING: (2, 0), PREDICTING: (4, 2), COMPARING: (4, 4),
    }[phase]  # fmt: skip
    assert run(store, "P").project.state == "cancelled", "as it was before"
    project = store.project(ME, "P")
    assert (project.state, project.cases, project.predicted) == ("ready", 4, 4)


def test_in_a_thread_it_tells_how_far_it_is_and_ends(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 4)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    assert store.project(ME, "P").state == "importing"
    assert made.wait(WAIT) and not made.running
    assert made.error is None and store.project(ME, "P").state == "ready"
    assert made.progress().phase == COMPARING
    assert store.project(ME, "P").predicted == 4


def test_cancelled_from_another_thread_it_ends_soon(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    made.cancel()
    assert made.wait(WAIT)
    assert store.project(ME, "P").state == "cancelled"


def test_a_project_deleted_meanwhile_ends_its_import(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    store.delete(ME, made.project.id)
    assert made.wait(WAIT)
    with pytest.raises(NotThere):
        store.project(ME, "P")


def test_a_disk_that_fills_up_ends_it_with_a_sentence_and_it_goes_on_later(
    store, weights, tmp_path, monkeypatch
):
    place = pictures(tmp_path / "set", 3)
    add, kept = store.add_prediction, []

    def full(*arguments):
        if kept:
            raise NotSaved("Not saved: the disk is full; make room, then save again.")
        kept.append(add(*arguments))

    monkeypatch.setattr(store, "add_prediction", full)
    made = run(store, "P", f"folder:{place}", weights=str(weights))
    project = store.project(ME, "P")
    assert (project.state, project.predicted) == ("failed", 1)
    assert (
        project.problem == made.error == "Not saved: the disk is full; make room, then save again."
    )
    monkeypatch.undo()
    run(store, "P")
    assert (store.project(ME, "P").state, store.project(ME, "P").predicted) == ("ready", 3)


def test_verdicts_stand_whatever_is_imported_later(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    run(store, "P", f"folder:{place}", weights=str(weights))
    [case, _] = rows(store, "P")
    accepted = NewVerdict("accept", "k", prediction_id=store.prediction(ME, case.id).id)
    saved = store.save(ME, "anna", case.id, accepted)
    run(store, "P", weights=str(weights_folder.write(tmp_path / "other", seed=2)))
    assert store.history(ME, case.id) == [saved]
    assert store.queue(ME, store.project(ME, "P").id, "listed")[0].decision == "accept"


# --- what is asked for wrongly


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nowhere", "'nowhere' names no data set; write KIND:PATH, with KIND one of busi, "),
        ("busi:/no/such/folder", "/no/such/folder is not a folder."),
        ("folder:{empty}", "{empty} holds no folder case."),
        ("busi:{empty}", "{empty} is not BUSI: it has no folder benign."),
    ],
)
def test_data_that_is_none_leaves_no_project_behind(tmp_path, monkeypatch, capsys, data, said):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    (tmp_path / "empty").mkdir()
    data, said = (text.replace("{empty}", str(tmp_path / "empty")) for text in (data, said))
    assert main(["import", "P", "--data", data]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(said)
    with Store() as store:
        assert store.projects(ME) == []


@pytest.mark.parametrize(
    "mistaken", [["--data", "folder:/nowhere"], ["--weights", "/nowhere"], ["--folds", "/nowhere"]]
)
def test_a_project_stays_as_it_was_where_more_was_named_that_is_not_there(
    weights, tmp_path, monkeypatch, capsys, mistaken
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    place = pictures(tmp_path / "set", 1)
    assert main(["import", "P", "--data", f"folder:{place}", "--weights", str(weights)]) == 0
    with Store() as store:
        before = store.project(ME, "P")
    capsys.readouterr()
    assert main(["import", "P", *mistaken]) == 1
    assert "/nowhere" in capsys.readouterr().err.strip().splitlines()[-1]
    with Store() as store:
        assert store.project(ME, "P") == before


def test_weights_of_the_other_modality_are_refused_before_anything_is_made(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    place = pictures(tmp_path / "set", 1)
    folder = weights_folder.write(tmp_path / "m", modality="mammogram")
    assert main(["import", "P", "--data", f"folder:{place}", "--weights", str(folder)]) == 1
    assert "was trained on mammograms and is not used on ultrasounds." in capsys.readouterr().err
    with Store() as store:
        assert store.projects(ME) == []


def test_a_project_that_is_not_there_wants_data(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    assert main(["import", "P"]) == 1
    assert capsys.readouterr().err == "There is no such project.\n"
    assert main(["import", "P", "--data", "busi:x", "--workers", "0"]) == 1
    assert capsys.readouterr().err == "--workers wants at least 1.\n"


def test_a_spec_without_a_kind_is_told_at_once(store):
    with pytest.raises(ReviewError, match="names no data set"):
        start(store, ME, "P", ["/data/busi"])


# --- real scans


@pytest.mark.data
def test_real_pairs_of_one_picture_with_truths_that_contradict_each_other(store, data, tmp_path):
    """The embedded weights have seen all of BUSI, and carry scores of it by networks that had not."""
    pairs = {
        ("benign (201)", "benign (302)"): 0.00, ("benign (233)", "benign (299)"): 0.26,
        ("malignant (80)", "malignant (81)"): 0.25, ("benign (211)", "benign (254)"): 0.46,
        ("benign (236)", "benign (247)"): 0.00, ("malignant (106)", "malignant (107)"): 0.10,
    }  # fmt: skip
    busi = tmp_path / "busi"
    for label in ("benign", "malignant", "normal"):
        (busi / label).mkdir(parents=True)
    shutil.copy(data / "busi" / "groups.csv", busi)
    for name in [name for pair in pairs for name in pair] + ["normal (101)"]:
        label = name.split()[0]
        for file in (data / "busi" / label).glob(f"{name}*"):
            shutil.copy(file, busi / label)
    made = run(store, "P", f"busi:{busi}", weights="embedded", workers=2)
    assert made.error is None and made.failures == 0
    by = {row.case: row for row in rows(store, "P")}
    for (a, b), overlap in pairs.items():
        assert by[a].twin == by[b].id and by[b].twin == by[a].id, f"{a} and {b} are one picture"
        assert by[a].twin_dice == pytest.approx(overlap, abs=0.01)
    carried = {s.id: s.dice for s in read_scores(EMBEDDED / "ultrasound" / "scores.csv")}
    for row in by.values():
        assert row.how == "seen" and row.dice == pytest.approx(carried[row.case], abs=1e-4)
    suspect = [row.case for row in store.queue(ME, store.project(ME, "P").id, "suspect")]
    assert suspect[-1] == "normal (101)", "nothing is painted, and nothing is there"


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
