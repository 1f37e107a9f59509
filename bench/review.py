"""The review store with 10,000 cases: a queue, a filter, counts, a verdict, a snapshot; on SQLite.

Medians and 95th percentiles of wall time are for reading: they depend on the disk and on what else runs.
The bars are on processor time, and on ratios against the same rows read and the same bytes synced
without a store, measured in turn.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from bcweb.masks import grey_png
from bcweb.review.home import DATABASE
from bcweb.review.records import NewCase, NewVerdict, QueueRow
from bcweb.review.store import LOCAL, Store
from bench.rows import Row, interleaved_medians, median_and_high

CASES = 10_000
SIZE = (500, 600)  # of an ultrasound, rows and columns
MAMMOGRAM = (3328, 2560)
_LABELS = ("benign", "malignant", "normal")

# What adding 10,000 predictions one by one leaves, but for the files: each of those is synced by itself.
_PREDICT = """
INSERT INTO predictions (project_id, case_id, made, revision, how, presence, threshold, min_lesion_px,
    painted_px, dice, uncertainty, suspicion, map_file, mask_file)
SELECT project_id, id, '2025-01-01 00:00:00', 'r1', 'unseen', 0.5, 0.5, 1, 1, abs(random()) / 9.3e18,
    abs(random()) / 9.3e18, abs(random()) / 9.3e18, 'none', 'none' FROM cases;
UPDATE cases SET (prediction_id, how, score, presence, uncertainty, suspicion) = (
    SELECT id, how, dice, presence, uncertainty, suspicion FROM predictions WHERE case_id = cases.id
);
"""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        project_id = make_project(home)
        with Store(home) as store, closing(sqlite3.connect(home / DATABASE)) as plain:
            return [*_looking(store, project_id, plain), *_saving(store, project_id, home)]


def make_project(home: Path, cases: int = CASES) -> int:
    """A project of so many cases with truths and scores, and a mammogram at the end; its id."""
    truth = _blob(SIZE)
    with Store(home) as store:
        project = store.create(LOCAL, "Benchmark")
        store.add_cases(
            project.id,
            (
                NewCase(
                    "busi", f"{_LABELS[n % 3]} ({n})", Path(f"/data/busi/{n}.png"), "ultrasound",
                    f"patient {n // 2}", _LABELS[n % 3], width=SIZE[1], height=SIZE[0], truth=truth,
                )
                for n in range(cases - 1)
            ),
        )  # fmt: skip
        large = NewCase(
            "cbis",
            "large",
            Path("/data/l.png"),
            "mammogram",
            width=MAMMOGRAM[1],
            height=MAMMOGRAM[0],
        )
        store.add_cases(project.id, [large])
        store.set_state(project.id, "ready")
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.executescript(_PREDICT)
    return project.id


def _looking(store: Store, project_id: int, plain: sqlite3.Connection) -> list[Row]:
    names = {"label": "label_now", "dice": "score"}
    columns = [
        f'"{names.get(name, name)}"'
        for name in QueueRow._fields
        if name not in ("has_truth", "has_draft")
    ]
    same_rows = (
        f"SELECT {', '.join(columns)} FROM cases WHERE project_id = ? ORDER BY score, position"
    )

    def snapshot() -> None:
        with store.snapshot(LOCAL, project_id):
            pass

    asked = {
        "open the queue, worst first": (lambda: store.queue(LOCAL, project_id), 0.1),
        "filter by label": (lambda: store.queue(LOCAL, project_id, label="malignant"), 0.1),
        "filter by text": (lambda: store.queue(LOCAL, project_id, text="normal (99"), 0.1),
        "filter by Dice": (lambda: store.queue(LOCAL, project_id, dice=(0.2, 0.3)), 0.1),
        "order at random": (lambda: store.queue(LOCAL, project_id, "random"), 0.1),
        "counts": (lambda: store.counts(LOCAL, project_id), 0.02),
        "one moment of everything, for an export": (snapshot, None),
    }
    rows = []
    for name, (call, bar) in asked.items():
        wall, processor = _times(call, 40)
        rows += median_and_high(name, wall)
        if bar is not None:
            rows.append(Row("  processor time", statistics.median(processor), "s", at_most=bar))
    medians = interleaved_medians(
        {
            "queue": lambda: store.queue(LOCAL, project_id),
            "plain": lambda: plain.execute(same_rows, (project_id,)).fetchall(),
        }
    )
    ratio = medians["queue"] / medians["plain"]
    return [*rows, Row("open the queue / the same rows by plain SQL", ratio, "x", at_most=4)]


def _saving(store: Store, project_id: int, home: Path) -> list[Row]:
    listed = [row.id for row in store.queue(LOCAL, project_id, "listed")]
    rows = []
    for name, shape, ids in (
        ("save a verdict with its mask", SIZE, listed[:200]),
        ("save a verdict, 3328x2560", MAMMOGRAM, listed[-1:] * 40),
    ):
        saved, bare = [], []
        with closing(_plain(home / f"plain {shape[0]}")) as plain:
            for number, case_id in enumerate(ids):
                mask = _blob(shape, number)
                after = store.case(LOCAL, case_id).latest_id
                new = NewVerdict("corrected", str(number), after, mask=mask, seconds=9.0)
                started = time.perf_counter()
                store.save(LOCAL, "reader", case_id, new)
                saved.append(time.perf_counter() - started)
                started = time.perf_counter()
                _save_plainly(plain, home / f"plain {shape[0]}", number, mask)
                bare.append(time.perf_counter() - started)
        rows += median_and_high(name, saved)
        ratio = statistics.median(saved) / statistics.median(bare)
        rows.append(Row("  / the same mask and a row, synced plainly", ratio, "x", at_most=4))
    drawn = _blob(SIZE, 7)
    draft, _ = _times(lambda: store.save_draft(LOCAL, "reader", listed[300], drawn), 50)
    return [*rows, *median_and_high("keep a draft", draft)]


def _plain(folder: Path) -> sqlite3.Connection:
    folder.mkdir()
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE masks (id INTEGER PRIMARY KEY, file TEXT)")
    return connection


def _save_plainly(
    connection: sqlite3.Connection, folder: Path, number: int, mask: np.ndarray
) -> None:
    """The least that is safe: the mask synced, its name synced, the row synced."""
    part, file = folder / "part", folder / f"{number}.png"
    with part.open("wb") as opened:
        opened.write(grey_png(np.packbits(mask, axis=1), mask.shape[1], 1, level=6))
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
    opened = os.open(folder, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)
    connection.execute("INSERT INTO masks (file) VALUES (?)", (file.name,))


def _blob(shape: tuple[int, int], moved: int = 0) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    row, column = shape[0] // 2 + moved % 97, shape[1] // 2 - moved % 89
    return (rows - row) ** 2 + (columns - column) ** 2 < (min(shape) // 6 + moved % 7) ** 2


def _times(call: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Wall and processor seconds of each round."""
    call()
    wall, processor = [], []
    for _ in range(rounds):
        started, began = time.perf_counter(), time.process_time()
        call()
        processor.append(time.process_time() - began)
        wall.append(time.perf_counter() - started)
    return wall, processor
