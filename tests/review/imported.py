"""Small data sets on the disk, their imports, and what these left in a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bcweb.review.importing import Import, prepare
from bcweb.review.records import Prediction
from bcweb.review.store import Store
from tests.cases import trees
from tests.review.small import ME


def pictures(root: Path, count: int, first: int = 0) -> Path:
    """A `folder:` data set: so many scans with a box as their truth, each a group of its own."""
    rows = ["file,label,modality,group"]
    for i in range(first, first + count):
        trees.save(root / "images" / f"scan {i:02d}.png", trees.picture(i))
        trees.save(root / "masks" / f"scan {i:02d}.png", trees.box(10, 10 + i, 30, 40 + i))
        rows.append(f"scan {i:02d}.png,benign,ultrasound,woman {i}")
    (root / "cases.csv").write_text("\n".join(rows) + "\n")
    return root


def run(store: Store, name: str, *specs: str, **options) -> Import:
    made = prepare(store, ME, name, specs, **{"workers": 1, **options})
    made.run()
    return made


def rows(store: Store, name: str) -> list:
    return store.queue(ME, store.project(ME, name).id, "listed")


def everything(store: Store, name: str) -> list[tuple]:
    """All that a project's cases and predictions say, but for ids and moments."""
    project = store.project(ME, name)
    known = []
    with store.snapshot(ME, project.id) as snapshot:
        for each in snapshot.cases:
            case = vars(replace(each.case, id=0, project_id=0, twin=None))
            prediction = None
            if each.prediction is not None:
                prediction = dict(vars(each.prediction))
                for name in ("id", "project_id", "case_id", "made"):
                    del prediction[name]
            known.append((case, prediction))
    return known


def predictions(store: Store, name: str) -> dict[str, Prediction]:
    project = store.project(ME, name)
    with store.snapshot(ME, project.id) as snapshot:
        return {each.case.case: each.prediction for each in snapshot.cases}
