"""Which weights predicted what of a project.

Of a case that weights were trained on, the folds of a cross-validation may have made the prediction, each
by weights of its own. Those stand in for whichever weights had seen the case, and are no choice of
their own; only where nothing else predicted scans of a modality are they one, all folds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bcweb.review.records import CaseRow, Prediction, Project, ReviewError
from bcweb.scans import Modality

if TYPE_CHECKING:  # it brings SQLAlchemy
    from bcweb.review.store import Store


@dataclass(frozen=True)
class Revision:
    """Weights that predicted cases of a project, how many, and when last."""

    name: str
    modality: Modality
    cases: int
    last: datetime


class Predicted:
    """A project's cases and all of its predictions, as they are when this is made.

    cases: by id. own: by revision and case id, without those of folds; folds: by case id, the newest of
    each case.
    """

    def __init__(self, store: Store, owner: str, project: Project):
        self.project = project
        self.own: dict[str, dict[int, Prediction]] = {}
        self.folds: dict[int, Prediction] = {}
        for name in store.revisions(owner, project.id):
            for prediction in store.predictions(owner, project.id, name):
                if prediction.how == "out-of-fold":
                    self.folds[prediction.case_id] = prediction
                else:
                    self.own.setdefault(name, {})[prediction.case_id] = prediction
        # After the predictions, so that there is no case of them that is not here.
        with store.snapshot(owner, project.id) as snapshot:
            self.rows = snapshot.cases
        self.cases: dict[int, CaseRow] = {each.case.id: each.case for each in self.rows}
        self._let_folds_stand_alone()

    def modality(self, revision: str) -> Modality:
        return self.cases[next(iter(self.own[revision]))].modality

    def revisions(self) -> tuple[Revision, ...]:
        """The one with the most cases first, of equal ones the newest."""
        told = [
            Revision(name, self.modality(name), len(made), max(p.made for p in made.values()))
            for name, made in self.own.items()
        ]
        return tuple(sorted(told, key=lambda one: (one.cases, one.last), reverse=True))

    def named(self, name: str | None) -> str:
        """This revision, or the first of `revisions`; `ReviewError` where there is none of this name."""
        project = self.project.name
        if not self.own:
            raise ReviewError(
                f"Nothing of {project} has been predicted yet: there is nothing to score."
            )
        if name is None:
            return self.revisions()[0].name
        if name not in self.own:
            raise ReviewError(
                f"{project} has no predictions by {name}; it has those of {', '.join(self.own)}."
            )
        return name

    def by(self, revision: str) -> dict[int, Prediction]:
        """A revision's predictions by case id, with those of folds where the weights had seen the case.

        Where they have no prediction of it they had, once they are through; until then nobody knows.
        """
        made, modality = self.own[revision], self.modality(revision)
        stand_in = {}
        for case, prediction in self.folds.items():
            known = made.get(case)
            had_seen = self._is_through(revision) if known is None else known.how == "seen"
            if had_seen and self.cases[case].modality == modality:
                stand_in[case] = prediction
        return made | stand_in

    def _is_through(self, revision: str) -> bool:
        """Whether the weights have come to every case: the project's state is that of its last import, which may
        be of other weights."""
        if self.project.state == "ready":
            return True
        made, modality = self.own[revision], self.modality(revision)
        newest = max(
            (one for one in self.revisions() if one.modality == modality), key=lambda one: one.last
        )
        return newest.name != revision or all(
            case.id in made or case.id in self.folds
            for case in self.cases.values()
            if case.modality == modality and case.problem is None
        )

    def _let_folds_stand_alone(self) -> None:
        others = {self.modality(name) for name in self.own}
        for case, prediction in self.folds.items():
            modality = self.cases[case].modality
            if modality not in others:
                self.own.setdefault(f"{modality}-out-of-fold", {})[case] = prediction


def revisions(store: Store, owner: str, project: str | int) -> tuple[Revision, ...]:
    """Those of a project, see `Predicted.revisions`."""
    return Predicted(store, owner, store.project(owner, project)).revisions()
