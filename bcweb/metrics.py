"""How far a mask is from the truth: overlap, surface distances, lesions found.

Every function takes two masks of one shape, (H, W) bool or integers (anything but 0 is painted), first
the prediction, then the truth. Spacing is (row, column) in mm per pixel; without it, lengths are pixels.

What empty masks give, everywhere in the project:

| prediction | truth  | dice, iou, surface_dice | precision | recall | hd95 |
| ---------- | ------ | ----------------------- | --------- | ------ | ---- |
| empty      | empty  | 1                       | NaN       | NaN    | NaN  |
| empty      | lesion | 0                       | NaN       | 0      | NaN  |
| painted    | empty  | 0                       | 0         | NaN    | NaN  |

Two empty masks agree, so their overlap is 1. NaN stands where the quantity does not exist: a share of
nothing, the distance to a surface that is not there. Means leave NaN out and say over how many they go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bcweb.lesions import box_around, label

DETECTED_ABOVE = 0.1  # a lesion counts as found from a Dice above this


def dice(prediction: np.ndarray, truth: np.ndarray) -> float:
    """2 |P and T| / (|P| + |T|) (Dice 1945); 1 where both are empty."""
    hit, painted, real = _counts(prediction, truth)
    return 2 * hit / (painted + real) if painted + real else 1.0


def iou(prediction: np.ndarray, truth: np.ndarray) -> float:
    """|P and T| / |P or T| (Jaccard 1912); 1 where both are empty."""
    hit, painted, real = _counts(prediction, truth)
    return hit / (painted + real - hit) if painted + real else 1.0


def precision(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Share of the painted pixels that are lesion; NaN where nothing is painted."""
    hit, painted, _ = _counts(prediction, truth)
    return hit / painted if painted else math.nan


