"""The editor of `<bc-viewer>` in Chromium: masks compared pixel by pixel with what mouse, fingers and keys drew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from tests.canvas.conftest import SIZE
from tests.canvas.opened import Viewer, as_served, blobs, opened
from tests.canvas.stub import Shown

pytestmark = pytest.mark.browser

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
        flat = self.viewer.run("v => Array.from(v.edited)")
        return np.array(flat, bool).reshape(HEIGHT, WIDTH)

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


def edit(
    viewer: Viewer, mask: np.ndarray | None = None, stretch: float = 1.0, **case: object
) -> Drawn:
    """Show a scan and begin to edit a mask of it (an empty one). case: of `Shown`, and of its description."""
    arrays = {name: case.pop(name, None) for name in ("probability", "truth")}
    pixels = case.pop("pixels", np.zeros((HEIGHT, WIDTH), np.uint8))
    viewer.show(Shown("s", pixels, **arrays), **case)
    flat = np.zeros(HEIGHT * WIDTH) if mask is None else mask.ravel()
    viewer.run(
        "v => { v.edit(Uint8Array.from(INFO)); v.heard = [];"
        " v.addEventListener('bc-edit', e => v.heard.push(e.detail)); v.brush = 6 }",
        flat.astype(int).tolist(),
    )
    viewer.settle()
    return Drawn(viewer, stretch)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return swept([(x, y)], radius)


# --- strokes


def test_strokes_in_any_pane_are_painted_to_the_pixel_and_undone_one_by_one(viewer: Viewer):
    drawn = edit(viewer, probability=blobs(), truth=blobs(seed=2) > 0.6)
    assert viewer.panes() == ["mine", "prediction", "truth", "difference"]
    asked = list(viewer.asked)
    first = swept(drawn.stroke((30, 40), (90, 50), (60, 80)), 6)
    second = swept(drawn.stroke((100, 20), (150, 110), pane="difference"), 6)
    taken = swept(drawn.stroke((60, 40), (60, 90), pane="truth", button="right"), 6)
    assert np.array_equal(drawn.mask, (first | second) & ~taken)
    drawn.keyboard.down("Control")
    again = swept(drawn.stroke((120, 50), (140, 60), pane="prediction"), 6)
    drawn.keyboard.up("Control")
    final = (first | second) & ~taken & ~again
    assert np.array_equal(drawn.mask, final)
    steps = [first, first | second, (first | second) & ~taken, final]
    assert drawn.heard() == [
        {"strokes": i + 1, "painted_px": int(mask.sum()), "beginning": "empty", "threshold": None}
        for i, mask in enumerate(steps)
    ]
    for key, count in (
        ("Control+z", 3),
        ("Control+z", 2),
        ("Control+Shift+Z", 3),
        ("Control+y", 4),
    ):
        viewer.press(key)
        assert viewer.run("v => v.strokes") == count
        assert np.array_equal(drawn.mask, steps[count - 1])
    assert [heard["strokes"] for heard in drawn.heard()] == [3, 2, 3, 4]
    assert viewer.asked == asked  # the server knows nothing of it


def test_the_mask_on_the_screen_is_the_mask(viewer: Viewer):
    # At 1:1 the scan's pixels fall on the screen's, if it has the pane's parity.
    drawn = edit(viewer, truth=disc(80, 60, 30))
    viewer.press("l", "t", "o", "9")
    viewer.run("(v, r) => { const o = r.querySelector('.opacity-slider'); o.value = 1;"
               " o.dispatchEvent(new Event('input', {bubbles: true})) }")  # fmt: skip
    box = viewer.page.locator("bc-viewer canvas").bounding_box()
    middle = (box["x"] + box["width"] // 2, box["y"] + STRIP + (box["height"] - STRIP) // 2)
    drawn.mouse.move(middle[0] - 40, middle[1] - 20)
    drawn.mouse.down()
    drawn.mouse.move(middle[0] + 50, middle[1] + 30)
    drawn.mouse.up()
    viewer.settle()
    mask = drawn.mask
    assert mask.sum() > 500
    inner = (slice(STRIP + 4, -4), slice(4, -4))  # without the mark of the focus
    shown = viewer.picture()[inner][..., 1] > 20
    ys, xs = np.nonzero(shown)
    my, mx = np.nonzero(mask)
    assert shown.sum() == mask.sum()
    part = shown[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    assert np.array_equal(part, mask[my.min() : my.max() + 1, mx.min() : mx.max() + 1])
    viewer.run("""(v, r) => new Promise(done => {
      const canvas = r.querySelector('canvas');
      const loss = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      canvas.addEventListener('webglcontextlost', () => setTimeout(() => loss.restoreContext()));
      canvas.addEventListener('webglcontextrestored', done);
      loss.loseContext();
    })""")
    viewer.settle()
    assert np.array_equal(viewer.picture()[inner][..., 1] > 20, shown)


def test_what_a_stroke_leaves_on_the_screen_is_what_a_whole_frame_draws(viewer: Viewer):
    pixels = (np.arange(HEIGHT * WIDTH) % 251).reshape(HEIGHT, WIDTH).astype(np.uint8)
    drawn = edit(
        viewer, blobs() > 0.6, pixels=pixels, probability=blobs(), truth=blobs(seed=2) > 0.6
    )
    for place in ((30, 40), (100, 70)):
        drawn.stroke(place, (60, 80))
        drawn.stroke(place, (20, 20), pane="truth", button="right")
    viewer.press("Control+z")
    left = viewer.picture()
    viewer.press("h", "h")  # hidden, and all of it drawn anew
    assert np.array_equal(viewer.picture(), left)


def test_scores_and_areas_follow_the_strokes(viewer: Viewer):
    truth = disc(80, 60, 30)
    drawn = edit(viewer, truth=truth, probability=truth * 1.0, spacing=[0.5, 0.5])
    viewer.press("h")
    drawn.stroke((80, 60), (100, 60))
    hide = viewer.page.get_by_role("button", name="Hide overlays")
    assert hide.get_attribute("aria-pressed") == "false"  # nobody draws blindly
    mask = drawn.mask
    scores = viewer.run("v => v.editedScores")
    assert scores["painted_px"] == mask.sum() and scores["hit"] == (mask & truth).sum()
    dice = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
    assert viewer.text("[data-score=dice]") == f"{dice:.3f}"
    assert viewer.text("[data-pane=mine] .area") == f"{mask.sum() * 0.25:.1f} mm²"
    assert viewer.scores()["dice"] == 1  # the prediction's, as ever
    assert viewer.sees(".whose")


def test_a_stroke_keeps_to_its_pane_and_is_cut_at_the_border_of_the_scan(viewer: Viewer):
    drawn = edit(viewer, probability=blobs())
    left, top, _, height = drawn.pane("mine")
    assert viewer.panes() == ["mine", "prediction", "difference"]
    # Out over the scan's left border, and past the pane's lower edge into whatever is there.
    points = [drawn.screen(40, 60), (left + 1, top + height // 2)]
    drawn.mouse.move(*points[0])
    drawn.mouse.down()
    drawn.mouse.move(*points[1])
    drawn.mouse.up()
    viewer.settle()
    assert np.array_equal(drawn.mask, swept([drawn.scan(p) for p in points], 6))
    viewer.run("v => v.undo()")
    inside = drawn.screen(80, 100)
    beyond = (inside[0], top + height + 60)
    drawn.mouse.move(*inside)
    drawn.mouse.down()
    drawn.mouse.move(*beyond)
    drawn.mouse.up()
    viewer.settle()
    edge = (inside[0], top + height)
    assert np.array_equal(drawn.mask, swept([drawn.scan(inside), drawn.scan(edge)], 6))


@pytest.mark.parametrize("change", ["0", "l", "p", "a smaller window"])
def test_a_view_that_changes_under_the_hand_draws_nothing_where_the_hand_was_not(
    viewer: Viewer, change: str
):
    drawn = edit(viewer, probability=blobs())
    at = drawn.screen(60, 50)
    drawn.mouse.move(*at)
    if change == "0":
        drawn.mouse.wheel(0, -1500)
    drawn.mouse.down()
    drawn.mouse.move(at[0] + 12, at[1])
    viewer.settle()
    before = drawn.mask
    assert before.any()
    if change == "a smaller window":
        viewer.page.set_viewport_size({"width": SIZE["width"] - 160, "height": SIZE["height"] - 60})
        viewer.settle()
    else:
        viewer.press(change)
    pane = viewer.panes()[0]
    drawn.mouse.move(at[0] + 14, at[1])
    drawn.mouse.up()
    viewer.settle()
    there = [drawn.scan((at[0] + by, at[1]), pane) for by in (12, 14)]
    after = drawn.mask
    assert (after >= before | swept(there[1:], 6)).all(), "it goes on where the hand is"
    assert (after <= before | swept(there, 6)).all(), "and nowhere else"


def test_a_stroke_goes_on_through_a_zoom_at_the_hand(viewer: Viewer):
    drawn = edit(viewer)
    first, at = drawn.screen(60, 50), drawn.screen(80, 60)
    drawn.mouse.move(*first)
    drawn.mouse.down()
    drawn.mouse.move(*at)
    drawn.mouse.wheel(0, -400)
    drawn.mouse.move(at[0] + 90, at[1])
    drawn.mouse.up()
    viewer.settle()
    (x, y), scale = drawn.scan(at), drawn.fitted("mine") * np.exp(0.0015 * 400)
    places = [drawn.scan(first), (x, y), (x + 90 / scale, y)]
    assert np.array_equal(drawn.mask, swept(places, 6))


def test_on_pixels_taller_than_wide_the_brush_is_round_and_the_ruler_right(viewer: Viewer):
    drawn = edit(viewer, stretch=2.0, spacing=[0.2, 0.1])
    points = drawn.stroke((60, 60), (90, 70))
    assert np.array_equal(drawn.mask, swept(points, 6, stretch=2.0))
    ring = viewer.run("(v, r) => { const b = r.querySelector('[data-pane=mine] .ring').getBoundingClientRect();"
                      " return [b.width, b.height, b.left + b.width / 2, b.top + b.height / 2] }")  # fmt: skip
    assert ring[:2] == [pytest.approx(12 * drawn.fitted("mine"), abs=0.6)] * 2
    assert ring[2:] == pytest.approx(drawn.screen(90, 70), abs=0.6)
    assert viewer.text(".diameter") == "1.2 mm"
    viewer.press("i")
    (ax, ay), (bx, by) = drawn.stroke((40, 30), (100, 80))
    length = np.hypot((bx - ax) * 0.1, (by - ay) * 0.2)
    assert viewer.text("[data-pane=mine] .measure") == f"{length:.1f} mm"
    viewer.press("Escape")
    assert not viewer.sees("[data-pane=mine] .measure")
    assert len(drawn.heard()) == 1  # measuring changes nothing


# --- the other tools


def test_a_polygon_is_clicked_and_closed_and_its_corners_are_taken_back(viewer: Viewer):
    drawn = edit(viewer)
    viewer.press("c")
    corners = [
        drawn.screen(*place)
        for place in ((33.1, 21.7), (121.4, 31.2), (129.3, 101.9), (22.2, 108.6), (40, 90))
    ]
    for corner in corners:
        drawn.mouse.click(*corner)
    viewer.press("Backspace", "Enter")
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside = np.ones((HEIGHT, WIDTH), bool)
    places = [drawn.scan(corner) for corner in corners[:4]]
    for (ax, ay), (bx, by) in pairwise([*places, places[0]]):  # it is convex
        inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
    assert np.array_equal(drawn.mask, inside)
    for corner in corners[:3]:
        drawn.mouse.click(*corner)
    viewer.press("Escape", "Enter")
    assert np.array_equal(drawn.mask, inside)
    for corner in corners[:2]:
        drawn.mouse.click(*corner, button="right")
    drawn.mouse.dblclick(*corners[2], button="right")  # begun by the right button it takes away
    viewer.settle()
    rest = drawn.mask
    assert 0 < rest.sum() < inside.sum() and not (rest & ~inside).any()
    strokes = [heard["strokes"] for heard in drawn.heard()]
    assert strokes == [1, 1, 1, 1, 1, 2, 1, 2, 2]  # from its third corner on it counts


def test_an_outline_that_is_not_closed_counts_and_is_painted_when_it_is_put_down(viewer: Viewer):
    drawn = edit(viewer)
    corners = [drawn.screen(*place) for place in ((30, 20), (120, 30), (130, 100), (20, 110))]

    def outline(*which: Point) -> None:
        viewer.press("c")
        for corner in which:
            drawn.mouse.click(*corner)

    outline(*corners)
    told = (drawn.mask, viewer.run("v => v.strokes"))
    viewer.press("Enter")
    closed = drawn.mask
    assert closed.sum() > 5000 and np.array_equal(told[0], closed) and told[1] == 1
    for put_down in (
        lambda: viewer.press("b"),
        lambda: viewer.press("v"),
        lambda: viewer.run("v => v.settle()"),
    ):
        viewer.press("Control+z")
        assert not drawn.mask.any()
        outline(*corners)
        put_down()
        assert np.array_equal(drawn.mask, closed) and viewer.run("v => v.strokes") == 1
        viewer.press("Escape", "Enter")
        assert np.array_equal(drawn.mask, closed), "it is an outline no more"
    viewer.press("Control+z")
    outline(*corners)
    viewer.run("v => v.begin('empty')")
    assert not drawn.mask.any()
    viewer.press("Control+z")
    assert np.array_equal(drawn.mask, closed), "begun anew it comes back"
    viewer.press("Control+z")
    outline(*corners[:2])
    viewer.run("v => v.settle()")
    viewer.press("b")
    assert not drawn.mask.any() and viewer.run("v => v.strokes") == 0
    drawn.heard()
    viewer.press("c")
    for corner in corners[:3]:  # there is nothing to take away
        drawn.mouse.click(*corner, button="right")
    viewer.press("Enter")
    assert [heard["strokes"] for heard in drawn.heard()] == [1, 0]


def test_fill_takes_what_is_drawn_around_and_says_why_not_elsewhere(viewer: Viewer):
    ring = disc(80, 60, 30) & ~disc(80, 60, 24)
    drawn = edit(viewer, ring)
    viewer.press("x")
    drawn.mouse.click(*drawn.screen(5, 5))
    viewer.settle()
    assert viewer.text(".remark") == "This region is not closed: draw around it first."
    assert drawn.heard() == []
    drawn.mouse.click(*drawn.screen(80, 60))
    viewer.settle()
    assert np.array_equal(drawn.mask, disc(80, 60, 30)) and not viewer.sees(".remark")
    drawn.mouse.click(*drawn.screen(80, 60), button="right")
    viewer.settle()
    assert not drawn.mask.any()


def test_a_mask_begins_with_any_other_and_that_is_one_step(viewer: Viewer):
    probability, truth = blobs(), blobs(seed=2) > 0.6
    drawn = edit(viewer, probability=probability, truth=truth, threshold=0.6, min_lesion_px=12)
    last = disc(50, 50, 20)
    had = "{ mask: Uint8Array.from(INFO), beginning: 'last' }"
    viewer.run(f"v => {{ v.last = {had} }}", last.ravel().astype(int).tolist())
    viewer.press("]", "]")
    for key, beginning, expected in (
        ("p", "prediction", as_served(probability, 0.6, 12)),
        ("h", "threshold", as_served(probability, 0.62, 12)),
        ("t", "truth", truth),
        ("l", "last", last),
        ("e", "empty", np.zeros((HEIGHT, WIDTH), bool)),
    ):
        viewer.press("q", key)
        assert np.array_equal(drawn.mask, expected), beginning
        heard = drawn.heard()[-1]
        assert heard["beginning"] == beginning
        assert heard["threshold"] == (pytest.approx(0.62) if beginning == "threshold" else None)
        assert not viewer.sees(".menu")
    viewer.press("Control+z", "Control+z")
    assert np.array_equal(drawn.mask, truth)
    assert viewer.run("v => [v.strokes, v.beginning]") == [3, "truth"]
    viewer.run("v => v.show(INFO)", viewer.cases["s"].describe() | {"presence": 0.1, "gate": 0.3})
    assert (
        viewer.run("v => v.maskOf('prediction').some(Boolean)") is False
    )  # as the server's: gated


def test_prediction_and_truth_are_added_to_what_is_drawn_where_they_are_seen(viewer: Viewer):
    """Each is one step, and a mask into which a network drew is not told as begun otherwise."""
    probability, truth = blobs(), blobs(seed=2) > 0.6
    drawn = edit(viewer, probability=probability, truth=truth, threshold=0.6)
    told = "v => [v.strokes, v.beginning, v.editedScores.painted_px]"
    dot = swept(drawn.stroke((20, 20)), 6)
    viewer.press("q", "Shift+T")
    assert np.array_equal(drawn.mask, dot | truth)
    assert viewer.run(told) == [2, "truth", (dot | truth).sum()]
    assert viewer.run("v => v.editedScores.recall") == 1
    viewer.press("q")
    viewer.page.get_by_role("menuitem", name="Add prediction").click()
    viewer.settle()
    both = dot | truth | as_served(probability, 0.6, 0)
    assert np.array_equal(drawn.mask, both)
    assert viewer.run(told) == [3, "prediction", both.sum()]
    viewer.press("q", "Shift+T")
    assert viewer.run(told) == [3, "prediction", both.sum()], "nothing of it is new"
    assert viewer.text(".remark") == "All of it is painted already."
    for _ in range(4):
        viewer.press("]")
    viewer.press("Control+z")
    assert viewer.run(told) == [2, "truth", (dot | truth).sum()]
    viewer.press("q", "Shift+P")
    assert np.array_equal(drawn.mask, dot | truth | as_served(probability, 0.64, 0)), "what is seen"
    assert viewer.run("v => [v.beginning, v.beginningThreshold]") == ["threshold", 0.64]
    viewer.press("q", "p", "q", "Shift+T")
    assert viewer.run("v => v.beginning") == "prediction"


def test_a_mask_that_began_with_a_prediction_says_whose_and_so_does_the_last_mask(viewer: Viewer):
    drawn = edit(viewer, probability=blobs(), truth=blobs(seed=2) > 0.6)
    told = "v => [v.beginning, v.beginningThreshold, v.beginningRevision]"
    flat = disc(50, 50, 20).ravel().astype(int).tolist()
    had = "{ mask: Uint8Array.from(INFO), beginning: 'threshold', threshold: 0.3, revision: 'before' }"
    viewer.run(f"v => {{ v.last = {had} }}", flat)
    revision = viewer.cases["s"].describe()["revision"]
    for key, said in (
        ("p", ["prediction", None, revision]),
        ("t", ["truth", None, None]),
        ("l", ["threshold", 0.3, "before"]),
    ):
        viewer.press("q", key)
        assert viewer.run(told) == said, key
    assert np.array_equal(drawn.mask, disc(50, 50, 20))
    viewer.run("v => v.show(INFO)", viewer.cases["s"].describe() | {"revision": "newer"})
    assert viewer.run(told) == ["threshold", 0.3, "before"], (
        "what is shown now it did not begin with"
    )
    viewer.press("q", "p")
    assert viewer.run(told) == ["prediction", None, "newer"]
    viewer.press("Control+z")
    assert viewer.run(told) == ["threshold", 0.3, "before"]


def test_what_is_not_there_or_not_seen_is_not_added(viewer: Viewer):
    def offered() -> list[str]:
        viewer.press("q")
        seen = viewer.run(
            "(v, r) => [...r.querySelectorAll('.menu [data-action^=add]')]"
            ".filter(b => b.checkVisibility()).map(b => b.ariaLabel)"
        )
        viewer.press("Shift+T", "Escape")
        return seen

    truth = blobs(seed=2) > 0.6
    drawn = edit(viewer, probability=blobs(), truth=truth)
    assert offered() == ["Add prediction", "Add truth"] and np.array_equal(drawn.mask, truth)
    viewer.press("Control+z", "l", "t")
    assert offered() == ["Add prediction"] and not drawn.mask.any(), "the truth is hidden"
    drawn = edit(viewer, truth=truth)
    viewer.press("l")
    viewer.settle()
    assert offered() == ["Add truth"]
    edit(viewer, probability=blobs(), presence=0.1, gate=0.3)
    assert offered() == [], "the gate holds it back"
    edit(viewer)
    assert offered() == []


def test_holes_the_largest_part_and_smoothing_are_steps(viewer: Viewer):
    mask = blobs() > 0.6
    drawn = edit(viewer, mask)
    viewer.press("7")
    filled = ndimage.binary_fill_holes(mask)
    assert np.array_equal(drawn.mask, filled)
    viewer.press("8")
    parts, count = ndimage.label(filled, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    assert count > 3
    assert np.array_equal(drawn.mask, parts == sizes.argmax() + 1)
    viewer.press("6")
    kernel = np.array([1, 3, 6, 7, 6, 3, 1]) / 27  # this part is small: by the narrowest means
    smooth = ndimage.correlate1d(
        ndimage.correlate1d((parts == sizes.argmax() + 1) * 1.0, kernel, 0), kernel, 1
    )
    inner = (slice(4, -4), slice(4, -4))
    assert 0.03 * np.sqrt(sizes.max()) < 1.5
    assert np.array_equal(drawn.mask[inner], smooth[inner] > 0.5)
    viewer.press("6", "Control+z", "Control+z", "Control+z", "Control+z")
    assert np.array_equal(drawn.mask, mask)


def test_a_region_grows_from_a_click_without_a_prediction_and_is_made_larger_after(viewer: Viewer):
    lesion = disc(80, 60, 28)
    noise = np.random.default_rng(1).normal(0, 12, (HEIGHT, WIDTH))
    pixels = np.clip(np.where(lesion, 60, 140) + noise, 0, 255).astype(np.uint8)
    drawn = edit(viewer, pixels=pixels)
    viewer.press("g")
    drawn.mouse.click(*drawn.screen(75, 65))
    viewer.settle()
    grown = drawn.mask
    assert 2 * (grown & lesion).sum() / (grown.sum() + lesion.sum()) > 0.9
    viewer.press(",", ",", ",", ",")
    assert drawn.mask.sum() < grown.sum() and viewer.run("v => v.strokes") == 1
    viewer.press(".", ".", ".", ".")
    assert np.array_equal(drawn.mask, grown)
    viewer.press("Control+z")
    assert not drawn.mask.any()
    drawn.stroke((80, 60), (84, 60), (95, 60))  # not as far as the border
    small = drawn.mask
    assert small[60, 90] and not (small & ~lesion).any() and small.sum() > 300
    drawn.stroke((80, 60), (84, 60), (88, 60), button="right")
    assert 0 < drawn.mask.sum() < small.sum()


# --- hands, keys, places


def test_the_picture_is_panned_and_the_brush_resized_while_editing_and_nothing_is_drawn(
    viewer: Viewer,
):
    drawn = edit(viewer, truth=disc(80, 60, 12))
    viewer.press("z")
    zoomed = float(viewer.text(".percent").split()[0])
    assert zoomed > 2 * 100 * drawn.fitted("mine")
    at = drawn.screen(80, 60)
    where = []
    for held, button in (("Space", "left"), (None, "middle"), ("v", "left")):
        drawn.mouse.move(*at)
        viewer.settle()
        before = viewer.text(".readout")
        if held == "Space":
            drawn.keyboard.down("Space")
        elif held:
            viewer.press(held)
        drawn.mouse.down(button=button)
        drawn.mouse.move(at[0] + 40, at[1] + 10)
        drawn.mouse.up(button=button)
        drawn.keyboard.up("Space")
        viewer.settle()
        assert viewer.text(".readout").split("value")[0] == before.split("value")[0], (held, button)
        where.append(viewer.text(".readout"))
    viewer.press("b")
    drawn.keyboard.down("Shift")
    drawn.mouse.wheel(0, -100)
    drawn.keyboard.up("Shift")
    viewer.press(".")
    assert viewer.run("v => v.brush") == pytest.approx(6 * 1.15**2)
    assert float(viewer.text(".percent").split()[0]) == zoomed
    assert drawn.heard() == [] and not drawn.mask.any()


def test_the_chosen_brush_is_the_same_after_scans_on_which_it_would_be_too_small(viewer: Viewer):
    def show(id: str, height: int, width: int) -> float:
        viewer.show(Shown(id, np.zeros((height, width), np.uint8)))
        viewer.run("(v, r) => v.edit(new Uint8Array(INFO))", height * width)
        viewer.settle()
        return viewer.run("v => v.brush")

    show("large", 512, 400)
    viewer.run("v => { v.brush = 0.8 }")
    assert show("small", 240, 320) == 0.75, "the least, which always holds a pixel's middle"
    assert show("larger", 1024, 800) == pytest.approx(1.6)
    assert show("large-again", 512, 400) == pytest.approx(0.8)
    show("small-again", 240, 320)
    viewer.press(".")
    chosen = 0.75 * 1.15  # on this scan, by the reader
    assert viewer.run("v => v.brush") == pytest.approx(chosen)
    assert show("largest", 960, 960) == pytest.approx(4 * chosen)


@pytest.mark.parametrize("other", ["Control", "Alt"])
def test_space_that_comes_up_while_another_key_is_held_drags_no_more(viewer: Viewer, other: str):
    drawn = edit(viewer)
    drawn.stroke((40, 40), (50, 40))
    for key, act in (("Space", "down"), (other, "down"), ("Space", "up"), (other, "up")):
        getattr(drawn.keyboard, act)(key)
    before = drawn.mask
    points = drawn.stroke((80, 60), (100, 60))
    assert np.array_equal(drawn.mask, before | swept(points, 6))


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ("v => { v.style.display = 'none' }", "v => { v.style.display = '' }"),
        ("v => v.edit(null)", "v => v.edit(new Uint8Array(INFO))"),
    ],
    ids=["hidden", "without a mask"],
)
def test_keys_that_come_up_while_nothing_can_be_drawn_are_held_no_more(viewer: Viewer, away, back):
    drawn = edit(viewer)
    for key in ("Space", "Control"):
        drawn.keyboard.down(key)
    viewer.run(away)
    for key in ("Control", "Space"):
        drawn.keyboard.up(key)
    viewer.run(back, HEIGHT * WIDTH)
    viewer.settle()
    before = drawn.mask
    points = drawn.stroke((80, 60), (100, 60))
    assert np.array_equal(drawn.mask, before | swept(points, 6))


def test_the_keys_of_whoever_shows_the_viewer_are_left_alone(viewer: Viewer):
    edit(viewer, truth=disc(80, 60, 12))
    viewer.run("v => { v.left = []; document.addEventListener('keydown', e => {"
               " if (!e.defaultPrevented) v.left.push(e.key) }) }")  # fmt: skip
    keys = [
        "1",
        "5",
        "j",
        "k",
        "s",
        "u",
        "n",
        "?",
        "a",
        "Shift+B",
        "Shift+R",
        "Enter",
        "Escape",
        "Backspace",
    ]
    viewer.press(*keys)
    assert viewer.run("v => v.left.filter(k => k !== 'Shift')") == [
        key.removeprefix("Shift+") for key in keys
    ]
    assert viewer.run("v => v.tool") == "brush"
    viewer.run("v => { v.left.length = 0 }")
    viewer.press("e", "b", "6", "9", "q", "Escape")
    assert viewer.run("v => v.left") == []


def test_tools_are_there_while_a_mask_is_edited_and_the_bar_says_which(viewer: Viewer):
    viewer.show(Shown("s", np.zeros((HEIGHT, WIDTH), np.uint8)))
    assert not viewer.sees(".tools")
    drawn = edit(viewer)
    viewer.run(
        "v => { v.told = []; v.addEventListener('bc-tool', e => v.told.push(e.detail.tool)) }"
    )
    button = viewer.page.get_by_role("button", name="Eraser")
    button.click()
    viewer.settle()
    assert button.get_attribute("aria-pressed") == "true"
    assert viewer.run("v => v.told") == ["eraser"]
    # Space pans, although a button was clicked: the focus stays with the picture.
    viewer.press("Space")
    assert viewer.run("v => v.tool") == "eraser"
    nameless = viewer.run("""(v, r) => [...r.querySelectorAll('.tools button, .tools input')].filter(e =>
      !(e.ariaLabel || e.textContent.trim()) || !e.title && e.role !== 'menuitem' || e.tabIndex < 0).map(e => e.outerHTML)""")
    assert nameless == []
    viewer.run("v => v.edit(null)")
    viewer.settle()
    assert not viewer.sees(".tools") and viewer.panes() == ["scan"]
    assert viewer.run("v => [v.edited, v.strokes, v.editedScores]") == [None, 0, None]
    with pytest.raises(Exception, match="A mask of s has 19200 pixels, not 3"):
        viewer.run("v => v.edit(new Uint8Array(3))")
    assert drawn.heard() == []


def test_on_a_phone_one_finger_draws_and_two_pinch(phone: Viewer):
    drawn = edit(phone, probability=blobs(), truth=blobs(seed=2) > 0.6)
    tools = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *points: Point) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    (ax, ay), (bx, by) = drawn.screen(60, 60, "layers"), drawn.screen(90, 70, "layers")
    touch("touchStart", (ax, ay))
    touch("touchMove", (bx, by))
    touch("touchEnd")
    phone.settle()
    line = swept([drawn.scan((ax, ay), "layers"), drawn.scan((bx, by), "layers")], 6)
    assert np.array_equal(drawn.mask, line)
    touch("touchStart", (ax, ay))
    touch("touchMove", (bx, by + 40))
    touch("touchCancel")
    phone.settle()
    assert drawn.heard()[-1]["strokes"] == 2  # what was drawn until the phone rang can be undone
    phone.run("v => v.undo()")
    # A hand that rests on the screen before its pen comes, and while it draws.
    touch("touchStart", (ax, ay + 60))
    for kind, place in (
        ("mousePressed", (bx, by)),
        ("mouseMoved", (ax, by)),
        ("mouseReleased", (ax, by)),
    ):
        if kind == "mouseReleased":
            touch("touchMove", (ax + 9, ay + 90))
        tools.send("Input.dispatchMouseEvent", {
            "type": kind, "x": place[0], "y": place[1], "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen",
        })  # fmt: skip
    touch("touchEnd")
    phone.settle()
    pen = swept([drawn.scan((bx, by), "layers"), drawn.scan((ax, by), "layers")], 6)
    assert np.array_equal(drawn.mask, line | pen)
    phone.run("v => v.undo()")
    before = float(phone.text(".percent").split()[0])
    touch("touchStart", (ax, ay))
    touch("touchStart", (ax, ay), (ax + 60, ay))
    touch("touchMove", (ax - 30, ay), (ax + 90, ay))
    touch("touchEnd")
    phone.settle()
    assert float(phone.text(".percent").split()[0]) == pytest.approx(2 * before, rel=0.03)
    assert np.array_equal(drawn.mask, line)


def test_on_a_phone_no_tool_is_cut_off(phone: Viewer):
    edit(phone, probability=blobs(), truth=blobs(seed=2) > 0.6, presence=0.12, gate=0.35)
    phone.page.get_by_role("button", name="More tools").click()
    phone.page.get_by_role("button", name="Begin from").click()
    phone.settle()
    beyond = phone.run("""(v, r) => [...r.querySelectorAll('button, input, label, dd, .notice')]
      .filter(e => e.checkVisibility()).map(e => [e.getBoundingClientRect(), e.outerHTML])
      .filter(([b]) => b.left < 0 || b.right > innerWidth || b.bottom > innerHeight).map(([, h]) => h)""")
    assert beyond == []
    assert phone.run("() => document.documentElement.scrollWidth <= innerWidth")
    assert phone.run("(v, r) => r.querySelector('.bar.top').clientHeight") < 50
    assert phone.run("(v, r) => r.querySelector('.stage').clientHeight") > 350


# --- the next case


def test_the_next_case_is_shown_without_a_request(viewer: Viewer):
    viewer.run("v => v.setAttribute('kind', 'cases')")
    cases = [
        Shown(
            str(i),
            np.full((90 + i, 80), 50 * i, np.uint8),
            blobs(90 + i, 80),
            blobs(90 + i, 80, 2) > 0.5,
        )
        for i in range(4)
    ]
    viewer.cases.update({case.id: case for case in cases})
    infos = [case.describe() for case in cases]
    viewer.show(cases[0])
    viewer.run("v => Promise.all([v.preload(INFO[1]), v.preload(INFO[2])])", infos)
    asked = list(viewer.asked)
    assert "/bc/cases/1/probability" in asked and "/bc/cases/2/truth" in asked
    viewer.run("v => v.show(INFO[1])", infos)
    assert viewer.asked == asked
    assert viewer.panes() == ["scan", "prediction", "truth", "difference"]
    assert viewer.scores()["painted_px"] == (cases[1].probability >= 0.5).sum()
    viewer.run("async v => { await v.preload(INFO[3]); await v.preload(INFO[0]) }", infos)
    asked = list(viewer.asked)
    viewer.run("v => v.show(INFO[2])", infos)  # two newer ones were kept in its place
    assert viewer.asked.count("/bc/cases/2/pixels") == asked.count("/bc/cases/2/pixels") + 1


def test_a_case_that_could_not_be_fetched_ahead_is_fetched_when_it_is_shown(viewer: Viewer):
    late = Shown("late", np.zeros((50, 60), np.uint8))
    viewer.run("v => v.preload(INFO)", late.describe())
    viewer.show(late)
    assert viewer.panes() == ["scan"]
    assert viewer.asked.count("/bc/scans/late/pixels") == 2


def test_editing_may_begin_before_the_scan_is_there_and_ends_with_another(viewer: Viewer):
    case = Shown("s", np.zeros((HEIGHT, WIDTH), np.uint8), None, disc(80, 60, 30))
    other = Shown("t", np.zeros((50, 60), np.uint8))
    viewer.cases.update(s=case, t=other)
    flat = disc(80, 60, 20).ravel().astype(int).tolist()
    infos = [case.describe(), flat, other.describe()]
    shown = "async v => { const done = v.show(INFO[0]); v.edit(Uint8Array.from(INFO[1]), 'last'); await done }"
    viewer.run(shown, infos)
    assert viewer.panes() == ["mine", "truth", "difference"]
    assert viewer.run("v => v.editedScores.precision") == 1
    assert viewer.run("v => v.beginning") == "last"
    viewer.run("v => v.show(INFO[2])", infos)
    assert viewer.run("v => v.edited") is None and viewer.panes() == ["scan"]


@pytest.fixture
def small(chromium: object) -> Iterator[Viewer]:
    """Of a device whose textures hold 128 pixels in a row."""
    for viewer in opened(chromium, viewport=SIZE):
        viewer.page.add_init_script(
            "const ask = WebGL2RenderingContext.prototype.getParameter;"
            "WebGL2RenderingContext.prototype.getParameter = function (name) {"
            " return name === this.MAX_TEXTURE_SIZE ? 128 : ask.call(this, name) }"
        )
        viewer.page.reload()
        yield viewer


def test_a_mask_larger_than_a_texture_is_drawn_smaller_and_edited_in_full(small: Viewer):
    drawn = edit(small)
    before = small.picture()
    points = drawn.stroke((40, 40), (100, 80))
    assert np.array_equal(drawn.mask, swept(points, 6))
    small.press("o")
    changed = (small.picture() != before).any(axis=2)
    box = small.page.locator("bc-viewer canvas").bounding_box()
    ys, xs = np.nonzero(changed)
    ends = [
        drawn.scan((box["x"] + x, box["y"] + y))
        for x, y in ((xs.min(), ys.min()), (xs.max(), ys.max()))
    ]
    assert ends[0] == pytest.approx((34, 34), abs=2) and ends[1] == pytest.approx((106, 86), abs=2)
    assert changed.sum() == pytest.approx(drawn.mask.sum() * drawn.fitted("mine") ** 2, rel=0.1)
