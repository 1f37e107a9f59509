"""The training loop: one network, one set, epochs that can be cut short and taken up again.

A run's folder holds after every epoch `checkpoint.safetensors` (all there is to go on from),
`best.safetensors` (the averaged weights of the best epoch) and `history.csv`.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from keras import ops
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from tqdm import tqdm

from bcweb.preprocess import standardise
from bcweb.scans import Modality
from bcweb.statistics import auc
from bcweb.terminal import whole
from train import devices
from train.arms import Phase, phase_at
from train.augment import augment
from train.keras_network import begin_phase, read_tensors
from train.optimizer import PartwiseAdamW
from train.recipe import Recipe
from train.record import damaged, other_cases, read_history
from train.training_set import TrainingSet

_WHOLE = Phase()
_ANEW = " (the training begins anew)"  # what a checkpoint that is deleted costs
SMALLEST_LESION_PX = 30  # of a view; a sliver that a warp left at the edge is not a lesion to find


def mask_loss(truth, logits, dice_weight=1.0):
    """(N,) cross-entropy over the pixels, plus soft Dice loss for the views that hold a lesion.

    Soft Dice of an empty truth is 0 however little is painted, so there it would teach nothing.
    """
    entropy = ops.mean(
        ops.maximum(logits, 0.0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits))),
        axis=(1, 2, 3),
    )
    painted = ops.sigmoid(logits)
    overlap = ops.sum(painted * truth, axis=(1, 2, 3))
    area = ops.sum(painted, axis=(1, 2, 3)) + ops.sum(truth, axis=(1, 2, 3))
    has_lesion = ops.cast(ops.max(truth, axis=(1, 2, 3)) > 0.5, "float32")
    return entropy + dice_weight * has_lesion * (1.0 - (2.0 * overlap + 1.0) / (area + 1.0))


def compile_model(model: keras.Model, recipe: Recipe, phase: Phase = _WHOLE) -> None:
    """Freeze what a phase freezes, and begin with an optimizer that has not moved yet."""
    rates = begin_phase(model, phase)
    optimizer = PartwiseAdamW(
        recipe.learning_rate, decay=recipe.weight_decay, ema=recipe.ema, rates=rates
    )

    def mask(
        truth, logits
    ):  # a function of its own: Keras saves a compiled model's losses by their name
        return mask_loss(truth, logits, recipe.dice_weight)

    loss, weights = {"mask": mask}, {"mask": 1.0}
    if recipe.presence:
        loss["presence"] = keras.losses.BinaryCrossentropy(
            from_logits=True, label_smoothing=recipe.presence_smoothing
        )
        weights["presence"] = recipe.presence_weight
    # On a CPU, XLA is ten times slower than TensorFlow's own kernels, and Keras's "auto" may choose it.
    jit = keras.backend.backend() == "jax" or bool(devices.gpus())
    model.compile(optimizer=optimizer, loss=loss, loss_weights=weights, jit_compile=jit)
    optimizer.build(model.trainable_variables)
    # Keras keeps the outputs' losses in variables that it makes when they are first computed. Made within
    # the first step, they would have TensorFlow trace that step twice, seconds each.
    nothing = {name: ops.zeros((1, *output.shape[1:])) for name, output in model.output.items()}
    model.compute_loss(y=nothing, y_pred=nothing)


def rate_at(step: int, steps: int, warmup: int, peak: float) -> float:
    """Linear warm-up, then a cosine to zero."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))


def epoch_order(data: TrainingSet, recipe: Recipe, epoch: int) -> np.ndarray:
    """Indices of one epoch's views: a draw of each data set's lesions, scans without one repeated.

    Without the limit the largest data set would drown the others, and with them the normals.
    """
    rng = np.random.default_rng([recipe.seed, epoch])
    datasets = np.array([case.dataset for case in data.cases])
    lesion = data.has_lesion
    views = [np.flatnonzero(~lesion)] * (recipe.normal_repeats if recipe.presence else 1)
    for dataset in sorted(set(datasets)):
        views.append(
            rng.permutation(np.flatnonzero(lesion & (datasets == dataset)))[
                : recipe.lesions_per_set
            ]
        )
    return rng.permutation(np.concatenate(views))


