"""`python -m bcweb.evaluate`: the figures by hand, what seen cases may not do, and the command on files."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb import samples
from bcweb.evaluate import main, table
from bcweb.scores import (
    CaseScore,
    ScoresError,
    mark_seen_groups,
    read_scores,
    report,
    summarise,
    write_scores,
)
from tests import weights_folder

ROOT = Path(__file__).parent.parent


def lesion(case: str, dice: float, **changes) -> CaseScore:
    """A lesion image whose IoU follows from its Dice."""
    painted = dice > 0
    score = CaseScore(
        "set", case, f"woman {case}", "benign", "ultrasound", lesion=True, presence=0.9, dice=dice,
        iou=dice / (2 - dice), precision=dice if painted else None, recall=dice,
        hd95_px=10.0 if painted else None, painted=100 if painted else 0, lesions=1,
        found=int(dice > 0.1), false_alarms=0, seen=False, revision="w-1",
    )  # fmt: skip
    return replace(score, **changes)


def normal(case: str, painted: int = 0, **changes) -> CaseScore:
    score = CaseScore(
        "set", case, f"woman {case}", "normal", "ultrasound", lesion=False, presence=0.2,
        dice=float(painted == 0), iou=float(painted == 0), painted=painted, lesions=0, found=0,
        false_alarms=int(painted > 0), seen=False, revision="w-1",
    )  # fmt: skip
    return replace(score, **changes)


FOUR = [lesion("a", 1.0), lesion("b", 0.8), lesion("c", 0.6), lesion("d", 0.0)]


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
    assert "  benign: 2 images, " in said and said.endswith(", found 50.0%")
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
    assert summarise(same)["lesion"]["dice_mean_ci"] is None
    assert summarise([replace(s, group="") for s in FOUR])["lesion"]["groups"] == 4


def test_groups_of_two_data_sets_are_two_though_their_names_agree():
    scores = [lesion("a", 0.9, group="1"), lesion("b", 0.5, group="1", dataset="other")]
    assert summarise(scores)["lesion"]["groups"] == 2


def test_what_there_is_none_of_is_null():
    figures = report([], {})
    assert figures["lesion"]["n"] == 0 and figures["lesion"]["dice_mean"] is None
    assert figures["normal"] == {"n": 0, "groups": 0, "painted": None, "painted_ci": None}
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
    assert "by_modality" not in report(FOUR, {}), "of one there is nothing more to say"


def test_data_sets_are_told_apart():
    result = report([*FOUR, lesion("a", 0.2, dataset="other")], {})
    assert result["datasets"]["other"]["lesion"]["dice_mean"] == 0.2
    assert result["datasets"]["set"]["lesion"]["n"] == 4
    assert "\nother\n" in table(result)


def test_cases_with_an_error_are_in_no_figure():
    broken = CaseScore("set", "x", "x", "benign", "ultrasound", error="It is torn.")
    assert report([*FOUR, broken], {})["lesion"]["n"] == 4


def test_scores_come_back_from_their_table_as_they_went(tmp_path):
    broken = CaseScore("set", 'x, "y"', "", "", "mammogram", error="It is torn.")
    scores = (lesion("a", 0.5, iou=0.25), normal("n", 3), broken)
    scores += (lesion("s", 1.0, seen=True, hd95_mm=1.25),)
    scores += (lesion("Icon\r", 0.5, iou=0.25),)
    write_scores(tmp_path / "scores.csv", scores)
    assert read_scores(tmp_path / "scores.csv") == scores


def test_a_table_that_is_no_scores_is_named_with_its_line(tmp_path):
    (tmp_path / "scores.csv").write_text("dataset,id\nbusi,1\n")
    with pytest.raises(ScoresError, match="is not a table of scores: it has no column group"):
        read_scores(tmp_path / "scores.csv")
    write_scores(tmp_path / "scores.csv", [lesion("a", 0.5), normal("n"), lesion("a", 0.9)])
    with pytest.raises(ScoresError, match=r"scores.csv, line 4: a is there twice\.$"):
        read_scores(tmp_path / "scores.csv")
    whole = (tmp_path / "scores.csv").read_text()
    (tmp_path / "scores.csv").write_text(whole[: whole.rindex(",", 0, -30)])
    with pytest.raises(ScoresError, match=r"scores.csv, line 4: it has no "):
        read_scores(tmp_path / "scores.csv")


@pytest.mark.parametrize("said", ["nan", "inf", "-1", "1e300", "9" * 400, "abc"])
@pytest.mark.parametrize("column", ["dice", "hd95_px", "painted"])
def test_a_score_that_cannot_be_is_none(tmp_path, column, said):
    file = tmp_path / "scores.csv"
    write_scores(file, [normal("n"), lesion("a", 0.5)])
    with file.open(newline="") as table:
        rows = list(csv.DictReader(table))
    rows[1][column] = said
    with file.open("w", newline="") as table:
        lines = csv.DictWriter(table, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    with pytest.raises(
        ScoresError, match=rf"scores.csv, line 3: {column} cannot be [^ ]{{1,40}}\.$"
    ):
        read_scores(file)
    rows[1] |= {column: "1", "presence": "1.5"}
    with file.open("w", newline="") as table:
        lines = csv.DictWriter(table, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    with pytest.raises(ScoresError, match=r"line 3: presence cannot be 1\.5\.$"):  # a share
        read_scores(file)


@pytest.mark.parametrize(
    ("case", "lacking"),
    [
        (replace(lesion("a", 0.5), dice=None), "dice"),
        (lesion("a", 0.5, iou=None), "iou"),
        (lesion("a", 0.5, found=None), "found"),
        (replace(normal("n"), painted=None), "painted"),
        (CaseScore("set", "x", "x", "benign", "ultrasound"), "lesion"),
    ],
)
def test_a_scored_case_without_what_is_counted_is_told(tmp_path, case, lacking):
    write_scores(tmp_path / "scores.csv", [normal("n"), case])
    with pytest.raises(ScoresError, match=rf"scores.csv, line 3: it has no {lacking}\.$"):
        read_scores(tmp_path / "scores.csv")


def test_a_cell_that_no_table_has_is_one_sentence(tmp_path):
    write_scores(tmp_path / "scores.csv", [lesion("x" * 140_000, 0.5)])
    with pytest.raises(ScoresError, match=r"scores.csv is not a table of scores: .*\.$"):
        read_scores(tmp_path / "scores.csv")


# --- the command, on files --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights"))


def write_data(folder: Path, cases: int = 4, normals: int = 2) -> str:
    """images/ and masks/ with a square lesion each, then normals with an empty mask; returns the spec."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    lines = ["file,label,group"]
    for i in range(cases + normals):
        rng = np.random.default_rng(i)
        pixels = rng.integers(60, 255, (96, 128), dtype=np.uint8)
        truth = np.zeros((96, 128), np.uint8)
        if i < cases:
            truth[20:50, 30 + i : 70 + i] = 255
            pixels[truth > 0] //= 4
        Image.fromarray(pixels).save(folder / "images" / f"{i}.png")
        Image.fromarray(truth).save(folder / "masks" / f"{i}.png")
        lines.append(f"{i}.png,{'benign' if i < cases else 'normal'},{i // 2}")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n")
    return f"folder:{folder}?modality=ultrasound"


