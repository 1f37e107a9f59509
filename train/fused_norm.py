"""Batch normalisation for training on a processor, in one of TensorFlow's kernels.

Keras composes it of eight operations that each pass over the whole map; measured, they were two fifths
of a step of `lite0`. What a network is saved and published with are Keras's own layers (`train.package`).
"""

from __future__ import annotations

import keras
from keras import layers

from train import devices


@keras.saving.register_keras_serializable("bcweb")
class FusedNorm(layers.BatchNormalization):
    """Keras's layer over the last axis of (N, H, W, C) float32 maps, to float precision; TensorFlow only."""

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel's variance divides by n - 1, Keras's by n.
        n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
        for statistic, now in (
            (self.moving_mean, mean),
            (self.moving_variance, variance * (n - 1.0) / n),
        ):
            statistic.assign(statistic * self.momentum + now * (1.0 - self.momentum))
        return outputs


def norm_for_training() -> type[layers.BatchNormalization]:
    """The layer that a network in training here normalises with."""
    on_cpu = keras.backend.backend() == "tensorflow" and not devices.gpus()
    return FusedNorm if on_cpu else layers.BatchNormalization
