"""`<bc-viewer>` in Chromium, over a stub of the routes and made-up scans (under a strict content policy)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcweb import metrics
from tests import browser
from tests.canvas.conftest import SIZE
from tests.canvas.opened import Viewer, as_served, blobs, opened
from tests.canvas.stub import Shown

if TYPE_CHECKING:
    from playwright import sync_api

pytestmark = pytest.mark.browser


def test_at_the_operating_point_the_picture_is_the_servers_mask_pixel_by_pixel(viewer: Viewer):
    size = viewer.run(
        "(v, r) => [r.querySelector('canvas').width, r.querySelector('canvas').height - 22]"
    )
    # A scan with the pane's parity: at 1:1 its pixels fall on the screen's.
    width, height = 160 + int(size[0]) % 2, 120 + int(size[1]) % 2
    probability = blobs(height, width)
    case = Shown("s", np.zeros((height, width), np.uint8), probability)
    viewer.show(case, threshold=0.6, min_lesion_px=40)
    viewer.press("p", "o", "1")
    viewer.run("(v, r) => { const o = r.querySelector('.opacity-slider'); o.value = 1;"
               " o.dispatchEvent(new Event('input', {bubbles: true})) }")  # fmt: skip
    viewer.settle()
    picture = viewer.picture()[22:]
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    drawn = picture[top : top + height, left : left + width, 2] > 100
    expected = as_served(probability, 0.6, 40)
    assert 0 < expected.sum() < (probability >= 0.6).sum()
    assert np.array_equal(drawn, expected)


def test_the_threshold_moves_mask_and_scores_without_asking_the_server(viewer: Viewer):
    probability, truth = blobs(), blobs(seed=2) > 0.55
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), probability, truth), min_lesion_px=12)
    asked, before = list(viewer.asked), viewer.picture()
    viewer.run("v => { v.heard = []; for (const n of ['bc-threshold', 'bc-scores'])"
               " v.addEventListener(n, e => v.heard.push([n, e.detail])) }")  # fmt: skip
    slider = viewer.page.get_by_role("slider", name="Threshold")
    slider.fill("0.7")
    viewer.settle()
    heard = dict(viewer.run("v => v.heard"))
    mask = as_served(probability, 0.7, 12)
    assert viewer.asked == asked
    assert not np.array_equal(viewer.picture(), before)
    assert heard["bc-threshold"] == {"threshold": 0.7}
    for name in ("dice", "iou", "precision", "recall"):
        assert heard["bc-scores"][name] == pytest.approx(getattr(metrics, name)(mask, truth))
    assert heard["bc-scores"]["painted_px"] == mask.sum()
    assert viewer.text("[data-score=dice]") == f"{metrics.dice(mask, truth):.3f}"


def test_the_reset_returns_to_the_operating_point_which_the_slider_marks(viewer: Viewer):
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), blobs()), threshold=0.35)
    assert viewer.text(".value") == "0.35"
    viewer.press("]", "]")
    assert viewer.run("v => v.threshold") == pytest.approx(0.37)
    viewer.page.get_by_role("button", name="Reset threshold").click()
    assert viewer.run("v => v.threshold") == 0.35
    assert viewer.sees(".mark")


def test_a_scan_under_the_presence_gate_starts_empty_says_why_and_can_be_shown(viewer: Viewer):
    case = Shown("s", np.zeros((120, 160), np.uint8), blobs(), blobs(seed=2) > 0.6)
    viewer.show(case, presence=0.12, gate=0.35)
    assert viewer.text(".notice span") == "No lesion found: presence 0.12 is under the gate 0.35"
    assert viewer.scores()["painted_px"] == 0
    for selector in (".notice span", ".notice button"):  # in a pane of 498 px, and of 348
        assert viewer.is_within(selector, "[data-pane=prediction]"), selector
    viewer.page.set_viewport_size(SIZE | {"width": 700})
    viewer.settle()
    for selector in (".notice span", ".notice button"):
        assert viewer.is_within(selector, "[data-pane=prediction]"), selector
    viewer.run(
        "v => v.edit(new Uint8Array(120 * 160))"
    )  # where a missed lesion is drawn nothing lies over it
    viewer.settle()
    assert not viewer.sees(".notice")
    assert viewer.text("[data-pane=prediction] .caution") == "presence 0.12, under the gate 0.35"
    viewer.run("v => v.edit(null)")
    viewer.settle()
    assert viewer.sees(".notice")
    viewer.page.get_by_role("button", name="Show it anyway").click()
    viewer.settle()
    assert viewer.scores()["painted_px"] == (blobs() >= 0.5).sum()
    assert not viewer.sees(".notice")
    assert viewer.text("[data-pane=prediction] .caution") == "presence 0.12, under the gate 0.35"
    viewer.page.get_by_role("button", name="Reset threshold").click()
    assert viewer.scores()["painted_px"] == 0
    viewer.press("]")
    assert viewer.scores()["painted_px"] == (blobs() >= 0.51).sum()


def test_a_line_goes_around_what_the_network_looked_at(viewer: Viewer):
    x, y, width, height = box = 40, 30, 90, 70
    probability = np.zeros((120, 160))
    probability[y : y + height, x : x + width] = 1
    case = Shown("s", np.zeros((120, 160), np.uint8), probability)
    viewer.show(case, looked_at=box)
    assert viewer.sees("[data-pane=prediction] .looked-at")
    assert not viewer.sees("[data-pane=scan] .looked-at"), "the scan is left as it is"
    viewer.press("p", "o", "+")
    rows, columns = np.nonzero(viewer.picture()[..., 2] > 60)  # painted is just that part
    there = viewer.run(
        "(v, r) => { const [a, b] = ['[data-pane=layers] .looked-at', 'canvas']"
        ".map(s => r.querySelector(s).getBoundingClientRect());"
        " return [a.left - b.left, a.top - b.top, a.right - b.left, a.bottom - b.top] }"
    )
    painted = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert there == pytest.approx(painted, abs=1.5)
    viewer.press("h")
    assert not viewer.sees("[data-pane=layers] .looked-at"), "nothing lies over the scan"
    viewer.press("h")
    viewer.show(case)
    assert not viewer.sees("[data-pane=layers] .looked-at"), "it looked at all of it"


def test_there_are_panes_only_for_what_is_there(viewer: Viewer):
    pixels = np.zeros((120, 160), np.uint8)
    viewer.show(Shown("a", pixels))
    assert viewer.panes() == ["scan"]
    viewer.show(Shown("b", pixels, blobs()))
    assert viewer.panes() == ["scan", "prediction"]
    viewer.show(Shown("c", pixels, None, blobs() > 0.5))
    assert viewer.panes() == ["scan", "truth"]
    viewer.show(Shown("d", pixels, blobs(), blobs() > 0.5))
    assert viewer.panes() == ["scan", "prediction", "truth", "difference"]
    viewer.run("v => v.show(null)")
    assert viewer.panes() == [] and viewer.page.get_by_text("No scan yet.").is_visible()


def test_the_key_of_what_is_not_there_does_nothing(viewer: Viewer):
    viewer.show(Shown("a", np.zeros((120, 160), np.uint8), blobs()))
    viewer.press("t", "d", "y")
    assert viewer.panes() == ["scan", "prediction"]
    viewer.show(Shown("b", np.zeros((120, 160), np.uint8)))
    viewer.press("p", "m")
    assert viewer.panes() == ["scan"]
    assert not viewer.run("(v, r) => r.querySelector('[data-action=heat]').ariaPressed === 'true'")


def test_the_canvas_has_a_pixel_for_each_of_the_screens(chromium: sync_api.Browser):
    # A density that is only feigned changes no pixel of the screen.
    arguments = [*browser.ARGUMENTS, "--force-device-scale-factor=1.5"]
    path = browser.executable()
    dense = chromium.browser_type.launch(executable_path=path, args=arguments)
    for viewer in opened(dense, no_viewport=True):
        for width in ("500.3px", "500.6px"):
            viewer.run(f"v => {{ v.style.width = '{width}' }}")
            viewer.settle()
            drawn, seen = viewer.run("""(v, r) => new Promise(done => {
              const canvas = r.querySelector('canvas');
              new ResizeObserver(([{ devicePixelContentBoxSize: [box] }]) =>
                done([[canvas.width, canvas.height], [box.inlineSize, box.blockSize]]),
              ).observe(canvas, { box: 'device-pixel-content-box' });
            })""")
            assert drawn == seen
    dense.close()


def test_pixels_are_kept_when_only_prediction_or_truth_have_changed(viewer: Viewer):
    case = Shown("s", np.zeros((120, 160), np.uint8))
    viewer.show(case)
    viewer.press("+")
    zoom = viewer.text(".percent")
    case.probability = blobs()
    viewer.show(case)
    case.truth = blobs() > 0.5
    viewer.show(case)
    assert viewer.asked.count("/bc/scans/s/pixels") == 1
    assert viewer.scores()["dice"] == 1
    assert viewer.text(".percent") == zoom


def test_window_and_level_choose_which_of_65536_values_are_seen(viewer: Viewer):
    pixels = np.full((100, 200), 30_000, np.uint16)
    pixels[:, 100:] = 30_100
    viewer.show(Shown("s", pixels), window=[30_000, 30_100])
    picture = viewer.picture()
    middle = picture[picture.shape[0] // 2]
    assert middle[300].tolist() == [0, 0, 0] and middle[-300].tolist() == [255, 255, 255]
    viewer.page.get_by_label("Window", exact=True).fill("200")
    viewer.settle()
    assert viewer.picture()[picture.shape[0] // 2][300, 0] == pytest.approx(64, abs=1)
    viewer.page.get_by_role("button", name="Reset window").click()
    box = viewer.page.locator("bc-viewer canvas").bounding_box()
    viewer.page.mouse.move(box["x"] + 300, box["y"] + 300)
    viewer.page.mouse.down(button="right")
    viewer.page.mouse.move(box["x"] + 340, box["y"] + 280)
    viewer.page.mouse.up(button="right")
    viewer.settle()
    assert viewer.run("(v, r) => [r.querySelector('input.width').value, r.querySelector('input.level').value]") == [
        "110", "30045",
    ]  # fmt: skip


def test_the_wheel_zooms_at_the_pointer_in_all_panes_and_a_double_click_resets(viewer: Viewer):
    pixels = (np.arange(120 * 160) % 251).reshape(120, 160).astype(np.uint8)
    viewer.show(Shown("s", pixels, blobs(), blobs() > 0.5))
    box = viewer.page.locator("bc-viewer canvas").bounding_box()
    at = (box["x"] + 260.5, box["y"] + 200.5)
    viewer.page.mouse.move(*at)
    viewer.settle()
    under, fitted = viewer.text(".readout"), viewer.text(".percent")
    x, y, value, p = re.fullmatch(r"x (\d+)  y (\d+)   value (\d+)   p ([\d.]+)", under).groups()
    assert int(value) == pixels[int(y), int(x)]
    assert p == f"{blobs()[int(y), int(x)]:.2f}"
    viewer.page.mouse.wheel(0, -500)
    viewer.settle()
    assert viewer.text(".readout") == under
    assert viewer.text(".percent") != fitted
    assert viewer.run("(v, r) => r.querySelectorAll('.cross.on').length") == 3
    viewer.page.mouse.dblclick(*at)
    viewer.settle()
    assert viewer.text(".percent") == fitted


def test_keys_work_from_anywhere_but_a_text_field(viewer: Viewer):
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), blobs()))
    viewer.press("m")
    assert (
        viewer.page.get_by_role("button", name="Heat map").get_attribute("aria-pressed") == "true"
    )
    viewer.run(
        "() => { document.body.prepend(document.createElement('input')); document.querySelector('input').focus() }"
    )
    viewer.press("m", "0")
    assert (
        viewer.page.get_by_role("button", name="Heat map").get_attribute("aria-pressed") == "true"
    )
    assert viewer.run("() => document.querySelector('input').value") == "m0"
    viewer.page.get_by_label("Window", exact=True).focus()
    viewer.press("m")
    assert (
        viewer.page.get_by_role("button", name="Heat map").get_attribute("aria-pressed") == "true"
    )


def test_a_number_is_left_with_enter_taken_back_with_escape_and_put_back_if_it_is_none(
    viewer: Viewer,
):
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), blobs()))
    field = viewer.page.get_by_label("Window", exact=True)
    heat = viewer.page.get_by_role("button", name="Heat map")
    field.fill("100")
    viewer.press("Enter", "m")
    assert (field.input_value(), heat.get_attribute("aria-pressed")) == ("100", "true")
    for key, typed, left in (("Escape", "50", "100"), ("Enter", "", "100"), ("Enter", "-4", "100")):
        field.fill(typed)
        viewer.press(key)
        assert field.input_value() == left, (key, typed)


def test_over_the_heat_map_the_truths_border_has_a_dark_line_and_the_predictions_name_is_white(
    viewer: Viewer,
):
    """The map is as yellow as the truth is, where it is sure."""
    certain, truth = np.zeros((120, 160)), np.zeros((120, 160), bool)
    certain[20:100, 20:140] = 1
    truth[40:80, 50:110] = True
    viewer.show(Shown("s", np.full((120, 160), 128, np.uint8), certain, truth))

    def dark() -> int:
        shown = viewer.picture()
        height, width, _ = shown.shape
        middle = shown[height // 6 : -height // 6, width // 5 : -width // 5]
        return int((middle.max(axis=2) < 90).sum())

    def swatch() -> str:
        """The colour beside the prediction's name."""
        return viewer.run(
            "(v, r) => getComputedStyle(r.querySelector('[data-pane=layers] .swatch.prediction')).borderTopColor"
        )

    viewer.press("l")
    assert dark() == 0 and swatch() == "rgb(56, 176, 255)"
    viewer.press("m")
    assert dark() > 50 and swatch() == "rgb(255, 255, 255)"


