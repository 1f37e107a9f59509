"""The figures by hand, and what seen cases may not do to them."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from bcweb.score_table import table
from bcweb.scores import CaseScore, mark_seen_groups, report, summarise
from tests.evaluate.made import FOUR, lesion, normal


def test_figures_over_lesion_images():
    figures = summarise(FOUR)["lesion"]
    assert figures["n"] == 4
    assert figures["dice_mean"] == pytest.approx(0.6)
    assert figures["dice_median"] == pytest.approx(0.7)
    assert figures["iou_mean"] == pytest.approx((1 + 0.8 / 1.2 + 0.6 / 1.4) / 4)
    assert figures["detected"] == 0.75
    assert figures["hd95_mean"] == 10.0 and figures["hd95_n"] == 3  # nothing painted, no distance


def times(count: int, *scores: CaseScore) -> list[CaseScore]:
    """As many women of each."""
    return [
        replace(s, id=f"{s.id} {n}", group=f"{s.group} {n}") for n in range(count) for s in scores
    ]


def test_every_figure_has_an_interval_that_holds_it():
    further = replace(FOUR[0], hd95_px=12.0)
    figures = summarise(times(5, further, *FOUR[1:], normal("e"), normal("f", painted=5)))
    for block, names in (
        (figures["lesion"], ("dice_mean", "dice_median", "iou_mean", "hd95_mean", "detected")),
        (figures["normal"], ("painted",)),
        (figures["lesionwise"], ("found", "false_alarms")),
        (figures, ("presence_auc",)),
    ):
        for name in names:
            low, high = block[f"{name}_ci"]
            assert low <= block[name] <= high, name


def test_normals_are_counted_where_any_pixel_is_left():
    scores = [normal("a"), normal("b", painted=1), normal("c"), normal("d")]
    assert summarise(scores)["normal"]["painted"] == 0.25


def test_normals_do_not_enter_the_dice():
    assert summarise([*FOUR, normal("e"), normal("f")])["lesion"]["dice_mean"] == pytest.approx(0.6)


def test_no_painted_normal_of_ten_still_leaves_room_for_a_third():
    figures = summarise([normal(str(i)) for i in range(10)])["normal"]
    assert figures["painted"] == 0.0 and figures["painted_ci"][1] == pytest.approx(0.3085, abs=1e-4)


def test_presence_is_rated_only_where_there_are_normals():
    assert summarise(FOUR)["presence_auc"] is None
    assert summarise([*FOUR, normal("e")])["presence_auc"] == 1.0
    assert (
        summarise([replace(s, presence=None) for s in [*FOUR, normal("e")]])["presence_auc"] is None
    )


def test_presence_is_not_rated_where_no_network_looked_at_both_kinds():
    other = [replace(normal("e"), revision="another")]
    assert summarise([*FOUR, *other])["presence_auc"] is None, "not NaN, which JSON has not"


def test_lesions_are_also_counted_one_by_one():
    two = [lesion("a", 0.9, lesions=3, found=2, false_alarms=1), lesion("b", 0.9)]
    figures = summarise(two)["lesionwise"]
    assert figures["n"] == 4 and figures["found"] == 0.75 and figures["false_alarms"] == 0.5


def test_an_image_is_found_and_so_is_a_lesion_and_each_is_called_what_it_is():
    """In the words of the cards and the page."""
    said = table(report([lesion("a", 0.9, lesions=3, found=2), lesion("b", 0.05)], {}))
    assert re.search(r"^    found \(Dice > 0\.1\) +50\.0% ", said, re.M)
    assert re.search(r"^    lesions found, of 4 +50\.0% ", said, re.M)
    assert re.search(r"^  benign: 2 images, .*, found 50\.0%$", said, re.M)
    assert "detected" not in said


def test_all_lesions_found_is_not_certain_to_go_on():
    low, high = summarise([lesion("a", 0.9), lesion("b", 0.8)])["lesionwise"]["found_ci"]
    assert low < 0.5 and high == 1.0  # of two groups both: Clopper and Pearson's 0.16 to 1


def test_a_dice_of_nothing_on_every_image_is_not_certain_to_stay_so():
    result = report([lesion(str(i), 0.0) for i in range(12)], {})
    assert re.search(r"^ +Dice, mean +0\.000 +no interval$", table(result), re.M)
    figures = result["lesion"]
    assert figures["dice_mean_ci"] is figures["dice_median_ci"] is figures["iou_mean_ci"] is None
    assert figures["detected_ci"][1] > 0.2, "which has one all the same"


def test_few_groups_have_figures_and_no_interval():
    """The bootstrap's would be too narrow by far; where all cases agree there is another."""
    result = report([*FOUR, normal("e"), normal("f", painted=5)], {})
    lesion_block, wise = result["lesion"], result["lesionwise"]
    for name in ("dice_mean", "dice_median", "iou_mean", "hd95_mean", "detected"):
        assert lesion_block[name] is not None and lesion_block[f"{name}_ci"] is None, name
    assert (wise["found"], wise["found_ci"]) == (0.75, None)
    assert (result["normal"]["painted"], result["normal"]["painted_ci"]) == (0.5, None)
    assert wise["false_alarms_ci"] and result["presence_auc_ci"], "0 and 1, with exact intervals"
    assert re.search(r"^ +Dice, mean +0\.600 +no interval$", table(result), re.M)


