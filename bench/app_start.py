"""`python app.py`: time and memory to the first answer, and to the first mask."""

from __future__ import annotations

import tempfile
import time

from playwright.sync_api import sync_playwright

from bench.memory import resident_mb
from bench.rows import Row
from tests import browser
from tests.page.running import App, Visitor


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        started = time.perf_counter()
        app = App({"BCWEB_HOME": home}).start()
        try:
            Visitor(app.address).close()  # it has loaded the page
            answered = time.perf_counter() - started
            memory = resident_mb(app.process.pid)
            masked = _seconds_to_the_first_mask(app.address)
            return [
                Row("start to first answer", answered, "s"),
                Row("resident memory then", memory, "MB"),
                Row("browser opens the page to first mask drawn", masked, "s"),
                Row("resident memory then", resident_mb(app.process.pid), "MB"),
            ]
        finally:
            app.stop()


def _seconds_to_the_first_mask(address: str) -> float:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.executable(), args=browser.ARGUMENTS
        )
        page = chromium.new_page()
        opened = time.perf_counter()
        page.goto(address)
        page.wait_for_function("document.querySelector('bc-viewer')?.dataset.state === 'ready'")
        masked = time.perf_counter() - opened
        chromium.close()
    return masked
