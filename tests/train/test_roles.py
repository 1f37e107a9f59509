"""What a case is used for: nothing is scored, and nothing chosen, by what says nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from bcweb.weights import load_weights
from tests.train.test_data import cases, training_set
from train import ablations, crossval, loop, roles, source, study
from train import run as training
from train.roles import split


def decided(folder: Path, to: Path, accepted) -> Path:
    """A copy of `draw_squares` as an export of a review, of which the groups with these numbers were accepted."""
    data = shutil.copytree(folder, to)
    head, *lines = (data / "cases.csv").read_text().splitlines()
    told = [
        f"{line},{'accept' if accepted(int(line.rpartition('g')[2])) else 'corrected'}"
        for line in lines
    ]
    (data / "cases.csv").write_text("\n".join([f"{head},decision", *told]))
    return data


def asked(data: Path, root: Path) -> list[str]:
    options = ["--data", f"folder:{data}?modality=ultrasound", "--size", "64", "--epochs", "1"]
    return [*options, "--cache", str(root / "cache"), "--out", str(root / "run")]


@pytest.mark.parametrize("mixed", [False, True])
def test_accepted_predictions_choose_nothing(mixed):
    """Those of a group that chooses teach neither: the network would know the patient."""
    some = tuple(
        replace(case, accepted=int(case.id if mixed else case.group) % 4 > 0) for case in cases()
    )
    accepted = np.array([case.accepted for case in some])
    for fold in "01234":
        mine = split(training_set(some), fold, 5, 0.2, 0)
        assert (mine == "validation").any() and not accepted[mine == "validation"].any()
        assert accepted[mine == "train"].any() and accepted[mine == "accepted"].all()
        groups = [
            {case.group for case, role in zip(some, mine, strict=True) if role == each}
            for each in ("train", "validation", "test")
        ]
        assert sum(map(len, groups)) == len(set.union(*groups)), "no group on two sides"


@pytest.fixture
def begin(monkeypatch):
    """A training that is stopped when its record is made, which it leaves behind."""

    def stop(run, record):
        run.mkdir(exist_ok=True)
        (run / "run.json").write_text(json.dumps(record))
        raise ValueError("stopped")

    def trained(*options: str) -> list[dict]:
        with monkeypatch.context() as before:
            before.setattr(training, "_same_cases", stop)
            assert source.main(list(options)) == 1
        run = Path(options[options.index("--out") + 1])
        return json.loads((run / "run.json").read_text())["cases"]

    return trained


def test_where_all_was_accepted_nothing_is_chosen_and_it_says_so(
    folder, tmp_path, begin, monkeypatch, capsys
):
    data = decided(folder, tmp_path / "data", lambda group: True)
    assert {case["role"] for case in begin(*asked(data, tmp_path))} == {"train", "accepted"}

    def enough(_batch):
        raise ValueError("it would be trained")

    monkeypatch.setattr(training.devices, "share", enough)
    assert source.main(asked(data, tmp_path)) == 1
    said = capsys.readouterr()
    assert "No validation: all of it would be predictions that a reader accepted" in said.out
    assert said.err.splitlines()[-1] == "it would be trained"


def test_a_run_goes_on_on_its_own_split_alone(folder, tmp_path, begin, monkeypatch, capsys):
    begin(*asked(folder, tmp_path))
    (tmp_path / "run" / "checkpoint.safetensors").touch()

    def go_on(*_):
        raise ValueError("goes on")

    monkeypatch.setattr(loop, "refuse_other_recipe", go_on)  # the next that is asked
    capsys.readouterr()
    assert source.main(asked(folder, tmp_path)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "goes on"
    assert source.main([*asked(folder, tmp_path), "--split-seed", "1"]) == 1
    assert "on another split of them" in capsys.readouterr().err


def test_a_record_is_not_written_over_by_a_training_that_is_refused(
    folder, tmp_path, begin, capsys
):
    """Else the card and what is pushed would say of the weights that are there what they are not."""
    begin(*asked(folder, tmp_path))
    run = tmp_path / "run"
    before = (run / "run.json").read_text()
    recipe = json.dumps(json.loads(before)["recipe"])
    loop.save_atomically({}, run / "checkpoint.safetensors", {"recipe": recipe, "history": "[]"})
    assert source.main([*asked(folder, tmp_path), "--epochs", "5"]) == 1
    assert "holds a run with other settings" in capsys.readouterr().err
    assert (run / "run.json").read_text() == before


@pytest.mark.parametrize(
    ("accepted", "options", "sentence"),
    [
        (
            lambda group: group > 0,
            ["--folds", "2"],
            "Fold 1 of 2 holds out nothing but predictions that a reader accepted (18), and nothing is scored by "
            "them: correct or draw more, add data with truths of its own (--data may be repeated), or ask for fewer "
            "--folds.",
        ),
        (
            lambda group: False,
            ["--folds", "30"],
            "Fold 15 of 30 holds out no case: add data, or ask for fewer --folds.",
        ),
        (
            lambda group: False,
            ["--labels", "normal"],
            "Of 5 folds 0 would test a lesion, and each is read as the others' tests want it: add cases with a "
            "lesion, or ask for other --folds.",
        ),
        (
            lambda group: group >= 15,
            ["--calibrate"],
            "Of 5 folds 0 would test a scan without a lesion (predictions that a reader accepted test nothing), and the "
            "presence of each is calibrated on the others' tests: add normals with a truth of their own (--data may be "
            "repeated), or leave --calibrate out.",
        ),
        (
            lambda group: group >= 16,
            ["--calibrate"],
            "Of 5 folds 1 would test a scan without a lesion (predictions that a reader accepted test nothing), and the "
            "presence of each is calibrated on the others' tests: add normals with a truth of their own (--data may be "
            "repeated), or leave --calibrate out.",
        ),
    ],
)  # fmt: skip
def test_folds_that_could_not_be_scored_are_not_trained(
    folder, tmp_path, capfd, accepted, options, sentence
):
    data = decided(folder, tmp_path / "data", accepted)
    assert crossval.main([*asked(data, tmp_path), *options]) == 1
    assert capfd.readouterr().err.splitlines()[-1] == sentence
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--folds", "2"],
            "Fold 0 of 2 would have no scan without a lesion to train on, and fold 1 has 10: networks with presence "
            "and networks without it are no folds of one training. Add normals of more groups, or leave them out "
            "(--labels).",
        ),
        (
            ["--labels", "benign", "--calibrate"],
            "There is no scan without a lesion to train on, so no presence that --calibrate could calibrate: add a "
            "data set that has normals (--data may be repeated), or leave it out.",
        ),
    ],
)  # fmt: skip
def test_folds_that_would_know_no_presence_are_not_trained_for_it(
    folder, tmp_path, capfd, options, sentence
):
    """All normals are one patient's: every fold but the one that tests them learns from them."""
    data = shutil.copytree(folder, tmp_path / "data")
    rows = (data / "cases.csv").read_text().splitlines()
    rows = [f"{row.rpartition(',')[0]},one" if ",normal," in row else row for row in rows]
    (data / "cases.csv").write_text("\n".join(rows))
    assert crossval.main([*asked(data, tmp_path), "--validation", "0", *options]) == 1
    assert capfd.readouterr().err.splitlines()[-1] == sentence
    assert not (tmp_path / "run").exists()


