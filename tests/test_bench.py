"""The bench where something goes wrong, and that it is fair: what it measures itself is in its own hands."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from bcweb import cores
from bcweb.review.home import DATABASE
from bench import app_start, load, memory, review_page, segment_command, training
from bench.rows import Row, high, median_and_high
from tests.page.running import App

ROOT = Path(__file__).parent.parent


@pytest.fixture
def rows(monkeypatch):
    """The rows of a load that is over at once. failing: how many of the 19 get no scan segmented."""

    def measured(failing: int) -> dict[str, Row]:
        def visit(address, scans, number, over, told):
            if number < failing:
                told.errors.append("ConnectError: refused")
            else:
                told.waits.extend([1.0, 1.2])

        monkeypatch.setattr(load, "_visit", visit)
        monkeypatch.setattr(load, "_many_at_once", lambda *given: given[-1].waits.append(3.0))
        monkeypatch.setattr(load, "_in_chromium", lambda *given: load.Drawn([16.0], 1))
        monkeypatch.setattr(load, "resident_mb", lambda pid: 100.0)
        app = SimpleNamespace(address="", process=SimpleNamespace(pid=os.getpid()))
        return {row.name.strip(): row for row in load._load(app, [])}

    return measured


FAIREST = "visitor with the most scans / with the fewest"


def test_a_visitor_whose_first_scan_fails_misses_a_bar(rows):
    told = rows(failing=1)
    assert told["errors"].value == 1 and told["errors"].missed
    assert told[FAIREST].missed, "one has none, the others have two"
    assert not told["/ the median"].missed
    assert not rows(failing=0)["errors"].missed


def test_where_nobody_gets_a_scan_the_times_are_not_measured(rows):
    told = rows(failing=load.VISITORS)
    assert told["errors"].missed
    assert "not measured" in str(told["/ the median"]) and not told["/ the median"].missed


def remembered(memory: list[float]) -> Row:
    """What is said of a load of two minutes after which the server had this much, one figure a second."""
    rows = load._rows([load.Told([1.0])], load.Told([1.0]), load.Drawn([16.0], 1), memory, 120)
    return rows[-1]


def test_memory_that_stays_misses_a_bar_although_the_crowd_took_as_much_for_a_moment():
    crowd = [700.0 if 40 <= second < 45 else 500.0 for second in range(120)]
    assert not remembered(crowd).missed
    leak = [held + max(0, second - 80) * 4 for second, held in enumerate(crowd)]
    assert remembered(leak).missed, "in the end it is as much as the crowd took"


def test_every_scan_that_was_segmented_is_counted():
    told, crowd = [load.Told([1.0] * 10), load.Told([1.0] * 10)], load.Told([2.0] * 4)
    rows = load._rows(told, crowd, load.Drawn([16.0], 6), [500.0] * 8, 10)
    named = {row.name.strip(): row.value for row in rows}
    assert named["scans segmented a second"] == 3
    assert named["/ a turn of every visitor"] == pytest.approx(1 / ((load.VISITORS + 1) * 10 / 30))


def test_what_goes_wrong_beside_the_visitors_is_told(rows, monkeypatch):
    def broken(*given):
        raise OSError("no memory to watch")

    monkeypatch.setattr(load, "_watch", broken)
    with pytest.raises(OSError, match="no memory to watch"):
        rows(failing=0)


def test_what_is_not_measured_neither_reaches_its_bar_nor_misses_it():
    row = Row("memory", math.nan, "MB", at_most=5)
    assert not row.missed and str(row).split() == [
        "memory", "-", "MB", "(at", "most", "5:", "not", "measured)",
    ]  # fmt: skip
    assert str(Row("memory", 5.5, "MB", at_most=5)).endswith("5.50 MB    (at most 5: MISSED)")


def test_of_few_values_no_percentile_is_told():
    assert math.isnan(high([1.0] * 39))
    assert high([float(value) for value in range(40)]) == 38
    assert [row.value for row in median_and_high("it", [2.0] * 40)] == [2000, 2000]


def test_no_case_of_the_review_was_decoded_as_another(tmp_path):
    review_page.make_project(tmp_path, review_page.PICTURES + 5)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        for file, table in (("file", "cases"), ("map_file", "predictions")):
            found = connection.execute(f"SELECT {file} FROM {table}").fetchall()
            assert len(set(found)) == len(found) == review_page.PICTURES + 5, table


def test_the_peak_of_a_process_is_not_that_of_its_parent():
    held = b"\1" * (200 << 20)
    code = "from bench.memory import peak_mb; print(peak_mb())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert not float(done.stdout) > len(held) / 2**20, "it has what its parent held"


@pytest.mark.skipif(shutil.which("ps") is None, reason="no ps here")
def test_macos_has_no_proc_and_tells_a_peak_in_bytes(monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=5 << 20))
    by_proc = memory.resident_mb(os.getpid())
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(memory, "_of_linux", None)
    assert memory.peak_mb() == 5
    now = memory.resident_mb(os.getpid())
    assert math.isnan(by_proc) or 0.5 < now / by_proc < 2


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
def test_a_process_that_has_ended_has_no_memory_and_stops_no_bench():
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert math.isnan(memory.resident_mb(process.pid))


@pytest.mark.parametrize("framework", ["tensorflow", "jax", "torch"])
def test_all_that_train_do_so_on_the_processors(monkeypatch, framework):
    asked = []

    def recorded(command, env, **more):
        asked.append(env)
        return SimpleNamespace(stdout=b"[1.0, 2.0]")

    monkeypatch.setattr(training.subprocess, "run", recorded)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    assert training._measure(framework, 8) == (1.0, 2.0)
    assert asked[0]["CUDA_VISIBLE_DEVICES"] == "" and asked[0]["JAX_PLATFORMS"] == "cpu"
    assert asked[0]["PATH"] == os.environ["PATH"]


def test_the_bare_engine_has_the_cores_that_the_command_has(monkeypatch, tmp_path):
    """Under `taskset` those are not all of the machine's."""
    threads = []

    class Recorded(segment_command.ThreadPoolExecutor):
        def __init__(self, count):
            threads.append(count)
            super().__init__(1)

    monkeypatch.setattr(segment_command, "ThreadPoolExecutor", Recorded)
    monkeypatch.setattr(segment_command, "FILES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 7}, raising=False)
    monkeypatch.setattr(cores, "_GROUP", tmp_path)  # no container's share
    assert segment_command._bare_engine() > 0
    assert threads == [3]


def test_the_app_that_is_measured_opens_nothing_of_the_owners(monkeypatch, tmp_path):
    for name in ("BCWEB_BACKUP", "BCWEB_HOME", "BCWEB_WEIGHTS_ULTRASOUND"):
        monkeypatch.setenv(name, str(tmp_path))
    started = []

    class Recorded(App):
        def start(self):
            started.append(self.environment)
            raise OSError("not started")

    monkeypatch.setattr(app_start, "App", Recorded)
    with pytest.raises(OSError, match="not started"):
        app_start.run()
    (environment,) = started
    assert [name for name in environment if name.startswith("BCWEB")] == ["BCWEB_HOME"]
    assert environment["BCWEB_HOME"] != str(tmp_path)


def test_whoever_stops_it_sees_no_traceback(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # the import sets them where they are not
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    from bench import __main__ as bench

    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setitem(bench.PARTS, "scan", ("From bytes to a mask", stopped))
    monkeypatch.setattr(sys, "argv", ["bench", "scan"])
    try:
        status = bench.main()
    except KeyboardInterrupt:
        pytest.fail("who presses Ctrl-C sees a traceback")
    assert status == 130
    assert capsys.readouterr().err == "Stopped.\n"