def test_a_share_of_lesions_that_is_the_same_in_every_woman_has_no_interval():
    figures = summarise(times(12, lesion("a", 0.9, lesions=2, found=1)))["lesionwise"]
    assert (figures["found"], figures["found_ci"]) == (0.5, None)


def test_images_of_one_woman_are_one_group():
    same = [replace(s, group="one") for s in FOUR]
    assert summarise(same)["lesion"]["groups"] == 1
    assert summarise(same)["lesion"]["dice_mean_ci"] is None
    assert summarise([replace(s, group="") for s in FOUR])["lesion"]["groups"] == 4


def test_groups_of_two_data_sets_are_two_though_their_names_agree():
    scores = [lesion("a", 0.9, group="1"), lesion("b", 0.5, group="1", dataset="other")]
    assert summarise(scores)["lesion"]["groups"] == 2


def test_what_there_is_none_of_is_null():
    figures = report([], {})
    assert figures["lesion"]["n"] == 0 and figures["lesion"]["dice_mean"] is None
    assert figures["normal"] == {
        "n": 0, "groups": 0, "dice_only": 0, "painted": None, "painted_ci": None,
    }  # fmt: skip
    json.dumps(figures, allow_nan=False)


def test_seen_cases_stay_out_of_the_headline_and_are_shown_apart():
    result = report([*FOUR, lesion("e", 1.0, seen=True), normal("f", 9, seen=True)], {})
    assert result["seen"] == 2 and result["unseen"] == 4
    assert result["lesion"]["n"] == 4 and result["lesion"]["dice_mean"] == pytest.approx(0.6)
    assert result["normal"]["n"] == 0
    assert result["seen_scores"]["lesion"]["dice_mean"] == 1.0
    assert "SEEN CASES" in table(result) and "not a result" in table(result)


def test_seen_cases_enter_by_the_score_that_they_had_out_of_fold():
    seen = lesion("e", 1.0, seen=True)
    carried = lesion("e", 0.4, revision="fold-3", group="old", label="old")
    result = report([*FOUR, seen], {("set", "e"): carried})
    assert result["lesion"]["n"] == 5 and result["out_of_fold"] == 1
    assert result["lesion"]["dice_mean"] == pytest.approx((2.4 + 0.4) / 5)
    assert list(result["by_label"]) == ["benign"]


