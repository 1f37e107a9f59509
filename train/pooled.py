"""The folds of a cross-validation together: operating points that no fold chose for itself, and scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bcweb.cases import read_cases
from bcweb.evaluate import table
from bcweb.scores import CaseScore, read_scores, report, write_scores
from bcweb.terminal import write_whole
from bcweb.weights import OperatingPoint, Reading, config_text, load_weights
from train.card import card
from train.package import write_seen
from train.readings import Answers, Way, by_the_others, learn
from train.record import read_record
from train.score import score_run, write_json


def score_folds(folds: Sequence[Answers], specs: list[str], way: Way) -> dict[str, Any]:
    """Score every fold by the reading and at the operating point of the others, and all of them together.

    Each run's weights keep both, and their scores.csv becomes what they give.
    """
    scores: list[CaseScore] = []
    for fold, reading, point in by_the_others(folds, way):
        _settle(fold.run, reading, point, "other folds")
        print(f"\n{fold.run.name}")
        score_run(fold.run, specs)
        scores += read_scores(fold.run / "weights" / "scores.csv")
    cases = [case for spec in specs for case in read_cases(spec).cases]
    result = report(scores, {}, {(c.dataset, c.id): c.findings for c in cases if c.findings})
    print(f"\nAll {len(folds)} folds, each at the operating point of the others")
    print(table(result))
    return result


def finish(run: Path, folds: Sequence[Answers], way: Way, result: dict[str, Any]) -> None:
    """Give the weights that were fitted on everything the folds' reading, operating point, scores and card.

    What the folds tested is among what they have seen, though it was left out of their training: it chose how they
    are read.
    """
    weights = run / "weights"
    chose = [case for fold in folds for case in fold.known]
    write_seen(weights, [*load_weights(str(weights)).seen_cases, *chose])
    record = _settle(run, *learn(folds, way), "all folds")
    record |= {"folds": len(folds)}
    write_json(run / "run.json", record)
    scores = [s for fold in folds for s in read_scores(fold.run / "weights" / "scores.csv")]
    write_scores(weights / "scores.csv", scores)
    config = load_weights(str(weights)).config
    write_whole(weights / "README.md", card(config, record, result).encode())


def _settle(run: Path, reading: Reading, point: OperatingPoint, chosen_on: str) -> dict[str, Any]:
    """Give a run's weights another reading and operating point; its record, which says so."""
    file = run / "weights" / "config.json"
    chosen = {"reading": reading, "operating_point": point}
    config = msgspec.structs.replace(load_weights(str(file.parent)).config, **chosen)
    write_whole(file, config_text(config).encode())
    record = read_record(run)
    record |= {name: msgspec.structs.asdict(each) for name, each in chosen.items()} | {
        "point_from": chosen_on
    }
    write_json(run / "run.json", record)
    return record
