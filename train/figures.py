"""Pictures of a run."""

from __future__ import annotations

import csv
from pathlib import Path


def learning_curve(run: Path) -> None:
    """Draw RUN/history.csv as RUN/learning-curve.png: loss, and the validation scores where there are any."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) for row in rows]
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot(epochs, [float(row["loss"]) for row in rows], color="#888888", label="training loss")
    left.set(xlabel="epoch", ylabel="loss")
    right = left.twinx()
    right.set(ylabel="validation", ylim=(0, 1))
    for key, label, colour in (
        ("dice", "Dice", "#0072b2"),
        ("presence_auc", "presence AUC", "#d55e00"),
    ):
        if key in rows[0]:
            right.plot(epochs, [float(row[key]) for row in rows], color=colour, label=label)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(run / "learning-curve.png", dpi=130)
    plt.close(figure)
