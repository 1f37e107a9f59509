"""The Review tab as a reader has it open in Chromium."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tests.page.reader import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

REVIEW = "bc-review"
BAR = [(0.3, 0.4), (0.6, 0.4)]  # a stroke, in parts of a pane

# After `sessionStorage.answers`, which a reload leaves, all is as it was.
_REFUSING = """([word, error]) => {
  const { fetch } = window;
  window.fetch = function (asked, ...more) {
    if (!String(asked?.url ?? asked).includes(word) || sessionStorage.answers) return fetch.call(this, asked, ...more);
    return error ? Promise.resolve(Response.json({ error }, { status: 404 })) : Promise.reject(new TypeError());
  };
}"""


class ReviewPage(Page):
    """One tab of the browser with the Review tab in front."""

    def open(
        self, case: int | None = None, reader: str = "ANNA", by_tab: bool = False
    ) -> ReviewPage:
        """case: the link to a case; None: to the tab. by_tab: the tab is pressed, and the Scan tab was in front."""
        if reader:
            script = f"localStorage.getItem('bc-reader') ?? localStorage.setItem('bc-reader', {reader!r})"
            self.page.add_init_script(script)
        # No longer than until the tab is there: the Scan tab would have a sample segmented meanwhile.
        link = f"/?case={case}" if case is not None else "" if by_tab else "/#review"
        self.page.goto(self.address + link, wait_until="commit")
        if by_tab:
            self.page.get_by_role("tab", name="Review").click()
        self.page.locator(f"{REVIEW} .page").wait_for()
        return self

    def ready(self) -> ReviewPage:
        """Wait until the case in view is drawn with what is known of it."""
        state = self.page.locator(f"{REVIEW} bc-viewer")
        expect(state).to_have_attribute("data-state", "ready", timeout=30_000)
        return self

    def find(self, selector: str) -> sync_api.Locator:
        return self.page.locator(f"{REVIEW} {selector}")

    def viewer(self, script: str) -> object:
        """Evaluate a function of the viewer `v`."""
        return self.page.evaluate(f"() => ({script})(document.querySelector('{REVIEW} bc-viewer'))")

    def title(self) -> sync_api.Locator:
        return self.find(".case h2")

    def shows(self, name: str) -> ReviewPage:
        expect(self.title()).to_have_text(name, timeout=30_000)
        return self.ready()

    def says(self, text: str, seconds: float = 30) -> None:
        """Wait until the line under the decisions says this."""
        expect(self.find(".status")).to_contain_text(text, timeout=1000 * seconds)

    def try_now(self) -> None:
        """Press what sends again, unless it has just been sent again by itself."""
        self.find(".status button").evaluate_all("all => all.forEach((one) => one.click())")

    def refuse(self, word: str, error: str = "") -> None:
        """What is sent to an address with this word gets no answer, or is refused with an error, until `answer`, in
        pages that are loaded later too. No route does that: while there is one, Chromium loads pages without its cache.
        """
        self.page.add_init_script(f"({_REFUSING})({json.dumps([word, error])})")
        self.page.evaluate(_REFUSING, [word, error])

    def answer(self) -> None:
        """In place of `page.unroute_all` after `refuse`."""
        self.page.evaluate("sessionStorage.answers = true")

    def reload(self) -> None:
        """Until moving has stopped, the address names the case before."""
        case = self.find('.queue .row[aria-selected="true"]').get_attribute("data-id")
        expect(self.page).to_have_url(re.compile(rf"[?&]case={case}\b"))
        self.page.reload()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def state(self, name: str) -> str:
        """What the queue says of a case, to whoever cannot see its mark."""
        row = self.find(f'.queue .row[aria-label^="{name}, "]')
        return row.get_attribute("aria-label").rpartition(", ")[2]

    def stroke(self, *points: tuple[float, float]) -> None:
        """Draw with the mouse through points of the first pane, in parts of its width and height."""
        box = self.find("bc-viewer .pane:visible").first.bounding_box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        mouse = self.page.mouse
        mouse.move(*at[0])
        mouse.down()
        for point in at[1:]:
            mouse.move(*point, steps=6)
        mouse.up()

    def edited(self, shape: tuple[int, int] = (240, 320)) -> np.ndarray:
        """(H, W) bool: the mask in the editor."""
        text = self.viewer("v => v.edited.join('')")
        return (np.frombuffer(text.encode(), np.uint8) == ord("1")).reshape(shape)

    def fetched(self, path: str) -> object:
        return self.page.evaluate(
            "async path => (await fetch(path, {headers: {'X-Reader': 'ANNA'}})).json()", path
        )
