"""Splits and the decoded cache."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from train.data import TrainingCase, TrainingSet, assign_folds
from train.run import split


def cases(n: int = 500) -> tuple[TrainingCase, ...]:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, n // 3, n)
    labels = rng.choice(["benign", "malignant", "normal"], n, p=[0.55, 0.3, 0.15])
    return tuple(
        TrainingCase("made up", str(i), str(g), str(label), "ultrasound", str(i), "")
        for i, (g, label) in enumerate(zip(groups, labels, strict=True))
    )


def test_no_group_is_in_two_folds():
    some = cases()
    folds = assign_folds(some, 5, seed=0)
    of_group = {}
    for case, fold in zip(some, folds, strict=True):
        assert of_group.setdefault(case.group, fold) == fold, f"group {case.group} is in two folds"


def test_labels_are_spread_evenly():
    some = cases()
    folds = assign_folds(some, 5, seed=0)
    for label, total in Counter(case.label for case in some).items():
        counts = Counter(f for case, f in zip(some, folds, strict=True) if case.label == label)
        for fold in range(5):
            assert abs(counts[fold] - total / 5) <= 0.35 * total / 5, (label, counts)


def test_the_seed_draws_the_folds_and_the_order_of_cases_does_not():
    some = cases()
    first, again, other = (assign_folds(some, 5, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    backwards = assign_folds(some[::-1], 5, 0)[::-1]
    assert np.array_equal(first, backwards)


@pytest.mark.parametrize("fold", ["0", "4"])
def test_train_validation_and_test_share_no_group(fold):
    some = cases()
    data = TrainingSet(
        some, np.zeros((len(some), 8, 8), np.uint8), np.zeros((len(some), 8, 8), np.uint8)
    )
    roles = split(data, fold, 5, 0.1, 0)
    groups = {
        role: {c.group for c, r in zip(some, roles, strict=True) if r == role}
        for role in set(roles)
    }
    assert set(groups) == {"train", "validation", "test"}
    assert not groups["train"] & groups["test"]
    assert not groups["train"] & groups["validation"]
    assert not groups["validation"] & groups["test"]


def test_fold_all_trains_on_everything():
    some = cases(30)
    data = TrainingSet(some, np.zeros((30, 8, 8), np.uint8), np.zeros((30, 8, 8), np.uint8))
    assert set(split(data, "all", 5, 0.1, 0)) == {"train"}
