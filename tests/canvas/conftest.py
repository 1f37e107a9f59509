"""One Chromium for all that looks at the canvas, and the windows that it opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests import browser
from tests.canvas.opened import Viewer, Window, window

if TYPE_CHECKING:
    from playwright import sync_api

SIZE = {"width": 1000, "height": 800}


@pytest.fixture(scope="package")
def chromium() -> Iterator[sync_api.Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = browser.executable()
    if path is None:
        pytest.fail(
            "No Chromium or Chrome is installed: `python -m tests.browser` fetches one.",
            pytrace=False,
        )
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        yield started
        started.close()


# One window for all tests, whose caches stay warm: nothing of the canvas is kept there.


@pytest.fixture(scope="package")
def wide(chromium: sync_api.Browser) -> Iterator[Window]:
    yield from window(chromium, viewport=SIZE)


@pytest.fixture(scope="package")
def narrow(chromium: sync_api.Browser) -> Iterator[Window]:
    size = {"width": 390, "height": 844}
    yield from window(
        chromium, viewport=size, has_touch=True, is_mobile=True, device_scale_factor=2
    )


@pytest.fixture
def viewer(wide: Window) -> Iterator[Viewer]:
    yield from wide.tab()


@pytest.fixture
def phone(narrow: Window) -> Iterator[Viewer]:
    yield from narrow.tab()
