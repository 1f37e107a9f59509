"""The command `python -m bcweb.review export`, and what is loaded and missing only when it is given."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bcweb.review.__main__ import main
from bcweb.review.export import ExportError, export
from bcweb.review.export.command import _again, add_parser
from bcweb.review.store import Store
from tests.review import decided
from tests.review.decided import OWNER
from tests.review.read_twice import fill_twice, read
from tests.review.scored import fill

ROOT = Path(__file__).parents[3]


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    """`python -m bcweb.review export ARGUMENTS`."""
    return subprocess.run(
        [sys.executable, "-m", "bcweb.review", "export", *arguments],
        env=os.environ | {"BCWEB_HOME": str(home)}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


def test_the_command_says_what_it_wrote_and_what_not(tmp_path):
    made = decided.project(tmp_path)
    done = command(made.store.home, "复核 1", "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"12 of 16 cases with their masks (4 accept, 2 truth, 6 corrected): {tmp_path / 'out'}",
        "Left out, 1: Rejected: wrong label.",
        "Left out, 1: The reader was unsure.",
        "Not read yet, 2.",
    ]
    again = command(made.store.home, "复核 1", "--to", str(tmp_path / "out"))
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        f"{tmp_path / 'out'} holds something already; name a folder that is not there yet.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x", "--to", "out"), "There is no such project.\n"),
        (("x",), "Say where: --to DIR, or --push user/name.\n"),
        (("x", "--to", "out", "--public"), "--public is only for what is pushed: add --push.\n"),
        (("x", "--push", "a/b", "--format", "coco"), "Only the format dataset can be pushed, not coco.\n"),
        (("x", "--to", "x" * 300), f"{'x' * 300} cannot be written: File name too long.\n"),
        (("x", "--to", "out", "--include", "accept,unsure"),
         "'unsure' is no decision that gives a mask; there are accept, truth, corrected.\n"),
    ],
)  # fmt: skip
def test_what_the_command_cannot_do_is_one_sentence(tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    assert main(["export", *arguments]) == 1
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("way", ["--to", "--push"])
def test_who_has_decided_nothing_is_told_who_has(tmp_path, monkeypatch, capsys, way):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    with Store(tmp_path) as store:
        project = fill_twice(store)
        taken_back = read(store, project, "CARA", "a", "unsure")
        store.undo(OWNER, "CARA", taken_back.id, "undo")
        fill(store, name="unread")
    for name, said in (
        ("made", "CARA has decided nothing in made; its readers are ANNA and BEN.\n"),
        ("unread", "CARA has decided nothing in unread, nor has anybody else.\n"),
    ):
        assert main(["export", name, way, str(tmp_path / "a" / "b"), "--reader", "CARA"]) == 1
        assert capsys.readouterr().err == said


def test_what_is_pushed_later_is_the_same_readers():
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    asked = ["export", "Ward 7", "--push", "a/b", "--reader", "Dr. Berta"]
    assert _again(parser.parse_args(asked)).endswith(
        "export 'Ward 7' --push a/b --reader 'Dr. Berta'"
    )


@pytest.mark.parametrize(
    ("kind", "package"), [("coco", "pycocotools"), ("dicom", "highdicom"), ("dataset", "datasets")]
)
def test_a_package_that_is_missing_is_named(made, tmp_path, monkeypatch, kind, package):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExportError, match=rf"^{package} is missing: pip install -r requirements"):
        export(made.store, OWNER, made.project.id, tmp_path / "out", kind)
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_only_an_export_needs_is_loaded_before_one():
    heavy = ("datasets", "highdicom", "pycocotools", "pydicom", "huggingface_hub")
    code = f"import sys, bcweb.review.export; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[]\n", f"loaded at the start: {done.stdout}{done.stderr}"
