"""Frozen dataclasses as CSV, one line each: what a study measured, where its report reads it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

from bcweb.terminal import write_whole
from train.docs import damaged

PREFIX = "prefix"  # in the metadata of a dict[str, float]: it is a column for each of its keys


def write_table(file: Path, rows: Sequence[Any]) -> None:
    """Write instances of one dataclass whose fields are str, bool, float or dict[str, float]."""
    flat = [_flat(row) for row in rows]
    table = StringIO()
    if flat:
        writer = csv.DictWriter(table, flat[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)
    write_whole(file, table.getvalue().encode("utf-8", "surrogateescape"))


def _flat(row: Any) -> dict[str, str]:
    cells = {}
    for each in fields(row):
        value = getattr(row, each.name)
        if isinstance(value, dict):
            cells |= {f"{each.metadata[PREFIX]}{k}": f"{v:.6g}" for k, v in value.items()}
        else:
            cells[each.name] = f"{value:.6g}" if isinstance(value, float) else str(value)
    return cells


def read_table(file: Path, kind: type) -> list[Any]:
    """Read what `write_table` wrote of a dataclass; ValueError where the file is damaged."""
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as table:
        try:
            head, *rows = list(csv.reader(table)) or [[]]
            lines = [dict(zip(head, row, strict=True)) for row in rows]
            return [
                kind(**{each.name: _value(each, line) for each in fields(kind)}) for line in lines
            ]
        except (ValueError, KeyError, csv.Error):  # more or fewer cells than columns, or others
            raise damaged(file) from None


def _value(each: Any, line: dict[str, str]) -> Any:
    if prefix := each.metadata.get(PREFIX):
        return {k.removeprefix(prefix): float(v) for k, v in line.items() if k.startswith(prefix)}
    text = line[each.name]
    if each.type == "bool":
        return text == "True"
    return text if each.type == "str" else float(text)
