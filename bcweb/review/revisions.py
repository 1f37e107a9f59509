"""Which weights predicted what of a project.

Of a case that weights were trained on, the folds of a cross-validation may have made the prediction, each
by weights of its own. Those stand in for the weights of their training, and are no choice of their own; only
where nobody knows whose they are and nothing else predicted scans of a modality are they one, all folds together.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bcweb.review.records import CaseRow, Prediction, Project, ReviewError
from bcweb.scans import Modality

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store


@dataclass(frozen=True)
class Revision:
    """Weights that predicted cases of a project, or whose folds did, how many, and when last."""

    name: str
    modality: Modality
    cases: int
    last: datetime


class Predicted:
    """A project's cases and all of its predictions, as they are when this is made.

    cases: by id. made: by revision and case id, with those of folds where the weights had seen the case. strays: those
    of folds of which nobody knows whose, where others predicted too.
    """

    def __init__(self, store: Store, owner: str, project: Project):
        self.project = project
        own: dict[str, dict[int, Prediction]] = {}
        folds: dict[str, dict[int, Prediction]] = {}
        self.strays: list[Prediction] = []
        # The newest last: of two folds that one stands in.
        for name in store.revisions(owner, project.id):
            for prediction in store.predictions(owner, project.id, name):
                if prediction.how != "out-of-fold":
                    own.setdefault(name, {})[prediction.case_id] = prediction
                elif prediction.stands_for:
                    for revision in prediction.stands_for:
                        folds.setdefault(revision, {})[prediction.case_id] = prediction
                else:
                    self.strays.append(prediction)
        self.made = {
            name: own.get(name, {}) | folds.get(name, {}) for name in dict.fromkeys([*own, *folds])
        }
        # After the predictions, so that there is no case of them that is not here.
        with store.snapshot(owner, project.id) as snapshot:
            self.rows = snapshot.cases
        self.cases: dict[int, CaseRow] = {each.case.id: each.case for each in self.rows}
        self._let_folds_stand_alone()

    def modality(self, revision: str) -> Modality:
        return self.cases[next(iter(self.made[revision]))].modality

    def revisions(self) -> tuple[Revision, ...]:
        """The one with the most cases first, of equal ones the newest."""
        told = [
            Revision(name, self.modality(name), len(made), max(p.made for p in made.values()))
            for name, made in self.made.items()
        ]
        return tuple(sorted(told, key=lambda one: (one.cases, one.last), reverse=True))

    def named(self, name: str | None) -> str:
        """This revision, or the first of `revisions`; `ReviewError` where there is none of this name."""
        project = self.project.name
        if not self.made:
            raise ReviewError(
                f"Nothing of {project} has been predicted yet: there is nothing to score."
            )
        if name is None:
            return self.revisions()[0].name
        if name not in self.made:
            raise ReviewError(
                f"{project} has no predictions by {name}; it has those of {', '.join(self.made)}."
            )
        return name

    def stand_in(self, folds: Set[str], revision: str) -> bool | None:
        """Whether these folds, by their revisions, stand in for a revision; None where they predicted nothing."""
        by_these = [
            prediction
            for made in (*(each.values() for each in self.made.values()), self.strays)
            for prediction in made
            if prediction.revision in folds
        ]
        return any(revision in each.stands_for for each in by_these) if by_these else None

    def _let_folds_stand_alone(self) -> None:
        others = {self.modality(name) for name in self.made}
        strays, self.strays = self.strays, []
        for prediction in strays:
            modality = self.cases[prediction.case_id].modality
            if modality in others:
                self.strays.append(prediction)
            else:
                alone = self.made.setdefault(standing_alone(modality), {})
                alone[prediction.case_id] = prediction


def standing_alone(modality: Modality) -> str:
    """What the folds are called of which nobody knows whose they are, where they are a choice."""
    return f"{modality}-out-of-fold"


def revisions(store: Store, owner: str, project: str | int) -> tuple[Revision, ...]:
    """Those of a project, see `Predicted.revisions`."""
    return Predicted(store, owner, store.project(owner, project)).revisions()
