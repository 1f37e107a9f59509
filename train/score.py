"""Score a run's test cases where the data is, after it was trained where the data was not:

    python -m train.score RUN --data busi:PATH --data bus-bra:PATH

Writes what `python -m train.source` would have written: scores.json, the weights' scores.csv and card. With
`--source W`, the weights of the same modality from which a `python -m train.transfer` went on, it also says
what the run gains over them.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bcweb.batch import Choice
from bcweb.cases import KINDS, Case, CaseSet, read_cases
from bcweb.collector import resting
from bcweb.evaluate import evaluate
from bcweb.names import text
from bcweb.paths import path_argument, weights_argument
from bcweb.scans import Modality, Scan, ScanError, read_scan
from bcweb.score_table import table
from bcweb.scores import (
    CaseScore,
    are_of_one_truth,
    groups_of,
    outlined,
    read_scores,
    write_scores,
)
from bcweb.statistics import paired_difference
from bcweb.terminal import command, why_unmade, write_whole
from bcweb.weights import Weights, load_weights, read_config
from train.card import card
from train.ending import exit_status
from train.record import read_record


def score_run(run: Path, specs: list[str], source: Weights | None = None) -> dict | None:
    """Score the cases that a run held out, as the app would segment them; None where it held out none.

    source: the weights of the same modality that it went on from, which are scored beside it. Without them, what its
    figures of before said of the two stays, where they are of these weights and truths.
    ValueError where the run has no weights yet, or the data has not all of its test cases, each with a truth and as
    the picture that it was.
    """
    _refuse_unfinished(run)
    folder, record = run / "weights", read_record(run)
    result = None
    if tested(run):
        held_out = held_out_by(run, [case for spec in specs for case in read_cases(spec).cases])
        _refuse_other_pictures(run, held_out)
        scores, result = evaluate([CaseSet(run.name, tuple(held_out))], Choice(str(folder)))
        if failed := [score for score in scores if score.error]:
            raise ValueError(
                f"{len(failed)} of {run}'s {len(scores)} test cases could not be scored, {failed[0].id} for one: "
                f"{failed[0].error}"
            )
        before = _beside_before(run, scores)
        write_scores(folder / "scores.csv", scores)
        print(table(result))
        if source is not None:
            _score_beside(held_out, scores, source, result)
        elif before is not None:
            result["beside_source"] = before
        write_json(run / "scores.json", result)
    told = card(load_weights(str(folder)).config, record, result)
    write_whole(folder / "README.md", told.encode())
    return result


def _refuse_unfinished(run: Path) -> None:
    if not (run / "weights" / "config.json").is_file():
        raise ValueError(f"{run} holds no finished run: it has no weights.")


def tested(run: Path) -> set[tuple[str, str]]:
    """The cases that are a run's test, (data set, id)."""
    return {(c["dataset"], c["id"]) for c in read_record(run)["cases"] if c["role"] == "test"}


def held_out_by(run: Path, cases: Sequence[Case]) -> list[Case]:
    """The cases that a finished run held out; ValueError where there are none, or not each is there once, its truth
    known."""
    wanted = tested(run)
    found = [case for case in cases if case.has_truth and (case.dataset, case.id) in wanted]
    if not wanted:
        raise ValueError(f"{run} held no case out: it has nothing to say here.")
    keys = {(case.dataset, case.id) for case in found}
    if keys != wanted:
        raise ValueError(
            f"{len(wanted - keys)} of {run}'s {len(wanted)} test cases are not in this data with a known truth."
        )
    if len(found) > len(keys):
        raise ValueError("The same data set is named twice.")
    return found


def held_out_of_both(
    ours: Sequence[CaseScore], theirs: Sequence[CaseScore]
) -> tuple[list[tuple[CaseScore, CaseScore]], list[tuple[CaseScore, CaseScore]]]:
    """(ours, theirs) of each lesion image that both have scored against one truth and neither has seen, and of each
    such normal; of lesions see `bcweb.scores.outlined`."""
    before = {s.key: s for s in theirs if not (s.error or s.seen)}
    both = [
        s
        for s in ours
        if not (s.error or s.seen) and s.key in before and are_of_one_truth(before[s.key], s)
    ]
    lesions, normals = outlined([s for s in both if s.lesion]), [s for s in both if not s.lesion]
    return [(s, before[s.key]) for s in lesions], [(s, before[s.key]) for s in normals]


def _score_beside(
    held_out: Sequence[Case], scores: Sequence[CaseScore], source: Weights, result: dict[str, Any]
) -> None:
    """Score a run's source on what the run held out, say how the run compares, and put it into the run's figures."""
    try:
        theirs, _ = evaluate([CaseSet("source", tuple(held_out))], Choice(str(source.folder)))
    except ValueError as error:  # of its folder; the run has its scores all the same
        print(f"\n{source.revision} could not be scored on the same cases: {error}")
        return
    result["beside_source"] = beside(scores, theirs, source.revision)
    print("", *told_beside(result["beside_source"]), sep="\n")


def _beside_before(run: Path, scores: Sequence[CaseScore]) -> dict[str, Any] | None:
    """What a run's figures say of it beside its source, if its scores of before are of the same weights and truths."""
    try:
        before = {s.key: s for s in read_scores(run / "weights" / "scores.csv")}
        figures = json.loads((run / "scores.json").read_text(encoding="utf-8"))["beside_source"]
    # Not there, or damaged: both are written anew.
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None
    same = before.keys() == {s.key for s in scores} and all(
        before[s.key].revision == s.revision and are_of_one_truth(before[s.key], s) for s in scores
    )
    return figures if same else None


