"""Paths as people type and paste them."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bcweb.paths import pasted

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('"C:\\Users\\Ann\\my scans"', "C:\\Users\\Ann\\my scans"),  # Windows' "Copy as path"
        ("\u202aC:\\scans", "C:\\scans"),  # and from a file's properties
        ("'/data/my scans'", "/data/my scans"),
        (" /data/scans\r\n", "/data/scans"),
        ("file:///data/my%20scans", "/data/my scans"),
        ("file://localhost/data", "/data"),
        ("file:/data", "/data"),
        ('"FILE:///C:/my%20scans"', "C:/my scans"),
        ("~/scans", "/home/ann/scans"),
        ('"~"', "/home/ann"),
        ("~nobody-of-this-name/x", "~nobody-of-this-name/x"),
        # Nothing is to be changed:
        ("embedded", "embedded"),
        ("hf://user/repo@v1", "hf://user/repo@v1"),
        ("folder:/data/a?energy=low", "folder:/data/a?energy=low"),
        ("/data/100%25", "/data/100%25"),
        ("/data/Ann's", "/data/Ann's"),
        ("/data/\udcff", "/data/\udcff"),  # a name whose bytes are no UTF-8
        ("/data/\0", "/data/\0"),
        # Nothing is meant:
        ("", ""),
        (" ", ""),
        ('""', ""),
        ('"', '"'),
    ],
)
def test_what_is_pasted_is_what_is_meant(said, meant, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert pasted(said) == meant


def test_what_is_there_as_it_was_typed_is_meant_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for odd in ("'quoted'", " spaced", "~"):
        (tmp_path / odd).mkdir()
        assert pasted(odd) == odd


@pytest.mark.parametrize(
    ("command", "arguments", "argument"),
    [
        ("bcweb.samples", [""], "DIR"),
        ("bcweb.segment.__main__", ["", "--out", "masks"], "PATH"),
        ("bcweb.segment.__main__", ["a.png", "--out", ""], "--out"),
        ("bcweb.cases.__main__", ["busi:b", "--groups", " "], "--groups"),
        ("bcweb.cases.__main__", ["folder:b", "--table", "", "--columns", "file=a"], "--table"),
        (
            "bcweb.cases.__main__",
            ["folder:b", "--table", "a.csv", "--columns", "file=a", "--to", ""],
            "--to",
        ),
        ("bcweb.evaluate", ["--data", "busi:b", "--json", ""], "--json"),
        ("bcweb.evaluate", ["--data", "busi:b", "--csv", ""], "--csv"),
        ("bcweb.review.__main__", ["backup", ""], "DIR"),
        ("bcweb.review.__main__", ["import", "p", "--data", "busi:b", "--folds", ""], "--folds"),
        ("train.adjust", ["--weights", "w", "--data", "busi:b", "--out", ""], "--out"),
        ("train.source", ["--data", "busi:b", "--out", ""], "--out"),
        ("train.data", ["--data", "busi:b", "--out", ""], "--out"),
    ],
)
def test_an_empty_path_is_refused_and_not_taken_for_the_working_folder(
    command, arguments, argument, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        import_module(command).main(arguments)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith(f"argument {argument}: this is empty, and names no file or folder")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("bcweb.segment.__main__", ["a.png", "--out", "masks", "--weights", ""]),
        ("bcweb.evaluate", ["--data", "busi:b", "--weights", " "]),
        ("bcweb.review.__main__", ["import", "p", "--data", "busi:b", "--weights", ""]),
        ("train.transfer", ["--data", "busi:b", "--freeze", "encoder", "--source", ""]),
        ("train.study", ["--data", "busi:b", "--source", ""]),
        ("train.source", ["--data", "busi:b", "--out", "run", "--teacher", ""]),
        ("Space.deploy", ["ann/space", "--weights-mammogram", ""]),
        ("app", ["--weights-ultrasound", ""]),
    ],
)
def test_weights_without_a_name_are_refused_and_not_taken_for_others(
    command, arguments, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [command, *arguments])
    with pytest.raises(SystemExit) as ended:
        import_module(command).main()
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith(f"argument {arguments[-2]}: this is empty, and names no weights")


def test_every_command_asks_for_its_paths_so():
    for folder in ("bcweb", "train", "Space"):
        for file in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"type=(pathlib\.)?Path\b", file.read_text(encoding="utf-8")), file
