"""The card of weights says what they were chosen by and what its figures are of, and whom they owe what they know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import yaml

from bcweb.cases.sources import SOURCES
from bcweb.scans import MODALITIES
from bcweb.scores import CaseScore, read_scores, report
from bcweb.weights import EMBEDDED, Config, OperatingPoint, load_weights
from tests import weights_folder
from tests.hub.finished import RECIPE
from train.card import WITHOUT_BOXES, Published, card, front_matter, parted
from train.recipe import epochs_of

CITATION = Path(__file__).parents[2] / "CITATION.cff"
BOXES = "including boxes (taken as ellipses)"
NO_BOXES = "leaving out those of which only boxes are known"
POINT = OperatingPoint(mask_threshold=0.5, presence_gate=None, min_lesion_fraction=0.0)


@pytest.fixture
def config() -> Config:
    return weights_folder.config(operating_point=POINT, trained_on=("busi",), name="made-up")


def record(**more) -> dict:
    """Of a run that tested one case. more: of what it says else."""
    tested = {"dataset": "busi", "id": "a", "group": "a", "digest": "", "role": "test"}
    return {
        "date": "2026-01-02", "data": ["busi"], "fold": "0", "folds": 5, "recipe": RECIPE,
        "versions": {"keras": "3"}, "cases": [tested], **more,
    }  # fmt: skip


def lesions(count: int, dataset: str = "busi", weak: bool = False) -> list[CaseScore]:
    """On the first nothing was painted."""
    return [
        CaseScore(
            dataset, str(i), str(i), "", "ultrasound", lesion=True, dice=0.5 * (i > 0), iou=0.3 * (i > 0),
            hd95_px=8.0 if i else None, painted=9 * (i > 0), lesions=1, found=int(i > 0), false_alarms=0, seen=False,
            weak=weak,
        )
        for i in range(count)
    ]  # fmt: skip


def test_the_distance_says_of_how_many_images_it_is_the_mean(config):
    told = yaml.safe_load(front_matter(config, report(lesions(4), {})))
    [result] = told["model-index"][0]["results"]
    [distance] = [metric for metric in result["metrics"] if metric["type"] == "hd95"]
    assert distance["value"] == 8
    assert distance["name"] == (
        "HD95 in pixels, mean over the 3 of 4 lesion images that are painted"
    )


@pytest.mark.parametrize("chosen_on", ["validation", "other folds", "all folds"])
def test_that_boxes_chose_too_is_said(config, chosen_on):
    mine = record(point_from=chosen_on)
    boxes = report([*lesions(3), *lesions(3, "films", weak=True)], {})
    assert BOXES in card(config, mine, boxes)
    assert BOXES not in card(config, mine, report(lesions(3), {}))
    for no_case in ("nothing", "source", "source but for the gate"):
        assert BOXES not in card(config, mine | {"point_from": no_case}, boxes)


@pytest.mark.parametrize("folds", ["the other folds", "all folds"])
def test_that_boxes_had_no_say_is_said(config, folds):
    mine = record(point_from=f"{folds.removeprefix('the ')}{WITHOUT_BOXES}")
    told = card(config, mine, report([*lesions(3), *lesions(3, "films", weak=True)], {}))
    assert f"Chosen on the test cases of {folds}, {NO_BOXES}." in told
    assert BOXES not in told


@pytest.mark.parametrize(
    ("point_from", "chose"),
    [("validation", "the epoch and the operating point"), ("other folds", "the epoch")],
)
def test_what_the_other_folds_chose_a_validation_did_not(config, point_from, chose):
    """A card that names two who chose the operating point contradicts itself."""
    mine = record(point_from=point_from)
    mine["cases"] += [{"dataset": "busi", "id": "b", "role": "validation"}]
    told = card(config, mine, report(lesions(3), {}))
    assert f"0 cases to train, 1 to choose {chose}; splits are by group." in told


@pytest.mark.parametrize(
    ("recipe", "more", "behind", "said"),
    [
        ({"epochs": 50}, {}, (50, 50), "50 epochs"),
        ({"epochs": 50, "until": 29}, {"epochs_done": 29}, (29, 29), "The first 29 of 50 epochs"),
        ({"epochs": 50}, {"epochs_done": 8}, (8, 50), "Stopped after 8 of 50 epochs"),
    ],
)
def test_epochs_are_those_that_were_trained(config, recipe, more, behind, said):
    mine = record(recipe=RECIPE | recipe, **more)
    assert epochs_of(mine) == behind
    assert f" {said}, batch" in card(config, mine, None)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (["test", "test"], "No scores exist yet: none of the 2 held-out cases was scored."),
        (
            ["train", "accepted"],
            "No scores exist: all held-out cases are predictions that a reader",
        ),
        (["train"], "No scores exist: no case was held out."),
    ],
)
def test_a_card_without_scores_says_why(config, roles, said):
    cases = [{"dataset": "busi", "id": str(i), "role": role} for i, role in enumerate(roles)]
    assert said in card(config, record(cases=cases), None)


def test_a_fit_on_everything_says_what_it_was_not_fitted_on(config):
    mine = record(fold="all", part=50)
    mine["cases"] = [{"dataset": "busi", "id": "a", "role": "train"}] * 3
    whole = card(config, mine, report(lesions(3), {}))
    assert "These weights themselves were fitted on all cases. " in whole
    mine["cases"] += [{"dataset": "busi", "id": "b", "role": "left out"}] * 2
    told = card(config, mine, report(lesions(3), {}))
    assert "These weights themselves were fitted on all cases but 2 that were left out. " in told
    alone = card(config, mine, None)
    said = "Trained on all cases but 2 that were left out: no scores of these weights exist.\n"
    assert said in alone, "nor are those of its recipe anywhere, without a cross-validation"


def test_only_data_sets_of_the_hub_are_linked_to_there(config):
    """A folder's name alone would be the data set of somebody else that is called so, or of nobody."""
    mixed = msgspec.structs.replace(config, trained_on=("busi", "ward", "ann/breast-2", "a/b/c"))
    assert yaml.safe_load(front_matter(mixed, None))["datasets"] == ["ann/breast-2"]
    assert "datasets" not in yaml.safe_load(front_matter(config, None))


