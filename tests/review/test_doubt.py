"""Uncertainty and suspicion on masks small enough to work them out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.review.doubt import mean_of_worst, suspicion, uncertainty
from bcweb.weights import OperatingPoint

POINT = OperatingPoint(mask_threshold=0.5, presence_gate=0.5, min_lesion_fraction=0.0)
NOTHING = np.zeros((4, 5), bool)


def probability(**pixels: float) -> np.ndarray:
    """(4, 5) uint8, zero but for so many pixels of each value: n4=0.8 are four of 0.8."""
    values = [p for name, p in pixels.items() for _ in range(int(name[1:]))]
    flat = np.array(values + [0] * (20 - len(values)))
    return np.rint(flat * 255).astype(np.uint8).reshape(4, 5)


def first(n: int) -> np.ndarray:
    """(4, 5) bool: the first n pixels, in rows."""
    return (np.arange(20) < n).reshape(4, 5)


# --- uncertainty


def test_a_map_without_doubt_has_none():
    assert uncertainty(probability(n4=1.0), 1.0, first(4)) == 0
    assert uncertainty(probability(n4=1.0), None, first(4)) == 0


def test_a_doubtful_edge_counts_at_the_thresholds_that_leave_it_out():
    # 4 pixels of 1, 4 of 0.6: at 0.05 to 0.60 (12 thresholds) all 8 are in, at 7 more the first 4.
    # The mask at 0.5 is the 8: Dice 1 and 2 x 4 / (8 + 4).
    agreement = (12 * 1 + 7 * (8 / 12)) / 19
    shown = probability(n4=1.0, m4=0.6)
    assert uncertainty(shown, 1.0, first(8)) == pytest.approx(1 - agreement)
    # Odds of 9 to 1, and three lesions to a normal: 27 to 1.
    assert uncertainty(shown, 0.9, first(8)) == pytest.approx(1 - 27 / 28 * agreement)


def test_a_map_that_never_reaches_a_threshold_agrees_with_nothing_there():
    # 8 pixels of 0.6: in at 12 thresholds, nothing at 7.
    assert uncertainty(probability(n8=0.6), 1.0, first(8)) == pytest.approx(1 - 12 / 19)


def test_an_empty_mask_is_as_uncertain_as_a_lesion_is_likely():
    # Odds of 3 to 7, and three lesions to a normal: 9 to 7.
    gated = uncertainty(probability(n4=1.0), 0.3, NOTHING)
    assert gated == pytest.approx(9 / 16), "the gate emptied it"
    assert uncertainty(probability(n4=1.0), 0.0, NOTHING) == 0
    assert uncertainty(probability(n4=0.4), None, NOTHING) == pytest.approx(0.4)
    assert uncertainty(probability(), None, NOTHING) == 0


def test_uncertainty_and_suspicion_stay_within_0_and_1():
    rng = np.random.default_rng(0)
    for _ in range(200):
        shown = rng.integers(0, 256, (4, 5), dtype=np.uint8)
        mask, truth = (rng.random((4, 5)) < rng.random() for _ in range(2))
        assert 0 <= uncertainty(shown, rng.random(), mask) <= 1
        assert 0 <= suspicion(shown, mask, truth, POINT) <= 1


# --- suspicion


def test_the_truth_that_a_map_draws_is_not_suspect():
    assert suspicion(probability(n4=1.0), first(4), first(4), POINT) == 0


def test_half_as_many_pixels_as_the_lesion_has_are_looked_at():
    # Truth: 8 pixels; the map gives 4 of them 1, 2 of them 0.2 and 2 of them 0.4. The worst 4 of all
    # contradict it by 0.8, 0.8, 0.6 and 0.6.
    shown = probability(n4=1.0, m2=0.2, o2=0.4)
    assert suspicion(shown, first(4), first(8), POINT) == pytest.approx((0.8 + 0.8 + 0.6 + 0.6) / 4)


def test_an_edge_drawn_further_out_counts_little():
    # 10 pixels, of which the map leaves out 1: 1 of the worst 5.
    assert suspicion(probability(n9=1.0), first(9), first(10), POINT) == pytest.approx(1 / 5)


def test_a_lesion_elsewhere_is_as_suspect_as_can_be():
    elsewhere = first(8) & ~first(4)
    assert suspicion(probability(n4=1.0), first(4), elsewhere, POINT) == 1


def test_a_truth_without_the_lesion_that_the_map_sees():
    assert suspicion(probability(n4=1.0), first(4), NOTHING, POINT) == 1
    assert suspicion(probability(n4=0.7), first(4), NOTHING, POINT) == pytest.approx(0.7, abs=0.002)


def test_a_lesion_that_the_map_does_not_see():
    assert suspicion(probability(), NOTHING, first(4), POINT) == 1
    doubted = suspicion(probability(n4=0.4), NOTHING, first(4), POINT)
    assert doubted == pytest.approx(0.6), "what it holds possible it contradicts less"


def test_where_gate_and_truth_say_that_there_is_nothing_nothing_is_suspect():
    assert suspicion(probability(n4=1.0), NOTHING, NOTHING, POINT) == 0


def test_a_speck_below_the_smallest_lesion_is_looked_at_among_its_surroundings():
    # Of 20 pixels a fifth is the smallest lesion: 4 pixels, of which 1 is painted.
    point = OperatingPoint(mask_threshold=0.5, presence_gate=None, min_lesion_fraction=0.2)
    assert suspicion(probability(n1=1.0), first(1), NOTHING, point) == pytest.approx(1 / 4)


def test_the_mean_of_the_worst_takes_a_part_of_equal_ones():
    values = np.array([255, 51, 51, 51, 0], np.uint8)
    assert mean_of_worst(values, 1) == 1
    assert mean_of_worst(values, 3) == pytest.approx((1 + 0.2 + 0.2) / 3)
    assert mean_of_worst(values, 5) == pytest.approx(1.6 / 5)
