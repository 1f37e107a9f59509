"""What was acknowledged survives kill -9 at any moment, whole."""

from __future__ import annotations

import itertools
import os
import random
import select
import signal
import sqlite3

import numpy as np
import pytest

from bcweb.review import home
from bcweb.review.store import Store
from tests.review.small import ME, corrected, mask, new_case, project

_CASES = 6
_SIDE = 300  # pixels: a mask of 11 kB, several writes long


def _work(place, round_: int, pipe: int) -> None:
    """Save and draw without end, and tell of each that returned; a mask is told by its seed."""
    store = Store(place.home, place.url)
    made = store.project(ME, "P")
    ids = [row.id for row in store.queue(ME, made.id, "listed")]
    for number in itertools.count():
        case_id, seed = ids[(round_ + number) % _CASES], round_ * 1000 + number
        draft = store.save_draft(ME, "anna", case_id, _mask(seed), "empty", None, None, seed)
        os.write(pipe, f"draft {case_id} {draft.strokes}\n".encode())
        after = store.case(ME, case_id).latest_id
        new = corrected(f"key {seed}", 0, after)
        saved = store.save(
            ME,
            "anna",
            case_id,
            type(new)(**vars(new) | {"mask": _mask(seed), "comment": str(seed)}),
        )
        os.write(pipe, f"verdict {case_id} {saved.id}\n".encode())


def _mask(seed: int) -> np.ndarray:
    return mask(seed, (_SIDE, _SIDE))


def _one_round(place, round_: int, chance: random.Random) -> list[list[str]]:
    """Fork, let it work, kill it somewhere in the middle; what it told of until then."""
    reading, writing = os.pipe()
    child = os.fork()  # a warm start: a hundred new interpreters would take minutes
    if child == 0:
        try:
            os.close(reading)
            _work(place, round_, writing)
        finally:
            os._exit(1)
    os.close(writing)
    told, wanted = b"", chance.randint(1, 7)
    while told.count(b"\n") < wanted:
        data = os.read(reading, 65536)
        assert data, "the process that saves died by itself"
        told += data
    # And somewhere between two of its steps: until it tells more, or a few milliseconds have passed.
    select.select([reading], [], [], chance.random() * 0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while data := os.read(reading, 65536):
        told += data
    os.close(reading)
    return [line.split() for line in told.decode().splitlines()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_acknowledged_verdicts_and_drafts_survive_a_hundred_kills(place):
    rounds = 100 if place.url is None else 20
    with Store(place.home, place.url) as store:
        size = {"width": _SIDE, "height": _SIDE, "truth": None}
        made, ids = project(store, *(new_case(str(number), **size) for number in range(_CASES)))
    chance = random.Random(1)
    acknowledged, drawn = set(), dict.fromkeys(ids, -1)
    for round_ in range(rounds):
        for kind, case_id, value in _one_round(place, round_, chance):
            if kind == "verdict":
                acknowledged.add(int(value))
            else:
                drawn[int(case_id)] = int(value)
        if place.url is None:
            with sqlite3.connect(place.home / home.DATABASE) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    store = place.open()
    kept = [verdict for case_id in ids for verdict in store.history(ME, case_id)]
    assert acknowledged <= {verdict.id for verdict in kept}, "an acknowledged verdict is lost"
    assert len(acknowledged) >= rounds, "too few verdicts for this test to say anything"
    for verdict in kept:
        np.testing.assert_array_equal(
            store.mask(made.id, verdict.mask_file), _mask(int(verdict.comment))
        )
    for case_id in ids:
        history = store.history(ME, case_id)
        assert [v.after for v in history] == [None, *(v.id for v in history)][: len(history)]
        assert store.case(ME, case_id).latest_id == history[-1].id
        draft = store.draft(ME, "anna", case_id)
        if draft is None:  # it went with the verdict that followed it
            assert int(history[-1].comment) >= drawn[case_id]
        else:
            assert draft.strokes >= drawn[case_id], "an acknowledged draft is lost"
            np.testing.assert_array_equal(
                store.mask(made.id, draft.mask_file), _mask(draft.strokes)
            )
    # A name is given to whole files only, those of verdicts that nobody was told of too.
    masks = {file.name for file in place.home.glob("projects/*/masks/*")}
    assert masks >= {verdict.mask_file.partition("/")[2] for verdict in kept}
    for name in masks:
        store.mask(made.id, f"masks/{name}")
