"""Put what a run found into a weights folder (see `bcweb.weights`), and all that the Hub gets of it.

A repository's `config.json` is read by two: Keras takes the network from it (`keras.saving.load_model`
of "hf://user/repo" reads that file and `model.weights.h5`), and bcweb what it says under "bcweb".
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bcweb.scores import report
from bcweb.terminal import write_whole
from bcweb.weights import Config, SeenCase, Weights, config_text, load_weights
from train import failures
from train.card import Published, card
from train.figures import CURVE
from train.keras_network import build_model, write_tensors
from train.loop import save_atomically
from train.record import damaged, read_finished
from train.seen import write_seen
from train.training_set import TrainingCase

PICTURE = "pictures/generated-scans.png"


def write_weights(
    folder: Path, config: Config, tensors: dict[str, np.ndarray],
    seen: Sequence[TrainingCase | SeenCase],
) -> Path:  # fmt: skip
    """Write config.json, model.safetensors and seen.csv.

    config.json is written last, and one of before goes first: cut off in between, the folder is none of weights.
    The tensors are stored as float16, batch statistics as float32: a variance may lie beyond half
    precision's range.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = {
        name: value.astype(np.float32 if ".moving_" in name else np.float16)
        for name, value in tensors.items()
    }
    for name, value in stored.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds a number that half precision cannot.")
    (folder / "config.json").unlink(missing_ok=True)
    save_atomically(stored, folder / "model.safetensors")
    write_seen(folder, seen)
    write_whole(folder / "config.json", config_text(config).encode())
    return folder


def package(run: Path, repo: str, folder: Path, study: Path) -> dict[str, Path]:
    """Write what a repository gets of RUN into an empty folder: path in the repository -> file.

    study: a report of `python -m train.study`; it goes along where it exists, with its figures. The same
    run gives the same bytes, so that pushing it twice changes nothing. ValueError where what is told of the weights
    is of others.
    """
    source = run / "weights"
    weights = load_weights(str(source))
    record, scores = read_finished(run, weights)
    (folder / "pictures").mkdir(parents=True)
    for name in ("model.safetensors", "seen.csv", "scores.csv"):
        if (source / name).exists():
            shutil.copyfile(source / name, folder / name)
    shutil.copyfile(run / "run.json", folder / "run.json")
    if (run / CURVE).exists():  # another picture there is not the training's to show
        shutil.copyfile(run / CURVE, folder / "pictures" / CURVE)
    if study.exists():
        _copy_study(study, folder)
    _write_keras(weights, record["date"], folder)
    drawn = failures.draw(source)
    failures.sheet(drawn).save(folder / PICTURE)
    result = None
    if scores is not None:
        result = report(scores, {}) | {"by_finding": _by_finding(run)}
    published = Published(
        repo, failures.markdown(drawn, PICTURE), study=(folder / "study.md").exists()
    )
    text = card(weights.config, record, result, published)
    (folder / "README.md").write_text(text, encoding="utf-8")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file for file in files}


def _by_finding(run: Path) -> dict[str, Any]:
    """The figures of a run's scores by what is written of their cases, which a table of scores does not hold: as they
    were when the data was at hand."""
    file = run / "scores.json"
    try:
        return json.loads(file.read_text(encoding="utf-8")).get("by_finding", {})
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):  # no JSON, no text, or another type
        raise damaged(file, " and give the command that trained the run again") from None


def _copy_study(study: Path, folder: Path) -> None:
    """The report as study.md, and the figures that it shows among the other pictures."""

    def moved(link: re.Match[str]) -> str:
        figure = study.parent / link["path"]
        shutil.copyfile(figure, folder / "pictures" / figure.name)
        return f"](pictures/{figure.name})"

    text = re.sub(r"\]\((?P<path>[^):]+\.png)\)", moved, study.read_text(encoding="utf-8"))
    (folder / "study.md").write_text(text, encoding="utf-8")


def _write_keras(weights: Weights, date: str, folder: Path) -> None:
    """Write model.keras, and its parts as Keras wants them in a repository.

    Object addresses and times, which Keras writes down too, are replaced: nothing reads them.
    """
    keras.utils.clear_session()  # names of layers count up over a session
    config = weights.config
    model = build_model(config.architecture, config.size, config.presence, feed=config.feed)
    write_tensors(model, weights.tensors)
    model.save(folder / "model.keras")
    with zipfile.ZipFile(folder / "model.keras") as saved:
        parts = {name: saved.read(name) for name in saved.namelist()}
    addresses: dict[str, str] = {}
    network = re.sub(
        r'(?<="shared_object_id": )\d+',
        lambda found: addresses.setdefault(found[0], str(len(addresses))),
        parts["config.json"].decode(),
    )
    parts["config.json"] = network.encode()
    parts["metadata.json"] = json.dumps(
        {"keras_version": keras.__version__, "date_saved": f"{date}@00:00:00"}
    ).encode()
    with zipfile.ZipFile(folder / "model.keras", "w") as fixed:
        for name, content in parts.items():
            fixed.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    (folder / "model.weights.h5").write_bytes(parts["model.weights.h5"])
    shared = _for_readers(weights) | json.loads(network)
    (folder / "config.json").write_text(json.dumps(shared, ensure_ascii=False) + "\n", "utf-8")


def _for_readers(weights: Weights) -> dict[str, Any]:
    """What a repository's config.json says beside Keras's network.

    Ours is as the file has it, not as today's `Config` would write it: it keeps its revision.
    """
    config, size = weights.config, weights.config.size
    return {
        "bcweb": json.loads((weights.folder / "config.json").read_text(encoding="utf-8")),
        "id2label": {"0": "background", "1": "lesion"},
        "preprocessing": {
            "window": "the scan's own grey values, its window scaled to 0..1",
            "crop": config.crop or "none, all of the image",
            "resize": {"height": size, "width": size, "filter": "bilinear, antialiased"},
            "mean": config.mean,
            "std": config.std,
            "channels": "grey, three times",
        },
        "outputs": {
            "mask": f"logits, (N, {size}, {size}, 1); sigmoid gives the probability of lesion",
            **({"presence": "logit, (N, 1), that there is any lesion"} if config.presence else {}),
        },
    }
