"""Teachers: finished networks whose mean answer a training learns beside the truth, so that one network comes
to draw as several do together (distillation: Hinton, Vinyals and Dean 2015, arXiv:1503.02531).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from bcweb.preprocess import CROPS
from bcweb.segmenter import Segmenter
from bcweb.weights import Weights
from train.training_set import TrainingSet


def learn_from(teachers: Sequence[Weights], data: TrainingSet) -> TrainingSet:
    """The set with the mean of what the teachers paint on each of its images, (S, S), before any gate."""
    segmenters = [Segmenter(weights) for weights in teachers]
    taught = np.empty(data.images.shape, np.uint8)
    for i, image in enumerate(tqdm(data.images, "Teachers", unit="image")):
        x = image[None] / np.float32(255)
        mean = sum(segmenter.answer(x)[0][0] for segmenter in segmenters) / len(segmenters)
        taught[i] = np.rint(255 * mean)
    return replace(data, taught=taught)


def refuse_unfit(teachers: Sequence[Weights], data: TrainingSet) -> None:
    """ValueError where a teacher is of another modality than the data, or looks at images of another size or crop."""
    for weights in teachers:
        size, modality = weights.config.size, weights.config.modality
        if (size, modality) != (data.images.shape[1], data.cases[0].modality):
            raise ValueError(
                f"The teacher {weights.revision} looks at {modality}s of {size} pixels a side: --size {size} and data "
                "of that modality are what it can teach."
            )
        if weights.config.crop != CROPS[modality]:
            raise ValueError(
                f"The teacher {weights.revision} looks at {modality}s whole, and what it is to teach at the "
                f"{CROPS[modality]} alone: train it anew."
            )


def refuse_knowing(teachers: Sequence[Weights], held_out: TrainingSet) -> None:
    """ValueError where a teacher has seen a case that is held out: through it the training would, too."""
    for weights in teachers:
        _ = weights.seen_cases  # what it saw, these weights will have seen; where that is not told, rather now than at the end
        known = sum(case.seen_by(weights) for case in held_out.cases)
        if known:
            raise ValueError(
                f"The teacher {weights.revision} was trained on {known} of the {len(held_out.cases)} cases that are "
                "held out here (or their groups): a score of them would be no result."
            )
