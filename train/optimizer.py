"""AdamW over vectors: what moves at one rate is moved at once, and not layer by layer.

Keras's own takes some sixty operations for each of a network's hundreds of variables. They are quick, but TensorFlow
traces and compiles each of them, which takes longer than the rest of the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

_NOT_DECAYED = ("bias", "gamma", "beta")
_CLIP = 5.0  # the longest gradient of a variable
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7  # as Keras has them


@dataclass(frozen=True, eq=False)
class _Together:
    """Variables of one rate, a multiple of the learning rate, that decay or do not, by their places among all. Of their
    numbers, one after the other: the gradient's first and second moment, and the average of the numbers themselves.
    """

    places: tuple[int, ...]
    rate: float
    decay: float
    momentum: keras.Variable
    velocity: keras.Variable
    average: keras.Variable


class PartwiseAdamW(keras.Optimizer):
    """AdamW (Loshchilov and Hutter, arXiv:1711.05101) with gradients clipped by each variable's norm, and an exponential
    moving average of the variables, which `averages` gives.

    decay: of kernels alone, taken at the learning rate itself. ema: of the average, what stays of it at a step.
    rates: by a variable's path, multiples of the learning rate.
    """

    def __init__(
        self, learning_rate: float, *, decay: float, ema: float, rates: Mapping[str, float]
    ):
        super().__init__(learning_rate)
        self.decay, self.ema, self.rates = decay, ema, rates

    def build(self, variables: list[keras.Variable]) -> None:
        super().build(variables)
        kinds: dict[tuple[float, float], list[int]] = {}
        for place, variable in enumerate(variables):
            decay = 0.0 if variable.name in _NOT_DECAYED else self.decay
            kinds.setdefault((self.rates[variable.path], decay), []).append(place)
        self._together = []
        for (rate, decay), places in kinds.items():
            length = sum(int(np.prod(variables[place].shape)) for place in places)
            states = [
                self.add_variable((length,), name=name)
                for name in ("momentum", "velocity", "average")
            ]
            self._together.append(_Together(tuple(places), rate, decay, *states))

    def apply(self, grads: list, trainable_variables: list[keras.Variable] | None = None) -> None:
        """One step. The gradients are of the variables that it was built with, in their order; ValueError where others are
        given.
        """
        known = self._trainable_variables
        given = known if trainable_variables is None else trainable_variables
        if len(grads) != len(known) or any(a is not b for a, b in zip(given, known, strict=True)):
            raise ValueError(
                "These gradients are of other variables than the optimizer was built with."
            )
        rate = ops.cast(self.learning_rate, "float32")
        before = ops.cast(self.iterations, "float32")
        settled = ops.sqrt(1 - _BETA_2 ** (before + 1)) / (1 - _BETA_1 ** (before + 1))
        kept = self.ema * ops.cast(before > 0, "float32")  # the first average is of one step
        for one in self._together:
            variables = [known[place] for place in one.places]
            now = _joined([ops.convert_to_tensor(variable) for variable in variables])
            gradient = _joined([_clipped(grads[place]) for place in one.places])
            momentum = one.momentum + (gradient - one.momentum) * (1 - _BETA_1)
            velocity = one.velocity + (gradient * gradient - one.velocity) * (1 - _BETA_2)
            decayed = now - now * (one.decay * rate)
            step = momentum * (one.rate * rate * settled) / (ops.sqrt(velocity) + _EPSILON)
            after = decayed - step
            one.momentum.assign(momentum)
            one.velocity.assign(velocity)
            one.average.assign(kept * one.average + (1 - kept) * after)
            for variable, numbers in zip(variables, _apart(after, variables), strict=True):
                variable.assign(numbers)
        self.iterations.assign_add(1)

    def averages(self) -> list[np.ndarray]:
        """Of the variables that it was built with, in their order."""
        found: dict[int, np.ndarray] = {}
        for one in self._together:
            variables = [self._trainable_variables[place] for place in one.places]
            found |= zip(one.places, _apart(one.average, variables), strict=True)
        return [ops.convert_to_numpy(found[place]) for place in range(len(found))]


def _clipped(gradient):
    norm = ops.sqrt(ops.sum(ops.square(gradient)))
    return gradient * (_CLIP / ops.maximum(norm, _CLIP))


def _joined(tensors: list):
    """Their numbers as one vector."""
    return ops.concatenate([ops.reshape(tensor, (-1,)) for tensor in tensors])


def _apart(vector, variables: list[keras.Variable]) -> list:
    """A vector's parts, each in its variable's shape."""
    ends = np.cumsum([int(np.prod(variable.shape)) for variable in variables])[:-1]
    parts = ops.split(vector, ends.tolist()) if len(ends) else [vector]
    return [
        ops.reshape(part, variable.shape) for part, variable in zip(parts, variables, strict=True)
    ]