def test_a_teacher_that_has_seen_the_test_of_any_fold_is_said_before_the_first_is_trained(
    folder, run, tmp_path, capfd
):
    options = [*asked(folder, tmp_path), "--teacher", str(run)]
    assert crossval.main(options) == 1
    revision = load_weights(str(run / "weights")).revision
    assert f"{revision}, which would teach every fold, was trained on 32 of the 40 cases" in (
        capfd.readouterr().err
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("command", "of_its_own"),
    [
        (source, ["--fold", "2"]),
        (crossval, ["--batch", "8"]),
        (ablations, ["--docs", "DOCS"]),
        (study, ["--docs", "DOCS", "--arms", "random,encoder"]),
    ],
)
def test_one_picture_in_two_groups_is_said_before_what_it_would_test_is_trained(
    folder, tmp_path, capfd, command, of_its_own
):
    data = decided(folder, tmp_path / "data", lambda group: False)
    for part in ("images", "masks"):
        shutil.copyfile(data / part / "case0.png", data / part / "case9.png")
    options = [*asked(data, tmp_path), *of_its_own, "--folds", "5"]
    assert command.main([option.replace("DOCS", str(tmp_path)) for option in options]) == 1
    said = capfd.readouterr().err.splitlines()[-1]
    assert (
        "case9 of data and case0 of data show one picture and are of two groups, g4 and g0: fold 2"
        in said
    )
    assert not (tmp_path / "run").exists()


