"""What the weights were trained on: by seen.csv, and by the scores that they carry."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.evaluate import main
from bcweb.phantoms import phantom
from bcweb.scores import read_scores
from tests import weights_folder
from tests.evaluate.made import trained_on, write_data
from tests.scans.made import on_screen, written


def that_saw(picture: Path, folder: Path) -> Path:
    """Weights that were trained on a picture, under another name."""
    from bcweb.cases.duplicates import fingerprint
    from bcweb.scans import read_scan

    scan = read_scan(picture)
    weights_folder.write(folder).joinpath("seen.csv").write_text(
        "dataset,id,group,digest,fingerprint\n"
        f"elsewhere,1,1,{scan.digest},{fingerprint(scan.pixels)}\n"
    )
    return folder


def test_a_scan_that_was_trained_on_is_seen_and_so_is_its_group(tmp_path, capsys):
    spec = write_data(tmp_path / "data")
    folder = that_saw(tmp_path / "data" / "images" / "0.png", tmp_path / "weights")
    main(["--data", spec, "--weights", str(folder), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["seen"] == 2 and figures["lesion"]["n"] == 2, "groups are of two"
    assert "SEEN CASES" in capsys.readouterr().out


def without_a_mask(data: Path) -> None:
    (data / "masks" / "0.png").unlink()


def accepted(data: Path) -> None:
    head, first, *rows = (data / "cases.csv").read_text().splitlines()
    told = [f"{head},decision", f"{first},accept", *(f"{row},corrected" for row in rows)]
    (data / "cases.csv").write_text("\n".join(told))


def with_a_torn_mask(data: Path) -> None:
    """Its header is whole: only who decodes it sees it."""
    mask = data / "masks" / "0.png"
    mask.write_bytes(mask.read_bytes()[:-30])


@pytest.mark.parametrize("taken_away", [without_a_mask, accepted, with_a_torn_mask])
def test_a_group_is_seen_through_a_member_that_is_not_scored(tmp_path, taken_away):
    spec = write_data(tmp_path / "data")
    folder = that_saw(tmp_path / "data" / "images" / "0.png", tmp_path / "weights")
    other = weights_folder.write(tmp_path / "other", seed=1)
    taken_away(tmp_path / "data")
    file, table = tmp_path / "figures.json", tmp_path / "cases.csv"
    asked = ["--data", spec, "--json", str(file), "--workers", "1"]
    main([*asked, "--weights", str(folder), "--csv", str(table)])
    figures = json.loads(file.read_text())
    assert (figures["seen"], figures["unseen"]) == (1, 4), "its group-mate is called unseen"
    assert figures["lesion"]["n"] == 2 and figures["normal"]["n"] == 2
    told = {score.id: score.seen for score in read_scores(table) if not score.error}
    assert told == {"1": True} | dict.fromkeys("2345", False), (
        "only what was scored is in the table"
    )

    main([*asked, "--weights", str(other), "--against", str(folder)])
    compared = json.loads(file.read_text())["comparison"]
    assert compared["pairs"] == 4, "what the weights beside have seen is compared"


def test_a_group_is_seen_by_weights_beside_masks_through_a_case_that_has_no_mask(tmp_path):
    spec = write_data(tmp_path / "data")
    folder = that_saw(tmp_path / "data" / "images" / "0.png", tmp_path / "weights")
    (tmp_path / "mynet").mkdir()
    for name in "12345":
        with Image.open(tmp_path / "data" / "masks" / f"{name}.png") as truth:
            truth.rotate(5).save(tmp_path / "mynet" / f"{name}.png")
    file = tmp_path / "figures.json"
    asked = ["--masks", str(tmp_path / "mynet"), "--against", str(folder), "--json", str(file)]
    assert main(["--data", spec, *asked]) == 0
    compared = json.loads(file.read_text())["comparison"]
    assert compared["pairs"] == 4, "a case whose group the weights have seen is compared"


def test_a_picture_that_was_trained_on_is_seen_on_its_machines_screen_too(tmp_path):
    from bcweb.cases.duplicates import fingerprint

    shown = phantom("ultrasound", 1, size=(384, 512))
    screen, mask = tmp_path / "screen" / "0.dcm", tmp_path / "screen" / "0_mask.png"
    screen.parent.mkdir()
    screen.write_bytes(written(on_screen(shown.scan.pixels)))
    Image.fromarray(np.pad(shown.truth, ((192, 192), (256, 256)))).save(mask)
    folder = weights_folder.write(tmp_path / "weights")
    (folder / "seen.csv").write_text(
        f"dataset,id,group,digest,fingerprint\nelsewhere,1,1,d,{fingerprint(shown.scan.pixels)}\n"
    )
    spec, file = f"folder:{screen.parent}?modality=ultrasound", tmp_path / "figures.json"
    main(["--data", spec, "--weights", str(folder), "--json", str(file)])
    figures = json.loads(file.read_text())
    assert (figures["seen"], figures["unseen"]) == (1, 0)


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


def test_scores_against_masks_that_were_corrected_since_are_left_out(tmp_path, capsys):
    """One lesion lies elsewhere, as large as it was, and what was a normal is outlined."""
    spec = write_data(tmp_path / "data")
    folder, fold = (weights_folder.write(tmp_path / name) for name in ("weights", "fold"))
    main(["--data", spec, "--weights", str(fold), "--csv", str(folder / "scores.csv")])
    trained_on(spec, folder)
    masks = tmp_path / "data" / "masks"
    with Image.open(masks / "0.png") as drawn:
        moved = Image.fromarray(np.roll(np.asarray(drawn), 30, axis=0))
    for name in ("0.png", "4.png"):
        moved.save(masks / name)
    main(["--data", spec, "--weights", str(folder), "--json", str(tmp_path / "figures.json")])
    figures = json.loads((tmp_path / "figures.json").read_text())
    counted = figures["lesion"]["n"], figures["normal"]["n"]
    assert counted == (3, 1), "a score against the mask of before is in the headline"
    assert (figures["seen"], figures["out_of_fold"], figures["other_truth"]) == (6, 4, 2)
    assert (
        "For 2 of them the weights' out-of-fold score is against another truth"
        in capsys.readouterr().out
    )
