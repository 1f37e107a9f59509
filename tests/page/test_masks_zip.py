"""The masks of all scans of the list at once: what is in the ZIP file, and how a reader gets it."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from zipfile import ZipFile

import numpy as np
import pytest

from bcweb.page import masks_zip
from bcweb.page.held import Held
from bcweb.page.masks_zip import MasksZip
from bcweb.page.segmenters import Segmenters
from bcweb.scans import Scan
from tests import weights_folder
from tests.page.drawn import LESION
from tests.page.files import mask_of, png, speckle
from tests.page.reader import REMOVE_ALL, expect
from tests.scans.made import dicom, written


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
    got = Unpacked(answer.content)
    assert answer.headers.get("x-masks") == str(len(got.masks)), "the page tells how many there are"
    return got


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
    names[-1:-1] = [
        "P1 /x.png",
        "P1./x.png",
        "P1_/x.png",
        "Mu\u0308.png",
        "M\u00fc.png",
        "Aux/x.png",
    ]
    ids = [
        visitor.opened(png(speckle(64, 64 + place)), name)["id"] for place, name in enumerate(names)
    ]
    got = saved(visitor, *ids)
    assert [row["mask"] for row in got.rows.values()] == [
        "a/x_mask.png", "a/x.jpg_mask.png", "b/x_mask.png", "x_mask.png", "x.png_mask.png",
        "A/X.PNG_mask.png",
        "P1_/x_mask.png", "P1_/x.png_mask.png", "P1_/x-2_mask.png", "Mu\u0308_mask.png", "M\u00fc.png_mask.png",
        "_Aux/x_mask.png", "_=1_mask.png",
    ]  # fmt: skip
    assert list(got.rows)[-1] == "'=1.png", "a spreadsheet would run it"
    assert {row["mask"] for row in got.rows.values()} == set(got.masks), "a table by another name"
    assert [mask.shape[1] for mask in got.masks.values()] == [64 + n for n in range(len(names))]


def test_any_system_can_write_the_masks(visitor):
    names = ["y" * 246 + ".png", "Ü" * 130 + "1.png", "Ü" * 130 + "1.jpg", 'a:b?*"<>|.png']
    ids = [visitor.opened(png(speckle(64, 64)), name)["id"] for name in names]
    masks = list(saved(visitor, *ids).masks)
    assert len(masks) == len(names)
    assert all(len(name.encode()) <= 255 and name.endswith("_mask.png") for name in masks), masks
    assert masks[-1] == f"a_b{'_' * 6}_mask.png"


def test_a_row_says_by_whom_the_modality_is_and_what_makes_its_mask_doubtful(visitor):
    said = visitor.opened(png(speckle(64, 64)), "said.png", **{"X-Modality": "mammogram"})
    subtracted = dicom(speckle(90, 80), Modality="MG", ImageType=r"DERIVED\PRIMARY\\SUBTRACTION")
    odd = visitor.opened(written(subtracted), "odd.dcm")
    got = saved(visitor, said["id"], odd["id"])
    row = got.rows["said.png"]
    assert (row["modality"], row["modality_source"]) == ("mammogram", "person")
    assert (row["gate"], row["threshold"]) == (
        "" if said["gate"] is None else str(said["gate"]), str(said["threshold"])
    )  # fmt: skip
    assert got.rows["odd.dcm"]["modality_source"] == "file"
    assert "subtracted contrast view" in got.rows["odd.dcm"]["cautions"]


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


def test_a_scan_that_is_released_meanwhile_has_its_row_all_the_same(tmp_path, monkeypatch):
    segmenters = Segmenters({"ultrasound": str(weights_folder.write(tmp_path))})
    scan = Scan(speckle(80, 60), modality="ultrasound")
    held = Held("a.png", "file", lambda: scan, segmenters)
    draw = Held.mask_png

    def draw_and_release(self: Held, *asked, **named) -> bytes | None:
        drawn = draw(self, *asked, **named)
        with ThreadPoolExecutor(1) as another:  # visitor's, who needs the room
            another.submit(self.release).result()
        return drawn

    monkeypatch.setattr(Held, "mask_png", draw_and_release)
    made = MasksZip([held])
    made.add(held)
    row = Unpacked(made.done()).rows["a.png"]
    assert row["mask"] == "a_mask.png" and row["revision"] and row["lesions"], row


def test_of_many_scans_of_one_name_none_goes_through_the_names_of_all_before(tmp_path, monkeypatch):
    tried, writable = [], masks_zip._writable
    monkeypatch.setattr(masks_zip, "_writable", lambda file: tried.append(file) or writable(file))
    segmenters = Segmenters({"ultrasound": str(weights_folder.write(tmp_path))})
    scan = Scan(speckle(80, 60), modality="ultrasound")
    held = [Held("a.png", "upload", lambda: scan, segmenters) for _ in range(9)]
    made = MasksZip(held)
    for one in held:
        made.add(one)
    with ZipFile(io.BytesIO(made.done())) as packed:
        names = packed.namelist()
    assert names[:-1] == ["a_mask.png", "a.png_mask.png", *(f"a-{n}_mask.png" for n in range(2, 9))]
    assert len(tried) == 9


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
    told = page.find(".toast")
    expect(told).to_contain_text("masks.zip has the masks of 4 scans")
    expect(told).to_contain_text("without 1 that could not be segmented.")
    expect(page.find(".save-all")).to_have_text("Save all")
    expect(page.find(".row.failed .name")).to_have_text("torn.png")


def held_back(page) -> list:
    """Scans that are asked for from now on get no answer, until the test gives one to these routes."""
    waiting = []

    def hold(route):
        if route.request.method == "GET":
            waiting.append(route)
        else:
            route.fallback()

    page.page.route("**/bc/scans/*", hold)
    return waiting


@pytest.fixture
def listed(page, tmp_path):
    """The page with a sample and three scans of a folder, the last of which nobody has looked at."""
    for place in range(3):
        (tmp_path / f"{place}.png").write_bytes(png(speckle(90, 120, place)))
    page.find(".folder input").fill(str(tmp_path))
    page.page.keyboard.press("Enter")
    expect(page.title()).to_have_text("0.png")
    # The one after that which is looked at is opened too, and one is left.
    expect(page.find(".row .state").filter(has_text="lesion")).to_have_count(3)
    return page


@pytest.mark.browser
def test_saving_all_can_be_stopped_and_no_button_moves_meanwhile(listed):
    page, waiting = listed, held_back(listed)
    asked = page.listen()
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("Segmenting 1 of 1")
    buttons = page.find(".save-all, .all")
    places = [button.bounding_box() for button in buttons.all()]
    page.find(".save-all").filter(has_text="Stop").click()
    waiting.pop().fulfill(status=400, json={"error": "It is torn."})
    expect(page.find(".toast")).to_contain_text("Stopped: nothing was saved.")
    expect(page.find(".failures")).to_have_text("1 failed")
    expect(page.find(".save-all")).to_have_text("Save all")
    for button, place in zip(buttons.all(), places, strict=True):
        now = button.bounding_box()
        assert (now["x"], now["width"]) == (place["x"], place["width"]), (
            "a second press would meet another button"
        )
    page.page.unroute("**/bc/scans/*")
    assert not any(url.endswith("/bc/masks") for url in asked), "it was stopped"


@pytest.mark.browser
def test_two_quick_clicks_save_all(listed):
    page, waiting = listed, held_back(listed)
    page.find(".save-all").dblclick()
    expect(page.find(".toast")).to_contain_text("Segmenting 1 of 1")
    waiting.pop().continue_()
    expect(page.find(".toast")).to_contain_text("masks.zip has the masks of 4 scans")
    page.page.unroute("**/bc/scans/*")


@pytest.mark.browser
def test_while_the_masks_are_packed_they_are_not_waited_for_any_more_once_stopped(listed):
    page, waiting = listed, []
    page.page.route("**/bc/masks", lambda route: waiting.append(route))
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("Packing the masks")
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("Stopped: nothing was saved.")
    page.page.unroute("**/bc/masks")
    refused = {"status": 500, "json": {"error": "No."}}
    page.page.route("**/bc/masks", lambda route: route.fulfill(**refused))
    page.find(".save-all").click()
    expect(page.find(".toast.error")).to_contain_text("No.")


@pytest.mark.browser
def test_a_server_that_is_away_makes_no_scan_a_failed_one(listed):
    page = listed
    page.page.context.set_offline(True)
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("The server does not answer.")
    expect(page.find(".save-all")).to_have_text("Save all")
    page.page.keyboard.press("j")
    page.page.keyboard.press("j")
    expect(page.find(".row.current .name")).to_have_text("2.png")
    page.page.context.set_offline(False)
    expect(page.find(".failures")).to_have_text("")
    with page.page.expect_download() as coming:
        page.find(".save-all").click()
    assert len(Unpacked(coming.value.path().read_bytes()).masks) == 4
    page.ready()  # what was chosen meanwhile is shown


@pytest.mark.browser
def test_what_leaves_the_list_meanwhile_is_not_asked_for(listed):
    page, waiting = listed, held_back(listed)
    asked = page.listen()
    page.find(".save-all").click()
    expect(page.find(".toast")).to_contain_text("Segmenting 1 of 1")
    page.find(".all").click()
    waiting.pop().continue_()
    expect(page.find(".toast")).to_contain_text("No scan is on the list any more")
    page.page.unroute("**/bc/scans/*")
    assert not any(url.endswith("/bc/masks") for url in asked), "there is nothing to pack"


@pytest.mark.browser
def test_uploads_that_failed_are_told_to_be_missing(page):
    page.give(("good.png", png(speckle(90, 120))), ("text.png", b"no picture\n" * 9))
    expect(page.find(".failures")).to_have_text("1 failed")
    expect(page.find(".row .state").filter(has_text="lesion")).to_have_count(2)
    with page.page.expect_download() as coming:
        page.find(".save-all").click()
    assert len(Unpacked(coming.value.path().read_bytes()).rows) == 2
    told = page.find(".toast")
    expect(told).to_contain_text("the masks of 2 scans")
    expect(told).to_contain_text("without 1 that could not be opened.")


@pytest.mark.browser
def test_scans_that_are_not_on_the_server_any_more_are_told_to_be_gone_and_lone_masks_are_none(
    page,
):
    page.page.evaluate(REMOVE_ALL)  # as time does
    page.give(("good.png", png(speckle(90, 120))), ("lost_mask.png", png(np.eye(90, dtype=bool))))
    expect(page.find(".row .state").filter(has_text="lesion")).to_have_count(2)
    expect(page.find(".failures")).to_have_text("1 failed")
    with page.page.expect_download():
        page.find(".save-all").click()
    told = page.find(".toast")
    expect(told).to_contain_text("the masks of 1 scan at the operating point")
    expect(told).to_contain_text(", without 1 that is not on the server any more.")
