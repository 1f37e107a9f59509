"""What a network costs, all of them in one run: size on the disk, time for a scan, images a second in training."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np

from bcweb.batch import core_count
from bcweb.network import ARCHITECTURES
from bcweb.phantoms import phantom
from bcweb.segmenter import Segmenter
from bcweb.weights import Config, OperatingPoint, Weights
from train import devices
from train.fused_norm import norm_for_training
from train.keras_network import build_model, read_tensors
from train.loop import compile_model
from train.recipe import Recipe
from train.weights_report import Cost

SIZE, BATCH = 256, 8
_SCANS, _STEPS = 15, 4


def measure() -> list[Cost]:
    """Every architecture, its scans in turn, so that a drift of the machine's speed hits all alike."""
    with devices.built_in(devices.precision()):
        models = {name: build_model(name, SIZE, norm=norm_for_training()) for name in ARCHITECTURES}
    tensors = {name: read_tensors(model) for name, model in models.items()}
    scan = phantom("ultrasound", 11).scan
    seconds = _in_turn(
        {
            name: partial(_segmenter(name, numbers).segment, scan)
            for name, numbers in tensors.items()
        }
    )
    return [
        Cost(
            name, hardware(), sum(t.size for t in tensors[name].values()) / 1e6,
            sum(t.size for t in tensors[name].values()) * 2 / 1e6, 1e3 * seconds[name],
            _trained(model),
        )
        for name, model in models.items()
    ]  # fmt: skip


def hardware() -> str:
    """What is measured on here: the GPU of a training, if there is one, and the processor."""
    processor = f"{core_count()} cores, {_processor()}"
    if found := devices.gpus():
        return f"{getattr(found[0], 'device_kind', found[0].name)}, {processor}"
    return processor


def _processor() -> str:
    """Its maker's name for it where the system tells, so that two machines are not taken for one."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def _segmenter(name: str, tensors: dict[str, np.ndarray]) -> Segmenter:
    """A segmenter of untrained weights that paints something, as trained ones do."""
    config = Config(
        architecture=name, modality="ultrasound", size=SIZE, presence=True, mean=0.5, std=0.5,
        operating_point=OperatingPoint(mask_threshold=0.5, presence_gate=None, min_lesion_fraction=0.001),
        trained_on=(), name=name,
    )  # fmt: skip
    return Segmenter(Weights(config, tensors, Path(), name))


def _in_turn(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each call."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(_SCANS + 2):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn >= 2:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def _trained(model: keras.Model) -> float:
    """Images a second, after two steps that build what there is to build."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((BATCH, SIZE, SIZE, 3), np.float32)
    targets = {
        "mask": (rng.random((BATCH, SIZE, SIZE, 1)) < 0.1).astype(np.float32),
        "presence": np.ones(BATCH, np.float32),
    }
    compile_model(model, Recipe(batch=BATCH))
    for _ in range(2):
        model.train_on_batch(images, targets)
    started = time.perf_counter()
    for _ in range(_STEPS):
        model.train_on_batch(images, targets)
    return _STEPS * BATCH / (time.perf_counter() - started)
