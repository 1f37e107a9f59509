"""20 visitors at once on one server, for two minutes: 19 over HTTP without a pause, and one in Chromium.

    python -m bench load

Each opens a scan, fetches what the page draws, asks for the mask at three thresholds, removes the scan, and
begins again; the one in Chromium drops scans on the page and drags the threshold. One more visitor arrives soon
after the beginning with forty scans at once. That is more than people do: it shows what happens when there is more
to do than the machine can. A bar is on what must hold on every machine: no error, nobody left behind, no memory
that stays: in the last quarter the median is that of the second, which one peak does not raise.
"""

from __future__ import annotations

import math
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from playwright.sync_api import sync_playwright

from bench.memory import resident_mb
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


@dataclass
class Drawn:
    """What the visitor in Chromium saw."""

    frames: list[float] = field(default_factory=list)  # milliseconds of each, of threshold drags
    scans: int = 0
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
    told = [Told() for _ in range(VISITORS - 1)]
    crowd, memory, over = Told(), [], threading.Event()
    began = time.monotonic()
    with ThreadPoolExecutor(VISITORS + 1) as pool:
        meanwhile = [
            *(pool.submit(_visit, app.address, scans, n, over, one) for n, one in enumerate(told)),
            pool.submit(_many_at_once, app.address, scans, over, crowd),
            pool.submit(_watch, app.process.pid, over, memory),
        ]
        try:
            drawn = _in_chromium(app.address, scans, began + SECONDS)
            lasted = time.monotonic() - began
        finally:
            over.set()
    for each in meanwhile:
        each.result()  # what went wrong there is told
    return _rows(told, crowd, drawn, memory, lasted)


def _rows(
    told: list[Told], crowd: Told, drawn: Drawn, memory: list[float], seconds: float
) -> list[Row]:
    errors = [error for one in (*told, crowd, drawn) for error in one.errors]
    for error in sorted(set(errors)):
        print(f"  {errors.count(error)} x {error}")
    waits = [wait for one in told for wait in one.waits]
    done = [len(one.waits) for one in told]
    longest, median = _at(100, waits), _at(50, waits)
    scans = len(waits) + len(crowd.waits) + drawn.scans
    turn = (VISITORS + 1) * seconds / max(1, scans)
    middle, end = (
        _at(50, memory[len(memory) * k // 4 : len(memory) * (k + 1) // 4]) for k in (1, 3)
    )
    return [
        Row("scans segmented a second", scans / seconds, ""),
        Row("errors", len(errors), "", at_most=0),
        Row("from a scan to its prediction: median", median, "s"),
        Row("  95th percentile", _at(95, waits), "s"),
        Row("  the longest", longest, "s"),
        Row("  / the median", longest / median, "x", at_most=4),
        Row("  / a turn of every visitor", longest / turn, "x", at_most=1.5),
        Row("visitor with the most scans / with the fewest",
            max(done) / min(done) if min(done) else math.inf, "x", at_most=1.5),
        Row("a scan of one who brought 40 / of the others, medians",
            _at(50, crowd.waits) / median, "x", at_least=1),
        Row("scans dropped and drawn in Chromium meanwhile", drawn.scans, "", at_least=1),
        Row("frames of a threshold drag there: median", _at(50, drawn.frames), "ms"),
        Row("  95th percentile", _at(95, drawn.frames), "ms"),
        Row("resident memory before", memory[0], "MB"),
        Row("  the median of the second quarter", middle, "MB"),
        Row("  the median of the last quarter / of the second", end / middle, "x", at_most=1.05),
    ]  # fmt: skip


def _at(percent: float, values: list[float]) -> float:
    """The percentile; NaN of none, where everything failed."""
    return float(np.percentile(values or [math.nan], percent))


def _visit(
    address: str, scans: list[bytes], number: int, over: threading.Event, told: Told
) -> None:
    try:
        with closing(Visitor(address)) as visitor:
            while not over.is_set():
                number += 1
                told.waits.append(_one_scan(visitor, scans[number % len(scans)]))
    except Exception as error:  # every failure is to be counted
        told.errors.append(f"{type(error).__name__}: {error}")


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


def _many_at_once(address: str, scans: list[bytes], over: threading.Event, told: Told) -> None:
    """A visitor who brings so many scans that the others might have to wait for them."""

    def bring(number: int) -> None:
        try:
            told.waits.append(_one_scan(visitor, scans[number % len(scans)]))
        except Exception as error:
            told.errors.append(f"one of forty: {type(error).__name__}: {error}")

    with closing(Visitor(address)) as visitor, ThreadPoolExecutor(MANY) as pool:
        if not over.wait(SECONDS / 12):
            list(pool.map(bring, range(MANY)))


def _in_chromium(address: str, scans: list[bytes], until: float) -> Drawn:
    drawn = Drawn()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.executable(), args=list(browser.ARGUMENTS)
        )
        page = Page(chromium.new_page(viewport={"width": 1280, "height": 800}), address)
        try:
            page.open()
            while time.monotonic() < until:
                name = f"scan-{drawn.scans}.png"
                page.give((name, scans[drawn.scans % len(scans)]))
                page.title().filter(has_text=name).wait_for(timeout=60_000)
                page.ready()
                drawn.frames += page.page.evaluate(DRAG)
                drawn.scans += 1
        except Exception as error:
            drawn.errors.append(f"in Chromium: {type(error).__name__}: {error}")
        chromium.close()
    drawn.errors += page.complaints
    return drawn


def _watch(pid: int, over: threading.Event, memory: list[float]) -> None:
    """Note the resident memory every second, in MB."""
    memory.append(resident_mb(pid))
    while not over.wait(1):
        memory.append(resident_mb(pid))
