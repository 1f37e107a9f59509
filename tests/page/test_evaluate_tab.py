"""The Evaluate tab as a reader has it open: figures, plots, two revisions, and the way to a case."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcweb.review.importing import prepare
from bcweb.review.store import Store
from tests import weights_folder
from tests.page.files import png, speckle
from tests.page.reader import Page, expect, keep_warm, sync_api
from tests.page.running import running
from tests.review.read_twice import ANNA, BEN, draw, fill_twice
from tests.review.scored import (
    CASES,
    FILMS,
    FIRST,
    FOLD,
    HEIGHT,
    SECOND,
    WIDTH,
    Made,
    Mask,
    fill,
    ids_of,
    square,
)
from tests.until import until

pytestmark = pytest.mark.browser

Where = tuple[str, dict[str, int]]

# The first weights have seen all of them, and carry 0.60, 0.61 ...; the second, which have not, have 0.7 of each.
REMEMBERED = [
    Made(f"case {n}", "benign", f"{n}", 10, Mask(0, "seen", carried=0.6 + n / 100), Mask(3))
    for n in range(40)
]
BOTH = [
    Made("ultrasound", "benign", "1", 10, Mask(0), Mask(1)),
    Made("film", "benign", "2", 10, Mask(2), None, modality="mammogram"),
]

PROJECTS, PROJECT = "**/evaluate/projects", "**/evaluate/projects/*"
PREDICTING = {"done": 99, "total": 100, "of": "cases", "doing": "Predicting"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Where]:
    """The app with six projects, its address, and the ids of the cases of "remembered" and "made"."""
    home = tmp_path_factory.mktemp("home")
    with Store(home) as store:
        weights = weights_folder.write(tmp_path_factory.mktemp("first"), name="first")
        spec = _data_set(tmp_path_factory.mktemp("small"))
        imported = prepare(store, "local", "small", [spec], str(weights), workers=1).run()
        assert imported.state == "ready", imported.problem
        fill(store, name="both", cases=BOTH)
        fill_twice(store, name="read twice")
        untrue = tuple(replace(one, side=None) for one in CASES[:4])
        unscored = fill(store, name="without truths", cases=untrue)
        for reader in (ANNA, BEN):
            draw(store, unscored, reader, "a", square(10, int(reader == BEN)))
        ids = ids_of(store, fill(store, name="remembered", cases=REMEMBERED))
        ids |= ids_of(store, fill(store))
    with running({"BCWEB_HOME": str(home)}) as address:
        yield address, ids


def _data_set(folder: Path) -> str:
    """Two scans with their truth, as a `folder:` data set."""
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for seed in range(2):
        (folder / "images" / f"{seed}.png").write_bytes(png(speckle(HEIGHT, WIDTH, seed)))
        (folder / "masks" / f"{seed}.png").write_bytes(png(square(20, 8)))
    return f"folder:{folder}"


@pytest.fixture(scope="module")
def warm(made: Where, chromium: sync_api.Browser) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm."""
    context = chromium.new_context(viewport={"width": 1300, "height": 900}, device_scale_factor=0.5)
    keep_warm(context, made[0])
    yield context
    context.close()


@pytest.fixture
def tab(made: Where, warm: sync_api.BrowserContext) -> Iterator[Tab]:
    tab = Tab(warm.new_page(), made)
    tab.forget()
    tab.page.add_init_script("localStorage.setItem('bc-reader', 'ann')")
    yield tab
    tab.page.close()
    assert tab.complaints == []


