"""A page with one `<bc-viewer>` in Chromium, over the stub's routes, and made-up maps to show in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

from tests.canvas.stub import Shown, serve

if TYPE_CHECKING:
    from playwright import sync_api


class Viewer:
    """A page with one viewer; `cases` may be changed while it is open."""

    def __init__(self, page: sync_api.Page, cases: dict[str, Shown], asked: list[str]):
        self.page, self.cases, self.asked = page, cases, asked
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: sync_api.ConsoleMessage) -> None:
        harmless = ("GPU stall", "Failed to load resource", "CONTEXT_LOST_WEBGL")
        if message.type in ("error", "warning") and not any(h in message.text for h in harmless):
            self.complaints.append(message.text)

    def show(self, case: Shown, **info: object) -> None:
        self.cases[case.id] = case
        self.run("v => v.show(INFO)", case.describe() | info)

    def run(self, script: str, info: object = None) -> object:
        """Evaluate a function of the viewer `v` and its shadow root `r`; INFO is the second argument."""
        return self.page.evaluate(
            f"INFO => {{ const v = document.querySelector('bc-viewer'), r = v.shadowRoot; return ({script})(v, r) }}",
            info,
        )

    def settle(self) -> None:
        """Wait until what was asked for has been drawn."""
        self.run("() => new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))")

    def lose_and_restore_context(self) -> None:
        """As a graphics driver does that begins anew."""
        self.run("""(v, r) => new Promise(done => {
          const canvas = r.querySelector('canvas');
          const loss = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
          canvas.addEventListener('webglcontextlost', () => setTimeout(() => loss.restoreContext()));
          canvas.addEventListener('webglcontextrestored', done);
          loss.loseContext();
        })""")
        self.settle()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def picture(self) -> np.ndarray:
        """(H, W, 3) of the canvas, without what lies over it."""
        self.run("(v, r) => { r.querySelector('.overlays').style.visibility = 'hidden' }")
        png = self.page.locator("bc-viewer canvas").screenshot()
        self.run("(v, r) => { r.querySelector('.overlays').style.visibility = '' }")
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)

    def text(self, selector: str) -> str:
        return str(self.run(f"(v, r) => r.querySelector({selector!r}).textContent"))

    def panes(self) -> list[str]:
        return list(
            self.run(
                "(v, r) => [...r.querySelectorAll('.pane:not([hidden])')].map(p => p.dataset.pane)"
            )
        )

    def scores(self) -> dict:
        return dict(self.run("v => v.scores"))

    def is_within(self, selector: str, outer: str) -> bool:
        """Whether nothing of it lies left or right of the outer one."""
        return bool(
            self.run(
                f"(v, r) => {{ const [a, b] = [{selector!r}, {outer!r}]"
                ".map(s => r.querySelector(s).getBoundingClientRect());"
                " return a.left >= b.left && a.right <= b.right }"
            )
        )

    def sees(self, selector: str) -> bool:
        return self.page.locator(f"bc-viewer {selector}").is_visible()


class Window:
    """A window of the browser, and the server whose page its tabs show."""

    def __init__(
        self, context: sync_api.BrowserContext, url: str, cases: dict[str, Shown], asked: list[str]
    ):
        self.context, self.url, self.cases, self.asked = context, url, cases, asked

    def tab(self) -> Iterator[Viewer]:
        self.cases.clear()
        self.asked.clear()
        viewer = Viewer(self.context.new_page(), self.cases, self.asked)
        viewer.page.goto(self.url)
        viewer.run("v => customElements.whenDefined('bc-viewer')")
        yield viewer
        viewer.page.close()
        assert viewer.complaints == []


def window(chromium: sync_api.Browser, **options: object) -> Iterator[Window]:
    cases: dict[str, Shown] = {}
    with serve(cases) as (url, asked):
        context = chromium.new_context(**options)
        # A tab that stays: its process is then there for the others.
        context.new_page().goto(f"{url}page.css")
        yield Window(context, url, cases, asked)
        context.close()


def opened(chromium: sync_api.Browser, **options: object) -> Iterator[Viewer]:
    for one in window(chromium, **options):
        yield from one.tab()


def blobs(height: int = 120, width: int = 160, seed: int = 1) -> np.ndarray:
    """(H, W) float: smooth spots of many sizes, as an 8-bit map can hold them (k / 255)."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    smooth = ndimage.gaussian_filter(noise, 3) + 0.4 * ndimage.gaussian_filter(noise[::-1], 1)
    probability = np.clip((smooth - smooth.min()) / np.ptp(smooth), 0, 1)
    return np.rint(probability * 255) / 255


def as_served(probability: np.ndarray, threshold: float, smallest: int) -> np.ndarray:
    """The server's mask: at or above the threshold, without 8-connected parts below `smallest` pixels."""
    mask = probability >= threshold
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    keep = np.bincount(parts.ravel()) >= smallest
    keep[0] = False
    return keep[parts]
