"""Dataclasses as CSV: what is read is what was written."""

from __future__ import annotations

from dataclasses import dataclass, field

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
