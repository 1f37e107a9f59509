"""A weights folder made up in a second: random numbers in the right shapes, for tests of everything around them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from bcweb import network
from bcweb.weights import Config, OperatingPoint, config_text

NOWHERE = "5a3c96e1f00d72b84b1d8e27c3a965f0" * 2  # the fingerprint of no scan


class _Shapes:
    """Walks a network and notes every tensor's shape; see `bcweb.network.Builder`."""

    def __init__(self):
        self.found: dict[str, tuple[int, ...]] = {}

    def input(self, size, channels):
        return channels

    def conv(self, x, filters, kernel, name, stride=1, bias=True):
        self.found[f"{name}.kernel"] = (kernel, kernel, x, filters)
        if bias:
            self.found[f"{name}.bias"] = (filters,)
        return filters

    def depthwise(self, x, kernel, name, stride=1):
        self.found[f"{name}.kernel"] = (kernel, kernel, x, 1)
        return x

    def conv_transpose(self, x, filters, name):
        self.found[f"{name}.kernel"] = (2, 2, filters, x)
        self.found[f"{name}.bias"] = (filters,)
        return filters

    def norm(self, x, name):
        for variable in ("gamma", "beta", "moving_mean", "moving_variance"):
            self.found[f"{name}.{variable}"] = (x,)
        return x

    def dense(self, x, units, name):
        self.found |= {f"{name}.kernel": (x, units), f"{name}.bias": (units,)}
        return units

    def concat(self, tensors):
        return sum(tensors)

    def _same(self, x, *_):
        return x

    relu = relu6 = sigmoid = max_pool = upsample = global_average = global_max = dropout = add = (
        _same
    )


def shapes(
    architecture: str, presence: bool = True, feed: str | None = None
) -> dict[str, tuple[int, ...]]:
    """Every tensor's shape, by name."""
    walker = _Shapes()
    network.build(walker, architecture, 64, presence, feed)
    return walker.found


def random_tensors(
    architecture: str, presence: bool = True, seed: int = 0, feed: str | None = None
) -> dict[str, np.ndarray]:
    """Weights that keep activations near one, and statistics as far from (0, 1) as trained ones; only to be read."""
    return dict(_drawn(tuple(shapes(architecture, presence, feed).items()), seed))


@lru_cache(8)
def _drawn(shapes: tuple[tuple[str, tuple[int, ...]], ...], seed: int) -> dict[str, np.ndarray]:
    """Most tests want the same ones, which take a tenth of a second."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes:
        if name.endswith("kernel"):
            fan_in = int(np.prod(shape[:-1])) if "depthwise" not in name else shape[0] * shape[1]
            value = rng.normal(0, np.sqrt(2 / fan_in), shape)
        elif name.endswith(("gamma", "moving_variance")):
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(0, 0.1, shape)
        tensors[name] = value.astype(np.float32)
        tensors[name].flags.writeable = False
    return tensors


def config(architecture: str = "lite0", **changes) -> Config:
    values = {
        "architecture": architecture,
        "modality": "ultrasound",
        "size": 64,
        "presence": True,
        "mean": 0.5,
        "std": 0.5,
        "operating_point": OperatingPoint(
            mask_threshold=0.5, presence_gate=0.0, min_lesion_fraction=0.0
        ),
        "trained_on": ("made up",),
        "name": "random",
    }
    return Config(**(values | changes))


def write(folder: Path, seed: int = 0, **changes) -> Path:
    """Write a random lite0 at 64x64, with Config fields changed as named; it has seen a case that is nowhere."""
    folder.mkdir(parents=True, exist_ok=True)
    made = config(**changes)
    tensors = random_tensors(made.architecture, made.presence, seed, made.feed)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(config_text(made))
    cases = [f"{name},nowhere,nowhere,nowhere,{NOWHERE}\n" for name in made.trained_on]
    seen = "".join(["dataset,id,group,digest,fingerprint\n", *cases])
    (folder / "seen.csv").write_text(seen, encoding="utf-8")
    return folder
