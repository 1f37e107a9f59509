"""/bc: what the page's own scripts ask for, the routes of all tabs. Each looks in the asking visitor's (or owner's)
things and no other's.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bcweb.page.answers import answer, refusal
from bcweb.page.backups import Backups
from bcweb.page.evaluations import Evaluations
from bcweb.page.held import Held
from bcweb.page.imports import Imports
from bcweb.page.models import Models
from bcweb.page.parcels import Parcels
from bcweb.page.reviews import Reviews
from bcweb.page.scans import Scans
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import Settings
from bcweb.page.store import Store
from bcweb.page.workspace import Workspace

_log = logging.getLogger(__name__)


def routes(
    settings: Settings,
    segmenters: Segmenters,
    store: Store[Held],
    static: Mount,
    parcels: Sequence[Parcels] = (),
    backups: Backups | None = None,
) -> Mount:
    """Everything under /bc."""
    backups = backups or Backups(settings, Workspace(), Imports(segmenters))
    workspace = backups.workspace
    app = Starlette(
        routes=[
            static,
            *Scans(settings, segmenters, store, parcels).routes(),
            *Models(settings, segmenters).routes(),
            *Reviews(settings, workspace, backups.imports).routes(),
            *backups.routes(),
            *Evaluations(settings, workspace, backups.imports).routes(),
        ],
        exception_handlers={HTTPException: refusal, Exception: unforeseen},
    )
    return _Mount("/bc", _careful(app))


class _Mount(Mount):
    """Found by the path alone: a proxy takes its prefix (GRADIO_ROOT_PATH) off, and a `Mount` would still count on it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches({**scope, "root_path": ""})


async def unforeseen(request: Request, error: Exception) -> Response:
    return answer({"error": "Something went wrong on the server; its log says what."}, 500)


def _careful(app: Starlette) -> ASGIApp:
    """What nobody foresaw becomes one sentence for the visitor and one entry in the log.

    It tells its routes, so that a test can go through all of them.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception:  # Starlette raises it once more after `unforeseen` has answered
            _log.exception("%s %s failed", scope.get("method"), scope.get("path"))

    call.routes = app.routes
    return call
