"""Cross-validate a recipe, and fit the weights that ship:

    python -m train.crossval --data busi:PATH --data bus-bra:PATH --out runs/ultrasound --final

Every fold in turn is the test of a network trained on the others (`python -m train.source`, whose
options are taken as they are); folds that are done are skipped, so that the work can be cut short, or spread
over machines: each trains folds of its own, `python -m train.source ... --fold K --out OUT/fold-K`, and this
command takes them. At the end each fold is scored at an operating point chosen on the other folds' tests;
`--mirror` and `--calibrate` cost no training, and can be added later. `--final`
then fits one network on everything, for as many of the epochs as the folds' best had behind them (their
median): its operating point is chosen on all of them, and the scores it carries are the folds', of cases
that the scoring network had not seen.

With `--freeze` every fold goes on from other weights, and the options are those of `python -m train.transfer`:

    python -m train.crossval --data folder:PATH --freeze none --out runs/mammogram --final
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bcweb.collector import resting
from bcweb.paths import path_argument
from bcweb.terminal import command
from bcweb.weights import Weights
from train import folds, options, source, transfer
from train.arms import ARMS
from train.ending import exit_status, goes_on
from train.roles import of_fold, refuse_untestable
from train.score import write_json


def parse(argv: list[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and those that every fold's `train.source` is given."""
    parser = argparse.ArgumentParser(
        prog="python -m train.crossval",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="All other options are those of python -m train.source, with --freeze of python -m train.transfer, "
        "without --fold.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--out",
        type=path_argument,
        required=True,
        metavar="DIR",
        help="holds a run's folder for each fold",
    )
    add("--folds", type=int, default=5, metavar="N", help="how many folds (default 5)")
    add("--final", action="store_true", help="then fit on everything")
    add("--freeze", choices=ARMS, metavar="ARM", help="an arm of python -m train.transfer")
    add(
        "--mirror",
        action="store_true",
        help="let these weights look at a scan's mirror image too and average: twice the time for a scan",
    )
    add(
        "--calibrate",
        action="store_true",
        help="let presence follow from the presence head and from how sure the map is, as the other folds' tests "
        "teach it",
    )
    own, rest = parser.parse_known_args(argv)
    if own.folds < 2:
        parser.error("--folds wants at least 2")
    if any(option.split("=")[0] == "--fold" for option in rest):
        parser.error(
            "every fold has its turn; for one alone there is python -m train.source --fold K"
        )
    args = _options(own, rest)  # says now what would stop the first fold
    if not args.data:
        parser.error("name the data, --data KIND:PATH")
    if getattr(args, "push", None) is not None:
        parser.error(
            "what is pushed is the fit on everything, when it is there: python -m train.push OUT/final"
        )
    folds.refuse_packed(parser, args.data)
    return own, rest


def _options(own: argparse.Namespace, rest: list[str]) -> argparse.Namespace:
    """A fold's options, as the command that trains it reads them."""
    if own.freeze is None:
        return source.parse([*rest, "--out", str(own.out)])
    return transfer.parse([*rest, "--freeze", own.freeze, "--out", str(own.out)])


@command
def main(argv: list[str] | None = None) -> int:
    own, rest = parse(argv)
    return exit_status(lambda: _work(own, rest), goes_on)


def _work(own: argparse.Namespace, rest: list[str]) -> int:
    from train import pooled, readings

    runs = [own.out / f"fold-{k}" for k in range(own.folds)]
    args = _options(own, rest)
    begins, teachers = _weights(args)
    data = folds.read(args, begins)
    runs_of = {str(k): run for k, run in enumerate(runs)} | {"all": own.out / "final"}
    for fold, run in runs_of.items():
        if folds.is_trained(run):
            asked = of_fold(args, fold, own.folds)
            folds.check_trained(run, asked, data, begins, teachers)
    if not all(map(folds.is_trained, runs)):
        refuse_untestable(data, args, own.folds, begins, teachers, own.calibrate)
    status = folds.train_missing(runs, lambda k: _command(own, rest, str(k), runs[k]))
    if status:
        return status
    specs = args.data
    way = readings.Way(own.mirror, own.calibrate)
    answers = readings.ask(runs, specs, way)
    result = pooled.score_folds(answers, specs, way)
    write_json(own.out / "scores.json", result)
    if own.final:
        final = own.out / "final"
        if not folds.is_trained(final):
            until = folds.best_epoch(runs, args.epochs)
            ends = ["--until", str(until)] if until else []
            # A fit on everything has no validation, of which a part could be chosen. Its folder has the same name
            # everywhere, and by their names weights are told apart.
            whole = [*_command(own, rest, "all", final), "--validation-part", "0"]
            whole.append(f"--name={args.name or options.name_of(own.out)}")
            status = folds.train_whole(final, [*whole, *ends])
            if status:
                return status
        pooled.finish(final, answers, way, result, args.name)
        print(f"The weights, their card and the folds' scores are in {final / 'weights'}.")
    return 0


def _weights(args: argparse.Namespace) -> tuple[Weights | None, list[Weights]]:
    """The weights that every fold is to begin with, and those that teach it."""
    goes_on = ARMS[folds.arm_of(args)].begins == "source"
    if not (goes_on or args.teacher):
        return None, []
    with resting():  # only now: the framework takes its time, and talks
        from train.start import load_source

    modality = transfer.modality_of(args.data)
    other = transfer.other_modality(modality)
    source = load_source(args.source or "embedded", other) if goes_on else None
    return source, [load_source(name, modality) for name in args.teacher]


def _command(own: argparse.Namespace, rest: list[str], fold: str, run: Path) -> list[str]:
    one = ["--fold", fold, "--folds", str(own.folds), "--out", str(run)]
    if own.freeze is None:
        return ["train.source", *rest, *one]
    return ["train.transfer", *rest, "--freeze", own.freeze, *one]


if __name__ == "__main__":
    sys.exit(main())
