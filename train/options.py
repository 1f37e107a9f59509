"""The options that every training takes."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from bcweb import cases
from bcweb.paths import path_argument, weights_argument
from train.recipe import Recipe, changed

KINDS = (
    f"KIND is one of {', '.join(cases.KINDS)} (cbis-boxes: boxes, taken as ellipses, so weak labels; hf: a "
    "data set on the Hub, hf:user/name@revision), or packed (decoded already: python -m train.data). "
    "KERAS_BACKEND chooses tensorflow (the default) or jax."
)


SIZE = 256
_ROUNDED = 0.05  # of a part: 0.33 and 0.1667 are a third and a sixth
_NOTHING_LEFT = 0.015  # of the rest


def add_options(parser: argparse.ArgumentParser, epochs: int, source: bool = False) -> None:
    """source: weights that a training begins with say the size, unless it is asked for (None where it is not)."""
    size = f"that of the source, {SIZE} without one" if source else SIZE
    add = parser.add_argument
    add(
        "--fold",
        default="0",
        metavar="K",
        help='the fold that is the test, or "all" to train on everything (default 0)',
    )
    add(
        "--size",
        type=int,
        default=None if source else SIZE,
        help=f"side of the square that the network sees (default: {size})",
    )
    add("--folds", type=int, default=5, metavar="N", help="how many folds (default 5)")
    add(
        "--validation",
        type=float,
        default=0.1,
        metavar="PART",
        help="part of the rest that is the validation (default 0.1)",
    )
    add(
        "--validation-part",
        type=int,
        default=0,
        metavar="J",
        help="which part of that size is the validation (default 0): teachers of one fold that differ in it "
        "have each seen another part of the rest",
    )
    add(
        "--teacher",
        action="append",
        default=[],
        type=weights_argument,
        metavar="W",
        help="a run, or weights, whose answers are learned beside the truth; may be repeated, and their mean is "
        "learned then",
    )
    add(
        "--labels",
        metavar="A,B",
        help='only cases with these labels, such as "normal,malignant" (default: all)',
    )
    add(
        "--part",
        type=int,
        default=100,
        metavar="PERCENT",
        help="train on a part of the training groups, for as many steps as on all of them (default 100)",
    )
    add(
        "--without-contradictions",
        action="store_true",
        help="leave training cases out whose group (near-duplicates, a patient) stands in two classes",
    )
    add("--cases", type=int, metavar="N", help="only N cases, drawn by group: to try a command out")
    add("--epochs", type=int, default=epochs, help=f"default {epochs}")
    add(
        "--until",
        type=int,
        metavar="EPOCH",
        help="end after this one, though the learning rate falls as if all came: for a training without a "
        "validation that would choose one (train.crossval --final does so by itself)",
    )
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
        help="of the weights, the order and the views (default 0)",
    )
    add(
        "--split-seed",
        type=int,
        default=0,
        metavar="SEED",
        help="of the folds (default 0): the order in which groups of one size are dealt; the largest group of all is in "
        "fold 0 by every seed",
    )
    add(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=NUMBER",
        help="another number for the recipe, such as normal_repeats=1 (train/recipe.py has them all); may be "
        "repeated",
    )
    add("--name", help="of the weights (default: the run folder's name)")
    add(
        "--cache",
        type=path_argument,
        default=Path("cache"),
        help="where decoded images are kept (default: cache)",
    )


def name_of(folder: Path) -> str:
    """What weights are called after a folder: its name, as far as --name takes it."""
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name)


def data_name(spec: str) -> str:
    """What a report calls the data set of KIND:PATH: a folder by its name, one of the Hub by its own and its
    revision, others by their kind."""
    kind, _, place = spec.partition(":")
    place = place.partition("?")[0]
    return {"folder": Path(place).name, "hf": place}.get(kind, kind)


def setting(text: str) -> tuple[str, float]:
    """NAME=NUMBER."""
    name, equals, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        equals = ""
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name, value


def validation_shares(validation: float) -> tuple[float, ...]:
    """How much of the rest is in each of the parts into which it falls, of which one of the first is the
    validation: as many of that size as there is room for, and what is left over; none without a validation."""
    if not validation:
        return ()
    parts = validation_parts(validation)
    left = 1 - parts * validation
    return (validation,) * parts + (left,) * (left > _NOTHING_LEFT)


def validation_parts(validation: float) -> int:
    """How many parts of the rest there are of which one can be the validation; 0 where there is none."""
    return int(1 / validation + _ROUNDED) if validation else 0


def check_numbers(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """The part of `check` for the options that a study of many trainings has too."""
    if args.folds < 2:
        parser.error("--folds wants at least 2")
    if args.epochs < 1 or (args.cases is not None and args.cases < 1):
        parser.error("--epochs and --cases want at least 1")
    check_size(parser, args.size)


def check_size(parser: argparse.ArgumentParser, size: int | None) -> None:
    if size is not None and (size % 32 or not 64 <= size <= 1024):
        parser.error("--size is a multiple of 32, from 64 to 1024")


def check(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a sentence where an option makes no sense."""
    check_numbers(parser, args)
    if args.fold != "all":
        if not (args.fold.isdecimal() and int(args.fold) < args.folds):
            parser.error(f'--fold is a number below {args.folds} or "all"')
        args.fold = str(int(args.fold))  # of 01 the record says 1, as its other folds expect
    if not 1 <= args.part <= 100:
        parser.error("--part is a percentage, 1 to 100")
    if args.batch < 1:
        parser.error("--batch wants at least 1")
    if not 0 < args.learning_rate < math.inf:
        parser.error("--learning-rate is a number above 0")
    if args.seed < 0 or args.split_seed < 0:
        parser.error("--seed and --split-seed are numbers from 0 on")
    if args.until is not None and not 1 <= args.until <= args.epochs:
        parser.error("--until is one of the --epochs")
    if not (args.validation == 0 or 0.01 <= args.validation <= 0.5):
        parser.error("--validation is a part of the rest, from 0.01 to 0.5, or 0 (none)")
    parts = validation_parts(args.validation)
    if args.validation_part and not (args.fold != "all" and 0 < args.validation_part < parts):
        parser.error(
            f"--validation-part is a number below {parts}, the parts that --validation {args.validation:g} makes"
            if parts and args.fold != "all"
            else "without a validation there is no --validation-part to choose"
        )
    if args.name and not re.fullmatch(r"[\w.-]+", args.name):
        parser.error("--name takes letters, digits, dots, dashes and underscores")
    try:
        changed(Recipe(), dict(args.set))
    except ValueError as error:
        parser.error(f"--set: {error}")
