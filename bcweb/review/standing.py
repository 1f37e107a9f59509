"""Which of a case's verdicts stands: of all readers, and each reader's own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from bcweb.review.records import Verdict

Said = TypeVar("Said")  # a verdict that is here, or one of a backup


def standing(history: Sequence[Verdict]) -> Verdict | None:
    """Which verdict of a case's history, in the order of its ids, stands: the last that was not undone."""
    return next(reversed(_not_undone(history)), None)


def standing_by_reader(history: Sequence[Verdict]) -> dict[str, Verdict]:
    """Each reader's own last verdict that was not undone, whatever others have said since."""
    return {verdict.reader: verdict for verdict in _not_undone(history)}


def _not_undone(history: Sequence[Verdict]) -> list[Verdict]:
    undone = {verdict.undoes for verdict in history}
    return [v for v in as_said(history) if v.decision != "undo" and v.id not in undone]


def as_said(history: Sequence[Verdict]) -> list[Verdict]:
    """A case's history, the oldest first.

    That is the order of its ids, for clocks may go backwards; where two databases went on with the same case, so that
    not each follows the one before it, only the clocks say what came last of what neither knew of the other.
    """
    before = [None, *(verdict.id for verdict in history)]
    if all(verdict.after == id for verdict, id in zip(history, before, strict=False)):
        return list(history)
    by_clock = sorted(history, key=lambda verdict: (verdict.at, verdict.id))
    return in_turn({verdict.id: verdict for verdict in by_clock})


def in_turn(said: Mapping[Hashable, Said]) -> list[Said]:
    """Verdicts by what others call them, in this order, but none before the one that it follows or undoes."""
    left, ordered = dict(said), []
    while left:
        wanted = [next(iter(left))]
        while wanted:  # down to what depends on nothing that is left
            verdict = left[wanted[-1]]
            first = next((n for n in (verdict.after, verdict.undoes) if n in left), None)
            if first is None or first in wanted:
                ordered.append(left.pop(wanted.pop()))
            else:
                wanted.append(first)
    return ordered