class Tab(Page):
    def __init__(self, page: sync_api.Page, made: Where):
        super().__init__(page, made[0])
        self.ids = made[1]

    def open(self, width: int = 1300) -> Tab:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.arrive()
        return self.told()

    def arrive(self) -> None:
        # No longer than until the tab is there: the Scan tab would have a sample segmented meanwhile.
        self.page.goto(self.address, wait_until="commit")
        self.page.get_by_role("tab", name="Evaluate").click()

    def told(self) -> Tab:
        # While another project is fetched, the figures of the one before are still there, but hidden.
        expect(self.on(".told")).to_be_visible(timeout=30_000)
        expect(self.on(".headline li")).to_have_count(9, timeout=30_000)
        expect(self.on(".told.stale")).to_have_count(0)
        return self

    def choose(self, project: str) -> None:
        self.on(".project select").select_option(label=project)

    def answered(self) -> None:
        """What was answered before this is dealt with."""
        self.page.evaluate("async () => (await fetch('bc/line')).json()")

    def asks(self, held: list[sync_api.Route], number: int) -> None:
        """Wait until so many questions have come."""
        until(lambda: self.answered() or len(held), lambda came: came >= number)

    def predicted(self, place: str) -> dict[str, Any]:
        """What is known of the project that lies there, once its import is over."""
        ask = self.page.request.get
        return until(lambda: ask(place).json(), lambda known: not known["progress"])

    def compare(self) -> Tab:
        self.on(".revision select").select_option(FIRST)
        self.on(".against select").select_option(SECOND)
        expect(self.on(".beside h2")).to_have_text(f"{FIRST} beside {SECOND}", timeout=30_000)
        return self.told()

    def on(self, selector: str, has_text: str | None = None) -> sync_api.Locator:
        return self.page.locator(f"bc-evaluate {selector}", has_text=has_text)

    def figure(self, name: str) -> str:
        return self.on(f'[data-figure="{name}"]').inner_text()

    def worse(self) -> list[str]:
        return self.on(".worse [data-case]").evaluate_all(
            "all => all.map(one => one.firstChild.textContent)"
        )

    def listed(self) -> list[str]:
        return self.on(".list [data-case]").evaluate_all(
            "all => all.map(one => one.firstChild.textContent)"
        )

    def landed_on(self, name: str, of: str) -> None:
        """The Review tab is in front and shows this case with these weights' mask, and the address names both."""
        expect(self.page.get_by_role("tab", name="Review")).to_have_attribute(
            "aria-selected", "true"
        )
        expect(self.page.locator("bc-review .panel .case h2")).to_have_text(name)
        expect(self.page.locator("bc-review").get_by_label("Prediction by")).to_have_value(of)
        self.addressed(f"?case={self.ids[name]}&of={of}")


def test_two_revisions_are_compared_and_a_case_that_got_worse_is_opened(tab):
    tab.open().compare()
    assert (tab.figure("dice_mean"), tab.figure("painted")) == ("0.583", "50.0%")
    told = tab.on(".differences tr").nth(1).inner_text().split()
    assert told[:5] == ["Dice,", "mean", "0.575", "0.725", "−0.150"]
    assert "6 cases that both predicted and neither had seen" in tab.on(".beside").inner_text()
    assert f"3 that {FIRST} saw in training" in tab.on(".beside").inner_text()
    assert tab.worse() == ["f", "d", "b"]
    parts = tab.on(".beside .parts")
    expect(parts.locator(".title")).to_have_text(
        ["Data set", "Label", "Truth's share of the image"]
    )
    malignant = parts.locator("tr", has_text="malignant")
    expect(malignant).to_have_text("malignantDice, mean20.2500.500−0.250")
    tab.on('[data-figure="label.normal.difference.painted"]').hover()
    expect(tab.on(".meaning")).to_contain_text("less is better. Over 2 images in 2 groups.")
    folds = tab.on(".folds input")
    folds.focus()
    tab.page.keyboard.press("Space")
    expect(tab.on(".beside")).to_contain_text("2 of them out of fold")
    expect(folds, "the keyboard goes on where it was").to_be_focused()
    assert tab.worse() == ["f", "d", "fold", "b", "carried"]
    link = tab.on(".worse [data-case]").nth(1)
    with tab.page.context.expect_page() as other:
        link.click(modifiers=["ControlOrMeta"])
    expect(other.value.locator("bc-review .panel .case h2")).to_have_text("d", timeout=30_000)
    expect(other.value.locator("bc-review").get_by_label("Prediction by")).to_have_value(FIRST)
    other.value.close()
    link.click()
    tab.landed_on("d", FIRST)
    tab.page.get_by_role("tab", name="Evaluate").click()
    expect(tab.on(".beside h2")).to_be_visible()


