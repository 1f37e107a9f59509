"""What of a folder and of named files is a scan to `python -m bcweb.segment`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.cases import trees
from tests.scans.made import dicom, written
from tests.segment.made import masks, rows, scan, segment


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


def test_the_same_file_named_twice_is_segmented_once(tmp_path, weights):
    file = scan(tmp_path / "in" / "a.png")
    assert segment(tmp_path / "in", file, "--out", tmp_path / "out", weights=weights) == 0
    assert masks(tmp_path / "out") == ["a_mask.png"] and len(rows(tmp_path / "out")) == 1


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


def test_a_folder_without_scans_is_said(tmp_path, weights, capsys):
    (tmp_path / "in").mkdir()
    assert segment(tmp_path / "in", "--out", tmp_path / "out", weights=weights) == 1
    assert "no scan" in capsys.readouterr().err