@pytest.mark.parametrize(
    ("gate", "point_from", "said"),
    [
        (0.5, "validation", "presence was learned, and its gate chosen, on views of"),
        (0.5, "nothing", "presence was learned on views of"),
        (0.4, "source", "presence was learned on views of"),
        (None, "other folds", "presence was learned on views of"),
    ],
)
def test_a_gate_is_chosen_on_views_only_where_it_was_chosen(config, gate, point_from, said):
    """The test may have the normals that the training had not."""
    point = msgspec.structs.replace(POINT, presence_gate=gate)
    mine = record(normals=0, point_from=point_from)
    told = card(msgspec.structs.replace(config, operating_point=point), mine, None)
    assert f"The training had no scan without a lesion: {said} lesion scans that show none" in told
    assert told.count("had no scan without a lesion") == 1


def test_known_failures_say_what_is_known_of_boxes_alone(config):
    result = report([*lesions(4), *lesions(4, "films", weak=True)], {})
    told = card(config, record(), result, Published("ann/weights", [], study=False))
    missed = "25% of the 4 lesion images are missed (Dice of at most 0.1"
    assert f"- busi: {missed})." in told
    assert f"- films: {missed} against the ellipse in a box)." in told


def test_boxes_among_the_outlines_of_a_data_set_have_a_row_of_their_own(config):
    boxes = [replace(score, id=f"box {score.id}") for score in lesions(3, weak=True)]
    result = report([*lesions(4), *boxes], {})
    told = card(config, record(), result, Published("ann/weights", [], study=False))
    assert "| busi | 4 | " in told and "| busi (boxes) | 3 | " in told
    assert "Only boxes are known for some cases of busi: scored against the ellipse" in told


def test_weights_that_know_no_normal_promise_no_lesion_where_they_find_none(config):
    """Those of mammograms paint nothing on a few scans."""
    config = msgspec.structs.replace(config, presence=False)
    told = card(config, record(), report(lesions(4), {}), Published("ann/weights", [], study=False))
    assert "have seen no scan without a lesion, and paint on most scans, normal ones too." in told


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_shipped_card_says_what_its_table_and_today_s_code_say(modality):
    weights = load_weights("embedded", modality)
    scores = read_scores(weights.folder / "scores.csv")
    text = (EMBEDDED / modality / "README.md").read_text(encoding="utf-8")
    told = yaml.safe_load(text.split("---\n")[1])
    assert told == yaml.safe_load(front_matter(weights.config, report(scores, {})))
    assert (BOXES in text or NO_BOXES in text) == any(score.weak for score in scores)


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_data_set_that_the_shipped_weights_learned_from_is_cited(modality):
    """CC BY wants it."""
    cited = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    told = [f"{each['title']}; {each['notes']}" for each in cited]
    for name in load_weights("embedded", modality).config.trained_on:
        [of_it] = [text for text in told if SOURCES[name].name in text]
        assert f"the {modality} weights were trained on" in of_it


def test_a_card_is_parted_into_its_front_matter_without_scores_and_what_is_read():
    written = (
        "---\ndatasets:\n- busi\nmodel-index:\n- name: x\n\n  results: []\nlicense: mit\n---\n# x\n"
    )
    assert parted(written) == ("datasets:\n- busi\nlicense: mit\n", "# x\n")
    for none in ("# x\n\n---\n\nlicense: mit\n\n---\n", "", "---\nnever closed\n"):
        assert parted(none) == ("", none)
