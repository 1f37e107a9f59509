"""Where a study's report goes, and that what lies there is of the same study."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bcweb.paths import path_argument
from bcweb.terminal import why_unmade
from train.markdown import DOCS


def add_docs(parser: argparse.ArgumentParser, default: Path | None = DOCS) -> None:
    """default: None where the command chooses it itself."""
    parser.add_argument(
        "--docs",
        type=path_argument,
        default=default,
        metavar="DIR",
        help="where the report goes, and the scores that it is of (default: docs, in the place of this project's own)",
    )


def refuse_unmade(docs: Path) -> None:
    """ValueError where nothing can be written there. To be said before hours of training."""
    if problem := why_unmade(docs):
        raise ValueError(problem)


def damaged(file: Path, also: str = "") -> ValueError:
    """Of what a study wrote. also: what is to be deleted with the file."""
    return ValueError(
        f"{file} is damaged: delete it{also} and give the command that wrote it again, or choose another --docs."
    )


def read_settings(file: Path, wanted: Iterable[str] = ()) -> dict[str, Any]:
    """What a study wrote of itself beside its scores; ValueError where it is damaged, or lacks what is wanted."""
    try:
        found = json.loads(file.read_text())
    except ValueError:  # no JSON, or no text
        found = None
    if not isinstance(found, dict) or not found.keys() >= set(wanted):
        raise damaged(file, ", and the tables that it tells of,")
    return found


def refuse_other_settings(file: Path, settings: Mapping[str, Any], what: str) -> None:
    """ValueError where a study's settings, in a file beside its scores, are others than those of now.

    what: in the plural, what its report compares.
    """
    if not file.exists():
        return
    was = read_settings(file)
    for name in {**was, **settings}:
        if was.get(name) != settings.get(name):
            raise ValueError(
                f"{file} is of a study with {name} {was.get(name)}, and {settings.get(name)} is asked for: {what} can "
                "be compared only under the same settings; use them, or choose another --docs and another --out."
            )
