"""Who asks by another's name, id or key gets the same answer as one who asks for what never was."""

from __future__ import annotations

import inspect

import pytest

from bcweb.review.records import NewVerdict
from bcweb.review.store import NotThere, Store
from tests.review.small import corrected, mask, new_case, new_prediction, project

# What takes no owner, since only this program calls it, with what it has found by owner before.
_INSIDE = {
    "close", "backup", "set_state", "add_cases", "known_cases", "without_prediction", "add_prediction",
    "set_twins", "map", "mask", "set_sources", "shelf", "stand_in", "mark_seen",
}  # fmt: skip
_ASKED_BY_OWNER_ALONE = {"projects", "create", "newest_predictions"}

_METHODS = {
    name: inspect.signature(method).parameters
    for name, method in inspect.getmembers(Store, inspect.isfunction)
    if not name.startswith("_")
}
_OWNED = [name for name, parameters in _METHODS.items() if "owner" in parameters]


def test_every_method_asks_for_the_owner_or_is_known_not_to():
    without = set(_METHODS) - set(_OWNED)
    assert without == _INSIDE, (
        "a method without an owner answers anybody: give it one, or say here that no page calls it"
    )
    others = {name for name in vars(Store) if not name.startswith("_")} - set(_METHODS)
    assert others == {"ledger"}, "what is no method answers anybody too"


@pytest.mark.parametrize("name", sorted(set(_OWNED) - _ASKED_BY_OWNER_ALONE))
def test_another_owners_things_are_not_there(place, name):
    store = place.open()
    made, [case_id] = project(store, new_case(), owner="anna")
    shown = store.add_prediction(case_id, new_prediction())
    verdict = store.save("anna", "anna", case_id, NewVerdict("accept", "k", prediction_id=shown.id))
    draft = store.save_draft("anna", "anna", case_id, mask(3), None, None, verdict.id, 1)
    values = {
        "project_id": made.id, "name_or_id": made.id, "case_id": case_id, "verdict_id": verdict.id,
        "reader": "anna", "key": "another key", "verdict": corrected("l", 4, verdict.id),
        "mask": mask(4), "revision": "r1",
    }  # fmt: skip
    asked = {
        parameter: values[parameter]
        for parameter, said in _METHODS[name].items()
        if parameter not in ("self", "owner")
        and (said.default is inspect.Parameter.empty or parameter in values)
    }
    nothing = {**asked} | {
        parameter: 10_000_000 for parameter in asked if parameter.endswith("_id")
    }

    def answer(owner: str, arguments: dict) -> str:
        with pytest.raises(NotThere) as caught:
            result = getattr(store, name)(owner, **arguments)
            if name == "snapshot":
                result.__enter__()
        return str(caught.value)

    assert answer("bert", asked) == answer("bert", nothing)
    for number in (0, -1, 2**31, 2**70):
        answer("anna", nothing | {p: number for p in asked if p.endswith("_id")})
    assert store.history("anna", case_id) == [verdict]
    assert store.draft("anna", "anna", case_id) == draft
    assert store.project("anna", "P").cases == 1


def test_a_list_of_projects_is_the_owners(store):
    mine, _ = project(store, owner="anna")
    theirs, _ = project(store, owner="bert")
    assert [made.id for made in store.projects("anna")] == [mine.id]
    assert [made.id for made in store.projects("bert")] == [theirs.id]
    assert store.projects("carl") == []
    with pytest.raises(NotThere):
        store.project("carl", "P")
