"""Which cases train, which choose an epoch and an operating point, and which test."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from bcweb.cases.duplicates import fingerprints_match, matches_any, mirrored, pack
from bcweb.cases.grouping import contradict
from bcweb.weights import Weights
from train.augment import learns_presence
from train.data import assign_folds
from train.options import validation_shares
from train.recipe import Recipe, changed
from train.training_set import TrainingCase, TrainingSet

_HELD_OUT = ("test", "accepted")


def assign(
    data: TrainingSet, args: argparse.Namespace, source: Weights | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The role of each case by a training's options, see `split`; and which would train if no part of them were
    left out. source: the weights that it goes on from; what they have seen is held out from nothing.

    ValueError where nothing else would be the test.
    """
    roles = split(
        data, args.fold, args.folds, args.validation, args.split_seed, args.validation_part
    )
    if source is not None:
        _teach_known(data, roles, source)
    if args.without_contradictions:
        leave_contradictions_out(data, roles)
    whole = np.flatnonzero(roles == "train")
    leave_out(data, roles, args.part, args.split_seed)
    return roles, whole


def of_fold(args: argparse.Namespace, fold: str, folds: int) -> argparse.Namespace:
    """The options of one training of a cross-validation. A fit on everything, fold "all", has no validation, of
    which a part could be chosen."""
    part = 0 if fold == "all" else args.validation_part
    return argparse.Namespace(
        **vars(args) | {"fold": fold, "folds": folds, "validation_part": part}
    )


def split(
    data: TrainingSet, fold: str, folds: int, validation: float, seed: int, part: int = 0
) -> np.ndarray:
    """(N,) str: "train", "validation" or "test" for each case; groups stay whole. part: which one of the rest
    is the validation.

    An accepted prediction only teaches: nothing is scored by it, nor chosen. Where it would be a test, or a
    validation beside others of its group, it is "accepted", and used for nothing.

    ValueError where so few groups are parted that none is left to train on.
    """
    roles = np.full(len(data.cases), "train", dtype="<U10")
    if fold == "all":
        return roles
    for i in np.flatnonzero(assign_folds(data, folds, seed) == int(fold)):
        roles[i] = "accepted" if data.cases[i].accepted else "test"
    rest = np.flatnonzero(roles == "train")
    if shares := validation_shares(validation):
        chosen = rest[assign_folds(data.take(rest), len(shares), seed + 1, shares) == part]
        roles[chosen] = "validation"
        choosing = {_group(data.cases[i]) for i in chosen if not data.cases[i].accepted}
        for i in chosen:
            if data.cases[i].accepted:
                roles[i] = "accepted" if _group(data.cases[i]) in choosing else "train"
    if not (roles == "train").any():
        groups = len(set(map(_group, data.cases)))
        raise ValueError(
            f"Nothing is left to train on: the groups ({groups}, of {len(data.cases)} cases) are too few for "
            f"{folds} folds and a validation of {validation:g} of the rest."
        )
    return roles


def told_validation(roles: np.ndarray, validation: float) -> str | None:
    """How large the validation is, where that is more than twice the part of the rest that is asked for.

    roles: of the cases, see `split`.
    """
    chosen, rest = int((roles == "validation").sum()), int((~np.isin(roles, _HELD_OUT)).sum())
    if chosen <= 2 * validation * rest:
        return None
    return (
        f"The validation has {chosen} of the {rest} cases that are not held out, though a part of {validation:g} is asked "
        "for: groups stay whole, and the largest of them are dealt first."
    )


def known(data: TrainingSet, source: Weights) -> np.ndarray:
    """(N,) bool: weights were trained on the case, on its picture under another name, or on its group."""
    cases = data.cases
    groups = {_group(c) for c in cases if c.seen_by(source)}
    return np.array([_group(case) in groups for case in cases])


def _teach_known(data: TrainingSet, roles: np.ndarray, source: Weights) -> None:
    """Give what a source knows, and would be a test or a validation, the role "train", in place: no score of it
    is a result, and nothing that is chosen by it is chosen on cases held out."""
    tests = roles == "test"
    roles[known(data, source) & np.isin(roles, ("test", "validation"))] = "train"
    if tests.any() and not (roles == "test").any():
        raise ValueError(
            f"{source.revision}, from which this training starts, was trained on all {tests.sum()} cases that would be the "
            "test (or their groups): a score of them would be no result. Add data that it has not seen, begin with "
            "other weights, or train on everything and without a test, --fold all."
        )


