"""Which weights predicted what of a project.

Of a case that weights were trained on, the folds of a cross-validation may have made the prediction, each
by weights of its own. Those stand in for whichever weights had seen the case, and are no choice of
their own; only where nothing else predicted are they one, all folds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bcweb.review.records import Prediction, Project, ReviewError
from bcweb.scans import Modality

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store

FOLDS = "out-of-fold"  # the name of all folds together


@dataclass(frozen=True)
class Revision:
    """Weights that predicted cases of a project, how many, and when last."""

    name: str
    modality: Modality
    cases: int
    last: datetime


@dataclass(frozen=True)
class Chosen:
    """A revision's predictions by case id, those of folds that stand in for it among them."""

    name: str
    modality: Modality
    predictions: dict[int, Prediction]


def revisions(store: Store, owner: str, project: str | int) -> tuple[Revision, ...]:
    """Those of a project: the one with the most cases first, of equal ones the newest."""
    found = store.project(owner, project)
    own, folds = _predictions(store, owner, found)
    modality = _modalities(store, owner, found)
    if not own and folds:
        own = {FOLDS: folds}
    told = [
        Revision(name, modality[next(iter(made))], len(made), max(p.made for p in made.values()))
        for name, made in own.items()
    ]
    return tuple(sorted(told, key=lambda one: (one.cases, one.last), reverse=True))


def choose(store: Store, owner: str, project: Project, name: str | None = None) -> Chosen:
    """One of `revisions`, by its name, or the first.

    A fold's prediction is taken where the weights had seen the case. Where they have no prediction of it
    they had, once the import has ended; until then nobody knows. Raises `ReviewError` where there is no such revision.
    """
    own, folds = _predictions(store, owner, project)
    if not own and folds:
        own = {FOLDS: folds}
    if not own:
        raise ReviewError(
            f"Nothing of {project.name} has been predicted yet: there is nothing to score."
        )
    if name is None:
        name = next(iter(own)) if len(own) == 1 else revisions(store, owner, project.id)[0].name
    if name not in own:
        raise ReviewError(
            f"{project.name} has no predictions by {name}; it has those of {', '.join(own)}."
        )
    made = own[name]
    modality = _modalities(store, owner, project)
    mine = modality[next(iter(made))]
    for case, prediction in folds.items():
        known = made.get(case)
        had_seen = project.state == "ready" if known is None else known.how == "seen"
        if modality[case] == mine and had_seen:
            made[case] = prediction
    return Chosen(name, mine, made)


def _predictions(
    store: Store, owner: str, project: Project
) -> tuple[dict[str, dict[int, Prediction]], dict[int, Prediction]]:
    """By revision and case id, but for folds; and those of all folds by case id, the newest of each."""
    own: dict[str, dict[int, Prediction]] = {}
    folds: dict[int, Prediction] = {}
    for name in store.revisions(owner, project.id):
        for prediction in store.predictions(owner, project.id, name):
            if prediction.how == "out-of-fold":
                folds[prediction.case_id] = prediction
            else:
                own.setdefault(name, {})[prediction.case_id] = prediction
    return own, folds


def _modalities(store: Store, owner: str, project: Project) -> dict[int, Modality]:
    with store.snapshot(owner, project.id) as snapshot:
        return {each.case.id: each.case.modality for each in snapshot.cases}
