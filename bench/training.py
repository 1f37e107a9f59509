"""Training images a second at 256x256, by backend and batch size, beside the same network in plain PyTorch.

Each measurement is a process of its own, so that its peak memory is its own and no framework waits for
another's threads. The views are made ready beforehand: it is the network that is measured. All of them run on the
processors: a GPU is hidden, else a framework that was installed without its support for it would be compared with one
that has it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from bench.memory import peak_mb
from bench.rows import Row

ARCHITECTURE, SIZE, BATCHES = "lite0", 256, (8, 16)
STEPS = {"tensorflow": 8, "torch": 8, "jax": 2}  # JAX on a processor takes seconds for an image
PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


def run() -> list[Row]:
    rows = []
    for batch in BATCHES:
        speeds = {}
        for framework, package in PACKAGES.items():
            if importlib.util.find_spec(package) is None:
                print(f"  {framework}: not measured, it is not installed (pip install {package})")
                continue
            speed, memory = _measure(framework, batch)
            speeds[framework] = speed
            name = "plain PyTorch" if framework == "torch" else f"Keras on {framework}"
            rows.append(Row(f"{name}, batch {batch}", speed, "img/s"))
            rows.append(Row(f"{name}, batch {batch}: peak memory", memory, "MB"))
        if {"tensorflow", "torch"} <= set(speeds):
            ratio = speeds["tensorflow"] / speeds["torch"]
            rows.append(Row(f"Keras on tensorflow / plain PyTorch, batch {batch}", ratio, "x"))
    return rows


def _measure(framework: str, batch: int) -> tuple[float, float]:
    """Images a second on the processors, and peak resident megabytes."""
    backend = framework if framework != "torch" else "tensorflow"
    answer = subprocess.run(
        [sys.executable, "-m", "bench.training", framework, str(batch)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | NO_GPU | {"KERAS_BACKEND": backend},
    )
    speed, memory = json.loads(answer.stdout.splitlines()[-1])
    return speed, memory


def _views(batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.standard_normal((batch, SIZE, SIZE, 3), np.float32)
    masks = (rng.random((batch, SIZE, SIZE, 1)) < 0.1).astype(np.float32)
    return images, masks, np.ones(batch, np.float32)


def _keras_step(batch: int) -> Callable[[], object]:
    from train.fused_norm import norm_for_training
    from train.keras_network import build_model
    from train.loop import compile_model
    from train.recipe import Recipe

    recipe = Recipe(batch=batch)
    model = build_model(ARCHITECTURE, SIZE, norm=norm_for_training())
    compile_model(model, recipe)
    images, masks, presence = _views(batch)
    targets = {"mask": masks, "presence": presence}
    return lambda: model.train_on_batch(images, targets)


def _torch_step(batch: int) -> Callable[[], object]:
    """The losses of `train.loop` and PyTorch's own AdamW: a peer in the work of a step, not in what is learned. Here
    gradients are clipped together and not each variable's for itself, norms and biases decay too, no label is
    smoothed, and no average of the weights is kept.
    """
    import torch
    from torch.nn import functional

    from bench.torch_network import TorchNetwork

    model = TorchNetwork(ARCHITECTURE, SIZE).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-3)
    images, masks, presence = (torch.from_numpy(x) for x in _views(batch))
    images = images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    masks, presence = masks.permute(0, 3, 1, 2), presence[:, None]

    def step() -> None:
        optimizer.zero_grad()
        logits, present = model(images)
        painted = torch.sigmoid(logits)
        overlap = (painted * masks).sum((1, 2, 3))
        area = painted.sum((1, 2, 3)) + masks.sum((1, 2, 3))
        loss = functional.binary_cross_entropy_with_logits(logits, masks)
        loss = loss + (1 - (2 * overlap + 1) / (area + 1)).mean()
        loss = loss + 0.3 * functional.binary_cross_entropy_with_logits(present, presence)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()

    return step


def _one(framework: str, batch: int) -> None:
    step = _torch_step(batch) if framework == "torch" else _keras_step(batch)
    for _ in range(2):  # the first builds the graph
        step()
    started = time.perf_counter()
    for _ in range(STEPS[framework]):
        step()
    seconds = time.perf_counter() - started
    print(json.dumps([STEPS[framework] * batch / seconds, peak_mb()]))


if __name__ == "__main__":
    _one(sys.argv[1], int(sys.argv[2]))
