"""The study's report, from scores that were made up so that its figures are known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bcweb.scans import MODALITIES
from bcweb.scores import CaseScore, read_scores, write_scores
from bcweb.statistics import Interval
from bcweb.weights import EMBEDDED
from train import study_report
from train.study_report import (
    DOCS,
    ArmScores,
    Difference,
    Trial,
    answer,
    arms_of,
    difference,
    read_direction,
    tell_weights,
    verdict,
    write_report,
)

SETTINGS = {
    "data": ["busi"], "source": "the embedded weights", "architecture": "lite0",
    "folds": 3, "epochs": 10, "size": 256, "cases": None, "note": "A first try.",
}  # fmt: skip


def lesion(number: int, dice: float) -> CaseScore:
    return CaseScore(
        "busi", f"case {number}", f"group {number // 2}", "benign", "ultrasound", lesion=True,
        presence=0.9, dice=dice, iou=dice / 2, hd95_px=10.0 if dice else None, painted=int(100 * dice),
        lesions=1, found=int(dice > 0), false_alarms=0, seen=False, revision="r",
    )  # fmt: skip


def normal(number: int, painted: int) -> CaseScore:
    return CaseScore(
        "busi", f"normal {number}", f"n {number}", "normal", "ultrasound", lesion=False,
        presence=0.1, dice=0.0 if painted else 1.0, iou=0.0, painted=painted, lesions=0, found=0,
        false_alarms=int(painted > 0), seen=False, revision="r",
    )  # fmt: skip


@pytest.fixture
def docs(tmp_path):
    """20 lesions of 10 groups, 4 normals: of two seeds `encoder` is 0.1 below the control everywhere and `none` the
    same; of one seed, the control's better one, `random` is 0.3 below it and `gradual` the same."""
    folder = tmp_path / "transfer-study" / "mammogram-to-ultrasound"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps(SETTINGS))
    dices = [0.5 + 0.02 * i for i in range(20)]  # mean 0.69
    normals = [normal(0, 5), normal(1, 0), normal(2, 0), normal(3, 0)]

    def trial(name: str, shift: float) -> None:
        write_scores(
            folder / f"{name}.csv", [lesion(i, d + shift) for i, d in enumerate(dices)] + normals
        )

    trial("imagenet-100-s0", 0.02)
    trial("imagenet-100-s1", -0.02)
    trial("encoder-100-s0", -0.13)
    trial("encoder-100-s1", -0.07)
    trial("none-100-s0", 0.02)
    trial("none-100-s1", -0.02)
    trial("gradual-100-s0", 0.02)
    trial("random-100-s0", -0.28)
    return tmp_path


def by_arm(docs) -> dict[str, ArmScores]:
    return {
        a.arm: a
        for a in arms_of(read_direction(docs / "transfer-study" / "mammogram-to-ultrasound"))
    }


def test_seeds_are_averaged_by_case_and_the_difference_is_paired(docs):
    arms = by_arm(docs)
    assert arms["encoder"].seeds == (0, 1)
    assert arms["imagenet"].figures["dice"].estimate == pytest.approx(0.69)
    assert arms["encoder"].figures["dice"].estimate == pytest.approx(0.59)
    against = difference(arms["encoder"], arms["imagenet"])
    # Each side's trainings are drawn for itself: between -0.13 - 0.02 and -0.07 + 0.02.
    assert against.interval == pytest.approx((-0.1, -0.15, -0.05)), "no spread but the seeds'"
    assert against.by_seed == pytest.approx({0: -0.15, 1: -0.05}) and against.side == -1
    assert arms["imagenet"].figures["painted"].estimate == 0.25


def test_an_arm_is_compared_by_the_seeds_that_the_control_has_too(docs):
    """`gradual` is the control's first seed: it is no better than that, though that is better than the second."""
    arms = by_arm(docs)
    assert arms["gradual"].figures["dice"].estimate > arms["imagenet"].figures["dice"].estimate
    against = difference(arms["gradual"], arms["imagenet"])
    assert against.interval.estimate == 0 and against.by_seed == {0: 0}
    assert np.isnan(against.interval.low), "no spread at all is no certainty"
    other = replace(arms["gradual"], seeds=(7,))
    assert difference(other, arms["imagenet"]) is None, "there is no seed that both have"
    assert answer([arms["imagenet"], other]) == ""


