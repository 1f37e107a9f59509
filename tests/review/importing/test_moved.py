"""A data set that lies elsewhere now: the project finds it there, and its verdicts are on no other pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.__main__ import main
from bcweb.review.moved import followed
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from tests import weights_folder
from tests.cases import trees
from tests.review.imported import everything, pictures, predictions, rows, run
from tests.review.kept import all_steps, vault
from tests.review.small import ME

OTHER = "Under this name the data set now holds another picture than the one that was reviewed"


@pytest.fixture
def old(tmp_path, monkeypatch) -> Path:
    """Where the data set of a reviewed project lies: the first of its scans is corrected."""
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    return pictures(tmp_path / "old" / "ward7", 3)


@pytest.fixture
def reviewed(old, weights) -> Path:
    command = ["import", "P", "--data", f"folder:{old}", "--weights", str(weights)]
    assert main([*command, "--workers", "1"]) == 0
    with Store() as store:
        correct(store, "P")
    return old


def correct(store: Store, name: str) -> None:
    drawn = np.zeros((trees.HEIGHT, trees.WIDTH), bool)
    drawn[5:20, 9:40] = True
    saved = NewVerdict("corrected", "k", mask=drawn, beginning="empty", label="malignant")
    store.save(ME, "anna", rows(store, name)[0].id, saved)


def files(store: Store, name: str = "P") -> list[Path]:
    return [store.case(ME, row.id).file for row in rows(store, name)]


def problems(store: Store) -> list[str | None]:
    return [row.problem for row in rows(store, "P")]


def wherever(store: Store) -> list[tuple]:
    """Everything, but for where the files lie."""
    return [
        (case | {"file": case["file"].name, "truth_files": len(case["truth_files"])}, predicted)
        for case, predicted in everything(store, "P")
    ]


# --- by the commands


def test_a_project_follows_its_data_set(reviewed, tmp_path, capsys):
    with Store() as store:
        before = wherever(store)
        ids = [prediction.id for prediction in predictions(store, "P").values()]
        history = store.history(ME, rows(store, "P")[0].id)
    now = tmp_path / "new" / "ward7"
    shutil.move(reviewed, now)
    capsys.readouterr()
    assert main(["import", "P"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"{reviewed} is not there any more: put it back, or say where it is: "
        "python -m bcweb.review import P --data folder:PLACE/ward7"
    )
    assert main(["import", "P", "--data", f"folder:{now}", "--workers", "1"]) == 0
    told = capsys.readouterr()
    assert told.out == "P: 3 cases, 3 with a prediction.\n"
    assert f"folder:{reviewed} is not there any more: folder:{now} was read." in told.err
    with Store() as store:
        assert store.project(ME, "P").sources == (f"folder:{now}",)
        assert files(store) == [now / "images" / f"scan {i:02d}.png" for i in range(3)]
        assert wherever(store) == before, "but for its place nothing is another"
        assert [p.id for p in predictions(store, "P").values()] == ids
        assert store.history(ME, rows(store, "P")[0].id) == history
    assert main(["import", "P"]) == 0, "it is remembered"
    with Store() as store:
        assert store.project(ME, "P").notes == ()


def test_restored_on_another_machine_the_scans_come_from_where_they_lie_there(
    reviewed, weights, tmp_path, monkeypatch, capsys
):
    with Store() as store:
        all_steps(vault(store, tmp_path / "backup"))
        [was, *_] = everything(store, "P")
        history = store.history(ME, rows(store, "P")[0].id)
    now = tmp_path / "there" / "scans" / "ward7"
    shutil.move(reviewed, now)
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "another machine"))
    assert main(["restore", str(tmp_path / "backup")]) == 0
    capsys.readouterr()
    assert main(["import", "P"]) == 1
    assert "say where it is: python -m bcweb.review import P --data" in capsys.readouterr().err
    assert main(["import", "P", "--data", f"folder:{now}", "--workers", "1"]) == 0
    with Store() as store:
        assert store.project(ME, "P").sources == (f"folder:{now}",)
        assert files(store) == [now / "images" / f"scan {i:02d}.png" for i in range(3)]
        assert problems(store) == [None] * 3
        [first, *_] = rows(store, "P")
        assert (first.decision, first.label, first.how) == ("corrected", "malignant", "unseen")
        [verdict] = store.history(ME, first.id)
        assert verdict == history[0]
        assert (
            store.mask(first.project if hasattr(first, "project") else 1, verdict.mask_file).sum()
            == 15 * 31
        )
        [again, *_] = everything(store, "P")
        assert (again[0]["digest"], again[1]["dice"]) == (was[0]["digest"], was[1]["dice"])


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("of", ["the same names", "other names"])
def test_another_folder_of_the_same_name_does_not_take_over(
    reviewed, tmp_path, monkeypatch, capsys, restored, of
):
    if restored:
        with Store() as store:
            all_steps(vault(store, tmp_path / "backup"))
        monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "another machine"))
        assert main(["restore", str(tmp_path / "backup")]) == 0
    other = pictures(tmp_path / "other" / "ward7", 3, first=0 if of == "the same names" else 20)
    for number, file in enumerate(sorted((other / "images").iterdir())):
        trees.save(file, trees.picture(70 + number))
    reviewed.rename(tmp_path / "away")
    with Store() as store:
        before, held = store.project(ME, "P"), everything(store, "P")
    capsys.readouterr()
    assert main(["import", "P", "--data", f"folder:{other}", "--workers", "1"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"{other} does not hold the pictures that were reviewed from {reviewed}."
    )
    with Store() as store:
        assert store.project(ME, "P") == before and everything(store, "P") == held
    (tmp_path / "away").rename(reviewed)
    assert main(["import", "P", "--workers", "1"]) == 0
    with Store() as store:
        assert files(store)[0].is_relative_to(reviewed) and problems(store) == [None] * 3


# --- case by case


@pytest.mark.parametrize("back_at", ["its new place", "its old place"])
def test_a_picture_that_is_another_there_keeps_its_verdict_until_the_old_one_is_back(
    store, weights, tmp_path, back_at
):
    old, now = pictures(tmp_path / "old" / "ward7", 3), tmp_path / "new" / "ward7"
    run(store, "P", f"folder:{old}", weights=str(weights))
    correct(store, "P")
    before = everything(store, "P")
    history = store.history(ME, rows(store, "P")[0].id)
    shutil.move(old, now)
    first = now / "images" / "scan 00.png"
    kept = first.rename(tmp_path / "kept.png")
    trees.save(first, trees.picture(77))
    made = run(store, "P", f"folder:{now}")
    assert made.error is None and made.failures == 1
    assert problems(store)[0].startswith(OTHER) and problems(store)[1:] == [None, None]
    assert files(store)[0].is_relative_to(old) and files(store)[1].is_relative_to(now)
    assert store.history(ME, rows(store, "P")[0].id) == history
    assert everything(store, "P")[0][1] == before[0][1], "what was predicted stays"
    kept.rename(first)
    place = now
    if back_at == "its old place":
        place = Path(shutil.move(now, old))
    made = run(store, "P", f"folder:{place}")
    assert made.error is None and made.failures == 0 and problems(store) == [None] * 3
    assert all(file.is_relative_to(place) for file in files(store))
    assert store.history(ME, rows(store, "P")[0].id) == history


def test_a_picture_that_is_torn_there_says_so(store, weights, tmp_path):
    old, now = pictures(tmp_path / "old" / "ward7", 2), tmp_path / "new" / "ward7"
    run(store, "P", f"folder:{old}", weights=str(weights))
    shutil.move(old, now)
    torn = now / "images" / "scan 01.png"
    torn.write_bytes(torn.read_bytes()[:2000])
    run(store, "P", f"folder:{now}")
    assert problems(store)[0] is None and not problems(store)[1].startswith(OTHER)
    assert predictions(store, "P")["scan 01"] is not None


def test_what_is_told_otherwise_at_the_new_place_is_said_and_the_old_stays(
    store, weights, tmp_path
):
    """Its scores are of the truth that it had."""
    old, now = pictures(tmp_path / "old" / "ward7", 2), tmp_path / "new" / "ward7"
    run(store, "P", f"folder:{old}", weights=str(weights))
    [row, _] = rows(store, "P")
    truth = store.truth(ME, row.id)
    shutil.move(old, now)
    trees.save(now / "masks" / "scan 00.png", trees.box(1, 1, 5, 5))
    table = now / "cases.csv"
    table.write_text(table.read_text().replace("scan 00.png,benign", "scan 00.png,malignant"))
    run(store, "P", f"folder:{now}")
    assert any("ward7: 1 case has another truth" in n for n in store.project(ME, "P").notes)
    assert files(store)[0].is_relative_to(now)
    [again, _] = rows(store, "P")
    assert (again.label, again.dice) == ("benign", row.dice)
    np.testing.assert_array_equal(store.truth(ME, row.id), truth)


def test_predictions_of_other_weights_are_made_at_the_new_place(store, weights, tmp_path):
    old, now = pictures(tmp_path / "old" / "ward7", 2), tmp_path / "new" / "ward7"
    run(store, "P", f"folder:{old}", weights=str(weights))
    shutil.move(old, now)
    other = weights_folder.write(tmp_path / "other", seed=2, name="other")
    made = run(store, "P", f"folder:{now}", weights=str(other))
    assert made.error is None and made.failures == 0
    assert len(store.revisions(ME, store.project(ME, "P").id)) == 2


# --- which source is in place of which


def test_a_source_is_followed_by_its_kind_and_its_name(tmp_path):
    there = [tmp_path / name / "ward7" for name in ("here", "new")]
    for folder in there:
        folder.mkdir(parents=True)
    here, new = (f"folder:{folder}" for folder in there)
    gone = "folder:/no/such/ward7"
    assert followed([gone], [new]) == ((new,), {gone: new})
    assert followed([here], [new]) == ((here, new), {}), "it is still there"
    assert followed([gone], [here.replace("ward7", "ward8")])[1] == {}, "its cases have other names"
    assert followed([gone], [f"busi:{there[1]}"])[1] == {}
    assert followed(["busi:/no/such/BUSI"], ["busi:/else/where"])[0] == ("busi:/else/where",)
    assert followed(["hf:ann/ward7"], [new])[1] == {} == followed(["folds:/no/ward7"], [new])[1]
    assert followed([r"folder:D:\scans\ward7"], [new])[0] == (new,), "it was on another machine"
    assert followed([here, gone, "hf:a/b"], [new])[0] == (here, new, "hf:a/b"), "in their order"


def test_what_was_chosen_of_a_source_stays_chosen(tmp_path):
    (tmp_path / "ward7").mkdir()
    new, gone = f"folder:{tmp_path / 'ward7'}", "folder:/no/such/ward7"
    low, high = "?energy=low", "?energy=high"
    assert followed([gone + low, gone + high], [new])[0] == (new + low, new + high)
    assert followed([gone + low], [new + low])[0] == (new + low,)
    assert followed([gone + low], [new + high])[0] == (new + low, new + high), "it is asked for too"
