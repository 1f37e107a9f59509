"""The served graph says what Keras says, and refuses weights that do not fit it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from packaging.version import Version

from bcweb import network
from bcweb.cases import read_cases
from bcweb.engine import Engine
from bcweb.preprocess import square, standardise
from bcweb.scans import MODALITIES, read_scan
from bcweb.weights import WeightsError, load_weights
from tests.weights_folder import config, random_tensors

ROOT = Path(__file__).parents[1]


def keras_logits(made, tensors, images):
    from train.keras_network import build_model, write_tensors

    model = build_model(made.architecture, made.size, made.presence)
    write_tensors(model, tensors)
    out = model.predict_on_batch(images)
    presence = np.asarray(out["presence"])[:, 0] if made.presence else None
    return np.asarray(out["mask"])[..., 0], presence


@pytest.mark.parametrize(
    ("architecture", "presence"),
    [*((name, True) for name in network.ARCHITECTURES), ("lite0", False)],
)
def test_engine_agrees_with_keras_on_random_weights(architecture, presence):
    made = config(architecture, presence=presence)
    tensors = random_tensors(architecture, presence)
    images = np.random.default_rng(0).standard_normal((2, 64, 64, 3)).astype(np.float32)
    mask, present = Engine(made, tensors).run(images)
    expected_mask, expected_present = keras_logits(made, tensors, images)
    assert mask.std() > 0.05, (
        "the network's answer hardly depends on its input: nothing is compared"
    )
    np.testing.assert_allclose(mask, expected_mask, atol=2e-4 * max(1, np.abs(expected_mask).max()))
    if presence:
        np.testing.assert_allclose(present, expected_present, rtol=1e-3, atol=1e-3)
    else:
        assert present is None


@pytest.mark.data
@pytest.mark.parametrize("modality", MODALITIES)
def test_engine_agrees_with_keras_on_real_scans_with_the_embedded_weights(modality, data):
    spec = {
        "ultrasound": f"busi:{data}/busi",
        "mammogram": f"folder:{data}/cdd-cesm?energy=low&modality=mammogram",
    }[modality]
    weights = load_weights("embedded", modality)
    made = weights.config
    scans = [read_scan(case.file) for case in read_cases(spec).cases[::150][:4]]
    images = standardise(np.stack([square(s, made.size) for s in scans]), made.mean, made.std)
    mask, present = Engine(made, weights.tensors).run(images)
    expected_mask, expected_present = keras_logits(made, weights.tensors, images)
    np.testing.assert_allclose(mask, expected_mask, atol=2e-3)
    if made.presence:
        np.testing.assert_allclose(present, expected_present, atol=2e-3)


def test_a_missing_tensor_is_named():
    tensors = random_tensors("lite0")
    del tensors["decoder.level1.conv2.kernel"]
    with pytest.raises(WeightsError, match=r"no tensor decoder\.level1\.conv2\.kernel"):
        Engine(config(), tensors)


def test_a_tensor_of_another_shape_is_named():
    tensors = random_tensors("lite0")
    tensors["mask_head.logits.bias"] = np.zeros(2, np.float32)
    with pytest.raises(WeightsError, match=r"mask_head\.logits\.bias has the shape \(2,\)"):
        Engine(config(), tensors)


def test_a_superfluous_tensor_is_named():
    with pytest.raises(WeightsError, match="hold presence_head"):
        Engine(config(presence=False), random_tensors("lite0"))


def left_behind(statement: str, home: Path) -> list[Path]:
    """The files that a Python of its own leaves in its home after one statement."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    subprocess.run([sys.executable, "-c", statement], env=bare, check=True, cwd=ROOT)
    return sorted(path for path in home.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the reports' files lie elsewhere")
def test_the_engine_leaves_no_device_id_and_no_queue_of_reports(tmp_path):
    ours, bare = tmp_path / "ours", tmp_path / "bare"
    ours.mkdir()
    bare.mkdir()
    assert left_behind("import bcweb.engine", ours) == []
    if Version(metadata.version("onnxruntime")) >= Version("1.29"):
        assert left_behind("import onnxruntime", bare), (
            "it reports no more: then nothing is shown here"
        )
