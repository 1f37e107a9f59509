"""Train a network on one modality:

    python -m train.source --data busi:PATH --data bus-bra:PATH --out runs/ultrasound

Splits are by group (patient, or near-duplicates). One fold is the test and is never looked at before
the end; a part of the rest is the validation, on which the best epoch and the operating point are
chosen. `--fold all` trains on everything for a fixed number of epochs. The same command goes on
where a run was stopped. The result is a weights folder, RUN/weights, that the app takes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bcweb.network import ARCHITECTURES


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.source",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "KIND is busi, bus-bra, stu, mini-mias or folder. KERAS_BACKEND chooses tensorflow "
            "(the default) or jax."
        ),
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
        type=Path,
        required=True,
        metavar="RUN",
        help="the run's folder: checkpoints, scores, weights",
    )
    add("--architecture", choices=ARCHITECTURES, default="lite0", help="default: lite0")
    add(
        "--fold",
        default="0",
        metavar="K",
        help='the fold that is the test, or "all" to train on everything (default 0)',
    )
    add(
        "--size",
        type=int,
        default=256,
        help="side of the square that the network sees (default 256)",
    )
    add("--folds", type=int, default=5, metavar="N", help="how many folds (default 5)")
    add(
        "--validation",
        type=float,
        default=0.1,
        metavar="PART",
        help="part of the rest that is the validation (default 0.1)",
    )
    add("--epochs", type=int, default=10)
    add(
        "--batch",
        type=int,
        default=16,
        help="images a step; a smaller one wants less memory (default 16)",
    )
    add("--learning-rate", type=float, default=1e-3)
    add(
        "--seed",
        type=int,
        default=0,
        help="of the split, the weights and the augmentation (default 0)",
    )
    add(
        "--random",
        action="store_true",
        help="begin with random weights instead of ImageNet's (lite0)",
    )
    add("--name", help="of the weights (default: the run folder's name)")
    add(
        "--cache",
        type=Path,
        default=Path("cache"),
        help="where decoded images are kept (default: cache)",
    )
    args = parser.parse_args(argv)
    if args.fold != "all" and not (args.fold.isdigit() and int(args.fold) < args.folds):
        parser.error(f'--fold is a number below {args.folds} or "all"')
    return args


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from train.run import OutOfMemory, run
    except ModuleNotFoundError as error:
        print(f"{error.name} is missing: pip install -r requirements-train.txt", file=sys.stderr)
        return 1
    try:
        run(args)
    except OutOfMemory:
        smaller = max(args.batch // 2, 1)
        print(
            f"The memory does not hold {args.batch} images a step: try --batch {smaller}.",
            file=sys.stderr,
        )
        return 1
    except (ValueError, FloatingPointError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped before the first epoch was whole; nothing is kept.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
