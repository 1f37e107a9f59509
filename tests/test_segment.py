"""`python -m bcweb.segment`: real files, random weights, and everything that may go wrong in an archive."""

from __future__ import annotations

import csv
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from bcweb.masks import read_stamp
from bcweb.segment.__main__ import main
from bcweb.segment.mask_files import place_digest
from bcweb.segment.results import COLUMNS
from tests import weights_folder
from tests.cases import trees
from tests.scans.made import dicom, written

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random, but they paint something on everything: the threshold is low and there is no gate."""
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "first")


@pytest.fixture(scope="module")
def other_weights(tmp_path_factory) -> Path:
    return weights_folder.write(tmp_path_factory.mktemp("weights") / "second", seed=1)


def scan(file: Path, width: int = 60, height: int = 40, seed: int = 0) -> Path:
    """A small picture; another seed is another picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return file


def segment(*arguments: object, weights: Path, modality: str = "ultrasound") -> int:
    return main([*map(str, arguments), "--weights", str(weights), "--modality", modality])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def masks(out: Path) -> list[str]:
    return sorted(file.relative_to(out).as_posix() for file in out.rglob("*.png"))


def test_one_scan_gets_a_mask_of_its_own_size_and_a_row(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png", 70, 45)
    assert segment(file, "--out", tmp_path / "out", weights=weights) == 0
    mask = pixels(tmp_path / "out" / "a_mask.png")
    assert mask.shape == (45, 70) and set(np.unique(mask)) <= {0, 255}
    (row,) = rows(tmp_path / "out")
    assert tuple(row) == COLUMNS
    assert row["file"] == str(file) and row["modality"] == "ultrasound" and row["error"] == ""
    assert 0 <= float(row["presence"]) <= 1 and float(row["seconds"]) >= 0
    assert int(row["area"]) == np.count_nonzero(mask)
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


def test_the_mask_is_the_segmenters(tmp_path, weights):
    from bcweb.scans import read_scan
    from bcweb.segmenter import Segmenter

    file = scan(tmp_path / "a.png")
    segment(file, "--out", tmp_path / "out", weights=weights)
    expected = Segmenter.load(str(weights), "ultrasound").segment(read_scan(file))
    mask = pixels(tmp_path / "out" / "a_mask.png")
    assert np.array_equal(mask > 0, expected.mask)


def test_a_folders_tree_is_mirrored(tmp_path, weights):
    for name in ("a.png", "deep/b.bmp", "deep/er/c.tif"):
        scan(tmp_path / "in" / name)
    assert segment(tmp_path / "in", "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png", "deep/b_mask.png", "deep/er/c_mask.png"]


def test_masks_tables_and_hidden_files_in_a_folder_are_no_scans(tmp_path, weights, capsys):
    folder = tmp_path / "in"
    for name in ("a.png", "a_mask.png", "a_mask_1.png", ".hidden.png"):
        scan(folder / name)
    for name in ("notes.txt", "paper.PDF", "all.zip"):
        (folder / name).write_text("no scan")
    assert segment(folder, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png"]
    assert "2 masks" in (said := capsys.readouterr().err) and "3 files that hold no scan." in said


def test_what_a_patients_cd_brings_along_is_no_scan(tmp_path, weights, capsys):
    disc = tmp_path / "disc"
    scan(disc / "IMAGES" / "a.png")
    contents = dicom(Modality="")
    del contents.PixelData, contents.Rows, contents.Columns
    (disc / "DICOMDIR").write_bytes(written(contents))
    viewer = ("AUTORUN.INF", "START.EXE", "VIEWER/core.dll", "VIEWER/view.JAR", "README.RTF")
    for name in viewer:
        (disc / name).parent.mkdir(exist_ok=True)
        (disc / name).write_text("no scan")
    assert segment(disc, "--out", tmp_path / "out", weights=weights) == 0
    assert f"Left out: {len(viewer) + 1} files that hold no scan." in capsys.readouterr().err
    assert [Path(row["file"]).name for row in rows(tmp_path / "out")] == ["a.png"]


def test_a_mask_by_another_name_is_no_scan_beside_its_scan(tmp_path, weights):
    """Whoever calls a scan "label 3" has it segmented all the same."""
    folder = tmp_path / "in"
    for name in ("a.png", "a_seg.png", "a-gt-2.png", "b_seg.png", "label 3.png", "ward/a.png"):
        scan(folder / name)
    assert segment(folder, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == [
        "a_mask.png", "b_seg_mask.png", "label 3_mask.png", "ward/a_mask.png",
    ]  # fmt: skip


def test_what_lies_in_a_folder_masks_is_no_scan(tmp_path, weights, capsys):
    """As the samples, an export and the data sets of many have it; a ward's folder may have one too."""
    folder = tmp_path / "in"
    for name in ("images/a.png", "masks/a.png", "ward/b.png", "ward/GT/b.png"):
        scan(folder / name)
    (folder / "masks" / "notes.txt").write_text("no mask")
    assert segment(folder, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["images/a_mask.png", "ward/b_mask.png"]
    said = capsys.readouterr().err
    assert "2 masks (by their names, or in a folder of masks) and 1 file that hold" in said


def test_a_folder_masks_that_is_named_itself_is_looked_into(tmp_path, weights, capsys):
    folder = tmp_path / "in"
    scan(folder / "masks" / "a.png")
    for asked in ([folder / "masks"], [folder, folder / "masks"]):
        assert segment(*asked, "--out", tmp_path / "out", weights=weights) == 0
        assert masks(tmp_path / "out") == ["a_mask.png"]
        assert "Left out" not in capsys.readouterr().err


def test_a_masks_name_among_named_files_is_left_out_only_beside_its_scan(tmp_path, weights):
    files = [scan(tmp_path / name) for name in ("a.png", "a_mask.png", "lone_mask.png")]
    assert segment(*files, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png", "lone_mask_mask.png"]


def test_scans_of_one_stem_get_a_mask_each(tmp_path, weights, capsys):
    files = [
        scan(tmp_path / name, width, 40, width)
        for name, width in (("x/a.png", 50), ("x/a.bmp", 51), ("y/a.png", 52), ("z/a.png", 53))
    ]
    assert segment(*files, "--out", tmp_path / "out", weights=weights) == 0
    widths = {name: pixels(tmp_path / "out" / name).shape[1] for name in masks(tmp_path / "out")}
    assert widths == {
        "a_mask.png": 50, "a.bmp_mask.png": 51, "a.png_mask.png": 52, "a-2_mask.png": 53,
    }  # fmt: skip
    assert capsys.readouterr().err.count("is another's") == 3


def test_scans_whose_names_one_disk_takes_for_the_same_get_a_mask_each(tmp_path, weights):
    """An accent may be a letter or a mark by itself, which macOS does not tell apart, nor capitals."""
    files = [
        scan(tmp_path / ward / name, seed=seed)
        for seed, (ward, name) in enumerate(
            (("x", "an\u00e9.png"), ("y", "ane\u0301.png"), ("z", "AN\u00c9.png"))
        )
    ]
    assert segment(*files, "--out", tmp_path / "out", weights=weights) == 0
    names = {unicodedata.normalize("NFC", name).casefold() for name in masks(tmp_path / "out")}
    assert len(names) == 3


def test_a_mask_of_somebody_else_is_never_overwritten(tmp_path, weights):
    truth = scan(tmp_path / "in" / "a_mask.png")
    before = truth.read_bytes()
    scan(tmp_path / "in" / "a.png", seed=3)
    assert segment(tmp_path / "in", "--out", tmp_path / "in", weights=weights) == 0
    assert truth.read_bytes() == before
    assert read_stamp(tmp_path / "in" / "a.png_mask.png") is not None


def test_a_second_folder_into_the_same_place_overwrites_nothing(tmp_path, weights):
    scan(tmp_path / "one" / "a.png", 50)
    scan(tmp_path / "two" / "a.png", 51)
    for name in ("one", "two"):
        assert segment(tmp_path / name, "--out", tmp_path / "out", weights=weights) == 0
    assert pixels(tmp_path / "out" / "a_mask.png").shape[1] == 50
    assert pixels(tmp_path / "out" / "a.png_mask.png").shape[1] == 51
    assert [Path(row["file"]).parent.name for row in rows(tmp_path / "out")] == ["one", "two"]


def test_a_copy_of_a_scan_in_another_folder_has_a_mask_of_its_own(
    tmp_path, weights, other_weights, capsys
):
    """By other weights: the row of either is of its own mask."""
    out = tmp_path / "out"
    files = [scan(tmp_path / name / "a.png") for name in ("one", "two")]
    for file, its in zip(files, (weights, other_weights), strict=True):
        assert segment(file.parent, "--out", out, weights=its) == 0
    assert masks(out) == ["a.png_mask.png", "a_mask.png"]
    painted = {
        read_stamp(out / name).place: np.count_nonzero(pixels(out / name)) for name in masks(out)
    }
    areas = {place_digest(Path(row["file"])): int(row["area"]) for row in rows(out)}
    assert areas == painted and len(set(areas.values())) == 2
    capsys.readouterr()
    assert segment(files[0].parent, "--out", out, weights=weights) == 0
    assert "1 done before" in capsys.readouterr().out


def test_a_moved_archive_keeps_the_names_of_its_masks(tmp_path, weights):
    out = tmp_path / "out"
    for name in ("one", "two"):
        if name == "one":
            scan(tmp_path / "one" / "a.png")
        else:
            (tmp_path / "one").rename(tmp_path / "two")
        assert segment(tmp_path / name, "--out", out, weights=weights) == 0
        assert masks(out) == ["a_mask.png"]


def test_a_folder_that_is_reached_by_a_link_has_its_masks_once(tmp_path, weights):
    out = tmp_path / "out"
    scan(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("link", "real", "link"):
        scan(tmp_path / "real" / "a.png", seed=len(name))  # another by now
        assert segment(tmp_path / name, "--out", out, weights=weights) == 0
        assert masks(out) == ["a_mask.png"], name


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


def test_the_same_file_named_twice_is_segmented_once(tmp_path, weights):
    file = scan(tmp_path / "in" / "a.png")
    assert segment(tmp_path / "in", file, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png"] and len(rows(tmp_path / "out")) == 1


def test_numbers_after_a_dot_belong_to_a_dicom_files_name(tmp_path, weights):
    for name in ("1.2.840.1", "1.2.840.2"):
        scan(tmp_path / "x.png").rename(tmp_path / name)
    segment(
        tmp_path / "1.2.840.1", tmp_path / "1.2.840.2", "--out", tmp_path / "out", weights=weights
    )
    assert masks(tmp_path / "out") == ["1.2.840.1_mask.png", "1.2.840.2_mask.png"]


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


@pytest.mark.skipif(sys.platform == "win32", reason="paths have another limit there")
def test_a_folder_that_cannot_be_read_is_a_row_until_it_can(tmp_path, weights, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    scan(folder / "a.png")
    place = trees.unreadable(folder)
    assert segment(folder, "--out", out, weights=weights) == 1
    refused = (str(place), "This folder cannot be read: File name too long.")
    assert [(row["file"], row["error"]) for row in rows(out)] == [
        refused, (str(folder / "a.png"), ""),
    ]  # fmt: skip
    said = capsys.readouterr()
    assert "1 of 1 scans have a mask" in said.out and "1 folder not read." in said.out
    assert ": ".join(refused) in said.err
    assert segment(folder, "--out", out, weights=weights) == 1 and len(rows(out)) == 2
    shutil.rmtree(folder / place.relative_to(folder).parts[0])
    table = out / "results.csv"  # as if it had been another folder, that can be read by now
    table.write_text(table.read_text().replace(str(place), str(folder)))
    assert segment(folder, "--out", out, weights=weights) == 0
    assert [row["file"] for row in rows(out)] == [str(folder / "a.png")]


@pytest.mark.skipif(sys.platform == "win32", reason="links want a privilege there")
def test_linked_folders_are_followed_once(tmp_path, weights):
    scan(tmp_path / "in" / "a.png")
    scan(tmp_path / "elsewhere" / "b.png", seed=1)
    for link in ("drive", "drive 2"):
        (tmp_path / "in" / link).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "in")
    assert segment(tmp_path / "in", "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png", "drive/b_mask.png"]


def test_a_file_that_is_not_there_is_a_row(tmp_path, weights):
    file = scan(tmp_path / "a.png")
    assert segment(file, tmp_path / "gone.png", "--out", tmp_path / "out", weights=weights) == 1
    assert [row["error"] for row in rows(tmp_path / "out")] == ["", "There is no such file."]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no name there")
def test_a_pipe_is_a_row_where_it_is_named_and_left_out_of_a_folder(tmp_path, weights):
    folder, out = tmp_path / "in", tmp_path / "out"
    scan(folder / "a.png")
    os.mkfifo(folder / "b.png")  # nobody writes to it: who opens it waits
    assert segment(folder, "--out", out, weights=weights) == 0
    assert [row["file"] for row in rows(out)] == [str(folder / "a.png")]
    assert segment(folder / "b.png", "--out", out, weights=weights) == 1
    assert rows(out)[-1]["error"] == "Not a file, but a pipe or a device."


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


def test_a_folder_without_scans_is_said(tmp_path, weights, capsys):
    (tmp_path / "in").mkdir()
    assert segment(tmp_path / "in", "--out", tmp_path / "out", weights=weights) == 1
    assert "no scan" in capsys.readouterr().err


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


def test_a_mask_of_another_file_outlives_an_error(tmp_path, weights, monkeypatch):
    """Of a copy of this scan, in another folder."""
    out = tmp_path / "out"
    one, two = (scan(tmp_path / name / "a.png") for name in ("one", "two"))
    assert segment(one, "--out", out, weights=weights) == 0
    kept = (out / "a_mask.png").read_bytes()
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "mammogram")
    assert main([str(two), "--out", str(out), "--weights", str(weights)]) == 1
    assert [bool(row["error"]) for row in rows(out)] == [False, True]
    assert masks(out) == ["a_mask.png"] and (out / "a_mask.png").read_bytes() == kept


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


def test_a_mask_does_not_tell_where_its_scan_lay(tmp_path, weights):
    file = scan(tmp_path / "Jane Doe" / "a.png")
    segment(file, "--out", tmp_path / "out", weights=weights)
    assert b"Jane" not in (tmp_path / "out" / "a_mask.png").read_bytes()


def test_weights_of_the_other_modality_are_refused_before_any_work(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png")
    status = segment(file, "--out", tmp_path / "out", weights=weights, modality="mammogram")
    assert status == 1 and not (tmp_path / "out").exists()
    assert "ultrasound" in capsys.readouterr().err


def test_weights_that_are_not_there_are_one_sentence(tmp_path, capsys):
    file = scan(tmp_path / "a.png")
    assert segment(file, "--out", tmp_path / "out", weights=tmp_path / "nothing") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_guess_never_overrules_weights_that_were_named(tmp_path, weights, monkeypatch):
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "mammogram")
    assert main([str(file), "--out", str(out), "--weights", str(weights)]) == 1
    assert "say --modality ultrasound" in rows(out)[0]["error"]


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


def test_a_file_of_the_other_modality_is_refused_in_one_sentence(tmp_path, weights, monkeypatch):
    out = tmp_path / "out"
    (tmp_path / "a.dcm").write_bytes(written(dicom(Modality="MG")))
    file = scan(tmp_path / "b.png")
    assert segment(tmp_path / "a.dcm", "--out", out, weights=weights) == 1
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "ultrasound")
    other = weights_folder.write(tmp_path / "mammogram", modality="mammogram")
    assert main([str(file), "--out", str(out), "--weights", str(other)]) == 1
    one, two = (row["error"] for row in rows(out))
    assert one == "The file says that this is a mammogram, not an ultrasound."
    assert two.startswith("This looks like an ultrasound, and ")


def test_a_modality_that_is_none_is_refused_with_those_that_there_are(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--out", str(tmp_path / "out"), "--modality", "MRI"])
    assert "--modality is ultrasound or mammogram, not MRI" in capsys.readouterr().err


def test_weights_may_come_from_the_environment(tmp_path, weights, monkeypatch):
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(weights))
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    assert main([str(file), "--out", str(out), "--modality", "ultrasound"]) == 0


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SystemExit):
        segment(file, "--out", tmp_path / "taken", weights=weights)
    assert segment(file, "--out", tmp_path / "taken" / "out", weights=weights) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_workers_give_what_one_process_gives(tmp_path, weights):
    folder = tmp_path / "in"
    for i in range(12):
        scan(folder / f"{i}.png", seed=i)
    (folder / "bad.png").write_bytes(b"bad")
    assert segment(folder, "--out", tmp_path / "one", "--workers", 1, weights=weights) == 1
    assert segment(folder, "--out", tmp_path / "two", "--workers", 2, weights=weights) == 1
    one, two = ([{**r, "seconds": ""} for r in rows(tmp_path / name)] for name in ("one", "two"))
    assert one == two
    assert masks(tmp_path / "one") == masks(tmp_path / "two") and len(masks(tmp_path / "one")) == 12
    for name in masks(tmp_path / "one"):
        assert np.array_equal(pixels(tmp_path / "one" / name), pixels(tmp_path / "two" / name))


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


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_rows_and_masks_that_agree_and_the_rest_for_later(tmp_path, weights, workers):
    folder, out = tmp_path / "in", tmp_path / "out"
    picture = scan(folder / "0.png", 900, 700).read_bytes()
    for i in range(1, 400):
        (folder / f"{i}.png").write_bytes(picture)
    command = [sys.executable, "-m", "bcweb.segment", str(folder), "--out", str(out), "--modality",
               "ultrasound", "--weights", str(weights), "--workers", str(workers)]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list(out.glob("*_mask.png"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130, said
    assert "goes on from here" in said and "Traceback" not in said
    done = rows(out)
    assert 3 <= len(done) < 400 and not any(row["error"] for row in done)
    assert [f"{Path(row['file']).stem}_mask.png" for row in done] == sorted(
        masks(out), key=lambda name: int(name.split("_")[0])
    )
    assert not list(out.glob(".*"))


def test_two_commands_at_once_keep_each_others_rows(tmp_path, weights, monkeypatch):
    from bcweb.segment import run

    out = tmp_path / "out"
    command = [sys.executable, "-m", "bcweb.segment", str(scan(tmp_path / "b" / "scan.png", seed=1)),
               "--out", str(out), "--modality", "ultrasound", "--weights", str(weights)]  # fmt: skip
    segment_file, second, said = run.segment_file, [], []

    def meanwhile(*given, **named):
        second.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        said.append(second[0].stderr.readline())  # it waits, or it has ended
        return segment_file(*given, **named)

    monkeypatch.setattr(run, "segment_file", meanwhile)
    assert segment(scan(tmp_path / "a" / "scan.png"), "--out", out, weights=weights) == 0
    said.append(second[0].communicate(timeout=600)[1])
    assert second[0].returncode == 0
    assert [Path(row["file"]).parent.name for row in rows(out)] == ["a", "b"]
    assert said[0] == f"Another command writes to {out}; this one waits for it.\n"
    assert len(masks(out)) == 2
    assert not list(out.glob(".*")) or sys.platform == "win32"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_worker_that_is_killed_costs_only_the_scan_that_killed_it(tmp_path):
    from bcweb.batch import Stop, over_all_cores

    items = list(range(12))
    results = over_all_cores(_kill_on_5, items, 2, Stop(), lambda item: f"{item} died")
    assert sorted(results, key=str) == sorted(["5 died", *(i for i in items if i != 5)], key=str)


LONG = 60  # seconds


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")
def test_a_second_ctrl_c_waits_for_no_scan_in_hand():
    """On a drive that does not answer it would wait for ever."""
    from bcweb.batch import over_all_cores, stoppable

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stoppable() as stop:
        list(over_all_cores(_ask_twice, range(4), 2, stop, str))
    assert time.monotonic() - begun < LONG / 2


def _ask_twice(item: int) -> None:
    if item == 0:
        for _ in range(2):
            os.kill(multiprocessing.parent_process().pid, signal.SIGINT)
            time.sleep(1)  # two at once may come as one
    time.sleep(LONG)


def _kill_on_5(item: int) -> int:
    if item == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_help_says_what_is_written(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "results.csv" in said and "--workers" in said and "hf://" in said
