"""Dataclasses as CSV: what is read is what was written."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from train.tables import PREFIX, read_table, write_table


@dataclass(frozen=True)
class Line:
    name: str
    yes: bool
    number: float
    parts: dict[str, float] = field(metadata={PREFIX: "part "})


def test_every_kind_of_field_comes_back(tmp_path):
    lines = [
        Line('a, "b"', True, 0.25, {"one": 1.0, "two": 2.5}),
        Line("", False, 1e-9, {"one": 0.0, "two": 1e6}),
    ]
    write_table(tmp_path / "lines.csv", lines)
    assert read_table(tmp_path / "lines.csv", Line) == lines
    assert (tmp_path / "lines.csv").read_text().splitlines()[
        0
    ] == "name,yes,number,part one,part two"


def test_no_lines_are_no_lines(tmp_path):
    write_table(tmp_path / "none.csv", [])
    assert read_table(tmp_path / "none.csv", Line) == []


@pytest.mark.parametrize(
    "rest",
    [
        "name,yes,number,part one\na,True,1,2\nb,False,3",  # cut short
        "name,yes,number,part one\nb",
        "name,yes,number,part one\nb,False,3,2,1",
        "name,yes,number,part one\nb,False,much,2",
        "name,yes,num\nb,False,3",
        "\0\0\0\0\n\0",
    ],
)
def test_a_damaged_table_is_named(tmp_path, rest):
    file = tmp_path / "lines.csv"
    file.write_text(rest)
    with pytest.raises(ValueError) as told:
        read_table(file, Line)
    assert str(told.value).startswith(f"{file} is damaged: delete it")


def test_a_table_that_cannot_be_written_leaves_the_one_before(tmp_path):
    file = tmp_path / "lines.csv"
    before = [Line("a", True, 0.25, {"one": 1.0})]
    write_table(file, before)
    with pytest.raises(ValueError):
        write_table(file, [Line("b", False, 1, {"two": 2.0}), *before])
    assert read_table(file, Line) == before
