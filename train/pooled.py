"""The folds of a cross-validation together: operating points that no fold chose for itself, and scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bcweb.cases import read_cases
from bcweb.evaluate import table
from bcweb.scores import CaseScore, read_scores, report, write_scores
from bcweb.segmenter import Segmenter
from bcweb.weights import OperatingPoint, load_weights
from train import operating_point
from train.card import card
from train.data import load
from train.score import score_run, write_json


@dataclass(frozen=True, eq=False)
class Fold:
    """What one fold's network said of its test, on the network's grid.

    maps: (N, S, S) float16 probabilities. presence: (N,) probabilities, or None. truths: (N, S, S) bool.
    """

    run: Path
    maps: np.ndarray
    presence: np.ndarray | None
    truths: np.ndarray


def read_fold(run: Path, specs: list[str], size: int, cache: Path) -> Fold:
    """Let a finished run's weights say what they see in its test cases."""
    record = json.loads((run / "run.json").read_text())
    roles = {(case["dataset"], case["id"]): case["role"] for case in record["cases"]}
    data = load(specs, size, cache)
    test = data.take(
        np.array(
            [i for i, c in enumerate(data.cases) if roles.get((c.dataset, c.id)) == "test"], int
        )
    )
    segmenter = Segmenter.load(str(run / "weights"))
    answers = [segmenter.answer(image[None] / np.float32(255)) for image in test.images]
    presences = [presence for _, presence in answers if presence is not None]
    return Fold(
        run,
        np.concatenate([maps for maps, _ in answers]).astype(np.float16),
        np.concatenate(presences) if presences else None,
        test.masks.astype(bool),
    )


def choose(folds: list[Fold]) -> OperatingPoint:
    """The operating point for what several folds' networks said of cases that they had not seen."""
    presences = [fold.presence for fold in folds]
    return operating_point.choose(
        np.concatenate([fold.maps for fold in folds]),
        None if any(p is None for p in presences) else np.concatenate(presences),
        np.concatenate([fold.truths for fold in folds]),
    )


def score_folds(folds: list[Fold], specs: list[str]) -> dict[str, Any]:
    """Score every fold at the operating point of the others, and all of them together.

    Each run's weights keep that operating point, and their scores.csv becomes what it gives.
    """
    scores: list[CaseScore] = []
    for fold in folds:
        _set_point(fold.run / "weights", choose([other for other in folds if other is not fold]))
        print(f"\n{fold.run.name}")
        score_run(fold.run, specs)
        scores += read_scores(fold.run / "weights" / "scores.csv")
    cases = [case for spec in specs for case in read_cases(spec).cases]
    result = report(scores, {}, {(c.dataset, c.id): c.findings for c in cases if c.findings})
    print(f"\nAll {len(folds)} folds, each at the operating point of the others")
    print(table(result))
    return result


def finish(run: Path, folds: list[Fold], result: dict[str, Any]) -> None:
    """Give the weights that were fitted on everything the folds' operating point, scores and card."""
    weights = run / "weights"
    point = choose(folds)
    _set_point(weights, point)
    scores = [s for fold in folds for s in read_scores(fold.run / "weights" / "scores.csv")]
    write_scores(weights / "scores.csv", scores)
    record = json.loads((run / "run.json").read_text())
    record |= {"operating_point": point.model_dump(), "folds": len(folds)}
    write_json(run / "run.json", record)
    config = load_weights(str(weights)).config
    (weights / "README.md").write_text(card(config, record, result), encoding="utf-8")


def _set_point(weights: Path, point: OperatingPoint) -> None:
    config = load_weights(str(weights)).config.model_copy(update={"operating_point": point})
    (weights / "config.json").write_text(config.model_dump_json(indent=1) + "\n")
