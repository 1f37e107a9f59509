"""What a weights folder is, and where a name of weights points. Reads nothing executable.

A folder holds `config.json` (checked against `Config`), `model.safetensors` (checked against the
network's shapes by whoever builds it), `seen.csv` (the cases it was trained on, if on any), and for people
`README.md` (the card) and `scores.csv` (scores of cases it has not seen).
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct
from safetensors import SafetensorError
from safetensors.numpy import load

from bcweb import hub
from bcweb.cases import Case, duplicates
from bcweb.network import Architecture, Feed
from bcweb.paths import pasted
from bcweb.preprocess import Crop
from bcweb.scans import MODALITIES, Modality, Scan

EMBEDDED = Path(__file__).parent / "pretrained"
FILES = ("config.json", "model.safetensors", "seen.csv", "scores.csv", "README.md")
STUDIES = ("study.md", "transfer-study.md")  # how ways to train compare, where a folder has it
STUDY_PICTURE = "study.png"
# What is taken from a repository.
HUB_FILES = (*FILES, "run.json", *STUDIES, STUDY_PICTURE, "pictures/*.png")
LIMIT = 512_000_000  # bytes; our largest network has 62 million numbers, four bytes each


class WeightsError(ValueError):
    """Weights that cannot be had or used; its text is one sentence for the person who named them."""


class OperatingPoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a probability map becomes a mask; chosen on validation and stored with the weights.

    mask_threshold: a pixel is painted from this probability on.
    presence_gate: below this presence nothing is painted; None where the network has no presence head.
    min_lesion_fraction: smaller connected parts are dropped; a part of the area that is looked at.
    """

    mask_threshold: Annotated[float, Meta(gt=0, lt=1)]
    presence_gate: Annotated[float, Meta(ge=0, le=1)] | None
    min_lesion_fraction: Annotated[float, Meta(ge=0, lt=1)]


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is made of a network's answer before the operating point; chosen on held-out cases, as that is.

    mirrored: the scan's mirror image is looked at too, and the two answers are averaged.
    calibration: factors of the evidence from which presence follows (see `bcweb.presence`); None where it
    is what the network's head says.
    """

    mirrored: bool = False
    calibration: tuple[float, float, float] | None = None


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`config.json`, which is checked where it is read. mean and std standardise a scan's window, brought to 0..1 (see `preprocess`).

    crop: what of a scan is looked at; None is all of it (see `preprocess.frame`).
    feed: what a source network within gives to the network proper; None where there is none.
    """

    format: Annotated[int, Meta(ge=1, le=1)] = 1
    architecture: Architecture
    modality: Modality
    size: Annotated[int, Meta(ge=64, le=1024, multiple_of=32)]
    presence: bool
    crop: Crop | None = None
    feed: Feed | None = None
    mean: float
    std: Annotated[float, Meta(gt=0)]
    reading: Reading = Reading()
    operating_point: OperatingPoint
    trained_on: tuple[str, ...]
    name: Annotated[str, Meta(pattern=r"^[\w.-]+\Z")]


@dataclass(frozen=True)
class SeenCase:
    """A case that the weights were trained on, by one of its fingerprints (see `bcweb.cases.duplicates.prints`)."""

    dataset: str
    id: str
    group: str
    digest: str
    fingerprint: str