def test_weights_of_the_other_modality_are_shown_alone(tab):
    tab.open()
    tab.choose("both")
    tab.compare()
    tab.on(".revision select").select_option(FILMS)
    tab.told()
    expect(tab.on(".beside h2")).to_have_count(0)
    expect(tab.on(".against select")).to_have_value("")
    expect(tab.on(".problem")).to_be_hidden()


def test_where_nothing_is_compared_there_is_the_way_to_scores_out_of_fold_and_no_table(tab):
    tab.open()
    tab.choose("remembered")
    tab.compare()
    told = tab.on(".beside")
    expect(told).to_contain_text("There is no case that both predicted and neither had seen.")
    expect(told.locator(".differences, .better, .worse")).to_have_count(0)
    told.get_by_label("Compare on scores out of fold too (40)").check()
    expect(tab.on(".beside .better h3")).to_have_text("Better with the first: 29")
    expect(tab.on(".beside .worse h3")).to_have_text("Worse with the first: 10")


def test_back_from_a_case_leads_to_where_it_was_opened(tab):
    tab.open()
    tab.choose("remembered")
    tab.compare()
    tab.on(".folds input").check()
    tab.on(".better").get_by_role("button", name="Show 19 more of 29").click()
    tab.on(".cases").get_by_role("button", name="Show 15 more of 40").click()
    rows = tab.on(".list tbody tr")
    expect(rows).to_have_count(40)
    link = tab.on(".list [data-case]").nth(35)
    link.scroll_into_view_if_needed()
    before = tab.page.evaluate("scrollY")
    assert before > 1000, "the list is longer than the window"
    for leave in (tab.page.go_back, tab.page.get_by_role("tab", name="Evaluate").click):
        link.click()
        tab.landed_on("case 35", FIRST)
        link.evaluate("one => one.id = 'before'")
        leave()
        expect(tab.on("#before"), "all is drawn anew").to_have_count(0)
        tab.told()
        assert (rows.count(), tab.on(".better tbody tr").count()) == (40, 29)
        tab.page.wait_for_function("before => scrollY === before", arg=before)
        tab.page.wait_for_function("!location.search.includes('case')")
        if leave == tab.page.go_back:
            expect(link, "the keyboard goes on at the case that was opened").to_be_focused()
            tab.page.go_forward()
            tab.landed_on("case 35", FIRST)
            tab.page.go_back()
            expect(link, "and once more").to_be_focused()
    tab.page.go_back()
    tab.told()
    tab.page.go_forward()
    expect(tab.page.get_by_role("tab", name="Review")).to_have_attribute("aria-selected", "true")


def test_back_from_the_question_who_reads_leads_to_a_page_that_can_be_used(tab):
    tab.page.add_init_script("localStorage.removeItem('bc-reader')")
    tab.open().compare()
    asks = tab.page.locator("bc-review .who")
    tab.on(".worse [data-case]").first.click()
    expect(asks).to_be_visible()
    tab.page.go_back()
    tab.told()
    tab.on(".worse [data-case]").nth(1).click()
    expect(asks).to_be_visible()
    asks.get_by_label("Your name").fill("ann")
    tab.page.keyboard.press("Enter")
    tab.landed_on("d", FIRST)


