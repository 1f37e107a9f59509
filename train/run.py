"""One training run, from data sets to a weights folder with its scores and its record, `run.json`."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import shlex
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path

import keras
import msgspec
import numpy as np

from bcweb.cases import told_accepted
from bcweb.evaluate import NOT_SCORED
from bcweb.names import text
from bcweb.preprocess import CROPS
from bcweb.scans import Modality
from bcweb.scores import ScoresError, read_scores
from bcweb.segmenter import look_both_ways
from bcweb.weights import Config, Reading, Weights, load_weights
from train import devices, folds, loop, operating_point
from train.augment import learns_presence, without_lesions
from train.card import WITHOUT_BOXES
from train.claim import claimed
from train.figures import learning_curve
from train.keras_network import write_tensors
from train.options import name_of, validation_parts
from train.package import write_weights
from train.recipe import changed
from train.record import case_rows, other_cases, read_record, same_cases
from train.roles import assign, known, refuse_twins, told_validation
from train.score import score_run, write_json
from train.start import Start, load_source
from train.teachers import learn_from, refuse_knowing, refuse_unfit
from train.training_set import TrainingSet


def run(
    args: argparse.Namespace, start: Start, agreed: Callable[[], object] = lambda: None
) -> Path:
    """Train as the options say from a start; the weights folder. MemoryError where a step does not fit.

    agreed: is called where the data and the options are found to be good, before the first epoch.
    ValueError where the run's folder holds a training on other cases, or what is asked cannot be done.
    """
    data = folds.read(args, start.source)
    modality = _modality(data)
    roles, whole = assign(data, args, start.source)
    if args.fold != "all" and not np.isin(roles, ("test", "accepted")).any():
        raise ValueError(
            f"Fold {args.fold} of {args.folds} holds out no case: add data, or ask for fewer --folds."
        )
    refuse_twins(data, roles, args.fold)
    teachers = [load_source(name, modality) for name in args.teacher]
    refuse_unfit(teachers, data)
    refuse_knowing(teachers, data.take(np.flatnonzero(roles == "test")))
    train, validation = (data.take(np.flatnonzero(roles == r)) for r in ("train", "validation"))
    normals = int((~train.has_lesion).sum())
    recipe = _recipe(args, start, modality, normals, data.take(whole), train)
    if normals == 0 and recipe.presence:
        validation += without_lesions(validation, modality, recipe.seed)
    if len(validation.cases) and not validation.has_lesion.any():
        but = ", and predictions that a reader accepted only teach" * any(
            c.accepted for c in train.cases
        )
        raise ValueError(
            f"No validation case holds a lesion: there is nothing to choose an epoch by{but}; --validation "
            "0 keeps the last."
        )
    config = _config(args, start, modality, recipe, train, teachers)
    record = _record(args, data, roles, recipe, start, teachers) | {
        "normals": normals,
        "known": int(known(data, start.source).sum()) if start.source else 0,
        "epochs_done": 0,
    }
    _same_cases(args.out, record)
    record |= _as_trained(args.out, recipe)
    learned = _material(record)
    loop.refuse_other_recipe(args.out, recipe)
    loop.refuse_other_cases(args.out, learned)
    _say_what_happens(data, roles, recipe, normals, modality)
    if large := told_validation(roles, args.validation):
        print(large)
    if record["known"] and args.fold != "all":
        print(
            f"{start.source.revision} was trained on {record['known']} of them (or their groups): they test and choose "
            "nothing."
        )
    point_from = "validation"
    if not len(validation.cases):
        point_from = _point_from(config, _gone_on_from(start, modality))
        _say_that_nothing_chooses(args, start, record["known"], train, point_from)
    _say_what_is_lost(start, modality, config, validation)
    agreed()

    if teachers:
        train = learn_from(teachers, train)
    with claimed(args.out):
        devices.share(recipe.batch)
        with devices.built_in(devices.precision()):
            model = start.build(recipe.size, recipe.presence, recipe.seed)
        # Over the record of before only when the training goes on: of one that is refused it stays what it was.
        begins = partial(write_json, args.out / "run.json", record)
        best = _fit(model, train, validation, modality, recipe, start, args.out, learned, begins)
        learning_curve(args.out)

        write_tensors(model, best)
        if len(validation.cases):
            look = partial(loop.predict, model, recipe=recipe)
            images = validation.images
            maps, presence = (
                look_both_ways(look, images) if config.reading.mirrored else look(images)
            )
            truths, boxed = validation.masks.astype(bool), validation.boxed
            if operating_point.leave_boxes_out(boxed, validation.has_lesion):
                maps, truths = maps[~boxed], truths[~boxed]
                presence = None if presence is None else presence[~boxed]
                point_from += WITHOUT_BOXES
            point = operating_point.choose(maps, presence, truths)
            config = msgspec.structs.replace(config, operating_point=point)
        # Validation cases chose the epoch and the operating point: to the weights they are as seen as the
        # training's own.
        seen = [c for c, r in zip(data.cases, roles, strict=True) if r in ("train", "validation")]
        before = [case for weights in _learned_from(start, teachers) for case in weights.seen_cases]
        folder = write_weights(args.out / "weights", config, best, [*seen, *before])
        _forget_scores(args.out)
        record |= {
            "operating_point": msgspec.structs.asdict(config.operating_point),
            "point_from": point_from,
            "epochs_done": loop.epochs_done(args.out),
        }
        write_json(args.out / "run.json", record)
        if any(spec.startswith("packed:") for spec in args.data) and (roles == "test").any():
            again = ["python", "-m", "train.score", str(args.out), "--data", "KIND:PATH"]
            if _gone_on_from(start, modality):
                again += ["--source", args.source]
            print(f"The weights are in {folder}; where the scans are, score them:")
            print(shlex.join(again))
        else:
            source = start.source if _gone_on_from(start, modality) else None
            result = score_run(args.out, args.data, source)
            print(f"The weights, their card and their scores are in {folder}.")
            # What was asked to be pushed is, and of a cross-validation not its folds are.
            if result and source and args.push is None and args.out.name != f"fold-{args.fold}":
                print(f"To push them: {shlex.join(['python', '-m', 'train.push', str(args.out)])}")
        return folder


def _recipe(
    args: argparse.Namespace, start: Start, modality: Modality, normals: int, whole: TrainingSet,
    train: TrainingSet,
) -> loop.Recipe:  # fmt: skip
    """The recipe for `train`, in as many more epochs as it takes for the steps that `whole` would have."""
    recipe = loop.Recipe(
        architecture=start.architecture,
        arm=start.arm.name,
        size=args.size,
        epochs=args.epochs,
        until=args.until,
        batch=args.batch,
        learning_rate=args.learning_rate,
        seed=args.seed,
        mean=start.mean,
        std=start.std,
    )
    recipe = changed(recipe, dict(args.set))
    recipe = replace(recipe, presence=learns_presence(modality, normals, recipe))
    steps, of_part = (loop.steps_per_epoch(data, recipe) for data in (whole, train))

    def longer(epochs: int) -> int:
        return -(-epochs * steps // of_part)  # rounded up, in whole numbers

    return replace(recipe, epochs=longer(args.epochs), until=args.until and longer(args.until))


def _config(
    args: argparse.Namespace, start: Start, modality: Modality, recipe: loop.Recipe,
    train: TrainingSet, teachers: list[Weights],
) -> Config:  # fmt: skip
    """What the weights will say of themselves, but for an operating point that a validation chooses.

    Weights that go on from others of their modality look at the mirror image where those did. How those
    were calibrated is not theirs: it was learned on held-out answers of another network.
    """
    seen_before = [
        name for weights in _learned_from(start, teachers) for name in weights.config.trained_on
    ]
    before = _gone_on_from(start, modality)
    return Config(
        architecture=recipe.architecture, modality=modality, size=recipe.size, presence=recipe.presence,
        crop=CROPS[modality], feed=start.arm.feed, mean=recipe.mean, std=recipe.std,
        reading=Reading(mirrored=before is not None and before.reading.mirrored),
        operating_point=operating_point.without_validation(recipe.presence, before),
        trained_on=tuple(dict.fromkeys([*(text(case.dataset) for case in train.cases), *seen_before])),
        name=args.name or name_of(args.out),
    )  # fmt: skip


def _learned_from(start: Start, teachers: list[Weights]) -> list[Weights]:
    """The weights through which a training knows what they have seen."""
    return [start.source, *teachers] if start.source else teachers


def _gone_on_from(start: Start, modality: Modality) -> Config | None:
    """What the source says of itself, where it is of the same modality."""
    source = start.source
    return source.config if source is not None and source.config.modality == modality else None


def _same_cases(run: Path, record: dict) -> None:
    """ValueError where a folder's checkpoint learned from other cases, or from other weights: scored on what is
    now the test, it might be scored on what it was trained on."""
    if not all((run / name).exists() for name in ("checkpoint.safetensors", "run.json")):
        return
    begun = read_record(run)
    others = any(begun.get(key) != record[key] for key in ("source", "teachers"))
    if others or not same_cases(begun["cases"], record["cases"]):
        raise other_cases(run)


def _as_trained(run: Path, recipe: loop.Recipe) -> dict:
    """The day of a training that is whole, and what it ran on: those of today have made none of its weights."""
    if not all((run / name).exists() for name in ("history.csv", "run.json")):
        return {}
    if loop.epochs_done(run) < recipe.last_epoch:
        return {}
    begun = read_record(run)
    return {key: begun[key] for key in ("date", "versions", "precision", "gpus") if key in begun}


def _material(record: dict) -> str:
    """A hash of the cases and weights that a training learns from: its checkpoint keeps it, and a record that is
    damaged is deleted."""
    said = json.dumps([record[key] for key in ("cases", "source", "teachers")])
    return hashlib.sha256(said.encode()).hexdigest()


def _forget_scores(run: Path) -> None:
    """Remove the scores and the card of the weights that these have taken the place of, if they were others: of a
    training that was stopped."""
    now = {"", load_weights(str(run / "weights")).revision}
    with suppress(FileNotFoundError, ScoresError):
        if {score.revision for score in read_scores(run / "weights" / "scores.csv")} <= now:
            return
    for name in ("weights/README.md", "weights/scores.csv", "scores.json"):
        (run / name).unlink(missing_ok=True)


def _fit(
    model, train, validation, modality, recipe, start, out, learned, begins
) -> dict[str, np.ndarray]:
    """`loop.fit`, with every backend's way to run out of memory as MemoryError."""
    try:
        return loop.fit(
            model, train, validation if len(validation.cases) else None, modality, recipe, out,
            start.arm.phases, learned, begins,
        )  # fmt: skip
    except Exception as error:
        if "ResourceExhausted" in type(error).__name__ or "RESOURCE_EXHAUSTED" in str(error):
            raise MemoryError from error
        raise


