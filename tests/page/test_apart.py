"""A page of another site in the visitor's own browser, and a visitor who wants everything gone."""

from __future__ import annotations

import pytest

from bcweb.page.settings import SWEEP_SECONDS, settings
from tests.page.drawn import LESION
from tests.page.files import png, speckle
from tests.page.reader import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect


def test_on_a_space_nothing_stays_for_more_than_an_hour_after_the_last_request():
    space = settings(environment={"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space"})
    assert space.idle_seconds + SWEEP_SECONDS == 3600
    told = settings("0.0.0.0", environment={})
    assert told.idle_seconds + SWEEP_SECONDS == 2 * 3600, "on a server of a ward, two"
    assert settings(environment={}).idle_seconds > 10 * 3600, (
        "at one's own machine there is no hurry"
    )


def test_deleting_now_takes_all_scans_of_this_visitor_and_of_nobody_else(visit):
    anna, berta = visit(), visit()
    ids = [anna.opened(png(speckle(64, 64, seed)))["id"] for seed in range(3)]
    other = berta.opened(png(speckle(64, 64)))["id"]
    assert anna.delete("/bc/session").json() == {"removed": 3}
    assert anna.get("/bc/session").json()["scans"] == []
    assert {anna.get(f"/bc/scans/{id}/pixels").status_code for id in ids} == {404}
    assert berta.get(f"/bc/scans/{other}").status_code == 200
    assert anna.delete("/bc/session").json() == {"removed": 0}


@pytest.mark.browser
def test_a_button_deletes_all_scans_at_once_those_on_their_way_too(page):
    page.give(("first.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("first.png")
    page.ready()
    page.page.keyboard.press("x")  # one that could still be had back
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    page.give(*((f"{place}.png", png(speckle(200, 200, place))) for place in range(20)))
    expect(page.rows()).to_have_count(21)
    page.page.once("dialog", lambda dialog: dialog.dismiss())
    with page.page.expect_event("dialog") as asked:
        page.find(".findings").get_by_role("button", name="Delete my scans now").click()
    assert asked.value.message == "Delete all 21 scans from the server? There is no undo."
    expect(page.rows()).to_have_count(21)
    page.page.once("dialog", lambda dialog: dialog.accept())
    page.find(".findings").get_by_role("button", name="Delete my scans now").click()
    expect(page.find(".toast")).to_have_text("Your scans are deleted: none is left on the server.")
    expect(page.rows()).to_have_count(0)
    expect(page.page.locator("bc-viewer")).to_have_attribute("data-state", "empty")
    page.page.wait_for_function("async () => (await (await fetch('bc/scans')).json()).length === 0")
    expect(page.find(".left")).to_have_text("")
    page.give(("next.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("next.png")


@pytest.mark.browser
def test_the_question_counts_the_scans_of_ones_other_tabs(page):
    other = Page(page.page.context.new_page(), page.address).open()
    other.give(*((f"{place}.png", png(speckle(64, 64, place))) for place in range(2)))
    expect(other.find(".list .select:enabled")).to_have_count(3)  # with the sample
    other.page.close()
    expect(page.rows()).to_have_count(1)
    page.page.once("dialog", lambda dialog: dialog.dismiss())
    with page.page.expect_event("dialog", timeout=5000) as asked:
        page.find(".findings").get_by_role("button", name="Delete my scans now").click()
    assert asked.value.message == "Delete all 3 scans from the server? There is no undo."
    expect(page.rows()).to_have_count(1)


@pytest.mark.browser
def test_what_could_not_be_deleted_is_said_and_stays_on_the_list(page):
    page.page.route(
        "**/bc/session",
        lambda route: (
            route.fulfill(status=500, json={"error": "No."})
            if route.request.method == "DELETE"
            else route.continue_()
        ),
    )
    page.find(".findings").get_by_role("button", name="Delete my scans now").click()
    expect(page.find(".toast")).to_contain_text("Not deleted from the server: No.")
    expect(page.rows()).to_have_count(1)
    page.page.unroute("**/bc/session")
    page.rows().locator("button").first.click()


ASKED = """async ([url, options]) => {
    try { return (await fetch(url, options)).status } catch { return 0 }
}"""


@pytest.mark.browser
def test_a_page_of_another_site_calls_nothing_and_hears_nothing(page, elsewhere):
    """In the visitor's own browser, whose cookie goes along; simple requests, and those that ask first."""
    scans = page.viewer("async () => await (await fetch('bc/scans')).json()")
    stranger = page.page.context.new_page()
    stranger.goto(elsewhere)
    place = page.address.replace("127.0.0.1", "localhost")
    page.page.goto(place)  # with a cookie of this name, too
    page.ready()
    heard = []
    own = (place, page.address)
    stranger.on(
        "response",
        lambda r: r.url.startswith(own) and heard.append((r.request.method, r.url, r.status)),
    )
    json = {
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": '{"data": []}',
    }
    plain = {"method": "POST", "body": '{"data": []}'}
    asked = [
        ("/gradio_api/info", {}), ("/config", {}), ("/", {}), ("/bc/scans", {}),
        (f"/bc/scans/{scans[0]['id']}/thumbnail", {}),
        ("/gradio_api/call/segment", json), ("/gradio_api/call/segment", plain),
        ("/gradio_api/queue/join", json), ("/gradio_api/upload", plain),
        ("/bc/session", {"method": "DELETE"}), ("/bc/scans", {"method": "DELETE"}),
        (f"/bc/scans/{scans[0]['id']}", {"method": "DELETE"}),
    ]  # fmt: skip
    for host in own:
        for path, options in asked:
            for mode in ({"credentials": "include"}, {"mode": "no-cors", "credentials": "include"}):
                status = stranger.evaluate(ASKED, [host + path, options | mode])
                assert status in (0, 403), (path, options, mode)
    answered = [one for one in heard if one[0] != "OPTIONS" and one[2] != 403]
    assert heard and not answered
    for tag in ("img", "script"):  # they carry no Origin, and say all the same where they come from
        stranger.evaluate(
            "([tag, src]) => new Promise((done) => document.body.append(Object.assign("
            "document.createElement(tag), {src, onload: () => done(1), onerror: done})))",
            [tag, f"{place}/bc/scans/{scans[0]['id']}/thumbnail"],
        )
    assert {status for _, _, status in heard[-2:]} == {403}
    stranger.close()
    page.page.goto(page.address)
    page.ready()
    expect(page.rows()).to_have_count(1)
