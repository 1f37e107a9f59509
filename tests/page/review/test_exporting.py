"""The Review tab's dialog that takes masks and verdicts out."""

from __future__ import annotations

import csv
import zipfile

import pytest

from tests.page.reviewing import ids
from tests.review.read_twice import read

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def is_stop(request: sync_api.Request) -> bool:
    return request.method == "DELETE" and "/review/exports/" in request.url


def test_an_export_goes_on_while_another_tab_is_in_front_and_says_what_it_came_to(page):
    stopped = []
    page.page.on("request", lambda request: is_stop(request) and stopped.append(request))
    held = []
    page.page.route("**/review/exports/*", lambda route: held.append(route))
    page.page.route(
        "**/exports",
        lambda route: route.fulfill(json=route.fetch().json() | {"isDone": False, "total": 0}),
    )
    page.press("1")
    page.says("Saved")
    page.find(".export").click()
    dialog = page.find(".exporting")
    with page.page.expect_request("**/review/exports/*"):
        dialog.get_by_role("button", name="Download").click()
    # As the browser's Back does: the dialog keeps a hand off the tabs.
    show = "name => [...document.querySelectorAll('#tabs [role=tab]')].find(tab => tab.textContent.trim() === name).click()"
    page.page.evaluate(show, "Scan")
    expect(dialog).to_be_hidden()
    expect(page.page.get_by_role("tab", name="Scan")).to_have_attribute("aria-selected", "true")
    page.page.evaluate(show, "Review")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("progressbar")).to_be_visible()
    assert stopped == [], "it was stopped without a word"
    with page.page.expect_download() as download:
        held[0].continue_()
        page.page.unroute_all()
    expect(dialog.locator(".said")).to_contain_text("1 of 6 cases with their masks")
    assert len(zipfile.ZipFile(download.value.path()).namelist()) > 1


def test_an_export_goes_on_though_a_question_how_far_it_is_has_no_answer(page):
    page.page.route(
        "**/exports",
        lambda route: route.fulfill(json=route.fetch().json() | {"isDone": False, "total": 0}),
    )
    page.page.route("**/review/exports/*", lambda route: route.abort())
    page.press("1")
    page.says("Saved")
    page.find(".export").click()
    dialog = page.find(".exporting")
    with page.page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
        expect(dialog.locator(".said")).to_contain_text("does not answer. It is asked again.")
        page.page.unroute_all()
    expect(dialog.locator(".said")).to_contain_text("1 of 6 cases with their masks")
    assert len(zipfile.ZipFile(download.value.path()).namelist()) > 1


def test_two_clicks_are_one_export_which_closing_stops_and_the_masks_of_the_chosen_decisions_come_out(
    page,
):
    held = []
    page.page.route("**/exports", lambda route: held.append(route))
    page.find(".export").click()
    dialog = page.find(".exporting")
    with page.page.expect_request("**/exports"):
        dialog.get_by_role("button", name="Download").dblclick()
    expect(dialog.locator(".said")).to_contain_text("Beginning …")
    page.press("Escape")
    expect(dialog).to_be_hidden()
    assert len(held) == 1, "the second click asked for another export"
    with page.page.expect_request(is_stop) as stop:
        held[0].fallback()
    assert stop.value.response().status == 200
    page.find(".export").click()
    expect(dialog.locator(".said")).to_be_empty()
    page.press("Escape")
    page.page.unroute_all()

    page.press("1")
    page.shows("case 2")
    page.press("2")
    page.says("truth kept")
    page.find(".export").click()
    boxes = dialog.get_by_role("group", name="Masks of").get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    assert all(box.is_checked() for box in boxes.all())
    expect(dialog.get_by_label("Verdicts")).to_be_hidden()  # nobody else has read
    dialog.get_by_label("Accepted predictions").uncheck()
    with page.page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    expect(dialog.locator(".said")).to_contain_text("1 of 6 cases with their masks (1 truth)")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert [n.split("/")[-1] for n in names if "/masks/" in n] == ["case 2.png"]
    for box in boxes.all():
        box.uncheck()
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose which masks to export.")


def test_where_two_have_read_the_verdicts_of_either_come_out(browse, project, store):
    read(store, project, "ANNA", "case 1", "truth")
    read(store, project, "BEN", "case 1", "reject", reason="unreadable")
    read(store, project, "BEN", "case 2", "truth")
    page = browse().open(ids(store, project)["case 1"]).shows("case 1")
    page.find(".export").click()
    dialog = page.find(".exporting")
    whose = dialog.get_by_label("Verdicts")
    expect(whose.get_by_role("option")).to_have_text(
        ["that stand (the last of any reader)", "of ANNA", "of BEN"]
    )

    def exported() -> list[tuple[str, str, str]]:
        with page.page.expect_download() as download:
            dialog.get_by_role("button", name="Download").click()
        packed = zipfile.ZipFile(download.value.path())
        table = packed.read(f"{project.name}/verdicts.csv").decode("utf-8-sig")
        rows = csv.DictReader(table.splitlines())
        return [(row["case"], row["reader"], row["decision"]) for row in rows]

    assert exported() == [("case 1", "BEN", "reject"), ("case 2", "BEN", "truth")]
    whose.select_option("of ANNA")
    assert exported() == [("case 1", "ANNA", "truth")]
    expect(dialog.locator(".said")).to_contain_text("Not read by ANNA, 5.")
