"""The networks as Keras models: their size, their parts, their ImageNet weights."""

from __future__ import annotations

import io
import pickle
import re

import keras
import numpy as np
import pytest

from bcweb import network
from train import imagenet
from train.keras_network import (
    KerasBuilder,
    build_model,
    imagenet_tensors,
    part_of,
    read_tensors,
    write_tensors,
)


def test_the_original_unet_has_the_parameters_of_the_original():
    model = build_model("unet", 256, presence=False)
    fixed = sum(int(np.prod(v.shape)) for v in model.non_trainable_variables)
    assert model.count_params() == 31_043_521
    assert fixed == 5_888


def test_lite0_has_about_four_million_parameters():
    assert 3.8e6 < build_model("lite0", 256).count_params() < 4.1e6


def test_lite2_has_about_five_and_a_half_million_parameters():
    assert 5.3e6 < build_model("lite2", 256).count_params() < 5.7e6


@pytest.mark.parametrize("architecture", network.ARCHITECTURES)
def test_every_weight_belongs_to_a_named_part(architecture):
    model = build_model(architecture, 64)
    assert all(part_of(layer) for layer in model.layers if layer.weights)
    assert {part_of(layer) for layer in model.layers if layer.weights} == set(network.PARTS) - {
        "source"
    }


@pytest.mark.parametrize("architecture", network.ARCHITECTURES)
def test_without_the_presence_head_there_is_one_output(architecture):
    assert set(build_model(architecture, 64, presence=False).output) == {"mask"}
    assert set(build_model(architecture, 64, presence=True).output) == {"mask", "presence"}


def test_tensors_go_out_and_in_again():
    first, second = build_model("lite0", 64, seed=1), build_model("lite0", 64, seed=2)
    expected = read_tensors(first)
    write_tensors(second, expected)
    for name, value in read_tensors(second).items():
        assert np.array_equal(value, expected[name]), name


@pytest.mark.parametrize("architecture", imagenet.ENCODERS)
def test_imagenet_encoder_still_knows_a_cat(architecture):
    """Encoder and bottleneck under our names, the classifier from the package: class 285, Egyptian cat."""
    from PIL import Image
    from skimage import data as pictures

    builder = KerasBuilder()
    deepest, _ = network.lite_features(builder, builder.input(224, 3), architecture)
    model = keras.Model(builder.inputs, deepest)
    write_tensors(model, imagenet_tensors(architecture), ("encoder", "bottleneck"))
    cat = Image.fromarray(pictures.chelsea()).resize((224, 224), Image.Resampling.BICUBIC)
    x = (np.asarray(cat, np.float32)[None] - 127) / 128
    features = np.asarray(model.predict_on_batch(x))[0]

    t = imagenet.torch_tensors(architecture)
    head = features @ t["_conv_head.weight"][:, :, 0, 0].T
    head = (head - t["_bn1.running_mean"]) / np.sqrt(t["_bn1.running_var"] + 1e-3)
    head = np.clip(head * t["_bn1.weight"] + t["_bn1.bias"], 0, 6).mean((0, 1))
    logits = head @ t["_fc.weight"].T + t["_fc.bias"]
    probability = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert probability.argmax() == 285
    assert probability[285] > 0.3


def test_weights_of_imagenet_that_are_not_those_of_the_tests_are_not_read(monkeypatch):
    monkeypatch.setitem(imagenet.ENCODERS, "lite0", "0" * 64)
    said = "is not the file this project was tested with (sha256 579344248a93"
    with pytest.raises(ValueError, match=re.escape(said)):
        imagenet.torch_tensors("lite0")


class _Harmful:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_the_restricted_reader_runs_nothing_of_a_pickle(capsys):
    file = io.BytesIO(pickle.dumps(_Harmful(), protocol=2))
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        imagenet.read_old_torch_pickle(file)
    assert capsys.readouterr().out == ""
