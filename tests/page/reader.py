"""The page as a reader has it open in Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.page.files import mask_of

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect


class Page:
    """One tab of the browser; what went wrong in it is in `complaints`."""

    def __init__(self, page: sync_api.Page, address: str):
        self.page, self.address = page, address
        self.complaints: list[str] = []
        # One listener that stays: without it each wait for a chooser switches Chromium's interception
        # on and off, and now and then a chooser opens in between.
        page.on("filechooser", lambda chooser: None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: sync_api.ConsoleMessage) -> None:
        # A refused file is a 400, which Chromium logs by itself.
        harmless = ("GPU stall", "Failed to load resource")
        if message.type == "error" and not any(words in message.text for words in harmless):
            self.complaints.append(message.text)

    def listen(self) -> list[str]:
        """The addresses that the tab asks for from now on. For tests that want them: to hear of all is a twelfth of the
        time that a page takes to open.
        """
        asked: list[str] = []
        self.page.on("request", lambda request: asked.append(request.url))
        return asked

    def open(self) -> Page:
        self.page.goto(self.address)
        self.ready()
        return self

    def forget(self) -> None:
        """Remove all that this browser keeps for the page, but for its scripts."""
        session = self.page.context.new_cdp_session(self.page)
        kept = {"origin": self.address, "storageTypes": "cookies,indexeddb,local_storage"}
        session.send("Storage.clearDataForOrigin", kept)
        session.detach()

    def ready(self) -> None:
        """Wait until the current scan is drawn with what is known of it."""
        expect(self.page.locator("bc-viewer")).to_have_attribute(
            "data-state", "ready", timeout=30_000
        )

    def look(self, scheme: str) -> None:
        """Have the system want light or dark, and wait until the page is."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(
            "dark => document.body.classList.contains('dark') === dark", arg=scheme == "dark"
        )

    def addressed(self, ending: str) -> None:
        """Wait until the address ends so: it names a case once moving has stopped."""
        expect(self.page).to_have_url(re.compile(re.escape(ending) + "$"))

    def find(self, selector: str) -> sync_api.Locator:
        return self.page.locator(f"bc-workbench {selector}")

    def model(self, selector: str) -> sync_api.Locator:
        return self.page.locator(f"bc-models {selector}")

    def rows(self) -> sync_api.Locator:
        return self.find(".list .row")

    def title(self) -> sync_api.Locator:
        return self.find(".findings h2")

    def give(self, *files: tuple[str, bytes]) -> None:
        """Open files with the button's file chooser."""
        with self.page.expect_file_chooser() as chooser:
            self.find(".open").click()
        chooser.value.set_files([payload(name, data) for name, data in files])

    def drop(self, *paths: Path) -> None:
        """Drop files or folders of the disk in the middle of the page, as from a file manager."""
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            session.send(
                "Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data}
            )
        session.detach()

    def score(self, name: str) -> str:
        return self.find(f'.findings td[data-score="{name}"]').inner_text()

    def viewer(self, script: str) -> object:
        """Evaluate a function of the viewer `v`."""
        return self.page.evaluate(f"() => ({script})(document.querySelector('bc-viewer'))")

    def saved_mask(self) -> np.ndarray:
        with self.page.expect_download() as download:
            self.page.keyboard.press("s")
        return mask_of(Path(download.value.path()).read_bytes())


def payload(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


REMOVE_ALL = """async () => {
    for (const {id} of await (await fetch("bc/scans")).json())
        await fetch(`bc/scans/${id}`, {method: "DELETE"});
}"""


def keep_warm(context: sync_api.BrowserContext, address: str) -> None:
    """Keep a tab open at the address: its process is then there for the tabs that tests open and close."""
    context.new_page().goto(f"{address}/favicon.ico")


def close(page: Page) -> None:
    page.page.evaluate(REMOVE_ALL)
    page.page.close()
    assert page.complaints == []