def test_back_with_the_sheet_of_keys_open_leads_to_a_page_that_can_be_used(tab):
    """As one closes a sheet on a phone: the tab goes, and the sheet with it."""
    tab.open().compare()
    tab.on(".worse [data-case]").first.click()
    expect(tab.page.locator("bc-review .panel .case h2")).to_be_visible()
    tab.page.get_by_role("tab", name="Scan").click()
    expect(tab.find(".bench")).to_be_visible()
    tab.page.keyboard.press("?")
    expect(tab.find("dialog")).to_be_visible()
    tab.page.go_back()
    tab.told()
    tab.on(".worse [data-case]").nth(1).click(timeout=10_000)
    tab.landed_on("d", FIRST)


def test_other_weights_predict_in_the_background_and_are_compared(tab, tmp_path):
    other = weights_folder.write(tmp_path / "other", name="other")
    tab.open()
    tab.choose("small")
    expect(tab.on(".about")).to_contain_text("2 of 2 cases have a score")
    tab.on(".predict summary").click()
    tab.on(".predict input").fill("/nowhere/at/all")
    tab.page.keyboard.press("Enter")
    refused = tab.on(".predict [role=status]")
    expect(refused).to_contain_text("There are no weights at /nowhere/at/all")
    tab.on(".predict input").fill(str(other))
    tab.on(".predict button").click()
    expect(tab.on(".beside h2")).to_contain_text("beside other-", timeout=60_000)
    expect(tab.on(".beside")).to_contain_text("2 cases that both predicted and neither had seen")


def test_weights_that_predict_all_before_they_are_told_of_are_compared(tab, tmp_path):
    other = weights_folder.write(tmp_path / "quick", name="quick")
    asked = []
    tab.open()
    tab.page.route("**/predictions", lambda route: asked.append(route))
    tab.choose("small")
    tab.told()
    tab.on(".predict summary").click()
    tab.on(".predict input").fill(str(other))
    tab.on(".predict button").click()
    tab.asks(asked, 1)
    assert asked[0].fetch().status == 202
    asked[0].fulfill(json=tab.predicted(asked[0].request.url.removesuffix("/predictions")))
    expect(tab.on(".beside h2")).to_contain_text("beside quick-")


def test_weights_that_predicted_while_something_else_was_in_view_are_compared(tab, tmp_path):
    """On the way back they are still at it: their first cases are there, and all later on."""
    other = weights_folder.write(tmp_path / "meanwhile", name="meanwhile")
    told = {"progress": PREDICTING}
    tab.open()
    tab.choose("small")
    tab.told()
    tab.page.route(PROJECT, lambda route: route.fulfill(json=route.fetch().json() | told))
    tab.on(".predict summary").click()
    tab.on(".predict input").fill(str(other))
    with tab.page.expect_response("**/predictions") as begun:
        tab.on(".predict button").click()
    expect(tab.on(".importing")).to_be_visible()
    tab.predicted(begun.value.url.removesuffix("/predictions"))
    for away in ("another project", "another tab"):
        if away == "another project":
            tab.choose("made")
            tab.told()
            tab.choose("small")
        else:
            tab.page.get_by_role("tab", name="Review").click()
            with tab.page.expect_response(PROJECT):
                tab.page.get_by_role("tab", name="Evaluate").click()
        expect(tab.on(".revision option", has_text="meanwhile-"), away).to_have_count(1)
        expect(tab.on(".importing"), away).to_be_visible()
    told.clear()
    expect(tab.on(".beside h2")).to_contain_text("beside meanwhile-")


