"""What goes to the Hub of a run."""

from __future__ import annotations

import pytest
from PIL import Image

from bcweb.scores import read_scores, report
from tests.hub import finished
from train.keras_network import build_model
from train.package import package
from train.score import write_json


def test_the_same_run_gives_the_same_bytes(tmp_path):
    run = finished.run(tmp_path / "run")
    Image.new("L", (8, 8)).save(run / "patient.png")  # which is nobody's to publish
    first = package(run, "ann/weights", tmp_path / "first", tmp_path / "no study")
    build_model("lite0", 64)  # Keras counts the layers of a session, and names them so
    second = package(run, "ann/weights", tmp_path / "second", tmp_path / "no study")
    assert list(first) == list(second)
    assert [name for name in first if name.endswith(".png")] == [
        "pictures/generated-scans.png",
        "pictures/learning-curve.png",
    ]
    for name, file in first.items():
        assert file.read_bytes() == second[name].read_bytes(), name


def test_what_is_written_of_the_cases_is_told_on_the_hub_too(tmp_path):
    """A table of scores does not hold it, and the data is not at hand when a run is pushed."""
    run = finished.run(tmp_path / "run", dataset="ward", modality="mammogram")
    scores = read_scores(run / "weights" / "scores.csv")
    findings = {score.key: "An irregular mass." for score in scores if score.lesion}
    write_json(run / "scores.json", report(scores, {}, findings))
    files = package(run, "ann/weights", tmp_path / "first", tmp_path / "no study")
    said = "Images whose written findings name a mass: 2, Dice mean 0.600"
    assert said in files["README.md"].read_text()
    (run / "scores.json").write_text("[]")
    with pytest.raises(ValueError, match=r"scores\.json is damaged: delete it"):
        package(run, "ann/weights", tmp_path / "second", tmp_path / "no study")
    (run / "scores.json").unlink()  # a fit on everything of before has none
    files = package(run, "ann/weights", tmp_path / "third", tmp_path / "no study")
    assert "written findings" not in files["README.md"].read_text()
