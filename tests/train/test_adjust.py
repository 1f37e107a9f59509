"""`python -m train.adjust`: another operating point for weights that ship, by cases that they have not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.phantoms import Mass, phantom
from bcweb.segmenter import Segmenter
from bcweb.weights import load_weights
from train.adjust import LEAST_LESIONS, main

NORMALS = 4


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated ultrasounds, two of each patient, with truths that are drawn narrower than the network draws."""
    folder = tmp_path_factory.mktemp("hospital")
    for name in ("images", "masks"):
        (folder / name).mkdir()
    rows = ["file,label,group"]
    for seed in range(LEAST_LESIONS + 2 + NORMALS):
        has_lesion = seed >= NORMALS
        made = phantom(
            "ultrasound", 900 + seed, (Mass(0.3, 1.0),) if has_lesion else (), (120, 160)
        )
        Image.fromarray(made.scan.pixels).save(folder / "images" / f"{seed}.png")
        Image.fromarray(made.truth.astype(np.uint8) * 255).save(folder / "masks" / f"{seed}.png")
        rows.append(f"{seed}.png,{'benign' if has_lesion else 'normal'},patient {seed // 2}")
    (folder / "cases.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def adjusted(hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "ours"
    spec = f"folder:{hospital}?modality=ultrasound"
    assert (
        main(["--weights", "embedded", "--data", spec, "--out", str(out), "--painted", "0.2"]) == 0
    )
    return out


def test_the_network_is_the_same_and_its_point_another(adjusted):
    before, now = load_weights("embedded", "ultrasound"), load_weights(str(adjusted))
    assert (adjusted / "model.safetensors").read_bytes() == (
        before.folder / "model.safetensors"
    ).read_bytes()
    assert now.config.operating_point != before.config.operating_point
    assert now.revision != before.revision
    same = now.config.__class__.__struct_fields__
    assert [name for name in same if getattr(now.config, name) != getattr(before.config, name)] == [
        "operating_point"
    ]
    assert Segmenter(now).segment(phantom("ultrasound", 1, (Mass(0.3, 1.0),)).scan).mask.any()


def test_what_chose_the_point_tests_it_no_more(adjusted, hospital, tmp_path, capsys):
    spec = f"folder:{hospital}?modality=ultrasound"
    assert main(["--weights", str(adjusted), "--data", spec, "--out", str(tmp_path / "again")]) == 1
    said = capsys.readouterr().err
    assert f"Left out: 26 that {load_weights(str(adjusted)).revision} has seen." in said
    assert "20 images with a lesion or more that the weights have not seen; here are 0." in said
    assert not (tmp_path / "again").exists()


def test_what_it_gains_is_of_cases_that_did_not_choose_it_and_on_the_card(adjusted):
    card = (adjusted / "README.md").read_text()
    assert "Chosen by 22 images with a lesion and 4 without." in card
    assert "On cases that did not choose it, mean Dice 0." in card
    assert "Normals painted: " in card
    assert "What follows is the card of ultrasound-" in card and "\n---\n" not in card


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--painted", "1"], "--painted is a share of the normals, from 0 to 1."),
        (["--modality", "mammogram"], "here are 0."),
        (["--out", "{there}"], "{there} is there already: name a new folder."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_leaves_nothing(
    more, said, hospital, tmp_path, capsys
):
    more = [one.format(there=tmp_path) for one in more]
    spec, out = f"folder:{hospital}?modality=ultrasound", tmp_path / "out"
    assert main(["--weights", "embedded", "--data", spec, "--out", str(out), *more]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(said.format(there=tmp_path))
    assert not out.exists()


def test_without_normals_the_gate_stays(hospital, tmp_path, capsys):
    spec = f"folder:{hospital}?modality=ultrasound&label=benign"
    assert main(["--weights", "embedded", "--data", spec, "--out", str(tmp_path / "out")]) == 0
    assert (
        "The gate stays: to choose one takes 3 images without a lesion." in capsys.readouterr().out
    )
    before, now = load_weights("embedded", "ultrasound"), load_weights(str(tmp_path / "out"))
    assert now.config.operating_point.presence_gate == before.config.operating_point.presence_gate
