"""COCO: images/ and annotations.json, its run lengths as pycocotools decodes them.

One annotation a lesion, that is an 8-connected part of the mask, as everywhere in this project: what reads
COCO counts and scores objects. The union of an image's annotations is exactly its mask. An image without
annotations was read and holds no lesion. Everything is of the one category lesion; label, group and verdict
are in the image's entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bcweb.cases.sources import SOURCES
from bcweb.lesions import label
from bcweb.review.export import pictures
from bcweb.review.export.parallel import in_order
from bcweb.review.export.rows import Row
from bcweb.review.export.table import values

_OF_THE_CASE = ("dataset", "case", "label", "first_label", "group", "modality", "findings")
_OF_THE_VERDICT = (
    "decision", "reader", "time", "seconds", "revision", "beginning", "threshold", "difficulty", "comment",
)  # fmt: skip


def write(folder: Path, cases: Iterable[tuple[Row, np.ndarray]]) -> list[Row]:
    """Write pictures and annotations of masks (H, W) bool into a folder; the rows with their files."""
    (folder / "images").mkdir()
    licences: dict[str, int] = {}
    done: list[Row] = []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for row, found in in_order(partial(_one, folder), cases):
        done.append(row)
        if not row.file:
            continue
        licence = licences.setdefault(row.case.dataset, len(licences) + 1)
        images.append(_image(row, len(images) + 1, licence))
        for lesion in found:
            annotations.append(lesion | {"id": len(annotations) + 1, "image_id": len(images)})
    whole = {
        "info": _info(done),
        "licenses": [{"id": n, "name": _licence(name), "url": ""} for name, n in licences.items()],
        "categories": [{"id": 1, "name": "lesion", "supercategory": "breast"}],
        "images": images,
        "annotations": annotations,
    }
    # Other letters as escapes: pycocotools opens it in the encoding of its machine, on Windows not UTF-8.
    text = json.dumps(whole, ensure_ascii=True, separators=(",", ":"))
    (folder / "annotations.json").write_text(text, encoding="ascii")
    return done


def _one(folder: Path, row: Row, mask: np.ndarray) -> tuple[Row, list[dict[str, Any]]]:
    """Write a picture; the row with its files, and its lesions."""
    try:
        picture, suffix = pictures.plain(row.case)
    except pictures.PictureError as error:
        return row.without(str(error)), []
    row = replace(row, file=f"images/{row.name}{suffix}", mask="annotations.json")
    (folder / row.file).write_bytes(picture)
    return row, list(lesions(mask))


def lesions(mask: np.ndarray) -> Iterator[dict[str, Any]]:
    """The annotations of a (H, W) bool mask, without ids: run lengths, area in pixels, bounding box."""
    from pycocotools import mask as run_lengths

    parts, count = label(mask)
    for number in range(1, count + 1):
        coded = run_lengths.encode(np.asfortranarray(parts == number, dtype=np.uint8))
        yield {
            "category_id": 1,
            "iscrowd": 0,
            "area": int(run_lengths.area(coded)),
            "bbox": [float(side) for side in run_lengths.toBbox(coded)],
            "segmentation": {"size": coded["size"], "counts": coded["counts"].decode("ascii")},
        }


def _image(row: Row, number: int, licence: int) -> dict[str, Any]:
    said = values(row)
    return {
        "id": number,
        "file_name": row.file.removeprefix("images/"),
        "width": row.case.width,
        "height": row.case.height,
        "license": licence,
        **{key: said[key] for key in _OF_THE_CASE},
        "verdict": {key: said[key] for key in _OF_THE_VERDICT},
    }


def _info(rows: list[Row]) -> dict[str, Any]:
    """The date is that of the latest verdict: the same verdicts give the same file."""
    latest = max((row.verdict.at for row in rows), default=None)
    return {
        "description": "Breast lesions, reviewed",
        "version": "1",
        "year": latest.year if latest else 0,
        "contributor": ", ".join(sorted({row.verdict.reader for row in rows})),
        "date_created": latest.isoformat() if latest else "",
        "url": "",
    }


def _licence(dataset: str) -> str:
    if dataset in SOURCES:
        return f"{SOURCES[dataset].name}: {SOURCES[dataset].licence}"
    return f"{dataset}: not known here"