def _modality(data: TrainingSet) -> Modality:
    found = {case.modality for case in data.cases}
    if len(found) != 1:
        raise ValueError("A source network learns one modality; these data sets hold both.")
    return found.pop()


def _say_what_happens(data, roles, recipe, normals, modality) -> None:
    counts = Counter(roles)
    print(
        f"{len(data.cases)} {modality}s: "
        + ", ".join(f"{n} {role}" for role, n in counts.items())
        + "."
    )
    held_out = data.take(np.flatnonzero((roles == "test") | (roles == "accepted")))
    if accepted := told_accepted(held_out.cases):
        print(f"Held out: {accepted} {NOT_SCORED}")
    if not recipe.presence:
        print(
            "No scan without a lesion to train on: the presence head is off, and normals will be painted."
        )
    elif normals == 0:
        print(
            "No scan without a lesion to train on: presence is learned from views of the same scans that show "
            "none, close ones and such with the lesion covered."
        )


def _point_from(config: Config, before: Config | None) -> str:
    """Where an operating point is from that no case has chosen, as a record says it."""
    if before is None:
        return "nothing"
    kept = config.operating_point.presence_gate in (before.operating_point.presence_gate, None)
    return "source" if kept else "source but for the gate"


def _say_that_nothing_chooses(
    args: argparse.Namespace, start: Start, known: int, train: TrainingSet, point_from: str
) -> None:
    """Why there is no validation, and what stands in for what it would choose."""
    why = (
        "everything trains"
        if args.fold == "all"
        else "none is asked for"
        if not validation_parts(args.validation)
        else "all of it would be predictions that a reader accepted, and these only teach"
        if any(case.accepted for case in train.cases)
        else f"{start.source.revision} was trained on all that it would be of"
        if known
        else "the groups are too few"
    )
    point = "the middle of every scale"
    if point_from != "nothing":
        point = f"that of {start.source.revision}"
    if point_from == "source but for the gate":
        point += ", but for the gate, which is the middle of its scale"
    # Folds of what the source knows would be refused.
    better = "; python -m train.crossval --final chooses it on all folds"
    better *= args.fold == "all" and not known
    print(
        f"No validation: {why}. The last epoch is kept, and the operating point is {point}{better}."
    )


