"""Which file the mask of a scan is, and that none of another's is overwritten."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from bcweb.masks import read_stamp
from bcweb.segment.__main__ import main
from bcweb.segment.mask_files import place_digest
from tests.segment.made import masks, pixels, rows, scan, segment


def test_the_mask_is_the_segmenters(tmp_path, weights):
    from bcweb.scans import read_scan
    from bcweb.segmenter import Segmenter

    file = scan(tmp_path / "a.png")
    segment(file, "--out", tmp_path / "out", weights=weights)
    expected = Segmenter.load(str(weights), "ultrasound").segment(read_scan(file))
    mask = pixels(tmp_path / "out" / "a_mask.png")
    assert np.array_equal(mask > 0, expected.mask)


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


def test_numbers_after_a_dot_belong_to_a_dicom_files_name(tmp_path, weights):
    for name in ("1.2.840.1", "1.2.840.2"):
        scan(tmp_path / "x.png").rename(tmp_path / name)
    segment(
        tmp_path / "1.2.840.1", tmp_path / "1.2.840.2", "--out", tmp_path / "out", weights=weights
    )
    assert masks(tmp_path / "out") == ["1.2.840.1_mask.png", "1.2.840.2_mask.png"]


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


def test_a_mask_does_not_tell_where_its_scan_lay(tmp_path, weights):
    file = scan(tmp_path / "Jane Doe" / "a.png")
    segment(file, "--out", tmp_path / "out", weights=weights)
    assert b"Jane" not in (tmp_path / "out" / "a_mask.png").read_bytes()
