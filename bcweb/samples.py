"""The generated samples that the page offers, and `python -m bcweb.samples DIR` to have them as files:

python -m bcweb.samples DIR
python -m bcweb.evaluate --data folder:DIR
"""

from __future__ import annotations

import argparse
import csv
import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from bcweb.paths import path_argument
from bcweb.phantoms import Mass, Phantom, phantom
from bcweb.scans import Modality
from bcweb.terminal import command, os_sentence, say, shown, why_unmade, write_whole

_TABLE = "cases.csv"


@dataclass(frozen=True)
class Sample:
    """The recipe of a generated scan: its name and description cost nothing, its pixels 0.2 s."""

    modality: Modality
    seed: int
    masses: tuple[Mass, ...]
    name: str
    description: str
    size: tuple[int, int] | None = None
    density: float = 0.5
    bits: Literal[8, 16] = 8

    def phantom(self) -> Phantom:
        return phantom(
            self.modality, self.seed, self.masses, self.size, self.density, self.bits,
            self.name, self.description,
        )  # fmt: skip


_CYST = Mass(0.22, 1.3, "smooth", "enhancement")
_FIBROADENOMA = Mass(0.3, 0.7, "lobed")
_CARCINOMA = Mass(0.34, 1.0, "spiculated", "shadow")
_TWO = (Mass(0.2, 0.9), Mass(0.14, 1.1, "smooth"))
_US, _MG = "ultrasound", "mammogram"

# Ten to try things on: sizes, contrasts, margins, both modalities, normals too.
SAMPLES: tuple[Sample, ...] = (
    Sample(_US, 11, (_FIBROADENOMA,), "generated-ultrasound-lobed",
           "Generated ultrasound with a lobed lesion."),
    Sample(_US, 12, (_CARCINOMA,), "generated-ultrasound-shadow",
           "Generated ultrasound with a ragged lesion and its shadow.", (520, 640), 0.7),
    Sample(_US, 13, (_CYST,), "generated-ultrasound-cyst",
           "Generated ultrasound with a cyst and the enhancement behind it.", (470, 560)),
    Sample(_US, 14, (Mass(0.12, 0.55, "smooth"),), "generated-ultrasound-small",
           "Generated ultrasound, small, with a small faint lesion.", (300, 400), 0.8),
    Sample(_US, 15, _TWO, "generated-ultrasound-two",
           "Generated ultrasound with two lesions.", (600, 800), 0.4),
    Sample(_US, 16, (), "generated-ultrasound-normal",
           "Generated ultrasound without a lesion.", (500, 600), 0.6),
    Sample(_MG, 21, (Mass(0.16, 1.0),), "generated-mammogram-mass",
           "Generated mammogram with a mass.", (700, 560), 0.3),
    Sample(_MG, 22, (Mass(0.12, 1.2, "spiculated"),), "generated-mammogram-16-bit",
           "Generated 16-bit mammogram with a spiculated mass.", (960, 768), 0.4, 16),
    Sample(_MG, 23, (Mass(0.14, 0.6, "smooth"),), "generated-mammogram-dense",
           "Generated mammogram, dense, with a faint mass.", (640, 512), 0.9),
    Sample(_MG, 24, (), "generated-mammogram-normal",
           "Generated mammogram without a mass.", (640, 512)),
)  # fmt: skip


@lru_cache(maxsize=1)
def samples() -> tuple[Phantom, ...]:
    """All of `SAMPLES`, made."""
    return tuple(sample.phantom() for sample in SAMPLES)


def write(folder: Path) -> None:
    """Write the samples as a `folder:` data set: images/, masks/ and cases.csv.

    `OSError` names the file that cannot be written, as where the cases.csv of another data set is there; then none of
    them is there that was not before.
    """
    contents = dict(_contents())
    table = folder / _TABLE
    if table.is_file() and table.read_bytes() not in (b"", contents[_TABLE]):
        raise FileExistsError(
            errno.EEXIST, "It is of another data set; name a new folder", str(table)
        )
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    new: list[Path] = []
    try:
        for name, content in contents.items():
            was_there = os.path.lexists(folder / name)
            write_whole(folder / name, content)
            if not was_there:
                new.append(folder / name)
    except BaseException:
        for file in new:
            file.unlink(missing_ok=True)
        raise


def _contents() -> Iterator[tuple[str, bytes]]:
    """The files of the data set, by their place in it; the table, that speaks of the others, comes last."""
    rows = [("file", "label", "modality", "findings")]
    for made in samples():
        file, label = f"{made.name}.png", "normal"
        yield f"images/{file}", _png(made.scan.pixels)
        if made.truth.any():
            label = "lesion"
            yield f"masks/{file}", _png(made.truth.astype(np.uint8) * 255)
        rows.append((file, label, made.scan.modality, made.description))
    table = StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    yield _TABLE, table.getvalue().encode()


def _png(pixels: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.samples", description="Write the generated samples with their truth."
    )
    parser.add_argument("folder", type=path_argument, metavar="DIR")
    folder = parser.parse_args(argv).folder
    if problem := why_unmade(folder):
        say(problem)
        return 1
    try:
        write(folder)
    except OSError as error:
        say(os_sentence(error))
        return 1
    print(f"{len(samples())} generated scans with their truth are in {shown(str(folder))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
