"""A scan that is edited in a `<bc-viewer>`, and the masks that hands should leave on it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tests.canvas.opened import Viewer
from tests.canvas.stub import Shown

HEIGHT, WIDTH = 120, 160
STRIP = 22

Point = tuple[float, float]


class Drawn:
    """A viewer whose scan is edited, and where its panes lie: a place of the scan has one on the screen."""

    def __init__(self, viewer: Viewer, stretch: float = 1.0):
        self.viewer, self.stretch = viewer, stretch
        self.mouse, self.keyboard = viewer.page.mouse, viewer.page.keyboard

    def pane(self, name: str) -> tuple[float, float, float, float]:
        left, top, width, height = self.viewer.run(
            "(v, r) => { const b = r.querySelector(`[data-pane=${INFO}]`).getBoundingClientRect();"
            " return [b.left, b.top, b.width, b.height] }",
            name,
        )
        return left, top + STRIP, width, height - STRIP

    def fitted(self, name: str) -> float:
        """CSS pixels per column while the whole scan is seen."""
        _, _, width, height = self.pane(name)
        return min(width / WIDTH, height / (HEIGHT * self.stretch))

    def screen(self, x: float, y: float, pane: str = "mine") -> Point:
        """The whole pixel of the screen nearest to a place of the scan."""
        left, top, width, height = self.pane(pane)
        scale = self.fitted(pane)
        return (
            round(left + width / 2 + (x - WIDTH / 2) * scale),
            round(top + height / 2 + (y - HEIGHT / 2) * scale * self.stretch),
        )

    def scan(self, point: Point, pane: str = "mine") -> Point:
        """The place of the scan under a pixel of the screen."""
        left, top, width, height = self.pane(pane)
        scale = self.fitted(pane)
        return (
            WIDTH / 2 + (point[0] - left - width / 2) / scale,
            HEIGHT / 2 + (point[1] - top - height / 2) / (scale * self.stretch),
        )

    def stroke(self, *places: Point, pane: str = "mine", button: str = "left") -> list[Point]:
        """Drag through places of the scan; gives those that were met, by whole pixels of the screen."""
        points = [self.screen(*place, pane) for place in places]
        self.mouse.move(*points[0])
        self.mouse.down(button=button)
        for point in points[1:]:
            self.mouse.move(*point)
        self.mouse.up(button=button)
        self.viewer.settle()
        return [self.scan(point, pane) for point in points]

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool."""
        flat = str(self.viewer.run("v => v.edited.join('')"))
        return (np.frombuffer(flat.encode(), np.uint8) == ord("1")).reshape(HEIGHT, WIDTH)

    def heard(self) -> list[dict]:
        """What bc-edit has said since this was asked last."""
        return list(self.viewer.run("v => v.heard.splice(0)"))


def swept(points: list[Point], radius: float, stretch: float = 1.0) -> np.ndarray:
    """(H, W) bool: the pixels whose middle lies within `radius` columns of a line through the points."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for (ax, ay), (bx, by) in pairwise(points if len(points) > 1 else points * 2):
        dx, dy = bx - ax, (by - ay) * stretch
        along = (x - ax) * dx + (y - ay) * stretch * dy
        part = np.clip(along / max(dx * dx + dy * dy, 1e-12), 0, 1)
        mask |= np.hypot(x - ax - part * dx, (y - ay) * stretch - part * dy) <= radius
    return mask


def digits(mask: np.ndarray) -> str:
    """A mask as text of 0 and 1, for `Uint8Array.from(INFO, Number)`: a list would go number by number."""
    return (mask.astype(np.uint8) + ord("0")).tobytes().decode()


def edit(
    viewer: Viewer, mask: np.ndarray | None = None, stretch: float = 1.0, **case: object
) -> Drawn:
    """Show a scan and begin to edit a mask of it (an empty one). case: of `Shown`, and of its description."""
    arrays = {name: case.pop(name, None) for name in ("probability", "truth")}
    pixels = case.pop("pixels", np.zeros((HEIGHT, WIDTH), np.uint8))
    viewer.show(Shown("s", pixels, **arrays), **case)
    begun = np.zeros((HEIGHT, WIDTH), bool) if mask is None else mask
    viewer.run(
        "v => { v.edit(Uint8Array.from(INFO, Number)); v.heard = [];"
        " v.addEventListener('bc-edit', e => v.heard.push(e.detail)); v.brush = 6 }",
        digits(begun),
    )
    viewer.settle()
    return Drawn(viewer, stretch)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return swept([(x, y)], radius)
