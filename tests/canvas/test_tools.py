"""Polygon, fill, growing and the steps on a whole mask, in Chromium."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from tests.canvas.drawn import HEIGHT, WIDTH, Point, digits, disc, edit, swept
from tests.canvas.opened import Viewer, as_served, blobs

pytestmark = pytest.mark.browser


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


def test_nothing_is_filled_or_outlined_where_it_is_not_seen(viewer: Viewer):
    """Under a pane's name lies what is above its picture; with an outline its edge is meant."""
    within = np.zeros((HEIGHT, WIDTH), bool)
    within[2:-2, 2:-2] = True
    drawn = edit(viewer, ~within)
    viewer.press("+", "x")
    left, top, width, _ = drawn.pane("mine")
    drawn.mouse.click(left + width / 2, top - 20)
    viewer.settle()
    assert drawn.heard() == [], "filled under the pane's name"
    viewer.press("c")
    for x, y in ((-60, 80), (-60, -20), (60, -20), (60, 80)):
        drawn.mouse.click(left + width / 2 + x, top + y)
    viewer.press("Enter")
    drawn.mouse.move(left + width / 2, top + 1)
    viewer.settle()
    highest = int(viewer.text(".readout").split("y ")[1].split()[0])
    new = np.flatnonzero((drawn.mask & within).any(axis=1))
    assert new[0] == pytest.approx(highest, abs=1)


def test_a_mask_begins_with_any_other_and_that_is_one_step(viewer: Viewer):
    probability, truth = blobs(), blobs(seed=2) > 0.6
    drawn = edit(viewer, probability=probability, truth=truth, threshold=0.6, min_lesion_px=12)
    last = disc(50, 50, 20)
    had = "{ mask: Uint8Array.from(INFO, Number), beginning: 'last' }"
    viewer.run(f"v => {{ v.last = {had} }}", digits(last))
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
    viewer.press("q")
    viewer.page.mouse.click(2, 2)  # on the page around the viewer
    viewer.settle()
    assert not viewer.sees(".menu")
    assert (
        viewer.run("(v, r) => r.querySelector('[data-action=beginMenu]').ariaExpanded") == "false"
    )
    viewer.press("Control+z", "Control+z")
    assert np.array_equal(drawn.mask, truth)
    assert viewer.run("v => [v.strokes, v.beginning]") == [3, "truth"]
    viewer.run("v => v.show(INFO)", viewer.cases["s"].describe() | {"presence": 0.1, "gate": 0.3})
    assert (
        viewer.run("v => v.maskOf('prediction').some(Boolean)") is False
    )  # as the server's: gated
    viewer.press("q")
    assert viewer.sees(".menu")
    viewer.cases["other"] = viewer.cases["s"]
    edit_another = "v => { v.show(INFO); v.edit(new Uint8Array(INFO.width * INFO.height)) }"
    viewer.run(edit_another, viewer.cases["s"].describe() | {"id": "other"})
    viewer.settle()
    assert viewer.sees(".tools") and not viewer.sees(".menu"), "it was of the case before"


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
    viewer.page.set_viewport_size({"width": 900, "height": 480})
    viewer.press("q")
    below = "(v, r) => ['.menu', '.tools'].map(part => r.querySelector(part).getBoundingClientRect().bottom)"
    menu, tools = viewer.run(below)
    assert menu <= tools + 1, "the menu is not scrolled to its end"
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
    had = "{ mask: Uint8Array.from(INFO, Number), beginning: 'threshold', threshold: 0.3, revision: 'before' }"
    viewer.run(f"v => {{ v.last = {had} }}", digits(disc(50, 50, 20)))
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
