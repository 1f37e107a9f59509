"""The Review tab in a Chromium that remembers nothing of earlier tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.page.reader import keep_warm
from tests.page.review_reader import ReviewPage

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def context(chromium, place: str) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm; see `browse` for what it forgets."""
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    keep_warm(made, place)
    yield made
    made.close()


@pytest.fixture
def browse(context, place: str) -> Iterator[Callable[[], ReviewPage]]:
    """Open tabs of a browser that remembers nothing of earlier tests."""
    made: list[ReviewPage] = []

    def new() -> ReviewPage:
        made.append(ReviewPage(context.new_page(), place))
        if len(made) == 1:
            made[0].forget()
        return made[-1]

    yield new
    for page in made:
        page.page.close(run_before_unload=False)
        assert page.complaints == []


@pytest.fixture
def page(browse, project) -> ReviewPage:
    """The project's worst case is in view, and is read by ANNA."""
    return browse().open().shows("case 1")
