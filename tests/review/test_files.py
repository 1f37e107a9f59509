"""What is read from the disk is what was written there, or an error in one sentence."""

from __future__ import annotations

import os
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bcweb.review.files import Files, make_thumbnail
from bcweb.review.records import ReviewError
from tests.review.small import mask

FOLDER = "f0"


@pytest.fixture
def files(tmp_path) -> Files:
    made = Files(tmp_path)
    made.begin(FOLDER)
    return made


def write(files: Files, pixels: np.ndarray) -> str:
    with files.writing(FOLDER) as new:
        name = new.mask(pixels) if pixels.dtype == bool else new.map(pixels)
        new.publish()
    return name


@pytest.mark.parametrize("shape", [(1, 1), (3, 8), (13, 21), (256, 257)])
def test_masks_and_maps_come_back(files, shape):
    drawn = mask(1, shape)
    np.testing.assert_array_equal(files.mask(FOLDER, write(files, drawn)), drawn)
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(files.map(FOLDER, write(files, pixels)), pixels)


def test_a_mask_is_a_1_bit_png_and_a_map_an_8_bit_one(files):
    with Image.open(files.path(FOLDER, write(files, mask(1)))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "1", (21, 13))
        np.testing.assert_array_equal(np.asarray(image), mask(1))
    with Image.open(files.path(FOLDER, write(files, np.arange(12, dtype=np.uint8)[None]))) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (12, 1))


def test_a_mask_that_is_no_contiguous_array(files):
    drawn = mask(1, (26, 42))[::2, ::-2]
    np.testing.assert_array_equal(files.mask(FOLDER, write(files, drawn)), drawn)


def test_a_name_is_of_the_content(files):
    assert write(files, mask(1)) == write(files, mask(1)) != write(files, mask(2))
    assert write(files, np.zeros((4, 6), bool)) != write(files, np.zeros((6, 4), bool))


def test_nothing_has_a_name_before_it_is_published(files, tmp_path):
    with files.writing(FOLDER) as new:
        name = new.mask(mask(1))
        assert not files.path(FOLDER, name).exists()
    assert not [file for file in tmp_path.rglob("*") if file.is_file()], "it left something"


@pytest.mark.parametrize("damage", ["shorter", "changed", "empty", "no picture"])
def test_a_damaged_file_is_told(files, damage):
    name = write(files, mask(1, (64, 64)))
    file = files.path(FOLDER, name)
    data = file.read_bytes()
    other = files.path(FOLDER, write(files, mask(2, (64, 64)))).read_bytes()
    file.write_bytes(
        {"shorter": data[:-40], "changed": other, "empty": b"", "no picture": b"x" * 999}[damage]
    )
    with pytest.raises(ReviewError, match="is damaged"):
        files.mask(FOLDER, name)


@pytest.mark.parametrize("damage", [b"", b"\x89PNG", b"x" * 999])
def test_a_file_that_the_disk_has_damaged_is_whole_again_once_the_same_is_saved(files, damage):
    drawn = mask(1, (64, 64))
    name = write(files, drawn)
    files.path(FOLDER, name).write_bytes(damage)
    assert write(files, drawn) == name
    np.testing.assert_array_equal(files.mask(FOLDER, name), drawn)


def test_a_mask_of_another_size_under_this_name_is_told(files):
    name = write(files, mask(1, (10, 12)))
    files.path(FOLDER, name).rename(files.path(FOLDER, name.replace("12x10", "10x12")))
    with pytest.raises(ReviewError, match="is damaged"):
        files.mask(FOLDER, name.replace("12x10", "10x12"))


def test_a_missing_file_is_told(files):
    name = write(files, mask(1))
    files.path(FOLDER, name).unlink()
    with pytest.raises(ReviewError, match="is missing"):
        files.mask(FOLDER, name)


@pytest.mark.parametrize("name", ["../../../etc/passwd", "masks/../x.png", "", "masks/x.png", "/a"])
def test_only_names_of_files_are_opened(files, name):
    with pytest.raises(ReviewError, match="no file of a project"):
        files.mask(FOLDER, name)


def test_the_content_is_synced_before_its_name_and_the_name_before_it_is_told(files, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda opened: (done.append(_kind(opened)), fsync(opened)))
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("name"), replace(*names)))
    write(files, mask(1))
    assert done == ["file", "name", "folder"]
    done.clear()
    write(files, mask(1))
    assert done == ["folder"], "another may have named it a moment ago without syncing yet"


def test_what_a_dead_process_left_is_removed_after_an_hour(files, tmp_path):
    old, new = tmp_path / "unfinished" / "1-a", tmp_path / "unfinished" / "2-b"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 4000,) * 2)
    Files(tmp_path)
    assert not old.exists() and new.exists()


def test_a_thumbnail_is_a_small_webp(files):
    data = make_thumbnail(np.full((400, 600), 90, np.uint8))
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", (160, 107))
        assert abs(int(np.asarray(image.convert("L"))[50, 80]) - 90) <= 2
    with files.writing(FOLDER) as new:
        name = new.thumbnail(data)
        new.publish()
    assert files.thumbnail(FOLDER, name) == data
    files.path(FOLDER, name).write_bytes(data[:-1])
    with pytest.raises(ReviewError, match="is damaged"):
        files.thumbnail(FOLDER, name)


def _kind(opened: int) -> str:
    return "folder" if os.path.isdir(f"/proc/self/fd/{opened}") else "file"


def test_a_folder_among_the_unfinished_files_stops_nothing(tmp_path):
    """A network drive's own, say."""
    Files(tmp_path)
    for name in ("@eaDir", "stale"):
        there = tmp_path / "unfinished" / name
        there.mkdir() if name == "@eaDir" else there.touch()
        os.utime(there, (0, 0))
    Files(tmp_path)
    assert [left.name for left in (tmp_path / "unfinished").iterdir()] == ["@eaDir"]
