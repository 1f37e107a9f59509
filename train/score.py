"""Score a run's test cases where the data is, after it was trained where the data was not:

    python -m train.score RUN --data busi:PATH --data bus-bra:PATH

Writes what `python -m train.source` would have written: scores.json, the weights' scores.csv and card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from bcweb.batch import Choice
from bcweb.cases import KINDS, Case, CaseSet, read_cases
from bcweb.cases.duplicates import prints
from bcweb.evaluate import evaluate, table
from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.scans import Scan, ScanError, read_scan
from bcweb.scores import write_scores
from bcweb.terminal import command, why_unmade, write_whole
from bcweb.weights import Weights, load_weights
from train.card import card
from train.ending import exit_status
from train.record import read_record


def score_run(run: Path, specs: list[str]) -> dict | None:
    """Score the cases that a run held out, as the app would segment them; None where it held out none.

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
        write_scores(folder / "scores.csv", scores)
        print(table(result))
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
    if any(weights.seen(scan.digest, p, case.dataset, case.group) for p in prints(scan.pixels)):
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
    args = parser.parse_args(argv)
    return exit_status(lambda: _work(args))


def _work(args: argparse.Namespace) -> None:
    if problem := why_unmade(args.run / "weights"):
        raise ValueError(problem)
    _refuse_unfinished(args.run)
    if not tested(args.run):  # the folds' scores would be taken off its card
        raise ValueError(f"{args.run} held no case out that could be scored.")
    score_run(args.run, args.data)


if __name__ == "__main__":
    sys.exit(main())
