"""What the Model tab tells of weights: what their folder says, taken as a stranger's words."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from PIL import Image

from bcweb.page import card
from bcweb.page.segmenters import EMBEDDED, HUB, InUse
from bcweb.scores import CaseScore, ScoresError, read_scores, summarise
from bcweb.weights import STUDIES, STUDY_PICTURE, Weights

_SCORES_BYTES, _PICTURE_BYTES = 4 << 20, 16 << 20
_PICTURE_PIXELS = 40_000_000
_MOST_DATASETS = 12
_PICTURE_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class About:
    """Weights in use, described. What takes long is worked out once."""

    def __init__(self, in_use: InUse):
        self.in_use = in_use
        self.weights: Weights = in_use.segmenter.weights

    @property
    def repo(self) -> str | None:
        """user/repo, where the weights come from the Hub."""
        name = self.in_use.name
        return name.removeprefix(HUB).partition("@")[0] if name.startswith(HUB) else None

    @property
    def asked_revision(self) -> str | None:
        return self.in_use.name.partition("@")[2] or None if self.repo else None

    @property
    def commit(self) -> str | None:
        """Of the Hub's repository: its client keeps a revision in a folder of that name."""
        name = self.weights.folder.name
        return name if self.repo and re.fullmatch(r"[0-9a-f]{40}", name) else None

    def facts(self, tell_paths: bool) -> dict[str, Any]:
        """tell_paths: whether who asks may know where on this machine a folder lies."""
        config, name = self.weights.config, self.in_use.name
        source = "hub" if self.repo else "embedded" if name == EMBEDDED else "folder"
        return {
            "modality": config.modality,
            "name": config.name,
            "revision": self.weights.revision,
            "source": source,
            "weights": name if tell_paths or source != "folder" else "a folder of the server",
            "commit": self.commit,
            "notice": self.in_use.notice,
            "wanted": self.in_use.wanted,
            "architecture": config.architecture + _fed(config.feed),
            "size": config.size,
            "parameters": sum(tensor.size for tensor in self.weights.tensors.values()),
            "trained_on": list(config.trained_on),
            "seen": len({(case.dataset, case.id) for case in self.weights.seen_cases}),
            "presence": config.presence,
            "licence": card.licence(self._text("README.md") or ""),
            "crop": config.crop,
            "reading": msgspec.structs.asdict(config.reading),
            "operating_point": msgspec.structs.asdict(config.operating_point),
        }

    @cached_property
    def card(self) -> list[card.Node] | None:
        text = self._text("README.md")
        return None if text is None else card.render(text, self.has_picture)

    @cached_property
    def study(self) -> list[card.Node] | None:
        """How ways to train compare: the folder's text and figure, what of them there is."""
        texts = [text for name in STUDIES if (text := self._text(name)) is not None]
        nodes = [node for text in texts for node in card.render(text, self.has_picture)]
        if self.has_picture(STUDY_PICTURE) and not any(STUDY_PICTURE in text for text in texts):
            nodes.append(["img", {"path": STUDY_PICTURE, "alt": "The study's figure"}])
        return nodes or None

    @cached_property
    def scores(self) -> dict[str, Any]:
        """{"datasets": {name: figures}, "cases"}, or {"problem"}: why scores.csv gives none."""
        file = self.weights.folder / "scores.csv"
        if not file.is_file():
            return {"problem": "These weights come without scores."}
        try:
            if file.stat().st_size > _SCORES_BYTES:
                return {"problem": f"scores.csv is larger than {_SCORES_BYTES >> 20} MB."}
            held_out = [s for s in read_scores(file) if not s.error and not s.seen]
            return {"cases": len(held_out), "datasets": _figures(held_out)}
        except ScoresError as error:
            return {"problem": str(error).replace(str(file), "scores.csv")}
        except (OSError, TypeError):  # or a figure needs a value that a case does not have
            return {"problem": "scores.csv cannot be read as a table of scores."}

    # --- pictures

    def has_picture(self, path: str) -> bool:
        return self._picture_file(path) is not None

    def picture(self, path: str) -> tuple[bytes, str] | None:
        """The bytes and media type of a picture in the folder; None for all that is none."""
        file = self._picture_file(path)
        if file is None:
            return None
        try:
            data = file.read_bytes()
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
                width, height = image.size
                kind = Image.MIME[image.format]
        except (OSError, ValueError, Image.DecompressionBombError):
            return None
        return (data, kind) if width * height <= _PICTURE_PIXELS else None

    def _picture_file(self, path: str) -> Path | None:
        inside = PurePosixPath(path)
        if inside.is_absolute() or ".." in inside.parts or "\\" in path or "\0" in path:
            return None
        file = self.weights.folder / inside
        try:
            if file.suffix.lower() not in _PICTURE_TYPES or not self._is_own(file):
                return None
            return file if file.stat().st_size <= _PICTURE_BYTES else None
        except OSError:  # a name that no disk can have
            return None

    def _is_own(self, file: Path) -> bool:
        """Whether a file lies in the folder, or as a link of the Hub's client in its cache of the repository."""
        folder = self.weights.folder
        place = folder.parents[1] if self.commit else folder
        return file.is_file() and file.resolve().is_relative_to(place.resolve())

    def _text(self, name: str) -> str | None:
        file = self.weights.folder / name
        try:
            if not self._is_own(file):
                return None
            with file.open(encoding="utf-8", errors="replace") as text:
                return text.read(card.LIMIT + 1)
        except OSError:
            return None


def _fed(feed: str | None) -> str:
    """What of a source network within is the network's input, in words."""
    return f" fed with the {feed} of a source network" if feed else ""


def _figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    names = list(dict.fromkeys(score.dataset for score in scores))[:_MOST_DATASETS]
    return {name: _finite(summarise([s for s in scores if s.dataset == name])) for name in names}


def _finite(value: Any) -> Any:
    """The same with None for what is no number, which JSON cannot say."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) or hasattr(value, "item"):
        value = float(value)
        return value if math.isfinite(value) else None
    return value
