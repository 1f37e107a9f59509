"""The networks of `bcweb.network` as Keras models, and their parts: frozen, loaded, read out."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
from keras import layers

from bcweb import network
from train import imagenet
from train.arms import HEADS, Phase

MASK_BIAS = -2.0  # a mask head that begins with "background" nearly everywhere


class KerasBuilder:
    """Builds a network from standard Keras layers only; see `bcweb.network.Builder`.

    Under a policy of half precision the heads stay in float32, and what is made of them at their size:
    a logit in bfloat16 is known to a hundredth.
    """

    def __init__(
        self,
        seed: int = 0,
        norm: type[layers.BatchNormalization] = layers.BatchNormalization,
    ):
        self.seed = seed
        self.norm_layer = norm
        self.inputs: keras.KerasTensor | None = None

    def _initializer(self, kind: str = "he_normal") -> keras.initializers.Initializer:
        self.seed += 1  # one seed a layer: the same build is the same network on every backend
        return keras.initializers.get({"class_name": kind, "config": {"seed": self.seed}})

    def input(self, size, channels):
        self.inputs = layers.Input((size, size, channels), name="scan")
        return self.inputs

    def conv(self, x, filters, kernel, name, stride=1, bias=True):
        return layers.Conv2D(
            filters,
            kernel,
            strides=stride,
            padding="same",
            use_bias=bias,
            kernel_initializer=self._initializer(),
            bias_initializer=keras.initializers.Constant(
                MASK_BIAS if name.endswith("mask_head.logits") else 0.0
            ),
            dtype=_policy_of(name),
            name=name,
        )(x)

    def depthwise(self, x, kernel, name, stride=1):
        return layers.DepthwiseConv2D(
            kernel,
            strides=stride,
            padding="same",
            use_bias=False,
            depthwise_initializer=self._initializer(),
            name=name,
        )(x)

    def conv_transpose(self, x, filters, name):
        return layers.Conv2DTranspose(
            filters, 2, strides=2, padding="same", kernel_initializer=self._initializer(), name=name
        )(x)

    def norm(self, x, name):
        return self.norm_layer(epsilon=1e-3, name=name)(x)

    def relu(self, x):
        return layers.ReLU()(x)

    def relu6(self, x):
        return layers.ReLU(max_value=6.0)(x)

    def sigmoid(self, x):
        return layers.Activation("sigmoid", dtype=_kept(x))(x)

    def add(self, a, b):
        return layers.Add()([a, b])

    def concat(self, tensors):
        return layers.Concatenate()(tensors)

    def max_pool(self, x):
        return layers.MaxPooling2D(2)(x)

    def upsample(self, x):
        return layers.UpSampling2D(2, interpolation="bilinear", dtype=_kept(x))(x)

    def global_average(self, x):
        return layers.GlobalAveragePooling2D()(x)

    def global_max(self, x):
        return layers.GlobalMaxPooling2D()(x)

    def dropout(self, x, rate):
        self.seed += 1
        return layers.Dropout(rate, seed=self.seed)(x)

    def dense(self, x, units, name):
        return layers.Dense(
            units,
            kernel_initializer=self._initializer("glorot_uniform"),
            dtype=_policy_of(name),
            name=name,
        )(x)


def _policy_of(name: str) -> str | None:
    """The policy of a layer by its name; None is that of the process."""
    return "float32" if any(head in name.split(".") for head in HEADS) else None


def _kept(x: keras.KerasTensor) -> str | None:
    """The policy that leaves a tensor's precision as it is."""
    return "float32" if x.dtype == "float32" else None


def build_model(
    architecture: network.Architecture,
    size: int = 256,
    presence: bool = True,
    seed: int = 0,
    feed: network.Feed | None = None,
    norm: type[layers.BatchNormalization] = layers.BatchNormalization,
) -> keras.Model:
    """A Keras model from (N, size, size, 3) to {"mask": (N, size, size, 1)[, "presence": (N, 1)]} logits.

    norm: the layer that normalises; a model that is saved has Keras's own.
    """
    builder = KerasBuilder(seed, norm)
    mask, present = network.build(builder, architecture, size, presence, feed)
    outputs = {"mask": mask} if present is None else {"mask": mask, "presence": present}
    return keras.Model(builder.inputs, outputs, name=architecture)


def part_of(layer: keras.layers.Layer) -> str | None:
    """The named part that a layer belongs to; None for layers without weights of their own (ReLU ...)."""
    part = layer.name.split(".")[0]
    return part if part in network.PARTS else None


def begin_phase(model: keras.Model, phase: Phase) -> dict[str, float]:
    """Freeze and unfreeze the layers as a phase has it; the rates of what trains, by a variable's path.

    A frozen batch normalisation also stops moving its statistics and normalises by those it has
    (Keras runs it in inference mode), so nothing of a frozen layer changes.
    """
    rates = {}
    for layer in model.layers:
        if part_of(layer) is None:
            continue
        rate = phase.rate(layer.name)
        moves = not phase.only_norms or (
            isinstance(layer, layers.BatchNormalization) or part_of(layer) in HEADS
        )
        layer.trainable = rate > 0 and moves
        rates |= {variable.path: rate for variable in layer.trainable_variables}
    return rates


def _named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    return {
        f"{layer.name}.{variable.name}": variable
        for layer in model.layers
        if part_of(layer)
        for variable in layer.weights
    }


def read_tensors(model: keras.Model) -> dict[str, np.ndarray]:
    """Every weight and batch statistic as float32, by LAYER.VARIABLE."""
    return {
        name: keras.ops.convert_to_numpy(v).astype(np.float32)
        for name, v in _named_variables(model).items()
    }


def write_tensors(
    model: keras.Model, tensors: dict[str, np.ndarray], parts: Iterable[str] = network.PARTS
) -> None:
    """Set the weights of the named parts; every one of them must be there in its shape."""
    wanted = set(parts)
    for name, variable in _named_variables(model).items():
        if name.split(".")[0] not in wanted:
            continue
        if name not in tensors:
            raise ValueError(f"The weights have no tensor {name}.")
        if tuple(tensors[name].shape) != tuple(variable.shape):
            raise ValueError(
                f"{name} has the shape {tuple(tensors[name].shape)}, the network wants {tuple(variable.shape)}."
            )
        variable.assign(tensors[name].astype(np.float32))


def imagenet_tensors(architecture: network.Architecture) -> dict[str, np.ndarray]:
    """ImageNet weights under our names, of encoder and bottleneck; empty where there are none."""
    if architecture not in imagenet.ENCODERS:
        return {}
    source = imagenet.torch_tensors(architecture)
    norm = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    places = {"encoder.stem": ("_conv_stem", "_bn0")}
    for i, block in enumerate(network.lite_blocks(architecture)):
        theirs = f"_blocks.{i}."
        places[f"{block}.expand"] = (theirs + "_expand_conv", theirs + "_bn0")
        places[f"{block}.depthwise"] = (theirs + "_depthwise_conv", theirs + "_bn1")
        places[f"{block}.project"] = (theirs + "_project_conv", theirs + "_bn2")
    tensors = {}
    for ours, (conv, bn) in places.items():
        if f"{conv}.weight" not in source:
            continue  # the first block expands nothing
        depthwise = ours.endswith("depthwise")
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        tensors[f"{ours}.kernel"] = source[f"{conv}.weight"].transpose(axes)
        for variable, name in norm.items():
            tensors[f"{ours}_norm.{variable}"] = source[f"{bn}.{name}"]
    return tensors
