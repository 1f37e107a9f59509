"""The U-Nets, written once against a dozen operations and built by whoever needs them.

`train.keras_network` builds them as Keras models to train, `bcweb.engine` as ONNX graphs to serve;
tests hold the two together. Layers are named PART.PLACE, and PART is one of `PARTS`, so that a part
can be frozen, counted or carried to another network by the first word of its layers' names. A network
that is fed by another one (`Feed`) holds that one as the part `source`: source.encoder.stem and so on.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, get_args

Architecture = Literal["unet", "lite0", "lite2"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)
PARTS = ("encoder", "bottleneck", "decoder", "mask_head", "presence_head", "source")
# What a source network gives to the new one behind it: its probability map, as the original project's
# code has it, or its last features, as its text has it.
Feed = Literal["mask", "features"]
SOURCE = "source."

Tensor = Any  # whatever the builder passes from one operation to the next


class Builder(Protocol):
    """The operations that a network is made of. Maps are square; padding is "same" as TensorFlow
    means it (the odd row and column at the bottom and right)."""

    def input(self, size: int, channels: int) -> Tensor: ...
    def conv(
        self, x: Tensor, filters: int, kernel: int, name: str, stride: int = 1, bias: bool = True
    ) -> Tensor: ...
    def depthwise(self, x: Tensor, kernel: int, name: str, stride: int = 1) -> Tensor: ...
    def conv_transpose(self, x: Tensor, filters: int, name: str) -> Tensor:
        """2x2 kernel, stride 2, with bias."""

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Batch normalisation, epsilon 1e-3."""

    def relu(self, x: Tensor) -> Tensor: ...
    def relu6(self, x: Tensor) -> Tensor: ...
    def sigmoid(self, x: Tensor) -> Tensor: ...
    def add(self, a: Tensor, b: Tensor) -> Tensor: ...
    def concat(self, tensors: list[Tensor]) -> Tensor: ...
    def max_pool(self, x: Tensor) -> Tensor:
        """2x2, stride 2."""

    def upsample(self, x: Tensor) -> Tensor:
        """Twice the size, bilinear, half-pixel centres."""

    def global_average(self, x: Tensor) -> Tensor: ...
    def global_max(self, x: Tensor) -> Tensor: ...
    def dropout(self, x: Tensor, rate: float) -> Tensor: ...
    def dense(self, x: Tensor, units: int, name: str) -> Tensor: ...


def build(
    builder: Builder,
    architecture: Architecture,
    size: int = 256,
    presence: bool = True,
    feed: Feed | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Build one network on an input of (size, size, 3).

    With `feed` the network's own input is what a source network of the same architecture makes of that:
    one channel of its mask's probability, or the channels of its last features, at full size.
    Returns mask logits (size, size, 1) and, with `presence`, one logit for "a lesion is present".
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"Unknown architecture {architecture!r}; known: {', '.join(ARCHITECTURES)}."
        )
    network = _unet if architecture == "unet" else partial(_lite, architecture)
    x = builder.input(size, 3)
    if feed is not None:
        source = network(builder, x, SOURCE, head=feed == "mask")
        x = builder.sigmoid(source.logits) if feed == "mask" else source.features
    own = network(builder, x)
    present = _presence(builder, own.pooled, own.evidence) if presence else None
    return own.logits, present


class _Network(NamedTuple):
    """What a network offers: its mask logits or, without its mask head, its last features, both at full
    size; and what a presence head looks at: deep maps, and the logits at the size at which they are made."""

    logits: Tensor | None
    features: Tensor | None
    pooled: list[Tensor]
    evidence: Tensor | None


def _presence(b: Builder, pooled: list[Tensor], logits: Tensor) -> Tensor:
    """A lesion is present where deep features say so, or where the mask itself is sure of a place."""
    evidence = [b.global_max(logits), b.global_average(b.sigmoid(logits))]
    for features in pooled:
        evidence += [b.global_average(features), b.global_max(features)]
    x = b.dropout(b.concat(evidence), 0.2)
    x = b.relu(b.dense(x, 64, "presence_head.hidden"))
    return b.dense(b.dropout(x, 0.2), 1, "presence_head.logit")


_UNET_WIDTHS = (64, 128, 256, 512, 1024)


def _unet(b: Builder, x: Tensor, prefix: str = "", head: bool = True) -> _Network:
    """The original: widths 64 to 1024, each level conv, ReLU, conv, batch norm, ReLU.

    With three input channels and without the presence head it has 31,043,521 parameters.
    """

    def level(x: Tensor, filters: int, name: str) -> Tensor:
        x = b.relu(b.conv(x, filters, 3, f"{name}.conv1"))
        return b.relu(b.norm(b.conv(x, filters, 3, f"{name}.conv2"), f"{name}.norm"))

    *widths, deepest_width = _UNET_WIDTHS
    skips = []
    for i, width in enumerate(widths):
        x = level(x, width, f"{prefix}encoder.level{i}")
        skips.append(x)
        x = b.max_pool(x)
    deepest = x = level(x, deepest_width, f"{prefix}bottleneck.level4")
    for i, width in reversed(list(enumerate(widths))):
        name = f"{prefix}decoder.level{i}"
        x = level(b.concat([b.conv_transpose(x, width, f"{name}.up"), skips[i]]), width, name)
    if not head:
        return _Network(None, x, [deepest], None)
    logits = b.conv(x, 1, 1, f"{prefix}mask_head.logits")
    return _Network(logits, None, [deepest], logits)


