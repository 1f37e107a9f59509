"""Hands, keys and places: what is drawn by whichever comes, and nothing by what was not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.canvas.conftest import SIZE
from tests.canvas.drawn import HEIGHT, WIDTH, Point, disc, edit, swept
from tests.canvas.opened import Viewer, blobs, opened
from tests.canvas.stub import Shown

if TYPE_CHECKING:
    from playwright import sync_api

pytestmark = pytest.mark.browser


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


def test_space_pans_whatever_was_pressed_with_the_mouse_before(viewer: Viewer):
    """A button would be pressed by it again, and a brush would paint. One that was reached by Tab is pressed."""
    drawn = edit(viewer, probability=blobs(), truth=disc(80, 60, 12))
    viewer.press("l")
    layer = viewer.page.get_by_role("button", name="Prediction", exact=True)
    for press in (layer.click, viewer.page.get_by_role("slider", name="Threshold").click):
        press()
        viewer.settle()
        shown = layer.get_attribute("aria-pressed")
        drawn.keyboard.down("Space")
        drawn.stroke((60, 60), (90, 60), pane="layers")
        drawn.keyboard.up("Space")
        viewer.settle()
        assert viewer.run("v => v.strokes") == 0
        assert layer.get_attribute("aria-pressed") == shown
    layer.focus()
    viewer.press("Space")
    assert layer.get_attribute("aria-pressed") != shown


def test_on_a_screen_of_any_density_the_ring_is_around_the_pointer(chromium: sync_api.Browser):
    for density in (1.25, 1.75, 0.75):
        for viewer in opened(chromium, viewport=SIZE, device_scale_factor=density):
            drawn = edit(viewer, truth=disc(80, 60, 12))
            at = drawn.screen(70, 50)
            drawn.mouse.move(*at)
            viewer.settle()
            left, top, width, height = viewer.run(
                "(v, r) => { const b = r.querySelector('[data-pane=mine] .ring').getBoundingClientRect();"
                " return [b.left, b.top, b.width, b.height] }"
            )
            middle = (left + width / 2, top + height / 2)
            assert middle == pytest.approx(at, abs=0.05), density


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