def test_hidden_overlays_leave_the_scan_as_it_is(viewer: Viewer):
    pixels = (np.arange(120 * 160) % 251).reshape(120, 160).astype(np.uint8)
    viewer.show(Shown("bare", pixels))
    viewer.press("l")
    bare = viewer.picture()
    viewer.show(Shown("s", pixels, blobs(), blobs(seed=2) > 0.5))
    assert not np.array_equal(viewer.picture(), bare)
    viewer.press("h")
    assert np.array_equal(viewer.picture(), bare)


def test_the_picture_returns_after_the_graphics_context_was_lost(viewer: Viewer):
    pixels = (np.arange(120 * 160) % 251).reshape(120, 160).astype(np.uint8)
    viewer.show(Shown("s", pixels, blobs(), blobs(seed=2) > 0.5))
    before = viewer.picture()
    viewer.lose_and_restore_context()
    assert np.array_equal(viewer.picture(), before)
    assert not viewer.sees(".message")


def test_without_graphics_hardware_nothing_is_called_seen(viewer: Viewer):
    pixels = (np.arange(120 * 160) % 251).reshape(120, 160).astype(np.uint8)
    shown = Shown("s", pixels, blobs(), blobs(seed=2) > 0.5)
    viewer.run("""(v, r) => {
      v.heard = [];
      for (const name of ['bc-ready', 'bc-error']) v.addEventListener(name, () => v.heard.push(name));
      const canvas = r.querySelector('canvas');
      v.turn = (way) => new Promise(done => {
        v.loss ??= canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
        canvas.addEventListener(`webglcontext${way}`, done, { once: true });
        if (way === 'lost') v.loss.loseContext();
        else v.loss.restoreContext();
      });
    }""")
    heard = lambda: viewer.run("v => v.heard.splice(0)")  # noqa: E731
    viewer.show(shown)
    before = viewer.picture()
    assert heard() == ["bc-ready"]
    viewer.run("v => v.turn('lost')")
    assert heard() == ["bc-error"]
    viewer.show(shown)
    viewer.show(Shown("other", pixels[::-1].copy()))
    viewer.show(shown)
    assert heard() == ["bc-error"] * 3, "what nobody can see is said to be on the screen"
    assert "busy elsewhere" in viewer.text(".said")
    viewer.page.locator("bc-viewer .said").wait_for()  # after a while
    viewer.run("v => v.turn('restored')")
    assert heard() == ["bc-ready"]
    assert np.array_equal(viewer.picture(), before)
    assert not viewer.sees(".message")