def test_of_one_picture_in_two_data_sets_their_groups_are_told_apart_although_called_alike():
    """Which cannot be made one: a group is of one data set."""
    one = replace(cases(3)[0], fingerprint=sha256(b"").hexdigest(), group="p8")
    data = training_set((replace(one, dataset="site a"), replace(one, dataset="site b")))
    with pytest.raises(ValueError) as caught:
        roles.refuse_twins(data, np.array(["test", "train"]), "0")
    assert str(caught.value) == (
        "0 of site a and 0 of site b show one picture and are of two groups, p8 of site a and p8 of site b: fold 0 "
        "would be tested by what it learns from. No group is of two data sets: leave one of them out."
    )


def test_a_validation_does_not_show_what_is_trained_on():
    """It would choose the epoch that knows its training best, and an operating point for that."""
    some = tuple(
        replace(case, fingerprint=sha256(case.id.encode()).hexdigest()) for case in cases()
    )
    data = training_set(some)
    mine = split(data, "0", 5, 0.2, 0)
    roles.refuse_twins(data, np.full(len(some), "train"), "0")
    one, other = (int(np.flatnonzero(mine == role)[0]) for role in ("validation", "train"))
    twins = list(some)
    twins[one] = replace(twins[one], fingerprint=twins[other].fingerprint)
    with pytest.raises(ValueError, match="fold 0 would choose its epoch by what it learns from"):
        roles.refuse_twins(training_set(tuple(twins)), mine, "0")


def test_a_source_that_has_seen_the_cases_is_said_before_the_folds_are_trained(squares):
    weights = load_weights("embedded", "ultrasound")
    seen = weights.seen_cases[0]
    known = replace(squares.cases[0], digest=seen.digest)
    group = replace(squares.cases[3], dataset=seen.dataset, group=seen.group)
    accepted = replace(squares.cases[5], digest=seen.digest, accepted=True)
    cases = (known, *squares.cases[1:3], group, squares.cases[4], accepted, *squares.cases[6:])
    data = replace(squares, cases=cases)
    args = source.parse(["--data", "busi:x", "--out", "y"])
    with pytest.raises(ValueError) as caught:
        roles.refuse_untestable(data, args, 2, weights)
    assert str(caught.value).startswith(
        f"{weights.revision}, from which every fold would start, was trained on 2 of the 23 cases (or their groups): "
    )


def test_what_can_be_calibrated_is_not_refused(squares):
    """Two folds that test a normal, or of mammograms views that show no lesion."""
    args = source.parse(["--data", "busi:x", "--out", "y", "--validation", "0"])
    some = tuple(
        replace(c, fingerprint=sha256(c.id.encode()).hexdigest(), modality="mammogram")
        for c in squares.cases
    )
    films = replace(squares, cases=some)
    roles.refuse_untestable(films, args, 2, None, calibrate=True)
    lesions = films.take(np.flatnonzero(films.has_lesion))
    roles.refuse_untestable(lesions, args, 2, None, calibrate=True)


@pytest.mark.parametrize("sizes", [(50, 40, 10, 10, 10, 10, 9, 8, 7, 6), (10,) * 16])
def test_a_validation_that_one_large_group_makes_is_told_by_its_size(sizes, monkeypatch, capsys):
    """It was asked to be a tenth of the rest."""
    some = tuple(
        replace(cases(3)[0], id=f"{group} {i}", digest=f"{group} {i}", group=str(group), label="")
        for group, size in enumerate(sizes)
        for i in range(size)
    )
    made = training_set(some)
    data = replace(made, masks=np.ones_like(made.masks))
    args = source.parse(["--data", "busi:x", "--out", "y"])
    mine = roles.assign(data, args)[0]
    said = roles.told_validation(mine, args.validation)
    if sizes[0] == 50:
        assert said == (
            "The validation has 40 of the 110 cases that are not held out, though a part of 0.1 is asked for: groups stay "
            "whole, and the largest of them are dealt first."
        )
    else:
        assert said is None
