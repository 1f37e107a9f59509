"""Ten cases from the import to the export, in Chromium, with a server that is killed in the middle of a save."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.review.store import Store
from tests.page.files import mask_of
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import ids, scans
from tests.page.running import App

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

DECISIONS = (
    "corrected", "accept", "truth", "reject", "corrected", "unsure", "corrected", "truth", "accept",
    "corrected",
)  # fmt: skip
KEYS = {"accept": "1", "truth": "2", "corrected": "3", "reject": "4", "unsure": "5"}
KILLED = 4  # the decision during which the server dies


def real(data: Path, folder: Path) -> str:
    """Ten scans of BUSI with their masks, in its layout."""
    for kind, number in (("benign", 4), ("malignant", 4), ("normal", 2)):
        (folder / kind).mkdir(parents=True)
        names = {f"{kind} ({n})" for n in range(20, 20 + number)}
        for file in (data / "busi" / kind).iterdir():
            if file.stem.partition("_mask")[0] in names:
                (folder / kind / file.name).symlink_to(file)
    return f"busi:{folder}"


def generated(folder: Path) -> str:
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number, scan in enumerate(scans(10)):
        Image.fromarray(scan.scan.pixels).save(folder / "images" / f"{number}.png")
        Image.fromarray(scan.truth).save(folder / "masks" / f"{number}.png")
    return f"folder:{folder}?modality=ultrasound"


@pytest.fixture
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A data set of ten: real scans where there are any."""
    try:
        return real(request.getfixturevalue("data"), tmp_path / "data")
    except pytest.skip.Exception:
        return generated(tmp_path / "data")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App({"BCWEB_HOME": str(tmp_path / "home")})
    yield made.start()
    made.stop()


def draw(page: ReviewPage, number: int, shape: tuple[int, int]) -> np.ndarray:
    """Take the pen, paint here and take away there; the mask as it is then."""
    page.press("e")
    page.stroke((0.2, 0.2 + number / 20), (0.5, 0.3 + number / 20), (0.6, 0.3))
    page.press("e")  # the eraser
    page.stroke((0.5, 0.1), (0.5, 0.8))
    page.press("b")
    page.stroke((0.8, 0.5), (0.85, 0.6 - number / 30))
    drawn = page.edited(shape)
    page.press("Shift+E")
    return drawn


def begin(page: ReviewPage, spec: str) -> None:
    """A project from the page, from the empty state to its first case."""
    expect(page.find(".home")).to_contain_text("No project yet.")
    page.find(".new input").nth(0).fill("Ten")
    page.find(".new input").nth(1).fill("nonsense")
    page.find(".new button").click()
    expect(page.find(".new .error")).to_contain_text("KIND:PATH")
    page.find(".new input").nth(1).fill(spec)
    page.find(".new button").click()
    expect(page.find(".projects .importing")).to_be_visible(timeout=60_000)
    expect(page.find(".projects .importing")).to_have_count(0, timeout=180_000)
    page.find(".projects .open").click()


def test_ten_cases_go_from_import_to_export_as_they_were_drawn(chromium, app, spec, tmp_path):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=0.5)
    page = ReviewPage(context.new_page(), app.address).open(by_tab=True)
    begin(page, spec)
    store = Store(tmp_path / "home")
    [project] = store.projects("local")
    assert (project.state, project.cases, project.predicted) == ("ready", 10, 10)
    wanted: dict[str, np.ndarray | None] = {}
    for number, decision in enumerate(DECISIONS):
        page.ready()
        name = page.find(".row.current .name").inner_text()
        case = store.case("local", ids(store, project)[name])
        page.shows(name)
        shape = (case.height, case.width)
        if decision == "corrected":
            wanted[case.case] = draw(page, number, shape)
        else:
            predicted = store.prediction("local", case.id)
            masks = {
                "accept": store.mask(project.id, predicted.mask_file),
                "truth": store.truth("local", case.id),
            }
            wanted[case.case] = masks.get(decision)
        if number == KILLED:
            page.page.route("**/verdicts", lambda route: (route.continue_(), app.kill()))
        page.press(KEYS[decision], *(["2"] if decision == "reject" else []))
        if number == KILLED:
            page.says("NOT saved")
            page.page.unroute_all()
            app.start()
            page.says("Saved", 60)
        expect(page.find(".progress p")).to_contain_text(f"{number + 1} of 10 read")
    page.says("All cases of this queue are read.")
    assert len(wanted) == 10

    page.find(".export").click()
    with page.page.expect_download() as download:
        page.find(".exporting .primary").click()
    expect(page.find(".exporting .said")).to_contain_text("8 of 10 cases with their masks")
    compare(Path(download.value.path()), wanted)
    store.close()
    context.close()
    assert page.complaints == []


def compare(exported: Path, wanted: dict[str, np.ndarray | None]) -> None:
    """Pixel by pixel, by the table that comes with the masks."""
    files = zipfile.ZipFile(exported)
    [table] = [name for name in files.namelist() if name.endswith("verdicts.csv")]
    folder = table.removesuffix("verdicts.csv")
    rows = list(csv.DictReader(io.StringIO(files.read(table).decode("utf-8-sig"))))
    assert {row["case"] for row in rows} == set(wanted)
    for row in rows:
        mask = wanted[row["case"]]
        assert (row["mask"] == "") == (mask is None), row
        if mask is not None:
            found = mask_of(files.read(folder + row["mask"]))
            assert np.array_equal(found, mask), (
                f"{row['case']}: {(found != mask).sum()} pixels differ"
            )
