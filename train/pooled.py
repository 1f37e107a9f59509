"""The folds of a cross-validation together: operating points that no fold chose for itself, and scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bcweb.cases import read_cases
from bcweb.score_table import table
from bcweb.scores import CaseScore, read_scores, report, write_scores
from bcweb.terminal import write_whole
from bcweb.weights import config_text, load_weights
from train.card import WITHOUT_BOXES, card
from train.readings import Answers, Way, learn, leaves_boxes_out, with_the_others
from train.record import read_record
from train.score import score_run, write_json
from train.seen import write_seen


def score_folds(folds: Sequence[Answers], specs: list[str], way: Way) -> dict[str, Any]:
    """Score every fold by the reading and at the operating point of the others, and all of them together.

    Each run's weights keep both, and their scores.csv becomes what they give.
    """
    scores: list[CaseScore] = []
    for fold, others in with_the_others(folds):
        _settle(fold.run, others, way, "other folds")
        print(f"\n{fold.run.name}")
        score_run(fold.run, specs)
        scores += read_scores(fold.run / "weights" / "scores.csv")
    cases = [case for spec in specs for case in read_cases(spec).cases]
    result = report(scores, {}, {(c.dataset, c.id): c.findings for c in cases if c.findings})
    print(f"\nAll {len(folds)} folds, each at the operating point of the others")
    print(table(result))
    return result


def finish(
    run: Path, folds: Sequence[Answers], way: Way, result: dict[str, Any], name: str | None = None
) -> None:
    """Give the weights that were fitted on everything the folds' reading, operating point, scores and card; a name,
    where one is given."""
    weights = run / "weights"
    record = _settle(run, folds, way, "all folds", **({"name": name} if name else {}))
    record |= {"folds": len(folds)}
    write_json(run / "run.json", record)
    scores = [s for fold in folds for s in read_scores(fold.run / "weights" / "scores.csv")]
    write_scores(weights / "scores.csv", scores)
    write_json(run / "scores.json", result)
    config = load_weights(str(weights)).config
    write_whole(weights / "README.md", card(config, record, result).encode())


def _settle(
    run: Path, folds: Sequence[Answers], way: Way, chosen_on: str, **more: Any
) -> dict[str, Any]:
    """Give a run's weights the reading and the operating point that folds choose; its record, which says so. more: of
    the `Config` is to be otherwise.

    What the folds tested is among what the weights have seen, though it may have been left out of their training: it
    chose how they are read.
    """
    reading, point = learn(folds, way)
    weights = load_weights(str(run / "weights"))
    write_seen(weights.folder, [*weights.seen_cases, *(case for f in folds for case in f.known)])
    chosen = {"reading": reading, "operating_point": point}
    config = msgspec.structs.replace(weights.config, **chosen, **more)
    write_whole(weights.folder / "config.json", config_text(config).encode())
    record = read_record(run)
    record |= {name: msgspec.structs.asdict(each) for name, each in chosen.items()} | {
        "point_from": chosen_on + WITHOUT_BOXES * leaves_boxes_out(folds)
    }
    write_json(run / "run.json", record)
    return record
