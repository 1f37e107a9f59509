"""What is pushed, loaded by Keras alone in a process that has never heard of bcweb."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image

from bcweb.engine import Engine
from bcweb.phantoms import phantom
from bcweb.preprocess import square, standardise
from bcweb.segmenter import Segmenter
from tests.hub import finished
from train.push import push

ALONE = {"PYTHONPATH": None}
LOAD = """
import sys, keras, numpy as np
from huggingface_hub import hf_hub_download
images = np.load("images.npy")
for place in ("hf://ann/weights", hf_hub_download("ann/weights", "model.keras", revision="v1")):
    model = keras.saving.load_model(place)
    said = {name: keras.ops.convert_to_numpy(value) for name, value in model(images).items()}
    np.savez(f"{'repository' if place.startswith('hf://') else 'file'}.npz", **said)
assert not [name for name in sys.modules if name.split(".")[0] in ("bcweb", "train")]
layers = {type(layer) for layer in model._flatten_layers()}
assert all(kind.__module__.startswith("keras.") for kind in layers), layers
"""


def test_keras_alone_says_what_the_app_says_by_the_card_the_repository_and_the_file(
    hub, client, python, tmp_path
):
    """The five lines of the card outline what the segmenter outlines; repository and file load as the same network."""
    run = finished.run(tmp_path / "run")
    push(run, "ann/weights")
    card = hub.repository("ann/weights").find("v1").files["README.md"].data.decode()
    lines = re.search(r"```python\n(.+?)```", card, re.DOTALL)[1]
    assert len(lines.splitlines()) == 5
    scan = phantom("ultrasound", 3).scan
    Image.fromarray(scan.pixels).save(tmp_path / "scan.png")
    images = np.random.default_rng(0).normal(0, 1, (2, 64, 64, 3)).astype(np.float32)
    np.save(tmp_path / "images.npy", images)
    done = python("-c", f"{lines}\nnp.save('mask.npy', mask)\n{LOAD}", env=ALONE)
    assert done.returncode == 0, done.stderr

    segmenter = Segmenter.load(str(run / "weights"))
    config = segmenter.weights.config
    engine = Engine(config, segmenter.weights.tensors)
    drawn = np.load(tmp_path / "mask.npy")
    logits, _ = engine.run(
        standardise(square(scan, config.size, config.crop)[None], config.mean, config.std)
    )
    assert drawn.shape == (64, 64)
    assert 0.01 < drawn.mean() < 0.99, "an outline to compare"
    assert (drawn == (logits[0] >= 0)).mean() > 0.999

    mask, presence = engine.run(images)
    for name in ("repository", "file"):
        with np.load(tmp_path / f"{name}.npz") as said:
            scale = np.abs(mask).max()
            np.testing.assert_allclose(said["mask"][..., 0], mask, atol=2e-5 * scale, err_msg=name)
            np.testing.assert_allclose(
                said["presence"][:, 0], presence, rtol=1e-3, atol=1e-3, err_msg=name
            )
