"""Views: one warp for image and mask, crops that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.scans import MODALITIES
from train.augment import augment


def picture(lesion: bool = True, top: int = 40, left: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """A black image with a white lesion: image and mask say the same."""
    mask = np.zeros((128, 128), np.uint8)
    if lesion:
        mask[top : top + 30, left : left + 40] = 1
    return (mask * 255).astype(np.uint8), mask


@pytest.mark.parametrize("modality", MODALITIES)
def test_image_and_mask_are_warped_alike(modality):
    image, mask = picture()
    for seed in range(60):
        x, y = augment(image, mask, modality, np.random.default_rng(seed))
        assert x.shape == y.shape == (128, 128)
        assert x.dtype == np.float32 and x.min() >= 0 and x.max() <= 1
        assert set(np.unique(y)) <= {0, 1}
        if y.sum() > 200:  # white stays the lesion: brighter inside than outside by far
            assert x[y == 1].mean() > x[y == 0].mean() + 0.15, seed


def test_the_same_seed_gives_the_same_view():
    image, mask = picture()
    first, second = (augment(image, mask, "ultrasound", np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])


def test_some_views_of_a_lesion_image_show_no_lesion_and_most_do():
    image, mask = picture(top=5, left=5)  # in the middle, hardly a crop could miss it
    empty = sum(
        not augment(image, mask, "ultrasound", np.random.default_rng(seed))[1].any()
        for seed in range(300)
    )
    assert 10 <= empty <= 60


def test_a_normal_stays_normal():
    image, mask = picture(lesion=False)
    assert not any(
        augment(image, mask, "ultrasound", np.random.default_rng(s))[1].any() for s in range(50)
    )
