"""The Review tab in a Chromium that remembers nothing of earlier tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bcweb.review.store import Store
from tests.page.reader import keep_warm
from tests.page.review_reader import ReviewPage
from tests.page.running import running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


# --- one app for this folder; each test brings a project of its own ---------------------------------


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="package")
def store(home: Path) -> Iterator[Store]:
    with Store(home) as opened:
        yield opened


@pytest.fixture(scope="package")
def place(home: Path, store: Store) -> Iterator[str]:
    with running({"BCWEB_HOME": str(home)}) as address:
        yield address


@pytest.fixture(scope="package")
def context(chromium, place: str) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm; see `browse` for what it forgets."""
    # Half the pixels a side: where no graphics card is, an emulated one draws each of them.
    made = chromium.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark", device_scale_factor=0.5
    )
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