@pytest.mark.parametrize(
    "then",
    [
        normal("e"),
        lesion("e", 0.4, weak=True),
        lesion("e", 0.4, lesions=2),
        lesion(
            "e", 0.4, painted=90
        ),  # of which 0.4 are 0.4 of the truth: 90 pixels, and it has 100
        lesion("e", 0.4, truth_digest="another"),
    ],
    ids=["normal", "box", "lesions", "pixels", "digest"],
)
def test_a_score_out_of_fold_against_another_truth_is_left_out_and_told(then):
    result = report([*FOUR, lesion("e", 1.0, seen=True, truth_digest="mine")], {then.key: then})
    counted = result["lesion"]["n"], result["normal"]["n"]
    assert counted == (4, 0), "a score against another truth is in the headline"
    assert (result["out_of_fold"], result.get("other_truth")) == (0, 1)
    said = table(result)
    assert "For 1 of them the weights' out-of-fold score is against another truth" in said


@pytest.mark.parametrize(
    "then",
    [
        lesion("e", 0.4, truth_digest="mine"),
        # As a table rounds them: 12,345 of 20,000 painted pixels are 12,345 of the truth's 30,011.
        lesion("e", 0.4, painted=20_000, precision=0.61725, recall=0.411349),
        lesion("e", 0.0, painted=20_000, precision=0.0),  # which tells nothing of its pixels
    ],
    ids=["digest", "pixels", "missed"],
)
def test_a_score_out_of_fold_counts_where_nothing_speaks_of_another_truth(then):
    now = lesion("e", 0.8, seen=True, truth_digest="mine")
    now = replace(now, painted=30_011, precision=0.8, recall=0.8)
    result = report([*FOUR, now], {then.key: then})
    assert result["out_of_fold"] == 1 and "other_truth" not in result
    assert "the truth is not" not in table(result)


def test_a_group_is_seen_where_any_of_its_members_is():
    scores = [
        lesion("a", 0.9, group="one lesion", seen=True),
        lesion("b", 0.8, group="one lesion"),
        lesion("c", 0.7, group="one lesion", dataset="another set"),
        lesion("d", 0.6, group=""),
        lesion("e", 0.6, group="", seen=True),
    ]
    assert [s.seen for s in mark_seen_groups(scores)] == [True, True, False, False, True]


def test_an_out_of_fold_score_is_not_used_for_a_case_that_is_unseen():
    result = report(FOUR, {("set", "a"): lesion("a", 0.0)})
    assert result["lesion"]["dice_mean"] == pytest.approx(0.6) and result["out_of_fold"] == 0


def test_labels_are_told_apart():
    result = report([*FOUR, lesion("m", 0.5, label="malignant"), normal("n", 3)], {})
    assert result["by_label"]["benign"]["n"] == 4
    assert result["by_label"]["malignant"]["dice_mean"] == 0.5
    assert result["by_label"]["normal"]["painted"] == 1.0


def test_masses_are_told_apart_where_findings_are_written():
    findings = {
        ("set", "a"): "Irregular MASS; skin thickening",
        ("set", "b"): "Multiple masses",
        ("set", "c"): "massive oedema",
        ("set", "gone"): "mass",
    }
    result = report([replace(s, modality="mammogram") for s in FOUR], {}, findings)
    assert result["by_finding"]["mass"]["n"] == 2 and result["by_finding"]["no mass"]["n"] == 1
    both = np.mean([s.dice for s in FOUR if s.id in "ab"])
    assert result["by_finding"]["mass"]["dice_mean"] == pytest.approx(both)
    assert "  no mass: 1 image" in table(result)
    assert report(FOUR, {}, findings)["by_finding"] == {}, "what an ultrasound shows is a mass"


