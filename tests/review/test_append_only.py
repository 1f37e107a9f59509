"""No statement changes or removes a verdict, whoever sends it: the database refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.review.small import ME, corrected, project

_REFUSED = "a verdict is never changed or deleted"


def attempt(store, statement: str) -> None:
    with store._database._engine.connect().execution_options(writes=True) as connection:
        connection.execute(text(statement))
        connection.commit()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE verdicts SET decision = 'accept'",
        "UPDATE verdicts SET comment = 'x' WHERE id = 1",
        "DELETE FROM verdicts",
        "DELETE FROM verdicts WHERE id = 1",
    ],
)
def test_update_and_delete_are_refused(store, statement):
    _, [case_id] = project(store)
    saved = store.save(ME, "anna", case_id, corrected("k", 3))
    with pytest.raises(DBAPIError, match=_REFUSED):
        attempt(store, statement)
    assert store.history(ME, case_id) == [saved]


def test_replacing_is_refused(sqlite):
    """INSERT OR REPLACE deletes without a word to triggers on DELETE."""
    store = sqlite.open()
    _, [case_id] = project(store)
    saved = store.save(ME, "anna", case_id, corrected("k", 3))
    columns = 'project_id, case_id, reader, at, decision, comment, seconds, "key"'
    for named, values in (
        (f"id, {columns}", "1, 1, 1, 'x', 'now', 'accept', '', 0, 'other'"),
        (columns, "1, 1, 'anna', 'now', 'accept', '', 0, 'k'"),
    ):
        with pytest.raises(DBAPIError, match=_REFUSED):
            attempt(store, f"INSERT OR REPLACE INTO verdicts ({named}) VALUES ({values})")
        with pytest.raises(DBAPIError, match=_REFUSED):
            attempt(
                store,
                f"INSERT INTO verdicts ({named}) VALUES ({values}) ON CONFLICT DO UPDATE "
                "SET decision = 'accept'",
            )
    assert store.history(ME, case_id) == [saved]


def test_truncating_is_refused(postgresql, tmp_path):
    from bcweb.review.store import Store

    with Store(tmp_path, postgresql.new()) as store:
        _, [case_id] = project(store)
        saved = store.save(ME, "anna", case_id, corrected("k", 3))
        with pytest.raises(DBAPIError, match=_REFUSED):
            attempt(store, "TRUNCATE verdicts CASCADE")
        with pytest.raises(DBAPIError):
            attempt(store, "TRUNCATE cases CASCADE")
        assert store.history(ME, case_id) == [saved]


@pytest.mark.parametrize("table", ["cases", "projects"])
def test_what_a_verdict_is_about_cannot_be_deleted(store, table):
    _, [case_id] = project(store)
    store.save(ME, "anna", case_id, corrected("k", 3))
    with pytest.raises(IntegrityError):
        attempt(store, f"DELETE FROM {table}")
    assert len(store.history(ME, case_id)) == 1
