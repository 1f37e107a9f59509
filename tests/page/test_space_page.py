"""The Review tab of a Space in Chromium: logging in, a login that ends, saved and backed up, and a new disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.store import Store
from tests.page import reviewing
from tests.page.provider import Provider
from tests.page.reader import Page
from tests.page.review_reader import BAR, ReviewPage
from tests.page.running import App
from tests.page.space import Reader, other_disk, space

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser
__all__ = ["other_disk"]  # a fixture

CLOCK = r"\d\d:\d\d"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def filled(place: Path) -> Path:
    """A data folder with a project of Ann's."""
    with Store(place / "home") as store:
        reviewing.fill(store, place / "scans", 4, owner="ann")
    return place / "home"


@pytest.fixture
def home(tmp_path) -> Path:
    return filled(tmp_path)


@pytest.fixture
def app(provider, home, other_disk) -> Iterator[App]:
    with space(provider, home, BCWEB_BACKUP=str(other_disk)) as app:
        yield app


@pytest.fixture(scope="module")
def without_backup(provider, tmp_path_factory) -> Iterator[str]:
    """The address of a Space that has none, for all tests that need no more than that."""
    with space(provider, filled(tmp_path_factory.mktemp("space"))) as app:
        yield app.address


@pytest.fixture
def context(chromium) -> Iterator[sync_api.BrowserContext]:
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    yield made
    made.close()


def masks_of(address: str, case: int) -> list[np.ndarray]:
    """(240, 320) bool, of the verdicts of a case that have one."""
    found = Reader(address).history(case)
    return [
        np.frombuffer(verdict["mask"], np.uint8).reshape(240, 320) > 0
        for verdict in found
        if verdict["has_mask"]
    ]


def test_a_readers_day_on_a_space(context, provider, app, home):
    """Log in, review, see it backed up, come back from an ended login, and from a new disk, with all of it."""
    page = ReviewPage(context.new_page(), app.address)
    page.open(reader="", by_tab=True)
    expect(page.find(".problem")).to_contain_text("Log in to review", timeout=30_000)
    page.find(".problem a").click()
    page.shows("case 1")
    assert page.page.url.startswith(f"{app.address}/"), "back where one was"
    expect(page.find(".account")).to_have_text("ann Log out")

    page.press("e")  # the pen stays in the hand from now on
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("3")
    page.shows("case 2")
    page.says("Saved")
    expect(page.find(".status")).to_contain_text(
        re.compile(rf"Saved {CLOCK}: case 1, corrected\. Backed up {CLOCK}\."), timeout=30_000
    )
    expect(page.find(".backup")).to_have_text(
        re.compile(rf"All verdicts are backed up, the last {CLOCK}\.")
    )
    [first] = masks_of(app.address, 1)
    np.testing.assert_array_equal(first, drawn)

    # The login ends while a case is being drawn on.
    provider.lasts = -1
    other = context.new_page()
    other.goto(f"{app.address}/login/huggingface?_target_url=/")
    other.close()
    page.stroke(*BAR)
    page.press("3")
    page.says(
        "NOT saved yet, but kept in this browser: case 2. Your login has ended. What you drew is kept in this"
        " browser: log in again."
    )
    provider.lasts = 3600
    with context.expect_page() as opened:
        page.find(".status a").click()
    opened.value.wait_for_load_state()
    opened.value.close()
    page.page.bring_to_front()
    page.says("Saved")
    page.shows("case 4")
    assert len(masks_of(app.address, 2)) == 1

    # The Space is begun anew under the open page, with an empty disk.
    page.stroke((0.1, 0.85), (0.3, 0.85))
    drawn = page.edited()
    assert page.viewer("v => v.strokes") == 1, "the stroke changes something"
    Reader(app.address).until_backed_up()
    app.kill()
    shutil.rmtree(home)
    page.press("3")
    page.says("NOT saved yet, but kept in this browser: case 4. The server does not answer.")
    app.start()
    page.says("Saved", seconds=60)
    [third] = masks_of(app.address, 4)
    np.testing.assert_array_equal(third, drawn)
    assert len(masks_of(app.address, 1)) == len(masks_of(app.address, 2)) == 1
    assert Reader(app.address).session()["projects"][0]["read"] == 3
    assert page.complaints == []


def asleep(route: sync_api.Route) -> None:
    """What stands before a Space answers in its place: a page of its own, and no JSON."""
    route.fulfill(status=503, content_type="text/html", body="<html>Preparing Space</html>")


def test_a_space_without_a_backup_says_that_verdicts_vanish(context, without_backup):
    page = ReviewPage(context.new_page(), without_backup)
    page.page.goto(f"{without_backup}/login/huggingface?_target_url=/%23review")
    page.shows("case 1")
    expect(page.find(".backup")).to_have_text(re.compile("^Verdicts vanish when this Space stops"))
    page.press("5")
    page.says("Saved")
    expect(page.find(".status")).to_have_text(re.compile(rf"^Saved {CLOCK}: case 1, unsure\.$"))
    page.shows("case 2")
    page.page.route("**/verdicts", asleep)
    page.press("5")
    page.says(
        "NOT saved yet, but kept in this browser: case 2. The server is starting, or out of order."
    )
    with page.page.expect_request("**/verdicts"):
        page.find(".status button").click()  # it is there until the verdict is saved
    page.page.unroute("**/verdicts")
    page.says("Saved")
    page.find(".account a").click()
    page.page.locator("bc-review .problem").wait_for()
    expect(page.find(".problem")).to_contain_text("Log in to review")
    assert page.complaints == []


HUGGING_FACE = "https://huggingface.co/spaces/ann/bcweb"


def test_in_a_frame_whose_cookies_are_blocked_the_page_links_to_itself_alone(
    context, without_backup
):
    def without_cookies(route: sync_api.Route) -> None:
        answer = route.fetch()
        context.clear_cookies()  # the fetch keeps them, too
        kept = {n: v for n, v in answer.headers.items() if n.lower() != "set-cookie"}
        route.fulfill(response=answer, headers=kept)

    context.grant_permissions(["local-network-access"])  # the Space is on this machine here
    page = Page(context.new_page(), without_backup)
    page.page.route(f"{without_backup}/", without_cookies)  # what gives a browser its cookie
    frame = f'<iframe src="{without_backup}/" width=900 height=700></iframe>'
    page.page.route(HUGGING_FACE, lambda r: r.fulfill(content_type="text/html", body=frame))
    page.page.goto(HUGGING_FACE)
    inside = page.page.frame_locator("iframe")
    expect(inside.locator(".bc-cookieless")).to_contain_text(
        "This browser keeps no cookie for a page inside another one", timeout=30_000
    )
    with context.expect_page() as opened:
        inside.get_by_role("link", name="Open the full page").click()
    alone = opened.value
    expect(alone.locator("bc-workbench .list .row")).to_have_count(1, timeout=30_000)
    assert alone.url == f"{without_backup}/"
    assert alone.locator(".bc-cookieless").count() == 0