def _say_what_is_lost(
    start: Start, modality: Modality, config: Config, validation: TrainingSet
) -> None:
    """What a source of the same modality knows of scans without a lesion and these weights will not."""
    before = _gone_on_from(start, modality)
    if before is not None and before.crop != config.crop:
        print(
            f"The source, {start.source.revision}, looks at {modality}s whole, and these weights at the frame of the "
            f"{config.crop}: it learned at another scale."
        )
    if before is None or before.operating_point.presence_gate is None:
        return
    if not config.presence:
        print(
            f"The source, {start.source.revision}, knows when there is nothing, and these weights will not: --data "
            "may be repeated; add a data set that has normals."
        )
    elif len(validation.cases) and (~validation.has_lesion).sum() < operating_point.FEW_NORMALS:
        print(
            f"The validation has fewer than {operating_point.FEW_NORMALS} scans without a lesion: these weights will "
            f"have no gate, which {start.source.revision} has; add a data set that has normals."
        )


def _record(args, data: TrainingSet, roles, recipe, start: Start, teachers: list[Weights]) -> dict:
    packages = ("keras", keras.backend.backend(), "numpy", "pillow")
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "unknown"
    return {
        "date": date.today().isoformat(),
        "data": [spec.split(":", 1)[0] for spec in args.data],
        "fold": args.fold,
        "folds": args.folds,
        "validation": args.validation,
        "labels": args.labels,
        "without_contradictions": args.without_contradictions,
        "part": args.part,
        "accepted": sum(case.accepted for case in data.cases),
        "arm": start.arm.name,
        "source": start.source.revision if start.source else None,
        "source_modality": start.source.config.modality if start.source else None,
        "teachers": [weights.revision for weights in teachers],
        "recipe": asdict(recipe),
        "set": dict(args.set),
        "asked": {"epochs": args.epochs, "until": args.until},
        "versions": versions,
        "precision": devices.precision(),
        "gpus": len(devices.gpus()),
        "cases": case_rows(data, roles),
    }
