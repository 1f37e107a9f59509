"""Who predicts a case that the weights have seen: a fold of the same training that had not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcweb.cases.duplicates import fingerprint
from bcweb.review.evaluation import evaluate
from bcweb.review.predicting import jobs
from bcweb.review.revisions import revisions
from bcweb.review.store import Store
from bcweb.scans import read_scan
from bcweb.scores import CaseScore, digest_of, write_scores
from bcweb.weights import OperatingPoint, load_weights
from tests import weights_folder
from tests.cases import trees
from tests.review.imported import pictures, predictions, rows, run
from tests.review.small import ME, new_case, new_prediction, project


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
        CaseScore(
            "set", f"scan 0{k}", f"woman {k}", "benign", "ultrasound", True, dice=d, iou=d / (2 - d), seen=k == 0
        )
        for k, d in ((4, 0.25), (0, 0.75))
    ]  # fmt: skip
    write_scores(final / "scores.csv", scores)
    return place, final, folds


def test_a_copy_that_was_padded_to_a_square_is_seen_too(store, tmp_path):
    """Under another name, in another data set: by its picture alone."""
    place = pictures(tmp_path / "set", 2)
    weights = weights_folder.write(tmp_path / "w", 1, name="w")
    seen_csv(weights, place, 0)
    for number in (0, 1):
        pixels = read_scan(place / "images" / f"scan {number:02d}.png").pixels
        above = (pixels.shape[1] - pixels.shape[0]) // 2
        assert above > 5, "wider than high"
        square = np.pad(pixels, ((above, pixels.shape[1] - pixels.shape[0] - above), (0, 0)))
        trees.save(tmp_path / "copies" / f"{number}.png", square)
    run(store, "P", f"folder:{tmp_path / 'copies'}?modality=ultrasound", weights=str(weights))
    assert {case: p.how for case, p in predictions(store, "P").items()} == {
        "0": "seen",
        "1": "unseen",
    }


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


@pytest.mark.parametrize("told", ["by digest", "by size"])
@pytest.mark.parametrize("known", ["at once", "later"])
def test_a_score_against_a_mask_that_was_corrected_since_is_left_out(store, crossed, told, known):
    """known: when the weights tell that they were trained on the cases, before these are predicted or after."""
    place, final, _ = crossed
    seen, table = final / "seen.csv", final / "scores.csv"
    scores = []
    for number in (3, 4):
        truth, case = trees.box(10, 10 + number, 30, 40 + number) > 0, f"scan {number:02d}"
        score = CaseScore(
            "set", case, f"woman {number}", "benign", "ultrasound", True, dice=0.5, iou=1 / 3, precision=0.5, recall=0.5,
            painted=int(truth.sum()), lesions=1, found=1, false_alarms=0, seen=False,
            truth_digest=digest_of(truth) if told == "by digest" else "",
        )  # fmt: skip
        scores.append(score)
    write_scores(table, scores)
    trees.save(place / "masks" / "scan 04.png", trees.box(10, 20, 30, 60))
    if known == "later":
        lines = seen.read_text()
        columns = lines.partition("\n")[0]
        seen.write_text(f"{columns}\nelsewhere,scan,woman,{'0' * 64},{'0' * 64}\n")
        assert run(store, "P", f"folder:{place}", weights=str(final)).error is None
        assert {row.how for row in rows(store, "P")} == {"unseen"}
        seen.write_text(lines)
    assert run(store, "P", f"folder:{place}", weights=str(final)).error is None
    by = predictions(store, "P")
    carried = [by[case].carried_dice for case in ("scan 03", "scan 04")]
    assert carried == [0.5, None], "the score against the mask of before counts"
    assert {row.case: row.dice for row in rows(store, "P")}["scan 04"] is None
    found = evaluate(store, ME, "P", load_weights(str(final)).revision)
    assert [each.score.id for each in found.cases if each.headline] == ["scan 03"]
    notes = store.project(ME, "P").notes
    assert any("0 are predicted out of fold, 1 carry a score" in note for note in notes), notes
    assert (
        "For 1 case the weights' out-of-fold score is against another truth: that score is left out."
    ) in notes


def test_folds_can_be_named_later_and_are_remembered(store, crossed):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final))
    run(store, "P", folds=folds)
    assert predictions(store, "P")["scan 00"].how == "out-of-fold"
    pictures(place, 1, first=7)
    run(store, "P")
    assert store.project(ME, "P").sources == (f"folder:{place}", f"folds:{folds}")


def test_folds_that_are_not_there_any_more_stop_nothing(store, crossed):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    folds.rename(folds.with_name("elsewhere"))
    pictures(place, 1, first=7)
    made = run(store, "P")
    assert (made.error, len(rows(store, "P"))) == (None, 7)
    assert any(
        note.startswith(f"{folds} is not there any more") for note in store.project(ME, "P").notes
    )
    assert predictions(store, "P")["scan 00"].how == "out-of-fold", "what they predicted stays"
    assert any("trained on 6 of 7 cases: 5 are" in note for note in store.project(ME, "P").notes)
    run(store, "P", folds=folds.with_name("elsewhere"))
    assert store.project(ME, "P").sources == (
        f"folder:{place}",
        f"folds:{folds.with_name('elsewhere')}",
    )
    assert not any("not there any more" in note for note in store.project(ME, "P").notes)


def test_a_case_of_whose_group_one_that_was_trained_on_comes_later_is_seen_from_then_on(
    store, tmp_path
):
    """Its prediction stays, and shows nothing any more."""
    place = pictures(tmp_path / "set", 2)
    table = (place / "cases.csv").read_text().replace("woman 1", "woman 0")
    weights = weights_folder.write(tmp_path / "w", 1, name="w")
    seen_csv(weights, place, 1)  # which calls her another
    (place / "cases.csv").write_text(table.replace("scan 01.png,benign,ultrasound,woman 0\n", ""))
    trained_on = place / "images" / "scan 01.png"
    trained_on.rename(tmp_path / "away.png")
    run(store, "P", f"folder:{place}", weights=str(weights))
    revision = load_weights(str(weights)).revision
    [before] = evaluate(store, ME, "P", revision).cases
    assert before.headline and before.how == "unseen"
    (place / "cases.csv").write_text(table)
    (tmp_path / "away.png").rename(trained_on)
    run(store, "P")
    assert any(
        note.startswith("The weights were trained on 2 of 2 cases")
        and note.endswith("of 2 the score shows nothing.")
        for note in store.project(ME, "P").notes
    )
    found = evaluate(store, ME, "P", revision).cases
    assert [(each.how, each.headline) for each in found] == [("seen", None)] * 2
    assert found[0].score.dice == before.score.dice, "it was predicted once more"
    assert [(row.how, row.dice) for row in rows(store, "P")] == [("seen", None)] * 2
    with store.snapshot(ME, store.project(ME, "P").id) as snapshot:
        here, away = (each.case for each in snapshot.cases)
    away = replace(away, problem="The scan is not here.")  # its digest is known all the same
    asked = jobs([here, away], {"ultrasound": load_weights(str(weights))}, [])
    assert [(job.case, job.how) for job in asked] == [("scan 00", "seen")]


def test_what_is_said_to_be_of_a_seen_case_shows_the_score_that_the_weights_carry(store):
    made, [case] = project(store, new_case())
    for revision in ("old", "new"):
        store.add_prediction(case, new_prediction(revision, 0.7))
    store.mark_seen(made.id, {(case, "old"): 0.5, (case, "other"): 0.5})
    [row] = rows(store, "P")
    assert (row.how, row.dice) == ("unseen", 0.7), "the newest prediction is by others"
    store.mark_seen(made.id, {(case, "old"): None, (case, "new"): 0.25})
    [row] = rows(store, "P")
    assert (row.how, row.dice) == ("seen", 0.25)
    known = store.predictions_of(ME, case)
    said = {revision: (each.how, each.carried_dice) for revision, each in known.items()}
    assert said == {"old": ("seen", 0.5), "new": ("seen", 0.25)}


@pytest.fixture
def second(tmp_path, crossed) -> tuple[Path, Path]:
    """Other weights, trained on the same cases, and their two folds."""
    place, _, _ = crossed
    final = weights_folder.write(tmp_path / "second", 2, name="second")
    seen_csv(final, place, 0, 1, 2, 3, 4)
    folds = tmp_path / "second folds"
    for k, numbers in enumerate([(0, 1, 4), (2, 3, 4)]):
        folder = weights_folder.write(
            folds / f"fold-{k}" / "weights", 20 + k, name=f"second-fold{k}"
        )
        seen_csv(folder, place, *numbers)
    return final, folds


def by(store: Store, weights: Path) -> dict[str, str]:
    """Whose mask the score of each case is of, in the headline of these weights."""
    found = evaluate(store, ME, "P", load_weights(str(weights)).revision)
    return {
        each.score.id: each.score.revision.rpartition("-")[0]
        for each in found.cases
        if each.headline
    }


FIRST = {
    **dict.fromkeys(("scan 00", "scan 01", "scan 05"), "fold1"),
    **dict.fromkeys(("scan 02", "scan 03"), "fold0"),
}


def test_a_headline_is_of_the_folds_of_its_own_training(store, crossed, second):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    alone = evaluate(store, ME, "P", load_weights(str(final)).revision)
    run(store, "P", weights=str(second[0]), folds=second[1])
    assert by(store, second[0]) == {case: f"second-{fold}" for case, fold in FIRST.items()}
    assert evaluate(store, ME, "P", alone.revision).figures == alone.figures
    run(store, "P", weights=str(final))
    assert evaluate(store, ME, "P", alone.revision).figures == alone.figures


def test_other_weights_do_not_inherit_folds(store, crossed, second):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    before = by(store, final)
    run(store, "P", weights=str(second[0]))
    project = store.project(ME, "P")
    assert by(store, second[0]) == {}, "they have seen all, and have no folds"
    assert project.sources == (f"folder:{place}",)
    assert (
        f"{folds} holds the folds of other weights: none stands in for {second[0]} until --folds says where "
        "its own are."
    ) in project.notes
    assert by(store, final) == before
    run(store, "P")
    assert by(store, second[0]) == {}
    run(store, "P", folds=folds)  # a person says so
    assert by(store, second[0]) == FIRST
    assert by(store, final) == before
    assert store.project(ME, "P").sources == (f"folder:{place}", f"folds:{folds}")


def test_folds_that_predicted_nothing_go_with_the_name_of_their_weights(store, crossed, second):
    """Of an import that ended before they came to it."""
    place, final, folds = crossed
    broken = folds / "fold-1" / "weights" / "seen.csv"
    whole = broken.read_text()
    broken.write_text("dataset\nset\n")
    assert run(store, "P", f"folder:{place}", weights=str(final), folds=folds).error
    assert store.project(ME, "P").sources == (f"folder:{place}", f"folds:{folds}")
    broken.write_text(whole)
    run(store, "P", weights=str(second[0]))
    assert by(store, second[0]) == {}
    assert run(store, "Q", f"folder:{place}", weights=str(final), folds=folds).error is None
    assert predictions(store, "Q")["scan 00"].how == "out-of-fold"


def test_weights_that_changed_under_their_name_do_not_inherit_folds(store, crossed, second):
    place, final, folds = crossed
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    final.rename(final.with_name("before"))
    second[0].rename(final)
    run(store, "P", workers=2)  # processes that do not remember what was there
    assert by(store, final) == {}
    assert by(store, final.with_name("before")) != {}


@pytest.mark.parametrize("is_there", [True, False])
def test_folds_of_an_earlier_program_are_of_the_only_weights(store, crossed, is_there):
    """It did not write down whose they are."""
    place, final, folds = crossed
    for part in ("images", "masks"):  # the one that no fold predicts
        (place / part / "scan 04.png").unlink()
    lines = (place / "cases.csv").read_text().splitlines(keepends=True)
    (place / "cases.csv").write_text("".join(line for line in lines if "scan 04" not in line))
    run(store, "P", f"folder:{place}", weights=str(final), folds=folds)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE predictions SET stands_for = '[]'")
    assert [each.name for each in revisions(store, ME, "P")] == ["ultrasound-out-of-fold"]
    if not is_there:
        folds.rename(folds.with_name("elsewhere"))
    run(store, "P")
    assert by(store, final) == FIRST
    assert len(revisions(store, ME, "P")) == 1, "nobody predicted once more"


def test_a_folder_without_folds_is_told(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 1)
    made = run(store, "P", f"folder:{place}", weights=str(weights), folds=tmp_path)
    assert made.error == f"{tmp_path} holds no folds of a cross-validation (fold-K/weights)."
    project = store.project(ME, "P")
    assert (project.state, project.problem) == ("failed", made.error)
    made = run(store, "P", folds="~nobody7/folds")
    assert made.error.endswith(
        "~nobody7/folds holds no folds of a cross-validation (fold-K/weights)."
    )