def steps_per_epoch(data: TrainingSet, recipe: Recipe) -> int:
    return max(len(epoch_order(data, recipe, 0)) // recipe.batch, 1)


def batches(
    data: TrainingSet, modality: Modality, recipe: Recipe, epoch: int
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Views of one epoch, a function of (seed, epoch) alone; the last, incomplete batch is left out."""
    order = epoch_order(data, recipe, epoch)
    size = min(recipe.batch, len(order))

    def make(start: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        views = []
        for place in range(start, start + size):
            i = order[place]
            rng = np.random.default_rng([recipe.seed, epoch, place])
            taught = None if data.taught is None else data.taught[i]
            views.append(
                augment(
                    data.images[i], data.masks[i], modality, rng, recipe.views, recipe.close_views,
                    recipe.coarse_views, recipe.covered_views, taught,
                )
            )  # fmt: skip
        truth = np.stack([view.mask for view in views]).astype(np.float32)[..., None]
        targets = {"mask": truth}
        if recipe.presence:
            present = truth.sum(axis=(1, 2)) >= SMALLEST_LESION_PX
            targets["presence"] = present.astype(np.float32)
        if data.taught is not None:
            taught = np.stack([view.taught for view in views])[..., None] / np.float32(255)
            targets["mask"] = (1 - recipe.teaching) * truth + recipe.teaching * taught
        inputs = standardise(np.stack([view.image for view in views]), recipe.mean, recipe.std)
        return inputs, targets

    starts = range(0, len(order) - size + 1, size)
    # The next batches are made while the network works on this one. A GPU waits for one thread's views; on a
    # processor more threads would only take cores from the network.
    makers = 4 if devices.gpus() else 1
    with ThreadPoolExecutor(makers) as pool:
        ahead = makers + 1
        waiting = deque(pool.submit(make, start) for start in starts[:ahead])
        for place in range(len(starts)):
            ready = waiting.popleft().result()
            if place + ahead < len(starts):
                waiting.append(pool.submit(make, starts[place + ahead]))
            yield ready


def predict(
    model: keras.Model, images: np.ndarray, recipe: Recipe
) -> tuple[np.ndarray, np.ndarray | None]:
    """Probability maps (N, S, S) float32, and presence (N,) or None, of images (N, S, S) uint8."""
    masks, presences = [], []
    for start in range(0, len(images), recipe.batch):
        some = images[start : start + recipe.batch] / np.float32(255)
        full = np.resize(some, (recipe.batch, *some.shape[1:]))  # each size is traced by itself
        out = model.predict_on_batch(standardise(full, recipe.mean, recipe.std))
        masks.append(_sigmoid(np.asarray(out["mask"], np.float32)[: len(some), ..., 0]))
        if "presence" in out:
            presences.append(_sigmoid(np.asarray(out["presence"], np.float32)[: len(some), 0]))
    return np.concatenate(masks), np.concatenate(presences) if presences else None


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def validate(model: keras.Model, data: TrainingSet, recipe: Recipe) -> dict[str, float]:
    """Mean Dice over lesion images at 0.5 on the network's grid, and the presence head's AUC where there is one."""
    maps, presence = predict(model, data.images, recipe)
    painted, truth, lesion = maps >= 0.5, data.masks.astype(bool), data.has_lesion
    overlap = (painted & truth).sum((1, 2))
    dice = 2 * overlap / np.maximum(painted.sum((1, 2)) + truth.sum((1, 2)), 1)
    found = {"dice": float(dice[lesion].mean()) if lesion.any() else math.nan}
    return found if presence is None else found | {"presence_auc": auc(presence, lesion)}


def fit(
    model: keras.Model,
    train: TrainingSet,
    validation: TrainingSet | None,
    modality: Modality,
    recipe: Recipe,
    run: Path,
    phases: tuple[Phase, ...] = (_WHOLE,),
    learned: str = "",
    begins: Callable[[], object] = lambda: None,
) -> dict[str, np.ndarray]:
    """Train, and return the averaged weights of the best epoch (by validation; without one, the last).

    Goes on from `run`'s checkpoint where there is one. Ctrl-C ends the training after a checkpoint
    was kept and returns the best so far. A new phase begins with a new optimizer, from the weights
    where the last one left them (not from their averages). learned: what tells the cases and weights from which
    it learns from all others, kept for `refuse_other_cases`. begins: is called where nothing that lies in `run` can
    refuse the training any more, before its first step.
    """
    run.mkdir(parents=True, exist_ok=True)
    per_epoch = steps_per_epoch(train, recipe)
    steps, warmup = per_epoch * recipe.epochs, max(per_epoch // 2, 1)
    history = _restore(model, run, recipe, phases)
    begins()
    current = phase_at(phases, len(history) - 1, recipe.epochs) if history else None
    try:
        for epoch in range(len(history), recipe.last_epoch):
            due = phase_at(phases, epoch, recipe.epochs)
            if due != current:
                compile_model(model, recipe, phases[due])
                current = due
            started, losses = time.monotonic(), []
            bar = tqdm(
                batches(train, modality, recipe, epoch), total=per_epoch, unit="batch",
                desc=f"Epoch {epoch + 1}/{recipe.last_epoch}",
            )  # fmt: skip
            for i, (x, y) in enumerate(bar):
                step = epoch * per_epoch + i
                model.optimizer.learning_rate = rate_at(step, steps, warmup, recipe.learning_rate)
                out = model.train_on_batch(x, y, return_dict=True)
                losses.append(float(out["loss"]))
                if i % 10 == 0:
                    bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
            if not np.isfinite(losses).all():
                raise FloatingPointError(
                    "The loss is no longer a number; try a lower --learning-rate."
                )
            row = {
                "epoch": epoch + 1,
                "loss": float(np.mean(losses)),
                "seconds": time.monotonic() - started,
            }
            _keep(model, validation, recipe, run, history, row, learned)
    except KeyboardInterrupt:
        if not history:  # no checkpoint is kept
            raise
        _write_history(history, run / "history.csv")
        print(
            f"Stopped. The best of {len(history)} epochs is kept; the same command goes on from there."
        )
    return _best(run)


def _best(run: Path) -> dict[str, np.ndarray]:
    """What the best epoch of a run that has a checkpoint left; ValueError where it is damaged or gone."""
    file = run / "best.safetensors"
    if not file.exists():
        raise ValueError(
            f"{file} is gone: delete checkpoint.safetensors{_ANEW}, or choose another --out."
        )
    with _opened(file, f" and checkpoint.safetensors{_ANEW}") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def _keep(model, validation, recipe, run, history, row, learned) -> None:
    """After an epoch: score the averaged weights, keep them if they are the best, then the checkpoint."""
    raw = [ops.convert_to_numpy(v) for v in model.trainable_variables]
    for variable, average in zip(
        model.trainable_variables, model.optimizer.averages(), strict=True
    ):
        variable.assign(average)
    if validation is not None:
        row |= validate(model, validation, recipe)
    previous = max((h["dice"] for h in history), default=-1.0) if validation is not None else -1.0
    if validation is None or row["dice"] >= previous:
        save_atomically(read_tensors(model), run / "best.safetensors")
    for variable, value in zip(model.trainable_variables, raw, strict=True):
        variable.assign(value)
    # Last, so that a kill before it stands repeats the epoch and one after it does not.
    state = {f"state.{i:04d}": ops.convert_to_numpy(v) for i, v in enumerate(_state(model))}
    notes = {"history": json.dumps([*history, row]), "recipe": json.dumps(asdict(recipe))}
    notes |= {"learned": learned} if learned else {}
    save_atomically(state, run / "checkpoint.safetensors", notes)
    history.append(row)
    _write_history(history, run / "history.csv")
    # Of presence a validation without a normal says nothing.
    told = {k: v for k, v in row.items() if k not in ("epoch", "seconds") and not math.isnan(v)}
    scores = "".join(f", {k} {v:.3f}" for k, v in told.items())
    left = (recipe.last_epoch - row["epoch"]) * np.mean([h["seconds"] for h in history])
    print(
        f"Epoch {row['epoch']}: {row['seconds']:.0f} s{scores}; about {left / 60:.0f} min left",
        flush=True,
    )


def _state(model: keras.Model) -> list[keras.Variable]:
    """Weights, batch statistics and the dropouts' random states, then the optimizer's moments and averages."""
    return [*model.variables, *model.optimizer.variables]


def refuse_other_recipe(run: Path, recipe: Recipe) -> None:
    """ValueError where a folder's checkpoint was trained by another recipe."""
    if not (run / "checkpoint.safetensors").exists():
        return
    before, _, _ = _checkpoint_notes(run)
    # What a checkpoint of before does not know of has its default; what this program does not know is another run.
    if asdict(Recipe()) | before != asdict(recipe):
        raise ValueError(f"{run} holds a run with other settings; choose another --out.")


def refuse_other_cases(run: Path, learned: str) -> None:
    """ValueError where a folder's checkpoint learned from others, as `fit` was told; one of before does not say."""
    if not (run / "checkpoint.safetensors").exists():
        return
    _, _, before = _checkpoint_notes(run)
    if before not in ("", learned):
        raise other_cases(run)


def _restore(
    model: keras.Model, run: Path, recipe: Recipe, phases: tuple[Phase, ...]
) -> list[dict]:
    """Take up the checkpoint, in the phase of its last epoch; what has been done so far."""
    path = run / "checkpoint.safetensors"
    for part in run.glob("*.safetensors.*.part"):  # of a training that was killed as it wrote
        part.unlink()
    if not path.exists():
        # A training that is gone may have learned from other cases: what it left is not this one's best.
        for name in ("best.safetensors", "history.csv"):
            (run / name).unlink(missing_ok=True)
        return []
    refuse_other_recipe(run, recipe)
    _, history, _ = _checkpoint_notes(run)
    with _opened(path, _ANEW) as file:
        compile_model(model, recipe, phases[phase_at(phases, len(history) - 1, recipe.epochs)])
        state = _state(model)
        if len(file.keys()) != len(state):
            raise ValueError(
                f"{path} was written by another version of this program: delete it{_ANEW}, or choose another --out."
            )
        for i, variable in enumerate(state):
            variable.assign(file.get_tensor(f"state.{i:04d}"))
    _best(run)  # without which the training would fail at its end
    # The checkpoint's is the truth; the file may be older by an epoch, damaged or gone.
    _write_history(history, run / "history.csv")
    return history


def _checkpoint_notes(run: Path) -> tuple[dict, list[dict], str]:
    """The recipe and the history of a run's checkpoint, and what it learned from, "" where it does not say;
    ValueError where it is damaged."""
    path = run / "checkpoint.safetensors"
    with _opened(path, _ANEW) as file:
        notes = file.metadata() or {}
    try:
        return json.loads(notes["recipe"]), json.loads(notes["history"]), notes.get("learned", "")
    except (KeyError, ValueError):
        raise damaged(path, _ANEW) from None


@contextmanager
def _opened(file: Path, more: str) -> Iterator[safe_open]:
    """A safetensors file; where it is damaged `train.record.damaged` names it."""
    try:
        with safe_open(file, "numpy") as opened:
            yield opened
    except SafetensorError:
        raise damaged(file, more) from None


def save_atomically(
    tensors: dict[str, np.ndarray], path: Path, notes: dict[str, str] | None = None
) -> None:
    """Write a safetensors file so that at every moment the path holds the old one or the new one, whole; `OSError`
    where the disk does not take it."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.touch()
    mode = part.stat().st_mode  # of any new file: safetensors would let nobody else read it
    try:
        save_file({k: np.array(v, order="C") for k, v in tensors.items()}, part, notes)
    except SafetensorError as error:
        part.unlink(missing_ok=True)
        told = re.search(r"\(os error (\d+)\)", str(error))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1])), str(path)) from error
    part.chmod(mode)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)


def epochs_done(run: Path) -> int:
    """How many epochs a run has behind it, by its history."""
    return len(read_history(run))


def _write_history(history: list[dict], path: Path) -> None:
    with whole(path) as part, part.open("w", newline="") as file:
        # A training that was begun before has columns of what is no longer noted.
        writer = csv.DictWriter(file, history[0].keys(), restval=math.nan)
        writer.writeheader()
        writer.writerows(history)
