"""20 visitors at once on one server, for two minutes: 19 over HTTP without a pause, and one in Chromium.

    python -m bench load

Each opens a scan, fetches what the page draws, asks for the mask at three thresholds, removes the scan, and
begins again; the one in Chromium drops scans on the page and drags the threshold. One more visitor arrives in
between with forty scans at once. That is more than people do: it shows what happens when there is more to do
than the machine can. A bar is on what must hold on every machine: no error, nobody left behind, no memory
that stays.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.rows import Row
from tests import browser
from tests.page.files import png, speckle
from tests.page.reader import Page
from tests.page.running import App, Visitor

VISITORS, SECONDS, MANY = 20, 120, 40
THRESHOLDS = (0.2, 0.5, 0.8)

# Milliseconds of the frames while the threshold goes from one end to the other.
DRAG = """async () => {
  const viewer = document.querySelector('bc-viewer');
  const times = [];
  for (let step = 0; step <= 40; step++) {
    const started = performance.now();
    viewer.threshold = step / 40;
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - started);
  }
  return times;
}"""


@dataclass
class Told:
    """What one visitor saw."""

    waits: list[float] = field(default_factory=list)  # seconds from a scan to its prediction
    errors: list[str] = field(default_factory=list)


def run() -> list[Row]:
    scans = [png(speckle(500, 600, seed)) for seed in range(8)]
    with tempfile.TemporaryDirectory() as home:
        app = App({"BCWEB_HOME": home}).start()
        try:
            Visitor(app.address).opened(scans[0])  # the engine is loaded
            return _load(app, scans)
        finally:
            app.stop()


def _load(app: App, scans: list[bytes]) -> list[Row]:
    began = time.monotonic()
    until = began + SECONDS
    told = [Told() for _ in range(VISITORS - 1)]
    crowd, memory = Told(), []
    with ThreadPoolExecutor(VISITORS + 2) as pool:
        for number, one in enumerate(told):
            pool.submit(_visit, app.address, scans, number, until, one)
        pool.submit(_many_at_once, app.address, scans, began + SECONDS / 3, crowd)
        pool.submit(_watch, app.process.pid, until, memory)
        frames, drawn, complaints = _in_chromium(app.address, scans, until)
    errors = [error for one in (*told, crowd) for error in one.errors] + complaints
    for error in sorted(set(errors)):
        print(f"  {errors.count(error)} x {error}")
    waits = sorted(wait for one in told for wait in one.waits)
    done = [len(one.waits) for one in told]
    turn = (VISITORS + 1) * SECONDS / (len(waits) + len(crowd.waits))
    middle, end = (max(memory[len(memory) * k // 4 : len(memory) * (k + 1) // 4]) for k in (1, 3))
    return [
        Row("scans segmented a second", len(waits) / SECONDS, ""),
        Row("errors", len(errors), "", at_most=0),
        Row("from a scan to its prediction: median", statistics.median(waits), "s"),
        Row("  95th percentile", waits[int(0.95 * len(waits))], "s"),
        Row("  the longest", waits[-1], "s"),
        Row("  / the median", waits[-1] / statistics.median(waits), "x", at_most=4),
        Row("  / a turn of every visitor", waits[-1] / turn, "x", at_most=1.5),
        Row("visitor with the most scans / with the fewest", max(done) / min(done), "x", at_most=1.5),
        Row("a scan of one who brought 40 / of the others, medians",
            statistics.median(crowd.waits) / statistics.median(waits), "x", at_least=1),
        Row("scans dropped and drawn in Chromium meanwhile", drawn, "", at_least=1),
        Row("frames of a threshold drag there: median", statistics.median(frames), "ms"),
        Row("  95th percentile", sorted(frames)[int(0.95 * len(frames))], "ms"),
        Row("resident memory before", memory[0], "MB"),
        Row("  the most in the second quarter", middle, "MB"),
        Row("  the most in the last quarter / in the second", end / middle, "x", at_most=1.05),
    ]  # fmt: skip


def _visit(address: str, scans: list[bytes], number: int, until: float, told: Told) -> None:
    visitor = Visitor(address)
    while time.monotonic() < until and not told.errors:
        try:
            number += 1
            told.waits.append(_one_scan(visitor, scans[number % len(scans)]))
        except Exception as error:  # every failure is to be counted
            told.errors.append(f"{type(error).__name__}: {error}")
    visitor.close()


def _one_scan(visitor: Visitor, scan: bytes) -> float:
    """Seconds until it was segmented."""
    started = time.monotonic()
    answer = visitor.hand_in(scan, "scan.png").raise_for_status().json()
    waited = time.monotonic() - started
    if not answer["segmented"]:
        raise RuntimeError(f"not segmented: {answer['problem']}")
    place = f"/bc/scans/{answer['id']}"
    for part in ("pixels", "probability", "thumbnail"):
        visitor.get(f"{place}/{part}").raise_for_status()
    for threshold in THRESHOLDS:
        visitor.get(f"{place}/mask.png", params={"threshold": threshold}).raise_for_status()
    visitor.delete(place).raise_for_status()
    return waited


def _many_at_once(address: str, scans: list[bytes], at: float, told: Told) -> None:
    """A visitor who brings so many scans that the others might have to wait for them."""
    visitor = Visitor(address)
    threading.Event().wait(max(0.0, at - time.monotonic()))

    def bring(number: int) -> None:
        try:
            told.waits.append(_one_scan(visitor, scans[number % len(scans)]))
        except Exception as error:
            told.errors.append(f"one of forty: {type(error).__name__}: {error}")

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(bring, range(MANY)))
    visitor.close()


def _in_chromium(
    address: str, scans: list[bytes], until: float
) -> tuple[list[float], int, list[str]]:
    """Frame times of threshold drags, how many scans were drawn, and what went wrong."""
    frames: list[float] = []
    drawn = 0
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.executable(), args=list(browser.ARGUMENTS)
        )
        page = Page(chromium.new_page(viewport={"width": 1280, "height": 800}), address).open()
        while time.monotonic() < until:
            name = f"scan-{drawn}.png"
            page.give((name, scans[drawn % len(scans)]))
            page.title().filter(has_text=name).wait_for(timeout=60_000)
            page.ready()
            frames += page.page.evaluate(DRAG)
            drawn += 1
        chromium.close()
    return frames, drawn, page.complaints


def _watch(pid: int, until: float, memory: list[float]) -> None:
    """Note the resident memory every second, in MB."""
    status = Path(f"/proc/{pid}/status")
    pause = threading.Event()
    while time.monotonic() < until:
        memory.append(int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024)
        pause.wait(1)
