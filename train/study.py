"""Does transfer help? The same folds for every arm, and a report with intervals:

    python -m train.study --data folder:PATH --out runs/study --arms imagenet,encoder,none --seeds 0,1
    python -m train.study --report

The first trains what is missing, one process a fold (`python -m train.transfer`); what is done is skipped, so
that a study can be cut short, or spread over days and over machines that share --out and --docs, each with
--arms of its own. The folds of a trial, once all are done, are scored each at an operating point chosen on the
others, into docs/transfer-study, and from there `--report` writes docs/transfer-study.md, its figures, and what
the shipped weights tell of it. `--quick` tries the whole road in about two minutes, on a few cases at a small
size, and reports into --out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcweb.network import ARCHITECTURES
from bcweb.paths import path_argument, weights_argument
from bcweb.preprocess import CROPS
from bcweb.scores import write_scores
from bcweb.terminal import command
from bcweb.weights import EMBEDDED, Weights, load_weights
from train import folds, transfer
from train.arms import ARMS
from train.docs import add_docs, refuse_other_settings, refuse_unmade
from train.ending import exit_status, goes_on
from train.markdown import DOCS
from train.options import check_numbers, data_name
from train.roles import refuse_untestable
from train.score import write_json

if TYPE_CHECKING:
    from train.study_report import Trial

COMPARED = "imagenet,random,encoder,features,none"
QUICK = {
    "arms": "imagenet,encoder",
    "parts": "100",
    "folds": 2,
    "epochs": 1,
    "size": 64,
    "cases": 24,
}


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.study",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", action="append", metavar="KIND:PATH", help="the target's data; may be repeated")
    add(
        "--source",
        type=weights_argument,
        metavar="W",
        help="source weights (default: the embedded ones of the other modality)",
    )
    add(
        "--out",
        type=path_argument,
        default=Path("runs/study"),
        metavar="DIR",
        help="holds a folder a trial",
    )
    add("--arms", default=COMPARED, help=f"default: {COMPARED}")
    add(
        "--parts", default="100", metavar="PERCENT,...", help="of the training groups (default 100)"
    )
    add("--seeds", default="0", metavar="SEED,...", help="default: 0; one alone tells no arm apart")
    add("--folds", type=int, default=3, metavar="N", help="how many folds (default 3)")
    add("--epochs", type=int, default=10, help="of a whole training; a part has as many steps")
    add("--size", type=int, default=256)
    add("--architecture", choices=ARCHITECTURES, default="lite0")
    add("--cache", type=path_argument, default=Path("cache"), help="where decoded images are kept")
    add(
        "--note", metavar="TEXT", help="what the report is to say of this study, under its settings"
    )
    add("--cases", type=int, metavar="N", help="only so many cases, to try it out")
    add(
        "--quick",
        action="store_true",
        help="a small study that only shows that it runs, except for what other options set",
    )
    add_docs(parser, default=None)
    add("--report", action="store_true", help="only write the report, from DIR/transfer-study")
    args = parser.parse_args(argv)
    if args.quick:
        parser.set_defaults(**QUICK)
        args = parser.parse_args(argv)  # again: what is asked for holds
        args.docs = args.docs or args.out
    args.docs = args.docs or DOCS
    if not args.report and not args.data:
        parser.error("name the target's data, --data KIND:PATH, or ask for --report alone")
    if unknown := [arm for arm in args.arms.split(",") if arm not in ARMS]:
        parser.error(f"there is no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
    check_numbers(parser, args)
    if not all(part.isdecimal() and 1 <= int(part) <= 100 for part in args.parts.split(",")):
        parser.error("--parts are percentages, 1 to 100, with commas between them")
    if not all(seed.isdecimal() for seed in args.seeds.split(",")):
        parser.error("--seeds are numbers from 0 on, with commas between them")
    folds.refuse_packed(parser, args.data or ())
    return args


@command
def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return exit_status(lambda: _work(args), goes_on)


def _work(args: argparse.Namespace) -> int:
    from train import study_report

    refuse_unmade(args.docs)
    status = 0 if args.report else run(args)
    if not status:
        print(f"The report is {study_report.write_report(args.docs)}.")
        if args.docs.resolve() == DOCS:
            study_report.tell_weights(DOCS, EMBEDDED)
    return status


def run(args: argparse.Namespace) -> int:
    """Train what is missing; returns the exit status of the first training that failed, else 0."""
    from train import readings
    from train.study_report import Trial

    target = transfer.modality_of(args.data)
    source = transfer.other_modality(target)
    name = f"{source}-to-{target}"
    docs = args.docs / "transfer-study" / name
    weights = load_weights(args.source or "embedded", source)
    settings = _settings(args, weights)
    refuse_other_settings(docs / "study.json", settings, "arms")
    if any(ARMS[arm].begins == "source" for arm in args.arms.split(",")):
        _same_architecture(args, weights)

    trials = [
        Trial(arm, int(percent), int(seed))
        for seed in args.seeds.split(",")
        for percent in args.parts.split(",")
        for arm in args.arms.split(",")
    ]
    runs_of = {
        trial: [args.out / name / trial.name / f"fold-{k}" for k in range(args.folds)]
        for trial in trials
    }
    _check(args, runs_of, weights)
    for number, (trial, runs) in enumerate(runs_of.items(), 1):
        print(f"Trial {number} of {len(trials)}: {trial.name}", flush=True)
        status = folds.train_missing(runs, partial(_command, args, trial, runs))
        if status:
            return status
        # A gate chosen by covered lesions would compare what it holds back, not what is drawn.
        scores = readings.score(runs, args.data, readings.Way(covered=False))
        docs.mkdir(parents=True, exist_ok=True)
        write_json(docs / "study.json", settings)
        write_scores(docs / f"{trial.name}.csv", scores)
    return 0


def _check(args: argparse.Namespace, runs_of: Mapping[Trial, list[Path]], source: Weights) -> None:
    """ValueError where a network that is trained is another than the one that is asked for, or where trials that are
    to be trained could not be scored."""
    first = next(iter(runs_of))
    data = folds.read(_asked(args, first, runs_of[first], 0), source)
    missing = {}
    for trial, runs in runs_of.items():
        begins = _begins(trial, source)
        trained = [fold for fold, run in enumerate(runs) if folds.is_trained(run)]
        for fold in trained:
            folds.check_trained(runs[fold], _asked(args, trial, runs, fold), data, begins)
        if len(trained) < len(runs):
            # As testable as any other on that part of the data that goes on from the source, or does not.
            missing[trial.percent, begins is None] = _asked(args, trial, runs, 0), begins
    for asked, begins in missing.values():
        refuse_untestable(data, asked, args.folds, begins)


def _begins(trial: Trial, source: Weights) -> Weights | None:
    """From where a trial goes on, if it is from other weights."""
    return source if ARMS[trial.arm].begins == "source" else None


def _asked(
    args: argparse.Namespace, trial: Trial, runs: list[Path], fold: int
) -> argparse.Namespace:
    """The options of a trial's fold, as the command that trains it reads them."""
    _, *options = _command(args, trial, runs, fold)
    return transfer.parse(options)


