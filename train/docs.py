"""Where a study's report goes, and that what lies there is of the same study."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.scores import CaseScore, are_of_one_truth
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


def of_part(settings: Mapping[str, Any]) -> str:
    """ " of the breast alone": the part of each scan at which a study's networks look; nothing where that is all."""
    crop = settings.get("crop")
    return f" of the {crop} alone" if crop else ""


def refuse_two_truths(tables: Mapping[Path, Sequence[CaseScore]]) -> None:
    """ValueError where a case was scored against another truth in one table of a study than in another: it was
    corrected in between, and a difference of the two would tell of the truth."""
    first: dict[tuple[str, str], tuple[Path, CaseScore]] = {}
    for file, scores in tables.items():
        for score in scores:
            if score.error:
                continue
            before, other = first.setdefault(score.key, (file, score))
            if not are_of_one_truth(other, score):
                raise ValueError(
                    f"{text(score.id)} of {text(score.dataset)} was scored against one truth in {before} and against "
                    f"another in {file}: delete the tables of before it was corrected, choose another --out, and give "
                    "the command that wrote them again."
                )


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