def test_how_far_an_import_is_goes_on_being_told_after_a_question_that_failed(tab):
    """While another set of weights predicts: the server is away for one answer, and back for the next."""
    asked = []

    def answer(route: sync_api.Route) -> None:
        asked.append(route)
        if len(asked) == 2:
            return route.abort()
        doing = {"done": len(asked), "total": 1000, "of": "cases", "doing": "Predicting"}
        route.fulfill(json=route.fetch().json() | ({"progress": doing} if len(asked) < 5 else {}))

    tab.open()
    tab.page.route("**/evaluate/projects/*", answer)
    tab.choose("small")
    expect(tab.on(".importing")).to_contain_text("Predicting: 3 of 1\u202f000 cases")
    expect(tab.on(".importing")).to_be_hidden()
    counted = ["revisions=false" not in route.request.url for route in asked[:5]]
    assert counted == [True, False, False, False, False], "each question has every prediction read"
    expect(tab.on(".about")).to_contain_text("2 of 2 cases have a score")


def test_an_import_is_watched_for_as_long_as_its_project_is_in_view(tab):
    asked = []

    def answer(route: sync_api.Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(json=route.fetch().json() | {"progress": PREDICTING})

    tab.open()
    tab.page.route(PROJECT, answer)
    tab.choose("small")
    tab.asks(asked, 2)
    expect(tab.on(".importing")).to_be_visible()
    tab.choose("made")
    tab.asks(asked, 3)
    expect(tab.on(".importing"), "that is of the project before").to_be_hidden()
    _, watch, choice = asked
    watch.continue_()  # that import has ended
    watch.request.response().finished()
    tab.answered()
    choice.continue_()
    in_view = tab.on(".project option:checked")
    expect(in_view, "nobody is thrown back to the project before").to_have_text("made")
    tab.told()
    expect(tab.on(".importing")).to_be_hidden()


def test_the_end_of_an_import_is_told_whatever_is_asked_for_meanwhile(tab):
    asked = []

    def answer(route: sync_api.Route) -> None:
        asked.append(route)
        if len(asked) < 3:
            told = {"progress": PREDICTING if len(asked) == 1 else None}
            route.fulfill(json=route.fetch().json() | told)

    tab.open()
    tab.page.route(PROJECT, answer)
    tab.choose("small")
    tab.asks(asked, 3)  # it has ended: what it came to is asked for
    with tab.page.expect_response("**/scores?*truth=reader*"):
        tab.on(".truth label", has_text="As readers left it").click()
    asked.pop().continue_()
    expect(tab.on(".importing"), "the import has ended").to_be_hidden()
    expect(tab.on(".predict")).to_be_visible()
    expect(tab.on(".about")).to_contain_text("For 0 the truth is the mask that a reader left.")


def test_how_far_an_import_is_goes_with_the_last_project(tab):
    is_gone = False

    def answer(route: sync_api.Route) -> None:
        if is_gone:
            return route.fulfill(status=404, json={"error": "There is no such project."})
        route.fulfill(json=route.fetch().json() | {"progress": PREDICTING})

    tab.open()
    tab.page.route(PROJECT, answer)
    tab.choose("small")
    importing = tab.on(".importing")
    expect(importing).to_be_visible()
    tab.page.route(PROJECTS, lambda route: route.fulfill(json={"projects": []}))
    is_gone = True
    expect(tab.on(".empty")).to_contain_text("Nothing is under review yet.")
    expect(importing, "its project is gone").to_be_hidden()
    expect(tab.on(".progress")).to_be_hidden()


def test_why_nothing_of_a_project_is_predicted_is_told_as_it_is_now(tab):
    told = {"revisions": [], "progress": PREDICTING, "state": "importing"}
    tab.page.route(PROJECT, lambda route: route.fulfill(json=route.fetch().json() | told))
    tab.arrive()
    evaluate, review = (tab.page.get_by_role("tab", name=name) for name in ("Evaluate", "Review"))
    empty = tab.on(".empty")
    expect(empty).to_contain_text("It is being imported: come back in a while.")
    stopped = "Its import stopped: go on with it on the Review tab."
    told.update(progress=None, state="cancelled", problem="The import was cancelled.")
    expect(empty).to_contain_text(stopped)
    for state, said in (
        ("failed", "Its import stopped at an error: go on with it on the Review tab."),
        ("importing", stopped),  # the server was stopped meanwhile
        ("ready", "None of its cases could be segmented: its notes on the Review tab say why."),
    ):
        told["state"] = state
        review.click()
        evaluate.click()
        expect(empty).to_contain_text(said)


@pytest.mark.parametrize("question", [PROJECTS, PROJECT])
def test_a_project_is_asked_for_until_it_is_there(tab, question):
    tab.page.route(question, lambda route: route.abort())
    tab.arrive()
    expect(tab.on(".progress p")).to_have_text("The server does not answer. It is asked again.")
    tab.page.unroute(question)
    tab.told()
    expect(tab.on(".progress")).to_be_hidden()


def test_scores_are_asked_for_until_they_are_there_whatever_question_fails(tab):
    """While they are worked out the server goes away, and comes back."""
    asked = []

    def answer(route: sync_api.Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            return route.fulfill(json={"done": 1, "total": 10})
        route.abort()

    tab.page.route("**/scores?*", answer)
    tab.arrive()
    expect(tab.on(".progress p")).to_have_text("The server does not answer. It is asked again.")
    tab.page.unroute("**/scores?*")
    tab.told()
    expect(tab.on(".progress")).to_be_hidden()


def test_weights_that_are_looked_into_for_one_project_change_nothing_of_another(tab, tmp_path):
    asked = []
    tab.open()
    tab.page.route("**/predictions", lambda route: asked.append(route))
    revisions, begin, said = (
        tab.on(selector)
        for selector in (".revision option", ".predict button", ".predict [role=status]")
    )
    ours = revisions.all_text_contents()
    nowhere = tmp_path / "nowhere"
    for weights, why in (
        (nowhere, f"There are no weights at {nowhere}"),
        (weights_folder.write(tmp_path / "third", name="third"), ""),
    ):
        tab.choose("small")
        tab.told()
        expect(tab.on(".about")).to_contain_text("2 of 2 cases have a score")
        if not tab.on(".predict input").is_visible():
            tab.on(".predict summary").click()
        tab.on(".predict input").fill(str(weights))
        begin.focus()
        with tab.page.expect_request("**/predictions"):
            tab.page.keyboard.press("Enter")
        expect(begin).to_be_disabled()
        expect(begin, "the keyboard stays where it was").to_be_focused()
        expect(said).to_have_text("Looking into the weights …")
        tab.choose("made")
        tab.told()
        expect(begin).to_be_enabled()
        route = asked.pop()
        route.fulfill(response=route.fetch())
        route.request.response().finished()
        tab.answered()
        assert revisions.all_text_contents() == ours
        expect(said).to_have_text("")
        expect(tab.on(".problem")).to_be_hidden()
        expect(tab.on(".importing")).to_be_hidden()
        tab.choose("small")
        expect(said, "whoever comes back reads why").to_contain_text(why)
    expect(tab.on(".revision option", has_text="third-")).to_have_count(1, timeout=60_000)


def test_while_another_project_is_fetched_nothing_is_asked_of_the_one_before(tab):
    asked = []
    tab.open()
    tab.choose("made")
    tab.told()
    tab.page.route("**/evaluate/projects/*", lambda route: asked.append(route))
    with tab.page.expect_request("**/evaluate/projects/*"):
        tab.choose("small")
    for what in (".revision", ".against", ".truth", ".files", ".predict"):
        expect(tab.on(f".asked {what}")).to_be_hidden()
    asked.pop().continue_()
    expect(tab.on(".about")).to_contain_text("2 of 2 cases have a score")
    expect(tab.on(".asked .revision")).to_be_visible()


def test_a_click_on_a_point_opens_its_case(tab):
    tab.open().compare()
    plot = tab.on(".points").first
    plot.scroll_into_view_if_needed()
    # "fold" covers 20% of its image with a Dice of 0.6; the axis runs from the smallest, 0.8%, to 100%.
    at = plot.evaluate(
        """plot => {
            const frame = plot.getBoundingClientRect(), scale = frame.width / 420;
            const across = Math.log(0.2 / 0.008) / Math.log(1 / 0.008);
            return [frame.left + scale * (44 + 360 * across), frame.top + scale * (192 - 182 * 0.6)];
        }"""
    )
    tab.page.mouse.move(*at)
    expect(tab.on(".readout").first).to_have_text(
        "fold · benign · Dice 0.600 · 20% of the image · uncertainty 0.40"
    )
    tab.page.mouse.click(*at)
    tab.landed_on("fold", FOLD)


def test_the_keyboard_walks_the_points_and_opens_one(tab):
    tab.open().compare()
    tab.on(".points").first.focus()
    tab.page.keyboard.press("End")
    expect(tab.on(".readout").first).to_contain_text("fold")
    tab.page.keyboard.press("Home")
    expect(tab.on(".readout").first).to_contain_text("d · malignant · Dice 0.000")
    tab.page.keyboard.press("Enter")
    tab.landed_on("d", FIRST)


def test_a_bar_and_a_group_show_their_cases_alone_until_that_is_taken_off(tab):
    tab.open()
    tab.on("button.name", has_text="malignant").click()
    tab.on("[data-low]").first.click()
    chips, heading = tab.on(".cases .over button"), tab.on(".cases h2")
    for left in (1, 0):
        expect(chips).to_have_count(left + 1)
        chips.first.focus()
        tab.page.keyboard.press("Enter")
        expect(chips).to_have_count(left)
        expect(heading, "the focus is left with the list").to_be_focused()
    expect(heading).to_have_text("10 cases, the lowest Dice first")
    tab.compare()
    assert tab.listed() == ["d", "f", "c", "carried", "fold", "b", "a", "e", "seen"]
    bar = tab.on('[data-low="0.6"]')
    expect(bar).to_have_attribute("aria-label", "Dice 0.60 to 0.65: 2 images")
    bar.focus()
    tab.page.keyboard.press("Enter")
    assert tab.listed() == ["carried", "fold"]
    expect(bar).to_have_attribute("aria-pressed", "true")
    expect(bar).to_be_focused()
    tab.page.keyboard.press("Enter")
    assert len(tab.listed()) == 9
    tab.on("button.name", has_text="malignant").click()
    assert tab.listed() == ["d", "c", "seen"]
    tab.on('button[aria-label="Show all groups"]').click()
    assert len(tab.listed()) == 9


def test_report_and_table_are_of_what_is_shown_and_what_a_figure_means_is_one_focus_or_hover_away(
    tab,
):
    tab.open().compare()
    texts = []
    for kind in ("report", "table"):
        with tab.page.expect_download() as download:
            tab.on(f".files .{kind}").click()
        texts.append((download.value.suggested_filename, Path(download.value.path()).read_text()))
    assert [name for name, _ in texts] == ["made-evaluation.html", "made-evaluation.csv"]
    assert f"<h2>{FIRST} beside {SECOND}</h2>" in texts[0][1]
    rows = list(csv.DictReader(texts[1][1].splitlines()))
    assert {row["id"]: row["difference"] for row in rows}["d"] == "-0.5"
    why = tab.on(".meaning")
    expect(why).to_be_hidden()
    tab.on(".headline .term", has_text="HD95").focus()
    expect(why).to_contain_text("95 of 100 points of one border lie nearer than this")
    expect(why).to_contain_text("Over 4 images of 6.")
    tab.page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    tab.on('[data-figure="label.normal.dice_mean"]').hover()
    expect(why).to_contain_text("There is no lesion image among them.")
    silent = tab.on("[data-figure]:not([data-why])")
    expect(silent).to_have_count(0)
    reader = tab.on(".truth label", has_text="As readers left it")
    reader.hover()
    expect(why).to_contain_text("An accepted prediction is no truth.")
    reader.click()
    expect(tab.on(".about")).to_contain_text("For 0 the truth is the mask that a reader left.")


def test_nothing_is_wider_than_the_window(tab):
    tab.open(390).compare()
    for width in (390, 1300):
        tab.page.set_viewport_size({"width": width, "height": 900})
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        beyond = tab.on(".told > *").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right > innerWidth).length"
        )
        assert beyond == 0, f"what is wider than {width} px scrolls within itself"


