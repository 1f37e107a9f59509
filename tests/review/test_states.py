"""Whatever order things are done in, the store says what a plain dictionary says."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bcweb.review.records import REASONS, NewVerdict
from bcweb.review.store import Conflict, NotThere, ReviewError, Store
from tests.review.small import mask, new_case, new_prediction

_READERS = st.sampled_from(["anna", "bert"])
_OWNERS = st.sampled_from(["local", "other"])
_SEEDS = st.integers(0, 5)


@dataclass
class Case:
    """What is known of a case: its masks by their seeds."""

    truth: int | None
    predicted: dict[str, tuple[int, float]] = field(default_factory=dict)
    verdicts: list[dict] = field(default_factory=list)  # as they were appended
    stack: list[dict] = field(default_factory=list)  # those that stand, the last of them on top
    drafts: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Made:
    owner: str
    name: str
    cases: dict[int, Case] = field(default_factory=dict)


class Machine(RuleBasedStateMachine):
    """Projects and their cases in a dictionary beside the store."""

    url: str | None = None

    projects = Bundle("projects")
    cases = Bundle("cases")  # (project's id, case's id)

    def __init__(self):
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.here: dict[int, Made] = {}
        self.gone: dict[int, Made] = {}
        self.where = self.new_url()
        self.store = Store(self.home, self.where, patience=20)

    def new_url(self) -> str | None:
        return None

    def teardown(self):
        for project in self.here:
            self.check(project)
        self.store.close()
        shutil.rmtree(self.home)

    # --- what may be done ---------------------------------------------------------------------------

    @initialize(target=cases, truth=st.none() | _SEEDS)
    def begin(self, truth):
        """Two cases that have been predicted, so that there is something to decide from the first step on."""
        made = self.store.create("local", "P")
        self.here[made.id] = Made("local", "P")
        new = [new_case(n, truth=None if truth is None else mask(truth)) for n in "ab"]
        self.store.add_cases(made.id, new)
        for row in self.store.queue("local", made.id):
            self.here[made.id].cases[row.id] = Case(truth)
            self.predict((made.id, row.id), "r1", 3, 0.5)
        return multiple(*((made.id, case_id) for case_id in self.here[made.id].cases))

    @rule(target=projects, owner=_OWNERS, name=st.sampled_from("PQ"))
    def create(self, owner, name):
        if any((made.owner, made.name) == (owner, name) for made in self.here.values()):
            with pytest.raises(ReviewError, match="already"):
                self.store.create(owner, name)
            return multiple()
        made = self.store.create(owner, name)
        self.here[made.id] = Made(owner, name)
        return made.id

    @rule(target=cases, project=projects, names=st.sets(st.sampled_from("abcd"), min_size=1),
          truth=st.none() | _SEEDS)  # fmt: skip
    def add_cases(self, project, names, truth):
        if project not in self.here:
            with pytest.raises(NotThere):
                self.store.add_cases(project, [new_case("a")])
            return multiple()
        new = [new_case(n, truth=None if truth is None else mask(truth)) for n in sorted(names)]
        known = {row.case: row.id for row in self.store.queue(self.here[project].owner, project)}
        assert self.store.add_cases(project, new) == len(names - known.keys())
        rows = self.store.queue(self.here[project].owner, project)
        for row in rows:
            self.here[project].cases.setdefault(row.id, Case(truth))
        return multiple(*((project, row.id) for row in rows if row.case not in known))

    @rule(at=cases, revision=st.sampled_from(["r1", "r2"]), seed=_SEEDS, dice=st.floats(0, 1))
    def predict(self, at, revision, seed, dice):
        project, case_id = at
        new = new_prediction(revision, dice, mask=mask(seed))
        if project not in self.here:
            with pytest.raises(NotThere):
                self.store.add_prediction(case_id, new)
            return
        self.store.add_prediction(case_id, new)
        self.here[project].cases[case_id].predicted.setdefault(revision, (seed, dice))

    @rule(at=cases, reader=_READERS, seed=_SEEDS, strokes=st.integers(1, 99))
    def draw(self, at, reader, seed, strokes):
        project, case_id = at
        if self.deleted(project, lambda o: self.store.save_draft(o, reader, case_id, mask(seed))):
            return
        made = self.here[project]
        self.store.save_draft(made.owner, reader, case_id, mask(seed), "empty", None, None, strokes)
        made.cases[case_id].drafts[reader] = (seed, strokes)

    @rule(at=cases, reader=_READERS)
    def drop(self, at, reader):
        project, case_id = at
        if self.deleted(project, lambda o: self.store.drop_draft(o, reader, case_id)):
            return
        self.store.drop_draft(self.here[project].owner, reader, case_id)
        self.here[project].cases[case_id].drafts.pop(reader, None)

    @rule(
        at=cases, reader=_READERS, seed=_SEEDS, fresh=st.sampled_from([True, True, True, False]),
        decision=st.sampled_from(["accept", "truth", "corrected", "reject", "unsure"]),
        label=st.sampled_from([None, "malignant"]), again=st.booleans(),
    )  # fmt: skip
    def save(self, at, reader, seed, fresh, decision, label, again):
        project, case_id = at
        key = f"key {sum(len(c.verdicts) for m in self.all() for c in m.cases.values())}"
        other = NewVerdict("unsure", key)
        if self.deleted(project, lambda o: self.store.save(o, reader, case_id, other)):
            return
        owner, case = self.here[project].owner, self.here[project].cases[case_id]
        shown = self.store.prediction(owner, case_id)
        seeds = {
            "accept": shown and case.predicted[shown.revision][0],
            "truth": case.truth,
            "corrected": seed,
        }
        after = case.verdicts[-1]["id"] if case.verdicts else None
        new = NewVerdict(
            decision, key, after if fresh or not case.verdicts else 10**6, label=label, seconds=seed,
            reason=REASONS[seed % 5] if decision == "reject" else None,
            mask=mask(seed) if decision == "corrected" else None,
            prediction_id=shown.id if shown else None,
        )  # fmt: skip
        if not fresh and case.verdicts:
            with pytest.raises(Conflict) as caught:
                self.store.save(owner, reader, case_id, new)
            assert caught.value.latest.id == after
            return
        if decision in seeds and seeds[decision] is None:
            return
        saved = self.store.save(owner, reader, case_id, new)
        if again:
            assert self.store.save(owner, reader, case_id, new) == saved
        row = {"id": saved.id, "decision": decision, "reader": reader, "seed": seeds.get(decision),
               "label": label, "seconds": seed}  # fmt: skip
        case.verdicts.append(row)
        case.stack.append(row)
        case.drafts.pop(reader, None)

    @rule(at=cases, reader=_READERS, seed=_SEEDS)
    def correct(self, at, reader, seed):
        """What most verdicts are: drawn, then saved."""
        self.draw(at, reader, seed, 1)
        self.save(at, reader, seed, True, "corrected", None, False)

    @rule(at=cases, reader=_READERS, back=st.sampled_from([0, 0, 0, 1, 2]), again=st.booleans())
    def undo(self, at, reader, back, again):
        project, case_id = at
        made = self.here.get(project) or self.gone[project]
        case = made.cases[case_id]
        if len(case.verdicts) <= back:
            return
        verdict = case.verdicts[-1 - back]
        key = f"undo {len(case.verdicts)}"
        if self.deleted(project, lambda o: self.store.undo(o, reader, verdict["id"], key)):
            return
        if verdict["decision"] == "undo":
            with pytest.raises(ReviewError, match="decided anew"):
                self.store.undo(made.owner, reader, verdict["id"], key)
        elif not case.stack or case.stack[-1] is not verdict:
            with pytest.raises(Conflict) as caught:
                self.store.undo(made.owner, reader, verdict["id"], key)
            assert caught.value.latest.id == case.verdicts[-1]["id"]
        else:
            saved = self.store.undo(made.owner, reader, verdict["id"], key)
            if again:
                assert self.store.undo(made.owner, reader, verdict["id"], key) == saved
            case.stack.pop()
            case.verdicts.append(
                {"id": saved.id, "decision": "undo", "reader": reader, "seed": None,
                 "label": None, "seconds": 0}
            )  # fmt: skip

    @rule(at=cases, reader=_READERS, times=st.integers(1, 3))
    def take_back(self, at, reader, times):
        """What stands, one after the other."""
        made = self.here.get(at[0])
        for _ in range(min(times, len(made.cases[at[1]].stack) if made else 0)):
            case = made.cases[at[1]]
            self.undo(at, reader, case.verdicts[::-1].index(case.stack[-1]), False)
            found = self.store.case(made.owner, at[1])
            assert found.verdict_id == (case.stack[-1]["id"] if case.stack else None)

    @rule(at=cases, really=st.sampled_from([False] * 5 + [True]))
    def delete(self, at, really):
        """Seldom: nothing more can be done with its cases."""
        project, _ = at
        if not really or project not in self.here:
            return
        made = self.here.pop(project)
        with pytest.raises(NotThere):
            self.store.delete("local" if made.owner == "other" else "other", project)
        self.store.delete(made.owner, project)
        self.gone[project] = made

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store(self.home, self.where, patience=20)

    @rule(at=cases)
    def export(self, at):
        """All of it at one moment, with its masks."""
        project, _ = at
        if project not in self.here:
            return
        self.check(project)
        made = self.here[project]
        with self.store.snapshot(made.owner, project) as snapshot:
            assert [found.case.id for found in snapshot.cases] == sorted(made.cases)
            for found in snapshot.cases:
                case = made.cases[found.case.id]
                stands = case.stack[-1] if case.stack else None
                assert (found.verdict and found.verdict.id) == (stands and stands["id"])
                same(snapshot.mask(found), stands and stands["seed"])
                same(snapshot.truth(found), case.truth)
                newest = found.prediction and case.predicted[found.prediction.revision][0]
                same(snapshot.predicted(found), newest)

    # --- what must hold -----------------------------------------------------------------------------

    @invariant()
    def it_says_what_the_dictionary_says(self):
        for owner in ("local", "other"):
            mine = {i for i, made in self.here.items() if made.owner == owner}
            assert {project.id for project in self.store.projects(owner)} == mine
        for project, made in self.here.items():
            counts = self.store.counts(made.owner, project)
            cases = made.cases.values()
            assert counts["cases"] == len(cases)
            assert counts["read"] == sum(bool(case.stack) for case in cases)
            assert counts["drafts"] == sum(len(case.drafts) for case in cases)
            times = [case.stack[-1]["seconds"] for case in cases if case.stack]
            assert counts["seconds"] == (np.median(times) if times else None)
            for row in self.store.queue(made.owner, project, reader="anna"):
                case = made.cases[row.id]
                stands = case.stack[-1] if case.stack else {}
                assert (row.decision, row.reader) == (stands.get("decision"), stands.get("reader"))
                assert row.label == (stands.get("label") or "benign")
                assert row.has_draft == ("anna" in case.drafts)
                assert row.has_truth == (case.truth is not None)

    # --- helpers ------------------------------------------------------------------------------------

    def check(self, project: int) -> None:
        """All that is known of each case: its history and its drafts."""
        made = self.here[project]
        for case_id, case in made.cases.items():
            history = self.store.history(made.owner, case_id)
            assert [v.id for v in history] == [v["id"] for v in case.verdicts]
            for reader in ("anna", "bert"):
                draft = self.store.draft(made.owner, reader, case_id)
                if reader not in case.drafts:
                    assert draft is None
                else:
                    seed, strokes = case.drafts[reader]
                    assert draft.strokes == strokes
                    same(self.store.mask(project, draft.mask_file), seed)

    def all(self):
        return [*self.here.values(), *self.gone.values()]

    def deleted(self, project: int, ask) -> bool:
        """Whether the project is gone; asked for all the same it is not there, nor for others if it is."""
        if project in self.gone:
            with pytest.raises(NotThere):
                ask(self.gone[project].owner)
            return True
        with pytest.raises(NotThere):
            ask("nobody")
        return False


def same(found: np.ndarray | None, seed: int | None) -> None:
    if seed is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, mask(seed))


def test_any_order_on_sqlite():
    run_state_machine_as_test(Machine, settings=_settings(20))


def test_any_order_on_postgresql(postgresql):
    class OnPostgresql(Machine):
        def new_url(self) -> str:
            return postgresql.new()

    run_state_machine_as_test(OnPostgresql, settings=_settings(4))


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
