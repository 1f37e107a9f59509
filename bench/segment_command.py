"""`python -m bcweb.segment`: one file from a cold start, and 200 files beside the bare engine."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bcweb.cores import core_count
from bcweb.engine import Engine
from bcweb.weights import load_weights
from bench.rows import Row
from bench.scan_to_mask import png_of_a_phantom

FILES = 200
ROUNDS = 3


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder) / "scans"
        scans.mkdir()
        for i in range(FILES):
            (scans / f"scan_{i:03d}.png").write_bytes(png_of_a_phantom(i))
        one = min(_command(scans / "scan_000.png", Path(folder) / f"one{i}")[1] for i in range(3))
        # In turn, so that a machine that grows slower or faster does so for both.
        times = [
            (_command(scans, Path(folder) / f"many{i}")[0], _bare_engine()) for i in range(ROUNDS)
        ]
    many, bare = (statistics.median(some) for some in zip(*times, strict=True))
    return [
        Row("one file, cold: processor time", one, "s", at_most=1.5),
        Row(f"{FILES} files: wall time", many, "s"),
        Row(f"bare engine, {FILES} images on all cores", bare, "s"),
        Row("command / bare engine", many / bare, "x", at_most=1.3),
    ]


def _command(source: Path, out: Path) -> tuple[float, float]:
    """Wall and processor seconds of the command as a whole."""
    arguments = [str(source), "--out", str(out), "--modality", "ultrasound"]
    arguments += ["--weights", "embedded"]  # as the bare engine has them
    # What Python compiled is kept, as it is by itself: some machines ask it not to, and then all is compiled each time.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "bcweb.segment", *arguments]
    before, started = _processor_seconds(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started, _processor_seconds() - before


def _processor_seconds() -> float:
    """Of the processes that this one has begun and that have ended; NaN on Windows, which does not tell."""
    times = os.times()
    return math.nan if os.name == "nt" else times.children_user + times.children_system


def _bare_engine() -> float:
    """Seconds for as many prepared images, the fastest arrangement: one thread for each core that the command has."""
    weights = load_weights("embedded", "ultrasound")
    engine = Engine(weights.config, weights.tensors, threads=1)
    size = weights.config.size
    image = np.zeros((1 + weights.config.reading.mirrored, size, size, 3), np.float32)
    engine.run(image)
    started = time.perf_counter()
    with ThreadPoolExecutor(core_count()) as pool:
        list(pool.map(lambda _: engine.run(image), range(FILES)))
    return time.perf_counter() - started
