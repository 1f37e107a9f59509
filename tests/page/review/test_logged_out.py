"""A login that has ended: whatever is asked for then, there is the way to log in, and who comes back finds what was asked for."""

from __future__ import annotations

import pytest

from tests.page.review_reader import ReviewPage
from tests.page.reviewing import ids

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

SENTENCE = "Your login has ended. What you drew is kept in this browser: log in again."


def end(page: ReviewPage, path: str) -> None:
    ended = {"error": SENTENCE, "login": True}
    page.page.route(path, lambda route: route.fulfill(status=401, json=ended))


def leads_to_the_login(page: ReviewPage, place: str) -> None:
    expect(page.find(place)).to_contain_text(SENTENCE)
    link = page.find(f"{place} a")
    expect(link).to_have_text("Log in with Hugging Face")
    expect(link).to_have_attribute("target", "_blank")  # what is on the screen stays there
    expect(page.find(f"{place} button")).to_have_count(0)  # to try again would not help


def comes_back(page: ReviewPage) -> None:
    """From logging in, in the other tab."""
    page.page.unroute_all()
    page.page.evaluate("dispatchEvent(new Event('focus'))")


def test_of_a_queue_a_case_and_the_projects_that_it_ends_before(page, project, store):
    end(page, "**/queue?*")
    page.find("select[name=order]").select_option("listed")
    leads_to_the_login(page, ".status")
    comes_back(page)
    expect(page.find(".row .name")).to_have_text([f"case {n}" for n in range(1, 7)])
    expect(page.find(".status")).to_have_text("")

    end(page, f"**/review/cases/{ids(store, project)['case 5']}")
    page.find('.queue .row[aria-label^="case 5, "]').click()
    leads_to_the_login(page, ".status")
    comes_back(page)
    page.shows("case 5")
    expect(page.find(".status")).to_have_text("")

    end(page, "**/review/session")
    page.find(".project").click()
    leads_to_the_login(page, ".problem")
    comes_back(page)
    expect(page.find(".problem")).to_be_hidden()
    expect(page.find(".projects .open").filter(has_text=project.name)).to_be_visible()
