"""The Review tab with 10,000 cases: over HTTP, in Chromium, and 20 readers at once on one server.

    python -m bench.review_page

Generated scans, 20 pictures under 10,000 names: each case has files of its own, by name, so that none was decoded before
somebody looks at it. Medians and 95th percentiles of wall time are for reading; the bar is a ratio against the same rows
read without a server.
"""

from __future__ import annotations

import json
import re
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from bcweb.page.wire import pack
from bcweb.review.export import export
from bcweb.review.home import DATABASE
from bcweb.review.store import LOCAL, Store
from bench.review import CASES
from bench.rows import Row, median_and_high
from tests import browser
from tests.page.reviewing import case_of, prediction_of, scans
from tests.page.running import Visitor, running

PICTURES, SIZE = 20, (480, 600)
READERS, VERDICTS = 20, 15  # at once, and of each
LABELS = ("benign", "malignant", "normal")

# The predictions of the first pictures, with their files, for all other cases of the same picture.
_PREDICT = f"""
INSERT INTO predictions (project_id, case_id, made, revision, how, presence, threshold, gate, min_lesion_px,
    painted_px, dice, iou, uncertainty, suspicion, map_file, mask_file)
SELECT c.project_id, c.id, p.made, p.revision, p.how, p.presence, p.threshold, p.gate, p.min_lesion_px,
    p.painted_px, abs(random()) / 9.3e18, p.iou, abs(random()) / 9.3e18, abs(random()) / 9.3e18,
    p.map_file, p.mask_file
FROM cases c JOIN cases f ON f.position = c.position % {PICTURES} JOIN predictions p ON p.case_id = f.id
WHERE c.position >= {PICTURES};
UPDATE cases SET (prediction_id, how, score, presence, uncertainty, suspicion) = (
    SELECT id, how, dice, presence, uncertainty, suspicion FROM predictions WHERE case_id = cases.id
);
"""

# Milliseconds from an act to the picture of the case that it leads to.
STEP = """async act => {
  const viewer = document.querySelector('bc-review bc-viewer');
  const before = location.search;
  await new Promise(resolve => setTimeout(resolve, 700));  // a glance: the next case is fetched meanwhile
  const drawn = new Promise(resolve => {
    const see = () => {
      if (location.search === before) return;
      viewer.removeEventListener('bc-ready', see);
      resolve();
    };
    viewer.addEventListener('bc-ready', see);
  });
  const start = performance.now();
  if (act.startsWith('row-')) document.querySelector('bc-review').shadowRoot.getElementById(act).click();
  else document.dispatchEvent(new KeyboardEvent('keydown', { key: act, bubbles: true, composed: true }));
  await drawn;
  return performance.now() - start;
}"""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        project = make_project(home)
        with Store(home) as store:
            plainly = _seconds(lambda: store.queue(LOCAL, project), 40)
        with running({"BCWEB_HOME": str(home)}) as address:
            rows = [
                *_over_http(address, project, plainly),
                *_in_chromium(address),
                *_readers_at_once(address, project),
            ]
        return [*rows, *_exports(home, project)]


def make_project(home: Path, cases: int = CASES) -> int:
    """A project of so many cases, whose scans lie in its folder; its id."""
    (home / "scans").mkdir()
    made = scans(PICTURES, SIZE)
    files = [home / "scans" / f"{number}.png" for number in range(cases)]
    pictures = []
    for file, scan in zip(files, made, strict=False):
        Image.fromarray(scan.scan.pixels).save(file)
        pictures.append(case_of(file, scan, "", None))
    for number, file in enumerate(files[PICTURES:], PICTURES):
        file.hardlink_to(files[number % PICTURES])
    with Store(home) as store:
        project = store.create(LOCAL, "Benchmark")
        store.add_cases(
            project.id,
            (
                replace(
                    pictures[n % PICTURES], case=f"case {n}", group=f"patient {n // 2}",
                    label=LABELS[n % 3], file=files[n], truth_files=(files[n],),
                )
                for n in range(cases)
            ),
        )  # fmt: skip
        for row in store.queue(LOCAL, project.id, "listed")[:PICTURES]:
            store.add_prediction(row.id, prediction_of(made[row.position].truth, row.position))
        store.set_state(project.id, "ready")
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.executescript(_PREDICT)
        asked = "SELECT id, map_file FROM predictions WHERE id NOT IN (SELECT MIN(id) FROM predictions GROUP BY map_file)"
        [folder] = (home / "projects").iterdir()
        named = []
        for id, file in connection.execute(asked):
            own = re.sub(r"(-[0-9a-f]{8})?\.png$", f"-{id:08x}.png", file)
            (folder / own).hardlink_to(folder / file)
            named.append((own, id))
        connection.executemany("UPDATE predictions SET map_file = ? WHERE id = ?", named)
        connection.commit()
    return project.id


