"""AdamW over vectors against Keras's own, and what its rates do."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="keras is not installed")

from train.optimizer import PartwiseAdamW  # noqa: E402


def variables() -> list[keras.Variable]:
    """A kernel, a bias and what a batch normalisation learns, whose paths are their names."""
    rng = np.random.default_rng(3)
    shapes = {"kernel": (3, 3, 2, 4), "bias": (4,), "gamma": (4,), "beta": (4,)}
    made = []
    for name, shape in shapes.items():
        made.append(keras.Variable(rng.normal(size=shape).astype(np.float32), name=name))
    return made


def gradients(step: int) -> list[np.ndarray]:
    """Of the first variable longer than 5, which is clipped; of the last one nothing but zeros."""
    rng = np.random.default_rng([7, step])
    scales = {(3, 3, 2, 4): 10.0}
    found = [rng.normal(scale=scales.get(v.shape, 0.1), size=v.shape) for v in variables()]
    found[-1][:] = 0
    return [keras.ops.convert_to_tensor(g.astype(np.float32)) for g in found]


def numbers(of: list) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(one) for one in of]


def test_it_moves_what_keras_moves_as_far():
    ours, theirs = variables(), variables()
    rates = {variable.path: 1.0 for variable in ours}
    optimizer = PartwiseAdamW(0.01, decay=0.1, ema=0.9, rates=rates)
    optimizer.build(ours)
    keras_own = keras.optimizers.AdamW(
        0.01, weight_decay=0.1, clipnorm=5.0, use_ema=True, ema_momentum=0.9,
        ema_overwrite_frequency=None,
    )  # fmt: skip
    keras_own.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    keras_own.build(theirs)
    for step in range(5):
        optimizer.learning_rate = keras_own.learning_rate = 0.01 / (step + 1)
        optimizer.apply(gradients(step))
        keras_own.apply(gradients(step))
    for mine, wanted in zip(numbers(ours), numbers(theirs), strict=True):
        assert np.allclose(mine, wanted, rtol=0, atol=1e-6)
    moved = [
        not np.array_equal(*pair) for pair in zip(numbers(ours), numbers(variables()), strict=True)
    ]
    assert moved == [True, True, True, False], (
        "the last one's gradient is zero, and it does not decay"
    )
    keras_own.finalize_variable_values(theirs)
    for mine, wanted in zip(optimizer.averages(), numbers(theirs), strict=True):
        assert np.allclose(mine, wanted, rtol=0, atol=1e-6)


def test_a_part_moves_at_its_own_rate_and_decays_at_that_of_all():
    """The first step of Adam is as long as the rate, whatever the gradient."""
    moving = variables()[:2]
    before = numbers(moving)
    rates = {"kernel": 0.5, "bias": 0.25}
    optimizer = PartwiseAdamW(0.01, decay=0.1, ema=0.9, rates=rates)
    optimizer.build(moving)
    pushes = gradients(0)[:2]
    optimizer.apply(pushes)
    kernel, bias = numbers(moving)
    signs = [np.sign(push) for push in numbers(pushes)]
    assert np.allclose(kernel, before[0] * (1 - 0.1 * 0.01) - 0.5 * 0.01 * signs[0], atol=1e-5)
    assert np.allclose(bias, before[1] - 0.25 * 0.01 * signs[1], atol=1e-5)


def test_gradients_of_other_variables_are_refused():
    """They are told apart by their places alone."""
    ours = variables()
    optimizer = PartwiseAdamW(0.01, decay=0.1, ema=0.9, rates={v.path: 1.0 for v in ours})
    optimizer.build(ours)
    for pushes, given in [(gradients(0)[:-1], None), (gradients(0), ours[::-1])]:
        with pytest.raises(ValueError, match="of other variables"):
            optimizer.apply(pushes, given)
