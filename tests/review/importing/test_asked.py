"""What is asked for wrongly gets one sentence, and nothing is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcweb.review.__main__ import main
from bcweb.review.importing import start
from bcweb.review.records import ReviewError
from bcweb.review.store import Store
from tests import weights_folder
from tests.review.imported import pictures
from tests.review.small import ME


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nowhere", "nowhere names no data set; write KIND:PATH, with KIND one of busi, "),
        ("busi:/no/such/folder", "/no/such/folder is not a folder."),
        ("folder:~nobody-of-this-name/x", "{here}/~nobody-of-this-name/x is not a folder."),
        ("folder:{empty}", "{empty} holds no folder case."),
        ("busi:{empty}", "{empty} is not BUSI: it has no folder benign."),
    ],
)
def test_data_that_is_none_leaves_no_project_behind(tmp_path, monkeypatch, capsys, data, said):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    (tmp_path / "empty").mkdir()
    places = {"empty": tmp_path / "empty", "here": Path.cwd()}
    data, said = (text.format(**places) for text in (data, said))
    assert main(["import", "P", "--data", data]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(said)
    with Store() as store:
        assert store.projects(ME) == []


@pytest.mark.parametrize(
    "mistaken",
    [
        ["--data", "folder:/nowhere"],
        ["--weights", "/nowhere"],
        ["--weights", "~nobody-of-this-name/nowhere"],
        ["--folds", "/nowhere"],
    ],
)
def test_a_project_stays_as_it_was_where_more_was_named_that_is_not_there(
    weights, tmp_path, monkeypatch, capsys, mistaken
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    place = pictures(tmp_path / "set", 1)
    assert main(["import", "P", "--data", f"folder:{place}", "--weights", str(weights)]) == 0
    with Store() as store:
        before = store.project(ME, "P")
    capsys.readouterr()
    assert main(["import", "P", *mistaken]) == 1
    assert "/nowhere" in capsys.readouterr().err.strip().splitlines()[-1]
    with Store() as store:
        assert store.project(ME, "P") == before


def test_weights_of_the_other_modality_are_refused_before_anything_is_made(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    place = pictures(tmp_path / "set", 1)
    folder = weights_folder.write(tmp_path / "m", modality="mammogram")
    assert main(["import", "P", "--data", f"folder:{place}", "--weights", str(folder)]) == 1
    assert "was trained on mammograms and is not used on ultrasounds." in capsys.readouterr().err
    with Store() as store:
        assert store.projects(ME) == []


def test_a_project_that_is_not_there_wants_data(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    assert main(["import", "P"]) == 1
    assert capsys.readouterr().err == "There is no such project.\n"
    assert main(["import", "P", "--data", "busi:x", "--workers", "0"]) == 1
    assert capsys.readouterr().err == "--workers wants at least 1.\n"


def test_a_spec_without_a_kind_is_told_at_once(store):
    with pytest.raises(ReviewError, match="names no data set"):
        start(store, ME, "P", ["/data/busi"])
