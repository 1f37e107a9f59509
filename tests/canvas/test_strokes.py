"""The brush and the eraser of `<bc-viewer>` in Chromium: masks compared pixel by pixel with what a mouse drew."""

from __future__ import annotations

import numpy as np
import pytest

from tests.canvas.conftest import SIZE
from tests.canvas.drawn import HEIGHT, STRIP, WIDTH, disc, edit, swept
from tests.canvas.opened import Viewer, blobs

pytestmark = pytest.mark.browser


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
    viewer.lose_and_restore_context()
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
