"""Metrics: answers worked out by hand, and MONAI's as a second opinion."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from bcweb.metrics import (
    LesionDetection,
    Scores,
    dice,
    hd95,
    iou,
    lesion_detection,
    precision,
    recall,
    score_case,
    surface_dice,
)
from tests.monai_answers import ANSWERS, TOLERANCE_MM, TOLERANCE_PX, drawn_masks


def mask(*rows: str) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in rows])


EMPTY = mask("....", "....", "....")
TRUTH = mask("##..", "##..", "....")
SHIFTED = mask(".##.", ".##.", "....")  # two of four pixels in common


def square(side: int, top: int, left: int, size: int = 64) -> np.ndarray:
    drawn = np.zeros((size, size), bool)
    drawn[top : top + side, left : left + side] = True
    return drawn


def test_overlap_of_masks_that_share_half_their_pixels():
    assert dice(SHIFTED, TRUTH) == 2 * 2 / (4 + 4)
    assert iou(SHIFTED, TRUTH) == 2 / 6
    assert precision(SHIFTED, TRUTH) == recall(SHIFTED, TRUTH) == 0.5


def test_precision_is_of_the_prediction_and_recall_of_the_truth():
    larger = mask("####", "####", "....")
    assert precision(larger, TRUTH) == 0.5
    assert recall(larger, TRUTH) == 1.0


def test_two_empty_masks_agree():
    assert dice(EMPTY, EMPTY) == iou(EMPTY, EMPTY) == surface_dice(EMPTY, EMPTY, 1.0) == 1.0
    assert math.isnan(precision(EMPTY, EMPTY)) and math.isnan(recall(EMPTY, EMPTY))
    assert math.isnan(hd95(EMPTY, EMPTY))


def test_a_missed_lesion_scores_nothing():
    assert dice(EMPTY, TRUTH) == iou(EMPTY, TRUTH) == surface_dice(EMPTY, TRUTH, 1.0) == 0.0
    assert math.isnan(precision(EMPTY, TRUTH)) and recall(EMPTY, TRUTH) == 0.0
    assert math.isnan(hd95(EMPTY, TRUTH))


def test_a_painted_normal_scores_nothing():
    assert dice(TRUTH, EMPTY) == iou(TRUTH, EMPTY) == surface_dice(TRUTH, EMPTY, 1.0) == 0.0
    assert precision(TRUTH, EMPTY) == 0.0 and math.isnan(recall(TRUTH, EMPTY))
    assert math.isnan(hd95(TRUTH, EMPTY))


def test_masks_of_0_and_255_count_like_booleans():
    assert dice(SHIFTED.astype(np.uint8) * 255, TRUTH.astype(np.uint8)) == 0.5


def test_a_probability_map_is_refused():
    with pytest.raises(ValueError, match="threshold it first"):
        dice(TRUTH.astype(np.float32), TRUTH)


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="want one shape"):
        hd95(TRUTH, TRUTH[:2])


def test_hd95_of_two_pixels_is_their_distance():
    a, b = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    a[1, 2] = b[4, 6] = True
    assert hd95(a, b) == 5.0
    assert hd95(a, b, (2.0, 0.5)) == pytest.approx(math.hypot(3 * 2.0, 4 * 0.5))


def test_hd95_ignores_the_outermost_twentieth_of_a_surface():
    # A line of 100 pixels against itself and one far pixel: 100 distances of 0 and one of 50.
    line = np.zeros((60, 100), bool)
    line[0] = True
    with_outlier = line.copy()
    with_outlier[50, 50] = True
    assert hd95(with_outlier, line) == 0.0


def test_hd95_is_the_worse_direction_not_the_pool_of_both():
    # Of the truth's 10 surface pixels one lies 40 away: its percentile is between the 9th and the 10th
    # distance at 0.55, 22. The prediction's 9 all lie on the truth. Pooled, it would be 2.
    prediction = np.zeros((1, 60), bool)
    prediction[0, :9] = True
    truth = prediction.copy()
    truth[0, 48] = True
    assert hd95(prediction, truth) == pytest.approx(0.55 * 40)
    assert hd95(truth, prediction) == hd95(prediction, truth)


def test_the_surface_of_a_mask_that_fills_the_image_is_the_images_border():
    # From each border pixel of a 5x5 image to its middle pixel: 4 of 2, 8 of sqrt(5), 4 of sqrt(8).
    middle = square(1, 2, 2, size=5)
    assert hd95(np.ones((5, 5), bool), middle) == pytest.approx(math.sqrt(8))


def test_a_square_moved_by_three_pixels_is_three_pixels_away():
    moved = hd95(square(20, 10, 13), square(20, 10, 10))
    assert moved == 3.0
    assert hd95(square(20, 10, 13), square(20, 10, 10), (0.1, 0.2)) == pytest.approx(0.6)


def test_surface_dice_counts_what_lies_within_the_tolerance():
    # Two lines of 10 pixels, 2 rows apart.
    a, b = np.zeros((8, 10), bool), np.zeros((8, 10), bool)
    a[1], b[3] = True, True
    assert surface_dice(a, b, 1.0) == 0.0
    assert surface_dice(a, b, 2.0) == 1.0
    assert surface_dice(a, b, 1.0, (0.5, 9.0)) == 1.0  # 2 rows of half a millimetre
    b[3, 5:], b[1, 5:] = False, True  # now half of it lies on the other
    assert surface_dice(a, b, 0.0) == 0.5


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="tolerance"):
        surface_dice(TRUTH, TRUTH, -1.0)


def test_each_lesion_is_found_missed_or_invented_for_itself():
    truth = square(10, 5, 5) | square(10, 40, 40)
    prediction = square(10, 6, 5) | square(4, 5, 50)
    assert lesion_detection(prediction, truth) == LesionDetection(2, 1, 2, 1)


def test_a_lesion_painted_in_two_pieces_is_found_once_without_false_alarm():
    truth = square(20, 10, 10)
    prediction = truth.copy()
    prediction[18:20] = False
    assert lesion_detection(prediction, truth) == LesionDetection(1, 1, 2, 0)


def test_a_part_that_floods_the_image_and_grazes_a_lesion_is_a_false_alarm():
    # 9 pixels in 64 x 64: Dice 18 / (9 + 4096) is below a tenth.
    flood = np.ones((64, 64), bool)
    assert lesion_detection(flood, square(3, 0, 0)) == LesionDetection(1, 0, 1, 1)


def test_parts_that_touch_at_a_corner_are_one():
    assert lesion_detection(EMPTY, mask("#...", ".#..", "....")).lesions == 1


def test_without_lesions_whatever_is_painted_is_a_false_alarm():
    assert lesion_detection(EMPTY, EMPTY) == LesionDetection(0, 0, 0, 0)
    assert lesion_detection(TRUTH, EMPTY).false_alarms == 1


def test_a_case_is_scored_in_pixels_and_in_millimetres_where_spacing_is_known():
    prediction, truth = square(20, 10, 13), square(20, 10, 10)
    expected = Scores(0.85, 340 / 460, 0.85, 0.85, 3.0, None)
    assert score_case(prediction, truth) == expected
    assert score_case(prediction, truth, (0.5, 0.5)).hd95_mm == 1.5
    assert score_case(prediction, truth, (9.0, 0.1)).hd95_mm == pytest.approx(0.3)


def test_what_a_case_does_not_have_is_none():
    assert score_case(EMPTY, EMPTY, (1.0, 1.0)) == Scores(1.0, 1.0, None, None, None, None)
    assert score_case(EMPTY, TRUTH) == Scores(0.0, 0.0, None, 0.0, None, None)


def test_a_whole_mammogram_is_scored_exactly():
    truth, prediction = np.zeros((3328, 2560), bool), np.zeros((3328, 2560), bool)
    truth[100:300, 200:400] = True
    prediction[100:300, 207:407] = True
    scores = score_case(prediction, truth, (0.07, 0.07))
    assert scores.dice == pytest.approx(193 / 200)
    assert scores.hd95_px == 7.0 and scores.hd95_mm == pytest.approx(0.49)


MONAI = json.loads(ANSWERS.read_text())["answers"]


@pytest.mark.parametrize(("name", "masks"), drawn_masks().items(), ids=list(MONAI))
def test_monai_gives_the_same_answers(name, masks):
    prediction, truth, spacing = masks
    ours = {
        "dice": dice(prediction, truth),
        "iou": iou(prediction, truth),
        "precision": precision(prediction, truth),
        "recall": recall(prediction, truth),
        "hd95_px": hd95(prediction, truth),
        "hd95_mm": hd95(prediction, truth, spacing),
        "surface_dice_px": surface_dice(prediction, truth, TOLERANCE_PX),
        "surface_dice_mm": surface_dice(prediction, truth, TOLERANCE_MM, spacing),
    }
    assert ours == pytest.approx(MONAI[name], rel=1e-5, abs=1e-6)
