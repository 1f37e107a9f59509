"""What cuts a command of `train` short is a sentence and an exit status."""

import ast
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
        (KeyboardInterrupt(), 130, "Stopped; it goes on.\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_stops_work_is_one_sentence_on_standard_error(error, status, said, capsys):
    assert exit_status(raising(error), lambda: "Stopped; it goes on.") == status
    assert capsys.readouterr() == ("", said)


def test_a_fault_of_ours_stays_a_traceback():
    with pytest.raises(AttributeError):
        exit_status(raising(AttributeError("ours")))


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
