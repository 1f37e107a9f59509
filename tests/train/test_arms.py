"""Every arm of transfer: what is frozen stays still, and what is not moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import msgspec
import numpy as np
import pytest

from bcweb import network
from bcweb.engine import Engine
from bcweb.weights import load_weights
from tests import weights_folder
from tests.train import quick
from train import loop
from train.arms import ARMS, Phase, phase_at
from train.keras_network import begin_phase, build_model, read_tensors
from train.start import from_source, without_source


@contextmanager
def made_thin() -> Iterator[None]:
    """The original U-Net narrow too, and lite2 no larger: what is frozen goes by names, not by widths."""
    with quick.small(), quick.narrow(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(network._LITES, "lite2", network._LITES["lite0"])
        yield


@pytest.fixture
def thin():
    with made_thin():
        yield


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Random weights of each architecture, `thin` ones, as a run would leave them."""
    with made_thin():
        return {
            a: load_weights(str(weights_folder.write(tmp_path_factory.mktemp(a), architecture=a)))
            for a in network.ARCHITECTURES
        }


def start_of(name: str, architecture: str, sources):
    arm = ARMS[name]
    if arm.begins == "source":
        return from_source(arm, sources[architecture])
    return without_source(arm, architecture)


def parts_that_move(before, after) -> set[str]:
    """Names of the tensors that an epoch has changed."""
    return {name for name, value in after.items() if not np.array_equal(before[name], value)}


# The rest name the same places of the original U-Net as these do.
OF_THE_ORIGINAL = ("encoder", "stack", "bn", "gradual")
CASES = [*((arm, "lite0") for arm in ARMS), *((arm, "unet") for arm in OF_THE_ORIGINAL)]


@pytest.mark.parametrize(("name", "architecture"), CASES)
def test_what_is_frozen_stays_still_through_fit_save_reload_and_resume(
    name, architecture, sources, thin, eagerly, squares, tmp_path, monkeypatch
):
    start = start_of(name, architecture, sources)
    phases = start.arm.phases
    epochs = max(len(phases), 2)
    few = squares.take(np.array([0, 1, 2, 3, 22, 23]))
    recipe = loop.Recipe(
        architecture=architecture, arm=name, size=64, epochs=epochs, batch=6, normal_repeats=1
    )
    snapshots = []
    keep = loop._keep

    def look_then_keep(model, *rest):
        snapshots.append(read_tensors(model))
        keep(model, *rest)
        if len(snapshots) == 1:
            raise SystemExit("killed after the first epoch")

    monkeypatch.setattr(loop, "_keep", look_then_keep)
    model = start.build(64, True, 0)
    snapshots_before = read_tensors(model)
    with pytest.raises(SystemExit):
        loop.fit(model, few, None, "ultrasound", recipe, tmp_path, phases)
    model = start.build(
        64, True, 1
    )  # a new process: nothing of the first is left but the checkpoint
    loop.fit(model, few, None, "ultrasound", recipe, tmp_path, phases)
    model.save(tmp_path / "model.keras")
    snapshots.append(read_tensors(keras.saving.load_model(tmp_path / "model.keras", compile=False)))

    assert parts_that_move(snapshots[-2], snapshots[-1]) == set(), "saving changed something"
    for epoch in range(epochs):
        phase = phases[phase_at(phases, epoch, epochs)]
        before = snapshots_before if epoch == 0 else snapshots[epoch - 1]
        moved = parts_that_move(before, snapshots[epoch])
        for tensor in before:
            layer, _, variable = tensor.rpartition(".")
            norm = "norm" in layer
            head = layer.split(".")[0] in ("mask_head", "presence_head")
            frozen = phase.rate(layer) == 0 or (phase.only_norms and not norm and not head)
            if frozen:
                assert tensor not in moved, f"epoch {epoch}: {tensor} is frozen and has moved"
            elif variable in ("kernel", "gamma", "moving_mean", "moving_variance"):
                assert tensor in moved, f"epoch {epoch}: {tensor} is not frozen and has not moved"


