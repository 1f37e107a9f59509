"""python -m bcweb.review: what it prints, and one sentence where something is not there."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bcweb.review import __main__ as program
from bcweb.review import import_command
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def at_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    return tmp_path


@pytest.fixture
def reviewed(at_home) -> Path:
    with Store() as store:
        made = store.create(ME, "Brust 乳", ["busi:/data/busi"], {"ultrasound": "embedded"})
        store.add_cases(
            made.id, [new_case("a"), new_case("b", label=None), new_case("c", problem="Torn.")]
        )
        [a, b, c] = [row.id for row in store.queue(ME, made.id, "listed")]
        store.add_prediction(a, new_prediction())
        store.save(ME, "anna", a, corrected("k", 3, seconds=7.6))
        store.save(ME, "anna", c, NewVerdict("reject", "k", reason="unreadable", seconds=3))
        store.save_draft(ME, "anna", b, mask(4))
        store.set_state(made.id, "ready", notes=["notes.txt is no scan."])
        project(store, new_case("z"), name="theirs", owner="somebody")
    return at_home


def test_nothing_yet(at_home, capsys):
    assert program.main(["list"]) == 0
    assert capsys.readouterr().out == (
        "There is no project yet: python -m bcweb.review import NAME --data busi:PATH\n"
    )


def test_list_and_show(reviewed, capsys):
    assert program.main(["list"]) == 0
    line = "Brust 乳: 3 cases, 1 with a prediction, 2 read\n"
    assert capsys.readouterr().out == line
    assert program.main(["show", "Brust 乳"]) == 0
    assert capsys.readouterr().out == line + (
        "Data: busi:/data/busi\n"
        "Weights for ultrasounds: embedded\n"
        "Labels: 1 without, 2 benign\n"
        "Verdicts: 1 corrected, 1 reject\n"
        "Readers: anna\n"
        "Median time of a verdict: 5 s\n"
        "Unfinished corrections: 1\n"
        "Cases that cannot be read: 1\n"
        "Note: notes.txt is no scan.\n"
    )


def test_delete_and_then_it_is_not_there(reviewed, capsys):
    assert program.main(["delete", "Brust 乳"]) == 0
    assert capsys.readouterr().out == (
        "Brust 乳 is deleted, the masks of its readers too; who decided what (on 2 cases) stays in the database.\n"
    )
    for command in ("show", "delete"):
        assert program.main([command, "Brust 乳"]) == 1
        assert capsys.readouterr() == ("", "There is no such project.\n")
    assert program.main(["show", "theirs"]) == 1, "the command is for whoever sits here"


def test_what_an_import_leaves_unsaid_is_shown_by_the_command_that_it_names(reviewed, capsys):
    with Store() as store:
        made = store.project(ME, "Brust 乳")
        store.set_state(made.id, "ready", notes=[f"Note {n}." for n in range(21)])
        made = store.project(ME, "Brust 乳")
    import_command._tell(SimpleNamespace(error=None, failures=0), made)
    _, _, named = capsys.readouterr().err.rpartition("... and 1 more: python -m bcweb.review ")
    assert program.main(shlex.split(named)) == 0
    assert "Note: Note 20." in capsys.readouterr().out


def test_an_import_that_failed_says_why(at_home, capsys):
    with Store() as store:
        made = store.create(ME, "P")
        store.set_state(made.id, "failed", "The folder is gone.")
    assert program.main(["list"]) == 0
    assert capsys.readouterr().out == (
        "P: 0 cases, 0 with a prediction, 0 read, failed (The folder is gone.)\n"
    )


def test_a_backup_opens_as_a_home(reviewed, capsys, monkeypatch):
    copy = reviewed / "my copy"
    assert program.main(["backup", str(copy)]) == 0
    assert str(copy) in capsys.readouterr().out
    assert program.main(["backup", str(copy)]) == 1
    assert "not empty" in capsys.readouterr().err
    monkeypatch.setenv("BCWEB_HOME", str(copy))
    assert program.main(["list"]) == 0
    assert "3 cases, 1 with a prediction, 2 read" in capsys.readouterr().out


def test_a_database_that_cannot_be_had_is_one_sentence(at_home, capsys, monkeypatch):
    monkeypatch.setenv("BCWEB_DATABASE", "oracle://x")
    assert program.main(["list"]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("BCWEB_DATABASE is no address")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "{file}"], "Nothing can be written to {file}: {file} is no folder.\n"),
        (["backup", "{file}/a"], "Nothing can be written to {file}/a: {file} is no folder.\n"),
        (
            ["export", "Brust 乳", "--to", "{file}"],
            "{file} is no folder; name a folder that is not there yet.\n",
        ),
        (["restore", "{file}"], "{file} is not a folder.\n"),
        (["restore", "{file}/nowhere"], "{file}/nowhere is not a folder.\n"),
    ],
)
def test_a_file_in_place_of_a_folder_is_said_to_be_none(reviewed, capsys, arguments, said):
    file = reviewed / "file"
    file.touch()
    assert program.main([part.format(file=file) for part in arguments]) == 1
    assert capsys.readouterr().err == said.format(file=file)


def test_a_data_folder_that_is_a_file_is_said_to_be_one(at_home, capsys):
    (at_home / "home").touch()
    assert program.main(["list"]) == 1
    assert capsys.readouterr().err == (
        f"The data folder {at_home / 'home'} cannot be written (it is a file); name another in BCWEB_HOME.\n"
    )


def test_help_names_every_command():
    done = subprocess.run(
        [sys.executable, "-m", "bcweb.review", "--help"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    subparsers = argparse.ArgumentParser().add_subparsers()
    for module in program._COMMANDS:
        module.add_parser(subparsers)
    assert {"list", "show", "delete", "backup"} <= set(subparsers.choices)
    for command in subparsers.choices:
        assert f"\n    {command} " in done.stdout, f"{command} is not in --help, or has no help"
    assert "BCWEB_HOME" in done.stdout and "BCWEB_DATABASE" in done.stdout
