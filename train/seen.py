"""seen.csv of a weights folder: the cases that the weights were trained on, or chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from bcweb.tables import write_rows
from bcweb.terminal import whole
from bcweb.weights import SeenCase
from train.training_set import TrainingCase


def write_seen(folder: Path, seen: Sequence[TrainingCase | SeenCase]) -> None:
    """Write seen.csv of a weights folder, a name's bytes as they are: each case once, and once more as it was before
    it was padded to a square."""
    names = [field.name for field in fields(SeenCase)]
    unpadded = (
        replace(case, fingerprint=case.unpadded) for case in seen if getattr(case, "unpadded", "")
    )
    rows = (tuple(getattr(case, name) for name in names) for case in (*seen, *unpadded))
    with (
        whole(folder / "seen.csv") as part,
        part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        write_rows(file, [names, *dict.fromkeys(rows)])
