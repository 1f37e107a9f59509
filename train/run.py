"""One training run, from data sets to a weights folder with its scores and its record, `run.json`."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import keras
import numpy as np

from bcweb.batch import Choice
from bcweb.cases import read_cases
from bcweb.evaluate import evaluate, table
from bcweb.scans import Modality
from bcweb.scores import write_scores
from bcweb.weights import Config
from train import loop, operating_point
from train.card import card
from train.data import TrainingSet, assign_folds, load
from train.figures import learning_curve
from train.keras_network import build_model, imagenet_tensors, write_tensors
from train.package import write_weights


class OutOfMemory(MemoryError):
    """A step did not fit into memory."""


def run(args: argparse.Namespace) -> None:
    data = load(args.data, args.size, args.cache)
    modality = _modality(data)
    roles = split(data, args.fold, args.folds, args.validation, args.seed)
    normals = int((~data.has_lesion[roles == "train"]).sum())
    lite = args.architecture == "lite0"
    recipe = loop.Recipe(
        architecture=args.architecture,
        size=args.size,
        epochs=args.epochs,
        batch=args.batch,
        learning_rate=args.learning_rate,
        seed=args.seed,
        presence=normals > 0,
        mean=0.498 if lite else 0.0,
        std=0.502 if lite else 1.0,  # the original divides by 255 and no more
    )
    _say_what_happens(data, roles, recipe, modality)

    model = build_model(recipe.architecture, recipe.size, recipe.presence, recipe.seed)
    if lite and not args.random:
        write_tensors(model, imagenet_tensors(), ("encoder", "bottleneck"))
    train = data.take(np.flatnonzero(roles == "train"))
    validation = data.take(np.flatnonzero(roles == "validation"))
    args.out.mkdir(parents=True, exist_ok=True)
    record = _record(args, data, roles, recipe)
    _write_json(args.out / "run.json", record)
    try:
        best = loop.fit(
            model, train, validation if len(validation.cases) else None, modality, recipe, args.out
        )
    except Exception as error:
        if (
            isinstance(error, MemoryError)
            or "ResourceExhausted" in type(error).__name__
            or ("RESOURCE_EXHAUSTED" in str(error))
        ):
            raise OutOfMemory from error
        raise
    learning_curve(args.out)

    write_tensors(model, best)
    maps, presence = (
        loop.predict(model, validation.images, recipe) if len(validation.cases) else (None, None)
    )
    if maps is None:
        point = operating_point.without_validation(recipe.presence)
    else:
        point = operating_point.choose(maps, presence, validation.masks.astype(bool))
    name = args.name or args.out.resolve().name
    config = Config(
        architecture=recipe.architecture, modality=modality, size=recipe.size, presence=recipe.presence,
        mean=recipe.mean, std=recipe.std, operating_point=point,
        trained_on=tuple(dict.fromkeys(case.dataset for case in train.cases)), name=name,
    )  # fmt: skip
    # Validation cases chose the epoch and the operating point: to the weights they are as seen as the
    # training's own.
    seen = [case for case, role in zip(data.cases, roles, strict=True) if role != "test"]
    folder = write_weights(args.out / "weights", config, best, seen)
    record["operating_point"] = point.model_dump()
    _write_json(args.out / "run.json", record)
    result = None
    if (roles == "test").any():
        tested = {
            (c.dataset, c.id) for c, role in zip(data.cases, roles, strict=True) if role == "test"
        }
        result = score_test(args.data, tested, folder)
        _write_json(args.out / "scores.json", result)
    (folder / "README.md").write_text(card(config, record, result), encoding="utf-8")
    print(f"The weights, their card and their scores are in {folder}.")


def score_test(specs: list[str], tested: set[tuple[str, str]], folder: Path) -> dict:
    """Score the cases that were held out, as the app would segment them; FOLDER/scores.csv has each."""
    sets = [read_cases(spec) for spec in specs]
    held_out = [
        replace(each, cases=tuple(c for c in each.cases if (c.dataset, c.id) in tested))
        for each in sets
    ]
    scores, result = evaluate(held_out, Choice(str(folder)))
    write_scores(folder / "scores.csv", scores)
    print(table(result))
    return result


def split(data: TrainingSet, fold: str, folds: int, validation: float, seed: int) -> np.ndarray:
    """(N,) str: "train", "validation" or "test" for each case; groups stay whole."""
    roles = np.full(len(data.cases), "train", dtype="<U10")
    if fold == "all":
        return roles
    roles[assign_folds(data.cases, folds, seed) == int(fold)] = "test"
    rest = np.flatnonzero(roles == "train")
    parts = max(round(1 / validation), 2) if validation > 0 else 0
    if parts:
        fine = assign_folds(tuple(data.cases[i] for i in rest), parts, seed + 1)
        roles[rest[fine == 0]] = "validation"
    return roles


def _modality(data: TrainingSet) -> Modality:
    found = {case.modality for case in data.cases}
    if len(found) != 1:
        raise ValueError("A source network learns one modality; these data sets hold both.")
    return found.pop()


def _say_what_happens(data, roles, recipe, modality) -> None:
    counts = Counter(roles)
    print(
        f"{len(data.cases)} {modality}s: "
        + ", ".join(f"{n} {role}" for role, n in counts.items())
        + "."
    )
    if not recipe.presence:
        print(
            "No scan without a lesion among them: the presence head is off, and normals will be painted."
        )


def _record(args, data: TrainingSet, roles, recipe) -> dict:
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
        "recipe": asdict(recipe),
        "versions": versions,
        "cases": [
            {
                "dataset": c.dataset,
                "id": c.id,
                "group": c.group,
                "digest": c.digest,
                "role": str(role),
            }
            for c, role in zip(data.cases, roles, strict=True)
        ],
    }


def _write_json(path: Path, record: dict) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, indent=1) + "\n")
    part.replace(path)
