"""Two cases of one picture are twins, and their truths are compared."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from bcweb.phantoms import phantom
from bcweb.review.importing import PREDICTING, prepare
from bcweb.scores import read_scores
from bcweb.weights import EMBEDDED
from tests.cases import trees
from tests.review.imported import pictures, rows, run
from tests.review.small import ME
from tests.scans.made import on_screen, written


def test_two_cases_of_one_picture_are_twins_with_the_dice_of_their_truths(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 3)
    first = trees.picture(0, 240, 320)
    trees.save(place / "images" / "scan 00.png", first)
    half = np.asarray(Image.fromarray(first).resize((160, 120)))
    trees.save(place / "images" / "scan 02.png", half)
    mask = np.zeros((240, 320), np.uint8)
    mask[40:120, 40:140] = 255  # 80 x 100
    trees.save(place / "masks" / "scan 00.png", mask)
    mask = np.zeros((120, 160), np.uint8)
    mask[20:60, 45:95] = 255  # on the other's grid 40:120, 90:190: 80 x 50 of 80 x 100 are shared
    trees.save(place / "masks" / "scan 02.png", mask)
    run(store, "P", f"folder:{place}", weights=str(weights))
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 00"].twin == by["scan 02"].id and by["scan 02"].twin == by["scan 00"].id
    assert by["scan 00"].twin_dice == pytest.approx(0.5, abs=0.01)
    assert by["scan 01"].twin is None


def test_a_scan_that_was_mended_is_compared_with_the_others_too(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 2)
    first, second = (place / "images" / f"scan 0{i}.png" for i in range(2))
    whole = trees.save(second, trees.picture(0, 240, 320)).read_bytes()
    Image.open(second).resize((160, 120)).save(first)
    (place / "masks" / "scan 01.png").unlink()
    second.write_bytes(whole[:9000])
    run(store, "P", f"folder:{place}", weights=str(weights))
    assert [row.problem is None for row in rows(store, "P")] == [True, False]
    second.write_bytes(whole)
    run(store, "P")
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 01"].problem is None
    assert by["scan 00"].twin == by["scan 01"].id, "they show one picture"


def test_a_scan_that_is_gone_by_then_has_no_twin_and_takes_none_from_the_others(
    store, weights, tmp_path
):
    place = pictures(tmp_path / "set", 4)
    for number in (0, 1, 3):
        trees.save(place / "images" / f"scan 0{number}.png", trees.picture(7, 240 + number, 320))

    def told(now):
        if (now.phase, now.done) == (PREDICTING, 4):
            (place / "images" / "scan 01.png").unlink()

    made = prepare(store, ME, "P", [f"folder:{place}"], str(weights), workers=1, told=told)
    assert made.run().problem is None
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 00"].twin == by["scan 03"].id
    assert by["scan 01"].twin is None and by["scan 02"].twin is None


def test_truths_of_a_picture_and_a_part_of_it_are_compared_where_both_show(
    store, weights, tmp_path
):
    place = pictures(tmp_path / "set", 3)
    whole = trees.picture(0, 240, 320)
    trees.save(place / "images" / "scan 00.png", whole)
    trees.save(place / "images" / "scan 02.png", whole[:, 64:])  # a fifth is cut off
    mask = np.zeros((240, 320), np.uint8)
    mask[80:160, 100:200] = mask[:40, :50] = 255
    trees.save(place / "masks" / "scan 00.png", mask)
    trees.save(place / "masks" / "scan 02.png", mask[:, 64:])
    run(store, "P", f"folder:{place}", weights=str(weights))
    by = {row.case: row for row in rows(store, "P")}
    assert by["scan 00"].twin == by["scan 02"].id
    assert by["scan 00"].twin_dice > 0.97, "the truth is the same, and so is what both show of it"


def test_a_picture_on_its_machines_screen_is_the_twin_of_the_one_that_was_cut_out_of_it(
    store, weights, tmp_path
):
    """And no twin of a stranger on that machine's screen; truths are compared where the picture lies."""
    mine, other = (phantom("ultrasound", seed, size=(384, 512)) for seed in (1, 3))
    for name, each in (("screen", mine), ("stranger", other)):
        file = tmp_path / "set" / "images" / f"{name}.dcm"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written(on_screen(each.scan.pixels)))
    trees.save(tmp_path / "set" / "images" / "cut out.png", mine.scan.pixels)
    drawn = np.uint8(255) * mine.truth
    trees.save(tmp_path / "set" / "masks" / "cut out.png", drawn)
    trees.save(tmp_path / "set" / "masks" / "screen.png", np.pad(drawn, ((192, 192), (256, 256))))
    run(store, "P", f"folder:{tmp_path / 'set'}?modality=ultrasound", weights=str(weights))
    by = {row.case: row for row in rows(store, "P")}
    assert by["screen"].twin == by["cut out"].id and by["screen"].twin_dice > 0.97
    assert by["stranger"].twin is None
    known_by = {name: store.case(ME, row.id).fingerprint for name, row in by.items()}
    assert known_by["screen"] == known_by["cut out"] != known_by["stranger"]


@pytest.mark.data
def test_real_pairs_of_one_picture_with_truths_that_contradict_each_other(store, data, tmp_path):
    """The embedded weights have seen all of BUSI, and carry scores of it by networks that had not."""
    pairs = {
        ("benign (201)", "benign (302)"): 0.00, ("benign (233)", "benign (299)"): 0.26,
        ("malignant (80)", "malignant (81)"): 0.25, ("benign (211)", "benign (254)"): 0.46,
        ("benign (236)", "benign (247)"): 0.00, ("malignant (106)", "malignant (107)"): 0.10,
    }  # fmt: skip
    busi = tmp_path / "busi"
    for label in ("benign", "malignant", "normal"):
        (busi / label).mkdir(parents=True)
    shutil.copy(data / "busi" / "groups.csv", busi)
    for name in [name for pair in pairs for name in pair] + ["normal (101)"]:
        label = name.split()[0]
        for file in (data / "busi" / label).glob(f"{name}*"):
            shutil.copy(file, busi / label)
    made = run(store, "P", f"busi:{busi}", weights="embedded", workers=1)
    assert made.error is None and made.failures == 0
    by = {row.case: row for row in rows(store, "P")}
    for (a, b), overlap in pairs.items():
        assert by[a].twin == by[b].id and by[b].twin == by[a].id, f"{a} and {b} are one picture"
        assert by[a].twin_dice == pytest.approx(overlap, abs=0.01)
    carried = {s.id: s.dice for s in read_scores(EMBEDDED / "ultrasound" / "scores.csv")}
    for row in by.values():
        assert row.how == "seen" and row.dice == pytest.approx(carried[row.case], abs=1e-4)
    suspect = [row.case for row in store.queue(ME, store.project(ME, "P").id, "suspect")]
    assert suspect[-1] == "normal (101)", "nothing is painted, and nothing is there"
