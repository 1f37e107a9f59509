"""Who reads, where nobody logs in: on a shared machine one reader follows another."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.review.records import NewVerdict
from tests.page.review_reader import BAR, ReviewPage, expect, sync_api
from tests.page.reviewing import ids, stands

pytestmark = pytest.mark.browser


def change(page: ReviewPage, name: str) -> None:
    page.find(".reads button").click()
    page.find(".who input").fill(name)
    page.find(".who").get_by_role("button", name="Begin").click()


def test_another_reader_takes_the_seat_and_each_verdict_says_whose_it_is(page, project, store):
    expect(page.find(".reads")).to_contain_text("Read by ANNA")
    page.press("2")
    page.shows("case 2")
    page.says("Saved")
    change(page, "Dr. Berta")
    expect(page.find(".reads")).to_contain_text("Read by Dr. Berta")
    page.shows("case 2").press("2")
    page.says("Saved")
    cases = ids(store, project)
    whose = [store.history("local", cases[name])[-1].reader for name in ("case 1", "case 2")]
    assert whose == ["ANNA", "Dr. Berta"]
    page.find(".reads button").click()
    expect(page.find(".who input")).to_have_value("Dr. Berta")


def test_a_reader_whose_verdict_is_not_saved_yet_keeps_the_seat(page):
    page.refuse("/verdicts")
    page.press("2")
    page.says("NOT saved")
    page.find(".reads button").click()
    page.says("once everything is saved")
    expect(page.find(".who")).to_be_hidden()
    page.answer()
    page.try_now()
    page.says("Saved")
    page.find(".reads button").click()
    expect(page.find(".who")).to_be_visible()


def test_a_reader_whose_change_gets_no_answer_keeps_the_seat_whatever_another_tab_has_changed(
    page, browse, project, store
):
    other = browse().open(ids(store, project)["case 6"]).shows("case 6")
    change(other, "BERTA")
    expect(other.find(".reads")).to_contain_text("Read by BERTA")
    held = []
    page.page.route("**/review/session", lambda route: held.append(route))
    with page.page.expect_request("**/review/session"):
        change(page, "CARLA")
    page.press("5")
    page.says("case 1, unsure")
    held[0].abort()
    expect(page.find(".problem")).to_contain_text("The server does not answer.")
    expect(page.find(".reads")).to_contain_text("Read by ANNA")
    page.shows("case 2").press("5")
    page.says("case 2, unsure")
    whose = [stands(store, project, name).reader for name in ("case 1", "case 2")]
    assert whose == ["ANNA", "ANNA"], "the page says that ANNA reads"


def test_a_name_is_asked_for_only_where_the_question_is_seen(browse, project):
    """Elsewhere it would hold the page shut: its tab may have been left before the server has answered."""
    page = browse()
    held = []

    def hold(route: sync_api.Route) -> None:
        route.continue_() if held else held.append(route)

    page.page.route("**/review/session", hold)
    with page.page.expect_request("**/review/session"):
        page.open(reader="", by_tab=True)
    page.page.get_by_role("tab", name="Scan").click()
    expect(page.find(".page")).not_to_be_visible()
    # Once the projects are there they are asked for again, and then it was asked who reads.
    with page.page.expect_request("**/review/session"):
        held[0].continue_()
    expect(page.find("dialog[open]"), "no other tab can be pressed").to_have_count(0)
    page.page.get_by_role("tab", name="Review").click()
    page.find(".who input").fill("BERTA")
    page.press("Enter")
    page.shows("case 1")
    expect(page.find(".reads")).to_contain_text("Read by BERTA")


def test_a_second_reader_sees_nothing_of_what_the_first_decided(page, project, store):
    page.find(".decision textarea").fill("too large")
    page.press("Escape", "2")
    page.shows("case 2")
    page.says("Saved")
    change(page, "BEN")
    page.shows("case 2")
    page.find(".reads input").check()
    expect(page.find(".progress")).to_contain_text("0 of 6 read")
    page.shows("case 2").press("k")
    page.shows("case 1")
    expect(page.find(".history")).to_contain_text("Not read yet.")
    assert page.state("case 1") == "not read"
    expect(page.find(".page")).not_to_contain_text("ANNA")
    page.press("1")
    page.says("Saved")
    page.shows("case 2")
    assert page.state("case 1") == "prediction accepted by BEN"
    said = store.readings("local", project.id)[ids(store, project)["case 1"]]
    assert {name: verdict.decision for name, verdict in said.items()} == {
        "ANNA": "truth",
        "BEN": "accept",
    }
    page.find(".reads input").uncheck()
    expect(page.find(".reads input")).not_to_be_checked()
    page.shows("case 2").press("k")
    page.shows("case 1")
    page.find(".history .toggle").click()
    expect(page.find(".history .verdicts")).to_contain_text("ANNA")


def test_what_another_drew_from_nothing_is_not_drawn_from_nothing_by_who_draws_on_it(
    page, project, store
):
    number = ids(store, project)["case 1"]
    mask = np.zeros((240, 320), bool)
    mask[50:80, 33:97] = True
    store.save("local", "BERTA", number, NewVerdict("corrected", "b", mask=mask, beginning="empty"))
    page.page.reload()
    page.shows("case 1").press("e")
    page.stroke(*BAR)
    page.press("3")
    page.says("Saved")
    mine = store.readings("local", project.id)[number]["ANNA"]
    assert (mine.decision, mine.beginning) == ("corrected", "last")
