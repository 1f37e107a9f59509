"""Data sets on the Hugging Face Hub, user/name@revision: columns image, mask, label, group.

Only `image` must be there. A row without a mask has an unknown truth, unless its label is "normal".
Further columns of text or numbers are those of a folder's `cases.csv`: `findings` and `modality` are
understood, all can select (hf:user/name?energy=low). All splits are read. Without a revision the branch
`main` is meant.

The rows are written out once, as a folder that `bcweb.cases.folder` reads, into the client's cache of assets
(below HF_HOME), by commit; from then on it is read without the Hub and without the package datasets. A row
may name a file in place of a picture's bytes, and whoever publishes a data set chooses the name: it is read
only where it is a file that was downloaded, else the row is left out.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bcweb import hub
from bcweb.cases import folder
from bcweb.cases.case import CasesError, CaseSet
from bcweb.locks import held
from bcweb.names import MASK, harmless
from bcweb.tables import write_rows
from bcweb.terminal import write_whole

_SUFFIX = re.compile(r"\.[A-Za-z]\w{1,4}")
_NOT_IN_IT = "Its picture or its mask is not in the data set."


def read(place: str, select: dict[str, str]) -> CaseSet:
    """place: "user/name@revision". select: see `bcweb.cases.folder.read`."""
    try:
        repo, revision = hub.parse(place)
    except hub.HubError as error:
        raise CasesError(str(error)) from None
    found = folder.read(fetch(repo, revision), select)
    cases = tuple(replace(case, dataset=repo) for case in found.cases)
    skipped = tuple(s if s.file.exists() else replace(s, reason=_NOT_IN_IT) for s in found.skipped)
    return replace(found, name=repo, cases=cases, skipped=skipped)


def fetch(repo: str, revision: str | None = None) -> Path:
    """The revision of a data set as a folder: images/, masks/, cases.csv. Raises `CasesError`."""
    from huggingface_hub import cached_assets_path

    home = Path(cached_assets_path("bcweb", namespace=repo))
    commit = _commit(repo, revision or "main", home)
    done = home / commit
    with held(home / f"{commit}.lock", lambda: None) as is_held:  # whoever is at it is waited for
        if not (done / "cases.csv").exists():
            part = home / f"{commit}.{os.getpid()}.part"
            for left in home.glob(f"{commit}.*.part") if is_held else [part]:  # by who was killed
                shutil.rmtree(left, ignore_errors=True)
            try:
                _write(repo, commit, part)
                if not (done / "cases.csv").exists():
                    shutil.rmtree(done, ignore_errors=True)
                    part.replace(done)
            except OSError as error:
                raise CasesError(hub.explain(error, repo)) from None
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return done


def _commit(repo: str, revision: str, home: Path) -> str:
    """The commit that a revision names: as the Hub says, or said when it was last asked."""
    from huggingface_hub.errors import RevisionNotFoundError

    known = home / "revisions" / revision.replace("/", "--")
    try:
        commit = hub.api().dataset_info(repo, revision=revision).sha
    except RevisionNotFoundError:
        raise CasesError(f"The data set {repo} has no revision {revision}.") from None
    except hub.client_errors() as error:
        if hub.is_absent(error) and (said := known.exists() and known.read_text()):
            return said
        raise CasesError(hub.explain(error, f"datasets/{repo}")) from None
    known.parent.mkdir(parents=True, exist_ok=True)
    write_whole(known, commit.encode())  # cut off, it would name no commit, but the folder of all
    return commit


def _write(repo: str, commit: str, part: Path) -> None:
    splits = _load(repo, commit)
    downloads = _downloads(commit)
    names = iter(_names(splits))
    columns = _columns(next(iter(splits.values())).features)
    for inside in ("images", "masks"):
        (part / inside).mkdir(parents=True)
    cell = harmless if "decision" in columns else str  # as `folder` takes it from an export
    with (part / "cases.csv").open("w", newline="", encoding="utf-8") as table:
        write_rows(table, [("file", *columns)])
        for rows in splits.values():
            for row in rows:
                name = next(names)
                image, mask = row["image"] or {}, row.get("mask") or {}
                file = name + _suffix(image)
                pixels, drawn = _bytes(image, downloads), _bytes(mask, downloads)
                # A mask that is named and not there is not as if there were none: a normal has none.
                if pixels and (drawn or not mask.get("path")):
                    (part / "images" / file).write_bytes(pixels)
                    if drawn:
                        (part / "masks" / (name + _suffix(mask))).write_bytes(drawn)
                words = (_word(rows.features[c], row.get(c)) for c in columns)
                write_rows(table, [(file, *map(cell, words))])


def _columns(features: Iterable[str]) -> list[str]:
    """Those of the table, beside file. `folder` takes them in any case: of several that differ in it alone, the one in
    small letters stays, else the first."""
    chosen: dict[str, str] = {}
    for name in features:
        if name in ("image", "mask", "id") or name.lower() == "file":
            continue
        if name == name.lower() or name.lower() not in chosen:
            chosen[name.lower()] = name
    return list(chosen.values())


def _word(kind: Any, value: Any) -> str:
    """A cell of the table; the number of a class becomes its name, and -1 stands for one that is not said."""
    if value is None:
        return ""
    if not hasattr(kind, "int2str"):
        return str(value)
    return kind.int2str(value) if value >= 0 else ""


def _load(repo: str, commit: str) -> dict[str, Any]:
    """Split -> rows whose pictures are still files."""
    try:
        import datasets
    except ModuleNotFoundError:
        raise CasesError(
            "Data from the Hub wants the package datasets: pip install -r requirements.txt"
        ) from None
    from huggingface_hub.errors import HTTPError

    try:
        splits = datasets.load_dataset(repo, revision=commit)
    except (HTTPError, OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise CasesError(f"{repo} cannot be read as a table with pictures: {reason}.") from None
    for name, rows in splits.items():
        for column in ("image", "mask"):
            if isinstance(rows.features.get(column), datasets.Image):
                splits[name] = rows = rows.cast_column(column, datasets.Image(decode=False))
            elif column in rows.features or column == "image":
                there = ", ".join(
                    f"{key} ({type(kind).__name__})" for key, kind in rows.features.items()
                )
                raise CasesError(f"{repo} has no column {column} of pictures; it has {there}.")
    return splits


def _names(splits: dict[str, Any]) -> list[str]:
    """What each case is called: by its column id, else its file's name; where these clash, split and number."""
    import pyarrow.compute

    said = []
    for rows in splits.values():
        if "id" in rows.features:
            said += rows.data.column("id").to_pylist()
        else:  # without the pictures themselves, which may not fit into memory together
            paths = pyarrow.compute.struct_field(rows.data.column("image"), "path")
            said += [Path(path or "").stem for path in paths.to_pylist()]
    names = [re.sub(r"[^\w.() -]|^\.+", "_", "" if name is None else str(name)) for name in said]
    clear = all(names) and len({name.lower() for name in names}) == len(names)
    if not clear or any(MASK.fullmatch(name) for name in names):
        return [f"{split}-{i:06d}" for split, rows in splits.items() for i in range(len(rows))]
    return names


def _suffix(picture: dict[str, Any]) -> str:
    suffix = Path(picture.get("path") or "").suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ".png"


def _downloads(commit: str) -> tuple[Path, ...]:
    """Where the clients keep what they downloaded: files of this data set, whatever it was called when they were
    asked for, and archives unpacked."""
    import datasets
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE).resolve()
    files = (snapshot.parents[1] for snapshot in cache.glob(f"datasets--*/snapshots/{commit}"))
    return *files, Path(datasets.config.DOWNLOADED_DATASETS_PATH).resolve()


def _bytes(picture: dict[str, Any], downloads: tuple[Path, ...]) -> bytes | None:
    """A picture's own bytes, else those of the file that it names among the downloads; None without either."""
    if picture.get("bytes") or not picture.get("path"):
        return picture.get("bytes") or None
    try:
        file = Path(os.path.realpath(picture["path"]))  # where links lead
    except ValueError:  # a name that no disk can have
        return None
    if os.path.isfile(file) and any(file.is_relative_to(folder) for folder in downloads):
        return file.read_bytes()
    return None
