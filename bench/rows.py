"""One line of a benchmark's answer, and how things are timed."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice, permutations


@dataclass(frozen=True)
class Row:
    """A figure; with `at_least` or `at_most`, a bar that it reaches or misses. NaN is what could not be measured here,
    and does neither.
    """

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def missed(self) -> bool:
        below = self.at_least is not None and self.value < self.at_least
        return below or (self.at_most is not None and self.value > self.at_most)

    def __str__(self) -> str:
        value, met = f"{self.value:.2f}", "MISSED" if self.missed else "reached"
        if math.isnan(self.value):
            value, met = "-", "not measured"
        bar = ""
        if self.at_least is not None:
            bar = f"(at least {self.at_least:g}: {met})"
        if self.at_most is not None:
            bar = f"(at most {self.at_most:g}: {met})"
        return f"{self.name:<58} {value:>9} {self.unit:<5} {bar}".rstrip()


def high(values: list[float]) -> float:
    """The 95th percentile; NaN of fewer than 40, of which it would be one or two."""
    ordered = sorted(values)
    return ordered[int(0.95 * len(ordered))] if len(ordered) >= 40 else math.nan


def median_and_high(name: str, seconds: list[float]) -> list[Row]:
    """Two rows, in milliseconds."""
    return [
        Row(f"{name}: median", statistics.median(seconds) * 1000, "ms"),
        Row("  95th percentile", high(seconds) * 1000, "ms"),
    ]


def interleaved_medians(
    calls: dict[str, Callable[[], object]], rounds: int = 30
) -> dict[str, float]:
    """Median seconds of each call, all called in turn: a drift of the machine's speed hits all alike.

    Every round has another order, for a call pays for what the one before left: cold caches, and threads
    that still spin.
    """
    for call in calls.values():
        for _ in range(3):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    orders = cycle(permutations(calls))
    for order in islice(orders, rounds):
        for name in order:
            started = time.perf_counter()
            calls[name]()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}