@pytest.mark.parametrize(
    ("said", "is_mass"),
    [
        ("Irregular rim enhancing mass", True),
        ("Multiple masses", True),
        ("Segmental non mass enhancement", False),
        ("Focal non-mass enhancement", False),
        ("Nonmass enhancement", False),
        ("No mass or non mass enhancement", False),
        ("Without a mass", False),
        ("Non mass enhancement, and a mass behind it", True),
        ("No suspicious mass", False),
        ("No focal mass.", False),
        ("No definite mass or calcification", False),
        ("There is no evidence of a mass", False),
        ("Calcifications without any mass", False),
        ("No discrete masses", False),
        ("No architectural distortion or mass", False),
        ("No distortion in the left breast or mass", False),
        ("Negative for suspicious mass", False),
        ("Neither calcification nor mass", False),
        ("Masses: none", False),
        ("mass: no; calcification: yes", False),
        ("Mass: no calcification", True),
        ("No calcification; irregular mass", True),
        ("No calcification but a mass", True),
        ("No calcification in the mass", True),
        ("Mass without calcification", True),
        ("Non enhancing mass", True),
        ("No calcifications - irregular mass", True),
        ("No architectural distortion / mass 12 mm", True),
        ("No prior images available (irregular mass upper outer)", True),
        ("No change: mass 2 cm", True),
        ("No significant change of mass", True),
        ("No doubt a mass", True),
        ("No calcification associated mass", True),
        ("Mass: none of the margins is sharp", True),
        ("No other mass", True),
        ("No axillary nodes irregular mass", True),
        ("No microcalcifications 12 mm ill-defined mass", True),
        ("No nodes or irregular mass", False),
        ("No calcification spiculated mass or distortion", False),
        ("No irregular or spiculated mass", False),
        ("No lymph node mass", False),
        ("No calcifications, masses or distortion.", False),
        ("No suspicious calcification, mass, or architectural distortion.", False),
        ("Normal skin, no calcification, asymmetry, or suspicious mass", False),
        ("No skin thickening, nipple retraction or mass", False),
        ("Neither calcifications, masses nor asymmetry", False),
        ("No calcifications and masses.", False),
        ("no focal lesion / mass", False),
        ("no measurable (solid) mass", False),
        ("Masses - none", False),
        ("Mass - no, calcification - yes", False),
        ("Absence of mass", False),
        ("No suspicious calcifications, distortion, or masses are seen in either breast.", False),
        ("No calcifications, mass lesions, or asymmetry.", False),
        ("No nipple retraction or skin thickening, dominant mass, nodes", True),
        ("Nodes: no, mass or asymmetry: yes", True),
        ("No comparison available, mass or asymmetry in the UOQ", True),
        ("No nodes, irregular mass", True),
        ("No nodes, irregular mass or asymmetry", True),
        ("No nodes, mass", True),
        ("No nodes, mass, spiculated or irregular", True),
        ("No nodes, mass in the left breast or axilla", True),
        ("No change, mass or distortion", True),
        ("No calcification and an enhancing mass", True),
        ("No calcification and mass 12 mm", True),
        ("No calcification, but a mass or asymmetry", True),
        ("No calcification (irregular) mass", True),
        ("Mass - no calcification", True),
        ("Absence of calcification in the mass", True),
        ("Findings: no mass", False),
        ("Mass is not seen.", False),
        ("Masses are absent.", False),
        ("A mass was not identified", False),
        ("Mass in the left breast is not seen", False),
        ("Mass: absent", False),
        ("Mass excluded.", False),
        ("Mass has been ruled out", False),
        ("Previously seen mass resolved", False),
        ("The mass is no longer visible", False),
        ("Mass-like asymmetry", False),
        ("Mass like enhancement; a mass behind it", True),
        ("A mass is not excluded", True),
        ("A mass cannot be excluded", True),
        ("The mass has not resolved", True),
        ("Mass not seen before", True),
        ("Mass not calcified", True),
        ("Mass, calcifications are absent", True),
        ("mass is " * 20_000 + "seen", True),
        ("no evidence " * 20_000 + "of a mass", False),
    ],
)
def test_what_is_called_no_mass_is_none(said, is_mass):
    """Non mass enhancement is a term of contrast views: 71 of CDD-CESM's subtracted ones have it and no mass."""
    score = lesion("a", 0.5, modality="mammogram")
    found = report([score], {}, {score.key: said})["by_finding"]
    assert list(found) == ["mass" if is_mass else "no mass"]


