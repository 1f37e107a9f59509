"""Weights: what a folder must hold, where a name points, which cases they have seen."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from bcweb.cases import duplicates
from bcweb.scans import MODALITIES, read_scan
from bcweb.weights import OperatingPoint, WeightsError, config_text, load_weights, resolve_name
from tests import weights_folder


def test_a_folder_is_loaded_and_its_revision_names_its_numbers(tmp_path):
    first = load_weights(str(weights_folder.write(tmp_path / "a", seed=0)))
    same = load_weights(str(weights_folder.write(tmp_path / "b", seed=0)))
    other = load_weights(str(weights_folder.write(tmp_path / "c", seed=1)))
    assert first.revision == same.revision != other.revision
    assert first.revision.startswith("random-")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": "large"}, "size: Expected `int`, got `str`"),
        ({"size": 100}, "size: Expected `int` that's a multiple of 32"),
        ({"architecture": "vgg"}, "architecture: Invalid enum value 'vgg'"),
        ({"surprise": 1}, "the file: Object contains unknown field `surprise`"),
        ({"std": 0}, "std: Expected `float` > 0.0"),
        ({"std": float("inf")}, "std: Expected `float`, got `object`"),
        ({"mean": float("nan")}, "mean: Expected `float`, got `object`"),
        ({"name": float("nan")}, "name: Expected `str`, got `object`"),
        ({"trained_on": [float("nan")]}, r"trained_on\[0\]: Expected `str`, got `object`"),
        ({"name": "\ud800"}, "the file: 'utf-8' codec can't encode"),
        ({"name": "two\nlines"}, "name: Expected `str` matching"),
        ({"name": "a line\n"}, "name: Expected `str` matching"),
        ({"name": "line\n"}, "name: Expected `str` matching"),
        ({"reading": {"calibration": [0, 0]}}, "reading.calibration: Expected `array` of length 3"),
        ({"operating_point": {"mask_threshold": 0.5}}, "operating_point: Object missing required"),
    ],
)
def test_a_bad_config_is_refused_with_the_field_and_the_reason(tmp_path, change, sentence):
    folder = weights_folder.write(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(WeightsError, match=sentence):
        load_weights(str(folder))


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_a_config_that_is_not_json_is_refused(tmp_path, text):
    folder = weights_folder.write(tmp_path)
    (folder / "config.json").write_text(text)
    with pytest.raises(WeightsError, match="is not valid"):
        load_weights(str(folder))


def test_a_truncated_safetensors_file_is_refused(tmp_path):
    file = weights_folder.write(tmp_path) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(str(tmp_path))


def test_a_file_that_the_system_refuses_is_named_with_its_reason(tmp_path):
    """`PermissionError` mostly, which the super-user never meets: other refusals stand for it here."""
    weights = load_weights(str(weights_folder.write(tmp_path)))
    (tmp_path / "seen.csv").unlink()
    (tmp_path / "seen.csv").mkdir()
    with pytest.raises(WeightsError) as caught:
        _ = weights.seen_cases
    assert str(caught.value) == f"seen.csv of {weights.revision} cannot be read: Is a directory."
    refused = Path("/proc/self/mem")  # of which nobody may read the beginning
    if not refused.exists():
        pytest.skip("only Linux has a file that nobody can read")
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors").symlink_to(refused)
    with pytest.raises(WeightsError) as caught:
        load_weights(str(tmp_path))
    said = f"model.safetensors of {tmp_path} cannot be read: Input/output error."
    assert str(caught.value) == said
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").symlink_to(refused)
    with pytest.raises(WeightsError) as caught:
        load_weights(str(tmp_path))
    assert str(caught.value) == f"{tmp_path} cannot be read: Input/output error."


def test_a_pickle_in_the_place_of_the_tensors_is_not_executed(tmp_path):
    import pickle

    file = weights_folder.write(tmp_path) / "model.safetensors"
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(str(tmp_path))


def test_weights_of_the_other_modality_are_refused(tmp_path):
    folder = weights_folder.write(tmp_path)
    with pytest.raises(WeightsError, match="trained on ultrasounds and is not used on mammograms"):
        load_weights(str(folder), "mammogram")


@pytest.mark.parametrize(
    "name", ["nowhere", "~nobody-of-this-name/w", "hf://user", "hf://user/repo@"]
)
def test_a_name_that_points_nowhere_gets_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError) as caught:
        load_weights(name, "ultrasound")
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_of_a_runs_folder_it_is_said_where_its_weights_are(tmp_path):
    weights_folder.write(tmp_path / "run" / "weights")
    there = str(tmp_path / "run" / "weights")
    with pytest.raises(WeightsError, match=f"no config.json; its weights are in {there}.$"):
        load_weights(str(tmp_path / "run"))
    assert load_weights(there)


def test_the_name_is_the_given_one_then_the_environments_then_embedded(monkeypatch):
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", "/from/environment")
    monkeypatch.delenv("BCWEB_WEIGHTS_MAMMOGRAM", raising=False)
    assert resolve_name("ultrasound", "given") == "given"
    assert resolve_name("ultrasound") == "/from/environment"
    assert resolve_name("mammogram") == "embedded"


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_embedded_weights_say_what_they_are(modality):
    weights = load_weights("embedded", modality)
    assert weights.config.modality == modality
    assert weights.seen_cases, "nobody can tell which cases they were trained on"
    for file in ("README.md", "scores.csv"):
        assert (weights.folder / file).is_file(), f"{modality} has no {file}"
    files = {file.suffix for file in weights.folder.iterdir()}
    assert files <= {".json", ".safetensors", ".csv", ".md", ".png"}, f"unexpected files: {files}"


def test_the_embedded_weights_fit_into_sixteen_megabytes():
    size = sum(
        (load_weights("embedded", m).folder / "model.safetensors").stat().st_size
        for m in MODALITIES
    )
    assert size <= 16e6


def test_seen_by_digest_by_group_and_by_fingerprint(tmp_path):
    folder = weights_folder.write(tmp_path)
    mine, other = "0f" * 32, "f0" * 32
    (folder / "seen.csv").write_text(
        f"dataset,id,group,digest,fingerprint\nbusi,benign (1),17,abc,{mine}\n"
    )
    weights = load_weights(str(folder))
    assert weights.seen("abc", other)
    assert weights.seen("else", mine), (
        "a re-encoded copy has another digest and the same fingerprint"
    )
    assert weights.seen("else", duplicates.mirrored(mine)), "a mirror image has neither"
    assert weights.seen("else", other, "busi", "17")
    assert not weights.seen("else", other, "bus-bra", "17"), (
        "group numbers belong to their data set"
    )
    assert not weights.seen("else", other)


@pytest.mark.data
def test_films_that_the_embedded_weights_have_seen_are_known_as_they_were_published(data):
    """CDD-CESM's were padded to a square of 512 before they were trained on."""
    weights = load_weights("embedded", "mammogram")
    films = [case for case in weights.seen_cases if case.dataset == "cdd-cesm"][::24]
    assert films
    for case in films:
        pixels = read_scan(data / "cdd-cesm" / "images" / f"{case.id}.jpg").pixels
        bright = np.flatnonzero(pixels.max(axis=0) > 20)
        band = min(bright[0], len(pixels) - 1 - bright[-1])
        published = Image.fromarray(pixels[:, band:-band])
        published = published.resize((3 * published.width, 3 * published.height))
        assert weights.seen("", duplicates.fingerprint(np.asarray(published))), case.id


