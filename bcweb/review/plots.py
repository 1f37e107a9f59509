"""The plots of the report as SVG: no script, colours from the page's style, numbers on hover."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

BINS = 20
_WIDTH, _HEIGHT = 420, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 16, 10, 38


@dataclass(frozen=True)
class Dot:
    """x, y in the plot's units; is_hollow: a seen case, no result; title: what hovering tells."""

    x: float
    y: float
    is_hollow: bool
    title: str


def bin_of(dice: float) -> int:
    """Which of the `BINS` equal parts of 0 to 1 a Dice is in; 1 is in the last."""
    return min(BINS - 1, int(dice * BINS + 1e-9))


def histogram(dice: Sequence[float]) -> str:
    """How many images have which Dice."""
    counts = [0] * BINS
    for value in dice:
        counts[bin_of(value)] += 1
    most = max([1, *counts])
    step = max(1, round(tick(most)))
    top = step * math.ceil(most / step)
    across, up = _across(0, 1), _up(0, top)
    marks = [_y_mark(up(n), f"{n:,}") for n in range(0, top + 1, step)]
    marks += [_x_mark(across(n / 5), f"{n / 5:.1f}") for n in range(6)]
    for number, count in enumerate(counts):
        low, high = number / BINS, (number + 1) / BINS
        x, y = across(low) + 0.75, up(count)
        marks.append(
            f'<rect class="bar" x="{x:.2f}" y="{y:.2f}" width="{across(high) - x - 0.75:.2f}" '
            f'height="{up(0) - y:.2f}"><title>Dice {low:.2f} to {high:.2f}: {count:,}</title></rect>'
        )
    return _svg("Histogram of the Dice of lesion images", "Dice", "images", marks)


def by_size(dots: Sequence[Dot]) -> str:
    """x: the truth's share of the image, in (0, 1], on a scale of equal ratios."""
    low = min([0.01, *(dot.x for dot in dots)])
    ticks = [t for t in (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1) if t >= low]
    across = _across(math.log(low), 0)
    marks = [_x_mark(across(math.log(t)), f"{100 * t:g}%") for t in ticks]
    name = "Dice over the truth's share of the image"
    return _scatter(dots, lambda x: across(math.log(x)), marks, name, "truth's share of the image")


def by_uncertainty(dots: Sequence[Dot]) -> str:
    """x: the uncertainty, from 0 on."""
    most = max([dot.x for dot in dots], default=0) or 1
    across = _across(0, most)
    step = tick(most)
    marks = [
        _x_mark(across(n * step), f"{n * step:.2g}") for n in range(int(most / step + 1e-9) + 1)
    ]
    return _scatter(dots, across, marks, "Dice over uncertainty", "uncertainty")


def _scatter(
    dots: Sequence[Dot], across: Callable[[float], float], marks: list[str], name: str, x_name: str
) -> str:
    up = _up(0, 1)
    marks = [*marks, *(_y_mark(up(n / 5), f"{n / 5:.1f}") for n in range(6))]
    for dot in dots:
        kind = "dot hollow" if dot.is_hollow else "dot"
        marks.append(
            f'<circle class="{kind}" cx="{across(dot.x):.1f}" cy="{up(dot.y):.1f}" r="3">'
            f"<title>{escape(dot.title)}</title></circle>"
        )
    return _svg(name, x_name, "Dice", marks)


def tick(most: float) -> float:
    """A step of 1, 2 or 5 times a power of ten of which five reach to `most`, a number above 0."""
    rough = most / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in (1, 2, 5, 10) if step * power >= rough * (1 - 1e-9)) * power


def _across(low: float, high: float) -> Callable[[float], float]:
    return lambda x: _LEFT + (_WIDTH - _LEFT - _RIGHT) * (x - low) / (high - low)


def _up(low: float, high: float) -> Callable[[float], float]:
    return lambda y: _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * (y - low) / (high - low)


def _y_mark(y: float, text: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{text}</text>'
    )


def _x_mark(x: float, text: str) -> str:
    return f'<text class="middle" x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 15}">{text}</text>'


def _svg(name: str, x_name: str, y_name: str, marks: Sequence[str]) -> str:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    half_up = (_TOP + _HEIGHT - _BOTTOM) / 2
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(name)}">'
        f"{''.join(marks)}"
        f'<text class="middle name" x="{middle}" y="{_HEIGHT - 6}">{escape(x_name)}</text>'
        f'<text class="middle name" transform="translate(11 {half_up}) rotate(-90)">{escape(y_name)}</text>'
        "</svg>"
    )
