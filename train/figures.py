"""Pictures of runs, and of what their networks say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from train.record import read_history

CURVE = "learning-curve.png"  # of a run's folder


def learning_curve(run: Path) -> None:
    """Draw RUN/history.csv as RUN/`CURVE`: loss, and the validation scores where there are any."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = read_history(run)
    epochs = [int(row["epoch"]) for row in rows]
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot(epochs, [row["loss"] for row in rows], color="#888888", label="training loss")
    left.set(xlabel="epoch", ylabel="loss")
    if "dice" in rows[0]:
        right = left.twinx()
        right.set(ylabel="validation", ylim=(0, 1))
        right.plot(epochs, [row["dice"] for row in rows], color="#0072b2", label="Dice")
        aucs = [row.get("presence_auc", np.nan) for row in rows]
        if not np.isnan(aucs).all():  # runs of before noted one without the head, too
            right.plot(epochs, aucs, color="#d55e00", label="presence AUC")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(run / CURVE, dpi=130)
    plt.close(figure)


def reliability(panels: Mapping[str, np.ndarray], file: Path) -> None:
    """Draw how often it is true against how probable it was called, a panel for each of what was called.

    panels: rows of cases as `bcweb.statistics.calibration_error` takes them.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.2 * len(panels), 4), layout="constrained", squeeze=False
    )
    for axis, (name, rows) in zip(axes[0], panels.items(), strict=True):
        counts, said, true = rows.sum(axis=0).reshape(3, -1)
        some = counts > 0
        x, y = said[some] / counts[some], true[some] / counts[some]
        axis.plot([0, 1], [0, 1], color="#999999", linewidth=1)
        axis.plot(x, y, "o-", color="#0072b2", markersize=5)
        for *place, n in zip(x, y, counts[some], strict=True):
            axis.annotate(
                _count(n), place, (4, -10), textcoords="offset points", fontsize=7, color="#555555"
            )
        axis.set(
            title=name, xlim=(0, 1), ylim=(0, 1.02), xlabel="called probable", ylabel="is lesion"
        )
        axis.set_aspect("equal")
        axis.grid(color="#dddddd")
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=130, metadata={"Software": None})
    plt.close(figure)


def _count(n: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if n >= 10 * unit:
            return f"{n / unit:.0f} {name}"
    return f"{n:.0f}"