def test_a_page_without_a_project_says_what_to_do_next(tab):
    tab.page.route("**/bc/evaluate/projects", lambda route: route.fulfill(json={"projects": []}))
    tab.arrive()
    empty = tab.on(".empty")
    expect(empty).to_contain_text("Nothing is under review yet.")
    expect(empty).to_contain_text("python -m bcweb.review import NAME --data busi:PATH")
    empty.get_by_role("button", name="Go to the Review tab").click()
    expect(tab.page.get_by_role("tab", name="Review")).to_have_attribute("aria-selected", "true")


def test_readers_are_compared_and_the_case_they_differ_on_most_is_one_press_away(tab):
    tab.arrive()
    tab.choose("read twice")
    titles = ["Readers: against the imported truth", "Readers: ANNA and BEN"]
    expect(tab.on(".readers h2")).to_have_text(titles, timeout=30_000)
    tab.on(".revision select").select_option(FIRST)
    truth, pair = (tab.on(".readers .wide").nth(at).locator("tbody tr") for at in range(2))
    expect(pair.nth(1)).to_contain_text(f"{FIRST} and ANNA", timeout=30_000)
    expect(pair.nth(0)).to_have_text("ANNA and BEN60.7200.90083.3%0.571")
    expect(truth).to_have_text(
        [
            "ANNA50.8000.800100.0%39.8% to 100.0%1.000",
            "BEN40.7000.70075.0%0.500",
            f"{FIRST}50.7670.80080.0%0.545",
        ]
    )
    expect(tab.on(".readers > p", has_text="both left a mask on 6 of them")).to_be_visible()
    differing = tab.on(".differing tbody tr")
    expect(tab.on(".differing h3")).to_have_text("Where they differ: 5")
    expect(differing.nth(0)).to_have_text("f set0.000no lesion / outlined")
    expect(differing.nth(4)).to_have_text("d set–rejected / outlined")
    differing.first.get_by_role("link").click()
    expect(tab.page.locator("bc-review .case h2")).to_have_text("f", timeout=30_000)


