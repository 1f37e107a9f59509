"""The connected parts of a mask: what is one lesion, how large it is, and where."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from bcweb.lesions import drop_small, find_lesions, label, longest_mm, smallest_lesion_px

TOUCHING = np.ones((3, 3), bool)  # at corners too


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


def test_a_part_of_exactly_the_smallest_share_is_kept():
    """0.001 * 140 * 100 is 14.000000000000002: a binary fraction is no reason to drop it."""
    assert smallest_lesion_px((140, 100), 0.001) == 14
    assert smallest_lesion_px((141, 100), 0.001) == 15
    mask = np.zeros((140, 100), bool)
    mask[0, :14] = mask[5, :13] = True
    assert drop_small(mask, 0.001).sum() == 14


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


def test_the_longest_diameter_of_a_drawn_rectangle_is_its_diagonal_from_corner_to_corner():
    mask = np.zeros((60, 80), bool)
    mask[20:27, 10:34] = True
    assert longest_mm(mask, (0.5, 0.2)) == pytest.approx(math.hypot(3.5, 4.8), rel=1e-14)
    one = np.zeros((5, 5), bool)
    one[4, 0] = True
    assert longest_mm(one, (3.0, 4.0)) == 5.0


def test_the_longest_diameter_is_that_of_the_largest_part_and_none_without_a_spacing():
    mask = np.zeros((60, 80), bool)
    mask[2, 5:75] = True  # longer, and smaller
    mask[20:30, 10:20] = True
    assert longest_mm(mask, (1.0, 1.0)) == pytest.approx(math.hypot(10, 10))
    assert longest_mm(mask, None) is None
    assert longest_mm(np.zeros((9, 9), bool), (1.0, 1.0)) is None


@settings(deadline=None, max_examples=100)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans()))
def test_no_two_corners_of_the_largest_part_lie_further_apart_than_its_longest_diameter(mask):
    if not mask.any():
        return
    parts, _ = label(mask)
    largest = np.argwhere(parts == np.bincount(parts[parts > 0]).argmax())
    corners = np.concatenate([largest + by for by in np.ndindex(2, 2)]) * (0.3, 0.7)
    furthest = np.linalg.norm(corners[:, None] - corners, axis=-1).max()
    assert longest_mm(mask, (0.3, 0.7)) == pytest.approx(furthest)


def spiral(side: int) -> np.ndarray:
    """One line, a pixel wide, that winds inwards: to follow it takes long."""
    mask = np.zeros((side, side), bool)
    row = column = 0
    step = (0, 1)
    mask[0, 0] = True
    turns = 0
    while turns < 2:
        r, c = row + step[0], column + step[1]
        ahead = r + step[0], c + step[1]
        inside = 0 <= r < side and 0 <= c < side
        if inside and not (all(0 <= x < side for x in ahead) and mask[ahead]):
            row, column, turns = r, c, 0
            mask[row, column] = True
        else:
            step, turns = (step[1], -step[0]), turns + 1
    return mask


def same_as_scipy(mask: np.ndarray) -> None:
    parts, count = label(mask)
    expected, number = ndimage.label(mask, TOUCHING)
    assert count == number and np.array_equal(parts, expected)
    areas = np.bincount(expected.ravel(), minlength=1)[1:].tolist()
    boxes = [
        (x.start, y.start, x.stop - x.start, y.stop - y.start)
        for y, x in ndimage.find_objects(expected)
    ]
    # Of one size from the top down: sorting keeps what is alike in its order.
    largest_first = sorted(zip(areas, boxes, strict=True), key=lambda part: -part[0])
    assert [(lesion.area_px, lesion.box) for lesion in find_lesions(mask, None)] == largest_first
    median = sorted([*areas, 1])[len(areas) // 2]
    kept = np.isin(expected, [n for n, area in enumerate(areas, 1) if area >= median])
    assert np.array_equal(drop_small(mask, median / mask.size), kept)


@settings(deadline=None, max_examples=300)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.booleans()))
def test_parts_are_those_that_scipy_finds(mask):
    same_as_scipy(mask)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.98])
def test_parts_of_large_masks_are_those_that_scipy_finds(share):
    noise = np.random.default_rng(3).random((240, 331)) < share
    for mask in (noise, noise.T, noise[::2, ::-1], ndimage.binary_opening(noise)):
        same_as_scipy(mask)


@pytest.mark.parametrize(
    "mask",
    [
        spiral(61),
        spiral(61)[::-1],
        np.ones((5, 7), bool),
        np.indices((40, 40)).sum(0) % 2 == 0,  # all touch at corners
        np.eye(30, dtype=bool)[::-1],
        np.tile([True, False], (1, 50)),
        np.tile([[True], [False]], (50, 1)),
        np.kron(np.ones((9, 9)), [[1, 0], [0, 0]]).astype(bool),
    ],
    ids=["spiral", "flipped spiral", "full", "chess", "diagonal", "a row", "a column", "dots"],
)  # fmt: skip
def test_parts_of_odd_masks_are_those_that_scipy_finds(mask):
    same_as_scipy(mask)