def test_the_command_writes_the_figures_and_a_line_a_case(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    status = main(
        ["--data", spec, "--weights", str(weights), "--json", str(files[0]), "--csv", str(files[1])]
    )
    assert status == 0
    figures = json.loads(files[0].read_text())
    assert figures["lesion"]["n"] == 4 and figures["normal"]["n"] == 2
    assert figures["seen"] == 0 and figures["revision"].startswith("random-")
    assert {"dice_mean_ci", "dice_median_ci", "iou_mean_ci", "hd95_mean_ci", "detected_ci"} <= set(
        figures["lesion"]
    )
    with files[1].open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 6 and {row["group"] for row in rows} == {"0", "1", "2"}
    mean = np.mean([float(row["dice"]) for row in rows if row["lesion"] == "1"])
    assert figures["lesion"]["dice_mean"] == pytest.approx(mean, abs=1e-5)
    assert "Lesion images: 4 in 2 groups" in capsys.readouterr().out


def test_the_scores_are_of_the_segmenters_masks_at_the_scans_own_size(tmp_path, weights):
    from bcweb.cases import read_cases, read_truth
    from bcweb.metrics import dice
    from bcweb.scans import read_scan
    from bcweb.segmenter import Segmenter

    spec = write_data(tmp_path / "data")
    main(["--data", spec, "--weights", str(weights), "--csv", str(tmp_path / "cases.csv")])
    scores = {score.id: score for score in read_scores(tmp_path / "cases.csv")}
    segmenter = Segmenter.load(str(weights))
    for case in read_cases(spec).cases:
        scan = read_scan(case.file)
        expected = dice(segmenter.segment(scan).mask, read_truth(case, scan))
        assert scores[case.id].dice == pytest.approx(expected, rel=1e-5)


def test_a_scan_that_was_trained_on_is_seen_and_so_is_its_group(tmp_path, capsys):
    from bcweb.cases import read_cases
    from bcweb.cases.duplicates import fingerprint
    from bcweb.scans import read_scan

    spec = write_data(tmp_path / "data")
    folder = weights_folder.write(tmp_path / "weights")
    case = read_cases(spec).cases[0]
    scan = read_scan(case.file)
    (folder / "seen.csv").write_text(
        "dataset,id,group,digest,fingerprint\n"
        f"elsewhere,1,1,{scan.digest},{fingerprint(scan.pixels)}\n"
    )
    main(["--data", spec, "--weights", str(folder), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["seen"] == 2 and figures["lesion"]["n"] == 2, "groups are of two"
    assert "SEEN CASES" in capsys.readouterr().out


def trained_on(spec: str, folder: Path) -> None:
    """Write a seen.csv of all cases of a data set."""
    from bcweb.cases import read_cases
    from bcweb.cases.duplicates import fingerprint
    from bcweb.scans import read_scan

    lines = ["dataset,id,group,digest,fingerprint"]
    for case in read_cases(spec).cases:
        scan = read_scan(case.file)
        named = f"{case.dataset},{case.id},{case.group}"
        lines.append(f"{named},{scan.digest},{fingerprint(scan.pixels)}")
    (folder / "seen.csv").write_text("\n".join(lines))


def test_weights_that_cannot_tell_what_they_have_seen_are_told_of_once(tmp_path, capsys):
    from bcweb.weights import load_weights

    spec = write_data(tmp_path / "data")
    folder = weights_folder.write(tmp_path / "weights")
    (folder / "seen.csv").write_text("case\n1\n")
    files = [tmp_path / name for name in ("figures.json", "cases.csv")]
    asked = ["--weights", str(folder), "--json", str(files[0]), "--csv", str(files[1])]
    assert main(["--data", spec, *asked]) == 1
    said = capsys.readouterr()
    columns = "dataset, id, group, digest, fingerprint"
    revision = load_weights(str(folder)).revision
    assert said.err == f"seen.csv of {revision} is not a table of {columns}.\n"
    assert said.out == "" and not any(file.exists() for file in files)


def test_out_of_fold_scores_are_read_from_the_weights_folder(tmp_path):
    spec = write_data(tmp_path / "data")
    folder, fold = (weights_folder.write(tmp_path / name) for name in ("weights", "fold"))
    main(["--data", spec, "--weights", str(fold), "--csv", str(folder / "scores.csv")])
    trained_on(spec, folder)
    main(["--data", spec, "--weights", str(folder), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["seen"] == figures["out_of_fold"] == 6 and figures["unseen"] == 0
    assert figures["lesion"]["n"] == 4


def test_scores_of_cases_that_weights_had_seen_are_no_scores_out_of_fold(tmp_path):
    """Where somebody keeps what `--csv` wrote of the weights themselves beside them."""
    spec = write_data(tmp_path / "data")
    folder = weights_folder.write(tmp_path / "weights")
    trained_on(spec, folder)
    asked = ["--data", spec, "--weights", str(folder)]
    main([*asked, "--csv", str(folder / "scores.csv")])
    main([*asked, "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["seen"] == 6
    assert figures["out_of_fold"] == figures["lesion"]["n"] == 0, "training scores are a headline"


def test_another_hospitals_folder_of_the_same_name_has_not_those_scores(tmp_path):
    """Its cases have the same ids and groups, and other pictures."""
    theirs, ours = write_data(tmp_path / "there" / "data"), write_data(tmp_path / "here" / "data")
    for file in (tmp_path / "here" / "data").glob("*/*.png"):
        with Image.open(file) as picture:
            turned = picture.transpose(Image.Transpose.ROTATE_180)
        turned.save(file)
    folder, fold = (weights_folder.write(tmp_path / name) for name in ("weights", "fold"))
    main(["--data", theirs, "--weights", str(fold), "--csv", str(folder / "scores.csv")])
    trained_on(theirs, folder)
    main(["--data", ours, "--weights", str(folder), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["out_of_fold"] == figures["lesion"]["n"] == 0, "those are of other pictures"


def test_a_case_that_two_data_sets_hold_is_not_scored_as_two(tmp_path, weights, capsys):
    """Twice in a mean, and of two hospitals' 0.png one would have the findings of the other."""
    first, other = (write_data(tmp_path / name / "ward", 2, 0) for name in "ab")
    assert main(["--data", first, "--data", other, "--weights", str(weights)]) == 1
    assert capsys.readouterr() == (
        "",
        "Two of the data sets hold a case 0 of ward: name each once, and call the folders of two hospitals "
        "differently.\n",
    )


def test_what_cannot_be_read_is_named_and_the_others_are_scored(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    images = tmp_path / "data" / "images"
    images.joinpath("1.png").write_bytes(b"torn")  # the reader sees it
    with Image.open(images / "2.png") as picture:
        picture.save(images / "2.bmp")
    whole = (images / "2.bmp").read_bytes()
    (images / "2.png").unlink()
    (images / "2.bmp").write_bytes(whole[:3000])  # only who decodes it sees it
    table_of_cases = tmp_path / "data" / "cases.csv"
    table_of_cases.write_text(table_of_cases.read_text().replace("2.png", "2.bmp"))
    arguments = ["--data", spec, "--weights", str(weights), "--json", str(tmp_path / "f.json")]
    assert main(arguments) == 1
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 2 and figures["failed"] == 1
    said = capsys.readouterr().err
    assert "left out 1.png: " in said and "data 2: The BMP file is cut off" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("where", ["bcweb.scans.read_scan", "bcweb.evaluate.score_case"])
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "The memory does not hold this scan."),
        (ZeroDivisionError("by nought"), "Unexpected ZeroDivisionError: by nought"),
    ],
)
def test_what_goes_wrong_with_one_scan_does_not_cost_the_others(
    tmp_path, weights, monkeypatch, capsys, where, error, sentence
):
    spec = write_data(tmp_path / "data")
    module, _, name = where.rpartition(".")
    as_it_is, calls = getattr(import_module(module), name), []

    def third_time_wrong(*given):
        calls.append(given)
        if len(calls) == 3:
            raise error
        return as_it_is(*given)

    monkeypatch.setattr(where, third_time_wrong)
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    asked = ["--data", spec, "--weights", str(weights)]
    assert main([*asked, "--json", str(files[0]), "--csv", str(files[1])]) == 1
    figures = json.loads(files[0].read_text())
    assert (figures["failed"], figures["lesion"]["n"], figures["normal"]["n"]) == (1, 3, 2)
    assert [s.error for s in read_scores(files[1])] == ["", "", sentence, "", "", ""]
    assert f"data 2: {sentence}\n" in capsys.readouterr().err


def test_a_prediction_that_was_accepted_is_no_truth(tmp_path, weights, capsys):
    """An export of a review holds them: they train, and a mask scored against itself says nothing."""
    spec = write_data(tmp_path / "data", cases=3, normals=1)
    cases = tmp_path / "data" / "cases.csv"
    head, *rows = cases.read_text().splitlines()
    decided = zip(rows, ("accept", "corrected", "truth", "accept"), strict=True)
    cases.write_text("\n".join([f"{head},decision", *(",".join(both) for both in decided)]))
    files = ["--json", str(tmp_path / "f.json")]
    assert main(["--data", spec, "--weights", str(weights), *files]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 2 and figures["normal"]["n"] == 0, (
        "scored against a prediction"
    )
    sentence = (
        "cases are predictions that a reader accepted and are not scored: a mask scored against itself says "
        "nothing."
    )
    assert f"data: 2 of 4 {sentence}" in capsys.readouterr().err
    assert main(["--data", f"{spec}&decision=accept", "--weights", str(weights), *files]) == 1
    said = capsys.readouterr()
    assert said.out == "" and f"data: 2 of 2 {sentence}" in said.err
    assert "There is no case with a truth to score." in said.err


def test_workers_give_what_one_process_gives(tmp_path, weights):
    spec = write_data(tmp_path / "data", cases=8)
    for workers in ("1", "2"):
        arguments = ["--data", spec, "--weights", str(weights), "--workers", workers]
        assert main([*arguments, "--csv", str(tmp_path / f"{workers}.csv")]) == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_scores_against_boxes_are_called_weak(tmp_path, capsys):
    weights = str(weights_folder.write(tmp_path / "weights", modality="mammogram"))
    root = tmp_path / "boxes"
    write_data(root, cases=2, normals=0)
    (root / "boxes.csv").write_text(
        "file,group,x,y,w,h\n0.png,0,30,20,40,30\n1.png,1,31,20,40,30\n"
    )
    files = ["--json", str(tmp_path / "f.json"), "--csv", str(tmp_path / "cases.csv")]
    assert main(["--data", f"cbis-boxes:{root}", "--weights", weights, *files]) == 0
    assert "WEAK: of 2 of them only boxes are known" in capsys.readouterr().out
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["weak"] == 2 and figures["lesion"]["n"] == 2


def test_each_modality_is_said_with_its_weights_and_its_boxes(tmp_path, monkeypatch, capsys):
    ours = str(weights_folder.write(tmp_path / "ours"))
    films = str(weights_folder.write(tmp_path / "films", modality="mammogram", seed=1))
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", ours)
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", films)
    root = tmp_path / "boxes"
    write_data(root, cases=2, normals=0)
    (root / "boxes.csv").write_text(
        "file,group,x,y,w,h\n0.png,0,30,20,40,30\n1.png,1,31,20,40,30\n"
    )
    spec = write_data(tmp_path / "data", cases=3, normals=1)
    asked = ["--data", spec, "--data", f"cbis-boxes:{root}", "--json", str(tmp_path / "f.json")]
    assert main(asked) == 0
    ultrasounds, mammograms = capsys.readouterr().out.split("\n\n\n")
    assert ultrasounds.startswith("Ultrasounds\n\nWeights random-")
    assert "Lesion images: 3 in" in ultrasounds and "WEAK" not in ultrasounds
    assert mammograms.startswith("Mammograms\n\nWeights random-")
    assert "Lesion images: 2 in" in mammograms and "WEAK: of 2 of them" in mammograms
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["lesion"]["n"] == 3 and figures["weak"] == 2
    assert figures["datasets"]["cbis-ddsm"]["lesion"]["n"] == 2
    parts = figures["by_modality"]
    assert len({part["revision"] for part in parts.values()}) == 2


@pytest.mark.parametrize(
    ("data", "weights_named"),
    [("busi:/nowhere", None), ("nonsense", None), (None, "/nowhere"), (None, "mammogram")],
)
def test_what_cannot_be_had_is_one_sentence(tmp_path, capsys, data, weights_named):
    if weights_named == "mammogram":
        weights_named = str(weights_folder.write(tmp_path / "weights", modality="mammogram"))
    arguments = ["--data", data or write_data(tmp_path / "data")]
    arguments += ["--weights", weights_named] if weights_named else []
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err


# Nobody may make a file there, root neither, and yet it is a folder with the rights to.
SYSTEMS = [(Path("/proc/file"), "No such file or directory")] if Path("/proc/self").exists() else []


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_a_file_that_cannot_be_there_is_refused_before_the_scoring(tmp_path, capsys, option):
    """The weights are not there either: who had begun would speak of them."""
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere", option]
    for file, why in (
        (tmp_path / "no" / "file", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path / "data", "it is a folder"),
        *SYSTEMS,
    ):
        assert main([*asked, str(file)]) == 1
        assert capsys.readouterr() == ("", f"{file} cannot be written: {why}.\n")


def test_the_figures_and_the_table_are_not_one_file(tmp_path, capsys):
    """Else the second that is written is all that is left; refused before the scoring, as above."""
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere"]
    file, otherwise = tmp_path / "scores", tmp_path / "data" / ".." / "scores"
    assert main([*asked, "--json", str(file), "--csv", str(otherwise)]) == 1
    why = "cannot be both the figures and the table of the cases: name two files."
    assert capsys.readouterr() == ("", f"{file} {why}\n")
    assert not file.exists()


@pytest.mark.parametrize("command", [main, samples.main])
def test_the_table_of_a_data_set_is_not_replaced(tmp_path, capsys, command):
    """It cannot be read without it; here, too, who had begun to score would speak of the weights."""
    table = tmp_path / "cases.csv"
    table.write_bytes(b"file,group\na.png,anna\n")
    asked = ["--data", f"folder:{tmp_path}", "--weights", "/nowhere", "--csv", str(table)]
    assert command(asked if command is main else [str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"{table}") and said.err.count("\n") == 1
    assert table.read_bytes() == b"file,group\na.png,anna\n"
    assert list(tmp_path.iterdir()) == [table], "nor is anything put beside it"


def test_a_table_of_scores_is_replaced_whatever_wrote_it_last(tmp_path, capsys):
    asked = ["--data", write_data(tmp_path / "data"), "--weights", "/nowhere", "--csv"]
    table = tmp_path / "scores.csv"
    write_scores(table, FOUR)
    written = table.read_text()
    older = "\n".join(line.rpartition(",")[0] for line in written.splitlines())
    saved_again = "\ufeff" + written.replace(",", ";").replace("\n", "\r\n")
    for text in ("", written, older, saved_again):
        table.write_text(text, encoding="utf-8", newline="")
        main([*asked, str(table)])
        assert "/nowhere" in capsys.readouterr().err, text.partition("\n")[0]


def test_samples_that_cannot_be_written_take_away_nothing_that_was_there(tmp_path):
    name = f"{samples.SAMPLES[0].name}.png"
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / name).touch()
    (tmp_path / "masks" / name).mkdir(parents=True)  # in place of the second file
    assert samples.main([str(tmp_path)]) == 1
    assert [file.name for file in tmp_path.rglob("*.png") if file.is_file()] == [name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
def test_a_full_disk_leaves_the_figures_on_the_terminal(tmp_path, weights, capsys):
    spec = write_data(tmp_path / "data")
    assert main(["--data", spec, "--weights", str(weights), "--json", "/dev/full"]) == 1
    said = capsys.readouterr()
    assert "Lesion images: 4 in 2 groups" in said.out
    assert said.err.endswith("/dev/full: No space left on device.\n")
    assert "Traceback" not in said.err


def test_a_table_that_the_disk_does_not_hold_is_as_it_was_before(tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    file = tmp_path / "cases.csv"
    write_scores(file, [])
    kept = file.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) + 10, before[1]))
    try:
        with pytest.raises(OSError) as raised:
            write_scores(file, [CaseScore("busi", "a" * 100, "a", "", "ultrasound")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.filename == str(file)
    assert file.read_bytes() == kept and list(tmp_path.iterdir()) == [file]


def test_a_label_that_the_terminal_cannot_show_is_escaped_and_loses_nothing(tmp_path, weights):
    """What Windows of the West has for a redirected output knows no Japanese."""
    spec = write_data(tmp_path / "data")
    table_of_cases = tmp_path / "data" / "cases.csv"
    named = table_of_cases.read_text().replace("benign", "悪性").replace("normal", "no é")
    table_of_cases.write_text(named, encoding="utf-8")
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    done = subprocess.run(
        [
            sys.executable, "-m", "bcweb.evaluate", "--data", spec, "--weights", str(weights),
            "--json", str(files[0]), "--csv", str(files[1]), "--workers", "1",
        ],
        capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert rb"\u60aa\u6027: 4 images" in done.stdout
    assert "no é: 2 images".encode("cp1252") in done.stdout, "what it can show is shown"
    assert set(json.loads(files[0].read_text())["by_label"]) == {"悪性", "no é"}
    assert [score.label for score in read_scores(files[1])].count("悪性") == 4


def test_no_figure_is_ever_nan(tmp_path):
    assert not any(
        isinstance(value, float) and math.isnan(value)
        for value in summarise([lesion("a", 0.5)])["lesion"].values()
    )
