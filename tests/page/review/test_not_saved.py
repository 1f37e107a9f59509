"""What is not saved yet is said with the names of its cases, wherever one is by then, and all of it is seen."""

from __future__ import annotations

import re

import pytest

from tests.page.review_reader import BAR
from tests.page.reviewing import fill, ids

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_what_is_not_saved_yet_names_its_cases_and_says_that_they_are_kept(page):
    page.page.route("**/verdicts", lambda route: route.abort())
    page.press("5", "j")
    page.shows("case 2")
    status = page.find(".status")
    page.says("NOT saved yet, but kept in this browser: case 1. The server does not answer.")
    expect(status).to_contain_text(re.compile(r"answer\. Tries again (now|in \d+ s)\."))
    expect(status).not_to_contain_text("on the screen")
    for name, following in (("case 2", "case 4"), ("case 4", "case 5")):
        page.press("5")
        page.says(name)
        page.press("j")
        page.shows(following)
    page.press("5")
    page.says("NOT saved yet, but kept in this browser: case 1, case 2, case 4 and 1 more. The")
    page.page.unroute_all()
    page.try_now()
    page.says("Saved")
    expect(status).not_to_contain_text("NOT")


def test_a_browser_that_keeps_nothing_is_not_said_to_keep_a_verdict(browse, project):
    page = browse()
    page.page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new Error('it keeps nothing'); }"
    )
    page.open().shows("case 1")
    page.page.route("**/verdicts", lambda route: route.abort())
    page.press("5")
    page.says("NOT saved yet: case 1. The server does not answer.")
    expect(page.find(".status")).not_to_contain_text("kept")
    page.page.unroute_all()
    page.try_now()
    page.says("Saved")


def test_a_disk_that_is_full_is_not_said_to_keep_a_verdict(browse, project):
    """Chromium refuses only when it commits, after each request in it has succeeded."""
    page = browse()
    page.page.add_init_script("""
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (kept) {
        const request = put.call(this, kept);
        request.addEventListener("success", () => request.transaction.abort());
        return request;
      };
    """)
    page.open().shows("case 1")
    page.page.route("**/verdicts", lambda route: route.abort())
    page.press("5")
    page.says("NOT saved yet")
    expect(page.find(".status")).not_to_contain_text("kept")
    page.page.unroute_all()
    page.try_now()
    page.says("Saved")


def test_a_server_that_never_answers_has_not_saved_and_is_asked_again(timed):
    page = timed
    page.page.route("**/verdicts", lambda route: None)
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.says("Saving")
    page.page.clock.fast_forward(60_000)
    page.says("NOT saved yet, but kept in this browser: case 1. The server does not answer.")
    page.page.unroute_all()
    page.page.clock.fast_forward(60_000)  # the second try, which waits too, is over
    page.says("Saved", 60)


def test_of_two_verdicts_that_were_left_on_one_case_the_second_is_not_over_with_the_first(
    browse, project
):
    left = [browse(), browse()]
    for page, key in zip(left, "25", strict=True):
        page.refuse("/verdicts")
        page.open().shows("case 1").press(key)
        page.says("NOT saved yet, but kept in this browser: case 1.")
    for page in left:
        page.page.close(run_before_unload=False)
    page = browse()
    tries = []

    def busy(route: sync_api.Route) -> None:
        tries.append(route.request)
        if len(tries) == 1:
            route.continue_()
        else:
            route.fulfill(status=503, json={"error": "The database is busy."})

    page.page.route("**/verdicts", busy)
    page.open().says("NOT saved yet, but kept in this browser: case 1. The database is busy.")
    page.page.unroute_all()
    page.try_now()
    page.says("NOT saved: ANNA decided case 1 meanwhile.")


def test_a_drawing_that_is_not_on_the_server_yet_names_its_case(page):
    page.page.route("**/draft?*", lambda route: route.abort())
    page.press("e")
    page.stroke(*BAR)
    page.press("Shift+E", "j")
    page.shows("case 2")
    page.says("Your drawing of case 1 is NOT saved on the server, but kept in this browser.")
    expect(page.find(".status")).not_to_contain_text("on the screen")


LONG = "BUS 2024 left breast "


def test_all_of_what_is_not_saved_is_seen_and_no_button_moves_for_it(
    browse, store, tmp_path, request
):
    made = fill(store, tmp_path / "scans", prefix=LONG)
    request.addfinalizer(lambda: store.delete("local", made.id))
    page = browse().open(ids(store, made)[LONG + "case 1"])
    status, accept = page.find(".status"), page.find(".decide.accept")
    for width, key in ((1280, "5"), (390, "2")):
        page.page.set_viewport_size({"width": width, "height": 800})
        page.shows(LONG + "case 1")
        before = accept.bounding_box()
        page.page.route("**/verdicts", lambda route: route.abort())
        for name, following in (("case 1", "case 2"), ("case 2", "case 4"), ("case 4", "case 5")):
            page.shows(LONG + name).press(key)
            page.says(f"BUS 2024 …ast {name}")
            page.press("j")
            page.shows(LONG + following)
        page.press(key)
        page.says("and 1 more. The server does not answer.")
        assert status.evaluate("e => e.scrollHeight - e.clientHeight") <= 0, "some of it is hidden"
        expect(status.locator(".error")).to_be_in_viewport(ratio=0.95)
        assert accept.bounding_box() == before, width
        page.page.unroute_all(behavior="wait")  # one may be on its way
        page.try_now()
        expect(status).not_to_contain_text("NOT")
        page.shows(LONG + "case 3").press("k")
        page.shows(LONG + "case 5")
        assert accept.bounding_box() == before, width
        page.press("k", "k", "k")
