"""Frame times while the threshold is dragged over a 3328x2560 mammogram, all four panes shown.

    python -m bench.threshold_drag [--frames 120] [--width 1440 --height 900]

A generated 16-bit scan with its truth and a probability map with many small parts (a smallest lesion of
400 pixels is filtered) is shown in a headless Chromium. Every frame sets another threshold, waits for the
viewer's drawing and reads one pixel back, so that the graphics work is done before the clock is read. The
peer paints the same map's mask into a 2D canvas, one pane and no scores, in the same page.
`interval` is from frame to frame (a 60 Hz screen gives no less than 16.7 ms), `work` from the frame's start
to its last pixel. Most machines that run this have no graphics hardware: the renderer is printed.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
from playwright.sync_api import sync_playwright
from scipy import ndimage

from bench.rows import Row
from tests import browser
from tests.canvas.stub import Shown, serve

HEIGHT, WIDTH = 3328, 2560

SHOW = """async info => {
  await customElements.whenDefined('bc-viewer');
  const viewer = document.querySelector('bc-viewer');
  const start = performance.now();
  await viewer.show(info);
  return performance.now() - start;
}"""

DRAG = """async frames => {
  const viewer = document.querySelector('bc-viewer');
  const gl = viewer.shadowRoot.querySelector('canvas').getContext('webgl2');
  const pixel = new Uint8Array(4), intervals = [], work = [];
  const before = viewer.stats.frames;
  let last = null;
  for (let i = 0; i <= frames; i++) {
    viewer.threshold = 0.5 + 0.4 * Math.sin((i + 0.5) / 9);
    const start = await new Promise(requestAnimationFrame);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    const now = performance.now();
    if (last !== null) { intervals.push(now - last); work.push(now - start); }
    last = now;
  }
  const name = gl.getExtension('WEBGL_debug_renderer_info');
  return { intervals, work, drawn: viewer.stats.frames - before - 1,
           renderer: gl.getParameter(name ? name.UNMASKED_RENDERER_WEBGL : gl.RENDERER) };
}"""

PEER = """async ([frames, id, width, height]) => {
  const answer = await fetch(`/bc/scans/${id}/probability`);
  const map = new Uint8Array(await answer.arrayBuffer());
  const whole = new OffscreenCanvas(width, height), paint = whole.getContext('2d');
  const image = paint.createImageData(width, height), words = new Uint32Array(image.data.buffer);
  const pane = document.createElement('canvas');
  pane.width = 350; pane.height = 455;
  pane.style.cssText = 'position:fixed;left:0;top:0;z-index:9';
  document.body.append(pane);
  const screen = pane.getContext('2d'), intervals = [];
  let last = null;
  for (let i = 0; i <= frames; i++) {
    const level = 255 * (0.5 + 0.4 * Math.sin((i + 0.5) / 9));
    await new Promise(requestAnimationFrame);
    for (let p = 0; p < map.length; p++) words[p] = map[p] >= level ? 0xffff9c40 : 0xff000000;
    paint.putImageData(image, 0, 0);
    screen.drawImage(whole, 0, 0, pane.width, pane.height);
    screen.getImageData(0, 0, 1, 1);
    const now = performance.now();
    if (last !== null) intervals.push(now - last);
    last = now;
  }
  pane.remove();
  return intervals;
}"""


def mammogram() -> Shown:
    """A generated 12-bit scan in 16 bits, its truth, and a map with one large and many small parts."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    truth = ((x - 900) / 180) ** 2 + ((y - 1500) / 230) ** 2 < 1
    breast = np.clip(1 - (x / 1900) ** 2 - ((y - HEIGHT / 2) / 1550) ** 2, 0, 1) ** 0.4
    grain = ndimage.zoom(rng.normal(size=(HEIGHT // 16, WIDTH // 16)), 16, order=1).astype(
        np.float32
    )
    pixels = (4095 * np.clip(breast * (0.5 + 0.08 * grain) + 0.15 * truth, 0, 1)).astype(np.uint16)
    lesion = ndimage.gaussian_filter(np.roll(truth, 40, axis=1).astype(np.float32), 25)
    probability = np.clip(lesion + 0.12 * breast * np.abs(grain), 0, 1)
    info = {"window": [400, 3600], "spacing": [0.07, 0.07], "min_lesion_px": 400}
    return Shown("mammogram", pixels, probability, truth, info)


def run(frames: int = 120, width: int = 1440, height: int = 900) -> list[Row]:
    """Show the mammogram in a window of this size, drag for so many frames; the peer a tenth of them."""
    path = browser.executable()
    if path is None:
        sys.exit("No Chromium was found; `python -m tests.browser` fetches one.")
    case = mammogram()
    with serve({case.id: case}) as (url, _), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.goto(url)
        shown = page.evaluate(SHOW, case.describe())
        drag = page.evaluate(DRAG, frames)
        peer = page.evaluate(PEER, [max(frames // 10, 5), case.id, WIDTH, HEIGHT])
        chromium.close()
    print(f"  {drag['drawn']} frames, window {width}x{height}, {drag['renderer']}")
    interval = float(np.median(drag["intervals"]))
    return [
        Row("from viewer.show to the picture", shown, "ms"),
        Row("interval between frames, median", interval, "ms"),
        Row("interval between frames, 95th percentile", float(np.percentile(drag["intervals"], 95)), "ms"),
        Row("work in a frame, median", float(np.median(drag["work"])), "ms"),
        Row("work in a frame, 95th percentile", float(np.percentile(drag["work"], 95)), "ms"),
        Row("2D canvas, one pane, median", float(np.median(peer)), "ms"),
        Row("times faster than the 2D canvas", float(np.median(peer)) / interval, "x"),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--width", type=int, default=1440, help="of the window, in pixels")
    parser.add_argument("--height", type=int, default=900)
    for row in run(**vars(parser.parse_args())):
        print(f"  {row}")


if __name__ == "__main__":
    main()
