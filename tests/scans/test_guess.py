"""The modality that is guessed from the pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bcweb.scans import Scan, guess_modality, read_scan
from tests.scans.made import DEEP, RAMP


@pytest.mark.data
@pytest.mark.parametrize(
    ("files", "expected", "least"),
    [
        ("busi/*/*).webp", "ultrasound", 0.99),
        ("bus-bra/Images/*", "ultrasound", 0.99),
        ("cdd-cesm/images/*", "mammogram", 0.99),
        ("cbis-ddsm-boxes/images/*", "mammogram", 0.99),
        ("stu/Hospital/Test*", "ultrasound", 1.0),
        ("mini-mias/*.webp", "mammogram", 1.0),
    ],
)
def test_the_modality_is_guessed_from_the_pixels(data, files, expected, least):
    # Over all 4,886 of them, 2 are wrong: malignant (194) of BUSI and one of CBIS-DDSM.
    some = sorted(data.glob(files))[::12]
    right = sum(guess_modality(read_scan(file)) == expected for file in some)
    assert right >= least * len(some)


def test_a_guess_is_made_of_any_picture():
    for pixels in (np.zeros((20, 30), np.uint8), np.full((20, 30), 255, np.uint8), RAMP, DEEP):
        assert guess_modality(Scan(pixels)) in ("ultrasound", "mammogram")


@pytest.mark.data
def test_the_original_files_and_their_copies_show_the_same(data):
    for file in ("benign/benign (1)", "malignant/malignant (53)"):
        original = read_scan(Path(data, "original-files", "Dataset_BUSI_with_GT", f"{file}.png"))
        copy = read_scan(data / "busi" / f"{file}.webp")
        assert original.pixels.shape == copy.pixels.shape
        assert np.abs(original.pixels.astype(int) - copy.pixels).mean() < 4
