"""What a command prints where the terminal, or the file in its place, has not every character."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bcweb.terminal import counted, say
from tests.cases import trees
from tests.test_documents import ROOT, modules

NAMES = "悪性, é, sc\udcffn"  # the last is a file's name whose bytes are no UTF-8


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("cp1252", rb"\u60aa\u6027, " + b"\xe9" + rb", sc\udcffn"),
        ("utf-8", "悪性, é, ".encode() + rb"sc\udcffn"),
    ],
)
def test_what_it_has_is_shown_and_the_rest_is_escaped(encoding, shown):
    code = f"from bcweb.terminal import command; command(print)({NAMES!a})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (done.stdout.rstrip(), done.stderr) == (shown, b"")


@pytest.mark.parametrize("module", [*modules(), "app"])
def test_every_command_is_one(module):
    place = ROOT.joinpath(*module.split("."))
    file = place / "__main__.py" if place.is_dir() else place.with_suffix(".py")
    [main] = [
        node
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "main"
    ]
    assert [ast.unparse(one) for one in main.decorator_list] == ["command"]


# All of them are one (see above): these begin in different ways, and print at different times.
COMMANDS = [
    ["-m", "bcweb.cases", "busi:{here}"], ["-u", "-m", "bcweb.cases", "busi:{here}"],
    ["-m", "bcweb.evaluate", "--help"], ["app.py", "--help"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reader_that_goes_away_ends_a_command_quietly(command, tmp_path):
    """As `| head -1` does, but at once: what came before it went is of no matter."""
    trees.busi(tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    assert printed_to(writer, command, tmp_path) == (141, "")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk_is_said(command, tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has a disk that is always full")
    trees.busi(tmp_path)
    full = os.open("/dev/full", os.O_WRONLY)
    said = "Nothing can be printed: No space left on device.\n"
    assert printed_to(full, command, tmp_path) == (1, said)


def printed_to(out: int, command: list[str], here: Path) -> tuple[int, str]:
    """A command's status and standard error, where its output is this file, which is closed afterwards."""
    with os.fdopen(out, "wb") as file:
        done = subprocess.run(
            [sys.executable, *(part.format(here=here) for part in command)],
            stdout=file, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**os.environ, "BCWEB_HOME": str(here / "home")},
        )  # fmt: skip
    return done.returncode, done.stderr


def test_what_is_cut_off_in_the_midst_of_its_work_ends_there(tmp_path):
    """Though commands catch what a file refuses: that would be another sentence, or another line of work."""
    code = (
        "from pathlib import Path\n"
        "from bcweb.terminal import command\n"
        "@command\n"
        "def main():\n"
        "    for number in range(100_000):\n"
        "        try:\n"
        "            print(number)\n"
        "        except OSError as error:\n"
        "            raise AssertionError from error\n"
        "    Path('to the end').touch()\n"
        "main()\n"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.readline() == "0\n"
    done.stdout.close()
    said = done.stderr.read()
    assert (done.wait(), said, list(tmp_path.iterdir())) == (141, "", [])


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "bcweb.segment"], ["-m", "bcweb.evaluate"], ["-m", "bcweb.cases"], ["-m", "bcweb.samples"],
        ["-m", "bcweb.review"], ["-m", "train.source"], ["-u", "-m", "bcweb.segment"], ["-um", "bcweb.segment"],
        ["-mbcweb.segment"], ["app.py"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_ctrl_c_while_a_command_imports_is_a_word(command, tmp_path):
    """Also where the tests run in a shell's background, whose programs are told to ignore it."""
    for module in ("numpy", "filelock"):  # one of them every command imports as it begins
        (tmp_path / f"{module}.py").write_text(
            "import signal\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "signal.raise_signal(signal.SIGINT)\n"
        )
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True, cwd=ROOT, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "Stopped.\n") and done.returncode


@pytest.mark.parametrize("command", [["other.py"], ["app.py"], ["-m", "theirs.tool"]])
def test_a_program_that_imports_ours_keeps_its_own_word(command, tmp_path):
    """Whatever it is called, and begun by."""
    mine = "import sys\nsys.excepthook = mine = lambda *_: None\nimport bcweb.names, train\n"
    (tmp_path / "theirs").mkdir()
    for file in ("other.py", "app.py", "theirs/__init__.py"):
        (tmp_path / file).write_text(f"{mine}print(sys.excepthook is mine)\n")
    (tmp_path / "theirs" / "tool.py").write_text("")
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True, cwd=tmp_path, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_a_sentence_is_a_line_and_orders_nothing(capsys):
    say(ValueError("a\x1b[2J\r\n\x9b1m\u2029\u202e 悪性, é: no\tscan."))
    assert capsys.readouterr().err == "a\\x1b[2J\\r\\n\\x9b1m\\u2029\\u202e 悪性, é: no\\tscan.\n"


def test_every_sentence_is_told_so():
    """But for the word on Ctrl-C of `bcweb`, which comes before all else is imported."""
    for folder in ("bcweb", "train", "Space"):
        for file in set((ROOT / folder).rglob("*.py")) - {ROOT / "bcweb" / "__init__.py"}:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name != "say":
                    assert "file=sys.stderr" not in ast.unparse(node), f"{file}: {node.name}"


def test_one_is_one():
    assert [counted(n, "case") for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]


@pytest.mark.parametrize(
    "command", [["bcweb.cases", "busi:/nowhere", "--groups"], ["train.data", "--data", "busi:/nowhere", "--out"]]
)  # fmt: skip
def test_a_file_that_cannot_be_there_is_refused_before_the_work(command, tmp_path, capsys):
    """The data is not there either: who had begun would speak of it."""
    main = import_module(
        f"{command[0]}.__main__" if command[0] == "bcweb.cases" else command[0]
    ).main
    file = tmp_path / "no" / "file"
    assert main([*command[1:], str(file)]) == 1
    assert (
        capsys.readouterr().err == f"{file} cannot be written: there is no folder {file.parent}.\n"
    )