def test_trials_that_were_scored_against_two_truths_are_not_compared(docs):
    folder = docs / "transfer-study" / "mammogram-to-ultrasound"
    for name, digest in (("encoder-100-s0", "before"), ("random-100-s0", "after")):
        file = folder / f"{name}.csv"
        write_scores(file, [replace(s, truth_digest=digest) for s in read_scores(file)])
    with pytest.raises(
        ValueError, match=r"case 0 of busi was scored against one truth in .*encoder-100-s0.csv and"
    ):
        read_direction(folder)


def test_one_seed_tells_no_arm_apart_however_far_it_lies(docs):
    arms = by_arm(docs)
    against = difference(arms["random"], arms["imagenet"])
    assert against.interval.estimate == pytest.approx(-0.3) and against.side == 0
    better = replace(moved(arms["gradual"], 0.2), arm="features")
    assert answer([arms["imagenet"], better]) == (
        "With all of the training data, no way of transfer is known to help."
    )
    (sentence,) = verdict([arms["imagenet"], better])
    assert sentence.endswith(
        "with one seed each, whose chance the interval leaves out: `features` +0.200."
    )


def test_a_case_that_a_seed_could_not_score_is_left_out_of_the_arm(docs):
    file = docs / "transfer-study" / "mammogram-to-ultrasound" / "encoder-100-s1.csv"
    scores = read_scores(file)
    write_scores(file, [replace(scores[0], error="It is broken."), *scores[1:]])
    arms = by_arm(docs)
    assert len(arms["encoder"].dice) == 19 and len(arms["imagenet"].dice) == 20
    assert difference(arms["encoder"], arms["imagenet"]).interval.estimate == pytest.approx(-0.1)


def test_seeds_that_disagree_are_shown_and_tell_nothing_apart(docs):
    folder = docs / "transfer-study" / "mammogram-to-ultrasound"
    control = read_scores(folder / "imagenet-100-s0.csv")
    write_scores(folder / "imagenet-100-s1.csv", control)
    shifted = [replace(s, dice=s.dice + 0.09) if s.lesion else s for s in control]
    write_scores(folder / "encoder-100-s1.csv", shifted)
    arms = by_arm(docs)
    against = difference(arms["encoder"], arms["imagenet"])
    assert against.by_seed == pytest.approx({0: -0.15, 1: 0.09}) and against.side == 0
    assert against.interval == pytest.approx((-0.03, -0.15, 0.09))
    text = write_report(docs).read_text()
    assert "-0.030 (-0.150 to +0.090) | 0: -0.150, 1: +0.090 |" in text
    assert "`encoder` -0.030 (-0.150 to +0.090); with one seed each" in text


def test_the_verdict_names_what_differs_and_what_does_not(docs):
    arms = list(by_arm(docs).values())
    assert verdict(arms) == [
        "In Dice, at 100% of the training data, worse than `imagenet`: `encoder` -0.100 (-0.150 to -0.050); "
        "not clearly different from `imagenet`: `none` +0.000 (-0.040 to +0.040); with one seed each, whose chance the "
        "interval leaves out: `gradual` +0.000, `random` -0.300."
    ]
    assert "not been run" in verdict([a for a in arms if a.arm != "imagenet"])[0]


@pytest.mark.parametrize(
    "low, high, told",
    [
        (0.0006, 0.04, 1),
        (0.0004, 0.04, 0),  # printed as 0.000: by luck of the draws
        (-0.01, 0.02, 0),
        (-0.04, -0.0004, 0),
        (-0.04, -0.0006, -1),
        (float("nan"), float("nan"), 0),
    ],
)
def test_arms_are_told_apart_by_the_ends_that_are_printed(low, high, told):
    mean = (low + high) / 2
    assert Difference(Interval(mean, low, high), {0: mean, 1: mean}).side == told


def moved(arm: ArmScores, shift: float, percent: int = 100) -> ArmScores:
    dice = {case: values + shift for case, values in arm.dice.items()}
    return replace(arm, dice=dice, percent=percent)