def test_an_empty_viewer_stays_one_when_the_graphics_context_is_lost_and_back(viewer: Viewer):
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8)))
    viewer.run("""async (v, r) => {
      await v.show(null);
      v.heard = [];
      for (const name of ['bc-ready', 'bc-error']) v.addEventListener(name, () => v.heard.push(name));
      const canvas = r.querySelector('canvas');
      const loss = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
      const back = new Promise(done => canvas.addEventListener('webglcontextrestored', done));
      canvas.addEventListener('webglcontextlost', () => setTimeout(() => loss.restoreContext()));
      loss.loseContext();
      await back;
    }""")
    assert viewer.run("v => v.heard") == []
    assert viewer.run("(v, r) => r.querySelector('.message').className") == "message empty"


@pytest.mark.parametrize(
    ("info", "sentence"),
    [
        ({"id": "gone"}, "s is not here any more: open it again."),
        ({"width": 161}, "The pixels of s arrived with 19200 bytes instead of 19320."),
        ({"has_truth": True}, "Not there."),  # as the server says it
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_sentence(viewer: Viewer, info: dict, sentence: str):
    viewer.run("v => v.addEventListener('bc-error', e => { v.heard = e.detail.message })")
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8)), **info)
    assert viewer.run("v => v.heard") == sentence
    assert viewer.text(".said") == sentence and viewer.sees(".said")