def beside(ours: Sequence[CaseScore], theirs: Sequence[CaseScore], source: str) -> dict[str, Any]:
    """What a run gains over its source, the name of a revision, on what `held_out_of_both`: the mean Dice of each and
    the paired difference with its 95% interval (None: see `group_bootstrap`), and how many normals each paints."""
    lesions, normals = held_out_of_both(ours, theirs)
    figures: dict[str, Any] = {"revision": source}
    if lesions:
        dice = np.array([[score.dice for score in pair] for pair in lesions]).T
        gain = paired_difference(*dice, groups_of([score for score, _ in lesions]))
        figures["dice_mean"] = {
            "n": len(lesions), "ours": float(dice[0].mean()), "source": float(dice[1].mean()),
            "difference": gain.estimate,
            "difference_ci": None if math.isnan(gain.low) else [gain.low, gain.high],
        }  # fmt: skip
    if normals:
        one, other = (
            sum(score.painted > 0 for score in side) for side in zip(*normals, strict=True)
        )
        figures["painted"] = {"n": len(normals), "ours": one, "source": other}
    return figures


def told_beside(figures: dict[str, Any]) -> list[str]:
    """A sentence of the lesions and one of the normals, where there are such."""
    source, told = figures["revision"], []
    if dice := figures.get("dice_mean"):
        ends = dice["difference_ci"]
        told.append(
            f"On the {dice['n']} held-out lesion images the mean Dice is {dice['ours']:.3f}, that of the source, "
            f"{source}, {dice['source']:.3f}: {dice['difference']:+.3f} "
            f"({f'95% interval {ends[0]:+.3f} to {ends[1]:+.3f}' if ends else 'no interval'})."
        )
    if normal := figures.get("painted"):
        told.append(
            f"Of the {normal['n']} held-out normal images {normal['ours']} are painted, and {normal['source']} by "
            f"{source}."
        )
    return told


def _refuse_other_pictures(run: Path, held_out: Sequence[Case]) -> None:
    """ValueError where a case of those names that a run held out is another picture now."""
    digests = {(c["dataset"], c["id"]): c["digest"] for c in read_record(run)["cases"]}
    for case in tqdm(held_out, f"Reading the test of {run.name}", unit="case"):
        try:
            scan = read_scan(case.file)
        except (ScanError, OSError):
            continue  # which its score will say
        if scan.digest != digests[case.dataset, case.id]:
            raise ValueError(
                f"{text(case.id)} of {text(case.dataset)} is another picture in this data than the one that {run} held out."
            )


def refuse_seen(weights: Weights, case: Case, scan: Scan) -> None:
    """ValueError where the weights were trained on a case, its picture or its group: no score of it is a
    result."""
    if weights.has_seen(case, scan):
        raise ValueError(
            f"{weights.revision} was trained on {case.id} of {case.dataset}, on that picture or on its group: "
            "what it says of it is no result."
        )


def write_json(path: Path, content: object) -> None:
    """At every moment the path holds the old content or the new, whole."""
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.score",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"KIND is one of {', '.join(KINDS)}.",
    )
    add = parser.add_argument
    add("run", type=path_argument, metavar="RUN")
    add("--data", action="append", required=True, metavar="KIND:PATH", help="may be repeated")
    add(
        "--source",
        type=weights_argument,
        metavar="W",
        help="the weights that the run went on from, as python -m train.transfer was given them, to say what it gains",
    )
    args = parser.parse_args(argv)
    return exit_status(lambda: _work(args))


def _work(args: argparse.Namespace) -> None:
    if problem := why_unmade(args.run / "weights"):
        raise ValueError(problem)
    _refuse_unfinished(args.run)
    if not tested(args.run):  # the folds' scores would be taken off its card
        raise ValueError(f"{args.run} held no case out that could be scored.")
    record = read_record(args.run)
    modality = read_config(args.run / "weights" / "config.json", str(args.run)).modality
    source = _source(args.run, record, modality, args.source) if args.source else None
    result = score_run(args.run, args.data, source)
    compared = source is not None or "beside_source" in result
    if not compared and record.get("source_modality") == modality:
        data = [option for spec in args.data for option in ("--data", spec)]
        again = ["python", "-m", "train.score", str(args.run), *data, "--source", "W"]
        print(f"Did it help? This sets it beside {record['source']}, from which it went on:")
        print(shlex.join(again))


def _source(run: Path, record: dict[str, Any], modality: Modality, name: str) -> Weights:
    """The weights of a modality that a run went on from; ValueError where those of the name are others."""
    with resting():  # only now: the framework takes its time, and talks
        from train.start import load_source

    source = load_source(name, modality)
    if source.revision != record.get("source"):
        raise ValueError(
            f"{run} went on from {record.get('source') or 'no weights'}, and not from {source.revision}."
        )
    if source.config.modality != modality:
        raise ValueError(
            f"{source.revision}, from which {run} went on, is of {source.config.modality}s: the two have nothing to "
            "compare."
        )
    return source


if __name__ == "__main__":
    sys.exit(main())
