"""Masks that another program drew, in place of weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import Case, CasesError, read_cases, read_truth
from bcweb.cases.drawn import drawn_masks, trained_on
from bcweb.evaluate import main
from bcweb.metrics import dice
from bcweb.scans import read_scan
from bcweb.scores import read_scores
from tests.cases.trees import busi, picture, save
from tests.evaluate.made import write_data

UNSAID = "What it was trained on is not said: --seen names it."


def draw(spec: str, folder: Path, name: str = "{}.png", shift: int = 5) -> Path:
    """Each case's truth, moved: what some network may have drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in read_cases(spec).cases:
        mask = np.roll(read_truth(case, read_scan(case.file)), shift, 0)
        file = folder / name.format(case.id)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8) * 255).save(file)
    return folder


def names_of(spec: str, folder: Path) -> dict[str, list[str]]:
    """By id, the files that are its mask."""
    found, _ = drawn_masks(folder, read_cases(spec).cases)
    return {case.id: [file.name for file in drawn.truth_files] for case, drawn in found}


def test_masks_of_another_program_are_scored_as_those_of_weights(tmp_path, capsys):
    spec = write_data(tmp_path / "data")
    drawn = draw(spec, tmp_path / "mynet")
    files = tmp_path / "figures.json", tmp_path / "cases.csv"
    asked = ["--data", spec, "--masks", str(drawn), "--json", str(files[0]), "--csv", str(files[1])]
    assert main(asked) == 0
    scores = {score.id: score for score in read_scores(files[1])}
    for case in read_cases(spec).cases:
        truth = read_truth(case, read_scan(case.file))
        assert scores[case.id].dice == pytest.approx(dice(np.roll(truth, 5, 0), truth), rel=1e-5)
    assert {score.revision for score in scores.values()} == {"mynet"}
    assert {score.presence for score in scores.values()} == {None}
    figures = json.loads(files[0].read_text())
    assert (figures["lesion"]["n"], figures["normal"]["n"]) == (4, 2)
    assert figures["revision"] == "mynet" and figures["presence_auc"] is None
    said = capsys.readouterr().out
    assert said.startswith(f"Masks of mynet\nCases: 6. {UNSAID}\n")
    assert "AUC" not in said


def test_what_masks_were_made_by_is_called_as_asked(tmp_path, capsys):
    spec = write_data(tmp_path / "data", 2, 0)
    asked = ["--data", spec, "--masks", str(draw(spec, tmp_path / "out")), "--name", "net 2"]
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("Masks of net 2\n")


def test_a_case_without_a_mask_is_left_out_and_counted_and_a_mask_without_a_case_is_named(
    tmp_path, capsys
):
    spec = write_data(tmp_path / "data")
    drawn = draw(spec, tmp_path / "mynet")
    (drawn / "1.png").unlink()
    (drawn / "4.png").rename(drawn / "other.png")
    asked = ["--data", spec, "--masks", str(drawn), "--json", str(tmp_path / "f.json")]
    assert main(asked) == 0
    said = capsys.readouterr()
    assert f"{drawn}: 2 cases have no mask, 1 for one.\n" in said.err
    assert f"{drawn}: left out other.png: No case is called so.\n" in said.err
    figures = json.loads((tmp_path / "f.json").read_text())
    assert (figures["lesion"]["n"], figures["normal"]["n"]) == (3, 1)
    assert figures["made"]["left_out"]["without a mask"] == 2


