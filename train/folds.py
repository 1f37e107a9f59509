"""The folds of one training, each in a process of its own: nothing is left in memory, and Ctrl-C reaches it."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bcweb.preprocess import CROPS
from bcweb.terminal import say
from bcweb.weights import Weights, read_config
from train.arms import ARMS
from train.data import load, some_cases
from train.imagenet import ENCODERS
from train.options import SIZE
from train.recipe import epochs_of
from train.record import case_rows, read_history, read_record, same_cases
from train.roles import assign
from train.training_set import TrainingSet

# What chooses the cases that a run has learned from, as its record and the options call it.
_CHOOSE = ("labels", "without_contradictions", "part", "validation")


def train_missing(runs: Sequence[Path], command: Callable[[int], list[str]]) -> int:
    """Train each fold that is not finished, by the command for its number; returns the exit status of the first
    that failed, else 0. ValueError where the runs are not the folds of one split.

    A fold that was trained on packed data was not scored there, and need not be: the folds are scored together.
    """
    for fold, run in enumerate(runs):
        if not (is_trained(run) and ((run / "scores.json").exists() or was_packed(run))):
            print(f"Fold {fold}:", flush=True)
            status = train_whole(run, command(fold))
            if status:
                return status
    check_split(runs)
    return 0


def read(args: argparse.Namespace, source: Weights | None) -> TrainingSet:
    """What folds by these options, `train.source`'s or `train.transfer`'s, are of. source: from where they go on."""
    labels = tuple(args.labels.split(",")) if args.labels else None
    size = args.size or (source.config.size if source else SIZE)
    return some_cases(load(args.data, size, args.cache, labels), args.cases, args.split_seed)


def train(command: list[str]) -> int:
    """Run `python -m` with a command; returns its exit status. ValueError where the system killed it, which it could
    not say itself.

    Ctrl-C reaches it too: it has the time that it takes to keep its best epoch, unless Ctrl-C is pressed again. A signal
    to this process alone does not reach it.
    """
    with subprocess.Popen([sys.executable, "-m", *command]) as training:
        try:
            status = training.wait()
        except KeyboardInterrupt:
            say("Waiting for the training to keep its best epoch; Ctrl-C again ends it at once.")
            try:
                training.wait()
            except KeyboardInterrupt:
                training.kill()
            return 130
    if status < 0:
        raise ValueError(
            f"The training was killed (signal {-status}), perhaps for want of memory: free some, and the same command "
            "goes on."
        )
    return status


def train_whole(run: Path, command: list[str]) -> int:
    """As `train`, and 130 where a signal to the process alone ended the training early, which then has kept its best
    epoch and ended well."""
    status = train(command)
    if status or not was_stopped(run):
        return status
    say(f"{run} was stopped before its last epoch; the same command goes on.")
    return 130


def is_trained(run: Path) -> bool:
    """Whether a run has its weights, with their card unless it was trained where no scans were to score it by,
    and was not stopped before its last epoch."""
    weights = run / "weights"
    if not all(file.exists() for file in (weights / "config.json", run / "run.json")):
        return False
    if was_stopped(run):
        return False
    return (weights / "README.md").exists() or was_packed(run)


def was_packed(run: Path) -> bool:
    """Whether a run that has its weights was trained on packed data: by its record, which does not say whose."""
    return "packed" in read_record(run).get("data", ())


def was_stopped(run: Path) -> bool:
    """Whether a run that has its weights was stopped before its last epoch."""
    done, whole = epochs_of(read_record(run))
    return done < whole


def best_epoch(runs: Sequence[Path], epochs: int) -> int | None:
    """The median of the epochs that the folds kept, each the best by its validation; None without validations.

    epochs: as many as were asked for, of which one is told. On a part of the data a fold has more than that.
    """
    kept = []
    for run in runs:
        rows = read_history(run)
        if "dice" not in rows[0]:
            return None
        best = max(rows, key=lambda row: (row["dice"], row["epoch"]))
        trained = read_record(run)["recipe"]["epochs"]
        kept.append(max(round(best["epoch"] * epochs / trained), 1))
    return statistics.median_low(kept)


def check_trained(
    run: Path, args: argparse.Namespace, data: TrainingSet, source: Weights | None,
    teachers: Sequence[Weights] = (),
) -> None:  # fmt: skip
    """ValueError where a run that is finished is another than that of these options, `train.source`'s or
    `train.transfer`'s: skipped, its network would be taken for one of theirs.

    data: see `read`. source: from where the run goes on.
    """
    learned_from = {
        "source": source and source.revision,
        "teachers": [weights.revision for weights in teachers],
    }
    check_asked(run, args, learned_from)
    _check_crop(run, data)
    check_cases(run, data, args, source)


def check_asked(run: Path, args: argparse.Namespace, learned_from: dict[str, Any]) -> None:
    """ValueError where a run that is finished was trained by other options than those of now, which are
    `train.source`'s or `train.transfer`'s, or learned from other weights.

    learned_from: "source" and "teachers" as a run's record has them, revisions.
    """
    record = read_record(run)
    changed = json.loads(json.dumps(dict(args.set)))
    was = {"teachers": [], **record, "changes": record.get("set", {}), **_recipe(record)}
    arm = arm_of(args)
    asked = {"changes": changed, "arm": arm, **learned_from}
    asked |= {name: getattr(args, name) for name in _CHOOSE if name in record}
    # Of packed data its test tells: the cases of it must all be in the data that is asked for.
    if not was_packed(run):
        asked["data"] = [spec.split(":", 1)[0] for spec in args.data]
    # What a training that goes on from other weights does not say, they say.
    theirs = {"architecture"} if ARMS[arm].begins == "source" else set()
    theirs |= {"size"} if args.size is None else set()
    # The fit on everything ends where the folds were at their best.
    derived = _unsaid(record) | ({"until"} if record["fold"] == "all" else set())
    asked |= {
        name: getattr(args, name)
        for name in ("architecture", "size", "epochs", "until", "batch", "learning_rate", "seed")
        if name not in {*changed, *theirs, *derived}
    }
    for name, value in asked.items():
        if was.get(name) != value:
            raise ValueError(
                f"{run} was trained with {name} {was.get(name)}, and {value} is asked for: use the same options, or "
                "choose another --out."
            )


def _check_crop(run: Path, data: TrainingSet) -> None:
    """ValueError where a run that is finished looks at another part of a scan than those that are trained now: a record
    of before does not tell by its truths, which are on the network's grid."""
    was = read_config(run / "weights" / "config.json", str(run)).crop
    now = CROPS[data.cases[0].modality]
    if was != now:
        looks = ("all of a scan" if crop is None else f"the {crop} alone" for crop in (was, now))
        raise ValueError(
            f"{run} looks at {', and what is trained now at '.join(looks)}: choose another --out."
        )


