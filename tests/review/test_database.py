"""A database opens whoever made it: new, by the version before, by two at once; or it says why not."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bcweb.review import database, home, schema
from bcweb.review.records import NotNow, NotSaved
from bcweb.review.revisions import revisions
from bcweb.review.store import ReviewError, Store
from tests.review.small import ME, project

ROOT = Path(__file__).parents[2]

# A project as the version before left it: a verdict that was undone, one that stands with another
# label, a case that the weights had seen, one that two revisions predicted, one that nobody touched.
_BEFORE = """
INSERT INTO projects (id, name, owner, folder, sources, weights, created, state, notes) VALUES
    (1, 'Old', 'local', 'f0', '["busi:/data"]', '{"ultrasound": "embedded"}',
     '2024-05-06 07:08:09+00:00', 'ready', '[]');
INSERT INTO cases (id, project_id, position, dataset, "case", "group", label, modality, findings, file,
    truth_files, digest, fingerprint, width, height, depth, "window", spacing, notes, verdict_id,
    latest_id, decision, reader, read_at) VALUES
    (1, 1, 0, 'busi', 'ÄRA (1)', 'p1', 'benign', 'ultrasound', 'Zyste', '"/data/1.png"', '[]', '', '',
     21, 13, 8, '[0, 255]', '[]', '[]', 1, 1, 'unsure', 'anna', '2024-05-07 00:00:00+00:00'),
    (2, 1, 1, 'busi', 'b', 'p2', 'benign', 'ultrasound', '', '"/data/2.png"', '[]', '', '',
     21, 13, 8, '[0, 255]', '[]', '[]', NULL, 3, NULL, NULL, NULL),
    (3, 1, 2, 'busi', 'c', 'p3', NULL, 'ultrasound', '', '"/data/3.png"', '[]', '', '',
     21, 13, 8, '[0, 255]', '[]', '[]', NULL, NULL, NULL, NULL, NULL);
INSERT INTO predictions (id, project_id, case_id, made, revision, how, presence, threshold,
    min_lesion_px, painted_px, dice, carried_dice, uncertainty, suspicion, map_file, mask_file) VALUES
    (1, 1, 1, '2024-05-06 08:00:00+00:00', 'r1', 'unseen', 0.5, 0.5, 1, 1, 0.1, NULL, 0.2, 0.3, 'm', 'm'),
    (2, 1, 2, '2024-05-06 08:00:00+00:00', 'r1', 'seen', 0.75, 0.5, 1, 1, 0.99, 0.25, 0.5, 0.625, 'm', 'm'),
    (3, 1, 1, '2024-05-06 09:00:00+00:00', 'r2', 'unseen', 0.5, 0.5, 1, 1, 0.75, NULL, 0.25, 0.5, 'm', 'm');
INSERT INTO verdicts (id, project_id, case_id, reader, at, decision, label, comment, seconds, "key",
    after, undoes) VALUES
    (1, 1, 1, 'anna', '2024-05-07 00:00:00+00:00', 'unsure', 'malignant', 'Hm.', 12.5, 'k1', NULL, NULL),
    (2, 1, 2, 'anna', '2024-05-07 00:00:01+00:00', 'unsure', 'malignant', '', 3, 'k2', NULL, NULL),
    (3, 1, 2, 'anna', '2024-05-07 00:00:02+00:00', 'undo', NULL, '', 0, 'k3', 2, 2)
