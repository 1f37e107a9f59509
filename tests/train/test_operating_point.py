"""The operating point is what the validation says, worked out by hand."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from bcweb.weights import OperatingPoint, Reading
from tests import weights_folder
from train.operating_point import choose, without_validation


def validation():
    """Two lesion images and five normals, 32x32; the lesion's map is 0.65 inside and 0.45 around it."""
    maps = np.full((7, 32, 32), 0.05, np.float32)
    truths = np.zeros((7, 32, 32), bool)
    for i in range(2):
        maps[i, 6:26, 6:26] = 0.45
        maps[i, 10:22, 10:22] = 0.65
        truths[i, 10:22, 10:22] = True
    return maps, truths


def test_the_threshold_with_the_best_dice_is_chosen():
    maps, truths = validation()
    assert choose(maps, None, truths).mask_threshold == 0.5


def test_the_largest_smallest_lesion_that_costs_nothing_is_chosen():
    maps, truths = validation()
    # The lesion has 144 of 1024 pixels: far above the largest of the choices.
    assert choose(maps, None, truths).min_lesion_fraction == 0.001
    truths[:] = False
    maps[:] = 0.05
    truths[0, 5, 5] = truths[1, 9, 5] = True  # one pixel: 0.00098 of the image
    maps[truths] = 0.9
    assert choose(maps, None, truths).min_lesion_fraction == 0.0005


def test_the_gate_leaves_the_asked_share_of_a_normal_distribution_above():
    maps, truths = validation()
    logits = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])  # mean 0, deviation sqrt(2.5)
    presence = np.concatenate([[0.9, 0.9], 1 / (1 + np.exp(-logits))])
    gate = choose(maps, presence, truths, painted=0.5).presence_gate
    assert gate == pytest.approx(0.5, abs=1e-4)  # half lie above the mean
    gate = choose(maps, presence, truths, painted=0.158655).presence_gate
    assert np.log(gate / (1 - gate)) == pytest.approx(np.sqrt(2.5), abs=1e-2)  # one deviation above


def test_with_many_normals_the_gate_lies_above_the_first_that_may_not_be_painted():
    maps, truths = validation()
    maps = np.concatenate([maps[:2], np.full((60, 32, 32), 0.05, np.float32)])
    truths = np.concatenate([truths[:2], np.zeros((60, 32, 32), bool)])
    normals = np.linspace(0.01, 0.60, 60)
    maps[2:, 3:9, 3:9] = 0.9  # each of them would be painted
    presence = np.concatenate([[0.9, 0.9], normals])
    gate = choose(maps, presence, truths, painted=0.05).presence_gate
    assert gate == pytest.approx(0.57, abs=2e-4)  # 3 of 60 are above: 0.58, 0.59 and 0.60
    assert (normals >= gate).sum() == 3
    maps[-3:] = 0.05  # the three highest have no mask: they cost nothing
    gate = choose(maps, presence, truths, painted=0.05).presence_gate
    assert gate == pytest.approx(0.54, abs=2e-4)
    maps[2:] = 0.05
    assert choose(maps, presence, truths, painted=0.05).presence_gate == 0.0


def test_without_normals_there_is_no_gate():
    maps, truths = validation()
    point = choose(maps[:2], np.array([0.9, 0.8]), truths[:2])
    assert point.presence_gate is None


def test_without_validation_the_middle_is_taken():
    assert without_validation(presence=False).presence_gate is None
    assert without_validation(presence=True).presence_gate == 0.5


def test_without_validation_the_values_stay_of_the_weights_that_a_training_goes_on_from():
    theirs = OperatingPoint(mask_threshold=0.6, presence_gate=0.4, min_lesion_fraction=0.001)
    before = weights_folder.config(operating_point=theirs)
    assert without_validation(True, before) == theirs
    assert without_validation(False, before) == msgspec.structs.replace(theirs, presence_gate=None)


def test_a_gate_does_not_stay_where_there_is_none_or_it_is_of_another_presence():
    """A calibration is not taken over, and a gate that was chosen for it says nothing of what the head says."""
    theirs = OperatingPoint(mask_threshold=0.6, presence_gate=0.4, min_lesion_fraction=0.001)
    without = msgspec.structs.replace(theirs, presence_gate=None)
    for before in (
        weights_folder.config(operating_point=theirs, reading=Reading(calibration=(1, 1, 0))),
        weights_folder.config(operating_point=without),
    ):
        middle = msgspec.structs.replace(theirs, presence_gate=0.5)
        assert without_validation(True, before) == middle
