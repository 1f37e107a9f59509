"""The arms of transfer: where a network's weights begin, what feeds it, and what is frozen when.

A rate is a multiple of the run's learning rate. A frozen place has the rate 0: neither its weights nor
its batch statistics move, and its normalisation uses those it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bcweb.network import Feed

ENCODER = ("encoder", "bottleneck")  # the way down: the feature layers
# The first half of the encoder's way down, to a quarter of the size (of lite2 all but one block of it).
SHALLOW = (
    "encoder.stem", "encoder.stem_norm", "encoder.block0", "encoder.block1", "encoder.block2",
    "encoder.level0", "encoder.level1",
)  # fmt: skip
HEADS = ("mask_head", "presence_head")


@dataclass(frozen=True)
class Phase:
    """A stretch of the epochs. rates: (place, rate); the longest place that a layer's name begins with
    (by whole words) counts, and without one the rate is 1. only_norms: of what is not frozen by its
    rate only batch normalisations move, and the heads."""

    share: float = 1.0
    rates: tuple[tuple[str, float], ...] = ()
    only_norms: bool = False

    def rate(self, layer: str) -> float:
        """The rate of a layer by its name, "decoder.level0.conv1"."""
        words = layer.split(".")
        rates = dict(self.rates)
        for length in range(len(words), 0, -1):
            if (rate := rates.get(".".join(words[:length]))) is not None:
                return rate
        return 1.0


@dataclass(frozen=True)
class Arm:
    """summary: what moves and what stays, for --help and the documents."""

    name: str
    summary: str
    begins: Literal["source", "imagenet", "random"]
    phases: tuple[Phase, ...] = (Phase(),)
    feed: Feed | None = None


def _frozen(*places: str) -> tuple[tuple[str, float], ...]:
    return tuple((place, 0.0) for place in places)


ARMS = {
    arm.name: arm
    for arm in (
        Arm(
            "encoder",
            "the method: encoder and bottleneck frozen with their batch statistics; decoder and heads train",
            "source",
            (Phase(rates=_frozen(*ENCODER)),),
        ),
        Arm(
            "stack",
            "as in the original's code: the source network frozen with its statistics, except for its mask head, "
            "which trains; its probability map is fed to a new network, all of which trains",
            "source",
            (Phase(rates=(("source", 0.0), ("source.mask_head", 1.0))),),
            feed="mask",
        ),
        Arm(
            "features",
            "as in the original's text: the source network without its mask head, frozen with its statistics; "
            "its last features are fed to a new network, all of which trains",
            "source",
            (Phase(rates=_frozen("source")),),
            feed="features",
        ),
        Arm(
            "none",
            "full fine-tuning: a fifth of the epochs as `encoder`, then everything trains, encoder and "
            "bottleneck at a tenth of the rate and with moving statistics",
            "source",
            (
                Phase(0.2, _frozen(*ENCODER)),
                Phase(0.8, tuple((place, 0.1) for place in ENCODER)),
            ),
        ),
        Arm(
            "all",
            "everything trains from the first epoch, at the full rate and with moving statistics: a training "
            "that goes on from weights of the same kind",
            "source",
        ),
        Arm(
            "decoder",
            "decoder frozen with its statistics; encoder, bottleneck and heads train",
            "source",
            (Phase(rates=_frozen("decoder")),),
        ),
        Arm(
            "bn",
            "every convolution frozen; scale, centre and statistics of every batch normalisation follow the "
            "target, bottleneck included, and the heads train",
            "source",
            (Phase(only_norms=True),),
        ),
        Arm(
            "gradual",
            "shallow layers first: in thirds of the epochs the shallow half of the encoder and the heads, "
            "then the whole encoder with the bottleneck, then everything; statistics move with their layers",
            "source",
            (
                Phase(1 / 3, (*_frozen(*ENCODER, "decoder"), *((place, 1.0) for place in SHALLOW))),
                Phase(1 / 3, _frozen("decoder")),
                Phase(1 / 3),
            ),
        ),
        Arm("random", "control: no transfer, from random weights; everything trains", "random"),
        Arm(
            "imagenet",
            "control: no transfer, encoder and bottleneck from ImageNet; everything trains",
            "imagenet",
        ),
    )
}


def phase_at(phases: tuple[Phase, ...], epoch: int, epochs: int) -> int:
    """The number of the phase that an epoch (from 0) belongs to; the shares are rounded to whole epochs."""
    end = 0.0
    for number, phase in enumerate(phases):
        end += phase.share
        if epoch < round(end * epochs):
            return number
    return len(phases) - 1
