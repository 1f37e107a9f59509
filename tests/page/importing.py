"""An import under way, as the page is told of it: it goes on for as long as a test wants."""

from __future__ import annotations

import pytest

from bcweb.review.records import Project
from tests.page.review_reader import ReviewPage

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SESSION = "**/review/session"


class Importing:
    """It has predicted one case more each time that the page asks for its projects. more: what else is told of
    the project."""

    def __init__(self, page: ReviewPage, project: Project, **more):
        self.page, self.project, self.more = page, project, more
        self.done = 0
        self.is_over = False
        self.is_away = False  # the server does not answer
        page.page.route(SESSION, self._answer)

    def goes_on(self) -> None:
        """Wait until the page says so."""
        told = self.page.find(".importing:visible")
        before = told.inner_text()
        sync_api.expect(told).not_to_have_text(before, use_inner_text=True, timeout=30_000)

    def _answer(self, route: sync_api.Route) -> None:
        if self.is_away:
            return route.abort()
        answer = route.fetch().json()
        if not self.is_over:
            self.done += 1
            [told] = [one for one in answer["projects"] if one["id"] == self.project.id]
            doing = {"done": self.done, "total": 1000, "of": "cases", "doing": "Predicting"}
            told |= {"state": "importing", "progress": doing} | self.more
        return route.fulfill(json=answer)