def test_two_modalities_have_a_headline_each():
    """Two networks drew them: one mean over both is of neither."""
    films = [lesion(c, 0.2, modality="mammogram", revision="m-1", label="mass") for c in "xy"]
    result = report([*FOUR, *films], {}, {films[0].key: "mass"})
    assert result["lesion"]["n"] == 6 and result["revision"] == "w-1 + m-1", "as it was"
    parts = result["by_modality"]
    assert {name: part["lesion"]["n"] for name, part in parts.items()} == {
        "ultrasound": 4, "mammogram": 2,
    }  # fmt: skip
    assert parts["ultrasound"] == report(FOUR, {}) and list(parts["mammogram"]["by_label"]) == [
        "mass"
    ]
    said = table(result)
    assert said == "\n\n\n".join(
        (f"Ultrasounds\n\n{table(report(FOUR, {}))}", f"Mammograms\n\n{table(parts['mammogram'])}")
    )
    assert re.findall(r"Dice, mean +(\S+)", said) == ["0.600", "0.200"]
    failed = "1 case could not be scored and is in no figure."
    assert table(result | {"failed": 1}) == f"{said}\n\n\n{failed}"
    assert "by_modality" not in report(FOUR, {}), "of one there is nothing more to say"


def test_scores_against_boxes_stand_apart():
    """And are called so wherever they are: of the seen cases only the boxed ones are left here."""
    boxed = [lesion(c, 0.9, dataset="boxes", weak=True) for c in "xyz"]
    seen = [lesion(c, 0.9, dataset="more", weak=True, seen=True) for c in "uv"]
    said = table(report([*FOUR, *boxed, *seen], {}))
    assert "\nset\n" in said and "\nboxes (boxes)\n" in said
    assert "\nSEEN CASES (boxes), scored by the weights that were trained on them" in said
    outlined = table(report([*FOUR, *boxed, *seen, lesion("e", 0.5, seen=True)], {}))
    assert "\nSEEN CASES, scored" in outlined, "the boxed ones are not among them"


def test_boxes_of_a_data_set_that_has_outlines_too_have_a_line_of_their_own():
    """As where a reader drew one of them: each case is in one of the two."""
    boxed = [lesion(c, 0.9, dataset="films", weak=True) for c in "xyz"]
    result = report([lesion("drawn", 0.4, dataset="films"), *boxed, normal("n")], {})
    films = result["datasets"]["films"]
    assert (films["lesion"]["n"], films["boxes"]["lesion"]["n"]) == (1, 3)
    assert (result["lesion"]["n"], result["apart"], films["boxes"]["weak"]) == (1, 3, 3)
    said = table(result)
    assert re.findall(r"^(\w+(?: \(boxes\))?)\n  Lesion images: (\d)", said, re.M) == [
        ("films", "1"),
        ("films (boxes)", "3"),
    ]
    assert "scores against masks and stand apart." in said


def test_what_holds_no_lesion_takes_no_box_out_of_the_headline():
    """Nobody outlines a normal: it has no Dice that boxes could spoil, and an AUC takes both."""
    boxed = [lesion(c, 0.9, dataset="boxes", weak=True) for c in "xyz"]
    result = report([*boxed, normal("e", dataset="boxes"), normal("n", dataset="others")], {})
    assert (result["lesion"]["n"], result["lesion"]["dice_mean"]) == (3, pytest.approx(0.9))
    assert (result["normal"]["n"], result["presence_auc"]) == (2, 1.0)
    boxes = result["datasets"]["boxes"]
    assert (boxes["lesion"]["n"], boxes["normal"]["n"], boxes["weak"]) == (3, 1, 3)
    assert result["apart"] == 0 and "boxes" not in boxes