def test_masks_of_which_none_is_of_a_case_are_one_sentence(tmp_path, capsys):
    spec = write_data(tmp_path / "data", 2, 0)
    drawn = draw(spec, tmp_path / "mynet", "x{}.png")
    assert main(["--data", spec, "--masks", str(drawn)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(f"No file in {drawn} is called as a case, 0 for one.\n")


def test_a_mask_of_another_shape_is_that_cases_error(tmp_path, capsys):
    spec = write_data(tmp_path / "data")
    drawn = draw(spec, tmp_path / "mynet")
    for name, size in (("0.png", (64, 64)), ("1.png", (64, 48))):  # the scans are 128x96
        with Image.open(drawn / name) as mask:
            small = mask.resize(size)
        small.save(drawn / name)
    asked = ["--data", spec, "--masks", str(drawn), "--csv", str(tmp_path / "cases.csv")]
    assert main(asked) == 1
    scores = {score.id: score for score in read_scores(tmp_path / "cases.csv")}
    why = (
        "The mask does not belong to this scan: the mask is 64x64, the scan 128x96, another shape."
    )
    assert scores["0"].error == f"0.png: {why}"
    assert scores["1"].error == "" and scores["1"].dice > 0.6, "the same shape is resampled"


@pytest.mark.parametrize(
    "name", ["{}.png", "{}_mask.png", "{}-seg.png", "fold 1/{}.png", "masks/{}_pred_mask.png"]
)
def test_a_mask_is_called_as_a_truth_beside_its_scan(tmp_path, name):
    spec = f"busi:{busi(tmp_path)}"
    there = names_of(spec, draw(spec, tmp_path / "mynet", name))
    ids = {case.id for case in read_cases(spec).cases}
    assert set(there) == (set() if "pred" in name else ids)


def test_a_mask_may_name_the_end_of_its_case_alone(tmp_path):
    save(tmp_path / "data" / "images" / "bus_0001-l.png", picture(1))
    save(tmp_path / "data" / "images" / "bus_0011-l.png", picture(2))
    for name in ("mask_0001-l", "mask_1-l", "mask_0011-l"):
        save(tmp_path / "drawn" / f"{name}.png", picture(3) // 255)
    there = names_of(f"folder:{tmp_path / 'data'}?modality=ultrasound", tmp_path / "drawn")
    assert there == {"bus_0001-l": ["mask_0001-l.png"], "bus_0011-l": ["mask_0011-l.png"]}


def test_nnunets_channels_have_the_masks_that_nnunet_calls_after_the_case(tmp_path):
    for number, name in enumerate(("a", "b")):
        save(tmp_path / "data" / "imagesTr" / f"{name}_0000.png", picture(number))
        save(tmp_path / "drawn" / f"{name}.png", picture(9) // 255)
    there = names_of(f"folder:{tmp_path / 'data'}?modality=ultrasound", tmp_path / "drawn")
    assert there == {"imagesTr/a_0000": ["a.png"], "imagesTr/b_0000": ["b.png"]}


def test_of_cases_of_one_name_the_folder_tells_which_has_the_mask(tmp_path):
    for number, ward in enumerate(("ward 1", "ward 2", "ward 3")):
        save(tmp_path / "data" / ward / "a.png", picture(number))
        if ward != "ward 3":
            save(tmp_path / "drawn" / ward / "a.png", picture(9) // 255)
    save(tmp_path / "drawn" / "a.png", picture(9) // 255)
    cases = read_cases(f"folder:{tmp_path / 'data'}?modality=ultrasound").cases
    found, skipped = drawn_masks(tmp_path / "drawn", cases)
    of = {case.id: drawn.truth_files for case, drawn in found}
    assert of == {
        f"{ward}/a": (tmp_path / "drawn" / ward / "a.png",) for ward in ("ward 1", "ward 2")
    }
    [(item, reason)] = [(item.file, item.reason) for item in skipped]
    assert item == tmp_path / "drawn" / "a.png" and reason.startswith("Cases of this name lie in")


def test_a_case_may_have_its_lesions_in_a_file_each(tmp_path):
    spec = write_data(tmp_path / "data", 2, 0)
    for name in ("0_mask.png", "0_mask_1.png", "1_mask_1.png", "1_mask_2.png"):
        save(tmp_path / "mynet" / name, np.zeros((96, 128), np.uint8))
    there = names_of(spec, tmp_path / "mynet")
    assert there == {"0": ["0_mask.png", "0_mask_1.png"], "1": ["1_mask_1.png", "1_mask_2.png"]}


@pytest.mark.parametrize(
    "names", [("0.png", "0_mask.png"), ("fold 0/0.png", "fold 1/0.png"), ("0.png", "0.bmp")]
)
def test_two_masks_of_one_case_are_not_one(tmp_path, names):
    """Of an ensemble's folds a union would be scored, and of a scan beside its mask the scan."""
    spec = write_data(tmp_path / "data", 2, 0)
    for name in names:
        save(tmp_path / "mynet" / name, np.zeros((96, 128), np.uint8))
    with pytest.raises(CasesError, match=r"has two masks of 0, .* and .*: name a folder in which"):
        drawn_masks(tmp_path / "mynet", read_cases(spec).cases)


def test_a_truth_is_not_scored_against_itself(tmp_path, capsys):
    spec = write_data(tmp_path / "data", 2, 0)
    assert main(["--data", spec, "--masks", str(tmp_path / "data" / "masks")]) == 1
    said = capsys.readouterr()
    file = tmp_path / "data" / "masks" / "0.png"
    assert said == ("", f"{file} is the truth of 0 itself, and no mask that a network drew.\n")


def test_what_is_said_to_be_seen_and_its_group_are_apart(tmp_path, capsys):
    """Also where what it was trained on has no mask here."""
    spec = write_data(tmp_path / "data")  # groups of two: 0 and 1, 2 and 3, 4 and 5
    drawn = draw(spec, tmp_path / "mynet")
    (drawn / "0.png").unlink()
    said = tmp_path / "trained.csv"
    said.write_text("id\n0\ntrain/4.png\nelsewhere\n")
    files = ["--json", str(tmp_path / "f.json"), "--csv", str(tmp_path / "cases.csv")]
    assert main(["--data", spec, "--masks", str(drawn), "--seen", str(said), *files]) == 0
    figures = json.loads((tmp_path / "f.json").read_text())
    assert (figures["unseen"], figures["seen"]) == (2, 3)
    assert (figures["lesion"]["n"], figures["normal"]["n"]) == (2, 0), "what was seen is a headline"
    assert figures["seen_scores"]["lesion"]["n"] == 1
    with (tmp_path / "cases.csv").open(newline="") as table:
        assert {r["id"] for r in csv.DictReader(table) if r["seen"] == "1"} == {"1", "4", "5"}
    told = capsys.readouterr()
    assert f"{said}: 2 of its 3 rows name a case here.\n" in told.err
    assert "Cases: 2 unseen; 3 seen in training.\n" in told.out and UNSAID not in told.out
    assert "SEEN CASES, scored by what drew the masks, which was trained on them" in told.out


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("P1/IMG1.dcm", {"P1/IMG1"}),
        (r"D:\archive\P2\IMG1.dcm", {"P2/IMG1"}),
        ("P3/IMG1", {"P3/IMG1", "P3/b"}),
        ("elsewhere/P3/b", {"P3/IMG1", "P3/b"}),
        ("left/IMG2.dcm", {"P3/left/IMG2"}),
        ("IMG2", {"P3/left/IMG2"}),
        ("IMG1.dcm", {"P1/IMG1", "P2/IMG1", "P3/IMG1", "P3/b"}),
        ("P4/IMG1", {"P1/IMG1", "P2/IMG1", "P3/IMG1", "P3/b"}),
        ("P1/IMG9", set()),
    ],
)
def test_what_was_seen_is_told_by_as_many_of_its_folders_as_both_name(tmp_path, said, seen):
    """One patient's IMG1 is not everybody's; where no folder tells whose it is, all of that name may have been."""
    groups = {"P1/IMG1": "", "P2/IMG1": "", "P3/IMG1": "p3", "P3/b": "p3", "P3/left/IMG2": ""}
    cases = [
        Case("set", id, tmp_path / f"{id}.dcm", "ultrasound", group=group, has_truth=False)
        for id, group in groups.items()
    ]
    (tmp_path / "trained.csv").write_text(f"id\n{said}\n")
    keys, rows, named = trained_on(tmp_path / "trained.csv", cases)
    assert ({id for _, id in keys}, rows, named) == (seen, 1, int(bool(seen)))


def test_another_data_sets_rows_mark_nothing(tmp_path, capsys):
    spec = write_data(tmp_path / "data", 2, 0)
    asked = ["--data", spec, "--masks", str(draw(spec, tmp_path / "mynet")), "--seen"]
    said = tmp_path / "trained.csv"
    said.write_text("dataset,id\nelsewhere,0\nelsewhere,1\n")
    assert main([*asked, str(said)]) == 0
    assert "Cases: 2 unseen.\n" in capsys.readouterr().out
    said.write_text("case\n0\n")
    assert main([*asked, str(said)]) == 1
    assert capsys.readouterr() == ("", f"{said} has no column id; it has case.\n")


def test_what_was_seen_is_not_known_in_the_table_either(tmp_path):
    spec = write_data(tmp_path / "data", 2, 0)
    file = tmp_path / "cases.csv"
    main(["--data", spec, "--masks", str(draw(spec, tmp_path / "mynet")), "--csv", str(file)])
    assert {score.seen for score in read_scores(file)} == {None}


def test_workers_score_masks_as_one_process_does(tmp_path):
    spec = write_data(tmp_path / "data", cases=8)
    asked = ["--data", spec, "--masks", str(draw(spec, tmp_path / "mynet"))]
    for workers in ("1", "2"):
        assert main([*asked, "--workers", workers, "--csv", str(tmp_path / f"{workers}.csv")]) == 0
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["--masks", "x", "--weights", "y"], "--masks are in place of --weights"),
        (["--seen", "x"], "--name and --seen tell of --masks"),
        (["--name", "x"], "--name and --seen tell of --masks"),
    ],
)
def test_options_that_do_not_go_together_are_refused(capsys, asked, why):
    with pytest.raises(SystemExit):
        main(["--data", "busi:x", *asked])
    assert why in capsys.readouterr().err
