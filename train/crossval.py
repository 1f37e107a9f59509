"""Cross-validate a recipe, and fit the weights that ship:

    python -m train.crossval --data busi:PATH --data bus-bra:PATH --out runs/ultrasound --final

Every fold in turn is the test of a network trained on the others (`python -m train.source`, whose
options are taken as they are); folds that are done are skipped, so that the work can be cut short or
spread over machines that share the folder. At the end each fold is scored at an operating point chosen
on the other folds' tests. `--final` then fits one network on everything: its operating point is chosen
on all of them, and the scores it carries are the folds', of cases that the scoring network had not seen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from train import source

if TYPE_CHECKING:
    from train.pooled import Fold


def parse(argv: list[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Our own options, and those that every fold's `train.source` is given."""
    parser = argparse.ArgumentParser(
        prog="python -m train.crossval",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="All other options are those of python -m train.source, without --fold.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="holds a run's folder for each fold")
    add("--folds", type=int, default=5, metavar="N", help="how many folds (default 5)")
    add("--final", action="store_true", help="then fit on everything")
    own, rest = parser.parse_known_args(argv)
    if own.folds < 2:
        parser.error("--folds wants at least 2")
    if any(option.split("=")[0] == "--fold" for option in rest):
        parser.error(
            "every fold has its turn; for one alone there is python -m train.source --fold K"
        )
    source.parse([*rest, "--out", str(own.out)])  # says now what would stop the first fold
    return own, rest


def main(argv: list[str] | None = None) -> int:
    own, rest = parse(argv)
    runs = [own.out / f"fold-{k}" for k in range(own.folds)]
    for k, run in enumerate(runs):
        if not (run / "scores.json").exists():
            status = _train(rest, run, str(k), own.folds)
            if status:
                return status
    try:
        from train import pooled
    except ModuleNotFoundError as error:
        print(f"{error.name} is missing: pip install -r requirements-train.txt", file=sys.stderr)
        return 1
    args = source.parse([*rest, "--out", str(own.out)])
    try:
        folds = [pooled.read_fold(run, args.data, args.size, args.cache) for run in runs]
        result = pooled.score_folds(folds, args.data)
        (own.out / "scores.json").write_text(json.dumps(result, indent=1) + "\n")
        if own.final:
            return _final(own, rest, folds, result)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _final(own: argparse.Namespace, rest: list[str], folds: list[Fold], result: dict) -> int:
    from train import pooled

    run = own.out / "final"
    if not (run / "weights" / "README.md").exists():
        status = _train(rest, run, "all", own.folds)
        if status:
            return status
    pooled.finish(run, folds, result)
    print(f"The weights, their card and the folds' scores are in {run / 'weights'}.")
    return 0


def _train(options: list[str], run: Path, fold: str, folds: int) -> int:
    """A process of its own for each fold: nothing is left in memory, and Ctrl-C reaches it."""
    print(f"Fold {fold}:", flush=True)
    command = [sys.executable, "-m", "train.source", *options]
    command += ["--fold", fold, "--folds", str(folds), "--out", str(run)]
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
