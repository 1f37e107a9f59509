"""Which cases train, which choose an epoch and an operating point, and which test."""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from train.data import assign_folds
from train.options import validation_parts
from train.training_set import TrainingCase, TrainingSet


def assign(
    data: TrainingSet, args: argparse.Namespace, accepted_choose: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The role of each case by a training's options, see `split`; and which would train if no part of them were
    left out."""
    roles = split(
        data, args.fold, args.folds, args.validation, args.split_seed, args.validation_part,
        accepted_choose,
    )  # fmt: skip
    if args.without_contradictions:
        leave_contradictions_out(data, roles)
    whole = np.flatnonzero(roles == "train")
    leave_out(data, roles, args.part, args.split_seed)
    return roles, whole


def split(
    data: TrainingSet, fold: str, folds: int, validation: float, seed: int, part: int = 0,
    accepted_choose: bool = False,
) -> np.ndarray:  # fmt: skip
    """(N,) str: "train", "validation" or "test" for each case; groups stay whole. part: which one of the rest
    is the validation.

    An accepted prediction only teaches: nothing is scored by it, nor chosen. Where it would be a test, or a
    validation beside others of its group, it is "accepted", and used for nothing. accepted_choose: as runs had
    it that were begun when it was still a validation like others.

    ValueError where so few groups are parted that none is left to train on.
    """
    roles = np.full(len(data.cases), "train", dtype="<U10")
    if fold == "all":
        return roles
    for i in np.flatnonzero(assign_folds(data, folds, seed) == int(fold)):
        roles[i] = "accepted" if data.cases[i].accepted else "test"
    rest = np.flatnonzero(roles == "train")
    if parts := validation_parts(validation):
        chosen = rest[assign_folds(data.take(rest), parts, seed + 1) == part]
        roles[chosen] = "validation"
        choosing = {_group(data.cases[i]) for i in chosen if not data.cases[i].accepted}
        for i in chosen:
            if data.cases[i].accepted and not accepted_choose:
                roles[i] = "accepted" if _group(data.cases[i]) in choosing else "train"
    if not (roles == "train").any():
        groups = len(set(map(_group, data.cases)))
        raise ValueError(
            f"Nothing is left to train on: the groups ({groups}, of {len(data.cases)} cases) are too few for "
            f"{folds} folds and a validation of {validation:g} of the rest."
        )
    return roles


def leave_out(data: TrainingSet, roles: np.ndarray, percent: int, seed: int) -> None:
    """Keep a part of the training groups, at least one; the others' role becomes "left out", in place."""
    training = np.flatnonzero(roles == "train")
    groups = sorted({(data.cases[i].dataset, data.cases[i].group) for i in training})
    order = np.random.default_rng(seed).permutation(len(groups))
    kept = {groups[i] for i in order[: max(round(len(groups) * percent / 100), 1)]}
    for i in training:
        if (data.cases[i].dataset, data.cases[i].group) not in kept:
            roles[i] = "left out"


def leave_contradictions_out(data: TrainingSet, roles: np.ndarray) -> None:
    """Training cases whose group stands in two classes get the role "left out", in place."""
    labels = defaultdict(set)
    for case in data.cases:
        labels[case.dataset, case.group].add(case.label)
    for i in np.flatnonzero(roles == "train"):
        if len(labels[data.cases[i].dataset, data.cases[i].group]) > 1:
            roles[i] = "left out"


def _group(case: TrainingCase) -> tuple[str, str]:
    return case.dataset, case.group