def test_the_last_scan_asked_for_is_the_one_shown(viewer: Viewer):
    first = Shown("first", np.zeros((400, 400), np.uint8), blobs(400, 400))
    second = Shown("second", np.zeros((90, 80), np.uint8))
    viewer.cases.update(first=first, second=second)
    infos = [first.describe(), second.describe()]
    viewer.run("v => Promise.all([v.show(INFO[0]), v.show(INFO[1])])", infos)
    assert viewer.panes() == ["scan"]
    assert "second, 80 by 90 pixels" in viewer.run(
        "(v, r) => r.querySelector('canvas').getAttribute('aria-label')"
    )


def test_a_scan_larger_than_a_texture_is_drawn_smaller_and_says_so(chromium: sync_api.Browser):
    for viewer in opened(chromium, viewport=SIZE):
        viewer.page.add_init_script(
            "const ask = WebGL2RenderingContext.prototype.getParameter;"
            "WebGL2RenderingContext.prototype.getParameter = function (name) {"
            " return name === this.MAX_TEXTURE_SIZE ? 256 : ask.call(this, name) }"
        )
        viewer.page.reload()
        truth = np.zeros((600, 700), bool)
        truth[100:300, 100:300] = True
        viewer.show(Shown("s", np.full((600, 700), 99, np.uint8), truth * 1.0, truth))
        assert viewer.text(".readout").startswith("Drawn at 1/4 of its resolution")
        assert viewer.scores()["painted_px"] == 40_000


