"""An import ends in every way, killed too, keeps what is done and goes on from there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from bcweb.review.home import DATABASE
from bcweb.review.importing import COMPARING, PREDICTING, READING, prepare, start
from bcweb.review.records import NotSaved, NotThere
from bcweb.review.store import Store
from tests import weights_folder
from tests.review.imported import everything, pictures, run
from tests.review.small import ME

ROOT = Path(__file__).parents[3]
WAIT = 120  # seconds at most for what takes one or two


def command(home: Path, *arguments: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "BCWEB_HOME": str(home)}
    environment.pop("BCWEB_DATABASE", None)
    return subprocess.Popen(
        [sys.executable, "-m", "bcweb.review", "import", *arguments],
        cwd=ROOT, env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        **options,
    )  # fmt: skip


def _looking_into(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home / 'review.db'}?mode=ro", uri=True)


def until_predicted(process: subprocess.Popen, home: Path, count: int) -> None:
    """Wait until an import has predicted so many cases; it must not have ended by then."""
    for _ in range(20 * WAIT):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
        else:
            pytest.fail(f"it ended with {process.returncode} before: {process.communicate()[1]}")
        with suppress(sqlite3.OperationalError), closing(_looking_into(home)) as database:
            if database.execute("SELECT count(*) FROM predictions").fetchone()[0] >= count:
                return
    pytest.fail(f"{count} predictions did not come within {WAIT} s")


def test_killed_in_the_middle_and_begun_again_it_is_as_if_nothing_had_been(weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    arguments = ("P", "--data", f"folder:{place}", "--weights", str(weights), "--workers", "2")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = command(broken, *arguments)
    until_predicted(process, broken, 3)
    process.kill()
    process.communicate()
    with Store(broken) as store:
        project = store.project(ME, "P")
        assert project.state == "importing" and 3 <= project.predicted < 40
    process = command(broken, *arguments)
    _, said = process.communicate(timeout=WAIT)
    assert process.returncode == 0, said
    with Store(whole) as store:
        run(store, "P", f"folder:{place}", weights=str(weights), workers=1)
    with Store(broken) as resumed, Store(whole) as uninterrupted:
        assert resumed.project(ME, "P").predicted == 40
        assert everything(resumed, "P") == everything(uninterrupted, "P"), (
            "names of masks are hashes"
        )
        [a, b] = [s.project(ME, "P").notes for s in (resumed, uninterrupted)]
        assert a == b


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(weights, tmp_path):
    place = pictures(tmp_path / "set", 40)
    arguments = ("P", "--data", f"folder:{place}", "--weights", str(weights), "--workers", "2")
    home = tmp_path / "home"
    process = command(home, *arguments)
    until_predicted(process, home, 2)
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=WAIT)
    assert process.returncode == 130, said
    assert "Stopped; the same command goes on from here." in said and "Traceback" not in said
    with Store(home) as store:
        project = store.project(ME, "P")
        assert project.state == "cancelled" and 2 <= project.predicted < 40
        assert f"P: 40 cases, {project.predicted} with a prediction." in out
    process = command(home, *arguments)
    _, said = process.communicate(timeout=WAIT)
    assert process.returncode == 0, said
    with Store(home) as store:
        assert (store.project(ME, "P").state, store.project(ME, "P").predicted) == ("ready", 40)


@pytest.mark.parametrize("phase", [READING, PREDICTING, COMPARING])
def test_cancelled_in_any_phase_it_keeps_what_is_done(store, weights, tmp_path, phase):
    place = pictures(tmp_path / "set", 4)
    made = prepare(
        store, ME, "P", [f"folder:{place}"], str(weights), workers=1,
        told=lambda now: now.phase == phase and now.done == 2 and made.cancel(),
    )  # fmt: skip
    project = made.run()
    assert project.state == "cancelled" and made.error is None
    assert (project.cases, project.predicted) == {
        READING: (2, 0), PREDICTING: (4, 2), COMPARING: (4, 4),
    }[phase]  # fmt: skip
    assert run(store, "P").project.state == "cancelled", "as it was before"
    project = store.project(ME, "P")
    assert (project.state, project.cases, project.predicted) == ("ready", 4, 4)


def test_cancelled_before_it_begins_with_other_weights_the_project_is_as_it_was(
    store, weights, tmp_path
):
    """Going on would be with the weights of before, and end as if it were done."""
    place = pictures(tmp_path / "set", 2)
    before = prepare(store, ME, "P", [f"folder:{place}"], str(weights), workers=1).run()
    other = weights_folder.write(tmp_path / "other", seed=1)
    made = prepare(store, ME, "P", weights=str(other), workers=1, told=lambda _: made.cancel())
    assert made.run() == before


def test_in_a_thread_it_tells_how_far_it_is_and_ends(store, weights, tmp_path):
    place = pictures(tmp_path / "set", 4)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    assert store.project(ME, "P").state == "importing"
    assert made.wait(WAIT) and not made.running
    assert made.error is None and store.project(ME, "P").state == "ready"
    assert made.progress().phase == COMPARING
    assert store.project(ME, "P").predicted == 4


def test_it_says_what_it_counts(store, weights, tmp_path):
    """To compare three cases takes more than three steps."""
    heard = []
    place = pictures(tmp_path / "set", 3)
    prepare(store, ME, "P", [f"folder:{place}"], str(weights), workers=1, told=heard.append).run()
    last = {now.phase: (now.done, now.total, now.unit) for now in heard}
    assert last[READING] == last[PREDICTING] == (3, 3, "case")
    done, total, unit = last[COMPARING]
    assert done == total > 3 and unit == "step"


def test_cancelled_from_another_thread_it_ends_soon(store, weights, tmp_path, caplog):
    place = pictures(tmp_path / "set", 40)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    made.cancel()
    assert made.wait(WAIT)
    project = store.project(ME, "P")
    assert project.state == "cancelled" and made.error is None
    assert project.cases < 40 and project.predicted == 0
    assert caplog.records == []


def test_a_project_deleted_meanwhile_ends_its_import(store, weights, tmp_path, caplog):
    place = pictures(tmp_path / "set", 40)
    made = start(store, ME, "P", [f"folder:{place}"], str(weights))
    store.delete(ME, made.project.id)
    assert made.wait(WAIT)
    with pytest.raises(NotThere):
        store.project(ME, "P")
    assert made.error is None and made.untold is None, "it is no failure"
    assert made.progress().phase != PREDICTING, "it went on without its project"
    assert caplog.records == []


def test_a_disk_that_fills_up_ends_it_with_a_sentence_and_it_goes_on_later(
    store, weights, tmp_path, monkeypatch
):
    place = pictures(tmp_path / "set", 3)
    add, kept = store.add_prediction, []

    def full(*arguments):
        if kept:
            raise NotSaved("the disk is full", "make room, then save again")
        kept.append(add(*arguments))

    monkeypatch.setattr(store, "add_prediction", full)
    made = run(store, "P", f"folder:{place}", weights=str(weights))
    project = store.project(ME, "P")
    assert (project.state, project.predicted) == ("failed", 1)
    assert (
        project.problem == made.error == "Not saved: the disk is full; make room, then save again."
    )
    assert made.untold is None, "the project says it"
    monkeypatch.undo()
    run(store, "P")
    assert (store.project(ME, "P").state, store.project(ME, "P").predicted) == ("ready", 3)


def test_why_it_ended_is_known_though_the_disk_does_not_take_that_either_and_no_log_names_it(
    store, weights, tmp_path, monkeypatch, caplog
):
    place, add = pictures(tmp_path / "set", 3), store.add_prediction

    def full(*arguments):
        raise NotSaved("the disk is full", "make room, then save again")

    def last(*arguments):
        monkeypatch.setattr(store, "add_prediction", full)
        monkeypatch.setattr(store, "set_state", full)
        return add(*arguments)

    monkeypatch.setattr(store, "add_prediction", last)
    made = run(store, "Meyer 1961", f"folder:{place}", weights=str(weights))
    project = store.project(ME, "Meyer 1961")
    assert (project.state, project.predicted, project.problem) == ("importing", 1, None)
    why = "Not saved: the disk is full; make room, then save again."
    assert made.untold == made.error == why
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"How the import into project {project.id} ended is not kept: NotSaved"]
    monkeypatch.undo()
    assert run(store, "Meyer 1961").untold is None
    assert store.project(ME, "Meyer 1961").state == "ready"


def test_a_database_that_is_busy_for_a_while_ends_nothing(sqlite, weights, tmp_path, monkeypatch):
    """Somebody else writes from the first case on, and from the first prediction, until the import has waited once."""
    store = sqlite.open(patience=0.05)
    writing, waited = store._database.writing, []

    @contextmanager
    def heard():
        try:
            with writing() as connection:
                yield connection
        except NotSaved:
            waited.append(made.progress().phase)
            other.execute("ROLLBACK")
            raise

    def told(now):
        if (now.phase, now.done) in ((READING, 1), (PREDICTING, 1)):
            other.execute("BEGIN IMMEDIATE")

    place = pictures(tmp_path / "set", 3)
    made = prepare(store, ME, "P", [f"folder:{place}"], str(weights), workers=1, told=told)
    monkeypatch.setattr(store._database, "writing", heard)
    with closing(sqlite3.connect(sqlite.home / DATABASE, isolation_level=None)) as other:
        project = made.run()
    assert waited == [READING, PREDICTING]
    assert (made.error, project.state, project.cases, project.predicted) == (None, "ready", 3, 3)
