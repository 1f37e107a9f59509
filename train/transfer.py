"""Carry a network on to more data of its own modality, or from one modality to the other:

    python -m train.transfer --source bcweb/pretrained/ultrasound --data folder:reviewed --freeze all --out runs/reviewed

goes on from the ultrasound weights with what a reader corrected. From one modality to the other an arm may help or
harm: docs/transfer-study.md has what was measured.

Alone, `python -m train.transfer --push` takes the data sets under BCWEB_DATA, the embedded weights of
the other modality, and the arm `encoder`, says what it chose, and pushes to YOU/bcweb-MODALITY. Splits,
folds, scores and what a run leaves behind are those of `python -m train.source`. Whether the Hub will
take the weights is asked before the first epoch, not after the last.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from pathlib import Path

from bcweb.cases import read_cases
from bcweb.collector import resting
from bcweb.network import ARCHITECTURES
from bcweb.paths import path_argument, weights_argument
from bcweb.scans import MODALITIES, Modality
from bcweb.terminal import command
from train import options
from train.arms import ARMS
from train.folds import was_stopped
from train.source import guarded

# What may lie under BCWEB_DATA, by modality: a folder's name, its kind, and what is read of it. Of
# CDD-CESM the ordinary mammograms: the subtracted views show contrast agent and no breast.
DATA = {
    "ultrasound": (("busi", "busi", ""), ("bus-bra", "bus-bra", "")),
    "mammogram": (("cdd-cesm", "folder", "?energy=low&modality=mammogram"),),
}


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.transfer",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(["arms:", *_arms(), "", *textwrap.wrap(options.KINDS, 90)]),
    )
    add = parser.add_argument
    add(
        "--source",
        type=weights_argument,
        metavar="W",
        help='weights to begin with: "embedded", a folder, a run, or hf://user/repo@revision '
        "(default: the embedded ones of the other modality)",
    )
    add(
        "--data",
        action="append",
        metavar="KIND:PATH",
        help="a data set of the target; may be repeated (default: what is found under BCWEB_DATA)",
    )
    add(
        "--freeze",
        choices=ARMS,
        default="encoder",
        metavar="ARM",
        help="default: encoder; see below",
    )
    add(
        "--out",
        type=path_argument,
        metavar="RUN",
        help="the run's folder (default: runs/SOURCE-to-TARGET-ARM)",
    )
    add(
        "--architecture",
        choices=ARCHITECTURES,
        help="of the controls, which have no source (default: lite0)",
    )
    add(
        "--push",
        nargs="?",
        const="",
        metavar="user/repo",
        help="push the weights to the Hub (default: YOU/bcweb-MODALITY)",
    )
    add(
        "--public",
        action="store_true",
        help="let everybody read what is pushed, with the names of your files and of their groups (the patients)",
    )
    options.add_options(parser, epochs=10, source=True)
    args = parser.parse_args(argv)
    options.check(parser, args)
    if args.public and args.push is None:
        parser.error("--public is only for what is pushed: add --push")
    if ARMS[args.freeze].begins != "source":
        args.architecture = args.architecture or "lite0"
    return args


def _arms() -> list[str]:
    lines = []
    for arm in ARMS.values():
        first, *rest = textwrap.wrap(arm.summary, 78)
        lines += [f"  {arm.name:<9} {first}", *(f"{'':12}{line}" for line in rest)]
    return lines


@command
def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return guarded(args, lambda: transfer(args))


def transfer(args: argparse.Namespace) -> None:
    """Choose what was not said, ask the Hub, train, push."""
    arm = ARMS[args.freeze]
    args.data = args.data or found_data()
    target = modality_of(args.data)
    with resting():  # only now: the framework takes its time, and talks
        from train import push
        from train.run import run
        from train.start import from_source, load_source, without_source

    if arm.begins == "source":
        args.source = args.source or "embedded"
        source = load_source(args.source, other_modality(target))
        start, origin = from_source(arm, source), source.config.modality
        if args.architecture not in (None, start.architecture):
            raise ValueError(
                f"The source's architecture is {start.architecture}, and it goes on as that: leave --architecture "
                f"{args.architecture} out."
            )
        says = source.revision
    else:
        if args.source:
            raise ValueError(f"The arm {arm.name} is a control and takes no --source.")
        start, origin = without_source(arm, args.architecture), arm.name
        says = f"{arm.begins} weights"
    args.size = args.size or (start.source.config.size if start.source else options.SIZE)
    args.out = args.out or Path("runs") / f"{origin}-to-{target}-{arm.name}"
    print(f"From {says} to {', '.join(args.data)}; arm {arm.name}: {arm.summary}.")
    print(f"The run is {args.out}.", flush=True)

    repo = None

    def ask_the_hub() -> None:
        nonlocal repo
        if args.push is not None:
            repo = push.check(args.push or None, target, args.public)
            print(f"The weights will be pushed to {repo}.", flush=True)

    run(args, start, ask_the_hub)
    if repo is not None:
        if was_stopped(args.out):
            raise ValueError(
                "The training was stopped before its last epoch, so nothing was pushed; the same command goes on."
            )
        pushed = push.push(args.out, repo, args.public)
        print(f"{'Pushed' if pushed.new else 'Already there'}: {pushed.name}. {pushed.latest}")


def found_data() -> list[str]:
    """The data sets under BCWEB_DATA, of ultrasound if there is any; ValueError says what to set."""
    root = os.environ.get("BCWEB_DATA")
    if not root:
        raise ValueError(
            "Name the target's data, --data KIND:PATH, or set BCWEB_DATA to a folder that holds busi, "
            "bus-bra or cdd-cesm."
        )
    for sets in DATA.values():
        found = [
            f"{kind}:{Path(root) / name}{query}"
            for name, kind, query in sets
            if (Path(root) / name).is_dir()
        ]
        if found:
            return found
    raise ValueError(f"BCWEB_DATA is {root}, which holds none of busi, bus-bra and cdd-cesm.")


def modality_of(specs: list[str]) -> Modality:
    """What the data sets' cases with a truth are; ValueError where they are of both modalities or there are none."""
    from train.packed import cases_of, packed_file

    found = set()
    for spec in specs:
        if (packed := packed_file(spec)) is not None:
            found |= {case.modality for case in cases_of(packed)}
        else:
            found |= {case.modality for case in read_cases(spec).cases if case.has_truth}
    if len(found) != 1:
        raise ValueError(
            "The target is one modality; these data sets hold both."
            if found
            else f"{' and '.join(specs)} hold no case with a known truth."
        )
    return found.pop()


def other_modality(modality: Modality) -> Modality:
    return next(other for other in MODALITIES if other != modality)


if __name__ == "__main__":
    sys.exit(main())