@dataclass(frozen=True, eq=False)
class Weights:
    """config, and tensors as float32 by LAYER.VARIABLE. revision names exactly these numbers."""

    config: Config
    tensors: dict[str, np.ndarray]
    folder: Path
    revision: str

    @cached_property
    def seen_cases(self) -> tuple[SeenCase, ...]:
        path = self.folder / "seen.csv"
        trained_on = ", ".join(self.config.trained_on)
        if not path.exists():
            if trained_on:  # to call all that it was trained on unseen would be a lie
                raise WeightsError(
                    f"{self.revision} was trained on {trained_on}, and has no seen.csv, which names the cases."
                )
            return ()
        columns = [field.name for field in fields(SeenCase)]
        try:
            # A file's name is bytes, which need not be text.
            with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
                rows = csv.DictReader(file)
                cases = tuple(SeenCase(**row) for row in rows)
            duplicates.pack(case.fingerprint for case in cases)
            # An empty file, or one that ends in the middle of a line, would call what was seen unseen.
            if rows.fieldnames != columns or any(len(case.fingerprint) != 64 for case in cases):
                raise ValueError
        except OSError as error:
            raise WeightsError(
                f"seen.csv of {self.revision} cannot be read: {error.strerror}."
            ) from None
        except (TypeError, ValueError, OverflowError, csv.Error):
            raise WeightsError(
                f"seen.csv of {self.revision} is not a table of {', '.join(columns)}."
            ) from None
        if trained_on and not cases:
            raise WeightsError(
                f"{self.revision} was trained on {trained_on}, and its seen.csv names no case."
            )
        return cases

    @cached_property
    def _seen_fingerprints(self) -> np.ndarray:
        return duplicates.pack(case.fingerprint for case in self.seen_cases)

    @cached_property
    def _seen_index(self) -> tuple[set[str], set[tuple[str, str]]]:
        digests = {case.digest for case in self.seen_cases}
        return digests, {(case.dataset, case.group) for case in self.seen_cases if case.group}

    def seen(
        self, digest: str, fingerprint: str, dataset: str | None = None, group: str | None = None
    ) -> bool:
        """Whether the weights were trained on this scan, on a copy (re-encoded, resized, mirrored), or on its group."""
        digests, groups = self._seen_index
        if digest in digests or (dataset, group) in groups:
            return True
        copies = (fingerprint, duplicates.mirrored(fingerprint))
        return any(duplicates.matches_any(copy, self._seen_fingerprints) for copy in copies)

    def has_seen(self, case: Case, scan: Scan) -> bool:
        """`seen`, of a case and what was read of its file."""
        prints = duplicates.prints_of(scan)
        return any(self.seen(scan.digest, each, case.dataset, case.group) for each in prints)

    def seen_as(self, dataset: str, id: str, digest: str, fingerprint: str) -> bool:
        """Whether the weights were trained on this scan, or on a re-encoded copy, under this name.

        Two hospitals' folders may have one name and count alike: what is known of a case by its name, as its
        score out of fold, is of this scan only then.
        """
        return any(
            case.digest == digest or duplicates.fingerprints_match(case.fingerprint, fingerprint)
            for case in self._seen_by_name.get((dataset, id), ())
        )

    @cached_property
    def _seen_by_name(self) -> dict[tuple[str, str], list[SeenCase]]:
        named: dict[tuple[str, str], list[SeenCase]] = {}
        for case in self.seen_cases:
            named.setdefault((case.dataset, case.id), []).append(case)
        return named


def load_weights(name: str, modality: Modality | None = None) -> Weights:
    """Load "embedded" (of a modality), a folder, or "hf://user/repo@revision" (see `bcweb.hub`).

    name: as somebody pastes it. `WeightsError` where they cannot be had or read, and where a modality is given and they
    are of the other one.
    """
    name = pasted(name)
    try:
        return _loaded(name, modality)
    except OSError as error:  # a file or a folder that may not be read
        raise WeightsError(f"{name} cannot be read: {error.strerror or error}.") from None


def _loaded(name: str, modality: Modality | None) -> Weights:
    folder = _locate(name, modality)
    config_file, tensor_file = folder / "config.json", folder / "model.safetensors"
    for file in (config_file, tensor_file):
        if not file.is_file():
            raise WeightsError(
                f"{name} is not a weights folder: it has no {file.name}{_inside(folder)}."
            )
    text = _config_text(config_file)
    config = _config(text, name, modality)
    size = tensor_file.stat().st_size
    if size > LIMIT:
        raise WeightsError(
            f"model.safetensors of {name} is {size / 1e6:,.0f} MB, and no weights of ours are above "
            f"{LIMIT / 1e6:,.0f} MB."
        )
    try:
        content = tensor_file.read_bytes()
        stored = load(content)
    except (KeyError, TypeError, AttributeError):  # numbers that NumPy does not have, of 8 bits
        raise WeightsError(
            f"model.safetensors of {name} holds numbers that are not floats of 16 or 32 bits."
        ) from None
    except (SafetensorError, OSError) as error:
        why = getattr(error, "strerror", error)
        raise WeightsError(f"model.safetensors of {name} cannot be read: {why}.") from None
    digest = hashlib.sha256(text.encode() + content).hexdigest()[:10]
    tensors = {key: value.astype(np.float32) for key, value in stored.items()}
    return Weights(config, tensors, folder, f"{config.name}-{digest}")


