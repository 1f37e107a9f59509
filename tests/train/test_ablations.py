"""The table of ablations, from scores that were made up so that its figures are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bcweb.scores import CaseScore, read_scores, write_scores
from bcweb.weights import load_weights
from tests.train.quick import folds_here
from train import ablations, folds, options, source
from train.ablations import (
    CHANGES,
    DOCS,
    FULL_SIZE,
    RECIPE,
    dice_gained,
    presence_gained,
    write_report,
)
from train.card import card
from train.docs import refuse_other_settings
from train.readings import PLAIN
from train.recipe import Recipe, changed

SETTINGS = {"folds": 3, "epochs": 10, "size": 128, "data": ["busi"]}


def scored(number: int, lesion: bool, dice: float, presence: float | None) -> CaseScore:
    return CaseScore(
        "busi", f"case {number}", f"group {number // 2}", "", "ultrasound", lesion=lesion,
        presence=presence, dice=dice, iou=dice, painted=int(100 * dice) if lesion else 0, lesions=int(lesion),
        found=int(lesion and dice > 0), false_alarms=0, seen=False, revision="r",
    )  # fmt: skip


def some(gain: float = 0.0, presences: tuple[float, ...] = (0.9, 0.8, 0.7, 0.2)) -> list[CaseScore]:
    """Three lesions of Dice 0.5 and a normal, whose presences are given in this order."""
    return [scored(i, i < 3, 0.5 + gain, presence) for i, presence in enumerate(presences)]


def test_dice_is_compared_case_by_case():
    assert dice_gained(some(0.1), some()).estimate == pytest.approx(0.1)
    assert dice_gained(some()[1:], some(0.2)).estimate == pytest.approx(-0.2), "of those in both"


def test_presence_is_compared_by_the_area_under_its_curve():
    worse = some(presences=(0.9, 0.8, 0.1, 0.2))  # one of three lesions ranks below the normal
    assert presence_gained(worse, some()).estimate == pytest.approx(-1 / 3)
    assert presence_gained(some(presences=(None,) * 4), some()) is None


def test_the_report_has_a_line_for_every_change_that_was_tried(tmp_path):
    folder = tmp_path / "ablations"
    folder.mkdir()
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    write_scores(folder / "entropy.csv", some(-0.1))
    with pytest.raises(ValueError, match="no scores of the recipe itself"):
        write_report(tmp_path)
    write_scores(folder / "recipe.csv", some())
    lines = write_report(tmp_path).read_text().splitlines()
    table = [line for line in lines if line.startswith("|")][2:]
    assert [line.split(" | ")[0].strip("| ") for line in table] == [
        "the recipe", CHANGES["entropy"].text,
    ]  # fmt: skip
    assert "| 0.400 | -0.100 |" in table[1]
    assert any(line.startswith("busi: 3 lesion images and 1 normals, 3 folds") for line in lines)
    (folder / "settings.json").write_text(json.dumps(SETTINGS | {"crop": "breast"}))
    assert "`lite0`, 128x128 of the breast alone, 10 epochs" in write_report(tmp_path).read_text()
    [untried] = [line for line in lines if line.startswith("Not tried here: ")]
    assert untried.removeprefix("Not tried here: ").removesuffix(".").split("; ") == [
        change.text for name, change in CHANGES.items() if name not in (RECIPE, "entropy")
    ]


@pytest.mark.parametrize("cut", ["", '{"data": ["busi"], "fo', "[]", "{}"])
def test_settings_that_are_damaged_are_named(tmp_path, cut):
    file = tmp_path / "ablations" / "settings.json"
    file.parent.mkdir()
    write_scores(file.with_name("recipe.csv"), some())
    file.write_text(cut)
    with pytest.raises(ValueError) as told:
        write_report(tmp_path)
    assert str(told.value).startswith(f"{file} is damaged: delete it")
    if cut != "{}":  # of which it is said that each setting was another
        with pytest.raises(ValueError) as told:
            refuse_other_settings(file, SETTINGS, "changes")
        assert str(told.value).startswith(f"{file} is damaged: delete it")


def test_at_full_size_a_data_set_is_compared_within_itself(tmp_path):
    folder = tmp_path / "ablations"
    (folder / "full-size").mkdir(parents=True)
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    boxes = [replace(score, dataset="films", weak=True) for score in some()]
    for name, scores in (
        (RECIPE, some()),
        ("mammograms", boxes),
        ("mammograms-boxes", [replace(score, dice=0.75) for score in boxes]),
    ):
        write_scores(folder / "full-size" / f"{name}.csv", scores)
    write_scores(folder / "recipe.csv", some())
    text = write_report(tmp_path).read_text().split("## At full size")[1]
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("|")][2:]
    assert [row[0].strip("| ") for row in rows] == [
        f"busi: {FULL_SIZE[RECIPE]}", f"films (boxes): {FULL_SIZE['mammograms']}",
        f"films (boxes): {FULL_SIZE['mammograms-boxes']}",
    ]  # fmt: skip
    assert [row[2] for row in rows] == ["-", "-", "+0.250"]


@pytest.mark.parametrize("where", ["", "full-size"])
def test_scores_against_two_truths_are_not_compared(tmp_path, where):
    folder = tmp_path / "ablations" / where
    folder.mkdir(parents=True)
    (tmp_path / "ablations" / "settings.json").write_text(json.dumps(SETTINGS))
    write_scores(tmp_path / "ablations" / "recipe.csv", some())
    before, after = ([replace(s, truth_digest=digest) for s in some()] for digest in "ab")
    write_scores(folder / "recipe.csv", before)
    other = "mammograms" if where else "entropy"
    write_scores(folder / f"{other}.csv", after)
    with pytest.raises(ValueError) as told:
        write_report(tmp_path)
    assert str(told.value).startswith(
        f"case 0 of busi was scored against one truth in {folder / 'recipe.csv'} and against another in "
        f"{folder / other}.csv: delete the tables of before"
    )


def test_the_committed_report_is_what_its_tables_say(tmp_path):
    committed = DOCS / "ablations"
    if not committed.exists():
        pytest.skip("Nothing has been measured yet.")
    (tmp_path / "ablations").symlink_to(committed)
    assert write_report(tmp_path).read_text() == (DOCS / "ablations.md").read_text()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_one_that_a_training_takes(name):
    change = CHANGES[name]
    shared = ["--data", "busi:x", "--out", "x", "--size", "128", "--epochs", "10"]
    args = source.parse([*shared, *change.options])
    recipe = changed(Recipe(), dict(args.set))
    differs = recipe != Recipe() or args.random or args.architecture != "lite0"
    differs = differs or (args.size, args.epochs) != (128, 10)
    differs = differs or (args.learning_rate, args.seed) != (Recipe().learning_rate, 0)
    differs = differs or args.validation == 0 or args.without_contradictions
    assert differs == bool(change.options)
    things = [differs, change.way != PLAIN, change.teachers > 0]
    assert sum(things) == (name != RECIPE), "one thing at a time"


def test_what_is_done_is_not_done_again_and_a_failed_training_ends_it(folder, tmp_path, capfd):
    options = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(tmp_path / "runs")]
    options += ["--folds", "2", "--size", "64", "--epochs", "1", "--docs", str(tmp_path)]
    options += ["--cache", str(tmp_path / "cache"), "--changes"]
    with folds_here():
        assert ablations.main([*options, "recipe"]) == 0
    scores = read_scores(tmp_path / "ablations" / "recipe.csv")
    assert sorted(s.id for s in scores) == sorted(f"case{i}" for i in range(40))
    assert len({s.revision for s in scores}) == 2, "each by one of two networks"
    capfd.readouterr()

    with folds_here():
        assert ablations.main([*options, "recipe,flips"]) == 0
    out = capfd.readouterr().out
    assert CHANGES["flips"].text in out
    assert "Epoch" not in out, "a change at test time trains nothing"
    assert f"| {CHANGES['flips'].text} |" in (tmp_path / "ablations.md").read_text()

    gone = ["--data", f"folder:{tmp_path / folder.name}?modality=ultrasound", *options[2:]]
    assert ablations.main([*gone, "recipe,flips"]) == 0, "a report wants no data"
    assert ablations.main([*gone, "entropy"]) == 1
    assert "is not a folder" in capfd.readouterr().err
    assert ablations.main([*options[:-1], "--epochs", "2"]) == 1
    assert "is of a study with epochs 1, and 2 is asked for" in capfd.readouterr().err


def test_teachers_have_each_another_validation_and_none_has_the_test(
    folder, small, tmp_path, monkeypatch
):
    """By the records that the trainings write before their first epoch, with which they end here."""
    commands = []

    def train(command: list[str]) -> int:
        commands.append(command)
        if "--teacher" in command:
            return 3
        status = source.main(command[1:])
        record = Path(command[command.index("--out") + 1], "run.json")
        record.write_text(record.read_text().replace('"epochs_done": 0', '"epochs_done": 1'))
        return status - 130

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(folds, "train", train)
    monkeypatch.setattr("train.loop.compile_model", stop)
    monkeypatch.setitem(CHANGES, "distilled", replace(CHANGES["distilled"], teachers=2))
    (tmp_path / "ablations").mkdir()
    write_scores(tmp_path / "ablations" / "recipe.csv", some())  # it is done
    arguments = ["--data", f"folder:{folder}?modality=ultrasound", "--out", str(tmp_path / "runs")]
    arguments += ["--folds", "2", "--size", "64", "--epochs", "1", "--docs", str(tmp_path)]
    arguments += ["--cache", str(tmp_path / "cache"), "--changes", "distilled"]
    assert ablations.run(ablations.parse(arguments)) == 3, "the first student's"

    of = tmp_path / "runs" / "distilled"
    roles = {}
    for k in range(2):
        first, second = (
            {
                role: {c["id"] for c in record["cases"] if c["role"] == role}
                for role in ("train", "validation", "test")
            }
            for record in (
                json.loads((of / f"fold-{k}-teacher-{part}" / "run.json").read_text())
                for part in range(2)
            )
        )
        assert first["test"] == second["test"]
        assert first["validation"] and first["validation"] == second["train"]
        assert second["validation"] == first["train"]
        roles[k] = first
    everything = {f"case{i}" for i in range(40)}
    assert roles[0]["test"] == everything - roles[1]["test"]
    assert len(commands) == 5
    student = commands[-1]
    assert student[student.index("--fold") + 1] == "0"
    taught_by = [student[i + 1] for i, option in enumerate(student) if option == "--teacher"]
    assert taught_by == [str(of / f"fold-0-teacher-{part}") for part in range(2)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"normals": 2}, "The recipe has no number 'normals'"),
        ({"size": 64}, "The recipe has no number 'size'"),
        ({"normal_repeats": 1.5}, "normal_repeats is a number from 0 on, whole."),
        ({"views": -1}, "views is a number from 0 on."),
        ({"views": float("nan")}, "views is a number from 0 on."),
        ({"normal_repeats": float("inf")}, "normal_repeats is a number from 0 on, whole."),
        ({"ema": 1}, "ema is below 1: an average that takes up nothing stays where it began."),
        ({"coarse_views": 2}, "coarse_views is a part of the views, from 0 to 1."),
        ({"lesions_per_set": 0}, "lesions_per_set wants at least 1."),
        ({"teaching": 0.5}, "teaching is below 0.5: the truth says where a lesion is."),
    ],
)
def test_a_number_that_the_recipe_does_not_take_gets_a_sentence(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        changed(Recipe(), changes)


def test_a_card_says_what_was_set_otherwise(run):
    record = json.loads((run / "run.json").read_text())
    config = load_weights(str(run / "weights")).config
    assert "Set differently" not in card(config, record, None)
    told = card(config, record | {"set": {"dice_weight": 0.0, "normal_repeats": 1.0}}, None)
    assert "Set differently from the recipe: `dice_weight` 0, `normal_repeats` 1." in told


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("imagenet", "Encoder and bottleneck began with ImageNet's weights, the rest at random."),
        ("random", "Began with random weights."),
        ("encoder", "Began with `ultrasound-0`, arm `encoder`: the method: encoder and bottleneck"),
    ],
)
def test_a_card_says_with_which_weights_a_training_began(run, arm, said):
    record = json.loads((run / "run.json").read_text()) | {"arm": arm, "source": "ultrasound-0"}
    assert said in card(load_weights(str(run / "weights")).config, record, None)


def test_a_card_says_what_was_left_out_and_why(run):
    record = json.loads((run / "run.json").read_text())
    config = load_weights(str(run / "weights")).config
    assert " left out" not in card(config, record, None)
    case = record["cases"][0] | {"role": "left out"}
    record |= {"cases": [*record["cases"], case, case], "without_contradictions": True}
    assert "2 left out (of groups that stand in two classes); splits" in card(config, record, None)
    told = card(config, record | {"part": 25}, None)
    assert "two classes, only 25% of the groups were to train); splits" in told


def test_numbers_of_the_recipe_are_set_by_their_name():
    assert changed(Recipe(), {"normal_repeats": 1, "views": 0.5}) == Recipe(
        normal_repeats=1, views=0.5
    )
    assert options.setting("views=0.5") == ("views", 0.5)
    for text in ("views", "views=", "=1", "views=much"):
        with pytest.raises(Exception, match="is not NAME=NUMBER"):
            options.setting(text)
