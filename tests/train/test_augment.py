"""Views: one warp for image and mask, crops that hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bcweb.scans import MODALITIES
from train.augment import AIR, STRENGTHS, _contrast, augment


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


def test_views_that_go_nowhere_are_the_image_or_its_mirror():
    image, mask = picture(lesion=False)
    mask[40:70, 50:90] = 1
    strength = STRENGTHS["ultrasound"].times(0)
    assert (strength.rotation, strength.scale, strength.aspect) == (0, (1, 1), (1, 1))
    whole = 0
    for seed in range(40):
        truth = augment(image, mask, "ultrasound", np.random.default_rng(seed), reach=0)[1]
        whole += np.array_equal(truth, mask) or np.array_equal(truth, mask[:, ::-1])
    assert whole >= 20, "all but the close views, a quarter"
    assert STRENGTHS["ultrasound"].times(1) == STRENGTHS["ultrasound"]


def test_close_views_come_as_often_as_is_asked():
    image, mask = picture()

    def warped_only(close: float) -> int:
        """Views that cover as much as the whole: reach 0 leaves all but close ones as they are."""
        views = (
            augment(image, mask, "ultrasound", np.random.default_rng(seed), reach=0, close=close)[1]
            for seed in range(80)
        )
        return sum(np.array_equal(v, mask) or np.array_equal(v, mask[:, ::-1]) for v in views)

    assert warped_only(0) == 80
    assert warped_only(0) > warped_only(1) > warped_only(2) > 0
    most = STRENGTHS["ultrasound"].closer(100)
    assert most.crop_without_lesion + most.crop_around_lesion == pytest.approx(1)
    assert most.crop_without_lesion / most.crop_around_lesion == pytest.approx(1.5)


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


def test_close_views_of_a_mammogram_without_its_lesion_show_breast(monkeypatch):
    # Whole views with a covered lesion show air as the film does.
    monkeypatch.setitem(STRENGTHS, "mammogram", replace(STRENGTHS["mammogram"], covered=0.0))
    image, mask = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    image[:, :70] = 120  # the breast is on the left, air on the right
    mask[50:60, 10:20], image[50:60, 10:20] = 1, 250
    shares = {"mammogram": [], "ultrasound": []}
    for modality, found in shares.items():
        for seed in range(400):
            view, truth = augment(image, mask, modality, np.random.default_rng(seed))
            if not truth.any():
                found.append((view > 2 * AIR / 255).mean())
    assert len(shares["mammogram"]) >= 30
    assert np.mean(np.array(shares["mammogram"]) < 0.4) < 0.05, "a view is of air"
    assert np.mean(np.array(shares["ultrasound"]) < 0.4) > 0.2, "then this shows nothing"


def test_a_tone_curve_keeps_black_white_and_the_order_of_greys():
    from PIL import Image

    ramp = np.tile(np.arange(256, dtype=np.uint8), (256, 1))
    changed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        flat = Image.fromarray(np.zeros_like(ramp))  # without detail there is only the curve
        curve = _contrast(flat, ramp.astype(np.float32) / 255, 1.0, rng)[0]
        assert abs(curve[0]) < 1e-3 and abs(curve[-1] - 1) < 1e-3
        assert (np.diff(curve) > 0).all()
        changed += np.abs(curve - ramp[0] / 255).max() > 0.02
    assert 10 <= changed <= 30, "in half of the views"


def test_the_views_of_an_ultrasound_are_what_they_have_been():
    """A digest of views before mammograms got a contrast of their own: a run goes on as it began."""
    image, mask = picture()
    image += np.arange(128, dtype=np.uint8)[None] // 2 * (mask == 0)
    total = [
        round(float(augment(image, mask, "ultrasound", np.random.default_rng(s))[0].mean()), 5)
        for s in range(6)
    ]
    before = [0.27403, 0.1333, 0.13232, 0.13258, 0.19607, 0.06055]
    assert total == pytest.approx(before, abs=1e-4)
    assert not STRENGTHS["ultrasound"].contrast and not STRENGTHS["ultrasound"].breast
