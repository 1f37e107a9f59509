"""What each part of the recipe contributes: one thing changed at a time, on the same folds.

    python -m train.ablations --data busi:PATH --out runs/ablations
    python -m train.ablations --report

The first trains what is missing, one process a fold (`python -m train.source`), and scores each fold's
test at an operating point chosen on the other folds'; what is done is skipped, so that it can be cut
short. Changes at test time take the recipe's networks. The scores of every case go to docs/ablations,
and from there docs/ablations.md is written; `--report` does only that. What was tried at full size, on all
data and five folds, lies in docs/ablations/full-size, tables that `python -m train.crossval` wrote.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bcweb.paths import path_argument
from bcweb.preprocess import CROPS
from bcweb.scores import CaseScore, groups_of, read_scores, summarise, write_scores
from bcweb.statistics import Interval, auc_gain, paired_difference
from bcweb.terminal import command, write_whole
from bcweb.weights import load_weights
from train import folds, readings, source
from train.docs import (
    add_docs,
    of_part,
    read_settings,
    refuse_other_settings,
    refuse_two_truths,
    refuse_unmade,
)
from train.ending import exit_status, goes_on
from train.markdown import DOCS, cell, with_interval
from train.options import check_numbers, data_name
from train.readings import PLAIN, NotCalibrated, Way
from train.roles import refuse_untestable
from train.score import write_json
from train.training_set import TrainingSet

RECIPE = "recipe"  # what all else is compared with


@dataclass(frozen=True)
class Change:
    """options: of `python -m train.source`, beyond those that all changes share. teachers: how many networks
    of the recipe each fold's is taught by, trained on that fold's training side alone. Without either, the
    networks are the recipe's.
    """

    text: str
    options: tuple[str, ...] = ()
    way: Way = PLAIN
    teachers: int = 0


def _number(name: str, value: float) -> tuple[str, ...]:
    return ("--set", f"{name}={value:g}")


CHANGES: dict[str, Change] = {
    RECIPE: Change("the recipe"),
    "again": Change("the recipe again, with another seed", ("--seed", "1")),
    "flips": Change(
        "at test time: the mirrored scan too, averaged", way=Way(mirror=True)
    ),
    "calibrated": Change(
        "at test time: presence calibrated by the map's certainty", way=Way(calibrate=True)
    ),
    "both": Change("at test time: both", way=Way(mirror=True, calibrate=True)),
    "random": Change("random weights to begin with, instead of ImageNet's", ("--random",)),
    "lite2": Change("a larger encoder, `lite2`", ("--architecture", "lite2")),
    "size-192": Change("192x192", ("--size", "192")),
    "size-256": Change("256x256", ("--size", "256")),
    "size-384": Change("384x384", ("--size", "384")),
    "longer": Change("20 epochs", ("--epochs", "20")),
    "entropy": Change("cross-entropy alone, without soft Dice", _number("dice_weight", 0)),
    "rate-half": Change("half the learning rate", ("--learning-rate", "0.0005")),
    "rate-twice": Change("twice the learning rate", ("--learning-rate", "0.002")),
    "views-half": Change("views half as far from the image: warp, speckle", _number("views", 0.5)),
    "views-more": Change("views 1.5 times as far from the image: warp, speckle", _number("views", 1.5)),
    "coarse": Change(
        "a fifth of the views as if from a scan with fewer pixels", _number("coarse_views", 0.2)
    ),
    "close-never": Change("no close views", _number("close_views", 0)),
    "close-more": Change("close views twice as often", _number("close_views", 2)),
    "validation-none": Change(
        "nothing kept for validation, the last epoch taken", ("--validation", "0")
    ),
    "clean": Change("without the groups that stand in two classes", ("--without-contradictions",)),
    "normals-once": Change("normals once an epoch, not four times", _number("normal_repeats", 1)),
    "presence-heavy": Change("presence weighs 1 in the loss, not 0.3", _number("presence_weight", 1)),
    "presence-hard": Change(
        "labels of presence are 0 and 1, not smoothed", _number("presence_smoothing", 0)
    ),
    "no-average": Change("the last weights of an epoch, not their average", _number("ema", 0)),
    "average-longer": Change("weights averaged over four times as many steps", _number("ema", 0.9975)),
    "distilled": Change(
        "taught by the mean of five networks too, each trained without a different fifth of the training side", teachers=5
    ),
}  # fmt: skip

# Of each data set the first that has it is what the others are compared with.
FULL_SIZE: dict[str, str] = {
    RECIPE: "the recipe: `lite0`, 256x256, the best of 14 epochs by validation",
    "size-192": "192x192, half the time to train and to serve",
    "lite2-320": "`lite2`, 320x320, batches of 32, 1.5 times the learning rate, the best of 50 epochs",
    "mammograms": "`lite0`, 256x256, taught by CDD-CESM alone, 40 epochs",
    "mammograms-boxes": "with as many of CBIS-DDSM's boxes added to each epoch, 24 epochs",
    "mammograms-frame": "the same at the breast's frame, not the whole film: the recipe of the weights that ship",
}


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.ablations",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Changes: " + "; ".join(f"{name} ({each.text})" for name, each in CHANGES.items()),
    )
    add = parser.add_argument
    add("--data", action="append", metavar="KIND:PATH", help="may be repeated")
    add(
        "--out",
        type=path_argument,
        default=Path("runs/ablations"),
        metavar="DIR",
        help="holds the runs",
    )
    add("--changes", default=",".join(CHANGES), metavar="NAME,...", help="default: all, in order")
    add("--folds", type=int, default=3, metavar="N", help="how many folds (default 3)")
    add("--epochs", type=int, default=10, help="default 10")
    add("--size", type=int, default=128, help="default 128")
    add("--cases", type=int, metavar="N", help="only so many cases, to try it out")
    add("--cache", type=path_argument, default=Path("cache"), help="where decoded images are kept")
    add_docs(parser)
    add("--report", action="store_true", help="only write the report, from DIR/ablations")
    args = parser.parse_args(argv)
    if args.report == bool(args.data):
        parser.error("name data, --data KIND:PATH, or ask for --report alone")
    if unknown := [name for name in args.changes.split(",") if name not in CHANGES]:
        parser.error(f"there is no change {unknown[0]!r}")
    check_numbers(parser, args)
    folds.refuse_packed(parser, args.data or ())
    return args


def run(args: argparse.Namespace) -> int:
    """Train what is missing; returns the exit status of the first training that failed, else 0."""
    shared = {"folds": args.folds, "epochs": args.epochs, "size": args.size}
    if args.cases:
        shared["cases"] = args.cases
    file = args.docs / "ablations" / "settings.json"
    was = read_settings(file) if file.exists() else {}
    settings = shared | {
        "data": [data_name(spec) for spec in args.data],
        "crop": was.get("crop"),  # of now only where the data are read
    }
    refuse_other_settings(file, settings, "changes")
    missing = {name: file.with_name(f"{name}.csv") for name in [RECIPE, *args.changes.split(",")]}
    missing = {name: table for name, table in missing.items() if not table.exists()}
    if missing:
        _, *options = _source(args, shared, args.out, 0)
        asked = source.parse(options)
        data = folds.read(asked, None)
        settings["crop"] = CROPS[data.cases[0].modality]
        refuse_other_settings(file, settings, "changes")
        for name in missing:
            _check_trained(args, shared, CHANGES[name], _runs(args, name), data)
        refuse_untestable(data, asked, args.folds, None)
    for name, table in missing.items():
        change, runs = CHANGES[name], _runs(args, name)
        print(f"{name}: {change.text}", flush=True)
        status = _train_teachers(args, shared, change, runs) or folds.train_missing(
            runs, partial(_command, args, shared, change, runs)
        )
        if status:
            return status
        try:
            scores = readings.score(runs, args.data, change.way)
        except NotCalibrated as error:
            print(f"{name} is left out. {error}", flush=True)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, settings)
        write_scores(table, scores)
    return 0


def _runs(args: argparse.Namespace, name: str) -> list[Path]:
    """A change's folds, which are the recipe's where it trains nothing of its own."""
    change = CHANGES[name]
    of = args.out / (name if change.options or change.teachers else RECIPE)
    return [of / f"fold-{k}" for k in range(args.folds)]


def _check_trained(
    args: argparse.Namespace, shared: dict[str, int], change: Change, runs: list[Path],
    data: TrainingSet,
) -> None:  # fmt: skip
    """ValueError where a network of a change that is trained is another than the one that is asked for."""
    commands = _teaching(args, shared, change, runs)
    commands |= {run: _command(args, shared, change, runs, k) for k, run in enumerate(runs)}
    for run, (_, *options) in commands.items():
        if folds.is_trained(run):
            asked = source.parse(options)
            teachers = [load_weights(str(Path(name) / "weights")) for name in asked.teacher]
            folds.check_trained(run, asked, data, None, teachers)


def _train_teachers(
    args: argparse.Namespace, shared: dict[str, int], change: Change, runs: list[Path]
) -> int:
    """Train the teachers of a change that are missing; the exit status of the first that failed, else 0."""
    for teacher, training in _teaching(args, shared, change, runs).items():
        if not folds.is_trained(teacher):
            status = folds.train_whole(teacher, training)
            if status:
                return status
    return 0


def _teaching(
    args: argparse.Namespace, shared: dict[str, int], change: Change, runs: list[Path]
) -> dict[Path, list[str]]:
    """The command that trains each teacher of a change's folds."""
    return {
        teacher: [
            *_source(args, shared, teacher, fold),
            "--validation", f"{1 / change.teachers:g}", "--validation-part", str(part),
        ]
        for fold, run in enumerate(runs)
        for part, teacher in enumerate(_teachers(run, change))
    }  # fmt: skip


