"""Half precision, several devices and the other backend: what they promise, on a machine without GPUs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train import quick
from train import devices, loop
from train.keras_network import build_model, read_tensors

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def half():
    """A small lite0 in half precision, as a training on a GPU builds it; small are all that are built beside it."""
    with quick.small():
        with devices.built_in(devices.HALF):
            model = build_model("lite0", 64, seed=3)
        yield model


@pytest.mark.parametrize(
    ("capabilities", "policy"),
    [([], "float32"), ([9.0], devices.HALF), ([8.0, 9.0], devices.HALF), ([9.0, 7.5], "float32")],
)
def test_half_precision_is_of_gpus_that_all_have_bfloat16(monkeypatch, capabilities, policy):
    monkeypatch.setattr(devices, "gpus", lambda: capabilities)
    monkeypatch.setattr(devices, "_capability", float)
    assert devices.precision() == policy


def test_half_precision_is_in_the_maps_and_not_in_the_weights_or_the_logits(half):
    assert half.get_layer("encoder.stem").compute_dtype == "bfloat16"
    assert {str(v.dtype) for v in half.weights if "seed" not in v.path} == {"float32"}
    assert {name: str(out.dtype) for name, out in half.output.items()} == {
        "mask": "float32",
        "presence": "float32",
    }
    assert keras.config.dtype_policy().name == "float32", "the process's own policy has changed"
    assert build_model("lite0", 64).get_layer("encoder.stem").compute_dtype == "float32"


def test_half_precision_says_about_what_single_precision_says(half, eagerly):
    whole = build_model("lite0", 64, seed=3)
    images = np.random.default_rng(0).standard_normal((2, 64, 64, 3)).astype(np.float32)
    expected, said = whole.predict_on_batch(images), half.predict_on_batch(images)
    for name in ("mask", "presence"):
        deviation = np.abs(np.asarray(said[name]) - np.asarray(expected[name])).mean()
        assert 0 < deviation < 0.05 * np.asarray(expected["mask"]).std() + 0.02, name


def test_a_step_in_half_precision_moves_the_weights_by_less_than_half_precision_can(half, squares):
    recipe = loop.Recipe(size=64, batch=4, learning_rate=1e-6)
    before = read_tensors(half)["encoder.stem.kernel"]
    loop.compile_model(half, recipe)
    half.run_eagerly = (
        keras.backend.backend() == "tensorflow"
    )  # a graph takes longer than its one step
    x, y = next(loop.batches(squares, "ultrasound", recipe, 0))
    assert np.isfinite(half.train_on_batch(x, y, return_dict=True)["loss"])
    moved = np.abs(read_tensors(half)["encoder.stem.kernel"] - before)
    assert 0 < moved.max() < 1e-5


ON_JAX = """
import sys
from pathlib import Path
import keras, numpy as np
from keras import layers
from train import devices, loop
from train.training_set import TrainingCase, TrainingSet
from train.keras_network import read_tensors, write_tensors

def network():
    x = given = layers.Input((64, 64, 3))
    x = layers.Conv2D(4, 3, padding="same", name="encoder.conv")(x)
    x = layers.ReLU()(layers.BatchNormalization(name="encoder.norm")(x))
    model = keras.Model(given, {"mask": layers.Conv2D(1, 1, name="mask_head.logits")(x)})
    rng = np.random.default_rng(0)
    write_tensors(model, {k: rng.uniform(0.1, 0.5, v.shape) for k, v in read_tensors(model).items()})
    return model

rng = np.random.default_rng(1)
images, masks = rng.integers(0, 255, (8, 64, 64), np.uint8), np.zeros((8, 64, 64), np.uint8)
masks[:, 20:40, 20:40] = 1
case = TrainingCase("squares", "a", "a", "benign", "ultrasound", "a", "0" * 64)
data = TrainingSet((case,) * 8, images, masks)
recipe = loop.Recipe(size=64, epochs=2, batch=4, presence=False)

def fit(name):
    model = network()
    return model, loop.fit(model, data, data, "ultrasound", recipe, Path(sys.argv[1]) / name)

_, alone = fit("alone")
assert devices.share(4, "cpu") == 2
try:
    devices.share(5, "cpu")
    raise SystemExit("5 images were shared by 2 devices")
except ValueError as error:
    assert str(error).endswith("try --batch 4."), error

keep = loop._keep
def keep_then_stop(*given):
    keep(*given)
    raise KeyboardInterrupt
loop._keep = keep_then_stop
fit("shared")
loop._keep = keep
model, shared = fit("shared")  # goes on from the first epoch's checkpoint
assert len(model.layers[1].kernel.value.sharding.device_set) == 2
for name in alone:
    np.testing.assert_allclose(shared[name], alone[name], atol=1e-5, err_msg=name)
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_on_jax_two_devices_train_what_one_trains_and_go_on_where_they_were_stopped(tmp_path):
    told = {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    done = subprocess.run(
        [sys.executable, "-c", ON_JAX, str(tmp_path)],
        cwd=ROOT, env=os.environ | told, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