def _over_http(address: str, project: int, plainly: list[float]) -> list[Row]:
    visitor = Visitor(address)
    place = f"/bc/review/projects/{project}/queue"

    def get(path: str, **asked) -> Callable[[], object]:
        return lambda: visitor.get(path, params=asked).raise_for_status()

    queue = _seconds(get(place), 40)
    rows = [*median_and_high("open the queue over HTTP", queue)]
    ratio = statistics.median(queue) / statistics.median(plainly)
    rows.append(Row("  / the same rows from the store", ratio, "x", at_most=5))
    rows += median_and_high(
        "filter by label and text", _seconds(get(place, label="benign", text="99"), 40)
    )
    listed = visitor.get(place).json()["rows"]
    ids = [row[0] for row in listed[:100]]
    rows += median_and_high("a case", [_timed(get(f"/bc/review/cases/{id}")) for id in ids])
    saved = [_timed(lambda id=id: save(visitor, id, "bench")) for id in ids]
    rows += median_and_high("save a correction", saved)
    drafts = [_timed(lambda id=id: draft(visitor, id)) for id in ids[:50]]
    rows += median_and_high("keep a draft", drafts)
    visitor.close()
    return rows


def _in_chromium(address: str) -> list[Row]:
    path = browser.executable()
    if path is None:
        sys.exit("No Chromium was found; `python -m tests.browser` fetches one.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script("localStorage.setItem('bc-reader', 'bench')")
        page.goto(address)
        page.get_by_role("tab", name="Model").wait_for()
        started = time.perf_counter()
        page.get_by_role("tab", name="Review").click()
        page.locator('bc-review bc-viewer[data-state="ready"]').wait_for(timeout=60_000)
        opened = time.perf_counter() - started
        steps = [page.evaluate(STEP, "j") for _ in range(40)]
        decided = [page.evaluate(STEP, "2") for _ in range(40)]
        far = [_jump(page, place) for place in range(100, 9_100, 225)]
        nodes = page.locator("bc-review .queue .row").count()
        chromium.close()
    rows = [Row("from the press on the tab to the first case", opened * 1000, "ms")]
    rows += median_and_high("next case, drawn", [ms / 1000 for ms in steps])
    rows += median_and_high("  a case that was not fetched ahead", [ms / 1000 for ms in far])
    rows += median_and_high("decide, saved and the next case drawn", [ms / 1000 for ms in decided])
    rows.append(Row("rows of the queue in the page", nodes, "", at_most=60))
    return rows


def _jump(page, place: int) -> float:
    """Milliseconds to a case far down the queue."""
    page.locator("bc-review .queue").evaluate(f"e => e.scrollTop = 50 * {place}")
    row = page.locator(f'bc-review .queue .row[aria-posinset="{place + 3}"]')
    row.wait_for()
    return page.evaluate(STEP, row.get_attribute("id"))


def _readers_at_once(address: str, project: int) -> list[Row]:
    """Each looks at a case, draws, and saves; the others do so at the same moment, on cases of their own."""
    place = f"/bc/review/projects/{project}/queue?order=listed&decision=unread"
    unread = Visitor(address).get(place).json()["rows"]
    ids = [row[0] for row in unread[-READERS * VERDICTS :]]
    looked: list[float] = []
    saved: list[float] = []
    ready = threading.Barrier(READERS + 1)

    def read(number: int) -> None:
        visitor = Visitor(address)
        ready.wait()
        for id in ids[number * VERDICTS : (number + 1) * VERDICTS]:
            looked.append(_timed(lambda id=id: look(visitor, id)))
            draft(visitor, id)
            saved.append(_timed(lambda id=id: save(visitor, id, f"reader {number}")))
        visitor.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    return [
        *median_and_high(f"{READERS} readers at once: a case with its pixels", looked),
        *median_and_high(f"{READERS} readers at once: save a correction", saved),
        Row("  verdicts a second", len(saved) / took, "/s"),
        Row("  verdicts that were not saved", READERS * VERDICTS - len(saved), "", at_most=0),
    ]


def look(visitor: Visitor, id: int) -> None:
    info = visitor.get(f"/bc/review/cases/{id}").raise_for_status().json()
    for what in ("pixels", f"probability?of={quote(info['revision'])}", "truth"):
        visitor.get(f"/bc/review/cases/{id}/{what}").raise_for_status()


def _exports(home: Path, project: int) -> list[Row]:
    """What was decided so far, taken out of the 10,000 cases, scans and all."""
    rows = []
    with Store(home) as store:
        for format in ("png", "coco"):
            seconds = []
            for round in range(5):
                to = home / f"{format} {round}"
                started = time.perf_counter()
                exported = export(store, LOCAL, project, to, format)
                seconds.append(time.perf_counter() - started)
            rows += median_and_high(f"export {exported.masks} masks as {format}", seconds)
    return rows


def draft(visitor: Visitor, id: int) -> None:
    place = f"/bc/review/cases/{id}/draft?beginning=empty&strokes=1"
    visitor.put(place, content=_MASK).raise_for_status()


def save(visitor: Visitor, id: int, reader: str) -> None:
    said = {"decision": "corrected", "key": f"{reader} {id}", "beginning": "empty", "seconds": 9}
    sent = json.dumps(said).encode() + b"\n" + _MASK
    place = f"/bc/review/cases/{id}/verdicts"
    visitor.post(place, content=sent, headers={"X-Reader": quote(reader)}).raise_for_status()


def _drawn() -> np.ndarray:
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    return (rows - 200) ** 2 + (columns - 300) ** 2 < 90**2


_MASK = pack(_drawn())


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _seconds(call: Callable[[], object], rounds: int) -> list[float]:
    call()
    return [_timed(call) for _ in range(rounds)]


if __name__ == "__main__":
    for row in run():
        print(f"  {row}")
