"""Waiting for what another thread or process does, and no longer than a test may."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

A = TypeVar("A")


def until(ask: Callable[[], A], is_it: Callable[[A], object] = bool, seconds: float = 120) -> A:
    """The first answer that is the one waited for. Without one the test fails, and tells the last."""
    end = time.monotonic() + seconds
    while not is_it(answer := ask()):
        if time.monotonic() > end:
            pytest.fail(f"It has not come in {seconds} seconds; the last answer was {answer!r}.")
        time.sleep(0.02)  # or asking would take the time of whoever is to answer
    return answer
