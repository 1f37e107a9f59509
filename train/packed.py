"""A training set as one small file: images as WebP, masks packed; see `python -m train.data`."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from bcweb.paths import pasted
from bcweb.preprocess import CROPS
from bcweb.terminal import write_whole
from train.training_set import TrainingCase, TrainingSet

QUALITY = 90
DECODING = 6  # one more whenever the same files would come out as other images, truths or cases
# Since when of a mammogram the breast's frame is cut out as today, and it is told which are known by boxes alone.
_OF_FILMS = 5
# What reading an .npz raises that is damaged, cut short or another file.
UNREADABLE = (
    OSError, KeyError, TypeError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error
)  # fmt: skip


def pack(data: TrainingSet, file: Path) -> None:
    """Write a set as one .npz, as `write_whole` does; `OSError` names it."""
    encoded = [_encode(image) for image in data.images]
    out = io.BytesIO()
    np.savez_compressed(
        out,
        cases=np.array(json.dumps([vars(case) for case in data.cases])),
        decoding=np.array(DECODING),
        images=np.frombuffer(b"".join(encoded), np.uint8),
        ends=np.cumsum([len(picture) for picture in encoded]),
        masks=np.packbits(data.masks, axis=-1),
    )
    write_whole(file, out.getvalue())


def packed_file(spec: str) -> Path | None:
    """The file of a data set that is packed:FILE; None of any other."""
    kind, _, place = spec.partition(":")
    return Path(pasted(place)) if kind == "packed" else None


def unpack(file: Path, size: int) -> TrainingSet:
    """Read what `pack` wrote; ValueError for another file, for images of another size, and for mammograms of an earlier
    version."""
    with _opened(file) as packed:
        cases = _cases(packed)
        decoding = int(packed["decoding"]) if "decoding" in packed else 0  # in a file of before
        pictures = np.split(packed["images"], packed["ends"][:-1])
        masks = np.unpackbits(packed["masks"], axis=-1)
    if masks.shape[1] != size:
        raise ValueError(
            f"{file} holds images of {masks.shape[1]} pixels: say --size {masks.shape[1]}."
        )
    if decoding < _OF_FILMS and CROPS[cases[0].modality] is not None:
        raise ValueError(
            f"{file} was written by an earlier version: write it anew with python -m train.data."
        )
    images = [np.asarray(Image.open(io.BytesIO(p.tobytes())).convert("L")) for p in pictures]
    return TrainingSet(cases, np.stack(images), masks)


def cases_of(file: Path) -> tuple[TrainingCase, ...]:
    """The cases of a packed set, without its pictures."""
    with _opened(file) as packed:
        return _cases(packed)


@contextmanager
def _opened(file: Path) -> Iterator[np.lib.npyio.NpzFile]:
    try:
        with np.load(file, allow_pickle=False) as packed:
            yield packed
    except FileNotFoundError:
        raise ValueError(f"There is no file {file}.") from None
    except UNREADABLE:
        raise ValueError(f"{file} was not written by python -m train.data.") from None


def _cases(packed: np.lib.npyio.NpzFile) -> tuple[TrainingCase, ...]:
    return tuple(TrainingCase(**case) for case in json.loads(str(packed["cases"])))


def _encode(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
