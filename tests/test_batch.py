"""Work in processes of its own, one call or many: the answers, the errors, and the end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bcweb.batch import Stop, apart, over_all_cores, stoppable
from bcweb.cases import CasesError

ROOT = Path(__file__).parents[1]
LONG = 60  # seconds


def doubled(number: int) -> int:
    return 2 * number


def refused(number: int) -> None:
    raise CasesError(f"There is no {number}.")


def dead(number: int) -> None:
    os._exit(number)


def endless(number: int) -> None:
    threading.Event().wait()


def endless_with_a_bar(number: int) -> None:
    from tqdm import tqdm

    with tqdm(total=number, disable=False, file=open(os.devnull, "w")):
        threading.Event().wait()


def asking_twice(item: int) -> None:
    if item == 0:
        for _ in range(2):
            os.kill(multiprocessing.parent_process().pid, signal.SIGINT)
            time.sleep(1)  # two at once may come as one
    time.sleep(LONG)


def killed_by_5(item: int) -> int:
    if item == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_it_answers_from_another_process():
    assert apart(doubled, 21, Stop()) == 42


def test_it_knows_the_environment_of_this_moment(monkeypatch):
    apart(doubled, 1, Stop())
    monkeypatch.setenv("BCWEB_SAID_LATER", "yes")
    assert apart(os.getenv, "BCWEB_SAID_LATER", Stop()) == "yes"


def test_its_errors_are_raised_here():
    with pytest.raises(CasesError, match=r"There is no 7\."):
        apart(refused, 7, Stop())


def test_that_it_died_is_told():
    with pytest.raises(ChildProcessError, match="The process died"):
        apart(dead, 3, Stop())


def test_once_stop_is_asked_it_is_ended_whatever_it_does():
    stop = Stop()
    threading.Timer(0.2, lambda: setattr(stop, "asked", True)).start()
    assert apart(endless, 0, stop) is None


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_ctrl_c_while_workers_are_begun_is_heard_by_none_of_them():
    """A terminal sends it to all. The server that forks them imports for a second, and died of it."""
    stopped = """
import os, signal
from multiprocessing import forkserver
from bcweb.batch import Stop, apart, warm_up
from tests.test_batch import doubled
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background is told to ignore it
warm_up(2)
server = forkserver._forkserver._forkserver_pid
os.kill(server, signal.SIGINT)
print(apart(doubled, 21, Stop()), forkserver._forkserver._forkserver_pid == server)
"""
    ended = subprocess.run(
        [sys.executable, "-c", stopped], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("42 True\n", "")


def test_one_that_shows_its_progress_leaves_nothing_behind_when_it_is_ended():
    stopped = """
import threading
from bcweb.batch import Stop, apart
from tests.test_batch import endless_with_a_bar
stop = Stop()
threading.Timer(1, lambda: setattr(stop, "asked", True)).start()
apart(endless_with_a_bar, 3, stop)
"""
    ended = subprocess.run(
        [sys.executable, "-c", stopped],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), "the system's semaphores are told of"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_worker_that_is_killed_costs_only_the_scan_that_killed_it():
    items = list(range(12))
    results = over_all_cores(killed_by_5, items, 2, Stop(), lambda item: f"{item} died")
    assert sorted(results, key=str) == sorted(["5 died", *(i for i in items if i != 5)], key=str)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")
def test_a_second_ctrl_c_waits_for_no_scan_in_hand():
    """On a drive that does not answer it would wait for ever."""
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stoppable() as stop:
        list(over_all_cores(asking_twice, range(4), 2, stop, str))
    assert time.monotonic() - begun < LONG / 2
