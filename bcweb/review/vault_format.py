"""What a backup is made of: JSON files that are written once and never changed (docs/backup.md describes them).

    backup.json                     says that this is a backup, and of which format
    projects/KEY.0001-HASH.json     a project: its name, its owner, its data sets, its weights
    projects/KEY.0002-HASH.json     the same with other data sets or weights, and so on
    projects/KEY.deleted.json       it was deleted
    cases/KEY/FIRST-LAST-HASH.json  its cases at these positions: data set, name, digest, size
    verdicts/KEY/AB/ABCD....json    a verdict with its mask and the case that it is on

KEY is the random name that a project got when it was made. A verdict's name is a hash of what makes it
one (data set, case, reader, key), so that the same verdict has the same name wherever it is written, and
two verdicts never do. Ids are those of the database that wrote it: where they are free they are used again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from bcweb.review.records import ReviewError

FORMAT = 1  # of new files; every earlier one is read for ever
MARKER = "backup.json"
_NAME = re.compile(
    r"(?P<kind>projects|cases|verdicts)/(?P<key>[0-9a-f]{16})"
    r"(?P<rest>\.\d{4}-[0-9a-f]{16}\.json|\.deleted\.json|/\d{8}-\d{8}-[0-9a-f]{16}\.json|/[0-9a-f]{2}/[0-9a-f]{32}\.json)"
)
_MOST_PIXELS = 1 << 28


class VaultError(ReviewError):
    """Why nothing can be backed up or brought back; one sentence, with what to do."""


class Damaged(VaultError):
    """One file of a backup is not what was written."""


class Newer(VaultError):
    """A backup, or a file of it, was written by a newer program."""


@dataclass(frozen=True)
class KeptProject:
    """A project as it was begun. deleted: when it was, None: it was not (a file of its own says so)."""

    key: str
    number: int
    name: str
    owner: str
    sources: tuple[str, ...]
    weights: Mapping[str, str]
    created: datetime
    deleted: datetime | None = None


@dataclass(frozen=True)
class KeptCase:
    """What tells a case: data set, name, digest of the pixels; its size, for masks; its place."""

    number: int
    position: int
    dataset: str
    case: str
    group: str
    label: str | None
    modality: str
    digest: str
    fingerprint: str
    width: int
    height: int


@dataclass(frozen=True)
class KeptVerdict:
    """A verdict (see `bcweb.review.records.Verdict`) of the project with this key.

    after, undoes: the names (see `verdict_name`) of other verdicts on the case. png: the file of its mask,
    1 bit, as large as the case; None where it has none.
    """

    project: str
    case: KeptCase
    number: int
    reader: str
    at: datetime
    decision: str
    reason: str | None
    painted_px: int | None
    label: str | None
    difficulty: int | None
    comment: str
    revision: str | None
    beginning: str | None
    threshold: float | None
    seconds: float
    key: str
    after: str | None
    undoes: str | None
    png: bytes | None = None

    @property
    def name(self) -> str:
        return verdict_name(self.case.dataset, self.case.case, self.reader, self.key)

    def mask(self) -> np.ndarray | None:
        """(H, W) bool; `Damaged` where the picture is not of the case's size."""
        if self.png is None:
            return None
        width, height = self.case.width, self.case.height
        try:
            with Image.open(BytesIO(self.png), formats=("PNG",)) as image:
                fits = image.mode == "1" and image.size == (width, height)
                if fits and width * height <= _MOST_PIXELS:
                    return np.array(image)
        except (OSError, SyntaxError, ValueError):
            pass
        raise Damaged(f"The mask of {self.case.case} in the backup is damaged.")


def verdict_name(dataset: str, case: str, reader: str, key: str) -> str:
    words = json.dumps([dataset, case, reader, key], ensure_ascii=False).encode()
    return hashlib.sha256(words).hexdigest()[:32]


# --- names of files


def project_files(names: Iterable[str]) -> dict[str, list[str]]:
    """By key the files of each project that is among these files of a backup, the first one first."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        if name.startswith("projects/") and not name.endswith(".deleted.json"):
            found.setdefault(key_of(name) or "", []).append(name)
    return found


def deleted_file(key: str) -> str:
    return f"projects/{key}.deleted.json"


def verdict_file(key: str, name: str) -> str:
    return f"verdicts/{key}/{name[:2]}/{name}.json"


def key_of(file: str) -> str | None:
    """The key of the project that a file belongs to; None for what is no file of a backup's."""
    found = _NAME.fullmatch(file)
    return found["key"] if found else None


def covered(file: str) -> int:
    """How far a file of cases goes: the position after its last."""
    return int(file.rpartition("/")[2].split("-")[1]) + 1


# --- what is in them


def write_marker() -> tuple[str, bytes]:
    return MARKER, _written("backup", {"of": "bcweb review"})


