"""The normalisation of a training against Keras's own layer, which is what a network is published with."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.train import quick
from train.fused_norm import FusedNorm, norm_for_training
from train.keras_network import build_model, read_tensors, write_tensors

if keras.backend.backend() != "tensorflow":
    pytest.skip("The kernel is TensorFlow's.", allow_module_level=True)


def stepped(layer: keras.layers.Layer, maps: np.ndarray, wanted: np.ndarray) -> dict:
    """What a layer gives in training, its gradients and its statistics afterwards."""
    import tensorflow as tf

    x = tf.constant(maps)
    layer.build(maps.shape)
    layer.gamma.assign([0.5, 1.0, 2.0])
    layer.beta.assign([0.0, -1.0, 3.0])
    layer.moving_mean.assign([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layer(x, training=True)
        loss = tf.reduce_mean((outputs - wanted) ** 2)
    dx, dgamma, dbeta = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
    return {
        "outputs": outputs,
        "gradient of the maps": dx,
        "gradient of gamma": dgamma,
        "gradient of beta": dbeta,
        "moving mean": layer.moving_mean.value,
        "moving variance": layer.moving_variance.value,
    }


def test_a_step_is_that_of_keras_own_layer():
    rng = np.random.default_rng(0)
    maps = rng.normal([10.0, 0.0, -3.0], [3.0, 1.0, 0.1], (2, 5, 4, 3)).astype(np.float32)
    wanted = rng.standard_normal(maps.shape).astype(np.float32)
    expected = stepped(keras.layers.BatchNormalization(epsilon=1e-3), maps, wanted)
    for name, value in stepped(FusedNorm(epsilon=1e-3), maps, wanted).items():
        np.testing.assert_allclose(value, expected[name], rtol=2e-4, atol=2e-5, err_msg=name)


def test_frozen_it_normalises_by_the_statistics_that_it_has_and_moves_none():
    layer = FusedNorm()
    layer.build((None, 4, 4, 1))
    layer.moving_mean.assign([3.0])
    layer.trainable = False
    outputs = layer(np.full((2, 4, 4, 1), 5.0, np.float32), training=True)
    np.testing.assert_allclose(outputs, 2.0, rtol=1e-3)
    assert float(layer.moving_mean[0]) == 3.0


def test_a_network_trained_with_it_says_the_same_with_keras_own_layers(eagerly):
    with quick.small():
        trained = build_model("lite0", 64, seed=3, norm=norm_for_training())
        published = build_model("lite0", 64, seed=4)
    assert any(isinstance(layer, FusedNorm) for layer in trained.layers)
    assert not any(isinstance(layer, FusedNorm) for layer in published.layers)
    write_tensors(published, read_tensors(trained))
    scans = np.random.default_rng(0).standard_normal((2, 64, 64, 3)).astype(np.float32)
    said = trained.predict_on_batch(scans)
    for name, logits in published.predict_on_batch(scans).items():
        np.testing.assert_allclose(said[name], logits, atol=1e-5, err_msg=name)
