"""The rows of results.csv: what is said of a scan, and of those that could not be segmented."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.segment.__main__ import main
from bcweb.segment.results import COLUMNS
from bcweb.weights import load_weights
from tests import weights_folder
from tests.scans.made import dicom, written
from tests.segment.made import masks, pixels, rows, scan, segment


def test_one_scan_gets_a_mask_of_its_own_size_and_a_row(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png", 70, 45)
    assert segment(file, "--out", tmp_path / "out", weights=weights) == 0
    mask = pixels(tmp_path / "out" / "a_mask.png")
    assert mask.shape == (45, 70) and set(np.unique(mask)) <= {0, 255}
    (row,) = rows(tmp_path / "out")
    assert tuple(row) == COLUMNS
    assert row["file"] == str(file) and row["modality"] == "ultrasound" and row["error"] == ""
    assert 0 <= float(row["presence"]) <= 1 and float(row["seconds"]) >= 0
    assert int(row["area"]) == np.count_nonzero(mask) and row["area_mm2"] == ""
    used = load_weights(str(weights))
    point = used.config.operating_point
    assert (row["mask"], row["revision"]) == ("a_mask.png", used.revision)
    assert float(row["gate"]) == point.presence_gate
    assert float(row["threshold"]) == point.mask_threshold
    assert (int(row["lesions"]) > 0) == bool(mask.any())
    assert "1 of 1 scans" in capsys.readouterr().out


def test_how_a_file_was_read_stands_in_its_row(tmp_path, weights):
    first = Image.fromarray(np.arange(40 * 50).reshape(40, 50).astype(np.uint8))
    first.save(
        tmp_path / "clip.gif", save_all=True, append_images=[first.rotate(9), first.rotate(45)]
    )
    assert main([str(tmp_path / "clip.gif"), "--out", str(tmp_path / "out")]) == 0
    (row,) = rows(tmp_path / "out")
    assert "First of 3 frames" in row["notes"] and "guessed" in row["notes"]


def test_a_picture_of_one_grey_is_no_scan(tmp_path, weights, capsys):
    for name, grey in (("black", 0), ("white", 255)):
        Image.new("L", (500, 400), grey).save(tmp_path / f"{name}.png")
    files, out = [tmp_path / "black.png", tmp_path / "white.png"], tmp_path / "out"
    assert segment(*files, "--out", out, weights=weights) == 1
    why = "Every pixel of it is the same: there is nothing to segment."
    assert [row["error"] for row in rows(out)] == [why, why]
    assert "0 of 2 scans have a mask" in capsys.readouterr().out


def test_where_the_size_of_a_pixel_is_known_lesions_have_an_area(tmp_path, weights):
    (tmp_path / "a.dcm").write_bytes(written(dicom(Modality="US", PixelSpacing=[0.5, 0.2])))
    assert segment(tmp_path / "a.dcm", "--out", tmp_path / "out", weights=weights) == 0
    (row,) = rows(tmp_path / "out")
    assert float(row["area_mm2"]) == pytest.approx(0.1 * int(row["area"]), abs=0.05)


def test_a_view_that_is_no_ordinary_mammogram_is_warned_of(tmp_path, capsys):
    weights = weights_folder.write(tmp_path / "weights", modality="mammogram")
    file = dicom(Modality="MG", ImageType=r"DERIVED\PRIMARY\\SUBTRACTION")
    (tmp_path / "a.dcm").write_bytes(written(file))
    out = tmp_path / "out"
    assert segment(tmp_path / "a.dcm", "--out", out, weights=weights, modality="mammogram") == 0
    warning = "This is a subtracted contrast view, not an ordinary mammogram."
    [row] = rows(out)
    assert (row["cautions"], row["notes"]) == (warning, "")
    assert f"1 scan: {warning}" in capsys.readouterr().err
    assert segment(tmp_path / "a.dcm", "--out", out, weights=weights, modality="mammogram") == 0
    said = capsys.readouterr()
    assert "1 done before" in said.out and f"1 scan: {warning}" in said.err
    assert rows(out) == [row]


def test_rows_say_where_their_scans_are_wherever_the_command_is_given(
    tmp_path, weights, monkeypatch, capsys
):
    out = tmp_path / "out"
    files = [scan(tmp_path / ward / "a.png", 50 + len(ward)) for ward in ("one", "three")]

    def said(place: Path, given: str) -> str:
        monkeypatch.chdir(place)
        assert segment(given, "--out", out, weights=weights) == 0
        assert sorted(row["file"] for row in rows(out)) == [*map(str, files[: len(masks(out))])]
        return capsys.readouterr().out

    for file in files:
        assert "done before" not in said(file.parent, ".")
    assert masks(out) == ["a.png_mask.png", "a_mask.png"]
    assert "1 done before" in said(tmp_path, "one"), "the same folder from another place"
    table = out / "results.csv"  # of a version that wrote the names as they were given
    table.write_text(table.read_text().replace(str(files[0]), "a.png"))
    assert "1 done before" in said(files[0].parent, ".")


def test_a_bad_file_is_a_row_and_the_others_are_done(tmp_path, weights, capsys):
    folder = tmp_path / "in"
    scan(folder / "good.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture")
    (folder / "torn.png").write_bytes(scan(tmp_path / "whole.png").read_bytes()[:300])
    assert segment(folder, "--out", tmp_path / "out", weights=weights) == 1
    errors = {Path(row["file"]).name: row["error"] for row in rows(tmp_path / "out")}
    assert errors["good.png"] == ""
    for name in ("empty.png", "text.png", "torn.png"):
        assert errors[name] and "Traceback" not in errors[name] and "Unexpected" not in errors[name]
    assert masks(tmp_path / "out") == ["good_mask.png"]
    said = capsys.readouterr()
    assert "3 failed" in said.out and "torn.png: " in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_with_a_carriage_return_is_one_row_that_is_known_again(tmp_path, weights, capsys):
    """macOS and its cloud folders have a file "Icon\r"."""
    folder, out = tmp_path / "in", tmp_path / "out"
    scan(folder / "a\rb.png")
    (folder / "Icon\r").touch()
    for _ in range(2):
        segment(folder, "--out", out, weights=weights)
        assert sorted(Path(row["file"]).name for row in rows(out)) == ["Icon\r", "a\rb.png"]
    assert "1 done before" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="no name there holds such characters")
def test_a_name_gives_the_terminal_no_orders(tmp_path, weights, capsys):
    file = tmp_path / "a\x1b[2Jb\nc\u202egnp.png"
    file.write_bytes(b"none")
    assert segment(file, "--out", tmp_path / "o\rut", weights=weights) == 1
    said = capsys.readouterr()
    assert (
        rf"{tmp_path}/a\x1b[2Jb\nc\u202egnp.png: " in said.err and len(said.err.splitlines()) == 1
    )
    assert rf"{tmp_path}/o\rut" in said.out and len(said.out.splitlines()) == 1
    assert rows(tmp_path / "o\rut")[0]["file"] == str(file), "the table has it as it is"


@pytest.mark.parametrize("name", ["=1+1", "@SUM(1)", "-2", "=M\udcfcller"])
def test_the_name_of_a_mask_is_no_formula_to_a_spreadsheet(tmp_path, weights, capsys, name):
    """Names in archives come from anybody."""
    if "\udcfc" in name and sys.platform != "linux":
        pytest.skip("only Linux has file names that are no text")
    folder, out = tmp_path / "in", tmp_path / "out"
    scan(folder / f"{name}.png", seed=1)
    for _ in range(2):
        assert segment(folder, "--out", out, weights=weights) == 0
        with (out / "results.csv").open(newline="", errors="surrogateescape") as table:
            [row] = csv.DictReader(table)
        assert row["mask"] == f"./{name}_mask.png", "it is run where the table is opened"
        assert pixels(out / row["mask"]).any(), "and it names the mask all the same"
    assert "1 done before" in capsys.readouterr().out


def test_a_guess_is_reported_as_one(tmp_path, weights, monkeypatch, capsys):
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "ultrasound")
    assert main([str(file), "--out", str(out), "--weights", str(weights)]) == 0
    assert "guessed from the pixels: 1 ultrasound" in capsys.readouterr().err
    assert main([str(file), "--out", str(out), "--weights", str(weights)]) == 0
    said = capsys.readouterr()
    assert "1 done before" in said.out and "guessed from the pixels: 1 ultrasound" in said.err
    assert segment(file, "--out", out, weights=weights) == 0
    said = capsys.readouterr()
    assert "1 done before" in said.out and "guessed" not in said.err, "the person has said it"
    assert main([str(file), "--out", str(out), "--weights", str(weights)]) == 0
    assert "guessed from the pixels: 1 ultrasound" in capsys.readouterr().err
