"""Data in one small file, and a run scored where the data is."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train import data, packed, score, transfer
from train.data import load


@pytest.fixture(scope="module")
def sets(folder, tmp_path_factory):
    root = tmp_path_factory.mktemp("packed")
    spec = f"folder:{folder}?modality=ultrasound"
    options = ["--data", spec, "--size", "64", "--cache", str(root), "--out", str(root / "few.npz")]
    assert data.main(options) == 0
    return load([spec], 64, root), root / "few.npz"


def test_cases_and_masks_travel_exactly_and_images_nearly(sets):
    there, file = sets
    back = load([f"packed:{file}"], 64, file.parent)
    assert back.cases == there.cases == packed.cases_of(file)
    assert np.array_equal(back.masks, there.masks)
    assert np.abs(back.images.astype(int) - there.images).mean() < 6, "noise is the worst to encode"


def test_a_packed_file_is_found_where_a_path_is_as_people_type_it(
    sets, folder, tmp_path, monkeypatch
):
    """A shell leaves ~ as it is behind a colon."""
    there, file = sets
    monkeypatch.setenv("HOME", str(file.parent))
    monkeypatch.setenv("USERPROFILE", str(file.parent))
    for place in ("~/few.npz", f'"{file}"'):
        assert load([f"packed:{place}"], 64, tmp_path).cases == there.cases
        assert transfer.modality_of([f"packed:{place}"]) == "ultrasound"


def test_what_a_link_leads_to_is_written_and_no_file_takes_its_place(sets, tmp_path):
    """Nor that of a device, which root may write over: /dev/full was a file from then on."""
    there, _ = sets
    link, elsewhere = tmp_path / "link.npz", tmp_path / "elsewhere.npz"
    link.symlink_to(elsewhere)
    packed.pack(there, link)
    assert link.is_symlink() and packed.cases_of(elsewhere) == there.cases
    assert sorted(tmp_path.iterdir()) == [elsewhere, link]
    if Path("/dev/full").exists():
        full = tmp_path / "full.npz"
        full.symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left on device"):
            packed.pack(there, full)


def test_another_size_and_another_file_are_one_sentence(sets, tmp_path):
    _, file = sets
    with pytest.raises(ValueError, match="say --size 64"):
        packed.unpack(file, 256)
    (tmp_path / "other.npz").write_bytes(b"not this")
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    damaged = bytearray(file.read_bytes())
    damaged[500:1000] = bytes(500)
    (tmp_path / "damaged.npz").write_bytes(damaged)
    for name in ("other.npz", "arrays.npz", "damaged.npz"):
        with pytest.raises(ValueError, match="was not written by"):
            packed.unpack(tmp_path / name, 64)
    with pytest.raises(ValueError, match="There is no file"):
        packed.unpack(tmp_path / "none.npz", 64)


@pytest.mark.parametrize("decoding", [None, 4])
def test_mammograms_that_were_packed_by_an_earlier_version_are_refused(sets, tmp_path, decoding):
    """They were whole, beside those of now another scale; then nobody told which are known by boxes alone. Ultrasounds
    are taken."""
    there, _ = sets
    films = replace(there, cases=tuple(replace(c, modality="mammogram") for c in there.cases))
    for name, packing in (("films", films), ("ultrasounds", there)):
        packed.pack(packing, tmp_path / "now.npz")
        assert packed.unpack(tmp_path / "now.npz", 64).cases == packing.cases
        with np.load(tmp_path / "now.npz") as now:
            kept = {key: now[key] for key in now if key != "decoding"}
        np.savez(tmp_path / f"{name}.npz", **kept, **({"decoding": decoding} if decoding else {}))
    said = "films.npz was written by an earlier version: write it anew with python -m train.data."
    with pytest.raises(ValueError, match=said):
        packed.unpack(tmp_path / "films.npz", 64)
    assert packed.unpack(tmp_path / "ultrasounds.npz", 64).cases == there.cases


def test_a_run_is_scored_later_as_it_would_have_been(run, folder, tmp_path, capsys):
    run = shutil.copytree(run, tmp_path / "run")
    scores = (run / "weights" / "scores.csv").read_text()
    card = (run / "weights" / "README.md").read_text()
    result = json.loads((run / "scores.json").read_text())
    for file in (
        run / "scores.json",
        run / "weights" / "scores.csv",
        run / "weights" / "README.md",
    ):
        file.unlink()
    assert score.main([str(run), "--data", f"folder:{folder}?modality=ultrasound"]) == 0
    assert json.loads((run / "scores.json").read_text()) == result
    assert (run / "weights" / "scores.csv").read_text() == scores
    assert (run / "weights" / "README.md").read_text() == card


def test_data_without_the_tests_cases_is_refused(run, folder, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    first = next((folder / "images").iterdir())
    (tmp_path / "images" / "other.png").write_bytes(first.read_bytes())
    assert score.main([str(run), "--data", f"folder:{tmp_path}?modality=ultrasound"]) == 1
    assert "test cases are not in this data" in capsys.readouterr().err
    assert score.main([str(tmp_path), "--data", "busi:x"]) == 1
    assert "holds no finished run" in capsys.readouterr().err


def test_a_part_of_the_test_and_other_pictures_of_its_names_are_refused(
    run, folder, tmp_path, capsys
):
    """The card would tell of all of them."""
    record = json.loads((run / "run.json").read_text())
    tested = [c["id"] for c in record["cases"] if c["role"] == "test"]
    data = shutil.copytree(folder, tmp_path / folder.name)
    mask = next(
        data / "masks" / f"{i}.png" for i in tested if (data / "masks" / f"{i}.png").exists()
    )
    drawn = mask.read_bytes()
    before = (run / "weights" / "scores.csv").read_bytes()
    mask.unlink()
    command = [str(run), "--data", f"folder:{data}?modality=ultrasound"]
    assert score.main(command) == 1
    said = f"1 of {run}'s {len(tested)} test cases are not in this data with a known truth.\n"
    assert capsys.readouterr().err == said
    mask.write_bytes(drawn)
    scan = data / "images" / mask.name
    Image.fromarray(np.fliplr(Image.open(scan))).save(scan)
    assert score.main(command) == 1
    said = f"{scan.stem} of {folder.name} is another picture in this data than the one that {run} held out."
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert (run / "weights" / "scores.csv").read_bytes() == before
