"""What a run gains over the weights that it goes on from, worked out by hand."""

from __future__ import annotations

import pytest

from bcweb.scores import CaseScore
from train.score import beside, told_beside


def scored(dice: list[float], painted: list[bool], **more) -> list[CaseScore]:
    """A lesion image of each Dice and a normal for each that may be painted, every one a group of its own."""
    lesions = [
        CaseScore("ward", f"lesion {i}", f"l{i}", "", "ultrasound", True, dice=each, seen=False, **more)
        for i, each in enumerate(dice)
    ]  # fmt: skip
    normals = [
        CaseScore("ward", f"normal {i}", f"n{i}", "", "ultrasound", False, painted=9 * each, seen=False)
        for i, each in enumerate(painted)
    ]  # fmt: skip
    return [*lesions, *normals]


def test_what_is_gained_is_of_pairs_and_has_their_interval():
    """Each lesion is drawn better by 0.1 or 0.2, however hard it is."""
    theirs = scored([0.05 * i for i in range(12)], [True, False, False])
    ours = scored([0.05 * i + (0.1, 0.2)[i % 2] for i in range(12)], [True, True, False])
    figures = beside(ours, theirs, "ward-1")
    dice = figures["dice_mean"]
    assert dice["n"] == 12 and dice["difference"] == pytest.approx(0.15)
    low, high = dice["difference_ci"]
    assert 0.1 < low < 0.15 < high < 0.2
    assert figures["painted"] == {"n": 3, "ours": 2, "source": 1}
    assert told_beside(figures) == [
        f"On the 12 held-out lesion images the mean Dice is 0.425, that of the source, ward-1, 0.275: +0.150 (95% "
        f"interval +{low:.3f} to +{high:.3f}).",
        "Of the 3 held-out normal images 2 are painted, and 1 by ward-1.",
    ]


def test_what_one_of_the_two_has_seen_or_could_not_be_read_is_no_gain():
    theirs = scored([0.1, 0.2], [])
    ours = [*scored([0.9], []), CaseScore("ward", "lesion 1", "", "", "ultrasound", error="gone")]
    figures = beside(ours, theirs, "ward-1")
    assert figures["dice_mean"]["n"] == 1 and "painted" not in figures
    assert told_beside(figures) == [
        "On the 1 held-out lesion images the mean Dice is 0.900, that of the source, ward-1, 0.100: +0.800 (no "
        "interval)."
    ]