def test_the_answer_says_in_plain_words_whether_transfer_helps(docs):
    arms = by_arm(docs)
    control, encoder, none = arms["imagenet"], arms["encoder"], arms["none"]
    assert (
        answer([control, encoder])
        == "With all of the training data, transfer costs 0.100 Dice at best (`encoder`)."
    )
    undecided = "no way of transfer is known to help"
    assert answer([control, encoder, none]) == f"With all of the training data, {undecided}."
    quarter = [moved(control, 0, 25), moved(encoder, 0.3, 25), moved(none, 0.15, 25)]
    assert answer([control, none, *quarter]) == (
        f"With all of the training data, {undecided}; with 25% of the training data, transfer helps, by 0.200 Dice "
        "at best (`encoder`)."
    )
    assert answer([control]) == answer([encoder]) == "", "nothing was compared"


def test_the_report_has_a_row_an_arm_and_its_figure(docs):
    text = write_report(docs).read_text()
    assert "| `encoder` | 2 | 20 | 0.590" in text and "\nA first try.\n" in text
    assert "-0.100 (-0.150 to -0.050) | 0: -0.150, 1: -0.050 |" in text
    figure = docs / "transfer-study" / "mammogram-to-ultrasound.png"
    assert figure.read_bytes().startswith(b"\x89PNG") and f"transfer-study/{figure.name}" in text
    assert "\n- `encoder`: the method: " in text, "what an arm is, is told"
    assert "- `stack`" not in text, "it was not run"


def test_the_figure_shows_every_part_of_the_data_and_no_two_alike(docs, tmp_path, monkeypatch):
    from matplotlib import pyplot

    control = by_arm(docs)["imagenet"]
    parts = [moved(control, 0, percent) for percent in (100, 75, 50, 25, 10)]
    direction = read_direction(docs / "transfer-study" / "mammogram-to-ultrasound")
    monkeypatch.setattr(pyplot, "close", lambda shown: drawn.append(shown))
    drawn = []
    study_report.figure(direction, parts, tmp_path / "figure.png")
    monkeypatch.undo()
    [axes] = drawn[0].axes
    lines, _ = axes.get_legend_handles_labels()
    pyplot.close(drawn[0])
    assert [line.get_label().split("%")[0] for line in lines] == ["100", "75", "50", "25", "10"]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 5
    assert all(axes.get_ylim()[0] < line.get_ydata()[0] for line in lines), "none is cut off"


def test_the_shipped_weights_tell_what_transfer_to_their_modality_gave(docs, tmp_path):
    (tmp_path / "ultrasound").mkdir()
    tell_weights(docs, tmp_path)
    text = (tmp_path / "ultrasound" / "study.md").read_text()
    assert text.startswith("# Does what was learnt on mammograms help on ultrasounds?\n")
    assert "worse than `imagenet`: `encoder` -0.100" in text and "(study.png)" in text
    assert (tmp_path / "ultrasound" / "study.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "mammogram").exists()


@pytest.mark.parametrize("cut", ["", '{"data": ["busi"], "fo', "[]", "{}"])
def test_settings_that_are_damaged_are_named(docs, cut):
    file = docs / "transfer-study" / "mammogram-to-ultrasound" / "study.json"
    file.write_text(cut)
    with pytest.raises(ValueError) as told:
        write_report(docs)
    assert str(told.value).startswith(f"{file} is damaged: delete it")


def test_a_trial_is_known_by_its_name():
    trial = Trial("features", 25, 1)
    assert trial.name == "features-25-s1" and Trial.from_name(trial.name) == trial
    with pytest.raises(ValueError, match="not the name of a trial"):
        Trial.from_name("features")


@pytest.mark.skipif(not (DOCS / "transfer-study.md").exists(), reason="no study has been run yet")
def test_the_report_in_the_documents_is_what_the_committed_scores_give(tmp_path):
    for file in (DOCS / "transfer-study").rglob("*.*"):
        copy = tmp_path / file.relative_to(DOCS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    assert write_report(tmp_path).read_text() == (DOCS / "transfer-study.md").read_text()
    for modality in MODALITIES:
        (tmp_path / modality).mkdir()
    tell_weights(tmp_path, tmp_path)
    for told in tmp_path.glob("*/study.md"):
        shipped = EMBEDDED / told.relative_to(tmp_path)
        assert told.read_text() == shipped.read_text(), f"{shipped} tells another study"
