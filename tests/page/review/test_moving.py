"""Moving about in the Review tab: projects, links to a case, the queue, and which case comes next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bcweb.review.records import NewVerdict, Project
from tests.page.importing import Importing
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import case_of, fill, ids, prediction_of, scans, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# --- projects


def test_without_a_project_it_says_what_to_do_first(browse):
    page = browse().open()
    expect(page.find(".home")).to_contain_text("No project yet.")
    expect(page.find(".home code")).to_contain_text("python -m bcweb.review import")
    expect(page.find(".new")).to_be_visible()


def test_a_project_opens_with_its_worst_case_and_the_address_leads_back_to_it(
    browse, project, store
):
    page = browse().open(by_tab=True).shows("case 1")
    expect(page.page).to_have_url(re.compile(r"[?]case=\d+$"))
    expect(page.find(".row.current .name")).to_have_text("case 1")
    page.press("j")
    page.shows("case 2")
    page.addressed(f"?case={ids(store, project)['case 2']}")
    page.page.reload()
    page.shows("case 2")
    expect(page.find(".row.current .name")).to_have_text("case 2")
    page.page.get_by_role("tab", name="Scan").click()
    page.page.wait_for_function("!location.search.includes('case')")
    page.page.get_by_role("tab", name="Review").click()
    page.page.wait_for_function("location.search.includes('case')")


def test_a_browser_that_takes_no_more_changes_of_the_address_shows_the_cases_all_the_same(
    page, project, store
):
    """Safari throws at the hundredth within half a minute, which a key that is held soon reaches."""
    expect(page.page).to_have_url(re.compile(r"[?]case=\d+$"))
    page.page.evaluate("""() => {
        window.tried = 0;
        history.replaceState = () => { window.tried++; throw new DOMException("100 times", "SecurityError"); };
    }""")
    page.page.evaluate("""() => {
        for (const key of "jjjk") document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }""")
    page.shows("case 4")  # the third by its Dice
    page.page.wait_for_function("window.tried > 1")
    assert page.page.evaluate("window.tried") == 2, "each step asks for another address"
    page.page.evaluate("delete history.replaceState")
    page.press("j")
    page.shows("case 5")
    page.addressed(f"?case={ids(store, project)['case 5']}")


def test_a_link_to_a_case_opens_the_review_tab_with_it(browse, project, store):
    page = browse()
    asked = page.listen()
    page.open(ids(store, project)["case 4"]).shows("case 4")
    assert not any("/samples/" in url for url in asked), "a sample that nobody sees"
    page.page.get_by_role("tab", name="Scan").click()
    expect(page.page.locator("bc-workbench .findings h2")).to_have_text(
        "generated-ultrasound-lobed"
    )
    lost = browse().open(999_999)
    expect(lost.find(".problem")).to_contain_text("cannot be shown")
    expect(lost.page).not_to_have_url(re.compile("case=999999"))


def test_a_page_that_is_come_back_to_asks_once_however_often_it_had_no_answer(browse, project):
    page = browse()
    page.page.route("**/review/session", lambda route: route.abort())
    page.open()
    again = page.find(".problem").get_by_role("button", name="Try again")
    for _ in range(3):
        with page.page.expect_event("requestfailed"):
            again.click()
        expect(again).to_be_visible()
    asked = page.listen()
    page.page.unroute_all()
    page.page.evaluate("dispatchEvent(new Event('focus'))")
    page.shows("case 1")
    sessions = [url for url in asked if url.endswith("/review/session")]
    assert len(sessions) == 1, sessions


def test_a_reader_without_a_name_is_asked_for_it_once(browse, project, store):
    page = browse().open(reader="")
    page.find(".who input").fill("Dr. Ünal")
    page.press("Enter")
    page.shows("case 1").press("2")
    page.says("Saved")
    assert stands(store, project, "case 1").reader == "Dr. Ünal"
    page.page.reload()
    page.ready()
    expect(page.find(".who")).not_to_be_visible()


def test_a_name_with_what_nobody_sees_is_one_reader_from_the_first_verdict_on(
    browse, project, store
):
    """A joiner of Persian, which the server leaves out."""
    page = browse().open(reader="")
    page.find(".who input").fill("Nim\u200cA")
    page.press("Enter")
    page.shows("case 1").find("textarea").fill("a margin")
    page.press("Escape", "2")
    page.says("case 1, truth kept")
    page.shows("case 2").press("k")
    page.shows("case 1")
    assert stands(store, project, "case 1").reader == "NimA"
    assert page.find("textarea").input_value() == "a margin", "it is another reader's"


def test_who_follows_a_link_and_gives_no_name_sees_the_projects_and_is_asked_again_on_reload(
    browse, project, store
):
    case = ids(store, project)["case 4"]
    page = browse().open(case, reader="")
    for leave in (lambda: page.press("Escape"), page.find(".who").get_by_text("Cancel").click):
        page.find(".who input").fill("Not yet")
        expect(page.find(".projects .open").filter(has_text=project.name)).to_be_visible()
        leave()
        expect(page.find(".who")).not_to_be_visible()
        expect(page.find(".home")).to_be_visible()
        page.addressed(f"?case={case}")
        page.page.reload()
    page.find(".who input").fill("Dr. Ünal")
    page.press("Enter")
    page.shows("case 4")


@pytest.fixture
def going(store, tmp_path) -> Iterator[Project]:
    """Until it is removed."""
    made = fill(store, tmp_path / "second", 2, "going")
    yield made
    if made.id in [one.id for one in store.projects("local")]:
        store.delete("local", made.id)


def test_a_project_is_removed_when_asked_twice_unless_the_reader_has_gone_elsewhere_between(
    browse, store, project, going
):
    store.save("local", "BERTA", store.queue("local", going.id)[0].id, NewVerdict("unsure", "k"))
    page = browse().open()
    row = page.find(".projects > li").filter(has_not_text="going")
    for leave in (page.find(".new").get_by_label("Name").click, lambda: page.press("Tab")):
        row.get_by_text("Remove …").click()
        expect(row.get_by_text("Remove it")).to_be_focused()
        leave()
        expect(row.get_by_text("Remove it")).to_have_count(0)
        expect(row.get_by_text("Remove …")).to_be_visible()
    assert project.id in [one.id for one in store.projects("local")]

    row = page.find(".projects > li").filter(has_text="going")
    row.get_by_text("Remove …").click()
    expect(page.find(".danger")).to_be_focused()
    expect(page.find(".danger")).to_have_accessible_description(
        "All that was drawn or predicted is removed for good; what was decided on 1 case stays in the database, "
        "and the scans stay where they lie."
    )
    page.find(".danger").click()
    expect(row).to_have_count(0)
    assert going.id not in [one.id for one in store.projects("local")]


def test_a_project_that_was_removed_while_it_is_opened_is_said_where_the_others_are(
    browse, project, store, tmp_path
):
    gone = fill(store, tmp_path, 2, "gone")
    page = browse().open()
    opened = page.find(".projects .open").filter(has_text="gone")
    expect(opened).to_be_visible()
    store.delete("local", gone.id)
    opened.click()
    expect(page.find(".problem")).to_have_text("There is no such project.")
    expect(opened).to_have_count(0)
    page.find(".projects .open").filter(has_text=project.name).click()
    page.shows("case 1")
    expect(page.find(".problem")).to_be_hidden()


# --- from one project to another


@pytest.fixture
def other(store, tmp_path) -> Iterator[Project]:
    """Without a normal scan."""
    made = fill(store, tmp_path / "other", 2, name="Another ward")
    yield made
    store.delete("local", made.id)


def enter(page: ReviewPage, project: Project) -> None:
    page.find(".project").click()
    page.find(".projects .open").filter(has_text=project.name).click()
    expect(page.find(".project .name")).to_have_text(project.name)


def test_what_only_one_project_has_does_not_follow_into_another_and_the_first_case_that_passes_is_in_view(
    page, project, other
):
    page.press("5")
    page.says("Saved")
    page.find("input[name=high]").fill("0.7")
    page.find("input[name=low]").fill("0.8")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    enter(page, other)
    page.shows("case 1")
    expect(page.find(".told span")).to_have_text("2 cases")
    expect(page.find(".status")).to_have_text("")

    enter(page, project)
    label = page.find("select[name=label]")
    label.select_option(label="Normal (2)")
    expect(page.find(".told span")).to_have_text("2 of 6 cases")
    page.find("input[name=text]").fill("case")
    enter(page, other)
    page.shows("case 1")
    expect(page.find(".row .name")).to_have_text(["case 1", "case 2"])
    expect(page.find(".told span")).to_have_text("2 cases")
    expect(page.find(".clear")).to_be_hidden()
    enter(page, project)
    expect(page.find(".row .name")).to_have_count(6)
    label.select_option(label="Normal (2)")
    expect(page.find(".row .name")).to_have_text(["case 3", "case 6"])

    page.find("select[name=decision]").select_option("corrected")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    enter(page, other)
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    expect(page.title()).to_have_count(0)
    page.find(".clear").click()
    page.shows("case 1")


def test_no_case_of_another_project_stands_under_the_name_of_one_whose_queue_cannot_be_had(
    page, project, other
):
    page.page.route("**/queue?*", lambda route: route.abort())
    enter(page, other)
    page.says("The server does not answer.")
    expect(page.find(".row")).to_have_count(0)
    expect(page.find(".progress p")).to_have_text("0 of 2 read")
    expect(page.find(".told span")).to_have_text("")
    expect(page.find(".count")).to_have_text("")
    page.page.unroute("**/queue?*")
    page.find(".status").get_by_role("button", name="Try again").click()
    page.shows("case 1")
    expect(page.find(".row .name")).to_have_text(["case 1", "case 2"])
    expect(page.find(".status")).not_to_contain_text("does not answer")


def test_a_queue_that_never_comes_is_told_of_and_asked_for_again(timed):
    page = timed
    page.page.route("**/queue?order=listed*", lambda route: None)
    with page.page.expect_request("**/queue?order=listed*"):
        page.find("select[name=order]").select_option("listed")
    page.page.clock.fast_forward(
        61_000
    )  # a second more than an answer may take, for what its rows take on a slow line
    page.says("The server does not answer.")
    page.page.unroute_all()
    page.find(".status").get_by_role("button", name="Try again").click()
    expect(page.find(".row .name")).to_have_text([f"case {n}" for n in range(1, 7)])


def test_a_link_into_another_project_leads_there_although_its_queue_comes_late(
    page, project, other, store
):
    case = ids(store, other)["case 2"]
    page.page.route("**/queue?*", lambda route: route.abort())
    page.page.evaluate(
        "id => window.dispatchEvent(new CustomEvent('bc-open-case', { detail: { id } }))", case
    )
    page.says("The server does not answer.")
    expect(page.find(".project .name")).to_have_text(other.name)
    expect(page.find("bc-viewer")).to_have_attribute("data-state", "empty")
    page.page.unroute("**/queue?*")
    page.find(".status").get_by_role("button", name="Try again").click()
    page.shows("case 2")
    page.addressed(f"?case={case}")


def test_while_an_import_goes_on_the_projects_stay_under_the_hand(browse, project, other):
    page = browse()
    importing = Importing(page, other, notes=["9.png is no picture."])
    page.open()
    row = page.find(".projects > li").filter(has_text=other.name)
    row.locator("summary").click()
    doing = row.locator(".importing [role=status]")
    doing.evaluate("element => { element.wasThere = true; }")
    opening = page.find(".projects .open").filter(has_text=project.name)
    opening.focus()
    importing.goes_on()
    expect(opening).to_be_focused()
    expect(row.locator(".notes")).to_be_visible()
    expect(doing).to_have_js_property("wasThere", True)  # or it would be read aloud each second
    expect(doing).to_have_text("Predicting")
    expect(row.locator(".importing")).to_contain_text("of 1\u202f000 cases")

    page.page.route("**/cancel", lambda route: route.fulfill(json={}))
    row.get_by_text("Cancel").hover()
    page.page.mouse.down()
    importing.goes_on()
    with page.page.expect_request("**/cancel"):
        page.page.mouse.up()
    importing.is_over = True
    expect(row.locator(".importing")).to_have_count(0)
    expect(row.get_by_text("Remove …")).to_be_visible()
    expect(row.locator(".open")).to_be_focused()


def test_the_home_says_that_the_server_does_not_answer_for_as_long_as_it_does_not(
    browse, project, other
):
    page = browse()
    importing = Importing(page, other)
    page.open()
    problem = page.find(".problem")
    importing.is_away = True
    expect(problem).to_contain_text("The server does not answer.")
    importing.is_away = False
    expect(problem).to_be_hidden()
    expect(page.find(".projects .importing")).to_be_visible()


def test_new_scans_are_looked_for_on_demand_and_how_many_came_is_said_once_they_are_in_the_queue(
    browse, store, project, other, tmp_path
):
    page = browse()
    importing = Importing(page, other)
    importing.is_over = True

    def begin(route: sync_api.Route) -> None:
        importing.is_over = False
        route.fulfill(json={})

    page.page.route(f"**/projects/{other.id}/resume", begin)
    page.open()
    row = page.find(".projects > li").filter(has_text=other.name)
    look, came = row.get_by_role("button", name="Look for new scans"), row.locator(".came")
    look.click()
    expect(row.get_by_role("button", name="Cancel")).to_be_visible()
    importing.is_over = True
    expect(came).to_have_text("No new scans")

    look.click()
    expect(row.locator(".importing")).to_be_visible()
    expect(came).to_have_text("")
    row.locator(".open").click()
    page.shows("case 1")
    expect(page.find(".row .name")).to_have_count(2)
    importing.goes_on()  # it is told of in the project, too: its end is what brings the new rows
    for name, scan in zip(("new 1", "new 2"), scans(2), strict=True):
        file = tmp_path / "other" / "1.png"
        store.add_cases(other.id, [case_of(file, scan, name, "malignant")])
    store.set_state(other.id, "failed", "The share is away.")
    importing.is_over = True
    expect(page.find(".row .name")).to_have_count(4)
    expect(page.find(".progress p")).to_have_text("0 of 4 read")
    page.find(".project").click()
    expect(row).to_contain_text("The share is away.")
    expect(came).to_have_text("")
    row.get_by_role("button", name="Go on importing").click()
    expect(row.locator(".importing")).to_be_visible()
    store.set_state(other.id, "ready")
    importing.is_over = True
    expect(came).to_have_text("2 new cases")
    expect(row.locator(".open")).to_contain_text("0 of 4 read")


# --- the queue


@pytest.fixture
def truthless(store, tmp_path) -> Iterator[Project]:
    """The first case is the most uncertain one; listed in another order."""
    made = fill(store, tmp_path / "truthless", 3, "truthless", has_truth=False)
    by = ids(store, made)
    for number, uncertainty in ((1, 0.2), (2, 0.9), (3, 0.4)):
        shown = prediction_of(scans(3)[number - 1].truth, 3)
        bare = replace(shown, revision="another", dice=None, suspicion=None)
        store.add_prediction(by[f"case {number}"], replace(bare, uncertainty=uncertainty))
    yield made
    store.delete("local", made.id)


def test_a_project_without_a_dice_begins_with_its_most_uncertain_case_until_another_order_is_chosen(
    browse, project, truthless
):
    page = browse()
    asked = []
    page.page.on("request", lambda r: "/queue?" in r.url and asked.append(r.url))
    page.open()
    order, names = page.find("select[name=order]"), page.find(".row .name")
    page.find(".projects .open").filter(has_text=truthless.name).click()
    page.shows("case 2")
    expect(names).to_have_text(["case 2", "case 3", "case 1"])
    expect(order).to_have_value("uncertain")
    expect(page.find(".row .line").first).to_contain_text("uncertainty 0.90")
    assert [re.search(r"order=(\w+)", url)[1] for url in asked] == ["worst", "uncertain"]

    enter(page, project)
    page.shows("case 1")
    expect(order, "with a Dice the worst comes first").to_have_value("worst")
    expect(names).to_have_count(6)
    order.select_option("listed")
    expect(names).to_have_text([f"case {n}" for n in range(1, 7)])
    enter(page, truthless)
    expect(names).to_have_text(["case 1", "case 2", "case 3"])
    expect(order, "the reader has chosen it").to_have_value("listed")
    order.select_option("worst")
    page.find("input[name=text]").fill("case")
    page.press("Enter")
    expect(names).to_have_text(["case 1", "case 2", "case 3"])
    expect(order).to_have_value("worst")


def test_the_queue_is_filtered_ordered_and_counted_and_no_late_answer_takes_it_back(page):
    held = []
    page.page.route("**/queue?order=listed*", lambda route: held.append(route))
    page.find("select[name=order]").select_option("listed")
    page.find("select[name=order]").select_option("twins")
    told = page.find(".told span")
    expect(told).to_have_text("No two cases here show one picture with different masks.")
    with page.page.expect_response("**/queue?order=listed*") as late:
        held[0].continue_()
    late.value.finished()
    page.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    expect(told).to_have_text("No two cases here show one picture with different masks.")
    expect(page.find(".row .name")).to_have_count(0)

    page.page.unroute_all()
    page.find("select[name=order]").select_option("worst")
    expect(page.find(".row .name")).to_have_count(6)
    page.find("select[name=label]").select_option(label="Normal (2)")
    expect(page.find(".told span")).to_have_text("2 of 6 cases")
    expect(page.find(".row .name")).to_have_text(["case 3", "case 6"])
    page.find(".clear").click()
    page.find("select[name=order]").select_option("listed")
    expect(page.find(".row .name")).to_have_text([f"case {n}" for n in range(1, 7)])
    page.find("input[name=text]").fill("case 5")
    page.press("Enter")
    expect(page.find(".row .name")).to_have_text(["case 5"])
    page.find("input[name=text]").fill("nothing of the kind")
    page.press("Enter")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    page.shows("case 1")
    page.find(".clear").click()
    page.find("select[name=order]").select_option("twins")
    expect(page.find(".told span")).to_have_text(
        "No two cases here show one picture with different masks."
    )


def test_the_queue_is_filtered_while_a_word_is_typed_and_each_question_is_asked_once(page):
    asked = []
    page.page.on("request", lambda r: "/queue?" in r.url and asked.append(r.url))
    expect(page.find(".count")).to_have_text("1 of 6")
    box = page.find("input[name=text]")
    box.focus()
    box.evaluate(
        """box => {
          for (const text of ["c", "case", "case 5"]) {
            box.value = text;
            box.dispatchEvent(new Event("input", { bubbles: true }));
          }
          box.setSelectionRange(2, 2);
        }"""
    )
    expect(page.find(".row .name")).to_have_text(["case 5"])
    expect(box).to_be_focused()
    assert box.evaluate("box => box.selectionStart") == 2, "the caret has moved"
    page.shows("case 1")
    expect(page.find(".count")).to_have_text("not in this list")
    box.fill("nothing of the kind")
    expect(page.find(".told span")).to_have_text("No case passes these filters.")
    expect(page.find(".count")).to_have_text("not in this list")
    page.press("Enter")
    box.fill("case 1")
    expect(page.find(".count")).to_have_text("1 of 1")
    assert [url.partition("text=")[2].partition("&")[0] for url in asked] == [
        "case+5", "nothing+of+the+kind", "case+1",
    ], "a half word or the same word again is asked for"  # fmt: skip


def test_a_case_that_is_decided_while_the_queue_is_asked_for_is_read_in_it(page, project):
    from_before = []
    page.page.route(
        "**/queue?order=listed*",
        lambda route: from_before.append((route, route.fetch())),
        times=1,
    )
    with page.page.expect_response(f"**/review/projects/{project.id}") as counted:
        page.find("select[name=order]").select_option("listed")
    counted.value.finished()
    page.press("5")
    page.says("Saved")
    [(route, answer)] = from_before
    route.fulfill(response=answer)
    expect(page.find(".row .name")).to_have_text([f"case {n}" for n in range(1, 7)])
    assert page.state("case 1") == "unsure by ANNA", "the queue is that of before the verdict"
    expect(page.find(".progress p")).to_have_text("1 of 6 read")


def test_a_verdict_on_a_case_outside_the_list_that_was_left_meanwhile_is_counted(page):
    page.find("input[name=text]").fill("case 5")
    page.press("Enter")
    expect(page.find(".count")).to_have_text("not in this list")
    page.press("Escape")
    page.find("input[name=text]").blur()
    held = []
    page.page.route("**/verdicts", lambda route: held.append(route))
    with page.page.expect_request("**/verdicts"):
        page.press("5")
    page.press("j")
    page.shows("case 5")
    held[0].continue_()
    page.page.unroute("**/verdicts")
    page.says("case 1, unsure")
    expect(page.find(".progress p")).to_have_text("1 of 6 read")
    expect(page.find('option[value="unsure"]')).to_have_text("Unsure (1)")


def test_a_verdict_of_another_tab_is_seen_in_the_queue_and_nothing_asked_for_it_in_another_project(
    page, browse, project, other, store
):
    beside = browse().open(ids(store, project)["case 1"]).shows("case 1")
    beside.press("2")
    beside.says("Saved")
    expect(page.find(".row.current")).to_have_attribute(
        "aria-label", re.compile("truth kept by ANNA$")
    )
    page.press("j")
    page.shows("case 2")
    enter(beside, other)
    beside.shows("case 1")
    heard = beside.page.evaluate_handle(
        """() => ({ of: new Promise((heard) => (new BroadcastChannel("bc-review").onmessage = heard)) })"""
    )
    all_asked = beside.listen()
    page.press("5")
    page.says("case 2, unsure")
    heard.evaluate("async ({ of }) => void (await of)")  # after the tab itself has
    beside.fetched("bc/review/session")
    asked = [address for address in all_asked if f"/projects/{other.id}" in address]
    assert asked == [], "another project is counted anew for each verdict"


def test_of_ten_thousand_rows_only_those_in_sight_are_in_the_page(page, project):
    row = '[%d, %d, "busi", "exported_from_the_archive_case_%d", "benign", "ultrasound", null, null, null, 0.5, null, null, 0.9, "unseen", true, false, null, null, null]'
    columns = page.fetched(f"bc/review/projects/{project.id}/queue")["columns"]
    rows = ",".join(row % (n, n, n) for n in range(10_000))
    body = f'{{"columns": {str(columns).replace(chr(39), chr(34))}, "rows": [{rows}]}}'
    page.page.route("**/queue?*", lambda route: route.fulfill(body=body))
    page.find("select[name=order]").select_option("listed")
    expect(page.find(".count")).to_contain_text("of 10\u202f000")
    for place in (0, 0.5, 1):
        page.find(".queue").evaluate(f"e => e.scrollTop = {place} * e.scrollHeight")
        last = page.find(".row").last
        expect(last).to_be_attached()
        assert page.find(".row").count() < 60
    row = page.find('.row[aria-label^="exported_from_the_archive_case_9999, "]')
    expect(row).to_be_visible()
    assert row.get_attribute("aria-setsize") == "10000"
    begins, ends = (part.bounding_box() for part in row.locator(".name span").all())
    assert begins["x"] + begins["width"] <= ends["x"], "a long name overlaps its own end"
    assert ends["x"] + ends["width"] <= row.bounding_box()["x"] + row.bounding_box()["width"], (
        "the end of a long name, which tells it from the others, is out of sight"
    )


def test_the_next_case_is_there_before_it_is_asked_for(page, project, store):
    shown = ids(store, project)["case 2"]
    page.page.wait_for_function(
        """id => ['pixels', 'probability'].every(part => performance.getEntriesByType('resource')
          .some(({ name }) => name.includes(`/review/cases/${id}/${part}`)))""",
        arg=shown,
    )
    asked = page.listen()
    page.press("j")
    page.shows("case 2")
    pixels = [url for url in asked if "/pixels" in url or "/probability" in url]
    assert not any(f"/cases/{shown}/" in url for url in pixels), pixels


def test_after_the_last_case_it_says_that_all_are_read(page):
    for case in ("case 1", "case 2", "case 4", "case 5", "case 3", "case 6"):
        page.shows(case).press("2")
    page.says("All cases of this queue are read.")
    expect(page.find(".progress p")).to_contain_text("6 of 6 read")
    counted = page.find("select[name=decision] option")
    expect(counted.filter(has_text="read (")).to_have_text(["Not read (0)", "Read (6)"])
    expect(counted.filter(has_text="Truth kept")).to_have_text("Truth kept (6)")
    page.press("u")
    page.says("Undone")
    expect(counted.filter(has_text="read (")).to_have_text(["Not read (1)", "Read (5)"])
    expect(counted.filter(has_text="Truth kept")).to_have_text("Truth kept (5)")
