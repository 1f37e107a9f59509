"""From the pointer's event to the frame that shows it, while a brush paints on a 3328x2560 mammogram.

    python -m bench.stroke [--moves 120] [--width 1440 --height 900]

The generated scan of `bench.threshold_drag` is edited in a headless Chromium, with all its panes and in one, and
painted by `gr.ImageEditor` in the same browser, at the same size of scan, window and brush. The mouse is a real one
(by the browser's own input). Time runs from the event's own stamp until the first frame after it is drawn and one
of its pixels was read back, so that the graphics work is done; events that come while one waits belong to its
frame. Most machines that run this have no graphics hardware: the renderer is printed.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.rows import Row
from bench.threshold_drag import HEIGHT, SHOW, WIDTH, mammogram
from tests import browser
from tests.canvas.stub import Shown, serve

BRUSH = 60
"""Radius in pixels of the scan."""

EDIT = f"""() => {{
  const viewer = document.querySelector('bc-viewer');
  viewer.edit(viewer.maskOf('prediction'), 'prediction');
  viewer.brush = {BRUSH};
}}"""

# Wait for what was asked to be drawn, then for the graphics work.
WATCH = """canvas => {
  const gl = canvas.getContext('webgl2'), pixel = new Uint8Array(4), channel = new MessageChannel();
  let since = null;
  window.times = [];
  channel.port1.onmessage = () => {
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    window.times.push(performance.now() - since);
    since = null;
  };
  window.addEventListener('pointermove', event => {
    if (since !== null) return;
    since = event.timeStamp;
    requestAnimationFrame(() => channel.port2.postMessage(null));  // after all that this frame draws
  });
  const name = gl.getExtension('WEBGL_debug_renderer_info');
  return gl.getParameter(name ? name.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
}"""


def paint(page: Page, canvas: str, moves: int, at: tuple[float, float]) -> tuple[list[float], str]:
    """Milliseconds of each frame of a stroke around a point of the canvas, and the renderer."""
    found = page.locator(canvas).first
    box = found.bounding_box()
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x, y)
    renderer = found.evaluate(WATCH)
    page.mouse.down()
    for i in range(moves):
        page.mouse.move(x + 60 * math.sin(i / 9) + 40 * i / moves, y + 60 * math.cos(i / 7))
    page.mouse.up()
    page.wait_for_function("window.times.length > 0")
    return page.evaluate("window.times"), renderer


def ours(
    chromium: Browser, case: Shown, moves: int, size: dict
) -> tuple[list[float], list[float], str]:
    with serve({case.id: case}) as (url, _):
        page = chromium.new_page(viewport=size)
        page.goto(url)
        page.evaluate(SHOW, case.describe())
        page.evaluate(EDIT)
        panes, renderer = paint(page, "bc-viewer canvas", moves, (0.12, 0.45))
        page.keyboard.press("l")
        single, _ = paint(page, "bc-viewer canvas", moves, (0.45, 0.45))
        page.close()
    return panes, single, renderer


def peers(chromium: Browser, case: Shown, moves: int, size: dict) -> list[float]:
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
            times, _ = paint(page, "canvas", moves, (0.45, 0.45))
            page.close()
        finally:
            demo.close(verbose=False)
    return times


def run(moves: int = 120, width: int = 1440, height: int = 900) -> list[Row]:
    """Paint with so many moves of the mouse in a window of this size; the peer a tenth of them."""
    path = browser.executable()
    if path is None:
        sys.exit("No Chromium was found; `python -m tests.browser` fetches one.")
    case, size = mammogram(), {"width": width, "height": height}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        panes, single, renderer = ours(chromium, case, moves, size)
        peer = peers(chromium, case, max(moves // 10, 8), size)
        chromium.close()
    print(f"  {len(panes)} frames, window {width}x{height}, {renderer}")
    return [
        Row("event to frame, four panes, median", float(np.median(panes)), "ms"),
        Row("event to frame, four panes, 95th percentile", float(np.percentile(panes, 95)), "ms"),
        Row("event to frame, one pane, median", float(np.median(single)), "ms"),
        Row("event to frame, one pane, 95th percentile", float(np.percentile(single, 95)), "ms"),
        Row("gr.ImageEditor, median", float(np.median(peer)), "ms"),
        Row("gr.ImageEditor, 95th percentile", float(np.percentile(peer, 95)), "ms"),
        Row("times faster than gr.ImageEditor", float(np.median(peer)) / float(np.median(single)), "x", at_least=5),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=120)
    parser.add_argument("--width", type=int, default=1440, help="of the window, in pixels")
    parser.add_argument("--height", type=int, default=900)
    for row in run(**vars(parser.parse_args())):
        print(f"  {row}")


if __name__ == "__main__":
    main()
