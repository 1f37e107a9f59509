"""The Review tab in a Chromium that remembers nothing of earlier tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bcweb.review.store import Store
from tests.page.reader import keep_warm
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import ids
from tests.page.running import running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


# Half the pixels a side: where no graphics card is, an emulated one draws each of them.
LOOK = {
    "viewport": {"width": 1280, "height": 800},
    "color_scheme": "dark",
    "device_scale_factor": 0.5,
}

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
    made = chromium.new_context(**LOOK)
    keep_warm(made, place)
    yield made
    made.close()


@pytest.fixture(scope="package")
def set_forward(chromium, place: str) -> Iterator[sync_api.BrowserContext]:
    """Another, whose clock can be set forward: Playwright sets that of all its tabs, later ones too, and with it what
    they know of their own requests.
    """
    made = chromium.new_context(**LOOK)
    made.clock.install()
    keep_warm(made, place)
    yield made
    made.close()


@pytest.fixture
def timed(set_forward, place: str, project, store) -> Iterator[ReviewPage]:
    """The worst case is in view, on a clock that can be set forward."""
    made = ReviewPage(set_forward.new_page(), place)
    made.forget()
    yield made.open(ids(store, project)["case 1"]).shows("case 1")
    made.page.close(run_before_unload=False)
    assert made.complaints == []


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
def page(browse, project, store) -> ReviewPage:
    """The project's worst case is in view, and is read by ANNA."""
    return browse().open(ids(store, project)["case 1"]).shows("case 1")
