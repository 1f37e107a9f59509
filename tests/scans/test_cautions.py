"""The cautions of a scan, which are known by their words."""

from __future__ import annotations

import pytest

from bcweb.scans import is_caution


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("This is a raw image (for processing), not an ordinary mammogram.", True),
        (
            "The file gives its modality as XA\nor so, not as ultrasound (US) or mammography (MG).",
            True,
        ),
        (
            "It was taken with a contrast agent, and the file does not say whether it is the ordinary view or the "
            "subtracted one.",
            True,
        ),
        ("It shows 2 pictures beside one another, and what is drawn takes them for one.", True),
        ("Colour Doppler lies over a part of it and hides the tissue there.", True),
        ("This is a , not an ordinary mammogram.", False),
        ("A case: This is a raw image (for processing), not an ordinary mammogram.", False),
        ("First of 31 frames.", False),
    ],
)
def test_a_caution_is_known_by_the_words_that_databases_hold(note, told):
    """As they were first written; a case that was kept since then has nothing else."""
    assert is_caution(note) == told
