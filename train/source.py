"""Train a network on one modality:

    python -m train.source --data busi:PATH --data bus-bra:PATH --out runs/ultrasound

Splits are by group (patient, or near-duplicates). One fold is the test and is never looked at before
the end; a part of the rest is the validation, on which the best epoch and the operating point are
chosen. `--fold all` trains on everything for a fixed number of epochs. The same command goes on
where a run was stopped. The result is a weights folder, RUN/weights, that the app takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bcweb.collector import resting
from bcweb.network import ARCHITECTURES
from bcweb.paths import path_argument
from bcweb.terminal import command, counted, why_unmade
from train import options
from train.arms import ARMS
from train.ending import exit_status, goes_on
from train.folds import arm_of


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.source",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=options.KINDS,
    )
    add = parser.add_argument
    add(
        "--data",
        action="append",
        required=True,
        metavar="KIND:PATH",
        help="a data set; may be repeated",
    )
    add(
        "--out",
        type=path_argument,
        required=True,
        metavar="RUN",
        help="the run's folder: checkpoints, scores, weights",
    )
    add("--architecture", choices=ARCHITECTURES, default="lite0", help="default: lite0")
    add(
        "--random",
        action="store_true",
        help="begin with random weights instead of ImageNet's (unet always does)",
    )
    options.add_options(parser, epochs=10)
    args = parser.parse_args(argv)
    options.check(parser, args)
    return args


@command
def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return guarded(args, lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    with resting():
        from train.run import run
        from train.start import without_source

    run(args, without_source(ARMS[arm_of(args)], args.architecture))


def guarded(args: argparse.Namespace, training: Callable[[], object]) -> int:
    """Run a training; what goes wrong is a sentence and an exit status."""

    def work() -> None:
        # `train.transfer` may choose the data and the run's folder itself, and a packed set needs no cache.
        cached = any(not spec.startswith("packed:") for spec in args.data or [""])
        if problem := why_unmade(args.out or Path("runs"), args.cache if cached else None):
            raise ValueError(problem)
        try:
            training()
        except MemoryError as error:
            smaller = f"--batch {args.batch // 2}" if args.batch > 1 else "a smaller --size"
            raise ValueError(
                f"There is not enough memory for {counted(args.batch, 'image')} a step: try {smaller}."
            ) from error

    def stopped() -> str:
        if args.out and (args.out / "checkpoint.safetensors").exists():
            return goes_on()
        return "Stopped before the first epoch was whole; nothing is kept."

    return exit_status(work, stopped)


if __name__ == "__main__":
    sys.exit(main())
