"""`python -m train.adjust`: another operating point for weights that ship, by cases that they have not seen."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from bcweb.cases import Case
from bcweb.cases.duplicates import prints
from bcweb.page import card as shown_card
from bcweb.phantoms import Mass, phantom
from bcweb.scans import read_scan
from bcweb.segmenter import Segmenter
from bcweb.weights import OperatingPoint, SeenCase, Weights, load_weights
from tests import weights_folder
from tests.review.decided import dicom_file
from train import card
from train.adjust import LEAST_LESIONS, _write, chosen, main, out_of_fold, unseen
from train.readings import Answers, score_at
from train.seen import write_seen

NORMALS = 4
SIDE = 64
POINT = OperatingPoint(mask_threshold=0.5, presence_gate=0.5, min_lesion_fraction=0.0)


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
    told = (adjusted / "README.md").read_text()
    assert "Chosen by 22 images with a lesion and 4 without." in told
    assert "On cases that did not choose it, mean Dice 0." in told
    assert "Normals painted: " in told
    assert "What follows is the card of ultrasound-" in told


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


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return load_weights(
        str(weights_folder.write(tmp_path / "weights", size=SIDE, operating_point=POINT))
    )


def answered(folder: Path, weights: Weights, wants: Sequence[tuple[str, float | None]]) -> Answers:
    """Cases by their group and the threshold, 0.3 or 0.7, at which their map is their truth; None of a normal one."""
    rng = np.random.default_rng(0)
    cases, maps, truths, presences = [], [], [], []
    for number, (group, threshold) in enumerate(wants):
        truth, answer = np.zeros((SIDE, SIDE), bool), np.full((SIDE, SIDE), 0.05, np.float32)
        if threshold is not None:
            truth[16:48, 16:48] = True
            answer[8:56, 8:56] = threshold - 0.05
            answer[16:48, 16:48] = threshold + 0.05
        file, mask = folder / f"{number}.png", folder / f"{number}-mask.png"
        Image.fromarray(rng.integers(0, 255, (SIDE, SIDE), np.uint8)).save(file)
        Image.fromarray(truth).save(mask)
        cases.append(Case("ward", str(number), file, "ultrasound", (mask,), group=group))
        maps.append(answer)
        truths.append(truth)
        presences.append(0.1 if threshold is None else 0.9)
    known = [SeenCase("ward", case.id, case.group, case.id, "0" * 64) for case in cases]
    return Answers(
        folder, Segmenter(weights), cases, known, np.stack(maps), np.array(presences), np.stack(truths)
    )  # fmt: skip


def test_a_case_is_scored_at_the_point_that_the_other_parts_choose(weights, tmp_path):
    """One group has most of the lesions and wants another threshold: chosen by all of them it would be its own."""
    answers = answered(tmp_path, weights, [("many", 0.7)] * 12 + [(f"g{n}", 0.3) for n in range(4)])
    assert chosen(answers, weights, 0.07).mask_threshold == 0.7
    new = {score.id: score for _, score in out_of_fold(answers, weights, 0.07)}
    many = answers.take(range(12))
    others = chosen(answers.take(range(12, 16)), weights, 0.07)
    assert others.mask_threshold == 0.3
    assert [new[score.id] for score in score_at(many, others)] == score_at(many, others)
    assert all(new[str(number)].dice < 0.9 for number in range(16)), "nobody gets what it wants"


@pytest.mark.parametrize("second", range(1, 10))
def test_groups_with_a_lesion_are_dealt_over_the_parts(weights, tmp_path, second):
    wants = [(f"g{n}", 0.3 if n in (0, second) else None) for n in range(10)]
    pairs = out_of_fold(answered(tmp_path, weights, wants), weights, 0.07)
    assert sorted(int(score.id) for _, score in pairs) == list(range(10))
    assert [score.dice for _, score in pairs if score.lesion] == [1, 1]


def test_where_one_group_has_all_lesions_nothing_is_said_of_what_it_gains(weights, tmp_path):
    wants = [("g0", 0.3)] * 3 + [(f"g{n}", None) for n in range(1, 8)]
    assert out_of_fold(answered(tmp_path, weights, wants), weights, 0.07) == []


def test_who_is_of_a_group_of_which_one_was_seen_chooses_nothing(
    hospital, weights, tmp_path, capsys
):
    """It was seen under the name of another data set, so that its own group's name says nothing."""
    scan = read_scan(hospital / "images" / "4.png")
    known = SeenCase("elsewhere", "x", "y", scan.digest, prints(scan.pixels)[0])
    write_seen(weights.folder, [known])
    kept = unseen(weights, [f"folder:{hospital}?modality=ultrasound"])
    assert {f"{n}" for n in range(26)} - {case.id for case in kept} == {"4", "5"}
    assert f"Left out: 2 that {weights.revision} has seen." in capsys.readouterr().err
    (hospital / "masks" / "4.png").rename(tmp_path / "4.png")
    try:  # nor does it matter that this one has no truth and could not choose itself
        kept = unseen(weights, [f"folder:{hospital}?modality=ultrasound"])
    finally:
        (tmp_path / "4.png").rename(hospital / "masks" / "4.png")
    assert {f"{n}" for n in range(26)} - {case.id for case in kept} == {"4", "5"}


