"""The cases behind the figures of the Evaluate tab: those in a plot or under a line are those that it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bcweb.review.store import Store
from tests.page.reader import Page, expect, sync_api
from tests.review.scored import BOXED, Made, Mask, fill

pytestmark = pytest.mark.browser

# All seen in training, with a Dice of 1; out of fold the weights carry 0.6 of each.
REMEMBERED = [
    Made(f"{n}", "benign", f"{n}", 10, Mask(0, "seen", carried=0.6), None) for n in range(12)
]


@pytest.fixture(scope="module")
def filled(store: Store, place: str) -> str:
    mixed = [replace(made, dataset="films") for made in BOXED]
    for name, cases in (("boxed", BOXED), ("mixed", mixed), ("remembered", REMEMBERED)):
        fill(store, name=name, cases=cases)
    return place


@pytest.fixture
def tab(filled: str, chromium: sync_api.Browser) -> Iterator[Tab]:
    tab = Tab(chromium.new_page(viewport={"width": 1300, "height": 900}), filled)
    yield tab
    tab.page.close()
    assert tab.complaints == []


class Tab(Page):
    def open(self, project: str) -> Tab:
        self.page.goto(self.address)
        self.page.get_by_role("tab", name="Evaluate").click()
        self.on(".project select").select_option(label=project)
        return self

    def on(self, selector: str, has_text: str | None = None) -> sync_api.Locator:
        return self.page.locator(f"bc-evaluate {selector}", has_text=has_text)

    def counts(self, plotted: int, listed: list[str]) -> None:
        """Wait until the list has these Dice, and see how many cases are in a bar, and chosen in each plot."""
        expect(self.on(".list tbody td:nth-child(3)")).to_have_text(listed, timeout=30_000)
        bars = self.on(".choose title").all_text_contents()
        assert sum(int(bar.split()[-2]) for bar in bars) == plotted, bars
        for plot in self.on(".points").all():
            expect(plot).to_have_attribute("aria-label", re.compile(f", {plotted} cases"))


def test_scores_against_boxes_are_in_no_plot_and_under_no_line_but_their_data_sets(tab):
    outlined, boxed = ["0.900"] * 3, ["0.100 (box)"] * 4
    tab.open("boxed").counts(3, outlined + boxed)
    tab.on("[data-low]").click()
    tab.counts(3, outlined)
    tab.on("[data-low]").click()
    tab.on("button.name", has_text="3 to 10%").click()
    tab.counts(3, outlined)
    tab.on("button.name", has_text="boxes (boxes)").click()
    tab.counts(4, boxed)
    tab.on(".list td span").first.hover()
    expect(tab.on(".meaning")).to_contain_text("scored against the ellipse in each")


def test_a_data_set_of_outlines_and_boxes_has_a_line_for_either(tab):
    outlined, boxed = ["0.900"] * 3, ["0.100 (box)"] * 4
    tab.open("mixed").counts(3, outlined + boxed)
    tab.on(".groups").get_by_role("button", name="films (boxes)").click()
    tab.counts(4, boxed)
    expect(tab.on(".over button")).to_have_text("films (boxes) ×")
    tab.on(".groups").get_by_role("button", name="films", exact=True).click()
    tab.counts(3, outlined)


def test_the_line_of_what_was_seen_opens_no_results(tab):
    tab.open("remembered").counts(12, ["0.600"] * 12)
    line = tab.on(".groups tr", has_text="Seen cases")
    expect(line.locator('[data-figure="how.seen.dice_mean"]')).to_have_text("1.000")
    expect(line.get_by_role("button"), "its cases are listed with other figures").to_have_count(0)
