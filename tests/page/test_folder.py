"""Folders of this machine's disk that are listed: those that cannot be read, and those that are links."""

from __future__ import annotations

import os
import sys
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from bcweb.page import folder as folders
from tests.cases import trees
from tests.page.files import png, speckle

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths and links are POSIX's here")


def test_a_folder_that_cannot_be_read_is_a_row_that_says_why(visitor, tmp_path):
    (tmp_path / "z.png").write_bytes(png(speckle(64, 64)))
    place = trees.unreadable(tmp_path)
    listed = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert [scan["path"] for scan in listed] == [str(tmp_path / "z.png"), str(place)]
    assert visitor.get(f"/bc/scans/{listed[0]['id']}").status_code == 200
    answer = visitor.get(f"/bc/scans/{listed[1]['id']}")
    assert answer.status_code == 400
    assert answer.json()["error"] == f"{place.name} cannot be opened: File name too long."


def test_a_folder_of_a_user_who_is_not_there_is_none(visitor):
    answer = visitor.post("/bc/folder", json={"path": "~nobody-of-this-name/x"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "~nobody-of-this-name/x is not a folder on this machine."


def test_a_name_that_is_no_text_is_told_as_text_and_the_others_are_not_lost(visitor, tmp_path):
    odd, moved = (trees.no_text(tmp_path / name) for name in ("Müller.png", "Möller.png"))
    for file in (odd, moved, tmp_path / "z.png"):
        file.write_bytes(png(speckle(64, 64)))
    (tmp_path / "Ünder").mkdir()
    for mask in (tmp_path / "Müller_mask.png", tmp_path / "Ünder" / "ä_mask.png"):
        trees.no_text(mask).write_bytes(png(speckle(64, 64) > 60))
    answer = visitor.post("/bc/folder", json={"path": str(tmp_path)})
    assert answer.status_code == 201, answer.text
    listed = {scan["name"]: scan for scan in answer.json()["scans"]}
    assert set(listed) == {r"M\udcfcller.png", r"M\udcf6ller.png", "z.png"}
    assert answer.json()["alone"] == [r"Ünder/\udce4_mask.png"]
    id = listed[r"M\udcfcller.png"]["id"]
    assert listed[r"M\udcfcller.png"]["path"] == str(tmp_path / r"M\udcfcller.png")
    told = visitor.get(f"/bc/scans/{id}").json()
    assert told["truth_names"] == [r"M\udcfcller_mask.png"] and told["segmented"]
    mask = visitor.get(f"/bc/scans/{id}/mask.png")
    named = mask.headers["content-disposition"].partition("UTF-8''")[2]
    assert unquote(named) == r"M\udcfcller_mask.png" and mask.content.startswith(b"\x89PNG")
    moved.unlink()
    answer = visitor.get("/bc/scans/" + listed[r"M\udcf6ller.png"]["id"])
    assert answer.status_code == 400
    assert answer.json()["error"] == r"M\udcf6ller.png cannot be opened: No such file or directory."
    for known in (visitor.get("/bc/session").json()["scans"], visitor.get("/bc/scans").json()):
        assert {scan["name"] for scan in known} == set(listed)
    again = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert id in {scan["id"] for scan in again}, "the scan that it was"


def test_every_kind_of_picture_is_listed(visitor, tmp_path):
    for kind in ("png", "jpg", "bmp", "tif", "pgm", "webp", "gif"):
        Image.fromarray(speckle(64, 64)).save(tmp_path / f"of-{kind}.{kind}")
    listed = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert {scan["name"] for scan in listed} == {file.name for file in tmp_path.iterdir()}


def test_a_pipe_is_no_scan_and_nobody_waits_for_it(visitor, tmp_path):
    (tmp_path / "a.png").write_bytes(png(speckle(64, 64)))
    for name in ("b.png", "without-suffix"):
        os.mkfifo(tmp_path / name)
    listed = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert [scan["name"] for scan in listed] == ["a.png"]


def test_where_no_folder_can_be_read_none_is_said_to_be_empty(visitor, tmp_path):
    place = trees.unreadable(tmp_path)
    answer = visitor.post("/bc/folder", json={"path": str(tmp_path)})
    assert answer.status_code == 400
    assert answer.json()["error"] == f"{place} cannot be read: File name too long."


def test_a_black_and_white_picture_is_the_truth_of_the_one_of_its_name_beside_it(visitor, tmp_path):
    mask = np.zeros((80, 64), bool)
    mask[20:40, 20:50] = True
    for name, pixels in (
        ("a.jpg", speckle(80, 64)),
        ("a.png", mask),
        ("b.jpg", speckle(80, 64, 1)),
        ("b.png", speckle(80, 64, 2)),
        ("c.png", mask),
        ("elsewhere/c.jpg", speckle(80, 64, 3)),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(png(pixels))
    listed = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    has_truth = {scan["name"]: scan["has_truth"] for scan in listed}
    assert has_truth.pop("a.jpg") and "a.png" not in has_truth
    assert set(has_truth) == {"b.jpg", "b.png", "c.png", "c.jpg"} and not any(has_truth.values())
    (opened,) = (scan["id"] for scan in listed if scan["name"] == "c.png")
    assert visitor.get(f"/bc/scans/{opened}").json()["black_and_white"]
    ids = [scan["id"] for scan in listed]
    assert visitor.post("/bc/truths", json={"ids": ids}).json() == [], (
        "opened it is no more than that"
    )
    (tmp_path / "a.png").write_bytes(png(speckle(80, 64, 4)))  # it is no mask any more
    listed = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert len(listed) == 6 and not any(scan["has_truth"] for scan in listed)


def test_a_folder_holds_so_many_scans_whatever_masks_lie_beside_them(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST", 3)
    for place in range(3):
        for name in (f"{place}.png", f"{place}_mask.png", f"{place}_mask_1.png"):
            (tmp_path / name).touch()
    scans, *_ = folders.list_folder(str(tmp_path))
    assert [len(scan.truths) for scan in scans] == [2, 2, 2]
    for name in ("2_mask_1.png", "2_mask.png"):
        (tmp_path / name).unlink()
    (tmp_path / "3.png").touch()
    # Without a look at any, and of a disk not all is gone through.
    monkeypatch.setattr(folders, "_look", lambda _: pytest.fail("a picture was looked at"))
    (tmp_path / "3.jpg").touch()
    for many in ("3 scans", "9 scans and masks"):
        with pytest.raises(folders.FolderError, match=f"holds more than {many}: name one of"):
            folders.list_folder(str(tmp_path))
        (tmp_path / "0_mask_2.png").touch()


def test_linked_folders_are_listed_and_never_twice(visitor, tmp_path):
    archive, elsewhere = tmp_path / "archive", tmp_path / "elsewhere"
    for folder in (archive, elsewhere):
        folder.mkdir()
        (folder / f"{folder.name}.png").write_bytes(png(speckle(64, 64)))
    for link in ("p1", "p2"):
        (archive / link).symlink_to(elsewhere)
    (elsewhere / "round").symlink_to(archive)
    (archive / "p3").symlink_to(tmp_path / "a drive that is not there")
    listed = visitor.post("/bc/folder", json={"path": str(archive)}).json()["scans"]
    assert [scan["name"] for scan in listed] == ["archive.png", "elsewhere.png", "p3"]
    answer = visitor.get(f"/bc/scans/{listed[-1]['id']}")
    assert answer.json()["error"] == "p3 cannot be opened: No such file or directory."