def look_up(name: str, modality: Modality) -> None:
    """Make sure that weights "hf://user/repo@revision" are there and of a modality, by their config.json alone;
    `WeightsError` says why they could not be used.
    """
    read_config(_download(name, FILES[:1]) / "config.json", name, modality)


def read_config(file: Path, name: str, modality: Modality | None = None) -> Config:
    """config.json of a weights folder or of a repository of weights; `WeightsError` where it is not valid, or of the
    other modality than a given one.
    """
    return _config(_config_text(file), name, modality)


def resolve_name(modality: Modality, given: str | None = None) -> str:
    """The weights to use: the given name, else BCWEB_WEIGHTS_ULTRASOUND / _MAMMOGRAM, else "embedded"."""
    named = given or os.environ.get(f"BCWEB_WEIGHTS_{modality.upper()}")
    return pasted(named) if named else "embedded"


def _locate(name: str, modality: Modality | None) -> Path:
    if name == "embedded":
        if modality is None:
            raise WeightsError(f"Embedded weights want a modality: {' or '.join(MODALITIES)}.")
        return EMBEDDED / modality
    if name.startswith("hf://"):
        return _download(name, HUB_FILES)
    folder = Path(name)
    if not folder.is_dir():
        raise WeightsError(
            f'There are no weights at {name}; name "embedded", a folder, or hf://user/repo@revision.'
        )
    return folder


def _inside(folder: Path) -> str:
    """Of a run's folder, where its weights are; the commands of train take the run itself."""
    weights = folder / "weights"
    return f"; its weights are in {weights}" if (weights / "config.json").is_file() else ""


def _download(name: str, files: Sequence[str]) -> Path:
    try:
        repo, revision = hub.parse(name.removeprefix("hf://"))
        return hub.snapshot(repo, revision, files, FILES[:2], LIMIT)
    except hub.HubError as error:
        raise WeightsError(str(error)) from None


def _config(text: str, name: str, modality: Modality | None) -> Config:
    """What config.json of weights says, in its text; `WeightsError` where that is not valid, or of the other modality."""
    try:
        config = msgspec.json.decode(text, type=Config)
    except ValueError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise WeightsError(
            f"config.json of {name} is not valid: {where.rstrip('`') or 'the file'}: {what}."
        ) from None
    if modality is not None and config.modality != modality:
        raise WeightsError(
            f"{name} was trained on {config.modality}s and is not used on {modality}s."
        )
    return config


def config_text(config: Config) -> str:
    """What `config.json` holds; ValueError where it would not be read back as it is, as where a field is outside its
    range, which is not seen when a `Config` is made."""
    text = msgspec.json.format(msgspec.json.encode(config), indent=1)
    if msgspec.json.decode(text, type=Config) != config:
        raise ValueError(f"config.json cannot hold {config}.")
    return text.decode() + "\n"


def _config_text(file: Path) -> str:
    """config.json, always spaced alike: spaces make no other revision. In a repository where Keras reads
    the file too it is what stands under "bcweb"."""
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        # NaN and Infinity are no JSON, though Python writes and reads them. No field takes an object of this one key.
        stored = json.loads(text, parse_constant=lambda name: {name: None})
    except (ValueError, RecursionError):
        return text
    if isinstance(stored, dict) and "bcweb" in stored:
        stored = stored["bcweb"]
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"
