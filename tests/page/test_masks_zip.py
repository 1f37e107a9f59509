"""The masks of all scans of the list at once: what is in the ZIP file, and how a reader gets it."""

from __future__ import annotations

import csv
import io
from zipfile import ZipFile

import numpy as np
import pytest

from bcweb.samples import SAMPLES
from tests.page.files import mask_of, png, speckle
from tests.page.reader import expect

LESION = SAMPLES[0].phantom()


class Unpacked:
    """masks: (H, W) bool by their place in the ZIP file. rows: those of its table by the scan's file."""

    def __init__(self, file: bytes):
        with ZipFile(io.BytesIO(file)) as packed:
            assert packed.testzip() is None, "the ZIP file is damaged"
            data = {name: packed.read(name) for name in packed.namelist()}
        table = data.pop("scans.csv").decode("utf-8-sig")
        self.masks = {name: mask_of(file) for name, file in data.items()}
        self.rows = {row["file"]: row for row in csv.DictReader(io.StringIO(table, newline=""))}


def saved(visitor, *ids: str) -> Unpacked:
    answer = visitor.post("/bc/masks", json={"ids": ids})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return Unpacked(answer.content)


def test_each_mask_is_that_of_the_operating_point_and_its_row_has_the_numbers_of_the_page(visitor):
    scan = visitor.opened(png(LESION.scan.pixels), "lesion.png")
    scan = visitor.truth(scan["id"], png(LESION.truth), "lesion_mask.png").json()
    alone = visitor.get(f"/bc/scans/{scan['id']}/mask.png")
    got = saved(visitor, scan["id"])
    assert list(got.masks) == ["lesion_mask.png"]
    assert np.array_equal(got.masks["lesion_mask.png"], mask_of(alone.content))
    row = got.rows["lesion.png"]
    assert (row["mask"], row["error"], row["revision"]) == (
        "lesion_mask.png", "", scan["revision"]
    )  # fmt: skip
    assert int(row["area_px"]) == got.masks["lesion_mask.png"].sum()
    assert int(row["lesions"]) == len(scan["lesions"])
    assert float(row["dice"]) == pytest.approx(scan["scores"]["dice"], abs=1e-4)
    assert (row["area_mm2"], row["hd95_mm"]) == ("", ""), "a PNG does not say how large a pixel is"


def test_no_mask_takes_anothers_place_or_leaves_the_folder(visitor):
    names = ["a/x.png", "a/x.jpg", "b/x.png", "x.png", "../x.png", "A/X.PNG", "=1.png"]
    ids = [
        visitor.opened(png(speckle(64, 64 + place)), name)["id"] for place, name in enumerate(names)
    ]
    got = saved(visitor, *ids)
    assert [row["mask"] for row in got.rows.values()] == [
        "a/x_mask.png", "a/x.jpg_mask.png", "b/x_mask.png", "x_mask.png", "x.png_mask.png",
        "A/X.PNG_mask.png", "'=1_mask.png",
    ]  # fmt: skip
    assert list(got.rows)[-1] == "'=1.png", "a spreadsheet would run it"
    assert [mask.shape[1] for mask in got.masks.values()] == [64 + n for n in range(len(names))]


def test_scans_of_a_folder_lie_in_it_as_there_and_what_cannot_be_read_is_a_row(visitor, tmp_path):
    (tmp_path / "ward" / "7").mkdir(parents=True)
    (tmp_path / "ward" / "one.png").write_bytes(png(LESION.scan.pixels))
    (tmp_path / "ward" / "one_mask.png").write_bytes(png(LESION.truth))
    (tmp_path / "ward" / "7" / "two.png").write_bytes(png(speckle(80, 64)))
    (tmp_path / "ward" / "7" / "torn.png").write_bytes(png(speckle(80, 64))[:900])
    scans = visitor.post("/bc/folder", json={"path": str(tmp_path / "ward")}).json()["scans"]
    assert {scan["state"] for scan in scans} == {"closed"}, "nobody has looked yet"
    got = saved(visitor, *(scan["id"] for scan in scans))
    assert sorted(got.masks) == ["7/two_mask.png", "one_mask.png"]
    assert set(got.rows) == {"one.png", "7/two.png", "7/torn.png"}, "not where they lie"
    assert float(got.rows["one.png"]["dice"]) > 0.9
    torn = got.rows["7/torn.png"]
    assert torn["mask"] == "" and torn["error"].endswith("."), torn


def test_only_ones_own_scans_are_in_it_and_of_none_there_is_none(visit):
    anna, berta = visit(), visit()
    mine, hers = (
        who.opened(png(speckle(64, 64, 3)), name)["id"]
        for who, name in ((anna, "a.png"), (berta, "b.png"))
    )
    assert list(saved(anna, mine, hers, "gone", mine).rows) == ["a.png"]
    assert anna.post("/bc/masks", json={"ids": [hers]}).status_code == 404
    assert anna.post("/bc/masks", json={"ids": "all"}).status_code == 400


@pytest.mark.browser
def test_a_reader_saves_all_masks_of_a_folder_that_nobody_has_looked_at(page, tmp_path):
    for place in range(3):
        (tmp_path / f"{place}.png").write_bytes(png(speckle(90, 120, place)))
    (tmp_path / "torn.png").write_bytes(png(speckle(80, 64))[:900])
    (tmp_path / "2_mask.png").write_bytes(png(np.zeros((90, 120), bool)))
    expect(page.find(".save-all")).to_be_hidden()
    page.find(".folder input").fill(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.rows()).to_have_count(5)
    with page.page.expect_download() as coming:
        page.find(".save-all").click()
    assert coming.value.suggested_filename == "masks.zip"
    got = Unpacked(coming.value.path().read_bytes())
    assert sorted(got.masks) == [
        "0_mask.png", "1_mask.png", "2_mask.png", "generated-ultrasound-lobed_mask.png"
    ]  # fmt: skip
    assert {row["mask"] for row in got.rows.values()} == {"", *got.masks}
    expect(page.find(".toast")).to_contain_text("masks.zip has each scan's mask")
    expect(page.find(".save-all")).to_have_text("Save all")
    expect(page.find(".row.failed .name")).to_have_text("torn.png")


@pytest.mark.browser
def test_saving_all_can_be_stopped_and_a_refusal_is_said(page, tmp_path):
    for place in range(3):
        (tmp_path / f"{place}.png").write_bytes(png(speckle(90, 120, place)))
    page.find(".folder input").fill(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("0.png")
    # The one after that which is looked at is opened too, and one is left.
    expect(page.find(".row .state").filter(has_text="lesion")).to_have_count(3)
    waiting = []
    page.page.route("**/bc/scans/*", lambda route: waiting.append(route))
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("Segmenting 1 of 1")
    place = page.find(".all").bounding_box()
    page.find(".save-all").filter(has_text="Stop").click()
    waiting.pop().continue_()
    expect(page.find(".save-all")).to_have_text("Save all")
    expect(page.find(".toast")).to_contain_text("Stopped: nothing was saved.")
    assert page.find(".all").bounding_box() == place, "a second press would meet another button"
    page.page.unroute("**/bc/scans/*")
    assert not any(url.endswith("/bc/masks") for url in page.asked), "it was stopped"
    refused = {"status": 500, "json": {"error": "No."}}
    page.page.route("**/bc/masks", lambda route: route.fulfill(**refused))
    page.find(".save-all").click()
    expect(page.find(".toast.error")).to_contain_text("No.")
    expect(page.find(".save-all")).to_have_text("Save all")
