"""What cuts a command of `train` short is a sentence and an exit status."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import train
from train.ending import exit_status

COMMANDS = [
    file
    for file in sorted(Path(train.__file__).parent.glob("*.py"))
    if "\ndef main(" in file.read_text()
]


def raising(error: BaseException):
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (3, 3)])
def test_work_that_ends_by_itself_says_how(returned, status, capsys):
    assert exit_status(lambda: returned) == status
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("No such data."), 1, "No such data.\n"),
        (FloatingPointError("The loss is no number."), 1, "The loss is no number.\n"),
        (PermissionError("Not yours."), 1, "Not yours.\n"),
        (PermissionError(13, "Not allowed", "a.npz"), 1, "a.npz: Not allowed.\n"),
        (
            ModuleNotFoundError("No module", name="keras"),
            1,
            "keras is missing: pip install -r requirements-train.txt\n",
        ),
        (
            ModuleNotFoundError("No module", name="jax"),
            1,
            'jax is missing: pip install "jax>=0.8,<0.11" (on a GPU "jax[cuda12]>=0.8,<0.11")\n',
        ),
        (MemoryError(), 1, "There is not enough memory: free some, and give the command again.\n"),
        (KeyboardInterrupt(), 130, "Stopped; it goes on.\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_stops_work_is_one_sentence_on_standard_error(error, status, said, capsys):
    assert exit_status(raising(error), lambda: "Stopped; it goes on.") == status
    assert capsys.readouterr() == ("", said)


def test_another_backend_is_said_and_not_missed(monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert exit_status(raising(ModuleNotFoundError("No module", name="torch"))) == 1
    assert capsys.readouterr().err == "KERAS_BACKEND is 'torch': it is tensorflow or jax.\n"


@pytest.mark.parametrize("said", [None, "0"])
def test_the_framework_says_little_unless_asked_to(said):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": said} if said else {}
    code = "import os, train; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() in ([said] if said else ["2", "3"])


def test_a_fault_of_ours_stays_a_traceback():
    with pytest.raises(AttributeError):
        exit_status(raising(AttributeError("ours")))


def test_what_a_command_leaves_is_there_whole_or_as_it_was():
    """Of `package` it lies in a folder of its own, which goes to the Hub or away."""
    files = [f for f in Path(train.__file__).parent.glob("*.py") if f.name != "package.py"]
    assert [f.name for f in files if ".write_text(" in f.read_text()] == []


@pytest.mark.parametrize("file", COMMANDS, ids=lambda file: file.stem)
def test_every_command_ends_so(file):
    [main] = [
        node
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "main"
    ]
    last = ast.unparse(main.body[-1])
    assert last.startswith(("return exit_status(", "return guarded(")), (
        f"{file.name}'s main ends with {last!r}, so that an error or Ctrl-C may be a traceback"
    )