def test_readers_are_compared_where_no_truth_is_known(tab):
    tab.arrive()
    tab.choose("without truths")
    expect(tab.on(".empty h2")).to_have_text("No case of this project has a score.", timeout=30_000)
    expect(tab.on(".readers .wide tbody tr").first).to_contain_text("0.900")
    expect(tab.on(".headline")).to_be_hidden()
    tab.choose("made")
    expect(tab.on(".headline")).to_be_visible(timeout=30_000)
    expect(tab.on(".readers")).to_be_hidden()


def test_what_other_weights_draw_otherwise_is_told_where_no_truth_is_known(tab):
    tab.arrive()
    tab.choose("without truths")
    expect(tab.on(".empty h2")).to_have_text("No case of this project has a score.", timeout=30_000)
    tab.on(".revision select").select_option(FIRST)
    tab.on(".against select").select_option(SECOND)
    expect(tab.on(".changed h3")).to_have_text("Where their masks differ: 3", timeout=30_000)
    expect(tab.on(".beside")).to_contain_text("on 3 of the 4 cases that both segmented")
    rows = tab.on(".changed tbody tr")
    expect(rows.first).to_have_text(f"d set0.000by {SECOND} alone")
    rows.nth(1).get_by_role("link").click()
    expect(tab.page.locator("bc-review .case h2")).to_have_text("b", timeout=30_000)
