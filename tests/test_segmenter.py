"""Scan -> Prediction in the scan's own geometry, and the operating point."""

from __future__ import annotations

import numpy as np
import pytest

from bcweb.presence import calibrated
from bcweb.scans import Scan
from bcweb.segmenter import Prediction, Segmenter, apply_operating_point
from bcweb.weights import OperatingPoint, Reading, WeightsError
from tests import weights_folder


def point(threshold=0.5, gate=0.3, smallest=0.0) -> OperatingPoint:
    return OperatingPoint(
        mask_threshold=threshold, presence_gate=gate, min_lesion_fraction=smallest
    )


def test_below_the_gate_nothing_is_painted():
    probability = np.full((4, 4), 0.9, np.float32)
    assert not apply_operating_point(probability, 0.29, point()).any()
    assert apply_operating_point(probability, 0.30, point()).all()
    assert apply_operating_point(probability, None, point()).all(), "no presence head, no gate"
    assert apply_operating_point(probability, 0.0, point(gate=None)).all()


def test_the_threshold_itself_is_painted():
    probability = np.array([[0.49, 0.5, 0.51]], np.float32)
    assert apply_operating_point(probability, None, point()).tolist() == [[False, True, True]]


def test_a_part_below_the_smallest_lesion_is_not_painted():
    probability = np.zeros((10, 10), np.float32)
    probability[2:4, 2:4] = probability[8, 8] = 0.9  # four pixels, and one
    painted = apply_operating_point(probability, None, point(smallest=0.02))
    assert painted.sum() == 4 and not painted[8, 8]
    assert apply_operating_point(probability, None, point(smallest=0.01)).sum() == 5


@pytest.mark.parametrize("shape", [(64, 64), (471, 562), (3, 900), (1200, 37)])
def test_the_prediction_has_the_scans_own_geometry(shape, tmp_path):
    segmenter = Segmenter.load(str(weights_folder.write(tmp_path)))
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    prediction = segmenter.segment(Scan(pixels))
    assert prediction.probability.shape == prediction.mask.shape == shape
    assert prediction.probability.dtype == np.float32
    assert prediction.probability.min() >= 0 and prediction.probability.max() <= 1
    assert 0 <= prediction.presence <= 1
    assert prediction.revision == segmenter.weights.revision


def test_a_16_bit_scan_through_its_window_gives_what_its_8_bit_twin_gives(tmp_path):
    segmenter = Segmenter.load(str(weights_folder.write(tmp_path)))
    shallow = np.random.default_rng(0).integers(0, 255, (200, 150), dtype=np.uint8)
    deep = shallow.astype(np.uint16) * 16 + 1000
    first = segmenter.segment(Scan(shallow))
    second = segmenter.segment(Scan(deep, window=(1000.0, 1000.0 + 255 * 16)))
    # Pillow rounds 8-bit pixels to whole steps when it resizes, and a random network amplifies them.
    np.testing.assert_allclose(first.probability, second.probability, atol=0.05)


def test_the_probability_has_the_steps_that_the_page_shows(tmp_path):
    segmenter = Segmenter.load(str(weights_folder.write(tmp_path)))
    pixels = np.random.default_rng(0).integers(0, 255, (90, 70), dtype=np.uint8)
    steps = segmenter.segment(Scan(pixels)).probability * 255
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)


def test_a_scan_of_the_other_modality_is_refused(tmp_path):
    segmenter = Segmenter.load(str(weights_folder.write(tmp_path)))
    with pytest.raises(WeightsError, match="of the modality mammogram, and"):
        segmenter.segment(Scan(np.zeros((64, 64), np.uint8), modality="mammogram"))


def test_without_a_presence_head_presence_is_unknown(tmp_path):
    folder = weights_folder.write(
        tmp_path,
        presence=False,
        operating_point=OperatingPoint(
            mask_threshold=0.5, presence_gate=None, min_lesion_fraction=0
        ),
    )
    ramp = np.arange(64 * 64).reshape(64, 64).astype(np.uint8)
    assert Segmenter.load(str(folder)).segment(Scan(ramp)).presence is None


def test_where_the_mirror_image_is_looked_at_too_its_answer_is_the_mirrored_one(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (90, 70), dtype=np.uint8)
    turned = np.ascontiguousarray(pixels[:, ::-1])

    def look(reading: Reading) -> tuple[Prediction, Prediction]:
        segmenter = Segmenter.load(str(weights_folder.write(tmp_path, reading=reading)))
        return segmenter.segment(Scan(pixels)), segmenter.segment(Scan(turned))

    scan, mirror = look(Reading(mirrored=True))
    np.testing.assert_allclose(
        scan.probability, mirror.probability[:, ::-1], atol=2.01 / 255, rtol=0
    )
    assert scan.presence == pytest.approx(mirror.presence, abs=1e-5)
    one, other = look(Reading())
    np.testing.assert_allclose(
        scan.probability,
        (one.probability + other.probability[:, ::-1]) / 2,
        atol=2.01 / 255,
        rtol=0,
    )
    assert scan.presence == pytest.approx((one.presence + other.presence) / 2, abs=1e-5)
    assert one.presence != pytest.approx(scan.presence, abs=1e-3), "one look says something else"


def test_a_calibrated_presence_follows_from_head_and_map(tmp_path):
    factors = (0.5, 2.0, -1.0)
    image = np.random.default_rng(0).random((1, 64, 64), np.float32)
    plain = Segmenter.load(str(weights_folder.write(tmp_path / "plain")))
    read = weights_folder.write(tmp_path / "read", reading=Reading(calibration=factors))
    maps, presences = plain.answer(image)
    again, found = Segmenter.load(str(read)).answer(image)
    np.testing.assert_array_equal(again, maps)
    np.testing.assert_allclose(found, calibrated(maps, presences, factors))
    assert found != pytest.approx(presences, abs=1e-3)


def test_without_a_presence_head_there_is_nothing_to_calibrate(tmp_path):
    factors = Reading(calibration=(1.0, 1.0, 0.0))
    folder = weights_folder.write(tmp_path, presence=False, reading=factors)
    assert Segmenter.load(str(folder)).answer(np.zeros((1, 64, 64), np.float32))[1] is None