def _teachers(run: Path, change: Change) -> list[Path]:
    return [run.with_name(f"{run.name}-teacher-{part}") for part in range(change.teachers)]


def _command(
    args: argparse.Namespace, shared: dict[str, int], change: Change, runs: list[Path], fold: int
) -> list[str]:
    command = _source(args, shared, runs[fold], fold)
    for teacher in _teachers(runs[fold], change):
        command += ["--teacher", str(teacher)]
    return [*command, *change.options]


def _source(args: argparse.Namespace, shared: dict[str, int], run: Path, fold: int) -> list[str]:
    """`train.source` with what all changes share."""
    command = ["train.source", "--fold", str(fold), "--out", str(run), "--cache", str(args.cache)]
    for spec in args.data:
        command += ["--data", spec]
    for name, value in shared.items():
        command += [f"--{name}", str(value)]
    return command


# --- the report -------------------------------------------------------------------------------------


def write_report(docs: Path = DOCS) -> Path:
    """Write DOCS/ablations.md from what lies under DOCS/ablations."""
    folder = docs / "ablations"
    found = {name: folder / f"{name}.csv" for name in CHANGES}
    scores = {
        name: [s for s in read_scores(file) if not s.error]
        for name, file in found.items()
        if file.exists()
    }
    if RECIPE not in scores:
        raise ValueError(f"{folder} holds no scores of the recipe itself to compare with.")
    refuse_two_truths({found[name]: mine for name, mine in scores.items()})
    settings = read_settings(folder / "settings.json", ("data", "folds", "size", "epochs"))
    whole = summarise(scores[RECIPE])
    lines = [
        "# What each part of the recipe contributes",
        "",
        "Generated by `python -m train.ablations --report` from the scores of every case in `ablations/`. One thing "
        "is changed at a time; every change has the same folds, by group, and every score is of a case that its "
        "weights had not seen, at the scan's own size and at an operating point chosen on the other folds. In "
        "brackets: the 95% interval from resampling whole groups; differences from the recipe are paired by case. The "
        "intervals cover which patients happened to be in the data; they do not cover the chance of another training"
        + (", of which the recipe with another seed is a sample" if "again" in scores else "")
        + ". About one in twenty such intervals misses the true value by luck.",
        "",
        f"{', '.join(settings['data'])}: {whole['lesion']['n']} lesion images and {whole['normal']['n']} normals, "
        f"{settings['folds']} folds; `lite0`, {settings['size']}x{settings['size']}{of_part(settings)}, "
        f"{settings['epochs']} epochs unless that is what changes.",
        "",
        "| change | Dice, mean | difference | found | normals painted | presence AUC | difference |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, mine in scores.items():
        lines.append("| " + " | ".join(_row(CHANGES[name].text, mine, scores[RECIPE])) + " |")
    if untried := [change.text for name, change in CHANGES.items() if name not in scores]:
        lines += ["", f"Not tried here: {'; '.join(untried)}."]
    if (folder / "full-size").is_dir():
        lines += _full_size(folder / "full-size")
    path = docs / "ablations.md"
    write_whole(path, ("\n".join(lines) + "\n").encode())
    return path


def _full_size(folder: Path) -> list[str]:
    """What was tried on all data, by data set."""
    files = {name: folder / f"{name}.csv" for name in FULL_SIZE}
    found = {name: read_scores(file) for name, file in files.items() if file.exists()}
    refuse_two_truths({files[name]: mine for name, mine in found.items()})
    lines = [
        "", "## At full size", "",
        "All of the data in five folds, by group, with the mirrored scan and, for ultrasounds, a calibrated presence: the "
        "recipe as it ships, beside a quicker one and one that takes several times as long; for mammograms, more "
        "data to learn from, and another part of the film to look at. Where CDD-CESM alone taught, all of CBIS-DDSM is scored by the fit on everything.", "",
        "| data and change | Dice, mean | difference | found | normals painted | presence AUC | difference |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for dataset in dict.fromkeys(score.dataset for mine in found.values() for score in mine):
        of = {name: [s for s in mine if s.dataset == dataset] for name, mine in found.items()}
        of = {name: mine for name, mine in of.items() if mine}
        first = next(iter(of.values()))
        for name, mine in of.items():
            title = f"{dataset}{' (boxes)' if mine[0].weak else ''}: {FULL_SIZE[name]}"
            lines.append("| " + " | ".join(_row(title, mine, first)) + " |")
    return lines


def _row(text: str, scores: Sequence[CaseScore], recipe: Sequence[CaseScore]) -> list[str]:
    figures = summarise(scores)
    lesion, normal = figures["lesion"], figures["normal"]
    cells = [
        text, cell(lesion, "dice_mean"), "-", cell(lesion, "detected"),
        cell(normal, "painted"), cell(figures, "presence_auc"), "-",
    ]  # fmt: skip
    if scores is not recipe:
        cells[2] = with_interval(dice_gained(scores, recipe), signed=True)
        if gained := presence_gained(scores, recipe):
            cells[6] = with_interval(gained, signed=True)
    return cells


def _pairs(
    scores: Sequence[CaseScore], others: Sequence[CaseScore]
) -> list[tuple[CaseScore, CaseScore]]:
    of = {score.key: score for score in others}
    return [(score, of[score.key]) for score in scores if score.key in of]


def dice_gained(scores: Sequence[CaseScore], recipe: Sequence[CaseScore]) -> Interval:
    """Mean Dice over lesion images, less the recipe's on the same images."""
    pairs = [pair for pair in _pairs(scores, recipe) if pair[0].lesion]
    return paired_difference(
        [mine.dice for mine, _ in pairs],
        [theirs.dice for _, theirs in pairs],
        groups_of([mine for mine, _ in pairs]),
    )


def presence_gained(scores: Sequence[CaseScore], recipe: Sequence[CaseScore]) -> Interval | None:
    """Area under the ROC curve of presence, less the recipe's; None where one of them has no presence."""
    pairs = [
        (mine, theirs)
        for mine, theirs in _pairs(scores, recipe)
        if mine.presence is not None and theirs.presence is not None
    ]
    if {mine.lesion for mine, _ in pairs} != {True, False}:
        return None
    return auc_gain(
        [mine.presence for mine, _ in pairs],
        [theirs.presence for _, theirs in pairs],
        [mine.lesion for mine, _ in pairs],
        groups_of([mine for mine, _ in pairs]),
        [(mine.revision, theirs.revision) for mine, theirs in pairs],
    )


@command
def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return exit_status(lambda: _work(args), goes_on)


def _work(args: argparse.Namespace) -> int:
    refuse_unmade(args.docs)
    status = 0 if args.report else run(args)
    if not status:
        print(f"The report is {write_report(args.docs)}.")
    return status


if __name__ == "__main__":
    sys.exit(main())
