"""The order and the filters of the queue, and the counts, on cases whose scores are known."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from bcweb.review.records import NewVerdict
from bcweb.review.store import ReviewError
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project

# name: label, findings, and of the prediction: dice, carried, how, uncertainty, suspicion
_CASES = {
    "a": ("benign", "Zyste", (0.9, None, "unseen", 0.1, None)),
    "b": ("malignant", "", (0.2, None, "unseen", 0.5, 0.3)),
    "c": ("benign", "50% shadow", (0.99, None, "seen", 0.9, 0.1)),  # says nothing
    "d": ("malignant", "", (0.99, 0.4, "seen", None, 0.8)),  # but this one's fold does
    "e": (None, "ÖDEM", None),
    "f": ("normal", "under_score", (None, None, "unseen", 0.5, 0.2)),
}


@pytest.fixture
def made(store):
    new = [
        new_case(name, label=label, findings=findings, group=f"patient {name}")
        for name, (label, findings, _) in _CASES.items()
    ]
    made, ids = project(store, *new)
    for case_id, (_, _, scores) in zip(ids, _CASES.values(), strict=True):
        if scores is not None:
            dice, carried, how, uncertainty, suspicion = scores
            store.add_prediction(
                case_id,
                new_prediction(
                    dice=dice, carried_dice=carried, how=how, uncertainty=uncertainty,
                    suspicion=suspicion,
                ),
            )  # fmt: skip
    return store, made.id, dict(zip(_CASES, ids, strict=True))


def names(store, project_id, *arguments, **more) -> str:
    return "".join(row.case for row in store.queue(ME, project_id, *arguments, **more))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("worst", "bdacef"),
        ("uncertain", "cbfade"),
        ("suspect", "dbfcae"),
        ("listed", "abcdef"),
        ("twins", ""),
    ],
)
def test_orders(made, order, expected):
    store, project_id, _ = made
    assert names(store, project_id, order) == expected


def test_what_a_row_says(made):
    store, project_id, ids = made
    row = next(row for row in store.queue(ME, project_id) if row.case == "d")
    assert (row.id, row.position, row.dataset, row.group) == (ids["d"], 3, "busi", "patient d")
    assert (row.dice, row.how, row.presence, row.has_truth) == (0.4, "seen", 0.9, True)
    assert row.has_draft is False and row.has_truth is True


def test_unread_first(made):
    store, project_id, ids = made
    store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k"))
    store.save(ME, "anna", ids["d"], NewVerdict("unsure", "k"))
    assert names(store, project_id, "unread") == "bcefad"


def test_random_is_the_same_for_the_same_seed_whatever_the_filters(made):
    store, project_id, _ = made
    one = names(store, project_id, "random", seed=1)
    assert one == names(store, project_id, "random", seed=1)
    assert sorted(one) == list("abcdef")
    assert len({names(store, project_id, "random", seed=seed) for seed in range(-4, 4)}) > 4
    benign = names(store, project_id, "random", seed=1, label="benign")
    assert benign == "".join(name for name in one if name in "ac")


def test_twins_are_side_by_side_the_worst_pair_first(made):
    store, project_id, ids = made
    pairs = [("a", "d", 0.9), ("c", "f", 0.1), ("c", "b", 0.5), ("e", "a", None)]
    store.set_twins(project_id, [(ids[one], ids[two], dice) for one, two, dice in pairs])
    rows = store.queue(ME, project_id, "twins")
    assert "".join(row.case for row in rows) == "cfbad"
    twin_of = {row.case: (row.twin, row.twin_dice) for row in store.queue(ME, project_id)}
    assert twin_of["c"] == (ids["f"], 0.1), "of two twins, the one whose truth differs most"
    assert twin_of["b"] == (ids["c"], 0.5)
    assert twin_of["a"] == (ids["d"], 0.9), "a Dice tells more than none"
    assert twin_of["e"] == (ids["a"], None)
    store.set_twins(project_id, [(ids["a"], ids["b"], 0.3)])
    assert names(store, project_id, "twins") == "ab", "earlier pairs are still there"
    store.set_twins(project_id, [])
    assert names(store, project_id, "twins") == ""


def test_twins_of_one_mask_or_without_masks_are_none_with_another_mask(made):
    store, project_id, ids = made
    pairs = [("a", "b", None), ("c", "d", 1.0), ("e", "f", 0.99)]
    store.set_twins(project_id, [(ids[one], ids[two], dice) for one, two, dice in pairs])
    listed = names(store, project_id, "twins")
    assert listed == "ef", "listed as the same picture with another mask, but no mask differs"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"label": "benign"}, "ac"),
        ({"label": ""}, "e"),
        ({"label": "other"}, ""),
        ({"dice": (0.4, None)}, "ad"),
        ({"dice": (None, 0.4)}, "bd"),
        ({"dice": (0.3, 0.5)}, "d"),
        ({"text": "zyste"}, "a"),
        ({"text": "ödem"}, "e"),
        ({"text": "PATIENT F"}, "f"),
        ({"text": "0%"}, "c"),
        ({"text": "_s"}, "f"),
        ({"text": "busi malignant"}, "bd"),
        ({"text": "nothing"}, ""),
        ({"text": "zyste", "label": "malignant"}, ""),
        ({"decision": "unsure"}, "b"),
        ({"decision": "unread"}, "acdef"),
        ({"decision": "read"}, "b"),
        ({"decision": "accept"}, ""),
    ],
)
def test_filters(made, filters, expected):
    store, project_id, ids = made
    store.save(ME, "anna", ids["b"], NewVerdict("unsure", "k"))
    assert names(store, project_id, "listed", **filters) == expected


def test_the_label_that_a_reader_gave_is_the_one_to_filter_by(made):
    store, project_id, ids = made
    store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k", label="malignant"))
    assert names(store, project_id, "listed", label="malignant") == "abd"
    assert store.case(ME, ids["a"]).label == "benign", "what the data set says stays"


def test_the_label_that_a_reader_gave_is_found_by_its_text(made):
    """As its row has it; and what the data set says is found as before."""
    store, project_id, ids = made
    store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k", label="Malignant"))
    assert names(store, project_id, "listed", text="malignant") == "abd"
    assert names(store, project_id, "listed", text="MALIG zyste") == "a"
    assert names(store, project_id, "listed", text="benign") == "ac"
    assert names(store, project_id, "listed", text="%") == "c"


@pytest.mark.parametrize("label", ["Ödem", "ÉVOLUTIVE", "Straße", "Γραμμή"])
@pytest.mark.parametrize("blinded", [False, True])
def test_large_and_small_letters_are_alike_in_every_language(made, label, blinded):
    store, project_id, ids = made
    store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k", label=label))
    asked = {"reader": "anna", "blinded": blinded}
    for said in (label, label.lower(), label.upper(), label[1:-1]):
        found = names(store, project_id, "listed", text=f"{said} ZYSTE", **asked)
        assert found == "a", f"{said} does not find {label}"
    assert names(store, project_id, "listed", text=f"{label} shadow", **asked) == ""


def test_a_label_in_place_of_the_data_sets_is_found_by_either(made):
    """Its own reader's, whoever decided after them; and another's by nobody who is blinded."""
    store, project_id, ids = made
    first = store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k", label="BI-RADS 3"))
    store.save(ME, "bert", ids["a"], NewVerdict("unsure", "k", after=first.id, label="scar"))
    for reader, found in (("anna", {"bi-rads": "a", "scar": "", "benign": "ac"}),
                          ("bert", {"bi-rads": "", "scar": "a", "benign": "ac"}),
                          ("cara", {"bi-rads": "", "scar": "", "benign": "ac"})):  # fmt: skip
        asked = {"reader": reader, "blinded": True}
        assert {t: names(store, project_id, "listed", text=t, **asked) for t in found} == found
    assert names(store, project_id, "listed", text="scar") == "a"


def test_a_whole_report_may_be_pasted_into_the_search(made):
    """It has more words than a database takes conditions, and a word longer than any that it looks for."""
    store, project_id, ids = made
    words = [f"word{n}" for n in range(3000)]
    store.save(ME, "anna", ids["a"], NewVerdict("unsure", "k", label="Zyste"))
    for reader in ({}, {"reader": "anna", "blinded": True}):
        assert names(store, project_id, "listed", text=" ".join(words), **reader) == ""
        assert names(store, project_id, "listed", text="ZYSTE " * 3000, **reader) == "a"
        assert names(store, project_id, "listed", text="x" * 60_000, **reader) == ""


def test_an_order_or_decision_that_there_is_not(made):
    store, project_id, _ = made
    with pytest.raises(ReviewError, match="no order 'best'; there are worst, uncertain"):
        store.queue(ME, project_id, "best")
    with pytest.raises(ReviewError, match="no decision 'undo'; there are accept"):
        store.queue(ME, project_id, decision="undo")


def test_drafts_are_shown_to_their_reader(made):
    store, project_id, ids = made
    store.save_draft(ME, "anna", ids["c"], mask(1))
    for reader, expected in (("anna", "c"), ("bert", ""), (None, "c")):
        rows = store.queue(ME, project_id, reader=reader)
        assert "".join(row.case for row in rows if row.has_draft) == expected


def test_counts(made):
    store, project_id, ids = made
    assert store.counts(ME, project_id) == {
        "cases": 6, "predicted": 5, "read": 0, "problems": 0, "drafts": 0, "decisions": {},
        "labels": {"": 1, "benign": 2, "malignant": 2, "normal": 1}, "seconds": None, "readers": [],
    }  # fmt: skip
    for name, seconds, label in (("a", 2, None), ("b", 10, "benign"), ("c", 3, None)):
        store.save(ME, "anna", ids[name], corrected("k", 1, label=label, seconds=seconds))
    store.save(ME, "anna", ids["d"], NewVerdict("reject", "k", reason="other", seconds=100))
    unsure = store.save(ME, "anna", ids["e"], NewVerdict("unsure", "k", seconds=1000))
    store.save_draft(ME, "anna", ids["f"], mask(1))
    store.add_cases(project_id, [new_case("g", label="odd", problem="It cannot be read.")])
    counts = store.counts(ME, project_id)
    assert counts["seconds"] == 10
    store.undo(ME, "anna", unsure.id, "u")
    assert store.counts(ME, project_id) == {
        "cases": 7, "predicted": 5, "read": 4, "problems": 1, "drafts": 1,
        "decisions": {"corrected": 3, "reject": 1},
        "labels": {"": 1, "benign": 3, "malignant": 1, "normal": 1, "odd": 1}, "seconds": 6.5, "readers": ["anna"],
    }  # fmt: skip


def test_another_project_is_not_mixed_in(made):
    store, project_id, _ = made
    other, [case_id] = project(store, new_case("z", label="odd"), name="Q")
    store.save_draft(ME, "anna", case_id, mask(1))
    store.save(ME, "anna", case_id, NewVerdict("unsure", "k"))
    assert "z" not in names(store, project_id)
    assert names(store, other.id) == "z"
    assert store.counts(ME, project_id)["read"] == 0
    assert store.counts(ME, other.id)["labels"] == {"odd": 1}


def test_ten_thousand_cases_are_found_by_an_index(made):
    """No table but the drafts of the project is read from end to end for a queue or its counts."""
    store, project_id, _ = made
    if not store._database.sqlite:
        pytest.skip("PostgreSQL reads a small table from end to end, and is right")
    asked = []
    event.listen(
        store._database._engine, "before_cursor_execute", lambda *told: asked.append(told[2:4])
    )
    store.queue(ME, project_id, "worst", "benign", "unread", "x", (0.1, 0.9), reader="anna")
    store.counts(ME, project_id)
    store.projects(ME)
    store.newest_predictions(ME)
    selects = [told for told in asked if told[0].startswith("SELECT")]
    assert len(selects) >= 4, "they were not heard"
    with store._database.reading() as connection:
        for statement, parameters in selects:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for step in (row[3] for row in plan):
                assert not step.startswith(("SCAN cases", "SCAN drafts")), (step, statement)
                assert "=" in step or not step.startswith("SEARCH cases"), (step, statement)