@pytest.mark.parametrize("largest", [4096, 1024])
def test_seen_small_the_edges_of_a_scan_of_odd_width_lie_where_they_are(
    chromium: sync_api.Browser, largest: int
):
    """Masks are not drawn from halves of the scan: theirs lie there too. largest: side of a texture."""
    height, width, edge = 400, 3583, 3200
    pixels = np.zeros((height, width), np.uint8)
    pixels[:, edge:] = 255
    for viewer in opened(chromium, viewport=SIZE):
        viewer.page.add_init_script(
            "const ask = WebGL2RenderingContext.prototype.getParameter;"
            "WebGL2RenderingContext.prototype.getParameter = function (name) {"
            f" return name === this.MAX_TEXTURE_SIZE ? {largest} : ask.call(this, name) }}"
        )
        viewer.page.reload()
        viewer.show(Shown("s", pixels, truth=pixels > 0))
        viewer.press("l")
        masked = viewer.picture()
        viewer.press("h")
        picture = viewer.picture()
        middle = picture.shape[0] // 2
        expected = edge * picture.shape[1] / width
        near = slice(int(expected) - 6, int(expected) + 6)
        bright = picture[middle, near, 0].sum() / 255
        assert near.stop - bright == pytest.approx(expected, abs=0.25)
        border = np.flatnonzero((masked != picture)[middle, near].any(axis=1))[0]
        assert near.start + border == pytest.approx(expected, abs=0.55)