def check_cases(
    run: Path, data: TrainingSet, args: argparse.Namespace, source: Weights | None
) -> None:
    """ValueError where a run that is finished had other cases, or other roles for them, than options give it, its
    fold among them: a trial's few would pass for all, or the tests of two splits for those of one. So it is where
    the scans or the truths of its cases were others: what was corrected since would not be trained on.

    data: see `read`. source: from where the run goes on.
    """
    roles, _ = assign(data, args, source)
    said, asked = (
        sorted(rows, key=lambda case: (case["dataset"], case["id"]))
        for rows in (read_record(run)["cases"], case_rows(data, roles))
    )
    if not same_cases(said, asked):
        raise ValueError(
            f"{run} was trained on other cases than are asked for ({len(said)}, and {len(asked)} now), on another "
            "split of them, or on other scans or truths of theirs: use the same data and options, such as --cases and "
            "--split-seed, or choose another --out."
        )


def arm_of(args: argparse.Namespace) -> str:
    """The arm of a training by its options, `train.transfer`'s or `train.source`'s."""
    if arm := getattr(args, "freeze", None):
        return arm
    return "random" if args.random or args.architecture not in ENCODERS else "imagenet"


def check_split(runs: Sequence[Path]) -> None:
    """ValueError unless run k is fold k of as many as there are, all by one recipe, no case tested twice."""
    records = [read_record(run) for run in runs]
    tested: set[tuple[str, str]] = set()
    for number, (run, record) in enumerate(zip(runs, records, strict=True)):
        if (str(record["fold"]), record["folds"]) != (str(number), len(runs)):
            raise ValueError(
                f"{run} is fold {record['fold']} of {record['folds']}, not fold {number} of {len(runs)}: choose "
                "another --out."
            )
        first, mine = _recipe(records[0]), _recipe(record)
        for name in (first.keys() & mine.keys()) - _unsaid(records[0]) - _unsaid(record):
            if first[name] != mine[name]:
                raise ValueError(
                    f"{run} was trained with {name} {mine[name]} and {runs[0]} with {first[name]}: choose another "
                    "--out."
                )
        tests = {(c["dataset"], c["id"]) for c in record["cases"] if c["role"] == "test"}
        if tests & tested:
            raise ValueError(
                f"{run} tests cases that another fold tests: the data has changed since; choose another --out."
            )
        tested |= tests


def _recipe(record: dict[str, Any]) -> dict[str, Any]:
    """The recipe as it was asked for: on a part of the data there are as many more epochs as it takes for the steps of
    the whole."""
    return {**record["recipe"], **record.get("asked", {})}


def _unsaid(record: dict[str, Any]) -> set[str]:
    """What a record of before does not say of what was asked for."""
    is_derived = record.get("part", 100) < 100 and "asked" not in record
    return {"epochs", "until"} if is_derived else set()


def refuse_packed(parser: argparse.ArgumentParser, specs: Sequence[str]) -> None:
    """End with a sentence where the scans are not there that the folds are to be scored on."""
    if any(spec.startswith("packed:") for spec in specs):
        parser.error(
            "scores need the scans themselves: train on packed data with python -m train.source, and score "
            "where the scans are with python -m train.score"
        )
