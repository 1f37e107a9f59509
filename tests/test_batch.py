"""One call in a process of its own: its answer, its errors, and its end."""

from __future__ import annotations

import os
import threading

import pytest

from bcweb.batch import Stop, apart
from bcweb.cases import CasesError


def doubled(number: int) -> int:
    return 2 * number


def refused(number: int) -> None:
    raise CasesError(f"There is no {number}.")


def dead(number: int) -> None:
    os._exit(number)


def endless(number: int) -> None:
    threading.Event().wait()


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
