"""Small projects whose masks and scores are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bcweb.review.records import NewCase, NewPrediction, NewVerdict, Project
from bcweb.review.store import Store

ME = "local"
HEIGHT, WIDTH = 13, 21  # neither is whole bytes


def mask(seed: int, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """(H, W) bool, another for another seed."""
    return np.random.default_rng(seed).random(shape) < 0.5


def new_case(name: str = "a", **more: Any) -> NewCase:
    values = {
        "label": "benign", "group": name, "width": WIDTH, "height": HEIGHT, "truth": mask(1),
        "truth_files": (Path(f"/data/{name}_mask.png"),), "thumbnail": b"RIFF", "digest": "d", "fingerprint": "f", **more,
    }  # fmt: skip
    dataset = values.pop("dataset", "busi")
    return NewCase(dataset, name, Path(f"/data/{name}.png"), "ultrasound", **values)


def new_prediction(revision: str = "r1", dice: float | None = 0.5, **more: Any) -> NewPrediction:
    predicted = more.pop("mask", mask(2))
    values = {"how": "unseen", "presence": 0.9, "threshold": 0.5, "gate": None, **more}
    return NewPrediction(
        revision, min_lesion_px=3, probability=predicted.astype(np.uint8) * 200, mask=predicted,
        painted_px=int(predicted.sum()), dice=dice, **values,
    )  # fmt: skip


def project(store: Store, *new: NewCase, name: str = "P", owner: str = ME) -> tuple[Project, list]:
    """A project of these cases (default: one), and the cases' ids."""
    made = store.create(owner, name)
    store.add_cases(made.id, new or [new_case()])
    return made, [row.id for row in store.queue(owner, made.id, "listed")]


def corrected(key: str, seed: int, after: int | None = None, **more: Any) -> NewVerdict:
    return NewVerdict("corrected", key, after, mask=mask(seed), beginning="empty", **more)
