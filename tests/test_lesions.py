"""The connected parts of a mask: what is one lesion, how large it is, and where."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.lesions import drop_small, find_lesions


def test_lesions_of_one_size_come_from_the_top_down():
    mask = np.zeros((9, 9), bool)
    mask[6, 0] = mask[4, 8] = mask[4, 2] = mask[0, 5] = True
    places = [lesion.box[:2] for lesion in find_lesions(mask, None)]
    assert places == [(5, 0), (2, 4), (8, 4), (0, 6)]


def test_small_parts_are_dropped_and_diagonal_neighbours_belong_together():
    mask = np.zeros((10, 10), bool)
    mask[0, 0] = mask[1, 1] = mask[2, 2] = True  # three pixels, touching at corners
    mask[8, 8] = True
    kept = drop_small(mask, 0.03)  # three of a hundred pixels
    assert kept.sum() == 3 and not kept[8, 8]
    assert drop_small(mask, 0.0).sum() == 4
    assert not drop_small(mask, 0.04).any()


def test_lesions_have_area_and_box_largest_first():
    mask = np.zeros((20, 30), bool)
    mask[2:4, 5:8] = True
    mask[10:15, 20:24] = True
    large, small = find_lesions(mask, (0.5, 0.2))
    assert (large.area_px, large.box) == (20, (20, 10, 4, 5))
    assert (small.area_px, small.box) == (6, (5, 2, 3, 2))
    assert large.area_mm2 == pytest.approx(2.0)
    assert find_lesions(mask, None)[0].area_mm2 is None
    assert find_lesions(np.zeros((3, 3), bool), None) == ()
