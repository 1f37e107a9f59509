"""The backup of all reviews, from the start of the page to its end, and what the page tells of it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bcweb.page.answers import answer
from bcweb.page.imports import Imports
from bcweb.page.readers import reader_of
from bcweb.page.settings import Settings
from bcweb.page.workspace import Workspace
from bcweb.review.home import backup_place
from bcweb.review.records import ReviewError

if TYPE_CHECKING:
    from bcweb.review.vault import Vault

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 60.0  # until it is tried once more to open what could not be opened
_MOST_VERDICTS = 500  # in one question


class Backups:
    """Where BCWEB_BACKUP names no place there is none, and on a Space the page says what that means."""

    def __init__(self, settings: Settings, workspace: Workspace, imports: Imports):
        self.settings, self.workspace, self.imports = settings, workspace, imports
        self.named = backup_place()
        self._vault: Vault | None = None
        self._problem: str | None = None
        self._ended = threading.Event()
        workspace.is_incomplete = self.is_incomplete

    def routes(self) -> list[Route]:
        return [Route("/review/backup", self.state)]

    def begin(self) -> None:
        if self.named:
            threading.Thread(target=self._open, name="open-vault", daemon=True).start()

    def is_incomplete(self) -> bool:
        """Whether there is a backup that this data folder has nothing of yet: what is in it is not here."""
        return bool(self.named) and (self._vault is None or not self._vault.is_complete)

    def hurry(self) -> None:
        """Back up what waits now; does not wait for it."""
        if self._vault is not None:
            self._vault.hurry()

    def end(self) -> None:
        """Back up what waits; returns within seconds, whether or not that could be done."""
        self._ended.set()
        if self._vault is not None:
            self._vault.end()

    async def state(self, request: Request) -> Response:
        """{"configured", "waiting", "last", "problem", ...}; ?verdicts=1,2: when these were backed up.

        "vanishes": this is a Space without a backup. "verdicts": the id of each that is backed up, with
        the moment, or null where that was before this start.
        """
        reader = reader_of(request)
        ids = _ids(request.query_params.get("verdicts", ""))
        told: dict[str, Any] = {
            "configured": bool(self.named),
            "vanishes": self.settings.on_space and not self.named,
            "waiting": None, "last": None, "problem": self._problem, "reading": None, "verdicts": {},
        }  # fmt: skip
        vault = self._vault
        if vault is None:
            return answer(told)

        def work(_):
            return vault.state(), vault.backed_up(reader.owner, ids) if ids else {}

        state, done = await self.workspace.ask(work)
        told |= {
            "waiting": state.waiting,
            "last": _moment(state.last),
            "problem": state.problem,
            "reading": list(state.reading) if state.reading else None,
            "verdicts": {str(id): _moment(at) for id, at in done.items()},
        }
        return answer(told)

    # --- inside

    def _open(self) -> None:
        """Open the store and what the backup needs; as often as it takes."""
        from bcweb.review.vault import Vault
        from bcweb.review.vault_places import place_of

        while not self._ended.is_set():
            try:
                store = self.workspace.store()
                apart_from = store.home if self.settings.on_space else None
                vault = Vault(store, place_of(self.named or "", apart_from), self._restored)
                vault.begin()
                self._vault, self._problem = vault, None
                return
            except ReviewError as error:
                self._problem = str(error)
            except Exception:
                _log.exception("The backup cannot be opened")
                self._problem = "Something went wrong on the server; its log says what."
            self._ended.wait(_AGAIN_SECONDS)

    def _restored(self, key: str) -> None:
        """On a Space all data sets are on the Hub: the scans of what was brought back come by themselves."""
        if not self.settings.on_space:
            return
        store = self.workspace.store()
        [kept] = [one for one in store.ledger.projects() if one.key == key]
        if not kept.sources or not all(source.startswith("hf:") for source in kept.sources):
            return
        try:
            project = store.project(kept.owner, kept.number)
            self.imports.resume(store, project)
        except ReviewError as error:
            _log.warning("An import does not go on: %s", type(error).__name__)


def _ids(given: str) -> list[int]:
    parts = [part for part in given.split(",") if part]
    if len(parts) > _MOST_VERDICTS or not all(
        part.isdecimal() and len(part) < 10 for part in parts
    ):
        raise HTTPException(400, f"Verdicts are up to {_MOST_VERDICTS} numbers.")
    return list(map(int, parts))


def _moment(at) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