def recall(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Share of the lesion's pixels that are painted; NaN where there is no lesion."""
    hit, _, real = _counts(prediction, truth)
    return hit / real if real else math.nan


def hd95(
    prediction: np.ndarray, truth: np.ndarray, spacing: tuple[float, float] | None = None
) -> float:
    """95th percentile of the Hausdorff distance: the larger of the two directed 95th percentiles.

    As MONAI's `compute_hausdorff_distance(percentile=95)`, and unlike the percentile of both directions
    pooled, in which a long surface that is right hides a short one that is wrong. Surfaces are the
    pixels with one of their four neighbours outside the mask (outside the image is outside the mask),
    distances run from centre to centre, percentiles are interpolated linearly. NaN where either is empty.
    """
    distances = _surface_distances(prediction, truth, spacing)
    if distances is None:
        return math.nan
    return max(float(np.percentile(d, 95)) for d in distances)


def surface_dice(
    prediction: np.ndarray,
    truth: np.ndarray,
    tolerance: float,
    spacing: tuple[float, float] | None = None,
) -> float:
    """Share of both surfaces that lie within `tolerance` of the other one (Nikolov et al. 2018).

    Surface pixels are counted, as MONAI's `compute_surface_dice(use_subvoxels=False)` does; tolerance
    in mm with spacing, else in pixels. 1 where both are empty, 0 where one is.
    """
    if tolerance < 0:
        raise ValueError(f"A tolerance is a length from 0 on, not {tolerance}.")
    distances = _surface_distances(prediction, truth, spacing)
    if distances is None:
        return 0.0 if np.any(prediction) or np.any(truth) else 1.0
    within = sum(int(np.count_nonzero(d <= tolerance)) for d in distances)
    return within / sum(d.size for d in distances)


@dataclass(frozen=True)
class LesionDetection:
    """lesions, found: of the truth; parts, false_alarms: of the prediction. All 8-connected."""

    lesions: int
    found: int
    parts: int
    false_alarms: int


def lesion_detection(
    prediction: np.ndarray, truth: np.ndarray, above: float = DETECTED_ABOVE
) -> LesionDetection:
    """Match the painted parts with the lesions.

    A lesion is found where its Dice with all painted parts that touch it, taken together, is greater
    than `above`: a lesion painted in two pieces is one found lesion. A part that touches no found
    lesion is a false alarm: one that floods the image and grazes a lesion is no find.
    """
    prediction, truth = _masks(prediction, truth)
    parts, part_count = label(prediction)
    lesions, lesion_count = label(truth)
    part_area = np.bincount(parts.ravel(), minlength=part_count + 1)
    lesion_area = np.bincount(lesions.ravel(), minlength=lesion_count + 1)
    both = prediction & truth
    shared = np.zeros((lesion_count + 1, part_count + 1), np.int64)
    np.add.at(shared, (lesions[both], parts[both]), 1)

    found, claimed = 0, np.zeros(part_count + 1, bool)
    for lesion in range(1, lesion_count + 1):
        touching = shared[lesion] > 0
        overlap = 2 * shared[lesion].sum() / (lesion_area[lesion] + part_area[touching].sum())
        if overlap > above:
            found += 1
            claimed |= touching
    return LesionDetection(lesion_count, found, part_count, int(part_count - claimed[1:].sum()))


@dataclass(frozen=True)
class Scores:
    """One case, scored; None where the module's table has NaN, and for mm where there is no spacing."""

    dice: float
    iou: float
    precision: float | None
    recall: float | None
    hd95_px: float | None
    hd95_mm: float | None


def score_case(
    prediction: np.ndarray, truth: np.ndarray, spacing: tuple[float, float] | None = None
) -> Scores:
    """Score a mask, taken after the operating point and at the scan's own size, against the truth."""
    hd95_px = hd95(prediction, truth)
    if spacing is None:
        hd95_mm = math.nan
    elif spacing[0] == spacing[1]:
        hd95_mm = hd95_px * spacing[0]
    else:
        hd95_mm = hd95(prediction, truth, spacing)
    return Scores(
        dice=dice(prediction, truth),
        iou=iou(prediction, truth),
        precision=_or_none(precision(prediction, truth)),
        recall=_or_none(recall(prediction, truth)),
        hd95_px=_or_none(hd95_px),
        hd95_mm=_or_none(hd95_mm),
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _masks(prediction: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    masks = []
    for name, mask in (("prediction", prediction), ("truth", truth)):
        mask = np.asarray(mask)
        if mask.ndim != 2:
            raise ValueError(f"The {name} is a mask of {mask.ndim} dimensions, it wants two.")
        if mask.dtype.kind not in "bui":
            raise ValueError(f"The {name} is {mask.dtype}, not a mask: threshold it first.")
        masks.append(mask if mask.dtype == bool else mask != 0)
    if masks[0].shape != masks[1].shape:
        raise ValueError(
            f"The prediction is {masks[0].shape} and the truth {masks[1].shape}: they want one shape."
        )
    return masks[0], masks[1]


def _counts(prediction: np.ndarray, truth: np.ndarray) -> tuple[int, int, int]:
    """Pixels in both, in the prediction, in the truth."""
    prediction, truth = _masks(prediction, truth)
    hit = int(np.count_nonzero(prediction & truth))
    return hit, int(np.count_nonzero(prediction)), int(np.count_nonzero(truth))


def _surface_distances(
    prediction: np.ndarray, truth: np.ndarray, spacing: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """From each surface pixel of one mask to the other's surface, both ways; None where one is empty.

    All surface pixels lie in the box around both masks: the transforms need no more than it, which on
    a mammogram is a few percent of the image.
    """
    prediction, truth = _masks(prediction, truth)
    if not (prediction.any() and truth.any()):
        return None
    if spacing is not None and not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ValueError(f"A spacing is two lengths above 0 in mm, not {spacing}.")
    from scipy.ndimage import distance_transform_edt  # slow to load, and few need it

    rows, columns = box_around(prediction | truth)
    surfaces = [_surface(mask[rows, columns]) for mask in (prediction, truth)]
    to_prediction, to_truth = (
        distance_transform_edt(~surface, sampling=spacing) for surface in surfaces
    )
    return to_truth[surfaces[0]], to_prediction[surfaces[1]]


def _surface(mask: np.ndarray) -> np.ndarray:
    """Pixels with one of their four neighbours outside the mask; the box's border counts as outside."""
    inside = np.zeros_like(mask)
    inside[1:-1, 1:-1] = (
        mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    )
    return mask & ~inside
