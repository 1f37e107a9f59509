"""What a reader is told of a project who is blinded to the others: queue and counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bcweb.review import rows
from bcweb.review.records import Project, ReviewError
from bcweb.review.schema import verdicts
from bcweb.review.store import Store
from tests.review.read_twice import ANNA, BEN, draw, fill_twice, read
from tests.review.scored import CASES, ids_of, square


@pytest.fixture
def own(tmp_path) -> Iterator[tuple[Store, Project]]:
    """Of ten readable cases ANNA has decided seven, and BEN after her the same ones."""
    with Store(tmp_path) as opened:
        yield opened, fill_twice(opened)


def told(store: Store, project: Project, reader: str, **asked) -> dict[str, tuple]:
    found = store.queue("local", project.id, "listed", reader=reader, blinded=True, **asked)
    return {row.case: (row.decision, row.reader, row.label) for row in found}


def test_each_row_tells_what_this_reader_said_whoever_was_last(own):
    seen = told(*own, ANNA)
    assert seen["a"] == ("corrected", ANNA, "benign")
    assert seen["b"] == ("accept", ANNA, "benign")
    assert seen["c"] == ("corrected", ANNA, "malignant"), (
        "BEN's label is not told; the data set's is the same"
    )
    assert seen["d"] == ("reject", ANNA, "malignant")
    assert seen["late"] == (None, None, "benign")
    assert told(*own, BEN)["a"] == ("corrected", BEN, "malignant")
    assert set(told(*own, "CARA").values()) == {
        (None, None, label) for label in ("benign", "malignant", "normal")
    }


def test_filters_ask_for_what_this_reader_said(own):
    store, project = own
    assert list(told(*own, ANNA, decision="reject")) == ["d"]
    assert list(told(*own, BEN, decision="truth")) == ["b", "d", "seen"]
    assert len(told(*own, ANNA, decision="read")) == 7
    assert len(told(*own, "CARA", decision="unread")) == len(CASES)
    draw(store, project, BEN, "late", square(10, 0), label="cyst")
    assert list(told(*own, BEN, label="cyst")) == ["late"]
    assert told(*own, ANNA, label="cyst") == {}
    assert told(*own, ANNA, text="cyst") == {}, "nor is another's label found"
    with pytest.raises(ReviewError, match="no decision 'other'"):
        told(*own, ANNA, decision="other")


def test_what_this_reader_has_not_read_comes_first(own):
    store, project = own
    found = store.queue("local", project.id, "unread", reader="CARA", blinded=True)
    assert [row.case for row in found] == [made.name for made in CASES]
    read(store, project, "CARA", "a", "truth")
    found = store.queue("local", project.id, "unread", reader="CARA", blinded=True)
    assert [row.case for row in found] == [made.name for made in CASES[1:]] + ["a"]


def test_what_another_took_back_is_no_verdict_of_this_reader_either(own):
    store, project = own
    draw(store, project, ANNA, "late", square(10, 0))
    case = store.case("local", ids_of(store, project)["late"])
    store.undo("local", BEN, case.verdict_id, "undo")
    assert told(*own, ANNA)["late"] == (None, None, "benign")


def test_counts_are_of_this_readers_verdicts(own):
    store, project = own
    anna, everybody = store.counts("local", project.id, ANNA), store.counts("local", project.id)
    assert anna["decisions"] == {"accept": 1, "truth": 1, "corrected": 4, "reject": 1}
    assert everybody["decisions"] == {"accept": 1, "truth": 3, "corrected": 3}
    assert (anna["read"], everybody["read"]) == (7, 7)
    assert anna["labels"] == {"benign": 7, "malignant": 3, "normal": 2}
    assert everybody["labels"] == {"benign": 6, "malignant": 4, "normal": 2}, (
        "BEN calls a malignant"
    )
    nobody = store.counts("local", project.id, "CARA")
    assert (nobody["read"], nobody["decisions"], nobody["seconds"]) == (0, {}, None)
    assert [store.read_by("local", project.id, reader) for reader in (ANNA, "CARA")] == [7, 0]
    undone = read(store, project, "CARA", "late", "truth")
    store.undo("local", "CARA", undone.id, "u")
    everybody = store.counts("local", project.id)
    told = [counts["readers"] for counts in (everybody, anna, nobody)]
    assert told == [[ANNA, BEN], [ANNA], []]


def test_of_two_of_their_verdicts_the_clocks_say_the_last_where_two_databases_went_on(own):
    """A backup brought ANNA's later one first: neither follows the other."""
    store, project = own
    case = ids_of(store, project)["late"]
    now = datetime.now(UTC)
    said = {
        "project_id": project.id, "case_id": case, "reader": ANNA, "comment": "", "seconds": 1.0,
    }  # fmt: skip
    for key, decision, at, label in (
        ("1", "unsure", now, "cyst"), ("2", "truth", now - timedelta(1), "scar"),
    ):  # fmt: skip
        told_so = said | {"key": key, "decision": decision, "at": at, "label": label}
        with store._database.writing() as connection:
            connection.execute(verdicts.insert().values(told_so))
    assert told(store, project, ANNA)["late"] == ("unsure", ANNA, "cyst")
    assert store.counts("local", project.id, ANNA)["decisions"]["unsure"] == 1
    assert store.read_by("local", project.id, ANNA) == 8


def test_what_others_said_of_ten_thousand_cases_is_not_read(own, monkeypatch):
    """It takes a second of ten thousand, and each change of a filter asks for it twice."""
    store, project = own
    twice = ids_of(store, project)["a"]
    made, verdict = [], rows.verdict
    monkeypatch.setattr(rows, "verdict", lambda row: made.append(row["case_id"]) or verdict(row))
    told(store, project, ANNA)
    store.counts("local", project.id, ANNA)
    store.read_by("local", project.id, ANNA)
    assert made == [], "verdicts were read whole"
    draw(store, project, ANNA, "a", square(10, 0))
    made.clear()
    assert told(store, project, ANNA)["a"][:2] == ("corrected", ANNA)
    assert set(made) == {twice}, "more than she decided twice was read"


def test_a_snapshot_of_a_reader_has_what_they_said_last(own):
    store, project = own
    with store.snapshot("local", project.id, ANNA) as snapshot:
        said = {one.case.case: one.verdict and one.verdict.decision for one in snapshot.cases}
        [a] = [one for one in snapshot.cases if one.case.case == "a"]
        assert (snapshot.mask(a) == square(10, 0)).all()
    assert (said["d"], said["f"], said["late"]) == ("reject", "corrected", None)
