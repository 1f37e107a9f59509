"""Phantoms: what a generated scan promises to be."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import ndimage

from bcweb.phantoms import GENERATED, Mass, phantom
from bcweb.samples import main, samples
from bcweb.scans import MODALITIES, read_scan


@pytest.fixture(params=samples(), ids=lambda sample: sample.name)
def sample(request):
    return request.param


def test_samples_cover_both_modalities_normals_sizes_and_depths():
    all_of_them = samples()
    assert 8 <= len(all_of_them) <= 10
    assert {s.scan.modality for s in all_of_them} == set(MODALITIES)
    assert {s.scan.modality for s in all_of_them if not s.truth.any()} == set(MODALITIES)
    assert len({s.scan.pixels.shape for s in all_of_them}) >= 6
    assert {s.scan.pixels.dtype.name for s in all_of_them} == {"uint8", "uint16"}
    assert len({s.name for s in all_of_them}) == len(all_of_them)


def test_every_sample_says_that_it_is_generated(sample):
    assert "generated" in sample.name
    assert sample.description.startswith("Generated")
    assert GENERATED in sample.scan.notes


def test_truth_lies_on_the_scans_grid_and_inside_the_image(sample):
    assert sample.truth.dtype == bool
    assert sample.truth.shape == (sample.scan.height, sample.scan.width)
    if "normal" not in sample.name:
        assert 0.003 < sample.truth.mean() < 0.2


def test_pixels_are_contiguous_and_use_the_window(sample):
    assert sample.scan.pixels.flags.c_contiguous
    unit = sample.scan.unit()
    assert unit.std() > 0.1
    low, high = sample.scan.window
    assert ((sample.scan.pixels >= low) & (sample.scan.pixels <= high)).mean() > 0.99


@pytest.mark.parametrize(
    "sample", [s for s in samples() if s.truth.any()], ids=lambda sample: sample.name
)
def test_lesions_are_dark_in_ultrasound_and_bright_in_mammograms(sample):
    around = ndimage.binary_dilation(sample.truth, iterations=25)
    around &= ~ndimage.binary_dilation(sample.truth, iterations=8)
    unit = sample.scan.unit()
    difference = unit[sample.truth].mean() - unit[around].mean()
    if sample.scan.modality == "ultrasound":
        assert difference < -0.08
    else:
        assert difference > 0.03


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(modality):
    first, again, other = (phantom(modality, seed, size=(128, 160)) for seed in (5, 5, 6))
    assert np.array_equal(first.scan.pixels, again.scan.pixels)
    assert np.array_equal(first.truth, again.truth)
    assert not np.array_equal(first.scan.pixels, other.scan.pixels)


def test_two_masses_are_two_lesions():
    two = phantom("ultrasound", 3, (Mass(0.15), Mass(0.15)))
    assert ndimage.label(two.truth)[1] == 2


def test_no_mass_is_a_normal():
    assert not phantom("mammogram", 1, ()).truth.any()


def test_behind_a_shadowing_lesion_it_is_darker_and_behind_a_cyst_brighter():
    def level_behind(posterior):
        made = phantom("ultrasound", 9, (Mass(0.25, 1.0, "smooth", posterior),))
        rows, columns = np.nonzero(made.truth)
        below = made.scan.pixels[rows.max() + 10 : rows.max() + 80]
        return below[:, int(columns.mean()) - 10 : int(columns.mean()) + 10].mean()

    assert level_behind("shadow") < level_behind("none") - 10
    assert level_behind("enhancement") > level_behind("none") + 5


def test_speckle_of_an_even_tissue_is_nearly_rayleigh():
    # One look of fully developed speckle has mean / deviation = sqrt(pi / (4 - pi)) = 1.91.
    from bcweb.phantoms import _speckle

    even = np.zeros((400, 400), np.float32)
    magnitude = 10 ** (_speckle(np.random.default_rng(0), even, (1.0, 2.0), looks=1) / 20)
    assert magnitude.mean() / magnitude.std() == pytest.approx(1.91, abs=0.05)


def test_a_16_bit_mammogram_has_more_than_256_levels():
    deep = phantom("mammogram", 2, bits=16)
    assert deep.scan.pixels.dtype == np.uint16
    assert len(np.unique(deep.scan.pixels)) > 1000
    assert deep.scan.pixels.max() <= 4095


@pytest.mark.parametrize("size", [(64, 64), (64, 400), (300, 70)])
@pytest.mark.parametrize("modality", MODALITIES)
def test_odd_sizes_are_drawn(modality, size):
    assert phantom(modality, 1, size=size).scan.pixels.shape == size


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="64 pixels"):
        phantom("ultrasound", 1, size=(20, 20))
    with pytest.raises(ValueError, match="8 bits"):
        phantom("ultrasound", 1, bits=16)


def test_a_full_disk_names_the_file_and_leaves_none_of_the_samples(tmp_path, capsys):
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        assert main([str(tmp_path)]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert re.fullmatch(rf"{tmp_path}/images/[\w-]+\.png: .+\.\n", capsys.readouterr().err)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_file_in_place_of_the_samples_folder_is_said_to_be_none(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file")]) == 1
    file = tmp_path / "file"
    assert capsys.readouterr().err == f"Nothing can be written to {file}: {file} is no folder.\n"


def test_the_samples_are_written_as_a_data_set_that_reads_back(tmp_path):
    from bcweb.cases import read_cases, read_truth

    assert main([str(tmp_path)]) == 0
    found = read_cases(f"folder:{tmp_path}")
    assert not found.skipped
    by_name = {made.name: made for made in samples()}
    assert {case.id for case in found.cases} == set(by_name)
    for case in found.cases:
        made, scan = by_name[case.id], read_scan(case.file)
        assert np.array_equal(scan.pixels, made.scan.pixels), case.id
        assert scan.window == made.scan.window, f"{case.id}: its file shows another picture"
        assert np.array_equal(read_truth(case, scan), made.truth), case.id
        assert case.modality == made.scan.modality