@pytest.mark.parametrize(
    ("name", "parameters", "trainable"),
    [("stack", 62_085_890, 31_036_546), ("features", 62_122_113, 31_072_769)],
)
def test_two_stacked_unets_have_the_parameters_of_the_original(
    name, parameters, trainable, monkeypatch
):
    monkeypatch.setattr(network, "_UNET_WIDTHS", (64, 128, 256, 512, 1024))
    arm = ARMS[name]
    model = build_model("unet", 256, presence=False, feed=arm.feed)
    begin_phase(model, arm.phases[0])
    assert model.count_params() == parameters
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == trainable


@pytest.mark.parametrize(
    ("name", "architecture"),
    [*(("stack", each) for each in network.ARCHITECTURES), ("features", "lite0")],
)
def test_a_stack_begins_with_its_source_and_is_served_as_keras_has_it(
    name, architecture, sources, thin
):
    source = sources[architecture]
    model = start_of(name, architecture, sources).build(64, True, 0)
    tensors = read_tensors(model)
    for tensor, value in source.tensors.items():
        if tensor.startswith(("encoder.", "decoder.", "bottleneck.")):
            assert np.array_equal(tensors[f"source.{tensor}"], value), tensor
    config = msgspec.structs.replace(source.config, feed=ARMS[name].feed, presence=True)
    images = np.random.default_rng(0).standard_normal((2, 64, 64, 3), np.float32)
    masks, presence = Engine(config, tensors).run(images)
    expected = model.predict_on_batch(images)
    np.testing.assert_allclose(masks, expected["mask"][..., 0], atol=1e-3)
    np.testing.assert_allclose(presence, expected["presence"][:, 0], atol=1e-3)


def test_a_tenth_of_the_rate_moves_a_tenth_as_far(thin, eagerly, squares):
    def first_step(rate: float) -> np.ndarray:
        model = build_model("lite0", 64)
        before = read_tensors(model)["encoder.stem.kernel"]
        recipe = loop.Recipe(size=64, weight_decay=0.0)
        loop.compile_model(model, recipe, Phase(rates=(("encoder", rate),)))
        images = np.repeat(squares.images[:4, ..., None] / np.float32(255), 3, -1)
        masks = squares.masks[:4, ..., None].astype(np.float32)
        model.train_on_batch(images, {"mask": masks, "presence": np.ones((4, 1), np.float32)})
        return read_tensors(model)["encoder.stem.kernel"] - before

    np.testing.assert_allclose(first_step(0.1), 0.1 * first_step(1.0), rtol=0.02, atol=1e-7)


def test_the_longest_place_that_a_name_begins_with_has_its_rate():
    phase = Phase(rates=(("source", 0.0), ("source.mask_head", 0.5), ("encoder.block1", 0.1)))
    assert phase.rate("source.encoder.stem") == 0.0
    assert phase.rate("source.mask_head.logits") == 0.5
    assert phase.rate("encoder.block1.expand") == 0.1
    assert phase.rate("encoder.block10.expand") == 1.0, "block1 is no beginning of block10"


@pytest.mark.parametrize("architecture", network.ARCHITECTURES)
def test_gradual_begins_with_some_layers_of_every_encoder_and_not_with_all(architecture):
    names = read_tensors(build_model(architecture, 64, presence=True))
    first = ARMS["gradual"].phases[0]
    encoder = {name: first.rate(name.rpartition(".")[0]) for name in names if "encoder." in name}
    assert set(encoder.values()) == {0.0, 1.0}, (
        "SHALLOW names none of this encoder's layers, or all"
    )


def test_phases_share_the_epochs():
    none, gradual = ARMS["none"].phases, ARMS["gradual"].phases
    assert [phase_at(none, e, 10) for e in range(10)] == [0, 0] + [1] * 8
    assert [phase_at(gradual, e, 9) for e in range(9)] == [0] * 3 + [1] * 3 + [2] * 3
    assert [phase_at(gradual, e, 1) for e in range(1)] == [1], "one epoch is the middle's"


def test_a_control_without_such_weights_and_a_stacked_source_are_refused(sources):
    with pytest.raises(ValueError, match="no ImageNet weights for unet"):
        without_source(ARMS["imagenet"], "unet")
    stacked = msgspec.structs.replace(sources["lite0"].config, feed="mask")
    weights = type(sources["lite0"])(stacked, {}, sources["lite0"].folder, "x-1")
    with pytest.raises(ValueError, match="only a single one can be a source"):
        from_source(ARMS["encoder"], weights)
