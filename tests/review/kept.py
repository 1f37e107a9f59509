"""A backup that can be read and compared: what a store holds, as text and pixels."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from bcweb.review.store import Store
from bcweb.review.vault import Vault
from bcweb.review.vault_places import Folder
from tests.review.decided import packed


def vault(store: Store, folder: Path, **more) -> Vault:
    """One that is asked for its steps: its thread does not run."""
    return Vault(store, Folder(folder), **more)


def all_steps(vault: Vault) -> None:
    while vault.step():
        pass


def holdings(store: Store, owner: str) -> dict:
    """Everything of an owner that a backup brings back: projects, cases, verdicts, masks."""
    held = {}
    for project in store.projects(owner):
        rows = store.queue(owner, project.id, "listed")
        held[project.name] = {
            "project": (project.id, project.sources, dict(project.weights), project.created),
            "cases": [
                (row.id, row.position, row.dataset, row.case, row.group, row.label, row.decision,
                 row.reader, row.read_at) for row in rows
            ],
            "digests": [store.case(owner, row.id).digest for row in rows],
            "verdicts": [_verdict(store, v) for row in rows for v in store.history(owner, row.id)],
        }  # fmt: skip
    return held


def _verdict(store: Store, verdict) -> dict:
    told = asdict(verdict)
    # The prediction itself is made anew by another import; which weights made it is known.
    del told["prediction_id"]
    if verdict.mask_file is not None:
        told["mask"] = packed(store.mask(verdict.project_id, verdict.mask_file))
    return told


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