def _settings(args: argparse.Namespace, source: Weights) -> dict[str, Any]:
    """What every trial of a direction has in common."""
    return {
        "data": [data_name(spec) for spec in args.data],
        "source": source.revision,
        "architecture": args.architecture,
        "folds": args.folds,
        "epochs": args.epochs,
        "size": args.size,
        "cases": args.cases,
        "crop": CROPS[transfer.other_modality(source.config.modality)],
        "operating_point": "the other folds",
        "note": args.note,
    }


def _same_architecture(args: argparse.Namespace, source: Weights) -> None:
    """ValueError where the controls would be another network than the arms that begin at the source."""
    found = source.config.architecture
    if found != args.architecture:
        raise ValueError(
            f"The source's architecture is {found}: controls of {args.architecture} would compare networks, not "
            f"beginnings. Use --architecture {found}."
        )


def _command(args: argparse.Namespace, trial: Trial, runs: list[Path], fold: int) -> list[str]:
    command = ["train.transfer", "--freeze", trial.arm, "--out", str(runs[fold])]
    for spec in args.data:
        command += ["--data", spec]
    if args.source and ARMS[trial.arm].begins == "source":
        command += ["--source", args.source]
    options = {
        "fold": fold,
        "folds": args.folds,
        "epochs": args.epochs,
        "size": args.size,
        "architecture": args.architecture,
        "seed": trial.seed,
        "part": trial.percent,
        "cache": args.cache,
    }
    if args.cases:
        options["cases"] = args.cases
    return command + [text for name, value in options.items() for text in (f"--{name}", str(value))]


if __name__ == "__main__":
    sys.exit(main())