def says(file: str, project: KeptProject) -> bool:
    """Whether this file of a project is of the data sets and weights that it has."""
    return file.endswith(f"-{_hash_of(project)}.json")


def write_project(project: KeptProject, there: Sequence[str] = ()) -> tuple[str, bytes]:
    """there: the files of this project that a backup has; it comes after them."""
    values = asdict(project) | {
        "sources": list(project.sources),
        "weights": dict(project.weights),
        "created": _text(project.created),
    }
    del values["deleted"]
    number = max((int(name.split(".")[1].split("-")[0]) for name in there), default=0) + 1
    name = f"projects/{project.key}.{min(number, 9999):04d}-{_hash_of(project)}.json"
    return name, _written("project", {"project": values})


def _hash_of(project: KeptProject) -> str:
    what = _json([list(project.sources), dict(project.weights)])
    return hashlib.sha256(what).hexdigest()[:16]


def write_deletion(project: KeptProject) -> tuple[str, bytes]:
    assert project.deleted is not None
    values = {"project": project.key, "at": _text(project.deleted)}
    return deleted_file(project.key), _written("deleted", values)


def write_cases(key: str, cases: list[KeptCase]) -> tuple[str, bytes]:
    """cases: of one project, at positions that follow each other."""
    content = _written("cases", {"project": key, "cases": [asdict(case) for case in cases]})
    where = f"{cases[0].position:08d}-{cases[-1].position:08d}"
    return f"cases/{key}/{where}-{hashlib.sha256(content).hexdigest()[:16]}.json", content


def write_verdict(verdict: KeptVerdict) -> tuple[str, bytes]:
    values = asdict(verdict) | {"at": _text(verdict.at)}
    project, case = values.pop("project"), values.pop("case")
    values["png"] = None if verdict.png is None else base64.b64encode(verdict.png).decode()
    content = _written("verdict", {"project": project, "case": case, "verdict": values})
    return verdict_file(project, verdict.name), content


def check_marker(content: bytes) -> None:
    """`Newer` where a newer program made the backup, `Damaged` where the file says nothing."""
    _read("backup", MARKER, content)


def read_project(file: str, content: bytes) -> KeptProject:
    with _careful(file):
        told = _read("project", file, content)["project"]
        made = KeptProject(
            told["key"], told["number"], told["name"], told["owner"], tuple(told["sources"]),
            told["weights"], _moment(told["created"]),
        )  # fmt: skip
        if key_of(file) != made.key:
            raise KeyError(made.key)
        return made


def read_cases(file: str, content: bytes) -> list[KeptCase]:
    with _careful(file):
        return [_case(told) for told in _read("cases", file, content)["cases"]]


def read_verdict(file: str, content: bytes) -> KeptVerdict:
    with _careful(file):
        told = _read("verdict", file, content)
        values = _known(KeptVerdict, told["verdict"])
        values["at"] = _moment(values["at"])
        values["png"] = None if values["png"] is None else base64.b64decode(values["png"])
        made = KeptVerdict(**values, project=told["project"], case=_case(told["case"]))
        if verdict_file(made.project, made.name) != file:
            raise KeyError(made.name)
        return made


def _case(told: dict[str, Any]) -> KeptCase:
    return KeptCase(**_known(KeptCase, told))


def _known(record: type, told: dict[str, Any]) -> dict[str, Any]:
    """A later program may add fields without another format: what this one does not know is left out."""
    return {field.name: told[field.name] for field in fields(record) if field.name in told}


def _written(kind: str, values: dict[str, Any]) -> bytes:
    """The file's bytes: the same values give the same, and a sum tells whether they are still whole."""
    told = {"format": FORMAT, "kind": kind, **values}
    return _json(told | {"sha256": hashlib.sha256(_json(told)).hexdigest()}) + b"\n"


def _read(kind: str, file: str, content: bytes) -> dict[str, Any]:
    with _careful(file):
        told = json.loads(content)
        if told["format"] > FORMAT:
            raise Newer(
                f"{file} of the backup was written by a newer program: update this one to read it."
            )
        sum_ = told.pop("sha256")
        if hashlib.sha256(_json(told)).hexdigest() != sum_ or told["kind"] != kind:
            raise KeyError(kind)
        return told


class _careful:
    """What cannot be understood is `Damaged`."""

    def __init__(self, file: str):
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, VaultError):
            return
        if isinstance(error, (ValueError, KeyError, TypeError, AttributeError, IndexError)):
            raise Damaged(f"{self.file} of the backup is damaged.") from None


def _json(values: Any) -> bytes:
    """A byte of a folder's name that is no text is an escape, as JSON has them: it is read as it was."""
    said = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return said.encode("utf-8", "backslashreplace")


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
