"""What goes to the Hub of a run."""

from __future__ import annotations

from PIL import Image

from tests.hub import finished
from train.keras_network import build_model
from train.package import package


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
