"""Lesions covered with tissue of the same breast, and places beside them covered likewise."""

from __future__ import annotations

import numpy as np

from train.augment import AIR, augment, without_lesions
from train.erase import covered
from train.training_set import TrainingCase, TrainingSet


def mammogram(top: int = 40, left: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """A breast of grey 90 to 110 on the left, air on the right, a lesion of 230 within."""
    rng = np.random.default_rng(0)
    image = np.zeros((128, 128), np.uint8)
    image[:, :100] = rng.integers(90, 111, (128, 100))
    mask = np.zeros((128, 128), np.uint8)
    mask[top : top + 16, left : left + 16] = 1
    image[mask == 1] = 230
    return image, mask


def test_a_covered_lesion_cannot_be_seen_any_more():
    image, mask = mammogram()
    for seed in range(20):
        result = covered(image, mask, image > AIR, False, np.random.default_rng(seed))
        assert result is not None, f"seed {seed}: there is room for it in this breast"
        assert result[mask == 1].max() < 125, f"seed {seed}: the lesion shines through"
        far = np.ones_like(mask, bool)
        far[32:64, 22:54] = False
        assert np.array_equal(result[far], image[far]), f"seed {seed}: changed far from the lesion"


def test_a_decoy_leaves_the_lesion_and_changes_another_place():
    image, mask = mammogram()
    for seed in range(20):
        result = covered(image, mask, image > AIR, True, np.random.default_rng(seed))
        assert np.array_equal(result[mask == 1], image[mask == 1]), f"seed {seed}: lesion touched"
        changed = result != image
        assert 100 < changed.sum() < 900, f"seed {seed}: a patch is as large as the lesion"
        assert result[changed].max() < 125 and result[changed].min() > AIR, f"seed {seed}"


def test_without_room_nothing_is_covered():
    image, mask = mammogram()
    air = np.zeros_like(image, bool)
    assert covered(image, mask, air, False, np.random.default_rng(0)) is None
    mask[10:100, 5:95] = 1
    assert covered(image, mask, image > AIR, False, np.random.default_rng(0)) is None


def case(name: str, boxed: bool = False) -> TrainingCase:
    return TrainingCase("set", name, name, "malignant", "mammogram", name, "0" * 64, boxed=boxed)


def test_lesion_images_are_given_once_more_without_their_lesion():
    image, mask = mammogram(8, 8)  # in a corner, so that close views beside it are many
    normal = np.zeros_like(mask)
    data = TrainingSet((case("a"), case("b")), np.stack([image, image]), np.stack([mask, normal]))
    found = without_lesions(data, "mammogram", 0)
    assert [c.id for c in found.cases] == ["a", "a"], "the whole one covered, and a close one"
    assert not found.masks.any() and found.images.max() < 125, "a lesion is still there"
    both = data + found
    assert both.has_lesion.tolist() == [True, False, False, False] and len(both.cases) == 4
    assert len(without_lesions(data, "ultrasound", 0).cases) == 0


def test_a_view_that_shows_no_lesion_is_not_one_of_which_only_boxes_are_known():
    """It chooses the gate beside outlined lesions, as in a cross-validation."""
    image, mask = mammogram(8, 8)
    cases = (case("outlined"), case("boxed", boxed=True))
    data = TrainingSet(cases, np.stack([image, image]), np.stack([mask, mask]))
    found = without_lesions(data, "mammogram", 0)
    assert {c.id for c in found.cases} == {"outlined", "boxed"}
    assert (data + found).boxed.tolist() == [False, True] + [False] * len(found.cases)


def test_views_of_a_mammogram_show_it_without_its_lesion_and_still_whole():
    image, mask = mammogram()
    whole = [
        x
        for seed in range(200)
        for x, y, _ in [augment(image, mask, "mammogram", np.random.default_rng(seed))]
        if not y.any() and (x < AIR / 255).mean() > 0.1  # air is in the view
    ]
    assert len(whole) >= 20, "presence would be learned from close views alone"
    assert np.median([np.percentile(x, 99.5) for x in whole]) < 0.7, "the lesion is still there"
