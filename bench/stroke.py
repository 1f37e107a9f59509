"""From the pointer's event to the frame that shows it, while a brush paints on a 3328x2560 mammogram.

    python -m bench.stroke [--moves 60] [--width 1440 --height 900]

The generated scan of `bench.threshold_drag` is edited in a headless Chromium, with all its panes and in one, and
painted by `gr.ImageEditor` in the same browser, at the same size of scan, window and brush. The mouse is a real one
(by the browser's own input). Time runs from the event's own stamp until the first frame after it is drawn and one
of its pixels was read back, so that the graphics work is done; events that come while one waits belong to its
frame. Most machines that run this have no graphics hardware: the renderer is printed. Processor time is that of
all of the browser's processes over the stroke, for each frame: other work on the machine changes it little.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.rows import Row, high
from bench.threshold_drag import HEIGHT, SHOW, WIDTH, mammogram
from tests import browser
from tests.canvas.stub import Shown, serve

BRUSH = 60
"""Radius in pixels of the scan."""
WARMING = 10
"""Moves of the stroke that is not counted."""

EDIT = f"""() => {{
  const viewer = document.querySelector('bc-viewer');
  viewer.edit(viewer.maskOf('prediction'), 'prediction');
  viewer.brush = {BRUSH};
}}"""

# Wait for what was asked to be drawn, then for the graphics work.
WATCH = """canvas => {
  const gl = canvas.getContext('webgl2'), pixel = new Uint8Array(4), channel = new MessageChannel();
  window.since = null;
  window.watching?.abort();
  window.watching = new AbortController();
  window.times = [];
  channel.port1.onmessage = () => {
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    window.times.push(performance.now() - window.since);
    window.since = null;
  };
  window.addEventListener('pointermove', event => {
    if (window.since !== null) return;
    window.since = event.timeStamp;
    requestAnimationFrame(() => channel.port2.postMessage(null));  // after all that this frame draws
  }, { signal: window.watching.signal });
  const name = gl.getExtension('WEBGL_debug_renderer_info');
  return gl.getParameter(name ? name.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
}"""


@dataclass(frozen=True)
class Stroke:
    """times: milliseconds from event to frame; processor: milliseconds for each move."""

    times: list[float]
    processor: float
    renderer: str


def processor_seconds(chromium: Browser) -> float:
    tools = chromium.new_browser_cdp_session()
    processes = tools.send("SystemInfo.getProcessInfo")["processInfo"]
    tools.detach()
    return sum(process["cpuTime"] for process in processes)


def paint(page: Page, canvas: str, moves: int, at: tuple[float, float]) -> Stroke:
    """A stroke around a point of the canvas, which is in parts of its size."""
    found = page.locator(canvas).first
    box = found.bounding_box()
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]

    def stroke(moves: int) -> float:
        """Seconds of processor time, from the first move to the frame of the last."""
        page.mouse.move(x, y)
        page.mouse.down()
        _drawn(page)
        page.evaluate("window.times = []")
        started = processor_seconds(page.context.browser)
        for i in range(moves):
            page.mouse.move(x + 60 * math.sin(i / 9) + 40 * i / moves, y + 60 * math.cos(i / 7))
        _drawn(page)
        spent = processor_seconds(page.context.browser) - started
        page.mouse.up()
        return spent

    renderer = found.evaluate(WATCH)
    stroke(WARMING)
    spent = stroke(moves)
    return Stroke(page.evaluate("window.times"), 1000 * spent / moves, renderer)


def _drawn(page: Page) -> None:
    """Wait for the frame of every move so far."""
    page.wait_for_function("window.times.length > 0 && window.since === null")


def ours(chromium: Browser, case: Shown, moves: int, size: dict) -> tuple[Stroke, Stroke]:
    """With all panes, and with one."""
    with serve({case.id: case}) as (url, _):
        # The page's policy forbids what Playwright waits with.
        page = chromium.new_page(viewport=size, bypass_csp=True)
        page.goto(url)
        page.evaluate(SHOW, case.describe())
        page.evaluate(EDIT)
        panes = paint(page, "bc-viewer canvas", moves, (0.12, 0.45))
        page.keyboard.press("l")
        single = paint(page, "bc-viewer canvas", moves, (0.45, 0.45))
        page.close()
    return panes, single


def peers(chromium: Browser, case: Shown, moves: int, size: dict) -> Stroke:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: it asks other hosts
    import gradio as gr

    with tempfile.TemporaryDirectory() as folder:
        low, high = case.info["window"]
        grey = np.clip((case.pixels.astype(np.float32) - low) / (high - low), 0, 1) * 255
        file = Path(folder, "scan.png")
        Image.fromarray(grey.astype(np.uint8)).convert("RGB").save(file, compress_level=1)
        with gr.Blocks() as demo:
            gr.ImageEditor(
                {"background": str(file), "layers": [], "composite": None},
                canvas_size=(WIDTH, HEIGHT),
                height=size["height"] - 120,
                brush=gr.Brush(default_size=2 * BRUSH, colors=["#ff0000"], color_mode="fixed"),
                interactive=True,
            )
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, allowed_paths=[folder])
        try:
            page = chromium.new_page(viewport=size)
            page.set_default_timeout(300_000)
            page.goto(url)
            page.get_by_label("Brush Size").wait_for()  # the brush is in the hand
            stroke = paint(page, "canvas", moves, (0.45, 0.45))
            page.close()
        finally:
            demo.close(verbose=False)
    return stroke


def run(moves: int = 60, width: int = 1440, height: int = 900) -> list[Row]:
    """Paint with so many moves of the mouse in a window of this size."""
    path = browser.executable()
    if path is None:
        sys.exit("No Chromium was found; `python -m tests.browser` fetches one.")
    case, size = mammogram(), {"width": width, "height": height}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        panes, single = ours(chromium, case, moves, size)
        peer = peers(chromium, case, moves, size)
        chromium.close()
    print(f"  {len(single.times)} frames, window {width}x{height}, {single.renderer}")
    rows = []
    for name, stroke in (("four panes", panes), ("one pane", single), ("gr.ImageEditor", peer)):
        rows += [
            Row(f"event to frame, {name}, median", float(np.median(stroke.times)), "ms"),
            Row(f"event to frame, {name}, 95th percentile", high(stroke.times), "ms"),
            Row(f"processor time for a move, {name}", stroke.processor, "ms"),
        ]
    faster = float(np.median(peer.times)) / float(np.median(single.times))
    spared = peer.processor / single.processor
    return [
        *rows,
        Row("times faster than gr.ImageEditor", faster, "x"),
        Row("times less processor time than gr.ImageEditor", spared, "x", at_least=10),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--width", type=int, default=1440, help="of the window, in pixels")
    parser.add_argument("--height", type=int, default=900)
    for row in run(**vars(parser.parse_args())):
        print(f"  {row}")


if __name__ == "__main__":
    main()