def test_where_no_outline_has_a_result_boxes_do_not_stand_apart():
    """The weights have seen the one that is outlined: the command calls its figures by what they are of."""
    boxed = [lesion(c, 0.9, weak=True) for c in "xy"]
    said = table(report([lesion("a", 1.0, seen=True), *boxed], {}))
    assert "are not scores against masks.\n" in said and "stand apart" not in said
    assert re.search(r"^HEADLINE \(boxes\) ", said, re.M)
    said = table(report([lesion("a", 1.0), *boxed], {}))
    assert "stand apart" in said and "HEADLINE" not in said


def test_a_data_set_that_is_all_seen_says_why_it_has_no_figure():
    said = table(report([*FOUR, lesion("e", 0.9, dataset="learned", seen=True)], {}))
    why = "  No case is unseen, and none has an out-of-fold score against its truth."
    assert f"\nlearned\n{why}\n" in said


def test_an_interval_that_no_group_was_drawn_for_is_marked():
    """Found on all, no false alarm and an AUC of 1: drawn again they would show nothing else."""
    sure = [lesion(str(i), 0.5 + i / 50) for i in range(11)]
    said = table(report([*sure, normal("n"), normal("o")], {}))
    marked = set(re.findall(r"^ +(\S.*?)  .* \*$", said, re.M))
    assert marked == {
        "found (Dice > 0.1)", "lesions found, of 11", "false alarms an image", "with any pixel painted",
        "Presence, area under the ROC curve",
    }  # fmt: skip
    assert said.count("Clopper and Pearson") == 1 and said.splitlines()[-1].startswith("* ")
    assert re.search(r"^  normal: 2 images, painted 0\.0% \(0\.0% to 84\.2%\*\)$", said, re.M)
    # On average one false alarm, and not on every image.
    drawn = [lesion(str(i), 0.05 + i / 50, false_alarms=i % 3, found=i % 2) for i in range(12)]
    assert "*" not in table(report(drawn, {}))


def test_a_label_of_lesions_and_normals_says_of_how_many_normals_it_painted_any():
    mixed = [normal("n", painted=5, label="benign"), normal("o", label="benign")]
    said = table(report([*FOUR, *mixed, normal("p")], {}))
    assert re.search(
        r"^  benign: 4 lesion images, .*, found 75\.0%, painted 50\.0% of 2 normals ", said, re.M
    )
    assert re.search(r"^  normal: 1 image, painted 0\.0% \(", said, re.M)
    one = table(report([*FOUR, mixed[0]], {}))
    assert "painted 100.0% of 1 normal (" in one


def test_data_sets_are_told_apart():
    result = report([*FOUR, lesion("a", 0.2, dataset="other")], {})
    assert result["datasets"]["other"]["lesion"]["dice_mean"] == 0.2
    assert result["datasets"]["set"]["lesion"]["n"] == 4
    assert "\nother\n" in table(result)


def test_cases_with_an_error_are_in_no_figure():
    broken = CaseScore("set", "x", "x", "benign", "ultrasound", error="It is torn.")
    assert report([*FOUR, broken], {})["lesion"]["n"] == 4


def test_no_figure_is_ever_nan():
    """JSON has no such number. In every mix there is something of which there is none."""
    kinds = [
        lesion("a", 0.5),
        lesion("b", 0.0),  # with nothing painted and no distance
        lesion("c", 0.7, presence=None, lesions=None),
        lesion("d", 0.9, seen=True),
        lesion("e", 0.4, modality="mammogram", revision="m-1", weak=True),
        normal("f"),
        normal("g", painted=5, presence=None),
        replace(normal("h"), revision="another"),
        CaseScore("set", "x", "x", "benign", "ultrasound", error="It is torn."),
    ]
    for count in range(4):
        for mix in itertools.combinations(kinds, count):
            json.dumps(report([*mix], {}, {score.key: "mass" for score in mix}), allow_nan=False)
