"""A second time into the same folder: what is done is not done again, and no table is lost."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from bcweb.masks import read_stamp
from bcweb.segment.__main__ import main
from bcweb.segment.results import COLUMNS
from tests import weights_folder
from tests.cases.trees import no_text
from tests.scans.made import dicom, written
from tests.segment.made import masks, pixels, rows, scan, segment


def test_a_table_of_before_there_were_cautions_is_gone_on_with(tmp_path, capsys):
    """A caution stood among the notes, or was not known yet."""
    weights = weights_folder.write(tmp_path / "weights", modality="mammogram")
    views = {"a.dcm": r"DERIVED\PRIMARY\\SUBTRACTION", "b.dcm": r"ORIGINAL\PRIMARY"}
    for name, view in views.items():
        (tmp_path / name).write_bytes(written(dicom(Modality="MG", ImageType=view)))
    files, out = [tmp_path / name for name in views], tmp_path / "out"
    assert segment(files[0], "--out", out, weights=weights, modality="mammogram") == 0
    [row] = rows(out)
    caution = row.pop("cautions")
    with (out / "results.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, row)
        table.writeheader()
        table.writerow(row | {"notes": caution})
    capsys.readouterr()
    assert segment(*files, "--out", out, weights=weights, modality="mammogram") == 0
    said = capsys.readouterr()
    assert "1 done before" in said.out and f"1 scan: {caution}" in said.err
    assert [tuple(row) for row in rows(out)] == [COLUMNS, COLUMNS]
    assert [(row["cautions"], row["notes"]) for row in rows(out)] == [(caution, ""), ("", "")]


def test_what_a_table_of_before_does_not_say_is_looked_up_when_its_scan_is_asked_for(
    tmp_path, capsys
):
    weights = weights_folder.write(tmp_path / "weights", modality="mammogram")
    view = written(dicom(Modality="MG", ImageType=r"DERIVED\PRIMARY\\SUBTRACTION"))
    for ward in "ab":
        (tmp_path / ward).mkdir()
        (tmp_path / ward / f"{ward}.dcm").write_bytes(view)
    wards, out = [tmp_path / ward for ward in "ab"], tmp_path / "out"
    assert segment(*wards, "--out", out, weights=weights, modality="mammogram") == 0
    [caution] = {row["cautions"] for row in rows(out)}
    before = [{c: row[c] for c in COLUMNS if c != "cautions"} for row in rows(out)]
    with (out / "results.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, before[0])
        table.writeheader()
        table.writerows(before)
    for ward, known in zip(wards, [[caution, "?"], [caution, caution]], strict=True):
        capsys.readouterr()
        assert segment(ward, "--out", out, weights=weights, modality="mammogram") == 0
        assert f"1 scan: {caution}" in capsys.readouterr().err
        assert sorted(row["cautions"] for row in rows(out)) == sorted(known)


def test_of_a_scan_that_is_gone_what_was_made_stays_and_is_told_and_an_error_does_not(
    tmp_path, weights, capsys
):
    """A folder into which scans come may be emptied in between; and one that was renamed is counted twice."""
    folder, out = tmp_path / "in", tmp_path / "out"
    for seed, name in enumerate(("a.png", "b.png")):
        scan(folder / name, seed=seed)
    for torn in (folder / "torn.png", folder / "ward" / "torn.png"):
        torn.parent.mkdir(exist_ok=True)
        torn.write_bytes(b"torn")
    assert segment(folder, "--out", out, weights=weights) == 1
    (folder / "a.png").rename(folder / "a new name.png")
    (folder / "torn.png").unlink()
    shutil.rmtree(folder / "ward")
    capsys.readouterr()
    assert segment(folder, "--out", out, weights=weights) == 0
    assert [Path(row["file"]).name for row in rows(out)] == ["a.png", "a new name.png", "b.png"]
    assert masks(out) == ["a new name_mask.png", "a_mask.png", "b_mask.png"]
    told = "Scans that are gone, whose masks and rows in results.csv stay: 1."
    assert told in capsys.readouterr().err


def test_what_is_done_is_not_done_again(tmp_path, weights, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    for i in range(3):
        scan(folder / f"{i}.png", seed=i)
    segment(folder, "--out", out, weights=weights)
    before, made = rows(out), {name: (out / name).stat().st_mtime_ns for name in masks(out)}
    scan(folder / "3.png", seed=3)
    assert segment(folder, "--out", out, weights=weights) == 0
    assert "3 done before" in capsys.readouterr().out
    assert {name: (out / name).stat().st_mtime_ns for name in made} == made
    assert rows(out)[:3] == before and len(rows(out)) == 4


def test_a_scan_that_changed_is_segmented_again_under_its_own_name(tmp_path, weights):
    file, out = scan(tmp_path / "a.png", 50), tmp_path / "out"
    segment(file, "--out", out, weights=weights)
    scan(file, 55, seed=1)
    segment(file, "--out", out, weights=weights)
    assert masks(out) == ["a_mask.png"] and pixels(out / "a_mask.png").shape[1] == 55
    assert len(rows(out)) == 1


def test_a_scan_that_became_corrupt_keeps_no_mask(tmp_path, weights, capsys):
    """It would be of pixels that are no more, beside the error of those that are there."""
    files, out = [scan(tmp_path / f"{i}.png", seed=i) for i in range(2)], tmp_path / "out"
    assert segment(*files, "--out", out, weights=weights) == 0
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[: len(whole) // 2])
    assert segment(*files, "--out", out, weights=weights) == 1
    assert masks(out) == ["1_mask.png"]
    row, other = rows(out)
    assert row["error"] == "The PNG file is cut off or damaged." and not other["error"]
    assert row["notes"] == "Its earlier mask was removed."
    files[0].write_bytes(whole)
    assert segment(*files, "--out", out, weights=weights) == 0
    assert masks(out) == ["0_mask.png", "1_mask.png"] and rows(out)[0]["notes"] == ""


def test_masks_outlive_weights_that_cannot_be_had(tmp_path, weights, monkeypatch, capsys):
    """A mistyped variable, or a Hub that does not answer, would cost all that was segmented before."""
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    assert segment(file, "--out", out, weights=weights) == 0
    made, before = (out / "a_mask.png").read_bytes(), rows(out)
    capsys.readouterr()
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(tmp_path / "nowhere"))
    assert main([str(file), "--out", str(out), "--modality", "ultrasound"]) == 1
    assert capsys.readouterr().err.count("nowhere") == 1, "one sentence, before any scan is read"
    assert rows(out) == before

    torn = shutil.copytree(weights, tmp_path / "torn")
    tensors = load_file(torn / "model.safetensors")
    del tensors["mask_head.logits.bias"]
    save_file(tensors, torn / "model.safetensors")
    assert segment(file, "--out", out, weights=torn) == 1
    [row] = rows(out)
    assert "no tensor mask_head.logits.bias" in row["error"]
    assert row["notes"] == "Its earlier mask was kept: it is of these pixels."
    assert (out / "a_mask.png").read_bytes() == made


def test_a_modality_that_is_no_longer_said_is_guessed_anew(tmp_path, weights, monkeypatch, capsys):
    """But where the file says it, nothing changes."""
    files, out = [scan(tmp_path / "a.png"), tmp_path / "b.dcm"], tmp_path / "out"
    files[1].write_bytes(written(dicom(Modality="US")))
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(weights))
    other = weights_folder.write(tmp_path / "mammogram", modality="mammogram")
    monkeypatch.setenv("BCWEB_WEIGHTS_MAMMOGRAM", str(other))
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "mammogram")
    asked = [*map(str, files), "--out", str(out)]
    assert main([*asked, "--modality", "ultrasound"]) == 0
    assert [row["modality"] for row in rows(out)] == ["ultrasound", "ultrasound"]
    capsys.readouterr()
    assert main(asked) == 0
    assert "1 done before" in capsys.readouterr().out
    assert [row["modality"] for row in rows(out)] == ["mammogram", "ultrasound"]
    assert main(asked) == 0 and "2 done before" in capsys.readouterr().out


def test_other_weights_do_it_all_again(tmp_path, weights, other_weights, capsys):
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    segment(file, "--out", out, weights=weights)
    first = read_stamp(out / "a_mask.png")
    segment(file, "--out", out, weights=other_weights)
    assert read_stamp(out / "a_mask.png").revision != first.revision
    assert "done before" not in capsys.readouterr().out


def test_a_mask_that_was_deleted_is_made_again(tmp_path, weights):
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    segment(file, "--out", out, weights=weights)
    (out / "a_mask.png").unlink()
    segment(file, "--out", out, weights=weights)
    assert masks(out) == ["a_mask.png"] and len(rows(out)) == 1


def test_a_file_that_was_mended_replaces_its_error(tmp_path, weights):
    file, out = tmp_path / "a.png", tmp_path / "out"
    file.write_bytes(b"")
    assert segment(file, "--out", out, weights=weights) == 1
    scan(file)
    assert segment(file, "--out", out, weights=weights) == 0
    assert [row["error"] for row in rows(out)] == [""]


def test_a_torn_results_table_is_no_obstacle(tmp_path, weights):
    files, out = [scan(tmp_path / f"{i}.png", seed=i) for i in range(2)], tmp_path / "out"
    segment(*files, "--out", out, weights=weights)
    table = out / "results.csv"
    table.write_text(table.read_text()[:-25])  # as a power cut leaves it
    assert segment(*files, "--out", out, weights=weights) == 0
    assert [row["error"] for row in rows(out)] == ["", ""]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_table_that_a_spreadsheet_has_saved_is_gone_on_with(tmp_path, weights, capsys, delimiter):
    files, out = [scan(tmp_path / f"ä, {i}.png", seed=i) for i in range(3)], tmp_path / "out"
    segment(*files[:2], "--out", out, weights=weights)
    before = rows(out)
    with (out / "results.csv").open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        table.writeheader()
        table.writerows(before)
    assert segment(*files[1:], "--out", out, weights=weights) == 0
    assert "1 done before" in capsys.readouterr().out
    assert rows(out)[:2] == before, "those that were not asked for are there still"
    assert (out / "results.csv").read_bytes().startswith(b"file,modality,")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_numbers_and_names_that_a_spreadsheet_wrote_in_its_own_way_are_what_they_were(
    tmp_path, weights, capsys, delimiter, encoding
):
    """With a comma for the point, and in Windows' own characters, as Excel's plain CSV has them."""
    files, out = [scan(tmp_path / f"Bräst {i}.png", seed=i) for i in range(3)], tmp_path / "out"
    segment(*files[:2], "--out", out, weights=weights)
    before = rows(out)
    assert all("." in row["presence"] and "." in row["seconds"] for row in before)
    with (out / "results.csv").open("w", newline="", encoding=encoding) as file:
        table = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        table.writeheader()
        for row in before:
            told = {column: row[column].replace(".", ",") for column in ("presence", "seconds")}
            table.writerow(row | told)
    assert segment(*files[1:], "--out", out, weights=weights) == 0
    assert "1 done before" in capsys.readouterr().out
    (out / "results.csv").read_text(encoding="utf-8")
    assert rows(out)[:2] == before and len(rows(out)) == 3


def test_a_name_that_is_no_text_is_not_taken_for_a_spreadsheets(tmp_path, weights, capsys):
    file, out = no_text(tmp_path / "Bräst.png"), tmp_path / "out"
    scan(file)
    scan(tmp_path / "Bräst.png", seed=1)
    for said in ("", "1 done before"):
        assert segment(file, "--out", out, weights=weights) == 0
        assert said in capsys.readouterr().out
    assert os.fsencode(file) in (out / "results.csv").read_bytes()


@pytest.mark.parametrize("text", ["patient,outcome\nA,1\n", "file,notes\nA,1\n", "file\nA\n"])
def test_a_table_of_something_else_is_not_replaced(tmp_path, weights, capsys, text):
    out = tmp_path / "out"
    out.mkdir()
    (out / "results.csv").write_text(text)
    scan = tmp_path / "scan 3 cm².png"
    Image.new("L", (64, 64)).save(scan)
    assert main([str(tmp_path), "--out", str(out), "--weights", str(weights)]) == 1
    assert (
        "results.csv is a table of something else; choose another --out." in capsys.readouterr().err
    )
    assert (out / "results.csv").read_text() == text