@pytest.mark.parametrize(
    "table",
    [
        "case\nbenign (1)\n",
        "dataset,id,group,digest,fingerprint\na,b,c,d,\n",
        "",
        "x,y\n",
        f"dataset,id,group,digest,fingerprint\na,b,c,d,{'0f' * 32}\na,b,c,d,{'0f' * 20}",
    ],
    ids=["other", "no fingerprint", "empty", "other without a case", "cut off"],
)
def test_a_seen_table_that_cannot_tell_is_refused(tmp_path, table):
    (weights_folder.write(tmp_path) / "seen.csv").write_text(table)
    with pytest.raises(WeightsError, match="is not a table of dataset, id, group"):
        load_weights(str(tmp_path)).seen("abc", "0f" * 32)


def test_weights_that_hide_what_they_have_seen_are_refused(tmp_path):
    seen = weights_folder.write(tmp_path, trained_on=("busi", "ward")) / "seen.csv"
    seen.write_text(seen.read_text().splitlines()[0] + "\n")
    weights = load_weights(str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        weights.seen("abc", "0f" * 32)
    told = f"{weights.revision} was trained on busi, ward, and "
    assert str(caught.value) == f"{told}its seen.csv names no case."
    seen.unlink()
    with pytest.raises(WeightsError) as caught:
        weights.seen("abc", "0f" * 32)
    assert str(caught.value) == f"{told}has no seen.csv, which names the cases."


def test_weights_that_were_trained_on_nothing_have_seen_nothing(tmp_path):
    seen = weights_folder.write(tmp_path, trained_on=()) / "seen.csv"
    assert not load_weights(str(tmp_path)).seen("abc", "0f" * 32)
    seen.unlink()
    assert not load_weights(str(tmp_path)).seen("abc", "0f" * 32)


@pytest.mark.parametrize(
    "wrong",
    [
        {"operating_point": OperatingPoint(mask_threshold=0.5, presence_gate=float("nan"), min_lesion_fraction=0)},
        {"std": float("nan")},
        {"size": 100},
        {"name": "of two words"},
    ],
)  # fmt: skip
def test_what_its_file_cannot_say_is_not_written(wrong):
    right = weights_folder.config()
    assert json.loads(config_text(right))["operating_point"]["presence_gate"] == 0
    with pytest.raises(ValueError):
        config_text(msgspec.structs.replace(right, **wrong))
