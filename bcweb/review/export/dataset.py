"""A Hugging Face data set: data/train-*.parquet and its card, as `--data hf:user/name@revision` reads it.

One row a case that has a mask: image, mask (PNG, 0 and 255; an empty one is a scan without lesion), label,
group, and where both come from. Cases that were rejected are in verdicts.csv alone: a row without a mask
would be a scan of unknown truth, and a "normal" one a scan without lesion. Pictures of DICOM files, and
those that carry more than a picture, are their pixels as PNG of 8 or 16 bits, so that nothing that names a patient
goes along; what case and reader are called does. Written by `datasets`, which is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bcweb.masks import mask_png
from bcweb.review.export import card, pictures
from bcweb.review.export.parallel import in_order
from bcweb.review.export.rows import Row

if TYPE_CHECKING:
    from datasets import Features

_SHARD_BYTES = 200_000_000  # of pictures: what is held in memory at a time
_SHARD_ROWS = 2_000
_GROUP_ROWS = 100  # are read together, by the Hub's viewer too


def write(folder: Path, cases: Iterable[tuple[Row, np.ndarray]]) -> list[Row]:
    """Write the table of cases with their masks (H, W) bool, and its card; the rows with their files."""
    (folder / "data").mkdir()
    done: list[Row] = []
    shard_of: list[int | None] = []
    shards: list[Path] = []
    waiting: list[dict[str, Any]] = []
    size = 0
    for row, values in in_order(_one, cases):
        done.append(row)
        if values is None:
            shard_of.append(None)
            continue
        waiting.append(values)
        shard_of.append(len(shards))
        size += len(values["image"]["bytes"])
        if size >= _SHARD_BYTES or len(waiting) >= _SHARD_ROWS:
            shards.append(_write_shard(folder, len(shards), waiting))
            waiting, size = [], 0
    if waiting:
        shards.append(_write_shard(folder, len(shards), waiting))
    names = [f"data/train-{n:05d}-of-{len(shards):05d}.parquet" for n in range(len(shards))]
    for shard, name in zip(shards, names, strict=True):
        shard.rename(folder / name)
    done = [
        row if shard is None else replace(row, file=names[shard], mask=names[shard])
        for row, shard in zip(done, shard_of, strict=True)
    ]
    if names:
        taken = [row for row in done if row.mask]
        (folder / "README.md").write_text(card.card(taken), encoding="utf-8")
    return done


def features() -> Features:
    """The columns and their types."""
    from datasets import Features, Image, Value

    words = (
        "label", "group", "modality", "findings", "dataset", "case", "decision", "reader", "revision",
        "beginning", "comment", "first_label", "digest",
    )  # fmt: skip
    return Features(
        {
            "id": Value("string"),
            "image": Image(),
            "mask": Image(),
            **{name: Value("string") for name in words},
            "time": Value("timestamp[us, tz=UTC]"),
            "seconds": Value("float64"),
            "threshold": Value("float64"),
            "difficulty": Value("int32"),
            "width": Value("int32"),
            "height": Value("int32"),
            "row_mm": Value("float64"),
            "column_mm": Value("float64"),
            "area_mm2": Value("float64"),
            "longest_mm": Value("float64"),
        }
    )


def _one(row: Row, mask: np.ndarray) -> tuple[Row, dict[str, Any] | None]:
    """The row and its columns, without these where its picture cannot be had."""
    try:
        picture, suffix = pictures.plain(row.case)
    except pictures.PictureError as error:
        return row.without(str(error)), None
    return row, _values(row, picture, suffix, mask)


def _values(row: Row, picture: bytes, suffix: str, mask: np.ndarray) -> dict[str, Any]:
    case, verdict = row.case, row.verdict
    row_mm, column_mm = row.pixel_mm
    return {
        "id": row.name,
        "image": {"bytes": picture, "path": row.name + suffix},
        "mask": {"bytes": mask_png(mask), "path": f"{row.name}.png"},
        "label": row.label or None,
        "group": row.group,
        "modality": case.modality,
        "findings": case.findings,
        "dataset": case.dataset,
        "case": case.case,
        "decision": verdict.decision,
        "reader": verdict.reader,
        "revision": verdict.revision,
        "beginning": verdict.beginning,
        "comment": verdict.comment,
        "first_label": case.label,
        "digest": case.digest,
        "time": verdict.at,
        "seconds": verdict.seconds,
        "threshold": verdict.threshold,
        "difficulty": verdict.difficulty,
        "width": case.width,
        "height": case.height,
        "row_mm": row_mm,
        "column_mm": column_mm,
        "area_mm2": row.area_mm2,
        "longest_mm": row.longest_mm,
    }


def _write_shard(folder: Path, number: int, rows: list[dict[str, Any]]) -> Path:
    import datasets

    datasets.disable_progress_bars()
    file = folder / "data" / f"{number}.part"
    table = datasets.Dataset.from_list(rows, features=features())
    with file.open("wb") as stream:
        table.to_parquet(stream, batch_size=_GROUP_ROWS)
    return file
