"""A folder that trains: images/NAME, masks/NAME.png, cases.csv, as `--data folder:DIR` reads it.

Masks are 8-bit grey, 0 and 255, of the scan's own size; one without any lesion is there and empty. Pictures
are copied as they are. cases.csv has one row a picture; its columns can select:
`folder:DIR?decision=corrected`. Where a picture is gone, its mask is there all the same, and not in cases.csv.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bcweb.masks import mask_png
from bcweb.review.export import pictures
from bcweb.review.export.parallel import in_order
from bcweb.review.export.rows import Row
from bcweb.review.export.table import write_csv

COLUMNS = (
    "file", "label", "group", "modality", "findings", "dataset", "case", "decision", "reader", "difficulty",
)  # fmt: skip


def write(folder: Path, cases: Iterable[tuple[Row, np.ndarray]]) -> list[Row]:
    """Write pictures and masks (H, W) bool into a folder; the rows with their files."""
    images, masks = folder / "images", folder / "masks"
    images.mkdir()
    masks.mkdir()

    def one(row: Row, mask: np.ndarray) -> Row:
        file = masks / f"{row.name}.png"
        file.write_bytes(mask_png(mask))
        row = replace(row, mask=f"masks/{file.name}")
        try:
            return replace(row, file=f"images/{pictures.copy(row.case, images, row.name).name}")
        except pictures.PictureError as error:
            return row.without(f"{error} Its mask is here.")

    done = list(in_order(one, cases))
    write_csv(folder / "cases.csv", COLUMNS, (_columns(row) for row in done if row.file))
    return done


def _columns(row: Row) -> tuple:
    case, verdict = row.case, row.verdict
    return (
        row.file, row.label, row.group, case.modality, case.findings, case.dataset, case.case,
        verdict.decision, verdict.reader, verdict.difficulty,
    )  # fmt: skip