def refuse_twins(data: TrainingSet, roles: np.ndarray, fold: str) -> None:
    """ValueError where a case that is a test shows the picture of one that is learned from, or one that is a
    validation that of one that trains: though their groups differ, they would be no test and no choice."""
    for held_out, learned, what in (
        ("test", ("train", "validation"), "be tested"),
        ("validation", ("train",), "choose its epoch"),
    ):
        sides = (
            [data.cases[i] for i in np.flatnonzero(np.isin(roles, side))]
            for side in ((held_out,), learned)
        )
        if twins := _twins(*sides):
            one, other = twins
            groups, do = [one.group, other.group], "Give both one group, or leave one of them out."
            if one.dataset != other.dataset:
                groups = [f"{case.group} of {case.dataset}" for case in twins]
                do = "No group is of two data sets: leave one of them out."
            raise ValueError(
                f"{one.id} of {one.dataset} and {other.id} of {other.dataset} show one picture and are of two "
                f"groups, {' and '.join(groups)}: fold {fold} would {what} by what it learns from. {do}"
            )


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
    odd = {group for group, said in labels.items() if contradict(said)}
    for i in np.flatnonzero(roles == "train"):
        if (data.cases[i].dataset, data.cases[i].group) in odd:
            roles[i] = "left out"


def refuse_untestable(
    data: TrainingSet, args: argparse.Namespace, folds: int, source: Weights | None,
    teachers: Sequence[Weights] = (), calibrate: bool = False,
) -> None:  # fmt: skip
    """ValueError where the folds could be trained and not be scored: one holds out nothing that can be, or what it
    has learned from, or `source`, from where it goes on, or a teacher; some would know presence and others not, or
    it is to be calibrated and cannot be. To be said before the first has taken its hours.
    """
    if source is not None:
        _refuse_known(data, source, "from which every fold would start")
    for teacher in teachers:
        _refuse_known(data, teacher, "which would teach every fold")
    tested, tested_normal, normals = 0, [], []
    for fold in range(folds):
        roles, _ = assign(data, of_fold(args, str(fold), folds))
        test = [case for case, role in zip(data.cases, roles, strict=True) if role == "test"]
        accepted = int((roles == "accepted").sum())
        if not test:
            why = (
                f"holds out nothing but predictions that a reader accepted ({accepted}), and nothing is scored by "
                "them: correct or draw more, add data with truths of its own (--data may be repeated)"
                if accepted
                else "holds out no case: add data"
            )
            raise ValueError(f"Fold {fold} of {folds} {why}, or ask for fewer --folds.")
        refuse_twins(data, roles, str(fold))
        tested += data.has_lesion[roles == "test"].any()
        tested_normal.append((~data.has_lesion[roles == "test"]).any())
        normals.append(int((~data.has_lesion[roles == "train"]).sum()))
    if tested < 2:
        raise ValueError(
            f"Of {folds} folds {tested} would test a lesion, and each is read as the others' tests want it: add cases "
            "with a lesion, or ask for other --folds."
        )
    recipe, modality = changed(Recipe(), dict(args.set)), data.cases[0].modality
    knows = [learns_presence(modality, n, recipe) for n in normals]
    if any(knows) and not all(knows):
        raise ValueError(
            f"Fold {knows.index(False)} of {folds} would have no scan without a lesion to train on, and fold "
            f"{knows.index(True)} has {normals[knows.index(True)]}: networks with presence and networks without it are no folds of one "
            "training. Add normals of more groups, or leave them out (--labels)."
        )
    if calibrate and not any(knows):
        raise ValueError(
            "There is no scan without a lesion to train on, so no presence that --calibrate could calibrate: add a "
            "data set that has normals (--data may be repeated), or leave it out."
        )
    # A fold that had no normal to train on is asked about views without a lesion too (see `train.readings.Answers`).
    teach = sum(tests or n == 0 for tests, n in zip(tested_normal, normals, strict=True))
    if calibrate and teach < 2:
        raise ValueError(
            f"Of {folds} folds {teach} would test a scan without a lesion (predictions that a reader accepted test "
            "nothing), and the presence of each is calibrated on the others' tests: add normals with a truth of their "
            "own (--data may be repeated), or leave --calibrate out."
        )


def _refuse_known(data: TrainingSet, source: Weights, why: str) -> None:
    test = [case for case in data.cases if not case.accepted]
    known = [c for c in test if c.seen_by(source)]
    if known:
        raise ValueError(
            f"{source.revision}, {why}, was trained on {len(known)} of the {len(test)} "
            "cases (or their groups): a score of them would be no result. Take other weights, or train without "
            "folds, --fold all."
        )


def _twins(
    test: list[TrainingCase], learned: list[TrainingCase]
) -> tuple[TrainingCase, TrainingCase] | None:
    """The first two that show one picture, as `Weights.seen` will find them."""
    packed = pack(each for case in learned for each in case.prints)
    for case in test:
        copies = [copy for each in case.prints for copy in (each, mirrored(each))]
        if any(matches_any(copy, packed) for copy in copies):
            for other in learned:
                if any(fingerprints_match(copy, each) for copy in copies for each in other.prints):
                    return case, other
    return None


def _group(case: TrainingCase) -> tuple[str, str]:
    return case.dataset, case.group