class _Stage(NamedTuple):
    """Blocks of an EfficientNet, of which the first has the stride."""

    expansion: int
    channels: int
    kernel: int
    stride: int
    blocks: int


# EfficientNet-Lite0 (Tan and Le 2019; Liu 2020), the head convolution and the classifier left out; Lite2 has 1.1
# times the channels, to the nearest eight, and 1.2 times the blocks, rounded up, but for the first and last stage.
_LITES: dict[Architecture, tuple[_Stage, ...]] = {
    "lite0": (
        _Stage(1, 16, 3, 1, 1), _Stage(6, 24, 3, 2, 2), _Stage(6, 40, 5, 2, 2), _Stage(6, 80, 3, 2, 3),
        _Stage(6, 112, 5, 1, 3), _Stage(6, 192, 5, 2, 4), _Stage(6, 320, 3, 1, 1),
    ),
    "lite2": (
        _Stage(1, 16, 3, 1, 1), _Stage(6, 24, 3, 2, 3), _Stage(6, 48, 5, 2, 3), _Stage(6, 88, 3, 2, 4),
        _Stage(6, 120, 5, 1, 4), _Stage(6, 208, 5, 2, 5), _Stage(6, 352, 3, 1, 1),
    ),
}  # fmt: skip
_SKIP_AFTER = (0, 1, 2, 4)  # stages whose last map, at 1/2, 1/4, 1/8 and 1/16, feeds the decoder
_BOTTLENECK = 5  # the first stage at 1/32
_LITE_DECODER = (32, 48, 64, 128)


def lite_blocks(architecture: Architecture) -> list[str]:
    """The names of an EfficientNet-Lite encoder's blocks, in order."""
    stages = [i for i, stage in enumerate(_LITES[architecture]) for _ in range(stage.blocks)]
    return [
        f"{'bottleneck' if stage >= _BOTTLENECK else 'encoder'}.block{number}"
        for number, stage in enumerate(stages)
    ]


def lite_features(
    b: Builder, x: Tensor, architecture: Architecture, prefix: str = ""
) -> tuple[Tensor, list[Tensor]]:
    """An EfficientNet-Lite's deepest map, at 1/32 of the size, and the four maps above it."""
    x = b.conv(x, 32, 3, f"{prefix}encoder.stem", stride=2, bias=False)
    x = b.relu6(b.norm(x, f"{prefix}encoder.stem_norm"))
    channels, names, skips = 32, iter(lite_blocks(architecture)), []
    for number, stage in enumerate(_LITES[architecture]):
        for i in range(stage.blocks):
            name, shortcut = prefix + next(names), x
            if stage.expansion > 1:
                x = b.conv(x, channels * stage.expansion, 1, f"{name}.expand", bias=False)
                x = b.relu6(b.norm(x, f"{name}.expand_norm"))
            step = stage.stride if i == 0 else 1
            x = b.depthwise(x, stage.kernel, f"{name}.depthwise", stride=step)
            x = b.relu6(b.norm(x, f"{name}.depthwise_norm"))
            x = b.conv(x, stage.channels, 1, f"{name}.project", bias=False)
            x = b.norm(x, f"{name}.project_norm")
            if step == 1 and channels == stage.channels:
                x = b.add(x, shortcut)
            channels = stage.channels
        if number in _SKIP_AFTER:
            skips.append(x)
    return x, skips


def _lite(
    architecture: Architecture, b: Builder, x: Tensor, prefix: str = "", head: bool = True
) -> _Network:
    """A U-Net on an EfficientNet-Lite: about 4 million parameters on Lite0, 5.5 on Lite2.

    The logits are made at half the size and upsampled: the last decoder level would cost a third of
    the training time and lesions have no detail there.
    """
    x, skips = lite_features(b, x, architecture, prefix)
    pooled = [x]
    for i, width in reversed(list(enumerate(_LITE_DECODER))):
        x = b.concat([b.upsample(x), skips[i]])
        for j in (1, 2):
            name = f"{prefix}decoder.level{i}"
            x = b.conv(x, width, 3, f"{name}.conv{j}", bias=False)
            x = b.relu(b.norm(x, f"{name}.norm{j}"))
        if i == len(_LITE_DECODER) - 1:
            pooled.append(x)
    if not head:
        return _Network(None, b.upsample(x), pooled, None)
    half_logits = b.conv(x, 1, 1, f"{prefix}mask_head.logits")
    return _Network(b.upsample(half_logits), None, pooled, half_logits)