def test_every_control_has_a_name_and_a_place_in_the_tab_order(viewer: Viewer):
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), blobs(), blobs() > 0.5))
    nameless = viewer.run("""(v, r) => [...r.querySelectorAll('button, input, canvas')].filter(e =>
      !(e.ariaLabel || e.textContent.trim() || e.labels?.length) || e.tabIndex < 0).map(e => e.outerHTML)""")
    assert nameless == []


def test_on_a_phone_one_pane_is_shown_and_nothing_is_cut_off(phone: Viewer):
    case = Shown("s", np.zeros((120, 160), np.uint8), blobs(), blobs(seed=2) > 0.5)
    phone.show(case, presence=0.12, gate=0.35)
    phone.page.get_by_role("button", name="Display settings").click()
    assert phone.panes() == ["layers"]
    beyond = phone.run("""(v, r) => [...r.querySelectorAll('button, input, label, dd, .notice')]
      .filter(e => e.checkVisibility()).map(e => [e.getBoundingClientRect(), e.outerHTML])
      .filter(([b]) => b.left < 0 || b.right > innerWidth || b.bottom > innerHeight).map(([, h]) => h)""")
    assert beyond == []
    assert phone.run("() => document.documentElement.scrollWidth <= innerWidth")
    phone.page.get_by_role("button", name="Side by side").click()
    phone.settle()
    assert phone.is_within("[data-pane=difference] .outcomes", "[data-pane=difference]")
    assert phone.run(
        "(v, r) => [...r.querySelectorAll('[data-pane=difference] .outcomes')].every(e => e.scrollWidth <= e.clientWidth)"
    )


def test_the_bar_above_the_picture_is_one_row_beside_the_panels_of_a_laptop(viewer: Viewer):
    viewer.page.set_viewport_size(SIZE | {"width": 934 + 16})
    viewer.show(Shown("s", np.zeros((120, 160), np.uint8), blobs(), blobs(seed=2) > 0.5))
    viewer.press("l")
    assert viewer.run("(v, r) => r.querySelector('.bar.top').clientHeight") < 40


def test_one_finger_leaves_a_picture_that_is_seen_whole_where_it_is(phone: Viewer):
    phone.show(Shown("s", np.zeros((120, 160), np.uint8), blobs()))
    canvas = phone.page.locator("bc-viewer canvas")
    before, box = phone.picture(), canvas.bounding_box()
    tools = phone.page.context.new_cdp_session(phone.page)
    for kind, points in (
        ("touchStart", [{"x": box["x"] + 100, "y": box["y"] + 200}]),
        ("touchMove", [{"x": box["x"] + 180, "y": box["y"] + 200}]),
        ("touchEnd", []),
    ):
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    phone.settle()
    inner = (slice(20, -20), slice(20, -20))  # without the mark of the focus
    assert np.array_equal(phone.picture()[inner], before[inner])
    assert canvas.evaluate("c => getComputedStyle(c).touchAction") == "pan-y"


def test_two_fingers_zoom_and_one_pans(phone: Viewer):
    phone.show(Shown("s", np.zeros((120, 160), np.uint8), blobs()))
    box = phone.page.locator("bc-viewer canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = float(phone.text(".percent").split()[0])
    tools = phone.page.context.new_cdp_session(phone.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", (middle[0] - 30, middle[1]), (middle[0] + 30, middle[1]))
    touch("touchMove", (middle[0] - 60, middle[1]), (middle[0] + 60, middle[1]))
    touch("touchEnd")
    phone.settle()
    assert float(phone.text(".percent").split()[0]) == pytest.approx(2 * before, rel=0.03)
    zoomed = phone.picture()
    touch("touchStart", middle)
    touch("touchMove", (middle[0] + 40, middle[1] + 10))
    touch("touchEnd")
    phone.settle()
    # 40 and 10 CSS pixels are 80 and 20 of this screen's; a border may round to the next pixel.
    moved = phone.picture()[200:600, 300:600] != zoomed[180:580, 220:520]
    assert moved.mean() < 0.01
