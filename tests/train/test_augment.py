"""Views: one warp for image and mask, crops that hold what they promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from bcweb.scans import MODALITIES
from train.augment import AIR, STRENGTHS, _coarser, _contrast, augment


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
        x, y, _ = augment(image, mask, modality, np.random.default_rng(seed))
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


def test_close_views_of_a_mammogram_without_its_lesion_show_breast():
    image, mask = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    image[:, :70] = 120  # the breast is on the left, air on the right
    mask[50:60, 10:20], image[50:60, 10:20] = 1, 250
    shares = {"mammogram": [], "ultrasound": []}
    for modality, found in shares.items():
        for seed in range(400):
            # Whole views with a covered lesion would show air as the film does.
            rng = np.random.default_rng(seed)
            view, truth, _ = augment(image, mask, modality, rng, covered=0)
            if not truth.any():
                found.append((view > 2 * AIR / 255).mean())
    assert len(shares["mammogram"]) >= 30
    assert np.mean(np.array(shares["mammogram"]) < 0.4) < 0.05, "a view is of air"
    assert np.mean(np.array(shares["ultrasound"]) < 0.4) > 0.2, "then this shows nothing"


def test_a_tone_curve_keeps_black_white_and_the_order_of_greys():
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


def board() -> np.ndarray:
    """Black and white in turn, pixel by pixel: the finest detail that there is."""
    return (np.indices((128, 128)).sum(axis=0) % 2 * 255).astype(np.uint8)


def test_fewer_pixels_leave_what_is_large_and_take_the_finest_detail():
    large, mask = picture()
    inside, outside = ndimage.binary_erosion(mask, iterations=8), ndimage.binary_dilation(mask, iterations=8)  # fmt: skip
    for seed in range(20):
        fine, same = (
            np.asarray(_coarser(Image.fromarray(image), np.random.default_rng(seed)))
            for image in (board(), large)
        )
        assert fine.shape == (128, 128) and fine.dtype == np.uint8
        assert fine.std() < board().std() / 2 and abs(fine.mean() - 127.5) < 3
        assert (same[inside] == 255).all() and (same[~outside] == 0).all()


def test_coarse_views_have_less_detail_and_show_the_same():
    image, mask = board(), picture()[1]

    def views(coarse: float) -> list[tuple[float, np.ndarray]]:
        """How much neighbours differ, and the mask; whole views alone, without speckle."""
        made = [
            augment(image, mask, "ultrasound", np.random.default_rng(seed), 0, 0, coarse)
            for seed in range(40)
        ]
        return [(float(np.abs(np.diff(view.image)).mean()), view.mask) for view in made]

    whole, coarse = views(0), views(1)
    assert np.mean([d for d, _ in coarse]) < np.mean([d for d, _ in whole]) / 3
    for (_, one), (_, other) in zip(whole, coarse, strict=True):
        assert np.array_equal(one, other)
    fewer = sum(detail < 0.2 for detail, _ in views(0.5)) - sum(detail < 0.2 for detail, _ in whole)
    assert 10 <= fewer <= 30, "about half of 40, as is asked"


@pytest.mark.parametrize("modality", MODALITIES)
def test_what_teachers_say_is_warped_as_the_mask_is(modality):
    image, mask = picture()
    shown = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        view = augment(image, mask, modality, rng, taught=mask * np.uint8(255))
        assert view.taught.shape == (128, 128) and view.taught.dtype == np.uint8
        border = ndimage.binary_dilation(view.mask, iterations=2) & ~ndimage.binary_erosion(
            view.mask, iterations=2, border_value=1
        )
        assert np.array_equal((view.taught >= 128)[~border], view.mask.astype(bool)[~border])
        shown += view.mask.any()
    assert shown >= 30, "then this shows nothing"


def test_without_teachers_a_view_has_none_and_with_them_it_is_the_same_view():
    image, mask = picture()
    alone = augment(image, mask, "ultrasound", np.random.default_rng(3))
    taught = augment(image, mask, "ultrasound", np.random.default_rng(3), taught=image)
    assert alone.taught is None
    assert np.array_equal(alone.image, taught.image) and np.array_equal(alone.mask, taught.mask)


def test_where_a_lesion_was_covered_the_teachers_say_nothing(monkeypatch):
    """Of a mammogram whose teachers see lesions everywhere; views are whole, half of them covered beside it."""
    monkeypatch.setitem(STRENGTHS, "mammogram", replace(STRENGTHS["mammogram"], covered=1.0))
    image, mask = picture()
    image = np.maximum(image, np.random.default_rng(0).integers(60, 90, image.shape, np.uint8))
    everywhere = np.full_like(mask, 255)
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        view = augment(image, mask, "mammogram", rng, close=0, taught=everywhere)
        assert view.taught.any() == view.mask.any(), seed
        covered += not view.mask.any()
    assert 10 <= covered <= 30
