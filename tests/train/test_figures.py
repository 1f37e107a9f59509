"""Pictures of runs show what there is, and promise no more."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from train.figures import CURVE, learning_curve


@pytest.mark.parametrize(
    ("columns", "rows", "labels"),
    [
        ("", ["", ""], []),
        (",dice", [",0.4", ",0.5"], ["Dice"]),
        (",dice,presence_auc", [",0.4,0.7", ",0.5,0.8"], ["Dice", "presence AUC"]),
        (",dice,presence_auc", [",0.4,nan", ",0.5,nan"], ["Dice"]),
    ],
    ids=["no validation", "no presence", "both", "no presence, of before"],
)
def test_a_learning_curve_names_no_line_that_is_not_there(
    tmp_path, monkeypatch, columns, rows, labels
):
    lines = [f"epoch,loss{columns}", *(f"{n},0.9{row}" for n, row in enumerate(rows, 1))]
    (tmp_path / "history.csv").write_text("\n".join(lines))
    drawn = []
    monkeypatch.setattr(plt, "close", drawn.append)
    learning_curve(tmp_path)
    monkeypatch.undo()
    [figure] = drawn
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["training loss", *labels]
    assert len(figure.axes) == 1 + bool(labels), "an axis with nothing on it"
    assert (tmp_path / CURVE).stat().st_size > 5000
    plt.close(figure)
