"""Projects to review, made of generated scans: files on the disk, their predictions and truths in a store."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from bcweb.phantoms import Mass, Phantom, phantom
from bcweb.review.records import NewCase, NewPrediction, Project, Verdict
from bcweb.review.store import Store
from bcweb.scans import read_scan

REVISION = "ultrasound-test-1"
LABELS = ("benign", "malignant", "normal")


@cache
def scans(number: int, size: tuple[int, int] = (240, 320)) -> tuple[Phantom, ...]:
    """Generated ultrasounds, each third without a lesion."""
    return tuple(
        phantom("ultrasound", seed, () if seed % 3 == 2 else (Mass(0.3, 1.0),), size)
        for seed in range(number)
    )


def prediction_of(truth: np.ndarray, shift: int, how: str = "unseen") -> NewPrediction:
    """The truth, moved down by so many pixels and blurred: the further, the worse its Dice."""
    moved = np.roll(truth, shift, axis=0)
    soft = ndimage.gaussian_filter(moved.astype(np.float32), 3)
    probability = np.rint(255 * soft).astype(np.uint8)
    mask = probability >= 128
    both = mask.sum() + truth.sum()
    dice = 1.0 if both == 0 else 2.0 * (mask & truth).sum() / both
    return NewPrediction(
        REVISION, how, 0.9 if truth.any() else 0.05, 0.5, 0.1, 20, probability, mask,
        int(mask.sum()), dice=float(dice), uncertainty=shift / 100, suspicion=shift / 200,
    )  # fmt: skip


@cache
def _predictions(number: int, size: tuple[int, int], how: str) -> tuple[NewPrediction, ...]:
    """Of these scans: the first has the worst Dice, the last one the best."""
    made = scans(number, size)
    return tuple(
        prediction_of(scan.truth, 3 * (number - place), how) for place, scan in enumerate(made)
    )


@cache
def _pictures(number: int, size: tuple[int, int]) -> tuple[bytes, ...]:
    """The files of these scans."""
    return tuple(_encoded(Image.fromarray(scan.scan.pixels), "PNG") for scan in scans(number, size))


def _encoded(image: Image.Image, form: str) -> bytes:
    file = BytesIO()
    image.save(file, form)
    return file.getvalue()


@cache
def _thumbnail(picture: bytes) -> bytes:
    image = Image.open(BytesIO(picture))
    image.thumbnail((96, 96))
    return _encoded(image, "WEBP")


def case_of(file: Path, made: Phantom, name: str, label: str | None, **more) -> NewCase:
    """The case of a scan that lies in a file. more: other fields of a `NewCase`."""
    scan = read_scan(file)
    return NewCase(
        "generated", name, file, "ultrasound", group=name, label=label, digest=scan.digest,
        width=scan.width, height=scan.height, depth=8 * scan.pixels.itemsize, window=scan.window,
        spacing=made.scan.spacing, truth=made.truth, truth_files=(file,), thumbnail=_thumbnail(file.read_bytes()), **more,
    )  # fmt: skip


def fill(
    store: Store,
    folder: Path,
    number: int = 6,
    name: str = "Ward 7",
    owner: str = "local",
    size: tuple[int, int] = (240, 320),
    how: str = "unseen",
    has_truth: bool = True,
    prefix: str = "",
) -> Project:
    """A project of so many cases: "case 1" has the worst Dice, the last one the best.

    how: how the weights met them. has_truth: without it no Dice is known either. prefix: of the cases' names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    project = store.create(owner, name, [f"folder:{folder}"], {"ultrasound": "embedded"})
    made = scans(number, size)
    cases = []
    for place, (scan, picture) in enumerate(zip(made, _pictures(number, size), strict=True)):
        file = folder / f"{place + 1}.png"
        file.write_bytes(picture)
        label = LABELS[2] if not scan.truth.any() else LABELS[place % 2]
        case = case_of(file, scan, f"{prefix}case {place + 1}", label)
        cases.append(case if has_truth else replace(case, truth=None, truth_files=()))
    store.add_cases(project.id, cases)
    rows = store.queue(owner, project.id, "listed")
    for row, made_of in zip(rows, _predictions(number, size, how), strict=True):
        store.add_prediction(
            row.id, made_of if has_truth else replace(made_of, dice=None, suspicion=None)
        )
    store.set_state(project.id, "ready")
    return store.project(owner, project.id)


def ids(store: Store, project: Project) -> dict[str, int]:
    return {row.case: row.id for row in store.queue("local", project.id, "listed")}


def stands(store: Store, project: Project, name: str) -> Verdict | None:
    """The verdict that stands on a case."""
    row = store.case("local", ids(store, project)[name])
    history = store.history("local", row.id)
    return next((verdict for verdict in history if verdict.id == row.verdict_id), None)
