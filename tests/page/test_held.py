"""One open scan: what is known of it at each step, and what is given back when memory is short."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from bcweb.cases import read_mask
from bcweb.cases.duplicates import fingerprint
from bcweb.page.held import FileState, Held
from bcweb.page.pairing import pair
from bcweb.page.segmenters import Segmenters
from bcweb.scans import Scan, ScanError, read_scan
from bcweb.weights import OperatingPoint
from tests import weights_folder
from tests.cases import trees
from tests.cases.test_truth import pages
from tests.page.files import mask_of, png, speckle


@pytest.fixture(scope="module")
def segmenters(tmp_path_factory) -> Segmenters:
    """Random weights for ultrasounds, none for mammograms."""
    folder = weights_folder.write(tmp_path_factory.mktemp("weights"))
    return Segmenters({"ultrasound": str(folder), "mammogram": "/no/such/weights"})


def scan(**changes) -> Scan:
    return Scan(speckle(80, 60), **({"modality": "ultrasound"} | changes))


def test_a_file_is_read_when_it_is_opened_and_only_then(segmenters):
    read = []
    held = Held("a/b.png", "file", lambda: read.append(1) or scan(), segmenters)
    assert held.info("x")["state"] == "closed" and not read
    held.open()
    held.open()
    told = held.info("x")
    assert (told["state"], told["segmented"], told["width"], told["height"]) == (
        "open",
        True,
        60,
        80,
    )
    assert read == [1]


def test_a_file_can_be_released_and_opened_again_with_the_same_answer(segmenters):
    held = Held("b.png", "file", scan, segmenters)
    held.open()
    before, used = held.info("x"), held.nbytes
    held.release()
    assert held.info("x")["state"] == "closed" and held.nbytes < used / 2
    held.open()
    assert held.info("x") == before


def test_a_truth_given_to_a_scan_that_made_room_for_others_or_taken_from_it_leaves_its_mask(
    segmenters,
):
    held = Held("b.png", "file", scan, segmenters)
    mask = png(np.pad(np.ones((20, 20), bool), ((30, 30), (20, 20))))
    for change in (lambda: held.set_truth("b_mask.png", mask, add=False), held.drop_truth):
        held.release()
        change()
        told = held.info("x")
        assert (told["state"], told["segmented"]) == ("open", True)
    closed = Held("c.png", "file", scan, segmenters)
    closed.drop_truth()
    assert closed.info("x")["state"] == "closed", "of what nobody has looked at nothing is read"


def test_the_part_of_a_film_that_the_network_looked_at_is_told(tmp_path):
    film = np.zeros((256, 256), np.uint8)
    film[64:192, 20:100] = 150
    film[100:140, 40:80] = 220

    def looked_at(crop: str | None) -> tuple[int, int, int, int] | None:
        weights = weights_folder.write(tmp_path / str(crop), modality="mammogram", crop=crop)
        segmenters = Segmenters({"ultrasound": "/no/such/weights", "mammogram": str(weights)})
        held = Held("f.png", "file", lambda: Scan(film, modality="mammogram"), segmenters)
        held.open()
        return held.info("x")["looked_at"]

    assert looked_at("breast") == pytest.approx((20, 64, 80, 128), abs=12)
    assert looked_at(None) is None, "all of it"


def test_an_upload_is_never_released(segmenters):
    held = Held("b.png", "upload", scan, segmenters)
    held.open()
    before = held.info("x")
    held.release()
    assert held.info("x") == before


def test_a_file_that_cannot_be_read_says_why_and_may_be_tried_again(segmenters):
    files = [ScanError("The file is empty."), scan()]

    def load():
        file = files.pop(0)
        if isinstance(file, ScanError):
            raise file
        return file

    held = Held("b.png", "file", load, segmenters)
    with pytest.raises(ScanError):
        held.open()
    assert (held.info("x")["state"], held.info("x")["problem"]) == ("error", "The file is empty.")
    held.open()
    assert (held.info("x")["state"], held.info("x")["problem"]) == ("open", None)


def test_a_scan_without_weights_for_its_modality_is_shown_and_says_so(segmenters):
    held = Held("m.png", "upload", lambda: scan(modality=None), segmenters, "mammogram")
    held.open()
    told = held.info("x")
    assert (told["state"], told["segmented"], told["modality_source"]) == ("open", False, "person")
    assert "There are no weights at /no/such/weights" in told["problem"]
    assert held.mask_png(0.5, gated=True) is None
    held.set_modality("ultrasound")
    told = held.info("x")
    assert (told["segmented"], told["problem"], told["modality_source"]) == (True, None, "person")


def test_a_picture_of_one_grey_is_shown_and_not_segmented(segmenters):
    blank = Scan(np.full((80, 60), 255, np.uint8), modality="ultrasound")
    held = Held("white.png", "upload", lambda: blank, segmenters)
    held.open()
    told = held.info("x")
    assert (told["state"], told["segmented"]) == ("open", False)
    assert told["problem"] == "Every pixel of it is the same: there is nothing to segment."


def test_the_modality_in_the_file_is_not_overridden(segmenters):
    held = Held("m.dcm", "upload", scan, segmenters, "mammogram")
    held.open()
    before = held.info("x")
    assert (before["modality"], before["modality_source"]) == ("ultrasound", "file")
    with pytest.raises(ScanError, match="Its file says that this is an ultrasound, not"):
        held.set_modality("mammogram")
    assert held.info("x") == before
    held.set_modality("ultrasound")


def test_a_file_that_was_not_opened_yet_has_the_truth_beside_it(segmenters):
    held = Held("a.png", "file", scan, segmenters, None, lambda scan: [])
    assert held.info("x")["has_truth"]
    held.open()
    assert not held.info("x")["has_truth"], "the files beside it held none"


def test_truth_beside_a_file_is_read_with_it_and_a_bad_one_is_a_note(segmenters):
    truth = np.zeros((80, 60), bool)
    truth[10:30, 10:30] = True
    held = Held("a.png", "file", scan, segmenters, None, lambda scan: [("a_mask.png", truth)])
    held.open()
    told = held.info("x")
    assert told["truth_names"] == ["a_mask.png"] and told["scores"] is not None

    def refuse(scan):
        raise ScanError("a_mask.png: The file is empty.")

    held.drop_truth()
    held.release()
    held.open()
    assert not held.info("x")["has_truth"], "it was taken away"

    held = Held("a.png", "file", scan, segmenters, None, refuse)
    held.open()
    assert not held.info("x")["has_truth"]
    assert "a_mask.png: The file is empty." in held.info("x")["notes"]


def test_of_a_mask_of_several_pages_that_was_opened_as_a_scan_all_count_but_of_a_clips(segmenters):
    one, other = trees.box(2, 2, 9, 9), trees.box(20, 30, 40, 50)

    def opened(kind: str, *pictures: np.ndarray) -> Held:
        data = pages(*pictures)
        held = Held(
            "a", kind, lambda: read_scan(data), segmenters, "ultrasound",
            load_mask=lambda: read_mask(data),
        )  # fmt: skip
        held.open()
        return held

    masks = [opened("upload", one, other), opened("file", one, other)]
    scan, clip = opened("upload", trees.picture(0)), opened("upload", *map(trees.picture, (0, 1)))
    masks[1].release()
    for mask in masks:
        for picture, truth in ((scan, one | other), (clip, one)):
            picture.take_truth(mask)
            assert np.array_equal(picture.truth().array(), truth)
    for picture, truth in ((scan, one | other), (clip, one)):
        picture.set_truth("a_mask.tif", pages(one, other), add=False)
        assert np.array_equal(picture.truth().array(), truth)
    assert not opened("upload", one, trees.picture(1)).black_and_white, "one of its pages is none"


def test_a_part_of_the_same_name_takes_its_place(segmenters):
    upper, wrong, lower = trees.box(2, 2, 9, 9), trees.box(2, 2, 79, 59), trees.box(20, 30, 40, 50)
    held = Held("a.png", "upload", lambda: Scan(trees.picture(0)), segmenters, "ultrasound")
    held.open()

    def given(*parts: tuple[str, np.ndarray]) -> np.ndarray:
        for place, (name, mask) in enumerate(parts):
            held.set_truth(name, png(mask), add=place > 0)
        return held.truth().array()

    parts = [("p/a_mask.png", upper), ("p/a_mask_1.png", wrong), ("a_mask_1.png", lower)]
    assert np.array_equal(given(*parts), upper | lower)
    assert held.info("x")["truth_names"] == ["a_mask.png", "a_mask_1.png"]
    apart = given(("p/a_mask.png", upper), ("q/a_mask.png", lower))
    assert np.array_equal(apart, upper | lower), "of two folders they are two"


def test_a_truth_that_comes_again_takes_the_place_of_the_part_that_it_was_or_of_all(segmenters):
    upper, lower, other = (
        trees.box(2, 2, 9, 9),
        trees.box(20, 30, 40, 50),
        trees.box(50, 40, 70, 55),
    )
    held = Held("a.png", "upload", lambda: Scan(trees.picture(0)), segmenters, "ultrasound")
    held.open()

    def given_again(path: str) -> np.ndarray:
        held.set_truth("r1/a_mask.png", png(upper), add=False)
        held.set_truth("r1/a_mask_1.png", png(lower), add=True)
        held.set_truth(path, png(other), add=False, again=True)
        return held.truth().array()

    assert np.array_equal(given_again("r1/a_mask.png"), other | lower)
    assert np.array_equal(given_again("a_mask.png"), other | lower), "without a folder it may be"
    assert np.array_equal(given_again("r2/a_mask.png"), other), "another reader's is another truth"
    assert np.array_equal(given_again("r1/a_gt.png"), other), "nor is one of another name"


@pytest.mark.parametrize("written", ["a.png", "a_mask.png"])
def test_what_is_known_of_a_scan_is_not_mixed_with_a_file_that_was_written_since(
    segmenters, tmp_path, written
):
    file, mask = tmp_path / "a.png", tmp_path / "a_mask.png"

    def listed() -> Held:
        file.write_bytes(png(trees.picture(0)))
        mask.write_bytes(png(trees.box(2, 2, 40, 40)))
        return Held(
            str(file), "file", lambda: read_scan(file), segmenters, "ultrasound",
            lambda scan: [(mask.name, read_mask(mask, scan))], map(FileState.of, (file, mask)),
        )  # fmt: skip

    def write() -> None:
        other = trees.picture(0, 90, 70) if written == "a.png" else trees.box(2, 2, 9, 9)
        (tmp_path / written).write_bytes(png(other))

    held = listed()
    held.open()
    held.release()
    write()
    said = f"{written} has changed since the folder was listed: list it again."
    with pytest.raises(ScanError, match=f"^{said}$"):
        held.open()
    assert (held.info("x")["state"], held.info("x")["problem"]) == ("error", said)

    held = listed()
    if written == "a_mask.png":
        held.open()
        held.release()
        held.set_truth("a_mask.png", png(trees.box(5, 5, 20, 20)), add=False)
        held.release()
        write()  # it is the truth no more
        held.open()
        assert held.truth().array().any(), "the truth that was given is gone"
    else:
        before = held.thumbnail()
        file.write_bytes(png(trees.picture(5)))
        held.open()
        assert held.thumbnail() != before, "the picture of a file of before"

    held = listed()
    if written == "a_mask.png":
        write()  # nobody has read it yet
    held.open()
    held.release()
    held.open()
    assert held.info("x")["state"] == "open"


def test_lengths_are_in_mm_where_the_spacing_is_known(segmenters):
    truth = np.zeros((80, 60), bool)
    truth[10:30, 10:30] = True
    held = Held("a.dcm", "upload", lambda: scan(spacing=(0.5, 0.5)), segmenters)
    held.open()
    held.set_truth("t.png", png(truth), add=False)
    scores = held.info("x")["scores"]
    assert scores["hd95_mm"] == pytest.approx(scores["hd95_px"] / 2)
    for lesion in held.info("x")["lesions"]:
        assert lesion["area_mm2"] == pytest.approx(lesion["area_px"] / 4)


def test_no_part_below_the_smallest_lesion_is_in_the_mask_at_any_threshold(tmp_path):
    point = OperatingPoint(mask_threshold=0.5, presence_gate=0.0, min_lesion_fraction=0.01)
    folder = weights_folder.write(tmp_path, operating_point=point)
    held = Held("n.png", "upload", scan, Segmenters({"ultrasound": str(folder)}))
    held.open()
    smallest = held.info("x")["min_lesion_px"]
    assert smallest == 48, "a hundredth of 80 x 60"
    for threshold, level in ((None, 128), (0.2, 51), (0.6, 153)):
        above = held.probability().array() >= level
        parts, _ = ndimage.label(above, np.ones((3, 3), bool))  # what touches at a corner is one
        kept = above & (np.bincount(parts.ravel())[parts] >= smallest)
        assert 0 < kept.sum() < above.sum(), f"nothing shows at {level} what is dropped"
        assert np.array_equal(mask_of(held.mask_png(threshold, gated=True)), kept)


def test_what_the_gate_holds_back_is_saved_empty_unless_the_reader_asked_to_see_it(tmp_path):
    point = OperatingPoint(mask_threshold=0.5, presence_gate=1.0, min_lesion_fraction=0)
    folder = weights_folder.write(tmp_path, operating_point=point)
    held = Held("n.png", "upload", scan, Segmenters({"ultrasound": str(folder)}))
    held.open()
    assert held.info("x")["presence"] < held.info("x")["gate"] == 1.0
    probability = held.probability().array()
    assert not mask_of(held.mask_png(None, gated=True)).any()
    assert not mask_of(held.mask_png(0.5, gated=True)).any()
    assert np.array_equal(mask_of(held.mask_png(0.5, gated=False)), probability >= 128)
    assert np.array_equal(mask_of(held.mask_png(0.2, gated=True)), probability >= 51)
    assert held.info("x")["lesions"] == []
    names = [held.mask_name(*asked) for asked in ((0.5, True), (0.5, False), (0.085, True))]
    assert names == ["n_mask.png", "n_mask_no-gate.png", "n_mask_t0.085_no-gate.png"]
    pairs = pair(["n.png", *names])
    assert [told.scan for told in pairs] == [None, 0, None, None], "only the first may be a truth"


def test_a_picture_that_was_trained_on_is_seen_on_its_machines_screen_too(tmp_path):
    picture = speckle(80, 60)
    screen = np.full((200, 160), 255, np.uint8)
    screen[40:120, 30:90] = picture
    folder = weights_folder.write(tmp_path)
    (folder / "seen.csv").write_text(
        f"dataset,id,group,digest,fingerprint\nelsewhere,1,1,d,{fingerprint(picture)}\n"
    )
    for place, seen in (((40, 120, 30, 90), True), (None, False)):
        shown = Scan(screen, modality="ultrasound", picture=place)
        held = Held(
            "a.dcm", "file", lambda shown=shown: shown, Segmenters({"ultrasound": str(folder)})
        )
        held.open()
        assert held.info("x")["seen"] == seen