"""


@pytest.fixture(scope="module")
def empty() -> None:
    """Every database is begun here."""


def as_of(place, version: str, *statements: str) -> None:
    """Make a database of an earlier version, with rows."""
    place.home.mkdir()
    engine = create_engine(
        database._parsed(place.url or place.home / home.DATABASE), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        database.upgrade(connection, version)
        for statement in ";".join(statements).split(";"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_the_version_before_is_upgraded_with_its_rows(place):
    as_of(place, "0001", _BEFORE)
    store = place.open()
    old = store.project(ME, "Old")
    assert (old.cases, old.predicted, old.read) == (3, 2, 1)
    assert old.created.isoformat() == "2024-05-06T07:08:09+00:00"
    rows = store.queue(ME, old.id)
    assert [(row.case, row.dice, row.uncertainty, row.suspicion, row.how) for row in rows] == [
        ("b", 0.25, 0.5, 0.625, "seen"),  # its score out of fold
        ("ÄRA (1)", 0.75, 0.25, 0.5, "unseen"),  # of the newest prediction
        ("c", None, None, None, None),
    ]
    assert [row.label for row in rows] == ["benign", "malignant", None]
    assert [row.case for row in store.queue(ME, old.id, text="äRa ZYSTE P1")] == ["ÄRA (1)"]
    assert store.counts(ME, old.id)["seconds"] == 12.5
    assert [verdict.decision for verdict in store.history(ME, 2)] == ["unsure", "undo"]
    assert store.prediction(ME, 1, "r2").looked_at is None
    assert store.history(ME, 1)[0].comment == "Hm."


def test_folds_of_the_version_before_stand_for_the_weights_that_had_seen_all_of_theirs(place):
    """r1 had not seen case 3, which fold b predicted; both can have seen what fold a did."""
    folds = "".join(
        f"""INSERT INTO predictions (id, project_id, case_id, made, revision, how, threshold, min_lesion_px, painted_px,
        map_file, mask_file) VALUES ({id}, 1, {case}, '2024-05-06 10:00:00+00:00', '{revision}', '{how}', 0.5, 1, 1,
        'm', 'm');"""
        for id, case, revision, how in [
            (4, 2, "fold a", "out-of-fold"),
            (5, 3, "fold b", "out-of-fold"),
            (6, 3, "r1", "unseen"),
            (7, 2, "fold b", "out-of-fold"),
        ]
    )
    as_of(place, "0003", _BEFORE.strip(), folds.rstrip(";"))
    store = place.open()
    whose = {
        name: {made.stands_for for made in store.predictions(ME, 1, name)}
        for name in store.revisions(ME, 1)
    }
    assert whose == {"r1": {()}, "r2": {()}, "fold a": {()}, "fold b": {("r2",)}}
    [found] = [one for one in revisions(store, ME, 1) if one.name == "r2"]
    assert found.cases == 3, "of case 1 its own, of the others fold b"


def test_an_upgrade_that_fails_leaves_all_as_it_was(place, monkeypatch):
    as_of(place, "0001", _BEFORE)
    execute = database.Connection.execute

    def fail(connection, statement, *arguments, **more):
        if "predicted" in str(statement):  # the last index
            raise RuntimeError("the power went out")
        return execute(connection, statement, *arguments, **more)

    with monkeypatch.context() as broken:
        broken.setattr(database.Connection, "execute", fail)
        with pytest.raises(RuntimeError, match="power"):
            place.open()
    assert len(place.open().queue(ME, 1)) == 3


def test_the_newest_migration_is_the_version_of_the_schema():
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.VERSION]


def test_migrations_leave_what_the_schema_says(place):
    with place.open()._database.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_a_newer_programs_database_is_left_alone(place):
    store = place.open()
    project(store)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(ReviewError, match=r"newer program .*9999.*: update the program") as caught:
        place.open()
    assert "\n" not in str(caught.value)


def test_two_open_a_new_database_at_once(place):
    began, failed = threading.Barrier(4), []

    def open_it():
        began.wait()
        try:
            place.open()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert place.open().projects(ME) == []


def test_it_opens_in_any_working_directory(tmp_path):
    """Its migrations come along wherever the program is started, under odd names too."""
    where = tmp_path / "somewhere else, 100%"
    where.mkdir()
    home = where / "my %home% 乳"
    code = "from bcweb.review.store import Store; s = Store(); print(s.home, s.projects('local'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=where, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "BCWEB_HOME": str(home)},
    )  # fmt: skip
    assert done.stdout == f"{home} []\n", done.stderr
    assert list(where.iterdir()) == [home], "it wrote beside its data folder"


def test_sqlite_is_as_safe_as_it_can_be(sqlite):
    with sqlite.open()._database.reading() as connection:
        for pragma, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected


def test_the_folder_and_the_database_by_environment(tmp_path, monkeypatch, postgresql):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "a"))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    with Store() as store:
        project(store, name="in SQLite")
    monkeypatch.setenv("BCWEB_DATABASE", postgresql.new())
    with Store() as store:
        assert store.home == tmp_path / "a" and store.projects(ME) == []
        project(store, name="in PostgreSQL")
    with Store(tmp_path / "a") as store:
        [only] = store.projects(ME)
        assert only.name == "in SQLite", "who names a folder gets what is in it"


def test_the_folder_is_not_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("BCWEB_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert home.home().is_absolute() and tmp_path not in home.home().parents


def test_a_folder_of_a_user_who_is_not_there_is_not_made_where_one_is(monkeypatch, tmp_path):
    monkeypatch.setenv("BCWEB_HOME", "~nobody-of-this-name/reviews")
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReviewError, match=r"^BCWEB_HOME=~nobody-of-this-name/reviews names no "):
        Store()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://u:geheim@host/name", "no address of a database"),
        ("nonsense", "no address of a database"),
        ("postgresql://u:geheim@127.0.0.1:1/name", "cannot be read"),
    ],
)
def test_a_database_that_cannot_be_had(tmp_path, url, sentence):
    with pytest.raises(ReviewError, match=sentence) as caught:
        Store(tmp_path, url)
    assert "geheim" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / home.DATABASE).write_bytes(b"This is no database. " * 100)
    with pytest.raises(ReviewError, match="not a database"):
        Store(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ReviewError, match="BCWEB_HOME"):
        Store(tmp_path / "file" / "home")


def test_why_it_does_not_answer_is_apart_from_what_to_do_about_it(tmp_path):
    with Store(tmp_path) as store:
        with pytest.raises(NotNow) as read, store._database.reading():
            raise PoolTimeout("all connections are taken")
        with pytest.raises(NotSaved) as written, store._database.writing():
            raise PoolTimeout("all connections are taken")
    assert str(read.value) == "The database cannot be read: the database is busy; try again."
    assert str(written.value) == "Not saved: the database is busy; try again."
    assert read.value.why == written.value.why == "The database is busy."


def test_postgresql_says_that_it_has_saved_once_it_has_whatever_its_address_asks_for(
    postgresql, tmp_path
):
    with (
        Store(tmp_path, f"{postgresql.new()}%20-csynchronous_commit%3Doff") as store,
        store._database.writing() as connection,
    ):
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_database_that_hung_up_is_asked_again(postgresql, tmp_path):
    with Store(tmp_path, postgresql.new()) as store:
        made, _ = project(store)
        with store._database.reading() as connection:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            connection.execute(
                text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            )
        assert store.project(ME, made.id) == store.project(ME, "P")


def test_readers_do_not_wait_for_a_writer(place):
    store, other = place.open(), place.open(patience=0.05)
    made, _ = project(store)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE projects SET state = 'ready'"))
        assert other.project(ME, made.id).state == "importing"
    assert other.project(ME, made.id).state == "ready"


def test_the_database_has_one_owner(sqlite):
    """Nothing else of the review package opens it."""
    sqlite.open()
    for file in (ROOT / "bcweb" / "review").rglob("*.py"):
        if file.name != "database.py":
            assert "create_engine" not in file.read_text(), f"{file.name} opens a database"
    assert sqlite3.connect(sqlite.home / home.DATABASE).execute(
        "PRAGMA integrity_check"
    ).fetchone() == ("ok",)