def test_a_lesion_beside_the_picture_and_a_mask_that_is_none_choose_nothing(
    hospital, weights, tmp_path, capsys
):
    data = shutil.copytree(hospital, tmp_path / "hospital")
    shutil.copyfile(data / "images" / "9.png", data / "masks" / "8.png")
    region = Dataset()
    region.RegionSpatialFormat = region.RegionDataType = 1
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 99, 119
    pixels = np.asarray(Image.open(data / "images" / "6.png"))
    (data / "images" / "6.png").unlink()
    dicom_file(data / "images" / "6.dcm", pixels, SequenceOfUltrasoundRegions=[region])
    beside = np.zeros(pixels.shape, np.uint8)
    beside[40:80, 120:150] = 255
    Image.fromarray(beside).save(data / "masks" / "6.png")
    table = (data / "cases.csv").read_text().replace("\n6.png", "\n6.dcm")
    (data / "cases.csv").write_text(table)
    kept = unseen(weights, [f"folder:{data}?modality=ultrasound"])
    assert {f"{n}" for n in range(26)} - {case.id for case in kept} == {"6", "8"}
    said = capsys.readouterr().err
    assert "1 whose lesion lies beside the picture" in said
    assert "1 whose truth cannot be read" in said


def test_what_reading_found_odd_is_told(hospital, weights, tmp_path, capsys):
    data = shutil.copytree(hospital, tmp_path / "hospital")
    with (data / "cases.csv").open("a") as table:
        table.write("\n99.png,benign,patient 99\n")
    (data / "masks" / "5.png").unlink()
    spec = f"folder:{data}?modality=ultrasound"
    assert len(unseen(weights, [spec])) == 25
    said = capsys.readouterr().err
    assert "hospital: 1 file left out, 99.png for one (Named in cases.csv, but not there.)" in said
    (data / "cases.csv").rename(data / "patients.csv")
    unseen(weights, [spec])
    assert "hospital: patients.csv lies beside the scans and is not read" in capsys.readouterr().err


def test_one_folder_named_twice_does_not_count_twice(hospital, tmp_path, capsys):
    spec, out = f"folder:{hospital}?modality=ultrasound", tmp_path / "out"
    twice = ["--data", spec, "--data", spec]
    assert main(["--weights", "embedded", *twice, "--out", str(out)]) == 1
    assert "0 is there twice in hospital0: the same data is named twice" in capsys.readouterr().err
    assert not out.exists()


def test_a_disk_that_does_not_take_the_weights_keeps_no_part_of_them(weights, tmp_path):
    resource = pytest.importorskip("resource", reason="Windows has no limit of a file's size")
    answers = answered(tmp_path, weights, [("g", 0.3)])
    before, there = resource.getrlimit(resource.RLIMIT_FSIZE), sorted(tmp_path.iterdir())
    tensors = (weights.folder / "model.safetensors").stat().st_size
    for most in (1000, tensors):  # which the card then is above
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            with pytest.raises(OSError, match="File too large") as caught:
                _write(tmp_path / "out", weights, POINT, answers, ["a line"] * tensors)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert caught.value.filename == str(tmp_path / "out")
        assert sorted(tmp_path.iterdir()) == there
    _write(tmp_path / "out", weights, POINT, answers, [])
    assert load_weights(str(tmp_path / "out")).config == weights.config


def test_the_card_keeps_the_licence_and_the_data_however_often_a_point_is_chosen(weights, tmp_path):
    answers = answered(tmp_path, weights, [("g", 0.3)])
    embedded = load_weights("embedded", "ultrasound")
    for name, before in (("once", None), ("twice", tmp_path / "once")):
        source = load_weights(str(before)) if before else embedded
        _write(tmp_path / name, source, POINT, answers, [f"Chosen {name}."])
        told = (tmp_path / name / "README.md").read_text()
        assert shown_card.licence(told) == "apache-2.0" and "\n- BUS-BRA, " in told
        assert "model-index" not in told and "0.7442" not in told, "scores at the point of before"
        front, body = card.parted(told)
        assert front and body.lstrip().startswith("# ultrasound-2, with another operating point\n")
        assert "## Trained on" in body and "pipeline_tag" not in body, name
    assert "Chosen once." in body and "Chosen twice." in body


def test_a_card_that_is_no_text_is_kept_as_it_is(weights, tmp_path):
    (weights.folder / "README.md").write_bytes("Für uns.\n".encode("latin-1"))
    _write(tmp_path / "out", weights, POINT, answered(tmp_path, weights, [("g", 0.3)]), [])
    assert (tmp_path / "out" / "README.md").read_bytes().endswith(b"F\xfcr uns.\n")
