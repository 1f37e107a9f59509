"""Presence calibrated, with answers worked out by hand."""

from __future__ import annotations

import numpy as np

from bcweb.presence import calibrated, evidence

# Two maps of 2x2. The mask of the first is its 0.9 and 0.7, whose mean is 0.8; the second has none, and 0.2
# is its highest.
MAPS = np.array([[[0.9, 0.7], [0.1, 0.4]], [[0.0, 0.2], [0.1, 0.1]]], np.float32)
PRESENCES = np.array([0.5, 0.8])
LOGIT_OF_08 = 1.386294  # the logarithm of 0.8 / 0.2


def test_evidence_is_of_the_head_and_of_how_sure_the_map_is():
    expected = [[0, LOGIT_OF_08, 1], [LOGIT_OF_08, -LOGIT_OF_08, 1]]
    np.testing.assert_allclose(evidence(MAPS, PRESENCES), expected, atol=1e-5)


def test_certainty_without_end_stays_a_number():
    sure = evidence(np.ones((1, 2, 2), np.float32), np.array([0.0]))
    assert np.isfinite(sure).all() and sure[0, 0] < -13 and sure[0, 1] > 13


def test_the_head_alone_is_what_it_was():
    np.testing.assert_allclose(calibrated(MAPS, PRESENCES, (1, 0, 0)), PRESENCES)


def test_factors_weigh_the_evidence():
    # 1 x 0 + 2 x 1.386 - 2.773 = 0, and 1.386 - 2.773 - 2.773 = -4.159, whose odds are 1 : 64.
    found = calibrated(MAPS, PRESENCES, (1, 2, -2 * LOGIT_OF_08))
    np.testing.assert_allclose(found, [0.5, 1 / 65], atol=1e-5)
